/**
 * One module's chart in virtual time, with scripts and processes that do as they are told. Everything is synchronous: after
 * `clock.run(ms)` nothing is left to wait for.
 */
import type { Actor, AnyEventObject } from 'xstate';
import { createActor, fromCallback } from 'xstate';
import type { CheckerConfig, ProcConfig } from '../../src/config/types.js';
import { checkerMachine } from '../../src/machines/checker.machine.js';
import type { CheckerInput, LookerCommand } from '../../src/machines/checker.types.js';
import { resourceOf } from '../../src/machines/checker-rules.js';
import { checkersMachine } from '../../src/machines/checkers.machine.js';
import { errdMachine } from '../../src/machines/errd.machine.js';
import type { ErrdEvent, ErrdExit, ErrdProcess, WatcherCommand } from '../../src/machines/errd.types.js';
import type { CommandName, DrainInput, ModuleInput, ModulePlan, Origin, ProbeSource } from '../../src/machines/module.types.js';
import { moduleFarmMachine } from '../../src/machines/module-farm.machine.js';
import { emptyCounter } from '../../src/machines/restart-counter.js';
import { scriptMachine } from '../../src/machines/script.machine.js';
import type { RunnerCommand, RunnerInput, ScriptEvent } from '../../src/machines/script.types.js';
import type { VirtualClock } from './virtual-clock.js';
import { createVirtualClock } from './virtual-clock.js';

/** What a script does. `hangs` ends `termMs` after SIGTERM; `stubborn` ignores it and ends by SIGKILL; `unkillable` never ends. */
export type Behaviour =
  | { readonly kind: 'ends'; readonly afterMs: number; readonly code: number }
  | { readonly kind: 'hangs'; readonly termMs: number }
  | { readonly kind: 'stubborn' }
  | { readonly kind: 'unkillable' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'throws' };
export const succeeds = (afterMs = 100): Behaviour => ({ kind: 'ends', afterMs, code: 0 });

export interface ScriptCall {
  readonly line: string;
  readonly input: RunnerInput;
  readonly startMs: number;
  endMs: number | null;
  readonly signals: string[];
}

/** The processes and services of the imagined machine, by the name of their `<proc>`. */
export interface World {
  readonly processes: Map<string, readonly ErrdProcess[]>;
  readonly services: Map<string, string>;
  start(name: string, count?: number): void;
  /** Ends all processes of a name; the watch reports it at once unless `seen` is false. */
  end(name: string, exit?: ErrdExit, seen?: boolean): void;
  /** What the watcher was told, in order. */
  readonly selections: string[];
  scans: number;
  /** The watcher fails when it next starts. */
  broken: boolean;
  /** The list of processes can be had. */
  answers: boolean;
  /** What checks find, by resource; what is not there is up. `silent` never answers. */
  readonly checked: Map<string, 'up' | 'down' | 'silent'>;
  /** What checked things say of themselves, by resource. */
  readonly stamps: Map<string, string>;
  /** Checks that were begun and not ended, by resource, and the most at one time. */
  readonly looking: Map<string, number>;
  /** When checks were begun, by resource. */
  readonly looks: Map<string, number[]>;
  /** Executables of looping checkers that run. */
  readonly programs: Set<string>;
  endProgram: ((detail: string) => void) | null;
}
export const requested: ErrdExit = { kind: 'signal', code: null, signal: 'SIGTERM' };
export const crash: ErrdExit = { kind: 'signal', code: null, signal: 'SIGKILL' };

export const aProc: ProcConfig = {
  name: 'app',
  service: false,
  nameRegex: null,
  argRegex: null,
  class: 'both',
  action: { kind: 'restart' },
  restartServices: [],
  atLeast: 1,
  atMax: -1,
  startAfter: 0,
  settleMs: 500,
};
export const aPlan: ModulePlan = {
  module: 'farm',
  limits: { maxloop: 3, loopIntervalMs: 86_400_000 },
  nicestopTimeoutMs: 300_000,
  forcestopTimeoutMs: 300_000,
  startTimeoutMs: null,
  drain: { kind: 'none' },
  rules: [],
  handleTimeMs: 2_000,
  errd: { pollTimerMs: 10_000, procs: [] },
  checkers: [],
};
export const aCheck: CheckerConfig & { readonly kind: 'tcp' } = {
  kind: 'tcp',
  ident: 'web',
  when: 'both',
  action: 'restart',
  grace: 1,
  addr: '127.0.0.1',
  port: 443,
  intervalMs: 10_000,
  timeoutMs: 5_000,
};
export const admin: Origin = { kind: 'admin', by: 'root' };
export const component: Origin = { kind: 'component', by: 'check' };
export const byRule: Origin = { kind: 'rule', by: 'some_rule' };

