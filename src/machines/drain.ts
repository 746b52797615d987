/** When a drained node may stop serving: pure. Source: statecharts design, 'Probe and drain'. */
import type { ProbeSource } from './module.types.js';

/** Refusals after which every balancer of the cloud presets has taken the node out (their highest default threshold is 3). */
export const drainRefusals = 3;
/** Longest automatic drain, in ms. */
export const drainCeilingMs = 120_000;
/** A prober that was not heard of for this many of its intervals is gone. */
const absentIntervals = 3;

/**
 * Whether every prober that is still there has seen 404 often enough, and one more of its intervals has passed for it to act.
 * With no prober at all nobody needs to be told.
 */
export function drainComplete(sources: readonly ProbeSource[], atMs: number, sinceMs: number): boolean {
  return sources.every((source) => {
    const intervalMs = source.intervalMs ?? 30_000;
    const gone = atMs - source.lastAtMs > absentIntervals * intervalMs;
    const told = source.refusals >= drainRefusals && atMs - sinceMs >= (drainRefusals + 1) * intervalMs;
    return gone || told;
  });
}
