/** What the daemon tells about a module's failover rules. */
import type { RuleLine } from '../config/types-rules.js';
import type { RulePhase } from '../machines/failover-rules.js';

/** A comparison that decides whether a rule holds, with the values that its resources have now. */
export interface RulePart {
  /** As in the rule: `tcp.web == down`. */
  readonly text: string;
  readonly holds: boolean;
  /** The resources that it names; of `class.?` and `class.*` all of the class, 20 at most. */
  readonly values: readonly { readonly name: string; readonly value: string }[];
}
/** One rule of the table and how it stands now. */
export interface RuleStatus extends Omit<RuleLine, 'source' | 'action'> {
  readonly source: RuleLine['source'] | 'built-in';
  readonly action: RuleLine['action'] | 'wakeup';
  /** `init`: not evaluated, because a resource that it uses has not been checked yet. */
  readonly truth: 'holds' | 'fails' | 'init';
  /** Whether it counts in what the module does now: in WAIT only rules that wait do, in STOP none. */
  readonly considered: boolean;
  /** Why it holds, does not, or is not evaluated, in one sentence. */
  readonly why: string;
  readonly parts: readonly RulePart[];
  /** It put the module where it is, or its action is being carried out. */
  readonly active: boolean;
  /** For how long it must still hold until its action is carried out, in ms; null: nothing is pending by it. */
  readonly remainingMs: number | null;
}
/** A module's table of rules on this node. */
export interface RuleReport {
  readonly module: string;
  readonly node: string;
  readonly phase: RulePhase;
  /** `failover on` or `off`. */
  readonly enabled: boolean;
  readonly handleTimeMs: number;
  readonly rules: readonly RuleStatus[];
}
