import t from 'tap';
import type { AnyStateNode } from 'xstate';
import { checkerMachine } from '../../src/machines/checker.machine.js';
import type { CheckerEvent, CheckersEvent } from '../../src/machines/checker.types.js';
import { checkersMachine } from '../../src/machines/checkers.machine.js';
import { errdMachine } from '../../src/machines/errd.machine.js';
import type { ErrdEvent } from '../../src/machines/errd.types.js';
import { failoverMachine } from '../../src/machines/failover.machine.js';
import type { FailoverEvent } from '../../src/machines/failover.types.js';
import type { ModuleEvent } from '../../src/machines/module.types.js';
import { moduleFarmMachine } from '../../src/machines/module-farm.machine.js';
import type { NodeEvent } from '../../src/machines/node.machine.js';
import { nodeMachine } from '../../src/machines/node.machine.js';
import { resumableLeaves } from '../../src/machines/resume.js';
import { scriptMachine } from '../../src/machines/script.machine.js';
import type { ScriptEvent } from '../../src/machines/script.types.js';
import { admin, aPlan, component, createHarness, succeeds } from '../helpers/module-harness.js';
import type { Ignored } from './ignored-events.js';
import { ignoredEvents } from './ignored-events.js';

const process = { pid: 1, startTime: 1 };
const exit = { kind: 'code', code: 0, signal: null } as const;
const failed = {
  type: 'proc.failed',
  name: 'app',
  service: false,
  count: 0,
  tooMany: false,
  limit: 1,
  restartServices: [],
  atMs: 5_000,
} as const;

/** One example of each event: the compiler sees to it that none is left out. */
type Examples<E extends { readonly type: string }> = { readonly [T in E['type']]: E & { readonly type: T } };
const moduleEvents: Examples<ModuleEvent> = {
  'module.start': { type: 'module.start', origin: admin, atMs: 5_000 },
  'module.stop': { type: 'module.stop', origin: admin, atMs: 5_000 },
  'module.restart': { type: 'module.restart', origin: component, atMs: 5_000 },
  'module.stopstart': { type: 'module.stopstart', origin: component, atMs: 5_000 },
  'module.wait': { type: 'module.wait', origin: component, atMs: 5_000 },
  'module.wakeup': { type: 'module.wakeup', origin: admin, atMs: 5_000 },
  'module.forcestop': { type: 'module.forcestop', origin: admin, atMs: 5_000 },
  'module.shutdown': { type: 'module.shutdown', origin: admin, atMs: 5_000 },
  'module.handle': { type: 'module.handle', handler: '/h', proc: 'app', atMs: 5_000 },
  'failover.decided': { type: 'failover.decided', action: 'stop', rule: 'r', atMs: 5_000 },
  'proc.failed': { ...failed, action: { kind: 'stopstart' } },
  'proc.valued': { type: 'proc.valued', name: 'app', value: 'up', atMs: 5_000 },
  'errd.surveyed': { type: 'errd.surveyed', healthy: true, atMs: 5_000 },
  'errd.blind': { type: 'errd.blind', detail: 'x' },
  'checker.valued': { type: 'checker.valued', name: 'tcp.web', value: 'down', detail: 'x', atMs: 5_000 },
  'checker.restamped': { type: 'checker.restamped', name: 'module.db', atMs: 5_000 },
  'checker.noted': { type: 'checker.noted', name: 'custom.c', detail: 'x' },
  'errd.switch': { type: 'errd.switch', class: 'own', on: true, by: 'root', atMs: 5_000 },
  'maintenance.switch': { type: 'maintenance.switch', what: 'failover', on: false, by: 'root', atMs: 5_000 },
  'module.reconfigure': { type: 'module.reconfigure', plan: aPlan, by: 'root', atMs: 5_000 },
  'module.update': { type: 'module.update', plan: aPlan, origin: admin, atMs: 5_000 },
  'resource.assign': { type: 'resource.assign', name: 'a.b', value: 'up', by: 'x', atMs: 5_000 },
  'probes.observed': { type: 'probes.observed', sources: [], atMs: 5_000, sinceMs: 4_000 },
  'loop.increment': { type: 'loop.increment', by: 'x', atMs: 5_000 },
  'loop.reset': { type: 'loop.reset', by: 'x', atMs: 5_000 },
  'script.started': { type: 'script.started', script: 's', userlog: null, pid: 1, adopted: false },
  'script.overtime': { type: 'script.overtime', script: 's', limitMs: 1 },
  'child.respawn': { type: 'child.respawn', child: 'errd' },
  'stop.overdue': { type: 'stop.overdue' },
  'xstate.error.actor.errd': { type: 'xstate.error.actor.errd', error: 'x' },
  'xstate.error.actor.failover': { type: 'xstate.error.actor.failover', error: 'x' },
  'xstate.error.actor.checkers': { type: 'xstate.error.actor.checkers', error: 'x' },
};
const errdEvents: Examples<ErrdEvent> = {
  'errd.arm': { type: 'errd.arm', classes: ['both'], atMs: 1, verify: false },
  'errd.disarm': { type: 'errd.disarm' },
  'errd.enable': { type: 'errd.enable', class: 'own', atMs: 1 },
  'errd.disable': { type: 'errd.disable', class: 'own', atMs: 1 },
  'errd.reconfigure': { type: 'errd.reconfigure', procs: [], pollTimerMs: 1_000, atMs: 1 },
  'process.exited': { type: 'process.exited', process, exit, atMs: 1 },
  'processes.seen': { type: 'processes.seen', atMs: 1, found: {} },
  'scan.failed': { type: 'scan.failed', detail: 'x' },
  'scan.due': { type: 'scan.due' },
};
const failoverEvents: Examples<FailoverEvent> = {
  'resource.set': { type: 'resource.set', name: 'a.b', value: 'up', by: 'x', atMs: 1 },
  'failover.phase': { type: 'failover.phase', phase: 'up', atMs: 1 },
  'failover.switch': { type: 'failover.switch', enabled: false, awaits: true, atMs: 1 },
  'failover.reconfigure': { type: 'failover.reconfigure', rules: [], handleTimeMs: 0, resources: {}, atMs: 1 },
};
const checkerEvents: Examples<CheckerEvent> = {
  'checker.arm': { type: 'checker.arm', patient: false },
  'checker.disarm': { type: 'checker.disarm' },
  'check.ended': { type: 'check.ended', up: true, detail: 'x', stamp: null, atMs: 1 },
  'check.due': { type: 'check.due' },
  'program.ended': { type: 'program.ended', detail: 'x' },
};
const checkersEvents: Examples<CheckersEvent> = {
  'checkers.arm': { type: 'checkers.arm', classes: ['both'], patient: true },
  'checkers.configure': { type: 'checkers.configure', checkers: [] },
  'checker.valued': { type: 'checker.valued', name: 'tcp.web', value: 'down', detail: 'x', atMs: 1 },
  'checker.restamped': { type: 'checker.restamped', name: 'module.db', atMs: 1 },
  'checker.noted': { type: 'checker.noted', name: 'custom.c', detail: 'x' },
};
const scriptEvents: Examples<ScriptEvent> = {
  'script.started': { type: 'script.started', userlog: null, pid: 1, adopted: false },
  'script.exited': { type: 'script.exited', kind: 'code', code: 0, detail: null, atMs: 1 },
  'script.failed': { type: 'script.failed', detail: 'x', atMs: 1 },
  'script.absent': { type: 'script.absent', atMs: 1 },
  'script.terminate': { type: 'script.terminate' },
  'script.kill': { type: 'script.kill' },
};
const nodeEvents: readonly NodeEvent['type'][] = ['module.add', 'module.remove', 'node.leave', 'xstate.error.actor.module:a'];

