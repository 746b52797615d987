import t from 'tap';
import type { Behaviour, Harness, HarnessOptions } from '../helpers/module-harness.js';
import { admin, aProc, component, createHarness, only, startedHarness, succeeds } from '../helpers/module-harness.js';

const hang: Behaviour = { kind: 'hangs', termMs: 10 };

const starting = [
  'transition STOP WAIT start',
  'prestart STOP WAIT start',
  'transition WAIT UP start',
  'start_both WAIT UP start',
];
const stopping = ['stop_both UP STOP stop', 'stop_both force UP STOP stop', 'transition UP STOP stop', 'poststop UP STOP stop'];

t.test('a start goes through WAIT and its scripts to UP (Ready)', async (t) => {
  const h = createHarness();
  t.equal(h.tags(), 'NotReady STOP');
  h.command('start');
  t.equal(h.tags(), 'Transient WAIT');
  h.run(50);
  t.same(h.newCalls(), starting.slice(0, 1), 'one script at a time');
  h.run(200);
  t.equal(h.at(), 'UP.starting.announcing');
  t.equal(h.tags(), 'Transient UP', 'not serving before the start script has ended');
  h.run(200);
  t.equal(h.tags(), 'Ready UP serving');
  t.same(h.path, [
    'STOP',
    'WAIT.preparing.announcing',
    'WAIT.preparing.prestart',
    'WAIT.evaluating',
    'UP.starting.announcing',
    'UP.starting.running',
    'UP.ready',
  ]);
  t.same(h.newCalls(), starting.slice(1));
  t.same(
    h.newLog().filter((line) => line.includes('Action')),
    ['U Action start called by root', 'I Action wakeup from failover rule Implicit_wakeup'],
  );
  t.equal(h.actor.getSnapshot().context.wish, 'start');
  t.equal(h.actor.getSnapshot().context.reason, 'start called by root');
  t.same(h.violations, []);
});

t.test('who asked is in the log', async (t) => {
  for (const [kind, line] of [
    ['boot', 'E Action start called at boot time'],
    ['automatic', 'E Action start called automatically'],
    ['component', 'E Action start called by x'],
    ['rule', 'E Action start from failover rule x'],
    ['maxloop', 'C Action start called by maxloop'],
  ] as const) {
    const h = createHarness();
    h.command('start', { kind, by: 'x' });
    t.equal(h.log[0], line);
  }
});

t.test('commands in UP (Ready): states, scripts with their arguments, wish at the end', async (t) => {
  const table: readonly [Parameters<Harness['command']>[0], readonly string[], readonly string[], string, 'start' | 'stop'][] = [
    [
      'restart',
      ['UP.restarting.graceful', 'UP.restarting.forced', 'UP.restarting.start', 'UP.ready'],
      ['stop_both UP UP restart', 'stop_both force UP UP restart', 'start_both UP UP restart'],
      'UP.ready',
      'start',
    ],
    [
      'stop',
      ['UP.stopping.graceful', 'UP.stopping.forced', 'UP.stopping.announcing', 'UP.stopping.finishing', 'STOP'],
      stopping,
      'STOP',
      'stop',
    ],
    [
      'shutdown',
      ['UP.stopping.graceful', 'UP.stopping.forced', 'UP.stopping.announcing', 'UP.stopping.finishing', 'STOP'],
      stopping,
      'STOP',
      'start',
    ],
    [
      'forcestop',
      ['UP.stopping.forced', 'UP.stopping.announcing', 'UP.stopping.finishing', 'STOP'],
      stopping.slice(1),
      'STOP',
      'stop',
    ],
    [
      'wait',
      ['UP.stopping.graceful', 'UP.stopping.forced', 'UP.stopping.announcing', 'WAIT.blocked'],
      ['stop_both UP WAIT stopwait', 'stop_both force UP WAIT stopwait', 'transition UP WAIT stopwait'],
      'WAIT.blocked',
      'start',
    ],
    [
      'stopstart',
      [
        'UP.stopping.graceful',
        'UP.stopping.forced',
        'UP.stopping.announcing',
        'UP.stopping.finishing',
        'WAIT.preparing.announcing',
        'WAIT.preparing.prestart',
        'WAIT.evaluating',
        'UP.starting.announcing',
        'UP.starting.running',
        'UP.ready',
      ],
      [...stopping.map((line) => line.replace(/stop$/, 'stopstart')), ...starting],
      'UP.ready',
      'start',
    ],
  ];
  for (const [command, path, calls, end, wish] of table) {
    const h = startedHarness();
    h.command(command);
    t.match(h.tags(), /Transient/, `${command} is Transient at once`);
    h.run(5_000);
    t.same(h.path, path, command);
    t.same(h.newCalls(), calls, command);
    t.equal(h.at(), end);
    const { context } = h.actor.getSnapshot();
    t.equal(context.wish, wish);
    t.equal(context.intent, 'none');
    t.same(h.violations, []);
    t.equal(h.log.filter((line) => line.includes('called automatically')).length, command === 'stopstart' ? 1 : 0);
    t.equal(h.clock.pending(), 0, 'no timer is left');
  }
});

