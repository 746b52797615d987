// The charts of docs/charts: what is drawn, and how. `scripts/render-charts.mjs` writes them, test/charts.test.ts compares them.
import { render } from 'state-machine-cat';
import { chartOf } from './chart.mjs';

/** One entry for each picture: the machine it is of, what of it is drawn, and what README.md says of it. */
export const charts = [
  {
    name: 'module',
    machine: 'module',
    title: 'A farm or light module: STOP, WAIT, UP. What starting, restarting and stopping consist of is in the next two.',
    options: { depth: 2 },
  },
  { name: 'module-wait', machine: 'module', title: 'WAIT of a module, in full.', options: { within: 'WAIT' } },
  { name: 'module-up', machine: 'module', title: 'UP of a module, in full.', options: { within: 'UP' } },
  { name: 'script', machine: 'script', title: 'One execution of one script.', options: {} },
  { name: 'errd', machine: 'errd', title: 'Monitoring of processes and services of a module.', options: {} },
  { name: 'checker', machine: 'checker', title: 'One checker of a module.', options: {} },
  { name: 'failover', machine: 'failover', title: 'Failover rules of a module.', options: {} },
  { name: 'membership', machine: 'membership', title: 'Membership of a node in the cluster.', options: {} },
  { name: 'node', machine: 'node', title: 'The root of the actors of a node.', options: {} },
];

// Laid out for larger letters than are shown: viewers have fonts of different widths, and the text has to fit in all of them.
const laidOut = '12';
const shown = '10.50';
const attributes = [{ name: 'fontsize', value: laidOut }];

/** @returns the picture as SVG; the same text for the same machine. */
export async function renderChart(root, options) {
  const svg = await render(JSON.stringify(chartOf(root, options)), {
    inputType: 'json',
    outputType: 'svg',
    dotGraphAttrs: attributes,
    dotNodeAttrs: attributes,
    dotEdgeAttrs: attributes,
  });
  return `${svg.replaceAll(`font-size="${laidOut}.00"`, `font-size="${shown}"`).trimEnd()}\n`;
}
