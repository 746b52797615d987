/** Tells how a module's failover rules stand now, and why. Decides nothing: what holds is what `failover-rules.ts` says. */

import { printExpression, printName, ruleLine } from '../config/rules-print.js';
import { ruleTable } from '../config/rules-table.js';
import type { ResourceName, RuleExpression, TableRule } from '../config/types-rules.js';
import type { FailoverContext } from '../machines/failover.types.js';
import type { ResourceValues, RulePhase, Truth } from '../machines/failover-rules.js';
import { evaluate, holds, implicitWakeup, usesInit, valuesOf } from '../machines/failover-rules.js';
import type { RulePart, RuleReport, RuleStatus } from './face-rules.js';
import type { ModuleHost } from './module-host.js';
import type { ActiveModule } from './ports.js';

/** Resources of a class that are listed. */
const mostValues = 20;
type Comparison = Extract<RuleExpression, { readonly kind: 'compare' | 'match' }>;

/** The comparisons that make an expression what it is: of a conjunction that fails those that fail, and so on. */
export function deciding(expression: RuleExpression, resources: ResourceValues): readonly Comparison[] {
  switch (expression.kind) {
    case 'compare':
    case 'match':
      return [expression];
    case 'not':
      return deciding(expression.operand, resources);
    case 'same':
      return [expression.left, expression.right].flatMap((side) => deciding(side, resources));
    default: {
      // One side that holds makes a disjunction hold, one that fails makes a conjunction fail; else both sides count.
      const telling = expression.kind === 'or';
      const sides = [expression.left, expression.right];
      const alone = sides.filter((side) => holds(side, resources) === telling);
      return (alone.length > 0 ? alone : sides).flatMap((side) => deciding(side, resources));
    }
  }
}

function comparisons(expression: RuleExpression): readonly Comparison[] {
  switch (expression.kind) {
    case 'compare':
    case 'match':
      return [expression];
    case 'not':
      return comparisons(expression.operand);
    default:
      return [...comparisons(expression.left), ...comparisons(expression.right)];
  }
}

const namesOf = (comparison: Comparison): readonly ResourceName[] =>
  comparison.kind === 'compare' ? [comparison] : [comparison.left, comparison.right];

function partOf(comparison: Comparison, resources: ResourceValues): RulePart {
  const values = namesOf(comparison).flatMap((name) => valuesOf(name, resources).map(([one, value]) => ({ name: one, value })));
  return { text: printExpression(comparison), holds: holds(comparison, resources), values: values.slice(0, mostValues) };
}

/** What resources are, in words: `tcp.a and tcp.b are up`. */
function valuesInWords(part: RulePart, comparison: Comparison): string {
  if (part.values.length === 0) {
    const empty = namesOf(comparison).find((name) => name.id === '?' || name.id === '*');
    return `there is no resource ${empty === undefined ? part.text : printName(empty)}`;
  }
  return part.values.map(({ name, value }) => `${name} is ${value}`).join(', ');
}

const initInWords = (names: readonly string[]): string =>
  `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} init: not checked yet, so the rule is not evaluated`;

function statusOf(rule: TableRule, resources: ResourceValues): Pick<RuleStatus, 'truth' | 'why' | 'parts'> {
  const truth = evaluate(rule.when, resources);
  if (truth === 'init') {
    const waiting = comparisons(rule.when).filter((one) => usesInit(one, resources));
    const parts = waiting.map((one) => partOf(one, resources));
    const names = parts.flatMap(({ values }) => values.filter(({ value }) => value === 'init').map(({ name }) => name));
    return { truth, parts, why: initInWords([...new Set(names)]) };
  }
  const found = deciding(rule.when, resources);
  const parts = found.map((one) => partOf(one, resources));
  const said = parts.map((part, index) => {
    const [comparison] = found.slice(index, index + 1);
    return comparison === undefined ? part.text : valuesInWords(part, comparison);
  });
  const isUnset = parts.some(({ values }) =>
    values.some(({ name, value }) => value === 'unknown' && !Object.hasOwn(resources, name)),
  );
  const why = [...new Set(said)].join('; ');
  return { truth, parts, why: isUnset ? `${why} (nothing has set it)` : why };
}

