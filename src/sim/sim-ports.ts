/** The ports of one run of a daemon on a simulated machine. When the daemon is killed they fall silent; the machine goes on. */
import type {
  ActiveModule,
  ExitStatus,
  Ports,
  ProcessIdentity,
  Records,
  ResourceEntry,
  RunningScript,
  ScriptPortEvent,
} from '../actors/ports.js';
import type { ProbeSource } from '../machines/module.types.js';
import type { Fact } from './facts.js';
import type { ScriptBehaviour, ScriptBook } from './script-book.js';
import type { SimHost } from './sim-host.js';
import type { SimNetwork } from './sim-network.js';
import { type CheckedWorld, createSimProber } from './sim-prober.js';
import { createSimTransport, type DaemonGate } from './sim-transport.js';
import type { VirtualTime } from './virtual-time.js';

/** What the probe of a module answers. */
export interface ProbeTruth {
  readonly ready: boolean;
  readonly state: string;
  readonly quality: string;
  /** Which start of the module this is. */
  readonly started: number;
}

export interface SimPortsOptions {
  readonly host: SimHost;
  readonly time: VirtualTime;
  readonly network: SimNetwork;
  readonly scripts: ScriptBook;
  /** What a module's application consists of. */
  readonly application: (module: string) => readonly { readonly name: string; readonly args: readonly string[] }[];
  readonly note: (fact: Fact) => void;
  readonly gate: DaemonGate;
  readonly publish: (module: string, truth: ProbeTruth | null) => void;
  /** The control loop has just run. */
  readonly tick: () => void;
  readonly sources: (module: string) => readonly ProbeSource[];
  /** What checks find. */
  readonly checked: CheckedWorld;
  /** The process table cannot be read at the moment. */
  readonly blind: () => boolean;
  /** The daemon has just asked for something whose answer it waits for, or that cannot be taken back. */
  readonly called: () => void;
}

/** How long reading the process table and starting a process take, in ms. */
const scanMs = 4;
const spawnMs = 2;
/** How long a value of a resource is in the daemon's memory alone, and how long it then waits for a disk that refuses, in ms. */
const historyFlushMs = 500;
const historyRetryMs = 5_000;
const never = <T>(): Promise<T> => new Promise(() => undefined);
const exitText = (exit: ExitStatus): string =>
  exit.kind === 'code' ? `code ${exit.code}` : exit.kind === 'signal' ? exit.signal : 'unknown';

