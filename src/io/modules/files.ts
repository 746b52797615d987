/** Files that are written whole or not at all, and directories that are replaced in one step that a crash cannot leave half done. */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ExpectedFailure, isMissing, moduleLimits } from './names.js';

/** Makes a rename durable; where directories cannot be opened (Windows) the file system does it by itself. */
export const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Writes beside the target, flushes, renames. @throws the system's error; the target is then as it was. */
export const writeWhole = async (path: string, content: Uint8Array | string, mode: number): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      // The mode given to open is cut by the umask.
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
};

/** Null when there is no such file. Links are not followed, pipes not waited for. @throws ExpectedFailure FILE_UNKNOWN when it is no file or too large. */
export const readPlain = async (
  path: string,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly info: Stats } | null> => {
  const info = await lstat(path).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (info === null) return null;
  if (!info.isFile()) throw new ExpectedFailure('FILE_UNKNOWN', `${basename(path)} is not a plain file.`);
  if (info.size > maxBytes) throw new ExpectedFailure('FILE_UNKNOWN', `${basename(path)} is larger than ${maxBytes} bytes.`);
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    return { bytes: await file.readFile(), info };
  } finally {
    await file.close();
  }
};

export interface TreeFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
  readonly modifiedWallMs: number;
}

const leftover = /^\..*\.tmp$/;

/**
 * All files below a directory, sorted by path; none when the directory is not there. Only plain files and directories belong in a module.
 * @throws ExpectedFailure CONF_INVALID for a link, a device, or more than the limits allow.
 */
export const listTree = async (root: string): Promise<readonly TreeFile[]> => {
  const found: TreeFile[] = [];
  let total = 0;
  const walk = async (relative: string, depth: number): Promise<void> => {
    const names = await readdir(join(root, relative)).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const name of names) {
      // What an interrupted write left behind is no part of the module.
      if (leftover.test(name)) continue;
      const path = relative === '' ? name : `${relative}/${name}`;
      const info = await lstat(join(root, path)).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw error;
      });
      if (info === null) continue;
      if (info.isDirectory()) {
        if (depth >= moduleLimits.depth)
          throw new ExpectedFailure('CONF_INVALID', `${path} lies too deep: ${moduleLimits.depth} levels at most.`);
        await walk(path, depth + 1);
        continue;
      }
      if (!info.isFile())
        throw new ExpectedFailure('CONF_INVALID', `${path} is a link or no plain file; put a copy in its place.`);
      total += info.size;
      found.push({ path, bytes: info.size, executable: (info.mode & 0o111) !== 0, modifiedWallMs: info.mtimeMs });
      if (found.length > moduleLimits.entries || total > moduleLimits.totalBytes)
        throw new ExpectedFailure(
          'CONF_INVALID',
          `The module has more than ${moduleLimits.entries} files or ${moduleLimits.totalBytes} bytes.`,
        );
    }
  };
  await walk('', 1);
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
};

/** Writes into a directory that is not in place yet: no rename is needed. Mode 0755 when executable, 0644 when not, 0600 when private. */
export const writeStaged = async (path: string, content: Uint8Array | string, mode: boolean | 'private'): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.chmod(mode === 'private' ? 0o600 : mode ? 0o755 : 0o644);
    await file.sync();
  } finally {
    await file.close();
  }
};

const stagedPath = (target: string): string => join(dirname(target), `.${basename(target)}.new`);
const oldPath = (target: string): string => join(dirname(target), `.${basename(target)}.old`);

/** An empty directory beside the target, on the same file system. What an earlier attempt left is removed. */
export const stageDirectory = async (target: string): Promise<string> => {
  const staged = stagedPath(target);
  await rm(staged, { recursive: true, force: true });
  await mkdir(staged, { recursive: true });
  return staged;
};

export const discardStaged = async (target: string): Promise<void> => {
  await rm(stagedPath(target), { recursive: true, force: true }).catch(() => undefined);
};

/**
 * Puts the staged directory in the target's place, or removes the target when `staged` is null. Two renames: after a crash between them
 * `recoverDirectory` puts the old one back.
 */
export const replaceDirectory = async (target: string, staged: string | null): Promise<void> => {
  const old = oldPath(target);
  await rm(old, { recursive: true, force: true });
  if (staged !== null) await syncDirectory(staged);
  const had = await rename(target, old).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
  if (staged === null && !had) return;
  if (staged !== null) {
    await rename(staged, target).catch(async (error: unknown) => {
      if (had) await rename(old, target);
      throw error;
    });
  }
  await syncDirectory(dirname(target));
  // From here on the change is made; what cannot be tidied up now is tidied up by the next one.
  await rm(old, { recursive: true, force: true }).catch(() => undefined);
};

/** Ends what a crash interrupted: the target is again what it was before, or already what it should become. `only` that name, where the directory is not ours alone. Returns the names that were put back. */
export const recoverDirectory = async (parent: string, only: string | null = null): Promise<readonly string[]> => {
  const names = await readdir(parent).catch((error: unknown): string[] => {
    if (isMissing(error)) return [];
    throw error;
  });
  const restored: string[] = [];
  for (const name of names) {
    const match = /^\.(.+)\.(old|new)$/.exec(name);
    const target = match?.[1];
    if (target === undefined || (only !== null && target !== only)) continue;
    if (match?.[2] === 'old' && !names.includes(target)) {
      await rename(join(parent, name), join(parent, target));
      restored.push(target);
    } else {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
  return restored;
};
