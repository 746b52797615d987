/** Datagrams: what anybody can send, and what a holder of the key can. */

import { MalformedError } from '../../src/io/udp/bytes.js';
import { clusterTable, ModuleNames } from '../../src/io/udp/cluster-table.js';
import { decodeContent } from '../../src/io/udp/codec.js';
import { headerLength, lanLabel, senderLabel } from '../../src/io/udp/header.js';
import { Receiver } from '../../src/io/udp/receiver.js';
import { open, senderKey } from '../../src/io/udp/seal.js';
import type { SeededRandom } from '../../src/sim/random.js';
import { clusterId, clusterOf, keyHex, signature } from '../io/udp/cluster.js';
import { type Made, make } from '../io/udp/sealing.js';
import { mutateBytes, pickFrom } from './mutate.js';
import { must, showBytes, type Target } from './target.js';

const table = clusterTable(clusterOf({ count: 3, port: 4_810, lans: 2 }), 'n1', signature);
const owners = (step: number): readonly number[] => Array.from({ length: 256 }, (_, bucket) => (bucket * step) % 3);
const shareMaps = [
  { group: 'farm/FarmProto', version: 9, owners: owners(1) },
  { group: 'web/all', version: 2 ** 40, owners: owners(0) },
  { group: 'dns/all', version: 0, owners: owners(1) },
];
const modules = ['farm', 'web', 'a-module-with-a-name-of-32-chars'].map((module, index) => ({
  ...{ module, state: 'UP', quality: 'Ready' as const, generation: 4 ** index, signature: 'deadbeef', share: 33 * index },
}));
const heard = { node: 'n1', bootEpoch: 5, sequence: 77, echo: 9_000, holdMs: 40 };
const shapes: readonly Partial<Made>[] = [
  {},
  { body: { shareMaps } },
  { body: { modules, shareMaps, pause: { lengthMs: 400, agoMs: 20 } }, heard, asks: ['n1', 'n3'] },
  { body: { shareMaps }, mapsOnly: true },
  { body: { modules: [], health: 8, lagMs: 700 }, lan: 'lan2' },
  { body: { modules }, asks: ['n1'], heard: { ...heard, sequence: 2 ** 45 } },
];
const contentOf = (datagram: Buffer, lan: string): Buffer => {
  const key = senderKey(keyHex, senderLabel('n2'), 7, lanLabel(lan));
  const content = open(key, 1, datagram);
  if (content === null) throw new Error('The datagram of the corpus is not sealed.');
  return Buffer.from(content);
};
const first = shapes.map((shape) => make({ sender: 'n2', bootEpoch: 7, sequence: 1, ...shape }));
const contents = first.map((datagram, index) => contentOf(datagram, shapes[index]?.lan ?? 'default'));
const kinds = new Set(['ignored', 'dropped', 'pulse']);
const newReceiver = (): Receiver => new Receiver({ table, clusterId, keyHex, bootEpoch: 5, knownEpochs: { n2: 3 } });

/** Fields of the header at their places, with the rest as it was. */
function mutateHeader(random: SeededRandom, datagram: Buffer): Buffer {
  const changed = Buffer.from(datagram);
  const [at, length] = random.pick<readonly [number, number]>([
    [0, 2],
    [2, 1],
    [3, 1],
    [4, 4],
    [8, 16],
    [24, 8],
    [32, 4],
    [36, 4],
    [40, 6],
  ]);
  for (let index = at; index < at + length; index += 1)
    changed[index] = random.chance(0.5) ? random.between(0, 255) : random.pick([0, 255]);
  return changed;
}

/** Bytes from a stranger: none that differs from what was sealed may be taken, and nothing may throw. */
export const strangerDatagrams: Target = {
  name: 'udp datagrams, without the key',
  weight: 3,
  limitMs: 50,
  begin: () => {
    const receiver = newReceiver();
    const sent = [
      ...first,
      ...shapes.map((shape, index) => make({ sender: 'n3', bootEpoch: 9, sequence: 10 + index, ...shape })),
    ];
    const genuine = new Set(sent.map((datagram) => datagram.toString('latin1')));
    let atMs = 1_000;
    return (random) => {
      const base = pickFrom(random, sent);
      const datagram = random.chance(0.4) ? mutateHeader(random, base) : mutateBytes(random, base, sent);
      return {
        show: () => showBytes(datagram),
        feed: () => {
          atMs += 1;
          const received = receiver.receive(datagram, atMs);
          must(kinds.has(received.kind), 'a kind that is not in the type');
          must(
            received.kind === 'dropped' || genuine.has(datagram.toString('latin1')),
            'a changed datagram was taken for genuine',
          );
        },
      };
    };
  },
};

/** Contents from somebody who has the key: malformed or a pulse of bounded size. */
export const sealedDatagrams: Target = {
  name: 'udp datagrams, sealed with the key',
  weight: 3,
  limitMs: 50,
  begin: () => {
    const receiver = newReceiver();
    let sequence = 1;
    return (random) => {
      const content = mutateBytes(random, pickFrom(random, contents), contents);
      sequence += random.pick([1, 1, 1, 2, 63, 64, 65]);
      const datagram = make({ sender: random.pick(['n2', 'n3']), bootEpoch: 7, sequence, content });
      return {
        show: () => showBytes(content),
        feed: () => {
          const received = receiver.receive(datagram, sequence);
          must(kinds.has(received.kind), 'a kind that is not in the type');
          if (received.kind === 'dropped') must(received.drop === 'malformed', `it is ${received.drop}`);
          if (received.kind !== 'pulse') return;
          const { body, heard: hears, rttMs } = received.report;
          must(body.health >= 1 && body.health <= 8 && body.modules.length <= 255, 'a pulse out of bounds');
          must(
            body.modules.every(({ share }) => share >= 0 && share <= 100),
            'a share out of bounds',
          );
          must(
            body.shareMaps.every((map) => map.owners.length === 256),
            'a map of another length',
          );
          must(
            hears.every((one) => table.nodes.includes(one.node) && Number.isSafeInteger(one.sequence)),
            'an unknown node is heard',
          );
          must(rttMs === null || (rttMs >= 0 && rttMs <= 60_000), 'a round trip out of bounds');
          receiver.heardOn('default', sequence, 500);
        },
      };
    };
  },
};

/** The codec by itself, without the cost of sealing. */
export const pulseContents: Target = {
  name: 'udp contents (codec, share maps)',
  weight: 3,
  limitMs: 50,
  begin: () => {
    const names = new ModuleNames();
    return (random) => {
      const content = mutateBytes(random, pickFrom(random, contents), contents);
      return {
        show: () => showBytes(content),
        feed: () => {
          try {
            const decoded = decodeContent(content, 'default', 'n2', table, names);
            must(
              decoded.body.shareMaps.every((map) => map.owners.every((owner) => owner < 3 || owner === 255)),
              'an owner out of bounds',
            );
          } catch (error) {
            if (!(error instanceof MalformedError)) throw error;
          }
        },
      };
    };
  },
};
must(
  first.every((datagram) => datagram.length > headerLength),
  'a corpus of whole datagrams',
);
