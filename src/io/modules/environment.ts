/** The environment that scripts run in (section 3.6 of the compatibility page). */
import { delimiter, join } from 'node:path';

export interface EnvironmentSource {
  readonly safe: string;
  readonly safevar: string;
  /** The daemon's own environment; of it only what belongs to the machine's user and language is passed on. */
  readonly daemon: Readonly<Record<string, string | undefined>>;
  /** What the node's own configuration adds, for macros and scripts. */
  readonly extra: Readonly<Record<string, string>>;
  /** The socket that the CLI reaches this daemon by. */
  readonly socket: string | null;
}

const kept = /^(HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR)$/;
const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** SAFE first, so that plain `safekit` and `holdfast` are this installation's; then the daemon's own path, then the system's. */
const pathOf = (source: EnvironmentSource): string => {
  const own = [source.safe, join(source.safe, 'private', 'bin')];
  const inherited = (source.daemon['PATH'] ?? source.daemon['Path'] ?? '').split(delimiter).filter((entry) => entry !== '');
  return [...new Set([...own, ...inherited, ...(process.platform === 'win32' ? [] : systemPath)])].join(delimiter);
};

/** What holds for every module of the node; also what `%NAME%` in a configuration can mean besides the daemon's environment. */
export const nodeEnvironment = (source: EnvironmentSource): Readonly<Record<string, string>> => {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(source.daemon))
    if (value !== undefined && (process.platform === 'win32' || kept.test(name))) inherited[name] = value;
  return {
    ...inherited,
    ...source.extra,
    PATH: pathOf(source),
    SAFE: source.safe,
    SAFEVAR: source.safevar,
    SAFEBIN: join(source.safe, 'private', 'bin'),
    SAFECONF: join(source.safe, 'private', 'conf'),
    ...(source.socket === null ? {} : { HOLDFAST_SOCKET: source.socket }),
  };
};

export interface ModuleDirectories {
  readonly binDir: string;
  readonly confDir: string;
  readonly varDir: string;
}

/** A module's scripts' environment. A `<var>` may not take the place of what the scripts find their way by. */
export const moduleEnvironment = (
  source: EnvironmentSource,
  module: string,
  directories: ModuleDirectories,
  vars: readonly { readonly name: string; readonly value: string }[],
): Readonly<Record<string, string>> => {
  const node = nodeEnvironment(source);
  const own: Record<string, string> = {};
  for (const { name, value } of vars) own[name] = value;
  return {
    ...node,
    ...own,
    SAFE: source.safe,
    SAFEVAR: source.safevar,
    SAFEMODULE: module,
    SAFEUSERBIN: directories.binDir,
    SAFEUSERCONF: directories.confDir,
    SAFEUSERVAR: directories.varDir,
  };
};

/** What `%NAME%` in a configuration can mean: everything the daemon has, and what scripts will have. */
export const macroEnvironment = (
  source: EnvironmentSource,
  module: string,
  directories: ModuleDirectories,
): Readonly<Record<string, string>> => {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(source.daemon)) if (value !== undefined) all[name] = value;
  return { ...all, ...moduleEnvironment(source, module, directories, []) };
};
