/** Types of the module's chart (farm and light). All values are readonly and JSON-serialisable. */
import type { CheckerConfig, Drain, ErrdConfig, ProcConfig } from '../config/types.js';
import type { CheckerReport } from './checker.types.js';
import type { ErrdReport } from './errd.types.js';
import type { FailoverVerdict } from './failover.types.js';
import type { ResourceValues, Rule, RulePhase } from './failover-rules.js';
import type { Message } from './messages.js';
import type { CounterLimits, RestartCounter } from './restart-counter.js';
import type { Adoption, ScriptOutcome, ScriptReport } from './script.types.js';

/** Who asked for an action. `component`, `rule` and `boot` are automatic; the first two are counted. */
export interface Origin {
  readonly kind: 'admin' | 'component' | 'rule' | 'boot' | 'automatic' | 'maxloop';
  readonly by: string;
  /** What made a rule hold, in one sentence. */
  readonly because?: string;
}

/** What the chart is on its way to, beyond what it does now. Stronger ones replace weaker ones. */
export type Intent = 'none' | 'restart' | 'stopstart' | 'wait' | 'stop' | 'shutdown' | 'forcestop';

/** What an administrator can switch off for maintenance (section 5.3). */
export type SwitchName = 'errd' | 'checker' | 'failover';
/** Monitoring of processes, checkers, and failover rules: carried out or not. Kept over restarts and reboots. */
export type Switches = Readonly<Record<SwitchName, boolean>>;

/** What the module's configuration means for its chart. */
export interface ModulePlan {
  readonly module: string;
  readonly limits: CounterLimits;
  readonly nicestopTimeoutMs: number;
  readonly forcestopTimeoutMs: number;
  readonly startTimeoutMs: number | null;
  readonly drain: Drain;
  readonly rules: readonly Rule[];
  readonly handleTimeMs: number;
  readonly errd: ErrdConfig;
  readonly checkers: readonly CheckerConfig[];
}

/** Where and how an earlier run of the daemon left the module. */
export interface Resumption {
  /** Leaf of the chart, for example `UP.restarting.stopGraceful`. */
  readonly path: string;
  readonly intent: Intent;
  /** Set where a script was running or about to. */
  readonly adopt: Adoption | null;
  /** The process's own handler that was running, where the leaf is `UP.handling`. */
  readonly handler: string | null;
}

export interface ModuleInput {
  readonly plan: ModulePlan;
  readonly counter: RestartCounter;
  readonly wish: 'start' | 'stop';
  /** An administrator's wait was pending. */
  readonly held: boolean;
  /** Null: begin in STOP. */
  readonly resume: Resumption | null;
  readonly disabledClasses: readonly string[];
  /** Classes of the user's own that `errd enable` has switched on. */
  readonly enabledClasses: readonly string[];
  /** Left out: all on. */
  readonly switches?: Switches;
  /** Values that are known already: those that somebody set and that are true still. Left out: none. */
  readonly resources?: ResourceValues;
  /** When it begins, monotonic, in ms: a decision that holds from then on counts from it. Left out: 0. */
  readonly atMs?: number;
}

export interface ModuleContext {
  readonly plan: ModulePlan;
  readonly intent: Intent;
  /** The last intent that was accepted: tells at rest how the module came there. */
  readonly lastIntent: Intent;
  readonly wish: 'start' | 'stop';
  readonly counter: RestartCounter;
  readonly cause: Origin;
  /** Why the module is where it is, in one sentence. */
  readonly reason: string | null;
  readonly activeRule: string | null;
  /** An administrator's wait is pending. */
  readonly held: boolean;
  /** Third argument of the scripts. */
  readonly action: 'start' | 'stop' | 'stopstart' | 'stopwait' | 'restart';
  /** `restart_services` of the process that asked for this restart. */
  readonly services: readonly string[];
  readonly handler: string | null;
  /** What the children were last told: the classes that errd watches, and the phase that the rules are evaluated for. */
  readonly armed: readonly string[];
  readonly phase: RulePhase;
  /** What the rules were told of the resources: they are told again when their machine has failed. */
  readonly resources: ResourceValues;
  /** Why a checked resource is down, by its name. */
  readonly details: Readonly<Record<string, string>>;
  readonly resume: Resumption | null;
  readonly disabledClasses: readonly string[];
  readonly enabledClasses: readonly string[];
  readonly switches: Switches;
  /** Time of the last event that carried one: monotonic ms. */
  readonly atMs: number;
}

