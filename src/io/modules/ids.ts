/** Module ids: the same on all nodes of a module, 1 for the first (sections 1.6 and 5.4 of the compatibility page). */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readApplied } from './applied.js';
import { readPlain, writeWhole } from './files.js';
import type { Layout } from './layout.js';
import { ExpectedFailure, isMissing, isModuleName, moduleLimits } from './names.js';

export const largestId = 255;

const fileOf = (layout: Layout, name: string): string => join(layout.working, name, 'module.json');

export const installedNames = async (layout: Layout): Promise<readonly string[]> => {
  const entries = await readdir(layout.modules, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() && isModuleName(entry.name))
    .map(({ name }) => name)
    .sort();
};

/** Null when none was given to it yet. */
export const readId = async (layout: Layout, name: string): Promise<number | null> => {
  const read = await readPlain(fileOf(layout, name), moduleLimits.editBytes).catch(() => null);
  if (read !== null) {
    try {
      const value: unknown = JSON.parse(read.bytes.toString('utf8'));
      if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number' && isId(value.id))
        return value.id;
    } catch {
      // Damaged: what is applied knows it too.
    }
  }
  return (await readApplied(layout, name))?.id ?? null;
};

export const isId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= largestId;

export const writeId = async (layout: Layout, name: string, id: number): Promise<void> => {
  await mkdir(join(layout.working, name), { recursive: true, mode: 0o750 });
  await writeWhole(fileOf(layout, name), `${JSON.stringify({ version: 1, id })}\n`, 0o640);
};

/**
 * The id that a module may have: the wanted one, else its own, else the first free from 1.
 * @throws ExpectedFailure MODULE_EXISTS when another module has the wanted one, USAGE when it is none.
 */
export const chooseId = async (layout: Layout, name: string, wanted: number | null): Promise<number> => {
  const used = new Map<number, string>();
  let own: number | null = null;
  for (const installed of await installedNames(layout)) {
    const id = await readId(layout, installed);
    if (installed === name) own = id;
    else if (id !== null) used.set(id, installed);
  }
  if (wanted !== null) {
    if (!isId(wanted)) throw new ExpectedFailure('USAGE', `A module id is a whole number from 1 to ${largestId}.`);
    const holder = used.get(wanted);
    if (holder !== undefined) throw new ExpectedFailure('MODULE_EXISTS', `Module ${holder} has the id ${wanted} already.`);
    return wanted;
  }
  if (own !== null && !used.has(own)) return own;
  for (let id = 1; id <= largestId; id += 1) if (!used.has(id)) return id;
  throw new ExpectedFailure('MODULE_EXISTS', `All ids up to ${largestId} are taken.`);
};
