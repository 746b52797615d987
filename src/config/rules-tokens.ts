/** Words and signs of the rule language, with where they stand. Comments and blanks are left out. */

/** Something to be said about a text of rules; `offset` counts characters from the beginning of that text. */
export interface RuleFinding {
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

/** `name`: a keyword, a label, a state, or a resource with its dots; `sign`: an operator or bracket; `end`: the text is over. */
export interface RuleToken {
  readonly kind: 'name' | 'sign' | 'end';
  readonly text: string;
  readonly offset: number;
}

/**
 * A label, a keyword or a resource. After the first dot come the characters of identities in real configurations: addresses of either
 * family, paths, host names. A slash before a star begins a comment, a colon at the end of a name follows a label.
 */
const namePattern =
  /[\p{L}\p{N}_][\p{L}\p{N}_-]*(?:\.(?:[*?]|(?:[\p{L}\p{N}_%@+~#$-]|\/(?!\*)|:(?=[\p{L}\p{N}_:%]|\/(?!\*)))+))*/uy;
const signPattern = /&&|\|\||==|!=|[!():;]/y;
const blankPattern = /\s+/y;

/** What people write that comes from other languages, with what it is here. */
const foreign: Readonly<Record<string, readonly [sign: string, remedy: string]>> = {
  '=': ['==', 'Two values are compared with `==`.'],
  '&': ['&&', '`and` is written `&&`.'],
  '|': ['||', '`or` is written `||`.'],
};

function matchAt(pattern: RegExp, text: string, offset: number): string | null {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? null;
}

const remedyFor = (text: string, offset: number): string => {
  if (text.startsWith('//', offset)) return 'A comment is written /* … */.';
  if (text.startsWith('--', offset)) return 'A comment is written /* … */; a section of Lua begins with `--Lua Rules`.';
  return /["']/.test(text.charAt(offset)) ? 'Names and states stand without quotation marks.' : 'Take it out.';
};

/** Cuts a text into tokens. What is no token is reported and left out, or taken for what was probably meant. */
export function ruleTokens(text: string, report: (finding: RuleFinding) => void): readonly RuleToken[] {
  const tokens: RuleToken[] = [];
  let offset = 0;
  while (offset < text.length) {
    const blank = matchAt(blankPattern, text, offset);
    if (blank !== null) {
      offset += blank.length;
      continue;
    }
    if (text.startsWith('/*', offset)) {
      const end = text.indexOf('*/', offset + 2);
      if (end === -1) report({ offset, message: 'The comment that begins here is never closed.', remedy: 'Close it with `*/`.' });
      offset = end === -1 ? text.length : end + 2;
      continue;
    }
    const sign = matchAt(signPattern, text, offset);
    const found = sign ?? matchAt(namePattern, text, offset);
    if (found !== null) {
      tokens.push({ kind: sign === null ? 'name' : 'sign', text: found, offset });
      offset += found.length;
      continue;
    }
    const wrong = String.fromCodePoint(Number(text.codePointAt(offset)));
    const meant = foreign[wrong];
    report({ offset, message: `\`${wrong}\` has no place in a rule.`, remedy: meant?.[1] ?? remedyFor(text, offset) });
    if (meant !== undefined) tokens.push({ kind: 'sign', text: meant[0], offset });
    if (text.startsWith('//', offset) || text.startsWith('--', offset)) offset = endOfLine(text, offset);
    else offset += wrong.length;
  }
  return tokens;
}

function endOfLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end;
}
