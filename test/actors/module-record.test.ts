import t from 'tap';
import { planOf } from '../../src/actors/module-plan.js';
import type { ModuleRecord } from '../../src/actors/module-record.js';
import { begin, readRecord, startsAtBoot } from '../../src/actors/module-record.js';
import type { ServiceConfig } from '../../src/config/types.js';
import { activeModule, serviceConfig, userConfig } from '../helpers/fake-ports.js';
import { aPlan } from '../helpers/module-harness.js';

const record: ModuleRecord = {
  version: 1,
  bootId: 'boot-1',
  path: 'STOP',
  intent: 'none',
  lastIntent: 'stop',
  wish: 'start',
  held: true,
  counter: { count: 2, sinceMs: 5, causes: [] },
  disabledClasses: ['a'],
  enabledClasses: ['b'],
  generation: 4,
  sinceWallMs: 9,
  reason: null,
  bootSwitch: 'off',
};
const service = (boot: ServiceConfig['boot'], bootDelayMs = 0): ServiceConfig => ({ ...serviceConfig, boot, bootDelayMs });

t.test('what is a record', async (t) => {
  t.equal(readRecord(record), record);
  for (const other of [null, undefined, 7, 'x', {}, { ...record, version: 2 }, { version: 1 }, { version: 1, path: 3 }]) {
    t.equal(readRecord(other), null);
  }
});

t.test('the boot setting', async (t) => {
  const table: readonly [ServiceConfig['boot'], Partial<ModuleRecord> | null, boolean][] = [
    ['on', null, true],
    ['on', { wish: 'stop' }, true],
    ['off', { wish: 'start', bootSwitch: 'on' }, false],
    ['auto', null, false],
    ['auto', { wish: 'start' }, true],
    ['auto', { wish: 'stop' }, false],
    ['ignore', null, false],
    ['ignore', { bootSwitch: 'on' }, true],
    ['ignore', { bootSwitch: 'off', wish: 'start' }, false],
  ];
  for (const [boot, change, expected] of table) {
    t.equal(startsAtBoot(boot, change && { ...record, ...change }), expected, `${boot} ${JSON.stringify(change)}`);
  }
});

t.test('a new boot begins in STOP, and starts by the boot setting after its delay', async (t) => {
  for (const path of ['STOP', 'UP.ready', 'UP.stopping.graceful']) {
    const { input, start } = begin(aPlan, service('on', 30_000), { ...record, path }, null, 'boot-2');
    t.equal(input.resume, null);
    t.same(input.counter, { count: 0, sinceMs: null, causes: [] }, 'a monotonic time of another boot means nothing');
    t.equal(input.held, false);
    t.same([input.disabledClasses, input.enabledClasses], [['a'], ['b']], 'switches stay');
    t.same(start, { kind: 'boot', delayMs: 30_000 });
  }
  t.equal(begin(aPlan, service('off'), record, null, 'boot-2').start, null);
  const first = begin(aPlan, service('on'), null, null, 'boot-1');
  t.match(first, { input: { wish: 'stop', held: false, resume: null }, start: { kind: 'boot', delayMs: 0 } });
});

t.test('the same boot: the daemon came back', async (t) => {
  for (const boot of ['on', 'off', 'auto', 'ignore'] as const) {
    const up = begin(aPlan, service(boot), { ...record, path: 'UP.ready' }, null, 'boot-1');
    t.equal(up.start, null, 'the boot setting has no part in it');
    t.match(up.input, { held: true, counter: { count: 2 }, resume: { path: 'UP.ready', adopt: null } });
    const stopped = begin(aPlan, service(boot), record, null, 'boot-1');
    t.same([stopped.input.resume, stopped.start], [null, null], 'who was stopped stays so');
  }
  const running = { script: 'stop_both', force: false, fate: 'running', process: { pid: 1, startTime: 2 } } as const;
  const stopping = begin(aPlan, service('on'), { ...record, path: 'UP.stopping.graceful', intent: 'stop' }, running, 'boot-1');
  t.match(stopping.input.resume, {
    path: 'UP.stopping.graceful',
    intent: 'stop',
    adopt: { kind: 'running', process: { pid: 1 } },
  });
  const between = begin(aPlan, service('off'), { ...record, lastIntent: 'stopstart' }, null, 'boot-1');
  t.same(between.start, { kind: 'automatic', delayMs: 0 }, 'the second half of a stopstart');
  t.equal(begin(aPlan, service('off'), { ...record, lastIntent: 'stopstart', wish: 'stop' }, null, 'boot-1').start, null);
});

