/** Texts in the language of the moment. Each part of the console has its own texts beside it and makes a function of them with `textsOf`. */
import { signal } from '@preact/signals';
import { formatText, type Values } from './format.js';
import type { Language } from './languages.js';

/** The same keys in every language; a missing one does not compile. */
export type TextTable<K extends string> = Readonly<Record<Language, Readonly<Record<K, string>>>>;
/** A text by its key; reading it in a component makes the component follow the language. */
export type Translate<K extends string> = (key: K, values?: Values) => string;

/** Follows the address; set by the router. */
export const language = signal<Language>('en');

export function textsOf<K extends string>(table: TextTable<K>): Translate<K> {
  return (key, values = {}) => formatText(table[language.value][key], values, language.value);
}
