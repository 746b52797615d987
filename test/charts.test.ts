import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { AnyStateNode } from 'xstate';
import { charts, renderChart } from '../scripts/charts/charts.mjs';
import { checkerMachine } from '../src/machines/checker.machine.js';
import { errdMachine } from '../src/machines/errd.machine.js';
import { failoverMachine } from '../src/machines/failover.machine.js';
import { membershipMachine } from '../src/machines/membership.machine.js';
import { moduleFarmMachine } from '../src/machines/module-farm.machine.js';
import { nodeMachine } from '../src/machines/node.machine.js';
import { scriptMachine } from '../src/machines/script.machine.js';

const folder = fileURLToPath(new URL('../docs/charts', import.meta.url));
const roots: Readonly<Record<(typeof charts)[number]['machine'], AnyStateNode>> = {
  module: moduleFarmMachine.root,
  script: scriptMachine.root,
  errd: errdMachine.root,
  checker: checkerMachine.root,
  failover: failoverMachine.root,
  membership: membershipMachine.root,
  node: nodeMachine.root,
};
const everyState = (node: AnyStateNode): readonly AnyStateNode[] => [node, ...Object.values(node.states).flatMap(everyState)];
const textsOf = (svg: string): string =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)]
    .map(([, text = '']) =>
      text
        .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&'),
    )
    .join(' ');

t.test('the pictures in docs/charts are those of the machines: npm run charts', async (t) => {
  for (const { name, machine, options } of charts) {
    const svg = await renderChart(roots[machine], options);
    const kept = readFileSync(join(folder, `${name}.svg`), 'utf8');
    t.ok(kept === svg, `${name}.svg is as the machine is now`);
    t.equal(await renderChart(roots[machine], options), svg, 'and drawn the same each time');
  }
  const files = readdirSync(folder).filter((file) => file.endsWith('.svg'));
  t.same(files.sort(), charts.map(({ name }) => `${name}.svg`).sort(), 'and no others are there');
});

t.test('every state has a sentence, and it is in a picture', async (t) => {
  const shown = new Map<string, string>();
  for (const { machine, options } of charts) {
    shown.set(machine, `${shown.get(machine) ?? ''} ${textsOf(await renderChart(roots[machine], options))}`);
  }
  for (const [machine, root] of Object.entries(roots)) {
    for (const state of everyState(root)) {
      const description = state.description ?? '';
      t.ok(state === root || description.length > 10, `${machine} ${state.path.join('.')} is described`);
      t.ok(shown.get(machine)?.includes(description), `${machine} ${state.path.join('.')} is shown with it`);
      const isTagged = (one: AnyStateNode | undefined): boolean =>
        one !== undefined && (one.tags.length > 0 || isTagged(one.parent));
      const isLeaf = Object.keys(state.states).length === 0;
      t.ok(!isLeaf || isTagged(state), `${state.id} has a tag, or the state around it`);
    }
  }
});

t.test('the README lists every picture', async (t) => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const { name } of charts) t.ok(readme.includes(`${name}.svg`), name);
});
