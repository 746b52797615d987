/**
 * Runs the executables of custom checkers of mode `loop`: they go on for ever and set their resource themselves. Who they are is on
 * record, so that a daemon that comes back finds the one that an earlier daemon left behind and ends it before it starts another.
 */
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  CheckPlace,
  ExitStatus,
  Ports,
  Prober,
  ProcessIdentity,
  RunningScript,
  ScriptPortEvent,
} from '../../actors/ports.js';
import type { CustomCheck } from '../../config/types.js';
import { checkerArguments, executableIn } from './custom.js';

/** Time between SIGTERM and SIGKILL, in ms. */
export const loopKillMs = 500;
/** Time after SIGKILL until a process is given up, in ms. */
const abandonMs = 5_000;
/** How long a disk may take for the record before a start, in ms. A checker that is not on record may be left behind; one that waits checks nothing. */
const recordPatienceMs = 500;
/** A checker that dies again and again leaves so many userlogs, the last ones. */
const keptUserlogs = 5;

export type LoopPorts = Pick<Ports, 'clock' | 'scripts' | 'records' | 'processes' | 'host'>;
/** What is on record while one runs; `process` is null from just before its start until it is known. */
interface LoopRecord {
  readonly version: 1;
  readonly bootId: string;
  readonly process: ProcessIdentity | null;
}

/** Name of the record about a checker's process, beside the module's own. */
export const loopRecord = (ident: string): string => `checker-${ident}`;

const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  typeof value.pid === 'number' &&
  'startTime' in value &&
  typeof value.startTime === 'number';

const howItEnded = (exec: string, exit: ExitStatus): string => {
  if (exit.kind === 'code') return `${exec} ended with code ${exit.code}`;
  return exit.kind === 'signal' ? `${exec} was ended by ${exit.signal}` : `${exec} has ended`;
};

/**
 * Makes what starts a checker's executable once. `onEnd` is called once, never synchronously and never after `close`. `close` ends its
 * whole process group: SIGTERM, SIGKILL half a second later; that is begun before `close` returns. The next run of the same checker
 * begins when the one before has ended.
 */
export function createLoopRunner(ports: LoopPorts): Pick<Prober, 'run' | 'ended'> {
  const before = new Map<string, Promise<void>>();
  const ending = new Map<string, Set<Promise<void>>>();
  const run: Prober['run'] = (checker, place, onEnd) => {
    const key = `${place.module}/${checker.ident}`;
    const loop = new Loop(ports, checker, place, onEnd, before.get(key) ?? Promise.resolve());
    before.set(key, loop.done);
    void loop.done.then(() => {
      if (before.get(key) === loop.done) before.delete(key);
    });
    return {
      close: () => {
        if (!loop.close()) return;
        const { module } = place;
        const all = ending.get(module) ?? new Set();
        ending.set(module, all.add(loop.done));
        void loop.done.then(() => {
          all.delete(loop.done);
          if (all.size === 0 && ending.get(module) === all) ending.delete(module);
        });
      },
    };
  };
  return {
    run,
    ended: (module) => {
      const all = ending.get(module);
      return all === undefined ? null : Promise.all(all).then(() => undefined);
    },
  };
}

class Loop {
  readonly #ports: LoopPorts;
  readonly #checker: CustomCheck;
  readonly #place: CheckPlace;
  readonly #onEnd: (end: { readonly detail: string }) => void;
  /** Resolves when nothing of it is left, or it was given up. */
  readonly done: Promise<void>;
  #isDone: () => void = () => undefined;
  #open = true;
  #isOver = false;
  #ending: Ending | null = null;
  #handle: RunningScript | null = null;

