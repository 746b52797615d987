/** What the inspector is told: charts whole, steps in order with their causes, and states that follow from the steps alone. */
import t from 'tap';
import { allCharts, moduleCharts } from '../../src/actors/charts.js';
import { createInspection, keptSteps, patienceMs } from '../../src/actors/inspection.js';
import type { ChartState, InspectionItem, MachineStep } from '../../src/actors/inspection.types.js';
import { Film } from '../../src/console/inspector/fold.js';
import { createWorld, memoryJournal, type World } from '../replay/world.js';

function inspected() {
  const holder: { world: World | null } = { world: null };
  const clock = {
    monotonicMs: () => holder.world?.clock.monotonicMs() ?? 0,
    wallMs: () => holder.world?.clock.wallMs() ?? 0,
    setTimeout: (callback: () => void, ms: number): unknown => holder.world?.clock.setTimeout(callback, ms),
    clearTimeout: (handle: unknown): void => holder.world?.clock.clearTimeout(handle),
  };
  const inspection = createInspection({ clock, node: () => 'n1', epoch: 7 });
  const world = createWorld({ journal: memoryJournal(), inspect: inspection.inspect });
  holder.world = world;
  return { inspection, world };
}
const isStep = (item: InspectionItem): item is MachineStep => item.kind === 'step';
const statesIn = (state: ChartState): readonly ChartState[] => [state, ...state.states.flatMap(statesIn)];

t.test('every chart is whole: states described, transitions numbered, guards, delays and children named', async (t) => {
  const charts = allCharts();
  t.same(
    charts.map((chart) => chart.machine),
    ['node', 'module', 'script', 'errd', 'checkers', 'checker', 'failover', 'membership'],
  );
  t.same(
    moduleCharts().map((chart) => chart.machine),
    ['module', 'script', 'errd', 'checkers', 'checker', 'failover'],
  );
  for (const { root, machine } of charts) {
    const states = statesIn(root);
    const transitions = states.flatMap((state) => state.transitions);
    t.same(
      [...transitions].map(({ id }) => id).sort((left, right) => left - right),
      transitions.map((_, index) => index),
      `${machine}: ids count the transitions`,
    );
    const ids = new Set(states.map(({ id }) => id));
    t.ok(
      transitions.every(({ targets }) => targets.every((target) => ids.has(target))),
      `${machine}: every target is a state`,
    );
    for (const state of states.slice(1)) {
      // A state of several that are left together needs no sentence of its own where its parts have one.
      t.ok(state.description.length > 0 || state.states.length > 0 || machine === 'membership', `${state.id} is described`);
    }
  }
  const module = charts.find(({ machine }) => machine === 'module');
  const draining = statesIn(module?.root ?? fail()).find(({ id }) => id === 'module.UP.stopping.draining');
  t.match(draining?.invokes, [{ id: 'drainWatch', src: 'drainWatch' }]);
  t.ok(draining?.transitions.some(({ delay, targets }) => delay === 'drainTime' && targets[0] === 'module.UP.stopping.graceful'));
  t.ok(draining?.transitions.some(({ event, guard }) => event === 'probes.observed' && guard === 'drained'));
  t.match(draining?.entry, ['noteDrain']);
  t.equal(module?.delays['surveyLimit'], 10_000);
  t.equal(module?.delays['drainTime'], null, 'it hangs on the configuration');
  const checker = charts.find(({ machine }) => machine === 'checker');
  const up = statesIn(checker?.root ?? fail()).find(({ id }) => id === 'checker.armed.verdict.up');
  t.equal(up?.transitions[0]?.params, '{"up":false}');
});
const fail = (): never => {
  throw new Error('it is not there');
};