/** Leaves with the descriptors of all events that they or a state around them handle. */
function leavesOf(node: AnyStateNode, around: readonly string[] = []): ReadonlyMap<string, readonly string[]> {
  const handled = [...around, ...node.ownEvents];
  const inner: readonly AnyStateNode[] = Object.values(node.states);
  if (inner.length === 0) return new Map([[node.path.join('.'), handled]]);
  return new Map(inner.flatMap((one) => [...leavesOf(one, handled)]));
}
const covers = (one: Ignored, leaf: string): boolean =>
  one.states.some((state) => leaf === state || leaf.startsWith(`${state}.`));
const handles = (descriptors: readonly string[], event: string): boolean =>
  descriptors.some((one) => one === event || (one.endsWith('*') && event.startsWith(one.slice(0, -1))));

const machines: readonly [keyof typeof ignoredEvents, AnyStateNode, readonly string[]][] = [
  ['module', moduleFarmMachine.root, Object.keys(moduleEvents)],
  ['errd', errdMachine.root, Object.keys(errdEvents)],
  ['failover', failoverMachine.root, Object.keys(failoverEvents)],
  ['checker', checkerMachine.root, Object.keys(checkerEvents)],
  ['checkers', checkersMachine.root, Object.keys(checkersEvents)],
  ['script', scriptMachine.root, Object.keys(scriptEvents)],
  ['node', nodeMachine.root, nodeEvents],
];
for (const [name, root, events] of machines) {
  t.test(`${name}: every event in every state is handled, or ignored for a reason`, async (t) => {
    const ignored = ignoredEvents[name];
    const undecided: string[] = [];
    const twice: string[] = [];
    for (const [leaf, descriptors] of leavesOf(root)) {
      for (const event of events) {
        const listed = ignored.filter((one) => one.event === event && covers(one, leaf));
        const decisions = listed.length + (handles(descriptors, event) ? 1 : 0);
        if (decisions === 0) undecided.push(`${leaf} × ${event}`);
        if (decisions > 1) twice.push(`${leaf} × ${event}`);
      }
    }
    t.same(undecided, [], 'undecided');
    t.same(twice, [], 'decided twice: listed as ignored although it is handled, or listed twice');
    const leaves = [...leavesOf(root).keys()];
    t.same(
      ignored.filter(
        (one) =>
          !events.includes(one.event) ||
          one.states.some((state) => !leaves.some((leaf) => covers({ ...one, states: [state] }, leaf))),
      ),
      [],
      'nothing is listed of events and states that are not there',
    );
  });
}

t.test('no event in any state of the module makes it fail, run two scripts, or be stuck', async (t) => {
  const leaves = ['STOP', ...resumableLeaves.map(({ target }) => target)];
  for (const leaf of leaves) {
    for (const event of Object.values(moduleEvents)) {
      const intent = leaf.includes('stopping') ? 'stop' : leaf.includes('restarting') ? 'restart' : 'none';
      const h = createHarness({
        input: { wish: 'start', resume: leaf === 'STOP' ? null : { path: leaf, intent, adopt: null, handler: '/h' } },
        behave: () => succeeds(50),
      });
      const before = h.at();
      h.actor.send(event);
      t.equal(h.actor.getSnapshot().status, 'active', `${leaf} × ${event.type}`);
      h.run(60_000);
      const { context } = h.actor.getSnapshot();
      t.equal(context.intent, 'none', `${leaf} × ${event.type} comes to rest`);
      t.ok(['STOP', 'WAIT.blocked', 'UP.ready'].includes(h.at()), `${leaf} × ${event.type}: ${before} → ${h.at()}`);
      t.same(h.violations, []);
      h.stop();
      t.equal(h.clock.pending(), 0);
    }
  }
});
