/**
 * The restart budget of a module: how many automatic actions a window allows before the module is stopped.
 * Pure; the caller brings the time. Source: compatibility page 2.2 (maxloop) and the statecharts design.
 */

/** Limits of one module. */
export interface CounterLimits {
  /** Counted actions that are carried out inside one window; the next one stops the module. */
  readonly maxloop: number;
  /** Length of the window in ms; 0 switches the counter off. */
  readonly loopIntervalMs: number;
}

/** One counted action, kept so that the budget can be shown with what used it. */
export interface CounterCause {
  readonly atMs: number;
  readonly action: string;
  readonly by: string;
}

/** State of the counter; `sinceMs` (monotonic) is when the window opened. */
export interface RestartCounter {
  readonly count: number;
  readonly sinceMs: number | null;
  readonly causes: readonly CounterCause[];
}

/** A counter that has counted nothing. */
export const emptyCounter: RestartCounter = { count: 0, sinceMs: null, causes: [] };

/** The counter as it stands at `atMs`: empty once its window is over. */
export function counterAt(counter: RestartCounter, limits: CounterLimits, atMs: number): RestartCounter {
  if (limits.loopIntervalMs === 0 || counter.sinceMs === null) return emptyCounter;
  return atMs - counter.sinceMs >= limits.loopIntervalMs ? emptyCounter : counter;
}

/**
 * Counts one automatic action. `exceeded` says that it must not be carried out: the module stops instead.
 * With maxloop 3 the 4th action inside a window exceeds.
 */
export function countAction(
  counter: RestartCounter,
  limits: CounterLimits,
  cause: CounterCause,
): { readonly counter: RestartCounter; readonly exceeded: boolean } {
  if (limits.loopIntervalMs === 0) return { counter: emptyCounter, exceeded: false };
  const current = counterAt(counter, limits, cause.atMs);
  const next: RestartCounter = {
    count: current.count + 1,
    sinceMs: current.sinceMs ?? cause.atMs,
    causes: [...current.causes, cause].slice(-(limits.maxloop + 1)),
  };
  return { counter: next, exceeded: next.count > limits.maxloop };
}

/** Whether the limit is reached inside the window: what `checkloop` answers. */
export function limitReached(counter: RestartCounter, limits: CounterLimits, atMs: number): boolean {
  return limits.loopIntervalMs > 0 && counterAt(counter, limits, atMs).count >= limits.maxloop;
}
