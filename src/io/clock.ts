import type { Clock } from '../actors/ports.js';

/** Node fires a longer timer at once instead of later, so a longer delay is taken in steps. */
const longestTimerMs = 2 ** 31 - 1;

/** A timer that can be longer than Node's own limit of 24.8 days. */
class LongTimer {
  #timer: NodeJS.Timeout | null = null;
  readonly #callback: () => void;

  constructor(callback: () => void, delayMs: number) {
    this.#callback = callback;
    this.#arm(delayMs);
  }

  #arm(remainingMs: number): void {
    const stepMs = Math.min(Math.max(remainingMs, 0), longestTimerMs);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (remainingMs > longestTimerMs) this.#arm(remainingMs - longestTimerMs);
      else this.#callback();
    }, stepMs);
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/**
 * The machine's clocks. `monotonicMs` is CLOCK_MONOTONIC on Linux (milliseconds with a fraction, since boot, without time
 * asleep): comparable between threads and processes of one boot. A delay that is not a number, or negative, counts as 0.
 */
export function createClock(): Clock {
  return {
    monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
    wallMs: () => Date.now(),
    setTimeout: (callback, delayMs) => new LongTimer(callback, Number.isNaN(delayMs) ? 0 : delayMs),
    clearTimeout: (handle) => {
      if (handle instanceof LongTimer) handle.cancel();
    },
  };
}
