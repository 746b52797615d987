/**
 * Virtual time: a queue of what happens when. Between two entries all promises settle, so that code that waits for promises
 * runs exactly as it would, only without waiting.
 */

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  /** It makes no promise by itself. */
  readonly quiet: boolean;
  cancelled: boolean;
}

/** A handle for `cancel`. */
export type Scheduled = { cancelled: boolean };

export interface VirtualTime {
  nowMs(): number;
  /** Entries at the same time run in the order in which they were scheduled. */
  schedule(delayMs: number, run: () => void): Scheduled;
  /** As `schedule`, for what makes no promise unless it says so by `touch`: its consequences need not be waited for. */
  scheduleQuiet(delayMs: number, run: () => void): Scheduled;
  cancel(entry: unknown): void;
  /** Runs everything up to and including `untilMs`; `after` is called when each entry's consequences have settled. */
  runUntil(untilMs: number, after?: () => void): Promise<void>;
  /** Somebody made a promise: consequences are waited for before the next entry. */
  touch(): void;
  /** Entries that have run. */
  readonly steps: () => number;
}

/** Called from a promise's continuation: Node runs these callbacks only when no promise has anything left to do. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
/** Lets the process itself breathe: its own signals and pipes. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const entriesPerBreath = 50_000;

/** A clock that stands at `startMs` and moves only by `runUntil`. */
export function createVirtualTime(startMs = 1_000_000): VirtualTime {
  // A binary heap by time, then by order.
  const heap: Entry[] = [];
  let nowMs = startMs;
  let order = 0;
  let steps = 0;
  let touched = true;

  const before = (left: Entry, right: Entry): boolean =>
    left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
  const push = (entry: Entry): void => {
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || before(parent, entry)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  };
  const pop = (): Entry | undefined => {
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      if (left === undefined) break;
      const right = heap[leftIndex + 1];
      const [child, childIndex] = right !== undefined && before(right, left) ? [right, leftIndex + 1] : [left, leftIndex];
      if (before(last, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
    return top;
  };

  const add = (delayMs: number, run: () => void, quiet: boolean): Scheduled => {
    order += 1;
    const entry: Entry = { atMs: nowMs + Math.max(0, delayMs), order, run, quiet, cancelled: false };
    push(entry);
    return entry;
  };

  return {
    nowMs: () => nowMs,
    steps: () => steps,
    schedule: (delayMs, run) => add(delayMs, run, false),
    scheduleQuiet: (delayMs, run) => add(delayMs, run, true),
    cancel(entry) {
      if (typeof entry === 'object' && entry !== null && 'cancelled' in entry) entry.cancelled = true;
    },
    touch() {
      touched = true;
    },
    async runUntil(untilMs, after) {
      await breath();
      touched = false;
      for (let top = heap[0]; top !== undefined && top.atMs <= untilMs; top = heap[0]) {
        pop();
        if (top.cancelled) continue;
        nowMs = top.atMs;
        steps += 1;
        if (!top.quiet) touched = true;
        top.run();
        while (touched) {
          touched = false;
          await settled();
        }
        after?.();
        if (steps % entriesPerBreath === 0) await breath();
      }
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}
