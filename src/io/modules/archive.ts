/**
 * `.safe` files: zip archives of a module's tree (sections 5.4 and 10.1 of the compatibility page). Unpacking trusts nothing in them: names,
 * kinds of file, counts, sizes and the ratio of compression are checked before and while bytes are written. Packing is reproducible.
 */

import { join } from 'node:path';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import yazl from 'yazl';
import { readPlain, type TreeFile, writeStaged } from './files.js';
import { ExpectedFailure, moduleLimits, pathProblem } from './names.js';

/** Bounds of an archive; see `moduleLimits`. */
export interface ArchiveLimits {
  readonly archiveBytes: number;
  readonly entries: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
  readonly ratio: number;
  readonly ratioFromBytes: number;
}
export interface UnpackedFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly executable: boolean;
}

const refuse = (message: string): ExpectedFailure => new ExpectedFailure('MODULE_ARCHIVE', `The archive is refused: ${message}.`);

/** Archive names are the sender's: quoted, cut, and without what could drive a terminal. */
const quoted = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

const fileType = 0o170000;
const regular = 0o100000;
const directory = 0o040000;
/** "Version made by": upper byte 3 is Unix, 19 is macOS; others have no modes. */
const unixLike = new Set([3, 19]);

interface Kind {
  readonly directory: boolean;
  readonly executable: boolean | null;
}
const kindOf = (entry: yauzl.Entry): Kind => {
  const byName = entry.fileName.endsWith('/');
  if (!unixLike.has(entry.versionMadeBy >>> 8)) return { directory: byName, executable: null };
  const mode = (entry.externalFileAttributes >>> 16) & 0xffff;
  const type = mode & fileType;
  if (type !== 0 && type !== regular && type !== directory) throw refuse(`${quoted(entry.fileName)} is a link or a device`);
  if (type === directory && !byName) throw refuse(`${quoted(entry.fileName)} is a directory by its kind and a file by its name`);
  if (type === regular && byName) throw refuse(`${quoted(entry.fileName)} is a file by its kind and a directory by its name`);
  return { directory: byName, executable: mode === 0 ? null : (mode & 0o111) !== 0 };
};

/** Two names that one file system or another takes for the same file. */
const folded = (path: string): string => path.normalize('NFC').toLowerCase();

/**
 * All files of an archive, in memory: `limits.totalBytes` bounds them.
 * @param problemOf why a path may not be there; the module's rules unless told otherwise.
 * @throws ExpectedFailure MODULE_ARCHIVE
 */
export const unpackArchive = async (
  archive: Uint8Array,
  limits: ArchiveLimits = moduleLimits,
  problemOf: (path: string, isDirectory: boolean) => string | null = pathProblem,
): Promise<readonly UnpackedFile[]> => {
  if (archive.length > limits.archiveBytes) throw refuse(`it is larger than ${limits.archiveBytes} bytes`);
  const fromBuffer = promisify<Buffer, yauzl.Options, yauzl.ZipFile>(yauzl.fromBuffer);
  let zip: yauzl.ZipFile;
  try {
    zip = await fromBuffer(Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength), {
      lazyEntries: true,
      decodeStrings: true,
      validateEntrySizes: true,
    });
  } catch (error) {
    throw refuse(`it is no intact zip file (${error instanceof Error ? error.message : 'unreadable'})`);
  }
  try {
    return await readEntries(zip, archive.length, limits, problemOf);
  } catch (error) {
    if (error instanceof ExpectedFailure) throw error;
    throw refuse(`it is damaged (${error instanceof Error ? error.message : 'unreadable'})`);
  } finally {
    zip.close();
  }
};

