/**
 * Reads the forms of rules in Lua that are common (compatibility page, section 2.12): `Rules = Rules + { label = if_then("class.id",
 * "state", Action.x), … }` and `Rules.disable("label")`. Nothing is executed; whatever else stands there is refused by name.
 */
import { attempt, GiveUp } from './rules-attempt.js';
import { type LuaToken, luaForms, luaTokens } from './rules-lua-tokens.js';
import { checkedValues, keywords, knownWord, labelPattern, readResourceName, ruleActions, wordHint } from './rules-names.js';
import type { ReadRule, ReadRules } from './rules-parser.js';
import type { RuleFinding } from './rules-tokens.js';

/** Groups of rules that belong to parts of the product; their rules are not the user's to change (section 2.12). */
const reservedGroups = ['heart', 'rfs', 'vipd', 'errd'];
/** Tables may stand in tables this deep. */
const mostDepth = 8;

class LuaReader {
  readonly #tokens: readonly LuaToken[];
  readonly #end: LuaToken;
  readonly errors: RuleFinding[] = [];
  readonly rules: ReadRule[] = [];
  readonly disabled: { readonly label: string; readonly offset: number }[] = [];
  #at = 0;

  constructor(text: string) {
    this.#tokens = luaTokens(text, (finding) => this.errors.push(finding));
    this.#end = { kind: 'end', text: '', offset: text.length, first: true };
  }

