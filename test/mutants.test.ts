/** The faults of `npm run mutation` are about the sources as they are. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import ts from 'typescript';

interface Mutant {
  readonly file: string;
  readonly search: string;
  readonly replace: string;
  readonly means: string;
}
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const mutants: readonly Mutant[] = JSON.parse(read('scripts/mutants.json'));
const survivors: Readonly<Record<string, string>> = JSON.parse(read('scripts/mutants-survivors.json'));

t.test('there are enough of them, spread over machines and rules', async (t) => {
  t.ok(mutants.length >= 30, `${mutants.length}`);
  t.ok(new Set(mutants.map(({ file }) => file)).size >= 15);
  t.equal(new Set(mutants.map(({ means }) => means)).size, mutants.length, 'each has a meaning of its own');
});

t.test('each changes exactly one place that is there, and what comes out can be read', async (t) => {
  for (const { file, search, replace, means } of mutants) {
    t.ok(existsSync(new URL(`../${file}`, import.meta.url)), file);
    const parts = read(file).split(search);
    t.equal(parts.length, 2, `${file}: ${means}`);
    t.not(search, replace, means);
    const { diagnostics = [] } = ts.transpileModule(parts.join(replace), { reportDiagnostics: true, fileName: file });
    t.same(
      diagnostics.map(({ messageText }) => messageText),
      [],
      means,
    );
  }
});

t.test('explanations of survivors are about faults that there are', async (t) => {
  for (const means of Object.keys(survivors))
    t.ok(
      mutants.some((one) => one.means === means),
      means,
    );
});
