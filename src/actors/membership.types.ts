/** What the node's actors and membership tell each other. */
import type { ModuleDigest, View } from '../machines/membership.types.js';
import type { Message } from '../machines/messages.js';
import type { NodeSummary } from './face.js';

export interface MembershipListener {
  readonly onView: (
    view: View,
    changes: { readonly lost: readonly { readonly node: string; readonly evidence: string }[]; readonly joined: readonly string[] },
  ) => void;
  /** This node's part of a group of a module has changed: how many of the 256 buckets, and who shares. */
  readonly onShare: (share: { readonly module: string; readonly group: string; readonly members: readonly string[]; readonly buckets: number }) => void;
  /** Lines for the node's log. */
  readonly onLine: (line: Message) => void;
}
export interface MembershipSnapshot {
  readonly view: View;
  readonly peers: readonly Pick<NodeSummary, 'name' | 'online' | 'lans' | 'sameConfiguration' | 'evidence'>[];
  /** What every member says of its modules, this node included. */
  readonly modules: readonly (ModuleDigest & { readonly node: string })[];
  readonly dropped: Readonly<Record<string, number>>;
}
export interface MembershipHandle {
  setLocal(modules: readonly Omit<ModuleDigest, 'share'>[]): void;
  snapshot(): MembershipSnapshot;
  /** Resolves when the sockets are closed. */
  stop(goodbye: boolean): Promise<void>;
}
