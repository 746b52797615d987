/** Reading and writing of the zips: entry by entry, bounded, and without trusting what stands in them. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import yazl from 'yazl';

export interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly mode: number;
  readonly date: Date;
  read(): Promise<Buffer>;
}
const mostEntries = 20_000;
const entryBytes = 96 * 1024 * 1024;
const totalBytes = 2048 * 1024 * 1024;

function nextEntry(zip: yauzl.ZipFile): Promise<yauzl.Entry | null> {
  return new Promise((resolve, reject) => {
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
}

/** The files of a zip. @throws Error with what is wrong with it */
export async function openZip(path: string): Promise<{ readonly entries: readonly Entry[]; close(): void }> {
  const open = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open);
  const options = { lazyEntries: true, autoClose: false, decodeStrings: true, validateEntrySizes: true };
  const zip = await open(path, options).catch((error: unknown) => {
    throw new Error(`${path} is no intact zip: ${error instanceof Error ? error.message : String(error)}`);
  });
  zip.on('error', () => undefined);
  const streamOf = promisify((entry: yauzl.Entry, done: (error: Error | null, stream: Readable) => void) =>
    zip.openReadStream(entry, done),
  );
  const found: Entry[] = [];
  let total = 0;
  try {
    if (zip.entryCount > mostEntries) throw new Error(`${path} has more than ${mostEntries} entries`);
    for (let entry = await nextEntry(zip); entry !== null; entry = await nextEntry(zip)) {
      if (entry.fileName.endsWith('/')) continue;
      if (entry.isEncrypted()) throw new Error(`${path} is encrypted: unpack it with its password, and zip it again`);
      total += entry.uncompressedSize;
      if (entry.uncompressedSize > entryBytes || total > totalBytes) throw new Error(`${path} is larger than a snapshot may be`);
      const of = entry;
      found.push({
        path: of.fileName,
        bytes: of.uncompressedSize,
        mode: (of.externalFileAttributes >>> 16) & 0o777 || 0o644,
        date: of.getLastModDate(),
        async read() {
          const chunks: Buffer[] = [];
          for await (const chunk of await streamOf(of)) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
          return Buffer.concat(chunks);
        },
      });
    }
  } catch (error) {
    zip.close();
    throw error;
  }
  return { entries: found, close: () => zip.close() };
}

/** A file of the zip that is written; its content is asked for when it is its turn, so that only one is in memory. */
export interface NewEntry extends Pick<Entry, 'path' | 'mode' | 'date'> {
  content(): Promise<Buffer>;
}

/** Writes a zip. @throws the first failure; what was written by then is not a zip */
export async function writeZip(target: string, entries: readonly NewEntry[]): Promise<void> {
  const zip = new yazl.ZipFile();
  for (const { path, mode, date, content } of entries) {
    zip.addReadStreamLazy(path, { mode: 0o100000 | mode, mtime: date }, (done) => {
      content().then(
        (bytes) => done(null, Readable.from([bytes])),
        (error: unknown) => done(error, Readable.from([])),
      );
    });
  }
  zip.end();
  const output = zip.outputStream;
  const failed = new Promise<never>((_, reject) => zip.on('error', reject));
  await Promise.race([failed, pipeline(output, createWriteStream(target, { flags: 'wx', mode: 0o600 }))]);
}
