import { ruleTable } from '../config/rules-table.js';
import type { ModuleConfig } from '../config/types.js';
import type { ModulePlan } from '../machines/module.types.js';

/** Default of `handle_time` where there is no `<failover>` element, in ms (statecharts design). */
const defaultHandleTimeMs = 2_000;

/** What a configuration means for the module's chart. */
export function planOf(module: string, config: ModuleConfig): ModulePlan {
  const { service, user, errd, check, failover } = config;
  return {
    module,
    limits: { maxloop: service.maxloop, loopIntervalMs: service.loopIntervalMs },
    nicestopTimeoutMs: user?.nicestopTimeoutMs ?? 0,
    forcestopTimeoutMs: user?.forcestopTimeoutMs ?? 0,
    startTimeoutMs: user?.startTimeoutMs ?? null,
    drain: service.drain,
    rules: ruleTable(config).map(({ label, when, action }) => ({ label, when, action })),
    handleTimeMs: failover?.handleTimeMs ?? defaultHandleTimeMs,
    errd: errd ?? { pollTimerMs: 30_000, procs: [] },
    checkers: check?.checkers ?? [],
  };
}
