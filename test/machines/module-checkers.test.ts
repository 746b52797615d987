import t from 'tap';
import { generatedRules } from '../../src/config/rules-table.js';
import type { CheckerConfig } from '../../src/config/types.js';
import type { Harness, HarnessOptions } from '../helpers/module-harness.js';
import { aCheck, admin, aPlan, createHarness, startedHarness } from '../helpers/module-harness.js';

const gateway: CheckerConfig = {
  kind: 'ping',
  ident: 'gw',
  when: 'pre',
  action: 'wait',
  grace: 1,
  addr: '10.0.0.1',
  intervalMs: 10_000,
  timeoutMs: 5_000,
};
const database: CheckerConfig = {
  kind: 'module',
  ident: 'db',
  when: 'pre',
  action: 'wait',
  grace: 1,
  name: 'db',
  addr: '127.0.0.1',
  port: 9010,
  intervalMs: 10_000,
  timeoutMs: 5_000,
  secure: false,
  ca: '',
};
const program: CheckerConfig = {
  kind: 'custom',
  ident: 'disk',
  when: 'pre',
  action: 'wait',
  grace: 1,
  exec: 'check',
  arg: '',
  mode: 'loop',
  intervalMs: 10_000,
  timeoutMs: 5_000,
  ocf: null,
  parameters: [],
};
const withCheckers = (...checkers: readonly CheckerConfig[]): HarnessOptions => ({
  plan: {
    checkers,
    rules: [
      {
        label: 'module_failure',
        when: { kind: 'compare', scope: 'local', class: 'module', id: '?', equals: true, value: 'down' },
        action: 'wait',
      },
      ...generatedRules(checkers),
    ],
  },
});
/** Runs in steps of 10 ms until it is so; the time that it took, in ms. */
function until(h: Harness, isSo: () => boolean): number {
  let ms = 0;
  for (; !isSo() && ms < 120_000; ms += 10) h.run(10);
  return ms;
}
const reason = (h: Harness): string | null => h.actor.getSnapshot().context.reason;

t.test('a service that goes away: restart by its rule, with the reason', async (t) => {
  const h = startedHarness(withCheckers(aCheck));
  t.equal(h.at(), 'UP.ready');
  t.equal(h.resources.get('tcp.web'), 'up');
  h.world.checked.set('tcp.web', 'down');
  const at = until(h, () => h.at().startsWith('UP.restarting'));
  t.ok(at <= 10_000 + 5_000 + 2_000, `within interval, timeout and handle_time (${at})`);
  t.match(h.newLog(), ['E tcp.web: down', 'E Action restart from failover rule t_web']);
  t.equal(reason(h), 'restart from failover rule t_web: tcp.web is down: down');
  t.equal(h.resources.get('tcp.web'), 'unknown', 'nobody looks while it is restarted');
  h.world.checked.set('tcp.web', 'up');
  h.run(2_000);
  t.equal(h.at(), 'UP.ready');
  t.equal(h.resources.get('tcp.web'), 'up');
  t.same(h.actor.getSnapshot().context.details, {});
  t.same(h.violations, []);
  h.stop();
});

t.test('an application that needs some seconds to answer is not restarted for it', async (t) => {
  const h = createHarness(withCheckers(aCheck));
  h.world.checked.set('tcp.web', 'down');
  h.command('start');
  h.run(8_000);
  t.equal(h.at(), 'UP.ready');
  t.equal(h.resources.get('tcp.web'), 'init');
  h.world.checked.set('tcp.web', 'up');
  h.run(60_000);
  t.same([h.at(), h.resources.get('tcp.web')], ['UP.ready', 'up']);
  t.notOk(h.log.some((line) => line.includes('Action restart')));
  h.stop();
});

t.test('one that never answers is restarted, and stopped by maxloop in the end', async (t) => {
  const h = createHarness(withCheckers(aCheck));
  h.world.checked.set('tcp.web', 'down');
  h.command('start');
  h.run(120_000);
  t.equal(h.at(), 'STOP');
  t.equal(h.log.filter((line) => line.includes('Action restart from failover rule t_web')).length, 3);
  t.ok(h.log.some((line) => line.includes('called by maxloop')));
  t.same(h.violations, []);
  h.stop();
});

