import fc from 'fast-check';
import t from 'tap';
import { compilePosixRegex } from '../../src/config/posix-regex.js';
import { compileMatcher } from '../../src/machines/process-match.js';

const proc = (settings: Partial<{ name: string; nameRegex: string | null; argRegex: string | null; service: boolean }>) => ({
  name: 'app',
  nameRegex: null,
  argRegex: null,
  service: false,
  ...settings,
});
const compile = (settings: Parameters<typeof proc>[0], platform: 'linux' | 'windows' = 'linux') =>
  compileMatcher(proc(settings), platform, compilePosixRegex);

t.test('a name is compared as the kernel keeps it: whole up to 15 bytes, cut beyond', async (t) => {
  const cases: readonly [wanted: string, name: string, expected: boolean][] = [
    ['nginx', 'nginx', true],
    ['nginx', 'nginx2', false],
    ['nginx', 'Nginx', false],
    ['averyveryverylongname', 'averyveryverylo', true],
    ['averyveryverylo', 'averyveryverylo', true],
    ['averyveryverylongname', 'averyveryveryl', false],
    ['averyveryverylongname', 'averyveryverylongname', false],
    ['blank (name)', 'blank (name)', true],
    // 14 bytes and a letter of two: the kernel keeps half of it.
    ['abcdefghijklmnü', 'abcdefghijklmn\uFFFD', true],
    ['abcdefghijklmnü', 'abcdefghijklmn', false],
    ['abcdefghijklm€x', 'abcdefghijklm\uFFFD', true],
    ['abcdefghijklm😀', 'abcdefghijklm\uFFFD\uFFFD', true],
    ['abcdefghijklmü', 'abcdefghijklmü', true],
  ];
  for (const [wanted, name, expected] of cases)
    t.equal(compile({ name: wanted }).matches({ name, args: [] }), expected, `${wanted} ~ ${name}`);
});

t.test('any ASCII name finds the process that bears it', async () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 40 }).filter((s) => /^[\x20-\x7e]+$/.test(s)),
      (name) => compile({ name }).matches({ name: name.slice(0, 15), args: [] }),
    ),
  );
});

t.test('nameregex stands in for the name, argregex comes on top of it', async (t) => {
  const java = { name: 'java', args: ['/usr/bin/java', '-jar', 'shop.jar'] };
  t.ok(compile({ name: 'shop', nameRegex: '^ja' }).matches(java));
  t.notOk(compile({ name: 'java', nameRegex: '^ruby' }).matches(java));
  t.ok(compile({ name: 'java', argRegex: 'java -jar shop\\.jar$' }).matches(java));
  t.notOk(compile({ name: 'java', argRegex: 'other' }).matches(java));
  t.notOk(compile({ name: 'shop', argRegex: 'shop' }).matches(java), 'the name must hold as well');
  t.ok(compile({ name: 'shop', nameRegex: 'java', argRegex: 'shop' }).matches(java));
  t.notOk(compile({ name: 'java', argRegex: 'SHOP' }).matches(java), 'case counts on Linux');
});

t.test('Windows compares without case, up to 63 characters, with or without .exe', async (t) => {
  t.ok(compile({ name: 'W3WP.exe' }, 'windows').matches({ name: 'w3wp.exe', args: [] }));
  t.ok(compile({ name: 'w3wp' }, 'windows').matches({ name: 'w3wp.exe', args: [] }));
  t.notOk(compile({ name: 'w3w' }, 'windows').matches({ name: 'w3wp.exe', args: [] }));
  t.ok(compile({ name: 'x'.repeat(80) }, 'windows').matches({ name: 'x'.repeat(63), args: [] }));
  t.ok(compile({ name: 'w3wp', argRegex: 'POOL' }, 'windows').matches({ name: 'w3wp.exe', args: ['w3wp.exe', 'pool'] }));
  t.notOk(compile({ name: 'a', nameRegex: 'w3wp' }, 'windows').matches({ name: 'w3wp.exe', args: [] }), 'nameregex is for Linux');
});

t.test('a service matches no process, and a bad pattern matches nothing and says why', async (t) => {
  t.notOk(compile({ service: true }).matches({ name: 'app', args: [] }));
  t.equal(compile({ service: true }).problem, null);
  t.match(compile({ nameRegex: '(' }).problem, /^nameregex: /);
  t.match(compile({ argRegex: '[' }).problem, /^argregex: /);
  t.notOk(compile({ argRegex: '[' }).matches({ name: 'app', args: ['['] }));
});

t.test('arguments are needed only where a pattern for them is given, and the name fits', async (t) => {
  const needs = (settings: Parameters<typeof proc>[0], name: string): boolean => compile(settings).matches.needsArguments(name);
  t.equal(needs({ name: 'app' }, 'app'), false);
  t.equal(needs({ name: 'app', argRegex: 'x' }, 'app'), true);
  t.equal(needs({ name: 'app', argRegex: 'x' }, 'other'), false);
  t.equal(needs({ nameRegex: '^a', argRegex: 'x' }, 'another'), true);
  t.equal(needs({ argRegex: '(' }, 'app'), false, 'a pattern that is none matches nothing');
  t.equal(needs({ service: true, argRegex: 'x' }, 'app'), false);
});
