import { textsOf } from '../i18n/i18n.js';

export const table = {
  en: {
    copyCommand: 'Copy the command',
    copied: 'copied',
    marked: 'marked: copy it with the keyboard',
    cancel: 'Cancel',
    close: 'Close',
    loading: 'Loading …',
    retry: 'Try again',
    pageFailed: 'This page could not be loaded: {reason}',
    pageFailedHint: 'The console may have been updated meanwhile. Loading the page again usually helps.',
    reload: 'Load again',
  },
  fr: {
    copyCommand: 'Copier la commande',
    copied: 'copiée',
    marked: 'sélectionnée : copiez-la au clavier',
    cancel: 'Annuler',
    close: 'Fermer',
    loading: 'Chargement…',
    retry: 'Réessayer',
    pageFailed: "Cette page n'a pas pu être chargée : {reason}",
    pageFailedHint: 'La console a peut-être été mise à jour entre-temps. Recharger la page suffit en général.',
    reload: 'Recharger',
  },
} as const;
export const uiTexts = textsOf(table);
