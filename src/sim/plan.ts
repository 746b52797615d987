/** What one seed means: the cluster, its modules, and the faults that are scheduled; a plain value that can be kept, shrunk and run again. */
import { parseUserConfig } from '../config/module-config.js';
import type { ModuleConfig } from '../config/types.js';
import { resourceOf } from '../machines/checker-rules.js';
import { type BalancerName, balancerPresets } from './balancer.js';
import { drawRules, ruledResources } from './drawn-rules.js';
import type { Fault, FaultDetail, FaultKind } from './faults.js';
import { createSeededRandom, type SeededRandom } from './random.js';
import { scriptFaultKinds } from './script-book.js';
import type { SimModule } from './world.js';

export interface Plan {
  readonly seed: string;
  readonly nodes: number;
  readonly lans: number;
  readonly pulseMs: number;
  readonly modules: readonly {
    readonly name: string;
    readonly xml: string;
    readonly scripts: readonly string[];
    readonly loopIntervalMs: number | null;
  }[];
  readonly balancer: BalancerName | null;
  /** When each daemon is first started, in ms since the beginning. */
  readonly startsMs: readonly number[];
  readonly faults: readonly Fault[];
  /** Length of the first phase, in ms. */
  readonly faultsMs: number;
  /** Nodes that are healed at its end; the others are switched off. */
  readonly core: readonly string[];
  /** How long the healed cluster is watched after it has converged, in ms. */
  readonly restMs: number;
}

/** Kinds that a seed switches on or off, with how many of them it may have. */
const kinds: readonly { readonly kind: FaultKind; readonly most: number; readonly chance?: number }[] = [
  { kind: 'kill', most: 6 },
  { kind: 'leave', most: 3 },
  { kind: 'shutdown', most: 3 },
  { kind: 'power', most: 3 },
  { kind: 'suspend', most: 4 },
  { kind: 'stall', most: 4 },
  { kind: 'cut', most: 5 },
  { kind: 'partition', most: 4 },
  { kind: 'links', most: 3 },
  { kind: 'wall', most: 3 },
  { kind: 'drift', most: 3 },
  { kind: 'diskFull', most: 2 },
  { kind: 'diskHung', most: 2 },
  { kind: 'blind', most: 2 },
  { kind: 'unreachable', most: 2 },
  { kind: 'script', most: 8 },
  { kind: 'crash', most: 10 },
  { kind: 'strays', most: 3 },
  { kind: 'command', most: 14 },
  { kind: 'resource', most: 5 },
  // What is checked flaps: many changes of one thing show what few of many do not.
  { kind: 'check', most: 10, chance: 0.75 },
  { kind: 'loop', most: 3 },
  { kind: 'errd', most: 2 },
  { kind: 'switch', most: 4 },
  { kind: 'reconfigure', most: 4 },
];
const chanceOfKind = 0.45;

/** The configuration that a plan's XML means. @throws when it does not mean one: a defect of whoever wrote it. */
export function configOf(name: string, xml: string): ModuleConfig {
  const result = parseUserConfig(xml, `${name}/userconfig.xml`, {});
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('; '));
  return result.value;
}
export const modulesOf = (plan: Plan): readonly SimModule[] =>
  plan.modules.map(({ name, xml, scripts, loopIntervalMs }) => {
    const config = configOf(name, xml);
    // The file knows whole hours only: too long for windows to close while a plan runs.
    const service = loopIntervalMs === null ? config.service : { ...config.service, loopIntervalMs };
    return { name, scripts, config: { ...config, service } };
  });

