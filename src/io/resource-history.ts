/**
 * The history of the modules' resources on disk: one JSON line a value, appended within half a second, in two files of bounded size.
 * A file that is full becomes the old one, and the new one begins with the last value of each resource, so that a resource that
 * changes often never pushes out what is known of a quiet one.
 */
import { appendFile, mkdir, readFile, rename, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, ResourceEntry, ResourceHistory } from '../actors/ports.js';

export interface ResourceHistoryOptions {
  /** Directory of a module's working files (SAFEVAR/modules/AM). */
  readonly directory: (module: string) => string;
  readonly clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  /** The disk refused: told once, until it takes something again. */
  readonly onProblem: (message: string) => void;
  /** From this size on a file is full, in bytes. Default 2 MB. */
  readonly fileLimit?: number;
}

/** How long a value may stay in memory alone, in ms: what a kill of the daemon may lose. */
export const flushDelayMs = 500;
/** Pause before the disk is asked again after it refused, in ms. */
const retryDelayMs = 5_000;
/** Values that wait for a disk that refuses; the oldest are left out then. */
export const mostPending = 5_000;
export const historyFile = 'resources.jsonl';
const oldFile = `${historyFile}.1`;

interface Book {
  pending: ResourceEntry[];
  /** The last value of each resource, written or not: what a new file begins with. */
  readonly last: Map<string, ResourceEntry>;
  timer: unknown;
  writing: Promise<void>;
  /** Bytes of the present file; null: not known yet. */
  size: number | null;
  failing: boolean;
}

const isEntry = (value: unknown): value is ResourceEntry =>
  typeof value === 'object' &&
  value !== null &&
  ['name', 'value', 'by', 'boot'].every((key) => key in value && typeof Reflect.get(value, key) === 'string') &&
  ['wallMs', 'atMs'].every((key) => key in value && typeof Reflect.get(value, key) === 'number');
const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
const encode = (entries: Iterable<ResourceEntry>): string => [...entries].map((entry) => `${JSON.stringify(entry)}\n`).join('');

/** Lines that were cut off or damaged are left out. */
function decode(text: string): readonly ResourceEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isEntry(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}
async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

/** The real history. `append` never throws and never waits; what the disk refuses is kept, as far as there is room, and tried again. */
export function createResourceHistory(options: ResourceHistoryOptions): ResourceHistory {
  const { directory, clock, onProblem, fileLimit = 2 * 1024 * 1024 } = options;
  const books = new Map<string, Book>();
  const bookOf = (module: string): Book => {
    const found = books.get(module);
    if (found !== undefined) return found;
    const book: Book = { pending: [], last: new Map(), timer: null, writing: Promise.resolve(), size: null, failing: false };
    books.set(module, book);
    return book;
  };
  const pathOf = (module: string, name: string): string => join(directory(module), name);

  const write = async (module: string, book: Book): Promise<void> => {
    const file = pathOf(module, historyFile);
    book.size ??= await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
    const batch = book.pending;
    if (batch.length === 0) return;
    book.pending = [];
    try {
      await mkdir(dirname(file), { recursive: true });
      if (book.size >= fileLimit) {
        await rename(file, pathOf(module, oldFile));
        book.size = 0;
        await add(book, file, encode(book.last.values()));
      }
      await add(book, file, encode(batch));
      book.failing = false;
    } catch (error) {
      book.pending = [...batch, ...book.pending].slice(-mostPending);
      if (!book.failing)
        onProblem(`history of the resources of ${module}: ${error instanceof Error ? error.message : String(error)}`);
      book.failing = true;
    }
  };
  /** Whole or not at all: half of a line would spoil the next one. */
  const add = async (book: Book, file: string, text: string): Promise<void> => {
    const size = book.size ?? 0;
    try {
      await appendFile(file, text, { mode: 0o640 });
      book.size = size + Buffer.byteLength(text);
    } catch (error) {
      await truncate(file, size).catch(() => undefined);
      throw error;
    }
  };
  const flush = (module: string, book: Book): Promise<void> => {
    clock.clearTimeout(book.timer);
    book.timer = null;
    book.writing = book.writing
      .then(() => write(module, book))
      .then(() => {
        if (book.pending.length > 0) schedule(module, book);
      });
    return book.writing;
  };
  const schedule = (module: string, book: Book): void => {
    if (book.timer !== null) return;
    book.timer = clock.setTimeout(() => void flush(module, book), book.failing ? retryDelayMs : flushDelayMs);
  };

  return {
    async load(module) {
      const book = bookOf(module);
      await flush(module, book);
      try {
        const [old, present] = await Promise.all([read(pathOf(module, oldFile)), read(pathOf(module, historyFile))]);
        // The daemon was killed in the middle of a line: the next one begins on a line of its own.
        if (present !== '' && !present.endsWith('\n')) {
          await truncate(pathOf(module, historyFile), Buffer.byteLength(present.slice(0, present.lastIndexOf('\n') + 1)));
        }
        book.size = null;
        const entries = [...decode(old), ...decode(present)];
        for (const entry of entries) book.last.set(entry.name, entry);
        return withoutRepeats(entries);
      } catch (error) {
        onProblem(`history of the resources of ${module}: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    },
    append(module, entry) {
      const book = bookOf(module);
      book.pending.push(entry);
      if (book.pending.length > mostPending) book.pending.shift();
      book.last.set(entry.name, entry);
      schedule(module, book);
    },
    async flush(module) {
      const book = books.get(module);
      if (book !== undefined) await flush(module, book);
    },
    async close(module) {
      const book = books.get(module);
      if (book === undefined) return;
      await flush(module, book);
      clock.clearTimeout(book.timer);
      books.delete(module);
    },
  };
}

/** A new file begins with values that the old one has too. */
function withoutRepeats(entries: readonly ResourceEntry[]): readonly ResourceEntry[] {
  const known = new Set<string>();
  return entries.filter((entry) => {
    const key = JSON.stringify(entry);
    return known.has(key) ? false : known.add(key).has(key);
  });
}
