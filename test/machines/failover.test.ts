import t from 'tap';
import { createActor, setup } from 'xstate';
import { defaultRules } from '../../src/config/rules-table.js';
import type { ResourceName } from '../../src/config/types-rules.js';
import { failoverMachine } from '../../src/machines/failover.machine.js';
import type { FailoverVerdict } from '../../src/machines/failover.types.js';
import type { CheckedValue, Rule, RuleAction, RuleExpression } from '../../src/machines/failover-rules.js';
import { becauseOf, decide, evaluate } from '../../src/machines/failover-rules.js';
import { admin, component, createHarness, startedHarness, succeeds } from '../helpers/module-harness.js';
import { createVirtualClock } from '../helpers/virtual-clock.js';

const is = (name: string, value: CheckedValue, equals = true, scope: 'local' | 'remote' = 'local'): RuleExpression => {
  const [resourceClass = '', id = ''] = name.split('.');
  return { kind: 'compare', scope, class: resourceClass, id, equals, value };
};
const rule = (label: string, action: RuleAction, when: RuleExpression): Rule => ({ label, action, when });

t.test('expressions', async (t) => {
  const resources = { 'tcp.a': 'down', 'tcp.b': 'up', 'ping.a': 'init', 'remote.rfs.x': 'up', 'custom.c': 'whatever' };
  const table: readonly [string, RuleExpression, 'holds' | 'fails' | 'init'][] = [
    ['a resource', is('tcp.a', 'down'), 'holds'],
    ['another value', is('tcp.b', 'down'), 'fails'],
    ['not equal', is('tcp.b', 'down', false), 'holds'],
    ['a remote one', is('rfs.x', 'up', true, 'remote'), 'holds'],
    ['a local one is not the remote one', is('rfs.x', 'up'), 'fails'],
    ['one that is not there is unknown', is('tcp.z', 'unknown'), 'holds'],
    ['unknown equals only unknown', is('tcp.z', 'down'), 'fails'],
    ['a text of its own', is('custom.c', 'up'), 'fails'],
    ['? some', is('tcp.?', 'down'), 'holds'],
    ['? none of that value', is('tcp.?', 'unknown'), 'fails'],
    ['? none of that class', is('intf.?', 'down'), 'fails'],
    ['* not all', is('tcp.*', 'down'), 'fails'],
    ['* all', is('custom.*', 'down', false), 'holds'],
    ['* at least one', is('intf.*', 'down'), 'fails'],
    ['init is not evaluated', is('ping.a', 'down'), 'init'],
    ['init anywhere', { kind: 'or', left: is('tcp.a', 'down'), right: is('ping.a', 'down') }, 'init'],
    ['init inside not', { kind: 'not', operand: is('ping.?', 'down') }, 'init'],
    ['asking for init is evaluated', is('ping.a', 'init'), 'holds'],
    ['not', { kind: 'not', operand: is('tcp.a', 'down') }, 'fails'],
    ['and', { kind: 'and', left: is('tcp.a', 'down'), right: is('tcp.b', 'up') }, 'holds'],
    ['and, one fails', { kind: 'and', left: is('tcp.b', 'down'), right: is('tcp.b', 'up') }, 'fails'],
    ['or', { kind: 'or', left: is('tcp.b', 'down'), right: is('tcp.a', 'down') }, 'holds'],
  ];
  for (const [name, expression, expected] of table) t.equal(evaluate(expression, resources), expected, name);
});

t.test('resources compared with resources, conditions with conditions', async (t) => {
  const resources = { 'tcp.a': 'down', 'tcp.b': 'up', 'ping.a': 'init', 'ip.x': 'up', 'ip.y': 'up' };
  const of = (name: string): ResourceName => {
    const [resourceClass = '', id = ''] = name.split('.');
    return { scope: 'local', class: resourceClass, id };
  };
  const match = (left: string, right: string, equals = true): RuleExpression => ({
    kind: 'match',
    left: of(left),
    right: of(right),
    equals,
  });
  const same = (left: RuleExpression, right: RuleExpression, equals = true): RuleExpression => ({
    kind: 'same',
    left,
    right,
    equals,
  });
  const [yes, no] = [is('tcp.a', 'down'), is('tcp.b', 'down')];
  const table: readonly [string, RuleExpression, 'holds' | 'fails' | 'init'][] = [
    ['the same', match('tcp.b', 'ip.x'), 'holds'],
    ['another', match('tcp.a', 'ip.x'), 'fails'],
    ['not the same', match('tcp.a', 'ip.x', false), 'holds'],
    ['two that nobody has set', match('tcp.y', 'tcp.z'), 'holds'],
    ['some', match('tcp.?', 'ip.x'), 'holds'],
    ['some, on the right', match('ip.x', 'tcp.?'), 'holds'],
    ['all', match('ip.*', 'tcp.b'), 'holds'],
    ['not all', match('tcp.*', 'ip.x'), 'fails'],
    ['all of none', match('tcp.a', 'intf.*'), 'fails'],
    ['init on the left', match('ping.a', 'tcp.a'), 'init'],
    ['init on the right', match('tcp.a', 'ping.?'), 'init'],
    ['both hold', same(yes, yes), 'holds'],
    ['neither holds', same(no, no), 'holds'],
    ['one holds', same(yes, no), 'fails'],
    ['exactly one', same(yes, no, false), 'holds'],
    ['not exactly one', same(yes, yes, false), 'fails'],
    ['init on either side', same(yes, is('ping.a', 'down')), 'init'],
  ];
  for (const [name, expression, expected] of table) t.equal(evaluate(expression, resources), expected, name);
});

