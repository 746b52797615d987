import fc from 'fast-check';
import t from 'tap';
import { canonicalAddress, isHost, isHostName } from '../../src/config/addresses.js';
import { integer, time } from '../../src/config/attribute-types.js';
import { deepFreeze } from '../../src/config/freeze.js';
import { editDistance, nearestName } from '../../src/config/nearest.js';
import { createProblemReport, formatProblems, mostProblems } from '../../src/config/problems.js';
import { createSourceLines } from '../../src/config/source-lines.js';
import { formatTime, parseTime, type TimeUnit, unitMs } from '../../src/config/time-value.js';

t.test('times', async (t) => {
  const cases: readonly (readonly [string, TimeUnit, number])[] = [
    ['24', 'h', 86_400_000],
    ['24h', 'h', 86_400_000],
    ['1d', 'h', 86_400_000],
    ['90', 's', 90_000],
    ['2m', 's', 120_000],
    ['3000ms', 's', 3000],
    ['5 s', 'ms', 5000],
    ['250000us', 'ms', 250],
    ['0', 's', 0],
    ['0ms', 's', 0],
  ];
  for (const [text, unit, ms] of cases) t.same(parseTime(text, unit), { ok: true, value: ms }, text);
  t.match(parseTime('500ms', 's'), { ok: false, code: 'CONF_TIME_UNIT', message: /invalid value: the expected time unit is s/ });
  t.match(parseTime('59m', 'h'), { ok: false, code: 'CONF_TIME_UNIT' });
  t.match(parseTime('1999ms', 's'), { ok: true, value: 1000, warning: { code: 'CONF_TIME_ROUNDED' } });
  for (const text of ['', 's', '-1s', '1.5s', '1 week', '1S', '1e3', '0x10', '9'.repeat(16), ' 1', '1toString'])
    t.match(parseTime(text, 's'), { ok: false, code: 'CONF_ATTRIBUTE_VALUE' }, text);
});

t.test('a time survives being written and read', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (ms) => {
      const parsed = parseTime(formatTime(ms), 'ms');
      return parsed.ok && parsed.value === ms && parsed.warning === undefined;
    }),
  );
  const unit = fc.constantFrom<TimeUnit>('d', 'h', 'm', 's', 'ms');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), unit, unit, (amount, written, implicit) => {
      const exact = amount * unitMs[written];
      const parsed = parseTime(`${amount}${written}`, implicit);
      if (exact < unitMs[implicit]) return !parsed.ok && parsed.code === 'CONF_TIME_UNIT';
      return (
        parsed.ok &&
        parsed.value === exact - (exact % unitMs[implicit]) &&
        (parsed.warning === undefined) === (exact % unitMs[implicit] === 0)
      );
    }),
  );
  t.equal(formatTime(0), '0ms');
  t.equal(formatTime(86_400_000), '1d');
  t.equal(formatTime(90_000), '90s');
});

t.test('limits of attributes', async (t) => {
  const wait = time('wait', 10, 's', 'Doc.');
  t.match(wait.parse('0'), { ok: false, code: 'CONF_ATTRIBUTE_VALUE' });
  t.match(wait.parse('24d'), { ok: true });
  t.match(wait.parse('25d'), { ok: false }, 'longer than the timers of Node');
  t.match(wait.parse('7'), { ok: true, value: 7000 });
  t.equal(wait.fallback, 10_000);
  const count = integer('count', 1, 'Doc.', -1, 5);
  for (const good of ['-1', ' 5 ', '0', '005']) t.match(count.parse(good), { ok: true }, good);
  for (const bad of ['-2', '6', '', '1.0', '1e0', '--1', '0x1', '+1']) t.match(count.parse(bad), { ok: false }, bad);
});

t.test('addresses', async (t) => {
  for (const good of [
    '10.0.0.1',
    '::1',
    '[::1]',
    'fe80::1%eth0',
    'n1',
    'n1.example.org.',
    'my_host',
    'a-b',
    'xn--bcher-kva.example',
  ])
    t.ok(isHost(good), good);
  for (const bad of [
    '',
    '.',
    '10.0.0',
    '10.0.0.256',
    '1',
    'a b',
    '-a',
    'a-',
    'a..b',
    '[n1]',
    '[10.0.0.1]',
    'a:80',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(127)}a`,
    '%A%',
  ])
    t.notOk(isHost(bad), bad);
  t.notOk(isHostName(''));
  t.equal(canonicalAddress('[2001:DB8:0::1]'), canonicalAddress('2001:db8::1'));
  t.equal(canonicalAddress('fe80::1%ETH0'), 'fe80::1%eth0');
  t.equal(canonicalAddress('N1.Example.'), 'n1.example');
});

t.test('the nearest name', async (t) => {
  t.equal(editDistance('kitten', 'sitting'), 3);
  t.equal(editDistance('', 'abc'), 3);
  t.equal(editDistance('abc', ''), 3);
  t.equal(nearestName('polltimr', ['name', 'polltimer']), 'polltimer');
  t.equal(nearestName('PollTimer', ['polltimer']), 'polltimer');
  t.equal(nearestName('x', ['to']), null, 'nothing in common');
  t.equal(nearestName('completely', ['different']), null);
  t.equal(nearestName('a'.repeat(65), ['a'.repeat(64)]), null);
  fc.assert(
    fc.property(
      fc.string({ maxLength: 12 }),
      fc.string({ maxLength: 12 }),
      (a, b) => editDistance(a, b) === editDistance(b, a) && (editDistance(a, b) === 0) === (a === b),
    ),
  );
});

t.test('lines and columns', async (t) => {
  const text = 'ab\ncd\r\ne\rf\n';
  const at = createSourceLines(text);
  const expected = ['1:1', '1:2', '1:3', '2:1', '2:2', '2:3', '2:4', '3:1', '3:2', '4:1', '4:2', '5:1'];
  t.same(
    Array.from({ length: text.length + 1 }, (_, offset) => `${at(offset).line}:${at(offset).column}`),
    expected,
  );
});

t.test('findings are bounded, sorted and safe to print', async (t) => {
  const report = createProblemReport('f.xml');
  report.warning({ path: 'b', position: { line: 2, column: 3 } }, 'CONF_TEXT', 'Second.', 'Remedy.');
  report.error(
    { path: 'a', position: { line: 1, column: 1 }, attribute: 'x', value: `\u001b[2J${'y'.repeat(300)}` },
    'CONF_XML',
    `First \u001b[2J\n${'z'.repeat(300)}`,
    '',
  );
  t.ok(report.failed());
  const [first] = report.all();
  t.equal(first?.value?.length, 201);
  const printed = formatProblems(report.all()).split('\n');
  t.equal(printed.length, 2);
  t.match(printed[0], /^f\.xml:1:1: error CONF_XML: First \?\[2J\?z+…$/);
  t.equal(printed[1], 'f.xml:2:3: warning CONF_TEXT: Second. Remedy.');
  t.equal(formatProblems([]), '');
  const many = createProblemReport('f.xml');
  for (let index = 0; index < mostProblems + 100; index += 1)
    many.warning({ path: '', position: { line: 1, column: 1 } }, 'CONF_TEXT', 'x', '');
  t.equal(many.all().length, mostProblems + 1);
  t.ok(many.failed(), 'a file that is not judged to its end is not good');
});

t.test('freezing', async (t) => {
  const value = deepFreeze({ a: [{ b: 1 }], c: null, d: 'x' });
  t.ok(Object.isFrozen(value) && Object.isFrozen(value.a) && Object.isFrozen(value.a[0]));
  t.equal(deepFreeze(value), value);
});
