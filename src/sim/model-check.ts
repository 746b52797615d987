/**
 * Small-scope model check of membership, share map and one module's digest: every order of ticks, packets that come, are lost or overtake
 * each other, crashes, restarts, cuts and changes of the module, up to a depth, over the real step function of two or three nodes.
 * Nodes' clocks run independently of each other: a node that does not tick stands still, which is worse than any clock there is.
 *
 * Checked at each step: no node's view epoch goes back, also over a crash; a node is a member of the view that it holds. Checked from
 * each state on, when everything is healed and quiet rounds have passed: one view, its leader the first living node, the same map on
 * all, each bucket owned by a living node where the module is UP, or by nobody where it is UP nowhere.
 */
import type { MembershipBody, MembershipContext, MembershipEvent, PulseReport } from '../machines/membership.types.js';
import { step as realStep, startContext } from '../machines/membership-step.js';
import { nobody } from '../machines/share-map.js';

const pulseMs = 100;
const slostCount = 2;
const mlostCount = 2;
const lan = 'default';
const group = 'web';

interface ModelNode {
  readonly context: MembershipContext;
  /** What it says of the highest packet heard of each peer. */
  readonly heard: Readonly<Record<string, { readonly bootEpoch: number; readonly sequence: number; readonly atMs: number }>>;
  readonly sequence: number;
}
interface Flight {
  readonly from: number;
  readonly to: number;
  readonly report: PulseReport;
}
/** What may still be done to the cluster, so that the disturbances of one run stay few. */
interface Budget {
  readonly crashes: number;
  readonly cuts: number;
  readonly flips: number;
  readonly losses: number;
}
interface Model {
  /** Null: it is down. */
  readonly nodes: readonly (ModelNode | null)[];
  readonly bootEpochs: readonly number[];
  /** What a node keeps over a crash. */
  readonly viewEpochs: readonly number[];
  readonly up: readonly boolean[];
  readonly flights: readonly Flight[];
  /** Pairs that do not hear each other, as `0-1`. */
  readonly cuts: readonly string[];
  readonly budget: Budget;
}

export interface CheckOptions {
  readonly nodes: 2 | 3;
  readonly depth: number;
  readonly budget?: Partial<Budget>;
  /** Stop after so many states. */
  readonly mostStates?: number;
  /** Check convergence from every so many-th new state; 1: from each. */
  readonly convergeEvery?: number;
  /** What a node does with an event; replaced by tests that prove that faults are found. */
  readonly step?: typeof realStep;
}
export interface Violation {
  readonly condition: string;
  readonly path: readonly string[];
}
export interface CheckResult {
  readonly states: number;
  readonly transitions: number;
  /** Depth to which everything was looked at. */
  readonly depth: number;
  readonly converged: number;
  /** Most quiet rounds that any state needed. */
  readonly rounds: number;
  readonly violation: Violation | null;
}

/** Packets of one direction that may be under way at once; an older one is lost. */
const mostFlights = 2;
/** Quiet rounds within which everything must have come together. */
export const quietRounds = 24;

const nameOf = (index: number): string => `n${index + 1}`;
const cutOf = (a: number, b: number): string => `${Math.min(a, b)}-${Math.max(a, b)}`;
const replace = <T>(items: readonly T[], index: number, item: T): readonly T[] =>
  items.map((one, at) => (at === index ? item : one));

class Broken extends Error {}

/** The step of the check under way: it is synchronous, one at a time. */
let step = realStep;

function begin(count: number, index: number, bootEpoch: number, viewEpoch: number, isUp: boolean): ModelNode {
  const nodes = Array.from({ length: count }, (_, at) => nameOf(at));
  const context = startContext({
    ...{ self: nameOf(index), nodes, lans: [{ name: lan, nodes }], pulseMs, slostCount, mlostCount },
    ...{ signature: 'aa', bootEpoch, viewEpoch, atMs: 1_000 },
  });
  return told({ context, heard: {}, sequence: 0 }, localState(isUp));
}
const localState = (isUp: boolean): MembershipEvent => ({
  type: 'LOCAL_STATE',
  modules: [
    {
      ...{ module: group, state: isUp ? 'UP' : 'STOP', quality: isUp ? 'Ready' : 'NotReady' },
      ...{ generation: 1, signature: '00112233' },
    },
  ],
});
function told(node: ModelNode, event: MembershipEvent): ModelNode {
  const { context } = step(node.context, event);
  if (context.view.epoch < node.context.view.epoch) {
    throw new Broken(
      `the view epoch of ${context.input.self} went back from ${node.context.view.epoch} to ${context.view.epoch}`,
    );
  }
  if (context.joined && !context.view.members.includes(context.input.self)) {
    throw new Broken(`${context.input.self} holds a view without itself`);
  }
  return { ...node, context };
}

