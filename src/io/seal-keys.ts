/** Sealing of requests between nodes: AES-256-GCM under a key of its own, derived from the cluster key. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deriveKey } from './keys.js';

const nonceBytes = 12;
const tagBytes = 16;

/** What seals and opens; a sealed message is nonce, tag, ciphertext. */
export interface MessageSeal {
  seal(bytes: Uint8Array, aad: Uint8Array): Uint8Array;
  /** Null: not sealed with this key, or changed. */
  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array | null;
}

/**
 * The seal of one cluster. A random nonce is safe for far more messages (2^32) than one key will ever carry here.
 * @param keyHex the cluster key.
 */
export function createMessageSeal(keyHex: string): MessageSeal {
  const key = deriveKey(keyHex, 'http', 'request');
  return {
    seal(bytes, aad) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(aad);
      const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    open(sealed, aad) {
      if (sealed.length < nonceBytes + tagBytes) return null;
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
      decipher.setAAD(aad);
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
      } catch {
        return null;
      }
    },
  };
}
