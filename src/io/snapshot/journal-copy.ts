/** The journal's lines without secrets: a line that holds one is written anew, with its checksum. */
import { decodeLine, encodeLine } from '../../actors/recorder-lines.js';
import { journalLines } from '../journal-files.js';
import type { Redactor } from './redact.js';

/**
 * What machines were given at their beginning is no part of the digests (ADR 0010), and that is where secrets of a configuration can
 * stand; so that a redacted journal replays as before.
 */
export async function* cleanJournal(file: string, redactor: Redactor): AsyncGenerator<string> {
  for await (const { text } of journalLines([file])) {
    const line = decodeLine(text);
    if (!line.ok) {
      // Cut off by a crash: kept as it is damaged, or the rest would not be read as it was.
      yield `${redactor.text(text)}\n`;
      continue;
    }
    const before = JSON.stringify(line.record);
    const clean = redactor.json(JSON.parse(before));
    const after = JSON.stringify(clean);
    yield before === after ? `${text}\n` : `${reencoded(line.n, after, text)}\n`;
  }
}

function reencoded(n: number, json: string, original: string): string {
  // The record keeps its shape; only texts in it are others.
  const head = decodeLine(original);
  if (!head.ok) return original;
  return encodeLine(n, Object.assign({ ...head.record }, JSON.parse(json)));
}