t.test('restart_services are handed to the three scripts of one restart', async (t) => {
  const h = startedHarness();
  h.command('restart', component, ['a', 'b']);
  h.run(1_000);
  t.same(h.newCalls(), [
    'stop_both UP UP restart -Services a, b',
    'stop_both force UP UP restart -Services a, b',
    'start_both UP UP restart -Services a, b',
  ]);
  h.command('restart');
  h.run(1_000);
  t.equal(h.newCalls()[0], 'stop_both UP UP restart');
});

t.test('commands where nothing runs', async (t) => {
  const stopped = createHarness();
  for (const command of ['stop', 'restart', 'stopstart', 'wait', 'wakeup', 'forcestop', 'shutdown'] as const) {
    stopped.command(command);
    stopped.run(1_000);
    t.equal(stopped.at(), 'STOP');
  }
  t.same(stopped.log, [], 'nothing is logged as an action');
  const h = startedHarness();
  h.command('start');
  h.command('wakeup');
  t.equal(h.at(), 'UP.ready');
  t.same(h.newLog(), []);
});

t.test('commands in WAIT', async (t) => {
  for (const [command, end, action] of [
    ['stop', 'STOP', 'stop'],
    ['shutdown', 'STOP', 'stop'],
    ['forcestop', 'STOP', 'stop'],
    ['stopstart', 'WAIT.evaluating', 'stopstart'],
  ] as const) {
    for (const place of ['WAIT.evaluating', 'WAIT.blocked'] as const) {
      const h = createHarness({ plan: { rules: [{ label: 'r', action: 'wait', when: custom }] } });
      h.resource('custom.x', place === 'WAIT.blocked' ? 'down' : 'init');
      h.command('start');
      h.run(1_000);
      t.equal(h.at(), place);
      h.newCalls();
      if (place === 'WAIT.blocked') h.resource('custom.x', 'init');
      h.command(command);
      t.equal(h.at(), 'WAIT.stopping');
      h.run(1_000);
      t.equal(h.newCalls()[0], `poststop WAIT STOP ${action}`);
      t.equal(h.at(), end);
    }
  }
});
const custom = { kind: 'compare', scope: 'local', class: 'custom', id: 'x', equals: true, value: 'down' } as const;