t.test('pre: the module waits for what it needs, and goes on when that is there', async (t) => {
  const h = createHarness(withCheckers(gateway, aCheck));
  h.world.checked.set('ping.gw', 'silent');
  h.command('start');
  h.run(4_000);
  t.equal(h.at(), 'WAIT.evaluating', 'the first result is waited for');
  t.equal(h.resources.get('ping.gw'), 'init');
  h.run(2_000);
  t.equal(h.at(), 'WAIT.blocked');
  t.equal(reason(h), 'wait from failover rule p_gw: ping.gw is down: no answer');
  t.notOk(h.calls.some(({ line }) => line.startsWith('start_both')));
  t.notOk(h.world.looks.has('tcp.web'), 'what comes with the application is not looked at');
  h.world.checked.set('ping.gw', 'up');
  h.run(20_000);
  t.equal(h.at(), 'UP.ready');
  t.ok(h.log.some((line) => line.endsWith('Action wakeup from failover rule Implicit_wakeup')));
  h.world.checked.set('ping.gw', 'down');
  h.run(14_000);
  t.equal(h.at(), 'WAIT.blocked', 'also while it is UP');
  t.equal(h.resources.get('tcp.web'), 'unknown');
  h.command('stop');
  h.run(1_000);
  t.same([h.at(), h.resources.get('ping.gw')], ['STOP', 'unknown']);
  t.equal(h.clock.pending(), 0, 'nothing is looked at in STOP');
  t.same(h.violations, []);
  h.stop();
});

t.test('the other module was started anew: stopstart while UP, nothing while it waits', async (t) => {
  const h = createHarness(withCheckers(database));
  h.world.stamps.set('module.db', 'a');
  h.world.checked.set('module.db', 'down');
  h.command('start');
  h.run(1_000);
  t.equal(h.at(), 'WAIT.blocked');
  h.world.checked.set('module.db', 'up');
  h.run(13_000);
  t.equal(h.at(), 'UP.ready');
  h.world.stamps.set('module.db', 'b');
  h.run(10_500);
  t.ok(h.log.includes('E Action stopstart called by modulecheck'));
  h.run(5_000);
  t.equal(h.at(), 'UP.ready', 'and it is up again');
  t.equal(h.actor.getSnapshot().context.counter.count, 1, 'it counts');
  h.stop();

  const waiting = createHarness(withCheckers(database, gateway));
  waiting.world.stamps.set('module.db', 'a');
  waiting.world.checked.set('ping.gw', 'down');
  waiting.command('start');
  waiting.run(1_000);
  waiting.world.stamps.set('module.db', 'b');
  waiting.run(30_000);
  t.equal(waiting.at(), 'WAIT.blocked');
  t.notOk(waiting.log.some((line) => line.includes('modulecheck: ') || line.includes('called by modulecheck')));
  waiting.stop();
});

t.test('a looping custom checker sets its resource itself', async (t) => {
  const h = createHarness(withCheckers(program));
  h.command('start');
  h.run(60_000);
  t.equal(h.at(), 'WAIT.evaluating', 'until it has said something');
  t.same([...h.world.programs], ['custom.disk']);
  h.resource('custom.disk', 'down');
  t.equal(h.at(), 'WAIT.blocked');
  h.resource('custom.disk', 'up');
  h.run(4_000);
  t.equal(h.at(), 'UP.ready');
  h.world.endProgram?.('it ended with code 3');
  t.ok(h.newLog().includes('E custom.disk: it ended with code 3'));
  t.equal(h.resources.get('custom.disk'), 'up');
  h.run(10_000);
  t.equal(h.world.programs.size, 1);
  h.command('stop');
  h.run(1_000);
  t.equal(h.world.programs.size, 0);
  h.stop();
});

