/**
 * A simulated machine: processes, a disk that may fill, hang or lose what was not synced, power that may go, and at most one daemon.
 * Everything on it goes on without the daemon; a daemon that was killed simply stops being called.
 */
import type { ExitStatus, ProcessIdentity, ProcessInfo, ResourceEntry } from '../actors/ports.js';
import type { SeededRandom } from './random.js';
import type { Scheduled, VirtualTime } from './virtual-time.js';

/** What a process does about signals. */
export type Stubbornness = 'none' | 'ignoresTerm' | 'unkillable';

interface SimProcess extends ProcessInfo {
  readonly module: string | null;
  /** Part of an application, not a script. */
  readonly application: boolean;
  readonly onEnd: ((exit: ExitStatus) => void) | null;
  stubbornness: Stubbornness;
  /** It was sent a signal that only its stubbornness withstood. */
  pending: string | null;
  /** It never ends by itself. */
  hung: boolean;
  watchers: ((exit: ExitStatus) => void)[];
}

export interface SimDisk {
  full: boolean;
  hung: boolean;
}

export interface SpawnSpec {
  readonly name: string;
  readonly args: readonly string[];
  readonly module: string | null;
  readonly application: boolean;
  readonly stubbornness?: Stubbornness;
  /** It never ends by itself, though it should: `recover` ends it. */
  readonly hung?: boolean;
  readonly onEnd?: (exit: ExitStatus) => void;
}

export interface SimHost {
  readonly name: string;
  readonly disk: SimDisk;
  readonly random: SeededRandom;
  powered(): boolean;
  suspended(): boolean;
  bootId(): string;
  /** Monotonic ms since power-on. */
  monotonicMs(): number;
  wallMs(): number;
  /** The wall clock jumps; nothing else does. */
  jumpWall(deltaMs: number): void;
  /** The wall clock runs so much faster than time, or slower; null: as it always does on this machine. */
  drift(rate: number | null): void;
  /** Processes of a module's application. */
  applications(module: string): readonly (ProcessInfo & { readonly module: string | null })[];
  processes(): readonly ProcessInfo[];
  spawn(spec: SpawnSpec): ProcessIdentity;
  isAlive(process: ProcessIdentity): boolean;
  end(process: ProcessIdentity, exit: ExitStatus): void;
  signal(process: ProcessIdentity, signal: string): void;
  watch(process: ProcessIdentity, onExit: (exit: ExitStatus) => void): () => void;
  /** What is durable under a key. */
  read(key: string): string | null;
  /** @returns a promise that resolves when it is durable; `wanted` is asked just before that: false loses it. @throws when the disk is full. */
  write(key: string, value: string | null, wanted: () => boolean): Promise<void>;
  /** The last kept value of each resource of a module. */
  history(module: string): readonly ResourceEntry[];
  keep(module: string, entry: ResourceEntry): void;
  /** Runs on this machine's time: not at all while it is suspended or off. */
  schedule(delayMs: number, run: () => void, quiet?: boolean): Scheduled;
  suspend(): void;
  resume(): void;
  /** Everything ends at once; what was not synced is lost. */
  powerOff(): void;
  powerOn(): void;
  /** What hung or could not be killed ends, and the disk works. */
  recover(): void;
}

const syncMs = { low: 1, high: 8 } as const;
/** How often a hung disk is tried again, in ms. */
const hungRetryMs = 500;

/** A machine that is on. */
export function createSimHost(name: string, time: VirtualTime, random: SeededRandom): SimHost {
  let boots = 1;
  let poweredOn = true;
  let bootedAtMs = time.nowMs() - random.between(60_000, 600_000);
  let wallOffsetMs = 1_790_000_000_000 + random.between(-50, 50);
  const ownRate = 1 + (random.uniform() - 0.5) * 0.0002;
  let rate = ownRate;
  let rateSinceMs = 1_000_000;
  let pids = 1_000;
  let suspendedNow = false;
  let parked: (() => void)[] = [];
  const table = new Map<number, SimProcess>();
  const durable = new Map<string, string>();
  const kept = new Map<string, Map<string, ResourceEntry>>();
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
    suspended: () => suspendedNow,
    bootId: () => `${name}-boot-${boots}`,
    monotonicMs: () => time.nowMs() - bootedAtMs,
    wallMs: () => wallOffsetMs + (time.nowMs() - rateSinceMs) * rate,
    jumpWall: (deltaMs) => {
      wallOffsetMs += deltaMs;
    },
    drift: (next) => {
      wallOffsetMs = host.wallMs();
      rateSinceMs = time.nowMs();
      rate = next ?? ownRate;
    },
    applications: (module) => [...table.values()].filter((one) => one.application && one.module === module),
    processes: () => [...table.values()],
    spawn({ name: command, args, module, application, stubbornness = 'none', hung = false, onEnd = null }) {
      pids += 1;
      const process: SimProcess = {
        pid: pids,
        startTime: Math.floor(host.monotonicMs() / 10),
        ppid: 1,
        name: command.slice(0, 15),
        args,
        module,
        application,
        stubbornness,
        hung,
        onEnd,
        pending: null,
        watchers: [],
      };
      table.set(process.pid, process);
      return { pid: process.pid, startTime: process.startTime };
    },
    isAlive: (process) => find(process) !== undefined,
    end(process, exit) {
      const found = find(process);
      if (found === undefined) return;
      table.delete(found.pid);
      found.onEnd?.(exit);
      const { watchers } = found;
      found.watchers = [];
      for (const watcher of watchers) host.schedule(1, () => watcher(exit));
    },
    signal(process, signal) {
      const found = find(process);
      if (found === undefined) return;
      if (found.stubbornness === 'unkillable' || (found.stubbornness === 'ignoresTerm' && signal === 'SIGTERM')) {
        found.pending = signal;
        return;
      }
      const obeys = found.application && signal === 'SIGTERM';
      host.end(process, obeys ? { kind: 'code', code: 0 } : { kind: 'signal', signal });
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
    history: (module) => [...(kept.get(module)?.values() ?? [])],
    keep(module, entry) {
      const entries = kept.get(module) ?? new Map<string, ResourceEntry>();
      kept.set(module, entries.set(entry.name, entry));
    },
    write(key, value, wanted) {
      const boot = boots;
      time.touch();
      return new Promise((resolve, reject) => {
        const attempt = (): void => {
          if (!sameBoot(boot)) return;
          if (disk.hung) {
            host.schedule(hungRetryMs, attempt);
            return;
          }
          time.touch();
          if (disk.full && value !== null) {
            reject(new Error('ENOSPC: no space left on device'));
            return;
          }
          if (!wanted()) return;
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
        // What was due while the machine stood still can be cancelled until it happens.
        if (suspendedNow) parked.push(() => (sameBoot(boot) && !entry.cancelled ? run() : undefined));
        else run();
      };
      const entry = quiet ? time.scheduleQuiet(delayMs, due) : time.schedule(delayMs, due);
      return entry;
    },
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
    recover: () => {
      disk.full = false;
      disk.hung = false;
      for (const one of [...table.values()]) {
        one.stubbornness = 'none';
        if (one.pending !== null) host.signal(one, one.pending);
        else if (one.hung) host.end(one, { kind: 'code', code: 1 });
      }
    },
  };
  return host;
}
