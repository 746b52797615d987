import fc from 'fast-check';
import t from 'tap';
import type { MembershipBody, ModuleDigest, ShareMap } from '../../../src/actors/ports.js';
import { ByteReader, ByteWriter, MalformedError } from '../../../src/io/udp/bytes.js';
import { clusterTable, ModuleNames } from '../../../src/io/udp/cluster-table.js';
import { decodeContent, encodeContent, type PulseContent } from '../../../src/io/udp/codec.js';
import { headerLength, maxDatagramLength } from '../../../src/io/udp/header.js';
import { readMaps, writeMaps } from '../../../src/io/udp/map-codec.js';
import { tagLength } from '../../../src/io/udp/seal.js';
import { clusterOf, signature } from './cluster.js';

const malformed = { name: 'MalformedError' };
const limit = maxDatagramLength - headerLength - tagLength;
const tableOf = (count: number, lans = 1) => clusterTable(clusterOf({ count, port: 4_810, lans }), 'n1', signature);

const plainBody: MembershipBody = {
  view: { epoch: 7, leader: 'n1', members: ['n1', 'n2'] },
  modules: [],
  shareMaps: [],
  lagMs: 3,
  pause: null,
  health: 1,
  mapsDigest: '811c9dc5',
};
const contentOf = (body: MembershipBody, rest: Partial<PulseContent> = {}): PulseContent => ({
  goodbye: false,
  mapsOnly: false,
  clock: 12_345,
  body,
  lan: 'default',
  asks: [],
  heard: [],
  heardElsewhere: [],
  ...rest,
});
const digestOf = (index: number, generation = 2_000_000): ModuleDigest => ({
  module: `module-with-a-long-name-${String(index).padStart(8, '0')}`,
  state: 'UP',
  quality: 'Ready',
  generation,
  signature: 'deadbeef',
  share: 50,
});

t.test('a whole pulse comes back as it went', async (t) => {
  const table = tableOf(3, 2);
  const body: MembershipBody = {
    view: { epoch: 2 ** 40, leader: 'n2', members: ['n2', 'n3'] },
    modules: (['STOP', 'WAIT', 'UP', 'PRIM', 'SECOND', 'ALONE'] as const).map((state, index) => ({
      ...digestOf(index, index * 1_000),
      state,
      quality: index % 2 === 0 ? 'NotReady' : 'Transient',
    })),
    shareMaps: [
      {
        group: 'farm/FarmProto',
        version: 2 ** 40 * 8,
        owners: Array.from({ length: 256 }, (_, bucket) => [1, 2, 255][bucket % 3] ?? 0),
      },
    ],
    lagMs: 41,
    pause: { lengthMs: 1_800, agoMs: 4_000 },
    health: 5,
    mapsDigest: '0badcafe',
  };
  const content = contentOf(body, {
    goodbye: true,
    asks: ['n3'],
    heard: [{ node: 'n2', lan: 'default', bootEpoch: 1_700_000_000, sequence: 2 ** 41, echo: 4_000_000_000, holdMs: 41.3 }],
    heardElsewhere: [{ node: 'n3', lan: 'lan2', bootEpoch: 9, sequence: 1 }],
  });
  const { content: bytes, mapsLeft, modulesLeft } = encodeContent(content, table, { names: 0, maps: 0 }, limit);
  t.same([mapsLeft, modulesLeft], [0, 0]);
  const decoded = decodeContent(bytes, 'default', 'n2', table, new ModuleNames());
  t.same(decoded.body, body);
  t.same(decoded.heard, content.heard);
  t.same(decoded.heardElsewhere, content.heardElsewhere);
  t.same(
    [decoded.goodbye, decoded.mapsOnly, decoded.clock, decoded.asks, decoded.signature],
    [true, false, 12_345, ['n3'], signature],
  );
});

t.test('32 modules with long names on 32 nodes and two lans fit in 1,200 bytes; names and maps take turns', async (t) => {
  const table = tableOf(32, 2);
  const owners = Array.from({ length: 256 }, (_, bucket) => bucket % 32);
  const body: MembershipBody = {
    ...plainBody,
    view: { epoch: 2 ** 34, leader: 'n1', members: table.nodes },
    modules: Array.from({ length: 32 }, (_, index) => digestOf(index)),
    shareMaps: Array.from({ length: 32 }, (_, index) => ({
      group: `${digestOf(index).module}/FarmProto`,
      version: 2 ** 50 + index,
      owners,
    })),
    pause: { lengthMs: 100_000, agoMs: 60_000 },
  };
  const heard = table.nodes
    .slice(1)
    .map((node) => ({ node, lan: 'default', bootEpoch: 1_700_000_000, sequence: 2 ** 32, echo: 1, holdMs: 99 }));
  const elsewhere = table.nodes.slice(1).map((node) => ({ node, lan: 'lan2', bootEpoch: 1_700_000_000, sequence: 2 ** 32 }));
  const names = new ModuleNames();
  const maps = new Set<string>();
  let turn = { names: 0, maps: 0 };
  let pulses = 0;
  let known = 0;
  while ((known < 32 || maps.size < 32) && pulses < 200) {
    pulses += 1;
    for (const mapsOnly of [false, true, true, true, true]) {
      const encoded = encodeContent(contentOf(body, { mapsOnly, heard, heardElsewhere: elsewhere }), table, turn, limit);
      t.ok(encoded.content.length <= limit);
      t.equal(encoded.modulesLeft, 0);
      turn = encoded.next;
      const decoded = decodeContent(encoded.content, 'default', 'n2', table, names);
      if (!mapsOnly) known = decoded.body.modules.length;
      t.equal(decoded.heard.length, 31);
      for (const map of decoded.body.shareMaps) {
        t.same(map.owners, owners);
        maps.add(map.group);
      }
    }
  }
  t.equal(known, 32);
  t.equal(maps.size, 32);
  t.ok(pulses <= 32, `all names and maps within ${pulses} pulses`);
});

