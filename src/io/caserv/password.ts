/**
 * The password of the CA helper. One that is made here holds 128 random bits and the fingerprint of the authority, so that whoever is told it also knows
 * whom to tell it to.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const form = /^hfca1\.[A-Za-z0-9_-]{22}\.([A-Za-z0-9_-]{22})$/;
/** Bytes of the fingerprint that the password holds. */
const pinBytes = 16;

/** A new one. @param fingerprint SHA-256 of the authority in hex */
export function makePassword(fingerprint: string): string {
  const pin = Buffer.from(fingerprint, 'hex').subarray(0, pinBytes);
  return `hfca1.${randomBytes(16).toString('base64url')}.${pin.toString('base64url')}`;
}
/** What the fingerprint begins with, in hex, by a password that was made so; null: it was chosen by a person. */
export function pinOf(password: string): string | null {
  const pin = form.exec(password)?.[1];
  return pin === undefined ? null : Buffer.from(pin, 'base64url').toString('hex');
}
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Whether both are the same, in a time that says nothing. */
export const same = (left: string, right: string): boolean => timingSafeEqual(digest(left), digest(right));
