/**
 * What one node knows of each peer: which links are up, whether the peer counts, whom it follows. Pure functions over PeerState.
 *
 * A link is up only when it is two-way: the peer's packets must say that they hear this very boot of this node. That finds one-way
 * cuts, and makes replayed packets of a dead peer worthless to a node that has just started.
 */

import type {
  Absence,
  MembershipContext,
  MembershipInput,
  ModuleDigest,
  PeerLink,
  PeerState,
  PeerStatus,
  PulseReport,
  View,
} from './membership.types.js';
import { graceMs, patienceMs } from './membership-patience.js';

/** The view of a node that has not joined yet. */
export function noView(epoch: number): View {
  return { epoch, leader: '', members: [] };
}

/** All peers, unheard, in the configuration's order; each with the lans that it shares with this node. */
export function unheardPeers(input: MembershipInput): readonly PeerState[] {
  const shared = input.lans.filter((lan) => lan.nodes.includes(input.self));
  return input.nodes
    .filter((node) => node !== input.self)
    .map((node) => ({
      node,
      bootEpoch: null,
      goneEpoch: null,
      sameConfiguration: null,
      links: shared
        .filter((lan) => lan.nodes.includes(node))
        .map((lan) => ({ lan: lan.name, heardAtMs: null, twoWayMs: null, up: false, rttMs: null })),
      absence: 'unheard',
      liveSinceMs: 0,
      view: null,
      modules: [],
      mapsDigest: '',
      lagMs: 0,
      pause: null,
      health: 1,
      hears: [],
      foreignSinceMs: null,
      evidence: null,
    }));
}

/** Each node's place in the configuration's order. The list of nodes never changes while a membership runs. */
function placesOf(nodes: readonly string[]): ReadonlyMap<string, number> {
  const known = places.get(nodes);
  if (known !== undefined) return known;
  const made = new Map(nodes.map((node, place) => [node, place]));
  places.set(nodes, made);
  return made;
}
const places = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** A node's place in the configuration's order, counted from 0; -1 where it is not in it. */
export function placeOf(node: string, input: Pick<MembershipInput, 'nodes'>): number {
  return placesOf(input.nodes).get(node) ?? -1;
}

/** Where a node stands among the peers: they are in the configuration's order, without the node itself. -1: it is none of them. */
export function peerIndex(node: string, input: Pick<MembershipInput, 'nodes' | 'self'>): number {
  const place = placeOf(node, input);
  const own = placeOf(input.self, input);
  return place === own ? -1 : place > own ? place - 1 : place;
}

/** What is known of a peer; it is found at once, however many there are. */
export function peerNamed(context: Pick<MembershipContext, 'peers' | 'input'>, node: string): PeerState | undefined {
  return context.peers[peerIndex(node, context.input)];
}

/** Is the node a member of the view? Found at once, however many there are. */
export function isMember(view: View, node: string): boolean {
  if (view.members.length <= fewMembers) return view.members.includes(node);
  const known = memberSets.get(view.members);
  if (known !== undefined) return known.has(node);
  const made = new Set(view.members);
  memberSets.set(view.members, made);
  return made.has(node);
}
const memberSets = new WeakMap<readonly string[], ReadonlySet<string>>();
const fewMembers = 8;

/** A peer that counts; what it says of its view is known then. */
export type LivePeer = PeerState & { readonly view: View };

/** Does the peer count: heard and hearing on some lan, of the same configuration, not gone? */
export function isLive(peer: PeerState | undefined): peer is LivePeer {
  return peer !== undefined && peer.absence === null && peer.view !== null;
}

/** A peer after one of its packets. A packet of an earlier boot, or of one that said goodbye, changes nothing. */
export function afterPacket(
  peer: PeerState,
  report: PulseReport,
  context: Pick<MembershipContext, 'input' | 'nowMs' | 'listeningMs'>,
): PeerState {
  const { input } = context;
  if (peer.bootEpoch !== null && report.bootEpoch < peer.bootEpoch) return peer;
  if (peer.goneEpoch !== null && report.bootEpoch <= peer.goneEpoch) return peer;
  if (report.goodbye) {
    return {
      ...peer,
      bootEpoch: report.bootEpoch,
      goneEpoch: report.bootEpoch,
      absence: 'goodbye',
      links: peer.links.map((link) => ({ ...link, twoWayMs: null, up: false })),
      view: null,
      modules: [],
      foreignSinceMs: null,
    };
  }
  const restarted = peer.bootEpoch !== report.bootEpoch;
  // A round-trip time is measured by an echo, which says the same.
  const hearsThis = (lan: string): boolean =>
    report.rttMs !== null ||
    report.heard.some((heard) => heard.node === input.self && heard.lan === lan && heard.bootEpoch === input.bootEpoch);
  const links = peer.links.map((link): PeerLink => {
    if (link.lan !== report.lan) return link;
    const twoWay = hearsThis(link.lan);
    return {
      lan: link.lan,
      heardAtMs: context.nowMs,
      twoWayMs: twoWay ? context.listeningMs : link.twoWayMs,
      up: twoWay || link.up,
      rttMs: report.rttMs ?? (restarted ? null : link.rttMs),
    };
  });
  const sameConfiguration = report.signature === input.signature;
  const absence = absenceOf(sameConfiguration, links, peer.absence);
  // Each field by its name: this is made some dozens of times a second for each peer, and a copy of all that is changed then costs more.
  return {
    node: peer.node,
    bootEpoch: report.bootEpoch,
    goneEpoch: peer.goneEpoch,
    sameConfiguration,
    links,
    absence,
    liveSinceMs: peer.absence !== null && absence === null ? context.listeningMs : peer.liveSinceMs,
    // What two lans deliver may overtake each other: an older view never replaces a newer one of the same boot.
    view: sameConfiguration ? newerView(restarted ? null : peer.view, report.body.view) : null,
    modules: sameModules(peer.modules, report.body.modules) ? peer.modules : report.body.modules,
    mapsDigest: report.body.mapsDigest,
    lagMs: report.body.lagMs,
    pause: report.body.pause,
    health: report.body.health,
    hears: report.heard,
    foreignSinceMs: peer.foreignSinceMs,
    evidence: peer.evidence,
  };
}

