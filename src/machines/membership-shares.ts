/**
 * The share maps of a cluster: the leader computes and publishes them, the members take them over and confirm them by a digest.
 *
 * Until load-balancing groups are configured every module has one implicit group, `<module>/FarmProto`, with power 1 on each node.
 * A node takes part while its module is UP (Ready). One that is UP (Transient) keeps what it owns (a restart does not move
 * traffic: section 8.7 of the compatibility page) but is given nothing new, unless no node is better: traffic does not go to an
 * application that is still starting while another one is ready.
 */

import type { MembershipContext, ModuleDigest, ShareMap, View } from './membership.types.js';
import { isLive, isMember } from './membership-peers.js';
import { assignBuckets, bucketsOf, mapsDigest, sameOwners, sharePercent, unowned } from './share-map.js';

/** Versions of one view epoch. */
const versionsPerEpoch = 65_536;
/** Name of the group that a module has without configuration (section 8.4 of the compatibility page). */
const implicitGroup = 'FarmProto';

/** The group of a module. */
export function groupOf(module: string): string {
  return `${module}/${implicitGroup}`;
}

/** View epoch in which a map was published. */
export function epochOf(map: ShareMap): number {
  return Math.floor(map.version / versionsPerEpoch);
}

/**
 * Digest of the maps that belong to a view: what a member confirms. A node that has not joined has no view: it confirms the newest
 * maps that it heard.
 */
export function digestOf(maps: readonly ShareMap[], view: View): string {
  const epoch = view.leader === '' ? Math.max(0, ...maps.map(epochOf)) : view.epoch;
  // It is asked for with every packet, and changes with few: the same list of maps has the same digest.
  const known = digests.get(maps);
  if (known !== undefined && known.epoch === epoch) return known.digest;
  const digest = mapsDigest(maps.filter((map) => epochOf(map) === epoch));
  digests.set(maps, { epoch, digest });
  return digest;
}
const digests = new WeakMap<readonly ShareMap[], { readonly epoch: number; readonly digest: string }>();

/**
 * The maps as the leader wants them now. Maps of an earlier view are published anew, so that members that come from another half
 * take them over; others keep their version while their owners stay the same. Versions continue above all that are there.
 */
export function leadersMaps(context: MembershipContext): readonly ShareMap[] {
  const { view, maps } = context;
  const reports = [
    ...context.modules.map((module) => ({ node: context.input.self, module })),
    ...context.peers
      .filter((peer) => isMember(view, peer.node))
      .flatMap((peer) => peer.modules.map((module) => ({ node: peer.node, module }))),
  ];
  const reported = new Set(reports.map((report) => groupOf(report.module.module)));
  const up = reports.filter((report) => report.module.state === 'UP');
  const groups = new Set([
    ...up.map((report) => groupOf(report.module.module)),
    // A map that nobody needs any more is published once more, with no owners, and forgotten with the next view.
    ...maps
      .filter((map) => reported.has(map.group) || epochOf(map) === view.epoch || !sameOwners(map.owners, unowned))
      .map((map) => map.group),
  ]);
  let version = Math.max(view.epoch * versionsPerEpoch, ...maps.map((map) => map.version));
  return [...groups].sort().map((group) => {
    const known = maps.find((map) => map.group === group);
    const nodes = up.filter((report) => groupOf(report.module.module) === group);
    const owners = assign(nodes, known?.owners ?? null, context);
    if (known !== undefined && epochOf(known) === view.epoch && sameOwners(known.owners, owners)) return known;
    version += 1;
    return { group, version, owners };
  });
}

function assign(
  up: readonly { readonly node: string; readonly module: ModuleDigest }[],
  previous: readonly number[] | null,
  context: MembershipContext,
): readonly number[] {
  const index = (node: string): number => context.input.nodes.indexOf(node);
  const best = up.filter((report) => report.module.quality === 'Ready' || previous?.includes(index(report.node)) === true);
  const members = (best.length > 0 ? best : up).map((report) => index(report.node)).sort((a, b) => a - b);
  return assignBuckets(
    members,
    members.map(() => 1),
    previous,
  );
}

/** A follower's maps after it heard some from its leader: newer versions replace older ones. */
export function followersMaps(known: readonly ShareMap[], heard: readonly ShareMap[]): readonly ShareMap[] {
  const newer = heard.filter((map) => map.version > (known.find((old) => old.group === map.group)?.version ?? 0));
  if (newer.length === 0) return known;
  return [...known.filter((old) => !newer.some((map) => map.group === old.group)), ...newer].sort((a, b) =>
    a.group < b.group ? -1 : 1,
  );
}

/**
 * A follower that holds all maps of its view forgets those of earlier views: their modules are gone. `leadersDigest` is what the
 * leader says of its own maps.
 */
export function withoutOutdated(maps: readonly ShareMap[], view: View, leadersDigest: string): readonly ShareMap[] {
  const outdated = maps.some((map) => epochOf(map) < view.epoch);
  return outdated && digestOf(maps, view) === leadersDigest ? maps.filter((map) => epochOf(map) === view.epoch) : maps;
}

/**
 * Groups that somebody who needs them has not confirmed, after the leader's maps may have changed.
 * @param restarted a peer is heard with another boot than before: it has lost all of them, also where some are pending for others
 */
export function unconfirmedGroups(
  context: MembershipContext,
  before: readonly ShareMap[],
  restarted: boolean,
): readonly string[] {
  const { view, maps } = context;
  const digest = digestOf(maps, view);
  const behind = context.peers.some((peer) => {
    if (isMember(view, peer.node)) return peer.view?.epoch !== view.epoch || peer.mapsDigest !== digest;
    // A starting node that is about to lead goes on from these maps.
    return isLive(peer) && peer.view?.leader === '' && peer.mapsDigest !== digest;
  });
  if (!behind) return [];
  if (restarted) return maps.map((map) => map.group);
  const changed = maps.filter((map) => !before.includes(map)).map((map) => map.group);
  const pending = [...new Set([...changed, ...context.unconfirmed])].filter((group) => maps.some((map) => map.group === group));
  // One that lost its maps disagrees although nothing is pending: it gets them all.
  return pending.length > 0 ? pending : maps.map((map) => map.group);
}

/** Buckets by node, for those that own some. */
export function countsOf(map: ShareMap, nodes: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    nodes.map((node, index) => [node, bucketsOf(map.owners, index)] as const).filter(([, count]) => count > 0),
  );
}

/** Percentage of a module's traffic that a node gets by the maps, 0 without one. */
export function shareOf(module: string, node: string, maps: readonly ShareMap[], nodes: readonly string[]): number {
  const map = maps.find((candidate) => candidate.group === groupOf(module));
  return map === undefined ? 0 : sharePercent(bucketsOf(map.owners, nodes.indexOf(node)));
}
