import t from 'tap';
import type { Intent, Resumption } from '../../src/machines/module.types.js';
import { moduleFarmMachine } from '../../src/machines/module-farm.machine.js';
import type { InterruptedScript } from '../../src/machines/resume.js';
import { planResumption, resumableLeaves } from '../../src/machines/resume.js';
import type { Harness } from '../helpers/module-harness.js';
import { aProc, broken, createHarness, requested, startedHarness, succeeds } from '../helpers/module-harness.js';

const process = { pid: 77, startTime: 5 };
const withApp = { plan: { errd: { pollTimerMs: 10_000, procs: [aProc] } } };

/** Every leaf that a module can be found in, the intent that it then has, its script, and where it ends. */
const places: readonly [string, Intent, string | null, readonly string[], string][] = [
  // leaf, intent, script that runs there, scripts that follow it, end
  ['WAIT.preparing.announcing', 'none', 'transition', ['prestart', 'transition', 'start_both'], 'UP.ready'],
  ['WAIT.preparing.prestart', 'none', 'prestart', ['transition', 'start_both'], 'UP.ready'],
  ['WAIT.preparing.prestart', 'stop', 'prestart', ['poststop'], 'STOP'],
  ['WAIT.evaluating', 'none', null, ['transition', 'start_both'], 'UP.ready'],
  ['WAIT.blocked', 'none', null, ['transition', 'start_both'], 'UP.ready'],
  ['WAIT.stopping', 'stop', 'poststop', [], 'STOP'],
  ['UP.starting.announcing', 'none', 'transition', ['start_both'], 'UP.ready'],
  ['UP.starting.running', 'none', 'start_both', [], 'UP.ready'],
  ['UP.starting.running', 'stop', 'start_both', ['stop_both', 'stop_both force', 'transition', 'poststop'], 'STOP'],
  ['UP.ready', 'none', null, [], 'UP.ready'],
  ['UP.resuming', 'none', null, [], 'UP.ready'],
  ['UP.restarting.graceful', 'restart', 'stop_both', ['stop_both force', 'start_both'], 'UP.ready'],
  ['UP.restarting.forced', 'restart', 'stop_both force', ['start_both'], 'UP.ready'],
  ['UP.restarting.start', 'restart', 'start_both', [], 'UP.ready'],
  ['UP.restarting.graceful', 'stop', 'stop_both', ['stop_both force', 'transition', 'poststop'], 'STOP'],
  ['UP.stopping.draining', 'stop', null, ['stop_both', 'stop_both force', 'transition', 'poststop'], 'STOP'],
  ['UP.stopping.graceful', 'stop', 'stop_both', ['stop_both force', 'transition', 'poststop'], 'STOP'],
  ['UP.stopping.forced', 'stop', 'stop_both force', ['transition', 'poststop'], 'STOP'],
  ['UP.stopping.announcing', 'shutdown', 'transition', ['poststop'], 'STOP'],
  ['UP.stopping.announcing', 'wait', 'transition', ['transition', 'start_both'], 'UP.ready'],
  ['UP.stopping.finishing', 'stop', 'poststop', [], 'STOP'],
  ['UP.stopping.finishing', 'stopstart', 'poststop', ['transition', 'prestart', 'transition', 'start_both'], 'UP.ready'],
];
const short = (line: string): string => line.replace(/^(\S+)( force)?.*/, '$1$2');
const interrupted = (script: string, fate: InterruptedScript['fate']): InterruptedScript => ({
  script: script.replace(' force', ''),
  force: script.endsWith('force'),
  fate,
  process: fate === 'uncertain' ? null : process,
});
const resumed = (resume: Resumption, appears = true): Harness => {
  const h = createHarness({ ...withApp, input: { wish: 'start', resume } });
  if (appears) h.world.start('app');
  return h;
};

