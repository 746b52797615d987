/**
 * The content of a datagram: a compact form of what a pulse says, so that 32 modules of 32 nodes fit in 1,200 bytes.
 *
 * First what any node can read, then what takes the same configuration (nodes and lans stand there as indices): a node with
 * another configuration is shown, but not understood further. Names of modules take turns, as do share maps: what does not fit
 * in one datagram is in the next. The table of the parts is in the README beside this file.
 */
import type { Heard, MembershipBody, ModuleDigest, ShareMap, View } from '../../actors/ports.js';
import { ByteReader, ByteWriter, MalformedError } from './bytes.js';
import { type ClusterTable, type ModuleNames, moduleLabel, shortSignature } from './cluster-table.js';
import { readMaps, writeMaps } from './map-codec.js';

const states: readonly string[] = ['UNKNOWN', 'STOP', 'WAIT', 'UP', 'PRIM', 'SECOND', 'ALONE', 'NOTCONFIGURED'];
const qualities = ['Ready', 'Transient', 'NotReady'] as const;
const nobody = 255;
/** Bytes of the longest name of a module (32 characters) with its length. */
const longestName = 33;

/** What this node hears of a peer, with what the peer needs to measure the round trip. */
export interface HeardEcho extends Heard {
  /** The peer's own clock in its last datagram, in tenths of ms modulo 2^32. */
  readonly echo: number;
  /** How long ago that came, in ms. */
  readonly holdMs: number;
}

export interface PulseContent {
  readonly goodbye: boolean;
  /** A further datagram of the same pulse that carries share maps only. */
  readonly mapsOnly: boolean;
  /** The sender's clock in tenths of ms modulo 2^32. */
  readonly clock: number;
  readonly body: MembershipBody;
  readonly lan: string;
  /** Nodes that are asked to answer at once. */
  readonly asks: readonly string[];
  /** What is heard on this lan. */
  readonly heard: readonly HeardEcho[];
  /** What is heard on other lans: as much as fits. */
  readonly heardElsewhere: readonly Heard[];
}

/** What to tell first where not everything fits: indices at which names and maps go on. */
export interface Turn {
  readonly names: number;
  readonly maps: number;
}

export interface Encoded {
  readonly content: Buffer;
  readonly next: Turn;
  /** Share maps that did not fit. */
  readonly mapsLeft: number;
  /** Modules that did not fit: more than the protocol can carry. */
  readonly modulesLeft: number;
}

/** Encodes a pulse into at most `limit` bytes. */
export function encodeContent(content: PulseContent, table: ClusterTable, turn: Turn, limit: number): Encoded {
  const head = writeHead(content, table);
  const indexed = writeIndexed(content, table);
  // One byte each for the counts of modules, names, tables, maps and entries elsewhere.
  const counts = 5;
  const wanted = content.mapsOnly ? [] : content.body.modules;
  const roomForModules = limit - head.length - indexed.length - counts;
  const modules = wanted.map(moduleBytes);
  const sizes = modules.map((module) => module.length);
  const fitting = countFitting(sizes, roomForModules);
  let room = roomForModules - sizes.slice(0, fitting).reduce((sum, size) => sum + size, 0);

  const carried = wanted.slice(0, fitting);
  // Maps may not starve the names, nor the names the maps: either gets half of what is left where both wait, a name at least.
  const roomForNames = content.body.shareMaps.length > 0 ? Math.max(Math.floor(room / 2), Math.min(room, longestName)) : room;
  const names = takeNames(carried, turn.names, roomForNames);
  room -= names.bytes.length - 1;
  const maps = writeMaps(content.body.shareMaps, turn.maps, room);
  room -= maps.bytes.length - 2;
  const elsewhere = content.mapsOnly ? new ByteWriter().u8(0).toBuffer() : writeElsewhere(content.heardElsewhere, table, room);

  const writer = new ByteWriter().bytes(head).u8(fitting);
  for (const module of modules.slice(0, fitting)) writer.bytes(module);
  writer.bytes(names.bytes).bytes(indexed).bytes(maps.bytes).bytes(elsewhere);
  return {
    content: writer.toBuffer(),
    next: { names: content.mapsOnly ? turn.names : names.next, maps: maps.next },
    mapsLeft: content.body.shareMaps.length - maps.count,
    modulesLeft: wanted.length - fitting,
  };
}

