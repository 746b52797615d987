/**
 * Reads the rule language: `label: if (expression) then action();` (compatibility page, section 2.12). Recursive descent; `!` binds more
 * than `==` and `!=`, these more than `&&`, that more than `||`. After an error it goes on with the next rule, so that all are found at once.
 */
import { attempt, GiveUp } from './rules-attempt.js';
import { checkedValues, keywords, knownWord, labelPattern, readResourceName, ruleActions, wordHint } from './rules-names.js';
import { printName } from './rules-print.js';
import { type RuleFinding, type RuleToken, ruleTokens } from './rules-tokens.js';
import type { ResourceName, Rule, RuleExpression } from './types-rules.js';

/** A resource in a rule, with where it stands in the text. */
export interface NamedAt {
  readonly name: ResourceName;
  readonly offset: number;
}
/** A rule as it was read; offsets count characters from the beginning of its text. */
export interface ReadRule extends Rule {
  readonly offset: number;
  readonly actionOffset: number;
  readonly names: readonly NamedAt[];
}
/** What a text of rules holds. */
export interface ReadRules {
  readonly rules: readonly ReadRule[];
  readonly disabled: readonly { readonly label: string; readonly offset: number }[];
  readonly errors: readonly RuleFinding[];
}

/** More than these no rule needs, and evaluating it would go deep. */
export const ruleLimits = { depth: 64, comparisons: 500 } as const;

/** A part of an expression before its type is known. `wrong` has been reported. */
type Part =
  | { readonly type: 'resource'; readonly name: ResourceName; readonly offset: number }
  | { readonly type: 'state'; readonly value: (typeof checkedValues)[number]; readonly offset: number }
  | { readonly type: 'condition'; readonly expression: RuleExpression; readonly offset: number }
  | { readonly type: 'wrong'; readonly offset: number };

/** Stands for a condition that was reported: the rule is dropped, the rest of it is still looked at. */
const nothing: RuleExpression = { kind: 'compare', scope: 'local', class: 'none', id: 'none', equals: true, value: 'unknown' };

class RuleReader {
  readonly #tokens: readonly RuleToken[];
  readonly #end: RuleToken;
  readonly errors: RuleFinding[] = [];
  #at = 0;
  #depth = 0;
  #names: NamedAt[] = [];

  constructor(text: string) {
    this.#tokens = ruleTokens(text, (finding) => this.errors.push(finding));
    this.#end = { kind: 'end', text: '', offset: text.length };
  }

  rules(): readonly ReadRule[] {
    const rules: ReadRule[] = [];
    while (this.#peek().kind !== 'end') {
      const before = this.errors.length;
      const rule = attempt(
        () => this.#rule(),
        () => this.#skip(),
      );
      if (rule !== null && this.errors.length === before) rules.push(rule);
    }
    return rules;
  }

