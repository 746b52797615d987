/** Where everything of a node's modules lies (section 3.6 of the compatibility page). */
import { join } from 'node:path';

export interface Layout {
  /** SAFE/modules: what is edited. */
  readonly modules: string;
  /** SAFE/private/modules: what is applied. */
  readonly active: string;
  /** SAFEVAR/modules: logs, working files, and the module's id. */
  readonly working: string;
  readonly lastConfigurations: string;
  /** SAFE/Application_Modules. */
  readonly applicationModules: string;
  readonly backup: string;
}

export const layoutOf = (safe: string, safevar: string): Layout => ({
  modules: join(safe, 'modules'),
  active: join(safe, 'private', 'modules'),
  working: join(safevar, 'modules'),
  lastConfigurations: join(safe, 'modules', 'lastconfig'),
  applicationModules: join(safe, 'Application_Modules'),
  backup: join(safe, 'Application_Modules', 'backup'),
});

const two = (value: number): string => String(value).padStart(2, '0');

/** `AM_2026-01-31_142233`, in local time, as in SAFE/modules/lastconfig. */
const archiveStem = (module: string, wallMs: number): string => {
  const date = new Date(wallMs);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${module}_${day}_${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
};

/** A name for a new archive that comes after all of that module's that are there, also within one second. */
export const newArchiveName = (module: string, wallMs: number, names: readonly string[]): string => {
  const stem = archiveStem(module, wallMs);
  const same = archivesOf(module, names).filter((name) => name.startsWith(stem));
  const copy =
    same.reduce((most, name) => Math.max(most, Number(/-(\d+)\.safe$/.exec(name.slice(stem.length))?.[1] ?? 1)), 0) + 1;
  return copy === 1 ? `${stem}.safe` : `${stem}-${copy}.safe`;
};

/** When an archive of that module was made, in wall time; null: it is none. */
export const archiveTime = (module: string, name: string): number | null => {
  const match = /^(\d{4})-(\d\d)-(\d\d)_(\d\d)(\d\d)(\d\d)(?:-\d+)?\.safe$/.exec(name.slice(module.length + 1));
  if (match === null || !name.startsWith(`${module}_`)) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return new Date(year, month - 1, day, hour, minute, second).getTime();
};

/** Which of a directory's names are archives of that module, oldest first. */
export const archivesOf = (module: string, names: readonly string[]): readonly string[] => {
  const found = names.flatMap((name) => {
    if (!name.startsWith(`${module}_`)) return [];
    const match = /^(\d{4}-\d\d-\d\d_\d{6})(?:-(\d+))?\.safe$/.exec(name.slice(module.length + 1));
    return match?.[1] === undefined ? [] : [{ name, time: match[1], copy: Number(match[2] ?? 1) }];
  });
  return found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.copy - b.copy)).map(({ name }) => name);
};
