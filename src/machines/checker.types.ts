/** Types of the checkers' charts. All values are readonly and JSON-serialisable. */
import type { CheckerConfig } from '../config/types.js';

export interface CheckerInput {
  readonly module: string;
  readonly checker: CheckerConfig;
  /** Pause between the first check and the second, in ms: checkers of one interval do not all look at the same moment. */
  readonly firstPauseMs: number;
}
export interface CheckerContext {
  readonly plan: CheckerInput;
  /** Whether a result that is down is not believed yet, because the application may be starting still. */
  readonly hopeful: boolean;
  /** Whether the first pause is over. */
  readonly paced: boolean;
  /** Results in a row that say the contrary of what is held. */
  readonly contrary: number;
  /** A check was due while one was running. */
  readonly late: boolean;
  /** What the checked thing said of itself last. */
  readonly stamp: string | null;
  /** Pause before the executable of a looping checker is started again, in ms; 0 while it has not ended of late. */
  readonly programPauseMs: number;
}
export type CheckerEvent =
  /** `patient`: an application that was just started gets some time before it is down. */
  | { readonly type: 'checker.arm'; readonly patient: boolean }
  | { readonly type: 'checker.disarm' }
  /** The end of a check that was begun; `detail` in one sentence. */
  | {
      readonly type: 'check.ended';
      readonly up: boolean;
      readonly detail: string;
      readonly stamp: string | null;
      readonly atMs: number;
    }
  | { readonly type: 'check.due' }
  /** The executable of a `custom` checker that should go on for ever has ended, or could not be started. */
  | { readonly type: 'program.ended'; readonly detail: string };

/** What the actor that looks is told. */
export type LookerCommand =
  /** Begin a check. */
  | { readonly type: 'look' }
  /** The check that runs has taken too long: close it and say that it is down. */
  | { readonly type: 'expire' };

/** Told to the module. */
export type CheckerReport =
  | {
      readonly type: 'checker.valued';
      /** The resource, for example `tcp.web`. */
      readonly name: string;
      readonly value: 'up' | 'down';
      readonly detail: string;
      readonly atMs: number;
    }
  /** What is checked was started anew: it says something else of itself than before. */
  | { readonly type: 'checker.restamped'; readonly name: string; readonly atMs: number }
  /** Something that an administrator should know, without a value. */
  | { readonly type: 'checker.noted'; readonly name: string; readonly detail: string };

export interface CheckersInput {
  readonly module: string;
  readonly checkers: readonly CheckerConfig[];
}
export interface CheckersContext {
  readonly plan: CheckersInput;
  /** Windows that are open. */
  readonly classes: readonly string[];
}
export type CheckersEvent =
  | CheckerReport
  /** From now on the checkers of these windows look, and no others. */
  | { readonly type: 'checkers.arm'; readonly classes: readonly string[]; readonly patient: boolean }
  /** Other checkers from now on; one that is as it was keeps its state. */
  | { readonly type: 'checkers.configure'; readonly checkers: readonly CheckerConfig[] };