t.test('the strongest action wins, ties by order', async (t) => {
  const on = is('x.y', 'down');
  const actions: readonly RuleAction[] = ['swap', 'restart', 'stopstart', 'wait', 'stop'];
  for (let last = 0; last < actions.length; last += 1) {
    const rules = actions.slice(0, last + 1).map((action) => rule(action, action, on));
    for (const order of [rules, [...rules].reverse()]) {
      t.equal(decide(order, { 'x.y': 'down' }, 'up')?.action, actions[last]);
    }
  }
  t.equal(decide([rule('first', 'restart', on), rule('second', 'restart', on)], { 'x.y': 'down' }, 'up')?.rule, 'first');
  t.equal(decide([rule('r', 'restart', on)], { 'x.y': 'up' }, 'up'), null);
});

t.test('decisions by phase', async (t) => {
  const rules = [rule('w', 'wait', is('x.y', 'down')), rule('r', 'restart', is('x.z', 'down'))];
  const down = { 'x.y': 'down', 'x.z': 'down' };
  t.equal(decide(rules, down, 'off'), null);
  t.same(decide(rules, down, 'evaluating'), { action: 'wait', rule: 'w', immediate: true });
  t.equal(decide(rules, down, 'blocked'), null, 'it waits already');
  t.same(decide(rules, { 'x.z': 'down' }, 'evaluating'), { action: 'wakeup', rule: 'Implicit_wakeup', immediate: true });
  t.same(decide(rules, { 'x.y': 'up' }, 'blocked'), { action: 'wakeup', rule: 'Implicit_wakeup', immediate: false });
  t.equal(decide(rules, { 'x.y': 'init' }, 'evaluating'), null, 'until no resource of a wait rule is init');
  t.equal(decide(rules, { 'x.y': 'init' }, 'blocked'), null);
});

t.test('the rules that every module has', async (t) => {
  for (const [name, action] of [
    ['module.other', 'wait'],
    ['intf.eth0', 'wait'],
    ['ip.10.0.0.1', 'stopstart'],
  ] as const) {
    t.equal(decide(defaultRules, { [name]: 'down' }, 'up')?.action, action);
  }
});

/** The machine below a parent that notes what it is told. */
function alone(rules: readonly Rule[], handleTimeMs: number) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const parent = setup({
    types: {} as { events: FailoverVerdict },
    actors: { failover: failoverMachine },
    actions: { note: ({ event }) => told.push(`${event.action} ${event.rule} @${event.atMs - 1_000}`) },
  }).createMachine({
    invoke: { src: 'failover', id: 'failover', input: { rules, handleTimeMs, resources: {} } },
    on: { 'failover.decided': { actions: 'note' } },
  });
  const actor = createActor(parent, { clock }).start();
  const child = actor.getSnapshot().children['failover'];
  return {
    clock,
    told: () => told.splice(0),
    state: () => String(child?.getSnapshot().value),
    set: (name: string, value: string) =>
      child?.send({ type: 'resource.set', name, value, by: 'test', atMs: clock.monotonicMs() }),
    phase: (phase: 'off' | 'evaluating' | 'blocked' | 'up') =>
      child?.send({ type: 'failover.phase', phase, atMs: clock.monotonicMs() }),
  };
}
const some = [
  rule('r', 'restart', is('x.a', 'down')),
  rule('s', 'stop', is('x.b', 'down')),
  rule('w', 'wait', is('x.c', 'down')),
];

t.test('a decision must hold for handle_time, through changes that do not change it', async (t) => {
  const m = alone(some, 2_000);
  m.phase('up');
  m.clock.run(100);
  m.set('x.a', 'down');
  t.equal(m.state(), 'pending');
  m.clock.run(1_500);
  m.set('y.z', 'down');
  m.clock.run(499);
  t.same(m.told(), []);
  m.clock.run(1);
  t.same(m.told(), ['restart r @2100'], 'counted from its first moment');
  t.equal(m.state(), 'settled');
  m.set('y.z', 'up');
  m.clock.run(10_000);
  t.same(m.told(), [], 'said once while it goes on');
  m.set('x.a', 'up');
  m.set('x.a', 'down');
  m.clock.run(2_000);
  t.equal(m.told().length, 1, 'and again when it comes back');
});

