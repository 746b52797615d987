/**
 * What a checker's configuration means for its chart, and its window for its resource, as pure functions.
 * Source: compatibility page, section 2.11; statecharts design ('Supervision of scripts and checkers'); ADR 0018.
 */
import type { CheckerConfig } from '../config/types.js';
import type { ResourceValues } from './failover-rules.js';

/** Time for one check where the configuration has none, in ms: the default of those that have one. */
const builtInTimeoutMs = 5_000;
/** Longest time that a started application gets before it is down, at the default interval, in ms. */
const leastSlackMs = 10_000;
/** Pause between checks while an application that was just started does not answer, in ms. */
const hopefulPauseMs = 1_000;
/** Interval of a checker that has none: the witness of a mirror. */
const builtInIntervalMs = 10_000;

/** Name of a checker's resource: `tcp.<ident>`. */
export const resourceOf = ({ kind, ident }: Pick<CheckerConfig, 'kind' | 'ident'>): string => `${kind}.${ident}`;

/** Time between the beginnings of two checks, in ms. */
export const intervalOf = (checker: CheckerConfig): number =>
  checker.kind === 'splitbrain' ? builtInIntervalMs : checker.intervalMs;

/** Time for one check, in ms. */
export const timeoutOf = (checker: CheckerConfig): number => ('timeoutMs' in checker ? checker.timeoutMs : builtInTimeoutMs);

/** How long results of an application that was just started are not believed while they are down, in ms. */
export const slackOf = (checker: CheckerConfig): number => Math.max(leastSlackMs, intervalOf(checker));

/** Pause before the next check is due, in ms. */
export function pauseOf(checker: CheckerConfig, hopeful: boolean, firstPauseMs: number | null): number {
  const intervalMs = intervalOf(checker);
  return hopeful ? Math.min(hopefulPauseMs, intervalMs) : (firstPauseMs ?? intervalMs);
}

/** First pauses that spread checkers of one interval over the second half of it. */
export const firstPauseOf = (checker: CheckerConfig, index: number, count: number): number =>
  Math.round(intervalOf(checker) * (1 - index / (2 * Math.max(1, count))));

/** Whether it is one whose executable is started once and sets the resource itself. */
export const isLoop = (checker: CheckerConfig): boolean => checker.kind === 'custom' && checker.mode === 'loop';

/** Whether it looks while these windows are open. */
export const isArmed = (checker: CheckerConfig, classes: readonly string[]): boolean => classes.includes(checker.when);

/** Whether two checkers look at the same in the same way. */
export const sameChecker = (left: CheckerConfig, right: CheckerConfig): boolean => JSON.stringify(left) === JSON.stringify(right);

/**
 * The values that change when other windows open: what begins to be looked at is `init`, what nobody looks at any more is `idle`:
 * `unknown` where its window closed, so that no rule hangs on it.
 */
export function rearmed(
  checkers: readonly CheckerConfig[],
  before: readonly string[],
  after: readonly string[],
  idle: 'unknown' | 'init' = 'unknown',
): ResourceValues {
  return Object.fromEntries(
    checkers.flatMap((checker) => {
      const [was, is] = [isArmed(checker, before), isArmed(checker, after)];
      return was === is ? [] : [[resourceOf(checker), is ? 'init' : idle]];
    }),
  );
}