export interface HarnessOptions {
  readonly plan?: Partial<ModulePlan>;
  readonly input?: Partial<ModuleInput>;
  readonly behave?: (input: RunnerInput) => Behaviour;
  readonly drainBreaks?: boolean;
  /** What the first checks find. */
  readonly checked?: Readonly<Record<string, 'up' | 'down' | 'silent'>>;
  /** A process of that name comes with a start_both that succeeds, and goes with a stop_both. */
  readonly application?: string;
}

interface NotifyingWorld extends World {
  notify: ((event: ErrdEvent) => void) | null;
}
function createWorld(clock: VirtualClock): NotifyingWorld {
  let pid = 100;
  const world: NotifyingWorld = {
    processes: new Map(),
    services: new Map(),
    selections: [],
    scans: 0,
    broken: false,
    answers: true,
    checked: new Map(),
    stamps: new Map(),
    looking: new Map(),
    looks: new Map(),
    programs: new Set(),
    endProgram: null,
    notify: null,
    start(name, count = 1) {
      const made = Array.from({ length: count }, () => {
        pid += 1;
        return { pid, startTime: pid };
      });
      world.processes.set(name, [...(world.processes.get(name) ?? []), ...made]);
    },
    end(name, exit = crash, seen = true) {
      const gone = world.processes.get(name) ?? [];
      world.processes.delete(name);
      if (seen) for (const process of gone) world.notify?.({ type: 'process.exited', process, exit, atMs: clock.monotonicMs() });
    },
  };
  return world;
}

/** A value whose reading fails, as a defect in the reader would. */
export const broken = (): never => {
  throw new Error('broken');
};

/** Path of the active leaf. */
export function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, inner]) => `${key}.${pathOf(inner)}`)
    .join('');
}

export interface Harness {
  readonly clock: VirtualClock;
  readonly actor: Actor<typeof moduleFarmMachine>;
  readonly world: World;
  readonly calls: ScriptCall[];
  readonly log: string[];
  /** Distinct leaves in the order in which they were entered. */
  readonly path: string[];
  readonly resources: Map<string, string>;
  /** What the invariants say against this run. */
  readonly violations: string[];
  at(): string;
  tags(): string;
  /** Scripts called since the last time this was asked, as `name arg arg arg`. */
  newCalls(): readonly string[];
  newLog(): readonly string[];
  command(name: CommandName, origin?: Origin, services?: readonly string[]): void;
  resource(name: string, value: string): void;
  probes(sources: readonly ProbeSource[], sinceMs?: number): void;
  /** Makes the child's own machine fail as a defect would. */
  breakChild(child: 'errd' | 'failover' | 'checkers'): void;
  run(ms: number): void;
  stop(): void;
}

