import t from 'tap';
import { createActor, setup } from 'xstate';
import { createDrainWatch } from '../../src/actors/drain.actor.js';
import type { ProcessInfo } from '../../src/actors/ports.js';
import { createProcessWatch } from '../../src/actors/process-watch.actor.js';
import type { ProcConfig } from '../../src/config/types.js';
import type { ErrdEvent } from '../../src/machines/errd.types.js';
import type { ModuleEvent } from '../../src/machines/module.types.js';
import type { FakePorts } from '../helpers/fake-ports.js';
import { createFakePorts } from '../helpers/fake-ports.js';
import { aProc } from '../helpers/module-harness.js';
import { drained } from '../helpers/virtual-clock.js';

const info = (pid: number, name: string): ProcessInfo => ({ pid, startTime: pid, ppid: 1, name, args: [name] });

function watcher(procs: readonly ProcConfig[], ports: FakePorts = createFakePorts()) {
  const told: ErrdEvent[] = [];
  const take = ({ event }: { event: ErrdEvent }): void => {
    told.push(event);
  };
  const logic = createProcessWatch(ports, (proc) => (process) => process.name === proc.name);
  const parent = setup({ types: {} as { events: ErrdEvent }, actors: { watcher: logic } }).createMachine({
    invoke: { src: 'watcher', id: 'watcher', input: { procs } },
    on: { 'processes.seen': { actions: take }, 'process.exited': { actions: take }, 'scan.failed': { actions: take } },
  });
  const actor = createActor(parent).start();
  const child = actor.getSnapshot().children['watcher'];
  return {
    ports,
    told,
    select: (...names: readonly string[]) => child?.send({ type: 'select', names }),
    scan: () => child?.send({ type: 'scan' }),
    stop: () => actor.stop(),
    open: () => [...ports.watches].filter(([, watch]) => !watch.closed).map(([key]) => key),
  };
}
const app = { ...aProc, name: 'app' };
const other = { ...aProc, name: 'other' };
const service = { ...aProc, name: 'unit', service: true };

t.test('a scan tells what matches, and watches it', async (t) => {
  const w = watcher([app, other, service]);
  w.ports.running.push(info(1, 'app'), info(2, 'app'), info(3, 'sh'), info(9, 'main'));
  w.ports.services.all.push({ name: 'unit', state: 'running', mainProcess: { pid: 9, startTime: 9 } });
  w.select('app', 'other', 'unit');
  w.scan();
  await drained();
  t.match(w.told, [
    {
      type: 'processes.seen',
      found: {
        app: {
          processes: [
            { pid: 1, startTime: 1 },
            { pid: 2, startTime: 2 },
          ],
          service: null,
        },
        other: { processes: [], service: null },
        unit: { processes: [{ pid: 9, startTime: 9 }], service: 'running' },
      },
    },
  ]);
  t.same(w.open(), ['1:1', '2:2', '9:9']);
  w.scan();
  await drained();
  t.equal(w.ports.watches.size, 3, 'each is watched once');
});

t.test('an exit is told at once, with how it came', async (t) => {
  const w = watcher([app]);
  w.ports.running.push(info(1, 'app'));
  w.select('app');
  w.scan();
  await drained();
  const watch = w.ports.watches.get('1:1');
  watch?.onExit({ kind: 'signal', signal: 'SIGKILL' }, 42);
  t.match(w.told[1], {
    type: 'process.exited',
    process: { pid: 1 },
    exit: { kind: 'signal', signal: 'SIGKILL', code: null },
    atMs: 42,
  });
  watch?.onExit({ kind: 'code', code: 0 }, 43);
  t.equal(w.told.length, 2, 'once');
});

t.test('a process that is gone before it can be watched', async (t) => {
  const w = watcher([app]);
  w.ports.list = async () => [info(1, 'app')];
  w.select('app');
  w.scan();
  await drained();
  t.match(w.told, [{ type: 'processes.seen' }, { type: 'process.exited', exit: { kind: 'unknown', code: null, signal: null } }]);
  t.equal(w.ports.watches.get('1:1')?.closed, true);
});

t.test('where no watch can be had, the scans are all there is', async (t) => {
  const w = watcher([app]);
  w.ports.watchable = false;
  w.ports.running.push(info(1, 'app'));
  w.select('app');
  w.scan();
  await drained();
  t.match(w.told, [{ type: 'processes.seen' }]);
});

