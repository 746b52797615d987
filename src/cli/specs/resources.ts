import type { CommandSpec } from '../command.types.js';
import { identityOption } from './shared.js';

function counter(
  word: string,
  operation: 'increment' | 'reset' | 'check',
  summary: string,
  details: string,
  does: string,
): CommandSpec {
  return {
    words: [word],
    summary,
    details,
    module: 'required',
    options: [identityOption],
    operands: [],
    examples: [{ line: `holdfast ${word} -m farm${operation === 'increment' ? ' -i myhandler' : ''}`, does }],
    ...(operation === 'reset' ? {} : { exits: ['0 the limit is not reached, 1 it is reached.'] }),
    run: async (context) => (await import('../commands/resources.js')).loop(context, operation),
  };
}

function errdSwitch(word: 'enable' | 'disable', summary: string, does: string): CommandSpec {
  return {
    words: ['errd', word],
    summary,
    details: 'Scripts use it around work in which processes may be missing.',
    module: 'required',
    options: [],
    operands: [
      {
        name: 'CLASS',
        help: 'Class of the processes, as in <proc class="…">.',
        count: 'one',
        complete: ['pre', 'prim', 'second', 'sec', 'both'],
      },
    ],
    examples: [{ line: `holdfast errd ${word} -m farm both`, does }],
    run: async (context) => (await import('../commands/resources.js')).errdSwitch(context, word === 'enable'),
  };
}

/** Commands about resources, the restart counter and monitored processes. */
export const resourceCommands: readonly CommandSpec[] = [
  {
    words: ['get'],
    summary: 'Print the value of a resource',
    details:
      'Without -r all resources of the module on this node. With --history every value it took, with time and origin, also from before a restart of the daemon.',
    module: 'required',
    options: [
      { name: 'resource', short: 'r', value: 'class.id', help: 'Name of the resource.', complete: 'none' },
      { name: 'history', help: 'The last 200 values of the resource, oldest first.' },
    ],
    operands: [],
    examples: [
      { line: 'holdfast get -m farm -r proc.httpd', does: 'Prints up or down.' },
      { line: 'holdfast get -m farm -r proc.httpd --history', does: 'When it was up and down, and who said so.' },
    ],
    run: async (context) => (await import('../commands/resources.js')).get(context),
  },
  {
    words: ['set'],
    summary: 'Assign a resource',
    details: 'For checkers of your own: the failover rules react to it.',
    module: 'required',
    options: [
      { name: 'resource', short: 'r', value: 'class.id', help: 'Name of the resource.', complete: 'none' },
      {
        name: 'value',
        short: 'v',
        value: 'VALUE',
        help: 'The value: up, down, init, unknown, or a short text.',
        complete: ['up', 'down', 'init', 'unknown'],
      },
      { name: 'nolog', short: 'n', help: 'Do not log the assignment.' },
      { name: 'log', short: 'l', help: 'Log it, also where it is not logged usually.' },
      identityOption,
    ],
    operands: [],
    examples: [
      {
        line: 'holdfast set -m farm -r custom.web -v down -i webcheck',
        does: 'The checker webcheck says that the web does not answer.',
      },
    ],
    run: async (context) => (await import('../commands/resources.js')).set(context),
  },
  counter(
    'incloop',
    'increment',
    'Count an automatic action',
    'For special handlers of errd, which are not counted by themselves.',
    'Counts one; exit 1 when that reaches the limit.',
  ),
  counter(
    'resetloop',
    'reset',
    'Reset the restart counter',
    'As every command of an administrator does.',
    'The counter begins again at 0.',
  ),
  counter(
    'checkloop',
    'check',
    'Read the restart counter',
    'An increment outside of the window of loop_interval no longer counts.',
    'Exit 1 when the limit is reached.',
  ),
  {
    words: ['errd', 'list'],
    summary: 'List the monitored processes',
    details: 'With how many there are of each, and whether its class is monitored now.',
    module: 'required',
    options: [],
    operands: [],
    examples: [{ line: 'holdfast errd list -m farm', does: 'Every <proc> of the configuration with its processes.' }],
    run: async (context) => (await import('../commands/resources.js')).errdList(context),
  },
  {
    words: ['kill'],
    summary: 'Kill processes by name',
    details:
      'All processes of this machine that fit, by the rules of <proc>; never the daemon, nor the script that calls it and what that was started by. A process that errd monitors at that moment counts as failed. Nothing found is no failure.',
    module: 'required',
    options: [
      { name: 'name', oneDash: true, value: 'NAME', help: 'Name of the command; Linux: its first 15 bytes.', complete: 'none' },
      {
        name: 'argregex',
        oneDash: true,
        value: 'REGEX',
        help: 'POSIX extended regular expression that the arguments, the executable first, must match as well.',
        complete: 'none',
      },
      {
        name: 'level',
        oneDash: true,
        value: 'LEVEL',
        help: '15: SIGTERM; 9: SIGKILL; terminate: SIGTERM, and SIGKILL for what is there 5 s later; test: only list them.',
        complete: ['test', 'terminate', '9', '15'],
      },
      { ...identityOption, help: 'What acts by itself, for the log.' },
    ],
    operands: [],
    examples: [
      { line: 'holdfast kill -m farm -name=httpd -level=test', does: 'Lists the processes that would be killed.' },
      {
        line: 'holdfast kill -m shop -name=java -argregex=/srv/shop.jar -level=terminate',
        does: 'In a stop script: ends the shop, returns when it has ended, and touches no other Java.',
      },
    ],
    exits: ['1 a process could not be signalled, or is there in spite of terminate.'],
    run: async (context) => (await import('../commands/kill.js')).kill(context),
  },
  errdSwitch('enable', 'Monitor a class of processes', 'Monitors the class both again.'),
  errdSwitch('disable', 'Stop monitoring a class of processes', 'The processes of class both may be missing from now on.'),
];
