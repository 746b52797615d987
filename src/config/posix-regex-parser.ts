/** Limits that keep the cost of a pattern small, whoever wrote it. */
export const regexLimits = { patternLength: 1024, repetitions: 255, nesting: 32 } as const;

/** Syntax tree of a POSIX extended regular expression. */
export type RegexNode =
  | { readonly kind: 'empty' | 'start' | 'end' }
  | { readonly kind: 'set'; readonly source: string }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly part: RegexNode; readonly min: number; readonly max: number };

/** Classes of POSIX by their JavaScript equivalents inside a bracket expression with the `u` flag. */
const namedClasses: ReadonlyMap<string, string> = new Map(
  Object.entries({
    alnum: '\\p{L}\\p{Nd}',
    alpha: '\\p{L}',
    blank: ' \\t',
    cntrl: '\\p{Cc}',
    digit: '0-9',
    graph: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}',
    lower: '\\p{Ll}',
    print: ' \\p{L}\\p{M}\\p{N}\\p{P}\\p{S}',
    punct: '\\p{P}\\p{S}',
    space: '\\s',
    upper: '\\p{Lu}',
    xdigit: '0-9A-Fa-f',
  }),
);

/** Raised for a pattern that is not understood; `compilePosixRegex` turns it into a result. */
export class RegexSyntaxError extends Error {}

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/u, '\\$&');

/** Recursive descent over one pattern. */
export function parsePosixRegex(pattern: string): RegexNode {
  if (pattern.length > regexLimits.patternLength)
    throw new RegexSyntaxError(`it has more than ${regexLimits.patternLength} characters`);
  const characters = [...pattern];
  let at = 0;
  let nesting = 0;
  const peek = (offset = 0): string => characters[at + offset] ?? '';
  const take = (): string => {
    at += 1;
    return characters[at - 1] ?? '';
  };
  const fail = (message: string): never => {
    throw new RegexSyntaxError(`${message} (at character ${Math.min(at, characters.length) + 1})`);
  };

  /** The inner part of `[:alpha:]`, `[.-.]` or `[=a=]`, of which `[` has been taken. */
  const bracketName = (mark: string): string => {
    const end = characters.findIndex((character, index) => index > at && character === mark && characters[index + 1] === ']');
    if (end === -1) return fail(`[${mark} is not closed with ${mark}]`);
    const name = characters.slice(at + 1, end).join('');
    at = end + 2;
    return name;
  };
  const bracketCharacter = (): string => {
    const character = take();
    if (character !== '[' || !['.', '='].includes(peek())) return character;
    const name = bracketName(peek());
    return [...name].length === 1 ? name : fail('collating elements of several characters do not exist here');
  };
  const bracket = (): RegexNode => {
    const negated = peek() === '^';
    if (negated) at += 1;
    let inside = '';
    for (let first = true; first || peek() !== ']'; first = false) {
      if (peek() === '') return fail('the bracket expression is not closed');
      if (peek() === '[' && peek(1) === ':') {
        at += 1;
        const name = bracketName(':');
        inside +=
          namedClasses.get(name) ?? fail(`there is no class [:${name}:]; there are ${[...namedClasses.keys()].join(', ')}`);
        continue;
      }
      const from = bracketCharacter();
      if (peek() !== '-' || peek(1) === ']' || peek(1) === '') {
        inside += literal(from);
        continue;
      }
      at += 1;
      const to = bracketCharacter();
      if (from > to) return fail(`the range ${from}-${to} runs backwards`);
      inside += `${literal(from)}-${literal(to)}`;
    }
    at += 1;
    return { kind: 'set', source: `[${negated ? '^' : ''}${inside}]` };
  };
  const escaped = (): RegexNode => {
    const character = take();
    if (/^[\\^$.*+?()[\]{}|/"'<>&%#@!~`,;:=_ -]$/u.test(character)) return { kind: 'set', source: `[${literal(character)}]` };
    if (/^[wWsS]$/.test(character)) return { kind: 'set', source: `[\\${character}]` };
    if (character === '') return fail('nothing follows the last backslash');
    return fail(`\\${character} means nothing in an extended regular expression; classes are written [[:digit:]]`);
  };
  const atom = (): RegexNode => {
    const character = take();
    switch (character) {
      case '(': {
        nesting += 1;
        if (nesting > regexLimits.nesting) return fail(`parentheses are nested more than ${regexLimits.nesting} deep`);
        const inner = choice();
        if (take() !== ')') return fail('a parenthesis is not closed');
        nesting -= 1;
        return inner;
      }
      case '[':
        return bracket();
      case '\\':
        return escaped();
      case '.':
        return { kind: 'set', source: '[^]' };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '*':
      case '+':
      case '?':
      case '{':
        return fail(`${character} repeats nothing; write \\${character} for the character itself`);
      default:
        return { kind: 'set', source: `[${literal(character)}]` };
    }
  };
  const interval = (): readonly [number, number] => {
    const end = characters.indexOf('}', at);
    const [whole, low = '', comma, high = ''] = /^(\d+)(,)?(\d*)$/.exec(characters.slice(at, Math.max(end, at)).join('')) ?? [];
    if (whole === undefined || (comma === undefined && high !== ''))
      return fail('{ begins no repetition such as {2} or {1,3}; write \\{ for the character itself');
    at = end + 1;
    const min = Number(low);
    const max = comma === undefined ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high);
    const largest = max === Number.POSITIVE_INFINITY ? min : max;
    if (largest > regexLimits.repetitions || min > max)
      return fail(`a repetition counts from 0 to ${regexLimits.repetitions}, upwards`);
    return [min, max];
  };
  const repeated = (): RegexNode => {
    const part = atom();
    const signs: Readonly<Record<string, readonly [number, number]>> = {
      '*': [0, Number.POSITIVE_INFINITY],
      '+': [1, Number.POSITIVE_INFINITY],
      '?': [0, 1],
    };
    const sign = peek();
    if (sign === '' || !'*+?{'.includes(sign)) return part;
    at += 1;
    const [min, max] = signs[sign] ?? interval();
    if (peek() !== '' && '*+?{'.includes(peek())) return fail('two repetition signs follow each other; use parentheses');
    return { kind: 'repeat', part, min, max };
  };
  const sequence = (): RegexNode => {
    const parts: RegexNode[] = [];
    while (peek() !== '' && peek() !== '|' && (peek() !== ')' || nesting === 0)) parts.push(repeated());
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  };
  const choice = (): RegexNode => {
    const parts = [sequence()];
    while (peek() === '|') {
      at += 1;
      parts.push(sequence());
    }
    return { kind: 'choice', parts };
  };
  return choice();
}
