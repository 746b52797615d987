import { nearestName } from '../config/nearest.js';

function letters(word: string): string {
  return [...word.toLowerCase()].sort().join('');
}

/** The known word that was probably meant: one with the same letters in another order (`strat`), else the nearest by edits. Null: none is near. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  return known.find((candidate) => letters(candidate) === letters(word)) ?? nearestName(word, known);
}
