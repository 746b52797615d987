/** The states of a module on a node over the last minutes, for the strip under its card. Pure. */
import type { NodeEvent, Quality } from '../../http/api-types.js';
import { qualityOf, stateOf } from './status.js';

/** How far back the strip goes. */
export const stripMs = 15 * 60_000;

export interface Segment {
  /** Wall time, ms since 1970. */
  readonly fromMs: number;
  readonly quality: Quality;
  readonly state: string;
}

/** Appends what an event says, and forgets what is older than the strip; the newest of the old ones stays, as it reaches into it. */
export function appendSegment(
  segments: readonly Segment[],
  event: Pick<NodeEvent, 'at' | 'type' | 'data'>,
  nowMs: number,
): readonly Segment[] {
  if (event.type !== 'module.state') return segments;
  const [state, quality] = [stateOf(event.data['state']), qualityOf(event.data['quality'])];
  if (state === null || quality === null) return segments;
  const last = segments.at(-1);
  if (last !== undefined && last.quality === quality && last.state === state) return segments;
  return prune([...segments, { fromMs: Date.parse(event.at), quality, state }], nowMs);
}
/** What was before the page was opened, put before what it has seen itself. */
export function withPast(
  seen: readonly Segment[],
  past: readonly Pick<NodeEvent, 'at' | 'type' | 'data'>[],
  nowMs: number,
): readonly Segment[] {
  const firstMs = seen[0]?.fromMs ?? Number.POSITIVE_INFINITY;
  const before = past
    .reduce<readonly Segment[]>((segments, event) => appendSegment(segments, event, nowMs), [])
    .filter((one) => one.fromMs < firstMs);
  const last = before.at(-1);
  const isSame = last !== undefined && last.quality === seen[0]?.quality && last.state === seen[0].state;
  return prune([...before, ...(isSame ? seen.slice(1) : seen)], nowMs);
}
function prune(segments: readonly Segment[], nowMs: number): readonly Segment[] {
  const firstInside = segments.findIndex((one) => one.fromMs > nowMs - stripMs);
  if (firstInside === -1) return segments.slice(-1);
  return firstInside <= 1 ? segments : segments.slice(firstInside - 1);
}

export interface StripPart {
  /** 0 to 1, from the left. */
  readonly from: number;
  readonly to: number;
  readonly quality: Quality;
  readonly state: string;
}
/** The parts of the strip at a moment; before the first known state there is nothing. */
export function stripOf(segments: readonly Segment[], nowMs: number): readonly StripPart[] {
  const start = nowMs - stripMs;
  const place = (ms: number): number => Math.min(1, Math.max(0, (ms - start) / stripMs));
  return segments.flatMap((one, index) => {
    const until = segments[index + 1]?.fromMs ?? nowMs;
    if (until <= start) return [];
    return [{ from: place(one.fromMs), to: place(until), quality: one.quality, state: one.state }];
  });
}
