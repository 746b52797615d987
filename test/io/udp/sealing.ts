/** Makes sealed datagrams as a node would, for tests of the receiving side. */
import type { MembershipBody } from '../../../src/actors/ports.js';
import { clusterTable } from '../../../src/io/udp/cluster-table.js';
import { encodeContent } from '../../../src/io/udp/codec.js';
import { lanLabel, protocolVersion, senderLabel, writeHeader } from '../../../src/io/udp/header.js';
import { keyLabel, seal, senderKey } from '../../../src/io/udp/seal.js';
import { clusterId, clusterOf, keyHex, signature } from './cluster.js';

export interface Made {
  readonly sender: string;
  readonly lan?: string;
  readonly bootEpoch: number;
  readonly sequence: number;
  readonly key?: string | null;
  readonly cluster?: string;
  readonly version?: number;
  readonly count?: number;
  readonly body?: Partial<MembershipBody>;
  readonly mapsOnly?: boolean;
  /** Instead of an encoded pulse. */
  readonly content?: Buffer;
  readonly asks?: readonly string[];
  readonly heard?: {
    readonly node: string;
    readonly bootEpoch: number;
    readonly sequence: number;
    readonly echo: number;
    readonly holdMs: number;
  };
}

export const quietBody: MembershipBody = {
  view: { epoch: 3, leader: 'n1', members: ['n1', 'n2'] },
  modules: [{ module: 'farm', state: 'UP', quality: 'Ready', generation: 4, signature: 'deadbeef', share: 50 }],
  shareMaps: [],
  lagMs: 0,
  pause: null,
  health: 1,
  mapsDigest: '811c9dc5',
};

export function make(made: Made): Buffer {
  const lan = made.lan ?? 'default';
  const key = made.key === undefined ? keyHex : made.key;
  const table = clusterTable(clusterOf({ count: made.count ?? 3, port: 4_810, lans: 2 }), made.sender, signature);
  const content =
    made.content ??
    encodeContent(
      {
        goodbye: false,
        mapsOnly: made.mapsOnly ?? false,
        clock: 1_000,
        body: { ...quietBody, ...made.body },
        lan,
        asks: made.asks ?? [],
        heard: made.heard === undefined ? [] : [{ lan, ...made.heard }],
        heardElsewhere: [],
      },
      table,
      { names: 0, maps: 0 },
      1_138,
    ).content;
  const header = writeHeader({
    version: made.version ?? protocolVersion,
    sealed: key !== null,
    keyId: keyLabel(key),
    clusterId: made.cluster ?? clusterId,
    sender: senderLabel(made.sender),
    lan: lanLabel(lan),
    bootEpoch: made.bootEpoch,
    sequence: made.sequence,
  });
  return seal(
    key === null ? null : senderKey(key, senderLabel(made.sender), made.bootEpoch, lanLabel(lan)),
    header,
    made.sequence,
    content,
  );
}
