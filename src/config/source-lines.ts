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
