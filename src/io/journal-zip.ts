/**
 * A journal inside a zip, as a snapshot of a module holds it: its files' lines, oldest file first, without unpacking it to the disk.
 * The zip may come from anybody: what it holds, how much of it, and how large that becomes is bounded.
 */
import { open as openFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import { type JournalLine, journalFileNumber, journalFiles, journalLines } from './journal-files.js';

/** Bounds of a zip with a journal; the recorder keeps far less (4 files of 8 MiB). */
export interface JournalZipLimits {
  readonly entries: number;
  readonly files: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
}
export const journalZipLimits: JournalZipLimits = {
  entries: 100_000,
  files: 256,
  fileBytes: 64 * 1024 * 1024,
  totalBytes: 512 * 1024 * 1024,
};

const journalName = /^(?:(.*)\/)?(journal-\d{8}\.jsonl)$/;

/** Names are the sender's: without what could drive a terminal, and cut. */
const quoted = (name: string): string => JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
const refuse = (path: string, why: string): Error => new Error(`${path} cannot be read: ${why}`);

/** The next entry; null at the end. */
const nextEntry = (zip: yauzl.ZipFile): Promise<yauzl.Entry | null> =>
  new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      zip.off('entry', onEntry).off('end', onEnd).off('error', onError);
      then();
    };
    const onEntry = (entry: yauzl.Entry): void => settle(() => resolve(entry));
    const onEnd = (): void => settle(() => resolve(null));
    const onError = (error: unknown): void => settle(() => reject(error));
    zip.on('entry', onEntry).on('end', onEnd).on('error', onError);
    zip.readEntry();
  });

/** The journal's entries, oldest first. */
async function journalEntries(zip: yauzl.ZipFile, limits: JournalZipLimits): Promise<readonly yauzl.Entry[]> {
  if (zip.entryCount > limits.entries) throw new Error(`it has more than ${limits.entries} entries`);
  const found = new Map<string, yauzl.Entry>();
  const folders = new Set<string>();
  let total = 0;
  for (let entry = await nextEntry(zip); entry !== null; entry = await nextEntry(zip)) {
    const [, folder = '', name] = journalName.exec(entry.fileName) ?? [];
    if (name === undefined) continue;
    if (found.has(entry.fileName)) throw new Error(`${quoted(entry.fileName)} stands in it twice`);
    if (entry.isEncrypted()) throw new Error(`${quoted(entry.fileName)} is encrypted`);
    if (entry.uncompressedSize > limits.fileBytes)
      throw new Error(`${quoted(entry.fileName)} is larger than ${limits.fileBytes} bytes`);
    total += entry.uncompressedSize;
    folders.add(folder);
    found.set(entry.fileName, entry);
    if (found.size > limits.files) throw new Error(`it holds more than ${limits.files} files of a journal`);
    if (total > limits.totalBytes) throw new Error(`its journal is larger than ${limits.totalBytes} bytes`);
  }
  if (found.size === 0) throw new Error('it holds no journal');
  if (folders.size > 1) {
    const names = [...folders].map((folder) => quoted(folder === '' ? '.' : folder)).join(', ');
    throw new Error(`it holds several journals (${names}): unpack the one that you mean, and name its folder`);
  }
  return [...found.values()].sort((left, right) => (left.fileName < right.fileName ? -1 : 1));
}

/** The lines of one entry. yauzl sees to it that an entry has exactly the size that it claims. */
async function* entryLines(zip: yauzl.ZipFile, entry: yauzl.Entry, file: string): AsyncGenerator<JournalLine> {
  const openReadStream = promisify((of: yauzl.Entry, done: (error: Error | null, stream: NodeJS.ReadableStream) => void) =>
    zip.openReadStream(of, done),
  );
  const decoder = new TextDecoder();
  let rest = '';
  let number = 0;
  for await (const chunk of await openReadStream(entry)) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      number += 1;
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text !== '') yield { file, number, text };
    }
  }
  rest += decoder.decode();
  if (rest !== '') yield { file, number: number + 1, text: rest };
}

/**
 * The lines of the journal in a zip. A file is called by the zip's name, and its own name in it.
 * @throws Error with what is wrong with the zip
 */
export async function* journalZipLines(path: string, limits: JournalZipLimits = journalZipLimits): AsyncGenerator<JournalLine> {
  const openZip = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open);
  const options = { lazyEntries: true, autoClose: false, decodeStrings: true, validateEntrySizes: true };
  const opened = await openZip(path, options).catch((error: unknown) => {
    throw refuse(path, `it is no intact zip file (${messageOf(error)})`);
  });
  // An 'error' event between two reads would have nobody to hear it, and end the process.
  opened.on('error', () => undefined);
  try {
    for (const entry of await journalEntries(opened, limits)) yield* entryLines(opened, entry, `${path}:${entry.fileName}`);
  } catch (error) {
    throw refuse(path, messageOf(error));
  } finally {
    opened.close();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Every zip that is not empty begins with these four bytes. */
async function isZip(path: string): Promise<boolean> {
  if (!(await stat(path)).isFile()) return false;
  const handle = await openFile(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.readUInt32BE() === 0x50_4b_03_04;
  } finally {
    await handle.close();
  }
}

/** A part of a journal: what begins with all that a reader needs. */
export interface JournalPart {
  readonly number: number;
  readonly lines: () => AsyncIterable<JournalLine>;
}
/**
 * The journal at a path in parts: one for each file of a directory; a file and a zip are one part.
 * @throws the system's error where there is nothing at that path, Error where there is no journal
 */
export async function journalParts(path: string, limits: JournalZipLimits = journalZipLimits): Promise<readonly JournalPart[]> {
  if (await isZip(path)) return [{ number: 0, lines: () => journalZipLines(path, limits) }];
  const files = await journalFiles(path);
  return files.map((file) => ({ number: journalFileNumber(file), lines: () => journalLines([file]) }));
}

/**
 * The lines of the journal at a path: a file of it, a directory of its files, or a zip that holds them.
 * @throws the system's error where there is nothing at that path, Error where there is no journal
 */
export async function* journalAt(path: string): AsyncGenerator<JournalLine> {
  yield* (await isZip(path)) ? journalZipLines(path) : journalLines(await journalFiles(path));
}
