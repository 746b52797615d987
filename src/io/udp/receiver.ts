/**
 * From bytes to an authentic pulse, or to the class under which they are dropped. Everything here is bounded: what it remembers is
 * one entry per configured node and lan, and only authentic datagrams change it.
 */
import type { DropClass, Heard, MembershipBody, PulseReport, RefusedSender, TransportKey } from '../../actors/ports.js';
import { MalformedError } from './bytes.js';
import { type ClusterTable, ModuleNames } from './cluster-table.js';
import { type Decoded, decodeContent, type HeardEcho } from './codec.js';
import { maxDatagramLength, protocolVersion, readHeader } from './header.js';
import { Identities, type Identity, sealKey } from './identities.js';
import { ReplayWindow } from './replay-window.js';
import { open } from './seal.js';

/** What has come from a node on a lan, whatever the key. */
interface Source {
  readonly bootEpoch: number;
  readonly sequence: number;
  readonly atMs: number;
  readonly clock: number;
}
/** The same under one key. Each key has a window of its own: whoever has an old one must not be able to spend the new one's numbers. */
interface Sealed {
  readonly bootEpoch: number;
  readonly key: Buffer | null;
  readonly window: ReplayWindow;
}
/** When a node was last heard under the present key, and under one before it. */
interface Shown {
  readonly currentAtMs: number;
  readonly olderAtMs: number;
  readonly older: Identity | null;
}

/** A peer that has shown the present key is believed to have it until it has shown only older ones for so long, in ms. */
const shownForMs = 2_000;
/** For so long after a node was heard, in ms, its datagrams under an unknown key are offers and no intrusion. */
const offerMemoryMs = 5_000;

export type Received =
  /** Authentic, but of no use: share maps that overtook the first whole pulse of their sender. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'dropped'; readonly drop: DropClass; readonly refused?: Omit<RefusedSender, 'address' | 'count'> }
  | { readonly kind: 'pulse'; readonly report: PulseReport; readonly asksThis: boolean };

export interface ReceiverSpec {
  readonly table: ClusterTable;
  readonly clusterId: string;
  readonly keyHex: string | null;
  readonly older?: readonly TransportKey[];
  readonly bootEpoch: number;
  readonly knownEpochs: Readonly<Record<string, number>>;
}

/** Tenths of ms modulo 2^32, the clock that datagrams carry. */
export function clockOf(atMs: number): number {
  return Math.floor(atMs * 10) % 0x1_0000_0000;
}

export class Receiver {
  readonly names = new ModuleNames();
  readonly #spec: ReceiverSpec;
  #identities: Identities;
  readonly #epochs: Map<string, number>;
  readonly #sources = new Map<string, Source>();
  readonly #sealed = new Map<string, Sealed>();
  readonly #shown = new Map<string, Shown>();
  readonly #bodies = new Map<string, { readonly bootEpoch: number; readonly body: MembershipBody }>();

  constructor(spec: ReceiverSpec, nowMs = 0) {
    this.#spec = spec;
    this.#identities = new Identities(spec, nowMs);
    this.#epochs = new Map(Object.entries(spec.knownEpochs));
  }

