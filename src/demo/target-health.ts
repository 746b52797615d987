/**
 * How a load balancer judges its targets from health probes, and which of them it sends new connections to: pure functions.
 *
 * The presets carry the vendors' documented defaults (reference on peers, section 4.1). Consecutive results count; one
 * contrary result starts the count again. A target that was never judged is `initial`: it gets no connection, and it is
 * not 'unhealthy' either, which matters when a balancer fails open.
 */

/** What a balancer believes of a target. */
export type TargetState = 'initial' | 'healthy' | 'unhealthy';

/** The outcome of one probe. */
export type ProbeResult =
  | { readonly kind: 'response'; readonly status: number }
  | { readonly kind: 'timeout' }
  /** The connection was refused or broke; `message` says how. */
  | { readonly kind: 'error'; readonly message: string };

/** The probe of a target group and what follows from it. Times are milliseconds. */
export interface HealthPolicy {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Successes in a row that make an unhealthy target healthy. At least 1. */
  readonly healthyThreshold: number;
  /** Successes in a row that make an initial target healthy. At least 1. */
  readonly initialThreshold: number;
  /** Failures in a row that make a target unhealthy. At least 1. */
  readonly unhealthyThreshold: number;
  /** Status codes that count as a success, both ends included. */
  readonly successCodes: { readonly from: number; readonly to: number };
  /** Where new connections go when every target is unhealthy: `all` is AWS's 'fail open', `none` refuses them. */
  readonly whenAllUnhealthy: 'all' | 'none';
  /** What becomes of a target's established connections when it turns unhealthy. */
  readonly establishedConnections: 'keep' | 'reset';
}

/** What is known of one target. */
export interface TargetHealth {
  readonly state: TargetState;
  /** Successes in a row, up to now. */
  readonly successes: number;
  /** Failures in a row, up to now. */
  readonly failures: number;
  /** Why the last probe failed; null after a success and before the first probe. */
  readonly reason: string | null;
  /** When the state last changed, in the clock of the caller. */
  readonly changedAtMs: number;
}

/** Names of the presets. */
export type PresetName = 'demo' | 'aws-alb' | 'aws-nlb' | 'azure' | 'gcp';

/**
 * Documented defaults of well-known balancers, and the demo's own.
 *
 * - `demo`: an AWS network load balancer as the vendor's template sets it (two probes each way, compatibility page section 12), but with a
 *   probe each second, so that a person sees it happen; AWS's smallest interval is 5 s. Established connections are kept
 *   (`target_health_state.unhealthy.connection_termination.enabled=false`), so that a drained node ends what it began.
 * - `azure`: the portal's 5 s; a probe that fails counts at once; only 200 is a success; no new flow while all are down.
 * - `gcp`: what it does when all are down depends on the product; the pass-through balancers send to all, and so does this preset.
 */
export const healthPresets: Readonly<Record<PresetName, HealthPolicy>> = {
  demo: {
    intervalMs: 1_000,
    timeoutMs: 900,
    healthyThreshold: 2,
    initialThreshold: 2,
    unhealthyThreshold: 2,
    successCodes: { from: 200, to: 399 },
    whenAllUnhealthy: 'all',
    establishedConnections: 'keep',
  },
  'aws-alb': {
    intervalMs: 30_000,
    timeoutMs: 5_000,
    healthyThreshold: 5,
    initialThreshold: 1,
    unhealthyThreshold: 2,
    successCodes: { from: 200, to: 200 },
    whenAllUnhealthy: 'all',
    establishedConnections: 'keep',
  },
  'aws-nlb': {
    intervalMs: 30_000,
    timeoutMs: 6_000,
    healthyThreshold: 5,
    initialThreshold: 5,
    unhealthyThreshold: 2,
    successCodes: { from: 200, to: 399 },
    whenAllUnhealthy: 'all',
    establishedConnections: 'reset',
  },
  azure: {
    intervalMs: 5_000,
    timeoutMs: 5_000,
    healthyThreshold: 1,
    initialThreshold: 1,
    unhealthyThreshold: 1,
    successCodes: { from: 200, to: 200 },
    whenAllUnhealthy: 'none',
    establishedConnections: 'keep',
  },
  gcp: {
    intervalMs: 5_000,
    timeoutMs: 5_000,
    healthyThreshold: 2,
    initialThreshold: 2,
    unhealthyThreshold: 2,
    successCodes: { from: 200, to: 200 },
    whenAllUnhealthy: 'all',
    establishedConnections: 'keep',
  },
};

/** A target that has just been registered. */
export function newTarget(atMs: number): TargetHealth {
  return { state: 'initial', successes: 0, failures: 0, reason: null, changedAtMs: atMs };
}

/** Why a probe is a failure under a policy, in a few words; null for a success. */
export function probeFailure(policy: HealthPolicy, result: ProbeResult): string | null {
  switch (result.kind) {
    case 'response':
      return result.status >= policy.successCodes.from && result.status <= policy.successCodes.to
        ? null
        : `HTTP ${result.status}`;
    case 'timeout':
      return `no answer in ${policy.timeoutMs} ms`;
    case 'error':
      return result.message;
  }
}

/** What a target is after one more probe. */
export function judge(policy: HealthPolicy, health: TargetHealth, result: ProbeResult, atMs: number): TargetHealth {
  const reason = probeFailure(policy, result);
  const successes = reason === null ? health.successes + 1 : 0;
  const failures = reason === null ? 0 : health.failures + 1;
  const state = nextState(policy, health.state, successes, failures);
  return { state, successes, failures, reason, changedAtMs: state === health.state ? health.changedAtMs : atMs };
}

function nextState(policy: HealthPolicy, state: TargetState, successes: number, failures: number): TargetState {
  if (state !== 'unhealthy' && failures >= policy.unhealthyThreshold) return 'unhealthy';
  if (state === 'initial' && successes >= policy.initialThreshold) return 'healthy';
  if (state === 'unhealthy' && successes >= policy.healthyThreshold) return 'healthy';
  return state;
}

/**
 * Indexes of the targets that new connections may go to, in the order given.
 * All of them when every one is unhealthy and the policy fails open; an `initial` target keeps the group from that.
 */
export function routable(policy: HealthPolicy, targets: readonly TargetHealth[]): readonly number[] {
  const healthy = indexesOf(targets, 'healthy');
  if (healthy.length > 0) return healthy;
  const unhealthy = indexesOf(targets, 'unhealthy');
  return policy.whenAllUnhealthy === 'all' && unhealthy.length === targets.length ? unhealthy : [];
}

function indexesOf(targets: readonly TargetHealth[], state: TargetState): readonly number[] {
  return targets.flatMap((target, index) => (target.state === state ? [index] : []));
}

/** The longest time, in milliseconds, from a change of what a target answers until the balancer has changed its mind. */
export function noticeTimeMs(policy: HealthPolicy, change: 'healthy' | 'unhealthy'): number {
  const threshold = change === 'healthy' ? Math.max(policy.healthyThreshold, policy.initialThreshold) : policy.unhealthyThreshold;
  return threshold * policy.intervalMs + policy.timeoutMs;
}
