/**
 * The directory of users on disk: SAFEVAR/auth/users.json, mode 0600, written beside, flushed and renamed, so that a crash at any moment
 * leaves the old or the new one. A file that cannot be read lets nobody in over TCP; it is put aside and reported.
 */
import { chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readPlain, writeWhole } from '../modules/files.js';
import { isMissing } from '../modules/names.js';
import { createSerial } from '../modules/serial.js';
import { type Directory, type Entry, mergeDirectories, nextMoment, withoutOld } from './directory.js';
import { digestOf, readDirectory, writeDirectory } from './directory-file.js';

/** 8000 entries of the largest are less. */
const largestBytes = 8 * 1024 * 1024;

export interface DirectoryStore {
  /** What is in the file; again when it may have been changed. */
  load(): Promise<void>;
  readonly directory: Directory;
  readonly digest: string;
  /** The file could not be read: nobody knows who may come in. */
  readonly damaged: boolean;
  readonly file: string;
  /** Changes run one after the other; `change` is given the directory and the moment, and says what is new. @throws what `change` throws, and the disk's error */
  change(change: (directory: Directory, at: number) => readonly Entry[]): Promise<void>;
  /** Takes another node's entries in; true when something was new. */
  merge(entries: readonly Entry[]): Promise<boolean>;
}

export interface DirectoryStoreOptions {
  readonly safevar: string;
  readonly wallMs: () => number;
  readonly onProblem: (reason: string) => void;
  /** Something was changed, here or by another node. */
  readonly onChange: () => void;
  /** Something was changed here. */
  readonly onOwnChange?: () => void;
}

export function createDirectoryStore({
  safevar,
  wallMs,
  onProblem,
  onChange,
  onOwnChange,
}: DirectoryStoreOptions): DirectoryStore {
  const file = join(safevar, 'auth', 'users.json');
  const serial = createSerial();
  let directory: Directory = new Map();
  let digest = digestOf(directory);
  let damaged = false;

  async function keep(next: Directory): Promise<void> {
    const pruned = withoutOld(next, wallMs());
    await mkdir(join(safevar, 'auth'), { recursive: true, mode: 0o700 });
    await writeWhole(file, writeDirectory(pruned), 0o600);
    directory = pruned;
    digest = digestOf(pruned);
    damaged = false;
    onChange();
  }
  async function read(): Promise<void> {
    let found: Awaited<ReturnType<typeof readPlain>>;
    try {
      found = await readPlain(file, largestBytes);
    } catch (error) {
      damaged = true;
      onProblem(`${file} cannot be read, nobody can log in: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    if (found === null) {
      // One that was put aside is still missing: its users must not be forgotten by a restart.
      const aside = await readPlain(`${file}.damaged`, largestBytes).catch(() => null);
      damaged = aside !== null && directory.size === 0;
      if (damaged)
        onProblem(
          `${file} is missing and ${file}.damaged is there: nobody can log in until it is put right, or a user is added.`,
        );
      return;
    }
    if (process.platform !== 'win32' && (found.info.mode & 0o077) !== 0) {
      onProblem(`${file} could be read by others: its mode is 0600 again.`);
      await chmod(file, 0o600).catch(() => undefined);
    }
    const next = readDirectory(found.bytes.toString('utf8'));
    if (next === null) {
      damaged = true;
      await rename(file, `${file}.damaged`).catch((error: unknown) => {
        if (!isMissing(error)) onProblem(`${file} cannot be put aside: ${String(error)}`);
      });
      onProblem(
        `${file} is damaged and was put aside as ${file}.damaged: nobody can log in until it is put right, or a user is added.`,
      );
      return;
    }
    damaged = false;
    directory = next;
    digest = digestOf(next);
  }
  return {
    file,
    get directory() {
      return directory;
    },
    get digest() {
      return digest;
    },
    get damaged() {
      return damaged;
    },
    load: () =>
      serial(file, async () => {
        const before = digest;
        await read();
        if (digest !== before || damaged) onChange();
      }),
    change: (change) =>
      serial(file, async () => {
        await keep(mergeDirectories(directory, change(directory, nextMoment(directory, wallMs()))));
        onOwnChange?.();
      }),
    merge: (entries) =>
      serial(file, async () => {
        const next = withoutOld(mergeDirectories(directory, entries), wallMs());
        if (digestOf(next) === digest) return false;
        await keep(next);
        return true;
      }),
  };
}
