/**
 * A clock that moves only when it is told to. It goes from one timer to the next, so that a timer which is set again while
 * the clock moves fires as often as it should. It serves XState (`setTimeout`, `clearTimeout`) and the port `Clock` alike.
 */
import type { Clock } from '../../src/actors/ports.js';

interface Timer {
  readonly id: number;
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Lets everything run that is waiting for promises, and not for time. */
export const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface VirtualClock extends Clock {
  /** Time since the clock was made, in ms. */
  readonly nowMs: () => number;
  /** Moves the clock; for code without promises. */
  run(ms: number): void;
  /** Moves the clock and lets promises run before, between and after the timers. */
  advance(ms: number): Promise<void>;
  /** Timers that are set: 0 when everything was cleaned up. */
  pending(): number;
}

/** @param startMs monotonic time at which the clock begins. */
export function createVirtualClock(startMs = 1_000, wallStartMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let nowMs = startMs;
  let counter = 0;
  const timers = new Map<number, Timer>();

  const nextDue = (untilMs: number): Timer | null => {
    let best: Timer | null = null;
    for (const timer of timers.values()) {
      if (timer.dueMs > untilMs) continue;
      if (best === null || timer.dueMs < best.dueMs || (timer.dueMs === best.dueMs && timer.id < best.id)) best = timer;
    }
    return best;
  };
  const fire = (timer: Timer): void => {
    timers.delete(timer.id);
    nowMs = Math.max(nowMs, timer.dueMs);
    timer.callback();
  };
  return {
    nowMs: () => nowMs - startMs,
    monotonicMs: () => nowMs,
    wallMs: () => wallStartMs + nowMs - startMs,
    setTimeout(callback, delayMs) {
      counter += 1;
      timers.set(counter, { id: counter, dueMs: nowMs + Math.max(0, delayMs), callback });
      return counter;
    },
    clearTimeout(handle) {
      if (typeof handle === 'number') timers.delete(handle);
    },
    run(ms) {
      const untilMs = nowMs + ms;
      for (let timer = nextDue(untilMs); timer !== null; timer = nextDue(untilMs)) fire(timer);
      nowMs = untilMs;
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await drained();
      for (let timer = nextDue(untilMs); timer !== null; timer = nextDue(untilMs)) {
        fire(timer);
        await drained();
      }
      nowMs = untilMs;
    },
    pending: () => timers.size,
  };
}
