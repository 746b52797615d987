/** `simulate`: a process of its own runs the machines, so that the command line stays a client of the API (ADR 0011). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';

/** Hands over the files' names as absolute paths. */
export async function simulate(context: CommandContext): Promise<number> {
  const { io } = context;
  const program = fileURLToPath(new URL('../../sim/simulate.js', import.meta.url));
  const files = ['config', 'cluster', 'html'].flatMap((name) => {
    const given = context.text(name);
    return given === null ? [] : [`--${name}=${resolve(io.cwd, given)}`];
  });
  const scenario = resolve(io.cwd, context.args.operands[0] ?? '');
  const child = spawn(process.execPath, [program, ...files, ...(context.json ? ['--json'] : []), '--', scenario], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: io.signal,
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => io.out(text));
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = await once(child, 'close');
  if (code === 0 || code === 1) return code;
  throw usageError(complaint.trim());
}
