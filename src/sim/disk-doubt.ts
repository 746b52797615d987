/**
 * Machines whose disk refused or held back writes, and whose daemon ended since: what the next daemon read is not what was.
 * Nothing is demanded of the modules there until the machine's next boot (docs/verification.md, 'What is not demanded').
 */
import type { Fact } from './facts.js';

export interface DiskDoubt {
  heed(fact: Fact, atMs: number): void;
  /** The disk fails, or did a moment ago. */
  failed(node: string, atMs: number): boolean;
  /** And the daemon has ended since then. */
  doubtful(node: string): boolean;
}

/** A record that a disk refused or held back is on it that long after the disk works again, in ms. */
const caughtUpMs = 3_500;

/** Follows a world from its beginning. */
export function followDisks(): DiskDoubt {
  /** Until when a disk counts as failed; without an end while it fails. */
  const failedUntil = new Map<string, number>();
  const failing = new Map<string, number>();
  const doubtful = new Set<string>();
  const failed = (node: string, atMs: number): boolean => atMs < (failedUntil.get(node) ?? Number.NEGATIVE_INFINITY);
  const change = (node: string, by: 1 | -1, atMs: number): void => {
    const count = Math.max(0, (failing.get(node) ?? 0) + by);
    failing.set(node, count);
    failedUntil.set(node, count > 0 ? Number.POSITIVE_INFINITY : atMs + caughtUpMs);
  };
  return {
    failed,
    doubtful: (node) => doubtful.has(node),
    heed(fact, atMs) {
      if (fact.kind === 'fault' && /^disk(Full|Hung)/.test(fact.what))
        change(fact.node, fact.what.endsWith(' over') ? -1 : 1, atMs);
      if (fact.kind === 'fault' && fact.what.startsWith('healed')) {
        for (const [node, count] of failing) if (count > 0) failedUntil.set(node, atMs + caughtUpMs);
        failing.clear();
      }
      // Nothing is written while the machine stands still.
      if (fact.kind === 'machine' && fact.phase === 'resumed' && failedUntil.has(fact.node)) {
        failedUntil.set(fact.node, Math.max(failedUntil.get(fact.node) ?? 0, atMs + caughtUpMs));
      }
      if (fact.kind === 'daemon' && (fact.phase === 'killed' || fact.phase === 'left') && failed(fact.node, atMs))
        doubtful.add(fact.node);
      if (fact.kind === 'machine' && fact.phase === 'off') doubtful.delete(fact.node);
    },
  };
}
