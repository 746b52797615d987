/** Which field a finding is about: findings name a place of the text, fields stand for parts of it. */

import type { EditDocument } from '../../config/xml-edit.js';
import type { ConfigProblem } from '../../http/api-types.js';

/** A finding with the part of the text that it is about. */
export interface PlacedProblem {
  readonly problem: ConfigProblem;
  readonly from: number;
  readonly to: number;
  /** Index of the element; null where the text is not well-formed. */
  readonly element: number | null;
}

/** Where a line and column are; lines end with LF, CRLF or CR. Beyond the end: the end. */
export function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let now = 1; now < line; now += 1) {
    const end = /\r\n?|\n/.exec(text.slice(at));
    if (end === null) return text.length;
    at += end.index + end[0].length;
  }
  return Math.min(at + column - 1, text.length);
}
/** Puts findings where they belong. */
export function placeProblems(
  text: string,
  document: EditDocument | null,
  problems: readonly ConfigProblem[],
): readonly PlacedProblem[] {
  return problems.map((problem) => {
    const at = offsetOf(text, problem.line, problem.column);
    const lineEnd = /\r|\n|$/.exec(text.slice(at))?.index ?? 0;
    const elements = document?.elements ?? [];
    const around = elements.findLast((one) => one.start <= at && at < one.end);
    // Some findings name the line of the first element of a path, and its column is not known.
    const named = elements.find(
      (one) => one.path === problem.element && offsetOf(text, problem.line, 1) <= one.start && one.start <= at + lineEnd,
    );
    const element = around?.path === problem.element ? around : (named ?? around);
    const attribute = element?.attributes.find((one) => one.name === problem.attribute);
    if (attribute !== undefined) return { problem, from: attribute.start, to: attribute.end, element: element?.index ?? null };
    const end =
      element === undefined ? at + Math.max(lineEnd, 1) : Math.max(Math.min(element.openEnd, at + Math.max(lineEnd, 1)), at);
    return {
      problem,
      from: Math.min(at, text.length),
      to: Math.min(Math.max(end, at), text.length),
      element: element?.index ?? null,
    };
  });
}