t.test('a command during the start interrupts the script that hangs, and stops as usual', async (t) => {
  const graceful = ['stop_both UP STOP stop', 'stop_both force UP STOP stop', 'transition UP STOP stop', 'poststop UP STOP stop'];
  const table: readonly [string, 'stop' | 'shutdown' | 'forcestop' | 'stopstart' | 'wait', readonly string[], string][] = [
    ['transition STOP', 'stop', ['poststop WAIT STOP stop'], 'STOP'],
    ['transition STOP', 'forcestop', ['poststop WAIT STOP stop'], 'STOP'],
    ['prestart', 'shutdown', ['poststop WAIT STOP stop'], 'STOP'],
    ['transition WAIT', 'stop', graceful, 'STOP'],
    ['transition WAIT', 'forcestop', graceful.slice(1), 'STOP'],
    ['start_both', 'stop', graceful, 'STOP'],
    ['start_both', 'forcestop', graceful.slice(1), 'STOP'],
    [
      'start_both',
      'wait',
      ['stop_both UP WAIT stopwait', 'stop_both force UP WAIT stopwait', 'transition UP WAIT stopwait'],
      'WAIT.blocked',
    ],
  ];
  for (const [line, command, calls, end] of table) {
    const h = createHarness({ behave: only(line, hang) });
    h.command('start');
    h.run(60_000);
    h.newCalls();
    const atMs = h.clock.nowMs();
    h.command(command);
    const [hanging] = h.calls.slice(-1);
    t.same(hanging?.signals, [`${command === 'forcestop' ? 'SIGKILL' : 'SIGTERM'}@${atMs}`], `${command} in ${line}`);
    h.run(1_000);
    t.same(h.newCalls(), calls, `${command} in ${line}`);
    t.equal(h.at(), end);
    t.same(h.violations, []);
  }
  const h = createHarness({ behave: (input) => (input.script === 'prestart' && h.calls.length < 3 ? hang : succeeds()) });
  h.command('start');
  h.run(1_000);
  h.command('stopstart');
  h.run(2_000);
  t.equal(h.at(), 'UP.ready', 'a stopstart in WAIT begins anew');
});

t.test('a start script that ignores SIGTERM gets SIGKILL after 10 s', async (t) => {
  for (const behaviour of [{ kind: 'stubborn' }, { kind: 'hangs', termMs: 9_000 }] as const) {
    const h = createHarness({ behave: only('start_both', behaviour) });
    h.command('start');
    h.run(60_000);
    const [call] = h.calls.slice(-1);
    h.command('stop');
    h.run(9_999);
    t.equal(call?.signals.length, 1);
    h.run(1);
    t.same(call?.signals, behaviour.kind === 'stubborn' ? ['SIGTERM@60000', 'SIGKILL@70000'] : ['SIGTERM@60000']);
    h.run(2_000);
    t.equal(h.at(), 'STOP');
    t.ok(h.log.includes(`E Script start_both ended by signal ${behaviour.kind === 'stubborn' ? 'SIGKILL' : 'SIGTERM'}`));
  }
});

t.test('during a restart a stop interrupts the start script, and lets the stop scripts go on', async (t) => {
  for (const [place, calls] of [
    ['stop_both UP UP', ['stop_both force UP STOP stop', 'transition UP STOP stop', 'poststop UP STOP stop']],
    ['stop_both force UP UP', ['transition UP STOP stop', 'poststop UP STOP stop']],
    ['start_both UP UP', stopping],
  ] as const) {
    const slow: Behaviour = { kind: 'ends', afterMs: 5_000, code: 0 };
    const h = startedHarness({ behave: only(place, place.startsWith('start') ? hang : slow) });
    h.command('restart');
    h.run(1_000);
    h.newCalls();
    h.command('stop');
    const [current] = h.calls.slice(-1);
    t.equal(current?.signals.length, place.startsWith('start') ? 1 : 0);
    h.run(10_000);
    t.same(h.newCalls(), calls, place);
    t.equal(h.at(), 'STOP');
    t.same(h.violations, []);
  }
});

t.test('a forced stop ends the script that runs, wherever that is, and goes on from there', async (t) => {
  const slow: Behaviour = { kind: 'ends', afterMs: 600_000, code: 0 };
  const table: readonly [string, 'restart' | 'stop', readonly string[]][] = [
    ['stop_both UP UP', 'restart', stopping.slice(1)],
    ['stop_both force UP UP', 'restart', stopping.slice(2)],
    ['start_both UP UP', 'restart', stopping.slice(1)],
    ['stop_both UP STOP', 'stop', stopping.slice(1)],
    ['stop_both force UP STOP', 'stop', stopping.slice(2)],
    ['transition UP STOP', 'stop', stopping.slice(3)],
    ['poststop', 'stop', []],
  ];
  for (const [place, command, calls] of table) {
    const h = startedHarness({ behave: only(place, slow) });
    h.command(command);
    h.run(1_000);
    h.newCalls();
    const atMs = h.clock.nowMs();
    const [current] = h.calls.slice(-1);
    h.command('forcestop');
    t.same(current?.signals, [`SIGKILL@${atMs}`], place);
    h.run(1_000);
    t.same(h.newCalls(), calls, place);
    t.equal(h.at(), 'STOP');
  }
  const waiting = createHarness({ behave: only('poststop', slow) });
  waiting.command('start');
  waiting.run(10);
  waiting.command('stop');
  waiting.run(1_000);
  t.equal(waiting.at(), 'WAIT.stopping');
  waiting.command('forcestop');
  waiting.run(10);
  t.equal(waiting.at(), 'STOP');
});

