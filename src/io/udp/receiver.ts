/**
 * From bytes to an authentic pulse, or to the class under which they are dropped. Everything here is bounded: what it remembers is
 * one entry per configured node and lan, and only authentic datagrams change it.
 */
import type { DropClass, Heard, MembershipBody, PulseReport } from '../../actors/ports.js';
import { MalformedError } from './bytes.js';
import { type ClusterTable, ModuleNames } from './cluster-table.js';
import { type Decoded, decodeContent, type HeardEcho } from './codec.js';
import { maxDatagramLength, protocolVersion, readHeader } from './header.js';
import { ReplayWindow } from './replay-window.js';
import { keyLabel, open, senderKey } from './seal.js';

interface Source {
  readonly bootEpoch: number;
  readonly key: Buffer | null;
  readonly window: ReplayWindow;
  readonly atMs: number;
  readonly clock: number;
}

export type Received =
  /** Authentic, but of no use: share maps that overtook the first whole pulse of their sender. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'dropped'; readonly drop: DropClass }
  | { readonly kind: 'pulse'; readonly report: PulseReport; readonly asksThis: boolean };

export interface ReceiverSpec {
  readonly table: ClusterTable;
  readonly clusterId: string;
  readonly keyHex: string | null;
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
  readonly #keyId: string;
  readonly #epochs: Map<string, number>;
  readonly #sources = new Map<string, Source>();
  readonly #bodies = new Map<string, { readonly bootEpoch: number; readonly body: MembershipBody }>();

  constructor(spec: ReceiverSpec) {
    this.#spec = spec;
    this.#keyId = keyLabel(spec.keyHex);
    this.#epochs = new Map(Object.entries(spec.knownEpochs));
  }

  /** Takes in one datagram that came at that time. Never throws, whatever the bytes. */
  receive(datagram: Buffer, atMs: number): Received {
    const { table, clusterId, keyHex } = this.#spec;
    const header = datagram.length > maxDatagramLength ? null : readHeader(datagram);
    if (header === null) return { kind: 'dropped', drop: 'malformed' };
    if (header.version !== protocolVersion) return { kind: 'dropped', drop: 'version' };
    if (header.clusterId !== clusterId.toLowerCase()) return { kind: 'dropped', drop: 'foreign' };
    if (header.sealed !== (keyHex !== null) || header.keyId !== this.#keyId) return { kind: 'dropped', drop: 'unknownKey' };
    const sender = table.nodeByLabel.get(header.sender);
    const lan = table.lanByLabel.get(header.lan);
    if (sender === undefined || lan === undefined || sender === table.self) return { kind: 'dropped', drop: 'foreign' };
    if (header.bootEpoch < (this.#epochs.get(sender) ?? 0)) return { kind: 'dropped', drop: 'stale' };
    const place = `${sender}\0${lan}`;
    const known = this.#sources.get(place);
    const current = known?.bootEpoch === header.bootEpoch ? known : undefined;
    if (current !== undefined && !current.window.isFresh(header.sequence)) return { kind: 'dropped', drop: 'replay' };
    const key = current?.key ?? (keyHex === null ? null : senderKey(keyHex, header.sender, header.bootEpoch, header.lan));
    const content = open(key, header.sequence, datagram);
    if (content === null) return { kind: 'dropped', drop: 'badTag' };
    const decoded = this.#decode(content, lan, sender);
    if (decoded === null) return { kind: 'dropped', drop: 'malformed' };

    const window = current?.window ?? new ReplayWindow();
    window.accept(header.sequence);
    const newest = window.highest === header.sequence;
    this.#epochs.set(sender, header.bootEpoch);
    this.#sources.set(place, {
      bootEpoch: header.bootEpoch,
      key,
      window,
      atMs,
      clock: newest || current === undefined ? decoded.clock : current.clock,
    });
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
      return [{ node, lan, bootEpoch: source.bootEpoch, sequence: source.window.highest, echo: source.clock, holdMs }];
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
