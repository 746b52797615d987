/**
 * One step of membership: context and event in, context and effects out. Everything the machine knows happens here, in a fixed
 * order: time, what the event says, who counts, whose view holds, who owns which share, what to tell.
 */

import type {
  Loss,
  MembershipBody,
  MembershipContext,
  MembershipEffect,
  MembershipEvent,
  MembershipInput,
  PeerState,
  PulseReport,
  ShareMap,
  TimedReport,
} from './membership.types.js';
import { lossEvidence } from './membership-evidence.js';
import {
  isPause,
  type Lateness,
  listenedMs,
  nextHealth,
  pauseMemoryMs,
  rememberLateness,
  worstLateness,
} from './membership-patience.js';
import {
  afterPacket,
  afterSilence,
  isLive,
  isMember,
  isNews,
  markForeign,
  noView,
  peerIndex,
  peerNamed,
  peerStatus,
  sameModules,
  unheardPeers,
} from './membership-peers.js';
import {
  countsOf,
  digestOf,
  followersMaps,
  leadersMaps,
  shareOf,
  unconfirmedGroups,
  withoutOutdated,
} from './membership-shares.js';
import { decide } from './membership-view.js';
import { mapsDigest, sameOwners, unowned } from './share-map.js';

const nothing: readonly string[] = [];
const nobodyLost: readonly Loss[] = [];

/** A node that has just started and heard nobody. */
export function startContext(input: MembershipInput): MembershipContext {
  const view = noView(input.viewEpoch);
  return {
    input,
    nowMs: input.atMs,
    listeningMs: 0,
    peers: unheardPeers(input),
    joined: false,
    view,
    holdingSinceMs: null,
    modules: [],
    maps: [],
    unconfirmed: nothing,
    health: 1,
    onTimeTicks: 0,
    latenesses: [],
    pause: null,
    body: { view, modules: [], shareMaps: [], lagMs: 0, pause: null, health: 1, mapsDigest: mapsDigest([]) },
  };
}

export interface Step {
  readonly context: MembershipContext;
  readonly effects: readonly MembershipEffect[];
}

/** Carries out one event. `STOP` is the chart's business and changes nothing here. */
export function step(before: MembershipContext, event: MembershipEvent): Step {
  const told = takeIn(before, event);
  const marked = withFields(told, { peers: markForeign(told) });
  const viewed = withFields(marked, decide(marked));
  const changes = viewChange(before, viewed);
  const judged = withFields(viewed, { peers: withEvidence(viewed, changes.lost) });
  const heard = reportsOf(event).reduce((so, { report }) => withHeardMaps(so, report), judged);
  const shared = withLeadersMaps(before, heard);
  const local = withShares(shared);
  const context = withFields(local, { body: nextBody(local) });
  return { context, effects: effectsOf(before, context, changes) };
}

const noReports: readonly TimedReport[] = [];
/** The packets that an event brings, in their order. */
function reportsOf(event: MembershipEvent): readonly TimedReport[] {
  if (event.type === 'PACKET') return [event];
  return event.type === 'PULSE_DUE' ? (event.packets ?? noReports) : noReports;
}

/** The same context when none of the fields changes: most events change little, and there are hundreds of them a second. */
function withFields(context: MembershipContext, fields: Partial<MembershipContext>): MembershipContext {
  let name: keyof MembershipContext;
  for (name in fields) if (fields[name] !== context[name]) return { ...context, ...fields };
  return context;
}

// ---------------------------------------------------------------- what the event says

function takeIn(context: MembershipContext, event: MembershipEvent): MembershipContext {
  switch (event.type) {
    case 'PULSE_DUE': {
      const heard = afterPackets(context, reportsOf(event));
      const { nowMs, listeningMs } = timeAt({ input: context.input, ...heard }, event.atMs);
      const late = afterLateness(context, { nowMs, listeningMs, peers: heard.peers }, event.lateMs);
      // Only a tick accuses: every packet that came before it has been handed over by then.
      return withFields(late, { peers: mapKeeping(late.peers, (peer) => afterSilence(peer, late)) });
    }
    case 'PACKET':
      return { ...context, ...afterPackets(context, [event]) };
    case 'CLOCK_GAP':
      return afterLateness(context, { ...timeAt(context, event.atMs), peers: context.peers }, event.lengthMs);
    case 'LOCAL_STATE': {
      const shares = new Map(context.modules.map((module) => [module.module, module.share]));
      const modules = event.modules.map((module) => ({ ...module, share: shares.get(module.module) ?? 0 }));
      return { ...context, modules: sameModules(modules, context.modules) ? context.modules : modules };
    }
    case 'STOP':
      return context;
  }
}

