import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { completionScript, type Shell } from '../../src/cli/completion.js';
import { optionsOf } from '../../src/cli/parse.js';
import { commands } from '../../src/cli/table.js';
import { runCli } from './harness.js';

function missing(shell: Shell): string | false {
  return spawnSync(shell, ['-c', 'true']).status === 0 ? false : `${shell} is not installed here`;
}

/** A folder with a `holdfast` that knows two modules, and the script of the shell. */
function installed(folder: string, shell: Shell): string {
  writeFileSync(join(folder, 'holdfast'), '#!/bin/sh\ntest "$*" = "module list --names" && printf "farm\\nshop\\n"\n');
  chmodSync(join(folder, 'holdfast'), 0o755);
  const script = join(folder, `_holdfast.${shell}`);
  writeFileSync(script, completionScript(commands, shell));
  return script;
}

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  t.test(`the script for ${shell} names every command and option`, async (t) => {
    const ran = await runCli(['completion', shell]);
    t.strictSame(ran, { code: 0, out: completionScript(commands, shell), err: '' });
    for (const spec of commands) {
      t.match(ran.out, spec.words.join(' '));
      for (const option of optionsOf(spec)) t.match(ran.out, shell === 'fish' ? `-l ${option.name}` : `--${option.name}`);
    }
  });
  t.test(`${shell} accepts its script`, { skip: missing(shell) }, async (t) => {
    const script = installed(t.testdir(), shell);
    const checked = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
    t.strictSame([checked.status, checked.stderr], [0, '']);
  });
}

/** Words typed so far (the last is being completed) and what must be offered. */
const cases: readonly { readonly typed: readonly string[]; readonly offered: readonly string[] }[] = [
  { typed: ['wait'], offered: ['waitstart', 'waitstop', 'waitstate'] },
  { typed: ['module', 'get'], offered: ['getports'] },
  { typed: ['start', '-m', ''], offered: ['farm', 'shop'] },
  { typed: ['start', '--module', 's'], offered: ['shop'] },
  { typed: ['start', '-m', 'farm', '--w'], offered: ['--wait'] },
  { typed: ['waitstate', '-m', 'farm', 'S'], offered: ['STOP', 'SECOND'] },
  { typed: ['module', 'package', '-m', 'f'], offered: ['farm'] },
  { typed: ['set', '-v', 'd'], offered: ['down'] },
  { typed: ['logsave', '-m', 'farm', 'some'], offered: ['somewhere.log'] },
];

t.test('bash completes', { skip: missing('bash') }, async (t) => {
  const folder = t.testdir({ 'somewhere.log': '' });
  const script = installed(folder, 'bash');
  for (const { typed, offered } of cases) {
    const words = ['holdfast', ...typed].map((word) => `'${word}'`).join(' ');
    const program = `source '${script}'; COMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _holdfast holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ran = spawnSync('bash', ['--norc', '--noprofile', '-c', program], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: `${folder}:${process.env['PATH']}` },
    });
    t.strictSame(ran.stdout.trim().split('\n').sort(), [...offered].sort(), typed.join(' '));
    t.equal(ran.stderr, '');
  }
});

t.test('fish completes', { skip: missing('fish') }, async (t) => {
  const folder = t.testdir({ 'somewhere.log': '' });
  const script = installed(folder, 'fish');
  for (const { typed, offered } of cases) {
    const line = ['holdfast', ...typed].join(' ');
    const ran = spawnSync('fish', ['--no-config', '-c', `source '${script}'; complete -C '${line}'`], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: `${folder}:${process.env['PATH']}`, HOME: folder },
    });
    const found = ran.stdout
      .trim()
      .split('\n')
      .map((entry) => entry.split('\t')[0]);
    t.strictSame(found.sort(), [...offered].sort(), typed.join(' '));
  }
});

/**
 * zsh completes in its line editor only, so that an interactive one runs in a pseudo terminal of its own. It notes what is offered through
 * `compadd`, and `done` after each completion; the outer one types, and waits for that.
 */
const zshSetup = `
autoload -U compinit; compinit -u -D
source $ZDOTDIR/_holdfast.zsh
compadd() {
  local -a found
  if (( ! \${argv[(I)-[OAD]*]} )); then
    builtin compadd -O found "$@"
    print -rl -- $found >> $ZDOTDIR/offered
  fi
  builtin compadd "$@"
}
noted() { print done >> $ZDOTDIR/offered }
comppostfuncs=(noted)
bindkey '^I' complete-word
print ready > $ZDOTDIR/ready
`;
const zshTyping = `
zmodload zsh/zpty
zpty -b pty 'zsh -o no_global_rcs -i'
until [ -s $ZDOTDIR/ready ]; do sleep 0.02; done
zpty -w -n pty "$LINE"$'\t'
until grep -qx done $ZDOTDIR/offered 2>/dev/null; do sleep 0.02; done
zpty -d pty
`;

t.test('zsh completes', { skip: missing('zsh') }, async (t) => {
  for (const { typed, offered } of cases) {
    const folder = mkdtempSync(join(tmpdir(), 'hf-zsh-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    installed(folder, 'zsh');
    writeFileSync(join(folder, 'somewhere.log'), '');
    writeFileSync(join(folder, '.zshrc'), zshSetup);
    const env = {
      PATH: `${folder}:${process.env['PATH']}`,
      HOME: folder,
      ZDOTDIR: folder,
      TERM: 'xterm',
      LINE: ['holdfast', ...typed].join(' '),
    };
    const ran = spawnSync('zsh', ['-f', '-c', zshTyping], { encoding: 'utf8', cwd: folder, timeout: 20_000, env });
    t.equal(ran.status, 0, ran.stderr);
    const found = readFileSync(join(folder, 'offered'), 'utf8')
      .split('\n')
      .filter((word) => word !== '' && word !== 'done');
    t.strictSame([...new Set(found)].sort(), [...offered].sort(), typed.join(' '));
  }
});
