/**
 * What a run makes on the machine, and how all of it goes away again: one directory, and processes that are marked with it in their
 * environment, so that also those are found that a daemon's scripts have left running.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killMarked, markVariable } from '../src/demo/processes.js';

export { markVariable } from '../src/demo/processes.js';

const prefix = 'holdfast-bench-';
/** Directories of this run, each with everything in it. */
const directories = new Set<string>();
const children = new Set<ChildProcess>();

/** A new directory that is gone after the run, with every process that bears its path in the variable `markVariable`. */
export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  directories.add(directory);
  return directory;
}

/** A directory that was made otherwise, and must not outlive the run either. */
export function alsoRemove(directory: string): void {
  directories.add(directory);
}

/** Kills what is marked with the directory, and removes it. */
export async function removeDirectory(directory: string): Promise<void> {
  if (process.platform === 'linux') await killMarked(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  directories.delete(directory);
}

/** The environment that a process of this run is started with. */
export function marked(directory: string, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...more, [markVariable]: directory };
}

/** A child that does not outlive the run. */
export function keep<T extends ChildProcess>(child: T): T {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Ends everything of this run. */
export async function cleanUp(): Promise<void> {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of [...directories]) await removeDirectory(directory);
}

/** Sweeps what a run has left that was itself killed. */
export async function sweepLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (Number.isInteger(pid) && !isRunning(pid)) await removeDirectory(join(tmpdir(), name));
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
