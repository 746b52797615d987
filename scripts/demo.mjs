// `npm run demo`: installs what is missing, builds what is stale (what npm and tsc print goes to standard error), and runs the demo.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ensure } from './ensure.mjs';

ensure();
const main = fileURLToPath(new URL('../dist/demo/main.js', import.meta.url));
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the demo by itself, as it is in the same group; what is sent to this process alone is passed on.
process.on('SIGINT', () => {});
for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
child.on('error', (error) => {
  process.stderr.write(`demo: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 9)));
