/** The modules that can be installed by name: those that came with Holdfast, and `.safe` files below SAFE/Application_Modules. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readFiles, type UnpackedFile, unpackArchive } from './archive.js';
import { listTree, readPlain } from './files.js';
import { ExpectedFailure, isMissing, isModuleName, moduleDirectories, moduleLimits, moduleTopFiles } from './names.js';
import { decodeText } from './text.js';

export interface TemplateSource {
  /** Directory with one directory a template. */
  readonly builtIn: string;
  /** SAFE/Application_Modules. */
  readonly applicationModules: string;
}
export interface Template {
  readonly name: string;
  readonly description: string;
}

const readNames = (dir: string): Promise<readonly string[]> =>
  readdir(dir).catch((error: unknown): string[] => {
    if (isMissing(error)) return [];
    throw error;
  });

/** First paragraph of a template's README, without its marks. */
const describe = async (dir: string): Promise<string> => {
  const readme = await readPlain(join(dir, 'README.md'), moduleLimits.editBytes).catch(() => null);
  const paragraphs = readme === null ? [] : decodeText(readme.bytes).split(/\r?\n[ \t]*\r?\n/);
  const first = paragraphs.map((text) => text.trim()).find((text) => text !== '' && !text.startsWith('#')) ?? '';
  return first.replace(/\s+/g, ' ').replaceAll('`', '');
};

/** `.safe` files by their names without extension; the backups of uninstalled modules carry dates and are no templates. */
const archives = async (root: string): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  const top = await readNames(root);
  const places = [
    root,
    ...top
      .filter((name) => name !== 'backup' && !name.startsWith('.'))
      .sort()
      .map((name) => join(root, name)),
  ];
  for (const place of places)
    for (const name of (await readNames(place)).toSorted()) {
      const stem = basename(name, '.safe');
      if (name.endsWith('.safe') && !found.has(stem)) found.set(stem, join(place, name));
    }
  return found;
};

export const listTemplates = async (source: TemplateSource): Promise<readonly Template[]> => {
  const all = new Map<string, string>();
  for (const name of await readNames(source.builtIn))
    if (isModuleName(name)) all.set(name, await describe(join(source.builtIn, name)));
  for (const [name, path] of await archives(source.applicationModules))
    all.set(name, `From ${path.slice(source.applicationModules.length + 1)}.`);
  return [...all].map(([name, description]) => ({ name, description })).sort((a, b) => (a.name < b.name ? -1 : 1));
};

/**
 * The files of a template. A `.safe` file of the installation comes before the template of the same name that came with Holdfast.
 * @throws ExpectedFailure FILE_UNKNOWN when there is none of that name; MODULE_ARCHIVE when its archive is refused.
 */
export const readTemplate = async (source: TemplateSource, name: string): Promise<readonly UnpackedFile[]> => {
  const stem = basename(name, '.safe');
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(stem)) {
    const path = (await archives(source.applicationModules)).get(stem);
    const archive = path === undefined ? null : await readPlain(path, moduleLimits.archiveBytes);
    if (archive !== null) return unpackArchive(archive.bytes);
    if (isModuleName(stem) && (await readNames(source.builtIn)).includes(stem)) return readTree(join(source.builtIn, stem));
  }
  const known = (await listTemplates(source)).map((template) => template.name).join(', ');
  throw new ExpectedFailure(
    'FILE_UNKNOWN',
    `There is no template and no .safe file '${stem.slice(0, 64)}'. There are: ${known}.`,
  );
};

/** The files of a module on disk that belong in one: a README beside them does not. */
export const readTree = async (dir: string): Promise<readonly UnpackedFile[]> => {
  const top = new Set<string>([...moduleDirectories, ...moduleTopFiles]);
  const tree = (await listTree(dir)).filter(({ path }) => top.has(path.split('/')[0] ?? ''));
  return readFiles(dir, tree);
};
