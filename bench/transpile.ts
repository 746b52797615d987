/** Transpiles sources into a directory of their own inside the repository, so that measured processes run plain JavaScript as the built daemon does. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { alsoRemove } from './workplace.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The TypeScript files of the repository that one imports, relative to it. */
function importsOf(file: string, text: string): readonly string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => join(dirname(file), fileName.replace(/\.js$/, '.ts')))
    .filter((path) => path.endsWith('.ts') && existsSync(join(root, path)));
}

/**
 * All TypeScript below these paths (files or directories, relative to the repository), and all that it imports.
 * @returns the directory, to be removed by the caller
 */
export function transpile(paths: readonly string[]): string {
  const parent = join(root, '.tap');
  mkdirSync(parent, { recursive: true });
  const target = mkdtempSync(join(parent, 'bench-'));
  alsoRemove(target);
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  // A set that grows while it is walked: what was imported is walked in its turn.
  const files = new Set(
    paths.flatMap((path) =>
      path.endsWith('.ts')
        ? [path]
        : readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
            .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
            .map((file) => join(path, file)),
    ),
  );
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const imported of importsOf(file, text)) files.add(imported);
    const output = ts.transpileModule(text, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
      fileName: file,
    });
    const place = join(target, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, output.outputText);
  }
  return target;
}
