/**
 * A load balancer that probes `ready.txt` as those of the clouds do, and the clients behind it whose requests are counted.
 * Intervals, timeouts, thresholds and what happens when all targets are bad: the peers reference, section 4.1.
 */
import type { Fact } from './facts.js';
import type { SeededRandom } from './random.js';
import type { VirtualTime } from './virtual-time.js';

export interface BalancerPreset {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failed probes in a row until a target is taken out. */
  readonly unhealthyAfter: number;
  /** Good probes in a row until it is taken in again; a target that was just registered needs one. */
  readonly healthyAfter: number;
  /** All targets bad: requests go to all of them. */
  readonly failOpen: boolean;
}

/** Defaults of the products. GCP's behaviour with all targets bad depends on the kind of balancer: here that of the passthrough one. */
export const balancerPresets = {
  aws: { intervalMs: 30_000, timeoutMs: 5_000, unhealthyAfter: 2, healthyAfter: 5, failOpen: true },
  azure: { intervalMs: 5_000, timeoutMs: 5_000, unhealthyAfter: 1, healthyAfter: 1, failOpen: false },
  gcp: { intervalMs: 5_000, timeoutMs: 5_000, unhealthyAfter: 2, healthyAfter: 2, failOpen: true },
  haproxy: { intervalMs: 2_000, timeoutMs: 2_000, unhealthyAfter: 3, healthyAfter: 2, failOpen: false },
} as const satisfies Readonly<Record<string, BalancerPreset>>;
export type BalancerName = keyof typeof balancerPresets;

/** What a probe gets: 200, 404, or nothing. */
export type ProbeAnswer = 'ok' | 'refused' | 'none';

/** A target as the balancer and its clients see it. */
export interface Target {
  readonly node: string;
  readonly module: string;
  probe(): ProbeAnswer;
  /** Null: a request succeeds; else why not. */
  request(): string | null;
}

export interface BalancerOptions {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly preset: BalancerPreset;
  readonly targets: readonly Target[];
  /** Time between two requests for one module, in ms; 0: no clients. */
  readonly requestEveryMs: number;
  readonly note: (fact: Fact) => void;
}
/** Requests of one module, by outcome. */
export interface RequestCounts {
  sent: number;
  succeeded: number;
  readonly lost: Record<string, number>;
}
export interface Balancer {
  readonly requests: ReadonlyMap<string, RequestCounts>;
  isHealthy(node: string, module: string): boolean;
}

interface TargetState {
  readonly target: Target;
  healthy: boolean;
  fresh: boolean;
  streak: number;
}

/** Starts probing and sending. */
export function createBalancer(options: BalancerOptions): Balancer {
  const { time, random, preset, note, requestEveryMs } = options;
  const states = options.targets.map((target): TargetState => ({ target, healthy: false, fresh: true, streak: 0 }));
  const requests = new Map<string, RequestCounts>();
  const turns = new Map<string, number>();
  let losses = new Map<string, Extract<Fact, { kind: 'lost' }>>();

  const judge = (state: TargetState, good: boolean): void => {
    state.streak = good === state.healthy ? 0 : state.streak + 1;
    const needed = good ? (state.fresh ? 1 : preset.healthyAfter) : preset.unhealthyAfter;
    if (state.streak < needed) return;
    state.healthy = good;
    state.fresh = false;
    state.streak = 0;
    note({ kind: 'target', node: state.target.node, module: state.target.module, healthy: good });
  };
  const probe = (state: TargetState): void => {
    const answer = state.target.probe();
    if (answer === 'none') time.scheduleQuiet(preset.timeoutMs, () => judge(state, false));
    else judge(state, answer === 'ok');
    time.scheduleQuiet(preset.intervalMs, () => probe(state));
  };
  const lose = (counts: RequestCounts, module: string, node: string, why: string): void => {
    counts.lost[why] = (counts.lost[why] ?? 0) + 1;
    const key = `${module} ${node} ${why}`;
    losses.set(key, { kind: 'lost', node, module, why, count: (losses.get(key)?.count ?? 0) + 1 });
  };
  const request = (module: string, counts: RequestCounts, own: readonly TargetState[]): void => {
    time.scheduleQuiet(requestEveryMs, () => request(module, counts, own));
    // Clients come when there is something to come to: the first start of the service is not counted.
    if (counts.sent === 0 && !own.some((state) => state.healthy)) return;
    counts.sent += 1;
    const healthy = own.filter((state) => state.healthy);
    const eligible = healthy.length > 0 ? healthy : preset.failOpen ? own : [];
    const turn = turns.get(module) ?? 0;
    turns.set(module, turn + 1);
    const chosen = eligible[turn % Math.max(1, eligible.length)];
    const why = chosen === undefined ? 'no healthy target' : chosen.target.request();
    if (why === null) counts.succeeded += 1;
    else lose(counts, module, chosen?.target.node ?? '-', why);
  };
  const tellLosses = (): void => {
    const due = losses;
    losses = new Map();
    for (const loss of due.values()) note(loss);
    time.scheduleQuiet(1_000, tellLosses);
  };

  for (const state of states) time.scheduleQuiet(random.uniform() * Math.min(2_000, preset.intervalMs), () => probe(state));
  for (const module of new Set(states.map((state) => state.target.module))) {
    const counts: RequestCounts = { sent: 0, succeeded: 0, lost: {} };
    requests.set(module, counts);
    const own = states.filter((state) => state.target.module === module);
    if (requestEveryMs > 0) time.scheduleQuiet(random.uniform() * requestEveryMs, () => request(module, counts, own));
  }
  if (requestEveryMs > 0) time.scheduleQuiet(1_000, tellLosses);
  return {
    requests,
    isHealthy: (node, module) =>
      states.some((state) => state.target.node === node && state.target.module === module && state.healthy),
  };
}
