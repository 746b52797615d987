import { isIP } from 'node:net';

export interface AddressBytes {
  readonly family: 4 | 6;
  /** 4 or 16 bytes in the order of the network. */
  readonly bytes: readonly number[];
  /** What stands behind the percent sign of a link-local address. */
  readonly zone: string | null;
}

/** The bytes of an address as text (RFC 4291, section 2.2, for IPv6), or null for what is none. */
export function addressBytes(text: string): AddressBytes | null {
  const version = isIP(text);
  if (version === 4) return { family: 4, bytes: text.split('.').map(Number), zone: null };
  if (version !== 6) return null;
  const [plain = '', zone = null] = text.split('%');
  // The last 32 bits may be written as IPv4.
  const mixed = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain);
  const pair = (high: string | undefined, low: string | undefined): string => (Number(high) * 256 + Number(low)).toString(16);
  const hex = mixed === null ? plain : `${mixed[1]}${pair(mixed[2], mixed[3])}:${pair(mixed[4], mixed[5])}`;
  const [head = '', tail] = hex.split('::');
  const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const zeroes = Array<number>(8 - before.length - after.length).fill(0);
  return { family: 6, bytes: [...before, ...zeroes, ...after].flatMap((word) => [word >> 8, word & 255]), zone };
}

/** One spelling for each address, without its zone; what is no address stays as it is. */
export function addressKey(text: string): string {
  const found = addressBytes(text);
  return found === null ? text : found.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
