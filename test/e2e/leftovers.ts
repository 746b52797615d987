/** Finds and ends what a test has left behind: processes are known by the test's own directory in their command line or environment. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { identify, type ProcessMark, signal } from '../../src/demo/processes.js';

function mentions(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'latin1').includes(text);
  } catch {
    // Gone since the listing, or another user's.
    return false;
  }
}

/** The living processes (this one left out) that have that path in their arguments or environment. */
export function processesOf(directory: string): readonly ProcessMark[] {
  const found: ProcessMark[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!mentions(`/proc/${pid}/cmdline`, directory) && !mentions(`/proc/${pid}/environ`, directory)) continue;
    const mark = identify(pid);
    if (mark !== null) found.push(mark);
  }
  return found;
}

/** Kills them until none is left: what forks meanwhile is found in the next round. @throws Error after 100 rounds. */
export async function killProcessesOf(directory: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const marks = processesOf(directory);
    if (marks.length === 0) return;
    for (const mark of marks) signal(mark, 'SIGKILL');
    await wait(20);
  }
  throw new Error(`processes of ${directory} do not end: ${processesOf(directory).map(({ pid }) => pid)}`);
}

/** The same without giving the turn away, for a test that is being ended: what is left after two seconds is left. */
export function killProcessesOfNow(directory: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let round = 0; round < 100; round += 1) {
    const marks = processesOf(directory);
    if (marks.length === 0) return;
    for (const mark of marks) signal(mark, 'SIGKILL');
    Atomics.wait(pause, 0, 0, 20);
  }
}

const cleanups = new Set<() => void>();
let heeding = false;

/**
 * Has something cleaned up, without giving the turn away, when the test is ended by a signal (Ctrl-C, or the runner's time limit), where
 * no teardown runs.
 * @returns what ends that, when the test has cleaned up by itself.
 */
export function cleanUpOnSignal(cleanup: () => void): () => void {
  cleanups.add(cleanup);
  if (!heeding) {
    heeding = true;
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.once(name, () => {
        for (const one of cleanups) one();
        process.kill(process.pid, 'SIGKILL');
      });
    }
  }
  return () => void cleanups.delete(cleanup);
}
