/** The pure parts of the inspector and the timeline: order of boxes, what stood to choice, ways, lanes, the axis, clocks. */
import t from 'tap';
import { allCharts } from '../../src/actors/charts.js';
import type { MachineStep } from '../../src/actors/inspection.types.js';
import {
  activeStates,
  candidates,
  causesOf,
  eventText,
  indexChart,
  isQuiet,
  leavesText,
  orderedStates,
  wayOf,
  wayText,
} from '../../src/console/inspector/chart-index.js';
import {
  axisStep,
  fittingWindow,
  itemOf,
  lanesOf,
  offsetOf,
  visibleMarks,
  visibleSpans,
  zoomed,
} from '../../src/console/timeline/model.js';

const charts = new Map(allCharts().map((chart) => [chart.machine, indexChart(chart)]));
const module = charts.get('module') ?? t.fail('there is no chart of a module');
const stepOf = (change: Partial<MachineStep>): MachineStep => ({
  ...{ kind: 'step', id: '1.1', time: '2026-01-01T00:00:00.000Z', atMs: 0, actor: 'module:web', machine: 'module', times: 1 },
  ...{
    event: { type: 'x' },
    source: null,
    cause: null,
    from: [],
    to: [],
    transitions: [],
    actions: [],
    status: 'active',
    tags: [],
  },
  ...{ changes: [], guards: { yes: [], no: [] }, started: [], stopped: [] },
  ...change,
});

t.test('states stand in the order of their distance from the first', async (t) => {
  if (typeof module === 'boolean') return;
  const keys = orderedStates(module.chart.root).map(({ key }) => key);
  t.equal(keys[0], 'deciding');
  t.same([...keys].sort(), ['STOP', 'UP', 'WAIT', 'deciding']);
  const waiting = module.states.get('module.WAIT')?.state;
  t.equal(waiting === undefined ? '' : orderedStates(waiting)[0]?.key, 'preparing');
  const checker = charts.get('checker')?.states.get('checker.armed')?.state;
  t.same(checker === undefined ? [] : orderedStates(checker), checker?.states, 'what is active at once stays as it is written');
});

t.test('what is lit, the way, and what stood to choice', async (t) => {
  if (typeof module === 'boolean') return;
  t.same(
    [...activeStates(module, ['module.UP.restarting.graceful'])],
    ['module.UP.restarting.graceful', 'module.UP.restarting', 'module.UP', 'module'],
  );
  const rows = module.states.get('module.UP.ready')?.state.transitions.filter(({ event }) => event === 'module.restart') ?? [];
  t.equal(rows.length, 2);
  const step = stepOf({
    event: { type: 'module.restart' },
    from: ['module.UP.ready'],
    to: ['module.UP.restarting.graceful'],
    transitions: [rows[1]?.id ?? -1],
  });
  t.same(wayOf(module, step), [{ from: 'module.UP.ready', to: 'module.UP.restarting' }]);
  t.same(
    candidates(module, step).map(({ transition, outcome }) => [transition.guard, outcome]),
    [
      ['overBudget', 'refused'],
      [null, 'taken'],
    ],
  );
  const ignored = stepOf({ event: { type: 'module.start' }, from: ['module.UP.ready'], to: ['module.UP.ready'] });
  t.same(candidates(module, ignored), [], 'no transition is for it');
  t.equal(isQuiet(ignored), true);
  t.equal(isQuiet(step), false);
});

t.test('causes lead back to what came from outside, and a loop does not end in one', async (t) => {
  const steps = new Map(
    [stepOf({ id: 'a' }), stepOf({ id: 'b', cause: 'a' }), stepOf({ id: 'c', cause: 'b' })].map((one) => [one.id, one]),
  );
  const last = steps.get('c') ?? stepOf({});
  t.same(
    causesOf(steps, last).map(({ id }) => id),
    ['a', 'b', 'c'],
  );
  const loop = new Map([stepOf({ id: 'a', cause: 'b' }), stepOf({ id: 'b', cause: 'a' })].map((one) => [one.id, one]));
  t.equal(causesOf(loop, loop.get('a') ?? stepOf({})).length, 2);
  t.equal(eventText('xstate.after.killGrace.script.alive.terminating'), 'after killGrace');
  t.equal(eventText('xstate.done.actor.script'), 'done script');
  t.equal(wayText(['m.UP.ready'], ['m.STOP']), 'UP.ready → STOP');
  t.equal(wayText(['m.a.x', 'm.b.x'], ['m.a.x', 'm.b.y']), 'b.x → b.y', 'only the region that moved');
  t.equal(wayText([], ['m.a']), 'a');
  t.equal(leavesText(['m.armed.look.resting', 'm.armed.beat.pausing']), 'armed: look.resting + beat.pausing');
  t.equal(leavesText(['m.a.x', 'm.b']), 'a.x + b');
});

