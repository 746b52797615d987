/** Echo requests and replies as bytes: RFC 792 (IPv4) and RFC 4443, section 4 (IPv6). */

/** Bytes behind the ICMP header, as many as ping(8) sends. */
export const payloadBytes = 56;
/** Of the payload: 8 bytes that only this daemon knows, then the number of the check. */
const secretBytes = 8;
const headerBytes = 8;

/** What tells one check's echo from all others. */
export interface Echo {
  readonly id: number;
  readonly sequence: number;
  readonly secret: Buffer;
  readonly check: bigint;
}

const types = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

/** The checksum of the Internet protocols (RFC 1071) of an even number of bytes. */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += bytes.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An echo request. The checksum of IPv6 is the kernel's to make: it covers addresses that we do not know. */
export function echoRequest(family: 4 | 6, echo: Echo): Buffer {
  const packet = Buffer.alloc(headerBytes + payloadBytes);
  packet.writeUInt8(types[family].request, 0);
  packet.writeUInt16BE(echo.id, 4);
  packet.writeUInt16BE(echo.sequence, 6);
  packet.set(echo.secret.subarray(0, secretBytes), headerBytes);
  packet.writeBigUInt64BE(echo.check, headerBytes + secretBytes);
  if (family === 4) packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

/**
 * An echo reply, or null for anything else. Its payload must be whole, since replies are compared by it.
 * @param hasHeader the packet begins with an IPv4 header, as raw sockets give it
 */
export function echoReply(family: 4 | 6, packet: Buffer, hasHeader: boolean): Echo | null {
  const start = hasHeader ? (packet.length === 0 ? 0 : (packet.readUInt8(0) & 0x0f) * 4) : 0;
  const icmp = packet.subarray(start);
  if (icmp.length !== headerBytes + payloadBytes || icmp.readUInt8(0) !== types[family].reply || icmp.readUInt8(1) !== 0)
    return null;
  return {
    id: icmp.readUInt16BE(4),
    sequence: icmp.readUInt16BE(6),
    secret: icmp.subarray(headerBytes, headerBytes + secretBytes),
    check: icmp.readBigUInt64BE(headerBytes + secretBytes),
  };
}
