import type { ProcConfig } from '../config/types.js';

export interface ErrdProcess {
  readonly pid: number;
  readonly startTime: number;
}
export type ErrdExit = {
  readonly kind: 'code' | 'signal' | 'unknown';
  readonly code: number | null;
  readonly signal: string | null;
};

/** What is known of one `<proc>`. */
export interface ErrdEntry {
  readonly processes: readonly ErrdProcess[];
  /** Of a service: running, starting, stopped, failed, unknown; null for a process. */
  readonly service: string | null;
  readonly value: 'init' | 'up' | 'down';
  /** Its condition has held since it was armed. */
  readonly seen: boolean;
  /** When too few were first missed; null while there are enough. */
  readonly missingSinceMs: number | null;
  /** The last end seen was a crash (a signal other than a request to end, or a non-zero code): no time to settle. */
  readonly crashed: boolean;
  /** When its failure was last reported; null once it was healed. */
  readonly reportedAtMs: number | null;
  /** Its own beginning where that is later than the window's: its class was enabled then. Null: the window's. */
  readonly fromMs: number | null;
}
export interface ErrdInput {
  readonly procs: readonly ProcConfig[];
  readonly pollTimerMs: number;
  /** Classes switched off by `errd disable`. */
  readonly disabled: readonly string[];
  /** Classes of the user's own that `errd enable` has switched on: watched in whatever window. */
  readonly extra: readonly string[];
}
export interface ErrdContext extends ErrdInput {
  readonly classes: readonly string[];
  readonly armedAtMs: number;
  /** The daemon came back: the first scan already decides. */
  readonly verify: boolean;
  /** Delay before the next quick scan while something that was never seen is looked for, in ms. */
  readonly quickMs: number;
  readonly entries: Readonly<Record<string, ErrdEntry>>;
  readonly scanned: boolean;
  /** The last scan failed. */
  readonly blind: boolean;
}
/** One scan: for each `<proc>` by name, the processes that match it or its service's state. */
export interface ErrdScan {
  readonly type: 'processes.seen';
  readonly atMs: number;
  readonly found: Readonly<Record<string, { readonly processes: readonly ErrdProcess[]; readonly service: string | null }>>;
}
export type ErrdEvent =
  | { readonly type: 'errd.arm'; readonly classes: readonly string[]; readonly atMs: number; readonly verify: boolean }
  | { readonly type: 'errd.disarm' }
  | { readonly type: 'errd.enable'; readonly class: string; readonly atMs: number }
  | { readonly type: 'errd.disable'; readonly class: string; readonly atMs: number }
  | {
      readonly type: 'errd.reconfigure';
      readonly procs: readonly ProcConfig[];
      readonly pollTimerMs: number;
      readonly atMs: number;
    }
  | { readonly type: 'process.exited'; readonly process: ErrdProcess; readonly exit: ErrdExit; readonly atMs: number }
  | { readonly type: 'scan.failed'; readonly detail: string }
  | ErrdScan
  /** The polltimer, a settle time or the pause before a quick scan is over: look again. */
  | { readonly type: 'scan.due' };
/** What the watcher of processes is told. */
export type WatcherCommand =
  | { readonly type: 'scan' }
  | { readonly type: 'select'; readonly names: readonly string[] }
  /** Other `<proc>`s from now on; nothing of them is selected yet. */
  | { readonly type: 'configure'; readonly procs: readonly ProcConfig[] };

/** Told to the module. */
export type ErrdReport =
  | { readonly type: 'proc.valued'; readonly name: string; readonly value: 'up' | 'down'; readonly atMs: number }
  | {
      readonly type: 'proc.failed';
      readonly name: string;
      readonly service: boolean;
      readonly count: number;
      readonly tooMany: boolean;
      /** What it should be: `atmax` where there are too many, else `atleast`. */
      readonly limit: number;
      readonly action: ProcConfig['action'];
      readonly restartServices: readonly string[];
      readonly atMs: number;
    }
  | { readonly type: 'errd.surveyed'; readonly healthy: boolean; readonly atMs: number }
  /** Nothing can be seen: the first of a row of scans that fail. */
  | { readonly type: 'errd.blind'; readonly detail: string };
