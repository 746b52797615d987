/**
 * Carries what a module's chart says into the world: log lines, records, resources, the probe's answer, events. Decides nothing.
 * One for each module; it observes the actor and is told everything that the chart emits.
 */
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import type { ResourceValues } from '../machines/failover-rules.js';
import type { Message } from '../machines/messages.js';
import { messages } from '../machines/messages.js';
import type { ModuleEmitted } from '../machines/module.types.js';
import type { moduleFarmMachine } from '../machines/module-farm.machine.js';
import { counterAt } from '../machines/restart-counter.js';
import type { EventRing } from './event-ring.js';
import type { Budget, ModuleNodeStatus, Quality, Resource, StateName } from './face.js';
import type { LoopEpoch, ModuleRecord } from './module-record.js';
import { recordOf, stateRecord } from './module-record.js';
import type { ActiveModule, Ports, ResourceEntry } from './ports.js';
import type { ResourceBook } from './resource-book.js';
import { createResourceBook } from './resource-book.js';

/** Pause before a record that the disk refused is written again, in ms. */
const recordRetryMs = 1_000;

export type ModuleActor = ActorRefFrom<typeof moduleFarmMachine>;
export type ModuleSnapshot = SnapshotFrom<typeof moduleFarmMachine>;

const stateNames: readonly StateName[] = ['STOP', 'WAIT', 'UP', 'PRIM', 'SECOND', 'ALONE'];
const qualities: readonly Quality[] = ['Ready', 'Transient', 'NotReady'];

/** Path of the active leaf, for example `UP.restarting.graceful`. */
export function leafPath(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, inner]) => `${key}.${leafPath(inner)}`)
    .join('');
}

/** What a state with a sentence of its own is doing. */
const doing: Readonly<Record<string, string>> = {
  'WAIT.preparing.announcing': 'transition script',
  'WAIT.preparing.prestart': 'prestart',
  'WAIT.evaluating': 'waiting for resources',
  'WAIT.updating': 'update',
  'WAIT.stopping': 'poststop',
  'UP.starting.announcing': 'transition script',
  'UP.starting.running': 'start_both',
  'UP.resuming': 'looking whether the application still runs',
  'UP.handling': 'handler',
  'UP.updating': 'update',
  'UP.restarting.graceful': 'restarting 1/3: stop_both',
  'UP.restarting.forced': 'restarting 2/3: stop_both force',
  'UP.restarting.start': 'restarting 3/3: start_both',
  'UP.stopping.draining': 'draining: the probe answers 404, the application still serves',
  'UP.stopping.graceful': 'stop_both',
  'UP.stopping.forced': 'stop_both force',
  'UP.stopping.announcing': 'transition script',
  'UP.stopping.finishing': 'poststop',
};

export interface ModuleHost {
  /** The module as it is applied now. */
  readonly active: ActiveModule;
  readonly actor: ModuleActor;
  readonly resources: ResourceBook;
  /** Another configuration was applied while the module runs; the chart is told by the caller. */
  reconfigured(active: ActiveModule): void;
  /** A new configuration was applied, running or not: counted, and told. `changes` names what is not as it was. */
  configured(dynamic: boolean, changes: readonly string[]): void;
  /**
   * Somebody commands the module: the boot setting is not followed any more. `stays`: the command found it stopped, as it was to be, and
   * so it stays when a daemon comes back.
   */
  decided(stays: boolean): void;
  /** `boot on` and `boot off`. */
  setBoot(on: boolean, who: string): void;
  /** Datagrams of the cluster are sealed, or not. */
  setEncryption(on: boolean): void;
  status(): ModuleNodeStatus;
  budget(): Budget;
  snapshot(): ModuleSnapshot;
  /** The chart threw: from now on the module is STOP NotReady with that reason. */
  fail(detail: string): void;
  log(line: Message): void;
  /** Share of traffic, told by membership. */
  setShare(percent: number): void;
  readonly generation: () => number;
  /** The record as it was last to be written, whether the disk has it yet or not; null when nothing was to be written. */
  record(): ModuleRecord | null;
  /** Ends when the latest record of the module is on disk, or was refused. */
  kept(): Promise<void>;
  close(): void;
}

