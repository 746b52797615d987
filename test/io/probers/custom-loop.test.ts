import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CheckPlace } from '../../../src/actors/ports.js';
import type { CustomCheck } from '../../../src/config/types.js';
import { createClock } from '../../../src/io/clock.js';
import { readProcStat } from '../../../src/io/linux/proc-table.js';
import { createLinuxProcesses } from '../../../src/io/linux/processes.js';
import { createLinuxScripts } from '../../../src/io/linux/scripts.js';
import { createLoopRunner, type LoopPorts, loopRecord } from '../../../src/io/probers/custom-loop.js';
import { createRecords } from '../../../src/io/records.js';
import { createFakePorts } from '../../helpers/fake-ports.js';
import { createVirtualClock } from '../../helpers/virtual-clock.js';
import { identityOf, script, temporaryDirectory, until } from '../real-processes.js';

const skip = process.platform === 'linux' ? false : 'needs Linux';

const checker = (settings: Partial<CustomCheck> = {}): CustomCheck => ({
  kind: 'custom',
  ident: 'app',
  when: 'both',
  action: 'restart',
  grace: 1,
  exec: 'check.sh',
  arg: 'one two',
  mode: 'loop',
  intervalMs: 10_000,
  timeoutMs: 5_000,
  ocf: null,
  parameters: [],
  ...settings,
});
const isGone = (pid: number): boolean => {
  const found = readProcStat(pid);
  return found.kind !== 'found' || found.stat.zombie;
};

function fixture(t: Test) {
  const dir = temporaryDirectory(t);
  const binDir = join(dir, 'bin');
  const varDir = join(dir, 'var');
  mkdirSync(binDir);
  mkdirSync(varDir);
  // Watches of adopted processes do not keep the event loop alive; a daemon has its sockets for that.
  const keep = setInterval(() => undefined, 1_000);
  t.teardown(() => clearInterval(keep));
  const processes = createLinuxProcesses();
  const clock = createClock();
  const scripts = createLinuxScripts({ processes, clock });
  t.teardown(() => scripts.close());
  const records = createRecords(join(dir, 'records'), ({ message }) => t.comment(message));
  const host = { hostname: 'n1', bootId: 'boot-1', addresses: () => [] };
  const ports: LoopPorts = { clock, scripts, records, processes, host };
  const place: CheckPlace = {
    module: 'farm',
    binDir,
    env: { PATH: '/usr/bin:/bin', SAFEMODULE: 'farm', VAR: varDir },
    output: { dir: varDir, limitBytes: 100_000 },
  };
  const begin = (settings: Partial<CustomCheck> = {}, run = createLoopRunner(ports).run) => {
    let isBegun = false;
    let detail: string | null = null;
    const handle = run(checker(settings), place, (end) => {
      t.ok(isBegun, 'never synchronously');
      t.equal(detail, null, 'once');
      detail = end.detail;
    });
    isBegun = true;
    t.teardown(() => handle.close());
    return {
      close: () => handle.close(),
      detail: () => detail,
      ended: async (): Promise<string> => {
        await until('it has ended', () => detail !== null);
        return detail ?? '';
      },
    };
  };
  /** A number that the checker has written. */
  const pid = async (name: string): Promise<number> => {
    const read = (): number => {
      try {
        return Number(readFileSync(join(varDir, name), 'utf8'));
      } catch {
        return 0;
      }
    };
    await until(`${name} was written`, () => read() > 0);
    return read();
  };
  const record = (): Promise<unknown> => records.load('farm', loopRecord('app'));
  return { dir, binDir, varDir, ports, records, begin, pid, record };
}
const forever = '#!/bin/sh\necho "$*"\necho $$ >$VAR/pid.new && mv $VAR/pid.new $VAR/pid\nwhile :; do sleep 60; done\n';

t.test('it runs until it is closed, with its arguments, its output in a userlog, itself on record', { skip }, async (t) => {
  const { binDir, varDir, begin, pid, record } = fixture(t);
  script(binDir, 'check.sh', forever);
  const running = begin();
  const own = await pid('pid');
  await until('it is on record', async () => JSON.stringify(await record()).includes(`"pid":${own}`));
  t.match(await record(), { version: 1, bootId: 'boot-1', process: identityOf(own) });
  const logs = readdirSync(varDir).filter((name) => name.endsWith('_checker_app.ulog'));
  t.equal(logs.length, 1);
  t.equal(readFileSync(join(varDir, logs[0] ?? ''), 'utf8'), 'farm custom.app one two\n');
  running.close();
  running.close();
  await until('it is gone', () => isGone(own));
  await until('it is not on record', async () => (await record()) === null);
  t.equal(running.detail(), null, 'nothing is said of an end that was asked for');
});