t.test('every leaf of the chart is one that a module goes on from, or is passed through at once', async (t) => {
  const leaves: string[] = [];
  const walk = (node: typeof moduleFarmMachine.root): void => {
    const inner = Object.values(node.states);
    for (const one of inner) walk(one);
    if (inner.length === 0) leaves.push(node.path.join('.'));
  };
  walk(moduleFarmMachine.root);
  const known = resumableLeaves.flatMap((one) => one.leaves);
  t.same(
    leaves.filter((leaf) => !known.includes(leaf)),
    ['deciding', 'STOP'],
  );
  t.same(
    known.filter((leaf) => !leaves.includes(leaf)),
    [],
    'and no others',
  );
});

t.test('a script that still runs is taken over, from every leaf', async (t) => {
  for (const [path, intent, script, follows, end] of places) {
    if (script === null) continue;
    const h = resumed(planResumption(path, intent, interrupted(script, 'running')));
    t.equal(h.at(), path);
    t.equal(short(h.calls[0]?.line ?? ''), script, path);
    t.same(h.calls[0]?.input.adopt, { kind: 'running', process });
    h.run(5_000);
    t.same(
      h.calls.slice(1).map(({ line }) => short(line)),
      follows,
      `${path} ${intent}`,
    );
    t.ok(
      h.calls.slice(1).every(({ input }) => input.adopt === null),
      'only the first is adopted',
    );
    t.equal(h.at(), end, `${path} ${intent}`);
    t.ok(h.log.some((line) => line.includes('(process 77) taken over from the previous daemon')));
    t.same(h.violations, []);
    t.equal(h.clock.pending() <= 1, true, 'at most the poll is left');
  }
});

t.test('a script that ended meanwhile is not run again, from every leaf', async (t) => {
  for (const [path, intent, script, follows, end] of places) {
    if (script === null) continue;
    const h = resumed(planResumption(path, intent, interrupted(script, 'ended')));
    h.run(5_000);
    t.same(
      h.calls.slice(1).map(({ line }) => short(line)),
      follows,
      `${path} ${intent}`,
    );
    t.equal(h.at(), end, `${path} ${intent}`);
    const { script: name } = interrupted(script, 'ended');
    if (!follows.some((line) => line.startsWith(name))) t.notOk(h.resources.has(`script.${name}`), 'its code cannot be known');
  }
});

t.test('a script that may not have been started is run; before a start come the stop scripts', async (t) => {
  for (const [path, intent, script, follows, end] of places) {
    if (script === null) continue;
    const h = resumed(planResumption(path, intent, interrupted(script, 'uncertain')));
    h.run(5_000);
    const lines = h.calls.map(({ line }) => short(line));
    if (script !== 'start_both') t.same(lines, [script, ...follows], `${path} ${intent}`);
    else if (intent === 'stop') t.same(lines, ['stop_both', 'stop_both force', 'transition', 'poststop']);
    else t.same(lines, ['stop_both', 'stop_both force', 'start_both'], path);
    t.equal(h.at(), end);
    t.same(h.violations, []);
  }
});

t.test('where no script was on record, the one of the leaf is run', async (t) => {
  for (const [path, intent, script, follows, end] of places) {
    for (const run of [null, { ...interrupted('config', 'running') }]) {
      const h = resumed(planResumption(path, intent, run));
      h.run(5_000);
      t.same(
        h.calls.map(({ line }) => short(line)),
        [...(script === null ? [] : [script]), ...follows],
        `${path} ${intent}`,
      );
      t.equal(h.at(), end);
    }
  }
  t.same(
    planResumption('UP.starting.running', 'none', { ...interrupted('start_both', 'running'), process: null }).path,
    'UP.restarting.graceful',
  );
});