export interface ModuleHostOptions {
  /** This node's name; it may change with the cluster's configuration. */
  readonly node: () => string;
  readonly active: ActiveModule;
  readonly actor: ModuleActor;
  readonly ring: EventRing;
  readonly record: ModuleRecord | null;
  /** The history of earlier runs, and which of its values the chart was told. */
  readonly earlier?: readonly ResourceEntry[];
  readonly restored?: ResourceValues;
  readonly encrypted?: boolean;
  /** The boot setting has still to be followed. */
  readonly bootDue?: boolean;
  /** State, quality or what a peer should know has changed. */
  readonly onChange: (host: ModuleHost) => void;
}

/** Begins to carry; the actor must not have been sent anything yet. */
export function hostModule(
  ports: Pick<Ports, 'clock' | 'records' | 'history' | 'logs' | 'host' | 'probe'>,
  options: ModuleHostOptions,
): ModuleHost {
  const { clock, records, logs, probe } = ports;
  const { node, actor, ring, record, earlier = [], restored = {} } = options;
  let { active } = options;
  const module = active.name;
  let bootSwitch = record?.bootSwitch ?? 'off';
  let encrypted = options.encrypted ?? false;
  let bootDue = options.bootDue ?? false;
  /** Somebody said stop while it was stopped already, by a shutdown or before its start at boot: the next daemon leaves it so. */
  let staysDown = false;
  let loop: LoopEpoch | null = record?.bootId === ports.host.bootId ? (record.loop ?? null) : null;
  let configurations = record?.configurations ?? 0;
  /** What `usersetting.*` must say now. */
  const settings = (): ResourceValues => {
    const { errd, checker, failover } = actor.getSnapshot().context.switches;
    const { boot } = active.config.service;
    const word = (on: boolean): string => (on ? 'on' : 'off');
    return {
      'usersetting.errd': word(errd),
      'usersetting.checker': word(checker),
      'usersetting.failover': word(failover),
      'usersetting.boot': boot === 'ignore' ? bootSwitch : boot,
      'usersetting.encryption': word(encrypted),
    };
  };
  const before = new Map(earlier.map((entry) => [entry.name, entry.value]));
  const unchanged = Object.entries(settings()).filter(([name, value]) => before.get(name) === value);
  const resources = createResourceBook(
    earlier.map((entry) => resourceOf(entry, ports.host.bootId)),
    { ...restored, ...Object.fromEntries(unchanged) },
  );
  let generation = record?.generation ?? 0;
  let startedIn = record?.startedIn ?? 0;
  let serving = false;
  let sinceWallMs = record?.sinceWallMs ?? clock.wallMs();
  let sinceMs = clock.monotonicMs();
  let share = 0;
  let defect: string | null = null;
  let cause: string | null = null;
  let known = { state: 'STOP' as StateName, quality: 'NotReady' as Quality, path: '', saved: '' };
  let recordsFailing = false;
  let saving: Promise<void> = Promise.resolve();
  let latest: ModuleRecord | null = null;
  let retry: unknown = null;
  let closed = false;

  const now = (): { readonly at: string; readonly atMs: number } => ({
    at: new Date(clock.wallMs()).toISOString(),
    atMs: clock.monotonicMs(),
  });
  const publish = (type: string, data: Readonly<Record<string, unknown>>): string =>
    ring.append({ node: node(), module, type, ...now(), cause, data });
  const log = (line: Message): void => {
    const entry = { atMs: clock.monotonicMs(), wallMs: clock.wallMs(), ...line };
    logs.module(module, entry);
    const id = publish('log', { level: line.level, component: line.component, message: line.message, ...line.data });
    if (line.level === 'U' || (line.data?.['action'] ?? null) !== null) cause = id;
  };
  let overfull = false;
  const setResource = (name: string, value: string, by: string, atMs: number, quiet: boolean): void => {
    const before = resources.last(name)?.value;
    const wallMs = clock.wallMs();
    if (!resources.set({ name, value, by, at: new Date(wallMs).toISOString(), atMs })) {
      if (!overfull) log(messages.partFailed('resources', `too many resources, ${name} and further ones are ignored`));
      overfull = true;
      return;
    }
    ports.history.append(module, { name, value, by, wallMs, atMs, boot: ports.host.bootId });
    if (before === value) return;
    const id = publish('resource.changed', { name, value, by, before: before ?? null });
    if (!quiet) log(messages.resourceSet(name, value, by));
    if (value === 'down') cause = id;
  };

  /** What the disk refuses is written again until it is taken, or something newer is: the next run goes on from it. */
  const write = (value: ModuleRecord): void => {
    latest = value;
    clock.clearTimeout(retry);
    saving = records.save(module, stateRecord, value).then(
      () => {
        recordsFailing = false;
      },
      (error: unknown) => {
        if (!recordsFailing) log(messages.partFailed('records', `the module's state cannot be saved: ${String(error)}`));
        recordsFailing = true;
        if (!closed && latest === value) retry = clock.setTimeout(() => write(value), recordRetryMs);
      },
    );
  };
  const save = (snapshot: ModuleSnapshot, path: string): void => {
    const kept = recordOf(snapshot.context, {
      bootId: ports.host.bootId,
      path,
      generation,
      startedIn,
      sinceWallMs,
      bootSwitch,
      loop,
      configurations,
    });
    const value: ModuleRecord = staysDown
      ? { ...kept, lastIntent: 'stop', wish: 'stop' }
      : // As after a shutdown: the next daemon asks the boot setting.
        bootDue && kept.lastIntent === 'none'
        ? { ...kept, lastIntent: 'shutdown' }
        : kept;
    const text = JSON.stringify(value);
    if (text === known.saved) return;
    known = { ...known, saved: text };
    write(value);
  };
  const observe = (snapshot: ModuleSnapshot): void => {
    const path = leafPath(snapshot.value);
    const state = stateNames.find((name) => snapshot.hasTag(name)) ?? 'STOP';
    const quality = qualities.find((name) => snapshot.hasTag(name)) ?? 'NotReady';
    // The probe first: nobody may be told OK for longer than it is true.
    const serves = snapshot.hasTag('serving');
    // Serving again is a start, unless the daemon has found the application running when it came back itself.
    if (serves && !serving && known.path !== '' && known.path !== 'UP.resuming') startedIn = generation + 1;
    serving = serves;
    probe.publish(module, { ready: serves, state, quality, started: startedIn });
    const moved = path !== known.path;
    const changed = state !== known.state || quality !== known.quality;
    if (changed) {
      generation += 1;
      sinceWallMs = clock.wallMs();
      sinceMs = clock.monotonicMs();
    }
    known = { ...known, state, quality, path };
    const { sinceMs: openedMs, count } = snapshot.context.counter;
    if ((loop?.sinceMs ?? null) !== openedMs) {
      const openedWallMs = clock.wallMs() - clock.monotonicMs() + (openedMs ?? 0);
      loop = openedMs === null ? null : { sinceMs: openedMs, epoch: Math.floor(openedWallMs / 1000) };
    }
    save(snapshot, path);
    if (changed) {
      log(messages.localState(state, quality));
      setResource('state.local', `${state} ${quality}`, 'heart', sinceMs, true);
    }
    if (moved) {
      publish('module.state', { state, quality, path, reason: snapshot.context.reason, ready: snapshot.hasTag('serving') });
    }
    const epoch = String(loop?.epoch ?? 0);
    if (resources.last('heart.stopstartloop')?.value !== epoch || count !== lastCount) {
      lastCount = count;
      setResource('heart.stopstartloop', epoch, snapshot.context.counter.causes.at(-1)?.by ?? 'heart', clock.monotonicMs(), true);
    }
    if (changed || moved) options.onChange(host);
    tellStatus();
  };
  let lastCount = actor.getSnapshot().context.counter.count;
  let toldStatus = '';
  /** What is shown of a module besides its state is told when it changes, so that nobody who shows it has to ask again and again. */
  const tellStatus = (): void => {
    const { activeRule, wish, switches } = actor.getSnapshot().context;
    const data = { share, activeRule, wish, budget: host.budget(), switches: { ...switches, boot: bootSwitch } };
    // When the window ends is computed anew each time, to the millisecond.
    const text = JSON.stringify({ ...data, budget: { ...data.budget, expires: null, causes: data.budget.causes.length } });
    if (text === toldStatus) return;
    toldStatus = text;
    publish('module.status', data);
  };
  /** Tells `usersetting.*` where it is not what it was. */
  const tellSettings = (by: string): void => {
    for (const [name, value] of Object.entries(settings())) {
      if (resources.last(name)?.value !== value) setResource(name, value, by, clock.monotonicMs(), true);
    }
  };

  const emitted = (event: ModuleEmitted): void => {
    switch (event.type) {
      case 'log':
        log(event.line);
        return;
      case 'resource':
        setResource(event.name, event.value, event.by, event.atMs, event.quiet);
        return;
      case 'script':
        publish(`script.${event.phase}`, { script: event.script, userlog: event.userlog, ...event.outcome });
    }
  };

  const host: ModuleHost = {
    get active() {
      return active;
    },
    reconfigured: (next) => {
      active = next;
      tellSettings('config');
      tellStatus();
    },
    configured: (dynamic, changes) => {
      configurations += 1;
      save(actor.getSnapshot(), known.path);
      publish('module.configured', { signature: active.signature, configurations, dynamic, changes });
    },
    decided: (stays) => {
      const wasDue = bootDue || actor.getSnapshot().context.lastIntent === 'shutdown';
      bootDue = false;
      staysDown = stays && wasDue;
      if (!wasDue) return;
      save(actor.getSnapshot(), known.path);
    },
    setBoot: (on, who) => {
      bootSwitch = on ? 'on' : 'off';
      save(actor.getSnapshot(), known.path);
      log(messages.switched('boot', on, who));
      tellStatus();
      tellSettings(who);
    },
    setEncryption: (on) => {
      encrypted = on;
      tellSettings('cluster');
    },
    actor,
    resources,
    generation: () => generation,
    record: () => latest,
    kept: () => saving,
    snapshot: () => actor.getSnapshot(),
    log,
    setShare: (percent) => {
      share = percent;
      tellStatus();
    },
    budget: () => {
      const { plan, counter } = actor.getSnapshot().context;
      const current = counterAt(counter, plan.limits, clock.monotonicMs());
      const wall = (atMs: number): string => new Date(clock.wallMs() - clock.monotonicMs() + atMs).toISOString();
      return {
        max: plan.limits.loopIntervalMs === 0 ? 0 : plan.limits.maxloop,
        used: current.count,
        expires: current.sinceMs === null ? null : wall(current.sinceMs + plan.limits.loopIntervalMs),
        causes: current.causes.map(({ atMs, action, by }) => ({ at: wall(atMs), action, by })),
      };
    },
    status: () => {
      const snapshot = actor.getSnapshot();
      const { context } = snapshot;
      const failed = defect !== null;
      return {
        module,
        node: node(),
        state: failed ? 'STOP' : known.state,
        quality: failed ? 'NotReady' : known.quality,
        path: failed ? 'STOP' : known.path,
        tags: failed ? ['STOP', 'NotReady'] : [...snapshot.tags],
        reason: defect ?? doing[known.path] ?? context.reason,
        since: new Date(sinceWallMs).toISOString(),
        sinceMs,
        share,
        activeRule: context.activeRule,
        wish: context.wish,
        ready: !failed && snapshot.hasTag('serving'),
        budget: host.budget(),
        switches: { ...context.switches, boot: bootSwitch },
        signature: active.signature,
        error: null,
      };
    },
    fail: (detail) => {
      defect = detail;
      probe.publish(module, { ready: false, state: 'STOP', quality: 'NotReady', started: startedIn });
      known = { ...known, state: 'STOP', quality: 'NotReady', path: 'STOP' };
      log(messages.moduleFailed(module, detail));
      options.onChange(host);
    },
    close: () => {
      closed = true;
      clock.clearTimeout(retry);
      for (const subscription of subscriptions) subscription.unsubscribe();
      probe.remove(module);
    },
  };
  const subscriptions = [
    actor.subscribe({ next: observe, error: () => undefined }),
    actor.on('log', emitted),
    actor.on('resource', emitted),
    actor.on('script', emitted),
  ];
  tellSettings('heart');
  observe(actor.getSnapshot());
  const off = Object.entries(actor.getSnapshot().context.switches).flatMap(([name, on]) => (on ? [] : [name]));
  if (off.length > 0) log(messages.switchedOff(off));
  return host;
}

/** A kept value as it is shown; monotonic times of another boot mean nothing. */
function resourceOf({ name, value, by, wallMs, atMs, boot }: ResourceEntry, bootId: string): Resource {
  return { name, value, by, at: new Date(wallMs).toISOString(), atMs: boot === bootId ? atMs : 0 };
}