function withNode(model: Model, index: number, node: ModelNode): Model {
  const viewEpochs = replace(model.viewEpochs, index, Math.max(model.viewEpochs[index] ?? 0, node.context.view.epoch));
  return { ...model, nodes: replace(model.nodes, index, node), viewEpochs };
}

/** A pulse of one node: its time goes on, and its packets leave. */
function tick(model: Model, index: number): Model {
  const before = model.nodes[index];
  if (!before) return model;
  const atMs = before.context.nowMs + pulseMs;
  const node = told(before, { type: 'PULSE_DUE', atMs, lateMs: 0 });
  const next = { ...node, sequence: node.sequence + 1 };
  let flights = model.flights;
  for (const [to, peer] of model.nodes.entries()) {
    if (to === index || peer === null || model.cuts.includes(cutOf(index, to))) continue;
    const same = flights.filter((one) => one.from === index && one.to === to);
    const lost = same.length >= mostFlights ? same[0] : undefined;
    flights = [...flights.filter((one) => one !== lost), { from: index, to, report: packet(next, next.context.body) }];
  }
  return { ...withNode(model, index, next), flights };
}
function packet({ context, heard, sequence }: ModelNode, body: MembershipBody): PulseReport {
  const { input, nowMs } = context;
  const fresh = Object.entries(heard).filter(([, one]) => nowMs - one.atMs <= slostCount * pulseMs);
  return {
    ...{ from: input.self, lan, bootEpoch: input.bootEpoch, sequence, signature: 'aa', goodbye: false, body, rttMs: null },
    heard: fresh.map(([node, one]) => ({ node, lan, bootEpoch: one.bootEpoch, sequence: one.sequence })),
  };
}
function deliver(model: Model, flight: Flight): Model {
  const flights = model.flights.filter((one) => one !== flight);
  const node = model.nodes[flight.to];
  const { report } = flight;
  const known = node?.heard[report.from];
  // As the transport does: packets of an earlier boot are stale.
  if (!node || (known !== undefined && known.bootEpoch > report.bootEpoch)) return { ...model, flights };
  const { nowMs } = node.context;
  const isNewer = known === undefined || known.bootEpoch < report.bootEpoch || known.sequence < report.sequence;
  const sequence = isNewer ? report.sequence : known.sequence;
  const heard = { ...node.heard, [report.from]: { bootEpoch: report.bootEpoch, sequence, atMs: nowMs } };
  return { ...withNode(model, flight.to, told({ ...node, heard }, { type: 'PACKET', atMs: nowMs, report })), flights };
}
function crash(model: Model, index: number): Model {
  const flights = model.flights.filter((one) => one.to !== index);
  return { ...model, nodes: replace(model.nodes, index, null), flights };
}
function restart(model: Model, index: number): Model {
  const bootEpoch = (model.bootEpochs[index] ?? 0) + 1;
  const node = begin(model.nodes.length, index, bootEpoch, model.viewEpochs[index] ?? 0, model.up[index] === true);
  return { ...withNode(model, index, node), bootEpochs: replace(model.bootEpochs, index, bootEpoch) };
}
function flip(model: Model, index: number): Model {
  const isUp = model.up[index] !== true;
  const node = model.nodes[index];
  const next = { ...model, up: replace(model.up, index, isUp) };
  return node ? withNode(next, index, told(node, localState(isUp))) : next;
}
function toggleCut(model: Model, a: number, b: number): Model {
  const cut = cutOf(a, b);
  if (model.cuts.includes(cut)) return { ...model, cuts: model.cuts.filter((one) => one !== cut) };
  const flights = model.flights.filter(({ from, to }) => cutOf(from, to) !== cut);
  return { ...model, cuts: [...model.cuts, cut].sort(), flights };
}

