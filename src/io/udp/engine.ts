/**
 * The pulse: when to send what to whom, and what to hand over. It owns no socket and no timer: the worker gives it the time and
 * carries out what it says, and a test can do the same.
 *
 * - Each pulse, one datagram to every other node on every lan, the same bytes for all nodes of a lan; one at once besides when the
 *   body changed urgently, at most one a tenth of a pulse.
 * - A peer that has been silent for two pulses is asked for an answer four times a pulse, and answers at once. That makes a node
 *   that lives heard before it is given up on a network that loses a fifth of its packets, without waiting longer for a dead one.
 * - What is handed over goes in one message a pulse, and at once where a datagram says something new: pulses that say nothing new
 *   come with the tick, as one event. Order and times stay true; what a message between threads and a step of the machine cost is
 *   paid ten times a second and not for every datagram.
 * - A peer that has shown only a key that was replaced is spoken to with that one, for as long as it is accepted; once a second a
 *   datagram under the present key goes to it besides, which a peer that has it as well answers in kind (ADR 0029).
 * - Nothing is sent, answers included, once the lease has run out: a daemon whose main loop hangs stops being believed alive.
 */

import type {
  DropClass,
  MembershipBody,
  PulseReport,
  RefusedSender,
  TimedReport,
  TransportEvent,
  TransportKey,
  TransportSpec,
} from '../../actors/ports.js';
import type { ClusterConfig } from '../../config/types.js';
import { type ClusterTable, clusterTable } from './cluster-table.js';
import { type Encoded, encodeContent, type Turn } from './codec.js';
import { headerLength, lanLabel, maxDatagramLength, protocolVersion, senderLabel, writeHeader } from './header.js';
import { Identities, type Identity, sealKey } from './identities.js';
import { clockOf, Receiver } from './receiver.js';
import { seal, tagLength } from './seal.js';

/** Further datagrams with share maps that one pulse may have besides the first. */
const extraMapDatagrams = 4;
/** Pulses with which a planned stop is told, so that a lossy network lets one through. */
export const goodbyeCount = 3;
/** At most one report of dropped datagrams in that time, in ms. */
const dropReportMs = 1_000;
/** How often a peer that has not shown the present key is offered it, in ms. */
const offerMs = 1_000;
/** Senders of refused datagrams that are told apart in one report. */
const mostRefused = 16;

export interface EngineSpec {
  readonly cluster: ClusterConfig;
  readonly self: string;
  readonly clusterId: string;
  readonly keyHex: string | null;
  readonly older?: readonly TransportKey[];
  readonly signature: string;
  readonly bootEpoch: number;
  readonly knownEpochs: Readonly<Record<string, number>>;
  readonly leaseMs: number;
}

/** What the engine is given to act with. */
export interface EngineActs {
  /** Sends bytes to a node on a lan; failures are the socket's business. */
  readonly send: (lan: string, node: string, datagram: Buffer) => void;
  /** Hands over what happened, in order. */
  readonly post: (events: readonly TransportEvent[]) => void;
}

interface Outgoing {
  readonly name: string;
  readonly label: string;
  readonly peers: readonly string[];
  /** By cluster id. */
  readonly keys: Map<string, Buffer | null>;
  sequence: number;
  turn: Turn;
}

export class Engine {
  readonly #spec: EngineSpec;
  readonly #acts: EngineActs;
  readonly #table: ClusterTable;
  readonly #receiver: Receiver;
  readonly #lans: readonly Outgoing[];
  #identities: Identities;
  #offeredAtMs = Number.NEGATIVE_INFINITY;
  #refused = new Map<string, RefusedSender>();
  readonly #sender: string;
  readonly #answeredAt = new Map<string, number>();
  readonly #lastSaid = new Map<string, string>();
  #waiting: TimedReport[] = [];
  #dropped: TransportEvent[] = [];
  #body: MembershipBody | null = null;
  #leaseUntilMs: number;
  #quietSinceMs: number | null = null;
  #drops = noDrops();
  #dropExample: string | null = null;
  #dropsReportedAtMs = Number.NEGATIVE_INFINITY;
  #lastUrgentMs = Number.NEGATIVE_INFINITY;
  #toldTooLarge = false;

