/** Runs one plan: safety under its faults, then a part is healed and must converge within its budget. */

import { createHash } from 'node:crypto';
import type { InspectionEvent } from 'xstate';
import { intervalOf, slackOf, timeoutOf } from '../machines/checker-rules.js';
import { describe, secondsOf, type TimedFact } from './facts.js';
import { healAll, scheduleFault } from './faults.js';
import type { Violation } from './invariant.types.js';
import { agreementMs, disagreement } from './invariant-views.js';
import { neededBy } from './invariant-wait.js';
import { watchInvariants } from './invariants.js';
import { followMeant } from './meant.js';
import { modulesOf, type Plan, presetOf } from './plan.js';
import { createWorld, type SimModule, simCluster, type World } from './world.js';

export interface PlanResult {
  readonly violation: Violation | null;
  /** Sha-256 over all facts: the same for the same plan, on every run. */
  readonly digest: string;
  readonly facts: number;
  /** Virtual time in ms, and that times the nodes whose machine was there. */
  readonly virtualMs: number;
  readonly nodeMs: number;
  readonly steps: number;
  /** How long it took to agree, and until all modules were up, after the faults had been healed, in ms; null: not come to. */
  readonly agreedMs: number | null;
  readonly upMs: number | null;
  readonly trace: readonly string[];
  readonly requests: { readonly sent: number; readonly succeeded: number };
}
export interface RunOptions {
  readonly inspect?: (event: InspectionEvent) => void;
  /** Is shown every fact. */
  readonly onFact?: (timed: TimedFact) => void;
}

/** Time until a module that is meant to be up is up after everything was healed, in ms: what its configuration allows, and its scripts. */
export function upBudgetMs({ config }: SimModule): number {
  const { user, errd, check, failover, service } = config;
  const stopMs = (user?.nicestopTimeoutMs ?? 0) + (user?.forcestopTimeoutMs ?? 0);
  const drainMs = service.drain.kind === 'time' ? service.drain.ms : service.drain.kind === 'auto' ? 120_000 : 0;
  const startAfter = Math.max(1, ...(errd?.procs ?? []).map((proc) => proc.startAfter));
  const lookMs = (errd?.pollTimerMs ?? 0) * (startAfter + 1);
  // Until a checker has found what has changed, and what a start is given to answer.
  const checkMs = Math.max(
    0,
    ...(check?.checkers ?? []).map((one) => intervalOf(one) * one.grace + timeoutOf(one) + slackOf(one)),
  );
  // Two rounds of stop and start by ordinary scripts, one that was slow, one application that died late, and the daemon's own start.
  return (
    stopMs +
    drainMs +
    2 * (lookMs + checkMs) +
    (failover?.handleTimeMs ?? 2_000) +
    service.bootDelayMs +
    2 * 12_000 +
    25_000 +
    8_000 +
    5_000
  );
}

/** A module and those on the same node without which it waits. */
function withNeeded(module: SimModule, all: readonly SimModule[]): readonly SimModule[] {
  const needed = neededBy(module.config);
  return [module, ...all.filter(({ name }) => needed.includes(name))];
}

/** Which module on which node is not as it should be, or null. */
function notUp(
  world: World,
  core: readonly string[],
  meant: ReturnType<typeof followMeant>,
  overdue: (module: SimModule) => boolean,
): string | null {
  for (const name of core) {
    const node = world.node(name);
    for (const module of world.options.modules) {
      const due = withNeeded(module, world.options.modules);
      if (due.some((one) => meant(name, one.name) !== 'up') || !overdue(module)) continue;
      const status = node.runtime()?.hosts.get(module.name)?.status();
      const at = `${name}/${module.name}`;
      if (status === undefined) return `${at}: there is no daemon`;
      if (!status.ready)
        return `${at}: meant to be up, is ${status.state} ${status.quality} (${status.path}: ${status.reason ?? 'no reason'})`;
      const kinds = (module.config.errd?.procs ?? []).map((proc) => proc.action.kind);
      const heals = kinds.length > 0 && kinds.every((kind) => kind === 'restart' || kind === 'stopstart');
      if (heals && !node.serves(module.name)) return `${at}: ready.txt answers 200, the application does not run`;
    }
  }
  return null;
}