t.test('what ignores SIGTERM is killed, and what it started with it', { skip }, async (t) => {
  const { binDir, begin, pid } = fixture(t);
  script(
    binDir,
    'check.sh',
    '#!/bin/sh\ntrap "" TERM\nsleep 60 &\necho $! >$VAR/child\necho $$ >$VAR/pid\nwhile :; do wait; done\n',
  );
  const running = begin();
  const [own, child] = [await pid('pid'), await pid('child')];
  const from = Date.now();
  running.close();
  await until('both are gone', () => isGone(own) && isGone(child));
  t.ok(Date.now() - from > 400, 'after half a second');
});

t.test('one that ends by itself says how; what it left behind is ended', { skip }, async (t) => {
  const { binDir, begin, pid, record } = fixture(t);
  script(binDir, 'check.sh', '#!/bin/sh\nsleep 60 &\necho $! >$VAR/child\nexit 3\n');
  t.equal(await begin().ended(), 'check.sh ended with code 3');
  const child = await pid('child');
  await until('the child is gone', () => isGone(child));
  await until('it is not on record', async () => (await record()) === null);
  script(binDir, 'check.sh', '#!/bin/sh\nkill -SEGV $$\n');
  t.equal(await begin().ended(), 'check.sh was ended by SIGSEGV');
});

t.test('one that cannot be started says why', { skip }, async (t) => {
  const { begin, binDir, record } = fixture(t);
  t.match(await begin({ exec: 'none.sh' }).ended(), /none\.sh does not exist/);
  t.equal(await begin({ exec: '../outside' }).ended(), "../outside is not below the module's bin folder");
  script(binDir, 'plain', '', 0o644);
  t.match(await begin({ exec: 'plain' }).ended(), /not executable/);
  await until('nothing is on record', async () => (await record()) === null);
});

t.test('one that an earlier daemon left behind is ended before another is started', { skip }, async (t) => {
  const { binDir, varDir, ports, begin, pid } = fixture(t);
  script(binDir, 'check.sh', forever);
  // A daemon that is killed closes nothing: this runner is forgotten while its checker runs.
  begin();
  const orphan = await pid('pid');
  await until('it is on record', async () =>
    JSON.stringify(await ports.records.load('farm', 'checker-app')).includes(`${orphan}`),
  );
  rmSync(join(varDir, 'pid'));
  begin({}, createLoopRunner(ports).run);
  const next = await pid('pid');
  t.not(next, orphan);
  t.ok(isGone(orphan), 'it was gone before the other began');
});

t.test('it is found by what it runs where its identity did not reach the disk', { skip }, async (t) => {
  const { binDir, varDir, ports, begin, pid } = fixture(t);
  const path = script(binDir, 'check.sh', forever);
  const orphan = spawn(path, ['farm', 'custom.app', 'one', 'two'], {
    detached: true,
    stdio: 'ignore',
    env: { VAR: varDir, PATH: '/usr/bin:/bin' },
  });
  t.teardown(() => orphan.kill('SIGKILL'));
  const first = await pid('pid');
  rmSync(join(varDir, 'pid'));
  await ports.records.save('farm', 'checker-app', { version: 1, bootId: 'boot-1', process: null });
  begin();
  await pid('pid');
  t.ok(isGone(first));
});

t.test('a record of another boot, or one that cannot be read, means nobody', { skip }, async (t) => {
  const { binDir, ports, begin, pid } = fixture(t);
  script(binDir, 'check.sh', forever);
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => stranger.kill('SIGKILL'));
  const { pid: number = 0 } = stranger;
  await ports.records.save('farm', 'checker-app', { version: 1, bootId: 'boot-0', process: identityOf(number) });
  const running = begin();
  await pid('pid');
  t.notOk(isGone(number));
  running.close();
  await until('it has ended', async () => (await ports.records.load('farm', 'checker-app')) === null);
  await ports.records.save('farm', 'checker-app', 'nonsense');
  t.equal(
    await begin({ exec: 'none' })
      .ended()
      .then((detail) => /does not exist/.test(detail)),
    true,
  );
});

