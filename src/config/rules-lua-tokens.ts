/** Tokens of Lua, as far as rules in Lua need them (Lua 5.1 reference manual, section 2.1). Nothing is executed. */
import type { RuleFinding } from './rules-tokens.js';

/** `text` of a string is what stands between its quotation marks. */
export interface LuaToken {
  readonly kind: 'name' | 'string' | 'sign' | 'end';
  readonly text: string;
  readonly offset: number;
}

const blank = /\s+/y;
const longComment = /--\[(=*)\[/y;
const lineComment = /--[^\r\n]*/y;
const name = /[A-Za-z_]\w*/y;
const quoted = /"([^"\\\r\n]*)"|'([^'\\\r\n]*)'/y;
const sign = /[=+{}()[\],;.]/y;

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

/** Cuts Lua into tokens; the last one is `end`. Comments of both kinds are left out; what is no token is reported and left out. */
export function luaTokens(text: string, report: (finding: RuleFinding) => void): readonly LuaToken[] {
  const tokens: LuaToken[] = [];
  let offset = 0;
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
    const string = matchAt(quoted, text, offset);
    const word = string ?? matchAt(name, text, offset) ?? matchAt(sign, text, offset);
    if (word !== null) {
      const kind = string !== null ? 'string' : /\w/.test(word[0].charAt(0)) ? 'name' : 'sign';
      tokens.push({ kind, text: string?.[1] ?? string?.[2] ?? word[0], offset });
      offset += word[0].length;
      continue;
    }
    const wrong = String.fromCodePoint(Number(text.codePointAt(offset)));
    if (wrong === '"' || wrong === "'") {
      report({
        offset,
        message: 'The string that begins here cannot be read.',
        remedy: 'It ends on its line with the same quotation mark, and has no backslash.',
      });
      offset = lineEnd(text, offset);
      continue;
    }
    report({ offset, message: `\`${wrong}\` is Lua that is not read here.`, remedy: luaForms });
    offset += wrong.length;
  }
  tokens.push({ kind: 'end', text: '', offset: text.length });
  return tokens;
}

function lineEnd(text: string, offset: number): number {
  const end = text.slice(offset).search(/[\r\n]/);
  return end === -1 ? text.length : offset + end;
}

/** What a section of Lua may hold. */
export const luaForms =
  'A section of Lua holds `Rules = Rules + { label = if_then("class.id", "state", Action.restart), _group = "checker" }` and `Rules.disable("label")`; it is read, not executed.';
