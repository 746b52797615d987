import { readFileSync } from 'node:fs';
import t from 'tap';
import { laterSpellings } from '../../src/cli/later.js';
import { groupsOf } from '../../src/cli/lookup.js';
import { optionsOf, parseCommandLine } from '../../src/cli/parse.js';
import { commands } from '../../src/cli/table.js';
import { runCli } from './harness.js';

t.test('every command', async (t) => {
  for (const spec of commands) {
    const name = spec.words.join(' ');
    t.test(name, async (t) => {
      const help = await runCli(['help', ...spec.words]);
      t.equal(help.code, 0);
      t.match(help.out, `Usage: holdfast ${name}`);
      t.match(help.out, /\nExamples:\n {2}.*holdfast .*\n {6}\S.*\.\n/, 'help shows an example');
      t.strictSame(await runCli([...spec.words, '--help']), help, '--help shows the same');
      t.strictSame(await runCli([...spec.words, '-h']), help);
      t.notMatch(spec.summary, /\.$/);
      t.match(spec.details, /\.$/);
      for (const option of optionsOf(spec)) t.match(option.help, /^[^a-z].*[.]$/, `--${option.name} is explained`);
      const shorts = optionsOf(spec).flatMap((option) => option.short ?? []);
      t.equal(new Set(shorts).size, shorts.length, 'no letter has two meanings');
      const names = optionsOf(spec).map((option) => option.name);
      t.equal(new Set(names).size, names.length, 'no name has two meanings');
    });
  }
});

t.test('examples are command lines that parse', async (t) => {
  for (const spec of commands) {
    for (const { line } of spec.examples) {
      const command = /holdfast ([^;|<>)]*)/.exec(line)?.[1]?.trim() ?? '';
      const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
      t.strictSame(words.slice(0, spec.words.length), [...spec.words], line);
      const parsed = parseCommandLine(spec, words.slice(spec.words.length));
      if (spec.module === 'required') t.type(parsed.options['module'], 'string', line);
    }
  }
});

t.test('overview, groups, and where they are asked for', async (t) => {
  const overview = await runCli([]);
  t.equal(overview.code, 0);
  for (const spec of commands) t.match(overview.out, `  ${spec.words.join(' ')} `);
  for (const argv of [['help'], ['--help'], ['-h']]) t.strictSame(await runCli(argv), overview);
  for (const [group, members] of groupsOf(commands)) {
    const help = await runCli([group, '--help']);
    t.strictSame(await runCli(['help', group]), help);
    for (const member of members) t.match(help.out, `  ${group} ${member} `);
    t.strictSame(await runCli([group]), {
      code: 2,
      out: '',
      err: `USAGE: ${group} needs one of: ${members.join(' ')} (holdfast help ${group} shows how)\n`,
    });
  }
  t.strictSame(await runCli(['--help', 'state']), await runCli(['help', 'state']));
});

t.test('version', async (t) => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  t.match(manifest, {
    version: (await runCli(['version'])).out.trim(),
    bin: { holdfast: 'dist/cli/main.js', holdfastd: 'dist/main.js' },
  });
  t.strictSame(await runCli(['--version']), await runCli(['version']));
});

t.test('words that come later are known', async (t) => {
  for (const word of laterSpellings()) {
    t.strictSame(await runCli([...word.split(' '), '-m', 'farm']), {
      code: 2,
      out: '',
      err: `USAGE: '${word}' is not supported yet\n`,
    });
  }
  t.match((await runCli(['help', 'swap'])).err, "USAGE: 'swap' is not supported yet\n");
  t.match(JSON.parse((await runCli(['swap', '--json'])).err), { code: 'USAGE' });
});

t.test('misspelt words get the nearest one', async (t) => {
  for (const [argv, meant] of [
    [['strat', '-m', 'farm'], "did you mean 'start'?"],
    [['sotp'], "did you mean 'stop'?"],
    [['modul', 'list'], "did you mean 'module'?"],
    [['module', 'instal'], "did you mean 'module install'?"],
    [['errd', 'enabel'], "did you mean 'errd enable'?"],
    [['help', 'cluster', 'confinf'], "did you mean 'cluster confinfo'?"],
  ] as const) {
    const ran = await runCli(argv);
    t.equal(ran.code, 2);
    t.match(ran.err, meant);
    t.match(ran.err, /^USAGE: [^\n]*\n$/);
  }
  t.strictSame(await runCli(['xyzzyxyzzy']), {
    code: 2,
    out: '',
    err: "USAGE: there is no command 'xyzzyxyzzy' (holdfast help shows how)\n",
  });
  t.match((await runCli(['module', 'xyzzyxyzzy'])).err, 'there are: install uninstall');
  t.match((await runCli(['help', 'xyzzyxyzzy'])).err, "there is no command 'xyzzyxyzzy'");
  t.match((await runCli([''])).err, "there is no command ''");
});

t.test('docs/cli.md is fresh', async (t) => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  t.equal(
    page,
    (await runCli(['help', '--markdown'])).out,
    'make it again: npm run build && node dist/cli/main.js help --markdown > docs/cli.md',
  );
});
