/** What a scenario reports: printed as text, or as JSON with `--json`. Times are milliseconds. */
import type { RequestCounts } from './traffic.js';

/** One thing that had to become so. */
export interface CheckReport {
  readonly what: string;
  readonly ok: boolean;
  /** From the break of the step until it was so, or until waiting ended. */
  readonly afterMs: number;
  /** Null: looked at once, there was nothing to wait for. */
  readonly withinMs: number | null;
  /** What was seen, where it says more than `what`; else null. */
  readonly detail: string | null;
}
/** One step. */
export interface StepReport {
  readonly name: string;
  readonly title: string;
  readonly ok: boolean;
  /** Since the start of the scenario. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly checks: readonly CheckReport[];
  /** Requests that were sent during the step. */
  readonly requests: RequestCounts;
}
/** One line of the timeline. */
export interface TimelineEntry {
  /** Since the start of the scenario. */
  readonly atMs: number;
  /** Since the break of the step; null before it. */
  readonly afterMs: number | null;
  /** `demo`, `n1`, `n2`, `balancer`, `client`. */
  readonly where: string;
  readonly what: string;
}
/** Times of the requests that were answered. */
export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
/** The whole report. */
export interface ScenarioReport {
  readonly scenario: string;
  readonly ok: boolean;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly environment: { readonly node: string; readonly platform: string; readonly cpus: number };
  readonly balancer: {
    readonly preset: string;
    readonly intervalMs: number;
    readonly unhealthyThreshold: number;
    readonly healthyThreshold: number;
  };
  readonly ratePerSecond: number;
  readonly steps: readonly StepReport[];
  /** Steps that were not played because one before them failed. */
  readonly notPlayed: readonly string[];
  readonly timeline: readonly TimelineEntry[];
  readonly requests: RequestCounts & { readonly skipped: number; readonly latency: Latency | null };
  /** What went wrong outside the checks. */
  readonly problems: readonly string[];
}
