/** Maintenance switches and a configuration that is changed while the module runs: compatibility page 2.15 and 5.3, ADR 0015. */
import t from 'tap';
import { defaultRules } from '../../src/config/rules-table.js';
import { allOn, replanned, rulesOf, unwatched, watchedClasses } from '../../src/machines/maintenance.js';
import type { ModulePlan, SwitchName } from '../../src/machines/module.types.js';
import { planResumption } from '../../src/machines/resume.js';
import type { Harness } from '../helpers/module-harness.js';
import {
  admin,
  aPlan,
  aProc,
  component,
  crash,
  createHarness,
  only,
  startedHarness,
  succeeds,
} from '../helpers/module-harness.js';

const other = { ...aProc, name: 'other' };
const flip = (h: Harness, what: SwitchName, on: boolean): void =>
  h.actor.send({ type: 'maintenance.switch', what, on, by: 'root', atMs: h.clock.monotonicMs() });
const reconfigure = (h: Harness, change: Partial<ModulePlan>): void => {
  const plan = { ...h.actor.getSnapshot().context.plan, ...change };
  h.actor.send({ type: 'module.reconfigure', plan, by: 'root', atMs: h.clock.monotonicMs() });
};
const withProc = { plan: { errd: { pollTimerMs: 10_000, procs: [aProc] } } };

t.test('pure: what the switches mean', (t) => {
  t.same(watchedClasses({ switches: allOn, armed: ['pre', 'both'] }), ['pre', 'both']);
  t.same(watchedClasses({ switches: { ...allOn, errd: false }, armed: ['pre'] }), []);
  t.same(rulesOf(allOn), { enabled: true, awaits: true });
  t.same(rulesOf({ errd: true, checker: false, failover: false }), { enabled: false, awaits: false });
  const plan = { ...aPlan, errd: { pollTimerMs: 1, procs: [aProc, other] } };
  const resources = { 'proc.app': 'up', 'a.b': 'down' };
  t.same(unwatched({ plan, resources, armed: [] }, 'errd'), {
    resources: { 'proc.app': 'init', 'a.b': 'down' },
    changed: { 'proc.app': 'init' },
  });
  t.same(unwatched({ plan, resources, armed: [] }, 'failover'), { resources, changed: {} });
  t.end();
});

t.test('pure: values over a change of the configuration', (t) => {
  const plan = {
    ...aPlan,
    errd: { pollTimerMs: 1, procs: [aProc, other, { ...aProc, name: 'gone' }, { ...aProc, name: 'new' }] },
  };
  const resources = { 'proc.app': 'up', 'proc.other': 'down', 'proc.gone': 'down', 'a.b': 'down' };
  const next = { ...plan, errd: { pollTimerMs: 5, procs: [aProc, { ...other, atLeast: 2 }] } };
  t.same(replanned({ plan, resources, armed: ['pre', 'both'], switches: allOn }, next), {
    resources: { 'proc.app': 'up', 'proc.other': 'init', 'a.b': 'down' },
    changed: { 'proc.other': 'init', 'proc.gone': 'unknown' },
  });
  t.end();
});

t.test('errd off: nothing is watched, nothing happens; on: it is watched again', (t) => {
  const h = startedHarness(withProc);
  h.run(1_000);
  t.equal(h.resources.get('proc.app'), 'up');
  flip(h, 'errd', false);
  t.equal(h.at(), 'UP.updating', 'the update script is called');
  t.equal(h.tags(), 'Ready UP serving');
  h.run(500);
  t.same(h.newCalls(), ['update UP UP']);
  t.same(h.newLog().slice(0, 1), ['U Monitoring of processes disabled by root']);
  t.equal(h.resources.get('usersetting.errd'), 'off');
  t.equal(h.resources.get('proc.app'), 'init');
  t.equal(h.at(), 'UP.ready');
  h.world.end('app', crash);
  h.run(60_000);
  t.equal(h.at(), 'UP.ready', 'its end is not seen');
  t.same(h.newCalls(), []);
  flip(h, 'errd', true);
  t.equal(h.resources.get('usersetting.errd'), 'on');
  h.run(12_000);
  t.ok(h.newCalls().includes('stop_both UP UP restart'), 'it is missed as after a start');
  h.stop();
  t.end();
});

t.test('errd off stays so over a start, and its child is begun again without classes', (t) => {
  const h = createHarness({ ...withProc, input: { switches: { ...allOn, errd: false } } });
  h.command('start');
  h.run(60_000);
  t.equal(h.at(), 'UP.ready');
  h.breakChild('errd');
  h.run(30_000);
  t.equal(h.at(), 'UP.ready');
  t.same(h.violations, []);
  h.stop();
  t.end();
});

