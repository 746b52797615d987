// `npm run fuzz [-- OPTIONS]`: installs what is missing, builds what is stale, and feeds the parsers with tap's TypeScript loader.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensure } from './ensure.mjs';

ensure();
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const loader = pathToFileURL(join(root, 'node_modules', '@tapjs', 'typescript', 'dist', 'esm', 'import.mjs')).href;
const child = spawn(process.execPath, ['--import', loader, join(root, 'test', 'fuzz', 'main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  // Types are checked by `npm run typecheck`.
  env: { ...process.env, TS_NODE_TRANSPILE_ONLY: '1' },
});
// Ctrl-C reaches the fuzzer by itself, as they are in the same group; what is sent to this process alone is passed on.
process.on('SIGINT', () => {});
for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
child.on('error', (error) => {
  process.stderr.write(`fuzz: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 9)));
