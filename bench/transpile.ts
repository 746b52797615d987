/** Transpiles sources into a directory of their own inside the repository, so that measured processes run plain JavaScript as the built daemon does. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { alsoRemove } from './workplace.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** All TypeScript below these paths (files or directories, relative to the repository). @returns the directory, to be removed by the caller */
export function transpile(paths: readonly string[]): string {
  const parent = join(root, '.tap');
  mkdirSync(parent, { recursive: true });
  const target = mkdtempSync(join(parent, 'bench-'));
  alsoRemove(target);
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  const files = paths.flatMap((path) =>
    path.endsWith('.ts')
      ? [path]
      : readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts'))
          .map((file) => join(path, file)),
  );
  for (const file of files) {
    const output = ts.transpileModule(readFileSync(join(root, file), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
      fileName: file,
    });
    const place = join(target, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, output.outputText);
  }
  return target;
}
