/** Where a record of the past is read from: files of a journal, of which the newest are often enough, or a zip that holds them. */
import { readRecords, type SourceLine } from './records.js';

/** A journal in parts, each of which can be replayed without those before it. */
export interface RecordSource {
  readonly parts: readonly { readonly number: number; readonly lines: () => AsyncIterable<SourceLine> }[];
  /** Number of a file by the name that its lines bear. */
  readonly fileOf: (file: string) => number;
}

/** Time at which a part begins; null where it does not begin as one of a journal does. */
async function beginningOf(part: RecordSource['parts'][number]): Promise<number | null> {
  for await (const reading of readRecords(part.lines())) {
    return reading.kind === 'record' && reading.record.k === 'head' ? reading.record.wallMs : null;
  }
  return null;
}

/** Beginnings of all parts, in their order. */
export async function beginnings(source: RecordSource): Promise<readonly (number | null)[]> {
  const found: (number | null)[] = [];
  for (const part of source.parts) found.push(await beginningOf(part));
  return found;
}
/** Lines of the parts from the one of that index on, up to and with the last. */
export async function* linesFrom(source: RecordSource, first: number, last: number): AsyncGenerator<SourceLine> {
  for (const part of source.parts.slice(first, last + 1)) yield* part.lines();
}
