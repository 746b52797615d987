import type { CommandSpec } from '../command.types.js';
import { identityOption, languageOption, linesOption, verboseOption } from './shared.js';

function printing(word: 'printi' | 'printe', level: 'E' | 'I', summary: string, does: string): CommandSpec {
  return {
    words: [word],
    summary,
    details: 'For the scripts of a module. All words are joined by blanks; text may begin with a dash.',
    module: 'required',
    options: [identityOption],
    operands: [{ name: 'MESSAGE', help: 'The text.', count: 'rest', complete: 'none' }],
    examples: [{ line: `holdfast ${word} -m farm "the application answers"`, does }],
    freeText: true,
    run: async (context) => (await import('../commands/logs.js')).print(context, level),
  };
}

/** Commands about logs and events. */
export const logCommands: readonly CommandSpec[] = [
  {
    words: ['log'],
    summary: "Print a module's log",
    details:
      'One line each: | date time.microseconds | component | level | message. Levels: C critical, E event, U user, S script; with -A also I and D.',
    module: 'required',
    options: [linesOption, verboseOption, languageOption],
    operands: [],
    examples: [
      { line: 'holdfast log -m farm', does: 'The last 300 main messages.' },
      { line: 'holdfast log -m farm -A -s 1000', does: 'The last 1000 lines of the verbose log.' },
    ],
    run: async (context) => (await import('../commands/logs.js')).log(context),
  },
  {
    words: ['logview'],
    summary: "Follow a module's log",
    details: 'First the last lines, then each new one until Ctrl-C. With --json one object a line.',
    module: 'required',
    options: [linesOption, verboseOption, languageOption],
    operands: [],
    examples: [{ line: 'holdfast logview -m farm -s 10', does: 'The last 10 lines and what follows.' }],
    run: async (context) => (await import('../commands/logs.js')).logView(context),
  },
  {
    words: ['logsave'],
    summary: "Save a module's log in a file",
    details: 'The whole log (100,000 lines at most), in the form of log.',
    module: 'required',
    options: [linesOption, verboseOption, languageOption],
    operands: [
      { name: 'FILE', help: 'Absolute path of the file; one that is there is replaced.', count: 'one', complete: 'file' },
    ],
    examples: [{ line: 'holdfast logsave -m farm -A /tmp/farm.log', does: 'Saves the verbose log.' }],
    run: async (context) => (await import('../commands/logs.js')).logSave(context),
  },
  {
    words: ['cmdlog'],
    summary: 'Print the command log of this node',
    details: 'Who did what: | date time.microseconds | who | module | phase | text.',
    module: 'none',
    options: [linesOption],
    operands: [],
    examples: [{ line: 'holdfast cmdlog -s 20', does: 'The last 20 lines.' }],
    run: async (context) => (await import('../commands/logs.js')).commandLog(context),
  },
  printing('printi', 'I', "Write an information into a module's log", 'A line of level I: seen with log -A.'),
  printing('printe', 'E', "Write a message into a module's log", 'A line of level E: seen with log.'),
  {
    words: ['userlog', 'list'],
    summary: 'List the outputs of the scripts',
    details: 'One file per execution of a script.',
    module: 'required',
    options: [],
    operands: [],
    examples: [{ line: 'holdfast userlog list -m farm', does: 'The outputs that are kept.' }],
    run: async (context) => (await import('../commands/logs.js')).userlogList(context),
  },
  {
    words: ['userlog', 'show'],
    summary: 'Print the output of a script',
    details: 'From its end, if it is large.',
    module: 'required',
    options: [],
    operands: [{ name: 'NAME', help: 'A name of userlog list.', count: 'one', complete: 'none' }],
    examples: [
      { line: 'holdfast userlog show -m farm userlog_2026-01-31T142233_start_both.ulog', does: 'What start_both wrote.' },
    ],
    run: async (context) => (await import('../commands/logs.js')).userlogShow(context),
  },
  {
    words: ['events'],
    summary: 'Follow what happens on this node',
    details: 'State changes, resources, scripts, views, actions, as they happen, until Ctrl-C. With --json one object a line.',
    module: 'optional',
    options: [
      { name: 'since', value: 'ID', help: 'Begin after the event of that id.', complete: 'none' },
      {
        name: 'types',
        value: 'LIST',
        help: 'Only these types, joined by commas; module.* takes all that begin so.',
        complete: 'none',
      },
    ],
    operands: [],
    examples: [
      { line: 'holdfast events', does: 'Everything, from now on.' },
      {
        line: "holdfast events -m farm --types 'module.*,script.*' --json",
        does: 'States and scripts of farm, one JSON object a line.',
      },
    ],
    run: async (context) => (await import('../commands/logs.js')).events(context),
  },
];
