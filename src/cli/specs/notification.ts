import type { CommandSpec } from '../command.types.js';

const plain = (word: 'status' | 'enable' | 'disable', summary: string, details: string, does: string): CommandSpec => ({
  words: ['notification', word],
  summary,
  details,
  module: 'none',
  options: [],
  operands: [],
  examples: [{ line: `holdfast notification ${word}`, does }],
  run: async (context) => (await import('../commands/notification.js'))[word](context),
});

/** Commands about e-mails, webhooks and programs that tell people what happens. */
export const notificationCommands: readonly CommandSpec[] = [
  plain(
    'status',
    'Show who is told what happens, and whether that works',
    'Each channel with what waits, what was sent and the last failure with its remedy. A configuration with errors is shown with all of them.',
    'One line a channel.',
  ),
  {
    words: ['notification', 'test'],
    summary: 'Send a test by one channel, or by all',
    details:
      'At once, beside what waits, also while notifications are disabled. It ends when the receiver has taken the message, or with the reason and the remedy.',
    module: 'none',
    options: [],
    operands: [{ name: 'CHANNEL', help: 'Name of a channel (default: all).', count: 'optional', complete: 'none' }],
    examples: [
      { line: 'holdfast notification test', does: 'Tries all channels.' },
      { line: 'holdfast notification test email', does: 'Tries the channel called email.' },
    ],
    exits: ['1: a channel did not work.'],
    run: async (context) => (await import('../commands/notification.js')).test(context),
  },
  {
    words: ['notification', 'config'],
    summary: 'Apply a notification.json, or print the one that is applied',
    details:
      'The file is checked first, and every error is listed with line and column; then it is kept as SAFEVAR/notification.json. It names files with passwords and holds none. docs/notifications.md describes it.',
    module: 'none',
    options: [],
    operands: [{ name: 'FILE', help: 'The file to apply (default: print).', count: 'optional', complete: 'file' }],
    examples: [
      { line: 'holdfast notification config ./notification.json', does: 'Applies it on this node.' },
      { line: 'holdfast notification config', does: 'Prints what is applied.' },
    ],
    run: async (context) => (await import('../commands/notification.js')).config(context),
  },
  plain('enable', 'Switch notifications on', 'It is kept in notification.json.', 'From now on people are told.'),
  plain(
    'disable',
    'Switch notifications off',
    'It is kept in notification.json. Tests can still be sent.',
    'From now on nobody is told.',
  ),
];
