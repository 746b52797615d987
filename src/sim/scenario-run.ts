/** Runs a scenario on a configuration, and tells what happened as plain data. */
import type { InspectionEvent } from 'xstate';
import type { ClusterConfig } from '../config/types.js';
import { balancerPresets } from './balancer.js';
import { describe, type Fact, secondsOf } from './facts.js';
import { breakCheck } from './faults.js';
import { watchInvariants } from './invariants.js';
import type { Scenario, ScenarioAction, ScenarioCondition } from './scenario-parse.js';
import { goodLink } from './sim-network.js';
import { createWorld, type SimModule, type World } from './world.js';

/** A stretch of time, in ms since the beginning. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: string;
  /** For colours: `up ready`, `off`, `script failed` … */
  readonly kind: string;
}
export interface Lane {
  readonly node: string;
  readonly module: string;
  readonly states: readonly Span[];
  readonly scripts: readonly Span[];
  /** What the balancer holds of the target. */
  readonly target: readonly Span[];
  /** Of the machine and the daemon: off, suspended, no daemon. */
  readonly machine: readonly Span[];
  readonly marks: readonly { readonly atMs: number; readonly text: string }[];
}
export interface Simulation {
  readonly title: string;
  readonly seed: string;
  readonly forMs: number;
  readonly balancer: string | null;
  readonly nodes: readonly string[];
  readonly lanes: readonly Lane[];
  readonly events: readonly { readonly atMs: number; readonly node: string; readonly kind: string; readonly text: string }[];
  readonly views: readonly { readonly atMs: number; readonly node: string; readonly leader: string; readonly members: string }[];
  readonly requests: readonly {
    readonly module: string;
    readonly sent: number;
    readonly succeeded: number;
    readonly lost: Readonly<Record<string, number>>;
  }[];
  /** Lost requests by second. */
  readonly losses: readonly { readonly atMs: number; readonly count: number }[];
  readonly expectations: readonly {
    readonly text: string;
    readonly line: number;
    readonly met: boolean;
    readonly found: string;
  }[];
  /** An invariant that was broken: a defect of ours. */
  readonly violation: string | null;
}

/** Log lines that a timeline shows: what the facts say already is left out. */
function isTelling(fact: Fact): boolean {
  if (fact.kind === 'fault') return !fact.what.startsWith('script-less');
  if (fact.kind !== 'log') return true;
  const { level, message } = fact.entry;
  if (message.startsWith('Local state') || message.startsWith('farm load')) return false;
  return level === 'C' || level === 'E' || level === 'U';
}

function carryOut(world: World, action: ScenarioAction): void {
  const modules = world.options.modules.map((module) => module.name);
  const named = (module: string | null): readonly string[] => (module === null ? modules : [module]);
  const note = (node: string, what: string): void => world.note({ kind: 'fault', node, what });
  switch (action.do) {
    case 'killProcess':
      note(action.node, `kill ${action.process === null ? 'application' : `process ${action.process}`}`);
      for (const module of modules) world.node(action.node).killApplication(module, action.process, 'SIGKILL');
      return;
    case 'powerOff':
      world.node(action.node).powerOff();
      return;
    case 'powerOn':
      world.node(action.node).powerOn();
      world.time.schedule(1_000, () => world.node(action.node).start());
      return;
    case 'suspend':
      world.node(action.node).suspend();
      return;
    case 'resume':
      world.node(action.node).resume();
      return;
    case 'killDaemon':
      world.node(action.node).kill();
      return;
    case 'startDaemon':
      world.node(action.node).start();
      return;
    case 'stopDaemon':
      world.node(action.node).shutdown();
      return;
    case 'freezeDaemon':
      world.node(action.node).stall(true);
      return;
    case 'thawDaemon':
      world.node(action.node).stall(false);
      return;
    case 'cut':
      for (const left of action.left) {
        for (const right of action.right) {
          world.network.cut(left, right, null);
          if (action.both) world.network.cut(right, left, null);
        }
      }
      note('-', `cut ${action.left.join(' ')} ${action.both ? '|' : '>'} ${action.right.join(' ')}`);
      return;
    case 'heal':
      world.network.healAll();
      note('-', 'the network is whole');
      return;
    case 'links':
      world.network.setQuality({ ...goodLink, latencyMs: action.latencyMs, loss: action.loss });
      note('-', `links lose ${action.loss * 100} %, delay ${action.latencyMs} ms`);
      return;
    case 'disk': {
      const { disk } = world.node(action.node).host;
      disk.full = action.condition === 'full';
      disk.hung = action.condition === 'hung';
      note(action.node, action.condition === 'full' ? 'diskFull' : action.condition === 'hung' ? 'diskHung' : 'diskFull over');
      return;
    }
    case 'balancerCut':
      world.node(action.node).unreachable = action.cut;
      note(action.node, action.cut ? 'unreachable for the balancer' : 'reachable for the balancer');
      return;
    case 'clock':
      world.node(action.node).host.jumpWall(action.deltaMs);
      note(action.node, `wall clock moves by ${action.deltaMs / 1_000} s`);
      return;
    case 'command':
      for (const node of action.node === null ? world.nodes.keys() : [action.node]) {
        for (const module of named(action.module)) world.node(node).command(module, action.action, null);
      }
      return;
    case 'set':
      for (const module of named(action.module)) world.node(action.node).setResource(module, action.resource, action.value);
      return;
    case 'check':
      for (const module of named(action.module)) breakCheck(world, action.node, module, action.resource, action.found);
      return;
    case 'script':
      for (const module of named(action.module)) {
        const key = `${action.node}/${module}/${action.script}`;
        if (action.fault === null) world.scriptFaults.delete(key);
        else world.scriptFaults.set(key, action.fault);
      }
      note(action.node, `script ${action.script} ${action.fault ?? 'works'}`);
  }
}

