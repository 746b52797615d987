import { parsePosixRegex, type RegexNode, RegexSyntaxError } from './posix-regex-parser.js';

/** Most states that a compiled pattern may have: a bound on the time per character of a text. */
const mostStates = 5000;
/** How much may be remembered of the texts that a pattern was tried on, in numbers: some megabytes at most. */
const mostKept = 200_000;

/** A compiled pattern. The time of `test` is linear in the length of the text, whatever the pattern. */
export interface PosixRegex {
  readonly pattern: string;
  readonly ignoreCase: boolean;
  /** Whether the pattern matches somewhere in the text. */
  readonly test: (text: string) => boolean;
}
/** A compiled pattern, or what is wrong with it in half a sentence. */
export type PosixRegexResult =
  | { readonly ok: true; readonly regex: PosixRegex }
  | { readonly ok: false; readonly message: string };

/** States of the automaton: `set` consumes one character, `fork` goes on in both ways, `start` and `end` ask where in the text it is. */
type State =
  | { readonly kind: 'set'; readonly accepts: (character: string) => boolean; readonly next: number }
  | { readonly kind: 'fork'; readonly next: readonly number[] }
  | { readonly kind: 'start' | 'end'; readonly next: number }
  | { readonly kind: 'match' };

function createSet(source: string, flags: string): (character: string) => boolean {
  // One character at a time: a JavaScript expression of one class cannot backtrack.
  const expression = new RegExp(`^${source}$`, flags);
  const ascii = Array.from({ length: 128 }, (_, code) => expression.test(String.fromCharCode(code)));
  return (character) => ascii[character.length === 1 ? character.charCodeAt(0) : 128] ?? expression.test(character);
}

const tooLarge = (): RegexSyntaxError => new RegexSyntaxError(`it needs more than ${mostStates} states; use smaller repetitions`);

/** Builds the automaton backwards: each part is told which state follows it. */
function build(root: RegexNode, flags: string): { readonly states: readonly State[]; readonly first: number } {
  const states: State[] = [{ kind: 'match' }];
  const sets = new Map<string, (character: string) => boolean>();
  const add = (state: State): number => {
    if (states.length === mostStates) throw tooLarge();
    states.push(state);
    return states.length - 1;
  };
  let steps = 0;
  const compile = (node: RegexNode, next: number): number => {
    // Repetitions of nothing add no states, but nested ones would take for ever.
    steps += 1;
    if (steps > 4 * mostStates) throw tooLarge();
    switch (node.kind) {
      case 'empty':
        return next;
      case 'start':
      case 'end':
        return add({ kind: node.kind, next });
      case 'set': {
        const accepts = sets.get(node.source) ?? createSet(node.source, flags);
        sets.set(node.source, accepts);
        return add({ kind: 'set', accepts, next });
      }
      case 'sequence':
        return compileAll(node.parts, next);
      case 'choice':
        return node.parts.length === 1
          ? compileAll(node.parts, next)
          : add({ kind: 'fork', next: node.parts.map((part) => compile(part, next)) });
      case 'repeat': {
        let following = next;
        if (node.max === Number.POSITIVE_INFINITY) {
          const ways: number[] = [next];
          following = add({ kind: 'fork', next: ways });
          ways.push(compile(node.part, following));
        } else {
          for (let count = node.min; count < node.max; count += 1)
            following = add({ kind: 'fork', next: [next, compile(node.part, following)] });
        }
        for (let count = 0; count < node.min; count += 1) following = compile(node.part, following);
        return following;
      }
    }
  };
  const compileAll = (parts: readonly RegexNode[], next: number): number =>
    parts.reduceRight((following, part) => compile(part, following), next);
  const first = compile(root, 0);
  return { states, first };
}

/** What is alive between two characters of a text, with what is known of where each character leads. */
interface Node {
  /** States that wait for the next character. */
  readonly consuming: readonly number[];
  /** The pattern has matched. */
  readonly matches: boolean;
  /** It has if the text ends here. */
  readonly matchesAtEnd: boolean;
  /** Nodes behind the ASCII characters that were met so far. */
  readonly next: (Node | undefined)[];
}

