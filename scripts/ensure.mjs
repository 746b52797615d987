// Makes what a command needs, if it is not there or older than its sources: the packages, then the build. Plain Node, no packages.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const time = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
const newest = (directory) =>
  readdirSync(directory, { withFileTypes: true }).reduce((latest, entry) => {
    const path = join(directory, entry.name);
    return Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }, 0);

function run(what, command, args) {
  process.stderr.write(`${what} …\n`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (status === 0) return;
  process.stderr.write(`${what} failed${error ? `: ${error.message}` : ''}\n`);
  process.exit(1);
}

/** `install: false`: whoever runs already has the packages, and only wants the build. */
export function ensure({ install = true } = {}) {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) {
    process.stderr.write(`Holdfast needs Node 20 or later; this is ${process.versions.node}\n`);
    process.exit(1);
  }
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (install && time(installed) < time(join(root, 'package-lock.json')))
    run('Installing packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  // Written after a build without errors: the compiler's own record is written after one with errors, too.
  const stamp = join(root, 'dist', '.built');
  const main = join(root, 'dist', 'main.js');
  const sources = Math.max(
    newest(join(root, 'src')),
    time(join(root, 'tsconfig.json')),
    time(join(root, 'tsconfig.build.json')),
    time(join(root, 'scripts', 'build-console.mjs')),
    time(installed),
  );
  if (existsSync(main) && time(stamp) >= sources) return;
  rmSync(stamp, { force: true });
  // An incremental build writes nothing anew that it has written before.
  if (!existsSync(main)) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
  run('Building', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  run('Building the console', process.execPath, [join(root, 'scripts', 'build-console.mjs')]);
  writeFileSync(stamp, '');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensure({ install: !process.argv.includes('--build-only') });
