import { textsOf } from '../i18n/i18n.js';

export const table = {
  en: {
    title: 'Statecharts, step by step',
    node: 'Node',
    nothing: 'No machine ran on this node.',
    cut: 'Only the first {n} steps of a node are in this page.',
  },
  fr: {
    title: 'Diagrammes d’états, pas à pas',
    node: 'Nœud',
    nothing: 'Aucune machine n’a tourné sur ce nœud.',
    cut: 'Seuls les {n} premiers pas d’un nœud sont dans cette page.',
  },
} as const;
export const simulationTexts = textsOf(table);
