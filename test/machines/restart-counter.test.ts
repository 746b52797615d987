import t from 'tap';
import { countAction, counterAt, emptyCounter, limitReached } from '../../src/machines/restart-counter.js';
import type { Harness } from '../helpers/module-harness.js';
import { admin, aProc, byRule, component, createHarness, startedHarness, succeeds } from '../helpers/module-harness.js';

const limits = { maxloop: 3, loopIntervalMs: 24_000 };
const cause = (atMs: number) => ({ atMs, action: 'restart', by: 'errd' });

t.test('the window opens with the first count and closes loop_interval later', async (t) => {
  let counter = emptyCounter;
  const results: boolean[] = [];
  for (const atMs of [1_000, 5_000, 24_999, 24_999]) {
    const next = countAction(counter, limits, cause(atMs));
    counter = next.counter;
    results.push(next.exceeded);
  }
  t.same(results, [false, false, false, true], 'the 4th in a window exceeds maxloop 3');
  t.equal(counter.sinceMs, 1_000, 'later counts do not move the window');
  t.equal(counter.count, 4);
  t.equal(counterAt(counter, limits, 24_999).count, 4);
  t.equal(counterAt(counter, limits, 25_000), emptyCounter, 'the edge belongs to the next window');
  t.same(countAction(counter, limits, cause(25_000)).counter, { count: 1, sinceMs: 25_000, causes: [cause(25_000)] });
});

t.test('loop_interval 0 switches it off', async (t) => {
  const off = { maxloop: 0, loopIntervalMs: 0 };
  const { counter, exceeded } = countAction({ count: 9, sinceMs: 0, causes: [] }, off, cause(5));
  t.equal(exceeded, false);
  t.equal(counter, emptyCounter);
  t.equal(limitReached({ count: 9, sinceMs: 0, causes: [] }, off, 5), false);
});

t.test('checkloop asks whether the limit is reached inside the window', async (t) => {
  const counter = { count: 3, sinceMs: 0, causes: [] };
  t.equal(limitReached(counter, limits, 23_999), true);
  t.equal(limitReached(counter, limits, 24_000), false);
  t.equal(limitReached({ ...counter, count: 2 }, limits, 0), false);
});

t.test('the last causes are kept, one more than the limit', async (t) => {
  let counter = emptyCounter;
  for (let atMs = 0; atMs < 10; atMs += 1) counter = countAction(counter, limits, cause(atMs)).counter;
  t.same(
    counter.causes.map(({ atMs }) => atMs),
    [6, 7, 8, 9],
  );
});

const count = (h: Harness): number => h.actor.getSnapshot().context.counter.count;

t.test('the 4th counted action stops the module, whatever it is and wherever it comes from', async (t) => {
  for (const command of ['restart', 'stopstart', 'wait'] as const) {
    for (const origin of [component, byRule]) {
      const h = startedHarness();
      for (let time = 1; time <= 3; time += 1) {
        h.command(command, origin);
        t.equal(count(h), time);
        t.ok(h.newLog().includes(`I Restart counter ${time}/3 by ${origin.by}`));
        h.run(10_000);
        t.equal(h.at(), 'UP.ready');
      }
      h.newCalls();
      h.command(command, origin);
      t.ok(h.newLog().includes('C Action stop called by maxloop'));
      t.equal(h.actor.getSnapshot().context.wish, 'stop');
      t.match(h.actor.getSnapshot().context.reason, /maxloop/);
      h.run(10_000);
      t.equal(h.at(), 'STOP');
      t.equal(h.newCalls()[0], 'stop_both UP STOP stop');
      h.run(86_400_000);
      t.equal(h.at(), 'STOP', 'until somebody commands otherwise');
      t.equal(count(h), 4, 'what used the budget can still be seen');
      h.command('start');
      t.equal(count(h), 0);
      h.run(1_000);
      t.equal(h.at(), 'UP.ready');
      t.same(h.violations, []);
    }
  }
});

