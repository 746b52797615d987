/** What is kept on disk of a module, and where it goes on from it when the daemon starts. Source: architecture design, 'Persistence'. */
import type { ServiceConfig } from '../config/types.js';
import type { ResourceValues } from '../machines/failover-rules.js';
import { allOn } from '../machines/maintenance.js';
import type { Intent, ModuleContext, ModuleInput, ModulePlan, Switches } from '../machines/module.types.js';
import type { RestartCounter } from '../machines/restart-counter.js';
import { emptyCounter } from '../machines/restart-counter.js';
import type { InterruptedScript } from '../machines/resume.js';
import { planResumption } from '../machines/resume.js';

/** Name of a module's record. */
export const stateRecord = 'state';

/** Version 1 of the record. Times are monotonic within the boot that `bootId` names. */
export interface ModuleRecord {
  readonly version: 1;
  readonly bootId: string;
  readonly path: string;
  readonly intent: Intent;
  readonly lastIntent: Intent;
  readonly wish: 'start' | 'stop';
  /** An administrator's wait is pending. */
  readonly held?: boolean;
  readonly counter: RestartCounter;
  readonly disabledClasses: readonly string[];
  readonly enabledClasses: readonly string[];
  readonly generation: number;
  /** The generation in which the application was last started; absent before the first start. */
  readonly startedIn?: number;
  /** Wall ms at which the present state began. */
  readonly sinceWallMs: number;
  readonly reason: string | null;
  /** `boot -m AM on|off`, for boot="ignore". */
  readonly bootSwitch: 'on' | 'off';
  /** Maintenance switches; left out by versions that had none: all on. They outlive reboots. */
  readonly switches?: Switches;
  /** Which window of the restart counter `heart.stopstartloop` stands for, and its epoch in seconds. */
  readonly loop?: LoopEpoch | null;
  /** How often a configuration was applied to the module. */
  readonly configurations?: number;
}
/** The wall time of a window of the restart counter is taken once: clocks that are set do not move it. */
export interface LoopEpoch {
  readonly sinceMs: number;
  readonly epoch: number;
}

/** The record of a module at this moment. */
export function recordOf(
  context: ModuleContext,
  place: Pick<
    ModuleRecord,
    'bootId' | 'path' | 'generation' | 'startedIn' | 'sinceWallMs' | 'bootSwitch' | 'loop' | 'configurations'
  >,
): ModuleRecord {
  const { intent, lastIntent, wish, held, counter, disabledClasses, enabledClasses, reason, switches } = context;
  return { version: 1, ...place, intent, lastIntent, wish, held, counter, disabledClasses, enabledClasses, reason, switches };
}

/** A record as it came from the disk, or null when it is not one that this version understands. */
export function readRecord(value: unknown): ModuleRecord | null {
  const isRecord = (one: unknown): one is ModuleRecord =>
    typeof one === 'object' &&
    one !== null &&
    'version' in one &&
    one.version === 1 &&
    'path' in one &&
    typeof one.path === 'string';
  return isRecord(value) ? value : null;
}

/** Why a module begins: the daemon starts, or the module's configuration was applied, which starts nothing by itself. */
export type Occasion = 'daemonStart' | 'configured';

/** How a module begins. */
export interface Beginning {
  readonly input: ModuleInput;
  /** A start to be commanded at once: at boot (after `delayMs`), or the second half of a stopstart. */
  readonly start: { readonly kind: 'boot' | 'automatic'; readonly delayMs: number } | null;
  /** The boot setting has still to be followed: a daemon that ends before the module was started leaves that to the next one. */
  readonly bootDue: boolean;
}

/** Whether a module is to be started at boot (section 2.2, `boot`). */
export function startsAtBoot(boot: ServiceConfig['boot'], record: ModuleRecord | null): boolean {
  switch (boot) {
    case 'on':
      return true;
    case 'off':
      return false;
    case 'auto':
      return record?.wish === 'start';
    case 'ignore':
      return record?.bootSwitch === 'on';
  }
}

/** Where a module begins. */
export function begin(
  plan: ModulePlan,
  service: ServiceConfig,
  record: ModuleRecord | null,
  run: InterruptedScript | null,
  bootId: string,
  occasion: Occasion = 'daemonStart',
  resources: ResourceValues = {},
): Beginning {
  const sameBoot = record !== null && record.bootId === bootId;
  const base = {
    plan,
    wish: record?.wish ?? ('stop' as const),
    held: sameBoot && record.held === true,
    disabledClasses: record?.disabledClasses ?? [],
    enabledClasses: record?.enabledClasses ?? [],
    switches: record?.switches ?? allOn,
    resources,
  };
  const stopped: ModuleInput = { ...base, counter: sameBoot ? record.counter : emptyCounter, resume: null };
  if (sameBoot && record.path !== 'STOP' && record.path !== 'deciding') {
    // Killed in the middle of a shutdown: what was begun is ended, and then the boot setting applies as after a shutdown that ended.
    const startsAgain = occasion === 'daemonStart' && record.intent === 'shutdown' && startsAtBoot(service.boot, record);
    const resume = planResumption(record.path, startsAgain ? 'stopstart' : record.intent, run);
    return { input: { ...stopped, resume }, start: null, bootDue: false };
  }
  // Applying a configuration starts nothing, and forgets no shutdown either.
  if (occasion === 'configured') return { input: stopped, start: null, bootDue: sameBoot && record.lastIntent === 'shutdown' };
  if (sameBoot && record.lastIntent === 'stopstart' && record.wish === 'start') {
    return { input: stopped, start: { kind: 'automatic', delayMs: 0 }, bootDue: false };
  }
  const boots = !sameBoot || record.lastIntent === 'shutdown';
  const starts = boots && startsAtBoot(service.boot, record);
  return { input: stopped, start: starts ? { kind: 'boot', delayMs: service.bootDelayMs } : null, bootDue: starts };
}
