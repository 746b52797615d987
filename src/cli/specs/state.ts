import type { CommandSpec } from '../command.types.js';

/** Commands that look. */
export const stateCommands: readonly CommandSpec[] = [
  {
    words: ['state'],
    summary: 'Show the state of modules',
    details:
      'All modules on all nodes; a node that does not answer is shown as ERROR. With -m one module; -v adds its resources; -lq prints one line about this node and sets the exit code.',
    module: 'optional',
    options: [
      { name: 'verbose', short: 'v', help: 'Also the resources of the module on this node.' },
      { name: 'list', short: 'l', help: 'With -q: one line, and the exit code tells the state.' },
      { name: 'quiet', short: 'q', help: 'With -l: one line, and the exit code tells the state.' },
    ],
    operands: [],
    examples: [
      { line: 'holdfast state', does: 'All modules on all nodes.' },
      { line: 'holdfast state -m farm -v', does: 'The module farm with its resources.' },
      { line: 'holdfast state -m farm -lq; test $? -eq 2 && echo running', does: 'Asks for the state from a script.' },
    ],
    exits: [
      'With -lq: 0 STOP, 1 WAIT, 2 ALONE or UP, 3 PRIM, 4 SECOND.',
      'With -lq, failures: 11 failed or not configured, 12 usage or unknown module, 13 daemon not reachable.',
    ],
    run: async (context) => (await import('../commands/state.js')).state(context),
  },
  {
    words: ['level'],
    summary: 'Show host, system and versions',
    details: 'With -m also mode, id and signature of that module.',
    module: 'optional',
    options: [],
    operands: [],
    examples: [{ line: 'holdfast level', does: 'What runs on this node.' }],
    run: async (context) => (await import('../commands/state.js')).level(context),
  },
  {
    words: ['-p'],
    summary: 'Print the directories SAFE, SAFEVAR and SAFEBIN',
    details: 'One NAME=value a line; the daemon is not asked.',
    module: 'none',
    options: [],
    operands: [],
    examples: [{ line: 'holdfast -p', does: 'Where the installation and its working files are.' }],
    run: async (context) => (await import('../commands/state.js')).environment(context),
  },
];
