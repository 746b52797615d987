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

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTextOrNone = (value: unknown): boolean => value === undefined || typeof value === 'string';
const isEvent = (value: unknown): boolean => isFields(value) && typeof value['type'] === 'string';
const isTree = ({ path }: Fields): boolean => path === 'node' || path === 'membership';
const isRun = (value: unknown): boolean =>
  isFields(value) &&
  typeof value['to'] === 'string' &&
  isTextOrNone(value['by']) &&
  Number.isSafeInteger(value['count']) &&
  ['firstAt', 'lastAt'].every((name) => typeof value[name] === 'number') &&
  isEvent(value['ev']);
const isBeginning = (value: unknown): boolean => isFields(value) && typeof value['path'] === 'string';
/** What the records of each kind must have for a reader to work with them; what is inside of events and trees the machines judge. */
const shapes: Readonly<Record<string, (fields: Fields) => boolean>> = {
  head: ({ wallMs, why, node, version, bootId }) =>
    typeof wallMs === 'number' && [why, node, version, bootId].every((text) => typeof text === 'string'),
  start: isTree,
  tree: isTree,
  event: ({ to, ev, by, marks, began }) =>
    typeof to === 'string' &&
    isEvent(ev) &&
    isTextOrNone(by) &&
    (marks === undefined || (isFields(marks) && Object.values(marks).every((mark) => typeof mark === 'string'))) &&
    (began === undefined || (Array.isArray(began) && began.every(isBeginning))),
  quiet: ({ runs }) => Array.isArray(runs) && runs.every(isRun),
  wall: ({ wallMs }) => typeof wallMs === 'number',
  gap: ({ lost }) => typeof lost === 'number',
  defect: () => true,
  end: () => true,
};
function isRecord(value: unknown): value is JournalRecord {
  if (!isFields(value) || typeof value['k'] !== 'string' || typeof value['at'] !== 'number') return false;
  return Object.hasOwn(shapes, value['k']) && shapes[value['k']]?.(value) === true;
}

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
