/** Reading and changing single files of a module's editable configuration. Every version has a tag; a change names the one it replaces. */
import { createHash } from 'node:crypto';
import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../../actors/face.js';
import { userConfigPath } from './applied.js';
import { listTree, readPlain, syncDirectory, writeWhole } from './files.js';
import { ExpectedFailure, isMissing, moduleLimits, pathProblem } from './names.js';
import { strictText } from './text.js';

export interface ModuleFile {
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
}
export interface ModuleEditing {
  readFile(name: string, path: string): Promise<Outcome<{ readonly content: string; readonly etag: string }>>;
  /** @param etag the version that is replaced, `*` for any, null for a file that must not exist yet. */
  writeFile(name: string, path: string, content: string, etag: string | null): Promise<Outcome<{ readonly etag: string }>>;
  /** @param etag the version that is deleted, `*` for any. */
  deleteFile(name: string, path: string, etag: string): Promise<Outcome<null>>;
  listFiles(name: string): Promise<Outcome<readonly ModuleFile[]>>;
}

type Change = <T>(name: string, work: () => Promise<T>) => Promise<Outcome<T>>;

const etagOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

const requirePath = (path: string): void => {
  const problem = pathProblem(path, false);
  if (problem !== null) throw new ExpectedFailure('FILE_UNKNOWN', `${JSON.stringify(path.slice(0, 80))}: ${problem}.`);
};

/** A link among the directories of a path would lead outside of the module. */
const requirePlainParents = async (root: string, path: string): Promise<void> => {
  const parents = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parents.length; depth += 1) {
    const parent = parents.slice(0, depth).join('/');
    const info = await lstat(join(root, parent)).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (info !== null && !info.isDirectory()) throw new ExpectedFailure('FILE_UNKNOWN', `${parent} is not a plain directory.`);
  }
};

export const createEditing = (
  modulePath: (name: string) => string,
  change: Change,
  requireInstalled: (name: string) => Promise<void>,
): ModuleEditing => ({
  readFile: (name, path) =>
    change(name, async () => {
      await requireInstalled(name);
      requirePath(path);
      await requirePlainParents(modulePath(name), path);
      const read = await readPlain(join(modulePath(name), path), moduleLimits.editBytes);
      if (read === null) throw new ExpectedFailure('FILE_UNKNOWN', `Module ${name} has no ${path}.`);
      const content = strictText(read.bytes);
      if (content === null)
        throw new ExpectedFailure('FILE_UNKNOWN', `${path} is not text in UTF-8; package the module to get at it.`);
      return { content, etag: etagOf(read.bytes) };
    }),
  writeFile: (name, path, content, etag) =>
    change(name, async () => {
      await requireInstalled(name);
      requirePath(path);
      const target = join(modulePath(name), path);
      await requirePlainParents(modulePath(name), path);
      const bytes = Buffer.from(content, 'utf8');
      if (bytes.length > moduleLimits.editBytes)
        throw new ExpectedFailure('HTTP_TOO_LARGE', `A file is at most ${moduleLimits.editBytes} bytes.`);
      const before = await readPlain(target, moduleLimits.fileBytes);
      const found = before === null ? null : etagOf(before.bytes);
      if (etag !== '*' && etag !== found)
        throw new ExpectedFailure(
          'FILE_CONFLICT',
          found === null
            ? `${path} is not there any more.`
            : etag === null
              ? `${path} is there already.`
              : `${path} was changed since it was read.`,
        );
      await mkdir(join(target, '..'), { recursive: true });
      // What is new in bin is a script; what was there keeps whether it is executable.
      const executable = before === null ? path.startsWith('bin/') : (before.info.mode & 0o111) !== 0;
      await writeWhole(target, bytes, executable ? 0o755 : 0o644);
      return { etag: etagOf(bytes) };
    }),
  deleteFile: (name, path, etag) =>
    change(name, async () => {
      await requireInstalled(name);
      requirePath(path);
      if (path === userConfigPath)
        throw new ExpectedFailure('CONF_INVALID', `No module is without ${userConfigPath}: uninstall it instead.`);
      const target = join(modulePath(name), path);
      await requirePlainParents(modulePath(name), path);
      const read = await readPlain(target, moduleLimits.fileBytes);
      if (read === null) throw new ExpectedFailure('FILE_UNKNOWN', `Module ${name} has no ${path}.`);
      if (etag !== '*' && etag !== etagOf(read.bytes))
        throw new ExpectedFailure('FILE_CONFLICT', `${path} was changed since it was read.`);
      await rm(target);
      await syncDirectory(join(target, '..'));
      return null;
    }),
  listFiles: (name) =>
    change(name, async () => {
      await requireInstalled(name);
      return (await listTree(modulePath(name))).map(({ path, bytes, executable }) => ({ path, bytes, executable }));
    }),
});
