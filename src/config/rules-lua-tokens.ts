/** Tokens of Lua, as far as rules in Lua need them (Lua 5.1 reference manual, section 2.1). Nothing is executed. */
import type { RuleFinding } from './rules-tokens.js';

/** `text` of a string is what stands between its quotation marks. `other`: what is Lua, but in none of the forms that are read. */
export interface LuaToken {
  readonly kind: 'name' | 'string' | 'sign' | 'other' | 'end';
  readonly text: string;
  readonly offset: number;
  /** Whether it is the first of its line. */
  readonly first: boolean;
}

const blank = /\s+/y;
const longComment = /--\[(=*)\[/y;
const lineComment = /--[^\r\n]*/y;
const name = /[A-Za-z_]\w*/y;
const quoted = /"((?:[^"\\\r\n]|\\.)*)"|'((?:[^'\\\r\n]|\\.)*)'/y;
const sign = /[=+{}()[\],;](?!=)|\.(?!\.)/y;
/** Numbers, other operators, and any other character. */
const other = /\d[\w.]*|\.\.\.?|[=<>~]=|[\s\S]/uy;

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

/** Cuts Lua into tokens. Comments of both kinds are left out. */
export function luaTokens(text: string, report: (finding: RuleFinding) => void): readonly LuaToken[] {
  const tokens: LuaToken[] = [];
  let offset = 0;
  let behind = 0;
  while (offset < text.length) {
    const long = matchAt(longComment, text, offset);
    if (long !== null) {
      const close = `]${long[1]}]`;
      const end = text.indexOf(close, offset + long[0].length);
      if (end === -1)
        report({ offset, message: 'The comment that begins here is never closed.', remedy: `Close it with \`${close}\`.` });
      offset = end === -1 ? text.length : end + close.length;
      continue;
    }
    const skipped = matchAt(blank, text, offset) ?? matchAt(lineComment, text, offset);
    if (skipped !== null) {
      offset += skipped[0].length;
      continue;
    }
    const read = readToken(text, offset);
    if (read.kind === 'string' && read.text.includes('\\')) {
      report({ offset, message: 'The string has a backslash.', remedy: 'Names, states and labels need none.' });
    }
    const first = tokens.length === 0 || /[\r\n]/.test(text.slice(behind, offset));
    tokens.push({ kind: read.kind, text: read.text, offset, first });
    offset += read.length;
    behind = offset;
  }
  return tokens;
}

function readToken(text: string, offset: number): Pick<LuaToken, 'kind' | 'text'> & { readonly length: number } {
  const string = matchAt(quoted, text, offset);
  if (string !== null) return { kind: 'string', text: string[1] ?? String(string[2]), length: string[0].length };
  const word = matchAt(name, text, offset)?.[0];
  if (word !== undefined) return { kind: 'name', text: word, length: word.length };
  const plain = matchAt(sign, text, offset)?.[0];
  if (plain !== undefined) return { kind: 'sign', text: plain, length: plain.length };
  const rest = String(matchAt(other, text, offset)?.[0]);
  return { kind: 'other', text: rest, length: rest.length };
}

/** What a section of Lua may hold. */
export const luaForms =
  'A section of Lua holds `Rules = Rules + { label = if_then("class.id", "state", Action.restart), _group = "checker" }` and `Rules.disable("label")`; it is read, not executed.';
