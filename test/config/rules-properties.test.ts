/** Properties of the rule language: what is printed is read as the same, however it is written; evaluation is what an independent one says. */
import fc from 'fast-check';
import t from 'tap';
import { readRules } from '../../src/config/rules-parser.js';
import { printExpression, printRule } from '../../src/config/rules-print.js';
import type { ResourceName, Rule, RuleExpression } from '../../src/config/types-rules.js';
import { evaluate } from '../../src/machines/failover-rules.js';

const states = ['init', 'up', 'down', 'unknown'] as const;
/** Few names, so that resources of expressions are often among those that are set. */
const classes = ['tcp', 'custom', 'ip', 'my-class'] as const;
const ids = ['a', 'b', '10.0.0.1', 'fe80::1%eth0', 'web_01-x', 'http://x/y', 'ü'] as const;

const single: fc.Arbitrary<ResourceName> = fc.record({
  scope: fc.constantFrom('local', 'local', 'remote'),
  class: fc.constantFrom(...classes),
  id: fc.constantFrom(...ids),
});
const resource: fc.Arbitrary<ResourceName> = fc
  .tuple(single, fc.constantFrom(null, null, '?', '*'))
  .map(([name, id]) => ({ ...name, id: id ?? name.id }));
const { expression } = fc.letrec<{ expression: RuleExpression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc
      .record({ name: resource, equals: fc.boolean(), value: fc.constantFrom(...states) })
      .map(({ name, equals, value }): RuleExpression => ({ kind: 'compare', ...name, equals, value })),
    fc.record({ one: single, other: resource, turned: fc.boolean(), equals: fc.boolean() }).map(
      ({ one, other, turned, equals }): RuleExpression => ({
        kind: 'match',
        left: turned ? other : one,
        right: turned ? one : other,
        equals,
      }),
    ),
    tie('expression').map((operand): RuleExpression => ({ kind: 'not', operand })),
    fc
      .record({ kind: fc.constantFrom('and', 'or'), left: tie('expression'), right: tie('expression') })
      .map((both): RuleExpression => both),
    fc
      .record({ left: tie('expression'), right: tie('expression'), equals: fc.boolean() })
      .map((both): RuleExpression => ({ kind: 'same', ...both })),
  ),
}));
const rule: fc.Arbitrary<Rule> = fc.record({
  label: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,12}$/).filter((label) => label !== 'if' && label !== 'then'),
  when: expression,
  action: fc.constantFrom('stop', 'wait', 'stopstart', 'restart', 'swap'),
});

const parsed = (text: string): readonly Rule[] => {
  const { rules, errors } = readRules(text);
  if (errors.length > 0) throw new Error(`${text}: ${JSON.stringify(errors)}`);
  return rules.map(({ label, when, action }) => ({ label, when, action }));
};
const equal = (left: unknown, right: unknown): boolean => JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

t.test('10,000 rules: what is printed is read as the same rule, and printed as the same text', async (t) => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), (rules) => {
      const text = rules.map(printRule).join('\n');
      const again = parsed(text);
      return equal(again, rules) && again.map(printRule).join('\n') === text;
    }),
    { numRuns: 10_000 },
  );
  t.pass('the identity');
});

/** Writes an expression as somebody else would: with brackets, blanks, comments, `local.`, and states on either side. */
function writtenLoosely(expression: RuleExpression, choose: () => number): string {
  const gap = (): string => ['', ' ', '\n\t', '/* a == b; */', ' /***/ '][choose() % 5] ?? '';
  const name = (one: ResourceName): string =>
    `${one.scope === 'remote' ? 'remote.' : choose() % 2 === 0 ? 'local.' : ''}${one.class}.${one.id}`;
  const sign = (equals: boolean): string => `${gap()}${equals ? '==' : '!='}${gap()}`;
  const inner = (one: RuleExpression): string => `(${gap()}${writtenLoosely(one, choose)}${gap()})`;
  const some = (text: string): string => (choose() % 3 === 0 ? `(${gap()}${text}${gap()})` : text);
  // A path may end in a slash or a star follow it: the comment that comes next needs a blank before it.
  const operand = (one: ResourceName): string => `${some(`${name(one)} `)}`;
  switch (expression.kind) {
    case 'compare': {
      const [left, right] = [operand(expression), some(expression.value)];
      return choose() % 2 === 0 ? `${left}${sign(expression.equals)}${right}` : `${right}${sign(expression.equals)}${left}`;
    }
    case 'match':
      return `${operand(expression.left)}${sign(expression.equals)}${operand(expression.right)}`;
    case 'same':
      return `${inner(expression.left)}${sign(expression.equals)}${inner(expression.right)}`;
    case 'not':
      return `!${gap()}${inner(expression.operand)}`;
    default:
      return `${inner(expression.left)}${gap()}${expression.kind === 'and' ? '&&' : '||'}${gap()}${inner(expression.right)}`;
  }
}

