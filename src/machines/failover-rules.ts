/**
 * The failover rules of a module, as pure values and functions: `(rules, resources, phase) → decision`.
 * Source: compatibility page 2.12 and 15.2, and the statecharts design ('Failover rules').
 */

import type { ResourceName, Rule, RuleAction, RuleExpression } from '../config/types-rules.js';

export type { CheckedValue, Rule, RuleAction, RuleExpression } from '../config/types-rules.js';

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

/** Name under which leaving WAIT is logged. */
export const implicitWakeup = 'Implicit_wakeup';

/** Result of an expression: `init` when a resource that it uses is still being checked for the first time. */
export type Truth = 'holds' | 'fails' | 'init';

/** Evaluates one expression. A rule that uses a resource in `init` is not evaluated: the answer is then `init`. */
export function evaluate(expression: RuleExpression, resources: ResourceValues): Truth {
  return usesInit(expression, resources) ? 'init' : holds(expression, resources) ? 'holds' : 'fails';
}

/** The resources that a name stands for now, with their values; one that was never set is `unknown`. */
export function valuesOf(name: ResourceName, resources: ResourceValues): readonly (readonly [name: string, value: string])[] {
  const prefix = `${name.scope === 'remote' ? 'remote.' : ''}${name.class}.`;
  if (name.id !== '?' && name.id !== '*') {
    const full = `${prefix}${name.id}`;
    const value = Object.hasOwn(resources, full) ? resources[full] : undefined;
    return [[full, value ?? 'unknown']];
  }
  return Object.entries(resources).filter(([resource]) => resource.startsWith(prefix));
}

const isInit = (name: ResourceName, resources: ResourceValues): boolean =>
  valuesOf(name, resources).some(([, value]) => value === 'init');

/** Whether an expression cannot be evaluated, because a resource that it uses is still being checked for the first time. */
export function usesInit(expression: RuleExpression, resources: ResourceValues): boolean {
  switch (expression.kind) {
    case 'compare':
      return expression.value !== 'init' && isInit(expression, resources);
    case 'match':
      return isInit(expression.left, resources) || isInit(expression.right, resources);
    case 'not':
      return usesInit(expression.operand, resources);
    default:
      return usesInit(expression.left, resources) || usesInit(expression.right, resources);
  }
}

/** `?`: some value passes; `*`: all of them, and there is one; else: the one value passes. */
function passes(name: ResourceName, resources: ResourceValues, test: (value: string) => boolean): boolean {
  const values = valuesOf(name, resources);
  return name.id === '*'
    ? values.length > 0 && values.every(([, value]) => test(value))
    : values.some(([, value]) => test(value));
}

/** Whether an expression is true; of one that uses a resource in `init` this means nothing. */
export function holds(expression: RuleExpression, resources: ResourceValues): boolean {
  switch (expression.kind) {
    case 'compare':
      return passes(expression, resources, (value) => (value === expression.value) === expression.equals);
    case 'match':
      return passes(expression.left, resources, (left) =>
        passes(expression.right, resources, (right) => (left === right) === expression.equals),
      );
    case 'same':
      return (holds(expression.left, resources) === holds(expression.right, resources)) === expression.equals;
    case 'not':
      return !holds(expression.operand, resources);
    case 'and':
      return holds(expression.left, resources) && holds(expression.right, resources);
    case 'or':
      return holds(expression.left, resources) || holds(expression.right, resources);
  }
}

/** The resources that an expression speaks of. */
function namesIn(expression: RuleExpression): readonly ResourceName[] {
  switch (expression.kind) {
    case 'compare':
      return [expression];
    case 'match':
      return [expression.left, expression.right];
    case 'not':
      return namesIn(expression.operand);
    default:
      return [...namesIn(expression.left), ...namesIn(expression.right)];
  }
}

/** Why a rule holds, as far as it is known why resources that it speaks of are down; null where nothing is known of that. */
export function becauseOf(
  rules: readonly Rule[],
  label: string,
  resources: ResourceValues,
  details: Readonly<Record<string, string>>,
): string | null {
  const names = rules.filter((rule) => rule.label === label).flatMap((rule) => namesIn(rule.when));
  const down = names.flatMap((name) => valuesOf(name, resources)).filter(([, value]) => value === 'down');
  const known = [...new Set(down.map(([name]) => name))].flatMap((name) => {
    const detail = Object.hasOwn(details, name) ? details[name] : undefined;
    return detail === undefined ? [] : [`${name} is down: ${detail}`];
  });
  return known.length === 0 ? null : known.slice(0, 3).join('; ');
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