/** What a rule counts for in a phase of the module's life. */
const considers = (rule: TableRule, phase: RulePhase): boolean => phase === 'up' || (phase !== 'off' && rule.action === 'wait');

/** What the report is made of. */
export interface RuleReportInput {
  readonly module: string;
  readonly node: string;
  readonly table: readonly TableRule[];
  /** What the failover machine knows; null while there is none. */
  readonly failover: Pick<FailoverContext, 'resources' | 'phase' | 'candidate' | 'candidateSinceMs' | 'handleTimeMs' | 'enabled'>;
  /** Whether its decision is waiting for `handle_time`. */
  readonly pending: boolean;
  readonly activeRule: string | null;
  /** Monotonic ms. */
  readonly nowMs: number;
}

function wakeupStatus(input: RuleReportInput, waits: readonly RuleStatus[]): Omit<RuleStatus, 'active' | 'remainingMs'> {
  const { phase } = input.failover;
  const waiting = waits.filter(({ truth }) => truth !== 'fails');
  const truth: Truth = waiting.some((rule) => rule.truth === 'holds') ? 'fails' : waiting.length > 0 ? 'init' : 'holds';
  const names = waiting.map(({ label }) => label).join(', ');
  return {
    label: implicitWakeup,
    action: 'wakeup',
    source: 'built-in',
    line: null,
    condition: 'no rule that waits holds any more',
    truth,
    considered: phase === 'evaluating' || phase === 'blocked',
    why:
      truth === 'holds' ? 'no rule that waits holds' : truth === 'fails' ? `${names} holds` : `${names} cannot be evaluated yet`,
    parts: [],
  };
}

/** The table with how each rule stands. */
export function ruleReport(input: RuleReportInput): RuleReport {
  const { module, node, table, failover, pending, activeRule, nowMs } = input;
  const { resources, phase, candidate, candidateSinceMs, handleTimeMs, enabled } = failover;
  const marked = (label: string): Pick<RuleStatus, 'active' | 'remainingMs'> => {
    const chosen = candidate?.rule === label;
    return {
      active: activeRule === label || (chosen && !pending),
      remainingMs: chosen && pending ? Math.max(0, candidateSinceMs + handleTimeMs - nowMs) : null,
    };
  };
  const rules = table.map(
    (rule): RuleStatus => ({
      ...ruleLine(rule),
      ...statusOf(rule, resources),
      considered: enabled && considers(rule, phase),
      ...marked(rule.label),
    }),
  );
  const wakeup = wakeupStatus(
    input,
    rules.filter(({ action }) => action === 'wait'),
  );
  return { module, node, phase, enabled, handleTimeMs, rules: [...rules, { ...wakeup, ...marked(implicitWakeup) }] };
}

/** The report of a module that a host carries, at this time (monotonic ms). */
export function rulesOf(
  host: Pick<ModuleHost, 'snapshot'> & { readonly active: Pick<ActiveModule, 'config'> },
  node: string,
  nowMs: number,
): RuleReport {
  const { children, context } = host.snapshot();
  const known = children.failover?.getSnapshot();
  const { resources, phase, plan, switches } = context;
  // While the rules' machine has failed, the module's own knowledge tells what it will be told.
  const idle = {
    ...{ resources, phase, candidate: null, candidateSinceMs: 0, handleTimeMs: plan.handleTimeMs },
    enabled: switches.failover,
  };
  return ruleReport({
    module: plan.module,
    node,
    table: ruleTable(host.active.config),
    failover: known?.context ?? idle,
    pending: known?.matches('pending') ?? false,
    activeRule: context.activeRule,
    nowMs,
  });
}
