import t from 'tap';
import { createActor, setup } from 'xstate';
import type { ActiveModule } from '../../src/actors/ports.js';
import type { RunRecord } from '../../src/actors/script.actor.js';
import { createScriptRunner, scriptPath } from '../../src/actors/script.actor.js';
import type { RunnerInput, ScriptEvent } from '../../src/machines/script.types.js';
import type { FakePorts } from '../helpers/fake-ports.js';
import { activeModule, createFakePorts, userConfig } from '../helpers/fake-ports.js';

/** The runner below a parent that notes what it is told. */
function runner(
  input: Partial<RunnerInput> = {},
  ports: FakePorts = createFakePorts(),
  active: ActiveModule | null = activeModule(),
) {
  ports.obedient = false;
  const told: ScriptEvent[] = [];
  let leaving = false;
  const logic = createScriptRunner({ ...ports, activeModule: () => active, leaving: () => leaving });
  const take = ({ event }: { event: ScriptEvent }): void => {
    told.push(event);
  };
  const parent = setup({ types: {} as { events: ScriptEvent }, actors: { runner: logic } }).createMachine({
    invoke: {
      src: 'runner',
      id: 'runner',
      input: { module: 'farm', script: 'start_both', args: ['WAIT', 'UP', 'start'], adopt: null, ...input },
    },
    on: {
      'script.started': { actions: take },
      'script.exited': { actions: take },
      'script.failed': { actions: take },
      'script.absent': { actions: take },
    },
  });
  const actor = createActor(parent).start();
  return {
    ports,
    told,
    script: () => ports.started[0],
    signal: (signal: 'SIGTERM' | 'SIGKILL') => actor.getSnapshot().children['runner']?.send({ type: 'signal', signal }),
    leave: () => {
      leaving = true;
    },
    stop: () => actor.stop(),
    record: () => ports.disk.saved.get('farm/run'),
  };
}
const running: RunRecord = {
  version: 1,
  bootId: 'boot-1',
  script: 'start_both',
  force: false,
  path: '/modules/farm/bin/start_both',
  process: null,
};

t.test('what is about to run is on record before it runs, and not after it has ended', async (t) => {
  const r = runner();
  await r.ports.clock.advance(0);
  t.same(r.ports.order.slice(0, 2), ['save farm/run', 'script start_both WAIT UP start']);
  t.same(r.record(), running);
  await r.ports.clock.advance(1);
  t.same(r.record(), { ...running, process: { pid: 501, startTime: 501 } });
  t.match(r.told, [{ type: 'script.started', userlog: 'start_both.ulog', pid: 501, adopted: false }]);
  r.script()?.exit(3);
  await r.ports.clock.advance(0);
  t.match(r.told[1], { type: 'script.exited', kind: 'code', code: 3, detail: null });
  t.equal(r.record(), undefined);
});

t.test('the record of a script is taken away before that of the next one is written', async (t) => {
  const ports = createFakePorts();
  ports.obedient = false;
  const logic = createScriptRunner({ ...ports, activeModule: () => activeModule(), leaving: () => false });
  const invoke = (script: string, args: readonly string[]) =>
    ({ src: 'runner', id: 'runner', input: { module: 'farm', script, args, adopt: null } }) as const;
  const parent = setup({ types: {} as { events: ScriptEvent }, actors: { runner: logic } }).createMachine({
    initial: 'stopping',
    states: {
      stopping: { invoke: invoke('stop_both', ['force', 'UP', 'UP', 'restart']), on: { 'script.exited': 'starting' } },
      starting: { invoke: invoke('start_both', ['UP', 'UP', 'restart']) },
    },
  });
  createActor(parent).start();
  await ports.clock.advance(1);
  ports.order.length = 0;
  ports.started[0]?.exit(0);
  await ports.clock.advance(1);
  t.same(ports.order.slice(0, 3), ['remove farm/run', 'save farm/run', 'script start_both UP UP restart']);
  t.match(ports.disk.saved.get('farm/run'), { script: 'start_both', process: { pid: 502 } });
});

