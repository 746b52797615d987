import type { CommandSpec } from '../command.types.js';

/** What would happen if. */
export const simulateCommands: readonly CommandSpec[] = [
  {
    words: ['simulate'],
    summary: 'Simulate a scenario on a configuration and print what would happen',
    details:
      'Runs the real machines of as many nodes as the scenario has, in virtual time, with simulated machines, network, scripts, load balancer and clients: states, scripts, answers of the probe, views, lost requests. No daemon is needed and nothing is touched. Scenarios are described in docs/scenarios.',
    module: 'none',
    options: [
      {
        name: 'config',
        value: 'FILE',
        help: "The module's userconfig.xml (default: one process that is restarted).",
        complete: 'file',
      },
      { name: 'cluster', value: 'FILE', help: 'A cluster.xml, for its nodes, lans and timeouts.', complete: 'file' },
      { name: 'html', value: 'FILE', help: 'Write one self-contained page with a swim lane for each node.', complete: 'file' },
    ],
    operands: [{ name: 'SCENARIO', help: 'The scenario, a YAML file.', count: 'one', complete: 'file' }],
    examples: [
      { line: 'holdfast simulate docs/scenarios/power-off.yaml', does: 'A machine loses its power.' },
      {
        line: 'holdfast simulate night.yaml --config SAFE/modules/farm/conf/userconfig.xml --html night.html',
        does: 'The same on a configuration of your own, as a page.',
      },
    ],
    exits: ['1: an expectation of the scenario is not met.'],
    run: async (context) => (await import('../commands/simulate.js')).simulate(context),
  },
];
