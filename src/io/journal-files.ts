/** The journal's files: what they are called, which there are, and their lines. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const pattern = /^journal-(\d{8})\.jsonl$/;

/** Name of a journal's file; the numbers grow with each new file. */
export const journalFileName = (number: number): string => `journal-${String(number).padStart(8, '0')}.jsonl`;

/** Number in the name of a journal's file, whatever is before it; 0 where there is none. */
export function journalFileNumber(path: string): number {
  return Number(/journal-(\d{8})\.jsonl$/.exec(path)?.[1] ?? 0);
}

/** Numbers of the files in a directory, oldest first; none where there is no directory. */
export async function journalNumbers(dir: string): Promise<readonly number[]> {
  const names = await readdir(dir).catch(() => []);
  return names
    .map((name) => pattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((left, right) => left - right);
}

/**
 * The files behind a path: a file itself, a directory's journal files, oldest first.
 * @throws the system's error where there is nothing at that path, Error where a directory holds no journal.
 */
export async function journalFiles(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const numbers = await journalNumbers(path);
  if (numbers.length === 0) throw new Error(`there is no journal in ${path}`);
  return numbers.map((number) => join(path, journalFileName(number)));
}

/** One line as it is in its file. */
export interface JournalLine {
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** The lines of files, one file after the other; empty ones are left out. */
export async function* journalLines(files: readonly string[]): AsyncGenerator<JournalLine> {
  for (const file of files) {
    let number = 0;
    for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (text !== '') yield { file, number, text };
    }
  }
}