t.test('a script is started where and as its module says', async (t) => {
  const r = runner({ script: 'stop_both', args: ['force', 'UP', 'STOP', 'stop'] });
  await r.ports.clock.advance(0);
  t.same(r.script()?.spec, {
    module: 'farm',
    script: 'stop_both',
    path: '/modules/farm/bin/stop_both',
    args: ['force', 'UP', 'STOP', 'stop'],
    env: { SAFEMODULE: 'farm' },
    cwd: '/modules/farm/bin',
    output: { dir: '/var/farm', limitBytes: 2048 * 1024 },
  });
  t.match(r.record(), { force: true });
  const silent = runner({}, createFakePorts(), activeModule('farm', { user: userConfig && { ...userConfig, logging: 'none' } }));
  await silent.ports.clock.advance(0);
  t.equal(silent.script()?.spec?.output, null);
});

t.test('handlers are found by their path', async (t) => {
  const active = activeModule();
  t.equal(scriptPath(active, 'start_both'), '/modules/farm/bin/start_both');
  t.equal(scriptPath(active, '/opt/handler'), '/opt/handler');
  t.equal(scriptPath(active, 'nothing'), null);
  const r = runner({ script: '/opt/handler' });
  await r.ports.clock.advance(0);
  t.match(r.script()?.spec, { script: 'handler', path: '/opt/handler' });
});

t.test('a script that is not there, a module without <user>, a module that is gone', async (t) => {
  for (const r of [
    runner({ script: 'update' }),
    runner({}, createFakePorts(), activeModule('farm', { user: null })),
    runner({}, createFakePorts(), null),
  ]) {
    await r.ports.clock.advance(0);
    t.match(r.told, [{ type: 'script.absent' }]);
    t.same(r.ports.order, [], 'nothing is run, nothing recorded');
  }
});

t.test('a script that cannot be started, and one that dies of a signal', async (t) => {
  const r = runner();
  await r.ports.clock.advance(0);
  r.script()?.emit({ type: 'failed', code: 'EACCES', message: 'permission denied', atMs: 5 });
  await r.ports.clock.advance(0);
  t.same(r.told, [{ type: 'script.failed', detail: 'permission denied', atMs: 5 }]);
  t.equal(r.record(), undefined);
  const killed = runner();
  await killed.ports.clock.advance(0);
  killed.script()?.emit({ type: 'exited', exit: { kind: 'signal', signal: 'SIGSEGV' }, atMs: 5 });
  t.match(killed.told, [{ type: 'script.exited', kind: 'signal', detail: 'SIGSEGV', code: null }]);
});

t.test('a script begins when the looping checkers whose window has closed are gone, or after a second', async (t) => {
  const ports = createFakePorts();
  let gone = (): void => undefined;
  ports.endingCheckers = new Promise((resolve) => {
    gone = resolve;
  });
  const r = runner({ script: 'stop_both' }, ports);
  await ports.clock.advance(600);
  t.same(ports.started, [], 'one that was told to end is there still');
  t.match(r.record(), { script: 'stop_both' }, 'what is about to run is on record');
  gone();
  await ports.clock.advance(0);
  t.equal(ports.started.length, 1);

  // Not even SIGKILL ends it: the stop of the application is not held up for ever.
  const stuck = createFakePorts();
  stuck.endingCheckers = new Promise(() => undefined);
  const other = runner({ script: 'stop_both' }, stuck);
  await stuck.clock.advance(999);
  t.equal(stuck.started.length, 0);
  await stuck.clock.advance(1);
  t.equal(stuck.started.length, 1);
  other.stop();

  // What was asked for meanwhile is done: a script that was to be ended is not begun.
  const early = createFakePorts();
  early.endingCheckers = new Promise((resolve) => {
    gone = resolve;
  });
  const ended = runner({ script: 'stop_both' }, early);
  await early.clock.advance(100);
  ended.signal('SIGTERM');
  gone();
  await early.clock.advance(0);
  t.same(early.started, []);
  t.match(ended.told, [{ type: 'script.exited', kind: 'signal', detail: 'SIGTERM' }]);
});

t.test('signals reach the script, also one that came before it was there', async (t) => {
  const r = runner();
  await r.ports.clock.advance(0);
  r.signal('SIGTERM');
  r.signal('SIGKILL');
  t.same(r.script()?.signals, ['SIGTERM', 'SIGKILL']);
  const early = runner();
  early.signal('SIGTERM');
  await early.ports.clock.advance(10);
  t.same(early.ports.started, [], 'it is not started at all');
  t.match(early.told, [{ type: 'script.exited', kind: 'signal', detail: 'SIGTERM' }]);
  t.equal(early.record(), undefined);
});

