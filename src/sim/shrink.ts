/** From a plan that violates an invariant to a shorter one that violates the same: fewer faults, shorter ones, fewer modules. */
import type { Fault } from './faults.js';
import type { Plan } from './plan.js';
import { type PlanResult, runPlan } from './run-plan.js';

export interface Shrunk {
  readonly plan: Plan;
  readonly result: PlanResult;
  /** Plans that were run for it. */
  readonly runs: number;
}

/** Removes chunks of the faults, halves, quarters and so on, as long as the violation stays (delta debugging, after Zeller). */
async function fewer(
  faults: readonly Fault[],
  stillFails: (faults: readonly Fault[]) => Promise<boolean>,
): Promise<readonly Fault[]> {
  let kept = faults;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const without = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (await stillFails(without)) kept = without;
      else from += size;
    }
  }
  return kept;
}

/**
 * @param most plans that are run at most.
 * @param run what runs a plan.
 */
export async function shrink(
  plan: Plan,
  first: PlanResult,
  most = 400,
  run: (plan: Plan) => Promise<PlanResult> = runPlan,
): Promise<Shrunk> {
  let best = { plan, result: first };
  let runs = 0;
  const wanted = first.violation?.invariant;
  const attempt = async (candidate: Plan): Promise<boolean> => {
    if (runs >= most) return false;
    runs += 1;
    const result = await run(candidate);
    if (result.violation?.invariant !== wanted) return false;
    best = { plan: candidate, result };
    return true;
  };
  await fewer(plan.faults, (faults) => attempt({ ...best.plan, faults }));
  for (const module of plan.modules) {
    const modules = best.plan.modules.filter((one) => one.name !== module.name);
    const faults = best.plan.faults.filter((fault) => !('module' in fault) || fault.module !== module.name);
    if (modules.length > 0) await attempt({ ...best.plan, modules, faults });
  }
  await attempt({ ...best.plan, balancer: null });
  for (let nodes = best.plan.nodes - 1; nodes >= 1; nodes -= 1) {
    const gone = `n${nodes + 1}`;
    const faults = best.plan.faults.filter((fault) => !JSON.stringify(fault).includes(`"${gone}"`));
    const core = best.plan.core.filter((node) => node !== gone);
    if (core.length === 0 || !(await attempt({ ...best.plan, nodes, faults, core }))) break;
  }
  const last = Math.max(0, ...best.plan.faults.map((fault) => fault.atMs + fault.forMs)) + 1_000;
  if (last < best.plan.faultsMs) await attempt({ ...best.plan, faultsMs: last });
  for (let index = 0; index < best.plan.faults.length; index += 1) {
    for (const factor of [0, 0.25, 0.5]) {
      const faults = best.plan.faults.map((fault, at) =>
        at === index ? { ...fault, forMs: Math.round(fault.forMs * factor) } : fault,
      );
      if (faults[index]?.forMs !== best.plan.faults[index]?.forMs && (await attempt({ ...best.plan, faults }))) break;
    }
  }
  await fewer(best.plan.faults, (faults) => attempt({ ...best.plan, faults }));
  return { ...best, runs };
}
