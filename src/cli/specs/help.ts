import type { CommandSpec } from '../command.types.js';

/** Commands about the CLI itself. */
export const helpCommands: readonly CommandSpec[] = [
  {
    words: ['completion'],
    summary: 'Print a completion script for a shell',
    details: 'Options, commands, states and the names of installed modules.',
    module: 'none',
    options: [],
    operands: [{ name: 'SHELL', help: 'bash, zsh or fish.', count: 'one', complete: ['bash', 'zsh', 'fish'] }],
    examples: [
      { line: 'source <(holdfast completion bash)', does: 'Completion in this bash.' },
      { line: 'holdfast completion fish > ~/.config/fish/completions/holdfast.fish', does: 'Completion in every fish.' },
    ],
    run: async (context) => (await import('../commands/help.js')).completion(context),
  },
  {
    words: ['version'],
    summary: 'Print the version of this CLI',
    details: 'level tells that of the daemon too.',
    module: 'none',
    options: [],
    operands: [],
    examples: [{ line: 'holdfast version', does: 'The version.' }],
    run: async (context) => (await import('../commands/help.js')).version(context),
  },
  {
    words: ['help'],
    summary: 'Show help',
    details: 'holdfast COMMAND --help shows the same.',
    module: 'none',
    options: [{ name: 'markdown', help: 'All commands as the page docs/cli.md.' }],
    operands: [
      { name: 'COMMAND', help: 'A command, or the first word of several.', count: 'optional', complete: 'none' },
      { name: 'WORD', help: 'The second word of a command.', count: 'optional', complete: 'none' },
    ],
    examples: [{ line: 'holdfast help module install', does: 'Help of one command.' }],
    freeText: true,
    run: async (context) => (await import('../commands/help.js')).help(context),
  },
];