t.test('modules beyond what a datagram carries are left out and counted, never cut in half', async (t) => {
  const body = { ...plainBody, modules: Array.from({ length: 300 }, (_, index) => digestOf(index)) };
  const { content, modulesLeft } = encodeContent(contentOf(body), tableOf(2), { names: 0, maps: 0 }, limit);
  t.ok(content.length <= limit);
  t.ok(modulesLeft > 200 && modulesLeft < 300);
  t.doesNotThrow(() => decodeContent(content, 'default', 'n2', tableOf(2), new ModuleNames()));
});

t.test('a node with another configuration is shown, and not understood further', async (t) => {
  const other = clusterTable(clusterOf({ count: 9, port: 4_810 }), 'n2', 'ffffffffffffffff');
  const body = { ...plainBody, modules: [digestOf(1)] };
  const { content } = encodeContent(contentOf(body, { asks: ['n9'] }), other, { names: 0, maps: 0 }, limit);
  const decoded = decodeContent(content, 'default', 'n2', tableOf(2), new ModuleNames());
  t.equal(decoded.signature, 'ffffffffffffffff');
  t.same(decoded.body.view, { epoch: 0, leader: '', members: [] });
  t.same(decoded.body.modules, body.modules);
  t.same(decoded.heard, []);
});

t.test('share maps of any owners come back', async (t) => {
  const owners = fc
    .uniqueArray(fc.oneof(fc.integer({ min: 0, max: 31 }), fc.constant(255)), { minLength: 1, maxLength: 33 })
    .chain((some) => fc.array(fc.constantFrom(...some), { minLength: 256, maxLength: 256 }));
  const map = fc.record({
    group: fc.string({ maxLength: 60 }),
    version: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    owners,
  });
  fc.assert(
    fc.property(fc.array(map, { maxLength: 4 }), (maps: readonly ShareMap[]) => {
      const written = writeMaps(maps, 0, 5_000);
      const back = readMaps(new ByteReader(written.bytes), 32);
      if (JSON.stringify(back) !== JSON.stringify(maps)) throw new Error('they differ');
    }),
    { numRuns: 200 },
  );
  t.pass();
});

t.test('bytes that mean nothing are malformed, whatever they are', async (t) => {
  const table = tableOf(2);
  const { content } = encodeContent(contentOf({ ...plainBody, modules: [digestOf(1)] }), table, { names: 0, maps: 0 }, limit);
  const decode = (bytes: Buffer) => decodeContent(bytes, 'default', 'n2', table, new ModuleNames());
  t.throws(() => decode(Buffer.concat([content, Buffer.of(0)])), malformed, 'longer than its content');
  for (let length = 0; length < content.length; length += 1) t.throws(() => decode(content.subarray(0, length)), malformed);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_200 }), (bytes) => {
      try {
        decode(Buffer.concat([content.subarray(0, 9), bytes]));
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
  const bad: readonly [string, (writer: ByteWriter) => ByteWriter][] = [
    ['no such table', (writer) => writer.u8(0).u8(1).text('a/b').varint(1).u8(0)],
    ['no owners', (writer) => writer.u8(1).u8(0)],
    ['no such node', (writer) => writer.u8(1).u8(1).u8(7)],
    [
      'no such owner',
      (writer) =>
        writer
          .u8(1)
          .u8(3)
          .bytes(Buffer.of(0, 1, 255))
          .bytes(Buffer.alloc(64, 0xff)),
    ],
  ];
  for (const [what, write] of bad)
    t.throws(() => readMaps(new ByteReader(write(new ByteWriter()).toBuffer()), 2), malformed, what);
  t.throws(() => new ByteReader(Buffer.alloc(9, 0xff)).varint(), malformed);
  t.throws(() => new ByteReader(Buffer.from('808080808080808001', 'hex')).varint(), malformed);
});

t.test('names of modules are remembered within a bound', async (t) => {
  const names = new ModuleNames();
  for (let index = 0; index < 2 * ModuleNames.limit; index += 1) names.learn(`m${index}`);
  names.learn('m2047');
  t.equal(names.nameOf('00000000'), null);
});
