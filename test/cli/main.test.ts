/** The real executable as a process of its own, against a fake daemon. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type FakeHandlers, startFakeDaemon } from './fake-daemon.js';
import { calm, event, logLine } from './fixtures.js';
import { transpileCli } from './transpile-cli.js';

const { folder, main } = transpileCli();
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves with the first piece of standard output. */
  readonly firstOutput: Promise<unknown>;
  /** Resolves with [exit code, signal]. */
  readonly ended: Promise<readonly unknown[]>;
}

function start(t: Test, argv: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, [main, ...argv], {
    env: { PATH: process.env['PATH'], TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  return { child, out: () => out, err: () => err, firstOutput: once(child.stdout, 'data'), ended: once(child, 'close') };
}

async function daemon(t: Test, handlers: FakeHandlers): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'hf-cli-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const fake = await startFakeDaemon(join(dir, 's'), handlers);
  t.teardown(() => fake.close());
  return fake.socket;
}

t.test('state', async (t) => {
  const running = start(t, ['state', '-m', 'farm', '-lq'], { HOLDFAST_SOCKET: await daemon(t, calm) });
  t.strictSame(await running.ended, [2, null]);
  t.equal(running.out(), 'UP (Ready)\n');
  t.equal(running.err(), '');
});

t.test('no daemon', async (t) => {
  const running = start(t, ['state'], { SAFEVAR: '/no/such/folder' });
  t.strictSame(await running.ended, [3, null]);
  t.match(running.err(), /^DAEMON_UNREACHABLE: there is no socket \/no\/such\/folder\/holdfast\.sock; start holdfastd/);
});

t.test('the shim of an installation', async (t) => {
  const socket = await daemon(t, calm);
  const script = `exec "${process.execPath}" "${main}" "$@"`;
  const child = spawn('/bin/sh', ['-c', script, 'safekit', 'printe', 'no answer'], {
    env: { HOLDFAST_SOCKET: socket, SAFEMODULE: 'farm' },
    stdio: 'inherit',
  });
  t.strictSame(await once(child, 'close'), [0, null]);
});

const live: FakeHandlers = {
  ...calm,
  getLogs: () => ({ events: [{ event: 'line', data: logLine() }], end: false }),
  getEvents: () => ({ events: [{ event: 'module.state', id: '7.42', data: event }], end: false }),
};

for (const [argv, line] of [
  [['logview', '-m', 'farm'], '| 2026-01-31 14:22:33.123000 | heart | E | Local state UP Ready\n'],
  [['events'], '2026-01-31 14:22:33  7.42  n1  farm  module.state  state=UP  quality=Ready  share=50  cause=7.41\n'],
] as const) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    t.test(`${argv[0]} ends cleanly on ${signal}`, async (t) => {
      const running = start(t, argv, { HOLDFAST_SOCKET: await daemon(t, live) });
      await running.firstOutput;
      running.child.kill(signal);
      t.strictSame(await running.ended, [0, null]);
      t.strictSame([running.out(), running.err()], [line, '']);
    });
  }
}

t.test('an interrupted wait exits with 130', async (t) => {
  const asked = { seen: (): void => undefined };
  const seen = new Promise<void>((resolve) => {
    asked.seen = resolve;
  });
  const waiting: FakeHandlers = {
    ...calm,
    waitForState: () => {
      asked.seen();
      return { silent: true };
    },
  };
  const running = start(t, ['waitstop', '-m', 'farm'], { HOLDFAST_SOCKET: await daemon(t, waiting) });
  await seen;
  running.child.kill('SIGINT');
  t.strictSame(await running.ended, [130, null]);
  t.strictSame([running.out(), running.err()], ['', '']);
});

t.test('nobody reads on (| head)', async (t) => {
  const many: FakeHandlers = {
    ...calm,
    getLogs: () => ({ json: { items: Array.from({ length: 20_000 }, () => logLine()), next: null } }),
  };
  const running = start(t, ['log', '-m', 'farm'], { HOLDFAST_SOCKET: await daemon(t, many) });
  await running.firstOutput;
  running.child.stdout?.destroy();
  t.strictSame(await running.ended, [141, null]);
  t.equal(running.err(), '');
});
