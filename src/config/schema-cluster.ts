import { address, choice, host, integer, onOff, optional, plainName, port, required, time } from './attribute-types.js';
import { element, once, some } from './element-spec.js';

const legacy = 'since 8.2 every lan is used by the web console';

/** `<node>`: compatibility page, section 1.2. */
export const clusterNode = element({
  name: 'node',
  doc: 'A server with its address on this network. The order of the nodes is the order of leadership.',
  attributes: {
    name: required(plainName('name', 'Identity of the node: the same on every lan, and unique in each.')),
    addr: required(
      host('addr', '', 'Address as the other nodes see it (the outer one behind NAT). Addresses are better than names.'),
    ),
    laddr: optional(address('laddr', 'Local address, only where it differs from `addr` because of NAT.')),
  },
  children: [],
});

/** `<lan>` of cluster.xml. */
export const clusterLan = element({
  name: 'lan',
  doc: 'A network that joins the nodes. More than one is recommended; at least one must have all nodes.',
  attributes: {
    name: required(plainName('name', 'Name by which modules refer to the network.')),
    command: onOff(
      'command',
      false,
      'Carries distributed commands. At most one lan, and that one must have all nodes; if none is `on`, the first lan that has all nodes is taken.',
    ),
    console: optional(onOff('console', false, 'Of older versions.', { ignored: legacy })),
    framework: optional(onOff('framework', false, 'Of older versions.', { ignored: legacy })),
    connect: optional(onOff('connect', false, 'Of older versions.', { ignored: legacy })),
  },
  children: [some(clusterNode)],
});

/** Failure detection by preset. `lan` holds the defaults of the membership design. */
export const clusterPresets = {
  lan: { pulseMs: 100, slostCount: 5, mlostCount: 8 },
  fast: { pulseMs: 25, slostCount: 5, mlostCount: 8 },
  wan: { pulseMs: 500, slostCount: 8, mlostCount: 12 },
} as const;

/** `<lans>`. */
export const clusterLans = element({
  name: 'lans',
  doc: 'The networks, and how soon a silent node counts as lost.',
  attributes: {
    port: port('port', 4800, 'UDP port of the membership protocol.'),
    preset: choice(
      'preset',
      ['lan', 'fast', 'wan'],
      'lan',
      'Defaults of the next three: `lan` 100 ms, 5, 8; `fast` 25 ms, 5, 8 for one quiet network; `wan` 500 ms, 8, 12 between sites. Values that are given win.',
      { since: 'ours' },
    ),
    pulse: optional(
      time('pulse', 100, 'ms', 'Time between two packets to each node. Longer saves bandwidth and finds failures later.', {
        minMs: 10,
        maxMs: 60_000,
      }),
      'by `preset`',
    ),
    slost_count: optional(
      integer(
        'slost_count',
        5,
        'Pulses without a packet after which a node is lost on a lan. More forgives a lossy network and finds failures later. Compatible products start from 10.',
        2,
        1000,
      ),
      'by `preset`',
    ),
    mlost_count: optional(
      integer(
        'mlost_count',
        8,
        'Pulses after which a leader that went silent is replaced. Compatible products start from 20.',
        2,
        1000,
      ),
      'by `preset`',
    ),
  },
  children: [some(clusterLan)],
});

/** Root of cluster.xml: compatibility page, section 1.2. */
export const clusterRoot = element({
  name: 'cluster',
  doc: 'The nodes and the networks between them; the same file on all nodes.',
  attributes: {},
  children: [once(clusterLans)],
});

/** What a file cluster.xml holds. */
export const clusterFile = element({ name: 'cluster.xml', doc: 'The cluster.', attributes: {}, children: [once(clusterRoot)] });