t.test('the scripts of what was under way get its action', async (t) => {
  for (const [path, intent, line] of [
    ['UP.stopping.graceful', 'stop', 'stop_both UP STOP stop'],
    ['UP.stopping.graceful', 'wait', 'stop_both UP WAIT stopwait'],
    ['UP.stopping.forced', 'forcestop', 'stop_both force UP STOP stop'],
    ['UP.restarting.start', 'restart', 'start_both UP UP restart'],
    ['UP.starting.running', 'none', 'start_both WAIT UP start'],
    ['WAIT.stopping', 'stopstart', 'poststop WAIT STOP stopstart'],
  ] as const) {
    t.equal(resumed({ path, intent, adopt: null, handler: null }).calls[0]?.line, line);
  }
});

t.test('UP again without a script where the application is still there', async (t) => {
  const h = resumed(planResumption('UP.ready', 'none', null));
  t.equal(h.at(), 'UP.resuming');
  t.equal(h.tags(), 'Transient UP', 'not serving before the first look');
  h.run(5);
  t.equal(h.tags(), 'Ready UP serving');
  h.run(60_000);
  t.same(h.calls, []);
  t.same(h.violations, []);
});

t.test('where the application is gone, that is a failure and counts', async (t) => {
  for (const [action, at] of [
    [{ kind: 'restart' }, 'UP.restarting.graceful'],
    [{ kind: 'stopstart' }, 'UP.stopping.graceful'],
    [{ kind: 'stop' }, 'UP.stopping.graceful'],
    [{ kind: 'handler', exec: '/h' }, 'UP.handling'],
    [{ kind: 'noaction' }, 'UP.ready'],
  ] as const) {
    const h = createHarness({
      plan: { errd: { pollTimerMs: 10_000, procs: [{ ...aProc, action }] } },
      input: { wish: 'start', resume: planResumption('UP.ready', 'none', null) },
    });
    h.run(5);
    t.equal(h.at(), at, action.kind);
    t.equal(h.actor.getSnapshot().context.counter.count, action.kind === 'restart' || action.kind === 'stopstart' ? 1 : 0);
  }
  const full = createHarness({
    ...withApp,
    input: { wish: 'start', counter: { count: 3, sinceMs: 900, causes: [] }, resume: planResumption('UP.ready', 'none', null) },
  });
  full.run(10_000);
  t.equal(full.at(), 'STOP', 'the budget survives a restart of the daemon');
});

t.test('a look that finds nothing out ends after 10 s', async (t) => {
  const h = createHarness({ ...withApp, input: { resume: planResumption('UP.ready', 'none', null) } });
  h.world.start('app');
  h.world.answers = false;
  h.run(9_999);
  t.equal(h.at(), 'UP.resuming');
  h.run(1);
  t.equal(h.at(), 'UP.ready');
});

t.test('commands during the look', async (t) => {
  for (const [command, at] of [
    ['stop', 'UP.stopping.graceful'],
    ['shutdown', 'UP.stopping.graceful'],
    ['forcestop', 'UP.stopping.forced'],
    ['restart', 'UP.restarting.graceful'],
    ['stopstart', 'UP.stopping.graceful'],
    ['wait', 'UP.stopping.graceful'],
  ] as const) {
    const h = resumed(planResumption('UP.ready', 'none', null));
    h.command(command);
    t.equal(h.at(), at);
  }
});

t.test('a start script that was taken over is verified before the module serves', async (t) => {
  for (const path of ['UP.starting.running', 'UP.restarting.start'] as const) {
    const h = resumed(planResumption(path, 'none', interrupted('start_both', 'ended')), false);
    h.run(2);
    t.equal(h.at(), 'UP.restarting.graceful', 'the application is not there: a failure');
    t.notOk(h.path.includes('UP.ready'));
  }
});

