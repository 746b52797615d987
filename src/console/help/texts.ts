import { textsOf } from '../i18n/i18n.js';

export const table = {
  en: {
    label: 'What {name} is',
    allowed: 'Allowed: {allowed}',
    initial: 'Default: {initial}',
    ignored: 'Has no effect: {reason}',
  },
  fr: {
    label: "Ce qu'est {name}",
    allowed: 'Valeurs : {allowed}',
    initial: 'Par défaut : {initial}',
    ignored: 'Sans effet : {reason}',
  },
} as const;
export const helpTexts = textsOf(table);