type Heard = Pick<MembershipContext, 'nowMs' | 'listeningMs' | 'peers'>;
/** What the packets say of their senders, each at its own time. */
function afterPackets(context: MembershipContext, packets: readonly TimedReport[]): Heard {
  if (packets.length === 0) return context;
  const { input } = context;
  let { nowMs, listeningMs } = context;
  const peers = [...context.peers];
  for (const { atMs, report } of packets) {
    ({ nowMs, listeningMs } = timeAt({ input, nowMs, listeningMs }, atMs));
    const index = peerIndex(report.from, input);
    const peer = peers[index];
    if (peer !== undefined) peers[index] = afterPacket(peer, report, { input, nowMs, listeningMs });
  }
  return { nowMs, listeningMs, peers };
}

/** Time never runs backwards here, whatever the events say. */
function timeAt(
  before: Pick<MembershipContext, 'nowMs' | 'listeningMs' | 'input'>,
  atMs: number,
): Pick<MembershipContext, 'nowMs' | 'listeningMs'> {
  const nowMs = Math.max(before.nowMs, atMs);
  return { nowMs, listeningMs: before.listeningMs + listenedMs(nowMs - before.nowMs, before.input.pulseMs) };
}

function afterLateness(context: MembershipContext, { nowMs, listeningMs, peers }: Heard, lateMs: number): MembershipContext {
  const { pulseMs } = context.input;
  const lateness: Lateness = { atMs: nowMs, lateMs: Math.max(0, lateMs) };
  const paused = isPause(lateMs, pulseMs);
  const remembered = context.pause !== null && nowMs - context.pause.endedAtMs < pauseMemoryMs ? context.pause : null;
  const { health, onTimeTicks } = nextHealth(context, lateMs, pulseMs);
  return {
    ...context,
    nowMs,
    listeningMs,
    peers,
    health,
    onTimeTicks,
    latenesses: rememberLateness(context.latenesses, lateness),
    pause: paused ? { lengthMs: Math.round(lateMs), endedAtMs: nowMs } : remembered,
  };
}

/** Like map, but the same array when nothing changed. */
function mapKeeping<T>(items: readonly T[], change: (item: T) => T): readonly T[] {
  let same = true;
  const changed = items.map((item) => {
    const next = change(item);
    if (next !== item) same = false;
    return next;
  });
  return same ? items : changed;
}

// ---------------------------------------------------------------- the view

interface ViewChange {
  readonly changed: boolean;
  readonly lost: readonly Loss[];
  readonly joined: readonly string[];
}

const noChange: ViewChange = { changed: false, lost: nobodyLost, joined: nothing };

function viewChange(before: MembershipContext, after: MembershipContext): ViewChange {
  if (before.view === after.view) return noChange;
  const lost = before.view.members.filter((node) => !isMember(after.view, node));
  return {
    changed: true,
    lost: lost.map((node) => ({ node, evidence: lossEvidence(node, after) })),
    joined: after.view.members.filter((node) => !isMember(before.view, node)),
  };
}

function withEvidence(context: MembershipContext, lost: readonly Loss[]): readonly PeerState[] {
  if (lost.length === 0) return context.peers;
  return mapKeeping(context.peers, (peer) => {
    const loss = lost.find((one) => one.node === peer.node);
    return loss === undefined ? peer : { ...peer, evidence: loss.evidence };
  });
}

// ---------------------------------------------------------------- the shares

function withLeadersMaps(before: MembershipContext, context: MembershipContext): MembershipContext {
  if (!context.joined || context.view.leader !== context.input.self) return withFields(context, { unconfirmed: nothing });
  const same =
    before.view === context.view &&
    before.modules === context.modules &&
    before.peers.every((peer, index) => peer.modules === context.peers[index]?.modules);
  const maps = same ? context.maps : keepIfSame(context.maps, leadersMaps(context));
  const mapped = withFields(context, { maps });
  const restarted = before.peers.some((peer, index) => peer.bootEpoch !== context.peers[index]?.bootEpoch);
  const unconfirmed = unconfirmedGroups(mapped, context.maps, restarted);
  return withFields(mapped, { unconfirmed: unconfirmed.length === 0 ? nothing : unconfirmed });
}

/**
 * Takes over the maps in a packet of the leader, for the view that holds now. A node that has not joined yet takes those of
 * whoever leads: if it is to lead itself, it goes on from them instead of dealing out everything anew.
 */