t.test('steps tell event, source, cause, way and what changed; the states follow from them', async (t) => {
  const { inspection, world } = inspected();
  const first = inspection.page(null, null, 1_000);
  t.match(first.items, [{ kind: 'states', why: 'now' }]);
  const state = first.items[0];
  t.same(state?.kind === 'states' ? state.actors.map(({ path }) => path) : [], [
    'node',
    'module:web',
    'module:web/errd',
    'module:web/failover',
    'module:web/checkers',
  ]);
  world.command('start');
  await world.run(1_000);
  world.crash();
  await world.run(1_000);
  const page = inspection.page(first.next, null, 1_000);
  t.equal(page.lost, false);
  const steps = page.items.filter(isStep);
  const start = steps.find(({ event }) => event.type === 'module.start');
  t.match(start, {
    actor: 'module:web',
    machine: 'module',
    source: null,
    cause: null,
    from: ['module.STOP'],
    to: ['module.WAIT.preparing.announcing'],
    started: [{ path: 'module:web/script', machine: 'script' }],
    actions: ['accept'],
  });
  t.equal(start?.transitions.length, 1);
  t.ok(start?.changes.some(({ path, value }) => path[0] === 'wish' && value === 'start'));
  const exited = steps.find(({ event }) => event.type === 'process.exited');
  t.equal(exited?.source, 'module:web/errd/watcher', 'the actor at the port said so');
  const failed = steps.find(({ event }) => event.type === 'proc.failed');
  t.equal(failed?.source, 'module:web/errd');
  const cause = steps.find(({ id }) => id === failed?.cause);
  t.equal(cause?.event.type, 'processes.seen', 'the step of errd that sent it');
  t.same(failed?.to, ['module.UP.restarting.graceful']);
  t.equal(failed?.transitions.length, 2, 'the verdict, and the restart that the chart raised from it');
  for (const [index, step] of steps.entries()) {
    const causeIndex = steps.findIndex(({ id }) => id === step.cause);
    t.ok(causeIndex < index, `${step.event.type} comes after what led to it`);
  }

  const film = new Film([...first.items, ...page.items]);
  const folded = film.at(film.items.length - 1);
  const now = inspection.states(null);
  t.same(
    [...folded.values()].sort((left, right) => (left.path < right.path ? -1 : 1)),
    [...now].sort((left, right) => (left.path < right.path ? -1 : 1)),
    'states and contexts, guards and children',
  );
  t.notMatch(JSON.stringify(page), /hunter2/, 'what a macro may have filled is not shown');
  await world.close();
});

t.test('guards say what can be said before the event comes', async (t) => {
  const { inspection, world } = inspected();
  world.command('start');
  await world.run(1_000);
  const [module] = inspection.states('module:web');
  t.same(module?.at, ['module.UP.ready']);
  const chart = moduleCharts()[0];
  const transitions = statesIn(chart?.root ?? fail()).flatMap((state) =>
    state.transitions.map((one) => ({ state: state.id, ...one })),
  );
  const named = (ids: readonly number[] = []): readonly string[] =>
    ids.map((id) => transitions.find((one) => one.id === id)).map((one) => `${one?.state} ${one?.event} ${one?.guard}`);
  t.ok(named(module?.guards.no).includes('module stop.overdue toWait'), 'it hangs on the context alone');
  t.notOk(
    [...named(module?.guards.yes), ...named(module?.guards.no)].includes('module.UP.ready module.stopstart overBudget'),
    'what reads the event is open',
  );
  await world.close();
});

t.test('a part can be asked for by itself, in pages', async (t) => {
  const { inspection, world } = inspected();
  let { next } = inspection.page(null, 'module:web/errd', 10);
  world.command('start');
  await world.run(1_000);
  world.crash();
  await world.run(1_000);
  const seen: string[] = [];
  for (;;) {
    const page = inspection.page(next, 'module:web/errd', 2);
    if (page.items.length === 0) break;
    t.ok(page.items.length <= 2);
    seen.push(...page.items.map(({ id }) => id));
    t.ok(page.items.every((item) => isStep(item) && item.actor === 'module:web/errd'));
    next = page.next;
  }
  t.ok(seen.length > 3);
  t.equal(new Set(seen).size, seen.length, 'each step once');
  await world.close();
});

t.test('while nobody looks nothing is followed, and who comes back is told that steps are missing', async (t) => {
  const { inspection, world } = inspected();
  world.command('start');
  await world.run(1_000);
  t.equal(inspection.looking, false);
  t.ok(inspection.states(null).length > 3);
  t.equal(inspection.looking, false, 'a single look is not kept up');
  const { next } = inspection.page(null, null, 10);
  t.equal(inspection.looking, true);
  await world.run(patienceMs + 100);
  t.equal(inspection.looking, false);
  const back = inspection.page(next, null, 10);
  t.equal(back.lost, true);
  t.match(back.items, [{ kind: 'states', why: 'lost' }]);

  await world.run(patienceMs + 100);
  let told = 0;
  const subscription = inspection.subscribe(() => {
    told += 1;
  });
  world.command('stop');
  await world.run(patienceMs + 1_000);
  t.ok(told > 3);
  t.equal(inspection.looking, true);
  subscription.close();
  t.equal(inspection.looking, false);
  await world.close();
});

t.test('the ring is bounded', async (t) => {
  const { inspection, world } = inspected();
  const { next } = inspection.page(null, null, 10);
  const subscription = inspection.subscribe(() => undefined);
  for (let count = 0; count < keptSteps; count += 1) world.send({ type: 'loop.increment', by: 'x', atMs: count });
  for (let count = 0; count < keptSteps / 2; count += 1) world.send({ type: 'loop.reset', by: 'x', atMs: count });
  t.equal(inspection.page(next, null, 10).lost, true);
  subscription.close();
  await world.close();
});
