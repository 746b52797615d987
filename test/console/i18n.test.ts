/** Every text of the console is there in every language, takes the same values, and is translated. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';
import { formatText, placeholdersOf } from '../../src/console/i18n/format.js';
import { languages, preferredLanguage } from '../../src/console/i18n/languages.js';

const root = fileURLToPath(new URL('../../src/console/', import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /(?:^|[/\\])(?:[\w-]+-)?texts\.ts$/.test(name),
);

/** Words that are the same in both languages, and names of the product. */
const same = new Set([
  'Console',
  'Configuration',
  'Ready',
  'Transient',
  'NotReady',
  'Unknown',
  'Module',
  'Node',
  'Type',
  'Version',
  'Signature',
  'Mode',
  'Format',
  'Source',
  'Actions',
  'Pages',
  'Service',
  'Date',
  'Pause',
  'scripts',
  'verdict',
  'Modules',
  '1. Configuration',
  '2. Scripts',
  'Macros',
  'Scripts',
  'Cluster',
  'id {id}',
  'mode {mode}',
  'LDAP',
  'HTTPS',
  'XML',
  'OpenID Connect',
]);

function isTable(value: unknown): value is Readonly<Record<string, Readonly<Record<string, string>>>> {
  return typeof value === 'object' && value !== null && 'en' in value;
}

t.test('texts', async (t) => {
  t.ok(files.length > 3, 'the tables are found');
  for (const file of files) {
    const module: unknown = await import(pathToFileURL(join(root, file)).href);
    const tables = Object.values(module ?? {}).filter(isTable);
    t.ok(tables.length > 0, `${file} exports its tables`);
    for (const table of tables) {
      const english = table['en'] ?? {};
      t.strictSame(Object.keys(table).sort(), Object.keys(languages).sort(), `${file}: every language`);
      for (const [language, texts] of Object.entries(table)) {
        t.strictSame(Object.keys(texts), Object.keys(english), `${file}, ${language}: the same keys, in the same order`);
        for (const [key, text] of Object.entries(texts)) {
          const where = `${file}, ${language}, ${key}`;
          t.not(text.trim(), '', `${where} says something`);
          t.equal(text, text.trim(), `${where} has no blanks around it`);
          t.strictSame(placeholdersOf(text), placeholdersOf(english[key] ?? ''), `${where} takes the same values`);
          const words = text.replaceAll(/\{[^}]*\}/g, '');
          if (language !== 'en' && /\p{L}{3}/u.test(words) && !same.has(text))
            t.not(text, english[key], `${where} is translated`);
        }
      }
    }
  }
});

t.test('values and plurals', async (t) => {
  t.equal(formatText('{n} {n|node|nodes}', { n: 1 }, 'en'), '1 node');
  t.equal(formatText('{n} {n|node|nodes}', { n: 0 }, 'en'), '0 nodes');
  t.equal(formatText('{n} {n|nœud|nœuds}', { n: 0 }, 'fr'), '0 nœud');
  t.equal(formatText('{n} {n|nœud|nœuds}', { n: 2 }, 'fr'), '2 nœuds');
  t.equal(formatText('{a} and {b}', { a: 'x' }, 'en'), 'x and {b}', 'what has no value stays to be seen');
  t.equal(formatText('{n|one|few|many|other}', { n: 3 }, 'pl'), 'few', 'a language with more forms');
  t.strictSame(placeholdersOf('{b} {a|x|y} {b}'), ['a', 'b']);
});

t.test('the language of the browser', async (t) => {
  t.equal(preferredLanguage(['de-DE', 'fr-CA', 'en']), 'fr');
  t.equal(preferredLanguage(['de']), 'en');
  t.equal(preferredLanguage([]), 'en');
});
