/**
 * The arithmetic of self-doubt, as pure formulas. A node that runs late itself must not accuse others, and a node that says it is
 * starved is given more time; both within bounds, so that a dead node is always found. After Lifeguard (arXiv 1707.00788).
 */

/** Highest multiplier of a node's own timeouts. Raising it: fewer false verdicts by a starved node, later true ones. */
export const worstHealth = 8;
/** Ticks on time, in a row, that win back one step of health. Raising it: a node trusts itself again later. */
export const ticksToRecover = 5;
/** How far back the worst lateness reaches, in ms. */
export const lagWindowMs = 5_000;
/** How long a pause is told to others, in ms. */
export const pauseMemoryMs = 60_000;

/** A tick that comes later than this shows that the node is starved: half a pulse. */
export function isLate(lateMs: number, pulseMs: number): boolean {
  return lateMs > pulseMs / 2;
}

/** A tick that comes later than this was a pause, worth telling: two pulses, at least 100 ms. */
export function isPause(lateMs: number, pulseMs: number): boolean {
  return lateMs >= Math.max(2 * pulseMs, 100);
}

/** Health and the run of ticks on time, after one more tick: each late one costs a step, `ticksToRecover` on time win one back. */
export function nextHealth(
  before: { readonly health: number; readonly onTimeTicks: number },
  lateMs: number,
  pulseMs: number,
): { readonly health: number; readonly onTimeTicks: number } {
  if (isLate(lateMs, pulseMs)) return { health: Math.min(worstHealth, before.health + 1), onTimeTicks: 0 };
  if (before.onTimeTicks + 1 < ticksToRecover) return { health: before.health, onTimeTicks: before.onTimeTicks + 1 };
  return { health: Math.max(1, before.health - 1), onTimeTicks: 0 };
}

/**
 * How long a peer may be silent, in ms of listening time: its count of pulses, times our own health, plus the lateness that the
 * peer itself reports, at most twice the plain time.
 */
export function patienceMs(spec: {
  readonly pulseMs: number;
  readonly count: number;
  readonly health: number;
  readonly peerLagMs: number;
}): number {
  const plain = spec.pulseMs * spec.count;
  return plain * spec.health + Math.min(2 * plain, Math.max(0, spec.peerLagMs));
}

/**
 * Listening time gained between two events that are `elapsedMs` apart: at most one and a half pulses. A healthy node has an event
 * at least each pulse, so for it listening time is time. A node that was suspended for an hour has listened for 150 ms.
 */
export function listenedMs(elapsedMs: number, pulseMs: number): number {
  return Math.min(Math.max(0, elapsedMs), 1.5 * pulseMs);
}

/** How long a node waits for another one to take over or to take it in, in ms: both patiences of the configuration together. */
export function graceMs(spec: { readonly pulseMs: number; readonly slostCount: number; readonly mlostCount: number }): number {
  return spec.pulseMs * (spec.slostCount + spec.mlostCount);
}

/**
 * How long a leader waits, in ms, after it heard a newcomer, for the others of the newcomer's view: halves that merge come over
 * together and not one by one. Three pulses: one until the other is heard, one until it hears us, one to spare.
 */
export function mergingMs(pulseMs: number): number {
  return 3 * pulseMs;
}

/** How long a starting node listens before it forms a view of its own, in ms: nobody who lives stays unheard that long. */
export function joiningMs(spec: { readonly pulseMs: number; readonly slostCount: number; readonly mlostCount: number }): number {
  return spec.pulseMs * Math.max(spec.slostCount, spec.mlostCount);
}

/** One observation of lateness. */
export interface Lateness {
  readonly atMs: number;
  readonly lateMs: number;
}

/**
 * The latenesses that can still become the worst of the last 5 s, newest last: an older one that was no worse than the newest is
 * dropped, so the list stays short.
 */
export function rememberLateness(before: readonly Lateness[], now: Lateness): readonly Lateness[] {
  return [...before.filter((one) => one.lateMs > now.lateMs && now.atMs - one.atMs < lagWindowMs), now];
}

/** Worst lateness of the last 5 s, in ms, rounded up to tens: what differs by less is no news to anybody. */
export function worstLateness(latenesses: readonly Lateness[]): number {
  const worst = latenesses[0]?.lateMs ?? 0;
  // A timer has a resolution of 1 ms and a thread its slice: below 5 ms nobody is starved.
  return worst < 5 ? 0 : Math.ceil(worst / 10) * 10;
}