t.test('closed and begun again at once: the next begins when the one before has ended', { skip }, async (t) => {
  const { binDir, varDir, ports, begin, pid } = fixture(t);
  // It needs a while for its end, and notes when two run at once.
  script(
    binDir,
    'check.sh',
    '#!/bin/sh\ntrap "sleep 0.1; exit 0" TERM\n[ -f $VAR/last ] && kill -0 $(cat $VAR/last) && echo 1 >$VAR/twice\necho $$ >$VAR/last\necho $$ >$VAR/pid\nwhile :; do sleep 0.05; done\n',
  );
  const { run } = createLoopRunner(ports);
  let running = begin({}, run);
  for (let round = 0; round < 3; round += 1) {
    const own = await pid('pid');
    rmSync(join(varDir, 'pid'));
    running.close();
    running = begin({}, run);
    await until('another one runs', async () => (await pid('pid')) !== own);
  }
  t.notOk(readdirSync(varDir).includes('twice'));
  // One that was closed before its turn is never started.
  const own = await pid('pid');
  rmSync(join(varDir, 'pid'));
  running.close();
  begin({}, run).close();
  await until('it is gone', () => isGone(own));
  await until('nothing is on record', async () => (await ports.records.load('farm', 'checker-app')) === null);
  t.notOk(readdirSync(varDir).includes('pid'));
});

t.test('one that dies again and again leaves its last five userlogs', { skip }, async (t) => {
  const { binDir, varDir, begin } = fixture(t);
  script(binDir, 'check.sh', '#!/bin/sh\nexit 1\n');
  for (let run = 0; run < 8; run += 1) await begin().ended();
  await until('the older ones are gone', () => readdirSync(varDir).filter((name) => name.endsWith('.ulog')).length <= 5);
});

t.test('a disk that does not answer holds nothing up for longer than half a second', async (t) => {
  const clock = createVirtualClock();
  const ports = createFakePorts(clock);
  ports.disk.mood = 'hangs';
  ports.obedient = false;
  const ended: string[] = [];
  const place: CheckPlace = { module: 'farm', binDir: '/m/bin', env: {} };
  const handle = createLoopRunner(ports).run(checker(), place, ({ detail }) => ended.push(detail));
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(ports.started.length, 0);
  await clock.advance(500);
  await new Promise((resolve) => setImmediate(resolve));
  t.match(ports.started, [{ spec: { path: '/m/bin/check.sh', args: ['farm', 'custom.app', 'one', 'two'], output: null } }]);
  handle.close();
  t.same(ports.started[0]?.signals, ['SIGTERM'], 'before close returns');
  t.same(ended, []);
});

t.test('one that survives SIGKILL is given up after five seconds, and the next begins', async (t) => {
  const clock = createVirtualClock();
  const ports = createFakePorts(clock);
  const signals: string[] = [];
  let starts = 0;
  const stubborn: LoopPorts = {
    ...ports,
    scripts: {
      ...ports.scripts,
      start: () => {
        starts += 1;
        return { signal: (signal) => signals.push(signal), close: () => signals.push('closed') };
      },
    },
  };
  const place: CheckPlace = { module: 'farm', binDir: '/m/bin', env: {} };
  const { run, ended } = createLoopRunner(stubborn);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  t.equal(ended('farm'), null, 'nothing was begun');
  const first = run(checker(), place, () => undefined);
  await turn();
  t.equal(ended('farm'), null, 'nothing is being ended');
  first.close();
  first.close();
  let isOver = false;
  void ended('farm')?.then(() => {
    isOver = true;
  });
  t.not(ended('farm'), null);
  t.equal(ended('other'), null);
  run(checker(), place, () => undefined);
  await clock.advance(499);
  t.same(signals, ['SIGTERM']);
  await clock.advance(1);
  t.same(signals, ['SIGTERM', 'SIGKILL']);
  t.equal(starts, 1);
  await clock.advance(4_999);
  await turn();
  t.notOk(isOver);
  await clock.advance(1);
  await turn();
  t.ok(isOver, 'given up');
  t.equal(ended('farm'), null);
  t.same(signals, ['SIGTERM', 'SIGKILL', 'closed']);
  t.equal(starts, 2);
});
