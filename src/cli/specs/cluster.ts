import type { CommandSpec } from '../command.types.js';

type Name = 'confInfo' | 'state' | 'generateKey' | 'deleteKey' | 'deconfig';

function plain(word: string, summary: string, details: string, does: string, name: Name): CommandSpec {
  return {
    words: ['cluster', word],
    summary,
    details,
    module: 'none',
    options: [],
    operands: [],
    examples: [{ line: `holdfast cluster ${word}`, does }],
    run: async (context) => (await import('../commands/cluster.js'))[name](context),
  };
}

/** Commands about the cluster. */
export const clusterCommands: readonly CommandSpec[] = [
  {
    words: ['cluster', 'config'],
    summary: "Apply the cluster's configuration on this node",
    details:
      'An .xml is applied with a new key; a .zip (cluster package) with the key in it. Without a file the configuration stays and gets a new key. After lock, changes are refused until unlock. All nodes need the same configuration and key.',
    module: 'none',
    options: [],
    operands: [
      { name: 'FILE', help: 'cluster.xml, or a bundle (.zip); or only lock or unlock.', count: 'optional', complete: 'file' },
      { name: 'LOCK', help: 'lock or unlock.', count: 'optional', complete: ['lock', 'unlock'] },
    ],
    examples: [
      { line: 'holdfast cluster config ./cluster.xml', does: 'Applies a configuration and makes a key.' },
      { line: 'holdfast cluster config ./bundle.zip', does: 'Takes configuration and key of another node.' },
      {
        line: 'holdfast cluster config ./cluster.xml unlock',
        does: 'Applies a configuration although the present one is locked.',
      },
    ],
    run: async (context) => (await import('../commands/cluster.js')).config(context),
  },
  {
    words: ['cluster', 'confcheck'],
    summary: 'Check a cluster.xml',
    details: 'Without the daemon: every error with file, line and column, or the configuration with defaults filled in.',
    module: 'none',
    options: [],
    operands: [{ name: 'FILE', help: 'The file.', count: 'one', complete: 'file' }],
    examples: [{ line: 'holdfast cluster confcheck ./cluster.xml', does: 'Checks a file on any machine.' }],
    run: async (context) => (await import('../commands/cluster.js')).confCheck(context),
  },
  plain(
    'confinfo',
    'Show which nodes have the same configuration',
    'Name, signature, date and lock, as far as this node hears the others.',
    'One line a node.',
    'confInfo',
  ),
  plain(
    'state',
    'Show modules and their configuration on each node',
    'Node, module, mode, id, date and signature of the configuration.',
    'One line for each module and node.',
    'state',
  ),
  plain(
    'genkey',
    'Make a new cluster key',
    'Nodes understand each other again when all of them have it.',
    'Makes a key on this node.',
    'generateKey',
  ),
  plain(
    'delkey',
    'Remove the cluster key',
    'What is sent is then neither encrypted nor authenticated.',
    'Removes the key from this node.',
    'deleteKey',
  ),
  plain(
    'deconfig',
    "Remove the cluster's configuration and key",
    'The modules of this node must be STOP.',
    'This node leaves the cluster.',
    'deconfig',
  ),
  {
    words: ['cluster', 'package'],
    summary: 'Write configuration and key for another node',
    details: 'The file holds the secret key: it is readable by its owner only. cluster config takes it on the other node.',
    module: 'none',
    options: [],
    operands: [{ name: 'FILE', help: 'The bundle to write, ending in .zip.', count: 'one', complete: 'file' }],
    examples: [{ line: 'holdfast cluster package ./bundle.zip', does: 'Writes the bundle.' }],
    run: async (context) => (await import('../commands/cluster.js')).pack(context),
  },
];
