import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { DropClass } from '../../../src/actors/ports.js';
import { clusterTable } from '../../../src/io/udp/cluster-table.js';
import { Receiver } from '../../../src/io/udp/receiver.js';
import { ReplayWindow } from '../../../src/io/udp/replay-window.js';
import { clusterId, clusterOf, keyHex, signature } from './cluster.js';
import { make, quietBody } from './sealing.js';

interface Vectors {
  readonly clusterId: string;
  readonly keyHex: string;
  readonly signature: string;
  readonly receiver: string;
  readonly receiverBootEpoch: number;
  readonly knownEpochs: Readonly<Record<string, number>>;
  readonly vectors: readonly { readonly name: string; readonly expect: string; readonly datagram: string }[];
}
const table = clusterTable(clusterOf({ count: 3, port: 4_810, lans: 2 }), 'n1', signature);
const newReceiver = (knownEpochs: Readonly<Record<string, number>> = {}, key: string | null = keyHex) =>
  new Receiver({ table, clusterId, keyHex: key, bootEpoch: 5, knownEpochs });

t.test('the published vectors, one class after the other', async (t) => {
  const published: Vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'));
  const receiver = new Receiver({
    table: clusterTable(clusterOf({ count: 3, port: 4_810, lans: 2 }), published.receiver, published.signature),
    clusterId: published.clusterId,
    keyHex: published.keyHex,
    bootEpoch: published.receiverBootEpoch,
    knownEpochs: published.knownEpochs,
  });
  for (const { name, expect, datagram } of published.vectors) {
    const received = receiver.receive(Buffer.from(datagram, 'hex'), 1_000);
    t.equal(received.kind === 'dropped' ? received.drop : received.kind === 'pulse' ? 'accepted' : received.kind, expect, name);
  }
  const classes: readonly DropClass[] = ['malformed', 'unknownKey', 'badTag', 'stale', 'replay', 'foreign', 'version'];
  for (const drop of classes)
    t.ok(
      published.vectors.some((one) => one.expect === drop),
      `there is a vector of ${drop}`,
    );
  // A datagram is determined by its key, header and content: another implementation must make the same bytes.
  t.equal(make({ sender: 'n2', bootEpoch: 7, sequence: 100 }).toString('hex'), published.vectors[0]?.datagram);
});

t.test('a pulse says who sent it, what it hears, and how long the way was', async (t) => {
  const receiver = newReceiver();
  const heard = { node: 'n1', bootEpoch: 5, sequence: 77, echo: 9_000, holdMs: 40 };
  const received = receiver.receive(make({ sender: 'n2', bootEpoch: 7, sequence: 1, heard, asks: ['n1'] }), 950);
  t.match(received, {
    kind: 'pulse',
    asksThis: true,
    report: { from: 'n2', lan: 'default', bootEpoch: 7, sequence: 1, signature, goodbye: false, body: quietBody, rttMs: 10 },
  });
  t.same(received.kind === 'pulse' ? received.report.heard : null, [{ node: 'n1', lan: 'default', bootEpoch: 5, sequence: 77 }]);
  t.match(receiver.heardOn('default', 1_000, 500), [{ node: 'n2', bootEpoch: 7, sequence: 1, echo: 1_000, holdMs: 50 }]);
  t.same(receiver.heardOn('default', 2_000, 500), []);
  t.same([receiver.silenceMs('n2', 'default', 1_000), receiver.silenceMs('n3', 'default', 1_000)], [50, null]);
  const old = receiver.receive(make({ sender: 'n2', bootEpoch: 7, sequence: 2, heard: { ...heard, bootEpoch: 4 } }), 950);
  t.equal(old.kind === 'pulse' ? old.report.rttMs : 0, null, 'an echo of an earlier boot measures nothing');
  const late = receiver.receive(make({ sender: 'n2', bootEpoch: 7, sequence: 3, heard }), 100_000);
  t.equal(late.kind === 'pulse' ? late.report.rttMs : 0, null, 'nor does one that is older than a minute');
});

