import { anyText, choice, integer, onOff, optional, regex, required, shaped, text, time } from './attribute-types.js';
import { any, element, maybe, some } from './element-spec.js';

const big = 1024 * 1024 * 1024;

/** `<notreplicated>`: compatibility page, section 2.7. */
export const notReplicated = element({
  name: 'notreplicated',
  doc: 'Something in the directory that is not replicated: a path, or an expression.',
  attributes: {
    path: optional(text('path', '', 'Path inside the directory.')),
    regexpath: optional(regex('regexpath', 'Expression on paths; after `!` only what matches is replicated.', 'may be inverted')),
  },
  children: [],
});
/** `<tocheck>`. */
export const toCheck = element({
  name: 'tocheck',
  doc: 'Something in the directory that must be there before replication begins.',
  attributes: { path: required(text('path', '', 'Path inside the directory.')) },
  children: [],
});
/** `<replicated>`. */
export const replicated = element({
  name: 'replicated',
  doc: 'A directory that is kept the same on both nodes.',
  attributes: {
    dir: required(
      shaped('dir', '', 'Absolute path.', /^(?:\/[^ ]+|[A-Za-z]:[\\/].*)$/, 'an absolute path, on Linux without blanks'),
    ),
    mode: optional(choice('mode', ['read_only'], 'read_only', '`read_only`: cannot be written on the secondary.')),
  },
  children: [any(notReplicated), any(toCheck)],
});

/** `<rfs>`: compatibility page, section 2.7. */
export const rfs = element({
  name: 'rfs',
  doc: 'Replicated directories.',
  modes: ['mirror'],
  attributes: {
    mountoversuffix: text(
      'mountoversuffix',
      '_For_SafeKit_Replication',
      'Suffix of the directory under the mount point (Linux).',
    ),
    acl: onOff('acl', false, 'Replicates access control lists.'),
    async: choice(
      'async',
      ['second', 'none'],
      'second',
      '`second`: the secondary answers before it writes to disk; `none`: after.',
    ),
    packetsize: optional(
      integer('packetsize', 0, 'Largest packet of replication in bytes (Linux).', 512, big),
      'that of the NFS server',
    ),
    reipacketsize: integer('reipacketsize', 8_388_608, 'Largest packet of reintegration in bytes.', 512, big),
    ruzone_blocksize: optional(
      integer('ruzone_blocksize', 0, 'Zone of the bitmaps of changes in bytes; a multiple of `reipacketsize`.', 512, big),
      'as `reipacketsize`',
    ),
    iotimeout: time(
      'iotimeout',
      300,
      's',
      'A write that is not replicated in this time makes the primary go on alone (Windows).',
    ),
    roflags: shaped(
      'roflags',
      '0x10',
      'What a write on the secondary does: `0x10` it is logged, `0x10000` the module is stopped too (Windows).',
      /^0x[0-9A-Fa-f]{1,8}$/,
      'a number such as 0x10',
    ),
    locktimeout: time('locktimeout', 100, 's', 'A request that is not served in this time makes the primary go on alone.'),
    sendtimeout: time('sendtimeout', 30, 's', 'A packet that is not sent in this time makes the primary go on alone.'),
    nbrei: integer('nbrei', 6, 'Files that are reintegrated at the same time.', 1, 64),
    namespacepolicy: choice(
      'namespacepolicy',
      ['0', '1', '3', '4'],
      '4',
      '`0` whole files; `1` zones, not after a reboot (Windows); `3` zones also then; `4` and an interrupted copy goes on where it was.',
    ),
    reitimeout: time('reitimeout', 150, 's', 'Time for a request of reintegration.'),
    reicommit: integer('reicommit', 0, 'Commit every n packets while a file is copied; 0: not (Linux).', 0, 1_000_000),
    reidetail: onOff('reidetail', false, 'Detailed log of reintegration.'),
    allocthreshold: integer(
      'allocthreshold',
      0,
      'Size in GB from which files are allocated in advance; 0: not (Windows).',
      0,
      1_000_000,
    ),
    nbremconn: integer('nbremconn', 1, 'Connections between the nodes.', 1, 64),
    checktime: time('checktime', 220_000, 'ms', 'Time for the request that tests the file system (Linux).'),
    checkintv: time('checkintv', 120, 's', 'Time between two of them (Linux).'),
    nfsbox_options: choice('nfsbox_options', ['cross', 'nocross'], 'cross', '`cross`: follows mount points (Windows).'),
    scripts: onOff('scripts', false, 'Calls the `_rfs_*` scripts.'),
    reiallowedbw: optional(integer('reiallowedbw', 0, 'Most KB/s of reintegration.', 1, big), 'no limit'),
    syncdelta: time(
      'syncdelta',
      0,
      'm',
      'A node that is not up to date may become primary if it was synchronised less long ago than this; up to 1: never.',
      { minMs: 0 },
    ),
    syncat: optional(text('syncat', '', 'Schedule of synchronisation, as crontab or schtasks write it.'), 'always'),
  },
  children: [
    some(replicated),
    maybe(
      element({
        name: 'flow',
        doc: 'Lan of replication, of older versions; now `<heartbeat ident="flow">`.',
        attributes: { name: optional(anyText('name', '', 'Name of the lan.')) },
        children: [],
        ignored: 'write ident="flow" at the heartbeat of that lan',
      }),
    ),
  ],
});
