/**
 * Carries what a module's chart says into the world: log lines, records, resources, the probe's answer, events. Decides nothing.
 * One for each module; it observes the actor and is told everything that the chart emits.
 */
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import type { Message } from '../machines/messages.js';
import { messages } from '../machines/messages.js';
import type { ModuleEmitted } from '../machines/module.types.js';
import type { moduleFarmMachine } from '../machines/module-farm.machine.js';
import { counterAt } from '../machines/restart-counter.js';
import type { EventRing } from './event-ring.js';
import type { Budget, ModuleNodeStatus, Quality, StateName } from './face.js';
import type { ModuleRecord } from './module-record.js';
import { recordOf, stateRecord } from './module-record.js';
import type { ActiveModule, Ports } from './ports.js';
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
  'WAIT.stopping': 'poststop',
  'UP.starting.announcing': 'transition script',
  'UP.starting.running': 'start_both',
  'UP.resuming': 'looking whether the application still runs',
  'UP.handling': 'handler',
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
  readonly active: ActiveModule;
  readonly actor: ModuleActor;
  readonly resources: ReturnType<typeof createResourceBook>;
  status(): ModuleNodeStatus;
  budget(): Budget;
  snapshot(): ModuleSnapshot;
  /** The chart threw: from now on the module is STOP NotReady with that reason. */
  fail(detail: string): void;
  log(line: Message): void;
  /** Share of traffic, told by membership. */
  setShare(percent: number): void;
  readonly generation: () => number;
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
  /** State, quality or what a peer should know has changed. */
  readonly onChange: (host: ModuleHost) => void;
}

/** Begins to carry; the actor must not have been sent anything yet. */
export function hostModule(
  ports: Pick<Ports, 'clock' | 'records' | 'logs' | 'host' | 'probe'>,
  options: ModuleHostOptions,
): ModuleHost {
  const { clock, records, logs, probe } = ports;
  const { node, active, actor, ring, record } = options;
  const module = active.name;
  const resources = createResourceBook();
  const bootSwitch = record?.bootSwitch ?? 'off';
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
  const setResource = (name: string, value: string, by: string, atMs: number, quiet: boolean): void => {
    const before = resources.history(name)?.at(-1)?.value;
    if (!resources.set({ name, value, by, at: now().at, atMs })) {
      log(messages.partFailed('resources', `too many resources, ${name} is ignored`));
      return;
    }
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
    const value = recordOf(snapshot.context, { bootId: ports.host.bootId, path, generation, startedIn, sinceWallMs, bootSwitch });
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
    save(snapshot, path);
    if (changed) {
      log(messages.localState(state, quality));
      setResource('state.local', `${state} ${quality}`, 'heart', sinceMs, true);
    }
    if (moved) {
      publish('module.state', { state, quality, path, reason: snapshot.context.reason, ready: snapshot.hasTag('serving') });
    }
    const { sinceMs: openedMs, count } = snapshot.context.counter;
    const loop = openedMs === null ? '0' : String(Math.floor((clock.wallMs() - clock.monotonicMs() + openedMs) / 1000));
    if ((resources.history('heart.stopstartloop')?.at(-1)?.value ?? '0') !== loop || count !== lastCount) {
      lastCount = count;
      setResource('heart.stopstartloop', loop, 'heart', clock.monotonicMs(), true);
    }
    if (changed || moved) options.onChange(host);
  };
  let lastCount = 0;

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
    active,
    actor,
    resources,
    generation: () => generation,
    kept: () => saving,
    snapshot: () => actor.getSnapshot(),
    log,
    setShare: (percent) => {
      share = percent;
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
        switches: { errd: true, checker: true, failover: true, boot: bootSwitch },
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
  observe(actor.getSnapshot());
  return host;
}
