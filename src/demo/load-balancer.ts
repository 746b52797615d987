/**
 * The demo's load balancer: probes each target, judges it (`target-health.ts`) and forwards TCP connections to those that may
 * have them, in turn. It knows nothing of Holdfast but the address of `ready.txt`, as a balancer in a cloud would.
 */
import { monotonicMs } from './clock.js';
import { probe } from './http-probe.js';
import { type HealthPolicy, judge, newTarget, routable, type TargetHealth, type TargetState } from './target-health.js';
import { type ForwarderCounts, type ForwardTarget, startForwarder } from './tcp-forwarder.js';

/** A registered target: where connections go, and where it is probed. */
export interface BalancerTarget extends ForwardTarget {
  readonly probePort: number;
}

/** Settings of the balancer. */
export interface BalancerOptions {
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly probePath: string;
  readonly policy: HealthPolicy;
  /** 1 to 64 targets with different names. */
  readonly targets: readonly BalancerTarget[];
}

/** What happens in the balancer. Times are of `monotonicMs`. */
export type BalancerEvent =
  | {
      readonly type: 'target.changed';
      readonly target: string;
      readonly from: TargetState;
      readonly to: TargetState;
      readonly reason: string | null;
      readonly atMs: number;
    }
  | { readonly type: 'connection.failed'; readonly target: string | null; readonly reason: string; readonly atMs: number };

/** The balancer's view, for the table. */
export interface BalancerStatus {
  readonly targets: readonly (TargetHealth & { readonly name: string; readonly probes: number })[];
  /** Every target is unhealthy, and new connections go to all of them. */
  readonly failOpen: boolean;
  readonly counts: ForwarderCounts;
}

/** A running balancer. */
export interface LoadBalancer {
  readonly port: number;
  status(): BalancerStatus;
  /** What it believes of one target. @throws Error for a name that is not registered. */
  stateOf(target: string): TargetState;
  close(): Promise<void>;
}

const maxConnections = 2_000;
const connectTimeoutMs = 3_000;
const idleTimeoutMs = 350_000;

/** Starts listening and probing. @throws the error of `listen`. */
export async function startLoadBalancer(
  options: BalancerOptions,
  onEvent: (event: BalancerEvent) => void,
): Promise<LoadBalancer> {
  const closing = new AbortController();
  const entries = options.targets.map((target) => ({ target, health: newTarget(monotonicMs()), probes: 0 }));
  let turn = 0;

  const choose = (): BalancerTarget | null => {
    const indexes = routable(
      options.policy,
      entries.map((entry) => entry.health),
    );
    if (indexes.length === 0) return null;
    turn = (turn + 1) % indexes.length;
    return entries[indexes[turn] ?? 0]?.target ?? null;
  };

  const forwarder = await startForwarder(
    { address: options.address, port: options.port, choose, maxConnections, connectTimeoutMs, idleTimeoutMs },
    (failure) => onEvent({ type: 'connection.failed', ...failure, atMs: monotonicMs() }),
  );

  const timers = new Set<NodeJS.Timeout>();
  const probeOnce = async (entry: (typeof entries)[number]): Promise<void> => {
    const startedMs = monotonicMs();
    const { target } = entry;
    const result = await probe(
      {
        address: target.address,
        port: target.probePort,
        path: options.probePath,
        host: `${options.address}:${forwarder.port}`,
        timeoutMs: options.policy.timeoutMs,
      },
      closing.signal,
    );
    if (closing.signal.aborted) return;
    const atMs = monotonicMs();
    const before = entry.health;
    entry.health = judge(options.policy, before, result, atMs);
    entry.probes += 1;
    if (entry.health.state !== before.state) {
      const { state, reason } = entry.health;
      if (state === 'unhealthy' && options.policy.establishedConnections === 'reset') forwarder.reset(target.name);
      onEvent({ type: 'target.changed', target: target.name, from: before.state, to: state, reason, atMs });
    }
    // From start to start, so that a slow answer does not stretch the interval.
    schedule(entry, Math.max(0, options.policy.intervalMs - (monotonicMs() - startedMs)));
  };
  const schedule = (entry: (typeof entries)[number], delayMs: number): void => {
    if (closing.signal.aborted) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void probeOnce(entry);
    }, delayMs);
    timers.add(timer);
  };
  // Spread over the interval, as a balancer does.
  entries.forEach((entry, index) => {
    schedule(entry, (index * options.policy.intervalMs) / entries.length);
  });

  return {
    port: forwarder.port,
    status: () => ({
      targets: entries.map((entry) => ({ name: entry.target.name, probes: entry.probes, ...entry.health })),
      failOpen: options.policy.whenAllUnhealthy === 'all' && entries.every((entry) => entry.health.state === 'unhealthy'),
      counts: forwarder.counts(),
    }),
    stateOf: (name) => {
      const found = entries.find((entry) => entry.target.name === name);
      if (found === undefined) throw new Error(`no target ${name}`);
      return found.health.state;
    },
    close: async () => {
      closing.abort();
      for (const timer of timers) clearTimeout(timer);
      await forwarder.close();
    },
  };
}
