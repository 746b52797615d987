/** Observes probes: who asks for which module, how often, and how many answers it got since the module's readiness changed. */
import type { RawProbeObservation } from './messages.js';

/** Probers that are remembered; an unknown one then takes the place of one that came only once, or else of the longest silent. */
export const probeLogCapacity = 512;
/** So many answers after a change of readiness are told to the main thread, per prober: no balancer has a larger threshold. */
export const toldAnswers = 10;
/** Weight of the newest interval in the mean. */
const newestWeight = 0.2;
const textLimit = 120;

interface Prober {
  readonly module: string;
  readonly source: string;
  readonly host: string;
  readonly agent: string;
  count: number;
  lastAtMs: number;
  intervalMs: number | null;
  lastStatus: 200 | 404;
  changes: number;
  /** It had been answered before the last change, so that what it sees now is news to it. */
  known: boolean;
  answers: number;
}
/** One answered probe. */
export interface Probe {
  readonly module: string;
  readonly status: 200 | 404;
  /** Of the module's `Health` at that moment. */
  readonly changes: number;
  readonly atMs: number;
}
/** Who probes. */
export interface ProberName {
  readonly source: string;
  readonly host: string;
  readonly agent: string;
}
export interface ProbeLog {
  /** @param connection what stays the same for all probes of one connection; `prober` is asked for only once per module. */
  observe(connection: object, probe: Probe, prober: () => ProberName): void;
  list(): readonly RawProbeObservation[];
}

/** Makes an empty log. @param onAnswer called for the first answers that a known prober gets after a change. */
export function createProbeLog(onAnswer: (probe: RawProbeObservation) => void): ProbeLog {
  const probers = new Map<string, Prober>();
  const last = new WeakMap<object, Prober>();

  function makeRoom(): void {
    let victim: string | null = null;
    let victimOnce = false;
    let victimAtMs = Number.POSITIVE_INFINITY;
    for (const [key, prober] of probers) {
      const once = prober.count === 1;
      if (once === victimOnce ? prober.lastAtMs < victimAtMs : once) {
        victim = key;
        victimOnce = once;
        victimAtMs = prober.lastAtMs;
      }
    }
    if (victim !== null) probers.delete(victim);
  }
  function find(probe: Probe, { source, host, agent }: ProberName): Prober {
    const key = `${probe.module} ${source} ${host}\n${agent}`;
    const found = probers.get(key);
    if (found !== undefined) return found;
    if (probers.size >= probeLogCapacity) makeRoom();
    const { module, status, changes, atMs } = probe;
    const made: Prober = {
      ...{ module, source, host, agent, count: 0, lastAtMs: atMs, intervalMs: null },
      ...{ lastStatus: status, changes, known: false, answers: 0 },
    };
    probers.set(key, made);
    return made;
  }
  const report = (prober: Prober): RawProbeObservation => ({
    module: prober.module,
    source: prober.source,
    host: prober.host,
    agent: prober.agent,
    count: prober.count,
    lastAtMs: prober.lastAtMs,
    intervalMs: prober.intervalMs,
    lastStatus: prober.lastStatus,
    answersSinceChange: prober.answers,
  });
  return {
    observe(connection, probe, name) {
      let prober = last.get(connection);
      if (prober === undefined || prober.module !== probe.module) {
        const { source, host, agent } = name();
        prober = find(probe, { source, host: host.slice(0, textLimit), agent: agent.slice(0, textLimit) });
        last.set(connection, prober);
      }
      if (prober.count > 0) {
        const interval = probe.atMs - prober.lastAtMs;
        prober.intervalMs =
          prober.intervalMs === null ? interval : prober.intervalMs + (interval - prober.intervalMs) * newestWeight;
      }
      if (prober.changes !== probe.changes) {
        prober.changes = probe.changes;
        prober.known = prober.count > 0;
        prober.answers = 0;
      }
      prober.count += 1;
      prober.answers += 1;
      prober.lastAtMs = probe.atMs;
      prober.lastStatus = probe.status;
      if (prober.known && prober.answers <= toldAnswers) onAnswer(report(prober));
    },
    list: () => [...probers.values()].map(report),
  };
}
