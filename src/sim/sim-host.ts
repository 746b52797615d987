/**
 * A simulated machine: processes, a disk that may fill, hang or lose what was not synced, power that may go, and at most one daemon.
 * Everything on it goes on without the daemon; a daemon that was killed simply stops being called.
 */
import type { ExitStatus, ProcessIdentity, ProcessInfo } from '../actors/ports.js';
import type { SeededRandom } from './random.js';
import type { Scheduled, VirtualTime } from './virtual-time.js';

/** How a simulated script behaves; decided when it starts. */
export interface ScriptBehaviour {
  /** Time it takes, in ms; null: it hangs until it is killed. */
  readonly durationMs: number | null;
  readonly exitCode: number;
  /** What it does to the application, and after how many ms; it may be later than its own end. */
  readonly effect: { readonly kind: 'start' | 'terminate' | 'kill'; readonly afterMs: number } | null;
  /** SIGTERM does not end it. */
  readonly ignoresTerm: boolean;
  /** Not even SIGKILL ends it (stuck in the kernel). */
  readonly unkillable: boolean;
  /** It cannot be started at all. */
  readonly fails: boolean;
}

/** Chooses what a script does. */
export type ScriptBook = (module: string, script: string, args: readonly string[], random: SeededRandom) => ScriptBehaviour;

interface SimProcess extends ProcessInfo {
  readonly module: string | null;
  watchers: ((exit: ExitStatus) => void)[];
  readonly onSignal: ((signal: string) => void) | null;
}

export interface SimDisk {
  full: boolean;
  hung: boolean;
}

export interface SimHost {
  readonly name: string;
  readonly disk: SimDisk;
  readonly random: SeededRandom;
  powered(): boolean;
  bootId(): string;
  /** Monotonic ms since power-on. */
  monotonicMs(): number;
  wallMs(): number;
  /** The wall clock jumps; nothing else does. */
  jumpWall(deltaMs: number): void;
  /** Processes of an application of a module. */
  applications(module: string): readonly ProcessIdentity[];
  processes(): readonly ProcessInfo[];
  spawn(spec: {
    readonly name: string;
    readonly args: readonly string[];
    readonly module: string | null;
    readonly onSignal?: (signal: string) => void;
  }): ProcessIdentity;
  isAlive(process: ProcessIdentity): boolean;
  end(process: ProcessIdentity, exit: ExitStatus): void;
  signal(process: ProcessIdentity, signal: string): void;
  watch(process: ProcessIdentity, onExit: (exit: ExitStatus) => void): () => void;
  /** What is durable under a key. */
  read(key: string): string | null;
  /** @returns a promise that resolves when it is durable. */
  write(key: string, value: string | null): Promise<void>;
  /** Runs on this machine's time: not at all while it is suspended or off. */
  schedule(delayMs: number, run: () => void, quiet?: boolean): Scheduled;
  suspend(): void;
  resume(): void;
  suspended(): boolean;
  /** Everything ends at once; what was not synced is lost. */
  powerOff(): void;
  powerOn(): void;
}

const syncMs = { low: 1, high: 8 } as const;

/** A machine that is on. */
export function createSimHost(name: string, time: VirtualTime, random: SeededRandom): SimHost {
  let boots = 1;
  let poweredOn = true;
  let bootedAtMs = time.nowMs() - random.between(60_000, 600_000);
  let wallOffsetMs = 1_790_000_000_000 + random.between(-50, 50);
  const drift = 1 + (random.uniform() - 0.5) * 0.0002;
  let pids = 1_000;
  let suspendedNow = false;
  let parked: (() => void)[] = [];
  const table = new Map<number, SimProcess>();
  const durable = new Map<string, string>();
  const disk: SimDisk = { full: false, hung: false };

  const sameBoot = (boot: number): boolean => poweredOn && boot === boots;
  const find = (process: ProcessIdentity): SimProcess | undefined => {
    const found = table.get(process.pid);
    return found?.startTime === process.startTime ? found : undefined;
  };
  const host: SimHost = {
    name,
    disk,
    random,
    powered: () => poweredOn,
    bootId: () => `${name}-boot-${boots}`,
    monotonicMs: () => time.nowMs() - bootedAtMs,
    wallMs: () => wallOffsetMs + (time.nowMs() - 1_000_000) * drift,
    jumpWall: (deltaMs) => {
      wallOffsetMs += deltaMs;
    },
    applications: (module) => [...table.values()].filter((one) => one.module === module && one.onSignal === null),
    processes: () => [...table.values()],
    spawn({ name: command, args, module, onSignal }) {
      pids += 1;
      const process: SimProcess = {
        pid: pids,
        startTime: Math.floor(host.monotonicMs() / 10),
        ppid: 1,
        name: command.slice(0, 15),
        args,
        module,
        watchers: [],
        onSignal: onSignal ?? null,
      };
      table.set(process.pid, process);
      return { pid: process.pid, startTime: process.startTime };
    },
    isAlive: (process) => find(process) !== undefined,
    end(process, exit) {
      const found = find(process);
      if (found === undefined) return;
      table.delete(found.pid);
      const { watchers } = found;
      found.watchers = [];
      for (const watcher of watchers) host.schedule(1, () => watcher(exit));
    },
    signal(process, signal) {
      const found = find(process);
      if (found === undefined) return;
      if (found.onSignal !== null) found.onSignal(signal);
      else host.end(process, signal === 'SIGTERM' ? { kind: 'code', code: 0 } : { kind: 'signal', signal });
    },
    watch(process, onExit) {
      const found = find(process);
      if (found === undefined) {
        const entry = host.schedule(0, () => onExit({ kind: 'unknown' }));
        return () => time.cancel(entry);
      }
      found.watchers.push(onExit);
      return () => {
        found.watchers = found.watchers.filter((one) => one !== onExit);
      };
    },
    read: (key) => durable.get(key) ?? null,
    write(key, value) {
      const boot = boots;
      time.touch();
      return new Promise((resolve, reject) => {
        const attempt = (): void => {
          if (!sameBoot(boot)) return;
          if (disk.hung) {
            host.schedule(500, attempt);
            return;
          }
          time.touch();
          if (disk.full && value !== null) {
            reject(new Error('ENOSPC: no space left on device'));
            return;
          }
          if (value === null) durable.delete(key);
          else durable.set(key, value);
          resolve();
        };
        host.schedule(random.between(syncMs.low, syncMs.high), attempt);
      });
    },
    schedule(delayMs, run, quiet = false) {
      const boot = boots;
      const due = (): void => {
        if (!sameBoot(boot)) return;
        if (suspendedNow) parked.push(run);
        else run();
      };
      return quiet ? time.scheduleQuiet(delayMs, due) : time.schedule(delayMs, due);
    },
    suspended: () => suspendedNow,
    suspend: () => {
      suspendedNow = true;
    },
    resume: () => {
      if (!suspendedNow) return;
      suspendedNow = false;
      const due = parked;
      parked = [];
      // What was due meanwhile happens now, in the order in which it was due.
      for (const run of due) host.schedule(0, run);
    },
    powerOff: () => {
      poweredOn = false;
      suspendedNow = false;
      parked = [];
      table.clear();
    },
    powerOn: () => {
      if (poweredOn) return;
      boots += 1;
      poweredOn = true;
      bootedAtMs = time.nowMs();
    },
  };
  return host;
}