t.test('a decision that changes begins anew; one that goes away is none', async (t) => {
  const m = alone(some, 2_000);
  m.phase('up');
  m.set('x.a', 'down');
  m.clock.run(1_500);
  m.set('x.b', 'down');
  m.clock.run(1_500);
  t.same(m.told(), []);
  m.clock.run(500);
  t.same(m.told(), ['stop s @3500']);
  m.set('x.b', 'up');
  m.clock.run(1_000);
  m.set('x.a', 'up');
  t.equal(m.state(), 'settled');
  m.clock.run(10_000);
  t.same(m.told(), []);
});

t.test('a new phase begins anew', async (t) => {
  const m = alone(some, 2_000);
  m.phase('up');
  m.set('x.c', 'down');
  m.clock.run(1_000);
  m.phase('off');
  t.equal(m.state(), 'settled');
  m.clock.run(5_000);
  m.phase('up');
  m.clock.run(1_000);
  m.phase('up');
  m.clock.run(1_999);
  t.same(m.told(), []);
  m.clock.run(1);
  t.same(m.told(), ['wait w @9000']);
  m.phase('blocked');
  m.set('x.c', 'up');
  m.clock.run(2_000);
  t.same(m.told(), ['wakeup Implicit_wakeup @11000']);
  m.phase('up');
  m.set('x.a', 'down');
  m.phase('evaluating');
  t.same(m.told(), ['wakeup Implicit_wakeup @11000'], 'where nothing runs yet it does not wait');
  m.set('x.c', 'down');
  t.same(m.told(), ['wait w @11000']);
});

t.test('handle_time 0 decides at once', async (t) => {
  const m = alone(some, 0);
  m.phase('up');
  m.set('x.a', 'down');
  t.same(m.told(), ['restart r @0']);
});

// ---------------------------------------------------------------- in the module

t.test('wait and wakeup through a rule, each within handle_time', async (t) => {
  const h = startedHarness({ plan: { rules: defaultRules } });
  h.resource('intf.eth0', 'down');
  h.run(1_999);
  t.equal(h.at(), 'UP.ready');
  h.run(1);
  t.equal(h.at(), 'UP.stopping.graceful');
  t.ok(h.newLog().includes('E Action wait from failover rule interface_failure'));
  t.equal(h.actor.getSnapshot().context.activeRule, 'interface_failure');
  h.run(1_000);
  t.equal(h.at(), 'WAIT.blocked');
  t.equal(h.tags(), 'NotReady WAIT');
  t.same(h.newCalls(), ['stop_both UP WAIT stopwait', 'stop_both force UP WAIT stopwait', 'transition UP WAIT stopwait']);
  h.run(3_600_000);
  t.equal(h.at(), 'WAIT.blocked');
  h.resource('intf.eth0', 'up');
  h.run(1_999);
  t.equal(h.at(), 'WAIT.blocked');
  h.run(1);
  t.equal(h.at(), 'UP.starting.announcing');
  t.ok(h.newLog().includes('I Action wakeup from failover rule Implicit_wakeup'));
  t.equal(h.actor.getSnapshot().context.activeRule, null);
  h.run(1_000);
  t.equal(h.at(), 'UP.ready');
  t.same(h.newCalls(), ['transition WAIT UP start', 'start_both WAIT UP start']);
  t.same(h.violations, []);
});

t.test('a short failure within handle_time changes nothing', async (t) => {
  const h = startedHarness({ plan: { rules: defaultRules } });
  h.resource('intf.eth0', 'down');
  h.run(1_999);
  h.resource('intf.eth0', 'up');
  h.run(60_000);
  t.equal(h.at(), 'UP.ready');
  t.same(h.newCalls(), []);
});

t.test('a start with a wait rule that holds is blocked, one with a resource in init is evaluated', async (t) => {
  const h = createHarness({ plan: { rules: defaultRules } });
  h.resource('intf.eth0', 'init');
  h.command('start');
  h.run(60_000);
  t.equal(h.at(), 'WAIT.evaluating');
  t.equal(h.tags(), 'Transient WAIT');
  h.newLog();
  h.resource('intf.eth0', 'down');
  t.equal(h.at(), 'WAIT.blocked');
  t.same(h.newLog(), ['E Action wait from failover rule interface_failure']);
  t.equal(h.actor.getSnapshot().context.counter.count, 0, 'nothing was stopped, nothing is counted');
  h.resource('intf.eth0', 'up');
  h.run(3_000);
  t.equal(h.at(), 'UP.ready');
});

