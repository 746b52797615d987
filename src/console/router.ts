/** The address and the page: `/console/<language>/<page>/…`. */
import { signal } from '@preact/signals';
import { language } from './i18n/i18n.js';
import { isLanguage, type Language, preferredLanguage } from './i18n/languages.js';

const base = '/console';

/** Where the console is. */
export interface Place {
  /** Null: the address has none yet. */
  readonly language: Language | null;
  /** Parts of the path after the language. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
/** Reads a path and a query. */
export function parsePlace(pathname: string, search: string): Place {
  const [first = '', ...rest] = pathname
    .slice(base.length)
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const query = new URLSearchParams(search);
  if (isLanguage(first)) return { language: first, parts: rest, query };
  return { language: null, parts: first === '' ? [] : [first, ...rest], query };
}
/** The address of a page in a language. @param path begins with a slash, and may have a query */
export function addressOf(path: string, inLanguage: Language = language.value): string {
  return `${base}/${inLanguage}${path}`;
}
/** A path of escaped parts. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

const storedLanguage = 'holdfast.language';
export const place = signal<Place>({ language: null, parts: [], query: new URLSearchParams() });

function follow(): void {
  const now = parsePlace(location.pathname, location.search);
  const stored = localStorage.getItem(storedLanguage) ?? '';
  language.value = now.language ?? (isLanguage(stored) ? stored : preferredLanguage(navigator.languages));
  document.documentElement.lang = language.value;
  place.value = now;
  if (now.language === null) {
    const path = now.parts.length === 0 ? '/monitoring' : pathOf(...now.parts);
    history.replaceState(null, '', `${addressOf(path)}${location.search}${location.hash}`);
    follow();
  }
}
/** Begins to follow the address bar. */
export function startRouter(): void {
  addEventListener('popstate', follow);
  follow();
}
/** Goes to a page. @param path begins with a slash; the language is put before it */
export function navigate(path: string, options: { readonly replace?: boolean } = {}): void {
  const address = addressOf(path);
  if (options.replace === true) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  follow();
}
/** The same page in another language; it is remembered. */
export function switchLanguage(to: Language): void {
  localStorage.setItem(storedLanguage, to);
  history.replaceState(null, '', `${addressOf(pathOf(...place.value.parts), to)}${location.search}`);
  follow();
}
