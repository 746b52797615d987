/**
 * All other nodes of a cluster in one process, for measurements of the one real daemon among them: each has its own socket and
 * keeps its own pulse, sealed and encoded as the real ones do it. They follow the daemon's views, say that they hear it and each other,
 * and that their modules are UP; among themselves they send nothing. Started with fork(), told what to be by the first message.
 */
import { createSocket } from 'node:dgram';
import { parseClusterXml } from '../src/config/cluster-config.js';
import { clusterIdOf, clusterSignature } from '../src/io/cluster-files.js';
import { clusterTable } from '../src/io/udp/cluster-table.js';
import { encodeContent, type HeardEcho, type Turn } from '../src/io/udp/codec.js';
import { headerLength, lanLabel, maxDatagramLength, protocolVersion, senderLabel, writeHeader } from '../src/io/udp/header.js';
import { clockOf, Receiver } from '../src/io/udp/receiver.js';
import { keyLabel, seal, senderKey, tagLength } from '../src/io/udp/seal.js';
import type { MembershipBody, ModuleDigest } from '../src/machines/membership.types.js';

/** What the process is told. The daemon is the first node of the configuration. */
export interface PeersSpec {
  readonly clusterXml: string;
  readonly keyHex: string;
  readonly modules: readonly string[];
}

const lan = 'default';
const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

function simulate(spec: PeersSpec): void {
  const parsed = parseClusterXml(spec.clusterXml, 'cluster.xml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const cluster = parsed.value;
  const { keyHex } = spec;
  const signature = clusterSignature(cluster);
  const clusterId = clusterIdOf(keyHex, signature);
  const [daemon = '', ...peers] = cluster.nodes;
  const addresses = new Map(cluster.lans[0]?.nodes.map((node) => [node.node, node.addr]) ?? []);
  const bootEpoch = Math.floor(Date.now() / 1_000);
  const modules: readonly ModuleDigest[] = spec.modules.map((module) => ({
    module,
    state: 'UP',
    quality: 'Ready',
    generation: 7,
    signature: 'deadbeef',
    share: Math.round(100 / cluster.nodes.length),
  }));
  // The daemon sends the same bytes to all nodes of a lan: one of the peers reads them for all.
  const reader = new Receiver({
    table: clusterTable(cluster, peers[0] ?? '', signature),
    clusterId,
    keyHex,
    bootEpoch,
    knownEpochs: {},
  });
  let told: MembershipBody | null = null;
  let sequence = 0;

  const body = (node: string): MembershipBody => {
    const counted = told?.view.members.includes(node) === true;
    return {
      view: counted && told !== null ? told.view : { epoch: 0, leader: '', members: [] },
      modules,
      shareMaps: [],
      lagMs: 1,
      pause: null,
      health: 1,
      mapsDigest: told?.mapsDigest ?? '00000000',
    };
  };
  /** What a real node would say that it hears: the daemon as it is, the others as if they had been heard half a pulse ago. */
  const heard = (node: string, atMs: number): readonly HeardEcho[] => [
    ...reader.heardOn(lan, atMs, cluster.slostCount * cluster.pulseMs),
    ...peers
      .filter((peer) => peer !== node)
      .map((peer) => ({ node: peer, lan, bootEpoch, sequence, echo: clockOf(atMs), holdMs: cluster.pulseMs / 2 })),
  ];

  for (const [index, node] of peers.entries()) {
    const socket = createSocket('udp4');
    const table = clusterTable(cluster, node, signature);
    const key = senderKey(keyHex, senderLabel(node), bootEpoch, lanLabel(lan));
    let turn: Turn = { names: 0, maps: 0 };
    let own = 0;
    const pulse = (): void => {
      const atMs = now();
      own += 1;
      if (index === 0) sequence = own;
      const encoded = encodeContent(
        {
          goodbye: false,
          mapsOnly: false,
          clock: clockOf(atMs),
          body: body(node),
          lan,
          asks: [],
          heard: heard(node, atMs),
          heardElsewhere: [],
        },
        table,
        turn,
        maxDatagramLength - headerLength - tagLength,
      );
      turn = encoded.next;
      const header = writeHeader({
        version: protocolVersion,
        sealed: true,
        keyId: keyLabel(keyHex),
        clusterId,
        sender: senderLabel(node),
        lan: lanLabel(lan),
        bootEpoch,
        sequence: own,
      });
      socket.send(seal(key, header, own, encoded.content), cluster.port, addresses.get(daemon));
    };
    socket.on('message', (datagram) => {
      if (index !== 0) return;
      const received = reader.receive(datagram, now());
      if (received.kind === 'pulse') told = received.report.body;
    });
    socket.bind(cluster.port, addresses.get(node), () => {
      // Spread over the pulse, as nodes that started at different times are.
      setTimeout(() => setInterval(pulse, cluster.pulseMs), (index * cluster.pulseMs) / peers.length);
    });
  }
}

process.once('message', (spec: PeersSpec) => simulate(spec));
// Whoever started this process is gone: nothing may be left behind.
process.on('disconnect', () => process.exit(0));
