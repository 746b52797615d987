/** What the configured modules need of the machine: programs, interpreters of their scripts, scripts that can be run. */
import { constants } from 'node:fs';
import { access, lstat, open, readdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { CheckerConfig, ModuleConfig } from '../../config/types.js';
import { knownScripts } from '../modules/scripts-check.js';
import type { HealthFacts, ScriptFacts, ToolFacts } from './facts.js';

/** A module whose configuration is applied. */
export interface NeedyModule {
  readonly name: string;
  readonly config: ModuleConfig;
  readonly binDir: string;
}

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Whether a program can be found in the path that scripts get. */
export async function isThere(program: string, path: string = process.env['PATH'] ?? usualPath): Promise<boolean> {
  const places = isAbsolute(program) ? [program] : path.split(':').map((directory) => join(directory, program));
  for (const place of places) {
    const found = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

function toolOf(checker: CheckerConfig): string | null {
  if (checker.kind === 'systemd') return 'systemctl';
  return null;
}

/** Programs that the configuration itself calls for. */
export function configuredTools({ name, config }: Pick<NeedyModule, 'name' | 'config'>): readonly ToolFacts[] {
  const checkers = (config.check?.checkers ?? []).flatMap((checker) => {
    const tool = toolOf(checker);
    return tool === null ? [] : [{ tool, neededBy: `checker ${checker.ident} of module ${name}` }];
  });
  const services = (config.errd?.procs ?? [])
    .filter((proc) => proc.service)
    .map((proc) => ({ tool: 'systemctl', neededBy: `service ${proc.name} of module ${name}` }));
  return [...checkers, ...services];
}

/** The interpreter of a script's first line: `#!/usr/bin/env node` needs `node`. Null where there is none. */
export function interpreterOf(head: string): string | null {
  const line = /^#![ \t]*(\S+)(?:[ \t]+(\S+))?/.exec(head);
  if (line === null) return null;
  const [, program = '', argument] = line;
  if (!/(?:^|\/)env$/.test(program)) return program;
  return argument === undefined || argument.startsWith('-') ? program : argument;
}

async function headOf(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
    () => null,
  );
  if (handle === null) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await handle.close();
  }
}

/** Looks at the scripts of the modules. */
export async function needsOf(
  modules: readonly NeedyModule[],
  found: (program: string) => Promise<boolean> = isThere,
): Promise<Pick<HealthFacts, 'missingTools' | 'notExecutable'>> {
  const wanted: ToolFacts[] = modules.flatMap(configuredTools);
  const notExecutable: ScriptFacts[] = [];
  for (const { name, binDir } of modules) {
    const known = new Set<string>(knownScripts);
    for (const entry of (await readdir(binDir).catch(() => [])).slice(0, 500)) {
      const path = join(binDir, entry);
      const info = await lstat(path).catch(() => null);
      if (info?.isFile() !== true) continue;
      const runs = (info.mode & 0o111) !== 0;
      if (known.has(entry) && !runs) notExecutable.push({ module: name, path });
      const interpreter = runs ? interpreterOf(await headOf(path)) : null;
      if (interpreter !== null) wanted.push({ tool: interpreter, neededBy: `${entry} of module ${name}` });
    }
  }
  const missingTools: ToolFacts[] = [];
  const asked = new Map<string, boolean>();
  for (const need of wanted) {
    const there = asked.get(need.tool) ?? (await found(need.tool));
    asked.set(need.tool, there);
    if (!there) missingTools.push(need);
  }
  return { missingTools, notExecutable };
}
