/** The number that tells other modules' checkers whether a module was started anew. */
import t from 'tap';
import type { Caller, ModuleCommand } from '../../src/actors/face.js';
import { createNodeRuntime } from '../../src/actors/node-runtime.js';
import { activeModule, createFakePorts, type FakePorts } from '../helpers/fake-ports.js';
import { aProc } from '../helpers/module-harness.js';

const root: Caller = { who: 'root', identity: null };

function node(ports: FakePorts, epoch: number) {
  const told: { readonly ready: boolean; readonly started: number }[] = [];
  const runtime = createNodeRuntime({
    ports: { ...ports, probe: { ...ports.probe, publish: (_module, { ready, started }) => told.push({ ready, started }) } },
    node: 'n1',
    version: '0.1.0',
    epoch,
    compileMatcher: (proc) => (process) => process.name === proc.name,
  });
  return {
    runtime,
    add: () => runtime.addModule(activeModule('farm', { errd: { pollTimerMs: 10_000, procs: [aProc] } })),
    command: (action: ModuleCommand) => runtime.command({ action, module: 'farm', nodes: null, caller: root }),
    /** The numbers that were told with OK, each once. */
    starts: () => [...new Set(told.filter(({ ready }) => ready).map(({ started }) => started))],
  };
}

t.test('each start has a number of its own, and a daemon that comes back keeps it', async (t) => {
  const ports = createFakePorts();
  ports.running.push({ pid: 9, startTime: 9, ppid: 1, name: 'app', args: [] });
  const first = node(ports, 1);
  await first.add();
  t.same(first.starts(), []);
  first.command('start');
  await ports.clock.advance(1_000);
  t.equal(first.starts().length, 1, 'started');
  first.command('restart');
  await ports.clock.advance(1_000);
  t.equal(first.starts().length, 2, 'restarted');
  first.command('stopstart');
  await ports.clock.advance(20_000);
  t.equal(first.starts().length, 3, 'stopped and started');
  await first.runtime.leave();

  const second = node(ports, 2);
  await second.add();
  await ports.clock.advance(1_000);
  t.same(second.starts(), first.starts().slice(-1), 'the application was not touched');
  second.command('restart');
  await ports.clock.advance(1_000);
  t.equal(second.starts().length, 2);
  t.notOk(first.starts().includes(second.starts()[1] ?? 0), 'no number comes twice');
  await second.runtime.leave();
});
