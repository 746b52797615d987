import fc from 'fast-check';
import t from 'tap';
import { compilePosixRegex } from '../../src/config/posix-regex.js';

function matcher(pattern: string, ignoreCase = false): (text: string) => boolean {
  const result = compilePosixRegex(pattern, { ignoreCase });
  if (!result.ok) throw new Error(`${pattern}: ${result.message}`);
  return result.regex.test;
}

t.test('what matches and what does not', async (t) => {
  const cases: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
    ['', ['', 'a'], []],
    ['a', ['a', 'bab'], ['', 'b']],
    ['^a$', ['a'], ['ab', 'ba', '']],
    ['a|^b', ['xa', 'bx'], ['xb']],
    ['^(ab|c)*d', ['d', 'abcabd'], ['ad']],
    ['^a+$', ['a', 'aaa'], ['', 'ab']],
    ['^a?b$', ['b', 'ab'], ['aab']],
    ['^a{2}$', ['aa'], ['a', 'aaa']],
    ['^a{2,}$', ['aa', 'aaaaa'], ['a']],
    ['^a{1,3}$', ['a', 'aaa'], ['', 'aaaa']],
    ['^a{0}$', [''], ['a']],
    ['^(a*)*$', ['', 'aaa'], ['b']],
    ['^(a|)+b', ['b', 'aab'], ['c']],
    ['^()$', [''], ['a']],
    ['a||b', ['', 'x'], []],
    ['^.$', ['x', '\n', '😀'], ['', 'xy']],
    ['^[abc]$', ['a', 'c'], ['d', '']],
    ['^[^abc]$', ['d', '\n'], ['a']],
    ['^[a-cx]$', ['b', 'x'], ['d', '-']],
    ['^[a-]$', ['a', '-'], ['b']],
    ['^[-a]$', ['a', '-'], ['b']],
    ['^[]a]$', [']', 'a'], ['[']],
    ['^[^]a]$', ['b'], [']', 'a']],
    ['^[\\n]$', ['\\', 'n'], ['\n']],
    ['^[[:alnum:]_]+$', ['aZ9_', 'é'], ['-', '']],
    ['^[[:digit:]]$', ['7'], ['x']],
    ['^[[:space:]]$', [' ', '\t'], ['x']],
    ['^[[:punct:]]$', ['!', '+'], ['a']],
    ['^[^[:upper:]]$', ['a'], ['A']],
    ['^[[.-.]x]$', ['-', 'x'], ['.']],
    ['^[[=a=]]$', ['a'], ['=']],
    ['^[[.a.]-c]$', ['b'], ['-']],
    ['^[[x]$', ['[', 'x'], ['y']],
    ['\\.conf$', ['a.conf'], ['aconf']],
    ['^\\w+\\W\\S\\s$', ['ab-c '], ['ab cd']],
    [
      '^/usr/bin/java .*-jar app\\.jar( |$)',
      ['/usr/bin/java -Xmx1g -jar app.jar', '/usr/bin/java  -jar app.jar x'],
      ['/usr/bin/java -jar app.jars'],
    ],
    ['a)', ['a)'], ['a']],
    ['^}$', ['}'], []],
    ['^]$', [']'], []],
    ['x$y', [], ['x$y']],
  ];
  for (const [pattern, yes, no] of cases) {
    const matches = matcher(pattern);
    for (const text of yes) t.equal(matches(text), true, `${pattern} matches ${JSON.stringify(text)}`);
    for (const text of no) t.equal(matches(text), false, `${pattern} does not match ${JSON.stringify(text)}`);
  }
  t.equal(matcher('^ÄB[c-e]$', true)('äbD'), true);
  t.equal(matcher('^[^a]$', true)('A'), false);
});

