/** Failover rules of the user's own, as plans draw them, and what the invariant about WAIT takes them to mean. */
import type { ModuleConfig } from '../config/types.js';
import type { ResourceName, RuleExpression } from '../config/types-rules.js';
import type { SeededRandom } from './random.js';

/** Resources that drawn rules are about: nothing but plans sets them. */
export const ruledResources = ['custom.a', 'custom.b', 'custom.free', 'ip.10-0-0-9', 'intf.eth0', 'module.db'] as const;
const named = [...ruledResources, 'ip.?', 'intf.?', 'ip.*'] as const;

/** A condition that holds only while something is down: a module whose causes are gone must come up again. */
function drawFailing(random: SeededRandom, depth: number): string {
  const name = random.pick(named);
  const single = random.pick(ruledResources);
  // Of a class without resources none is not down: with `?` and `*` this form would hold then.
  const leaf = random.pick([`${name} == down`, `down == local.${name}`, `!(${single} != down)`] as const);
  if (depth === 0 || random.chance(0.4)) return leaf;
  const other = random.chance(0.5) ? drawFailing(random, depth - 1) : drawAny(random);
  return random.chance(0.5)
    ? `${leaf} || (${drawFailing(random, depth - 1)})`
    : `(${drawFailing(random, depth - 1)}) && (${other})`;
}
function drawAny(random: SeededRandom): string {
  const name = random.pick(ruledResources);
  return random.pick([
    `${name} == up`,
    `${name} != down`,
    `${name} == unknown`,
    `${name} != unknown`,
    `${name} == custom.b`,
  ] as const);
}

/** Sections of rules, or nothing. */
export function drawRules(random: SeededRandom): string {
  if (random.chance(0.4)) return '';
  const action = (): string => random.pick(['restart', 'restart', 'stopstart', 'stop', 'wait', 'wait'] as const);
  const rules = Array.from(
    { length: random.between(1, 3) },
    (_, index) => `own${index}: if (${drawFailing(random, 2)}) then ${action()}();`,
  );
  const lua = random.chance(0.3)
    ? `<![CDATA[--Lua Rules\nRules = Rules + { lua = if_then("${random.pick(named)}", "down", Action.${action()}) } Rules.disable("ip_failure")]]>`
    : '';
  return `<![CDATA[${rules.join('\n')}]]>${lua}`;
}

type Values = ReadonlyMap<string, string>;
function found({ class: resourceClass, id }: ResourceName, values: Values): readonly string[] {
  if (id !== '?' && id !== '*') return [values.get(`${resourceClass}.${id}`) ?? 'unknown'];
  return [...values].filter(([name]) => name.startsWith(`${resourceClass}.`)).map(([, value]) => value);
}
/** What a drawn condition means, without the code that the daemon evaluates it with. */
function isTrue(condition: RuleExpression, values: Values): boolean {
  switch (condition.kind) {
    case 'and':
      return isTrue(condition.left, values) && isTrue(condition.right, values);
    case 'or':
      return isTrue(condition.left, values) || isTrue(condition.right, values);
    case 'not':
      return !isTrue(condition.operand, values);
    case 'same':
      return (isTrue(condition.left, values) === isTrue(condition.right, values)) === condition.equals;
    case 'match':
      return (found(condition.left, values)[0] === found(condition.right, values)[0]) === condition.equals;
    case 'compare': {
      const passing = found(condition, values).filter((value) => (value === condition.value) === condition.equals);
      return passing.length > 0 && (condition.id !== '*' || passing.length === found(condition, values).length);
    }
  }
}

/** Labels of the user's rules that make the module wait with these values of the resources that plans set. */
export const waitingRules = (config: ModuleConfig | undefined, values: Values): readonly string[] =>
  (config?.failover?.rules ?? [])
    .filter(({ action, when }) => action === 'wait' && isTrue(when, values))
    .map(({ label }) => label);
