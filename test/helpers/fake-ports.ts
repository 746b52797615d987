/** The ports of a node in virtual time: scripts, processes and a disk that do as the test says, and a note of what they were asked. */
import type {
  ActiveModule,
  Closable,
  CommandLogEntry,
  ExitStatus,
  LogEntry,
  Ports,
  ProcessIdentity,
  ProcessInfo,
  ResourceEntry,
  ScriptPortEvent,
  ScriptSpec,
  ServiceState,
} from '../../src/actors/ports.js';
import type { CheckerConfig, ModuleConfig } from '../../src/config/types.js';
import type { ProbeSource } from '../../src/machines/module.types.js';
import type { VirtualClock } from './virtual-clock.js';
import { createVirtualClock } from './virtual-clock.js';

export interface StartedScript {
  readonly spec: ScriptSpec | null;
  /** Set where it was taken over. */
  readonly adopted: ProcessIdentity | null;
  readonly signals: string[];
  readonly process: ProcessIdentity;
  closed: boolean;
  emit(event: ScriptPortEvent): void;
  exit(code: number): void;
}
export interface FakeDisk {
  readonly saved: Map<string, unknown>;
  /** What was asked of it, in order: `save key/name`, `remove key/name`. */
  readonly calls: string[];
  /** `hangs` never answers, `refuses` rejects. */
  mood: 'well' | 'hangs' | 'refuses';
}
/** One check that was begun, or one executable of a `custom` checker that goes on. */
export interface StartedCheck {
  readonly checker: CheckerConfig;
  readonly kind: 'check' | 'run';
  closed: boolean;
  /** The answer; `stamp` is null where it is left out. Nothing is told after it was closed. */
  answer(up: boolean, detail?: string, stamp?: string | null): void;
  /** The executable ends by itself. */
  end(detail: string): void;
}
export interface FakePorts extends Ports {
  /** Looping checkers that are being ended: settles when they are gone; null: there are none. */
  endingCheckers: Promise<void> | null;
  readonly checks: StartedCheck[];
  readonly clock: VirtualClock;
  readonly started: StartedScript[];
  readonly disk: FakeDisk;
  readonly lines: string[];
  /** The history of resources, by module. */
  readonly kept: Map<string, readonly ResourceEntry[]>;
  readonly commands: CommandLogEntry[];
  /** All that was done to the world, in order: `probe …`, `script …`, `save …`. */
  readonly order: string[];
  readonly running: ProcessInfo[];
  readonly services: Ports['services'] & { states: Ports['services']['states']; all: ServiceState[] };
  readonly watches: Map<string, { readonly onExit: (exit: ExitStatus, atMs: number) => void; closed: boolean }>;
  /** Scripts end by themselves, with code 0, at once. */
  obedient: boolean;
  probers: readonly ProbeSource[] | 'fails';
  /** How the list of processes comes; null: at once. */
  list: (() => Promise<readonly ProcessInfo[]>) | null;
  watchable: boolean;
  /** What a signal to a process comes to; by default the process ends at once. */
  onSignal: (process: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL') => 'sent' | 'gone' | 'refused';
  ticks: number;
}

export function createFakePorts(clock: VirtualClock = createVirtualClock()): FakePorts {
  let pid = 500;
  const order: string[] = [];
  const disk: FakeDisk = { saved: new Map(), calls: [], mood: 'well' };
  const answer = async (): Promise<void> => {
    if (disk.mood === 'hangs') await new Promise(() => undefined);
    if (disk.mood === 'refuses') throw new Error('ENOSPC');
  };
  const begin = (spec: ScriptSpec | null, adopted: ProcessIdentity | null, onEvent: (event: ScriptPortEvent) => void) => {
    pid += 1;
    const process = adopted ?? { pid, startTime: pid };
    const atMs = (): number => clock.monotonicMs();
    const script: StartedScript = {
      spec,
      adopted,
      process,
      signals: [],
      closed: false,
      emit: (event) => {
        if (!script.closed) onEvent(event);
      },
      exit: (code) => script.emit({ type: 'exited', exit: { kind: 'code', code }, atMs: atMs() }),
    };
    ports.started.push(script);
    if (spec) {
      order.push(`script ${[spec.script, ...spec.args].join(' ')}`);
      clock.setTimeout(() => {
        script.emit({ type: 'started', process, outputFile: `${spec.cwd}/${spec.script}.ulog`, atMs: atMs() });
        if (ports.obedient) script.exit(0);
      }, 1);
    }
    return {
      signal: (signal: 'SIGTERM' | 'SIGKILL') => {
        script.signals.push(signal);
        const exit: ExitStatus = { kind: 'signal', signal };
        clock.setTimeout(() => script.emit({ type: 'exited', exit, atMs: atMs() }), 1);
      },
      close: () => {
        script.closed = true;
      },
    };
  };
  const begun = (started: StartedCheck): Closable => {
    ports.checks.push(started);
    return {
      close: () => {
        started.closed = true;
      },
    };
  };
  const ports: FakePorts = {
    checks: [],
    clock,
    order,
    disk,
    started: [],
    lines: [],
    kept: new Map(),
    commands: [],
    running: [],
    watches: new Map(),
    obedient: true,
    probers: [],
    list: null,
    watchable: true,
    onSignal: ({ pid }) => {
      const at = ports.running.findIndex((one) => one.pid === pid);
      if (at < 0) return 'gone';
      ports.running.splice(at, 1);
      return 'sent';
    },
    ticks: 0,
    random: { hex: (bytes) => '0'.repeat(bytes * 2) },
    host: { hostname: 'n1', bootId: 'boot-1', addresses: () => ['127.0.0.1'] },
    processes: {
      list: () => (ports.list ? ports.list() : Promise.resolve([...ports.running])),
      watchExit: (process, onExit): Closable | null => {
        if (!ports.watchable) return null;
        const watch = { onExit, closed: false };
        ports.watches.set(`${process.pid}:${process.startTime}`, watch);
        if (!ports.running.some((one) => one.pid === process.pid)) onExit({ kind: 'unknown' }, clock.monotonicMs());
        return {
          close: () => {
            watch.closed = true;
          },
        };
      },
      isAlive: (process) => ports.running.some((one) => one.pid === process.pid && one.startTime === process.startTime),
      signal: (process, signal) => {
        order.push(`${signal} ${process.pid}`);
        return ports.onSignal(process, signal);
      },
    },
    services: {
      all: [],
      states: async (names) => ports.services.all.filter((one) => names.includes(one.name)),
    },
    scripts: {
      start: (spec, onEvent) => begin(spec, null, onEvent),
      adopt: (process, onEvent) => begin(null, process, onEvent),
      guardUserlogs: (dir) => order.push(`guard ${dir}`),
    },
    endingCheckers: null,
    prober: {
      ended: () => ports.endingCheckers,
      forgetNames: () => order.push('names are forgotten'),
      check: (checker, _place, onResult) => {
        const started: StartedCheck = {
          checker,
          kind: 'check',
          closed: false,
          answer: (up, detail = up ? 'all is well' : 'nothing answers', stamp = null) => {
            if (!started.closed) onResult({ up, detail, stamp });
          },
          end: () => undefined,
        };
        return begun(started);
      },
      run: (checker, _place, onEnd) => {
        const started: StartedCheck = {
          checker,
          kind: 'run',
          closed: false,
          answer: () => undefined,
          end: (detail) => {
            if (!started.closed) onEnd({ detail });
          },
        };
        return begun(started);
      },
    },
    records: {
      load: async (key, name) => disk.saved.get(`${key}/${name}`) ?? null,
      save: async (key, name, value) => {
        disk.calls.push(`save ${key}/${name}`);
        order.push(`save ${key}/${name}`);
        await answer();
        // As it is written: nothing that JSON does not hold comes back.
        disk.saved.set(`${key}/${name}`, JSON.parse(JSON.stringify(value)));
      },
      remove: async (key, name) => {
        disk.calls.push(`remove ${key}/${name}`);
        order.push(`remove ${key}/${name}`);
        await answer();
        disk.saved.delete(`${key}/${name}`);
      },
    },
    history: {
      load: async (module) => ports.kept.get(module) ?? [],
      append: (module, entry) => ports.kept.set(module, [...(ports.kept.get(module) ?? []), entry]),
      flush: async () => undefined,
      close: async () => undefined,
    },
    logs: {
      module: (module: string, entry: LogEntry) => ports.lines.push(`${module} ${entry.level} ${entry.message}`),
      node: (entry: LogEntry) => ports.lines.push(`- ${entry.level} ${entry.message}`),
      command: (entry) => ports.commands.push(entry),
      readModule: async () => [],
      readCommands: async () => ports.commands,
      followModule: () => ({ close: () => undefined }),
      listUserlogs: async () => [],
      readUserlog: async () => null,
    },
    transport: {
      open: () => ({
        publish: () => undefined,
        renewLease: () => undefined,
        lookUpNames: () => order.push('names are looked up'),
        close: async () => undefined,
      }),
    },
    probe: {
      publish: (module, { ready, state, quality }) => order.push(`probe ${module} ${ready ? 'OK' : 'NO'} ${state} ${quality}`),
      remove: (module) => order.push(`probe ${module} gone`),
      tick: () => {
        ports.ticks += 1;
      },
      sources: async () => {
        if (ports.probers === 'fails') throw new Error('the listener does not answer');
        return ports.probers;
      },
    },
  };
  return ports;
}

const config: ModuleConfig = {
  macros: [],
  service: {
    mode: 'farm',
    boot: 'ignore',
    bootDelayMs: 0,
    failover: true,
    defaultprim: 'alone',
    maxloop: 3,
    loopIntervalMs: 86_400_000,
    automaticReboot: false,
    drain: { kind: 'none' },
  },
  farm: null,
  heart: null,
  vip: null,
  rfs: null,
  user: {
    nicestopTimeoutMs: 300_000,
    forcestopTimeoutMs: 300_000,
    startTimeoutMs: null,
    logging: 'userlog',
    userlogSizeKb: 2048,
    vars: [],
  },
  vhost: null,
  errd: null,
  check: null,
  failover: null,
};

/** A module as it is applied, with all its scripts. */
export function activeModule(name = 'farm', change: Partial<ModuleConfig> = {}): ActiveModule {
  const scripts = ['prestart', 'start_both', 'stop_both', 'poststop', 'transition'];
  return {
    name,
    id: 1,
    config: { ...config, ...change },
    signature: 'abcdef0123456789',
    appliedWallMs: 0,
    binDir: `/modules/${name}/bin`,
    varDir: `/var/${name}`,
    scripts: Object.fromEntries(scripts.map((script) => [script, `/modules/${name}/bin/${script}`])),
    env: { SAFEMODULE: name },
  };
}
export const serviceConfig = config.service;
export const userConfig = config.user;
