/**
 * A network in virtual time for membership machines: each node has a machine and a model of the transport (the pulse, what it
 * hears, asking a silent peer for an answer). Everything follows from one seed. Nothing here waits for real time.
 */
import { type Actor, createActor } from 'xstate';
import { membershipMachine } from '../../src/machines/membership.machine.js';
import type {
  Heard,
  Loss,
  MembershipBody,
  MembershipEffect,
  ModuleDigest,
  PulseReport,
  View,
} from '../../src/machines/membership.types.js';

export interface NetOptions {
  readonly nodes: readonly string[];
  readonly lans?: readonly { readonly name: string; readonly nodes: readonly string[] }[];
  readonly pulseMs?: number;
  readonly slostCount?: number;
  readonly mlostCount?: number;
  readonly seed?: number;
  /** Part of the packets that is lost, 0 to 1. */
  readonly loss?: number;
}

/** mulberry32: 32 bits of state, good enough to lose packets with. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Job {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export interface Recorded {
  readonly node: string;
  readonly atMs: number;
  readonly effect: MembershipEffect;
}

class SimNode {
  readonly actor: Actor<typeof membershipMachine>;
  readonly heard = new Map<string, { bootEpoch: number; sequence: number; atMs: number }>();
  readonly answered = new Map<string, number>();
  readonly bootEpoch: number;
  body: MembershipBody | null = null;
  alive = true;
  /** Until when it is suspended. */
  suspendedUntilMs = 0;
  nextPulseMs = 0;
  sequence = 0;

  constructor(actor: Actor<typeof membershipMachine>, bootEpoch: number) {
    this.actor = actor;
    this.bootEpoch = bootEpoch;
  }
}

export class Net {
  nowMs = 1_000;
  loss: number;
  readonly recorded: Recorded[] = [];
  readonly nodes = new Map<string, SimNode>();
  readonly names: readonly string[];
  readonly pulseMs: number;
  readonly #lans: readonly { readonly name: string; readonly nodes: readonly string[] }[];
  readonly #slostCount: number;
  readonly #mlostCount: number;
  readonly #random: () => number;
  readonly #cuts = new Set<string>();
  readonly #epochs = new Map<string, number>();
  readonly #viewEpochs = new Map<string, number>();
  #jobs: Job[] = [];
  #order = 0;

  constructor(options: NetOptions) {
    this.names = options.nodes;
    this.#lans = options.lans ?? [{ name: 'default', nodes: options.nodes }];
    this.pulseMs = options.pulseMs ?? 100;
    this.#slostCount = options.slostCount ?? 5;
    this.#mlostCount = options.mlostCount ?? 8;
    this.loss = options.loss ?? 0;
    this.#random = seeded(options.seed ?? 1);
  }

  // ------------------------------------------------------------ what a test does