/** Builds the ports of one run of a daemon. */
export function createSimPorts(options: SimPortsOptions): Ports {
  const { host, time, network, gate } = options;
  const { name: node } = host;
  const alive = (): boolean => gate.alive();
  /** Every fact may have consequences that run as promises. */
  const note = (fact: Fact): void => {
    time.touch();
    options.note(fact);
  };
  /** A promise that is kept after a while, on the main loop, and never by a daemon that is dead. */
  const later = <T>(delayMs: number, value: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      time.touch();
      options.called();
      host.schedule(delayMs, () =>
        gate.enter(() => {
          time.touch();
          try {
            resolve(value());
          } catch (error) {
            reject(error);
          }
        }),
      );
    });
  const onMain = (run: () => void): void =>
    gate.enter(() => {
      time.touch();
      run();
    });

  const watchScript = (process: ProcessIdentity, onEvent: (event: ScriptPortEvent) => void): RunningScript => {
    let open = true;
    const unwatch = host.watch(process, (exit) =>
      onMain(() => open && onEvent({ type: 'exited', exit, atMs: host.monotonicMs() })),
    );
    return {
      signal: (signal) => {
        if (alive()) host.signal(process, signal);
      },
      close: () => {
        open = false;
        unwatch();
      },
    };
  };

  const startApplication = (module: string, behaviour: ScriptBehaviour): void => {
    const running = host.applications(module).map((one) => one.name);
    for (const { name, args } of options.application(module)) {
      const at = running.indexOf(name.slice(0, 15));
      if (at !== -1) {
        running.splice(at, 1);
        continue;
      }
      const process = host.spawn({
        name,
        args,
        module,
        application: true,
        onEnd: () => note({ kind: 'application', node, module, name, phase: 'ended' }),
      });
      note({ kind: 'application', node, module, name, phase: 'began' });
      const { diesAfterMs } = behaviour;
      if (diesAfterMs !== null) host.schedule(diesAfterMs, () => host.signal(process, 'SIGSEGV'));
    }
  };
  const affect = (module: string, behaviour: ScriptBehaviour, kind: 'start' | 'terminate' | 'kill'): void => {
    if (kind === 'start') startApplication(module, behaviour);
    else for (const one of host.applications(module)) host.signal(one, kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
  };

  /** Saves of one key happen in the order of the calls. */
  const queues = new Map<string, Promise<unknown>>();
  const inOrder = (key: string, work: () => Promise<void>): Promise<void> => {
    if (!alive()) return never();
    options.called();
    const before = queues.get(key);
    const done = before === undefined ? work() : before.then(work, work);
    queues.set(
      key,
      done.catch(() => undefined),
    );
    return done.then(
      () => (alive() ? undefined : never()),
      (error: unknown) => (alive() ? Promise.reject(error) : never()),
    );
  };
  /** A daemon that dies while a file is being written leaves the old or the new one. */
  const write = (key: string, value: string | null): Promise<void> =>
    alive() ? host.write(key, value, () => alive() || host.random.chance(0.5)) : never();
  const records: Records = {
    load: (key, name) => later(1, () => parse(host.read(`${key}/${name}`))),
    save: (key, name, value) => {
      const text = JSON.stringify(value);
      return inOrder(key, () => write(`${key}/${name}`, text));
    },
    remove: (key, name) => inOrder(key, () => write(`${key}/${name}`, null)),
  };
  let unwritten: { readonly module: string; readonly entry: ResourceEntry }[] = [];
  const writeHistory = (): void =>
    gate.enter(() => {
      if (host.disk.full || host.disk.hung) {
        host.schedule(historyRetryMs, writeHistory);
        return;
      }
      keepHistory();
    });
  const keepHistory = (): void => {
    if (!alive() || host.disk.full || host.disk.hung) return;
    for (const { module, entry } of unwritten) host.keep(module, entry);
    unwritten = [];
  };
  let published: Readonly<Record<string, string>> = {};

  return {
    clock: {
      monotonicMs: () => host.monotonicMs(),
      wallMs: () => host.wallMs(),
      setTimeout: (callback, delayMs) => {
        const timer = host.schedule(delayMs, () =>
          gate.enter(() => {
            if (!timer.cancelled) callback();
          }),
        );
        return timer;
      },
      clearTimeout: (handle) => time.cancel(handle),
    },
    random: { hex: (bytes) => host.random.hex(bytes) },
    host: { hostname: node, bootId: host.bootId(), addresses: () => [] },
    processes: {
      list: () =>
        later(scanMs, () => {
          if (options.blind()) throw new Error('EMFILE: too many open files');
          return host.processes();
        }),
      isAlive: (process) => host.isAlive(process),
      signal: (process, signal) => {
        if (!host.isAlive(process)) return 'gone';
        host.signal(process, signal);
        return 'sent';
      },
      watchExit: (process, onExit) => {
        const close = host.watch(process, (exit) => onMain(() => onExit(exit, host.monotonicMs())));
        return { close };
      },
    },
    services: {
      states: (names) =>
        later(scanMs, () =>
          names.map((name) => {
            const main = host.processes().find((one) => one.args[0] === `/lib/services/${name}`);
            const mainProcess = main === undefined ? null : { pid: main.pid, startTime: main.startTime };
            return { name, state: main === undefined ? ('stopped' as const) : ('running' as const), mainProcess };
          }),
        ),
    },
    scripts: {
      guardUserlogs: () => undefined,
      adopt: (process, onEvent) => watchScript(process, onEvent),
      start(spec, onEvent) {
        const { module, script, args, path } = spec;
        // What a dead daemon had in hand does not happen.
        if (!alive()) return { signal: () => undefined, close: () => undefined };
        options.called();
        const behaviour = options.scripts({ node, module, script, args }, host.random);
        const fact = { node, module, script, args };
        if (behaviour.fails) {
          note({ kind: 'script.begin', ...fact, pid: 0, exit: null });
          note({ kind: 'script.end', ...fact, pid: 0, exit: 'could not be started' });
          const event = { type: 'failed', code: 'SCRIPT_FAILED', message: 'cannot be executed' } as const;
          host.schedule(spawnMs, () => onMain(() => onEvent({ ...event, atMs: host.monotonicMs() })));
          return { signal: () => undefined, close: () => undefined };
        }
        const process = host.spawn({
          name: script,
          args: ['/bin/sh', path, ...args],
          module,
          application: false,
          stubbornness: behaviour.stubbornness,
          hung: behaviour.durationMs === null,
          onEnd: (exit) => note({ kind: 'script.end', ...fact, pid: process.pid, exit: exitText(exit) }),
        });
        note({ kind: 'script.begin', ...fact, pid: process.pid, exit: null });
        if (behaviour.durationMs !== null) {
          host.schedule(behaviour.durationMs, () => host.end(process, { kind: 'code', code: behaviour.exitCode }));
        }
        const { effect } = behaviour;
        if (effect !== null) {
          host.schedule(effect.afterMs, () => {
            // What a script set going in the background goes on after it; what it has not come to does not happen any more.
            const late = behaviour.durationMs !== null && effect.afterMs > behaviour.durationMs;
            if (late || host.isAlive(process)) affect(module, behaviour, effect.kind);
          });
        }
        host.schedule(spawnMs, () =>
          onMain(() => onEvent({ type: 'started', process, outputFile: `${script}.ulog`, atMs: host.monotonicMs() })),
        );
        return watchScript(process, onEvent);
      },
    },
    prober: createSimProber(host, onMain, options.checked),
    records,
    history: {
      // Read beside the records: it takes no time of its own.
      load: (module) => (alive() ? Promise.resolve(host.history(module)) : never()),
      append: (module, entry) => {
        unwritten.push({ module, entry });
        if (unwritten.length === 1) host.schedule(historyFlushMs, writeHistory);
      },
      flush: () => Promise.resolve(keepHistory()),
      close: () => Promise.resolve(keepHistory()),
    },
    logs: {
      module: (module, entry) => {
        if (alive()) note({ kind: 'log', node, module, entry });
      },
      node: (entry) => {
        if (alive()) note({ kind: 'log', node, module: null, entry });
      },
      command: () => undefined,
      readModule: () => Promise.resolve([]),
      readCommands: () => Promise.resolve([]),
      followModule: () => ({ close: () => undefined }),
      listUserlogs: () => Promise.resolve([]),
      readUserlog: () => Promise.resolve(null),
    },
    transport: createSimTransport(host, network, gate),
    probe: {
      publish: (module, truth) => {
        if (!alive()) return;
        options.called();
        options.publish(module, truth);
        const { ready, state, quality } = truth;
        const text = `${ready} ${state} ${quality}`;
        if (published[module] === text) return;
        published = { ...published, [module]: text };
        note({ kind: 'probe', node, module, ready, state, quality });
      },
      remove: (module) => {
        if (!alive()) return;
        published = { ...published, [module]: '' };
        options.publish(module, null);
      },
      tick: () => options.tick(),
      sources: (module) => later(1, () => options.sources(module)),
    },
  };
}

function parse(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

/** A module as the simulator applies it: with that configuration, and executables of those scripts. */
export function simActive(name: string, id: number, config: ActiveModule['config'], scripts: readonly string[]): ActiveModule {
  const binDir = `/safe/private/modules/${name}/bin`;
  return {
    name,
    id,
    config,
    signature: 'simulated',
    appliedWallMs: 0,
    binDir,
    varDir: `/var/modules/${name}`,
    scripts: Object.fromEntries(scripts.map((script) => [script, `${binDir}/${script}`])),
    env: {},
  };
}
