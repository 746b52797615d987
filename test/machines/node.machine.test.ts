import t from 'tap';
import { createActor, fromCallback } from 'xstate';
import type { ProcConfig } from '../../src/config/types.js';
import { errdMachine } from '../../src/machines/errd.machine.js';
import type { WatcherCommand } from '../../src/machines/errd.types.js';
import type { ModuleInput } from '../../src/machines/module.types.js';
import { moduleFarmMachine } from '../../src/machines/module-farm.machine.js';
import { moduleActorId, nodeMachine } from '../../src/machines/node.machine.js';
import { scriptMachine } from '../../src/machines/script.machine.js';
import type { RunnerCommand, RunnerInput } from '../../src/machines/script.types.js';
import { admin, aPlan, broken, pathOf } from '../helpers/module-harness.js';

function node() {
  const runner = fromCallback<RunnerCommand, RunnerInput>(({ sendBack }) => sendBack({ type: 'script.absent', atMs: 1 }));
  const watcher = fromCallback<WatcherCommand, { readonly procs: readonly ProcConfig[] }>(() => undefined);
  const actor = createActor(
    nodeMachine.provide({
      actors: {
        module: moduleFarmMachine.provide({
          actors: {
            script: scriptMachine.provide({ actors: { runner } }),
            errd: errdMachine.provide({ actors: { watcher } }),
          },
        }),
      },
    }),
  );
  const defects: string[] = [];
  actor.on('module.defect', ({ name, detail }) => defects.push(`${name}: ${detail}`));
  actor.start();
  const input = (module: string): ModuleInput => ({
    plan: { ...aPlan, module },
    counter: { count: 0, sinceMs: null, causes: [] },
    wish: 'stop',
    held: false,
    resume: null,
    disabledClasses: [],
    enabledClasses: [],
  });
  const child = (name: string) => actor.getSnapshot().children[moduleActorId(name)];
  return {
    actor,
    defects,
    add: (name: string) => actor.send({ type: 'module.add', name, input: input(name) }),
    child,
    start: (name: string) => child(name)?.send({ type: 'module.start', origin: admin, atMs: 1 }),
    at: (name: string) => pathOf(child(name)?.getSnapshot().value),
    spoil: (name: string) =>
      child(name)?.send({
        type: 'module.stop',
        atMs: 2,
        get origin() {
          return broken();
        },
      }),
  };
}

t.test('modules are added and removed', async (t) => {
  const n = node();
  n.add('a');
  n.add('b');
  n.start('a');
  t.equal(n.at('a'), 'UP.ready');
  t.equal(n.at('b'), 'STOP');
  t.same(n.actor.getSnapshot().context.modules, ['a', 'b']);
  n.actor.send({ type: 'module.remove', name: 'a' });
  t.equal(n.child('a'), undefined);
  t.same(n.actor.getSnapshot().context.modules, ['b']);
});

t.test('a module that is added again begins anew', async (t) => {
  const n = node();
  n.add('a');
  const first = n.child('a');
  n.start('a');
  n.add('a');
  t.not(n.child('a'), first);
  t.equal(first?.getSnapshot().status, 'stopped');
  t.equal(n.at('a'), 'STOP');
  t.same(n.actor.getSnapshot().context.modules, ['a']);
});

t.test('a chart that throws is reported by name and leaves the others alone', async (t) => {
  const n = node();
  n.add('a');
  n.add('b');
  n.start('a');
  n.start('b');
  n.spoil('a');
  t.match(n.defects, [/^a: .*broken/s]);
  t.equal(n.child('a')?.getSnapshot().status, 'error');
  t.equal(n.at('b'), 'UP.ready');
  t.equal(n.actor.getSnapshot().status, 'active');
  n.child('b')?.send({ type: 'module.stop', origin: admin, atMs: 3 });
  t.equal(n.at('b'), 'STOP');
  n.add('a');
  n.start('a');
  t.equal(n.at('a'), 'UP.ready', 'and can be begun again');
});

t.test('the node leaves', async (t) => {
  const n = node();
  n.add('a');
  const module = n.child('a');
  n.actor.send({ type: 'node.leave' });
  t.equal(n.actor.getSnapshot().status, 'done');
  t.equal(module?.getSnapshot().status, 'stopped');
});