  /** Starts a node; starting it again is a restart with a new boot epoch. */
  start(name: string, modules: readonly Omit<ModuleDigest, 'share'>[] = []): void {
    this.kill(name);
    const bootEpoch = (this.#epochs.get(name) ?? 0) + 1;
    this.#epochs.set(name, bootEpoch);
    const actor = createActor(membershipMachine, {
      input: {
        self: name,
        nodes: this.names,
        lans: this.#lans,
        pulseMs: this.pulseMs,
        slostCount: this.#slostCount,
        mlostCount: this.#mlostCount,
        signature: 'aa',
        bootEpoch,
        viewEpoch: this.#viewEpochs.get(name) ?? 0,
        atMs: this.nowMs,
      },
    });
    const node = new SimNode(actor, bootEpoch);
    actor.on('*', (effect) => {
      this.recorded.push({ node: name, atMs: this.nowMs, effect });
      if (effect.type === 'publish') {
        node.body = effect.body;
        if (effect.urgent) this.#at(this.nowMs, () => this.#send(name, node, null, false));
      }
      if (effect.type === 'view.changed') {
        const before = this.#viewEpochs.get(name) ?? 0;
        if (effect.view.epoch < before) throw new Error(`epoch of ${name} went back from ${before} to ${effect.view.epoch}`);
        this.#viewEpochs.set(name, effect.view.epoch);
      }
    });
    actor.start();
    this.nodes.set(name, node);
    node.body = actor.getSnapshot().context.body;
    node.nextPulseMs = this.nowMs + this.#random() * this.pulseMs;
    this.#at(node.nextPulseMs, () => this.#pulse(name, node));
    this.setLocal(name, modules);
  }

  startAll(modules: readonly Omit<ModuleDigest, 'share'>[] = []): void {
    for (const name of this.names) this.start(name, modules);
  }

  setLocal(name: string, modules: readonly Omit<ModuleDigest, 'share'>[]): void {
    this.#node(name).actor.send({ type: 'LOCAL_STATE', modules });
  }

  /** Power off: not a word more. */
  kill(name: string): void {
    const node = this.nodes.get(name);
    if (node === undefined) return;
    node.alive = false;
    this.nodes.delete(name);
  }

  goodbye(name: string): void {
    const node = this.#node(name);
    this.#send(name, node, null, true);
    node.actor.send({ type: 'STOP' });
    this.kill(name);
  }

  /** Everything of the node stands still; what arrives waits in the sockets' buffers. */
  suspend(name: string, lengthMs: number): void {
    this.#node(name).suspendedUntilMs = this.nowMs + lengthMs;
  }

  /** Packets from one node to another are lost, on one lan or on all. */
  cut(from: string, to: string, lan = '*'): void {
    this.#cuts.add(`${from} ${to} ${lan}`);
  }

  /** Cuts the network between groups of nodes. */
  partition(groups: readonly (readonly string[])[]): void {
    for (const group of groups) {
      for (const other of groups) {
        if (group === other) continue;
        for (const from of group) for (const to of other) this.cut(from, to);
      }
    }
  }

  heal(): void {
    this.#cuts.clear();
  }

  run(lengthMs: number): void {
    const until = this.nowMs + lengthMs;
    while (true) {
      const job = this.#jobs[0];
      if (job === undefined || job.atMs > until) break;
      this.#pop();
      this.nowMs = Math.max(this.nowMs, job.atMs);
      job.run();
    }
    this.nowMs = until;
  }

  // ------------------------------------------------------------ what a test looks at

  view(name: string): View {
    return this.#node(name).actor.getSnapshot().context.view;
  }

  context(name: string) {
    return this.#node(name).actor.getSnapshot().context;
  }

  mode(name: string): string {
    return JSON.stringify(this.#node(name).actor.getSnapshot().value);
  }

  losses(since = 0): readonly (Loss & { readonly by: string; readonly atMs: number })[] {
    return this.recorded
      .filter((one) => one.atMs >= since)
      .flatMap((one) =>
        one.effect.type === 'view.changed' ? one.effect.lost.map((loss) => ({ ...loss, by: one.node, atMs: one.atMs })) : [],
      );
  }

  /** Why the nodes do not agree on one view with one owner for each bucket; empty when they do. */
  disagreements(names: readonly string[], group: string | null = null): readonly string[] {
    const views = names.map((name) => this.view(name));
    const problems = names.flatMap((name, index) => {
      const view = views[index];
      const wanted = JSON.stringify({ ...views[0], members: names });
      return JSON.stringify(view) === wanted ? [] : [`${name} holds ${JSON.stringify(view)}, wanted ${wanted}`];
    });
    if (group === null) return problems;
    const maps = names.map((name) => this.context(name).maps.find((map) => map.group === group));
    return [
      ...problems,
      ...names.flatMap((name, index) => {
        const map = maps[index];
        if (map === undefined) return [`${name} has no map of ${group}`];
        if (JSON.stringify(map) !== JSON.stringify(maps[0])) return [`${name} has another map of ${group} than ${names[0]}`];
        const strangers = map.owners.filter((owner) => !names.includes(this.names[owner] ?? ''));
        return strangers.length > 0 ? [`${strangers.length} buckets of ${group} are owned by nobody who is there`] : [];
      }),
    ];
  }

  // ------------------------------------------------------------ the transport's model

  #node(name: string): SimNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`${name} is not running`);
    return node;
  }

  #pulse(name: string, node: SimNode): void {
    if (!node.alive) return;
    if (this.nowMs < node.suspendedUntilMs) {
      this.#at(node.suspendedUntilMs, () => this.#pulse(name, node));
      return;
    }
    // What waited in the sockets is read before a tick is reported: see the jobs' order in #deliver.
    const lateMs = this.nowMs - node.nextPulseMs;
    node.actor.send({ type: 'PULSE_DUE', atMs: this.nowMs, lateMs });
    this.#send(name, node, null, false);
    for (const lan of this.#lans.filter((one) => one.nodes.includes(name))) {
      for (const peer of lan.nodes) if (peer !== name) this.#askIfSilent(name, node, peer, lan.name);
    }
    node.nextPulseMs = lateMs > this.pulseMs ? this.nowMs + this.pulseMs : node.nextPulseMs + this.pulseMs;
    this.#at(node.nextPulseMs, () => this.#pulse(name, node));
  }