const readEntries = async (
  zip: yauzl.ZipFile,
  archiveBytes: number,
  limits: ArchiveLimits,
  problemOf: (path: string, isDirectory: boolean) => string | null,
): Promise<readonly UnpackedFile[]> => {
  if (zip.entryCount > limits.entries) throw refuse(`it has more than ${limits.entries} entries`);
  // An 'error' event between two reads would have nobody to hear it, and end the process.
  zip.on('error', () => undefined);
  const files: UnpackedFile[] = [];
  const kinds = new Map<string, 'file' | 'directory'>();
  let total = 0;
  let count = 0;

  const admit = (path: string, isDirectory: boolean, name: string): void => {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = folded(parts.slice(0, depth).join('/'));
      if (kinds.get(parent) === 'file') throw refuse(`${quoted(name)} lies below a file`);
      kinds.set(parent, 'directory');
    }
    const key = folded(path);
    const known = kinds.get(key);
    if (known === 'file' || (known === 'directory' && !isDirectory))
      throw refuse(`${quoted(name)} stands in it twice, or differs only in case`);
    kinds.set(key, isDirectory ? 'directory' : 'file');
  };

  for (;;) {
    const entry = await nextEntry(zip);
    if (entry === null) break;
    count += 1;
    if (count > limits.entries) throw refuse(`it has more than ${limits.entries} entries`);
    const kind = kindOf(entry);
    const path = kind.directory ? entry.fileName.slice(0, -1) : entry.fileName;
    const problem = problemOf(path, kind.directory);
    if (problem !== null) throw refuse(`${quoted(entry.fileName)}: ${problem}`);
    admit(path, kind.directory, entry.fileName);
    if (entry.isEncrypted()) throw refuse(`${quoted(entry.fileName)} is encrypted`);
    if (kind.directory) continue;
    if (entry.uncompressedSize > limits.fileBytes)
      throw refuse(`${quoted(entry.fileName)} is larger than ${limits.fileBytes} bytes`);
    total += entry.uncompressedSize;
    if (total > limits.totalBytes) throw refuse(`it unpacks to more than ${limits.totalBytes} bytes`);
    if (total > limits.ratioFromBytes && total > limits.ratio * archiveBytes)
      throw refuse(`it unpacks to more than ${limits.ratio} times its size`);
    // yauzl checks while it inflates that an entry has exactly the size that it claims, so that the sums above hold.
    const bytes = await readEntry(zip, entry);
    if (crc32(bytes) !== entry.crc32 >>> 0) throw refuse(`${quoted(entry.fileName)} is damaged: its checksum does not match`);
    files.push({
      path,
      bytes,
      executable: kind.executable ?? (path.startsWith('bin/') || bytes.subarray(0, 2).toString('latin1') === '#!'),
    });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
};

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
/** CRC-32 of the zip format, which yauzl leaves to its caller and Node 20's zlib does not offer. */
const crc32 = (bytes: Uint8Array): number => {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (crcTable[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
};

const nextEntry = (zip: yauzl.ZipFile): Promise<yauzl.Entry | null> =>
  new Promise((resolve, reject) => {
    const onEntry = (entry: yauzl.Entry): void => settle(() => resolve(entry));
    const onEnd = (): void => settle(() => resolve(null));
    const onError = (error: unknown): void => settle(() => reject(error));
    const settle = (then: () => void): void => {
      zip.off('entry', onEntry).off('end', onEnd).off('error', onError);
      then();
    };
    zip.on('entry', onEntry).on('end', onEnd).on('error', onError);
    zip.readEntry();
  });

const readEntry = async (zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Buffer> => {
  const openReadStream = promisify((of: yauzl.Entry, done: (error: Error | null, stream: NodeJS.ReadableStream) => void) =>
    zip.openReadStream(of, done),
  );
  const stream = await openReadStream(entry);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
  return Buffer.concat(chunks);
};

/** Writes unpacked files below a directory that is not in place yet. */
export const writeUnpacked = async (files: readonly UnpackedFile[], dir: string): Promise<void> => {
  for (const file of files) await writeStaged(join(dir, file.path), file.bytes, file.executable);
};

/** The oldest date a zip can hold: the same content gives the same bytes on any day. */
const fixedDate = new Date(1980, 0, 1);

/** A zip of files in the order given: the same bytes for the same content, names and executable bits. */
export const packArchive = async (files: readonly UnpackedFile[]): Promise<Buffer> => {
  const zip = new yazl.ZipFile();
  for (const file of files) {
    zip.addBuffer(file.bytes, file.path, {
      mtime: fixedDate,
      // Without it yazl adds the time in UTC besides, which differs between time zones.
      forceDosTimestamp: true,
      mode: file.executable ? 0o100755 : 0o100644,
      compress: true,
    });
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
  return Buffer.concat(chunks);
};

/** A tree on disk as it goes into an archive. */
export const readFiles = async (root: string, tree: readonly TreeFile[]): Promise<readonly UnpackedFile[]> => {
  const files: UnpackedFile[] = [];
  for (const { path, executable } of tree) {
    const read = await readPlain(join(root, path), moduleLimits.fileBytes);
    if (read !== null) files.push({ path, bytes: read.bytes, executable });
  }
  return files;
};
