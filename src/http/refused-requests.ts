/** Sealed requests that were not carried out: counted by reason, and those that came a second time told once a minute. */
import type { RefusedRequest } from './sealed-entry.js';

const toldAgainMs = 60_000;
/** All of them, so that each is shown from the start. */
const reasons: readonly RefusedRequest['reason'][] = [
  'otherCluster',
  'oldKey',
  'lateKey',
  'stranger',
  'misdirected',
  'seenBefore',
  'incomplete',
  'otherRun',
];

export interface RefusedRequests {
  note(request: RefusedRequest): void;
  counts(): readonly { readonly reason: RefusedRequest['reason']; readonly count: number }[];
}

/** `onSeenBefore` is told of the first request that came again at once, then of all others once a minute. */
export function createRefusedRequests(
  clock: { monotonicMs(): number },
  onSeenBefore: (node: string | null, address: string, count: number) => void,
): RefusedRequests {
  const counts = new Map<RefusedRequest['reason'], number>(reasons.map((reason) => [reason, 0]));
  let untold = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  return {
    note({ node, address, reason }) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      if (reason !== 'seenBefore') return;
      untold += 1;
      if (clock.monotonicMs() - toldMs < toldAgainMs) return;
      toldMs = clock.monotonicMs();
      onSeenBefore(node, address, untold);
      untold = 0;
    },
    counts: () => [...counts].map(([reason, count]) => ({ reason, count })),
  };
}
