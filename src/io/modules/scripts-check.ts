/** What is wrong with a module's scripts, found when its configuration is checked or applied and not when they are needed. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, posix } from 'node:path';
import type { ConfigProblem, ModuleConfig } from '../../config/types.js';
import { executableIn } from '../probers/custom.js';
import type { UnpackedFile } from './archive.js';

/** Every script that is called by its name (section 3.5 of the compatibility page). */
export const knownScripts = [
  'prestart',
  'start_both',
  'stop_both',
  'start_prim',
  'stop_prim',
  'start_second',
  'stop_second',
  'start_sec',
  'stop_sec',
  'poststop',
  'transition',
  'update',
  'config',
  'postconfig',
  'deconfig',
  'confcheck',
  'state',
  'level',
] as const;

const windows = process.platform === 'win32';
const windowsExtension = /\.(cmd|vbs|ps1|bat|exe)$/i;

/** `bin/start_both` → `start_both`; null for files that are no scripts: those in subdirectories, and on Windows those without a known extension. */
export const scriptName = (path: string, onWindows = windows): string | null => {
  const match = /^bin\/([^/]+)$/.exec(path);
  const name = match?.[1];
  if (name === undefined) return null;
  if (!onWindows) return name;
  return windowsExtension.test(name) ? name.replace(windowsExtension, '') : null;
};

const problem = (
  severity: 'error' | 'warning',
  path: string,
  value: string | null,
  message: string,
  remedy: string,
): ConfigProblem => ({
  severity,
  code: 'CONF_SCRIPT',
  file: path,
  line: 1,
  column: 1,
  element: path,
  attribute: null,
  value,
  message,
  remedy,
});

const isThere = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );

const checkFile = async (file: UnpackedFile): Promise<readonly ConfigProblem[]> => {
  const found: ConfigProblem[] = [];
  if (!file.executable)
    found.push(
      problem(
        'error',
        file.path,
        null,
        `${file.path} is not executable.`,
        `Run 'chmod +x' on it, or remove it if it is not to be called.`,
      ),
    );
  if (file.bytes.length === 0)
    found.push(
      problem('error', file.path, null, `${file.path} is empty: the system cannot execute it.`, "Begin it with '#!/bin/sh'."),
    );
  const [first = ''] = file.bytes.subarray(0, 512).toString('latin1').split('\n', 1);
  const marked = file.bytes.subarray(0, 5).toString('latin1') === '\u00ef\u00bb\u00bf#!';
  if (marked)
    found.push(
      problem(
        'error',
        file.path,
        null,
        `${file.path} begins with a byte-order mark before '#!'.`,
        'Save it as UTF-8 without a mark.',
      ),
    );
  if (first.startsWith('#!')) {
    if (first.endsWith('\r')) {
      found.push(
        problem(
          'error',
          file.path,
          first.trimEnd(),
          `The first line of ${file.path} ends with a carriage return, which the system takes for a part of the interpreter's name.`,
          'Save it with Unix line ends.',
        ),
      );
    } else {
      const interpreter = first.slice(2).trim().split(/[ \t]/, 1)[0] ?? '';
      if (!(await isThere(interpreter, constants.X_OK)))
        found.push(
          problem(
            'error',
            file.path,
            interpreter,
            `The interpreter of ${file.path} is not there or not executable.`,
            'Install it, or change the first line.',
          ),
        );
    }
  }
  return found;
};

/** Errors keep a configuration from being applied; a start or stop script that is not there is a warning, `prestart` may be missing. */
export const checkScripts = async (config: ModuleConfig, files: readonly UnpackedFile[]): Promise<readonly ConfigProblem[]> => {
  if (windows) return [];
  const found: ConfigProblem[] = [];
  const byName = new Map(files.flatMap((file) => (scriptName(file.path) === null ? [] : [[file.path.slice(4), file] as const])));
  // Without <user> no script is ever called (section 2.8); checkers are.
  for (const name of config.user === null ? [] : knownScripts) {
    const file = byName.get(name);
    if (file !== undefined) found.push(...(await checkFile(file)));
  }
  const expected = config.service.mode === 'mirror' ? ['start_prim', 'stop_prim'] : ['start_both', 'stop_both'];
  for (const name of config.user === null ? [] : expected)
    if (!byName.has(name))
      found.push(
        problem(
          'warning',
          `bin/${name}`,
          null,
          `There is no bin/${name}.`,
          'Add it, or leave <user> out if no script is to be called.',
        ),
      );

  for (const checker of config.check?.checkers ?? [])
    if (checker.kind === 'custom' && checker.ocf === null && executableIn('/bin', checker.exec) === null)
      found.push(
        problem(
          'error',
          'safe/service/check/custom',
          checker.exec,
          `The executable of checker custom.${checker.ident} is not below the module's bin folder.`,
          'Put it, or a script that calls it, into bin, and name it relative to that.',
        ),
      );
  for (const exec of [...new Set(executables(config))]) {
    if (isAbsolute(exec)) {
      if (!(await isThere(exec, constants.X_OK)))
        found.push(
          problem(
            'warning',
            exec,
            exec,
            `${exec} is not there now, or not executable.`,
            'It must be there when the module runs.',
          ),
        );
      continue;
    }
    const file = files.find(({ path }) => path === posix.join('bin', exec));
    if (file === undefined)
      found.push(
        problem(
          'error',
          `bin/${exec}`,
          exec,
          `There is no bin/${exec}, which the configuration calls.`,
          'Add it, or correct the name.',
        ),
      );
    else if (!byName.has(exec) || !knownScripts.some((name) => name === exec)) found.push(...(await checkFile(file)));
  }
  return found;
};

/** What errd and checkers call, without their arguments. */
const executables = (config: ModuleConfig): readonly string[] => [
  ...(config.user === null ? [] : (config.errd?.procs ?? [])).flatMap(({ action }) =>
    action.kind === 'handler' ? [action.exec] : [],
  ),
  ...(config.check?.checkers ?? []).flatMap((checker) =>
    checker.kind === 'custom' && checker.ocf === null && executableIn('/bin', checker.exec) !== null ? [checker.exec] : [],
  ),
];
