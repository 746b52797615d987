/** The whole demo, for real: two daemons, an application on each, the balancer, and the scenario `failover` under load. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { findMarked, identify, killMarked } from '../../src/demo/processes.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const skip = existsSync('/proc/self/stat') ? false : 'the demo needs Linux with /proc';

/** The first of four ports that are free on both addresses. */
async function freePorts(): Promise<number> {
  for (let base = 21_000 + (process.pid % 500) * 8; base < 32_000; base += 8) {
    const taken = await Promise.all(
      [0, 1, 2, 3].flatMap((offset) => ['127.0.0.1', '127.0.0.2'].map((address) => inUse(address, base + offset))),
    );
    if (!taken.includes(true)) return base;
  }
  throw new Error('no free ports');
}
function inUse(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen(port, address, () => server.close(() => resolve(false)));
  });
}
function temporary(t: Test): string {
  // Short, as the paths of local sockets are limited.
  const dir = mkdtempSync(join(tmpdir(), 'hf-demo-'));
  t.teardown(async () => {
    for (const node of ['n1', 'n2']) await killMarked(join(dir, node));
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}
interface Run {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
  /** Resolves when standard output holds the text. */
  shows(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}
function demo(t: Test, args: readonly string[]): Run {
  const child = spawn(process.execPath, [join(root, 'dist', 'demo', 'main.js'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let out = '';
  let err = '';
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, out, err }));
  return {
    pid: child.pid ?? 0,
    ended,
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (out.includes(text)) resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`it ended without '${text}': ${out}${err}`)));
      }),
    kill: (signal) => child.kill(signal),
  };
}
function leftovers(dir: string): number {
  return ['n1', 'n2'].reduce((sum, node) => sum + findMarked(join(dir, node)).length, 0);
}

t.setTimeout(400_000);
t.before(async () => {
  if (skip !== false) return;
  const build = spawn(process.execPath, [join(root, 'scripts', 'ensure.mjs'), '--build-only'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code]: (number | null)[] = await once(build, 'close');
  if (code !== 0) throw new Error('the build failed');
});

t.test('--scenario failover --json: every step ends as it should', { skip, timeout: 240_000 }, async (t) => {
  const dir = temporary(t);
  const base = await freePorts();
  const run = demo(t, ['--scenario', 'failover', '--json', '--dir', dir, '--ports-base', String(base), '--patience', '4']);
  const { code, out, err } = await run.ended;
  const report: unknown = JSON.parse(out);
  t.match(report, { scenario: 'failover', ok: true, notPlayed: [], problems: [] }, err);
  t.match(report, {
    steps: [
      { name: 'begin', ok: true, requests: { failed: 0 } },
      { name: 'kill-application', ok: true },
      { name: 'kill-until-maxloop', ok: true },
      { name: 'start-again', ok: true, requests: { failed: 0 } },
      { name: 'kill-daemon', ok: true, requests: { failed: 0 } },
      { name: 'stop', ok: true, requests: { failed: 0 } },
      { name: 'start-before-power-off', ok: true, requests: { failed: 0 } },
      { name: 'power-off', ok: true },
    ],
  });
  t.equal(code, 0);
  t.equal(leftovers(dir), 0, 'no process is left');
  t.notOk(existsSync(join(dir, 'n1', 'var', 'holdfast.sock')), 'no socket is left');
  t.notOk(existsSync(join(dir, 'processes.json')));
});

t.test('without a scenario: a table until Ctrl-C, which leaves nothing behind', { skip, timeout: 90_000 }, async (t) => {
  const dir = temporary(t);
  const run = demo(t, ['--dir', dir, '--ports-base', String(await freePorts())]);
  await run.shows('Ctrl-C ends the demo');
  await run.shows('balancer healthy');
  t.ok(leftovers(dir) >= 4, 'two daemons and two applications run');
  const second = await demo(t, ['--dir', dir, '--ports-base', String(await freePorts())]).ended;
  t.match(second, { code: 1, err: new RegExp(`^demo: a demo runs in .* already \\(pid ${run.pid}\\)[^\n]*\n$`) });
  run.kill('SIGINT');
  t.match(await run.ended, { code: 0, err: '' });
  t.equal(leftovers(dir), 0);
});

t.test('what kill -9 of the demo leaves is swept by the next one', { skip, timeout: 90_000 }, async (t) => {
  const dir = temporary(t);
  const first = demo(t, ['--dir', dir, '--ports-base', String(await freePorts())]);
  await first.shows('balancer healthy');
  const left = ['n1', 'n2'].flatMap((node) => findMarked(join(dir, node)));
  first.kill('SIGKILL');
  await first.ended;
  t.ok(left.length >= 4);
  t.same(
    left.map((mark) => identify(mark.pid)?.startTime),
    left.map((mark) => mark.startTime),
    'they go on without it',
  );
  const second = demo(t, ['--dir', dir, '--ports-base', String(await freePorts())]);
  await second.shows('that an earlier demo left behind');
  await second.shows('balancer healthy');
  t.ok(left.every((mark) => identify(mark.pid)?.startTime !== mark.startTime));
  second.kill('SIGTERM');
  t.match(await second.ended, { code: 0 });
  t.equal(leftovers(dir), 0);
});

t.test('a port in use is one line that says which and what to do', { skip, timeout: 30_000 }, async (t) => {
  const dir = temporary(t);
  const base = await freePorts();
  const server = createServer();
  server.listen(base + 2, '127.0.0.2');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { code, err } = await demo(t, ['--dir', dir, '--ports-base', String(base)]).ended;
  t.equal(code, 1);
  t.match(
    err,
    new RegExp(`^demo: 127\\.0\\.0\\.2:${base + 2}/tcp, wanted for the health probe of n2, is in use: .*--ports-base[^\n]*\n$`),
  );
  t.same(readdirSync(dir), [], 'nothing was begun');
});

t.test('a wrong command line: exit 2', { skip: false }, async (t) => {
  const { code, err } = await demo(t, ['--nonsense']).ended;
  t.equal(code, 2);
  t.match(err, /^demo: .*--nonsense.*--help/);
  t.match(await demo(t, ['--help']).ended, { code: 0, out: /--scenario failover/ });
  t.match(readFileSync(join(root, '.gitignore'), 'utf8'), '.demo/');
});
