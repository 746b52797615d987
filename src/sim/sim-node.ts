/**
 * One simulated node: a machine, and on it at most one daemon, started as the composition root starts the real one.
 * A daemon that is killed falls silent at whatever await it had come to; its actors are dropped without effects.
 */
import type { InspectionEvent } from 'xstate';
import type { ModuleCommand } from '../actors/face.js';
import { createNodeRuntime, type NodeRuntime } from '../actors/node-runtime.js';
import type { ActiveModule } from '../actors/ports.js';
import { compilePosixRegex } from '../config/posix-regex.js';
import type { ClusterConfig, ProcConfig } from '../config/types.js';
import type { ProbeSource, SwitchName } from '../machines/module.types.js';
import { compileMatcher } from '../machines/process-match.js';
import type { ProbeAnswer } from './balancer.js';
import type { Fact } from './facts.js';
import type { SeededRandom } from './random.js';
import type { ScriptBook } from './script-book.js';
import { createSimHost, type SimHost } from './sim-host.js';
import type { SimNetwork } from './sim-network.js';
import { createSimPorts, type ProbeTruth } from './sim-ports.js';
import type { CheckFault } from './sim-prober.js';
import type { DaemonGate } from './sim-transport.js';
import type { VirtualTime } from './virtual-time.js';

/** What is installed on a node: one module with what its application consists of. */
export interface InstalledSimModule {
  readonly active: ActiveModule;
  readonly application: readonly { readonly name: string; readonly args: readonly string[] }[];
}

export interface SimNodeOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly network: SimNetwork;
  readonly random: SeededRandom;
  readonly cluster: ClusterConfig;
  readonly modules: readonly InstalledSimModule[];
  readonly scripts: ScriptBook;
  /** What is wrong with the thing that a checker looks at. */
  readonly checkFault: (module: string, resource: string) => CheckFault | null;
  readonly note: (fact: Fact) => void;
  readonly inspect: ((event: InspectionEvent) => void) | null;
  /** Something that must never happen happened in the daemon's own code. */
  readonly onDefect: (node: string, error: unknown) => void;
}

/** One run of the daemon. */
interface Run {
  alive: boolean;
  stalled: boolean;
  parked: (() => void)[];
  runtime: NodeRuntime | null;
  begun: boolean;
  readonly truths: Map<string, ProbeTruth>;
  lastTickMs: number;
}

export interface SimNode {
  readonly name: string;
  readonly host: SimHost;
  /** The actors of the daemon that runs now; null while there is none or it is beginning. */
  runtime(): NodeRuntime | null;
  running(): boolean;
  /** The daemon has read what is on disk and has joined its cluster. */
  begun(): boolean;
  stalled(): boolean;
  start(): void;
  kill(): void;
  /** Kills the daemon when it has called that many more of its ports: at whatever await it has come to then. Null: not any more. */
  killAtCall(calls: number | null): void;
  /** Stops all modules, says goodbye and ends; resolves when the daemon is gone. */
  shutdown(): void;
  /** Ends at once and leaves the applications running. */
  leave(): void;
  stall(on: boolean): void;
  suspend(): void;
  resume(): void;
  powerOff(): void;
  powerOn(): void;
  command(module: string, action: ModuleCommand, identity: string | null): void;
  /** @returns whether the daemon could be told. */
  setResource(module: string, name: string, value: string): boolean;
  /** Kills processes of a module's application. */
  killApplication(module: string, name: string | null, signal: string): void;
  /** Starts processes of the application beside those that there are. */
  addStrays(module: string, count: number): void;
  loop(module: string, what: 'increment' | 'reset'): void;
  /** @returns whether the daemon could be told. */
  switchErrd(module: string, processClass: string, on: boolean): boolean;
  /** Uses a maintenance switch that is not so yet. @returns whether the daemon could be told. */
  maintain(module: string, what: SwitchName, on: boolean): boolean;
  /** Applies the other configuration, or the usual one, where the module's state allows it. @returns whether the daemon could be told. */
  reconfigure(module: string, other: boolean): boolean;
  /** What the probe's listener answers now. */
  probe(module: string, prober: string): ProbeAnswer;
  /** Whether the application could serve a request. */
  serves(module: string): boolean;
  /** Whether all processes of the application are there. */
  applicationRuns(module: string): boolean;
  /** Scans of processes fail. */
  blind: boolean;
  /** Cut off from balancers and clients. */
  unreachable: boolean;
}

