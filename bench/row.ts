/** One row of the benchmarks' table, and how it is judged. */
import { type TargetName, targets } from './targets.js';

/** One figure of a benchmark, beside the peer or limit that it is measured against in the same run. */
export interface BenchRow {
  /** What is measured: cli, membership, processes … */
  readonly area: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The peer or the limit; `… not installed` where the peer is not on this machine. Null: a figure for information. */
  readonly against: string | null;
  readonly againstValue: number | null;
  /** `value / againstValue`. */
  readonly ratio: number | null;
  /** What is asked for, in words, for example `≤ 200 ms`. Null: nothing. */
  readonly target: string | null;
  readonly ok: boolean;
}

/** What a benchmark measured; `judge` makes a row of it. */
export interface Figure {
  readonly area: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The peer. Without one, a figure that has a target of its own is measured against that limit. */
  readonly against?: string | null;
  readonly againstValue?: number | null;
  readonly target?: TargetName | null;
  /** False: something besides the figure went wrong, so that the row is not ok whatever the figure. */
  readonly sound?: boolean;
}

/** Four digits are more than any of these measurements is good for. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Compares a figure with its peer and with its target (`targets.ts`). A figure that is no number is never ok. */
export function judge(figure: Figure): BenchRow {
  const { area, name, unit } = figure;
  const target = figure.target === undefined || figure.target === null ? null : targets[figure.target];
  const limited = figure.against === undefined && target?.of === 'value';
  const against = limited ? 'limit' : (figure.against ?? null);
  const againstValue = limited ? (target?.limit ?? null) : (figure.againstValue ?? null);
  const ratio = againstValue === null || againstValue === 0 ? null : figure.value / againstValue;
  const judged = target?.of === 'ratio' ? (ratio ?? Number.NaN) : figure.value;
  const met = target === null || (target.comparison === '≤' ? judged <= target.limit : judged >= target.limit);
  return {
    area,
    name,
    value: rounded(figure.value),
    unit,
    against,
    againstValue: againstValue === null ? null : rounded(againstValue),
    ratio: ratio === null ? null : rounded(ratio),
    target:
      target === null
        ? null
        : `${target.of === 'ratio' ? 'ratio ' : ''}${target.comparison} ${target.limit}${target.of === 'ratio' ? '' : ` ${unit}`}`,
    ok: met && figure.sound !== false && Number.isFinite(figure.value),
  };
}