t.test('a stronger command replaces what the module is on its way to, a weaker one never', async (t) => {
  const commands = ['restart', 'stopstart', 'wait', 'stop', 'shutdown', 'forcestop'] as const;
  const strength = { restart: 1, stopstart: 2, wait: 3, stop: 4, shutdown: 4, forcestop: 5 };
  const ends = {
    restart: 'UP.ready',
    stopstart: 'UP.ready',
    wait: 'WAIT.blocked',
    stop: 'STOP',
    shutdown: 'STOP',
    forcestop: 'STOP',
  };
  const transients: readonly [
    string,
    readonly ('start' | 'restart' | 'stopstart' | 'wait' | 'stop')[],
    readonly (typeof commands)[number][],
  ][] = [
    ['UP.starting.running', ['start'], ['stopstart', 'wait', 'stop', 'shutdown', 'forcestop']],
    ['UP.restarting.graceful', ['start', 'restart'], commands],
    ['UP.restarting.start', ['start', 'restart'], commands],
    ['UP.stopping.graceful', ['start', 'stopstart'], commands],
    ['UP.stopping.announcing', ['start', 'wait'], commands],
    ['UP.stopping.finishing', ['start', 'stopstart'], commands],
  ];
  const until = (h: Harness, place: string): void => {
    for (let step = 0; step < 2_000 && h.at() !== place; step += 1) h.run(1);
  };
  for (const [place, way, accepted] of transients) {
    for (const first of accepted) {
      for (const second of commands) {
        const h = createHarness();
        for (const command of way) {
          h.command(command);
          if (command !== way.at(-1)) h.run(1_000);
        }
        until(h, place);
        const before = h.actor.getSnapshot().context.intent;
        const beforeStrength = before === 'none' ? 0 : strength[before];
        h.command(first);
        const between = h.actor.getSnapshot().context.intent;
        const takesFirst = strength[first] > beforeStrength;
        t.equal(between, takesFirst ? first : before, `${first} in ${place}`);
        h.command(second);
        const after = h.actor.getSnapshot().context.intent;
        const betweenStrength = between === 'none' ? 0 : strength[between];
        const understood = second !== 'restart' || beforeStrength > 0 || betweenStrength > 0;
        t.equal(
          after,
          understood && strength[second] > betweenStrength ? second : between,
          `${second} after ${first} in ${place}`,
        );
        h.run(20_000);
        const settled = h.at();
        if (after !== 'none') t.equal(settled, ends[after], `${after} from ${place}`);
        t.same(h.violations, []);
      }
    }
  }
});

t.test('a shutdown keeps the wish, a stop does not', async (t) => {
  const h = startedHarness();
  h.command('shutdown');
  h.run(2_000);
  t.equal(h.actor.getSnapshot().context.wish, 'start');
  t.equal(h.actor.getSnapshot().context.lastIntent, 'shutdown');
  h.command('start');
  h.run(2_000);
  h.command('stop');
  h.run(2_000);
  t.equal(h.actor.getSnapshot().context.wish, 'stop');
});