t.test('10,000 rules written loosely are read as what they mean', async (t) => {
  fc.assert(
    fc.property(rule, fc.infiniteStream(fc.nat(59)), ({ label, when, action }, stream) => {
      const choose = (): number => stream.next().value;
      const text = `${label} : if(${writtenLoosely(when, choose)})then ${action} ( ) ;`;
      return equal(parsed(text), [{ label, when, action }]);
    }),
    { numRuns: 10_000 },
  );
  t.pass('the same rule');
});

type Values = Readonly<Record<string, string>>;
/** Evaluates the printed text by rewriting it to one of true, false and init: no tree, no code of ours but the printer. */
function naive(text: string, values: Values): 'holds' | 'fails' | 'init' {
  let init = false;
  const members = (name: string): readonly string[] => {
    const start = name.slice(0, -1);
    if (!/\.[?*]$/.test(name)) return [values[name] ?? 'unknown'];
    return Object.keys(values)
      .filter((one) => one.startsWith(start))
      .map((one) => values[one] ?? '');
  };
  const isState = (word: string): boolean => states.some((state) => state === word);
  const compared = text.replace(
    /([^\s()!]+\.[^\s()]+) (==|!=) ([^\s()]+)/g,
    (_, left: string, operator: string, right: string) => {
      const lefts = members(left);
      const rights = isState(right) ? [right] : members(right);
      if (right !== 'init' && [...lefts, ...(isState(right) ? [] : rights)].includes('init')) init = true;
      const pairs = lefts.flatMap((a) => rights.map((b) => (a === b) === (operator === '==')));
      const all = left.endsWith('.*') || right.endsWith('.*');
      return String(all ? pairs.length > 0 && pairs.every(Boolean) : pairs.some(Boolean));
    },
  );
  let now = compared;
  for (let before = ''; before !== now; ) {
    before = now;
    now = now
      .replace(/\((true|false)\)/g, '$1')
      .replace(/!(true|false)/g, (_, one: string) => String(one === 'false'))
      .replace(/(?<![!=] )\b(true|false) (==|!=) (true|false)\b/, (_, a: string, sign: string, b: string) =>
        String((a === b) === (sign === '==')),
      );
    if (now !== before) continue;
    now = now.replace(/(?<!(?:==|!=) )\b(true|false) && (true|false)\b(?! (?:==|!=))/, (_, a: string, b: string) =>
      String(a === 'true' && b === 'true'),
    );
    if (now !== before) continue;
    now = now.replace(/(?<!(?:==|!=|&&) )\b(true|false) \|\| (true|false)\b(?! (?:==|!=|&&))/, (_, a: string, b: string) =>
      String(a === 'true' || b === 'true'),
    );
  }
  if (now !== 'true' && now !== 'false') throw new Error(`${text} became ${now}`);
  return init ? 'init' : now === 'true' ? 'holds' : 'fails';
}

t.test('10,000 expressions are evaluated as an independent evaluator does it', async (t) => {
  const values = fc.dictionary(
    fc.tuple(single, fc.boolean()).map(([name]) => `${name.scope === 'remote' ? 'remote.' : ''}${name.class}.${name.id}`),
    fc.constantFrom('up', 'down', 'up', 'down', 'up', 'down', 'unknown', 'init', 'something else'),
    { maxKeys: 20, noNullPrototype: true },
  );
  const seen = { holds: 0, fails: 0, init: 0 };
  fc.assert(
    fc.property(expression, values, (when, resources) => {
      const truth = evaluate(when, resources);
      seen[truth] += 1;
      return truth === naive(printExpression(when), resources);
    }),
    { numRuns: 10_000 },
  );
  t.ok(Math.min(seen.holds, seen.fails, seen.init) > 500, `each answer came often: ${JSON.stringify(seen)}`);
});
