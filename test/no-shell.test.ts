/** No shell is ever built from input: nothing in src starts a program through one, or evaluates text. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const files = (directory: string): readonly string[] =>
  readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    return statSync(path).isDirectory() ? files(path) : /\.(?:ts|tsx|mjs|js)$/.test(name) ? [path] : [];
  });

/** What must not stand in a source, and why. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\bshell\s*:(?!\s*(?:false|Shell)\b)/, 'a program is started through a shell'],
  [/import\s*(?:type\s*)?\{[^}]*\b(?:exec|execSync)\b[^}]*\}\s*from\s*'node:child_process'/, 'exec takes a line for a shell'],
  [/from\s*'child_process'/, 'written node:child_process, so that it is found'],
  [/import\s*\*\s*as\s+\w+\s+from\s*'node:child_process'/, 'what is used of it must be named'],
  [
    /\b(?:spawn|execFile|spawnSync|execFileSync)\(\s*['"`](?:\/bin\/)?(?:sh|bash|dash|zsh|cmd(?:\.exe)?)['"`]/,
    'a shell is started by name',
  ],
  [/\beval\(|new Function\(|\bvm\b.*runIn/, 'text is evaluated'],
];

/** Windows runs `.cmd` files by its shell only. What it is given there is the path of a module's own script and the module's checked name. */
const windowsHooks = join('src', 'io', 'modules', 'hooks.ts');

t.test('the sources', async (t) => {
  const all = files('src');
  t.ok(all.length > 300, 'they are there');
  for (const path of all) {
    const text = readFileSync(path, 'utf8')
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .replaceAll(/(^|\s)\/\/.*$/gm, '');
    const found = forbidden.filter(([pattern]) => pattern.test(text)).map(([, why]) => why);
    if (path === windowsHooks && /shell: windows,/.test(text)) continue;
    if (found.length > 0) t.fail(`${path}: ${found.join('; ')}`);
  }
});

t.test('the rules find what they are for', async (t) => {
  const bad = [
    "spawn('ls', { shell: true })",
    "import { exec } from 'node:child_process';",
    "import { spawn, execSync } from 'node:child_process';",
    "import { exec } from 'child_process';",
    "import * as cp from 'node:child_process';",
    "spawn('/bin/sh', ['-c', text])",
    'eval(text)',
  ];
  for (const line of bad)
    t.ok(
      forbidden.some(([pattern]) => pattern.test(line)),
      line,
    );
  t.notOk(forbidden.some(([pattern]) => pattern.test("import { execFile } from 'node:child_process';")));
});