t.test('stop scripts that take too long: SIGTERM at the limit, SIGKILL 10 s later, and the sequence goes on', async (t) => {
  const h = startedHarness({
    plan: { nicestopTimeoutMs: 20_000, forcestopTimeoutMs: 5_000 },
    behave: only('stop_both', { kind: 'stubborn' }),
  });
  const start = h.clock.nowMs();
  h.command('stop');
  h.run(19_999);
  const [graceful] = h.calls.slice(-1);
  t.same(graceful?.signals, []);
  h.run(1);
  t.same(graceful?.signals, [`SIGTERM@${start + 20_000}`]);
  t.ok(h.newLog().includes('C Script stop_both not ended after 20 s: terminated'));
  h.run(10_001);
  t.same(graceful?.signals, [`SIGTERM@${start + 20_000}`, `SIGKILL@${start + 30_000}`]);
  t.equal(h.at(), 'UP.stopping.forced', 'the forced call follows');
  t.same(h.newCalls(), ['stop_both UP STOP stop', 'stop_both force UP STOP stop']);
  h.run(15_001);
  const [forced] = h.calls.filter(({ line }) => line.startsWith('stop_both force'));
  t.same(forced?.signals, [`SIGTERM@${start + 35_001}`, `SIGKILL@${start + 45_001}`]);
  t.equal(h.at(), 'UP.stopping.announcing');
  h.run(1_000);
  t.equal(h.at(), 'STOP');
  t.same(h.violations, []);
});

t.test('start scripts have no limit unless one is given', async (t) => {
  const endless = createHarness({ behave: only('start_both', hang) });
  endless.command('start');
  endless.run(86_400_000);
  t.equal(endless.at(), 'UP.starting.running');
  const limited = createHarness({ plan: { startTimeoutMs: 30_000 }, behave: only('start_both', hang) });
  limited.command('start');
  limited.run(40_000);
  t.ok(limited.log.includes('C Script start_both not ended after 30 s: terminated'));
  t.equal(limited.at(), 'UP.ready', 'an end of a script triggers nothing by itself');
  t.equal(limited.resources.get('script.start_both'), 'down');
});

t.test('exit codes are logged and set script.<name>, and trigger nothing', async (t) => {
  const h = createHarness({ behave: (input) => ({ kind: 'ends', afterMs: 10, code: input.script === 'start_both' ? 3 : 0 }) });
  h.command('start');
  h.run(1_000);
  t.equal(h.at(), 'UP.ready');
  t.ok(h.log.includes('E Script start_both ended with code 3'));
  t.equal(h.resources.get('script.start_both'), 'down');
  t.equal(h.resources.get('script.prestart'), 'up');
});

t.test('without scripts, or with some that cannot be started, the module goes on', async (t) => {
  const none = createHarness({ behave: () => ({ kind: 'absent' }) });
  none.command('start');
  none.run(10);
  t.equal(none.at(), 'UP.ready');
  none.command('stopstart');
  none.run(10);
  t.equal(none.at(), 'UP.ready');
  none.command('stop');
  none.run(10);
  t.equal(none.at(), 'STOP');
  t.notOk(
    none.log.some((line) => line.includes('Script')),
    'nothing is said of scripts that are not there',
  );
  t.equal(none.resources.size, 0);

  const failing = createHarness({ behave: () => ({ kind: 'failed', detail: 'EACCES' }) });
  failing.command('start');
  failing.run(10);
  t.equal(failing.at(), 'UP.ready');
  t.ok(failing.log.includes('C Script start_both could not be started: EACCES'));
  t.equal(failing.resources.get('script.start_both'), 'down');
});

t.test('a script that survives SIGKILL is given up', async (t) => {
  const h = startedHarness({ plan: { nicestopTimeoutMs: 1_000 }, behave: only('stop_both UP', { kind: 'unkillable' }) });
  h.command('stop');
  h.run(16_000);
  t.ok(h.log.includes('C Script stop_both still there 5 s after being killed'));
  h.run(1_000);
  t.equal(h.at(), 'STOP');
  t.equal(h.resources.get('script.stop_both'), 'up', 'the forced call succeeded after it');
});

