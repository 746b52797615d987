/** When a drained node may stop serving: pure. Source: statecharts design, 'Probe and drain'. */
import type { ProbeSource } from './module.types.js';

/** Refusals after which every balancer of the cloud presets has taken the node out (their highest default threshold is 3). */
export const drainRefusals = 3;
/** Longest automatic drain, in ms. */
export const drainCeilingMs = 120_000;
/** The longest default interval of the cloud presets, in ms. */
const slowestIntervalMs = 30_000;
/** A prober that was not heard of for this many of its intervals is gone. */
const absentIntervals = 3;

/**
 * Whether every prober that is still there has seen 404 often enough, and one more of its intervals has passed for it to act.
 * Who asked only once may be a balancer that begins, or a person with curl: it has the slowest default interval (30 s) to ask again.
 * With no prober at all nobody needs to be told.
 */
export function drainComplete(sources: readonly ProbeSource[], atMs: number, sinceMs: number): boolean {
  return sources.every(({ intervalMs, lastAtMs, refusals }) => {
    if (intervalMs === null) return atMs - lastAtMs > slowestIntervalMs;
    const gone = atMs - lastAtMs > absentIntervals * intervalMs;
    const told = refusals >= drainRefusals && atMs - sinceMs >= (drainRefusals + 1) * intervalMs;
    return gone || told;
  });
}
