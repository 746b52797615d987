import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DemoError } from '../../src/demo/demo-error.js';
import { layOut } from '../../src/demo/layout.js';
import { openLedger, sweepLeftovers } from '../../src/demo/ledger.js';
import { findMarked, identify, isAlive, killMarked } from '../../src/demo/processes.js';

const skip = process.platform === 'linux' ? false : "the demo's process table is Linux's";

async function sleeper(
  t: Test,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly pid: number; readonly child: ChildProcess }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  // It has its environment, and not this test's, when it has said something.
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, child };
}

t.test('what a killed demo left is swept, and nothing else', { skip }, async (t) => {
  const layout = layOut(t.testdir({}), 20_000);
  const recorded = await sleeper(t, {});
  const marked = await sleeper(t, { DEMO_MARK: join(layout.dir, 'n1') });
  const other = await sleeper(t, { DEMO_MARK: `${join(layout.dir, 'n1')}0` });
  const recycled = await sleeper(t, {});
  const now = identify(recycled.pid);
  const daemon = identify(recorded.pid);
  if (now === null || daemon === null) throw new Error('they do not run');
  writeFileSync(
    join(layout.dir, 'processes.json'),
    JSON.stringify({
      entries: [
        { what: 'demo', pid: 2 ** 22 + 1, startTime: 1 },
        { what: 'daemon', ...daemon },
        { what: 'application', pid: now.pid, startTime: now.startTime - 1 },
        { what: 'nonsense' },
      ],
    }),
  );
  t.equal(await sweepLeftovers(layout), 2);
  if (recorded.child.signalCode === null) await once(recorded.child, 'exit');
  t.equal(recorded.child.signalCode, 'SIGKILL', 'the recorded daemon');
  t.notOk(identify(marked.pid), 'what has the mark of a node');
  t.ok(identify(other.pid), 'the mark of another directory is no mark');
  t.ok(isAlive(now), 'a pid that was given to another process since');
  t.notOk(existsSync(join(layout.dir, 'processes.json')));
  t.equal(await sweepLeftovers(layout), 0, 'nothing is left');
});

t.test('a demo that still runs is left alone', { skip }, async (t) => {
  const layout = layOut(t.testdir({}), 20_000);
  const running = await sleeper(t, {});
  const mark = identify(running.pid);
  writeFileSync(join(layout.dir, 'processes.json'), JSON.stringify({ entries: [{ what: 'demo', ...mark }] }));
  await t.rejects(
    sweepLeftovers(layout),
    new DemoError(
      `a demo runs in ${layout.dir} already (pid ${running.pid}): end it with Ctrl-C there, or 'kill ${running.pid}'`,
    ),
  );
  t.ok(identify(running.pid));
});

t.test('a damaged ledger is an empty one', { skip }, async (t) => {
  const layout = layOut(t.testdir({ 'processes.json': '{"entries": [' }), 20_000);
  t.equal(await sweepLeftovers(layout), 0);
});

t.test('the ledger records each process once, the demo first', { skip }, async (t) => {
  const layout = layOut(join(t.testdir({}), 'made'), 20_000);
  const ledger = openLedger(layout);
  const { pid } = await sleeper(t, {});
  ledger.add('application', pid);
  ledger.add('application', pid);
  ledger.add('daemon', 2 ** 22 + 1);
  t.same(
    ledger.entries().map((entry) => [entry.what, entry.pid]),
    [
      ['demo', process.pid],
      ['application', pid],
    ],
  );
  t.same(JSON.parse(readFileSync(join(layout.dir, 'processes.json'), 'utf8')), { entries: ledger.entries() });
  ledger.clear();
  t.notOk(existsSync(join(layout.dir, 'processes.json')));
});

t.test('everything with a mark is killed, also what forks meanwhile', { skip }, async (t) => {
  const dir = t.testdir({});
  mkdirSync(join(dir, 'n1'));
  const script =
    'const {spawn}=require("node:child_process"); for (let i=0;i<3;i++) spawn("sleep",["60"],{detached:true,stdio:"ignore"}).unref(); setInterval(()=>{},1000); setTimeout(()=>console.log("up"),0)';
  const child = spawn(process.execPath, ['-e', script], {
    env: { PATH: process.env['PATH'] ?? '', DEMO_MARK: join(dir, 'n1') },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  t.equal(findMarked(join(dir, 'n1')).length, 4);
  t.equal(await killMarked(join(dir, 'n1')), 4);
  t.same(findMarked(join(dir, 'n1')), []);
});