t.test('a handler that still runs is waited for; one that ended is not called again', async (t) => {
  const h = resumed(planResumption('UP.handling', 'none', { script: '/h', force: false, fate: 'running', process }));
  t.equal(h.at(), 'UP.handling');
  t.same(h.actor.getSnapshot().context.armed, ['pre', 'both'], 'what serves is watched');
  t.equal(h.calls[0]?.input.script, '/h');
  h.run(200);
  t.equal(h.at(), 'UP.ready', 'of its end nothing can be known');
  t.ok(h.path.includes('UP.resuming'));
  t.same(h.calls.length, 1);
  for (const fate of ['ended', 'uncertain'] as const) {
    t.equal(planResumption('UP.handling', 'none', { script: '/h', force: false, fate, process }).path, 'UP.resuming');
  }
  t.equal(planResumption('UP.handling', 'none', null).path, 'UP.resuming');
});

t.test('a wait of an administrator is still pending, one of a rule is looked at anew', async (t) => {
  const resume = planResumption('WAIT.blocked', 'none', null);
  const held = createHarness({ input: { wish: 'start', held: true, resume } });
  held.run(60_000);
  t.equal(held.at(), 'WAIT.blocked');
  held.command('wakeup');
  held.run(1_000);
  t.equal(held.at(), 'UP.ready');
  const free = createHarness({ input: { wish: 'start', resume } });
  free.run(1_000);
  t.equal(free.at(), 'UP.ready');
});

t.test('a stop that went on before the daemon ended is bounded too', async (t) => {
  const h = createHarness({
    plan: { nicestopTimeoutMs: 1_000, forcestopTimeoutMs: 1_000 },
    input: { resume: { path: 'UP.stopping.graceful', intent: 'stop', adopt: null, handler: null } },
    behave: () => ({ kind: 'unkillable' }),
  });
  h.run(30_000);
  t.equal(h.at(), 'STOP');
});

t.test('a place that is not known begins in STOP', async (t) => {
  const h = createHarness({ input: { resume: { path: 'UP.nowhere', intent: 'none', adopt: null, handler: null } } });
  t.equal(h.at(), 'STOP');
});

// ---------------------------------------------------------------- defects of the children

t.test('errd that fails is started again, and watches what it should, in every state', async (t) => {
  const slow = { kind: 'ends', afterMs: 5_000, code: 0 } as const;
  const h = startedHarness({ ...withApp, behave: (input) => (input.args[2] === 'restart' ? slow : succeeds()) });
  h.breakChild('errd');
  t.match(h.newLog(), [/^C Defect in errd: .*broken/s]);
  h.world.end('app', requested);
  h.run(990);
  t.equal(h.at(), 'UP.ready');
  h.run(15_000);
  t.ok(h.newLog().includes('E Action restart called by errd'));
  h.run(10_000);
  h.world.start('app');
  h.command('restart');
  h.breakChild('errd');
  h.run(2_000);
  t.equal(h.at(), 'UP.restarting.graceful', 'the restart goes on');
  h.run(30_000);
  t.equal(h.at(), 'UP.ready');
  h.newLog();
  h.world.end('app');
  h.run(5);
  t.ok(h.newLog().includes('E Action restart called by errd'));
});

t.test('a watcher that cannot start is tried again and again', async (t) => {
  const h = createHarness(withApp);
  h.world.start('app');
  h.world.broken = true;
  h.command('start');
  h.run(2_000);
  t.equal(h.at(), 'UP.ready');
  h.breakChild('errd');
  h.world.broken = true;
  h.run(1_000);
  t.equal(h.log.filter((line) => line.includes('Defect in errd')).length, 2);
  h.run(1_100);
  h.world.end('app');
  h.run(5);
  t.match(h.at(), /UP.restarting/);
});

