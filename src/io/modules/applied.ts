/** The applied copy of a module: what is written beside it, its signature, and how it is read back. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ActiveModule } from '../../actors/ports.js';
import type { ConfigResult, ModuleConfig, ModuleMode } from '../../config/types.js';
import { scriptVariables } from '../ocf/script-variables.js';
import type { UnpackedFile } from './archive.js';
import { type EnvironmentSource, type ModuleDirectories, moduleEnvironment } from './environment.js';
import { listTree, readPlain } from './files.js';
import type { Layout } from './layout.js';
import { moduleLimits } from './names.js';
import { scriptName } from './scripts-check.js';
import { decodeText } from './text.js';

export const userConfigPath = 'conf/userconfig.xml';
export const safeConfigPath = 'conf/safeconf.xml';
export const appliedName = 'applied.json';

/** Kept beside the applied copy. */
export interface AppliedRecord {
  readonly id: number;
  readonly mode: ModuleMode;
  readonly signature: string;
  readonly appliedWallMs: number;
}

/** The same for the same userconfig.xml and scripts on every node, whatever the order or dates of the files. SHA-256 in hex. */
export const signatureOf = (files: readonly UnpackedFile[]): string => {
  const hash = createHash('sha256');
  const relevant = files.filter(({ path }) => path === userConfigPath || path.startsWith('bin/'));
  for (const file of relevant.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${file.path}\0${file.executable ? 'x' : '-'}\0${file.bytes.length}\0`);
    hash.update(file.bytes);
  }
  return hash.digest('hex');
};

const isMode = (value: unknown): value is ModuleMode => value === 'farm' || value === 'mirror' || value === 'light';

export const encodeApplied = (record: AppliedRecord): string => `${JSON.stringify({ version: 1, ...record })}\n`;
const decodeApplied = (text: string): AppliedRecord | null => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return null;
  if (!('id' in value && 'mode' in value && 'signature' in value && 'appliedWallMs' in value)) return null;
  const { id, mode, signature, appliedWallMs } = value;
  if (typeof id !== 'number' || !isMode(mode) || typeof signature !== 'string' || typeof appliedWallMs !== 'number') return null;
  return { id, mode, signature, appliedWallMs };
};

/** Null when nothing is applied, or what is written beside the copy cannot be read. */
export const readApplied = async (layout: Layout, name: string): Promise<AppliedRecord | null> => {
  const read = await readPlain(join(layout.active, name, appliedName), moduleLimits.editBytes).catch(() => null);
  return read === null ? null : decodeApplied(read.bytes.toString('utf8'));
};

export const directoriesOf = (root: string, layout: Layout, name: string): ModuleDirectories => ({
  binDir: join(root, 'bin'),
  confDir: join(root, 'conf'),
  varDir: join(layout.working, name),
});

export type LoadedModule = { readonly ok: true; readonly module: ActiveModule } | { readonly ok: false; readonly reason: string };

/** Reads the applied copy; every way in which it may be damaged is a reason. */
export const loadActive = async (
  layout: Layout,
  environment: EnvironmentSource,
  parse: (text: string, fileName: string, env: Readonly<Record<string, string>>) => ConfigResult<ModuleConfig>,
  name: string,
): Promise<LoadedModule> => {
  const damaged = (reason: string): LoadedModule => ({ ok: false, reason });
  try {
    const root = join(layout.active, name);
    const record = await readApplied(layout, name);
    if (record === null) return damaged(`${appliedName} of the applied copy is missing or damaged`);
    const source = await readPlain(join(root, safeConfigPath), moduleLimits.fileBytes);
    if (source === null) return damaged(`${safeConfigPath} of the applied copy is missing`);
    // Macros were replaced when it was applied: the environment of now must not change what was applied then.
    const parsed = parse(decodeText(source.bytes), safeConfigPath, {});
    if (!parsed.ok) {
      const [first] = parsed.problems;
      return damaged(
        `${safeConfigPath} of the applied copy: ${first === undefined ? 'not valid' : `line ${first.line}: ${first.message}`}`,
      );
    }
    const directories = directoriesOf(root, layout, name);
    const scripts: Record<string, string> = {};
    for (const file of await listTree(root)) {
      const script = file.executable ? scriptName(file.path) : null;
      if (script !== null) scripts[script] = join(root, file.path);
    }
    return {
      ok: true,
      module: {
        name,
        id: record.id,
        config: parsed.value,
        signature: record.signature,
        appliedWallMs: record.appliedWallMs,
        binDir: directories.binDir,
        varDir: directories.varDir,
        scripts,
        env: moduleEnvironment(environment, name, directories, [
          ...scriptVariables(parsed.value),
          ...(parsed.value.user?.vars ?? []),
        ]),
      },
    };
  } catch (error) {
    return damaged(error instanceof Error ? error.message : String(error));
  }
};
