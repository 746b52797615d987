/** A folder that is being filled: every file is redacted, bounded, and readable by its owner alone. */
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Redactor } from './redact.js';

export interface FolderLimits {
  readonly fileBytes: number;
  readonly totalBytes: number;
}
/** What was left out, for the folder's own description. */
export interface Omission {
  readonly path: string;
  readonly why: string;
}

/** Whole pieces: a private key must not be cut in two between them. */
const pieceBytes = 64 * 1024;

export class Folder {
  readonly root: string;
  readonly omissions: Omission[] = [];
  bytes = 0;
  files = 0;
  readonly #redactor: Redactor;
  readonly #limits: FolderLimits;

  constructor(root: string, redactor: Redactor, limits: FolderLimits) {
    this.root = root;
    this.#redactor = redactor;
    this.#limits = limits;
  }

  /** Writes lines as they come; a file that becomes too large ends with a line that says so. */
  async lines(path: string, lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    await this.#writing(path, async (write) => {
      let piece = '';
      for await (const line of lines) {
        piece += line;
        if (piece.length < pieceBytes) continue;
        if (!(await write(this.#redactor.text(piece)))) return;
        piece = '';
      }
      if (piece !== '') await write(this.#redactor.text(piece));
    });
  }
  text(path: string, text: string): Promise<void> {
    return this.lines(path, [text]);
  }
  json(path: string, value: unknown): Promise<void> {
    // What has a form of its own for JSON (an actor, a date) takes it first.
    const plain: unknown = JSON.parse(JSON.stringify(value) ?? 'null');
    const clean = this.#redactor.json(plain);
    return this.#writing(path, async (write) => void (await write(`${JSON.stringify(clean, null, 2)}\n`)));
  }
  /** Lines that are clean already, for example a journal's. */
  async clean(path: string, lines: AsyncIterable<string>): Promise<void> {
    await this.#writing(path, async (write) => {
      for await (const line of lines) if (!(await write(line))) return;
    });
  }
  /** The lines of a file of text, redacted. */
  async copy(path: string, from: string): Promise<void> {
    const input = createReadStream(from, 'utf8');
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    await this.lines(
      path,
      (async function* () {
        for await (const line of lines) yield `${line}\n`;
      })(),
    ).catch((error: unknown) => this.omit(path, error));
  }
  /** A part that cannot be had must not cost the others. */
  omit(path: string, why: unknown): void {
    this.omissions.push({ path, why: why instanceof Error ? why.message : String(why) });
  }

  async #writing(path: string, work: (write: (text: string) => Promise<boolean>) => Promise<void>): Promise<void> {
    const target = join(this.root, path);
    let handle: FileHandle | null = null;
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      handle = await open(target, 'wx', 0o600);
      const file = handle;
      let size = 0;
      this.files += 1;
      await work(async (text) => {
        const bytes = Buffer.byteLength(text);
        const full = size + bytes > this.#limits.fileBytes || this.bytes + bytes > this.#limits.totalBytes;
        if (full) {
          this.omit(path, 'it was cut: a dump is bounded');
          return false;
        }
        await file.write(text);
        size += bytes;
        this.bytes += bytes;
        return true;
      });
    } finally {
      await handle?.close();
    }
  }
}
