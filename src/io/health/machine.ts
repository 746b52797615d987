/** What can be found out about this machine: disks, memory, clock, limits, certificates. */
import { X509Certificate } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadNative } from '../linux/native.js';
import type { CommandRunner } from '../run-command.js';
import type { CertificateFacts, DiskFacts, HealthFacts } from './facts.js';

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : error instanceof Error ? error.message : String(error);

/** Room on a file system, and one small write where `write` says so. Null where there is nothing at that path. */
export async function diskFacts(path: string, write: boolean): Promise<DiskFacts | null> {
  const room = await statfs(path).catch(() => null);
  if (room === null) return null;
  let writeError: string | null = null;
  let fsyncMs: number | null = null;
  if (write) {
    let directory: string | null = null;
    try {
      directory = await mkdtemp(join(path, '.healthcheck-'));
      const since = performance.now();
      const file = await open(join(directory, 'written'), 'wx', 0o600);
      try {
        await file.writeFile('holdfast healthcheck\n');
        await file.sync();
      } finally {
        await file.close();
      }
      fsyncMs = performance.now() - since;
    } catch (error) {
      writeError = reasonOf(error);
    } finally {
      if (directory !== null) await rm(directory, { recursive: true, force: true });
    }
  }
  const { blocks, bavail, bsize, files, ffree } = room;
  return {
    ...{ path, totalBytes: blocks * bsize, freeBytes: bavail * bsize, inodes: files, freeInodes: ffree },
    ...{ writeError, fsyncMs },
  };
}

/** One value of `/proc/meminfo` in bytes; null where it is not there. */
export function memInfo(text: string, name: string): number | null {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text);
  return match === null ? null : Number(match[1]) * 1024;
}

export async function machineFacts(): Promise<HealthFacts['machine']> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  return {
    cores: cpus().length,
    memoryBytes: totalmem(),
    availableBytes: memInfo(text, 'MemAvailable') ?? freemem(),
    swapBytes: memInfo(text, 'SwapTotal') ?? 0,
    swapFreeBytes: memInfo(text, 'SwapFree') ?? 0,
  };
}

/** `TIME_ERROR` of adjtimex(2): the clock is not synchronised. */
const timeError = 5;

/** The kernel's word by adjtimex(2), which everybody may ask; else systemd's. Null where neither answers. */
export async function isSynchronised(run: CommandRunner): Promise<boolean | null> {
  if (process.platform === 'linux') {
    try {
      const ask: unknown = loadNative()?.libc.func('int adjtimex(_Inout_ uint8_t *buf)');
      // All zero: nothing is changed. struct timex is never larger than this.
      const answer: unknown = typeof ask === 'function' ? Reflect.apply(ask, undefined, [Buffer.alloc(512)]) : null;
      if (typeof answer === 'number' && answer >= 0) return answer !== timeError;
    } catch {
      // Without the C library systemd is asked.
    }
  }
  const asked = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
    timeoutMs: 3_000,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  if (asked.kind !== 'done' || asked.code !== 0) return null;
  const word = asked.stdout.trim();
  return word === 'yes' ? true : word === 'no' ? false : null;
}

/** The longest delay of this process's event loop while it is watched, in ms. */
export async function loopDelay(watchMs: number): Promise<number> {
  const resolution = 10;
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  await new Promise((resolve) => setTimeout(resolve, watchMs));
  histogram.disable();
  // The histogram counts the wait itself.
  return Math.max(0, histogram.max / 1e6 - resolution);
}

export async function openFiles(pid: number | null): Promise<HealthFacts['openFiles']> {
  const of = pid === null ? 'self' : String(pid);
  const [limits, used] = await Promise.all([
    readFile(`/proc/${of}/limits`, 'utf8').catch(() => ''),
    readdir(`/proc/${of}/fd`).catch(() => null),
  ]);
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined || used === null ? null : { soft: Number(soft), inUse: used.length };
}

/** Certificates below a directory: files that end in .crt, .cer or .pem and hold one. */
export async function certificatesBelow(directory: string, depth = 3): Promise<readonly CertificateFacts[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found: CertificateFacts[] = [];
  for (const entry of entries.slice(0, 200)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && depth > 0) found.push(...(await certificatesBelow(path, depth - 1)));
    if (!entry.isFile() || !/\.(?:crt|cer|pem)$/i.test(entry.name)) continue;
    const text = await readFile(path, 'utf8').catch(() => '');
    const first = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text.slice(0, 256 * 1024))?.[0];
    if (first === undefined) continue;
    try {
      found.push({ path, notAfterMs: Date.parse(new X509Certificate(first).validTo) });
    } catch {
      // Something that only looks like one.
    }
  }
  return found;
}
