import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { unlinkSync } from 'node:fs';
import type {
  Clock,
  Closable,
  ExitStatus,
  Processes,
  ProcessIdentity,
  RunningScript,
  ScriptPortEvent,
  ScriptSpec,
  Scripts,
} from '../actors/ports.js';
import { explainStartFailure } from './script-errors.js';
import { type OpenUserlog, openUserlog } from './userlog.js';
import type { UserlogGuard } from './userlog-guard.js';
import { createUserlogPruning } from './userlog-pruning.js';

/** {@link Scripts} with what the composition root needs besides. */
export interface GuardedScripts extends Scripts, Closable {
  /**
   * Keeps the userlogs that are in a directory below the limit: an application may still write to what an earlier daemon opened.
   */
  guardUserlogs(dir: string, limitBytes: number): Promise<void>;
}

/** How a script is executed: the program and its arguments, or why that cannot be. */
export type Launch =
  | { readonly file: string; readonly args: readonly string[]; readonly verbatim: boolean }
  | { readonly refused: ScriptPortEvent & { readonly type: 'failed' } };

/** What differs between operating systems. */
export interface ScriptPlatform {
  launch(spec: ScriptSpec, atMs: number): Launch;
  /** Another way for a file that the system would not execute (ENOEXEC), or null. */
  launchPlain(spec: ScriptSpec): Launch | null;
  /** Who a child just started is; it has not been waited for, so that its number is still its own. */
  identify(pid: number): ProcessIdentity;
  /** What must be known before `Processes.isAlive` can be believed about a script of an earlier daemon. */
  beforeAdoption(): Promise<void>;
  /** A handle on the process group of a script; taken while the number is certainly its own. */
  group(process: ProcessIdentity): ScriptGroup;
  /** The userlog that an adopted script writes to, or null. */
  userlogOf(process: ProcessIdentity): string | null;
}
export interface ScriptGroup extends Closable {
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** The script has ended and been waited for: from now on its number may be another's. */
  leaderEnded(): void;
  /** Whether nothing of the group is left, as far as can be told. Asked before `close`. */
  isEmpty(): boolean;
}

export interface ScriptRunnerOptions {
  readonly platform: ScriptPlatform;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly guard: UserlogGuard;
  /** What does not keep a script from running, such as a userlog that cannot be opened. */
  readonly onProblem: (message: string) => void;
}

/** How often an adopted script is looked at where its exit cannot be watched, in ms. */
const adoptedPollMs = 1_000;

/**
 * Runs scripts. The script has its standard input from the null device, its output appended to a userlog of its own, exactly the
 * given environment, and leads a session and process group of its own. It is told `exited` when the script itself ends, whatever
 * still holds its output. A userlog that cannot be opened is reported and the output dropped: the application matters more than
 * its log.
 */
export function createScriptRunner(options: ScriptRunnerOptions): GuardedScripts {
  const prune = createUserlogPruning(options.clock, options.onProblem);
  return {
    start: (spec, onEvent) => {
      const script = new StartedScript(options, spec, onEvent);
      if (spec.output !== null) void prune(spec.output.dir);
      return script;
    },
    adopt: (process, onEvent) => new AdoptedScript(options, process, onEvent),
    guardUserlogs: (dir, limitBytes) => options.guard.guardDirectory(dir, limitBytes),
    close: () => options.guard.close(),
  };
}

class StartedScript implements RunningScript {
  readonly #options: ScriptRunnerOptions;
  readonly #spec: ScriptSpec;
  readonly #onEvent: (event: ScriptPortEvent) => void;
  #open = true;
  #child: ChildProcess | null = null;
  #group: ScriptGroup | null = null;

  constructor(options: ScriptRunnerOptions, spec: ScriptSpec, onEvent: (event: ScriptPortEvent) => void) {
    this.#options = options;
    this.#spec = spec;
    this.#onEvent = onEvent;
    const launch = options.platform.launch(spec, options.clock.monotonicMs());
    if ('refused' in launch) this.#emitLater(launch.refused);
    else this.#start(launch, this.#openUserlog());
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#group?.signal(signal);
  }

  close(): void {
    this.#open = false;
    this.#child?.unref();
    this.#group?.close();
    this.#group = null;
  }

