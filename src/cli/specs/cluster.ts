import type { CommandSpec, OptionSpec } from '../command.types.js';

const acceptOldOption: OptionSpec = {
  name: 'accept-old',
  value: 'TIME',
  help: 'How long the key before is taken as well (30s, 10m, 1h; default 1h). 0s: not at all.',
  complete: 'none',
};
const forceOption: OptionSpec = {
  name: 'force',
  help: 'Also over what a node has that is newer, or came about apart from this node.',
};

type Name = 'confInfo' | 'state' | 'deconfig';

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
    'Name, signature, date, lock (1 or 0) and generation of every active node, as it says itself; then what is wrong with whom.',
    'One line a node.',
    'confInfo',
  ),
  plain(
    'state',
    'Show modules and their configuration on each node',
    'Node, module, mode, id, date and signature of the last configuration; then the nodes that differ, are refused for their key, or do not answer.',
    'One line for each module and node.',
    'state',
  ),
  {
    words: ['cluster', 'genkey'],
    summary: 'Make a new cluster key',
    details:
      'On this node only: holdfast -H "*" -G gives it to the others; cluster rekey does both. For a while both keys are taken, so that nobody is lost meanwhile.',
    module: 'none',
    options: [acceptOldOption],
    operands: [],
    examples: [{ line: 'holdfast cluster genkey', does: 'Makes a key on this node.' }],
    run: async (context) => (await import('../commands/cluster.js')).generateKey(context),
  },
  {
    words: ['cluster', 'delkey'],
    summary: 'Remove the cluster key',
    details:
      'On this node only: holdfast -H "*" -G tells the others. What is sent is then neither encrypted nor authenticated, and nodes cannot be asked for anything by way of others.',
    module: 'none',
    options: [acceptOldOption],
    operands: [],
    examples: [{ line: 'holdfast cluster delkey', does: 'Removes the key from this node.' }],
    run: async (context) => (await import('../commands/cluster.js')).deleteKey(context),
  },
  {
    words: ['cluster', 'rekey'],
    summary: 'Make a new cluster key and give it to all nodes',
    details:
      'Nobody is lost meanwhile: for a while (an hour, or --accept-old) the key before is taken as well, and a node is spoken to with the one that it has. Nodes that are away get it when they return. Where the key was stolen: --accept-old 10s, and see docs/cluster.md.',
    module: 'none',
    options: [acceptOldOption, forceOption],
    operands: [],
    examples: [{ line: 'holdfast cluster rekey', does: 'A new key for the whole cluster.' }],
    run: async (context) => (await import('../commands/distribution.js')).rekey(context),
  },
  {
    words: ['cluster', 'create'],
    summary: 'Make a cluster.xml of addresses and apply it',
    details:
      'The nodes are called server0, server1 and so on, unless --names says otherwise. Give it to the others with cluster package or join.',
    module: 'none',
    options: [
      { name: 'names', value: 'LIST', help: 'Names of the nodes, in the order of the addresses: n1,n2.', complete: 'none' },
      { name: 'print', help: 'Only print the cluster.xml.' },
    ],
    operands: [
      { name: 'ADDRESS', help: "Address of a node; at least one, this node's among them.", count: 'rest', complete: 'none' },
    ],
    examples: [
      { line: 'holdfast cluster create 10.0.0.11 10.0.0.12', does: 'A cluster of server0 and server1.' },
      { line: 'holdfast cluster create --print --names n1,n2 10.0.0.11 10.0.0.12', does: 'Shows the file.' },
    ],
    run: async (context) => (await import('../commands/cluster.js')).create(context),
  },
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

/** What goes to all nodes: `-G` and `-E`. */
export const distributionCommands: readonly CommandSpec[] = [
  {
    words: ['distribute'],
    summary: 'Give the cluster configuration and key to all nodes (-G)',
    details:
      'Also written holdfast -H "*" -G. Each node takes over all of it or nothing, and says how it went; names are looked up again everywhere. A node that is away gets it when it returns. With FILE, that cluster.xml is applied first, with the key that is there. Refused where a node has something newer.',
    module: 'none',
    options: [{ name: 'nodes', value: 'LIST', help: "These nodes only (n1,n2, or '*' for all).", complete: 'none' }, forceOption],
    operands: [{ name: 'FILE', help: 'Another cluster.xml.', count: 'optional', complete: 'file' }],
    examples: [
      { line: 'holdfast distribute', does: 'The configuration of this node, to all.' },
      { line: 'holdfast distribute ./cluster.xml', does: 'A changed configuration, here and everywhere.' },
    ],
    run: async (context) => (await import('../commands/distribution.js')).distribute(context),
  },
  {
    words: ['export'],
    summary: 'Give a module to all nodes (-E)',
    details:
      'Also written holdfast -H "*" -E AM. The module as it is here is installed on each node with the same id, and configured if it is configured here: all of it or nothing. Refused on a node where it runs and something changed that cannot change meanwhile; the attribute is named. A node that is away gets it when it returns.',
    module: 'none',
    options: [{ name: 'nodes', value: 'LIST', help: "These nodes only (n1,n2, or '*' for all).", complete: 'none' }],
    operands: [{ name: 'AM', help: 'Name of the module.', count: 'one', complete: 'module' }],
    examples: [{ line: 'holdfast export web', does: 'The module web, to all nodes.' }],
    run: async (context) => (await import('../commands/distribution.js')).exportModule(context),
  },
];
