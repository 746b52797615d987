import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { ProcessIdentity } from '../../src/actors/ports.js';
import { readProcStat } from '../../src/io/linux/proc-table.js';

/** Helpers of tests that run real processes: each cleans up behind itself. */

export function temporaryDirectory(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-io-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

/** Identity of a process that is there now. */
export function identityOf(pid: number): ProcessIdentity {
  const entry = readProcStat(pid);
  if (entry.kind !== 'found') throw new Error(`no process ${pid}: ${entry.kind}`);
  return { pid, startTime: entry.stat.startTime };
}

/** Starts a program and kills it at the end of the test. */
export function start(
  t: Test,
  file: string,
  args: readonly string[],
  argv0?: string,
): { readonly child: ChildProcess; readonly pid: number } {
  const child = spawn(file, [...args], { stdio: 'ignore', ...(argv0 === undefined ? {} : { argv0 }) });
  t.teardown(() => {
    child.kill('SIGKILL');
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} did not start`);
  return { child, pid };
}

/**
 * A background child of a shell that is stopped, so that it cannot take the child away when that ends: it stays a zombie. The child's part of the
 * script must print a line when it is ready.
 */
export async function childOfStoppedShell(t: Test, body: string): Promise<number> {
  const parent = spawn('/bin/sh', ['-c', `(${body}) & echo pid $!; kill -STOP $$`], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  parent.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  const pid = (): number => Number(/^pid (\d+)$/m.exec(output)?.[1]);
  t.teardown(() => {
    parent.kill('SIGKILL');
    if (readProcStat(pid()).kind === 'found') process.kill(pid(), 'SIGKILL');
  });
  await until('the child is ready and the shell stopped', () => {
    const stopped = readFileSync(`/proc/${parent.pid}/stat`, 'latin1').includes(') T ');
    return stopped && output.trimEnd().split('\n').length === 2;
  });
  return pid();
}

export async function killAndReap(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Writes an executable script and says its path. */
export function script(dir: string, name: string, body: string, mode = 0o755): string {
  const path = join(dir, name);
  writeFileSync(path, body, { mode });
  return path;
}

/** Waits until a condition holds, looking every few milliseconds; rejects with the description after the bound. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, boundMs = 10_000): Promise<void> {
  const end = Date.now() + boundMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${boundMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
