/** Canonical text of failover rules: what is printed is read as the same rule. */
import type { ResourceName, Rule, RuleExpression, RuleLine, TableRule } from './types-rules.js';

/** How tightly an expression binds: `!` more than `==`, that more than `&&`, that more than `||`. */
const tightness: Readonly<Record<RuleExpression['kind'], number>> = { or: 1, and: 2, same: 3, compare: 3, match: 3, not: 4 };

/** `class.id`, with `remote.` before one of the other node. */
export const printName = ({ scope, class: resourceClass, id }: ResourceName): string =>
  `${scope === 'remote' ? 'remote.' : ''}${resourceClass}.${id}`;

const sign = (equals: boolean): string => (equals ? '==' : '!=');

function inside(expression: RuleExpression, least: number): string {
  const text = printExpression(expression);
  return tightness[expression.kind] < least ? `(${text})` : text;
}

/** The text of an expression, with no more brackets than it needs; comparisons inside comparisons have theirs all the same. */
export function printExpression(expression: RuleExpression): string {
  switch (expression.kind) {
    case 'compare':
      return `${printName(expression)} ${sign(expression.equals)} ${expression.value}`;
    case 'match':
      return `${printName(expression.left)} ${sign(expression.equals)} ${printName(expression.right)}`;
    case 'same':
      return `${inside(expression.left, 4)} ${sign(expression.equals)} ${inside(expression.right, 4)}`;
    case 'not':
      return `!${inside(expression.operand, 4)}`;
    case 'and':
      return `${inside(expression.left, 2)} && ${inside(expression.right, 3)}`;
    case 'or':
      return `${inside(expression.left, 1)} || ${inside(expression.right, 2)}`;
  }
}

/** The text of a rule: `label: if (…) then action();`. */
export const printRule = ({ label, when, action }: Rule): string => `${label}: if (${printExpression(when)}) then ${action}();`;

/** A rule of the table as text. */
export const ruleLine = ({ label, action, source, line, when }: TableRule): RuleLine => ({
  label,
  action,
  source,
  line,
  condition: printExpression(when),
});
