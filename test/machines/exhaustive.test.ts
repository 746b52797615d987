/**
 * Every chart walked to its end by xstate/graph: over all states that its events lead to, each leaf is reached, and from wherever it
 * is the chart comes to rest. The order of events is any; what the charts' children do beside them is the simulator's business.
 */
import t from 'tap';
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';
import { createActor, fromCallback } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import { errdMachine } from '../../src/machines/errd.machine.js';
import { failoverMachine } from '../../src/machines/failover.machine.js';
import type { Resumption } from '../../src/machines/module.types.js';
import { moduleFarmMachine } from '../../src/machines/module-farm.machine.js';
import { emptyCounter } from '../../src/machines/restart-counter.js';
import { scriptMachine } from '../../src/machines/script.machine.js';
import { admin, aPlan, aProc, pathOf } from '../helpers/module-harness.js';

/** The states that events lead to, and for each the states that one more event leads to. */
interface Walk {
  readonly states: ReadonlyMap<string, AnyMachineSnapshot>;
  readonly next: (from: string, type: string, sample?: number) => string;
  readonly all: (from: string) => readonly string[];
}
const deaf = createActor(fromCallback(() => undefined)).start();
/** Charts that tell their parent something find one that does not listen. */
function withParent(machine: AnyStateMachine): AnyStateMachine {
  const scoped = <Scope extends { readonly self: object }>(scope: Scope): Scope => ({
    ...scope,
    self: Object.assign(Object.create(scope.self), { _parent: deaf }),
  });
  const logic: AnyStateMachine = Object.create(machine);
  logic.transition = (state, event, scope) => machine.transition(state, event, scoped(scope));
  logic.getInitialSnapshot = (scope, input) => machine.getInitialSnapshot(scoped(scope), input);
  return logic;
}
function walk(
  machine: AnyStateMachine,
  input: unknown,
  events: readonly AnyEventObject[],
  keyOf: (state: AnyMachineSnapshot) => string,
): Walk {
  const map = getAdjacencyMap(withParent(machine), { input, events, serializeState: keyOf, limit: 500_000 });
  const transitions = new Map<string, readonly { readonly type: string; readonly to: string }[]>();
  for (const [key, { transitions: out }] of Object.entries(map)) {
    const edges: readonly { readonly event: AnyEventObject; readonly state: AnyMachineSnapshot }[] = Object.values(out);
    transitions.set(
      key,
      edges.map(({ event, state }) => ({ type: event.type, to: keyOf(state) })),
    );
  }
  return {
    states: new Map(Object.entries(map).map(([key, { state }]) => [key, state])),
    next: (from, type, sample = 0) => transitions.get(from)?.filter((one) => one.type === type)[sample]?.to ?? from,
    all: (from) => (transitions.get(from) ?? []).map(({ to }) => to),
  };
}
function leavesOf(node: AnyStateNode): readonly string[] {
  const children = Object.values(node.states);
  if (children.length === 0) return [node.path.join('.')];
  return children.flatMap((child) => leavesOf(child));
}
/** States from which none of the wanted ones can be reached. */
function strandedStates({ states, all }: Walk, wanted: (state: AnyMachineSnapshot) => boolean): readonly string[] {
  const reaching = new Set([...states].filter(([, state]) => wanted(state)).map(([key]) => key));
  for (let before = -1; before !== reaching.size; ) {
    before = reaching.size;
    for (const key of states.keys()) if (all(key).some((to) => reaching.has(to))) reaching.add(key);
  }
  return [...states.keys()].filter((key) => !reaching.has(key));
}

// ---------------------------------------------------------------- the module