/** Without a tick of the control loop for that long every answer is 404, in ms. */
const tickLimitMs = 2_000;
const clusterId = '00112233445566778899aabbccddeeff';

/** What may change while a module runs: other limits, and one more process that is looked for in vain. */
function otherConfiguration(active: ActiveModule): ActiveModule {
  const { config } = active;
  const procs = config.errd?.procs ?? [];
  const ghost: ProcConfig = {
    name: 'ghost',
    service: false,
    nameRegex: null,
    argRegex: null,
    class: 'both',
    action: { kind: 'noaction' },
    restartServices: [],
    atLeast: 1,
    atMax: -1,
    startAfter: 0,
    settleMs: 500,
  };
  return { ...active, config: { ...config, errd: { pollTimerMs: 3_000, procs: [...procs, ghost] } }, signature: 'changed' };
}

/** A node whose machine is on and whose daemon has not been started. */
export function createSimNode(options: SimNodeOptions): SimNode {
  const { name, time, network, note, cluster, modules } = options;
  const host = createSimHost(name, time, options.random);
  const named = new Map(modules.map((module) => [module.active.name, module]));
  const probers = new Map<
    string,
    { source: string; intervalMs: number | null; lastAtMs: number; refusals: number; module: string }
  >();
  let run: Run | null = null;
  /** Calls of ports until the daemon is killed. */
  let callsLeft: number | null = null;
  /** Configurations that were applied instead of the usual ones; they are on disk. */
  const applied = new Map<string, ActiveModule>();

  const applicationRuns = (module: string): boolean => {
    const running = host.applications(module).map((one) => one.name);
    return (named.get(module)?.application ?? []).every(({ name: wanted }) => running.includes(wanted.slice(0, 15)));
  };

  const start = async (own: Run): Promise<void> => {
    const gate: DaemonGate = {
      alive: () => own.alive,
      enter: (work) => {
        if (!own.alive) return;
        if (own.stalled) own.parked.push(work);
        else work();
      },
    };
    const ports = createSimPorts({
      host,
      time,
      network,
      gate,
      note,
      scripts: options.scripts,
      application: (module) => named.get(module)?.application ?? [],
      publish: (module, truth) => {
        const before = own.truths.get(module)?.ready ?? false;
        if (truth === null) own.truths.delete(module);
        else own.truths.set(module, truth);
        if (before && truth?.ready !== true) for (const one of probers.values()) if (one.module === module) one.refusals = 0;
      },
      tick: () => {
        own.lastTickMs = host.monotonicMs();
      },
      sources: (module): readonly ProbeSource[] =>
        [...probers.values()]
          .filter((one) => one.module === module)
          .map(({ source, intervalMs, lastAtMs, refusals }) => ({ source, intervalMs, lastAtMs, refusals })),
      checked: {
        fault: options.checkFault,
        runs: applicationRuns,
        other: (module) => {
          if (!named.has(module)) return null;
          const truth = own.truths.get(module);
          return { ready: truth?.ready === true, started: String(truth?.started ?? 0) };
        },
        assign: (module, resource, value) => {
          const actor = own.runtime?.hosts.get(module)?.actor;
          actor?.send({ type: 'resource.assign', name: resource, value, by: 'checker', atMs: host.monotonicMs() });
        },
      },
      blind: () => node.blind,
      called: () => {
        if (callsLeft === null || !own.alive) return;
        callsLeft -= 1;
        if (callsLeft > 0) return;
        callsLeft = null;
        // What runs now comes to its next await; nothing comes after that.
        queueMicrotask(() => {
          time.touch();
          if (!host.suspended()) drop(own, 'killed');
        });
      },
    });
    const stored = await ports.records.load('node', 'starts');
    const last = typeof stored === 'number' ? stored : 0;
    const epoch = Math.max(last + 1, Math.floor(host.wallMs() / 1000));
    await ports.records.save('node', 'starts', epoch).catch(() => undefined);
    const runtime = createNodeRuntime({
      ports,
      node: name,
      version: 'simulated',
      epoch,
      compileMatcher: (proc) => compileMatcher(proc, 'linux', compilePosixRegex).matches,
      ...(options.inspect ? { inspect: options.inspect } : {}),
    });
    own.runtime = runtime;
    for (const { active } of modules) await runtime.addModule(applied.get(active.name) ?? active);
    await runtime.joinCluster({ self: name, cluster, clusterId, keyHex: null, signature: 'aa' });
    own.begun = true;
    note({ kind: 'daemon', node: name, phase: 'ready' });
  };
  const drop = (own: Run, phase: 'killed' | 'left'): void => {
    if (!own.alive) return;
    own.alive = false;
    own.parked = [];
    if (run === own) run = null;
    note({ kind: 'daemon', node: name, phase });
    // Nothing of it reaches the world any more: its ports are silent.
    own.runtime?.leave().catch(() => undefined);
  };
  /** Whether there is a daemon that could be told anything: nobody is told on a machine that stands still. */
  const hears = (): boolean => run !== null && !run.stalled && !host.suspended();
  const ends = (work: (runtime: NodeRuntime) => Promise<void>): void => {
    const own = run;
    if (own === null || !hears()) return;
    time.touch();
    if (own.runtime === null || !own.begun) {
      drop(own, 'left');
      return;
    }
    work(own.runtime).then(
      () => drop(own, 'left'),
      (error: unknown) => options.onDefect(name, error),
    );
  };

  /** The module's actor, where the daemon can take a command. */
  const actorOf = (module: string) => {
    time.touch();
    if (run === null || !run.begun || run.stalled || host.suspended()) return undefined;
    return run.runtime?.hosts.get(module)?.actor;
  };

  const node: SimNode = {
    name,
    host,
    blind: false,
    unreachable: false,
    runtime: () => run?.runtime ?? null,
    running: () => run !== null,
    begun: () => run?.begun ?? false,
    stalled: () => run?.stalled ?? false,
    start() {
      if (run !== null || !host.powered()) return;
      const own: Run = {
        alive: true,
        stalled: false,
        parked: [],
        runtime: null,
        begun: false,
        truths: new Map(),
        lastTickMs: host.monotonicMs(),
      };
      run = own;
      note({ kind: 'daemon', node: name, phase: 'started' });
      time.touch();
      start(own).catch((error: unknown) => options.onDefect(name, error));
    },
    kill: () => {
      time.touch();
      // On a machine that stands still nothing is killed either.
      if (run !== null && !host.suspended()) drop(run, 'killed');
    },
    killAtCall: (calls) => {
      callsLeft = calls;
    },
    shutdown: () => {
      if (!hears()) return;
      note({ kind: 'fault', node: name, what: 'daemon shutdown asked for' });
      ends((runtime) => runtime.shutdown('root'));
    },
    leave: () => ends((runtime) => runtime.leave()),
    stall(on) {
      const own = run;
      if (own === null || own.stalled === on) return;
      own.stalled = on;
      note({ kind: 'machine', node: name, phase: on ? 'stalled' : 'unstalled' });
      if (on) return;
      const due = own.parked;
      own.parked = [];
      for (const work of due) if (own.alive) work();
      time.touch();
    },
    suspend() {
      if (!host.powered() || host.suspended()) return;
      host.suspend();
      note({ kind: 'machine', node: name, phase: 'suspended' });
    },
    resume() {
      if (!host.powered() || !host.suspended()) return;
      host.resume();
      note({ kind: 'machine', node: name, phase: 'resumed' });
    },
    powerOff() {
      if (!host.powered()) return;
      time.touch();
      if (run !== null) drop(run, 'killed');
      host.powerOff();
      note({ kind: 'machine', node: name, phase: 'off' });
    },
    powerOn() {
      if (host.powered()) return;
      host.powerOn();
      probers.clear();
      note({ kind: 'machine', node: name, phase: 'on' });
    },
    command(module, action, identity) {
      const own = run;
      const told = (answer: Extract<Fact, { kind: 'command' }>['answer'], message: string): void =>
        note({ kind: 'command', node: name, module, action, identity, answer, message });
      if (own === null || own.runtime === null || !own.begun || own.stalled || host.suspended()) {
        told('unreachable', 'the daemon does not answer');
        return;
      }
      time.touch();
      const { runtime } = own;
      const outcome = runtime.command({ action, module, nodes: null, caller: { who: identity ?? 'root', identity } });
      if (!outcome.ok) told('refused', outcome.failure.message);
      else {
        const [answer] = outcome.value.nodes;
        told(answer?.state === 'already' ? 'already' : 'run', answer?.message ?? '');
      }
    },
    setResource(module, resource, value) {
      const actor = actorOf(module);
      if (actor === undefined) return false;
      note({ kind: 'resource', node: name, module, name: resource, value });
      actor.send({ type: 'resource.assign', name: resource, value, by: 'root', atMs: host.monotonicMs() });
      return true;
    },
    addStrays(module, count) {
      const [process] = named.get(module)?.application ?? [];
      if (process === undefined || !host.powered()) return;
      for (let stray = 0; stray < count; stray += 1) host.spawn({ ...process, module, application: true });
    },
    loop(module, what) {
      const actor = actorOf(module);
      const type = what === 'increment' ? ('loop.increment' as const) : ('loop.reset' as const);
      actor?.send({ type, by: 'script', atMs: host.monotonicMs() });
    },
    switchErrd(module, processClass, on) {
      const actor = actorOf(module);
      actor?.send({ type: 'errd.switch', class: processClass, on, by: 'root', atMs: host.monotonicMs() });
      return actor !== undefined;
    },
    maintain(module, what, on) {
      const actor = actorOf(module);
      if (actor === undefined) return false;
      if (actor.getSnapshot().context.switches[what] === on) return true;
      note({ kind: 'switch', node: name, module, what, on });
      actor.send({ type: 'maintenance.switch', what, on, by: 'root', atMs: host.monotonicMs() });
      return true;
    },
    reconfigure(module, other) {
      const own = run;
      const usual = named.get(module)?.active;
      if (actorOf(module) === undefined || usual === undefined || own === null || own.runtime === null) return false;
      const next = other ? otherConfiguration(usual) : usual;
      const status = own.runtime.hosts.get(module)?.status();
      const runs = status !== undefined && status.state !== 'STOP';
      const allowed = !runs || (!status.path.endsWith('.updating') && (status.state === 'WAIT' || status.quality === 'Ready'));
      if (!allowed) return true;
      applied.set(module, next);
      note({ kind: 'fault', node: name, what: `${module} is reconfigured ${runs ? 'while it runs' : 'in STOP'}` });
      if (runs) own.runtime.reconfigure(next, 'root');
      else own.runtime.addModule(next, 'configured').catch((error: unknown) => options.onDefect(name, error));
      return true;
    },
    killApplication(module, process, signal) {
      time.touch();
      for (const one of host.applications(module))
        if (process === null || one.name === process.slice(0, 15)) host.signal(one, signal);
    },
    probe(module, prober) {
      if (run === null || host.suspended() || node.unreachable) return 'none';
      const ready = run.truths.get(module)?.ready === true && host.monotonicMs() - run.lastTickMs <= tickLimitMs;
      const key = `${prober} ${module}`;
      const before = probers.get(key);
      const atMs = host.monotonicMs();
      const intervalMs = before === undefined ? null : atMs - before.lastAtMs;
      probers.set(key, { source: prober, module, intervalMs, lastAtMs: atMs, refusals: ready ? 0 : (before?.refusals ?? 0) + 1 });
      return ready ? 'ok' : 'refused';
    },
    applicationRuns,
    serves(module) {
      if (!host.powered() || host.suspended() || node.unreachable) return false;
      return applicationRuns(module);
    },
  };
  return node;
}
