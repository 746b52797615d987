/**
 * The exchange between a node that joins and the node that invited it (ADR 0027). The token holds 32 random bytes that both know. The
 * request is sealed under them; the answer, with the cluster's key in it, also under a key that both agree on for this once (X25519), so
 * that whoever records the exchange and finds the token later opens nothing. It needs no secrecy of the connection below it.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { JoinAnswer, JoinMessage } from '../../actors/face-https.js';

/** What a token says. */
export interface Token {
  /** Names the invitation; no secret. */
  readonly id: string;
  readonly secret: Buffer;
  /** SHA-256 of the authority's certificate in hex; null: the inviting node has no HTTPS, or a certificate that browsers know. */
  readonly fingerprint: string | null;
}
const prefix = 'hfj1';
const idBytes = 8;
const secretBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** A new token. @param fingerprint hex */
export function makeToken(fingerprint: string | null): Token {
  return { id: randomBytes(idBytes).toString('hex'), secret: randomBytes(secretBytes), fingerprint };
}
export function tokenText({ id, secret, fingerprint }: Token): string {
  const parts = [prefix, id, secret.toString('base64url')];
  if (fingerprint !== null) parts.push(Buffer.from(fingerprint, 'hex').toString('base64url'));
  return parts.join('.');
}
/** Null: that is no token, or not all of it. */
export function readToken(text: string): Token | null {
  const match = /^hfj1\.([0-9a-f]{16})\.([\w-]{43})(?:\.([\w-]{43}))?$/.exec(text.trim());
  if (match === null) return null;
  return {
    id: match[1] ?? '',
    secret: Buffer.from(match[2] ?? '', 'base64url'),
    fingerprint: match[3] === undefined ? null : Buffer.from(match[3], 'base64url').toString('hex'),
  };
}

const agreed = (secret: Buffer, shared: Buffer, salt: Buffer, use: string): Buffer =>
  Buffer.from(hkdfSync('sha256', Buffer.concat([secret, shared]), salt, `holdfast join 1 ${use}`, 32));
function seal(key: Buffer, value: unknown, aad: Buffer): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(aad);
  const sealed = Buffer.concat([cipher.update(Buffer.from(JSON.stringify(value))), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}
function open(key: Buffer, box: string, aad: Buffer): unknown {
  const bytes = Buffer.from(box, 'base64url');
  if (bytes.length < nonceBytes + tagBytes) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(aad);
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    const value: unknown = JSON.parse(
      Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString(),
    );
    return value;
  } catch {
    return null;
  }
}
const rawOf = (key: KeyObject): string => key.export({ format: 'jwk' }).x ?? '';
function publicOf(x: string): KeyObject | null {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
  } catch {
    return null;
  }
}
function shared(own: KeyObject, theirs: KeyObject): Buffer | null {
  try {
    // A point of small order gives a shared secret of nothing, which Node refuses by throwing.
    return diffieHellman({ privateKey: own, publicKey: theirs });
  } catch {
    return null;
  }
}
const requestAad = (id: string, key: string): Buffer => Buffer.from(`request ${id} ${key}`);
const answerAad = (message: JoinMessage, key: string): Buffer =>
  Buffer.from(`answer ${message.id} ${message.key} ${key} ${message.box}`);

/** The joining side: a request, and what opens the answer to it (null: not from who knows the token). */
export function sealRequest(token: Token, value: unknown): { readonly message: JoinMessage; read(answer: JoinAnswer): unknown } {
  const pair = generateKeyPairSync('x25519');
  const key = rawOf(pair.publicKey);
  const salt = Buffer.from(token.id);
  const box = seal(agreed(token.secret, Buffer.alloc(0), salt, 'request'), value, requestAad(token.id, key));
  const message = { id: token.id, key, box };
  return {
    message,
    read(answer) {
      const theirs = publicOf(answer.key);
      const secret = theirs === null ? null : shared(pair.privateKey, theirs);
      return secret === null
        ? null
        : open(agreed(token.secret, secret, salt, 'answer'), answer.box, answerAad(message, answer.key));
    },
  };
}

/** The inviting side: what was asked; null: not from who knows the token. */
export function openRequest(token: Token, message: JoinMessage): unknown {
  const salt = Buffer.from(token.id);
  return open(agreed(token.secret, Buffer.alloc(0), salt, 'request'), message.box, requestAad(token.id, message.key));
}
/** The answer; null: the key of the request is none. */
export function sealAnswer(token: Token, message: JoinMessage, value: unknown): JoinAnswer | null {
  const theirs = publicOf(message.key);
  const pair = generateKeyPairSync('x25519');
  const secret = theirs === null ? null : shared(pair.privateKey, theirs);
  if (secret === null) return null;
  const key = rawOf(pair.publicKey);
  return { key, box: seal(agreed(token.secret, secret, Buffer.from(token.id), 'answer'), value, answerAad(message, key)) };
}
