/** The ports of one run of a daemon on a simulated machine. When the daemon is killed they fall silent; the machine goes on. */
import type {
  ActiveModule,
  ExitStatus,
  LogEntry,
  Ports,
  ProcessIdentity,
  RunningScript,
  ScriptPortEvent,
} from '../actors/ports.js';
import type { ProbeSource } from '../machines/module.types.js';
import type { ScriptBook, SimHost } from './sim-host.js';
import type { SimNetwork } from './sim-network.js';
import { createSimTransport } from './sim-transport.js';
import type { VirtualTime } from './virtual-time.js';

/** Facts that the simulator notes while it runs; invariants and reports are made from them alone. */
export type Fact =
  | {
      readonly kind: 'script.begin' | 'script.end';
      readonly node: string;
      readonly module: string;
      readonly script: string;
      readonly args: readonly string[];
      readonly pid: number;
    }
  | {
      readonly kind: 'probe';
      readonly node: string;
      readonly module: string;
      readonly ready: boolean;
      readonly state: string;
      readonly quality: string;
    }
  | { readonly kind: 'log'; readonly node: string; readonly module: string | null; readonly entry: LogEntry }
  | { readonly kind: 'daemon'; readonly node: string; readonly phase: 'started' | 'killed' | 'left' }
  | { readonly kind: 'fault'; readonly node: string; readonly what: string };

export interface SimPortsOptions {
  readonly host: SimHost;
  readonly time: VirtualTime;
  readonly network: SimNetwork;
  readonly scripts: ScriptBook;
  readonly note: (fact: Fact) => void;
  readonly alive: () => boolean;
  /** What balancers were told, kept by the world: it outlives the daemon only as 'no answer'. */
  readonly publish: (
    module: string,
    truth: { readonly ready: boolean; readonly state: string; readonly quality: string } | null,
  ) => void;
  readonly tick: () => void;
  readonly sources: (module: string) => readonly ProbeSource[];
}

/** Reading the process table takes that long, in ms. */
const scanMs = 4;
const spawnMs = 2;

/** Builds the ports of one run of a daemon. */
export function createSimPorts(options: SimPortsOptions): Ports {
  const { host, time, network, note, alive } = options;
  const { name: node } = host;

  /** A promise that is kept after a while, and never by a daemon that is dead. */
  const later = <T>(delayMs: number, value: () => T): Promise<T> =>
    new Promise((resolve) => {
      time.touch();
      host.schedule(delayMs, () => {
        if (alive()) resolve(value());
      });
    });

  const watchScript = (process: ProcessIdentity, onEvent: (event: ScriptPortEvent) => void): RunningScript => {
    let open = true;
    const unwatch = host.watch(process, (exit) => {
      if (open && alive()) onEvent({ type: 'exited', exit, atMs: host.monotonicMs() });
    });
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

  return {
    clock: {
      monotonicMs: () => host.monotonicMs(),
      wallMs: () => host.wallMs(),
      setTimeout: (callback, delayMs) =>
        host.schedule(delayMs, () => {
          if (alive()) callback();
        }),
      clearTimeout: (handle) => time.cancel(handle),
    },
    random: { hex: (bytes) => host.random.hex(bytes) },
    host: { hostname: node, bootId: host.bootId(), addresses: () => [] },
    processes: {
      list: () => later(scanMs, () => host.processes()),
      isAlive: (process) => host.isAlive(process),
      watchExit: (process, onExit) => {
        const close = host.watch(process, (exit: ExitStatus) => {
          if (alive()) onExit(exit, host.monotonicMs());
        });
        return { close };
      },
    },
    services: {
      states: (names) => later(scanMs, () => names.map((name) => ({ name, state: 'unknown' as const, mainProcess: null }))),
    },
    scripts: {
      guardUserlogs: () => undefined,
      adopt: (process, onEvent) => watchScript(process, onEvent),
      start(spec, onEvent) {
        const { module, script, args, path } = spec;
        const behaviour = options.scripts(module, script, args, host.random);
        if (behaviour.fails) {
          host.schedule(spawnMs, () => {
            if (alive())
              onEvent({ type: 'failed', code: 'SCRIPT_FAILED', message: 'cannot be executed', atMs: host.monotonicMs() });
          });
          return { signal: () => undefined, close: () => undefined };
        }
        const finish = (exit: ExitStatus): void => {
          if (!host.isAlive(process)) return;
          note({ kind: 'script.end', node, module, script, args, pid: process.pid });
          host.end(process, exit);
        };
        const process: ProcessIdentity = host.spawn({
          name: script,
          args: ['/bin/sh', path, ...args],
          module,
          onSignal: (signal) => {
            if (behaviour.unkillable || (behaviour.ignoresTerm && signal === 'SIGTERM')) return;
            finish({ kind: 'signal', signal });
          },
        });
        note({ kind: 'script.begin', node, module, script, args, pid: process.pid });
        if (behaviour.durationMs !== null) {
          host.schedule(behaviour.durationMs, () => finish({ kind: 'code', code: behaviour.exitCode }));
        }
        const { effect } = behaviour;
        if (effect !== null) {
          host.schedule(effect.afterMs, () => {
            // What a script set going in the background goes on after it; what it has not come to does not happen any more.
            const late = behaviour.durationMs !== null && effect.afterMs > behaviour.durationMs;
            if (!late && !host.isAlive(process)) return;
            if (effect.kind === 'start') host.spawn({ name: `app-${module}`, args: [`/opt/app-${module}`], module });
            else for (const one of host.applications(module)) host.signal(one, effect.kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
          });
        }
        host.schedule(spawnMs, () => {
          if (alive()) onEvent({ type: 'started', process, outputFile: `${script}.ulog`, atMs: host.monotonicMs() });
        });
        return watchScript(process, onEvent);
      },
    },
    records: {
      load: (key, name) => later(1, () => parse(host.read(`${key}/${name}`))),
      save: (key, name, value) => (alive() ? host.write(`${key}/${name}`, JSON.stringify(value)) : new Promise(() => undefined)),
      remove: (key, name) => (alive() ? host.write(`${key}/${name}`, null) : new Promise(() => undefined)),
    },
    logs: {
      module: (module, entry) => note({ kind: 'log', node, module, entry }),
      node: (entry) => note({ kind: 'log', node, module: null, entry }),
      command: () => undefined,
      readModule: () => Promise.resolve([]),
      readCommands: () => Promise.resolve([]),
      followModule: () => ({ close: () => undefined }),
      listUserlogs: () => Promise.resolve([]),
      readUserlog: () => Promise.resolve(null),
    },
    transport: createSimTransport(host, network, alive),
    probe: {
      publish: (module, truth) => {
        if (!alive()) return;
        note({ kind: 'probe', node, module, ready: truth.ready, state: truth.state, quality: truth.quality });
        options.publish(module, truth);
      },
      remove: (module) => {
        if (alive()) options.publish(module, null);
      },
      tick: () => options.tick(),
      sources: (module) => later(1, () => options.sources(module)),
    },
  };
}

function parse(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

/** A module as the simulator applies it. */
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