export type CommandName = 'start' | 'stop' | 'restart' | 'stopstart' | 'wait' | 'wakeup' | 'forcestop' | 'shutdown';
export type CommandEvent = {
  readonly type: `module.${CommandName}`;
  readonly origin: Origin;
  readonly atMs: number;
  readonly services?: readonly string[];
};
/** One balancer's prober, as the probe's listener has seen it. */
export interface ProbeSource {
  readonly source: string;
  /** Mean time between its probes in ms; null before the second. */
  readonly intervalMs: number | null;
  readonly lastAtMs: number;
  /** How often it was answered 404 since the module last left its serving state. */
  readonly refusals: number;
}
export type ModuleEvent =
  | CommandEvent
  | ScriptReport
  | FailoverVerdict
  | ErrdReport
  | CheckerReport
  | { readonly type: 'module.handle'; readonly handler: string; readonly proc: string; readonly atMs: number }
  | {
      readonly type: 'resource.assign';
      readonly name: string;
      readonly value: string;
      readonly by: string;
      readonly atMs: number;
      readonly quiet?: boolean;
    }
  | {
      readonly type: 'probes.observed';
      readonly sources: readonly ProbeSource[];
      readonly atMs: number;
      readonly sinceMs: number;
    }
  | { readonly type: 'loop.increment'; readonly by: string; readonly atMs: number }
  | { readonly type: 'loop.reset'; readonly by: string; readonly atMs: number }
  /** A child's machine threw; told by the runtime of XState. */
  | { readonly type: 'xstate.error.actor.errd'; readonly error: unknown }
  | { readonly type: 'xstate.error.actor.failover'; readonly error: unknown }
  | { readonly type: 'xstate.error.actor.checkers'; readonly error: unknown }
  | { readonly type: 'child.respawn'; readonly child: 'errd' | 'failover' | 'checkers' }
  /** The module has been leaving for as long as all its limits together allow. */
  | { readonly type: 'stop.overdue' }
  | { readonly type: 'errd.switch'; readonly class: string; readonly on: boolean; readonly by: string; readonly atMs: number }
  | {
      readonly type: 'maintenance.switch';
      readonly what: SwitchName;
      readonly on: boolean;
      readonly by: string;
      readonly atMs: number;
    }
  /** Another configuration is applied while the module runs; it differs in what may change then (section 2.15). */
  | { readonly type: 'module.reconfigure'; readonly plan: ModulePlan; readonly by: string; readonly atMs: number }
  /** What is applied is taken anew, because something around it has changed: the cluster, addresses behind names (section 1.3). */
  | { readonly type: 'module.update'; readonly plan: ModulePlan; readonly origin: Origin; readonly atMs: number };

/** What the chart tells the world; carried by the module's host. */
export type ModuleEmitted =
  | { readonly type: 'log'; readonly line: Message }
  | {
      readonly type: 'resource';
      readonly name: string;
      readonly value: string;
      readonly by: string;
      readonly atMs: number;
      readonly quiet: boolean;
    }
  | {
      readonly type: 'script';
      readonly phase: 'started' | 'ended';
      readonly script: string;
      readonly userlog: string | null;
      readonly outcome: ScriptOutcome | null;
    };

/** Input of the actor that watches the probes during a drain. */
export interface DrainInput {
  readonly module: string;
}
export type ProcAction = ProcConfig['action'];