t.test('a disk that never answers, or refuses, delays a script by no more than five seconds', async (t) => {
  const hangs = createFakePorts();
  hangs.disk.mood = 'hangs';
  const r = runner({}, hangs);
  await hangs.clock.advance(4_999);
  t.equal(hangs.started.length, 0);
  await hangs.clock.advance(1);
  t.equal(hangs.started.length, 1);
  await hangs.clock.advance(1);
  r.script()?.exit(0);
  await hangs.clock.advance(10);
  t.match(r.told.at(-1), { type: 'script.exited', code: 0 });
  const refuses = createFakePorts();
  refuses.disk.mood = 'refuses';
  const other = runner({}, refuses);
  await refuses.clock.advance(1);
  t.equal(refuses.started.length, 1);
  other.script()?.exit(0);
  await refuses.clock.advance(1);
  t.match(other.told.at(-1), { type: 'script.exited', code: 0 });
});

t.test('a start waits for the disk for no more than half of its own limit: it must run before that ends it', async (t) => {
  const hangs = createFakePorts();
  hangs.disk.mood = 'hangs';
  const active = activeModule();
  const user = userConfig && { ...userConfig, startTimeoutMs: 5_000 };
  const r = runner({}, hangs, { ...active, config: { ...active.config, user } });
  await hangs.clock.advance(2_499);
  t.equal(hangs.started.length, 0);
  await hangs.clock.advance(1);
  t.equal(hangs.started.length, 1);
  await hangs.clock.advance(1);
  t.match(r.told, [{ type: 'script.started' }]);
});

t.test('with its actor a script is killed, and after that nothing is sent', async (t) => {
  const r = runner();
  await r.ports.clock.advance(1);
  r.stop();
  t.same(r.script()?.signals, ['SIGKILL']);
  t.equal(r.script()?.closed, true);
  await r.ports.clock.advance(10);
  t.equal(r.record(), undefined);
  t.equal(r.told.length, 1, 'only its start');
  const early = runner();
  early.stop();
  await early.ports.clock.advance(2_000);
  t.same([early.told, early.ports.started], [[], []], 'what was not begun is not begun');
});

t.test('when the daemon leaves, a script goes on and stays on record', async (t) => {
  const r = runner();
  await r.ports.clock.advance(1);
  r.leave();
  r.stop();
  await r.ports.clock.advance(10);
  t.same(r.script()?.signals, []);
  t.equal(r.script()?.closed, true);
  t.match(r.record(), { process: { pid: 501 } });
});

t.test('a script that has ended is not killed with its actor', async (t) => {
  const r = runner();
  await r.ports.clock.advance(1);
  r.script()?.exit(0);
  r.stop();
  t.same(r.script()?.signals, []);
});

t.test('adopted: running, or ended', async (t) => {
  const process = { pid: 77, startTime: 5 };
  const r = runner({ adopt: { kind: 'running', process } });
  await r.ports.clock.advance(1);
  t.same(r.script()?.adopted, process);
  t.same(r.told, [{ type: 'script.started', userlog: null, pid: 77, adopted: true }]);
  r.signal('SIGTERM');
  t.same(r.script()?.signals, ['SIGTERM']);
  r.script()?.emit({ type: 'exited', exit: { kind: 'unknown' }, atMs: 9 });
  t.match(r.told[1], { type: 'script.exited', kind: 'unknown', code: null });
  const nameless = runner({ adopt: { kind: 'running', process }, script: 'update' });
  await nameless.ports.clock.advance(1);
  t.match(nameless.told, [{ type: 'script.started', pid: 77 }], 'also where its file is gone');
  const ended = runner({ adopt: { kind: 'ended' } });
  await ended.ports.clock.advance(1);
  t.match(ended.told, [{ type: 'script.exited', kind: 'unknown' }]);
  t.same(ended.ports.started, []);
  const forgotten = runner({ adopt: { kind: 'ended' } });
  forgotten.stop();
  await forgotten.ports.clock.advance(1);
  t.same(forgotten.told, []);
});
