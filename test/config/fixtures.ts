import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import type { ConfigProblem, ConfigResult } from '../../src/config/types.js';

/** Text of a file beside this one. */
export const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

/** The value of a result that must be good. */
export function goodValue<T>(result: ConfigResult<T>): T {
  if (!result.ok) throw new Error(`not ok: ${result.problems.map(({ message }) => message).join('; ')}`);
  return result.value;
}
/** All findings of a result, good or not. */
export const findingsOf = (result: ConfigResult<unknown>): readonly ConfigProblem[] =>
  result.ok ? result.warnings : result.problems;

/** Findings without their texts, for comparisons: severity, code, place, attribute. */
export const brief = (result: ConfigResult<unknown>): readonly string[] =>
  findingsOf(result).map(
    (p) => `${p.severity} ${p.code} ${p.line}:${p.column} ${p.element}${p.attribute === null ? '' : ` @${p.attribute}`}`,
  );

/** A farm around the given content of `<service>`; `<farm>` and `<user>` are there already. */
export const farmWith = (content: string, attributes = ''): string =>
  `<safe><service mode="farm" ${attributes}><farm><lan name="default"/></farm><user/>${content}</service></safe>`;
/** A mirror around the given content of `<service>`; `<heart>` and `<user>` are there already. */
export const mirrorWith = (content: string): string =>
  `<safe><service mode="mirror"><heart><heartbeat name="default"/></heart><user/>${content}</service></safe>`;

/** Holds a list of texts to a list of patterns: as many, in this order. A plain `t.match` would let further ones pass. */
export function sees(t: Test, found: readonly string[], expected: readonly (RegExp | string)[], message = ''): void {
  t.match(found, expected, message);
  t.equal(found.length, expected.length, `${message} ${found.join(' / ')}`);
}
