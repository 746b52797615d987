/** Who is refused for its key: kept for a while to be shown, and told once a minute each. */
import type { Clock, RefusedSender } from './ports.js';

/** Somebody whose datagrams or requests are not taken. */
export interface RefusedNode {
  /** Who it is by its key, by what it says, or by its address; null: nobody of this cluster. */
  readonly node: string | null;
  readonly address: string | null;
  readonly reason: RefusedSender['reason'];
  readonly by: 'datagram' | 'request';
  /** Times since it was first seen. */
  readonly count: number;
  /** ISO time of the last one. */
  readonly at: string;
}
interface Entry extends RefusedNode {
  readonly lastMs: number;
  readonly toldMs: number;
}

const mostEntries = 64;
const toldAgainMs = 60_000;
/** What has not been seen for so long is over. */
const keptMs = 10 * 60_000;

/** Why it is refused, and what to do, in one sentence. */
export function refusalText({ reason, by }: Pick<RefusedNode, 'reason' | 'by'>): string {
  const what = by === 'datagram' ? 'its datagrams are' : 'its request is';
  if (reason === 'oldKey')
    return `${what} sealed with a key that was replaced: it is given the present one, or take it there with cluster config BUNDLE`;
  if (reason === 'noKey') return `${what} not sealed: it has no cluster key`;
  return `${what} sealed with another key: it belongs to another cluster, or its key was never this one's`;
}

/** Keeps at most 64 of them. */
export function createRefusedBook(clock: Pick<Clock, 'monotonicMs' | 'wallMs'>): {
  /** @returns whether it is to be told: it is new, or was last told a minute ago. */
  note(sender: Omit<RefusedNode, 'at' | 'count'>, count: number): boolean;
  list(): readonly RefusedNode[];
} {
  const entries = new Map<string, Entry>();
  return {
    note(sender, count) {
      const key = JSON.stringify([sender.node, sender.address, sender.reason, sender.by]);
      const nowMs = clock.monotonicMs();
      const known = entries.get(key);
      const tells = known === undefined || nowMs - known.toldMs >= toldAgainMs;
      entries.delete(key);
      entries.set(key, {
        ...sender,
        count: (known?.count ?? 0) + count,
        at: new Date(clock.wallMs()).toISOString(),
        lastMs: nowMs,
        toldMs: tells ? nowMs : (known?.toldMs ?? nowMs),
      });
      const oldest = entries.keys().next().value;
      if (entries.size > mostEntries && oldest !== undefined) entries.delete(oldest);
      return tells;
    },
    list: () =>
      [...entries.values()]
        .filter((one) => clock.monotonicMs() - one.lastMs < keptMs)
        .map(({ lastMs: _, toldMs: __, ...node }) => node),
  };
}
