/**
 * The node's actors as one thing that can be started and stopped: the tree below the node actor, what was kept on disk,
 * membership, and the public face. It is the same for the daemon and for the simulator, which hand it different ports.
 */
import type { Actor, InspectionEvent } from 'xstate';
import { createActor } from 'xstate';
import type { ClusterConfig, ProcConfig } from '../config/types.js';
import { checkerMachine } from '../machines/checker.machine.js';
import { checkersMachine } from '../machines/checkers.machine.js';
import { errdMachine } from '../machines/errd.machine.js';
import type { ModuleDigest } from '../machines/membership.types.js';
import type { Message } from '../machines/messages.js';
import { messages } from '../machines/messages.js';
import type { CommandName, Origin } from '../machines/module.types.js';
import { moduleFarmMachine } from '../machines/module-farm.machine.js';
import { answerCommand } from '../machines/module-rules.js';
import { moduleActorId, nodeMachine } from '../machines/node.machine.js';
import { scriptMachine } from '../machines/script.machine.js';
import { createActionBook } from './action-book.js';
import { within } from './bounded.js';
import { createCheckerProgram, createLooker } from './checker.actor.js';
import { createDrainWatch } from './drain.actor.js';
import type { EventRing } from './event-ring.js';
import { createEventRing } from './event-ring.js';
import type { ActionProgress, ActionRequest, Caller, Failure, Outcome } from './face.js';
import { interruptedScript } from './interrupted.js';
import type { Membership, MembershipKeys, MembershipNews } from './membership.actor.js';
import { startMembership } from './membership.actor.js';
import type { ModuleHost } from './module-host.js';
import { hostModule } from './module-host.js';
import { planOf } from './module-plan.js';
import { begin, type Occasion, readRecord, stateRecord } from './module-record.js';
import { createModuleUpdates } from './module-update.js';
import type { ActiveModule, Ports, TransportKey } from './ports.js';
import type { ProcessMatcher } from './process-watch.actor.js';
import { createProcessWatch } from './process-watch.actor.js';
import { createRefusedBook, type RefusedNode, refusalText } from './refused-book.js';
import { stillTrue } from './resource-book.js';
import { createScriptRunner, runRecord } from './script.actor.js';

/** How often the control loop says that it is alive, in ms. */
const tickMs = 500;

/** How long the end of the daemon waits for a disk that does not answer, in ms. */
const recordPatienceMs = 2_000;

/** What membership needs to begin. */
export interface ClusterMembership {
  /** This node's name in the configuration. */
  readonly self: string;
  readonly cluster: ClusterConfig;
  readonly clusterId: string;
  readonly keyHex: string | null;
  readonly older?: readonly TransportKey[];
  readonly signature: string;
}

export interface NodeRuntimeOptions {
  readonly ports: Ports;
  /** This node's name until a cluster is joined. */
  readonly node: string;
  readonly version: string;
  /** Counts the daemon's starts; first part of ids. */
  readonly epoch: number;
  readonly compileMatcher: (proc: ProcConfig) => ProcessMatcher;
  readonly inspect?: (event: InspectionEvent) => void;
  /** Reads a module's applied copy from disk, for `update`. Left out: what it runs with is taken. */
  readonly readActive?: (module: string) => Promise<ActiveModule | null>;
}

const fail = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});

/** The running actors of one node. */
export interface NodeRuntime {
  readonly node: string;
  readonly ring: EventRing;
  readonly hosts: ReadonlyMap<string, ModuleHost>;
  /** Begins a module from what is on disk of it: at the daemon's start (the default), or when its configuration was applied. */
  addModule(active: ActiveModule, occasion?: Occasion): Promise<ModuleHost>;
  /** Goes on with another configuration while the module runs: only what may change then is not as it was. */
  reconfigure(active: ActiveModule, who: string): void;
  /** The cluster's configuration was changed by that person: modules that run are updated. */
  updateAll(who: string): void;
  removeModule(name: string): Promise<void>;
  joinCluster(membership: ClusterMembership): Promise<void>;
  /** Goes on in the same cluster with another key: nobody is lost by it. */
  rekeyCluster(keys: MembershipKeys): void;
  leaveCluster(goodbye: boolean): Promise<void>;
  /** Somebody is refused for its key: `noteRefused` tells it once a minute, and keeps it for `refused`. */
  noteRefused(sender: Omit<RefusedNode, 'at' | 'count'>, count: number): void;
  /** Who was refused of late, the newest last. */
  refused(): readonly RefusedNode[];
  membership(): Membership | null;
  command(request: ActionRequest): Outcome<ActionProgress>;
  action(id: string): ActionProgress | null;
  /** Calls back at each change of a module's state until closed. */
  onChange(listener: (host: ModuleHost) => void): { close(): void };
  log(line: Message): void;
  /** Stops all modules in order (shutdown), says goodbye, and ends. */
  shutdown(who: string): Promise<void>;
  /** Ends at once and leaves applications and scripts as they are. */
  leave(): Promise<void>;
}