  #openUserlog(): OpenUserlog | null {
    const { output, script } = this.#spec;
    if (output === null) return null;
    try {
      return openUserlog(output.dir, script, new Date(this.#options.clock.wallMs()));
    } catch (error) {
      this.#options.onProblem(`output of ${script} is dropped: its userlog cannot be opened: ${String(error)}`);
      return null;
    }
  }

  #start(launch: Exclude<Launch, { refused: unknown }>, userlog: OpenUserlog | null): void {
    const { clock, platform, guard } = this.#options;
    const output = userlog === null ? 'ignore' : userlog.fd;
    const spawnOptions: SpawnOptions = {
      cwd: this.#spec.cwd,
      env: { ...this.#spec.env },
      detached: true,
      stdio: ['ignore', output, output],
      shell: false,
      windowsHide: true,
      windowsVerbatimArguments: launch.verbatim,
    };
    let child: ChildProcess;
    try {
      child = spawn(launch.file, [...launch.args], spawnOptions);
    } catch (error) {
      this.#failed(error, userlog);
      return;
    }
    const { pid } = child;
    if (pid === undefined) {
      child.once('error', (error) => this.#failed(error, userlog));
      return;
    }
    this.#child = child;
    const process = platform.identify(pid);
    const group = platform.group(process);
    this.#group = group;
    userlog?.close();
    if (userlog !== null && this.#spec.output !== null) guard.guard(userlog.path, this.#spec.output.limitBytes);
    this.#emitLater({ type: 'started', process, outputFile: userlog?.path ?? null, atMs: clock.monotonicMs() });
    // Node's own signalling is not used, so that nothing else than a failed start comes here.
    child.on('error', (error) => this.#options.onProblem(`${this.#spec.script}: ${String(error)}`));
    child.once('exit', (code, signal) => {
      const atMs = clock.monotonicMs();
      group.leaderEnded();
      this.#emit({ type: 'exited', exit: exitStatus(code, signal), atMs });
    });
  }

  #failed(error: unknown, userlog: OpenUserlog | null): void {
    const plain =
      error instanceof Error && 'code' in error && error.code === 'ENOEXEC'
        ? this.#options.platform.launchPlain(this.#spec)
        : null;
    if (plain !== null && !('refused' in plain)) {
      this.#start(plain, userlog);
      return;
    }
    if (userlog !== null) {
      userlog.close();
      try {
        unlinkSync(userlog.path);
      } catch {
        // An empty file stays behind, which harms nobody.
      }
    }
    this.#emitLater(explainStartFailure(this.#spec, error, this.#options.clock.monotonicMs()));
  }

  /** After `start` has returned, so that the caller has its handle. */
  #emitLater(event: ScriptPortEvent): void {
    queueMicrotask(() => this.#emit(event));
  }

  #emit(event: ScriptPortEvent): void {
    if (this.#open) this.#onEvent(event);
  }
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  if (code !== null) return { kind: 'code', code };
  return signal === null ? { kind: 'unknown' } : { kind: 'signal', signal };
}

class AdoptedScript implements RunningScript {
  readonly #options: ScriptRunnerOptions;
  readonly #process: ProcessIdentity;
  readonly #onEvent: (event: ScriptPortEvent) => void;
  readonly #group: ScriptGroup;
  #watch: Closable | null = null;
  #timer: unknown = null;
  #open = true;

  constructor(options: ScriptRunnerOptions, process: ProcessIdentity, onEvent: (event: ScriptPortEvent) => void) {
    this.#options = options;
    this.#process = process;
    this.#onEvent = onEvent;
    this.#group = options.platform.group(process);
    options.platform.beforeAdoption().then(
      () => this.#begin(),
      (error: unknown) => {
        options.onProblem(`process ${process.pid}, a script of an earlier daemon, cannot be verified: ${String(error)}`);
        this.#begin();
      },
    );
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#open) this.#group.signal(signal);
  }

  close(): void {
    this.#open = false;
    this.#watch?.close();
    this.#group.close();
    this.#options.clock.clearTimeout(this.#timer);
  }

  #begin(): void {
    if (!this.#open) return;
    const { clock, platform, processes } = this.#options;
    if (processes.isAlive(this.#process)) {
      this.#onEvent({
        type: 'started',
        process: this.#process,
        outputFile: platform.userlogOf(this.#process),
        atMs: clock.monotonicMs(),
      });
      if (!this.#open) return;
    }
    this.#watch = processes.watchExit(this.#process, (exit, atMs) => this.#ended(exit, atMs));
    if (this.#watch === null) this.#poll();
  }

  #poll(): void {
    if (!this.#open) return;
    const { clock, processes } = this.#options;
    if (!processes.isAlive(this.#process)) this.#ended({ kind: 'unknown' }, clock.monotonicMs());
    else this.#timer = clock.setTimeout(() => this.#poll(), adoptedPollMs);
  }

  #ended(exit: ExitStatus, atMs: number): void {
    if (!this.#open) return;
    this.#group.leaderEnded();
    this.#onEvent({ type: 'exited', exit, atMs });
  }
}
