/** Where dumps and snapshots lie: SAFEVAR/snapshot (section 6.7 of the compatibility page). */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Dumps that are kept of a module. */
export const keptDumps = 3;

/** SAFEVAR/snapshot/modules/AM. */
export const dumpsOf = (safevar: string, module: string): string => join(safevar, 'snapshot', 'modules', module);
/** Snapshots that wait to be fetched. */
export const outbox = (safevar: string): string => join(safevar, 'snapshot', 'out');

const two = (value: number): string => String(value).padStart(2, '0');
/** `2026-01-31_142233`, in local time. */
export function dateStem(wallMs: number): string {
  const date = new Date(wallMs);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}_${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

const dumpName = /^dump_\d{4}-\d\d-\d\d_\d{6}(?:-\d+)?$/;

/** A name for a new dump that comes after those that are there, also within one second. */
export function newDumpName(wallMs: number, names: readonly string[]): string {
  const stem = `dump_${dateStem(wallMs)}`;
  const same = names.filter((name) => name === stem || name.startsWith(`${stem}-`));
  return same.length === 0 ? stem : `${stem}-${same.length + 1}`;
}

const orderOf = (name: string): string => {
  const [stem = '', copy = '1'] = name.split(/-(?=\d+$)/);
  return `${stem} ${copy.padStart(6, '0')}`;
};
/** The dumps of a module, oldest first. */
export async function dumpNames(safevar: string, module: string): Promise<readonly string[]> {
  const names = await readdir(dumpsOf(safevar, module)).catch(() => []);
  return names.filter((name) => dumpName.test(name)).toSorted((left, right) => (orderOf(left) < orderOf(right) ? -1 : 1));
}

/** Removes the oldest, and what an interrupted dump has left. */
export async function removeOldDumps(safevar: string, module: string, keep: number): Promise<readonly string[]> {
  const directory = dumpsOf(safevar, module);
  const names = await readdir(directory).catch(() => []);
  const old = (await dumpNames(safevar, module)).slice(0, keep === 0 ? undefined : -keep);
  const removed = [...old, ...names.filter((name) => name.startsWith('.dump_'))];
  for (const name of removed) await rm(join(directory, name), { recursive: true, force: true });
  return old;
}

export interface PlainFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly mode: number;
  readonly modifiedMs: number;
}
/** All plain files below a directory, sorted by path; links are left out, and what is beyond `most`. */
export async function plainFiles(root: string, most = 20_000): Promise<readonly PlainFile[]> {
  const found: PlainFile[] = [];
  const walk = async (relative: string, depth: number): Promise<void> => {
    for (const name of (await readdir(join(root, relative)).catch(() => [])).toSorted()) {
      if (found.length >= most) return;
      const path = relative === '' ? name : `${relative}/${name}`;
      const info = await lstat(join(root, path)).catch(() => null);
      if (info?.isDirectory() === true && depth < 12) await walk(path, depth + 1);
      else if (info?.isFile() === true)
        found.push({ path, bytes: info.size, mode: info.mode & 0o7777, modifiedMs: info.mtimeMs });
    }
  };
  await walk('', 0);
  return found;
}
