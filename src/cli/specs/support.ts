import type { CommandSpec, OptionSpec } from '../command.types.js';

const wordsOption: OptionSpec = {
  name: 'words',
  value: 'FILE',
  help: 'A catalogue of further words to replace, one a line: names of customers, of applications, of sites.',
  complete: 'file',
};

/** Commands for when something is wrong. */
export const supportCommands: readonly CommandSpec[] = [
  {
    words: ['healthcheck'],
    summary: 'Look at this node: what is wrong, why it matters, what to do',
    details:
      'Clock, disk, ports, packet filter, ways to the other nodes, versions, signatures, tools, modes of files, names, memory, limits, certificates. It changes nothing. Without a running daemon it sees less, and says so. docs/healthcheck.md lists the checks.',
    module: 'none',
    options: [{ name: 'all', short: 'A', help: 'Also what is as it should be.' }],
    operands: [],
    examples: [
      { line: 'holdfast healthcheck', does: 'What is not as it should be.' },
      { line: 'holdfast healthcheck --json', does: 'All findings, for a program.' },
    ],
    exits: ['1: there is an error among the findings.'],
    run: async (context) => (await import('../commands/support.js')).healthcheck(context),
  },
  {
    words: ['dump'],
    summary: 'Keep everything that is known of a module now',
    details:
      'Logs, outputs of scripts, history of resources, journal, states, events, health check and facts of the machine, in SAFEVAR/snapshot/modules/AM/dump_<date>. The last three are kept. Keys, passwords and tokens are never in it.',
    module: 'required',
    options: [],
    operands: [],
    examples: [{ line: 'holdfast dump -m farm', does: 'Writes a dump and prints where it is.' }],
    run: async (context) => (await import('../commands/support.js')).dump(context),
  },
  {
    words: ['snapshot'],
    summary: 'Make a dump, and a zip of the last three dumps and configurations',
    details:
      'What to send to somebody who is to help. The zip holds a journal that holdfast replay takes. Keys, passwords and tokens are never in it; with --anonymise addresses and names are replaced as well, the same by the same. docs/snapshots.md says what is in it.',
    module: 'required',
    options: [{ name: 'anonymise', help: 'Replace addresses and the names of nodes, hosts, users and domains.' }, wordsOption],
    operands: [{ name: 'FILE', help: 'The zip; one that is there is replaced.', count: 'one', complete: 'file' }],
    examples: [
      { line: 'holdfast snapshot -m farm /tmp/farm.zip', does: 'Writes the snapshot.' },
      { line: 'holdfast snapshot -m farm --anonymise farm.zip', does: 'The same without names and addresses.' },
    ],
    run: async (context) => (await import('../commands/support.js')).snapshot(context),
  },
  {
    words: ['anonymise'],
    summary: 'Replace addresses and names in a snapshot',
    details:
      'Addresses (IPv4, IPv6, MAC), names of nodes, hosts, users and domains, and mail addresses are replaced, the same by the same in all files. The journal in it can still be replayed. What was replaced by what is not kept. No daemon is needed.',
    module: 'none',
    options: [
      wordsOption,
      { name: 'exclude', value: 'REGEX', help: 'Leave out files whose path in the zip matches.', complete: 'none' },
    ],
    operands: [
      { name: 'IN', help: 'The snapshot.', count: 'one', complete: 'file' },
      { name: 'OUT', help: 'The new zip; it must not be there yet.', count: 'one', complete: 'file' },
    ],
    examples: [{ line: 'holdfast anonymise farm.zip farm-anonymous.zip', does: 'Writes a snapshot without names.' }],
    run: async (context) => (await import('../commands/support.js')).anonymise(context),
  },
  {
    words: ['clean'],
    summary: 'Remove the logs, the history or left-over processes of a module',
    details:
      'log: its log, the outputs of its scripts, its dumps. resource: the history of its resources. process: processes that its <proc> definitions name, or that its scripts started, get SIGTERM and after 5 s SIGKILL. all: all of that. For process, resource and all the module must be STOP.',
    module: 'required',
    options: [],
    operands: [
      {
        name: 'WHAT',
        help: 'all (the default), log, process or resource.',
        count: 'optional',
        complete: ['all', 'log', 'process', 'resource'],
      },
    ],
    examples: [{ line: 'holdfast clean log -m farm', does: 'Removes the logs of farm.' }],
    run: async (context) => (await import('../commands/support.js')).clean(context),
  },
];