/** Builds the node's actor tree on the given ports and starts it, without modules. */
export function createNodeRuntime(options: NodeRuntimeOptions): NodeRuntime {
  const { ports, epoch } = options;
  let { node } = options;
  const { clock, records, logs, probe } = ports;
  const hosts = new Map<string, ModuleHost>();
  const actives = new Map<string, ActiveModule>();
  const ring = createEventRing(epoch);
  const actions = createActionBook(epoch);
  const listeners = new Set<(host: ModuleHost) => void>();
  const bootTimers = new Map<string, unknown>();
  /** Peers that were reported for their other configuration. */
  const foreign = new Set<string>();
  const strangers = createRefusedBook(clock);
  let membership: Membership | null = null;
  let cluster: ClusterConfig | null = null;
  let leaving = false;
  let encrypted = false;

  const log = (line: Message): void => {
    logs.node({ atMs: clock.monotonicMs(), wallMs: clock.wallMs(), ...line });
    ring.append({
      node,
      module: null,
      type: 'node.log',
      at: new Date(clock.wallMs()).toISOString(),
      atMs: clock.monotonicMs(),
      cause: null,
      data: { level: line.level, component: line.component, message: line.message },
    });
  };

  const checkerOptions = { ...ports, activeModule: (name: string): ActiveModule | null => actives.get(name) ?? null };
  const machine = nodeMachine.provide({
    actors: {
      module: moduleFarmMachine.provide({
        actors: {
          script: scriptMachine.provide({
            actors: {
              runner: createScriptRunner({ ...ports, activeModule: (name) => actives.get(name) ?? null, leaving: () => leaving }),
            },
          }),
          errd: errdMachine.provide({ actors: { watcher: createProcessWatch(ports, options.compileMatcher) } }),
          checkers: checkersMachine.provide({
            actors: {
              checker: checkerMachine.provide({
                actors: { looker: createLooker(checkerOptions), program: createCheckerProgram(checkerOptions) },
              }),
            },
          }),
          drainWatch: createDrainWatch(ports),
        },
      }),
    },
  });
  const actorClock = {
    setTimeout: (callback: () => void, delayMs: number): unknown => clock.setTimeout(callback, delayMs),
    clearTimeout: (handle: unknown): void => clock.clearTimeout(handle),
  };
  const root: Actor<typeof machine> = createActor(machine, {
    id: node,
    clock: actorClock,
    ...(options.inspect ? { inspect: options.inspect } : {}),
  });
  root.on('module.defect', ({ name, detail }) => hosts.get(name)?.fail(detail));
  root.start();

  let ticker: unknown = null;
  const tick = (): void => {
    probe.tick();
    ticker = clock.setTimeout(tick, tickMs);
  };
  tick();

  const setEncryption = (on: boolean): void => {
    encrypted = on;
    for (const host of hosts.values()) host.setEncryption(on);
  };
  const digests = (): readonly Omit<ModuleDigest, 'share'>[] =>
    [...hosts.values()].map((host) => {
      const { state, quality } = host.status();
      const generation = host.generation();
      return {
        module: host.active.name,
        state,
        quality: quality === 'Unknown' ? 'NotReady' : quality,
        generation,
        signature: host.active.signature.slice(0, 8),
      };
    });
  const changed = (host: ModuleHost): void => {
    membership?.setLocal(digests());
    for (const listener of [...listeners]) listener(host);
  };

  const tell = (type: string, data: Readonly<Record<string, unknown>>): void => {
    const at = new Date(clock.wallMs()).toISOString();
    ring.append({ node, module: null, type, at, atMs: clock.monotonicMs(), cause: null, data });
  };
  /** This node's part of a group has changed. */
  const takeShare = (group: string, counts: Readonly<Record<string, number>>): void => {
    const [module = '', name = group] = group.split('/');
    const host = hosts.get(module);
    if (host === undefined) return;
    const buckets = counts[node] ?? 0;
    const members = Object.keys(counts).filter((one) => (counts[one] ?? 0) > 0);
    const percent = `${Math.round((buckets / 256) * 100)}%`;
    host.setShare(Math.round((buckets / 256) * 100));
    host.log(messages.farmMembership(members, name));
    host.log(messages.farmLoad(buckets, name));
    host.actor.send({
      type: 'resource.assign',
      name: `${name}_0`,
      value: percent,
      by: 'vipd',
      atMs: clock.monotonicMs(),
      quiet: true,
    });
  };
  const noteForeign = (peer: string, isForeign: boolean): void => {
    if (isForeign && !foreign.has(peer)) log(messages.foreignConfiguration(peer));
    if (isForeign) foreign.add(peer);
    else foreign.delete(peer);
  };
  /** What membership tells. */
  const heed = (news: MembershipNews): void => {
    switch (news.type) {
      case 'view.changed':
        log(messages.view(news.view.epoch, news.view.leader, news.view.members));
        for (const { node: peer, evidence } of news.lost) log(messages.lostContact(peer, evidence));
        for (const peer of news.joined) log(messages.contact(peer));
        tell('view.changed', { ...news.view, lost: news.lost, joined: news.joined });
        return;
      case 'peer.changed':
        noteForeign(news.peer.node, news.peer.sameConfiguration === false);
        tell('peer.changed', { ...news.peer });
        return;
      case 'shares.changed':
        takeShare(news.group, news.counts);
        return;
      case 'transport.error':
        log(messages.transportFailed(news.lan, news.message));
        return;
      case 'senders.refused':
        for (const { count, ...sender } of news.senders) runtime.noteRefused({ ...sender, by: 'datagram' }, count);
        return;
      case 'datagrams.dropped':
        for (const [kind, count] of Object.entries(news.counts)) {
          if (count > 0) log(messages.datagramsDropped(kind, count, news.example));
        }
        return;
      case 'transport.ready':
        tell('transport.ready', {});
    }
  };

  const commandHost = (host: ModuleHost, command: CommandName, origin: Origin): void =>
    host.actor.send({ type: `module.${command}`, origin, atMs: clock.monotonicMs() });

  /** A chart that threw changes no more; a start begins it anew. */
  const isDefective = (host: ModuleHost): boolean => host.snapshot().status !== 'active';
  /** Resolves as well when there is nothing more to wait for: the module was taken away, or its chart threw. */
  const settles = (host: ModuleHost, isSettled: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const isOver = (): boolean => isSettled() || isDefective(host) || hosts.get(host.active.name) !== host;
      if (isOver()) {
        resolve();
        return;
      }
      const listener = (one: ModuleHost): void => {
        if (one !== host || !isOver()) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
    });

  const updates = createModuleUpdates({
    readActive: options.readActive ?? (async (name) => actives.get(name) ?? null),
    lookUpNames: () => {
      ports.prober.forgetNames();
      membership?.lookUpNames();
    },
    take: (host, active, origin) => {
      place(active);
      host.reconfigured(active);
      const plan = planOf(active.name, active.config);
      host.actor.send({ type: 'module.update', plan, origin, atMs: clock.monotonicMs() });
      changed(host);
    },
    settles,
  });
  /** From now on scripts and checkers of the module are called by what is in that. */
  const place = (active: ActiveModule): void => {
    actives.set(active.name, active);
    ports.scripts.guardUserlogs(active.varDir, (active.config.user?.userlogSizeKb ?? 2048) * 1024);
  };

  const cancelBoot = (name: string): void => {
    clock.clearTimeout(bootTimers.get(name));
    bootTimers.delete(name);
  };
  const drop = (name: string): void => {
    cancelBoot(name);
    const host = hosts.get(name);
    if (host === undefined) return;
    host.close();
    hosts.delete(name);
    root.send({ type: 'module.remove', name });
    for (const listener of [...listeners]) listener(host);
  };

  const runtime: NodeRuntime = {
    get node() {
      return node;
    },
    ring,
    hosts,
    log,
    membership: () => membership,
    action: (id) => actions.get(id),
    onChange: (listener) => {
      listeners.add(listener);
      return { close: () => void listeners.delete(listener) };
    },

    async addModule(active, occasion = 'daemonStart') {
      const { name, config } = active;
      // What the module was told a moment ago may not be on disk yet.
      const latest = hosts.get(name)?.record() ?? null;
      drop(name);
      const record = latest ?? readRecord(await records.load(name, stateRecord));
      const run = await interruptedScript(
        { ports, compileMatcher: options.compileMatcher, log },
        active,
        record !== null && record.bootId === ports.host.bootId ? record.path : null,
      );
      place(active);
      const earlier = await ports.history.load(name);
      const { bootId } = ports.host;
      const restored = stillTrue(earlier, config, bootId);
      const { input, start, bootDue } = begin(planOf(name, config), config.service, record, run, bootId, occasion, restored);
      root.send({ type: 'module.add', name, input: { ...input, atMs: clock.monotonicMs() } });
      const actor = root.getSnapshot().children[moduleActorId(name)];
      if (actor === undefined) throw new Error(`the actor of module ${name} was not started`);
      const host = hostModule(ports, {
        node: () => node,
        active,
        actor,
        ring,
        record,
        earlier,
        restored,
        encrypted,
        bootDue,
        onChange: changed,
      });
      hosts.set(name, host);
      if (input.resume !== null) {
        const { state, quality } = host.status();
        host.log(messages.resumed(state, quality, `the daemon was restarted, the module was in ${input.resume.path}`));
      }
      changed(host);
      if (start !== null) {
        const begins = (): void => commandHost(host, 'start', { kind: start.kind, by: 'holdfastd' });
        if (start.delayMs === 0) begins();
        else bootTimers.set(name, clock.setTimeout(begins, start.delayMs));
      }
      return host;
    },
    reconfigure(active, who) {
      const { name, config } = active;
      const host = hosts.get(name);
      if (host === undefined) return;
      place(active);
      host.reconfigured(active);
      host.actor.send({ type: 'module.reconfigure', plan: planOf(name, config), by: who, atMs: clock.monotonicMs() });
      changed(host);
    },
    updateAll(who) {
      updates.afterClusterChange(hosts.values(), cluster, { kind: 'admin', by: who });
    },
    async removeModule(name) {
      drop(name);
      actives.delete(name);
      await within(clock, recordPatienceMs, ports.history.close(name));
      membership?.setLocal(digests());
      await records.remove(name, stateRecord);
      await records.remove(name, runRecord);
    },

    async joinCluster(joined) {
      await runtime.leaveCluster(false);
      node = joined.self;
      cluster = joined.cluster;
      membership = startMembership(
        {
          ports,
          ...joined,
          actorOptions: { clock: actorClock, ...(options.inspect ? { inspect: options.inspect } : {}) },
        },
        heed,
      );
      membership.setLocal(digests());
      setEncryption(joined.keyHex !== null);
    },
    rekeyCluster(keys) {
      membership?.rekey(keys);
      setEncryption(keys.keyHex !== null);
    },
    noteRefused(sender, count) {
      if (!strangers.note(sender, count)) return;
      log(messages.nodeRefused(sender.node, sender.address, refusalText(sender)));
      tell('node.refused', { ...sender });
    },
    refused: () => strangers.list(),
    async leaveCluster(goodbye) {
      const old = membership;
      membership = null;
      cluster = null;
      await old?.stop(goodbye);
    },

    command(request) {
      const host = hosts.get(request.module);
      if (host === undefined) return fail('MODULE_UNKNOWN', `no module ${request.module} is configured on ${node}`);
      const { action, caller } = request;
      const status = host.status();
      const at = new Date(clock.wallMs()).toISOString();
      const open = (state: ActionProgress['nodes'][number]['state'], message: string, code: string | null): ActionProgress =>
        actions.open(action, request.module, node, at, state, message, code);
      const answer =
        action === 'update'
          ? updates.answer(host)
          : answerCommand(action, status.state, status.quality, host.snapshot().context.intent);
      if (answer.outcome === 'refused') {
        open('refused', answer.reason, 'MODULE_STATE');
        return fail('MODULE_STATE', answer.reason);
      }
      // Whoever commands has decided: a start that was to come after the boot delay does not overrule it. What is refused decides nothing.
      if (action !== 'update') cancelBoot(request.module);
      if (action !== 'shutdown' && action !== 'update') host.decided(answer.outcome === 'already' && status.state === 'STOP');
      if (answer.outcome === 'already') {
        return { ok: true, value: open('already', `${status.state} (${status.quality})`, null) };
      }
      const lastServing = ['stop', 'stopstart', 'forcestop', 'shutdown'].includes(action) && isLastUp(host);
      if (lastServing) host.log(messages.lastNodeStops());
      const progress = open('running', lastServing ? 'the last UP node of the farm is leaving' : '', null);
      logs.command({ wallMs: clock.wallMs(), who: caller.who, module: request.module, phase: 'START', text: action });
      if (action === 'update') {
        void followUpdate(host, progress.id, caller);
      } else if (isDefective(host)) {
        beginAnew(host, progress.id, caller).catch((error: unknown) => actions.end(progress.id, 'failed', String(error)));
      } else {
        commandHost(host, action, originOf(caller));
        void follow(host, progress.id, action, caller);
      }
      return { ok: true, value: actions.get(progress.id) ?? progress };
    },

    async shutdown(who) {
      const origin: Origin = { kind: 'admin', by: who };
      for (const name of [...bootTimers.keys()]) cancelBoot(name);
      const running = [...hosts.values()].filter((host) => host.status().state !== 'STOP');
      for (const host of running) commandHost(host, 'shutdown', origin);
      await Promise.all(running.map((host) => settles(host, () => host.status().state === 'STOP')));
      await allKept();
      await runtime.leaveCluster(true);
      await runtime.leave();
    },
    async leave() {
      leaving = true;
      clock.clearTimeout(ticker);
      await allKept();
      await runtime.leaveCluster(false);
      for (const host of hosts.values()) host.close();
      hosts.clear();
      for (const name of [...bootTimers.keys()]) cancelBoot(name);
      root.stop();
    },
  };

  /** The next run goes on from what is on disk: the process must not end before that is there, unless the disk does not answer. */
  const allKept = async (): Promise<void> => {
    const waits = [...hosts.values()].flatMap((host) => [host.kept(), ports.history.flush(host.active.name)]);
    await Promise.all(waits.map((wait) => within(clock, recordPatienceMs, wait)));
  };

  const originOf = (caller: Caller): Origin =>
    caller.identity === null ? { kind: 'admin', by: caller.who } : { kind: 'component', by: caller.identity };

  const isLastUp = (host: ModuleHost): boolean => {
    const { module, state } = host.status();
    if (state !== 'UP') return false;
    const peers = membership?.snapshot().peers.filter((peer) => peer.online) ?? [];
    return !peers.some((peer) => peer.modules.some((one) => one.module === module && one.state === 'UP'));
  };

  /** A start of a module whose chart threw: it goes on from its record, as after a restart of the daemon. */
  const beginAnew = async (failed: ModuleHost, id: string, caller: Caller): Promise<void> => {
    const host = await runtime.addModule(failed.active, 'configured');
    if (host.status().state === 'STOP') commandHost(host, 'start', originOf(caller));
    await follow(host, id, 'start', caller);
  };

  /** An action is done when the module rests again. */
  const follow = async (host: ModuleHost, id: string, action: string, caller: Caller): Promise<void> => {
    const wanted = action === 'start' || action === 'restart' || action === 'stopstart' ? 'start' : 'stop';
    await settles(host, () => {
      const { state, quality } = host.status();
      return (
        quality !== 'Transient' &&
        (wanted === 'start' ? state !== 'STOP' || host.snapshot().context.wish === 'stop' : state === 'STOP')
      );
    });
    const { state, quality } = host.status();
    const reached = wanted === 'start' ? state === 'UP' || state === 'WAIT' : state === 'STOP';
    end(host, id, action, caller, reached, `${state} (${quality})`, `${state} ${quality}`);
  };
  const followUpdate = async (host: ModuleHost, id: string, caller: Caller): Promise<void> => {
    const outcome = await updates
      .carryOut(host, originOf(caller))
      .catch((error: unknown) => fail('INTERNAL', `the update has failed: ${String(error)}`));
    end(host, id, 'update', caller, outcome.ok, outcome.ok ? outcome.value : outcome.failure.message);
  };
  /** An action has come to its end: told to whoever asks, the command log and the event stream. */
  const end = (
    host: ModuleHost,
    id: string,
    action: string,
    caller: Caller,
    reached: boolean,
    message: string,
    logged = message,
  ): void => {
    const state = reached ? 'done' : 'failed';
    const module = host.active.name;
    const wallMs = clock.wallMs();
    actions.end(id, state, message);
    logs.command({ wallMs, who: caller.who, module, phase: 'END', text: `${action}: ${logged}` });
    const at = new Date(wallMs).toISOString();
    ring.append({
      node,
      module,
      type: 'action',
      at,
      atMs: clock.monotonicMs(),
      cause: null,
      data: { id, action, state, message },
    });
  };

  return runtime;
}
