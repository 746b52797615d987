/** From a module's editable tree to what is applied of it: parsed, expanded, its scripts checked, and the configuration's own scripts called. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expandUserConfig, parseUserConfig } from '../../config/module-config.js';
import type { ConfigProblem, ConfigResult, ModuleConfig, Unsupported } from '../../config/types.js';
import { unsupported } from '../../config/unsupported.js';
import type { ProgramRunner } from '../check-program.js';
import { checkAgents } from '../ocf/config-check.js';
import { scriptVariables } from '../ocf/script-variables.js';
import { directoriesOf, userConfigPath } from './applied.js';
import type { UnpackedFile } from './archive.js';
import { type EnvironmentSource, macroEnvironment, moduleEnvironment } from './environment.js';
import type { HookRunner } from './hooks.js';
import type { Layout } from './layout.js';
import { ExpectedFailure } from './names.js';
import { checkScripts, scriptName } from './scripts-check.js';
import { readTree } from './templates.js';
import { decodeText } from './text.js';

/** The configuration's functions (`src/config`). */
export interface ModuleCompiler {
  parse(text: string, fileName: string, env: Readonly<Record<string, string>>): ConfigResult<ModuleConfig>;
  /** The same text with its macros replaced. */
  expand(text: string, fileName: string, env: Readonly<Record<string, string>>): ConfigResult<string>;
  /** What of it this version cannot carry out. */
  unsupported(config: ModuleConfig): readonly Unsupported[];
}

export const realCompiler: ModuleCompiler = { parse: parseUserConfig, expand: expandUserConfig, unsupported };

export interface Checked {
  readonly config: ModuleConfig;
  readonly warnings: readonly ConfigProblem[];
}

/** A checked configuration with all that is written when it is applied. */
export interface Compiled extends Checked {
  readonly files: readonly UnpackedFile[];
  readonly expanded: string;
  readonly unsupported: readonly Unsupported[];
}
export interface CompilingOptions {
  readonly layout: Layout;
  readonly environment: EnvironmentSource;
  readonly compiler: ModuleCompiler;
  readonly hooks: HookRunner;
  /** Asks OCF agents for their parameters. */
  readonly programs: ProgramRunner;
}
export interface Compiling {
  /** @throws ExpectedFailure CONF_INVALID with every finding. */
  compile(name: string): Promise<Compiled>;
  /** What is wrong or doubtful about a text as that module's configuration; nothing is run. */
  inspect(name: string, text: string): readonly ConfigProblem[];
  /** Calls a script in a copy of the module, if it has one of that name and a `<user>`. @throws ExpectedFailure SCRIPT_FAILED */
  callHook(
    script: string,
    name: string,
    root: string,
    files: readonly UnpackedFile[],
    config: ModuleConfig,
    args: readonly string[],
  ): Promise<void>;
}

export const unsupportedProblem = ({ element, line, message }: Unsupported, severity: 'error' | 'warning'): ConfigProblem => ({
  severity,
  code: 'CONF_UNSUPPORTED',
  file: userConfigPath,
  line,
  column: 1,
  element,
  attribute: null,
  value: null,
  message,
  remedy: 'Leave it out until a version that has it.',
});

export const createCompiling = ({ layout, environment, compiler, hooks, programs }: CompilingOptions): Compiling => {
  const countOf = (problems: readonly ConfigProblem[]): string => `${problems.length} error${problems.length === 1 ? '' : 's'}`;

  const compile = async (name: string): Promise<Compiled> => {
    const files = await readTree(join(layout.modules, name));
    const userConfig = files.find(({ path }) => path === userConfigPath);
    if (userConfig === undefined) throw new ExpectedFailure('CONF_INVALID', `Module ${name} has no ${userConfigPath}.`);
    const text = decodeText(userConfig.bytes);
    const env = macroEnvironment(environment, name, directoriesOf(join(layout.active, name), layout, name));
    const parsed = compiler.parse(text, userConfigPath, env);
    if (!parsed.ok)
      throw new ExpectedFailure('CONF_INVALID', `The configuration of ${name} has ${countOf(parsed.problems)}.`, parsed.problems);
    const expanded = compiler.expand(text, userConfigPath, env);
    if (!expanded.ok)
      throw new ExpectedFailure(
        'CONF_INVALID',
        `The configuration of ${name} has ${countOf(expanded.problems)}.`,
        expanded.problems,
      );
    const directories = directoriesOf(join(layout.active, name), layout, name);
    const agents = await checkAgents(parsed.value, {
      run: programs,
      file: userConfigPath,
      text: expanded.value,
      env: moduleEnvironment(environment, name, directories, parsed.value.user?.vars ?? []),
    });
    const scripts = [...(await checkScripts(parsed.value, files)), ...agents];
    const errors = scripts.filter(({ severity }) => severity === 'error');
    if (errors.length > 0)
      throw new ExpectedFailure('CONF_INVALID', `The scripts and agents of ${name} have ${countOf(errors)}.`, scripts);
    return {
      files,
      config: parsed.value,
      expanded: expanded.value,
      warnings: [...parsed.warnings, ...scripts],
      unsupported: compiler.unsupported(parsed.value),
    };
  };

  const inspect = (name: string, text: string): readonly ConfigProblem[] => {
    const env = macroEnvironment(environment, name, directoriesOf(join(layout.active, name), layout, name));
    const parsed = compiler.parse(text, userConfigPath, env);
    if (!parsed.ok) return parsed.problems;
    return [...parsed.warnings, ...compiler.unsupported(parsed.value).map((item) => unsupportedProblem(item, 'warning'))];
  };

  /** Calls one of the configuration's own scripts in a copy of the module. */
  const callHook = async (
    script: string,
    name: string,
    root: string,
    files: readonly UnpackedFile[],
    config: ModuleConfig,
    args: readonly string[],
  ) => {
    const file = files.find(({ path, executable }) => executable && scriptName(path) === script);
    if (file === undefined || config.user === null) return;
    const directories = directoriesOf(root, layout, name);
    await mkdir(directories.varDir, { recursive: true, mode: 0o750 });
    const env = moduleEnvironment(environment, name, directories, [...scriptVariables(config), ...config.user.vars]);
    const result = await hooks({ script, path: join(root, file.path), args, env, cwd: directories.varDir });
    if (result.code === 0) return;
    const output = result.output.trim().slice(-1000);
    const how = result.code === null ? 'failed' : `ended with code ${result.code}`;
    throw new ExpectedFailure('SCRIPT_FAILED', `Script ${script} of ${name} ${how}${output === '' ? '.' : `: ${output}`}`);
  };

  return { compile, inspect, callHook };
};
