/**
 * Seals datagrams with AES-256-GCM. Each sender has a key of its own for each boot and lan, so a nonce that is just the sequence
 * number never repeats under a key; the clear header is authenticated with the content.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { deriveKey } from '../keys.js';
import { headerLength } from './header.js';

export const tagLength = 16;
const algorithm = 'aes-256-gcm';

/** Label of a cluster key, 8 hex digits; zeros without a key. It says nothing about the key. */
export function keyLabel(keyHex: string | null): string {
  return keyHex === null ? '00000000' : deriveKey(keyHex, 'udp-key-id', '', 4).toString('hex');
}

/** The key of one sender, boot and lan. `sender` and `lan` are the labels of the header. */
export function senderKey(keyHex: string, sender: string, bootEpoch: number, lan: string): Buffer {
  return deriveKey(keyHex, 'udp', `${sender}/${bootEpoch}/${lan}`);
}

function nonce(sequence: number): Buffer {
  const buffer = Buffer.alloc(12);
  buffer.writeUIntBE(sequence, 6, 6);
  return buffer;
}

/** Header, encrypted content and tag; header and plain content without a key. */
export function seal(key: Buffer | null, header: Buffer, sequence: number, content: Buffer): Buffer {
  if (key === null) return Buffer.concat([header, content]);
  const cipher = createCipheriv(algorithm, key, nonce(sequence));
  cipher.setAAD(header);
  return Buffer.concat([header, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** The content of a datagram, or null when it is not authentic. */
export function open(key: Buffer | null, sequence: number, datagram: Buffer): Buffer | null {
  const rest = datagram.subarray(headerLength);
  if (key === null) return rest;
  if (rest.length < tagLength) return null;
  try {
    const decipher = createDecipheriv(algorithm, key, nonce(sequence));
    decipher.setAAD(datagram.subarray(0, headerLength));
    decipher.setAuthTag(rest.subarray(rest.length - tagLength));
    return Buffer.concat([decipher.update(rest.subarray(0, rest.length - tagLength)), decipher.final()]);
  } catch {
    // The tag does not fit: forged, damaged, or sealed by somebody else's boot.
    return null;
  }
}