t.test('rules of all actions', async (t) => {
  const rules = (['restart', 'stopstart', 'stop', 'swap'] as const).map((action) =>
    rule(action, action, is(`x.${action}`, 'down')),
  );
  for (const [action, line, at] of [
    ['restart', 'E Action restart from failover rule restart', 'UP.restarting.graceful'],
    ['stopstart', 'E Action stopstart from failover rule stopstart', 'UP.stopping.graceful'],
    ['stop', 'E Action stop from failover rule stop', 'UP.stopping.graceful'],
  ] as const) {
    const h = startedHarness({ plan: { rules } });
    h.resource(`x.${action}`, 'down');
    h.run(2_000);
    t.equal(h.at(), at);
    t.ok(h.newLog().includes(line));
  }
  const h = startedHarness({ plan: { rules } });
  h.resource('x.swap', 'down');
  h.run(10_000);
  t.equal(h.at(), 'UP.ready', 'a farm has nobody to swap with');
});

t.test('a rule that still holds after the restart asks again, until the budget is used up', async (t) => {
  const h = startedHarness({ plan: { rules: [rule('r', 'restart', is('custom.c', 'down'))] } });
  h.resource('custom.c', 'down');
  h.run(60_000);
  t.equal(h.at(), 'STOP');
  t.equal(h.newCalls().filter((line) => line.startsWith('start_both')).length, 3);
  t.same(h.violations, []);
});

t.test("an administrator's wait holds until the wakeup", async (t) => {
  const h = startedHarness();
  h.command('wait', admin);
  h.run(60_000);
  t.equal(h.at(), 'WAIT.blocked');
  h.command('wakeup', admin);
  h.run(1_000);
  t.equal(h.at(), 'UP.ready');
  h.command('wait', component);
  h.run(60_000);
  t.equal(h.at(), 'UP.ready', 'a wait of a component with no rule that holds is left by itself');
  const blocked = createHarness({ plan: { rules: defaultRules } });
  blocked.resource('intf.a', 'down');
  blocked.command('start');
  blocked.run(1_000);
  blocked.command('wakeup');
  blocked.run(10_000);
  t.equal(blocked.at(), 'WAIT.blocked', 'a wakeup does not overrule a rule');
  t.same(blocked.violations, []);
});

t.test('a wait that comes when poststop of a stopstart runs already leads to WAIT', async (t) => {
  const h = startedHarness({
    behave: (input) => (input.script === 'poststop' ? { kind: 'ends', afterMs: 5_000, code: 0 } : succeeds()),
  });
  h.command('stopstart');
  h.run(2_000);
  t.equal(h.at(), 'UP.stopping.finishing');
  h.command('wait');
  h.run(60_000);
  t.equal(h.at(), 'WAIT.blocked');
  h.command('wakeup');
  h.run(1_000);
  t.equal(h.at(), 'UP.ready');
});

t.test('why a rule holds: what is known of the resources that it speaks of, whatever its form', async (t) => {
  const resources = { 'tcp.a': 'down', 'tcp.b': 'down', 'custom.c': 'down', 'ping.d': 'up' };
  const details = { 'tcp.a': 'refused', 'custom.c': 'full', 'ping.d': 'answers' };
  const ofA = 'tcp.a is down: refused';
  const ofC = 'custom.c is down: full';
  const name = (resourceClass: string, id: string): ResourceName => ({ scope: 'local', class: resourceClass, id });
  const table: readonly [string, RuleExpression, string | null][] = [
    ['a resource', is('tcp.a', 'down'), ofA],
    ['one of which nothing is known', is('tcp.b', 'down'), null],
    ['one that is up', is('ping.d', 'up'), null],
    ['some of a class', is('tcp.?', 'down'), ofA],
    ['not', { kind: 'not', operand: is('custom.c', 'up') }, ofC],
    ['both', { kind: 'and', left: is('tcp.a', 'down'), right: is('custom.c', 'down') }, `${ofA}; ${ofC}`],
    ['the same, said twice', { kind: 'or', left: is('tcp.a', 'down'), right: is('tcp.?', 'down') }, ofA],
    [
      'resource against resource',
      { kind: 'match', left: name('tcp', 'a'), right: name('custom', 'c'), equals: true },
      `${ofA}; ${ofC}`,
    ],
    ['condition against condition', { kind: 'same', left: is('custom.c', 'down'), right: is('ping.d', 'up'), equals: true }, ofC],
  ];
  for (const [what, when, expected] of table) {
    t.equal(
      becauseOf([rule('r', 'restart', when), rule('other', 'stop', is('tcp.a', 'down'))], 'r', resources, details),
      expected,
      what,
    );
  }
});
