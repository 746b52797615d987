/** One daemon for one SAFEVAR: a file that names the process which has it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Processes, ProcessIdentity } from '../actors/ports.js';

/** The daemon that has the directory already. */
export class InstanceTaken extends Error {
  readonly pid: number;
  constructor(pid: number, file: string) {
    super(`another holdfastd (process ${pid}) already runs with this directory (${file}): stop it first, or use another --var`);
    this.name = 'InstanceTaken';
    this.pid = pid;
  }
}

function read(file: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const isIdentity = (one: unknown): one is ProcessIdentity =>
      typeof one === 'object' &&
      one !== null &&
      'pid' in one &&
      typeof one.pid === 'number' &&
      'startTime' in one &&
      typeof one.startTime === 'number';
    return isIdentity(value) ? value : null;
  } catch {
    // Absent, or left half-written by a crash: nobody has the directory.
    return null;
  }
}

/**
 * Takes the directory for this process.
 * @returns what lets go of it.
 * @throws InstanceTaken when a living daemon has it; the operating system's error when the directory cannot be written.
 */
export async function takeInstance(
  directory: string,
  processes: Pick<Processes, 'list' | 'isAlive'>,
): Promise<{ release(): void }> {
  const file = join(directory, 'holdfastd.pid');
  const holder = read(file);
  if (holder !== null && holder.pid !== process.pid && processes.isAlive(holder)) throw new InstanceTaken(holder.pid, file);
  const self = (await processes.list()).find((one) => one.pid === process.pid);
  const mine: ProcessIdentity = { pid: process.pid, startTime: self?.startTime ?? 0 };
  writeFileSync(file, `${JSON.stringify(mine)}\n`, { mode: 0o644 });
  return {
    release: () => {
      if (read(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}
