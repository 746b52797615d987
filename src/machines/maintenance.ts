/**
 * What an administrator's maintenance switches and a configuration that is changed while the module runs mean for what is known. Pure.
 * Source: compatibility page 2.15 and 5.3; ADR 0015.
 */
import { isArmed, rearmed, resourceOf, sameChecker } from './checker-rules.js';
import { sameProc } from './errd-rules.js';
import type { ResourceValues } from './failover-rules.js';
import type { ModuleContext, ModulePlan, Switches, SwitchName } from './module.types.js';

/** Nothing is switched off. */
export const allOn: Switches = { errd: true, checker: true, failover: true };

/** The classes that errd is told to watch: none while it is off, whatever the module's window is. */
export const watchedClasses = ({ switches, armed }: Pick<ModuleContext, 'switches' | 'armed'>): readonly string[] =>
  switches.errd ? armed : [];

/** The windows that are open for checkers: none while they are off, whatever the module's window is. */
export const checkedClasses = ({ switches, armed }: Pick<ModuleContext, 'switches' | 'armed'>): readonly string[] =>
  switches.checker ? armed : [];

/** What the failover rules are told of the switches. A first result is not awaited where nothing is looked at. */
export const rulesOf = ({ errd, checker, failover }: Switches): { readonly enabled: boolean; readonly awaits: boolean } => ({
  enabled: failover,
  awaits: errd && checker,
});

/** Values that have changed, and all of them afterwards. */
export interface Revaluation {
  readonly resources: ResourceValues;
  /** What is to be told; `unknown` is said of what there is no more. */
  readonly changed: ResourceValues;
}
const revalued = (before: ResourceValues, changed: ResourceValues, gone: readonly string[] = []): Revaluation => ({
  resources: Object.fromEntries(Object.entries({ ...before, ...changed }).filter(([name]) => !gone.includes(name))),
  changed: { ...changed, ...Object.fromEntries(gone.map((name) => [name, 'unknown'])) },
});

/**
 * Resources that nobody looks at any more are `init`: a rule that uses one is not evaluated, so that switching something off never
 * makes anything happen.
 */
export function unwatched(context: Pick<ModuleContext, 'plan' | 'resources' | 'armed'>, what: SwitchName): Revaluation {
  if (what === 'checker') return revalued(context.resources, rearmed(context.plan.checkers, context.armed, [], 'init'));
  const owned = what === 'errd' ? context.plan.errd.procs.map(({ name }) => `proc.${name}`) : [];
  const known = owned.filter((name) => name in context.resources);
  return revalued(context.resources, Object.fromEntries(known.map((name) => [name, 'init'])));
}

/** What is as it was keeps its value, what was changed begins at init, and what there is no more is forgotten. */
export function replanned(
  { plan, resources, armed, switches }: Pick<ModuleContext, 'plan' | 'resources' | 'armed' | 'switches'>,
  next: ModulePlan,
): Revaluation {
  const gone: string[] = [];
  const changed: Record<string, string> = {};
  for (const proc of plan.errd.procs) {
    const name = `proc.${proc.name}`;
    if (!(name in resources)) continue;
    const after = next.errd.procs.find((one) => one.name === proc.name);
    if (after === undefined) gone.push(name);
    else if (!sameProc(proc, after)) changed[name] = 'init';
  }
  for (const checker of plan.checkers) {
    const name = resourceOf(checker);
    if (name in resources && !next.checkers.some((one) => resourceOf(one) === name)) gone.push(name);
  }
  const classes = checkedClasses({ armed, switches });
  for (const checker of next.checkers) {
    const isKept = plan.checkers.some((one) => sameChecker(one, checker));
    if (!isKept && isArmed(checker, classes)) changed[resourceOf(checker)] = 'init';
  }
  return revalued(resources, changed, gone);
}
