#!/usr/bin/env node
/** The executable `holdfast` (and, inside an installation, the shim that the scripts of modules call): the real surroundings of a run. */
import { run } from './run.js';

/** What a shell reports of a program that SIGPIPE ended: nobody reads any more, as after `| head`. */
const brokenPipe = 141;
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(brokenPipe);
    throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  env: process.env,
  pid: process.pid,
  cwd: process.cwd(),
  tty: process.stdout.isTTY === true,
  secret: async (prompt, twice) => (await import('./secret-input.js')).readSecret(prompt, twice),
  signal: interruption.signal,
});