  constructor(
    ports: LoopPorts,
    checker: CustomCheck,
    place: CheckPlace,
    onEnd: (end: { readonly detail: string }) => void,
    before: Promise<void>,
  ) {
    this.#ports = ports;
    this.#checker = checker;
    this.#place = place;
    this.#onEnd = onEnd;
    this.done = new Promise((resolve) => {
      this.#isDone = resolve;
    });
    void before
      .then(() => this.#begin())
      .catch((error: unknown) => this.#finish(`${checker.exec} could not be started: ${String(error)}`));
  }

  /** @returns whether something runs that is being ended now. */
  close(): boolean {
    this.#open = false;
    if (this.#handle === null || this.#isOver) return false;
    this.#ending ??= new Ending(this.#ports.clock, this.#handle, () => this.#isDone());
    return true;
  }

  async #begin(): Promise<void> {
    const checker = this.#checker;
    const place = this.#place;
    const path = executableIn(place.binDir, checker.exec);
    if (path === null) {
      this.#finish(`${checker.exec} is not below the module's bin folder`);
      return;
    }
    const args = checkerArguments(place.module, checker);
    await this.#endOrphan(path, args);
    await this.#soon(this.#save(null));
    if (!this.#open) {
      this.#forget();
      this.#isDone();
      return;
    }
    const script = `checker_${checker.ident}`;
    const spec = {
      module: place.module,
      script,
      path,
      args,
      env: place.env,
      cwd: place.binDir,
      output: place.output ?? null,
    };
    this.#handle = this.#ports.scripts.start(spec, (event) => this.#hear(event));
  }

  #hear(event: ScriptPortEvent): void {
    switch (event.type) {
      case 'started':
        void this.#save(event.process).catch(() => undefined);
        if (event.outputFile !== null) void this.#tidy().catch(() => undefined);
        return;
      case 'exited': {
        // What it started and left behind is of no use without it.
        this.#handle?.signal('SIGKILL');
        this.#ending?.ended();
        this.#handle?.close();
        this.#forget();
        this.#finish(howItEnded(this.#checker.exec, event.exit));
        return;
      }
      case 'failed':
        this.#ending?.ended();
        this.#forget();
        this.#finish(event.message);
    }
  }

  /** Ends the one that an earlier daemon has left behind, and waits until it is gone. */
  async #endOrphan(path: string, args: readonly string[]): Promise<void> {
    const { records, processes, host, scripts, clock } = this.#ports;
    const kept = await records.load(this.#place.module, loopRecord(this.#checker.ident)).catch(() => null);
    if (typeof kept !== 'object' || kept === null || !('bootId' in kept) || kept.bootId !== host.bootId) return;
    let orphan = 'process' in kept && isIdentity(kept.process) ? kept.process : null;
    if (orphan === null) {
      // That daemon ended between the start and the record of it: the process is told by what it runs, with which arguments.
      const all = await processes.list();
      const line = [path, ...args].join('\0');
      orphan = all.find((one) => one.args.join('\0').endsWith(line)) ?? null;
    }
    if (orphan === null || !processes.isAlive(orphan)) return;
    const { pid, startTime } = orphan;
    await new Promise<void>((resolve) => {
      const adopted = scripts.adopt({ pid, startTime }, (event) => {
        if (event.type === 'started') return;
        adopted.signal('SIGKILL');
        ending.ended();
        adopted.close();
        resolve();
      });
      const ending = new Ending(clock, adopted, resolve);
    });
  }

  #save(process: ProcessIdentity | null): Promise<void> {
    const record: LoopRecord = { version: 1, bootId: this.#ports.host.bootId, process };
    return this.#ports.records.save(this.#place.module, loopRecord(this.#checker.ident), record);
  }
  #forget(): void {
    void this.#ports.records.remove(this.#place.module, loopRecord(this.#checker.ident)).catch(() => undefined);
  }

  /** Waits for a disk, but not for one that does not answer. */
  #soon(work: Promise<void>): Promise<void> {
    const { clock } = this.#ports;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, recordPatienceMs);
      const done = (): void => {
        clock.clearTimeout(timer);
        resolve();
      };
      work.then(done, done);
    });
  }

  /** Removes userlogs of earlier runs of this checker, all but the last ones. */
  async #tidy(): Promise<void> {
    const dir = this.#place.output?.dir;
    if (dir === undefined) return;
    const own = new RegExp(
      `^userlog_[0-9T-]+_checker_${this.#checker.ident.replace(/[^A-Za-z0-9_.-]/g, '_').replaceAll('.', '\\.')}(_\\d+)?\\.ulog$`,
    );
    const names = (await readdir(dir)).filter((name) => own.test(name)).sort();
    for (const name of names.slice(0, -keptUserlogs)) await unlink(join(dir, name)).catch(() => undefined);
  }

  #finish(detail: string): void {
    this.#isOver = true;
    this.#isDone();
    if (!this.#open) return;
    this.#open = false;
    this.#onEnd({ detail });
  }
}

/** The end of a process group: SIGTERM now, SIGKILL half a second later, given up five seconds after that. */
class Ending {
  readonly #clock: Ports['clock'];
  #timer: unknown;

  constructor(clock: Ports['clock'], handle: RunningScript, onAbandon: () => void) {
    this.#clock = clock;
    handle.signal('SIGTERM');
    this.#timer = clock.setTimeout(() => {
      handle.signal('SIGKILL');
      this.#timer = clock.setTimeout(() => {
        handle.close();
        onAbandon();
      }, abandonMs);
    }, loopKillMs);
  }

  ended(): void {
    this.#clock.clearTimeout(this.#timer);
  }
}