function newerView(known: View | null, heard: View): View {
  return known !== null && known.epoch > heard.epoch ? known : heard;
}

function absenceOf(sameConfiguration: boolean, links: readonly PeerLink[], before: Absence | null): Absence | null {
  if (!sameConfiguration) return 'configuration';
  if (links.some((link) => link.up)) return null;
  return before === 'silent' ? 'silent' : 'unheard';
}

/** How long this node bears the silence of a peer, in ms of listening time. A leader is lost after `mlost_count` at the latest. */
export function patienceWith(peer: PeerState, context: MembershipContext): number {
  const { pulseMs, slostCount, mlostCount } = context.input;
  const count = peer.node === context.view.leader ? Math.min(slostCount, mlostCount) : slostCount;
  return patienceMs({ pulseMs, count, health: context.health, peerLagMs: peer.lagMs });
}

/** A peer after a tick: links that were silent for too long go down, and with the last of them the peer. */
export function afterSilence(peer: PeerState, context: MembershipContext): PeerState {
  const patience = patienceWith(peer, context);
  const isUp = (link: PeerLink): boolean => link.twoWayMs !== null && context.listeningMs - link.twoWayMs <= patience;
  if (peer.links.every((link) => link.up === isUp(link))) return peer;
  const links = peer.links.map((link) => ({ ...link, up: isUp(link) }));
  const lost = peer.absence === null && links.every((link) => !link.up);
  return lost ? { ...peer, links, absence: 'silent', foreignSinceMs: null } : { ...peer, links };
}

/** Marks since when each live peer has followed a leader that this node does not hear. */
export function markForeign(context: MembershipContext): readonly PeerState[] {
  const { peers, listeningMs } = context;
  const { self } = context.input;
  // In one view all follow the same one: it is looked for once.
  let last = '';
  let isHeard = true;
  let marked: PeerState[] | null = null;
  for (const [index, peer] of peers.entries()) {
    const leader = peer.view?.leader ?? '';
    const follows = peer.absence === null && leader !== '' && leader !== peer.node && leader !== self;
    if (follows && leader !== last) {
      last = leader;
      isHeard = isLive(peerNamed(context, leader));
    }
    const near = !follows || isHeard;
    const foreignSinceMs = near ? null : (peer.foreignSinceMs ?? listeningMs);
    if (foreignSinceMs === peer.foreignSinceMs) continue;
    marked ??= [...peers];
    marked[index] = { ...peer, foreignSinceMs };
  }
  return marked ?? peers;
}

/** Has the peer followed a leader that this node does not hear for so long that it will not come over by itself? */
export function isForeign(peer: PeerState, context: MembershipContext): boolean {
  return peer.foreignSinceMs !== null && context.listeningMs - peer.foreignSinceMs > graceMs(context.input);
}

/** A peer as it is shown to others. */
export function peerStatus(peer: PeerState, view: View): PeerStatus {
  return {
    node: peer.node,
    online: peer.absence === null,
    member: isMember(view, peer.node),
    leader: view.leader === peer.node,
    bootEpoch: peer.bootEpoch,
    sameConfiguration: peer.sameConfiguration,
    lans: peer.links.map((link) => ({ lan: link.lan, up: link.up, rttMs: link.rttMs, lastHeardAtMs: link.heardAtMs })),
    modules: peer.modules,
    lagMs: peer.lagMs,
    pause: peer.pause,
    health: peer.health,
    evidence: peer.evidence,
  };
}

/** Did anything change that others want to hear of? Round-trip times and the moment of the last packet are not news. */
export function isNews(was: PeerState, viewBefore: View, peer: PeerState, view: View): boolean {
  const { node } = peer;
  return (
    (was.absence === null) !== (peer.absence === null) ||
    was.bootEpoch !== peer.bootEpoch ||
    was.sameConfiguration !== peer.sameConfiguration ||
    was.evidence !== peer.evidence ||
    was.links.some((link, index) => link.up !== peer.links[index]?.up) ||
    !sameModules(was.modules, peer.modules) ||
    (viewBefore !== view &&
      ((viewBefore.leader === node) !== (view.leader === node) || isMember(viewBefore, node) !== isMember(view, node)))
  );
}

/** Are two lists of modules the same, in order and in every field? */
export function sameModules(a: readonly ModuleDigest[], b: readonly ModuleDigest[]): boolean {
  return (
    a === b ||
    (a.length === b.length &&
      a.every((one, index) => {
        const other = b[index];
        return (
          one.module === other?.module &&
          one.state === other.state &&
          one.quality === other.quality &&
          one.generation === other.generation &&
          one.signature === other.signature &&
          one.share === other.share
        );
      }))
  );
}