t.test('a stop ends in time, whatever scripts do (invariant 4)', async (t) => {
  const plan = { nicestopTimeoutMs: 60_000, forcestopTimeoutMs: 40_000, drain: { kind: 'time', ms: 20_000 } } as const;
  const boundMs = 60_000 + 40_000 + 20_000 + 30_000;
  const evil: readonly Behaviour[] = [{ kind: 'unkillable' }, { kind: 'stubborn' }, { kind: 'hangs', termMs: 9_999 }];
  for (const behaviour of evil) {
    for (const delayMs of [0, 1, 5_000, 59_999, 60_000, 69_000, 80_000, 100_000, 120_000, 200_000]) {
      for (const way of ['start', 'ready', 'restart', 'stopstart', 'wait'] as const) {
        for (const command of ['stop', 'shutdown', 'forcestop'] as const) {
          let wicked = way === 'start';
          const h = createHarness({ plan, behave: () => (wicked ? behaviour : succeeds()) });
          h.command('start');
          if (way !== 'start') {
            h.run(1_000);
            wicked = true;
            if (way !== 'ready') h.command(way);
          }
          h.run(delayMs);
          const from = h.at();
          h.command(command);
          h.run(boundMs);
          t.equal(h.at(), 'STOP', `${command} ${delayMs} ms after ${way}, from ${from}: ${behaviour.kind}`);
          t.equal(h.clock.pending(), 0);
          t.same(h.violations, []);
        }
      }
    }
  }
});

t.test('a wait and a stopstart are bounded as well, and end where they should', async (t) => {
  const options: HarnessOptions = {
    plan: { nicestopTimeoutMs: 1_000, forcestopTimeoutMs: 1_000 },
    behave: (input) => (input.args[0] === 'STOP' || input.args[0] === 'WAIT' ? succeeds() : { kind: 'unkillable' }),
  };
  const waiting = startedHarness(options);
  waiting.command('wait');
  waiting.run(30_001);
  t.equal(waiting.at(), 'WAIT.blocked');
  t.ok(waiting.log.includes('C Action stopwait not ended in time: the rest was skipped'));
  const again = startedHarness(options);
  again.command('stopstart');
  again.run(32_000);
  t.equal(again.at(), 'UP.ready');
  t.ok(again.log.includes('E Action start called automatically'));
});

t.test('a defect of the script runner leads on as the end of the script would', async (t) => {
  let broken = true;
  const h = createHarness({ behave: () => (broken ? { kind: 'throws' } : succeeds()) });
  h.command('start');
  h.run(10);
  t.equal(h.at(), 'UP.ready');
  t.ok(h.log.some((line) => line.includes('the script runner failed')));
  h.command('stopstart');
  h.run(10);
  t.equal(h.at(), 'UP.ready', 'a stopstart comes up again');
  broken = false;
  h.command('stop', admin);
  h.run(1_000);
  t.equal(h.at(), 'STOP');
});

t.test('a restart has no deadline: its start script has the time that it takes', async (t) => {
  const behave = (input: { readonly script: string; readonly args: readonly string[] }): Behaviour =>
    input.args[2] === 'restart' && input.script === 'start_both' ? hang : succeeds();
  const h = startedHarness({ behave });
  h.command('restart');
  h.run(3_600_000);
  t.equal(h.at(), 'UP.restarting.start');
  const resumed = createHarness({
    behave,
    input: { wish: 'start', resume: { path: 'UP.restarting.graceful', intent: 'restart', adopt: null, handler: null } },
  });
  resumed.run(3_600_000);
  t.equal(resumed.at(), 'UP.restarting.start', 'nor one that a new daemon goes on with');
});

t.test("an administrator's command resets the restart counter", async (t) => {
  const h = startedHarness();
  h.command('restart', component);
  h.run(10_000);
  t.equal(h.actor.getSnapshot().context.counter.count, 1);
  h.command('restart', admin);
  t.equal(h.actor.getSnapshot().context.counter.count, 0);
});

t.test('a daemon that came back serves after its first look, or without one after ten seconds', async (t) => {
  const h = createHarness({
    plan: { errd: { pollTimerMs: 60_000, procs: [aProc] } },
    input: { wish: 'start', resume: { path: 'UP.ready', intent: 'none', adopt: null, handler: null } },
  });
  h.world.answers = false;
  t.equal(h.at(), 'UP.resuming');
  t.equal(h.tags(), 'Transient UP', 'ready.txt answers 404');
  h.run(9_999);
  t.equal(h.at(), 'UP.resuming');
  h.run(1);
  t.equal(h.at(), 'UP.ready');
});