/** Starts a module's chart; it begins in STOP unless `input.resume` says otherwise. */
export function createHarness(options: HarnessOptions = {}): Harness {
  const clock = createVirtualClock();
  const world = createWorld(clock);
  const behave = options.behave ?? (() => succeeds());
  const { application } = options;
  for (const [name, found] of Object.entries(options.checked ?? {})) world.checked.set(name, found);
  const calls: ScriptCall[] = [];
  const log: string[] = [];
  const path: string[] = [];
  const resources = new Map<string, string>();
  const violations: string[] = [];
  let running = 0;
  let startedApplication = false;

  const runner = fromCallback<RunnerCommand, RunnerInput>(({ input, sendBack, receive }) => {
    const behaviour = behave(input);
    if (behaviour.kind === 'throws') throw new Error('the runner is broken');
    const isStart = input.script === 'start_both';
    const isStop = input.script === 'stop_both';
    const call: ScriptCall = {
      line: [input.script, ...input.args].join(' '),
      input,
      startMs: clock.nowMs(),
      endMs: null,
      signals: [],
    };
    const timers: unknown[] = [];
    const later = (ms: number, callback: () => void): void => {
      timers.push(clock.setTimeout(callback, ms));
    };
    const end = (event: ScriptEvent): void => {
      for (const timer of timers) clock.clearTimeout(timer);
      if (call.endMs !== null) return;
      call.endMs = clock.nowMs();
      running -= 1;
      if (isStart && application !== undefined && event.type === 'script.exited' && event.code === 0) world.start(application);
      sendBack(event);
    };
    const exited = (code: number | null, signal: string | null): void =>
      end({
        type: 'script.exited',
        kind: signal === null ? 'code' : 'signal',
        code,
        detail: signal,
        atMs: clock.monotonicMs(),
      });
    if (behaviour.kind === 'absent') {
      // A start that has nothing to run is a start all the same, and so is a stop.
      if (isStart) startedApplication = true;
      if (isStop) startedApplication = false;
      later(0, () => sendBack({ type: 'script.absent', atMs: clock.monotonicMs() }));
      return () => undefined;
    }
    calls.push(call);
    running += 1;
    if (running > 1) violations.push(`two scripts at once: ${call.line}`);
    if (isStart && startedApplication && input.adopt === null) violations.push('start_both twice without a stop_both between');
    if (isStart) startedApplication = true;
    if (isStop) startedApplication = false;
    if (isStop && application !== undefined) world.end(application, requested);
    if (input.adopt?.kind === 'ended') {
      later(0, () => end({ type: 'script.exited', kind: 'unknown', code: null, detail: null, atMs: clock.monotonicMs() }));
    } else if (behaviour.kind === 'failed') {
      later(0, () => end({ type: 'script.failed', detail: behaviour.detail, atMs: clock.monotonicMs() }));
    } else {
      const { adopt } = input;
      const pid = adopt === null ? 1 : adopt.process.pid;
      later(0, () =>
        sendBack({ type: 'script.started', userlog: adopt ? null : `${input.script}.ulog`, pid, adopted: adopt !== null }),
      );
      if (behaviour.kind === 'ends') {
        later(behaviour.afterMs, () => {
          if (adopt) end({ type: 'script.exited', kind: 'unknown', code: null, detail: null, atMs: clock.monotonicMs() });
          else exited(behaviour.code, null);
        });
      }
    }
    receive(({ signal }) => {
      call.signals.push(`${signal}@${clock.nowMs()}`);
      if (behaviour.kind === 'unkillable') return;
      if (signal === 'SIGKILL') later(1, () => exited(null, 'SIGKILL'));
      else if (behaviour.kind === 'hangs') later(behaviour.termMs, () => exited(null, 'SIGTERM'));
      else if (behaviour.kind === 'ends') later(1, () => exited(null, 'SIGTERM'));
    });
    return () => {
      for (const timer of timers) clock.clearTimeout(timer);
      if (call.endMs !== null) return;
      // Killed with its actor.
      call.endMs = clock.nowMs();
      running -= 1;
    };
  });

  const watcher = fromCallback<WatcherCommand, { readonly procs: readonly ProcConfig[] }>(({ input, sendBack, receive }) => {
    if (world.broken) {
      world.broken = false;
      throw new Error('the watcher is broken');
    }
    let selected: readonly string[] = [];
    let { procs } = input;
    let open = true;
    world.notify = (event) => {
      if (open) sendBack(event);
    };
    receive((command) => {
      if (command.type === 'configure') {
        procs = command.procs;
        return;
      }
      if (command.type === 'select') {
        selected = command.names;
        world.selections.push(selected.join(' '));
        return;
      }
      world.scans += 1;
      clock.setTimeout(() => {
        if (!open) return;
        if (!world.answers) {
          sendBack({ type: 'scan.failed', detail: 'no list' });
          return;
        }
        const found = Object.fromEntries(
          procs
            .filter(({ name }) => selected.includes(name))
            .map(({ name, service }) => [
              name,
              { processes: world.processes.get(name) ?? [], service: service ? (world.services.get(name) ?? 'stopped') : null },
            ]),
        );
        sendBack({ type: 'processes.seen', atMs: clock.monotonicMs(), found });
      }, 1);
    });
    return () => {
      open = false;
    };
  });
  const looker = fromCallback<LookerCommand, CheckerInput>(({ input, sendBack, receive }) => {
    if (world.broken) {
      world.broken = false;
      throw new Error('the looker is broken');
    }
    const name = resourceOf(input.checker);
    const count = (change: number): void => {
      world.looking.set(name, (world.looking.get(name) ?? 0) + change);
    };
    let isOpen = true;
    let timer: unknown = null;
    const end = (up: boolean, detail: string): void => {
      timer = null;
      count(-1);
      const stamp = up ? (world.stamps.get(name) ?? null) : null;
      if (isOpen) sendBack({ type: 'check.ended', up, detail, stamp, atMs: clock.monotonicMs() });
    };
    receive(({ type }) => {
      if (type === 'expire') {
        clock.clearTimeout(timer);
        end(false, 'no answer');
        return;
      }
      count(1);
      world.looks.set(name, [...(world.looks.get(name) ?? []), clock.nowMs()]);
      if ((world.looking.get(name) ?? 0) > 1) violations.push(`${name} is looked at twice at once`);
      const found = world.checked.get(name) ?? 'up';
      timer = clock.setTimeout(() => end(found === 'up', found), found === 'silent' ? 3_600_000 : 1);
    });
    return () => {
      isOpen = false;
      if (timer !== null) count(-1);
      clock.clearTimeout(timer);
    };
  });
  const program = fromCallback<AnyEventObject, CheckerInput>(({ input, sendBack }) => {
    const name = resourceOf(input.checker);
    world.programs.add(name);
    world.endProgram = (detail) => {
      world.programs.delete(name);
      sendBack({ type: 'program.ended', detail });
    };
    return () => world.programs.delete(name);
  });
  const drainWatch = fromCallback<AnyEventObject, DrainInput>(() => {
    if (options.drainBreaks) throw new Error('the drain watch is broken');
    return () => undefined;
  });

  const machine = moduleFarmMachine.provide({
    actors: {
      script: scriptMachine.provide({ actors: { runner } }),
      errd: errdMachine.provide({ actors: { watcher } }),
      checkers: checkersMachine.provide({ actors: { checker: checkerMachine.provide({ actors: { looker, program } }) } }),
      drainWatch,
    },
  });
  const plan = { ...aPlan, ...options.plan };
  const input: ModuleInput = {
    plan,
    counter: emptyCounter,
    wish: 'stop',
    held: false,
    resume: null,
    disabledClasses: [],
    enabledClasses: [],
    ...options.input,
  };
  const actor = createActor(machine, {
    input,
    clock: {
      setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    },
  });
  actor.on('log', ({ line }) => log.push(`${line.level} ${line.message}`));
  actor.on('resource', ({ name, value }) => resources.set(name, value));
  const harness: Harness = {
    clock,
    actor,
    world,
    calls,
    log,
    path,
    resources,
    violations,
    at: () => pathOf(actor.getSnapshot().value),
    tags: () => [...actor.getSnapshot().tags].sort().join(' '),
    newCalls: () => {
      const lines = calls.slice(callsRead).map(({ line }) => line);
      callsRead = calls.length;
      return lines;
    },
    newLog: () => {
      const lines = log.slice(logRead);
      logRead = log.length;
      return lines;
    },
    command: (name, origin = admin, services) =>
      actor.send({ type: `module.${name}`, origin, atMs: clock.monotonicMs(), ...(services ? { services } : {}) }),
    resource: (name, value) => actor.send({ type: 'resource.assign', name, value, by: 'test', atMs: clock.monotonicMs() }),
    probes: (sources, sinceMs = clock.monotonicMs()) =>
      actor.send({ type: 'probes.observed', sources, atMs: clock.monotonicMs(), sinceMs }),
    breakChild: (child) => {
      const { errd, failover, checkers } = actor.getSnapshot().children;
      if (child === 'checkers') {
        checkers?.send({
          type: 'checkers.arm',
          patient: false,
          get classes() {
            return broken();
          },
        });
        return;
      }
      if (child === 'errd') {
        errd?.send({
          type: 'process.exited',
          atMs: 0,
          exit: crash,
          get process() {
            return broken();
          },
        });
      } else {
        failover?.send({
          type: 'failover.phase',
          atMs: 0,
          get phase() {
            return broken();
          },
        });
      }
    },
    run: (ms) => clock.run(ms),
    stop: () => actor.stop(),
  };
  let callsRead = 0;
  let logRead = 0;
  const note = (): void => {
    const now = harness.at();
    if (path.at(-1) !== now) path.push(now);
    const { context, tags } = actor.getSnapshot();
    if (tags.has('serving') && !(tags.has('UP') && tags.has('Ready'))) violations.push(`serving in ${now}`);
    if (tags.has('serving') && !startedApplication && input.resume === null) violations.push('serving without a start');
    if (
      context.counter.count > plan.limits.maxloop &&
      context.intent === 'none' &&
      !tags.has('STOP') &&
      context.counter.causes.at(-1)?.action !== 'incloop'
    ) {
      violations.push(`counter ${context.counter.count} beyond maxloop in ${now}`);
    }
  };
  actor.subscribe({ next: note, error: (error) => violations.push(String(error)) });
  actor.start();
  note();
  return harness;
}

/** A module that is UP (Ready), with everything so far read. */
export function startedHarness(options: HarnessOptions = {}): Harness {
  const harness = createHarness(options);
  for (const proc of harness.actor.getSnapshot().context.plan.errd.procs) {
    if (proc.service) harness.world.services.set(proc.name, 'running');
    else if (proc.atLeast > 0) harness.world.start(proc.name, proc.atLeast);
  }
  harness.command('start');
  harness.run(1_000);
  harness.newCalls();
  harness.newLog();
  harness.path.length = 0;
  return harness;
}

/** The scripts whose line begins so behave in that way; the others succeed. */
export const only =
  (line: string, behaviour: Behaviour) =>
  (input: RunnerInput): Behaviour =>
    [input.script, ...input.args].join(' ').startsWith(line) ? behaviour : succeeds();
