/** One figure of a benchmark, beside the peer or limit that it is measured against in the same run. */
export interface BenchRow {
  /** What is measured: probe, cli, membership … */
  readonly area: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The peer or the limit. Null: a figure for information. */
  readonly against: string | null;
  readonly againstValue: number | null;
  /** `value / againstValue`. */
  readonly ratio: number | null;
  /** What is asked for, in words, for example `≤ 200 ms`. Null: nothing. */
  readonly target: string | null;
  readonly ok: boolean;
}
