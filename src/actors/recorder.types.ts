/**
 * What the flight recorder writes: one record a line. All of it is JSON; times are monotonic ms of the boot that the head names.
 * Source: architecture design ('The way of an event'), ADR 0010.
 */

/** The trees of actors that are recorded: the node's with its modules, and the membership's. */
export type TreeName = 'node' | 'membership';

/** A machine that began because of an event. */
export interface Beginning {
  readonly path: string;
  /** Of scripts only: what is run, with which arguments. The others' input follows from what is recorded before. */
  readonly input?: unknown;
}

/** An event that entered a machine from outside, with what it led to. */
export interface EventRecord {
  readonly k: 'event';
  readonly at: number;
  /** Actor that it was sent to, for example `module:web/script`; the tree's root is `node` or `membership`. */
  readonly to: string;
  readonly ev: { readonly type: string };
  /** Who sent it: an actor's path (its runner, its watcher), `timer` for a delay that was over; absent for a command. */
  readonly by?: string;
  /** It came while the tree was still at work on the event before it, after that many of its machines' steps. */
  readonly within?: number;
  /** State and digest of each machine that changed, as `UP.ready#1a2b3c4d`; absent where none was taken. */
  readonly marks?: Readonly<Record<string, string>>;
  readonly began?: readonly Beginning[];
}

/** Events of one kind that changed no machine, one after the other. */
export interface QuietRun {
  readonly to: string;
  readonly by?: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The last of them. */
  readonly ev: { readonly type: string };
}

export type JournalRecord =
  /** From here on a reader needs nothing that was before. */
  | {
      readonly k: 'head';
      readonly format: 1;
      readonly at: number;
      readonly wallMs: number;
      /** `start`: the daemon starts. `rotation`: a new file begins. `gap`: records were lost before it. */
      readonly why: 'start' | 'rotation' | 'gap';
      readonly node: string;
      readonly version: string;
      readonly bootId: string;
    }
  /** The root of a tree begins. */
  | { readonly k: 'start'; readonly at: number; readonly path: TreeName; readonly input?: unknown }
  /** A tree as it stands. `continues`: nothing was left out before it, so that a replay must stand there too. */
  | { readonly k: 'tree'; readonly at: number; readonly path: TreeName; readonly continues: boolean; readonly snapshot: unknown }
  | EventRecord
  | { readonly k: 'quiet'; readonly at: number; readonly runs: readonly QuietRun[] }
  /** The wall clock was set: the time of day at `at`. */
  | { readonly k: 'wall'; readonly at: number; readonly wallMs: number }
  /** So many records could not be written. */
  | { readonly k: 'gap'; readonly at: number; readonly lost: number; readonly why: string }
  /** The recorder itself failed: what follows may be incomplete. */
  | { readonly k: 'defect'; readonly at: number; readonly detail: string }
  | { readonly k: 'end'; readonly at: number };