interface Move {
  readonly name: string;
  readonly go: () => Model;
}
function movesOf(model: Model): readonly Move[] {
  const { budget, nodes } = model;
  const spend = (what: keyof Budget): Budget => ({ ...budget, [what]: budget[what] - 1 });
  const moves: Move[] = [];
  for (const [index, node] of nodes.entries()) {
    const name = nameOf(index);
    if (node === null) {
      moves.push({ name: `restart ${name}`, go: () => restart(model, index) });
      continue;
    }
    moves.push({ name: `tick ${name}`, go: () => tick(model, index) });
    if (budget.crashes > 0) moves.push({ name: `crash ${name}`, go: () => crash({ ...model, budget: spend('crashes') }, index) });
    if (budget.flips > 0) moves.push({ name: `flip ${name}`, go: () => flip({ ...model, budget: spend('flips') }, index) });
  }
  for (const flight of model.flights) {
    const name = `${nameOf(flight.from)}→${nameOf(flight.to)} #${flight.report.sequence}`;
    moves.push({ name: `deliver ${name}`, go: () => deliver(model, flight) });
    if (budget.losses > 0) {
      const flights = model.flights.filter((one) => one !== flight);
      moves.push({ name: `drop ${name}`, go: () => ({ ...model, flights, budget: spend('losses') }) });
    }
  }
  if (budget.cuts > 0) {
    for (let a = 0; a < nodes.length; a += 1)
      for (let b = a + 1; b < nodes.length; b += 1)
        moves.push({ name: `cut ${cutOf(a, b)}`, go: () => toggleCut({ ...model, budget: spend('cuts') }, a, b) });
  }
  return moves;
}

/** All that distinguishes two states for what may follow: times only as spans, sequence numbers not at all. */
function keyOf(model: Model): string {
  const nodes = model.nodes.map((node) => {
    if (node === null) return null;
    const { context: c, heard } = node;
    const since = (ms: number | null): number | null => (ms === null ? null : Math.min(c.listeningMs - ms, 20 * pulseMs));
    return [
      ...[c.joined, c.view, since(c.holdingSinceMs), Math.min(c.listeningMs, 20 * pulseMs), c.onTimeTicks, c.unconfirmed],
      ...[c.maps.map((map) => [map.version, map.owners.join('')]), c.body.view.epoch, c.body.mapsDigest],
      c.peers.map((peer) => [
        ...[peer.bootEpoch, peer.absence, since(peer.liveSinceMs), since(peer.foreignSinceMs), peer.view, peer.mapsDigest],
        ...[peer.modules[0]?.state, peer.hears.length, peer.sameConfiguration],
        peer.links.map((link) => [link.up, link.heardAtMs === null ? null : c.nowMs - link.heardAtMs, since(link.twoWayMs)]),
      ]),
      Object.entries(heard).map(([name, one]) => [name, one.bootEpoch, Math.min(c.nowMs - one.atMs, 5 * pulseMs)]),
    ];
  });
  const flights = model.flights.map(({ from, to, report: { bootEpoch, body, heard } }) => [
    ...[from, to, bootEpoch, body.view, body.mapsDigest, body.modules[0]?.state, body.shareMaps.map((map) => map.version)],
    heard.map((one) => [one.node, one.bootEpoch]),
  ]);
  return JSON.stringify([nodes, flights, model.viewEpochs, model.bootEpochs, model.up, model.cuts, model.budget]);
}

/** Why the cluster is not as it must be after quiet rounds; null when it is. */
function unsettled(model: Model): string | null {
  const living = model.nodes.flatMap((node, index) => (node === null ? [] : [{ index, context: node.context }]));
  const names = living.map(({ index }) => nameOf(index));
  const [first] = living;
  if (first === undefined) return null;
  const wanted = JSON.stringify({ leader: names[0], members: names });
  for (const { context } of living) {
    const { view, joined, input } = context;
    if (
      !joined ||
      JSON.stringify({ leader: view.leader, members: view.members }) !== wanted ||
      view.epoch !== first.context.view.epoch
    ) {
      return `${input.self} holds ${JSON.stringify(view)}${joined ? '' : ' (not joined)'}, wanted ${wanted}`;
    }
  }
  const serving = living.filter(({ index }) => model.up[index] === true).map(({ index }) => index);
  const maps = living.map(({ context }) => context.maps.find((map) => map.group.startsWith(group)));
  for (const map of maps) {
    const owners = map?.owners ?? [];
    if (serving.length === 0 && owners.every((owner) => owner === nobody)) continue;
    if (map === undefined || JSON.stringify(map) !== JSON.stringify(maps[0])) return 'the share maps differ';
    if (owners.length !== 256 || !owners.every((owner) => serving.includes(owner))) return 'a bucket has no owner that serves';
  }
  return null;
}

