/** Configurations that were applied before (SAFE/modules/lastconfig), and modules that were uninstalled (Application_Modules/backup). */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModuleBackup, ModuleVersion } from '../../actors/face.js';
import { type UnpackedFile, unpackArchive } from './archive.js';
import { readPlain } from './files.js';
import { archivesOf, archiveTime, type Layout } from './layout.js';
import { ExpectedFailure, isMissing, isModuleName, moduleLimits } from './names.js';

const namesIn = (dir: string): Promise<readonly string[]> =>
  readdir(dir).catch((error: unknown): string[] => {
    if (!isMissing(error)) throw error;
    return [];
  });
const bytesOf = async (path: string): Promise<number> => (await lstat(path)).size;

/** The newest first. */
export const listVersions = async (layout: Layout, module: string): Promise<readonly ModuleVersion[]> => {
  const names = archivesOf(module, await namesIn(layout.lastConfigurations));
  const all = names.map(async (version) => ({
    ...{ version, at: new Date(archiveTime(module, version) ?? 0).toISOString() },
    bytes: await bytesOf(join(layout.lastConfigurations, version)),
  }));
  return (await Promise.all(all)).reverse();
};

/** @throws ExpectedFailure FILE_UNKNOWN; MODULE_ARCHIVE when the archive is refused. */
export const readVersion = async (layout: Layout, module: string, version: string): Promise<readonly UnpackedFile[]> => {
  const known = archivesOf(module, await namesIn(layout.lastConfigurations));
  const file = known.includes(version)
    ? await readPlain(join(layout.lastConfigurations, version), moduleLimits.archiveBytes)
    : null;
  if (file === null)
    throw new ExpectedFailure(
      'FILE_UNKNOWN',
      `Module ${module} has no configuration ${JSON.stringify(version.slice(0, 80))} to go back to.`,
    );
  return unpackArchive(file.bytes);
};

/** The module that a backup's name stands for; null: it is none. */
const moduleOfBackup = (name: string): string | null => {
  const module = /^(.+)_\d{4}-\d\d-\d\d_\d{6}(?:-\d+)?\.safe$/.exec(name)?.[1] ?? '';
  return isModuleName(module) ? module : null;
};

/** The newest first. */
export const listBackups = async (layout: Layout): Promise<readonly ModuleBackup[]> => {
  const found = (await namesIn(layout.backup)).flatMap((name) => {
    const module = moduleOfBackup(name);
    const at = module === null ? null : archiveTime(module, name);
    return module === null || at === null ? [] : [{ name, module, at }];
  });
  const all = found.map(async ({ name, module, at }) => ({
    ...{ name, module, at: new Date(at).toISOString() },
    bytes: await bytesOf(join(layout.backup, name)),
  }));
  return (await Promise.all(all)).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.name < b.name ? 1 : -1));
};

/** @throws ExpectedFailure FILE_UNKNOWN; MODULE_ARCHIVE when the archive is refused. */
export const readBackup = async (layout: Layout, name: string): Promise<readonly UnpackedFile[]> => {
  const file = moduleOfBackup(name) === null ? null : await readPlain(join(layout.backup, name), moduleLimits.archiveBytes);
  if (file === null) throw new ExpectedFailure('FILE_UNKNOWN', `There is no backup ${JSON.stringify(name.slice(0, 80))}.`);
  return unpackArchive(file.bytes);
};