t.test('checkers off: nobody looks, nothing happens; on: they look again', async (t) => {
  const h = startedHarness(withCheckers(aCheck, gateway));
  const flip = (on: boolean): void =>
    h.actor.send({ type: 'maintenance.switch', what: 'checker', on, by: 'root', atMs: h.clock.monotonicMs() });
  flip(false);
  t.same([h.resources.get('tcp.web'), h.resources.get('ping.gw')], ['init', 'init']);
  h.world.checked.set('tcp.web', 'down');
  h.world.checked.set('ping.gw', 'down');
  const before = h.world.looks.get('tcp.web')?.length;
  h.run(60_000);
  t.equal(h.world.looks.get('tcp.web')?.length, before);
  t.equal(h.at(), 'UP.ready');
  h.world.checked.set('ping.gw', 'up');
  flip(true);
  h.run(100);
  t.equal(h.resources.get('tcp.web'), 'down', 'the application runs: the first result counts');
  h.run(2_000);
  t.ok(h.log.includes('E Action restart from failover rule t_web'));
  h.stop();

  const off = createHarness({ ...withCheckers(gateway), input: { switches: { errd: true, checker: false, failover: true } } });
  off.world.checked.set('ping.gw', 'down');
  off.command('start');
  off.run(2_000);
  t.equal(off.at(), 'UP.ready', 'a start does not wait for what nobody looks at');
  off.stop();
});

t.test('other checkers while it is UP', async (t) => {
  const h = startedHarness(withCheckers(aCheck, gateway));
  const other: CheckerConfig = { ...aCheck, ident: 'other' };
  h.run(5_000);
  const looks = h.world.looks.get('tcp.web')?.length;
  const plan = { ...aPlan, ...withCheckers(aCheck, other).plan };
  h.actor.send({ type: 'module.reconfigure', plan, by: 'root', atMs: h.clock.monotonicMs() });
  t.same([h.resources.get('tcp.web'), h.resources.get('tcp.other'), h.resources.get('ping.gw')], ['up', 'init', 'unknown']);
  h.run(1_000);
  t.equal(h.world.looks.get('tcp.web')?.length, looks, 'the unchanged one keeps its pace');
  t.equal(h.resources.get('tcp.other'), 'up');
  t.same(
    Object.keys(h.actor.getSnapshot().context.resources).filter((name) => name.startsWith('ping')),
    [],
  );
  h.stop();
});

t.test('checkers that fail by a defect begin anew', async (t) => {
  const h = startedHarness(withCheckers(aCheck));
  h.run(5_000);
  const looks = h.world.looks.get('tcp.web')?.length ?? 0;
  h.breakChild('checkers');
  t.match(h.newLog(), [/C Defect in checkers: Error: broken/]);
  h.run(1_100);
  t.equal(h.world.looks.get('tcp.web')?.length, looks + 1);
  h.world.checked.set('tcp.web', 'down');
  h.run(13_000);
  t.ok(h.log.includes('E Action restart from failover rule t_web'), 'and do what they are for');
  h.stop();

  const broken = createHarness(withCheckers(aCheck));
  broken.world.broken = true;
  broken.command('start');
  broken.run(3_000);
  t.equal(broken.resources.get('tcp.web'), 'up');
  t.ok(broken.log.some((line) => line.startsWith('C Defect in')));
  broken.stop();
});

t.test('the daemon came back: what does not answer is not excused by a start that nobody made', async (t) => {
  const h = createHarness({
    ...withCheckers(aCheck),
    input: { wish: 'start', resume: { path: 'UP.ready', intent: 'none', adopt: null, handler: null } },
    checked: { 'tcp.web': 'down' },
  });
  h.run(3_000);
  t.ok(h.log.includes('E Action restart from failover rule t_web'));
  h.command('stop', admin);
  h.run(2_000);
  t.equal(h.at(), 'STOP');
  h.stop();
});

t.test('a server that hangs at any moment: stop_both begins within interval and timeout, with handle_time 0', async (t) => {
  const fastest: CheckerConfig = { ...aCheck, intervalMs: 1_000, timeoutMs: 1_000 };
  const options = withCheckers(fastest);
  const times: number[] = [];
  for (let offsetMs = 0; offsetMs < 1_000; offsetMs += 50) {
    const h = startedHarness({ ...options, plan: { ...options.plan, handleTimeMs: 0 } });
    h.run(3_000 + offsetMs);
    h.world.checked.set('tcp.web', 'silent');
    times.push(until(h, () => h.at().startsWith('UP.restarting')));
    h.stop();
  }
  t.ok(Math.max(...times) <= 2_010, `${Math.max(...times)} ms at worst`);
  t.ok(Math.min(...times) >= 1_000, `${Math.min(...times)} ms at best: the timeout alone`);
});
