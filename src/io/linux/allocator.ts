import { createRequire } from 'node:module';

/** M_ARENA_MAX of malloc.h (mallopt(3)). */
const arenaMax = -8;
const arenas = 2;

/**
 * Lets the C library allocate from two arenas instead of up to eight a core: each of our threads would get one of its own and never
 * fill it, which costs a daemon at rest some 9 MB. Only arenas that are not there yet can be kept from coming, so it belongs before
 * the start of worker threads. `MALLOC_ARENA_MAX` in the environment says the same, and wins.
 *
 * @returns whether the C library took it: it does not where there is no koffi, or another C library than glibc.
 */
export function limitArenas(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (env['MALLOC_ARENA_MAX'] !== undefined) return false;
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    return koffi.load('libc.so.6').func('int mallopt(int, int)')(arenaMax, arenas) === 1;
  } catch {
    return false;
  }
}
