/** What was exported with `-E`, on disk under SAFEVAR/exports: the archive, and beside it what it is and to whom it is due. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModuleExport, Outcome } from '../../actors/face.js';
import type { ExportStorePort } from '../../actors/stores.js';
import { readPlain, writeWhole } from './files.js';
import { ExpectedFailure, isMissing, isModuleName, moduleLimits, outcomeOf, requireModuleName } from './names.js';
import { createSerial } from './serial.js';

const isText = (value: unknown): value is string => typeof value === 'string';

const decode = (text: string): (ModuleExport & { readonly retired: boolean }) | null => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const fields: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(value));
    const { version, module, generation, id, configure, signature, at, by, nodes, retired } = fields;
    if (version !== 1 || !isText(module) || typeof generation !== 'number' || typeof id !== 'number') return null;
    if (typeof configure !== 'boolean' || !isText(signature) || !isText(at) || !isText(by) || !Array.isArray(nodes)) return null;
    return { module, generation, id, configure, signature, at, by, nodes: nodes.filter(isText), retired: retired === true };
  } catch {
    return null;
  }
};

/** @param onProblem what is wrong on disk and was survived. */
export const createExportStore = (safevar: string, onProblem: (reason: string) => void): ExportStorePort => {
  const directory = join(safevar, 'exports');
  const serial = createSerial();
  const noteOf = (module: string): string => join(directory, `${module}.json`);
  const archiveOf = (module: string, generation: number): string => join(directory, `${module}.${generation}.safe`);

  const read = async (module: string): Promise<(ModuleExport & { readonly retired: boolean }) | null> => {
    const file = await readPlain(noteOf(module), moduleLimits.editBytes).catch(() => null);
    if (file === null) return null;
    const known = decode(file.bytes.toString('utf8'));
    if (known === null)
      onProblem(`${noteOf(module)} is damaged: what was exported of ${module} is not given to nodes that were away.`);
    return known;
  };
  const write = async (note: ModuleExport & { readonly retired: boolean }): Promise<void> =>
    writeWhole(noteOf(note.module), `${JSON.stringify({ version: 1, ...note })}\n`, 0o640);
  /** Archives that no note names: of earlier generations, and of saves that did not come to their end. */
  const tidyUp = async (module: string, kept: number | null): Promise<void> => {
    for (const name of await readdir(directory)) {
      const match = /^(.+)\.(\d+)\.safe$/.exec(name);
      if (match?.[1] === module && Number(match[2]) !== kept) await rm(join(directory, name), { force: true });
    }
  };

  return {
    list: async () => {
      const names = await readdir(directory).catch((error: unknown): string[] => {
        if (!isMissing(error)) onProblem(`${directory} cannot be read: ${String(error)}`);
        return [];
      });
      const modules = names.flatMap((name) =>
        name.endsWith('.json') && isModuleName(name.slice(0, -5)) ? [name.slice(0, -5)] : [],
      );
      const all = await Promise.all(modules.map(read));
      return all.flatMap((one) => (one === null ? [] : [withoutMark(one)]));
    },
    archive: (module): Promise<Outcome<Uint8Array>> =>
      outcomeOf(async () => {
        requireModuleName(module);
        const note = await read(module);
        const file =
          note === null || note.retired ? null : await readPlain(archiveOf(module, note.generation), moduleLimits.archiveBytes);
        if (file === null) throw new ExpectedFailure('MODULE_UNKNOWN', `Module ${module} was not exported from here.`);
        return new Uint8Array(file.bytes);
      }),
    save: (exported, archive) =>
      outcomeOf(async () => {
        const { module, generation } = exported;
        requireModuleName(module);
        return serial(module, async () => {
          await mkdir(directory, { recursive: true, mode: 0o700 });
          await writeWhole(archiveOf(module, generation), archive, 0o600);
          await write({ ...exported, retired: false });
          await tidyUp(module, generation);
          return null;
        });
      }),
    retire: (module) =>
      serial(module, async () => {
        const note = await read(module);
        if (note === null || note.retired) return;
        await write({ ...note, retired: true });
        await tidyUp(module, null);
      }).catch((error: unknown) => onProblem(`${noteOf(module)}: ${error instanceof Error ? error.message : String(error)}`)),
  };
};

const withoutMark = ({ retired: _, ...exported }: ModuleExport & { readonly retired: boolean }): ModuleExport => exported;
