import type { Decision, ResourceValues, Rule, RulePhase } from './failover-rules.js';

export interface FailoverInput {
  readonly rules: readonly Rule[];
  /** How long a decision must hold before it is carried out, in ms. */
  readonly handleTimeMs: number;
  readonly resources: ResourceValues;
  /** Left out: `failover on`. Off: nothing is decided, and a start is not held up. */
  readonly enabled?: boolean;
  /** Left out: true. False where checks are switched off: a start does not wait for a first result. */
  readonly awaits?: boolean;
}
export interface FailoverContext extends FailoverInput {
  readonly enabled: boolean;
  readonly awaits: boolean;
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
  | { readonly type: 'failover.phase'; readonly phase: RulePhase; readonly atMs: number }
  | { readonly type: 'failover.switch'; readonly enabled: boolean; readonly awaits: boolean; readonly atMs: number }
  /** Other rules from now on; resources that the configuration no longer has are forgotten. */
  | {
      readonly type: 'failover.reconfigure';
      readonly rules: readonly Rule[];
      readonly handleTimeMs: number;
      readonly resources: ResourceValues;
      readonly atMs: number;
    };

/** Told to the module that owns this machine. */
export type FailoverVerdict = {
  readonly type: 'failover.decided';
  readonly action: Decision['action'];
  readonly rule: string;
  readonly atMs: number;
};
