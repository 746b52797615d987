/**
 * What `GET /metrics` tells Prometheus. At rest it counts events and nothing else; everything is collected, and the library loaded, when
 * somebody asks (docs/metrics.md).
 */
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { NodeFace } from '../../actors/face.js';
import { createTally, type Tally } from './tally.js';

/** Without a scrape for so long the event loop is not watched any more, in ms. */
const idleMs = 600_000;
/** Resolution of the watch over the event loop, in ms. */
const loopResolutionMs = 20;

/** Where the values come from. */
export interface MetricsSource {
  readonly face: Pick<NodeFace, 'node' | 'subscribe' | 'modules' | 'nodes' | 'cluster' | 'resources'>;
  readonly version: string;
  /** Now, on the clock that `lastHeardMs` is of. */
  readonly monotonicMs: () => number;
  readonly pulses: () => readonly {
    readonly node: string;
    readonly lan: string;
    readonly received: number;
    readonly missed: number;
  }[];
  readonly probeAnswers: () => Promise<readonly { readonly module: string; readonly ready: number; readonly refused: number }[]>;
  readonly refusedRequests: () => readonly { readonly reason: string; readonly count: number }[];
  readonly notifications: () => readonly {
    readonly channel: string;
    readonly kind: string;
    readonly sent: number;
    readonly failed: number;
    readonly lost: number;
    readonly queued: number;
  }[];
  readonly logLinesLost: () => number;
}
/** The main loop since the scrape before. */
export interface LoopTimes {
  /** In seconds; null at the first scrape, which begins the watch. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  /** Part of the time in which it was busy, 0 to 1. */
  readonly utilization: number;
}
export interface Metrics {
  scrape(): Promise<{ readonly type: string; readonly text: string }>;
  readonly tally: Tally;
  close(): void;
}

/** Begins to count. */
export function createMetrics(source: MetricsSource): Metrics {
  const tally = createTally(source.face);
  let delay: IntervalHistogram | null = null;
  let idle: NodeJS.Timeout | null = null;
  let before = performance.eventLoopUtilization();

  const rest = (): void => {
    delay?.disable();
    delay = null;
    if (idle !== null) clearTimeout(idle);
    idle = null;
  };
  const loop = (): LoopTimes => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    // What is measured is the time between two looks: the resolution is no delay.
    const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - loopResolutionMs / 1000);
    const measured = delay;
    const times =
      measured === null || measured.count === 0
        ? null
        : { p50: seconds(measured.percentile(50)), p99: seconds(measured.percentile(99)), max: seconds(measured.max) };
    if (measured === null) {
      delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
      delay.enable();
    } else measured.reset();
    if (idle !== null) clearTimeout(idle);
    idle = setTimeout(rest, idleMs);
    idle.unref();
    return { delay: times, utilization };
  };
  return {
    tally,
    async scrape() {
      const times = loop();
      const { expose } = await import('./exposition.js');
      return expose(source, tally, times);
    },
    close() {
      rest();
      tally.close();
    },
  };
}