/** How many pieces of these sizes fit one after the other, at most 255. */
function countFitting(sizes: readonly number[], room: number): number {
  let used = 0;
  const tooMany = sizes.findIndex((size) => {
    used += size;
    return used > room;
  });
  return Math.min(255, tooMany === -1 ? sizes.length : tooMany);
}

function writeHead(content: PulseContent, table: ClusterTable): Buffer {
  const { body } = content;
  const flags = (content.goodbye ? 1 : 0) | (content.mapsOnly ? 2 : 0) | (body.pause === null ? 0 : 4);
  const writer = new ByteWriter()
    .u8(flags)
    .bytes(hexBytes(shortSignature(table.signature), 8))
    .u32(content.clock)
    .u16(body.lagMs)
    .u8(body.health);
  if (body.pause !== null) writer.varint(body.pause.lengthMs).varint(body.pause.agoMs);
  return writer.toBuffer();
}

/** What a module's part looks like: the same from pulse to pulse until something changes, and then it is another object. */
const writtenModules = new WeakMap<ModuleDigest, Buffer>();
function moduleBytes(module: ModuleDigest): Buffer {
  const written = writtenModules.get(module) ?? writeModule(module);
  writtenModules.set(module, written);
  return written;
}

function writeModule(module: ModuleDigest): Buffer {
  const state = Math.max(0, states.indexOf(module.state));
  return new ByteWriter()
    .bytes(hexBytes(moduleLabel(module.module), 4))
    .u8(state * 4 + qualities.indexOf(module.quality))
    .varint(module.generation)
    .bytes(hexBytes(module.signature, 4))
    .u8(Math.min(100, module.share))
    .toBuffer();
}

/** Names of modules, beginning where the last datagram ended, as many as fit; at least one where there are any and 33 bytes. */
function takeNames(modules: readonly ModuleDigest[], from: number, room: number): { bytes: Buffer; next: number } {
  const start = modules.length === 0 ? 0 : from % modules.length;
  const ordered = [...modules.slice(start), ...modules.slice(0, start)].map((module) =>
    new ByteWriter().text(module.module).toBuffer(),
  );
  const count = countFitting(
    ordered.map((name) => name.length),
    room,
  );
  const writer = new ByteWriter().u8(count);
  for (const name of ordered.slice(0, count)) writer.bytes(name);
  return { bytes: writer.toBuffer(), next: start + count };
}

function writeIndexed(content: PulseContent, table: ClusterTable): Buffer {
  const { view, mapsDigest } = content.body;
  const writer = new ByteWriter()
    .varint(view.epoch)
    .u8(indexOf(table.nodes, view.leader))
    .bytes(bitmap(table.nodes, view.members))
    .bytes(hexBytes(mapsDigest, 4))
    .bytes(bitmap(table.nodes, content.asks));
  const heard = content.heard.slice(0, 255);
  writer.u8(heard.length);
  for (const one of heard) {
    writer
      .u8(indexOf(table.nodes, one.node))
      .u32(one.bootEpoch)
      .varint(one.sequence)
      .u32(one.echo)
      .u16(one.holdMs * 10);
  }
  return writer.toBuffer();
}

function writeElsewhere(heard: readonly Heard[], table: ClusterTable, room: number): Buffer {
  const entries = heard.map((one) =>
    new ByteWriter()
      .u8(lanIndex(table, one.lan))
      .u8(indexOf(table.nodes, one.node))
      .u32(one.bootEpoch)
      .varint(one.sequence)
      .toBuffer(),
  );
  const count = countFitting(
    entries.map((entry) => entry.length),
    room,
  );
  const writer = new ByteWriter().u8(count);
  for (const entry of entries.slice(0, count)) writer.bytes(entry);
  return writer.toBuffer();
}

// ---------------------------------------------------------------- reading

export interface Decoded {
  readonly goodbye: boolean;
  readonly mapsOnly: boolean;
  readonly clock: number;
  /** The whole own signature when they are the same, else the 16 digits that the datagram carries. */
  readonly signature: string;
  readonly body: MembershipBody;
  readonly asks: readonly string[];
  readonly heard: readonly HeardEcho[];
  readonly heardElsewhere: readonly Heard[];
}

/**
 * Decodes the content of an authentic datagram. Modules whose names were not heard yet are left out.
 * @throws MalformedError when it is not what the protocol says
 */