t.test('lanes, put on one clock', async (t) => {
  const time = (ms: number): string => new Date(1_000_000 + ms).toISOString();
  const state = (ms: number, quality: string) =>
    ({
      time: time(ms),
      atMs: ms,
      module: 'web',
      kind: 'state',
      text: '',
      state: 'UP',
      quality,
      path: 'p',
      ready: quality === 'Ready',
    }) as const;
  const lanes = lanesOf([
    {
      node: 'n1',
      offsetMs: 500,
      items: [
        { time: time(0), atMs: 0, module: null, kind: 'daemon', text: 'start' },
        state(10, 'Transient'),
        { time: time(10), atMs: 10, module: 'web', kind: 'script.begin', text: 'start_both' },
        { time: time(30), atMs: 30, module: 'web', kind: 'script.end', text: 'start_both', failed: true },
        state(30, 'Ready'),
        { time: time(60), atMs: 60, module: 'web', kind: 'verdict', text: 'v' },
        { time: time(90), atMs: 90, module: null, kind: 'daemon', text: 'end' },
      ],
    },
  ]);
  t.same(
    lanes.map((lane) => lane.module),
    [null, 'web'],
  );
  const web = lanes[1];
  t.same(
    web?.states.map(({ fromMs, toMs, colour }) => [fromMs - 1_000_500, (toMs ?? 0) - 1_000_500, colour]),
    [
      [10, 30, 'moving'],
      [30, 90, 'well'],
    ],
  );
  t.match(web?.scripts, [{ colour: 'bad', label: 'start_both' }]);
  t.match(web?.probes, [{ label: '404' }, { label: '200' }]);
  t.match(web?.marks, [{ kind: 'verdict' }]);
});

t.test('what is drawn is bounded, whatever there is', async (t) => {
  const spans = Array.from(
    { length: 50_000 },
    (_, index) => ({ fromMs: index, toMs: index + 1, colour: index === 777 ? 'bad' : 'well', label: '' }) as const,
  );
  const drawn = visibleSpans(spans, { fromMs: 0, toMs: 50_000 }, 50_000, 100);
  t.ok(drawn.length <= 501, `${drawn.length} bars`);
  t.ok(
    drawn.some(({ colour }) => colour === 'bad'),
    'the worst of one pixel is seen',
  );
  const marks = spans.map(({ fromMs }) => ({ atMs: fromMs, kind: 'fact', text: '', module: null }) as const);
  const groups = visibleMarks(marks, { fromMs: 0, toMs: 50_000 }, 500);
  t.ok(groups.length <= 101);
  t.equal(groups.flat().length, 50_000);
});

t.test('what is told while one looks: what the probe answers is said, not guessed from the state', async (t) => {
  const told = (data: Readonly<Record<string, unknown>>) =>
    itemOf({
      id: '1.1',
      node: 'n1',
      module: 'web',
      type: 'module.state',
      at: '2026-01-01T00:00:00.000Z',
      atMs: 0,
      cause: null,
      data,
    });
  t.match(told({ state: 'UP', quality: 'Ready', path: 'UP.ready', ready: false }), { kind: 'state', ready: false });
  t.match(told({ state: 'UP', quality: 'Ready', path: 'UP.ready', ready: true }), { kind: 'state', ready: true });
  t.equal(told({}), null);
});

t.test('the first window fits what is on record, and keeps now in sight', async (t) => {
  const minute = 60_000;
  const nowMs = 1_000 * minute;
  const lengthOf = (oldestMs: number): number => {
    const window = fittingWindow(oldestMs, nowMs);
    t.ok(window.fromMs < nowMs && window.toMs > nowMs);
    return Math.round((window.toMs - window.fromMs) / minute);
  };
  t.equal(lengthOf(0), 15, 'a quarter of an hour at most');
  t.equal(lengthOf(nowMs - 1000), 1, 'a minute at least');
  t.ok(fittingWindow(nowMs - 4 * minute, nowMs).fromMs <= nowMs - 4 * minute, 'all of it, where it began lately');
});

t.test('the axis and the clocks', async (t) => {
  const window = { fromMs: 0, toMs: 60_000 };
  t.equal(axisStep(window), 10_000);
  t.same(zoomed(window, 0.5, 0), { fromMs: 0, toMs: 30_000 }, 'what is under the pointer stays');
  t.equal(zoomed(window, 1e-9).toMs - zoomed(window, 1e-9).fromMs, 1_000);
  t.equal(offsetOf([]), null);
  const samples = [
    { askedMs: 0, answeredMs: 100, saidMs: 1_090 },
    { askedMs: 200, answeredMs: 210, saidMs: 1_205 },
  ];
  t.same(offsetOf(samples), { offsetMs: -1_000, uncertainMs: 5 }, 'by the quickest answer');
});