t.test('watches of what is gone, or no longer of interest, are closed', async (t) => {
  const w = watcher([app, other]);
  w.ports.running.push(info(1, 'app'), info(2, 'other'));
  w.select('app', 'other');
  w.scan();
  await drained();
  w.ports.running.shift();
  w.scan();
  await drained();
  t.same(w.open(), ['2:2']);
  w.select();
  t.same(w.open(), []);
});

t.test('what is selected while a scan is under way is left for the next one', async (t) => {
  const w = watcher([app, other]);
  w.ports.running.push(info(1, 'app'), info(2, 'other'));
  w.select('app');
  w.scan();
  w.select('app', 'other');
  w.scan();
  await drained();
  t.match(
    w.told.map((event) => (event.type === 'processes.seen' ? Object.keys(event.found) : event.type)),
    [['app'], ['app', 'other']],
  );
});

t.test('scans do not overlap; many requests are one more scan', async (t) => {
  const w = watcher([app]);
  let lists = 0;
  let answer: (list: readonly ProcessInfo[]) => void = () => undefined;
  w.ports.list = () => {
    lists += 1;
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  w.select('app');
  for (let time = 0; time < 5; time += 1) w.scan();
  t.equal(lists, 1);
  answer([]);
  await drained();
  t.equal(lists, 2);
  answer([]);
  await drained();
  t.equal(lists, 2);
  t.equal(w.told.length, 2);
});

t.test('a list that cannot be had is told, and the next scan is tried', async (t) => {
  const w = watcher([app]);
  w.ports.list = async () => {
    throw new Error('EMFILE');
  };
  w.select('app');
  w.scan();
  await drained();
  t.same(w.told, [{ type: 'scan.failed', detail: 'Error: EMFILE' }]);
  w.ports.list = null;
  w.scan();
  await drained();
  t.match(w.told[1], { type: 'processes.seen' });
});

t.test('a service that its manager does not know is unknown; with services alone no list is asked for', async (t) => {
  const w = watcher([service]);
  w.ports.list = async () => {
    throw new Error('not asked for');
  };
  w.select('unit');
  w.scan();
  await drained();
  t.match(w.told, [{ found: { unit: { processes: [], service: 'unknown' } } }]);
});

t.test('after its end nothing is sent and nothing is watched', async (t) => {
  const w = watcher([app]);
  w.ports.running.push(info(1, 'app'));
  w.select('app');
  w.scan();
  await drained();
  w.scan();
  w.scan();
  w.stop();
  t.same(w.open(), []);
  w.ports.watches.get('1:1')?.onExit({ kind: 'unknown' }, 1);
  await drained();
  t.equal(w.told.length, 1);
});

// ---------------------------------------------------------------- drain

function drain(ports: FakePorts) {
  const told: ModuleEvent[] = [];
  const parent = setup({ types: {} as { events: ModuleEvent }, actors: { drain: createDrainWatch(ports) } }).createMachine({
    invoke: { src: 'drain', id: 'drain', input: { module: 'farm' } },
    on: {
      'probes.observed': {
        actions: ({ event }) => {
          told.push(event);
        },
      },
    },
  });
  const actor = createActor(parent).start();
  return { told, stop: () => actor.stop() };
}

t.test('a drain watch tells five times a second what the probers were told, from when on', async (t) => {
  const ports = createFakePorts();
  ports.probers = [{ source: 'lb', intervalMs: 1_000, lastAtMs: 1_000, refusals: 1 }];
  const d = drain(ports);
  await ports.clock.advance(199);
  t.same(d.told, [], 'the probe has to turn first');
  await ports.clock.advance(1);
  t.same(d.told, [{ type: 'probes.observed', sources: ports.probers, atMs: 1_200, sinceMs: 1_000 }]);
  await ports.clock.advance(1_000);
  t.equal(d.told.length, 6);
  d.stop();
  await ports.clock.advance(10_000);
  t.equal(d.told.length, 6, 'after its end nothing is sent');
  t.equal(ports.clock.pending(), 0);
});

t.test('a listener that does not answer tells nothing, and is asked again', async (t) => {
  const ports = createFakePorts();
  ports.probers = 'fails';
  const d = drain(ports);
  await ports.clock.advance(1_000);
  t.same(d.told, []);
  ports.probers = [];
  await ports.clock.advance(200);
  t.equal(d.told.length, 1);
  ports.clock.run(200);
  d.stop();
  await ports.clock.advance(10);
  t.equal(d.told.length, 1, 'nor an answer that comes too late');
});
