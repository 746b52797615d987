/** A history of values as steps. Pure. */
import type { Resource } from '../../../http/api-types.js';

export interface StepChart {
  /** Path of an SVG. */
  readonly steps: string;
  /** What is at the height of each, from the top: values as words, or the greatest and the least number. */
  readonly levels: readonly string[];
}
const order = ['up', 'init', 'unknown', 'down'];
const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text.replace(/\s*%$/, '')));
const numberOf = (text: string): number => Number(text.replace(/\s*%$/, ''));
const round = (value: number): number => Math.round(value * 10) / 10;

/** @param history oldest first @param nowMs wall time at the right edge */
export function chartOf(
  history: readonly Pick<Resource, 'value' | 'at'>[],
  nowMs: number,
  width: number,
  height: number,
): StepChart {
  const [first] = history;
  if (first === undefined) return { steps: '', levels: [] };
  const numeric = history.every((one) => isNumber(one.value));
  const values = history.map((one) => one.value);
  const [most, least] = numeric ? [Math.max(...values.map(numberOf)), Math.min(...values.map(numberOf))] : [0, 0];
  const words = [...new Set(values)].toSorted(
    (a, b) => ((order.indexOf(a) + 5) % 5) - ((order.indexOf(b) + 5) % 5) || a.localeCompare(b),
  );
  const levels = numeric ? [...new Set([String(most), String(least)])] : words;
  const y = (value: string): number => {
    if (numeric) return most === least ? height / 2 : ((most - numberOf(value)) / (most - least)) * height;
    return words.length === 1 ? height / 2 : (words.indexOf(value) / (words.length - 1)) * height;
  };
  const start = Date.parse(first.at);
  const span = Math.max(nowMs - start, 1);
  const x = (at: string): number => ((Date.parse(at) - start) / span) * width;
  const moves = history.map((one, index) =>
    index === 0 ? `M0 ${round(y(one.value))}` : `H${round(x(one.at))}V${round(y(one.value))}`,
  );
  return { steps: `${moves.join('')}H${width}`, levels };
}
