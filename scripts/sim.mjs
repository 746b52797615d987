// npm run sim: makes what is missing, then simulates. `-- --help` is in docs/verification.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensure } from './ensure.mjs';

ensure();
const { status } = spawnSync(process.execPath, [join('dist', 'sim', 'main.js'), ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
