/**
 * Share maps in a datagram. Groups mostly have the same owners, so the owners come as a list of tables that the maps refer to; a
 * table names the k owners that occur and then each of the 256 buckets in as few bits as tell k apart: 0 to 160 bytes.
 */
import type { ShareMap } from '../../actors/ports.js';
import { type ByteReader, ByteWriter, MalformedError } from './bytes.js';

const bucketCount = 256;
const nobody = 255;

/** Maps beginning at index `from`, as many as fit in `room` bytes beside the two counts. */
export function writeMaps(maps: readonly ShareMap[], from: number, room: number): { bytes: Buffer; count: number; next: number } {
  const start = maps.length === 0 ? 0 : from % maps.length;
  const tables = new Map<string, { readonly index: number; readonly bytes: Buffer }>();
  const entries: Buffer[] = [];
  let left = room;
  for (const map of [...maps.slice(start), ...maps.slice(0, start)]) {
    const key = map.owners.join(',');
    const known = tables.get(key);
    const table = known ?? { index: tables.size, bytes: writeTable(map.owners) };
    const entry = new ByteWriter().text(map.group).varint(map.version).u8(table.index).toBuffer();
    const cost = entry.length + (known === undefined ? table.bytes.length : 0);
    if (cost > left || entries.length === 255) break;
    left -= cost;
    tables.set(key, table);
    entries.push(entry);
  }
  const writer = new ByteWriter().u8(tables.size);
  for (const table of tables.values()) writer.bytes(table.bytes);
  writer.u8(entries.length);
  for (const entry of entries) writer.bytes(entry);
  return { bytes: writer.toBuffer(), count: entries.length, next: start + entries.length };
}

function bitsFor(count: number): number {
  return Math.ceil(Math.log2(count));
}

function writeTable(owners: readonly number[]): Buffer {
  const distinct = [...new Set(owners)].sort((a, b) => a - b);
  const bits = bitsFor(distinct.length);
  const packed = Buffer.alloc((bucketCount * bits) / 8);
  owners.forEach((owner, bucket) => {
    const code = distinct.indexOf(owner);
    for (let bit = 0; bit < bits; bit += 1) {
      const at = bucket * bits + bit;
      if ((code & (1 << bit)) !== 0) packed.writeUInt8(packed.readUInt8(at >> 3) | (1 << (at & 7)), at >> 3);
    }
  });
  return new ByteWriter().u8(distinct.length).bytes(Buffer.from(distinct)).bytes(packed).toBuffer();
}

/** @throws MalformedError when a table or an owner does not exist */
export function readMaps(reader: ByteReader, nodes: number): readonly ShareMap[] {
  const tables = Array.from({ length: reader.u8() }, () => readTable(reader, nodes));
  return Array.from({ length: reader.u8() }, () => {
    const group = reader.text();
    const version = reader.varint();
    const owners = tables[reader.u8()];
    if (owners === undefined) throw new MalformedError('A share map refers to owners that are not there.');
    return { group, version, owners };
  });
}

function readTable(reader: ByteReader, nodes: number): readonly number[] {
  const distinct = [...reader.bytes(reader.u8())];
  if (distinct.length === 0 || distinct.some((owner) => owner >= nodes && owner !== nobody)) {
    throw new MalformedError('A share map names a node that does not exist.');
  }
  const bits = bitsFor(distinct.length);
  const packed = reader.bytes((bucketCount * bits) / 8);
  return Array.from({ length: bucketCount }, (_, bucket) => {
    let code = 0;
    for (let bit = 0; bit < bits; bit += 1) {
      const at = bucket * bits + bit;
      if ((packed.readUInt8(at >> 3) & (1 << (at & 7))) !== 0) code |= 1 << bit;
    }
    const owner = distinct[code];
    if (owner === undefined) throw new MalformedError('A bucket has an owner that does not exist.');
    return owner;
  });
}
