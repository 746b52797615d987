import type { Clock } from './ports.js';

/** Waits for a promise, but not longer than `limitMs` on the given clock; a failure counts as an end. Says whether it succeeded in time. */
export function within(clock: Clock, limitMs: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => resolve(false), limitMs);
    const end = (succeeded: boolean): void => {
      clock.clearTimeout(timer);
      resolve(succeeded);
    };
    promise.then(
      () => end(true),
      () => end(false),
    );
  });
}
