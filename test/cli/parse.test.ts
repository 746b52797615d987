import fc from 'fast-check';
import t from 'tap';
import { CliError } from '../../src/cli/cli-error.js';
import type { CommandSpec } from '../../src/cli/command.types.js';
import { commandNamed } from '../../src/cli/lookup.js';
import { durationMs, parseCommandLine, wholeNumber } from '../../src/cli/parse.js';
import { commands } from '../../src/cli/table.js';

function spec(first: string, second?: string): CommandSpec {
  const found = commandNamed(commands, first, second);
  if (found === undefined) throw new Error(`no command ${first} ${second}`);
  return found;
}
function options(words: string): Readonly<Record<string, unknown>> {
  const [first = '', ...rest] = words.split(' ');
  return { ...parseCommandLine(spec(first), rest).options };
}
function refusal(words: string): string {
  try {
    options(words);
  } catch (error) {
    if (error instanceof CliError && error.code === 'USAGE') return error.message;
    throw error;
  }
  return 'accepted';
}

t.test('the options of existing scripts', async (t) => {
  t.strictSame(options('kill -name=httpd -argregex=^-k -level=9 -m AM'), {
    name: 'httpd',
    argregex: '^-k',
    level: '9',
    module: 'AM',
  });
  t.strictSame(options('kill -m AM -level terminate --name httpd'), { module: 'AM', level: 'terminate', name: 'httpd' });
  t.match(refusal('kill -nme=httpd -level=9'), 'there is no option -n here');
  t.match(refusal('kill -- -name=httpd'), "'-name=httpd' is one word too many");
  t.strictSame(options('state -m AM -lq'), { module: 'AM', list: true, quiet: true });
  t.strictSame(options('state -m AM -v'), { module: 'AM', verbose: true });
  t.strictSame(options('log -m AM -s 300 -A -l en'), { module: 'AM', lines: '300', all: true, language: 'en' });
  t.strictSame(options('log -A -s 5 -m AM'), { all: true, lines: '5', module: 'AM' });
  t.strictSame(options('set -r custom.web -v up -n -l -i me -m AM'), {
    resource: 'custom.web',
    value: 'up',
    nolog: true,
    log: true,
    identity: 'me',
    module: 'AM',
  });
  t.strictSame(options('get -r proc.x -m AM'), { resource: 'proc.x', module: 'AM' });
  t.strictSame(options('stop -i checker'), { identity: 'checker' });
  t.strictSame(parseCommandLine(spec('module', 'install'), ['-m', 'AM', '-M', '4', '-r', 'x.safe']), {
    options: { module: 'AM', id: '4', replace: true },
    operands: ['x.safe'],
  });
  t.strictSame(parseCommandLine(spec('module', 'getports'), ['-i', '4']).options, { moduleid: '4' });
});

t.test('refusals say what to change', async (t) => {
  t.equal(refusal('state --verbos'), 'there is no option --verbos here; did you mean --verbose?');
  t.match(refusal('state -x'), /^there is no option -x here; there are .*--json.* -m/);
  t.equal(refusal('start -m'), 'option -m needs a value');
  t.equal(refusal('start -m -i x'), 'option -m needs a value; one that begins with a dash is written --name=VALUE');
  t.equal(refusal('start --wait=yes'), 'option --wait takes no value');
  t.equal(refusal('start farm'), "'farm' is one word too many for start");
  t.equal(refusal('logsave -m farm'), 'FILE is missing: Absolute path of the file; one that is there is replaced.');
  t.equal(refusal('restart -m farm -Services a'), "'-Services' is not supported yet");
  t.equal(refusal('logsave -h'), 'accepted', 'help is shown whatever else is missing');
});

t.test('any text can be printed', async (t) => {
  const printe = spec('printe');
  fc.assert(
    fc.property(
      fc.array(
        fc.string().filter((word) => !/^(-[hmi]|--(json|socket|help|module|identity)(=.*)?|--)$/s.test(word)),
        { minLength: 1 },
      ),
      (words) => {
        const { options: found, operands } = parseCommandLine(printe, ['-m', 'farm', ...words, '-i', 'me']);
        t.strictSame([found, operands], [{ module: 'farm', identity: 'me' }, words]);
      },
    ),
    { numRuns: 200 },
  );
  t.strictSame(parseCommandLine(printe, ['--', '-m', 'x']), { options: {}, operands: ['-m', 'x'] });
  t.strictSame(parseCommandLine(printe, ['--module=farm', 'x']), { options: { module: 'farm' }, operands: ['x'] });
});

t.test('nothing but USAGE comes out of odd words', async (t) => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('-m', '-lq', '--', '-', '--json', '--json=1', '-m=', '--module', '-A', '-s', '--=', '-\u0000'),
  );
  fc.assert(
    fc.property(fc.array(word), fc.constantFrom('state', 'log', 'set', 'printe', 'waitstate', 'help'), (words, name) => {
      try {
        parseCommandLine(spec(name), words);
      } catch (error) {
        if (!(error instanceof CliError && error.code === 'USAGE')) throw error;
      }
      return true;
    }),
    { numRuns: 2000 },
  );
  t.pass('2000 command lines');
});

t.test('numbers and durations', async (t) => {
  t.equal(wholeNumber('300', '-s', 1, 1000), 300);
  for (const text of ['', '0', '1001', '-1', '1e3', '1.5', ' 1', '9'.repeat(20)])
    t.throws(() => wholeNumber(text, '-s', 1, 1000), { code: 'USAGE' }, text);
  t.equal(durationMs('30', '--timeout'), 30_000);
  t.equal(durationMs('500ms', '--timeout'), 500);
  t.equal(durationMs('2m', '--timeout'), 120_000);
  t.equal(durationMs('1h', '--timeout'), 3_600_000);
  for (const text of ['', '1d', '-1', '1.5s', '31536000', '721h'])
    t.throws(() => durationMs(text, '--timeout'), { code: 'USAGE' }, text);
});
