/**
 * Taking a module over as a whole: its edited files, its id and its applied copy change together, or not at all. Before anything is
 * replaced, what was there is put aside with a note of what is to come; whoever finds the note after a crash knows which of the two it is.
 */
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readApplied, signatureOf } from './applied.js';
import { type UnpackedFile, writeUnpacked } from './archive.js';
import { readPlain, replaceDirectory, stageDirectory, syncDirectory, writeStaged } from './files.js';
import { readId, writeId } from './ids.js';
import type { Layout } from './layout.js';
import { moduleLimits } from './names.js';
import { readTree } from './templates.js';

/** What is to come, and what to go back to. */
interface Note {
  readonly signature: string;
  readonly configure: boolean;
  /** Null: the module was not installed. */
  readonly idBefore: number | null;
}
const noteName = 'note.json';
const asidePath = (layout: Layout, name: string): string => join(layout.modules, `.${name}.before`);

const decodeNote = (text: string): Note | null => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return null;
    if (!('signature' in value && 'configure' in value && 'idBefore' in value)) return null;
    const { signature, configure, idBefore } = value;
    if (typeof signature !== 'string' || typeof configure !== 'boolean') return null;
    if (idBefore !== null && typeof idBefore !== 'number') return null;
    return { signature, configure, idBefore };
  } catch {
    return null;
  }
};

/** Puts aside what is there of the module. */
export const putAside = async (
  layout: Layout,
  name: string,
  installed: boolean,
  next: Pick<Note, 'signature' | 'configure'>,
): Promise<void> => {
  const aside = asidePath(layout, name);
  const staged = await stageDirectory(aside);
  if (installed) await writeUnpacked(await readTree(join(layout.modules, name)), join(staged, 'files'));
  const note: Note = { ...next, idBefore: installed ? await readId(layout, name) : null };
  await writeStaged(join(staged, noteName), JSON.stringify({ version: 1, ...note }), false);
  await replaceDirectory(aside, staged);
};

/** It is done: what was put aside is of no use any more. The note goes first, so that a crash here undoes nothing. */
export const forgetAside = async (layout: Layout, name: string): Promise<void> => {
  const aside = asidePath(layout, name);
  await rm(join(aside, noteName), { force: true });
  await syncDirectory(aside).catch(() => undefined);
  await rm(aside, { recursive: true, force: true });
};

/** Puts everything back as it was. The applied copy needs nothing: it was not replaced, or this is not called. */
export const putBack = async (layout: Layout, name: string): Promise<void> => {
  const note = await noteOf(layout, name);
  if (note === null) return;
  const target = join(layout.modules, name);
  if (note.idBefore === null) {
    await replaceDirectory(target, null);
    await rm(join(layout.working, name, 'module.json'), { force: true });
    // Made for it, unless something of an earlier module of that name is there.
    await rmdir(join(layout.working, name)).catch(() => undefined);
  } else {
    // A copy: what was put aside stays until its note is gone, so that this can be done again after a crash.
    const staged = await stageDirectory(target);
    await writeUnpacked(await readTree(join(asidePath(layout, name), 'files')), staged);
    for (const directory of ['conf', 'bin']) await mkdir(join(staged, directory), { recursive: true });
    await replaceDirectory(target, staged);
    await writeId(layout, name, note.idBefore);
  }
  await forgetAside(layout, name);
};

const noteOf = async (layout: Layout, name: string): Promise<Note | null> => {
  const read = await readPlain(join(asidePath(layout, name), noteName), moduleLimits.editBytes).catch(() => null);
  return read === null ? null : decodeNote(read.bytes.toString('utf8'));
};

/** After a crash: goes back, unless everything had been done. @returns whether it went back. */
export const recoverReceived = async (layout: Layout, name: string): Promise<boolean> => {
  const note = await noteOf(layout, name);
  if (note === null) {
    await rm(asidePath(layout, name), { recursive: true, force: true });
    return false;
  }
  const done = note.configure
    ? (await readApplied(layout, name))?.signature === note.signature
    : signatureOf(await readTree(join(layout.modules, name)).catch((): readonly UnpackedFile[] => [])) === note.signature;
  if (done) await forgetAside(layout, name);
  else await putBack(layout, name);
  return !done;
};

/** The module that a name in SAFE/modules was put aside for; null: it is something else. */
export const asideOf = (entry: string): string | null => /^\.(.+)\.before$/.exec(entry)?.[1] ?? null;
