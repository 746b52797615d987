/**
 * The clear header of every datagram, 46 bytes, authenticated but not encrypted:
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 2 | `HF` |
 * | 2 | 1 | version of the protocol, 1 |
 * | 3 | 1 | flags: bit 0 sealed |
 * | 4 | 4 | label of the key, 0 without a key |
 * | 8 | 16 | cluster id |
 * | 24 | 8 | sender: first 8 bytes of SHA-256 of the node's name |
 * | 32 | 4 | lan: first 4 bytes of SHA-256 of the lan's name |
 * | 36 | 4 | boot epoch of the sender |
 * | 40 | 6 | sequence number of the sender on that lan |
 */
import { createHash } from 'node:crypto';

export const headerLength = 46;
export const protocolVersion = 1;
/** Datagrams are never longer than this: no network on the way cuts them up. */
export const maxDatagramLength = 1_200;
const magic = 0x4846;

export interface Header {
  readonly version: number;
  readonly sealed: boolean;
  readonly keyId: string;
  readonly clusterId: string;
  readonly sender: string;
  readonly lan: string;
  readonly bootEpoch: number;
  readonly sequence: number;
}

/** Label of a node's name in the header, hex. */
export function senderLabel(node: string): string {
  return createHash('sha256').update(node).digest('hex').slice(0, 16);
}

/** Label of a lan's name in the header, hex. */
export function lanLabel(lan: string): string {
  return createHash('sha256').update(lan).digest('hex').slice(0, 8);
}

export function writeHeader(header: Header): Buffer {
  const buffer = Buffer.alloc(headerLength);
  buffer.writeUInt16BE(magic, 0);
  buffer.writeUInt8(header.version, 2);
  buffer.writeUInt8(header.sealed ? 1 : 0, 3);
  buffer.write(header.keyId, 4, 4, 'hex');
  buffer.write(header.clusterId, 8, 16, 'hex');
  buffer.write(header.sender, 24, 8, 'hex');
  buffer.write(header.lan, 32, 4, 'hex');
  buffer.writeUInt32BE(header.bootEpoch, 36);
  buffer.writeUIntBE(header.sequence, 40, 6);
  return buffer;
}

/** The header, or null when the bytes do not begin like one of ours. Fields after an unknown version mean nothing. */
export function readHeader(datagram: Buffer): Header | null {
  if (datagram.length < headerLength || datagram.readUInt16BE(0) !== magic || datagram.readUInt8(3) > 1) return null;
  return {
    version: datagram.readUInt8(2),
    sealed: datagram.readUInt8(3) === 1,
    keyId: datagram.toString('hex', 4, 8),
    clusterId: datagram.toString('hex', 8, 24),
    sender: datagram.toString('hex', 24, 32),
    lan: datagram.toString('hex', 32, 36),
    bootEpoch: datagram.readUInt32BE(36),
    sequence: datagram.readUIntBE(40, 6),
  };
}
