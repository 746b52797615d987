/**
 * Binds the membership machine to the transport: packets and ticks go in, what is to be published goes out, the lease is renewed
 * from the main loop, and the epochs that must not go back are kept on disk. It decides nothing.
 */
import { type Actor, type ActorOptions, createActor } from 'xstate';
import type { ClusterConfig } from '../config/types.js';
import { membershipMachine } from '../machines/membership.machine.js';
import type { MembershipEffect, ModuleDigest, PeerStatus, View } from '../machines/membership.types.js';
import { peerStatus } from '../machines/membership-peers.js';
import { countsOf } from '../machines/membership-shares.js';
import type { DropClass, OpenTransport, Ports, RefusedSender, TransportEvent, TransportKey } from './ports.js';
import type { PulseCount } from './pulse-count.js';
import { createPulseCounter } from './pulse-count.js';

export interface MembershipSpec {
  readonly ports: Pick<Ports, 'clock' | 'records' | 'transport'>;
  readonly cluster: ClusterConfig;
  readonly self: string;
  /** 16 to 64 bytes in hex; null: datagrams are not sealed. */
  readonly keyHex: string | null;
  /** 16 bytes in hex. */
  readonly clusterId: string;
  /** Keys before this one, newest first. */
  readonly older?: readonly TransportKey[];
  /** Signature of the cluster configuration, hex. */
  readonly signature: string;
  /** How long pulses go on without a sign of life of the main loop. Default 2000. */
  readonly leaseMs?: number;
  /** For the inspection stream and simulated time. */
  readonly actorOptions?: Pick<ActorOptions<typeof membershipMachine>, 'clock' | 'inspect'>;
}

/** What the membership tells its owner. */
export type MembershipNews =
  | Exclude<MembershipEffect, { readonly type: 'publish' }>
  /** The sockets are open: pulses go out. */
  | { readonly type: 'transport.ready'; readonly atMs: number }
  /** Something of the network or the disk does not work; it is tried again. */
  | {
      readonly type: 'transport.error';
      readonly lan: string | null;
      readonly code: string;
      readonly message: string;
      readonly atMs: number;
    }
  /** Nodes that send with a key that is not taken (any more). */
  | { readonly type: 'senders.refused'; readonly senders: readonly RefusedSender[] }
  | { readonly type: 'datagrams.dropped'; readonly counts: Readonly<Record<DropClass, number>>; readonly example: string | null };

export interface MembershipSnapshot {
  /** Null as long as the node has not joined. */
  readonly view: View | null;
  readonly bootEpoch: number | null;
  /** In the configuration's order, without this node. */
  readonly peers: readonly PeerStatus[];
  /** This node's own modules with their shares. */
  readonly modules: readonly ModuleDigest[];
  /** By group: buckets by node, and the owner of each bucket as an index into the configuration's nodes (255: nobody). */
  readonly shares: Readonly<
    Record<
      string,
      { readonly version: number; readonly counts: Readonly<Record<string, number>>; readonly owners: readonly number[] }
    >
  >;
  /** Datagrams dropped since the start, by class. */
  readonly dropped: Readonly<Record<DropClass, number>>;
  readonly health: number;
  readonly lagMs: number;
  /** What came of the peers' pulses, since membership began. */
  readonly pulses: readonly PulseCount[];
}

export type MembershipKeys = Pick<MembershipSpec, 'keyHex' | 'clusterId' | 'older'>;

export interface Membership {
  /** Tells the state of this node's modules; others see it within one round trip. */
  setLocal(modules: readonly Omit<ModuleDigest, 'share'>[]): void;
  snapshot(): MembershipSnapshot;
  /** Addresses behind the names in cluster.xml may have changed: they are looked up anew. */
  lookUpNames(): void;
  /** The view alone, as in the snapshot: nothing has to be made for it. */
  view(): View | null;
  /** Goes on with another key: nobody is lost by it. */
  rekey(keys: MembershipKeys): void;
  /** Ends it, telling the others (planned stop) if asked to. Calling it again waits for the same end. */
  stop(goodbye: boolean): Promise<void>;
}

