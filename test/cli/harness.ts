import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { CliIo } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';
import { type FakeDaemon, type FakeHandlers, startFakeDaemon } from './fake-daemon.js';

/** Times are printed in local time; the goldens are in UTC. */
process.env['TZ'] = 'UTC';

/** What one run of the CLI came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly tty?: boolean;
  readonly signal?: AbortSignal;
  /** What is typed where a secret is asked for; absent: there is nobody to ask. */
  readonly secret?: (prompt: string, twice: boolean) => Promise<string>;
  /** Called with each piece of standard output. */
  readonly onOut?: (text: string) => void;
}

/** Runs the CLI in this process. */
export async function runCli(argv: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const io: CliIo = {
    out: (text) => {
      out += text;
      surroundings.onOut?.(text);
    },
    err: (text) => {
      err += text;
    },
    env: surroundings.env ?? {},
    pid: 4242,
    cwd: surroundings.cwd ?? tmpdir(),
    tty: surroundings.tty ?? false,
    signal: surroundings.signal ?? new AbortController().signal,
    ...(surroundings.secret === undefined ? {} : { secret: surroundings.secret }),
  };
  const code = await run(argv, io);
  return { code, out, err };
}

export interface Bench {
  readonly daemon: FakeDaemon;
  readonly dir: string;
  readonly cli: (argv: readonly string[], surroundings?: Surroundings) => Promise<Ran>;
}

/** A test with a folder of its own (a short path, because paths of sockets are short), a fake daemon in it, and the CLI bound to both. It fails on any violation of the API. */
export function scenario(
  t: Test,
  name: string,
  handlers: FakeHandlers,
  body: (t: Test, bench: Bench) => Promise<unknown>,
): Promise<unknown> {
  return t.test(name, async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'hf-cli-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const daemon = await startFakeDaemon(join(dir, 's'), handlers);
    t.teardown(() => daemon.close());
    const cli: Bench['cli'] = (argv, surroundings = {}) =>
      runCli(argv, { cwd: dir, ...surroundings, env: { HOLDFAST_SOCKET: daemon.socket, ...surroundings.env } });
    await body(t, { daemon, dir, cli });
    t.strictSame(daemon.violations, [], 'every request and answer is what the API describes');
  });
}
