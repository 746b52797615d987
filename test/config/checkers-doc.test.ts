/** docs/checkers.md is complete: a row for every attribute of every checker, with its default, and a test that there is. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { ElementSpec } from '../../src/config/element-spec.js';
import { check } from '../../src/config/schema-check.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/checkers.md');
interface Row {
  readonly key: string;
  readonly initial: string;
  readonly test: string;
  readonly file: string;
}
const rows: readonly Row[] = page.split('\n').flatMap((line) => {
  const match = /^\| `([^`]+)` \| `([^`]+)` \| (.*) \| \[(.*)\]\(\.\.\/(\S+)\) \|$/.exec(line);
  if (match === null) return [];
  const [, element, attribute, initial = '', test = '', file = ''] = match;
  return [{ key: `${element} ${attribute}`, initial, test: test.replaceAll('\\|', '|'), file }];
});

function attributesOf(spec: ElementSpec, path: string): readonly (readonly [key: string, initial: string])[] {
  const own = Object.values(spec.attributes).map(({ name, required, defaultText }): readonly [string, string] => {
    const text = defaultText ?? '';
    const initial = required ? 'required' : text === '' ? '–' : /[ `]/.test(text) ? text : `\`${text}\``;
    return [`${path} ${name}`, initial.replaceAll('|', '\\|')];
  });
  return [...own, ...spec.children.flatMap((child) => attributesOf(child.spec, `${path}/${child.spec.name}`))];
}

t.test('every attribute has its row, with its default, in the order of the schema', async (t) => {
  const expected = check.children.flatMap(({ spec }) => attributesOf(spec, spec.name));
  t.ok(expected.length > 60);
  t.same(
    rows.map(({ key, initial }) => [key, initial]),
    expected,
  );
});

t.test('every test that is named is there', async (t) => {
  const named = [...page.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)\s]+)\)/g)].map(([, test = '', file = '']) => ({ test, file }));
  t.ok(named.length >= rows.length);
  for (const { test, file } of named) {
    const text = existsSync(new URL(`../../${file}`, import.meta.url)) ? read(file) : '';
    const quoted = [`'${test}'`, `"${test}"`, `\`${test}\``];
    t.ok(
      quoted.some(
        (one) => text.includes(`t.test(${one}`) || text.includes(`t.test(\n    ${one}`) || text.includes(`t.test(\n  ${one}`),
      ),
      `${file}: ${test}`,
    );
  }
});
