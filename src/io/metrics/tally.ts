/**
 * Counts what a node's events tell, for the metrics. It hears every event in the node's own call: a few additions each, no allocation that
 * grows with time, and nothing that can throw.
 */
import type { NodeEvent, NodeFace } from '../../actors/face.js';
import type { Closable } from '../../actors/ports.js';

/** Upper limits of the histogram of script durations, in seconds. */
export const scriptBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800] as const;
/** Kinds of one counter that are kept apart; what is beyond counts as `other`. */
const mostKinds = 2_000;

/** Who a restart came from. */
export type RestartOrigin = 'admin' | 'errd' | 'rule' | 'automatic' | 'component';
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}
export interface Duration {
  readonly labels: Readonly<Record<string, string>>;
  /** How many took at most so long as the bucket's limit says, not cumulated; the last: longer than all. */
  readonly buckets: number[];
  sum: number;
  count: number;
}
export interface Tally extends Closable {
  readonly transitions: () => readonly Labelled[];
  readonly restarts: () => readonly Labelled[];
  readonly limitStops: () => readonly Labelled[];
  readonly scriptEnds: () => readonly Labelled[];
  readonly scriptDurations: () => readonly Duration[];
  readonly criticalLines: () => readonly Labelled[];
  readonly views: () => number;
  readonly losses: () => readonly Labelled[];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

class Counts {
  readonly #kinds = new Map<string, Labelled>();

  add(labels: Readonly<Record<string, string>>): void {
    const key = Object.values(labels).join('\0');
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      known.value += 1;
      return;
    }
    const isOther = Object.values(labels).every((value) => value === 'other');
    if (this.#kinds.size < mostKinds || isOther) this.#kinds.set(key, { labels, value: 1 });
    else this.add(Object.fromEntries(Object.keys(labels).map((name) => [name, 'other'])));
  }
  list(): readonly Labelled[] {
    return [...this.#kinds.values()];
  }
}

function originOf(data: NodeEvent['data']): RestartOrigin {
  const by = text(data['by']);
  if (data['automatic'] === false) return 'admin';
  if (/from failover rule /.test(text(data['message']))) return 'rule';
  if (by === 'errd') return 'errd';
  if (by === 'automatic' || by === 'boot') return 'automatic';
  return 'component';
}

/** Counts from now on. */
export function createTally(face: Pick<NodeFace, 'subscribe'>): Tally {
  const [transitions, restarts, limitStops, ends, critical, losses] = [
    new Counts(),
    new Counts(),
    new Counts(),
    new Counts(),
    new Counts(),
    new Counts(),
  ];
  const durations = new Map<string, Duration>();
  const states = new Map<string, string>();
  const running = new Map<string, number>();
  let views = 0;

  const moved = (module: string, { data }: NodeEvent): void => {
    const [state, quality] = [text(data['state']), text(data['quality'])];
    const now = `${state} ${quality}`;
    if (states.get(module) === now) return;
    states.set(module, now);
    transitions.add({ module, state, quality });
  };
  const logged = (module: string, { data }: NodeEvent): void => {
    if (data['level'] === 'C') critical.add({ module });
    // A command that was refused has no `automatic`: nothing came of it.
    const action = text(data['action']);
    if (action === '' || typeof data['automatic'] !== 'boolean') return;
    if (data['by'] === 'maxloop') limitStops.add({ module });
    else if (action === 'restart' || action === 'stopstart') restarts.add({ module, action, origin: originOf(data) });
  };
  const ended = (module: string, { data, atMs }: NodeEvent): void => {
    const script = text(data['script']);
    const key = `${module}\0${script}`;
    const sinceMs = running.get(key);
    running.delete(key);
    const kind = text(data['kind']);
    if (kind === 'absent') return;
    const outcome = data['timedOut'] === true ? 'timeout' : kind === 'code' ? (data['code'] === 0 ? 'ok' : 'code') : kind;
    ends.add({ module, script, outcome });
    if (sinceMs === undefined) return;
    let own = durations.get(key);
    if (own === undefined) {
      if (durations.size >= mostKinds) return;
      own = { labels: { module, script }, buckets: Array.from({ length: scriptBuckets.length + 1 }, () => 0), sum: 0, count: 0 };
      durations.set(key, own);
    }
    const seconds = Math.max(0, atMs - sinceMs) / 1000;
    const bucket = scriptBuckets.findIndex((limit) => seconds <= limit);
    const index = bucket === -1 ? scriptBuckets.length : bucket;
    own.buckets[index] = (own.buckets[index] ?? 0) + 1;
    own.sum += seconds;
    own.count += 1;
  };
  const viewed = ({ data }: NodeEvent): void => {
    views += 1;
    const lost: readonly unknown[] = Array.isArray(data['lost']) ? data['lost'] : [];
    for (const one of lost) if (typeof one === 'object' && one !== null && 'node' in one) losses.add({ peer: text(one.node) });
  };
  const take = (event: NodeEvent): void => {
    const { module, type } = event;
    if (type === 'view.changed') viewed(event);
    else if (type === 'log' || type === 'node.log') logged(module ?? '', event);
    else if (module === null) return;
    else if (type === 'module.state') moved(module, event);
    else if (type === 'script.started') running.set(`${module}\0${text(event.data['script'])}`, event.atMs);
    else if (type === 'script.ended') ended(module, event);
  };
  const subscription = face.subscribe((event) => {
    try {
      take(event);
    } catch {
      // A count that is missed must not hurt the actor that told the event.
    }
  });
  return {
    transitions: () => transitions.list(),
    restarts: () => restarts.list(),
    limitStops: () => limitStops.list(),
    scriptEnds: () => ends.list(),
    scriptDurations: () => [...durations.values()],
    criticalLines: () => critical.list(),
    views: () => views,
    losses: () => losses.list(),
    close: () => subscription.close(),
  };
}
