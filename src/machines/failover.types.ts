import type { Decision, ResourceValues, Rule, RulePhase } from './failover-rules.js';

export interface FailoverInput {
  readonly rules: readonly Rule[];
  /** How long a decision must hold before it is carried out, in ms. */
  readonly handleTimeMs: number;
  readonly resources: ResourceValues;
}
export interface FailoverContext extends FailoverInput {
  readonly phase: RulePhase;
  /** The decision that holds now, carried out or not. */
  readonly candidate: Decision | null;
  /** Since when, in monotonic ms. */
  readonly candidateSinceMs: number;
  /** Monotonic ms of the last thing that was learnt. */
  readonly atMs: number;
}
export type FailoverEvent =
  | { readonly type: 'resource.set'; readonly name: string; readonly value: string; readonly by: string; readonly atMs: number }
  | { readonly type: 'failover.phase'; readonly phase: RulePhase; readonly atMs: number };

/** Told to the module that owns this machine. */
export type FailoverVerdict = {
  readonly type: 'failover.decided';
  readonly action: Decision['action'];
  readonly rule: string;
  readonly atMs: number;
};
