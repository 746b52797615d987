/** Says in one sentence why a node is no longer counted: who observed it, on which lans, when it was last heard. */

import type { MembershipContext, PeerLink, PeerState } from './membership.types.js';
import { isForeign, isLive, peerNamed } from './membership-peers.js';

/** Seconds with at most two digits after the point, as in `0.52 s`. */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(2))} s`;
}

/** The evidence of a loss, for the log and the history. `context` is the state in which the verdict was made. */
export function lossEvidence(node: string, context: MembershipContext): string {
  const peer = peerNamed(context, node);
  if (peer === undefined) return `${node} is not in the configuration.`;
  const self = context.input.self;
  if (peer.absence === 'goodbye') return `${node} said goodbye: it was stopped as planned.`;
  if (peer.absence === 'configuration') return `${node} runs with another cluster configuration than ${self}.`;
  if (isLive(peer) && isForeign(peer, context)) {
    return `${node} follows ${peer.view.leader}, which ${self} does not hear: the network is cut between them.`;
  }
  const verdict = isLive(peer)
    ? `The leader ${context.view.leader} does not count ${node}; ${self} still hears it.`
    : `${node} is lost: ${self} ${observed(peer, context)}.`;
  return [verdict, otherObservers(peer, context), excuses(peer)].filter((part) => part !== '').join(' ');
}

/** What this node itself observed, lan by lan. */
function observed(peer: PeerState, context: MembershipContext): string {
  return peer.links.map((link) => onLan(link, context)).join(', ');
}

function onLan(link: PeerLink, context: MembershipContext): string {
  if (link.heardAtMs === null) return `never heard it on ${link.lan}`;
  const ago = context.nowMs - link.heardAtMs;
  const { pulseMs, slostCount } = context.input;
  // Heard a moment ago and lost all the same: the packets come through in one direction only.
  if (ago <= pulseMs * slostCount) return `hears it on ${link.lan}, but is not heard there (one-way cut)`;
  return `last heard it ${seconds(ago)} ago on ${link.lan}`;
}

/** What the others say that they hear. */
function otherObservers(peer: PeerState, context: MembershipContext): string {
  const others = context.peers.filter((other) => other.node !== peer.node && isLive(other));
  const hears = (other: PeerState): boolean => other.hears.some((heard) => heard.node === peer.node);
  const still = others.filter(hears).map((other) => other.node);
  const neither = others.filter((other) => !hears(other)).map((other) => other.node);
  const parts = [
    ...(neither.length > 0 ? [`${neither.join(', ')} did not hear it either`] : []),
    ...(still.length > 0 ? [`${still.join(', ')} still heard it`] : []),
  ];
  return parts.length === 0 ? '' : `${parts.join('; ')}.`;
}

/** What the lost node had said of itself: tells 'starved' from 'cut off'. */
function excuses(peer: PeerState): string {
  const paused = peer.pause === null ? '' : `It had been paused for ${seconds(peer.pause.lengthMs)}.`;
  const starved = peer.lagMs >= 50 ? `Its timers had run up to ${seconds(peer.lagMs)} late.` : '';
  return [starved, paused].filter((part) => part !== '').join(' ');
}
