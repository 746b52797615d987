/** A whole simulated cluster: nodes, network, modules, balancer and clients, in one process and one virtual time, from one seed. */
import type { InspectionEvent } from 'xstate';
import { compilePosixRegex } from '../config/posix-regex.js';
import type { ClusterConfig, ModuleConfig, ProcConfig } from '../config/types.js';
import { compileMatcher } from '../machines/process-match.js';
import { type Balancer, type BalancerPreset, createBalancer } from './balancer.js';
import type { Fact, TimedFact } from './facts.js';
import { createSeededRandom, type SeededRandom } from './random.js';
import { faultyBehaviour, ordinaryBehaviour, type ScriptCall, type ScriptFault } from './script-book.js';
import { createSimNetwork, type SimNetwork } from './sim-network.js';
import { createSimNode, type SimNode } from './sim-node.js';
import { simActive } from './sim-ports.js';
import type { CheckFault } from './sim-prober.js';
import { createVirtualTime, type VirtualTime } from './virtual-time.js';

/** One module of a simulated cluster, the same on all nodes. */
export interface SimModule {
  readonly name: string;
  readonly config: ModuleConfig;
  /** Scripts that there are, by their names. */
  readonly scripts: readonly string[];
}
export interface WorldOptions {
  readonly seed: string;
  readonly cluster: ClusterConfig;
  readonly modules: readonly SimModule[];
  /** Null: no balancer and no clients. */
  readonly balancer: { readonly preset: BalancerPreset; readonly requestEveryMs: number } | null;
  readonly inspect?: (event: InspectionEvent, node: string) => void;
  /** Facts that are kept for reports; default 400, the last ones. */
  readonly traceLength?: number;
}

export interface World {
  readonly options: WorldOptions;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly startMs: number;
  readonly network: SimNetwork;
  readonly nodes: ReadonlyMap<string, SimNode>;
  readonly balancer: Balancer | null;
  /** The last facts, oldest first. */
  readonly trace: readonly TimedFact[];
  /** Scripts that misbehave now: `node/module/script` → how. */
  readonly scriptFaults: Map<string, ScriptFault>;
  /** What is wrong with checked things now: `node/module/resource` → how. */
  readonly checkFaults: Map<string, CheckFault>;
  /** Resources that faults have set: `node/module/resource`. */
  readonly resourceFaults: Set<string>;
  /** Classes whose monitoring plans switched off, as `node/module/class`. */
  readonly errdFaults: Set<string>;
  node(name: string): SimNode;
  note(fact: Fact): void;
  /** Is told of every fact as it happens. */
  watch(watcher: (fact: Fact, atMs: number) => void): void;
  /** Errors that the daemon's own code let out. */
  readonly defects: readonly string[];
  /** Runs until that many ms after the beginning. */
  runUntil(sinceStartMs: number): Promise<void>;
}

export const defaultScripts: readonly string[] = ['prestart', 'start_both', 'stop_both'];

/** A text that a simple POSIX expression matches: its literal parts. What it cannot make up, `unmatchedProcs` names. */
const literalOf = (pattern: string): string =>
  pattern
    .replace(/\(([^()|]*)\|[^()]*\)/g, '$1')
    .replace(/\[\^[^\]]*\][*+]?/g, 'x')
    .replace(/\[([^\]])[^\]]*\][*+]?/g, '$1')
    .replace(/\.[*+]/g, '')
    .replace(/\\(.)|[\^$?*+()]/g, '$1');

/** Processes of one `<proc>`: what its application consists of in simulation. */
export function processesOf(proc: ProcConfig): readonly { readonly name: string; readonly args: readonly string[] }[] {
  const count = Math.max(0, proc.atLeast);
  if (proc.service) return count === 0 ? [] : [{ name: proc.name, args: [`/lib/services/${proc.name}`] }];
  const name = proc.nameRegex === null ? proc.name : literalOf(proc.nameRegex);
  // The expression is about all arguments, the executable first, joined by blanks.
  const args = proc.argRegex === null ? [`/opt/${name}`] : literalOf(proc.argRegex).split(' ');
  return Array.from({ length: count }, () => ({ name, args }));
}

/** What a module's application consists of: the processes that errd counts; one of its own where there is no errd. */
export function applicationOf(
  module: string,
  config: ModuleConfig,
): readonly { readonly name: string; readonly args: readonly string[] }[] {
  const processes = (config.errd?.procs ?? []).flatMap(processesOf);
  return processes.length > 0 ? processes : [{ name: `app-${module}`, args: [`/opt/app-${module}`] }];
}

