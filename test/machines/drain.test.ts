import t from 'tap';
import { drainComplete } from '../../src/machines/drain.js';
import { aProc, component, createHarness, startedHarness, succeeds } from '../helpers/module-harness.js';

const timed = { plan: { drain: { kind: 'time', ms: 20_000 } } } as const;
const automatic = { plan: { drain: { kind: 'auto' } } } as const;

t.test('a planned stop turns the probe first and lets the application serve on', async (t) => {
  for (const command of ['stop', 'shutdown', 'stopstart', 'wait'] as const) {
    const h = startedHarness(timed);
    h.command(command);
    t.equal(h.at(), 'UP.stopping.draining');
    t.equal(h.tags(), 'Transient UP', 'ready.txt answers 404');
    t.ok(h.newLog().includes('E Drain before stop: 20000 ms'));
    h.run(19_999);
    t.same(h.newCalls(), []);
    h.run(1);
    t.equal(h.at(), 'UP.stopping.graceful');
  }
});

t.test('auto: until the probers have seen it, with a ceiling', async (t) => {
  const h = startedHarness(automatic);
  h.command('stop');
  t.ok(h.newLog().includes('E Drain before stop: until the balancers have seen 404'));
  const sinceMs = h.clock.monotonicMs();
  const probe = (refusals: number): void =>
    h.probes([{ source: 'lb', intervalMs: 5_000, lastAtMs: h.clock.monotonicMs(), refusals }], sinceMs);
  h.run(10_000);
  probe(2);
  t.equal(h.at(), 'UP.stopping.draining');
  h.run(5_000);
  probe(3);
  t.equal(h.at(), 'UP.stopping.draining');
  h.run(5_000);
  probe(4);
  t.equal(h.at(), 'UP.stopping.graceful');

  const deaf = startedHarness(automatic);
  deaf.command('stop');
  deaf.run(119_999);
  t.equal(deaf.at(), 'UP.stopping.draining');
  deaf.run(1);
  t.equal(deaf.at(), 'UP.stopping.graceful');

  const alone = startedHarness(automatic);
  alone.command('stop');
  alone.probes([]);
  t.equal(alone.at(), 'UP.stopping.graceful', 'with no prober nobody needs to be told');

  const fixed = startedHarness(timed);
  fixed.command('stop');
  fixed.probes([]);
  t.equal(fixed.at(), 'UP.stopping.draining', 'a given time is kept');
});

t.test('not drained: restart, forcestop, failures, and what never served', async (t) => {
  const restart = startedHarness(timed);
  restart.command('restart');
  t.equal(restart.at(), 'UP.restarting.graceful');
  const forced = startedHarness(timed);
  forced.command('forcestop');
  t.equal(forced.at(), 'UP.stopping.forced');
  const draining = startedHarness(timed);
  draining.command('stop');
  draining.command('forcestop');
  t.equal(draining.at(), 'UP.stopping.forced', 'a forced stop ends the drain');
  t.equal(draining.actor.getSnapshot().context.intent, 'forcestop');
  for (const command of ['stop', 'stopstart', 'wait'] as const) {
    const failed = startedHarness(timed);
    failed.command(command, component);
    t.equal(failed.at(), 'UP.stopping.graceful', command);
  }
  const crashed = startedHarness({
    plan: { ...timed.plan, errd: { pollTimerMs: 10_000, procs: [{ ...aProc, action: { kind: 'stopstart' } }] } },
  });
  crashed.world.end('app');
  crashed.run(5);
  t.equal(crashed.at(), 'UP.stopping.graceful');
  const starting = createHarness({
    ...timed,
    behave: (input) => (input.script === 'start_both' ? { kind: 'hangs', termMs: 10 } : succeeds()),
  });
  starting.command('start');
  starting.run(1_000);
  starting.command('stop');
  starting.run(11);
  t.equal(starting.at(), 'UP.stopping.graceful');
  t.notOk(starting.log.some((line) => line.includes('Drain')));
});

t.test('a stronger command during the drain counts at its end', async (t) => {
  const h = startedHarness(timed);
  h.command('stopstart');
  h.run(10_000);
  h.command('stop');
  h.run(10_000);
  t.equal(h.at(), 'UP.stopping.graceful');
  h.run(5_000);
  t.equal(h.at(), 'STOP');
});

t.test('a drain watch that fails ends the drain', async (t) => {
  const h = startedHarness({ ...automatic, drainBreaks: true });
  h.command('stop');
  t.equal(h.at(), 'UP.stopping.graceful');
  t.ok(h.newLog().includes('C Defect in drain: Error: the drain watch is broken'));
});

t.test('a prober that was not heard of for three of its intervals is not waited for', async (t) => {
  const gone = { source: 'lb', intervalMs: 5_000, lastAtMs: 100_000, refusals: 0 };
  t.notOk(drainComplete([gone], 115_000, 100_000));
  t.ok(drainComplete([gone], 115_001, 100_000));
});