  /** A peer that was silent for two pulses is asked for an answer four times a pulse, as the real transport does. */
  #askIfSilent(name: string, node: SimNode, peer: string, lan: string): void {
    const heard = node.heard.get(`${peer} ${lan}`);
    if (heard === undefined) return;
    const silence = this.nowMs - heard.atMs;
    if (silence < 2 * this.pulseMs || silence > 2 * this.#slostCount * this.pulseMs) return;
    for (const quarter of [0, 1, 2, 3]) {
      this.#at(this.nowMs + (quarter * this.pulseMs) / 4, () => {
        if (!node.alive || this.nowMs < node.suspendedUntilMs) return;
        if (node.heard.get(`${peer} ${lan}`)?.atMs !== heard.atMs) return;
        this.#sendTo(name, node, peer, lan, false, true);
      });
    }
  }

  #send(name: string, node: SimNode, _only: null, goodbye: boolean): void {
    if (!node.alive || this.nowMs < node.suspendedUntilMs) return;
    for (const lan of this.#lans.filter((one) => one.nodes.includes(name))) {
      for (const peer of lan.nodes) if (peer !== name) this.#sendTo(name, node, peer, lan.name, goodbye, false);
    }
  }

  #sendTo(name: string, node: SimNode, peer: string, lan: string, goodbye: boolean, ask: boolean): void {
    if (node.body === null) return;
    node.sequence += 1;
    const fresh = this.nowMs - this.#slostCount * this.pulseMs;
    const heard: Heard[] = [];
    for (const [key, value] of node.heard) {
      const [from = '', onLan = ''] = key.split(' ');
      if (value.atMs >= fresh) heard.push({ node: from, lan: onLan, bootEpoch: value.bootEpoch, sequence: value.sequence });
    }
    const report: PulseReport = {
      from: name,
      lan,
      bootEpoch: node.bootEpoch,
      sequence: node.sequence,
      signature: 'aa',
      goodbye,
      body: node.body,
      heard,
      rttMs: null,
    };
    if (this.#cuts.has(`${name} ${peer} *`) || this.#cuts.has(`${name} ${peer} ${lan}`)) return;
    if (this.#random() < this.loss) return;
    this.#at(this.nowMs + 0.2 + this.#random(), () => this.#deliver(peer, report, ask));
  }

  #deliver(to: string, report: PulseReport, ask: boolean): void {
    const node = this.nodes.get(to);
    if (node === undefined) return;
    if (this.nowMs < node.suspendedUntilMs) {
      // A hair before the tick that ends the suspension: sockets are read first.
      this.#at(node.suspendedUntilMs - 0.001, () => this.#read(to, node, report, ask));
      return;
    }
    this.#read(to, node, report, ask);
  }

  #read(to: string, node: SimNode, report: PulseReport, ask: boolean): void {
    if (!node.alive) return;
    const key = `${report.from} ${report.lan}`;
    const before = node.heard.get(key);
    if (before !== undefined && before.bootEpoch > report.bootEpoch) return;
    node.heard.set(key, { bootEpoch: report.bootEpoch, sequence: report.sequence, atMs: this.nowMs });
    node.actor.send({ type: 'PACKET', atMs: this.nowMs, report });
    if (ask && this.nowMs - (node.answered.get(key) ?? 0) >= this.pulseMs / 8) {
      node.answered.set(key, this.nowMs);
      this.#sendTo(to, node, report.from, report.lan, false, false);
    }
  }

  // ------------------------------------------------------------ jobs in order of time (a binary heap)

  #at(atMs: number, run: () => void): void {
    this.#order += 1;
    const jobs = this.#jobs;
    jobs.push({ atMs, order: this.#order, run });
    let child = jobs.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#swapIfLater(parent, child)) break;
      child = parent;
    }
  }

  #pop(): void {
    const jobs = this.#jobs;
    const last = jobs.pop();
    if (last === undefined || jobs.length === 0) return;
    jobs[0] = last;
    let parent = 0;
    while (true) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < jobs.length && this.#isBefore(child, least)) least = child;
      if (least === parent) return;
      this.#swapIfLater(parent, least);
      parent = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const one = this.#jobs[a];
    const other = this.#jobs[b];
    if (one === undefined || other === undefined) return false;
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
  }

  #swapIfLater(parent: number, child: number): boolean {
    if (!this.#isBefore(child, parent)) return false;
    const one = this.#jobs[parent];
    const other = this.#jobs[child];
    if (one === undefined || other === undefined) return false;
    this.#jobs[parent] = other;
    this.#jobs[child] = one;
    return true;
  }
}

/** The digest of a module that serves. */
export function moduleUp(module: string, quality: ModuleDigest['quality'] = 'Ready', state = 'UP'): Omit<ModuleDigest, 'share'> {
  return { module, state, quality, generation: 1, signature: '00112233' };
}
