/** The journal's lines: JSON with a number and a checksum, so that a cut, a gap and a change of a single character are seen. */
import type { JournalRecord } from './recorder.types.js';

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 (ISO 3309, as in zlib) of a text's UTF-8 bytes, as eight hex digits. */
export function checksum(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text, 'utf8')) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

/** One line without its line feed: `n` counts from 1 at each start of the daemon, `c` is the checksum of what is before it. */
export function encodeLine(n: number, record: JournalRecord): string {
  const text = JSON.stringify({ n, ...record });
  return `${text.slice(0, -1)},"c":"${checksum(text)}"}`;
}

export type DecodedLine =
  | { readonly ok: true; readonly n: number; readonly record: JournalRecord }
  | { readonly ok: false; readonly why: string };

const kinds: readonly string[] = ['head', 'start', 'tree', 'event', 'quiet', 'wall', 'gap', 'defect', 'end'];
const isRecord = (value: unknown): value is JournalRecord =>
  typeof value === 'object' && value !== null && 'k' in value && typeof value.k === 'string' && kinds.includes(value.k);

/** Reads one line; says what is wrong with it where it is not as it was written. */
export function decodeLine(line: string): DecodedLine {
  const end = /,"c":"([0-9a-f]{8})"\}$/.exec(line);
  if (end === null) return { ok: false, why: 'it is cut off, or no line of a journal' };
  const text = `${line.slice(0, end.index)}}`;
  if (checksum(text) !== end[1]) return { ok: false, why: 'its checksum does not match' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, why: 'it is not JSON' };
  }
  if (!isRecord(value) || !('n' in value) || typeof value.n !== 'number')
    return { ok: false, why: 'it is no record of this version' };
  return { ok: true, n: value.n, record: value };
}