t.test('failover off: no rule is carried out; on: those that hold are', (t) => {
  const h = startedHarness({ plan: { rules: defaultRules } });
  flip(h, 'failover', false);
  h.run(500);
  h.resource('ip.a', 'down');
  h.run(60_000);
  t.equal(h.at(), 'UP.ready');
  flip(h, 'failover', true);
  h.newCalls();
  h.run(5_000);
  t.ok(h.newCalls().includes('stop_both UP STOP stopstart'));
  h.stop();
  t.end();
});

t.test('failover off: a start goes on, and what waited goes on waiting', (t) => {
  const h = createHarness({ plan: { rules: defaultRules } });
  h.resource('intf.a', 'down');
  h.command('start');
  h.run(1_000);
  t.equal(h.at(), 'WAIT.blocked');
  h.newCalls();
  flip(h, 'failover', false);
  t.equal(h.at(), 'WAIT.updating');
  t.equal(h.tags(), 'NotReady WAIT');
  h.run(60_000);
  t.same(h.newCalls(), ['update WAIT WAIT']);
  t.equal(h.at(), 'WAIT.blocked', 'a maintenance switch starts nothing');
  h.resource('intf.a', 'up');
  h.run(60_000);
  t.equal(h.at(), 'WAIT.blocked');
  flip(h, 'failover', true);
  h.run(3_000);
  t.equal(h.at(), 'UP.ready', 'its cause is gone');
  h.command('stop');
  h.run(5_000);
  h.resource('intf.a', 'down');
  flip(h, 'failover', false);
  t.equal(h.at(), 'STOP', 'in STOP no script is called');
  h.command('start');
  h.run(1_000);
  t.equal(h.at(), 'UP.ready', 'who starts it has decided');
  h.stop();
  t.end();
});

t.test('a module that waited when the daemon ended waits on where a switch is off', (t) => {
  const resume = planResumption('WAIT.blocked', 'none', null);
  for (const [switches, resources, at] of [
    [allOn, {}, 'UP.ready'],
    [{ ...allOn, failover: false }, {}, 'WAIT.blocked'],
    [{ ...allOn, checker: false }, { 'intf.a': 'init' }, 'WAIT.blocked'],
    [{ ...allOn, checker: false }, {}, 'UP.ready'],
  ] as const) {
    const h = createHarness({ plan: { rules: defaultRules }, input: { resume, switches, resources, wish: 'start' } });
    h.run(5_000);
    t.equal(h.at(), at, JSON.stringify([switches, resources]));
    h.stop();
  }
  t.end();
});

t.test('checks off: a start does not wait for first results', (t) => {
  const h = createHarness({ plan: { rules: defaultRules }, input: { resources: { 'intf.a': 'init' } } });
  h.command('start');
  h.run(60_000);
  t.equal(h.at(), 'WAIT.evaluating');
  flip(h, 'checker', false);
  h.run(1_000);
  t.equal(h.at(), 'UP.ready');
  h.stop();
  t.end();
});

t.test('another configuration: limits and procs from now on, no stop, no start', (t) => {
  const h = startedHarness(withProc);
  h.run(1_000);
  const before = h.actor.getSnapshot().children.errd?.getSnapshot().context.entries['app'];
  reconfigure(h, { limits: { maxloop: 7, loopIntervalMs: 5 }, errd: { pollTimerMs: 5_000, procs: [aProc, other] } });
  t.equal(h.at(), 'UP.updating');
  h.world.start('other');
  h.run(6_000);
  t.same(h.newCalls(), ['update UP UP']);
  t.same(h.actor.getSnapshot().children.errd?.getSnapshot().context.entries['app'], before, 'what is known of it is kept');
  t.equal(h.resources.get('proc.other'), 'up');
  t.equal(h.actor.getSnapshot().context.plan.limits.maxloop, 7);
  h.world.end('other', crash);
  h.run(2_000);
  t.same(h.newCalls().slice(0, 1), ['stop_both UP UP restart'], 'the new one is watched');
  h.run(10_000);
  reconfigure(h, { errd: { pollTimerMs: 5_000, procs: [{ ...aProc, atLeast: 3 }] } });
  t.equal(h.resources.get('proc.app'), 'init', 'a changed one begins at init');
  t.equal(h.resources.get('proc.other'), 'unknown', 'one that is gone is not known any more');
  t.notOk('proc.other' in h.actor.getSnapshot().context.resources);
  h.run(500);
  reconfigure(h, { errd: { pollTimerMs: 5_000, procs: [] } });
  h.run(60_000);
  t.equal(h.at(), 'UP.ready');
  t.ok(h.actor.getSnapshot().children.errd?.getSnapshot().matches('idle'));
  t.same(h.violations, []);
  h.stop();
  t.end();
});

