/** The simulated network between the nodes: latency, loss, duplication, reordering, one-way and whole cuts. Sealing is in name only. */
import type { Closable } from '../actors/ports.js';
import type { Heard, PulseReport } from '../machines/membership.types.js';
import type { SeededRandom } from './random.js';
import type { VirtualTime } from './virtual-time.js';

/** How the lans behave. */
export interface LinkQuality {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Of datagrams, 0 to 1. */
  readonly loss: number;
  readonly duplication: number;
}

export const goodLink: LinkQuality = { latencyMs: 0.3, jitterMs: 0.4, loss: 0, duplication: 0 };

/** What was heard of a peer, with what its round-trip time is computed from. */
export interface HeardEcho extends Heard {
  /** The peer's clock in its newest datagram, and how long ago that came, both in ms. */
  readonly echoMs: number;
  readonly holdMs: number;
}

/** One datagram, as its sender means it. */
export interface Datagram {
  readonly keyHex: string | null;
  readonly clusterId: string;
  /** The sender's monotonic clock. */
  readonly clockMs: number;
  readonly pulse: Omit<PulseReport, 'heard' | 'rttMs'> & { readonly heard: readonly HeardEcho[] };
  /** The same as in the datagram before, where it names the same boots of the same nodes on the same lans. */
  readonly heardIs: object;
  /** Nodes that are asked for an answer. */
  readonly asks: readonly string[];
}

export interface SimNetwork {
  /** Cuts one direction on a lan (null: all lans). */
  cut(from: string, to: string, lan: string | null): void;
  heal(from: string, to: string, lan: string | null): void;
  healAll(): void;
  isCut(from: string, to: string, lan: string): boolean;
  /** Nothing is cut, lost, doubled or slow. */
  isWhole(): boolean;
  /** How the links of that node are (null: all links). */
  setQuality(quality: LinkQuality, node?: string | null): void;
  mendLinks(node?: string | null): void;
  send(to: string, datagram: Datagram): void;
  /** Where the datagrams for a node go, until closed. */
  listen(node: string, receiver: (datagram: Datagram) => void): Closable;
  readonly counts: { sent: number; lost: number; duplicated: number };
}

/** A network without faults. */
export function createSimNetwork(time: VirtualTime, random: SeededRandom): SimNetwork {
  const cuts = new Set<string>();
  const receivers = new Map<string, (datagram: Datagram) => void>();
  const counts = { sent: 0, lost: 0, duplicated: 0 };
  let quality = goodLink;
  /** Nodes whose own links are otherwise. */
  const poor = new Map<string, LinkQuality>();
  const name = (from: string, to: string, lan: string | null): string => `${from}>${to}@${lan ?? '*'}`;
  const isCut = (from: string, to: string, lan: string): boolean =>
    cuts.size > 0 && (cuts.has(name(from, to, null)) || cuts.has(name(from, to, lan)));

  return {
    counts,
    isCut,
    isWhole: () => cuts.size === 0 && poor.size === 0 && quality === goodLink,
    cut: (from, to, lan) => void cuts.add(name(from, to, lan)),
    heal: (from, to, lan) => void cuts.delete(name(from, to, lan)),
    healAll: () => {
      cuts.clear();
      poor.clear();
      quality = goodLink;
    },
    setQuality: (next, node = null) => {
      if (node === null) quality = next;
      else poor.set(node, next);
    },
    mendLinks: (node = null) => {
      if (node === null) quality = goodLink;
      else poor.delete(node);
    },
    listen: (node, receiver) => {
      receivers.set(node, receiver);
      return {
        close: () => {
          if (receivers.get(node) === receiver) receivers.delete(node);
        },
      };
    },
    send(to, datagram) {
      const { from, lan } = datagram.pulse;
      counts.sent += 1;
      const link = poor.size === 0 ? quality : (poor.get(from) ?? poor.get(to) ?? quality);
      if (isCut(from, to, lan) || (link.loss > 0 && random.chance(link.loss))) {
        counts.lost += 1;
        return;
      }
      const copies = link.duplication > 0 && random.chance(link.duplication) ? 2 : 1;
      if (copies === 2) counts.duplicated += 1;
      for (let copy = 0; copy < copies; copy += 1) {
        const delayMs = link.latencyMs + random.uniform() * link.jitterMs;
        time.scheduleQuiet(delayMs, () => receivers.get(to)?.(datagram));
      }
    },
  };
}