t.test('after a shutdown, ended or not, the boot setting applies', async (t) => {
  const ended = { ...record, lastIntent: 'shutdown' } as const;
  t.same(begin(aPlan, service('auto'), ended, null, 'boot-1').start, { kind: 'boot', delayMs: 0 });
  t.equal(begin(aPlan, service('off'), ended, null, 'boot-1').start, null);
  const halfway = { ...ended, path: 'UP.stopping.graceful', intent: 'shutdown' } as const;
  t.equal(begin(aPlan, service('auto'), halfway, null, 'boot-1').input.resume?.intent, 'stopstart');
  t.equal(begin(aPlan, service('off'), halfway, null, 'boot-1').input.resume?.intent, 'shutdown');
});

t.test('a configuration that is applied starts nothing by itself', async (t) => {
  const ended = { ...record, lastIntent: 'shutdown' } as const;
  t.equal(begin(aPlan, service('on'), ended, null, 'boot-1', 'configured').start, null);
  t.equal(begin(aPlan, service('on'), null, null, 'boot-1', 'configured').start, null);
});

t.test('the boot setting stays to be followed until it was, or somebody decided otherwise', async (t) => {
  const due = (...args: Parameters<typeof begin>): boolean => begin(...args).bootDue;
  t.ok(due(aPlan, service('on', 30_000), record, null, 'boot-2'), 'a daemon that ends before the start leaves it to the next');
  t.notOk(due(aPlan, service('off'), record, null, 'boot-2'));
  t.notOk(due(aPlan, service('on'), record, null, 'boot-1'));
  const ended = { ...record, lastIntent: 'shutdown' } as const;
  t.ok(due(aPlan, service('on'), ended, null, 'boot-1', 'configured'), 'a configuration forgets no shutdown');
  t.notOk(due(aPlan, service('on'), ended, null, 'boot-2', 'configured'));
  t.notOk(due(aPlan, service('on'), record, null, 'boot-1', 'configured'));
  t.notOk(due(aPlan, service('on'), { ...ended, path: 'UP.ready' }, null, 'boot-1'));
});

t.test('what a configuration means for the chart', async (t) => {
  const errd = { pollTimerMs: 10_000, procs: [] };
  const whole = planOf(
    'm',
    activeModule('m', { errd, user: userConfig && { ...userConfig, nicestopTimeoutMs: 7, startTimeoutMs: 9 } }).config,
  );
  t.match(whole, {
    module: 'm',
    nicestopTimeoutMs: 7,
    forcestopTimeoutMs: 300_000,
    startTimeoutMs: 9,
    handleTimeMs: 2_000,
    errd,
  });
  t.same(
    whole.rules.map(({ label }) => label),
    ['module_failure', 'interface_failure', 'ip_failure'],
  );
  const bare = planOf('m', activeModule('m', { user: null }).config);
  t.match(bare, { nicestopTimeoutMs: 0, startTimeoutMs: null, errd: { pollTimerMs: 30_000, procs: [] } });
  const failover = { extends: false, periodMs: 5_000, handleTimeMs: 15_000, sections: [], rules: [], disabled: [] };
  t.match(planOf('m', activeModule('m', { failover }).config), { handleTimeMs: 15_000, rules: [] });
  t.equal(planOf('m', activeModule('m', { failover: { ...failover, extends: true } }).config).rules.length, 3);
});
