/** Puts values into texts. Pure, so that the tests check every text of every language with it. */

/** Makes each thing once for each key: the formatters of `Intl` take a good part of a millisecond to make, and each card of a page uses them. */
export function remembered<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const found = made.get(key) ?? make(key);
    made.set(key, found);
    return found;
  };
}
interface Plural {
  readonly rules: Intl.PluralRules;
  readonly order: readonly string[];
}
const pluralOf = remembered((language): Plural => {
  const rules = new Intl.PluralRules(language);
  const known = new Set<string>(rules.resolvedOptions().pluralCategories);
  return { rules, order: ['zero', 'one', 'two', 'few', 'many', 'other'].filter((category) => known.has(category)) };
});

export type Values = Readonly<Record<string, string | number>>;
const placeholder = /\{(\w+)((?:\|[^{}|]*)+)?\}/g;

/**
 * `{name}` becomes the value; `{n|node|nodes}` becomes the form that the language's plural rule takes for it (the forms in the order of
 * `Intl.PluralRules`: one, other; a language with more has more), without the number itself.
 */
export function formatText(text: string, values: Values, language: string): string {
  return text.replace(placeholder, (whole, name: string, forms: string | undefined) => {
    const value = values[name];
    if (value === undefined) return whole;
    if (forms === undefined) return String(value);
    const { rules, order } = pluralOf(language);
    const choices = forms.slice(1).split('|');
    const index = order.indexOf(rules.select(Number(value)));
    return choices[Math.min(index, choices.length - 1)] ?? whole;
  });
}
/** Names of the values that a text takes. */
export function placeholdersOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ''))].sort();
}
