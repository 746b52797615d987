// npm test: makes what is missing, runs the tests, holds the coverage to its floors. Arguments are handed to tap; file names limit what runs.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensure } from './ensure.mjs';

ensure();
const args = process.argv.slice(2);
const partial = args.some((arg) => !arg.startsWith('-'));
const tap = join('node_modules', 'tap', 'dist', 'esm', 'run.mjs');
const tests = spawnSync(process.execPath, [tap, 'run', ...args, ...(partial ? ['--disable-coverage'] : [])], {
  stdio: 'inherit',
});
if (partial || tests.status !== 0) process.exit(tests.status ?? 1);
const coverage = spawnSync(process.execPath, [join('scripts', 'check-coverage.mjs')], { stdio: 'inherit' });
process.exit(coverage.status ?? 1);