  constructor(spec: EngineSpec, acts: EngineActs, nowMs: number) {
    this.#spec = spec;
    this.#acts = acts;
    this.#table = clusterTable(spec.cluster, spec.self, spec.signature);
    this.#receiver = new Receiver({ ...spec, table: this.#table }, nowMs);
    this.#identities = new Identities(spec, nowMs);
    this.#leaseUntilMs = nowMs + spec.leaseMs;
    this.#sender = senderLabel(spec.self);
    this.#lans = this.#table.lans
      .filter((lan) => lan.nodes.includes(spec.self))
      .map((lan) => {
        const label = lanLabel(lan.name);
        return {
          name: lan.name,
          label,
          peers: lan.nodes.filter((node) => node !== spec.self),
          keys: new Map(),
          sequence: 0,
          turn: { names: 0, maps: 0 },
        };
      });
  }

  // ------------------------------------------------------------ from the main thread

  /** Takes over a new body. @returns in how many ms an urgent one is due, 0 for at once; null when it can wait for the pulse. */
  publish(body: MembershipBody, urgent: boolean, nowMs: number): number | null {
    this.#body = body;
    for (const module of body.modules) this.#receiver.names.learn(module.module);
    if (!urgent) return null;
    return Math.max(0, this.#lastUrgentMs + this.#spec.cluster.pulseMs / 10 - nowMs);
  }

  /**
   * The main loop was alive at that time. After an expired lease the time without it is reported as lateness, for nothing was handed
   * over then.
   * @returns whether this ended a silence, so that a pulse is due at once
   */
  renewLease(renewedAtMs: number, nowMs: number): boolean {
    this.#leaseUntilMs = renewedAtMs + this.#spec.leaseMs;
    const quietSinceMs = this.#quietSinceMs;
    if (quietSinceMs === null) return false;
    this.#quietSinceMs = null;
    this.#tick(nowMs, nowMs - quietSinceMs);
    return true;
  }

  /** Goes on with another key: the boot and its numbers stay, peers change over one by one. */
  rekey(keys: Pick<TransportSpec, 'clusterId' | 'keyHex' | 'older'>, nowMs: number): void {
    this.#identities = new Identities(keys, nowMs);
    this.#receiver.rekey(this.#identities, nowMs);
    this.#offeredAtMs = Number.NEGATIVE_INFINITY;
  }

  // ------------------------------------------------------------ from the clock

  /** The pulse is due and the sockets have been read. */
  pulse(nowMs: number, lateMs: number): void {
    this.#reportDrops(nowMs);
    if (!this.#mayAct(nowMs)) return;
    this.#tick(nowMs, lateMs);
    this.#sendAll(nowMs, false);
  }

  /** The urgent datagrams. */
  urgent(nowMs: number): void {
    if (!this.#mayAct(nowMs)) return;
    this.#lastUrgentMs = nowMs;
    this.#sendAll(nowMs, false);
  }

  /** Says goodbye on every lan, whatever the lease. */
  goodbye(nowMs: number): void {
    this.#sendAll(nowMs, true);
  }

  /** Asks peers for an answer that have been silent; called four times a pulse while `hasSilentPeers`. */
  askSilent(nowMs: number): void {
    if (!this.#mayAct(nowMs)) return;
    for (const lan of this.#lans) {
      const silent = this.#silentOn(lan, nowMs);
      if (silent.length === 0) continue;
      const kind = { goodbye: false, mapsOnly: false, asks: silent };
      for (const [identity, nodes] of this.#spokenTo(silent, nowMs)) {
        const { datagram } = this.#datagram(lan, nowMs, kind, identity);
        for (const node of nodes) this.#acts.send(lan.name, node, datagram);
      }
    }
  }

  hasSilentPeers(nowMs: number): boolean {
    return this.#lans.some((lan) => this.#silentOn(lan, nowMs).length > 0);
  }

  /** Nodes of a lan from which nothing came for that long, or never, in ms: their names may resolve to other addresses by now. */
  silentFor(lan: string, withinMs: number, nowMs: number): readonly string[] {
    const outgoing = this.#lans.find((one) => one.name === lan);
    return (outgoing?.peers ?? []).filter((node) => (this.#receiver.silenceMs(node, lan, nowMs) ?? withinMs) >= withinMs);
  }

  #silentOn(lan: Outgoing, nowMs: number): readonly string[] {
    const { pulseMs, slostCount } = this.#spec.cluster;
    return lan.peers.filter((node) => {
      const silence = this.#receiver.silenceMs(node, lan.name, nowMs);
      // One that has been gone for twice the patience is not asked any more: the pulse will find it when it comes back.
      return silence !== null && silence >= 2 * pulseMs && silence <= 2 * slostCount * pulseMs;
    });
  }

  // ------------------------------------------------------------ from the sockets

  /** @param from the address that it came from, where that is known */
  received(datagram: Buffer, nowMs: number, from: string | null = null): void {
    const received = this.#receiver.receive(datagram, nowMs);
    if (received.kind === 'dropped') {
      this.#drops[received.drop] += 1;
      if (received.refused !== undefined) this.#noteRefused({ ...received.refused, address: from });
      this.#dropExample ??= `${received.drop}: ${datagram.subarray(0, headerLength).toString('hex')}`;
      return;
    }
    if (received.kind === 'ignored' || !this.#mayAct(nowMs)) return;
    const { report } = received;
    if (this.#isNews(report)) this.#tell({ type: 'pulse', atMs: nowMs, pulse: report });
    else this.#waiting.push({ atMs: nowMs, report });
    if (received.asksThis) this.#answer(report.from, report.lan, nowMs);
  }

  /** Hands over at once, after everything that came before. */
  #tell(event: TransportEvent): void {
    const before = this.#waiting.map(({ atMs, report }) => ({ type: 'pulse', atMs, pulse: report }) as const);
    this.#waiting = [];
    this.#acts.post([...before, event]);
  }

  #tick(nowMs: number, lateMs: number): void {
    const packets = this.#waiting;
    this.#waiting = [];
    const tick = { type: 'tick', atMs: nowMs, lateMs } as const;
    this.#acts.post([...this.#dropped, packets.length === 0 ? tick : { ...tick, packets }]);
    this.#dropped = [];
  }

  /** Does a pulse say anything that the one before it, of that sender on that lan, did not? Clocks and counters are not news. */
  #isNews(report: PulseReport): boolean {
    const { view, modules, shareMaps, mapsDigest } = report.body;
    const heard = report.heard.map((one) => [one.node, one.lan, one.bootEpoch]);
    const said = JSON.stringify([
      report.bootEpoch,
      report.signature,
      report.goodbye,
      view,
      modules,
      shareMaps,
      mapsDigest,
      heard,
    ]);
    const place = `${report.from}\0${report.lan}`;
    if (this.#lastSaid.get(place) === said) return false;
    this.#lastSaid.set(place, said);
    return true;
  }

  #noteRefused(sender: Omit<RefusedSender, 'count'>): void {
    const place = `${sender.node}\0${sender.address}\0${sender.reason}`;
    const known = this.#refused.get(place);
    if (known === undefined && this.#refused.size >= mostRefused) return;
    this.#refused.set(place, { ...sender, count: (known?.count ?? 0) + 1 });
  }

  #answer(node: string, lanName: string, nowMs: number): void {
    const lan = this.#lans.find((one) => one.name === lanName);
    const place = `${node}\0${lanName}`;
    const last = this.#answeredAt.get(place) ?? Number.NEGATIVE_INFINITY;
    if (lan === undefined || nowMs - last < this.#spec.cluster.pulseMs / 8) return;
    this.#answeredAt.set(place, nowMs);
    const identity = this.#receiver.olderKeyOf(node, nowMs) ?? this.#identities.current;
    this.#acts.send(lanName, node, this.#datagram(lan, nowMs, { goodbye: false, mapsOnly: false, asks: [] }, identity).datagram);
  }

  /** Counts since the last report, at most once a second; the rest when `force`. */
  #reportDrops(nowMs: number): void {
    if (this.#dropExample === null || nowMs - this.#dropsReportedAtMs < dropReportMs) return;
    this.#dropped.push({ type: 'dropped', counts: this.#drops, example: this.#dropExample });
    if (this.#refused.size > 0) this.#dropped.push({ type: 'refused', senders: [...this.#refused.values()] });
    this.#refused = new Map();
    this.#drops = noDrops();
    this.#dropExample = null;
    this.#dropsReportedAtMs = nowMs;
  }

  // ------------------------------------------------------------ sending

  /** Is the lease valid? Notes since when it is not. */
  #mayAct(nowMs: number): boolean {
    if (nowMs <= this.#leaseUntilMs) return true;
    this.#quietSinceMs ??= nowMs;
    return false;
  }

  #sendAll(nowMs: number, goodbye: boolean): void {
    const offers = nowMs - this.#offeredAtMs >= offerMs;
    if (offers) this.#offeredAtMs = nowMs;
    for (const lan of this.#lans) {
      const groups = this.#spokenTo(lan.peers, nowMs);
      for (const [identity, nodes] of groups) this.#sendTo(lan, nodes, identity, nowMs, goodbye);
      const { current } = this.#identities;
      const without = groups.flatMap(([identity, nodes]) => (identity === current ? [] : nodes));
      if (without.length > 0 && offers && !goodbye) this.#sendTo(lan, without, current, nowMs, false);
    }
  }

  /** Peers by the key that they are spoken to with; nearly always it is one for all. */
  #spokenTo(peers: readonly string[], nowMs: number): readonly (readonly [Identity, readonly string[]])[] {
    const { current } = this.#identities;
    if (this.#identities.acceptedOlder(nowMs).length === 0) return [[current, peers]];
    const groups = new Map<Identity, string[]>();
    for (const node of peers) {
      const identity = this.#receiver.olderKeyOf(node, nowMs) ?? current;
      groups.set(identity, [...(groups.get(identity) ?? []), node]);
    }
    return [...groups];
  }

  #sendTo(lan: Outgoing, nodes: readonly string[], identity: Identity, nowMs: number, goodbye: boolean): void {
    let encoded = this.#datagram(lan, nowMs, { goodbye, mapsOnly: false, asks: [] }, identity);
    this.#toEach(lan, nodes, encoded.datagram);
    for (let extra = 0; extra < extraMapDatagrams && encoded.mapsLeft > 0 && !goodbye; extra += 1) {
      const left = encoded.mapsLeft;
      encoded = this.#datagram(lan, nowMs, { goodbye, mapsOnly: true, asks: [] }, identity);
      this.#toEach(lan, nodes, encoded.datagram);
      // Every datagram counts what it left out of all; go on until all have had their turn.
      const carried = (this.#body?.shareMaps.length ?? 0) - encoded.mapsLeft;
      encoded = { ...encoded, mapsLeft: Math.max(0, left - carried) };
    }
  }

  #toEach(lan: Outgoing, nodes: readonly string[], datagram: Buffer): void {
    for (const node of nodes) this.#acts.send(lan.name, node, datagram);
  }

  #datagram(
    lan: Outgoing,
    nowMs: number,
    kind: { readonly goodbye: boolean; readonly mapsOnly: boolean; readonly asks: readonly string[] },
    identity: Identity,
  ): { readonly datagram: Buffer; readonly mapsLeft: number } {
    const { cluster, bootEpoch } = this.#spec;
    const known = lan.keys.get(identity.clusterId);
    const key = known === undefined ? sealKey(identity, this.#sender, bootEpoch, lan.label) : known;
    if (known === undefined) lan.keys.set(identity.clusterId, key);
    const freshMs = cluster.slostCount * cluster.pulseMs;
    const encoded: Encoded = encodeContent(
      {
        ...kind,
        clock: clockOf(nowMs),
        body: this.#body ?? emptyBody,
        lan: lan.name,
        heard: this.#receiver.heardOn(lan.name, nowMs, freshMs),
        heardElsewhere: this.#lans
          .filter((other) => other !== lan)
          .flatMap((other) => this.#receiver.heardOn(other.name, nowMs, freshMs)),
      },
      this.#table,
      lan.turn,
      maxDatagramLength - headerLength - (key === null ? 0 : tagLength),
    );
    lan.turn = encoded.next;
    lan.sequence += 1;
    if (encoded.modulesLeft > 0 && !this.#toldTooLarge) {
      this.#toldTooLarge = true;
      const message = `${encoded.modulesLeft} modules do not fit in a pulse of ${maxDatagramLength} bytes: other nodes do not see them. Use fewer modules on this node.`;
      this.#tell({ type: 'error', lan: lan.name, code: 'NET_TOO_LARGE', message });
    }
    const header = writeHeader({
      version: protocolVersion,
      sealed: key !== null,
      keyId: identity.keyId,
      clusterId: identity.clusterId,
      sender: this.#sender,
      lan: lan.label,
      bootEpoch,
      sequence: lan.sequence,
    });
    return { datagram: seal(key, header, lan.sequence, encoded.content), mapsLeft: encoded.mapsLeft };
  }
}

const emptyBody: MembershipBody = {
  view: { epoch: 0, leader: '', members: [] },
  modules: [],
  shareMaps: [],
  lagMs: 0,
  pause: null,
  health: 1,
  mapsDigest: '',
};

function noDrops(): Record<DropClass, number> {
  return { malformed: 0, unknownKey: 0, badTag: 0, stale: 0, replay: 0, foreign: 0, version: 0 };
}
