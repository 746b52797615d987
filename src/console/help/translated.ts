/** The help of the configuration is written in English, in the schema; here it comes in the language of the moment. */
import { effect, signal } from '@preact/signals';
import { formatText } from '../i18n/format.js';
import { language } from '../i18n/i18n.js';
import type { Language } from '../i18n/languages.js';

/** By the English text. */
type HelpTable = Readonly<Record<string, string>>;
const load: Readonly<Record<Exclude<Language, 'en'>, () => Promise<HelpTable>>> = {
  fr: async () => (await import('./french.js')).french,
};
const tables = signal<Partial<Record<Language, HelpTable>>>({});
effect(() => {
  const now = language.value;
  if (now === 'en' || tables.peek()[now] !== undefined) return;
  // What cannot be loaded stays English.
  load[now]().then(
    (table) => {
      tables.value = { ...tables.value, [now]: table };
    },
    () => undefined,
  );
});

/** A text as a key of the tables: with `{from}` and `{to}` for a range of numbers. */
export function keyOf(text: string): { readonly key: string; readonly values: Readonly<Record<string, string>> } {
  const [range, from, to] = /\bfrom (-?\d\w*) to (\d\w*)/.exec(text) ?? [];
  if (range === undefined || from === undefined || to === undefined) return { key: text, values: {} };
  return { key: text.replace(range, 'from {from} to {to}'), values: { from, to } };
}
/** A text of the help in the language of the moment; what has no translation, or not yet, stays English. */
export function translated(text: string): string {
  const now = language.value;
  const { key, values } = keyOf(text);
  const found = tables.value[now]?.[key];
  return found === undefined ? text : formatText(found, values, now);
}