t.test('another configuration where nothing was watched yet, and while nothing runs', (t) => {
  const h = startedHarness();
  h.world.start('app');
  reconfigure(h, { errd: { pollTimerMs: 5_000, procs: [aProc] } });
  h.run(6_000);
  t.equal(h.resources.get('proc.app'), 'up');
  h.command('stop');
  h.run(5_000);
  reconfigure(h, { handleTimeMs: 9_000 });
  t.equal(h.at(), 'STOP');
  t.equal(h.actor.getSnapshot().children.failover?.getSnapshot().context.handleTimeMs, 9_000);
  h.stop();
  t.end();
});

t.test('other rules while a decision is pending: the new ones decide', (t) => {
  const h = startedHarness({ plan: { rules: defaultRules } });
  h.resource('ip.a', 'down');
  h.run(1_000);
  reconfigure(h, { rules: [] });
  h.run(60_000);
  t.equal(h.at(), 'UP.ready');
  h.stop();
  t.end();
});

t.test('commands while the update script runs', (t) => {
  const hangs = only('update', { kind: 'hangs', termMs: 50 });
  for (const [command, at] of [
    ['stop', 'STOP'],
    ['shutdown', 'STOP'],
    ['forcestop', 'STOP'],
    ['stopstart', 'UP.ready'],
    ['restart', 'UP.ready'],
    ['wait', 'WAIT.blocked'],
  ] as const) {
    const h = startedHarness({ behave: hangs });
    flip(h, 'failover', false);
    h.run(100);
    h.command(command, command === 'wait' ? admin : component);
    h.run(20_000);
    t.equal(h.at(), at, command);
    t.same(h.violations, []);
    h.stop();
  }
  const h = startedHarness({ behave: hangs, plan: { nicestopTimeoutMs: 1_000 } });
  flip(h, 'checker', false);
  h.run(20_000);
  t.equal(h.at(), 'UP.ready', 'it is ended by its own timeout');
  h.stop();
  t.end();
});

t.test('commands while the update script runs in WAIT', (t) => {
  const waiting = (): Harness => {
    const h = createHarness({
      plan: { rules: defaultRules },
      behave: only('update', { kind: 'hangs', termMs: 50 }),
    });
    h.resource('intf.a', 'down');
    h.command('start');
    h.run(1_000);
    reconfigure(h, { handleTimeMs: 100 });
    h.run(100);
    t.equal(h.at(), 'WAIT.updating');
    return h;
  };
  const stopped = waiting();
  stopped.command('stop');
  stopped.run(5_000);
  t.equal(stopped.at(), 'STOP');
  stopped.stop();
  const woken = waiting();
  woken.resource('intf.a', 'up');
  woken.run(1_000);
  t.equal(woken.at(), 'WAIT.updating', 'no second script runs beside it');
  woken.command('wakeup');
  woken.run(301_000);
  t.equal(woken.at(), 'UP.ready');
  t.same(woken.violations, []);
  woken.stop();
  t.end();
});

t.test('the daemon comes back in the middle of an update', (t) => {
  const process = { pid: 7, startTime: 7 };
  const run = { script: 'update', force: false, process } as const;
  for (const [path, during, after] of [
    ['UP.updating', 'UP.updating', 'UP.ready'],
    ['WAIT.updating', 'WAIT.updating', 'UP.ready'],
  ] as const) {
    const h = createHarness({
      input: { wish: 'start', resume: planResumption(path, 'none', { ...run, fate: 'running' }) },
      behave: () => succeeds(50),
    });
    t.equal(h.at(), during);
    t.same(h.actor.getSnapshot().context.armed, path === 'UP.updating' ? ['pre', 'both'] : [], 'what serves is watched');
    h.run(30_000);
    t.equal(h.at(), after);
    t.same(
      h.calls.map(({ line }) => line.split(' ')[0]).filter((name) => name === 'update'),
      ['update'],
      'it is waited for, not called again',
    );
    h.stop();
    t.equal(
      planResumption(path, 'none', { ...run, fate: 'ended' }).path,
      path === 'UP.updating' ? 'UP.resuming' : 'WAIT.blocked',
    );
    t.equal(planResumption(path, 'none', null).path, path === 'UP.updating' ? 'UP.resuming' : 'WAIT.blocked');
  }
  t.end();
});
