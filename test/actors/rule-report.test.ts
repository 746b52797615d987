import t from 'tap';
import type { RuleStatus } from '../../src/actors/face-rules.js';
import { deciding, ruleReport, rulesOf } from '../../src/actors/rule-report.js';
import { parseUserConfig } from '../../src/config/module-config.js';
import { readRules } from '../../src/config/rules-parser.js';
import { printExpression } from '../../src/config/rules-print.js';
import type { TableRule } from '../../src/config/types-rules.js';
import type { ResourceValues, RulePhase } from '../../src/machines/failover-rules.js';
import { createHarness, startedHarness } from '../helpers/module-harness.js';

const tableOf = (text: string): readonly TableRule[] =>
  readRules(text).rules.map(({ label, when, action }, index) => ({ label, when, action, source: 'user', line: index + 1 }));
const report = (text: string, resources: ResourceValues, over: { readonly phase?: RulePhase; readonly enabled?: boolean } = {}) =>
  ruleReport({
    ...{ module: 'farm', node: 'n1', table: tableOf(text), pending: false, activeRule: null, nowMs: 0 },
    failover: {
      ...{ resources, phase: 'up', candidate: null, candidateSinceMs: 0, handleTimeMs: 2000, enabled: true, ...over },
    },
  });
const whyOf = (condition: string, resources: ResourceValues): string => {
  const [first] = report(`r: if (${condition}) then stop();`, resources).rules;
  return `${first?.truth}: ${first?.why}`;
};

t.test('why a rule holds, or not, or is not evaluated', async (t) => {
  const resources = { 'tcp.a': 'down', 'tcp.b': 'up', 'ping.g': 'init', 'ping.h': 'init', 'custom.c': 'unknown', 'ip.1': 'up' };
  for (const [condition, why] of [
    ['tcp.a == down', 'holds: tcp.a is down'],
    ['tcp.b == down', 'fails: tcp.b is up'],
    ['tcp.a == down && tcp.b == down', 'fails: tcp.b is up'],
    ['tcp.b == down && tcp.b != up', 'fails: tcp.b is up'],
    ['tcp.a == down && tcp.b == up', 'holds: tcp.a is down; tcp.b is up'],
    ['tcp.a == down || tcp.b == down', 'holds: tcp.a is down'],
    ['tcp.a == up || tcp.b == down', 'fails: tcp.a is down; tcp.b is up'],
    ['!(tcp.a == down && ip.1 == up)', 'fails: tcp.a is down; ip.1 is up'],
    ['(tcp.a == down) == (ip.1 == down)', 'fails: tcp.a is down; ip.1 is up'],
    ['tcp.a == tcp.b', 'fails: tcp.a is down, tcp.b is up'],
    ['tcp.? == unknown', 'fails: tcp.a is down, tcp.b is up'],
    ['intf.? == down', 'fails: there is no resource intf.?'],
    ['tcp.a == down || intf.? == tcp.a', 'holds: tcp.a is down'],
    ['tcp.x == down', 'fails: tcp.x is unknown (nothing has set it)'],
    ['custom.c == down', 'fails: custom.c is unknown'],
    ['ping.g == down', 'init: ping.g is init: not checked yet, so the rule is not evaluated'],
    ['tcp.a == down && !(ping.? == down)', 'init: ping.g, ping.h are init: not checked yet, so the rule is not evaluated'],
    ['(ping.g == tcp.a) != (ping.g == up)', 'init: ping.g is init: not checked yet, so the rule is not evaluated'],
    ['ping.g == init', 'holds: ping.g is init'],
  ] as const) {
    t.equal(whyOf(condition, resources), why, condition);
  }
});

t.test('the comparisons that decide carry their values, 20 at most', async (t) => {
  const resources = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`tcp.${index}`, 'up']));
  const [first] = report('r: if (tcp.* == up && custom.x != down) then stop();', resources).rules;
  t.match(first?.parts, [
    { text: 'tcp.* == up', holds: true },
    { text: 'custom.x != down', holds: true, values: [{ name: 'custom.x', value: 'unknown' }] },
  ]);
  t.equal(first?.parts[0]?.values.length, 20);
  const [when] = readRules('r: if (tcp.1 == up && (tcp.2 == down || tcp.3 == down)) then stop();').rules.map((rule) => rule.when);
  t.same(when && deciding(when, resources).map(printExpression), ['tcp.2 == down', 'tcp.3 == down']);
});

t.test('what counts in which phase, and the wakeup', async (t) => {
  const text = 'w: if (custom.a == down) then wait(); s: if (custom.a == down) then stop();';
  const seen = (value: string, phase: RulePhase, enabled = true) =>
    report(text, { 'custom.a': value }, { phase, enabled }).rules.map(
      ({ label, truth, considered }) => `${label} ${truth}${considered ? '' : ' idle'}`,
    );
  t.same(seen('down', 'off'), ['w holds idle', 's holds idle', 'Implicit_wakeup fails idle']);
  t.same(seen('down', 'blocked'), ['w holds', 's holds idle', 'Implicit_wakeup fails']);
  t.same(seen('init', 'evaluating'), ['w init', 's init idle', 'Implicit_wakeup init']);
  t.same(seen('up', 'blocked'), ['w fails', 's fails idle', 'Implicit_wakeup holds']);
  t.same(seen('down', 'up'), ['w holds', 's holds', 'Implicit_wakeup fails idle']);
  t.same(seen('down', 'up', false), ['w holds idle', 's holds idle', 'Implicit_wakeup fails idle']);
  t.match(report(text, { 'custom.a': 'down' }, { phase: 'blocked' }).rules.at(-1), { why: 'w holds', source: 'built-in' });
  t.match(report(text, { 'custom.a': 'init' }, { phase: 'blocked' }).rules.at(-1), { why: 'w cannot be evaluated yet' });
});

/** A module with rules of its own, and the report of it at any time. */
function running(rules: string) {
  const xml = `<safe><service mode="light"><user/><failover handle_time="5s"><![CDATA[${rules}]]></failover></service></safe>`;
  const parsed = parseUserConfig(xml, 'f', {});
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { value: config } = parsed;
  const plan = { rules: config.failover?.rules ?? [], handleTimeMs: 5000 };
  return { config, plan };
}

t.test('a running module: pending with the rest of handle_time, then active', async (t) => {
  const { config, plan } = running('r: if (custom.x == down) then wait();');
  const h = startedHarness({ plan });
  const statusOf = (label: string): RuleStatus | undefined =>
    rulesOf({ active: { config }, snapshot: () => h.actor.getSnapshot() }, 'n1', h.clock.monotonicMs()).rules.find(
      (rule) => rule.label === label,
    );
  t.match(statusOf('r'), { truth: 'fails', active: false, remainingMs: null });
  h.actor.send({ type: 'resource.assign', name: 'custom.x', value: 'down', by: 'me', atMs: h.clock.monotonicMs() });
  t.match(statusOf('r'), { truth: 'holds', active: false, remainingMs: 5000 });
  h.run(2000);
  t.match(statusOf('r'), { remainingMs: 3000, considered: true, why: 'custom.x is down', line: 1 });
  h.run(3001);
  t.match(statusOf('r'), { active: true, remainingMs: null });
});

t.test('a stopped module evaluates nothing', async (t) => {
  const { config, plan } = running('r: if (custom.x == down) then stop();');
  const h = createHarness({ plan });
  const host = { active: { config }, snapshot: () => h.actor.getSnapshot() };
  t.match(rulesOf(host, 'n1', 0), { phase: 'off', handleTimeMs: 5000, enabled: true });
});
