import type { CommandSpec } from '../command.types.js';
import { identityOption } from './shared.js';

type Word = 'on' | 'off' | 'status';

interface Subject {
  readonly name: 'errd' | 'checker' | 'failover' | 'boot';
  readonly what: string;
  readonly off: string;
  readonly on: string;
}
const subjects: readonly Subject[] = [
  {
    name: 'errd',
    what: 'the monitoring of processes and services',
    off: 'Nothing that ends or is missing has a consequence, until errd on; proc.* are init meanwhile.',
    on: 'Processes are watched again, as after a start.',
  },
  {
    name: 'checker',
    what: 'the checkers',
    off: 'No checker runs, until checker on; their resources are init, so that no rule acts on them.',
    on: 'Checkers begin anew, at init.',
  },
  {
    name: 'failover',
    what: 'the failover rules',
    off: 'No rule is carried out, until failover on: what is in WAIT stays there, and a start is not held up.',
    on: 'Rules that hold are carried out again, after their handle_time.',
  },
  {
    name: 'boot',
    what: 'the start at boot',
    off: 'The module is not started at boot, where its configuration has boot="ignore".',
    on: 'The module is started at boot, where its configuration has boot="ignore".',
  },
];

function command({ name, what, off, on }: Subject, word: Word, as: string = word): CommandSpec {
  const summary = word === 'status' ? `Show whether ${what} is on` : `Switch ${what} ${word}`;
  const alias = as === word ? '' : ` The word ${as} is that of versions up to 8.1.`;
  const persistent = name === 'boot' ? '' : ' It stays so over restarts and reboots, and state warns while it is off.';
  return {
    words: [name, as],
    summary: name === 'checker' || (name === 'failover' && word === 'status') ? summary.replace(' is on', ' are on') : summary,
    details: word === 'status' ? `Prints on or off; off is exit code 1.` : `${word === 'on' ? on : off}${persistent}${alias}`,
    module: 'required',
    options: word === 'status' ? [] : [identityOption],
    operands: [],
    examples: [
      {
        line: `holdfast ${name} ${as} -m farm`,
        does: word === 'status' ? 'Prints on or off.' : `Maintenance of the module farm on this node: ${name} is ${word}.`,
      },
    ],
    ...(word === 'status' ? { exits: ['0 it is on, 1 it is off.'] } : {}),
    run: async (context) => {
      const commands = await import('../commands/maintenance.js');
      return word === 'status' ? commands.status(context, name) : commands.flip(context, name, word === 'on');
    },
  };
}

/** The switches of maintenance. */
export const maintenanceCommands: readonly CommandSpec[] = subjects.flatMap((subject) => [
  command(subject, 'on'),
  command(subject, 'off'),
  ...(subject.name === 'errd' ? [command(subject, 'on', 'resume'), command(subject, 'off', 'suspend')] : []),
  command(subject, 'status'),
]);