/**
 * Runs the automaton on all alternatives at once. Sets of states that were met are kept as nodes, so that most characters cost one look
 * into a table; when too much is kept, it is forgotten and begins anew.
 */
function createTest(states: readonly State[], first: number): (text: string) => boolean {
  const marks = new Int32Array(states.length);
  let mark = 0;
  let nodes = new Map<string, Node>();
  let kept = 0;
  let begin: Node | null = null;

  /** Follows everything that consumes nothing; calls back with each state that consumes. @returns whether the match was reached */
  function follow(waiting: readonly number[], atStart: boolean, atEnd: boolean, consumes: (index: number) => void): boolean {
    mark += 1;
    let matched = false;
    // A match may begin anywhere, so the first state is alive at every position.
    const pending = [...waiting, first];
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (marks[index] === mark) continue;
      marks[index] = mark;
      const state = states[index];
      if (state?.kind === 'match') matched = true;
      if (state?.kind === 'set') consumes(index);
      if (state?.kind === 'fork') pending.push(...state.next);
      if (state?.kind === 'start' && atStart) pending.push(state.next);
      if (state?.kind === 'end' && atEnd) pending.push(state.next);
    }
    return matched;
  }
  function make(waiting: readonly number[], atStart: boolean): Node {
    const consuming: number[] = [];
    const matches = follow(waiting, atStart, false, (index) => consuming.push(index));
    const matchesAtEnd = matches || follow(waiting, atStart, true, () => undefined);
    return { consuming, matches, matchesAtEnd, next: new Array<Node | undefined>(128) };
  }
  function behind({ consuming }: Node, character: string): Node {
    const waiting = [
      ...new Set(
        consuming.flatMap((index) => {
          const state = states[index];
          return state?.kind === 'set' && state.accepts(character) ? [state.next] : [];
        }),
      ),
    ].sort((left, right) => left - right);
    const key = waiting.join(' ');
    const known = nodes.get(key);
    if (known !== undefined) return known;
    kept += 128 + waiting.length;
    if (kept > mostKept) {
      nodes = new Map();
      begin = null;
      kept = 0;
    }
    const node = make(waiting, false);
    nodes.set(key, node);
    return node;
  }
  return (text) => {
    begin ??= make([], true);
    let node = begin;
    for (const character of text) {
      if (node.matches) return true;
      const code = character.length === 1 ? character.charCodeAt(0) : 128;
      const known = node.next[code];
      if (known !== undefined) node = known;
      else {
        const found = behind(node, character);
        if (code < 128) node.next[code] = found;
        node = found;
      }
    }
    return node.matchesAtEnd;
  };
}

/**
 * Compiles a POSIX extended regular expression (IEEE 1003.1, section 9.4), as `nameregex`, `argregex` and `regexpath` have it.
 *
 * Known: `. * + ? {n} {n,} {n,m} ( ) | ^ $`, bracket expressions with ranges, `[:class:]` and single `[.x.]` and `[=x=]`, a backslash before
 * a special character, and `\w \W \s \S`. Refused rather than guessed: back references, look-around, lazy repetition, `\d`, `\b`, and whatever the standard leaves undefined.
 * Letters are those of Unicode; ranges go by code point. It is matched by an automaton of our own and not by JavaScript's backtracking engine, because the
 * texts are command lines that any user of the machine may choose: no pattern and no text can make it slow.
 */
export function compilePosixRegex(pattern: string, options: { readonly ignoreCase: boolean }): PosixRegexResult {
  try {
    const { states, first } = build(parsePosixRegex(pattern), options.ignoreCase ? 'iu' : 'u');
    return { ok: true, regex: { pattern, ignoreCase: options.ignoreCase, test: createTest(states, first) } };
  } catch (error) {
    if (!(error instanceof RegexSyntaxError)) throw error;
    return { ok: false, message: error.message };
  }
}