/** `<proc>`s whose processes the simulator cannot make up: their expressions are too clever. */
export function unmatchedProcs(config: ModuleConfig): readonly string[] {
  return (config.errd?.procs ?? [])
    .filter((proc) => {
      const { matches } = compileMatcher(proc, 'linux', compilePosixRegex);
      return !proc.service && !processesOf(proc).every(({ name, args }) => matches({ name: name.slice(0, 15), args }));
    })
    .map((proc) => proc.name);
}

/** Builds the world; machines are on, no daemon runs yet. */
export function createWorld(options: WorldOptions): World {
  const random = createSeededRandom(options.seed);
  const time = createVirtualTime();
  const startMs = time.nowMs();
  const network = createSimNetwork(time, random.fork('network'));
  const { cluster, traceLength = 400 } = options;
  const watchers: ((fact: Fact, atMs: number) => void)[] = [];
  const trace: TimedFact[] = [];
  const defects: string[] = [];
  const scriptFaults = new Map<string, ScriptFault>();
  const checkFaults = new Map<string, CheckFault>();
  const resourceFaults = new Set<string>();
  const errdFaults = new Set<string>();

  const note = (fact: Fact): void => {
    const atMs = time.nowMs();
    trace.push({ atMs, fact });
    if (trace.length > 2 * traceLength) trace.splice(0, trace.length - traceLength);
    for (const watcher of watchers) watcher(fact, atMs);
  };
  const scripts = (call: ScriptCall, own: SeededRandom) => {
    const fault = scriptFaults.get(`${call.node}/${call.module}/${call.script}`);
    return fault === undefined ? ordinaryBehaviour(call, own) : faultyBehaviour(call, fault, own);
  };
  const modules = options.modules.map((module, index) => ({
    active: simActive(module.name, index + 1, module.config, module.scripts),
    application: applicationOf(module.name, module.config),
  }));
  const nodes = new Map(
    cluster.nodes.map((name) => [
      name,
      createSimNode({
        name,
        time,
        network,
        random: random.fork(name),
        cluster,
        modules,
        scripts,
        checkFault: (module, resource) => checkFaults.get(`${name}/${module}/${resource}`) ?? null,
        note,
        inspect: options.inspect === undefined ? null : (event) => options.inspect?.(event, name),
        onDefect: (node, error) => {
          defects.push(`${node}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        },
      }),
    ]),
  );
  const node = (name: string): SimNode => {
    const found = nodes.get(name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  };
  const targets = cluster.nodes.flatMap((name) =>
    options.modules.map((module) => ({
      node: name,
      module: module.name,
      probe: () => node(name).probe(module.name, 'balancer'),
      request: () => {
        const one = node(name);
        if (one.unreachable) return 'node cut off';
        if (!one.host.powered()) return 'node off';
        if (one.host.suspended()) return 'node suspended';
        return one.serves(module.name) ? null : 'application not running';
      },
    })),
  );
  const balancer =
    options.balancer === null
      ? null
      : createBalancer({ time, random: random.fork('balancer'), targets, note, ...options.balancer });

  return {
    options,
    time,
    random,
    startMs,
    network,
    nodes,
    balancer,
    trace,
    scriptFaults,
    checkFaults,
    resourceFaults,
    errdFaults,
    defects,
    node,
    note,
    watch: (watcher) => void watchers.push(watcher),
    runUntil: (sinceStartMs) => time.runUntil(startMs + sinceStartMs),
  };
}

/** A cluster of that many nodes (n1, n2 …) on one lan. */
export function simCluster(
  count: number,
  settings: Partial<Pick<ClusterConfig, 'pulseMs' | 'slostCount' | 'mlostCount' | 'preset'>> & { readonly lans?: number } = {},
): ClusterConfig {
  const { lans = 1, ...rest } = settings;
  const nodes = Array.from({ length: count }, (_, index) => `n${index + 1}`);
  return {
    port: 4800,
    pulseMs: 100,
    slostCount: 5,
    mlostCount: 8,
    preset: 'lan',
    ...rest,
    nodes,
    lans: Array.from({ length: lans }, (_, lan) => ({
      name: `lan${lan + 1}`,
      command: lan === 0,
      nodes: nodes.map((node, index) => ({ node, addr: `10.${lan}.${index >> 8}.${(index & 255) + 1}`, laddr: null })),
    })),
  };
}
