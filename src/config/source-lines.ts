import { lastNotAbove } from './sorted.js';
import type { Position } from './types.js';

/** Finds the line and column of an offset in a text. */
export type SourceLines = (offset: number) => Position;

/** Reads the line starts of a text once. Lines end with LF, CRLF or a lone CR; columns count UTF-16 units from 1. */
export function createSourceLines(text: string): SourceLines {
  const starts = [0];
  for (const end of text.matchAll(/\r\n?|\n/g)) starts.push(end.index + end[0].length);
  return (offset) => {
    const line = lastNotAbove(starts, offset);
    return { line: line + 1, column: offset - Number(starts[line]) + 1 };
  };
}

/** Characters of a line that are shown before and behind a place. */
const shownBefore = 100;
const shownBehind = 100;

/** The line of a text around an offset, with a caret below it in a second line. What is not printed, tabs among it, is shown as a blank. */
export function excerptOf(text: string, offset: number, column: number): string {
  const from = Math.max(offset - column + 1, offset - shownBefore);
  const shown = text.slice(from, offset + shownBehind).replace(/[\r\n][\s\S]*/, '');
  return `${shown.replace(/[\p{Cc}\p{Cf}]/gu, ' ')}\n${' '.repeat(offset - from)}^`;
}

/**
 * Makes a function that finds an offset of a text in the same text with every CRLF made one character (which is how the library hands
 * texts out): `offset` characters behind `begin` there.
 */
export function createLineEnds(text: string): (begin: number, offset: number) => number {
  const pairs = [...text.matchAll(/\r\n/g)].map(({ index }) => index);
  // Of how many pairs before an offset: the index in a list that has one number too many at its front.
  const here = [-1, ...pairs];
  const there = [-1, ...pairs.map((index, before) => index - before)];
  return (begin, offset) => {
    const short = begin - lastNotAbove(here, begin - 1) + offset;
    return short + lastNotAbove(there, short - 1);
  };
}