function check(world: World, condition: ScenarioCondition): { readonly met: boolean; readonly found: string } {
  if (condition.is === 'lost') {
    let lost = 0;
    for (const counts of world.balancer?.requests.values() ?? []) lost += counts.sent - counts.succeeded;
    return { met: lost <= condition.most, found: `${lost} lost` };
  }
  const node = world.node(condition.node);
  if (condition.is === 'view') {
    const found = node.runtime()?.membership()?.snapshot().view?.members.join(' ') ?? 'none';
    return { met: found === condition.members.join(' '), found };
  }
  const module = condition.module ?? world.options.modules[0]?.name ?? '';
  if (condition.is === 'answer') {
    const status = node.probe(module, 'expectation') === 'ok' ? 200 : 404;
    return { met: status === condition.status, found: String(status) };
  }
  const status = node.runtime()?.hosts.get(module)?.status();
  const found = status === undefined ? 'OFF' : `${status.state} ${status.quality}`;
  const wanted = condition.quality === null ? condition.state : `${condition.state} ${condition.quality}`;
  return { met: found === wanted || (condition.quality === null && found.startsWith(`${wanted} `)), found };
}

/** Collects spans: each begins where the one before it ends. */
class Track {
  readonly #spans: Span[] = [];
  #open: { readonly fromMs: number; readonly label: string; readonly kind: string } | null = null;

  set(atMs: number, label: string | null, kind: string): void {
    if (this.#open !== null && this.#open.label === label && this.#open.kind === kind) return;
    this.end(atMs);
    if (label !== null) this.#open = { fromMs: atMs, label, kind };
  }
  end(atMs: number): void {
    if (this.#open !== null && atMs > this.#open.fromMs) this.#spans.push({ ...this.#open, toMs: atMs });
    this.#open = null;
  }
  spans(): readonly Span[] {
    return this.#spans;
  }
}

class LaneBook {
  readonly #lane: { readonly node: string; readonly module: string };
  readonly #states = new Track();
  readonly #target = new Track();
  readonly #machine = new Track();
  readonly #scripts: Span[] = [];
  readonly #marks: { readonly atMs: number; readonly text: string }[] = [];
  #script: { readonly fromMs: number; readonly label: string } | null = null;

  constructor(node: string, module: string) {
    this.#lane = { node, module };
  }
  heed(fact: Fact, atMs: number): void {
    const { node, module } = this.#lane;
    if (fact.node !== node) return;
    if ('module' in fact && fact.module !== module) return;
    switch (fact.kind) {
      case 'probe':
        this.#states.set(
          atMs,
          `${fact.state} ${fact.quality}${fact.ready ? ', 200' : ''}`,
          `${fact.state} ${fact.quality}`.toLowerCase(),
        );
        return;
      case 'script.begin':
        this.#script = { fromMs: atMs, label: `${fact.script} ${fact.args.join(' ')}` };
        return;
      case 'script.end':
        this.#endScript(atMs, fact.exit ?? '?');
        return;
      case 'target':
        this.#target.set(
          atMs,
          fact.healthy ? 'balancer sends here' : 'balancer does not send here',
          fact.healthy ? 'healthy' : 'unhealthy',
        );
        return;
      case 'daemon':
        if (fact.phase === 'started') this.#machine.set(atMs, null, '');
        if (fact.phase !== 'killed' && fact.phase !== 'left') return;
        this.#states.end(atMs);
        this.#machine.set(atMs, 'no daemon', 'nodaemon');
        return;
      case 'machine':
        this.#heedMachine(fact.phase, atMs);
        return;
      case 'application':
        this.#marks.push({ atMs, text: `process ${fact.name} ${fact.phase}` });
        return;
      case 'command':
        this.#marks.push({ atMs, text: `command ${fact.action}: ${fact.answer}` });
        return;
      case 'fault':
        if (!fact.what.startsWith('script-less')) this.#marks.push({ atMs, text: fact.what });
        return;
      case 'resource':
        this.#marks.push({ atMs, text: `resource ${fact.name} = ${fact.value}` });
        return;
      case 'log':
      case 'lost':
        return;
    }
  }
  #heedMachine(phase: string, atMs: number): void {
    if (phase === 'off') {
      this.#states.end(atMs);
      this.#endScript(atMs, 'power off');
      this.#machine.set(atMs, 'machine off', 'off');
    } else if (phase === 'suspended') this.#machine.set(atMs, 'suspended', 'suspended');
    else if (phase === 'stalled') this.#machine.set(atMs, 'daemon hangs', 'suspended');
    else if (phase === 'on') this.#machine.set(atMs, 'no daemon', 'nodaemon');
    else this.#machine.set(atMs, null, '');
  }
  #endScript(atMs: number, exit: string): void {
    if (this.#script === null) return;
    const { fromMs, label } = this.#script;
    this.#script = null;
    this.#scripts.push({ fromMs, toMs: atMs, label: `${label} (${exit})`, kind: exit === 'code 0' ? 'script' : 'script failed' });
  }
  lane(endMs: number): Lane {
    this.#states.end(endMs);
    this.#target.end(endMs);
    this.#machine.end(endMs);
    this.#endScript(endMs, 'still running');
    return {
      ...this.#lane,
      states: this.#states.spans(),
      scripts: this.#scripts,
      target: this.#target.spans(),
      machine: this.#machine.spans(),
      marks: this.#marks,
    };
  }
}

