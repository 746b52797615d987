/** Keys derived from the one cluster key, one for each use, so that what one use gives away says nothing about the others (RFC 5869). */
import { hkdfSync } from 'node:crypto';

/**
 * What a key is for. `udp`: sealing datagrams; `udp-key-id`: the public label by which receivers recognise the key; `http`:
 * sealing requests between nodes.
 */
export type KeyDomain = 'udp' | 'udp-key-id' | 'http';

/**
 * A key for one use, by HKDF-SHA256.
 *
 * @param keyHex the cluster key: 16 to 64 bytes in hex
 * @param domain the use; keys of two uses are independent
 * @param context tells keys of one use apart, for example `n1/7/default`
 * @param length bytes wanted, 1 to 64
 * @throws TypeError when the cluster key is not hex of that length
 */
export function deriveKey(keyHex: string, domain: KeyDomain, context: string, length = 32): Buffer {
  if (!/^(?:[0-9a-fA-F]{2}){16,64}$/.test(keyHex)) throw new TypeError('A cluster key is 16 to 64 bytes in hex.');
  return Buffer.from(hkdfSync('sha256', Buffer.from(keyHex, 'hex'), 'holdfast cluster key v1', `${domain}\0${context}`, length));
}
