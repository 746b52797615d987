import type { CommandSpec } from '../command.types.js';

/** Commands that tell from the flight recorder why something happened. */
export const historyCommands: readonly CommandSpec[] = [
  {
    words: ['explain'],
    summary: 'Explain why a module went into its state',
    details:
      "The module's last transition on this node, from the raw fact (a process ended, a command came) through errd, rules and the restart counter to the scripts, each with its time. The flight recorder's journal is replayed for it.",
    module: 'required',
    options: [
      {
        name: 'at',
        value: 'TIME',
        help: 'The last transition that began up to then: 03:12, 03:12:40 or 2026-01-31T03:12:40.',
        complete: 'none',
      },
    ],
    operands: [],
    examples: [
      { line: 'holdfast explain -m farm', does: 'Why farm is where it is.' },
      { line: 'holdfast explain -m farm --at 03:12', does: 'Why it stopped at night.' },
    ],
    run: async (context) => (await import('../commands/history.js')).explain(context),
  },
  {
    words: ['replay'],
    summary: "Replay the flight recorder's journal and check it",
    details:
      'Feeds what was recorded to the same machines again and prints what each fact led to. They must go where they went: the first divergence is reported as a defect. No daemon is needed; the version must be the one that recorded.',
    module: 'optional',
    options: [
      { name: 'from', value: 'TIME', help: 'Print from then on; everything is replayed all the same.', complete: 'none' },
    ],
    operands: [
      {
        name: 'PATH',
        help: "A journal's file, a directory of them, or a zip that holds one (default: SAFEVAR/journal).",
        count: 'optional',
        complete: 'file',
      },
    ],
    examples: [
      { line: 'holdfast replay', does: 'This node.' },
      { line: 'holdfast replay -m farm --from 03:00 /tmp/n1/journal', does: 'What happened to farm on another node.' },
      { line: 'holdfast replay -m farm --from 03:00 snapshot.zip', does: 'The same, from the journal in a zip.' },
    ],
    exits: ['1: there is a divergence, or the journal is damaged.'],
    run: async (context) => (await import('../commands/history.js')).replay(context),
  },
];
