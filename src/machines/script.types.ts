/** A script's process that an earlier run of the daemon started. */
export type Adoption =
  | { readonly kind: 'running'; readonly process: { readonly pid: number; readonly startTime: number } }
  /** It ended while no daemon was there: its exit code cannot be known. */
  | { readonly kind: 'ended' };

export interface ScriptInput {
  readonly module: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Null: no limit. */
  readonly timeoutMs: number | null;
  readonly adopt: Adoption | null;
}

/** How a script ended. `absent`: the module has no such script, nothing was run. */
export interface ScriptOutcome {
  readonly script: string;
  readonly kind: 'code' | 'signal' | 'unknown' | 'absent' | 'failed' | 'abandoned';
  /** Exit code for `code`, else null. */
  readonly code: number | null;
  /** Signal's name for `signal`, reason for `failed`. */
  readonly detail: string | null;
  readonly timedOut: boolean;
  /** Monotonic ms of its end; null where it is not known. */
  readonly atMs: number | null;
}

export interface ScriptContext extends ScriptInput {
  readonly outcome: ScriptOutcome;
}

export type ScriptEvent =
  | { readonly type: 'script.started'; readonly userlog: string | null; readonly pid: number; readonly adopted: boolean }
  | {
      readonly type: 'script.exited';
      readonly kind: 'code' | 'signal' | 'unknown';
      readonly code: number | null;
      readonly detail: string | null;
      readonly atMs: number;
    }
  | { readonly type: 'script.failed'; readonly detail: string; readonly atMs: number }
  | { readonly type: 'script.absent'; readonly atMs: number }
  /** Ends the script: SIGTERM to its group, SIGKILL after the grace. */
  | { readonly type: 'script.terminate' }
  /** Ends it at once. */
  | { readonly type: 'script.kill' };

/** What the runner that owns the process is told. */
export type RunnerCommand = { readonly type: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' };
/** What the runner is started with. */
export interface RunnerInput {
  readonly module: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly adopt: Adoption | null;
}
/** Told to the module while the script runs. */
export type ScriptReport =
  | {
      readonly type: 'script.started';
      readonly script: string;
      readonly userlog: string | null;
      readonly pid: number;
      readonly adopted: boolean;
    }
  | { readonly type: 'script.overtime'; readonly script: string; readonly limitMs: number };
