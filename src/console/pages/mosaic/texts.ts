import { textsOf } from '../../i18n/i18n.js';

export const table = {
  en: {
    title: 'Mosaic',
    intro:
      'Open this page through the load balancer or the virtual address that you want to try. Each tile is a connection of its own, coloured by the node that answers it.',
    module: 'Module',
    moduleHelp: 'A node tells its name only where this module serves.',
    tiles: 'Tiles',
    start: 'Ask',
    stop: 'Stop',
    again: 'Ask for ever',
    nobody: 'not served',
    silent: 'no answer',
    waiting: 'waiting',
    counts: 'Answers by node',
    node: 'Node',
    answers: 'Answers',
    part: 'Share',
    name: 'Write the name of a module: letters, digits, - and _.',
    progress: '{done} of {of} tiles answered',
  },
  fr: {
    title: 'Mosaïque',
    intro:
      "Ouvrez cette page à travers le répartiteur de charge ou l'adresse virtuelle à essayer. Chaque tuile est une connexion à part, colorée selon le nœud qui répond.",
    module: 'Module',
    moduleHelp: 'Un nœud ne dit son nom que là où ce module sert.',
    tiles: 'Tuiles',
    start: 'Demander',
    stop: 'Arrêter',
    again: 'Demander sans fin',
    nobody: 'non servi',
    silent: 'sans réponse',
    waiting: 'en attente',
    counts: 'Réponses par nœud',
    node: 'Nœud',
    answers: 'Réponses',
    part: 'Part',
    name: "Écrivez le nom d'un module : lettres, chiffres, - et _.",
    progress: '{done} tuiles sur {of} ont une réponse',
  },
} as const;
export const mosaicTexts = textsOf(table);
