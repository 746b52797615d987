/** The help of the configuration is whole in French: who changes an English text of the schema changes the French one too. */
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { configHelp } from '../../src/config/help.js';
import { french } from '../../src/console/help/french.js';
import { keyOf, translated } from '../../src/console/help/translated.js';
import { placeholdersOf } from '../../src/console/i18n/format.js';
import { language } from '../../src/console/i18n/i18n.js';

/** Defaults that are written as they are, and words to choose from, are the same in every language. */
const isProse = (text: string): boolean => /\p{L}{2}/u.test(text.replaceAll(/`[^`]*`/g, '')) && text.includes(' ');

/** All texts of both files; those that must be translated, and those that may be. */
function textsOfHelp(): { readonly must: ReadonlySet<string>; readonly may: ReadonlySet<string> } {
  const must = new Set<string>();
  const may = new Set<string>();
  const { cluster, module } = configHelp();
  for (const element of [...Object.values(cluster), ...Object.values(module)]) {
    for (const { doc, ignored } of [element, ...Object.values(element.attributes)]) {
      must.add(doc);
      if (ignored !== null) must.add(ignored);
    }
    for (const { allowed, initial } of Object.values(element.attributes))
      for (const text of [allowed, initial ?? '']) (isProse(text) ? must : may).add(text);
  }
  return { must, may };
}
const sorted = (text: string, pattern: RegExp): readonly string[] => [...text.matchAll(pattern)].map(([one]) => one).sort();

t.test('every text has a French one, and no French one is left over', async (t) => {
  const { must, may } = textsOfHelp();
  t.ok(must.size > 200, 'the texts are found');
  const used = new Set([...must, ...may].map((text) => keyOf(text).key));
  t.strictSame(
    [...must].filter((text) => !Object.hasOwn(french, keyOf(text).key)),
    [],
    'without a French text',
  );
  t.strictSame(
    Object.keys(french).filter((key) => !used.has(key)),
    [],
    'of no text of the schema',
  );
});

t.test('the French texts say the same', async (t) => {
  const same: Readonly<Record<string, (text: string) => readonly string[]>> = {
    values: placeholdersOf,
    'words in backticks': (text) => sorted(text, /`[^`]*`/g),
    numbers: (text) => sorted(text, /\d+/g),
    names: (text) => sorted(text, /[A-Z]{4,}|\w*_\w*|\w+\.(?:xml|md|txt)/g),
  };
  for (const [what, of] of Object.entries(same)) {
    const differ = Object.entries(french).filter(([english, text]) => of(english).join('\n') !== of(text).join('\n'));
    t.strictSame(differ, [], `other ${what} in French`);
  }
  const bare = Object.entries(french).filter(
    ([english, text]) => text === '' || text !== text.trim() || (text === english && text !== 'Port.'),
  );
  t.strictSame(bare, [], 'empty, with blanks around, or not translated');
});

t.test('the language of the moment', async (t) => {
  const doc = 'Time between two heartbeats.';
  t.equal(translated(doc), doc);
  language.value = 'fr';
  for (let n = 0; n < 500 && translated(doc) === doc; n += 1) await setTimeout(10);
  t.equal(translated(doc), 'Temps entre deux battements.');
  t.equal(translated('a whole number from -1 to 100000'), 'un nombre entier de -1 à 100000');
  t.equal(
    translated('a time from 10ms to 24d; without a unit it is in milliseconds'),
    'une durée de 10ms à 24d ; sans unité, en millisecondes',
  );
  t.equal(translated('stopstart'), 'stopstart', 'what is not there stays');
  language.value = 'en';
  t.equal(translated(doc), doc);
});