const ended = (code: number): AnyEventObject => ({
  type: 'xstate.done.actor.script',
  output: { script: 's', kind: 'code', code, detail: null, timedOut: false, atMs: 1 },
});
const moduleEvents: readonly AnyEventObject[] = [
  ...['start', 'stop', 'restart', 'stopstart', 'wait', 'wakeup', 'forcestop', 'shutdown'].flatMap((name) => [
    { type: `module.${name}`, origin: admin, atMs: 1 },
    { type: `module.${name}`, origin: { kind: 'component', by: 'errd' }, atMs: 1 },
  ]),
  ended(0),
  ended(1),
  { type: 'xstate.error.actor.script', error: 'broken' },
  { type: 'xstate.error.actor.drainWatch', error: 'broken' },
  { type: 'failover.decided', action: 'wakeup', rule: 'r', atMs: 1 },
  { type: 'failover.decided', action: 'wait', rule: 'r', atMs: 1 },
  { type: 'failover.decided', action: 'stopstart', rule: 'r', atMs: 1 },
  { type: 'module.handle', handler: '/h', proc: 'app', atMs: 1 },
  { type: 'errd.surveyed', healthy: true, atMs: 1 },
  { type: 'maintenance.switch', what: 'failover', on: false, by: 'root', atMs: 1 },
  { type: 'maintenance.switch', what: 'failover', on: true, by: 'root', atMs: 1 },
  { type: 'module.reconfigure', plan: aPlan, by: 'root', atMs: 1 },
  { type: 'module.update', plan: aPlan, origin: admin, atMs: 1 },
  { type: 'stop.overdue' },
  { type: 'xstate.after.drainTime.module.UP.stopping.draining' },
  { type: 'xstate.after.surveyLimit.module.UP.resuming' },
];
const keyOfModule = ({ value, context }: AnyMachineSnapshot): string =>
  [pathOf(value), context.intent, context.held, context.resume !== null, context.cause.kind === 'admin'].join(' ');
const inputOf = (resume: Resumption | null) => ({
  plan: { ...aPlan, limits: { maxloop: 1, loopIntervalMs: 1_000 }, drain: { kind: 'time', ms: 100 } },
  ...{ counter: emptyCounter, wish: 'stop', held: false, resume, disabledClasses: [], enabledClasses: [] },
});

t.test('module: every leaf is reached, and whatever happened a stop ends in STOP', (t) => {
  const resumption: Resumption = { path: 'UP.ready', intent: 'none', adopt: null, handler: null };
  const reached = new Set<string>();
  let states = 0;
  for (const resume of [null, resumption]) {
    const graph = walk(moduleFarmMachine, inputOf(resume), moduleEvents, keyOfModule);
    states = Math.max(states, graph.states.size);
    for (const state of graph.states.values()) reached.add(pathOf(state.value));
    const stranded = strandedStates(graph, (state) => pathOf(state.value) === 'UP.ready');
    if (stranded.length > 0) t.fail(`from ${stranded[0]} nothing leads to UP (Ready)`);
    for (const command of ['module.stop', 'module.forcestop', 'module.shutdown']) {
      for (const from of graph.states.keys()) {
        // Scripts end one after the other, and a drain is over: nothing else is needed.
        let key = graph.next(from, command);
        for (let count = 0; count < 8; count += 1) {
          key = graph.next(key, 'xstate.done.actor.script');
          key = graph.next(key, 'xstate.after.drainTime.module.UP.stopping.draining');
        }
        const state = graph.states.get(key);
        if (pathOf(state?.value) !== 'STOP' || state?.context.intent !== 'none') t.fail(`${from}, ${command}: ends in ${key}`);
      }
    }
  }
  // Passed through at once, by transitions without an event.
  const passages = ['deciding', 'UP.stopping.deciding'];
  t.same(
    leavesOf(moduleFarmMachine.root).filter((leaf) => !reached.has(leaf)),
    passages,
  );
  t.ok(states > 200, `${states} states from one beginning`);
  t.end();
});

