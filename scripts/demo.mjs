// `npm run demo`: installs what is missing, builds what is stale, and runs the demo. Plain Node, because nothing is installed yet.
// What npm and tsc print goes to standard error: standard output is the demo's alone.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function fail(message) {
  process.stderr.write(`demo: ${message}\n`);
  process.exit(1);
}
function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}
/** When the newest file under a directory was written. */
function newest(dir) {
  let latest = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : modified(path));
  }
  return latest;
}
function run(what, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error !== undefined) fail(`${what} cannot be run: ${error.message}`);
  if (status !== 0) fail(`${what} failed; what it said is above`);
}

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) fail(`Node 20 or newer is needed; this is ${process.version}`);

// npm writes this file at the end of an installation: a missing or older one means that it has to be done (again).
let installed = modified(join(root, 'node_modules', '.package-lock.json'));
if (installed < modified(join(root, 'package-lock.json'))) {
  process.stderr.write('demo: installing what it needs (npm ci)\n');
  // The npm that runs this script, or else the one on the PATH.
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) run('npm ci', process.execPath, [npm, 'ci', '--include=dev', '--no-audit', '--no-fund']);
  else run('npm ci', process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  installed = Date.now();
}

const main = join(root, 'dist', 'demo', 'main.js');
// Written after a build without errors: the compiler's own record is written after one with errors, too.
const stamp = join(root, 'dist', '.built');
const sources = Math.max(
  newest(join(root, 'src')),
  modified(join(root, 'tsconfig.json')),
  modified(join(root, 'tsconfig.build.json')),
  installed,
);
if (!existsSync(main) || modified(stamp) < sources) {
  process.stderr.write('demo: building (tsc)\n');
  // An incremental build that finds nothing to emit would not make up for a lost output.
  if (!existsSync(main)) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
  rmSync(stamp, { force: true });
  run('the build', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  writeFileSync(stamp, '');
}

const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the demo by itself, as it is in the same group; what is sent to this process alone is passed on.
process.on('SIGINT', () => {});
for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
child.on('error', (error) => fail(error.message));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 9)));