t.test('rules that fail are started again with what they knew, in every state', async (t) => {
  const when = { kind: 'compare', scope: 'local', class: 'custom', id: 'x', equals: true, value: 'down' } as const;
  const plan = { rules: [{ label: 'w', action: 'wait', when }] } as const;
  const blocked = createHarness({ plan });
  blocked.resource('custom.x', 'down');
  blocked.command('start');
  blocked.run(1_000);
  t.equal(blocked.at(), 'WAIT.blocked');
  blocked.breakChild('failover');
  blocked.run(60_000);
  t.equal(blocked.at(), 'WAIT.blocked', 'its cause is still there');
  blocked.resource('custom.x', 'up');
  blocked.run(3_000);
  t.equal(blocked.at(), 'UP.ready', 'and no dead end');

  const evaluating = createHarness({ plan });
  evaluating.resource('custom.x', 'init');
  evaluating.command('start');
  evaluating.run(1_000);
  evaluating.breakChild('failover');
  evaluating.run(1_000);
  t.equal(evaluating.at(), 'WAIT.evaluating');
  evaluating.resource('custom.x', 'up');
  evaluating.run(1_000);
  t.equal(evaluating.at(), 'UP.ready');

  evaluating.breakChild('failover');
  evaluating.run(1_000);
  evaluating.resource('custom.x', 'down');
  evaluating.run(3_000);
  t.equal(evaluating.at(), 'WAIT.blocked');
});

t.test('a script whose machine fails leads on as its end would, from every state', async (t) => {
  const hang = { kind: 'hangs', termMs: 60_000 } as const;
  for (const [line, way, next] of [
    ['transition STOP', 'start', 'WAIT.preparing.prestart'],
    ['prestart', 'start', 'UP.starting.announcing'],
    ['transition WAIT', 'start', 'UP.starting.running'],
    ['start_both WAIT', 'start', 'UP.ready'],
    ['stop_both UP UP', 'restart', 'UP.restarting.forced'],
    ['stop_both force UP UP', 'restart', 'UP.restarting.start'],
    ['start_both UP UP', 'restart', 'UP.ready'],
    ['stop_both UP STOP', 'stop', 'UP.stopping.forced'],
    ['stop_both force UP STOP', 'stop', 'UP.stopping.announcing'],
    ['transition UP STOP', 'stop', 'UP.stopping.finishing'],
    ['poststop UP', 'stop', 'STOP'],
    ['poststop UP', 'stopstart', 'WAIT.preparing.announcing'],
  ] as const) {
    for (const stopped of [false, true]) {
      const h = createHarness({
        behave: (input) => ([input.script, ...input.args].join(' ').startsWith(line) ? hang : succeeds()),
      });
      h.command('start');
      h.run(1_000);
      if (way !== 'start') h.command(way);
      h.run(1_000);
      const before = h.calls.length;
      if (stopped) h.command('stop');
      h.actor.getSnapshot().children.script?.send({
        type: 'script.exited',
        code: 0,
        detail: null,
        atMs: 0,
        get kind() {
          return broken();
        },
      });
      t.ok(h.log.some((one) => one.startsWith('C Defect in script')));
      if (!stopped) t.equal(h.at(), next, line);
      else {
        h.run(400_000);
        t.equal(h.at(), 'STOP', `a stop in ${line} is not lost`);
        t.notOk(h.calls.slice(before).some((call) => /start/.test(call.input.script) && call.input.script !== 'prestart'));
      }
    }
  }
});

t.test('a rule that holds when a module goes on where it was is counted at its own time', async (t) => {
  const h = createHarness({
    plan: {
      rules: [
        {
          label: 'broken',
          when: { kind: 'compare', scope: 'local', class: 'custom', id: 'b', equals: true, value: 'down' },
          action: 'restart',
        },
      ],
    },
    input: {
      wish: 'start',
      atMs: 500_000,
      resources: { 'custom.b': 'down' },
      resume: planResumption('UP.ready', 'none', null),
    },
  });
  h.run(10_000);
  const { counter, plan } = h.actor.getSnapshot().context;
  t.same(
    counter.causes.slice(0, 1),
    [{ atMs: 500_000 + plan.handleTimeMs, action: 'restart', by: 'broken' }],
    'not at a time before the daemon was there, whose window would be over',
  );
});
