/**
 * The failover rules of a module, as pure values and functions: `(rules, resources, phase) → decision`.
 * Source: compatibility page 2.12 and 15.2, and the statecharts design ('Failover rules').
 */

export type RuleAction = 'stop' | 'wait' | 'stopstart' | 'restart' | 'swap';

/** What a resource can be compared with. */
export type CheckedValue = 'init' | 'down' | 'up' | 'unknown';

/** A condition over resources. `id` may be `?` (some resource of the class) or `*` (all of them, and at least one). */
export type RuleExpression =
  | {
      readonly kind: 'compare';
      readonly scope: 'local' | 'remote';
      readonly class: string;
      readonly id: string;
      readonly equals: boolean;
      readonly value: CheckedValue;
    }
  | { readonly kind: 'not'; readonly operand: RuleExpression }
  | { readonly kind: 'and' | 'or'; readonly left: RuleExpression; readonly right: RuleExpression };

export interface Rule {
  readonly label: string;
  readonly when: RuleExpression;
  readonly action: RuleAction;
}

/** Resource name (`class.id`) → value. */
export type ResourceValues = Readonly<Record<string, string>>;

/** In which part of its life the module asks for a decision. */
export type RulePhase = 'off' | 'evaluating' | 'blocked' | 'up';

/** What to do; `immediate` ones do not wait for `handle_time`. */
export interface Decision {
  readonly action: RuleAction | 'wakeup';
  readonly rule: string;
  readonly immediate: boolean;
}

/** Strength of actions when several rules hold: the strongest wins, ties by order in the table. */
const strength: Readonly<Record<RuleAction, number>> = { stop: 5, wait: 4, stopstart: 3, restart: 2, swap: 1 };

const anyDown = (resourceClass: string): RuleExpression => ({
  kind: 'compare',
  scope: 'local',
  class: resourceClass,
  id: '?',
  equals: true,
  value: 'down',
});

/** The rules that every farm and light module has (section 2.12, 'Default, checkers'). */
export const defaultRules: readonly Rule[] = [
  { label: 'module_failure', when: anyDown('module'), action: 'wait' },
  { label: 'interface_failure', when: anyDown('intf'), action: 'wait' },
  { label: 'ip_failure', when: anyDown('ip'), action: 'stopstart' },
];

/** Name under which leaving WAIT is logged. */
export const implicitWakeup = 'Implicit_wakeup';

/** Result of an expression: `init` when a resource that it uses is still being checked for the first time. */
export type Truth = 'holds' | 'fails' | 'init';

/** Evaluates one expression. A rule that uses a resource in `init` is not evaluated: the answer is then `init`. */
export function evaluate(expression: RuleExpression, resources: ResourceValues): Truth {
  return usesInit(expression, resources) ? 'init' : holds(expression, resources) ? 'holds' : 'fails';
}

function matching(
  expression: { readonly scope: string; readonly class: string; readonly id: string },
  resources: ResourceValues,
): readonly string[] {
  const prefix = `${expression.scope === 'remote' ? 'remote.' : ''}${expression.class}.`;
  if (expression.id !== '?' && expression.id !== '*') {
    const value = resources[`${prefix}${expression.id}`];
    return value === undefined ? ['unknown'] : [value];
  }
  return Object.entries(resources)
    .filter(([name]) => name.startsWith(prefix))
    .map(([, value]) => value);
}

function usesInit(expression: RuleExpression, resources: ResourceValues): boolean {
  switch (expression.kind) {
    case 'compare':
      return expression.value !== 'init' && matching(expression, resources).includes('init');
    case 'not':
      return usesInit(expression.operand, resources);
    default:
      return usesInit(expression.left, resources) || usesInit(expression.right, resources);
  }
}

function holds(expression: RuleExpression, resources: ResourceValues): boolean {
  switch (expression.kind) {
    case 'compare': {
      const values = matching(expression, resources);
      const test = (value: string): boolean => (value === expression.value) === expression.equals;
      return expression.id === '*' ? values.length > 0 && values.every(test) : values.some(test);
    }
    case 'not':
      return !holds(expression.operand, resources);
    case 'and':
      return holds(expression.left, resources) && holds(expression.right, resources);
    case 'or':
      return holds(expression.left, resources) || holds(expression.right, resources);
  }
}

/** The decision that the rules ask for now, or null. A wait that starts while nothing runs yet (`evaluating`) and its opposite are immediate. */
export function decide(rules: readonly Rule[], resources: ResourceValues, phase: RulePhase): Decision | null {
  if (phase === 'off') return null;
  if (phase === 'up') {
    const holding = rules.filter((rule) => evaluate(rule.when, resources) === 'holds');
    const strongest = holding.reduce<Rule | null>(
      (best, rule) => (best === null || strength[rule.action] > strength[best.action] ? rule : best),
      null,
    );
    return strongest && { action: strongest.action, rule: strongest.label, immediate: false };
  }
  const waits = rules.filter((rule) => rule.action === 'wait');
  const holding = waits.find((rule) => evaluate(rule.when, resources) === 'holds');
  if (holding) return phase === 'evaluating' ? { action: 'wait', rule: holding.label, immediate: true } : null;
  if (waits.some((rule) => evaluate(rule.when, resources) === 'init')) return null;
  return { action: 'wakeup', rule: implicitWakeup, immediate: phase === 'evaluating' };
}