/** What is kept on disk under key `node`, name `epoch`. */
interface EpochRecord {
  readonly version: 1;
  readonly bootEpoch: number;
  /** No view epoch at or above this was seen: the next run begins here. */
  readonly viewEpochCeiling: number;
  /** Added to in place: in a large cluster hundreds come at once. */
  readonly known: Record<string, number>;
}

const defaultLeaseMs = 2_000;
/** Renewals a lease by the clock. Each tick that is handed over renews it as well; these are for a transport that has fallen silent. */
const renewalsPerLease = 2;
/** View epochs that are reserved with one write, so that not every change of the view costs one. */
const reservedEpochs = 1_000;
const firstRestartMs = 1_000;
const lastRestartMs = 30_000;

/**
 * Joins the cluster. Returns at once; the sockets open in the background, and `listener` hears of everything.
 *
 * The boot epoch is one more than the last, and at least the wall clock in seconds: a node whose disk was replaced is not taken
 * for a replay of its former self.
 */
export function startMembership(spec: MembershipSpec, listener: (news: MembershipNews) => void): Membership {
  const binding = new Binding(spec, listener);
  binding.begin();
  return binding;
}

class Binding implements Membership {
  #spec: MembershipSpec;
  readonly #listener: (news: MembershipNews) => void;
  readonly #leaseMs: number;
  #modules: readonly Omit<ModuleDigest, 'share'>[] = [];
  #actor: Actor<typeof membershipMachine> | null = null;
  #transport: OpenTransport | null = null;
  #record: EpochRecord | null = null;
  #unkept = false;
  #keeping = false;
  #dropped: Record<DropClass, number> = noDrops();
  readonly #pulses = createPulseCounter();
  #lease: unknown = null;
  #restart: unknown = null;
  #restartMs = firstRestartMs;
  #stopping: Promise<void> | null = null;

  constructor(spec: MembershipSpec, listener: (news: MembershipNews) => void) {
    this.#spec = spec;
    this.#listener = listener;
    this.#leaseMs = spec.leaseMs ?? defaultLeaseMs;
  }

  begin(): void {
    this.#begin().catch((error: unknown) => this.#fail('INTERNAL', `The membership could not be started: ${messageOf(error)}`));
  }

