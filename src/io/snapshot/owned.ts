/** Which processes are a module's: those that its `<proc>` definitions name, and those that its scripts have started. */
import { readFile } from 'node:fs/promises';
import type { Processes, ProcessIdentity, ProcessInfo } from '../../actors/ports.js';

export type Matcher = (process: Pick<ProcessInfo, 'name' | 'args'>) => boolean;

/** Variables of a process's first environment; empty where they cannot be read. */
async function environmentOf(pid: number): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return new Map(
    text.split('\0').flatMap((entry) => {
      const at = entry.indexOf('=');
      return at < 1 ? [] : [[entry.slice(0, at), entry.slice(at + 1)] as const];
    }),
  );
}

/** @param safevar tells this daemon's modules from those of another one on the same machine. */
export async function ownedProcesses(
  module: string,
  safevar: string,
  processes: Processes,
  matchers: readonly Matcher[],
): Promise<readonly (ProcessIdentity & { readonly name: string })[]> {
  const own = process.pid;
  const found: (ProcessIdentity & { readonly name: string })[] = [];
  for (const one of await processes.list()) {
    if (one.pid === own || one.pid === 1) continue;
    const environment = await environmentOf(one.pid);
    const foreign = environment.has('SAFEVAR') && environment.get('SAFEVAR') !== safevar;
    const started = environment.get('SAFEMODULE') === module && environment.get('SAFEVAR') === safevar;
    if (foreign || !(started || matchers.some((matches) => matches(one)))) continue;
    found.push({ pid: one.pid, startTime: one.startTime, name: one.name });
  }
  return found;
}