  /** Goes on with other keys. Whoever was heard under the key before is taken to have that one until it shows the new one. */
  rekey(identities: Identities, nowMs: number): void {
    const before = identities.older.find((one) => one.clusterId === this.#identities.current.clusterId);
    this.#identities = identities;
    this.#shown.clear();
    for (const place of this.#sources.keys())
      if (before !== undefined) this.#noteShown(place.slice(0, place.indexOf('\0')), before, nowMs);
    const kept = new Set([identities.current, ...identities.older].map((one) => one.clusterId));
    for (const place of this.#sealed.keys()) if (!kept.has(place.slice(0, place.indexOf('\0')))) this.#sealed.delete(place);
  }

  /** The older key that a peer has to be spoken to with, for it has not shown that it has the present one; null: the present one. */
  olderKeyOf(node: string, nowMs: number): Identity | null {
    const shown = this.#shown.get(node);
    if (shown === undefined || shown.older === null || nowMs >= shown.older.acceptedUntilMs) return null;
    return shown.currentAtMs >= shown.olderAtMs || nowMs - shown.currentAtMs <= shownForMs ? null : shown.older;
  }

  /** Takes in one datagram that came at that time. Never throws, whatever the bytes. */
  receive(datagram: Buffer, atMs: number): Received {
    const { table } = this.#spec;
    const header = datagram.length > maxDatagramLength ? null : readHeader(datagram);
    if (header === null) return { kind: 'dropped', drop: 'malformed' };
    if (header.version !== protocolVersion) return { kind: 'dropped', drop: 'version' };
    const sender = table.nodeByLabel.get(header.sender);
    const lan = table.lanByLabel.get(header.lan);
    const identity = this.#identities.of(header.clusterId);
    if (identity === undefined) {
      const reason = header.sealed ? 'otherCluster' : 'noKey';
      // A peer that is heard under a key that is known, and now and then under another, offers this node the one that it is to get.
      const heardAtMs = lan === undefined ? undefined : this.#sources.get(`${sender}\0${lan}`)?.atMs;
      if (heardAtMs !== undefined && atMs - heardAtMs <= offerMemoryMs) return { kind: 'dropped', drop: 'foreign' };
      return { kind: 'dropped', drop: 'foreign', refused: { node: sender ?? null, reason } };
    }
    if (header.sealed !== (identity.keyHex !== null) || header.keyId !== identity.keyId)
      return { kind: 'dropped', drop: 'unknownKey' };
    if (sender === undefined || lan === undefined || sender === table.self) return { kind: 'dropped', drop: 'foreign' };
    if (header.bootEpoch < (this.#epochs.get(sender) ?? 0)) return { kind: 'dropped', drop: 'stale' };
    const place = `${sender}\0${lan}`;
    const sealedPlace = `${identity.clusterId}\0${place}`;
    const known = this.#sealed.get(sealedPlace);
    const current = known?.bootEpoch === header.bootEpoch ? known : undefined;
    if (current !== undefined && !current.window.isFresh(header.sequence)) return { kind: 'dropped', drop: 'replay' };
    const key = current === undefined ? sealKey(identity, header.sender, header.bootEpoch, header.lan) : current.key;
    const content = open(key, header.sequence, datagram);
    if (content === null) return { kind: 'dropped', drop: 'badTag' };
    const window = current?.window ?? new ReplayWindow();
    if (atMs >= identity.acceptedUntilMs) {
      // Remembered, so that a recorded one says nothing anew; nothing else is learned from it.
      window.accept(header.sequence);
      this.#sealed.set(sealedPlace, { bootEpoch: header.bootEpoch, key, window });
      const reason = identity.keyHex === null ? 'noKey' : 'oldKey';
      return { kind: 'dropped', drop: 'unknownKey', refused: { node: sender, reason } };
    }
    const decoded = this.#decode(content, lan, sender);
    if (decoded === null) return { kind: 'dropped', drop: 'malformed' };

    window.accept(header.sequence);
    const newest = window.highest === header.sequence;
    const before = this.#sources.get(place);
    const sameBoot = before?.bootEpoch === header.bootEpoch ? before : undefined;
    this.#epochs.set(sender, header.bootEpoch);
    this.#sealed.set(sealedPlace, { bootEpoch: header.bootEpoch, key, window });
    this.#sources.set(place, {
      bootEpoch: header.bootEpoch,
      sequence: Math.max(sameBoot?.sequence ?? 0, window.highest),
      atMs,
      clock: newest || sameBoot === undefined ? decoded.clock : sameBoot.clock,
    });
    this.#noteShown(sender, identity, atMs);
    const body = this.#wholeBody(sender, header.bootEpoch, decoded);
    if (body === null) return { kind: 'ignored' };
    const report: PulseReport = {
      from: sender,
      lan,
      bootEpoch: header.bootEpoch,
      sequence: header.sequence,
      signature: decoded.signature,
      goodbye: decoded.goodbye,
      body,
      heard: [...decoded.heard.map(plainHeard), ...decoded.heardElsewhere],
      rttMs: this.#roundTripMs(decoded, atMs),
    };
    return { kind: 'pulse', report, asksThis: decoded.asks.includes(table.self) };
  }

  #noteShown(node: string, identity: Identity, atMs: number): void {
    // With one key only there is nothing to choose.
    if (this.#identities.older.length === 0) return;
    const never = { currentAtMs: Number.NEGATIVE_INFINITY, olderAtMs: Number.NEGATIVE_INFINITY, older: null };
    const shown = this.#shown.get(node) ?? never;
    const current = identity === this.#identities.current;
    this.#shown.set(node, current ? { ...shown, currentAtMs: atMs } : { ...shown, olderAtMs: atMs, older: identity });
  }

  #decode(content: Buffer, lan: string, sender: string): Decoded | null {
    try {
      return decodeContent(content, lan, sender, this.#spec.table, this.names);
    } catch (error) {
      if (error instanceof MalformedError) return null;
      throw error;
    }
  }

  /** A datagram with maps only leaves the modules as the pulse before had them. */
  #wholeBody(sender: string, bootEpoch: number, decoded: Decoded): MembershipBody | null {
    if (!decoded.mapsOnly) {
      this.#bodies.set(sender, { bootEpoch, body: decoded.body });
      return decoded.body;
    }
    const before = this.#bodies.get(sender);
    return before?.bootEpoch === bootEpoch ? { ...decoded.body, modules: before.body.modules } : null;
  }

  #roundTripMs(decoded: Decoded, atMs: number): number | null {
    const { table, bootEpoch } = this.#spec;
    const echo = decoded.heard.find((one) => one.node === table.self && one.bootEpoch === bootEpoch);
    if (echo === undefined) return null;
    const tenths = (clockOf(atMs) - echo.echo + 0x1_0000_0000) % 0x1_0000_0000;
    const rttMs = tenths / 10 - echo.holdMs;
    // The echo has tenths of ms on both sides; what is longer than a minute is an echo from before a long silence.
    return rttMs > 60_000 ? null : Math.max(0, Number(rttMs.toFixed(1)));
  }

  /** What was heard of each peer on a lan within that time: goes into the next pulses. */
  heardOn(lan: string, atMs: number, withinMs: number): readonly HeardEcho[] {
    return this.#spec.table.nodes.flatMap((node) => {
      const source = this.#sources.get(`${node}\0${lan}`);
      if (source === undefined || atMs - source.atMs > withinMs) return [];
      const holdMs = Math.max(0, atMs - source.atMs);
      return [{ node, lan, bootEpoch: source.bootEpoch, sequence: source.sequence, echo: source.clock, holdMs }];
    });
  }

  /** How long ago the last datagram of a node came on a lan, in ms; null: none yet. */
  silenceMs(node: string, lan: string, atMs: number): number | null {
    const source = this.#sources.get(`${node}\0${lan}`);
    return source === undefined ? null : atMs - source.atMs;
  }
}

function plainHeard(heard: HeardEcho): Heard {
  return { node: heard.node, lan: heard.lan, bootEpoch: heard.bootEpoch, sequence: heard.sequence };
}
