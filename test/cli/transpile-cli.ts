/** Makes the CLI executable as it is in the working tree, types unchecked, so that tests and measurements can start it as a process. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What `src/cli` may import, as files and folders of `src`. */
const parts: readonly string[] = ['cli', 'config', 'actors/errors.ts', 'http/api-types.ts', 'http/log-format.ts'];

function sources(path: string): readonly string[] {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(path, name));
}

/**
 * Writes the executable below `folder`, which must be inside of the repository for the libraries to be found.
 * @returns the path of its `main.js`.
 */
export function transpileCli(folder: string): string {
  const options = { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  for (const source of parts.flatMap((part) => sources(join(root, 'src', part)))) {
    const target = join(folder, 'dist', relative(join(root, 'src'), source)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, ts.transpileModule(readFileSync(source, 'utf8'), { compilerOptions: options }).outputText);
  }
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'dist', 'cli', 'main.js');
}
