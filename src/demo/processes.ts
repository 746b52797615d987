/**
 * The demo's own processes: who they are, and how to be rid of them. A process is known by its pid and start time, so that a pid
 * that the kernel has given to somebody else is never signalled. Linux only, as the demo is.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readProcStat } from '../io/linux/proc-table.js';

/** A process that is never mistaken for a later one with the same pid. */
export interface ProcessMark {
  readonly pid: number;
  readonly startTime: number;
}

/** The variable by which everything that a node of the demo runs is known: it holds the node's directory. */
export const markVariable = 'DEMO_MARK';

/** Who has that pid now; null when nobody has, or only a zombie. */
export function identify(pid: number): ProcessMark | null {
  const read = readProcStat(pid);
  return read.kind === 'found' && !read.stat.zombie ? { pid, startTime: read.stat.startTime } : null;
}

/** Is exactly that process alive? */
export function isAlive(mark: ProcessMark): boolean {
  return identify(mark.pid)?.startTime === mark.startTime;
}

/** Sends a signal to exactly that process, if it is alive. True when it was sent. */
export function signal(mark: ProcessMark, name: 'SIGTERM' | 'SIGKILL'): boolean {
  if (!isAlive(mark)) return false;
  try {
    process.kill(mark.pid, name);
    return true;
  } catch {
    return false;
  }
}

/** The processes whose environment has the mark of that directory, this one left out. Other users' cannot be seen. */
export function findMarked(dir: string): readonly ProcessMark[] {
  const wanted = `${markVariable}=${dir}`;
  const found: ProcessMark[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(wanted)) continue;
    } catch {
      // Gone since the listing, or another user's.
      continue;
    }
    const mark = identify(pid);
    if (mark !== null) found.push(mark);
  }
  return found;
}

/**
 * Kills everything that has the mark of that directory, again until nothing is left: what forks while it is being killed is found
 * in the next round. Returns how many were killed. @throws Error after 50 rounds.
 */
export async function killMarked(dir: string): Promise<number> {
  // By identity: one that has not ended yet when it is looked for again was killed once.
  const killed = new Set<string>();
  for (let round = 0; round < 50; round += 1) {
    const marks = findMarked(dir);
    if (marks.length === 0) return killed.size;
    for (const mark of marks) if (signal(mark, 'SIGKILL')) killed.add(`${mark.pid} ${mark.startTime}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`processes of ${dir} do not end: ${findMarked(dir).map((mark) => mark.pid)}`);
}