t.test('what is refused', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['(a', /parenthesis is not closed/],
    ['[a', /bracket expression is not closed/],
    ['[', /bracket expression is not closed/],
    ['[a-', /bracket expression is not closed/],
    ['[z-a]', /runs backwards/],
    ['[[:letters:]]', /no class \[:letters:\]; there are alnum/],
    ['[[:toString:]]', /no class/],
    ['[[:alpha]', /\[: is not closed with :\]/],
    ['[[.ab.]]', /several characters/],
    ['*a', /\* repeats nothing/],
    ['a|+', /\+ repeats nothing/],
    ['(?:a)', /\? repeats nothing/],
    ['{2}', /\{ repeats nothing/],
    ['a{', /begins no repetition/],
    ['a{,3}', /begins no repetition/],
    ['a{2x}', /begins no repetition/],
    ['a{23', /begins no repetition/],
    ['a{3,2}', /upwards/],
    ['a{256}', /from 0 to 255/],
    ['a{999,}', /from 0 to 255/],
    ['a**', /two repetition signs/],
    ['a+?', /two repetition signs/],
    ['a\\', /nothing follows the last backslash/],
    ['\\d', /\\d means nothing/],
    ['(a)\\1', /\\1 means nothing/],
    ['(((a{99}){99}){99})', /more than 5000 states/],
    ['((((){255}){255}){255}){255}', /more than 5000 states/],
    ['('.repeat(33), /nested more than 32/],
    ['a'.repeat(1025), /more than 1024 characters/],
  ];
  for (const [pattern, message] of cases) {
    const result = compilePosixRegex(pattern, { ignoreCase: false });
    t.match(result, { ok: false, message }, pattern.slice(0, 40));
  }
});

t.test('a result remembers what it was made from', async (t) => {
  t.match(compilePosixRegex('a', { ignoreCase: true }), { ok: true, regex: { pattern: 'a', ignoreCase: true } });
});

t.test('no pattern and no text make it slow', async (t) => {
  const started = performance.now();
  t.equal(matcher('^(a+)+$')(`${'a'.repeat(20_000)}b`), false);
  t.equal(matcher('(a|aa)*c')('a'.repeat(20_000)), false);
  t.equal(matcher('.*.*.*=x')('y'.repeat(20_000)), false);
  t.ok(performance.now() - started < 5000, `${Math.round(performance.now() - started)} ms`);
});

t.test('what is remembered of texts is bounded, and forgetting it changes nothing', async (t) => {
  // Which of the last 15 letters are an a: 32,768 sets of states, more than are kept.
  const matches = matcher('(a|b)*a(a|b){14}$');
  let seed = 1;
  const letters = Array.from({ length: 6_000 }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed > 2 ** 30 ? 'a' : 'b';
  });
  for (let length = 5_000; length < 5_050; length += 1) {
    const text = letters.slice(0, length).join('');
    t.equal(matches(text), text.at(-15) === 'a', `the first ${length} letters`);
  }
  t.equal(matches(`${letters.join('')}é`), false, 'a letter that is not ASCII is not remembered');
});

t.test('agrees with JavaScript where both languages mean the same', async (t) => {
  const atom = fc.constantFrom('a', 'b', '[ab]', '[^a]', '.', '(a|b)', '(ab)', '^', '$');
  const piece = fc
    .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}'))
    .map(([part, sign]) => (/[$^]$/.test(part) && part.length === 1 ? part : part + sign));
  const pattern = fc.array(piece, { maxLength: 5 }).map((parts) => parts.join(''));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), text, (alternatives, subject) => {
      const source = alternatives.join('|');
      return matcher(source)(subject) === new RegExp(source, 's').test(subject);
    }),
    { numRuns: 3000 },
  );
  t.pass('3,000 patterns');
});

t.test('never throws on any pattern', async (t) => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: fc.constantFrom(...'ab()[]{}*+?|^$\\.,-:=12'), maxLength: 20 })),
      fc.string(),
      (pattern, text) => {
        const result = compilePosixRegex(pattern, { ignoreCase: true });
        return result.ok ? typeof result.regex.test(text) === 'boolean' : result.message.length > 0;
      },
    ),
    { numRuns: 5000 },
  );
  t.throws(
    () => Reflect.apply(compilePosixRegex, undefined, [null, { ignoreCase: false }]),
    TypeError,
    "a caller's mistake is not taken for one of the pattern",
  );
});