/** Rounds until the cluster is as it must be, everything healed. @throws Broken after {@link quietRounds}. */
function converge(model: Model): number {
  let quiet: Model = { ...model, cuts: [] };
  let problem: string | null = '';
  for (let round = 1; round <= quietRounds; round += 1) {
    for (const index of quiet.nodes.keys()) quiet = tick(quiet, index);
    while (quiet.flights[0] !== undefined) quiet = deliver(quiet, quiet.flights[0]);
    problem = unsettled(quiet);
    if (problem === null) return round;
  }
  throw new Broken(`after ${quietRounds} quiet rounds ${problem}`);
}

interface Seen {
  readonly model: Model;
  readonly move: string;
  readonly before: Seen | null;
}
const pathOf = (seen: Seen | null): readonly string[] => (seen === null ? [] : [...pathOf(seen.before), seen.move]);

function startOf(count: number, budget: Budget): Model {
  const all = Array.from({ length: count });
  return {
    nodes: all.map((_, index) => begin(count, index, 1, 0, true)),
    bootEpochs: all.map(() => 1),
    viewEpochs: all.map(() => 0),
    up: all.map(() => true),
    flights: [],
    cuts: [],
    budget,
  };
}
function quietly(model: Model, rounds: number): Model {
  let next = model;
  for (let round = 0; round < rounds; round += 1) {
    for (const index of next.nodes.keys()) next = tick(next, index);
    while (next.flights[0] !== undefined) next = deliver(next, next.flights[0]);
  }
  return next;
}

function beginningsOf(fresh: Model): readonly Seen[] {
  const settled = quietly(fresh, quietRounds);
  return [
    { model: fresh, move: 'all start', before: null },
    { model: settled, move: 'settled', before: null },
    { model: quietly(toggleCut(settled, 0, 1), quietRounds), move: 'cut for long', before: null },
    { model: quietly(crash(settled, 0), quietRounds), move: `${nameOf(0)} down for long`, before: null },
  ];
}

/** Looks at everything that can happen within `depth` moves from a start, a settled cluster, one that is cut, and one with a node down. */
export function checkMembership(options: CheckOptions): CheckResult {
  const { nodes, depth, mostStates = Number.POSITIVE_INFINITY, convergeEvery = 1 } = options;
  step = options.step ?? realStep;
  const budget = { crashes: 1, cuts: 1, flips: 1, losses: 1, ...options.budget };
  let beginnings: readonly Seen[];
  try {
    beginnings = beginningsOf(startOf(nodes, budget));
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const violation = { condition: error.message, path: ['before the first move'] };
    return { states: 0, transitions: 0, converged: 0, rounds: 0, depth: 0, violation };
  }
  const known = new Set(beginnings.map(({ model }) => keyOf(model)));
  let front = beginnings;
  const count = { transitions: 0, converged: 0, rounds: 0, depth: 0 };
  const result = (violation: Violation | null): CheckResult => ({ states: known.size, ...count, violation });
  const settle = (seen: Seen): void => {
    count.rounds = Math.max(count.rounds, converge(seen.model));
    count.converged += 1;
  };
  for (const seen of beginnings) {
    try {
      settle(seen);
    } catch (error) {
      if (error instanceof Broken) return result({ condition: error.message, path: pathOf(seen) });
      throw error;
    }
  }
  for (let level = 1; level <= depth; level += 1) {
    const next: Seen[] = [];
    for (const seen of front) {
      for (const move of movesOf(seen.model)) {
        const path = (): readonly string[] => [...pathOf(seen), move.name];
        try {
          const model = move.go();
          count.transitions += 1;
          const key = keyOf(model);
          if (known.has(key)) continue;
          known.add(key);
          const one = { model, move: move.name, before: seen };
          next.push(one);
          if (known.size % convergeEvery === 0) settle(one);
        } catch (error) {
          if (error instanceof Broken) return result({ condition: error.message, path: path() });
          throw error;
        }
        if (known.size >= mostStates) return result(null);
      }
    }
    front = next;
    count.depth = level;
  }
  return result(null);
}
