/**
 * Runs a program once for a check: in a process group of its own, without a shell, with its output held in bounds, and without
 * leaving anything behind. What it started and left in its group is ended with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Closable } from '../actors/ports.js';
import { explainStartFailure } from './script-errors.js';
import type { Launch, ScriptGroup, ScriptPlatform } from './script-runner.js';

export interface ProgramSpec {
  /** Absolute path. */
  readonly path: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Standard output apart from standard error, from its beginning; for programs whose output is read, not shown. */
  readonly keepOutput?: boolean;
}
/** How it ended. `tail` is the end of what it wrote, standard output and error in the order in which they came. */
export type ProgramEnd =
  | { readonly kind: 'code'; readonly code: number; readonly tail: string; readonly output: string }
  | { readonly kind: 'signal'; readonly signal: string; readonly tail: string }
  /** It could not be started, or wrote without end and was ended. */
  | { readonly kind: 'failed'; readonly message: string };
/** Begins a run; calls back once, never synchronously, unless closed before. `close` ends the whole group: SIGTERM, and SIGKILL after a second. */
export type ProgramRunner = (spec: ProgramSpec, onEnd: (end: ProgramEnd) => void) => Closable;

/** Time between SIGTERM and SIGKILL, in ms. */
export const programKillMs = 1_000;
/** How long output is waited for after the program itself has ended, in ms: what it left behind may hold the pipe open. */
const outputPatienceMs = 100;
/** Of the output so much is kept for the log, in bytes. */
const tailBytes = 4_096;
/** A program that writes more than this in one check is ended, in bytes. */
export const mostOutputBytes = 1024 * 1024;

/** Makes the runner. */
export const createProgramRunner =
  (platform: ScriptPlatform, clock: Clock): ProgramRunner =>
  (spec, onEnd) =>
    new RunningProgram(platform, clock, spec, onEnd);

class RunningProgram implements Closable {
  readonly #platform: ScriptPlatform;
  readonly #clock: Clock;
  readonly #spec: ProgramSpec;
  readonly #onEnd: (end: ProgramEnd) => void;
  #open = true;
  #child: ChildProcess | null = null;
  #group: ScriptGroup | null = null;
  #hasEnded = false;
  #wasKilled = false;
  #killTimer: unknown = null;
  #patience: unknown = null;
  #tail = Buffer.alloc(0);
  readonly #output: Buffer[] = [];
  #written = 0;

  constructor(platform: ScriptPlatform, clock: Clock, spec: ProgramSpec, onEnd: (end: ProgramEnd) => void) {
    this.#platform = platform;
    this.#clock = clock;
    this.#spec = spec;
    this.#onEnd = onEnd;
    const launch = platform.launch(this.#asScript(), clock.monotonicMs());
    if ('refused' in launch) {
      const { message } = launch.refused;
      queueMicrotask(() => this.#tell({ kind: 'failed', message }));
    } else this.#start(launch);
  }

  close(): void {
    this.#open = false;
    if (this.#child === null || this.#group === null || this.#killTimer !== null) return;
    // Nobody reads any more, and the daemon does not wait for a checker's program.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.unref();
    this.#endGroup();
  }

  #asScript() {
    const { path, args, env, cwd } = this.#spec;
    return { module: '', script: path, path, args, env, cwd, output: null };
  }

  #start(launch: Exclude<Launch, { refused: unknown }>): void {
    let child: ChildProcess;
    try {
      child = spawn(launch.file, [...launch.args], {
        cwd: this.#spec.cwd,
        env: { ...this.#spec.env },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        shell: false,
        windowsHide: true,
        windowsVerbatimArguments: launch.verbatim,
      });
    } catch (error) {
      queueMicrotask(() => this.#failed(error));
      return;
    }
    const { pid } = child;
    if (pid === undefined) {
      child.once('error', (error) => this.#failed(error));
      return;
    }
    this.#child = child;
    this.#group = this.#platform.group(this.#platform.identify(pid));
    // Signals are not sent by way of Node, so that nothing comes here that the exit does not tell.
    child.on('error', () => undefined);
    child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk, true));
    child.stderr?.on('data', (chunk: Buffer) => this.#take(chunk, false));
    child.once('exit', (code, signal) => {
      this.#hasEnded = true;
      let isFinished = false;
      const finish = (): void => {
        if (isFinished) return;
        isFinished = true;
        this.#clock.clearTimeout(this.#patience);
        child.stdout?.destroy();
        child.stderr?.destroy();
        this.#ended(code, signal);
      };
      child.once('close', finish);
      this.#patience = this.#clock.setTimeout(finish, outputPatienceMs);
    });
  }

  #failed(error: unknown): void {
    const plain =
      error instanceof Error && 'code' in error && error.code === 'ENOEXEC' ? this.#platform.launchPlain(this.#asScript()) : null;
    if (plain !== null && !('refused' in plain) && this.#open) {
      this.#start(plain);
      return;
    }
    const { message } = explainStartFailure(this.#asScript(), error, this.#clock.monotonicMs());
    this.#tell({ kind: 'failed', message });
  }

  #take(chunk: Buffer, isOutput: boolean): void {
    this.#written += chunk.length;
    if (this.#written > mostOutputBytes) {
      this.#tell({ kind: 'failed', message: `it wrote more than ${mostOutputBytes / 1024} KB and was ended` });
      this.close();
      return;
    }
    if (isOutput && this.#spec.keepOutput === true) this.#output.push(chunk);
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-tailBytes);
  }

  /** The program itself has ended and its output was read, as far as it came. */
  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.#group?.leaderEnded();
    if (this.#wasKilled || this.#group?.isEmpty() !== false) this.#release();
    else if (this.#killTimer === null) this.#endGroup();
    const tail = this.#tail.toString('utf8');
    if (code !== null) this.#tell({ kind: 'code', code, tail, output: Buffer.concat(this.#output).toString('utf8') });
    else this.#tell({ kind: 'signal', signal: signal ?? 'an unknown signal', tail });
  }

  /** SIGTERM to what is left of the group, SIGKILL a second later. */
  #endGroup(): void {
    this.#group?.signal('SIGTERM');
    this.#killTimer = this.#clock.setTimeout(() => {
      if (this.#group?.isEmpty() === false) this.#group.signal('SIGKILL');
      this.#wasKilled = true;
      // The handle is kept until the program has been waited for.
      if (this.#hasEnded) this.#release();
    }, programKillMs);
  }

  #release(): void {
    this.#clock.clearTimeout(this.#killTimer);
    this.#group?.close();
    this.#group = null;
  }

  #tell(end: ProgramEnd): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onEnd(end);
  }
}

/** The last line of a program's output that is not empty, without control characters, at most 200 characters; null when there is none. */
export function lastLine(tail: string): string | null {
  const lines = tail.split(/[\r\n]+/);
  for (const line of lines.reverse()) {
    // Colours and bells of a program have no place in a log line.
    const text = line
      .replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '')
      .replace(/\p{Cc}/gu, ' ')
      .trim();
    if (text !== '') return text.length > 200 ? `${text.slice(0, 199)}…` : text;
  }
  return null;
}