t.test('the budget holds in every state that takes a counted action', async (t) => {
  const table: readonly [string, string, 'restart' | 'stopstart' | 'wait'][] = [
    ['prestart', 'WAIT.preparing.prestart', 'stopstart'],
    ['', 'WAIT.blocked', 'stopstart'],
    ['start_both WAIT', 'UP.starting.running', 'stopstart'],
    ['start_both WAIT', 'UP.starting.running', 'wait'],
    ['stop_both UP UP', 'UP.restarting.graceful', 'stopstart'],
    ['stop_both UP UP', 'UP.restarting.graceful', 'wait'],
    ['start_both UP UP', 'UP.restarting.start', 'wait'],
    ['/handler', 'UP.handling', 'restart'],
    ['/handler', 'UP.handling', 'wait'],
    ['stop_both UP STOP stopstart', 'UP.stopping.graceful', 'wait'],
  ];
  const full = { count: 3, sinceMs: 1_000, causes: [] };
  for (const [line, place, command] of table) {
    const h = createHarness({
      input: { counter: full },
      plan: { rules: place === 'WAIT.blocked' ? [waitRule] : [] },
      behave: (input) =>
        line !== '' && [input.script, ...input.args].join(' ').startsWith(line) ? { kind: 'hangs', termMs: 5 } : succeeds(),
    });
    h.resource('custom.x', 'down');
    h.command('start', { kind: 'boot', by: 'holdfastd' });
    h.run(1_000);
    if (place.startsWith('UP.restarting')) h.command('restart', { kind: 'automatic', by: 'x' });
    if (place === 'UP.handling') h.actor.send({ type: 'module.handle', handler: '/handler', proc: 'app', atMs: 5 });
    if (place === 'UP.stopping.graceful') h.command('stopstart', { kind: 'automatic', by: 'x' });
    h.run(1_000);
    t.equal(h.at(), place);
    h.command(command, component);
    t.ok(h.newLog().includes('C Action stop called by maxloop'), `${command} in ${place}`);
    h.run(400_000);
    t.equal(h.at(), 'STOP');
    t.same(h.violations, []);
  }
});
const waitRule = {
  label: 'w',
  action: 'wait',
  when: { kind: 'compare', scope: 'local', class: 'custom', id: 'x', equals: true, value: 'down' },
} as const;

t.test('a counted action that is too weak to be carried out is not counted', async (t) => {
  const h = startedHarness();
  h.command('stop');
  for (let time = 0; time < 9; time += 1) h.command('wait', component);
  t.equal(count(h), 0);
  t.equal(h.actor.getSnapshot().context.intent, 'stop');
  const forced = startedHarness({ input: { counter: { count: 3, sinceMs: 1_000, causes: [] } } });
  forced.command('forcestop', component);
  forced.command('wait', component);
  t.equal(forced.actor.getSnapshot().context.intent, 'forcestop', 'maxloop does not weaken a forced stop');
});

t.test(
  "not counted: stop, wakeup, start; reset by an administrator's command, resetloop and the end of the window",
  async (t) => {
    const h = startedHarness();
    h.command('restart', component);
    h.run(1_000);
    h.command('stop', component);
    h.run(1_000);
    t.equal(count(h), 1, 'a stop by a component neither counts nor resets');
    h.command('start', { kind: 'automatic', by: 'x' });
    h.run(1_000);
    t.equal(count(h), 1);
    h.command('restart', admin);
    t.equal(count(h), 0);
    h.run(1_000);
    h.command('restart', component);
    h.run(1_000);
    h.newLog();
    h.actor.send({ type: 'loop.reset', by: 'root', atMs: h.clock.monotonicMs() });
    t.equal(count(h), 0);
    t.same(h.newLog(), ['I Restart counter reset by root']);
    for (let time = 0; time < 3; time += 1) {
      h.command('restart', component);
      h.run(1_000);
    }
    h.run(86_400_000);
    h.command('restart', component);
    h.run(1_000);
    t.equal(h.at(), 'UP.ready', 'a new window');
    t.equal(count(h), 1);
  },
);

t.test('incloop counts, so that the next action may be the one too many', async (t) => {
  const h = startedHarness();
  for (let time = 1; time <= 3; time += 1) {
    h.actor.send({ type: 'loop.increment', by: 'handler', atMs: h.clock.monotonicMs() });
    t.ok(h.newLog().includes(`I Restart counter ${time}/3 by handler`));
  }
  t.equal(h.at(), 'UP.ready');
  h.command('restart', component);
  h.run(1_000);
  t.equal(h.at(), 'STOP');
});

t.test('errd is counted, and loop_interval 0 lets it go on for ever', async (t) => {
  for (const [loopIntervalMs, end] of [
    [86_400_000, 'STOP'],
    [0, 'UP.ready'],
  ] as const) {
    const h = startedHarness({ plan: { limits: { maxloop: 3, loopIntervalMs }, errd: { pollTimerMs: 10_000, procs: [aProc] } } });
    for (let time = 0; time < 4; time += 1) {
      h.world.end('app');
      h.run(50);
      t.match(h.at(), /UP\.(restarting|stopping)/);
      h.world.start('app');
      h.run(1_000);
    }
    t.equal(h.at(), end);
    t.equal(count(h), loopIntervalMs === 0 ? 0 : 4);
  }
});