  async #begin(): Promise<void> {
    const { ports, cluster, self, keyHex, clusterId, older = [], signature } = this.#spec;
    const before = this.#record ?? (await this.#load());
    const wallSeconds = Math.floor(ports.clock.wallMs() / 1_000);
    const bootEpoch = Math.max(before.bootEpoch + 1, wallSeconds);
    const record = { ...before, bootEpoch, viewEpochCeiling: before.viewEpochCeiling + reservedEpochs };
    // The new epoch is on disk before the first datagram bears it: no two boots share one, nor the keys that hang on it.
    await this.#save(record);
    if (this.#stopping !== null) return;
    const actor = createActor(membershipMachine, {
      ...this.#spec.actorOptions,
      input: {
        self,
        nodes: cluster.nodes,
        lans: cluster.lans.map((lan) => ({ name: lan.name, nodes: lan.nodes.map((node) => node.node) })),
        pulseMs: cluster.pulseMs,
        slostCount: cluster.slostCount,
        mlostCount: cluster.mlostCount,
        signature,
        bootEpoch,
        viewEpoch: before.viewEpochCeiling,
        atMs: ports.clock.monotonicMs(),
      },
    });
    this.#actor = actor;
    actor.subscribe({ error: (error) => this.#fail('INTERNAL', `The membership machine failed: ${messageOf(error)}`) });
    actor.on('*', (effect) => this.#carryOut(effect));
    actor.start();
    this.#transport = ports.transport.open(
      { cluster, self, clusterId, keyHex, older, signature, bootEpoch, knownEpochs: record.known, leaseMs: this.#leaseMs },
      (event) => this.#take(event),
    );
    this.#transport.publish(actor.getSnapshot().context.body, false);
    if (this.#modules.length > 0) actor.send({ type: 'LOCAL_STATE', modules: this.#modules });
    this.#renew();
  }

  // ------------------------------------------------------------ the public face

  setLocal(modules: readonly Omit<ModuleDigest, 'share'>[]): void {
    this.#modules = modules;
    if (this.#stopping === null) this.#actor?.send({ type: 'LOCAL_STATE', modules });
  }

  snapshot(): MembershipSnapshot {
    const context = this.#actor?.getSnapshot().context ?? null;
    const dropped = { ...this.#dropped };
    if (context === null) {
      return { view: null, bootEpoch: null, peers: [], modules: [], shares: {}, dropped, health: 1, lagMs: 0, pulses: [] };
    }
    const nodes = this.#spec.cluster.nodes;
    return {
      view: context.joined ? context.view : null,
      bootEpoch: context.input.bootEpoch,
      peers: context.peers.map((peer) => peerStatus(peer, context.view)),
      modules: context.modules,
      shares: Object.fromEntries(
        context.maps.map((map) => [map.group, { version: map.version, counts: countsOf(map, nodes), owners: map.owners }]),
      ),
      dropped,
      health: context.health,
      lagMs: context.body.lagMs,
      pulses: this.#pulses.list(),
    };
  }

  lookUpNames(): void {
    if (this.#stopping === null) this.#transport?.lookUpNames();
  }

  view(): View | null {
    const context = this.#actor?.getSnapshot().context;
    return context?.joined === true ? context.view : null;
  }

  stop(goodbye: boolean): Promise<void> {
    this.#stopping ??= this.#end(goodbye);
    return this.#stopping;
  }

  async #end(goodbye: boolean): Promise<void> {
    const { clock } = this.#spec.ports;
    clock.clearTimeout(this.#lease);
    clock.clearTimeout(this.#restart);
    this.#actor?.send({ type: 'STOP' });
    await this.#transport?.close(goodbye);
  }

  rekey(keys: MembershipKeys): void {
    this.#spec = { ...this.#spec, ...keys };
    const transport = this.#transport;
    if (transport === null) return;
    if (transport.rekey !== undefined) {
      transport.rekey(keys);
      return;
    }
    this.#transport = null;
    this.#actor?.stop();
    this.#actor = null;
    void transport.close(false).then(() => {
      if (this.#stopping === null) this.begin();
    });
  }

  // ------------------------------------------------------------ the transport

  #take(event: TransportEvent): void {
    if (this.#stopping !== null) return;
    switch (event.type) {
      case 'tick':
        // What is handed over and taken is a sign of life of the main loop.
        this.#transport?.renewLease();
        for (const { report } of event.packets ?? []) this.#pulses.take(report);
        this.#actor?.send({ ...event, type: 'PULSE_DUE' });
        return;
      case 'pulse':
        this.#pulses.take(event.pulse);
        this.#actor?.send({ type: 'PACKET', atMs: event.atMs, report: event.pulse });
        return;
      case 'dropped':
        this.#dropped = addDrops(this.#dropped, event.counts);
        this.#listener({ type: 'datagrams.dropped', counts: event.counts, example: event.example });
        return;
      case 'refused':
        this.#listener({ type: 'senders.refused', senders: event.senders });
        return;
      case 'ready':
        this.#restartMs = firstRestartMs;
        this.#listener({ type: 'transport.ready', atMs: event.atMs });
        return;
      case 'error':
        if (event.code === 'NET_WORKER') this.#fail(event.code, event.message);
        else this.#tell(event.code, event.message, event.lan);
        return;
    }
  }

  #renew(): void {
    this.#transport?.renewLease();
    this.#lease = this.#spec.ports.clock.setTimeout(() => this.#renew(), this.#leaseMs / renewalsPerLease);
  }

  /** Machine or transport is broken: both are given up, and begun anew with a new boot epoch after a pause that grows. */
  #fail(code: string, message: string): void {
    if (this.#stopping !== null) return;
    const { clock } = this.#spec.ports;
    this.#tell(code, message, null);
    clock.clearTimeout(this.#lease);
    clock.clearTimeout(this.#restart);
    this.#actor?.stop();
    this.#actor = null;
    const transport = this.#transport;
    this.#transport = null;
    void transport?.close(false);
    this.#restart = clock.setTimeout(() => this.begin(), this.#restartMs);
    this.#restartMs = Math.min(lastRestartMs, this.#restartMs * 2);
  }

  #tell(code: string, message: string, lan: string | null): void {
    this.#listener({ type: 'transport.error', lan, code, message, atMs: this.#spec.ports.clock.monotonicMs() });
  }

  // ------------------------------------------------------------ the machine's effects

  #carryOut(effect: MembershipEffect): void {
    if (this.#stopping !== null) return;
    if (effect.type === 'publish') {
      this.#transport?.publish(effect.body, effect.urgent);
      return;
    }
    this.#listener(effect);
    if (effect.type === 'view.changed') this.#reserveEpochs(effect.view.epoch);
    if (effect.type === 'peer.changed') this.#rememberEpoch(effect.peer.node, effect.peer.bootEpoch);
  }

  #reserveEpochs(epoch: number): void {
    if (this.#record === null || epoch + reservedEpochs / 2 < this.#record.viewEpochCeiling) return;
    this.#keep({ ...this.#record, viewEpochCeiling: epoch + reservedEpochs });
  }

  #rememberEpoch(node: string, bootEpoch: number | null): void {
    if (this.#record === null || bootEpoch === null || bootEpoch <= (this.#record.known[node] ?? 0)) return;
    this.#record.known[node] = bootEpoch;
    this.#keep(this.#record);
  }

  // ------------------------------------------------------------ what is kept

  async #load(): Promise<EpochRecord> {
    const stored = epochRecord(await this.#spec.ports.records.load('node', 'epoch'));
    const known = Object.entries(stored?.known ?? {}).filter(([node]) => this.#spec.cluster.nodes.includes(node));
    return {
      version: 1,
      bootEpoch: stored?.bootEpoch ?? 0,
      viewEpochCeiling: stored?.viewEpochCeiling ?? 0,
      known: Object.fromEntries(known),
    };
  }

  /** One write at a time: what changes meanwhile is written together. Hundreds of peers come at once when a large cluster starts. */
  #keep(record: EpochRecord): void {
    this.#record = record;
    this.#unkept = true;
    if (this.#keeping) return;
    this.#keeping = true;
    void this.#keepOn();
  }

  async #keepOn(): Promise<void> {
    while (this.#unkept && this.#record !== null) {
      this.#unkept = false;
      await this.#save(this.#record);
    }
    this.#keeping = false;
  }

  async #save(record: EpochRecord): Promise<void> {
    this.#record = record;
    try {
      await this.#spec.ports.records.save('node', 'epoch', { ...record, known: { ...record.known } });
    } catch (error) {
      // The cluster goes on: the wall clock keeps the next boot epoch ahead of this one.
      this.#tell('DISK', `The boot epoch could not be saved: ${messageOf(error)}`, null);
    }
  }
}

/** The record as it was saved, or null when it is something else. */
function epochRecord(value: unknown): EpochRecord | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!('version' in value) || value.version !== 1) return null;
  if (!('bootEpoch' in value) || !isCount(value.bootEpoch)) return null;
  if (!('viewEpochCeiling' in value) || !isCount(value.viewEpochCeiling)) return null;
  if (!('known' in value) || typeof value.known !== 'object' || value.known === null) return null;
  const known: Record<string, number> = {};
  for (const [node, epoch] of Object.entries(value.known)) if (isCount(epoch)) known[node] = epoch;
  return { version: 1, bootEpoch: value.bootEpoch, viewEpochCeiling: value.viewEpochCeiling, known };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function noDrops(): Record<DropClass, number> {
  return { malformed: 0, unknownKey: 0, badTag: 0, stale: 0, replay: 0, foreign: 0, version: 0 };
}

function addDrops(a: Record<DropClass, number>, b: Readonly<Record<DropClass, number>>): Record<DropClass, number> {
  return {
    malformed: a.malformed + b.malformed,
    unknownKey: a.unknownKey + b.unknownKey,
    badTag: a.badTag + b.badTag,
    stale: a.stale + b.stale,
    replay: a.replay + b.replay,
    foreign: a.foreign + b.foreign,
    version: a.version + b.version,
  };
}