/** Draws a plan. The same seed means the same plan, always. */
export function drawPlan(seed: string): Plan {
  const random = createSeededRandom(`plan/${seed}`);
  const count = random.pick([2, 2, 2, 2, 3, 3, 3, 4, 5] as const);
  const nodes = Array.from({ length: count }, (_, index) => `n${index + 1}`);
  const moduleCount = random.pick([1, 1, 2] as const);
  const modules = Array.from({ length: moduleCount }, (_, index) => drawModule(index, random.fork(`module${index}`)));
  const faultsMs = random.between(30, 120) * 1_000;
  const lans = random.pick([1, 1, 2] as const);
  const checkers = Object.fromEntries(
    modules.map(({ name, xml }) => [
      name,
      (configOf(name, xml).check?.checkers ?? []).filter(({ kind }) => kind !== 'module').map(resourceOf),
    ]),
  );
  const place: Place = { nodes, lans, modules: modules.map((one) => one.name), checkers, faultsMs };
  const faults: Fault[] = [];
  for (const { kind, most, chance = chanceOfKind } of kinds) {
    const own = random.fork(kind);
    if (!own.chance(chance)) continue;
    const times = own.between(1, most);
    for (let time = 0; time < times; time += 1) {
      const fault = drawFault(kind, place, own);
      if (fault !== null) faults.push(fault);
    }
  }
  // A disk that took no boot epoch and a wall clock that went back leave a node with an epoch that is over: docs/verification.md.
  const diskFails = faults.some((fault) => fault.kind === 'diskFull' || fault.kind === 'diskHung');
  const goesBack = (fault: Fault): boolean =>
    (fault.kind === 'wall' && fault.deltaMs < 0) || (fault.kind === 'drift' && fault.rate < 1);
  const possible = faults.filter((fault) => !(diskFails && goesBack(fault)));
  // Somebody starts what does not start by itself.
  for (const node of nodes) {
    for (const module of place.modules) {
      if (!random.chance(0.85)) continue;
      possible.push({
        kind: 'command',
        node,
        module,
        action: 'start',
        identity: null,
        atMs: random.between(1_500, 6_000),
        forMs: 0,
      });
    }
  }
  const pulseMs = random.pick([100, 100, 100, 50, 200, 500, 1_000] as const);
  const coreSize = random.chance(0.6) ? count : random.between(1, count);
  const first = random.between(0, count - 1);
  return {
    seed,
    nodes: count,
    lans,
    pulseMs,
    modules,
    balancer: random.pick(['aws', 'azure', 'gcp', 'haproxy', null] as const),
    startsMs: nodes.map(() => random.between(0, 1_500)),
    faults: possible.sort((a, b) => a.atMs - b.atMs),
    faultsMs,
    core: nodes.filter((_, index) => (index - first + count) % count < coreSize),
    // Where pulses are rare a long rest costs little: windows of restart counters close in it.
    restMs: random.between(60, 240) * (pulseMs < 500 ? 1_000 : 2_000),
  };
}

function drawModule(index: number, random: SeededRandom): Plan['modules'][number] {
  const name = `m${index + 1}`;
  const boot = random.pick(['on', 'on', 'auto', 'ignore', 'off'] as const);
  const drain = random.pick(['0s', '0s', '3s', 'auto'] as const);
  const action = random.pick(['restart', 'restart', 'restart', 'stopstart', 'stop', 'noaction', '/opt/handler'] as const);
  const atMax = random.chance(0.2) ? ' atmax="3"' : '';
  const startAfter = random.chance(0.2) ? ' start_after="2"' : '';
  const settle = random.chance(0.3) ? ` settle="${random.between(0, 2_000)}ms"` : '';
  const errd = random.chance(0.9)
    ? `<errd polltimer="${random.pick([2, 5, 10] as const)}s"><proc name="web-${name}" class="both" atleast="${random.pick([1, 1, 2] as const)}" action="${action}"${atMax}${startAfter}${settle}/></errd>`
    : '';
  const rules = drawRules(random.fork('rules'));
  const handleTime = random.chance(0.5)
    ? `<failover period="500ms" handle_time="${random.pick([500, 2000, 5000] as const)}ms">${rules}</failover>`
    : '';
  const start = random.chance(0.4) ? ` starttimeout="${random.pick([5, 15, 40] as const)}s"` : '';
  const xml =
    `<safe><service mode="${random.pick(['farm', 'farm', 'light'] as const)}" boot="${boot}" maxloop="${random.pick([3, 3, 1, 5] as const)}" ` +
    `loop_interval="${random.pick([24, 24, 24, 0] as const)}h"><ready drain="${drain}"/>FARM` +
    `<user nicestoptimeout="${random.pick([3, 10, 20] as const)}s" forcestoptimeout="${random.pick([2, 5, 10] as const)}s"${start}/>${errd}${drawCheckers(random.fork('checkers'), index)}${handleTime}</service></safe>`;
  const extra = [...(random.chance(0.4) ? ['transition'] : []), ...(random.chance(0.4) ? ['poststop'] : [])];
  const prestart = random.chance(0.85) ? ['prestart'] : [];
  const loopIntervalMs = random.chance(0.3) ? random.between(10, 60) * 1_000 : null;
  const update = random.chance(0.6) ? ['update'] : [];
  return {
    name,
    xml: xml.replace('FARM', xml.includes('mode="farm"') ? '<farm><lan name="default"/></farm>' : ''),
    scripts: [...prestart, 'start_both', 'stop_both', ...extra, ...update],
    loopIntervalMs,
  };
}

/** Checkers of the module's own application, of things elsewhere, and of the module before it on the same node. */
function drawCheckers(random: SeededRandom, index: number): string {
  const other =
    index > 0 && random.fork('other').chance(0.4)
      ? `<module name="m${index}"><to interval="${random.fork('every').pick([1, 2, 5] as const)}s"/></module>`
      : '';
  if (random.chance(0.25)) return other === '' ? '' : `<check>${other}</check>`;
  const to = (rest: string): string =>
    `<to ${rest} interval="${random.pick([1, 2, 5, 10] as const)}s" timeout="${random.pick([1, 3, 5] as const)}s"/>`;
  const grace = (): string => `grace="${random.pick([1, 1, 2, 3] as const)}"`;
  const own = random.pick(['restart', 'restart', 'stopstart', 'stop', 'noaction'] as const);
  const checkers = [
    `<tcp ident="web" when="both" action="${own}" ${grace()}>${to('addr="127.0.0.1" port="443"')}</tcp>`,
    `<tcp ident="db" when="pre" action="${random.pick(['wait', 'wait', 'noaction'] as const)}" ${grace()}>${to('addr="10.0.0.9" port="5432"')}</tcp>`,
    `<ping ident="gw" ${grace()}>${to('addr="10.0.0.1"')}</ping>`,
    `<http ident="page" when="both" action="restart" ${grace()}>${to('url="http://127.0.0.1/"')}</http>`,
    '<custom ident="disk" when="both" exec="check_disk" action="restart"/>',
  ];
  return `<check>${checkers.filter(() => random.chance(0.45)).join('')}${other}</check>`;
}