t.test('share maps in a further datagram leave the modules as they were', async (t) => {
  const receiver = newReceiver();
  const shareMaps = [{ group: 'farm/FarmProto', version: 9, owners: Array.from({ length: 256 }, () => 0) }];
  const maps = (sequence: number) =>
    receiver.receive(make({ sender: 'n2', bootEpoch: 7, sequence, mapsOnly: true, body: { shareMaps } }), 1_000);
  t.equal(maps(1).kind, 'ignored', 'nothing is known of the modules yet');
  receiver.receive(make({ sender: 'n2', bootEpoch: 7, sequence: 2 }), 1_000);
  t.match(maps(3), { kind: 'pulse', report: { body: { shareMaps, modules: quietBody.modules } } });
});

t.test('without a key the content is read as it stands', async (t) => {
  t.equal(newReceiver({}, null).receive(make({ sender: 'n2', bootEpoch: 7, sequence: 1, key: null }), 1).kind, 'pulse');
  t.match(newReceiver({}, null).receive(make({ sender: 'n2', bootEpoch: 7, sequence: 1 }), 1), { drop: 'unknownKey' });
});

t.test('the replay window', async (t) => {
  const window = new ReplayWindow();
  for (const [sequence, fresh] of [
    [10, true],
    [10, false],
    [12, true],
    [11, true],
    [11, false],
    [100, true],
    [36, false],
    [37, true],
    [37, false],
    [2 ** 47, true],
    [100, false],
  ] as const) {
    t.equal(window.isFresh(sequence), fresh, `${sequence}`);
    if (fresh) window.accept(sequence);
  }
  t.equal(window.highest, 2 ** 47);
});

t.test('100,000 fuzzed datagrams: none throws, all are counted, what is authentic still comes through', async (t) => {
  const receiver = newReceiver({ n2: 7 });
  const counts = new Map<string, number>();
  let sequence = 0;
  const real = (): Buffer => {
    sequence += 1;
    return make({ sender: 'n2', bootEpoch: 7, sequence, content: template });
  };
  // The same content each time: encoding it anew would only cost time.
  const template = contentOf();
  const recent: Buffer[] = [];
  let authentic = 0;
  for (let index = 0; index < 100_000; index += 1) {
    const kind = index % 5;
    const base = recent[index % Math.max(1, recent.length)] ?? real();
    const datagram = [
      () => randomBytes(index % 1_400),
      () => {
        const copy = Buffer.from(base);
        const at = (index * 7_919) % copy.length;
        copy.writeUInt8(copy.readUInt8(at) ^ (1 << (index % 8)), at);
        return copy;
      },
      () => base.subarray(0, (index * 104_729) % base.length),
      () => base,
      () => Buffer.concat([base.subarray(0, 8), randomBytes(Math.max(0, base.length - 8))]),
    ][kind]?.();
    const received = receiver.receive(datagram ?? Buffer.alloc(0), index);
    const name = received.kind === 'dropped' ? received.drop : received.kind;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (received.kind === 'pulse' && kind !== 3) t.fail('a datagram that was tampered with came through');
    if (index % 100 === 0) {
      const fresh = real();
      if (receiver.receive(fresh, index).kind === 'pulse') authentic += 1;
      recent.push(fresh);
      if (recent.length > 50) recent.shift();
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  t.equal(total, 100_000);
  t.equal(authentic, 1_000, 'every real pulse in between was taken');
  for (const drop of ['malformed', 'badTag', 'replay', 'foreign', 'unknownKey', 'stale', 'version']) {
    t.ok((counts.get(drop) ?? 0) > 0, `${drop}: ${counts.get(drop)}`);
  }
  t.ok((counts.get('pulse') ?? 0) <= 1, 'but for the first, which had not been sent before');
});

function contentOf(): Buffer {
  const made = make({ sender: 'n2', bootEpoch: 7, sequence: 1, key: null });
  return made.subarray(46);
}