t.test('script: always ends', (t) => {
  const events: readonly AnyEventObject[] = [
    { type: 'script.started', userlog: null, pid: 1, adopted: false },
    { type: 'script.exited', kind: 'code', code: 0, detail: null, atMs: 1 },
    { type: 'script.failed', detail: 'no', atMs: 1 },
    { type: 'script.absent', atMs: 1 },
    { type: 'script.terminate' },
    { type: 'script.kill' },
    { type: 'xstate.after.limit.script.alive.running' },
    { type: 'xstate.after.killGrace.script.alive.terminating' },
    { type: 'xstate.after.abandon.script.alive.killing' },
    { type: 'xstate.error.actor.runner', error: 'broken' },
  ];
  for (const timeoutMs of [null, 1_000]) {
    const input = { module: 'm', script: 's', args: [], timeoutMs, adopt: null };
    const graph = walk(scriptMachine, input, events, ({ value, context }) => JSON.stringify([value, context]));
    const reached = new Set([...graph.states.values()].map(({ value }) => pathOf(value)));
    t.same([...reached].sort(), [...leavesOf(scriptMachine.root)].sort());
    t.same(
      strandedStates(graph, ({ status }) => status === 'done'),
      [],
    );
  }
  // Once it is being ended, time alone ends it.
  const input = { module: 'm', script: 's', args: [], timeoutMs: null, adopt: null };
  const graph = walk(scriptMachine, input, events, ({ value, context }) => JSON.stringify([value, context]));
  for (const [from, { status }] of graph.states) {
    let key = status === 'done' ? from : graph.next(from, 'script.terminate');
    for (const { type } of events.filter((event) => /killGrace|abandon/.test(event.type))) key = graph.next(key, type);
    if (graph.states.get(key)?.status !== 'done') t.fail(`${from} does not end`);
  }
  t.end();
});

t.test('errd and failover: every leaf is reached, and each can be left', (t) => {
  const process = { pid: 1, startTime: 1 };
  const errd = walk(
    errdMachine,
    { procs: [aProc], pollTimerMs: 1_000, disabled: [], extra: [] },
    [
      { type: 'errd.arm', classes: ['both'], atMs: 1, verify: false },
      { type: 'errd.arm', classes: ['pre'], atMs: 1, verify: true },
      { type: 'errd.disarm' },
      { type: 'errd.enable', class: 'both', atMs: 1 },
      { type: 'errd.disable', class: 'both', atMs: 1 },
      { type: 'errd.reconfigure', procs: [], pollTimerMs: 1_000, atMs: 4 },
      { type: 'errd.reconfigure', procs: [aProc], pollTimerMs: 1_000, atMs: 4 },
      { type: 'process.exited', process, exit: { kind: 'signal', code: null, signal: 'SIGKILL' }, atMs: 2 },
      { type: 'processes.seen', atMs: 3, found: { app: { processes: [process], service: null } } },
      { type: 'processes.seen', atMs: 5_000, found: { app: { processes: [], service: null } } },
      { type: 'scan.failed', detail: 'no' },
      { type: 'scan.due' },
    ],
    ({ value, context }) =>
      JSON.stringify([value, context.procs, context.classes, context.disabled, context.entries, context.blind]),
  );
  t.same(
    strandedStates(errd, ({ value }) => value === 'idle'),
    [],
  );
  t.same(
    strandedStates(errd, ({ value }) => value === 'watching'),
    [],
  );
  t.ok(errd.states.size > 20, `${errd.states.size} states`);

  const isDown = { kind: 'compare', scope: 'local', class: 'ip', id: '?', equals: true, value: 'down' } as const;
  const failover = walk(
    failoverMachine,
    { rules: [{ label: 'ip', when: isDown, action: 'stopstart' }], handleTimeMs: 100, resources: {} },
    [
      ...['up', 'down'].map((value) => ({ type: 'resource.set', name: 'ip.a', value, by: 't', atMs: 1 })),
      ...['off', 'evaluating', 'blocked', 'up'].map((phase) => ({ type: 'failover.phase', phase, atMs: 1 })),
      ...[true, false].map((enabled) => ({ type: 'failover.switch', enabled, awaits: true, atMs: 1 })),
      { type: 'xstate.after.handleTime.failover.pending' },
    ],
    ({ value, context }) => JSON.stringify([value, context.phase, context.resources, context.candidate, context.enabled]),
  );
  for (const leaf of ['settled', 'pending']) {
    t.same(
      strandedStates(failover, ({ value }) => value === leaf),
      [],
    );
  }
  t.end();
});
