/** What people ask for when something is wrong: health checks, dumps, snapshots, and cleaning up. */
import type { Caller, Outcome } from './face.js';

/** `ok`: as it should be. `note`: good to know. `warning`: it works, and will not in some case. `error`: something does not work. */
export type HealthLevel = 'ok' | 'note' | 'warning' | 'error';
export interface HealthFinding {
  /** Id of the check, for example `disk.space`. */
  readonly check: string;
  readonly level: HealthLevel;
  readonly title: string;
  /** What was seen, in one sentence. */
  readonly seen: string;
  readonly why: string;
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null;
}
export interface HealthReport {
  readonly node: string;
  readonly at: string;
  readonly version: string;
  readonly worst: HealthLevel;
  readonly findings: readonly HealthFinding[];
}
/** What a node says of itself when another one checks its health. */
export interface SelfFacts {
  readonly node: string;
  readonly version: string;
  readonly wallMs: number;
  readonly signature: string | null;
  readonly modules: readonly { readonly name: string; readonly signature: string | null }[];
}
/** What came of asking another node. */
export interface PeerFacts {
  readonly node: string;
  /** Null: it did not answer, and `error` says why. */
  readonly facts: SelfFacts | null;
  readonly error: string | null;
  /** Its wall clock less ours, in ms, give or take half of the time it took to ask. */
  readonly skewMs: number | null;
  readonly tookMs: number;
}

/** A snapshot that lies in a file and may be read in parts; it is removed when it was released, or some minutes later. */
export interface SnapshotFile {
  readonly id: string;
  /** `snapshot_<node>_<AM>.zip`. */
  readonly name: string;
  readonly bytes: number;
}
export interface SnapshotWish {
  /** Replaces addresses, names of nodes, hosts, users and domains. */
  readonly anonymise: boolean;
  /** Further words to replace. */
  readonly words: readonly string[];
}
export type CleanKind = 'all' | 'log' | 'process' | 'resource';
export interface DumpInfo {
  /** `dump_<date>`. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
}
export interface CleanResult {
  /** What was removed or ended, one sentence each. */
  readonly done: readonly string[];
}

export interface SupportAdministration {
  self(): SelfFacts;
  health(peers: readonly PeerFacts[]): Promise<HealthReport>;
  /** Writes everything that is known of a module now into SAFEVAR/snapshot; the last three are kept. */
  dump(module: string, peers: readonly PeerFacts[], caller: Caller): Promise<Outcome<DumpInfo>>;
  /** A dump, then a zip of the last three dumps and configurations. */
  snapshot(module: string, wish: SnapshotWish, peers: readonly PeerFacts[], caller: Caller): Promise<Outcome<SnapshotFile>>;
  /** Bytes of a snapshot from `offset` on, at most `limit`; none at its end. */
  part(id: string, offset: number, limit: number): Promise<Outcome<Uint8Array>>;
  release(id: string): Promise<void>;
  clean(module: string, kind: CleanKind, caller: Caller): Promise<Outcome<CleanResult>>;
}
