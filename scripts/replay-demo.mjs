// Plays the demo's failover scenario and replays what both nodes recorded: exit 0 only if there is no divergence. Run after a build.
// Arguments go to the demo, for example --ports-base 18480 --patience 3.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = (name) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'hf-replay-'));
const run = (file, ...args) => spawnSync(process.execPath, [program(file), ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
try {
  const demo = run('demo/main.js', '--scenario', 'failover', '--dir', dir, ...process.argv.slice(2));
  console.log(`demo: ${demo.stdout.trim().split('\n').slice(-2).join('; ')}`);
  let failed = demo.status !== 0;
  for (const node of ['n1', 'n2']) {
    const replay = run('replay/main.js', 'replay', join(dir, node, 'var', 'journal'));
    console.log(`${node}: ${replay.stdout.trim().split('\n').at(-1)}${replay.stderr}`);
    failed ||= replay.status !== 0;
  }
  process.exitCode = failed ? 1 : 0;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