/** The worst moments for a command: something has just happened to the module. */
const moments = ['script.begin', 'script.end', 'probe'] as const;

interface Place {
  readonly nodes: readonly string[];
  readonly lans: number;
  readonly modules: readonly string[];
  /** Resources of checkers, by module. */
  readonly checkers: Readonly<Record<string, readonly string[]>>;
  readonly faultsMs: number;
}

function one(items: readonly string[], random: SeededRandom): string {
  return items[random.between(0, items.length - 1)] ?? '';
}

function drawFault(kind: FaultKind, place: Place, random: SeededRandom): Fault | null {
  const atMs = random.between(500, place.faultsMs - 1_000);
  // Short ones are as wicked as long ones.
  const lasting = random.pick([random.between(5, 300), random.between(300, 5_000), random.between(2_000, 30_000)] as const);
  const forMs = Math.min(lasting, place.faultsMs - atMs);
  const detail = drawDetail(kind, place, random);
  return detail && { ...detail, atMs, forMs };
}

function drawDetail(kind: FaultKind, place: Place, random: SeededRandom): FaultDetail | null {
  const node = one(place.nodes, random);
  const module = one(place.modules, random);
  switch (kind) {
    case 'kill':
      return random.chance(0.5) ? { kind, node } : { kind, node, calls: random.between(1, 40) };
    case 'cut': {
      const to = one(
        place.nodes.filter((other) => other !== node),
        random,
      );
      return { kind, from: node, to, lan: random.chance(0.5) ? null : `lan${random.between(1, place.lans)}` };
    }
    case 'partition':
      return { kind, side: place.nodes.filter((other) => other === node || random.chance(0.3)) };
    case 'links':
      return {
        kind,
        quality: {
          latencyMs: random.pick([0.3, 5, 40] as const),
          jitterMs: random.pick([0.4, 30, 250] as const),
          loss: random.pick([0, 0.05, 0.2, 0.5] as const),
          duplication: random.pick([0, 0.1, 0.5] as const),
        },
        ...(random.chance(0.5) ? { node } : {}),
      };
    case 'wall':
      return { kind, node, deltaMs: random.between(-600_000, 600_000) };
    case 'drift':
      return { kind, node, rate: random.pick([0.5, 0.95, 0.9995, 1.0005, 1.05, 2] as const) };
    case 'script':
      return {
        kind,
        node,
        module,
        script: random.pick(['prestart', 'start_both', 'stop_both', 'stop_both', 'handler', 'poststop', 'transition'] as const),
        fault: random.pick(scriptFaultKinds),
      };
    case 'crash':
      return { kind, node, module, process: null, signal: random.pick(['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const) };
    case 'strays':
      return { kind, node, module, count: random.between(1, 3) };
    case 'command':
      return {
        kind,
        node,
        module,
        action: random.pick([
          'start',
          'start',
          'stop',
          'stop',
          'restart',
          'stopstart',
          'forcestop',
          'shutdown',
          'update',
        ] as const),
        identity: random.chance(0.2) ? 'script' : null,
        ...(random.chance(0.5)
          ? { after: { fact: random.pick(moments), delayMs: random.pick([0, 1, 3, 10, 60] as const) } }
          : {}),
      };
    case 'resource':
      return { kind, node, module, name: random.pick(ruledResources) };
    case 'check': {
      const checkers = place.checkers[module] ?? [];
      if (checkers.length === 0) return null;
      const found = random.pick(['down', 'hang'] as const);
      return { kind, node, module, name: one(checkers, random), found, everyMs: random.pick([0, 0, 300, 1_500, 4_000] as const) };
    }
    case 'loop':
      return { kind, node, module, what: random.pick(['increment', 'reset'] as const) };
    case 'errd':
      return { kind, node, module, class: 'both' };
    case 'switch':
      return { kind, node, module, what: random.pick(['errd', 'checker', 'failover'] as const) };
    case 'reconfigure':
      return random.chance(0.2)
        ? { kind: 'script', node, module, script: 'update', fault: random.pick(scriptFaultKinds) }
        : { kind, node, module };
    default:
      return { kind, node };
  }
}

export const presetOf = (plan: Plan): (typeof balancerPresets)[BalancerName] | null =>
  plan.balancer === null ? null : balancerPresets[plan.balancer];
