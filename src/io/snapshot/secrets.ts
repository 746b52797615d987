/** Finds the secrets of this node, so that they can be taken out of whatever is handed out. They never leave this process. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { ModuleConfig } from '../../config/types.js';
import { isSensitiveName } from './redact.js';

const largestSecretFile = 16 * 1024;
const secretFile = /(?:\.key|secret|password|passphrase|passwd|token|credential)/i;

async function textOf(path: string, limit: number): Promise<string> {
  const info = await stat(path).catch(() => null);
  if (info?.isFile() !== true || info.size > limit) return '';
  return readFile(path, 'utf8').catch(() => '');
}

/** Lines of a file of secrets; a private key in PEM counts by its lines too. */
const linesOf = (text: string): readonly string[] =>
  text.split(/\r?\n/).filter((line) => !line.startsWith('-----') && line !== '');

/** What a settings file says under sensitive names, and what stands in the files that it names. */
async function ofSettings(path: string, directory: string): Promise<readonly string[]> {
  let value: unknown;
  try {
    value = JSON.parse(await textOf(path, 1024 * 1024));
  } catch {
    return [];
  }
  const found: string[] = [];
  const files: string[] = [];
  const walk = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, item] of Object.entries(at)) {
      if (typeof item !== 'string') walk(item);
      else if (/file$/i.test(key)) files.push(isAbsolute(item) ? item : join(directory, item));
      else if (isSensitiveName(key) || /^url$/i.test(key)) found.push(item);
    }
  };
  walk(value);
  for (const file of files) {
    const text = await textOf(file, largestSecretFile);
    if (!text.includes('-----BEGIN CERTIFICATE')) found.push(...linesOf(text));
  }
  return found;
}

async function filesOfSecrets(directory: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.slice(0, 500)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && depth > 0 && !['modules', 'log', 'journal', 'snapshot'].includes(entry.name))
      found.push(...(await filesOfSecrets(path, depth - 1)));
    else if (entry.isFile() && secretFile.test(entry.name)) found.push(path);
  }
  return found;
}

/** Values of a module's configuration under sensitive names: variables, macros, parameters of agents. */
export function secretsOfConfig(config: ModuleConfig): readonly string[] {
  const parameters = (config.check?.checkers ?? []).flatMap((checker) => (checker.kind === 'custom' ? checker.parameters : []));
  return [...config.macros, ...(config.user?.vars ?? []), ...parameters]
    .filter(({ name }) => isSensitiveName(name))
    .map(({ value }) => value);
}

export interface SecretSources {
  readonly safe: string;
  readonly safevar: string;
  readonly configs: readonly ModuleConfig[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Every secret that Holdfast knows of on this node. */
export async function secretsOf({ safe, safevar, configs, env }: SecretSources): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of await filesOfSecrets(safevar, 3)) {
    const text = await textOf(path, largestSecretFile);
    found.push(...linesOf(text));
    if (/^\s*[[{]/.test(text)) found.push(...(await ofSettings(path, safevar)));
  }
  for (const name of ['notification.json', 'snmp.json']) found.push(...(await ofSettings(join(safevar, name), safevar)));
  found.push(...(await ofSettings(join(safe, 'conf', 'holdfastd.json'), safe)));
  for (const [name, value] of Object.entries(env)) if (value !== undefined && isSensitiveName(name)) found.push(value);
  return [...found, ...configs.flatMap(secretsOfConfig)];
}
