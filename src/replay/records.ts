/** The records of a journal in the order in which they were written, with what is wrong with the lines. */
import type { JournalRecord } from '../actors/recorder.types.js';
import { decodeLine } from '../actors/recorder-lines.js';

/** A line of a journal's file. */
export interface SourceLine {
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly text: string;
}
export interface Place {
  readonly file: string;
  readonly line: number;
}
export type Reading =
  | { readonly kind: 'record'; readonly place: Place; readonly record: JournalRecord }
  /** A daemon was killed in the middle of a line: nothing is wrong with the rest. */
  | { readonly kind: 'torn'; readonly place: Place }
  | { readonly kind: 'damage'; readonly place: Place; readonly what: string };

/** Reads lines as records. A line that cannot be read is torn where the journal ends or a daemon starts after it, damaged elsewhere. */
export async function* readRecords(lines: AsyncIterable<SourceLine>): AsyncGenerator<Reading> {
  let expected: number | null = null;
  let unread: { readonly place: Place; readonly why: string } | null = null;
  for await (const { file, number, text } of lines) {
    const place = { file, line: number };
    const line = decodeLine(text);
    if (!line.ok) {
      if (unread !== null) yield { kind: 'damage', place: unread.place, what: unread.why };
      unread = { place, why: line.why };
      if (expected !== null) expected += 1;
      continue;
    }
    const { n, record } = line;
    const isStart = record.k === 'head' && record.why === 'start';
    if (unread !== null) {
      yield isStart ? { kind: 'torn', place: unread.place } : { kind: 'damage', place: unread.place, what: unread.why };
      unread = null;
    }
    if (!isStart && expected !== null && n !== expected) {
      yield { kind: 'damage', place, what: `record ${expected} should be here, and there is record ${n}` };
    }
    expected = n + 1;
    yield { kind: 'record', place, record };
  }
  if (unread !== null) yield { kind: 'torn', place: unread.place };
}