  #peek(ahead = 0): RuleToken {
    return this.#tokens[this.#at + ahead] ?? this.#end;
  }
  #take(): RuleToken {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }
  #is(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind !== 'end' && token.text === text;
  }
  #error(offset: number, message: string, remedy: string): void {
    this.errors.push({ offset, message, remedy });
  }
  #expect(text: string, remedy: string): RuleToken {
    if (this.#is(text)) return this.#take();
    const { kind, text: found, offset } = this.#peek();
    this.#error(
      offset,
      kind === 'end' ? `The rules end where \`${text}\` is expected.` : `\`${found}\` stands where \`${text}\` is expected.`,
      remedy,
    );
    throw new GiveUp();
  }
  /** Goes to the next rule: behind the semicolon, or to a label that is followed by `: if`. */
  #skip(): null {
    for (; this.#peek().kind !== 'end'; this.#at += 1) {
      if (this.#is(';')) {
        this.#at += 1;
        return null;
      }
      if (this.#peek().kind === 'name' && this.#is(':', 1) && this.#is('if', 2)) return null;
    }
    return null;
  }

  #rule(): ReadRule {
    this.#names = [];
    this.#depth = 0;
    const label = this.#label();
    this.#expect(':', 'A rule begins with `label:`.');
    this.#expect('if', 'A rule is `label: if (condition) then action();`.');
    this.#expect('(', 'The condition stands in brackets.');
    const when = this.#condition(this.#or());
    this.#expect(')', 'The whole condition stands in one pair of brackets; parts are joined with && and ||.');
    this.#expect('then', 'A rule is `label: if (condition) then action();`.');
    const action = this.#take();
    const known = knownWord(action.text, ruleActions);
    if (known === null) {
      const what = action.kind === 'end' ? 'The rules end where an action is expected.' : `\`${action.text}\` is no action.`;
      this.#error(action.offset, what, wordHint(action.text, ruleActions));
      if (action.kind !== 'name') throw new GiveUp();
    }
    this.#expect('(', 'An action is written with brackets: `restart()`.');
    this.#expect(')', 'An action takes nothing: `restart()`.');
    this.#expect(';', 'A rule ends with a semicolon.');
    const names = this.#names;
    if (names.length > ruleLimits.comparisons) {
      this.#error(label.offset, `The rule names more than ${ruleLimits.comparisons} resources.`, 'Make several rules of it.');
    }
    return { label: label.text, when, action: known ?? 'stop', offset: label.offset, actionOffset: action.offset, names };
  }

  #label(): RuleToken {
    const token = this.#take();
    if (token.kind !== 'name') {
      this.#error(
        token.offset,
        `\`${token.text}\` stands where a label is expected.`,
        'A rule is `label: if (condition) then action();`.',
      );
      throw new GiveUp();
    }
    if (keywords.includes(token.text)) {
      this.#error(token.offset, 'The rule has no label.', 'A rule is `label: if (condition) then action();`.');
      throw new GiveUp();
    }
    if (!labelPattern.test(token.text)) {
      this.#error(token.offset, `\`${token.text}\` is no label.`, 'A label has letters, digits, _ and -, and a colon behind it.');
      if (!this.#is(':')) throw new GiveUp();
    }
    return token;
  }

  #or(): Part {
    let left = this.#and();
    while (this.#is('||')) {
      this.#take();
      left = this.#join('or', left, this.#and());
    }
    return left;
  }
  #and(): Part {
    let left = this.#equality();
    while (this.#is('&&')) {
      this.#take();
      left = this.#join('and', left, this.#equality());
    }
    return left;
  }
  #join(kind: 'and' | 'or', left: Part, right: Part): Part {
    return {
      type: 'condition',
      offset: left.offset,
      expression: { kind, left: this.#condition(left), right: this.#condition(right) },
    };
  }
  #equality(): Part {
    let left = this.#unary();
    while (this.#is('==') || this.#is('!=')) {
      const operator = this.#take();
      left = this.#compare(left, operator, this.#unary());
    }
    return left;
  }
  #unary(): Part {
    if (!this.#is('!')) return this.#primary();
    const { offset } = this.#take();
    this.#deeper(offset);
    const operand = this.#unary();
    this.#depth -= 1;
    const inner = this.#condition(operand);
    return operand.type === 'condition'
      ? { type: 'condition', offset, expression: { kind: 'not', operand: inner } }
      : { type: 'wrong', offset };
  }
  #primary(): Part {
    const token = this.#take();
    if (token.text === '(' && token.kind === 'sign') {
      this.#deeper(token.offset);
      const inner = this.#or();
      this.#expect(')', 'Every bracket that is opened is closed.');
      this.#depth -= 1;
      return inner;
    }
    if (token.kind === 'name' && !keywords.includes(token.text)) return this.#operand(token);
    this.#error(
      token.offset,
      token.kind === 'end'
        ? 'The rules end in the middle of a condition.'
        : `\`${token.text}\` stands where a resource or a state is expected.`,
      'Write for example `tcp.web == down`.',
    );
    this.#at -= 1;
    throw new GiveUp();
  }
  #deeper(offset: number): void {
    this.#depth += 1;
    if (this.#depth <= ruleLimits.depth) return;
    this.#error(offset, `The condition is nested more than ${ruleLimits.depth} deep.`, 'No rule needs that.');
    throw new GiveUp();
  }
  #operand({ text, offset }: RuleToken): Part {
    if (!text.includes('.')) {
      const value = knownWord(text, checkedValues);
      if (value !== null) return { type: 'state', value, offset };
      this.#error(offset, `\`${text}\` is neither a state nor a resource (\`class.id\`).`, wordHint(text, checkedValues));
      return { type: 'wrong', offset };
    }
    const read = readResourceName(text);
    if (!read.ok) {
      this.#error(offset, read.message, read.remedy);
      return { type: 'wrong', offset };
    }
    this.#names.push({ name: read.name, offset });
    return { type: 'resource', name: read.name, offset };
  }

  #compare(left: Part, operator: RuleToken, right: Part): Part {
    const { offset } = left;
    const equals = operator.text === '==';
    const condition = (expression: RuleExpression): Part => ({ type: 'condition', offset, expression });
    if (left.type === 'wrong' || right.type === 'wrong') return { type: 'wrong', offset };
    if (left.type === 'resource' && right.type === 'state')
      return condition({ kind: 'compare', ...left.name, equals, value: right.value });
    if (left.type === 'state' && right.type === 'resource')
      return condition({ kind: 'compare', ...right.name, equals, value: left.value });
    if (left.type === 'condition' && right.type === 'condition') {
      return condition({ kind: 'same', left: left.expression, right: right.expression, equals });
    }
    if (left.type === 'resource' && right.type === 'resource') {
      const both = [left.name, right.name].every(({ id }) => id === '?' || id === '*');
      if (!both) return condition({ kind: 'match', left: left.name, right: right.name, equals });
      this.#error(
        operator.offset,
        'Two sets of resources are compared.',
        'At least one side must name a single resource, or a state.',
      );
      return { type: 'wrong', offset };
    }
    if (left.type === 'state' && right.type === 'state') {
      this.#error(operator.offset, 'Two states are compared: that is always true or never.', 'Compare a resource with a state.');
      return { type: 'wrong', offset };
    }
    this.#error(
      operator.offset,
      'A condition is compared with a resource or a state.',
      'Compare a resource with a state, or a condition with a condition; `!` and comparisons in a row need brackets.',
    );
    return { type: 'wrong', offset };
  }
  /** A resource or a state alone says nothing that is known (section 2.12): a guess could stop an application. */
  #condition(part: Part): RuleExpression {
    if (part.type === 'condition') return part.expression;
    if (part.type === 'resource') {
      const name = printName(part.name);
      this.#error(part.offset, `\`${name}\` alone is no condition.`, `Write what it is compared with: \`${name} == down\`.`);
    }
    if (part.type === 'state') {
      this.#error(
        part.offset,
        `\`${part.value}\` alone is no condition.`,
        `Write what has that state: \`class.id == ${part.value}\`.`,
      );
    }
    return nothing;
  }
}

/** Reads a text in the rule language. Rules with errors are left out of the result. */
export function readRules(text: string): ReadRules {
  const reader = new RuleReader(text);
  const rules = reader.rules();
  return { rules, disabled: [], errors: reader.errors };
}