/** Runs it. Daemons start at once; modules that do not start at boot are started after two seconds, unless a step commands them. */
export async function simulate(
  scenario: Scenario,
  cluster: ClusterConfig,
  modules: readonly SimModule[],
  inspect?: (event: InspectionEvent, node: string, atMs: number) => void,
): Promise<Simulation> {
  const { requestsPerSecond, balancer } = scenario;
  const world: World = createWorld({
    ...(inspect === undefined ? {} : { inspect: (event, node) => inspect(event, node, since(world.time.nowMs())) }),
    seed: scenario.seed,
    cluster,
    modules,
    balancer:
      balancer === null
        ? null
        : { preset: balancerPresets[balancer], requestEveryMs: requestsPerSecond === 0 ? 0 : 1_000 / requestsPerSecond },
  });
  const since = (atMs: number): number => atMs - world.startMs;
  const books = cluster.nodes.flatMap((node) => modules.map((module) => new LaneBook(node, module.name)));
  const events: Simulation['events'][number][] = [];
  const views: Simulation['views'][number][] = [];
  const losses = new Map<number, number>();
  world.watch((fact, at) => {
    const atMs = since(at);
    for (const book of books) book.heed(fact, atMs);
    if (isTelling(fact)) events.push({ atMs, node: fact.node, kind: fact.kind, text: describe(fact) });
    if (fact.kind === 'lost') losses.set(atMs, (losses.get(atMs) ?? 0) + fact.count);
    if (fact.kind !== 'log' || fact.module !== null || fact.entry.component !== 'cluster') return;
    const { data } = fact.entry;
    if (data?.['members'] !== undefined)
      views.push({ atMs, node: fact.node, leader: String(data['leader']), members: String(data['members']) });
  });
  const watched = watchInvariants(world);
  for (const node of world.nodes.values()) node.start();
  const commanded = scenario.steps.some(({ action }) => action.do === 'command' && action.action === 'start');
  if (!commanded) {
    world.time.schedule(2_000, () => {
      for (const node of world.nodes.values())
        for (const { name, config } of modules) if (config.service.boot !== 'on') node.command(name, 'start', null);
    });
  }
  const expectations: Simulation['expectations'][number][] = [];
  const judge = ({ text, line, condition }: Scenario['expectations'][number], when: string): void => {
    expectations.push({ text: `${when}: ${text}`, line, ...check(world, condition) });
  };
  for (const step of scenario.steps) world.time.schedule(step.atMs, () => carryOut(world, step.action));
  for (const expectation of scenario.expectations) {
    const { atMs } = expectation;
    if (atMs !== null && atMs < scenario.forMs) world.time.schedule(atMs, () => judge(expectation, `at ${secondsOf(atMs, 0)}`));
  }
  await world.runUntil(scenario.forMs);
  for (const expectation of scenario.expectations)
    if (expectation.atMs === null || expectation.atMs >= scenario.forMs) judge(expectation, 'at the end');
  const violation = watched.first();
  return {
    title: scenario.title,
    seed: scenario.seed,
    forMs: scenario.forMs,
    balancer,
    nodes: cluster.nodes,
    lanes: books.map((book) => book.lane(scenario.forMs)),
    events,
    views,
    requests: [...(world.balancer?.requests ?? [])].map(([module, counts]) => ({
      module,
      sent: counts.sent,
      succeeded: counts.succeeded,
      lost: counts.lost,
    })),
    losses: [...losses].map(([atMs, count]) => ({ atMs, count })),
    expectations,
    violation: violation === null ? null : `${violation.invariant}: ${violation.condition}`,
  };
}