  statements(): void {
    while (this.#peek().kind !== 'end') {
      attempt(
        () => this.#statement(),
        () => {
          while (this.#peek().kind !== 'end' && !this.#beginsStatement() && !this.#beginsLine()) this.#at += 1;
        },
      );
    }
  }

  #peek(ahead = 0): LuaToken {
    return this.#tokens[this.#at + ahead] ?? this.#end;
  }
  #take(): LuaToken {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }
  #is(kind: LuaToken['kind'], text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === kind && token.text === text;
  }
  #beginsStatement(): boolean {
    return this.#is('name', 'Rules') && (this.#is('sign', '=', 1) || this.#is('sign', '.', 1));
  }
  #beginsLine(): boolean {
    const { kind, first } = this.#peek();
    return kind === 'name' && first;
  }
  #error(offset: number, message: string, remedy: string): void {
    this.errors.push({ offset, message, remedy });
  }
  /** Refuses what stands here, by name. */
  #refuse(token: LuaToken, expected: string, remedy = luaForms): never {
    const found = token.kind === 'string' ? `"${token.text}"` : `\`${token.text}\``;
    const message =
      token.kind === 'end' ? `The section ends where ${expected} is expected.` : `${found} stands where ${expected} is expected.`;
    this.#error(token.offset, message, remedy);
    throw new GiveUp();
  }
  #expect(kind: 'name' | 'sign', text: string): LuaToken {
    return this.#is(kind, text) ? this.#take() : this.#refuse(this.#peek(), `\`${text}\``);
  }
  #string(what: string): LuaToken {
    return this.#peek().kind === 'string' ? this.#take() : this.#refuse(this.#peek(), `${what} in quotation marks`);
  }

  #statement(): void {
    if (this.#is('sign', ';')) {
      this.#take();
      return;
    }
    const first = this.#peek();
    if (!this.#is('name', 'Rules')) {
      this.#error(first.offset, `\`${first.text}\` is Lua that is not read here.`, luaForms);
      this.#take();
      throw new GiveUp();
    }
    this.#take();
    if (this.#is('sign', '.')) {
      this.#take();
      this.#expect('name', 'disable');
      const bracket = this.#is('sign', '(');
      if (bracket) this.#take();
      const { text: label, offset } = this.#string('a label');
      if (bracket) this.#expect('sign', ')');
      this.disabled.push({ label, offset });
      return;
    }
    this.#expect('sign', '=');
    this.#expect('name', 'Rules');
    do {
      this.#expect('sign', '+');
      this.#table(1);
    } while (this.#is('sign', '+'));
  }

  #table(depth: number): void {
    const { offset } = this.#expect('sign', '{');
    if (depth > mostDepth) {
      this.#error(offset, `Tables are nested more than ${mostDepth} deep.`, 'No rule needs that.');
      throw new GiveUp();
    }
    while (!this.#is('sign', '}')) {
      if (this.#peek().kind === 'end') this.#refuse(this.#peek(), '`}`', 'Close the table that begins with `{`.');
      const begin = this.#at;
      attempt(
        () => {
          this.#entry(depth);
          if (!this.#is('sign', '}') && !this.#is('sign', ',') && !this.#is('sign', ';')) {
            this.#refuse(this.#peek(), '`,` or `}`', 'Entries of a table are separated by commas.');
          }
        },
        () => this.#skipEntry(begin),
      );
      if (this.#is('sign', ',') || this.#is('sign', ';')) this.#take();
    }
    this.#take();
  }
  /** Goes to the end of an entry that cannot be read: to the next separator, or the bracket, of its own table. */
  #skipEntry(begin: number): void {
    this.#at = begin;
    let open = 0;
    for (; this.#peek().kind !== 'end' && !(this.#beginsStatement() && this.#at > begin); this.#at += 1) {
      const { kind, text } = this.#peek();
      if (kind !== 'sign') continue;
      if (open === 0 && (text === ',' || text === ';' || text === '}')) return;
      if ('{(['.includes(text)) open += 1;
      if ('})]'.includes(text)) open = Math.max(0, open - 1);
    }
    throw new GiveUp();
  }

  #entry(depth: number): void {
    if (this.#is('sign', '{')) {
      this.#table(depth + 1);
      return;
    }
    const key = this.#key();
    this.#expect('sign', '=');
    if (key.text === '_group') {
      const { text, offset } = this.#string('the name of a group');
      if (reservedGroups.includes(text)) {
        this.#error(
          offset,
          `The group "${text}" belongs to a part of the product.`,
          'Its rules cannot be added to; use `_group = "checker"`.',
        );
      }
      return;
    }
    if (!labelPattern.test(key.text) || keywords.includes(key.text)) {
      this.#error(key.offset, `"${key.text}" is no label.`, 'A label has letters, digits, _ and -.');
    }
    this.#ifThen(key);
  }
  #key(): LuaToken {
    if (this.#peek().kind === 'name') return this.#take();
    if (!this.#is('sign', '[')) return this.#refuse(this.#peek(), 'a label');
    this.#take();
    const key = this.#string('a label');
    this.#expect('sign', ']');
    return key;
  }
  #ifThen(label: LuaToken): void {
    this.#expect('name', 'if_then');
    this.#expect('sign', '(');
    const resource = this.#string('a resource');
    this.#expect('sign', ',');
    const state = this.#string('a state');
    this.#expect('sign', ',');
    this.#expect('name', 'Action');
    this.#expect('sign', '.');
    const action = this.#take();
    if (action.kind !== 'name') this.#refuse(action, 'an action');
    this.#expect('sign', ')');
    const read = readResourceName(resource.text);
    const value = knownWord(state.text, checkedValues);
    const known = knownWord(action.text, ruleActions);
    if (!read.ok) this.#error(resource.offset + 1, read.message, read.remedy);
    if (value === null) this.#error(state.offset + 1, `"${state.text}" is no state.`, wordHint(state.text, checkedValues));
    if (known === null) this.#error(action.offset, `\`${action.text}\` is no action.`, wordHint(action.text, ruleActions));
    if (!read.ok || value === null || known === null) return;
    this.rules.push({
      label: label.text,
      when: { kind: 'compare', ...read.name, equals: true, value },
      action: known,
      offset: label.offset,
      actionOffset: action.offset,
      names: [{ name: read.name, offset: resource.offset + 1 }],
    });
  }
}

/** Reads a section of Lua. Entries with errors are left out of the result. */
export function readLuaRules(text: string): ReadRules {
  const reader = new LuaReader(text);
  reader.statements();
  const { rules, disabled, errors } = reader;
  return { rules, disabled, errors };
}