/** Runs a plan to its end, or to its first violation. */
export async function runPlan(plan: Plan, options: RunOptions = {}): Promise<PlanResult> {
  const preset = presetOf(plan);
  const world = createWorld({
    seed: plan.seed,
    cluster: simCluster(plan.nodes, { lans: plan.lans, pulseMs: plan.pulseMs }),
    modules: modulesOf(plan),
    balancer: preset && { preset, requestEveryMs: 500 },
    ...(options.inspect ? { inspect: options.inspect } : {}),
  });
  const hash = createHash('sha256');
  let facts = 0;
  world.watch((fact, atMs) => {
    facts += 1;
    hash.update(`${atMs.toFixed(3)} ${describe(fact)}\n`);
    options.onFact?.({ atMs, fact });
  });
  let daemonMs = 0;
  world.watch((fact, atMs) => {
    if (fact.kind === 'daemon' && fact.phase === 'started') daemonMs = atMs - world.startMs;
  });
  const meant = followMeant(world);
  const watched = watchInvariants(world);
  const names = world.options.cluster.nodes;
  for (const [index, name] of names.entries()) world.time.schedule(plan.startsMs[index] ?? 0, () => world.node(name).start());
  for (const fault of plan.faults) scheduleFault(world, fault);

  const sinceStart = (): number => world.time.nowMs() - world.startMs;
  const step = async (untilMs: number): Promise<Violation | null> => {
    while (watched.first() === null && sinceStart() < untilMs) await world.runUntil(Math.min(untilMs, sinceStart() + 1_000));
    return watched.first();
  };
  let agreedMs: number | null = null;
  let upMs: number | null = null;
  const converge = async (): Promise<Violation | null> => {
    healAll(world, plan.core);
    const healedMs = sinceStart();
    const broken = (invariant: string, statement: string, condition: string): Violation => ({
      invariant,
      statement,
      atMs: world.time.nowMs(),
      condition,
    });
    const modules = world.options.modules;
    // One that needs another begins when that one is up.
    const budgetMs = (module: SimModule): number => withNeeded(module, modules).reduce((sum, one) => sum + upBudgetMs(one), 0);
    const latestMs = Math.max(...modules.map(budgetMs));
    // Every daemon has begun within two seconds; from then on they have the time of invariant 6.
    const viewMs = 2_000 + agreementMs(plan.pulseMs);
    while (sinceStart() - healedMs <= latestMs) {
      await world.runUntil(sinceStart() + 250);
      const violation = watched.first();
      if (violation !== null) return violation;
      const spentMs = sinceStart() - healedMs;
      const apart = disagreement(world, false);
      agreedMs = apart === null ? (agreedMs ?? spentMs) : null;
      // A shutdown that was asked for before may take minutes, and its daemon begins again after that.
      if (apart !== null && spentMs > viewMs && sinceStart() - daemonMs > viewMs) {
        return broken(
          '6 same view',
          'After healing, all nodes of the core have the same view within their time.',
          `${spentMs} ms after healing: ${apart}`,
        );
      }
      const down = notUp(world, plan.core, meant, () => true);
      upMs = down === null ? (upMs ?? spentMs) : null;
      const late = notUp(world, plan.core, meant, (module) => spentMs > budgetMs(module));
      if (late !== null) {
        return broken(
          '9 no dead end',
          'A module that is meant to be up and whose causes are gone is up again within its stated times.',
          `${spentMs} ms after healing: ${late}`,
        );
      }
      if (apart === null && down === null) return null;
    }
    return null;
  };
  const violation = (await step(plan.faultsMs)) ?? (await converge()) ?? (await step(sinceStart() + plan.restMs));
  let sent = 0;
  let succeeded = 0;
  for (const counts of world.balancer?.requests.values() ?? []) {
    sent += counts.sent;
    succeeded += counts.succeeded;
  }
  const digest = hash.update(violation === null ? 'ok' : violation.condition).digest('hex');
  return {
    violation,
    digest,
    facts,
    virtualMs: sinceStart(),
    nodeMs: sinceStart() * plan.nodes,
    steps: world.time.steps(),
    agreedMs,
    upMs,
    trace: world.trace.map(({ atMs, fact }) => `${secondsOf(atMs, world.startMs).padStart(9)}  ${describe(fact)}`),
    requests: { sent, succeeded },
  };
}
