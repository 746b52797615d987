/**
 * Who leads and who is a member: the decision that every node makes for itself from what it hears.
 *
 * The leader is the lowest-ordered live node. It publishes views; each other node adopts the newest view of the lowest-ordered
 * node that it hears, that leads, and that counts it in. A node counts in only higher-ordered nodes that it hears two-way, and not
 * those that follow somebody else whom it does not hear. So each node is in one view, a cut network has one leader in each part, and
 * where hearing is not transitive (n1–n2 and n2–n3 hear each other, n1–n3 do not) the cluster parts into {n1, n2} and {n3}: n2 keeps
 * to the lowest leader, and nobody forwards traffic to a node that the leader cannot reach.
 */

import type { MembershipContext, PeerState, View } from './membership.types.js';
import { graceMs, joiningMs, mergingMs } from './membership-patience.js';
import { isForeign, isLive, isMember, type LivePeer, peerNamed, placeOf } from './membership-peers.js';
import { digestOf } from './membership-shares.js';

/** What a node decided: its view now, whether it has joined, and since when it waits for others. */
export interface Decision {
  readonly view: View;
  readonly joined: boolean;
  readonly holdingSinceMs: number | null;
}

/** Decides from the present context. Calling it again without a change gives the same decision. */
export function decide(context: MembershipContext): Decision {
  const { input, view } = context;
  const lower = lowerPeers(context).filter(isLive);
  const chosen = lower.find(leadsItself);
  if (chosen?.view.members.includes(input.self) === true) return follow(context, chosen.view);
  if (context.joined && view.leader === input.self) return lead(context);
  // The present leader still leads and counts this node in, while a lower one that was just heard has not done so yet.
  const present = lower.find((peer) => peer.node === view.leader);
  if (present !== undefined && leadsItself(present) && present.view.members.includes(input.self)) {
    return follow(context, present.view);
  }
  const starting = !context.joined && !hasHeardEnough(context);
  const mayComeToLead = lower.some((peer) => !isForeign(peer, context));
  if (!starting && !mayComeToLead) return lead(context);
  const holdingSinceMs = context.holdingSinceMs ?? context.listeningMs;
  // Waiting is bounded: whoever is not taken in, and for whom nobody takes over, leads.
  if (context.listeningMs - holdingSinceMs > graceMs(input)) return lead(context);
  return { view, joined: context.joined, holdingSinceMs };
}

function lowerPeers(context: MembershipContext): readonly PeerState[] {
  return context.peers.slice(0, Math.max(0, placeOf(context.input.self, context.input)));
}

function leadsItself(peer: LivePeer): boolean {
  return peer.view.leader === peer.node;
}

/** Epochs never go back on a node: a leader whose epoch is behind hears ours, and publishes a newer one. */
function follow(context: MembershipContext, offered: View): Decision {
  const newer = offered.epoch > context.view.epoch || (!context.joined && offered.epoch === context.view.epoch);
  const view = newer ? offered : context.view;
  return { view, joined: context.joined || view === offered, holdingSinceMs: null };
}

function lead(context: MembershipContext): Decision {
  const { input, view } = context;
  const members = input.nodes.filter((node) => node === input.self || countsIn(node, context));
  const next = { epoch: view.epoch, leader: input.self, members };
  const heardViews = context.peers.filter(isLive);
  // A member that holds as new a view with other content, or a newer one, can only be brought over by a newer one still.
  const contested = heardViews.some(
    (heard) =>
      (heard.view.epoch > view.epoch ||
        (heard.view.epoch === view.epoch && heard.view.leader !== '' && !sameContent(heard.view, view))) &&
      isMember(next, heard.node),
  );
  if (sameContent(next, view) && !contested) return { view, joined: true, holdingSinceMs: null };
  const epoch = Math.max(view.epoch, ...heardViews.map((heard) => heard.view.epoch)) + 1;
  return { view: { ...next, epoch }, joined: true, holdingSinceMs: null };
}

/** Is a node counted in by this one as leader? */
function countsIn(node: string, context: MembershipContext): boolean {
  const { input } = context;
  const peer = peerNamed(context, node);
  if (!isLive(peer) || placeOf(node, input) < placeOf(input.self, input)) return false;
  // A member that still follows the leader before this one gets time to come over; a newcomer that follows another does not.
  if (isMember(context.view, node)) return !isForeign(peer, context);
  return peer.foreignSinceMs === null && !awaitsOthers(peer, context);
}

/** Does a newcomer belong to a view of which others are likely to be heard in a moment? */
function awaitsOthers(peer: LivePeer, context: MembershipContext): boolean {
  if (context.listeningMs - peer.liveSinceMs >= mergingMs(context.input.pulseMs)) return false;
  const others = peer.view.members.filter((node) => node !== context.input.self);
  return others.some((node) => !isLive(peerNamed(context, node)));
}

function sameContent(a: View, b: View): boolean {
  if (a === b) return true;
  return (
    a.leader === b.leader && a.members.length === b.members.length && a.members.every((node, index) => b.members[index] === node)
  );
}

/** A starting node has heard enough when it hears everyone whom its peers count, or when nobody can have stayed unheard. */
function hasHeardEnough(context: MembershipContext): boolean {
  if (context.listeningMs >= joiningMs(context.input)) return true;
  const live = context.peers.filter(isLive);
  // The maps of those who lead now are needed to go on from them.
  const digest = digestOf(context.maps, context.view);
  if (live.some((peer) => leadsItself(peer) && peer.mapsDigest !== digest)) return false;
  if (live.length === context.peers.length) return true;
  const counted = [...new Set(live.map((peer) => peer.view.members))];
  const isHeard = (node: string): boolean => node === context.input.self || isLive(peerNamed(context, node));
  return counted.some((members) => members.length > 0) && counted.every((members) => members.every(isHeard));
}
