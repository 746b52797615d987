import type { CommandSpec } from '../command.types.js';

/** Commands about failover rules. */
export const ruleCommands: readonly CommandSpec[] = [
  {
    words: ['rules'],
    summary: 'Print the failover rules, which of them hold, and why',
    details:
      'All rules of the module on this node: default ones, those that checkers generate, and your own. Of each: whether it holds now, by which resources, and for how long it must still hold until its action is carried out.',
    module: 'required',
    options: [],
    operands: [],
    examples: [
      { line: 'holdfast rules -m farm', does: 'Tells why a rule does not act.' },
      { line: 'holdfast rules -m farm --json', does: 'The same, with the value of each resource.' },
    ],
    run: async (context) => (await import('../commands/rules.js')).rules(context),
  },
];
