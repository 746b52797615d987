/** Invariants 6 and 7: the same view everywhere in time, and no view older than its failure timeout. */
import type { Fact } from './facts.js';
import type { Invariant } from './invariant.types.js';
import type { SimNode } from './sim-node.js';
import type { World } from './world.js';

/** Time for everybody to agree, in ms: 3 s with the default pulse, as many pulses with a slower one. */
export const agreementMs = (pulseMs: number): number => Math.max(3_000, 30 * pulseMs);
/** A change of a module's state is known to all after that many ms: pulses are sent at once, maps are confirmed. */
const sharesMs = 1_000;

const disturbs = (fact: Fact): boolean =>
  fact.kind === 'daemon' ||
  fact.kind === 'machine' ||
  (fact.kind === 'fault' && !fact.what.startsWith('script') && !fact.what.startsWith('wall clock'));

/** Does it take part: its daemon has begun, and nothing keeps it from working? */
const takesPart = (node: SimNode): boolean => node.begun() && !node.stalled() && !node.host.suspended() && !node.host.disk.hung;
/** Nothing is wrong that could keep nodes from agreeing. */
const isQuiet = (world: World): boolean =>
  world.network.isWhole() && [...world.nodes.values()].every((node) => !node.running() || takesPart(node));

/** Why the nodes do not agree, or null. */
export function disagreement(world: World, withShares: boolean): string | null {
  const running = [...world.nodes.values()].filter(takesPart);
  const views = running.map((node) => ({ node, view: node.runtime()?.membership()?.view() ?? null }));
  const members = running.map((node) => node.name).join(' ');
  const [first] = views;
  for (const { node, view } of views) {
    if (view === null) return `${node.name} has no view`;
    if (view.members.join(' ') !== members) return `${node.name} sees ${view.members.join(' ')}, running are ${members}`;
    const other = first?.view ?? null;
    if (other?.epoch !== view.epoch || other.leader !== view.leader) {
      return `${node.name} has view ${view.epoch} of ${view.leader}, ${first?.node.name} has view ${other?.epoch} of ${other?.leader}`;
    }
    if (!withShares) continue;
    const problem = unsharedBuckets(world, node, node.runtime()?.membership()?.snapshot().shares ?? {});
    if (problem !== null) return problem;
  }
  return null;
}

function unsharedBuckets(
  world: World,
  node: SimNode,
  shares: Readonly<Record<string, { readonly owners: readonly number[] }>>,
): string | null {
  for (const { name } of world.options.modules) {
    const up = world.options.cluster.nodes.map(
      (other) => world.node(other).runtime()?.hosts.get(name)?.status().state === 'UP' && takesPart(world.node(other)),
    );
    if (!up.includes(true)) continue;
    const owners = shares[`${name}/FarmProto`]?.owners;
    if (owners === undefined) return `${node.name} has no share map of ${name}, though it is UP somewhere`;
    const wrong = owners.findIndex((owner) => up[owner] !== true);
    if (wrong !== -1)
      return `${node.name}: bucket ${wrong} of ${name} belongs to ${world.options.cluster.nodes[owners[wrong] ?? 255] ?? 'nobody'}, which is not UP`;
  }
  return null;
}

/** 6: agreement within 3 s. */
export function sameView(world: World): Invariant {
  let disturbedMs = world.time.nowMs();
  let movedMs = world.time.nowMs();
  let checkedMs = 0;
  const budgetMs = agreementMs(world.options.cluster.pulseMs);
  return {
    name: '6 same view',
    ofModules: false,
    statement:
      'When the network is whole and stable, within 3 s all nodes have the same view, and every bucket of every group has exactly one owner, which is UP.',
    onFact(fact, atMs) {
      if (disturbs(fact)) disturbedMs = atMs;
      if (fact.kind === 'probe') movedMs = atMs;
      return null;
    },
    onCheck(atMs) {
      if (!isQuiet(world)) {
        disturbedMs = atMs;
        return null;
      }
      const lastMs = Math.max(disturbedMs + budgetMs, movedMs + sharesMs);
      // Once when it must be so, and then now and again.
      if (atMs < lastMs || (checkedMs >= lastMs && atMs - checkedMs < 10_000)) return null;
      checkedMs = atMs;
      const problem = disagreement(world, true);
      return problem === null ? null : `${((atMs - disturbedMs) / 1000).toFixed(2)} s after the last disturbance: ${problem}`;
    },
  };
}

/** In larger clusters the pairs are too many to look at. */
const most = 8;

/** 7: who cannot be heard is not in the view for longer than the failure timeout of a node that doubts itself as it does. */
export function viewAge(world: World): Invariant {
  const { pulseMs, slostCount, mlostCount, lans } = world.options.cluster;
  /** Since when one node cannot hear another, in virtual ms. */
  const deafSince = new Map<string, number>();
  /** Since when a node works without a break. */
  const worksSince = new Map<string, number>();
  const connected = (from: SimNode, to: SimNode): boolean =>
    from.running() &&
    from.host.powered() &&
    !from.host.suspended() &&
    lans.some((lan) => !world.network.isCut(from.name, to.name, lan.name));
  const listen = (atMs: number): void => {
    for (const node of world.nodes.values()) {
      for (const other of world.nodes.values()) {
        const key = `${node.name} ${other.name}`;
        if (node === other || connected(other, node)) deafSince.delete(key);
        else if (!deafSince.has(key)) deafSince.set(key, atMs);
      }
    }
  };
  return {
    name: '7 view age',
    ofModules: false,
    statement: 'No node acts on a view older than its failure timeout; a node that was suspended re-reads before it acts.',
    onFact(fact, atMs) {
      if (fact.kind === 'machine' || fact.kind === 'daemon') worksSince.set(fact.node, atMs);
      if (disturbs(fact) && world.nodes.size <= most) listen(atMs);
      return null;
    },
    onCheck(atMs) {
      if (world.nodes.size > most) return null;
      listen(atMs);
      for (const node of world.nodes.values()) {
        if (!takesPart(node)) {
          worksSince.set(node.name, atMs);
          continue;
        }
        // To be asked for a view costs more than to know that there is nothing to ask for.
        if (![...deafSince.keys()].some((key) => key.startsWith(`${node.name} `))) continue;
        const snapshot = node.runtime()?.membership()?.snapshot() ?? null;
        if (snapshot?.view === null || snapshot === null) continue;
        const plainMs = pulseMs * slostCount;
        const limitMs = plainMs * snapshot.health + 2 * plainMs + pulseMs * (slostCount + mlostCount) + 5 * pulseMs + 500;
        for (const other of world.nodes.values()) {
          const deafMs = deafSince.get(`${node.name} ${other.name}`);
          if (deafMs === undefined) continue;
          const sinceMs = Math.max(deafMs, worksSince.get(node.name) ?? 0);
          // A leader counts whom it hears; the others count whom their leader does, and must hear the leader.
          const { leader, members } = snapshot.view;
          const must = leader === node.name ? members.includes(other.name) : leader === other.name;
          if (atMs - sinceMs > limitMs && must) {
            return `${node.name} counts ${other.name}, which it cannot have heard for ${atMs - sinceMs} ms (health ${snapshot.health}, ${limitMs} ms are allowed)`;
          }
        }
      }
      return null;
    },
  };
}
