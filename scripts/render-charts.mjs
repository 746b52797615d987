// `npm run charts`: writes docs/charts from the machines as they were built last.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { charts, renderChart } from './charts/charts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist', 'machines');
if (!existsSync(built)) {
  process.stderr.write('charts: build first (npm run build)\n');
  process.exit(1);
}
const load = async (file, name) => (await import(join(built, file)))[name].root;
const machines = {
  module: await load('module-farm.machine.js', 'moduleFarmMachine'),
  script: await load('script.machine.js', 'scriptMachine'),
  errd: await load('errd.machine.js', 'errdMachine'),
  checker: await load('checker.machine.js', 'checkerMachine'),
  failover: await load('failover.machine.js', 'failoverMachine'),
  membership: await load('membership.machine.js', 'membershipMachine'),
  node: await load('node.machine.js', 'nodeMachine'),
};
const target = join(root, 'docs', 'charts');
mkdirSync(target, { recursive: true });
for (const { name, machine, options } of charts) {
  writeFileSync(join(target, `${name}.svg`), await renderChart(machines[machine], options));
  process.stdout.write(`docs/charts/${name}.svg\n`);
}