export function decodeContent(content: Buffer, lan: string, sender: string, table: ClusterTable, names: ModuleNames): Decoded {
  const reader = new ByteReader(content);
  const flags = reader.u8();
  const short = reader.bytes(8).toString('hex');
  const clock = reader.u32();
  const lagMs = reader.u16();
  const health = Math.min(8, Math.max(1, reader.u8()));
  const pause = (flags & 4) === 0 ? null : { lengthMs: reader.varint(), agoMs: reader.varint() };
  const coded = times(reader.u8(), () => readModule(reader));
  for (const name of times(reader.u8(), () => reader.text())) names.learn(name);
  const modules = coded.flatMap(({ label, digest }) => {
    const module = names.nameOf(label);
    return module === null ? [] : [{ module, ...digest }];
  });
  const common = { goodbye: (flags & 1) !== 0, mapsOnly: (flags & 2) !== 0, clock };
  const same = short === shortSignature(table.signature);
  if (!same) {
    const view: View = { epoch: 0, leader: '', members: [] };
    const body = { view, modules, shareMaps: [], lagMs, pause, health, mapsDigest: '' };
    return { ...common, signature: short, body, asks: [], heard: [], heardElsewhere: [] };
  }
  const epoch = reader.varint();
  const leaderIndex = reader.u8();
  const leader = leaderIndex === nobody ? '' : nameAt(table.nodes, leaderIndex);
  const members = readBitmap(reader, table.nodes);
  const mapsDigest = reader.bytes(4).toString('hex');
  const asks = readBitmap(reader, table.nodes);
  const heard = times(reader.u8(), () => ({
    node: nameAt(table.nodes, reader.u8()),
    lan,
    bootEpoch: reader.u32(),
    sequence: reader.varint(),
    echo: reader.u32(),
    holdMs: reader.u16() / 10,
  }));
  const shareMaps: readonly ShareMap[] = readMaps(reader, table.nodes.length);
  const heardElsewhere = times(reader.u8(), () => ({
    lan: nameAt(
      table.lans.map((one) => one.name),
      reader.u8(),
    ),
    node: nameAt(table.nodes, reader.u8()),
    bootEpoch: reader.u32(),
    sequence: reader.varint(),
  }));
  if (reader.remaining > 0) throw new MalformedError(`The datagram of ${sender} is longer than its content.`);
  const body = { view: { epoch, leader, members }, modules, shareMaps, lagMs, pause, health, mapsDigest };
  return { ...common, signature: table.signature, body, asks, heard, heardElsewhere };
}

function readModule(reader: ByteReader): { readonly label: string; readonly digest: Omit<ModuleDigest, 'module'> } {
  const label = reader.bytes(4).toString('hex');
  const coded = reader.u8();
  const state = states[coded >> 2];
  const quality = qualities[coded & 3];
  if (state === undefined || quality === undefined) throw new MalformedError('A module is in a state that does not exist.');
  const generation = reader.varint();
  const signature = reader.bytes(4).toString('hex');
  const share = reader.u8();
  if (share > 100) throw new MalformedError('A share is more than 100 %.');
  return { label, digest: { state, quality, generation, signature, share } };
}

/** Calls that many times, in order. */
function times<T>(count: number, read: () => T): readonly T[] {
  return Array.from({ length: count }, read);
}

function indexOf(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  return index === -1 ? nobody : index;
}

function lanIndex(table: ClusterTable, lan: string): number {
  return table.lans.findIndex((one) => one.name === lan);
}

function nameAt(names: readonly string[], index: number): string {
  const name = names[index];
  if (name === undefined) throw new MalformedError('A node or lan is named that does not exist.');
  return name;
}

/** Hex text as exactly that many bytes; what is no hex digit ends it, what is missing is zero. */
function hexBytes(text: string, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  buffer.write(text.slice(0, 2 * length), 'hex');
  return buffer;
}

function bitmap(nodes: readonly string[], chosen: readonly string[]): Buffer {
  const buffer = Buffer.alloc(Math.ceil(nodes.length / 8));
  nodes.forEach((node, index) => {
    if (chosen.includes(node)) buffer.writeUInt8(buffer.readUInt8(index >> 3) | (1 << (index & 7)), index >> 3);
  });
  return buffer;
}

function readBitmap(reader: ByteReader, nodes: readonly string[]): readonly string[] {
  const buffer = reader.bytes(Math.ceil(nodes.length / 8));
  return nodes.filter((_, index) => (buffer.readUInt8(index >> 3) & (1 << (index & 7))) !== 0);
}
