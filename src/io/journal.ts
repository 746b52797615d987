/**
 * The flight recorder's files: lines are taken at once and written behind, one write at a time. What the disk refuses is tried again;
 * when too much waits, lines are lost, counted, and the loss is written down as soon as something can be written.
 * The first lines after a rest are written at once, those of a busy time together: a write for each of 200 checks a second cost more than the
 * checks. What was handed to the operating system outlives the daemon: kill -9 takes 50 ms at most, and a defect nothing. It is not flushed to
 * the disk at each line (a power cut may take the end).
 */
import { writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from '../actors/ports.js';
import type { JournalRecord } from '../actors/recorder.types.js';
import { decodeLine, encodeLine } from '../actors/recorder-lines.js';
import { journalFileName, journalFiles, journalLines, journalNumbers } from './journal-files.js';

export interface JournalOptions {
  readonly dir: string;
  /** A new file begins when one has grown to this. Default 8 MiB. */
  readonly fileBytes?: number;
  /** Files kept, the current one included. Default 4. */
  readonly files?: number;
  /** Most bytes that wait for a slow disk. Default 2 MiB. */
  readonly pendingBytes?: number;
  /** Pause after a failure, in ms. Default 1000. */
  readonly retryMs?: number;
  readonly now: () => number;
  /** A failure, once until writing works again. */
  readonly onProblem: (message: string) => void;
  /** Opens a file for appending; replaced in tests by one that fails. */
  readonly openFile?: (path: string) => Promise<Pick<FileHandle, 'fd' | 'stat' | 'read' | 'write' | 'close'>>;
}

type Entry = { readonly kind: 'text'; readonly bytes: Buffer } | { readonly kind: 'rotate' };

/** What comes so soon after a write is written together, in ms. */
const togetherMs = 50;
const lineFeed = Buffer.from('\n');
const openForAppending = (path: string): Promise<FileHandle> => open(path, 'a+', 0o600);

/** Opens the journal of a directory; the directory is made where it is missing. Never throws: what fails is reported and tried again. */
export function createJournal(options: JournalOptions): Journal {
  return new FileJournal(options);
}

class FileJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #fileBytes: number;
  readonly #pendingMost: number;
  #pending: Entry[] = [];
  #pendingBytes = 0;
  #handle: Awaited<ReturnType<NonNullable<JournalOptions['openFile']>>> | null = null;
  #number = 0;
  /** Bytes of the current file, those that wait for it included. */
  #bytes = 0;
  #sequence = 0;
  #due: 'start' | 'full' | null = 'start';
  #lost = 0;
  #failure: string | null = null;
  #writing: Promise<void> | null = null;
  /** Nothing is written before it ends, unless somebody waits for it. */
  #pause: NodeJS.Timeout | null = null;
  readonly #atExit = (): void => this.#writeAtExit();

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#fileBytes = options.fileBytes ?? 8 * 1024 * 1024;
    this.#pendingMost = options.pendingBytes ?? 2 * 1024 * 1024;
    process.on('exit', this.#atExit);
  }

  due(): 'start' | 'full' | 'gap' | null {
    if (this.#lost > 0) return this.#pendingBytes < this.#pendingMost / 2 ? 'gap' : null;
    return this.#due;
  }

  begin(head: readonly JournalRecord[]): void {
    if (this.#due === 'full') {
      this.#pending.push({ kind: 'rotate' });
      this.#bytes = 0;
    }
    this.#due = null;
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.append({ k: 'gap', at: this.#options.now(), lost, why: this.#failure ?? 'the disk was too slow' });
    for (const record of head) this.append(record);
  }

  append(record: JournalRecord): void {
    // What follows a loss cannot be replayed: it begins anew with the next head.
    if (this.#lost > 0) {
      this.#lost += 1;
      return;
    }
    const bytes = Buffer.from(`${encodeLine(this.#sequence + 1, record)}\n`, 'utf8');
    if (this.#pendingBytes + bytes.length > this.#pendingMost) {
      this.#lost = 1;
      return;
    }
    this.#sequence += 1;
    this.#pending.push({ kind: 'text', bytes });
    this.#pendingBytes += bytes.length;
    this.#bytes += bytes.length;
    if (this.#bytes >= this.#fileBytes) this.#due ??= 'full';
    this.#kick();
  }

  flush(): Promise<void> {
    return this.#drain();
  }

  async read(): Promise<readonly JournalRecord[]> {
    await this.#drain();
    const records: JournalRecord[] = [];
    const files = await journalFiles(this.#options.dir).catch(() => []);
    for await (const { text } of journalLines(files)) {
      const line = decodeLine(text);
      if (line.ok) records.push(line.record);
    }
    return records;
  }

  async close(): Promise<void> {
    process.off('exit', this.#atExit);
    await this.#drain();
    if (this.#pause !== null) clearTimeout(this.#pause);
    await this.#handle?.close().catch(() => undefined);
    this.#handle = null;
  }

  // ------------------------------------------------------------ behind

  async #drain(): Promise<void> {
    if (this.#writing !== null) await this.#writing;
    if (this.#pending.length > 0) await (this.#writing ?? this.#start());
  }
  #kick(): void {
    if (this.#writing === null && this.#pause === null) void this.#start();
  }
  /** @param ms until what waits is written */
  #rest(ms: number): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = null;
      if (this.#pending.length > 0) this.#kick();
    }, ms);
    this.#pause.unref();
  }
  #start(): Promise<void> {
    this.#writing = this.#run().finally(() => {
      this.#writing = null;
      // What came between the last write and now.
      if (this.#pending.length > 0) this.#kick();
    });
    return this.#writing;
  }
  async #run(): Promise<void> {
    // Lines of the same moment are written together.
    await Promise.resolve();
    try {
      // What comes meanwhile waits for the next time.
      for (let left = this.#pending.length; left > 0; ) left -= await this.#writeSome();
      this.#failure = null;
      this.#rest(togetherMs);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#failure === null) this.#options.onProblem(reason);
      this.#failure = reason;
      this.#rest(this.#options.retryMs ?? 1_000);
    }
  }

  /** @returns how many entries that were */
  async #writeSome(): Promise<number> {
    if (this.#pending[0]?.kind === 'rotate') {
      await this.#handle?.close();
      this.#handle = null;
      this.#number += 1;
      this.#pending.shift();
      return 1;
    }
    this.#handle ??= await this.#open();
    const end = this.#pending.findIndex((entry) => entry.kind === 'rotate');
    const taken = this.#pending.splice(0, end < 0 ? this.#pending.length : end);
    const batch = Buffer.concat(taken.map((entry) => (entry.kind === 'text' ? entry.bytes : lineFeed)));
    let done = 0;
    try {
      while (done < batch.length) {
        const { bytesWritten } = await this.#handle.write(batch, done, batch.length - done);
        done += bytesWritten;
      }
    } finally {
      this.#pendingBytes -= done;
      // Goes on where the disk refused, in the middle of a line if need be.
      if (done < batch.length) this.#pending.unshift({ kind: 'text', bytes: batch.subarray(done) });
    }
    return taken.length;
  }

  async #open() {
    const { dir, files = 4, openFile = openForAppending } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const numbers = await journalNumbers(dir);
    const isFirst = this.#number === 0;
    if (isFirst) this.#number = numbers.at(-1) ?? 1;
    let handle = await openFile(join(dir, journalFileName(this.#number)));
    let { size } = await handle.stat();
    if (isFirst && size >= this.#fileBytes) {
      await handle.close();
      this.#number += 1;
      handle = await openFile(join(dir, journalFileName(this.#number)));
      size = 0;
    }
    if (isFirst) this.#bytes += size;
    for (const number of numbers) {
      if (number <= this.#number - files) await unlink(join(dir, journalFileName(number))).catch(() => undefined);
    }
    // The end of a line that an earlier run of the daemon did not finish.
    if (size > 0) {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
      if (buffer[0] !== lineFeed[0] && isFirst) await handle.write(lineFeed, 0, 1);
    }
    return handle;
  }

  /** The process ends without having waited: what is pending is handed over at once, unless a write is under way. */
  #writeAtExit(): void {
    if (this.#handle === null || this.#writing !== null) return;
    try {
      for (const entry of this.#pending) if (entry.kind === 'text') writeSync(this.#handle.fd, entry.bytes);
    } catch {
      // There is nobody left to tell.
    }
  }
}