function withHeardMaps(context: MembershipContext, report: PulseReport): MembershipContext {
  if (report.body.view.leader !== report.from) return context;
  const { view, maps } = context;
  if (!isLive(peerNamed(context, report.from))) return context;
  if (!context.joined) return { ...context, maps: followersMaps(maps, report.body.shareMaps) };
  if (view.leader !== report.from || view.epoch !== report.body.view.epoch) return context;
  return { ...context, maps: withoutOutdated(followersMaps(maps, report.body.shareMaps), view, report.body.mapsDigest) };
}

function keepIfSame(known: readonly ShareMap[], next: readonly ShareMap[]): readonly ShareMap[] {
  return known.length === next.length && next.every((map, index) => map === known[index]) ? known : next;
}

/** Fills in the share of each local module. */
function withShares(context: MembershipContext): MembershipContext {
  const { self, nodes } = context.input;
  const modules = mapKeeping(context.modules, (module) => {
    const share = shareOf(module.module, self, context.maps, nodes);
    return share === module.share ? module : { ...module, share };
  });
  return withFields(context, { modules });
}

// ---------------------------------------------------------------- what to tell

/** The body that the present context calls for; the last one itself when nothing in it changed. */
function nextBody(context: MembershipContext): MembershipBody {
  const { body } = context;
  const shareMaps =
    context.unconfirmed.length === 0 && body.shareMaps.length === 0
      ? body.shareMaps
      : keepIfSame(
          body.shareMaps,
          context.maps.filter((map) => context.unconfirmed.includes(map.group)),
        );
  const pause =
    context.pause === null
      ? null
      : // Whole seconds: the age alone must not make a new body at every tick.
        { lengthMs: context.pause.lengthMs, agoMs: Math.round((context.nowMs - context.pause.endedAtMs) / 1000) * 1000 };
  const lagMs = worstLateness(context.latenesses);
  const told = pause?.agoMs === body.pause?.agoMs && pause?.lengthMs === body.pause?.lengthMs ? body.pause : pause;
  const { view, modules, health } = context;
  const mapsDigest = digestOf(context.maps, view);
  const same =
    view === body.view &&
    modules === body.modules &&
    shareMaps === body.shareMaps &&
    lagMs === body.lagMs &&
    told === body.pause &&
    health === body.health &&
    mapsDigest === body.mapsDigest;
  return same ? body : { view, modules, shareMaps, lagMs, pause: told, health, mapsDigest };
}

const noEffects: readonly MembershipEffect[] = [];

function effectsOf(before: MembershipContext, after: MembershipContext, change: ViewChange): readonly MembershipEffect[] {
  const atMs = after.nowMs;
  const { body } = after;
  const peers = changedPeers(before, after);
  const maps = changedMaps(before, after);
  if (body === before.body && !change.changed && peers.length === 0 && maps.length === 0) return noEffects;
  const urgent =
    body.view !== before.body.view ||
    body.modules !== before.body.modules ||
    body.mapsDigest !== before.body.mapsDigest ||
    (body.shareMaps !== before.body.shareMaps && body.shareMaps.length > 0);
  return [
    ...(body === before.body ? [] : [{ type: 'publish', body, urgent } as const]),
    ...(change.changed
      ? [{ type: 'view.changed', view: after.view, lost: change.lost, joined: change.joined, atMs } as const]
      : []),
    ...peers.map((peer) => ({ type: 'peer.changed', peer: peerStatus(peer, after.view), atMs }) as const),
    ...maps.map((map) => {
      return { type: 'shares.changed', group: map.group, counts: countsOf(map, after.input.nodes), map, atMs } as const;
    }),
  ];
}

/** Peers of which there is news; they are in the same order always. */
function changedPeers(before: MembershipContext, after: MembershipContext): readonly PeerState[] {
  if (before.peers === after.peers && before.view === after.view) return [];
  return after.peers.filter((peer, index) => {
    const was = before.peers[index];
    return was !== undefined && (was !== peer || before.view !== after.view) && isNews(was, before.view, peer, after.view);
  });
}

/** Maps whose owners changed; one that was forgotten is told once more, owned by nobody. */
function changedMaps(before: MembershipContext, after: MembershipContext): readonly ShareMap[] {
  if (before.maps === after.maps) return [];
  const ownersBefore = (map: ShareMap): readonly number[] =>
    before.maps.find((old) => old.group === map.group)?.owners ?? unowned;
  const forgotten = before.maps.filter((old) => !after.maps.some((map) => map.group === old.group));
  return [...after.maps, ...forgotten.map((map) => ({ ...map, owners: unowned }))].filter(
    (map) => !sameOwners(ownersBefore(map), map.owners),
  );
}
