/** The languages of the console. A new one: its code and name here, then a text for it in every `texts.ts`: the compiler lists them. */
export const languages = { en: 'English', fr: 'Français' } as const;
export type Language = keyof typeof languages;

export function isLanguage(text: string): text is Language {
  return Object.hasOwn(languages, text);
}
/** The first of the browser's languages that there is; else English. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const code = one.toLowerCase().split('-')[0] ?? '';
    if (isLanguage(code)) return code;
  }
  return 'en';
}
