/**
 * The one store: what the connection node says of the cluster, kept up to date by its stream of events. It is read whole at the start,
 * after events were lost, and when nodes come or go; in between, an event changes just the card that it is about.
 */
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type {
  ClusterSummary,
  ModuleList,
  ModuleNodeStatus,
  ModuleSummary,
  NodeEvent,
  NodeList,
  NodeSummary,
} from '../../http/api-types.js';
import { type Api, ApiFailure } from '../api/client.js';
import { readEvents, type ServerEvent } from '../api/sse.js';
import { appendSegment, type Segment, withPast } from './history.js';
import { afterEvent, cardKey } from './status.js';

/** A module without its states, which have signals of their own. */
export interface ModuleEntry extends Omit<ModuleSummary, 'nodes'> {
  readonly nodes: readonly string[];
}
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** What is shown is as old as `sinceMs`, wall time. */
  | { readonly kind: 'offline'; readonly sinceMs: number; readonly message: string };

export interface Live {
  readonly connection: ReadonlySignal<Connection>;
  readonly cluster: ReadonlySignal<ClusterSummary | null>;
  readonly nodes: ReadonlySignal<readonly NodeSummary[]>;
  readonly modules: ReadonlySignal<readonly ModuleEntry[] | null>;
  /** Of a module on a node; null where nothing is known. */
  status(module: string, node: string): Signal<ModuleNodeStatus | null>;
  segments(module: string, node: string): Signal<readonly Segment[]>;
  /** Takes what was before the page was opened into the strips. @param events of one node, oldest first */
  remember(node: string, events: readonly NodeEvent[]): void;
  /** Calls back for each event of any node from now on. */
  onEvent(listener: (event: NodeEvent) => void): () => void;
  /** Reads everything again, soon. */
  refresh(): void;
  start(): void;
  stop(): void;
}

const silenceMs = 40_000;
const refreshDelayMs = 150;
const wholeEveryMs = 60_000;
const retryFirstMs = 250;
const retryMostMs = 3000;
const about = /^(?:peer|view|module\.(?:configured|installed|uninstalled|deconfigured))/;

function isNodeEvent(value: unknown): value is NodeEvent {
  return typeof value === 'object' && value !== null && 'id' in value && 'node' in value && 'type' in value && 'data' in value;
}
const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Makes the store; nothing is asked before `start`. */
export function createLive(api: Api): Live {
  const connection = signal<Connection>({ kind: 'connecting' });
  const cluster = signal<ClusterSummary | null>(null);
  const nodes = signal<readonly NodeSummary[]>([]);
  const modules = signal<readonly ModuleEntry[] | null>(null);
  const cards = new Map<string, Signal<ModuleNodeStatus | null>>();
  const strips = new Map<string, Signal<readonly Segment[]>>();
  /** For each reading that is under way, the events of each card since it began: what is read may be from before them. */
  const readings = new Set<Map<string, NodeEvent[]>>();
  const listeners = new Set<(event: NodeEvent) => void>();
  /** Id of the last event of each node, to go on from. */
  const last = new Map<string, string>();
  let running: AbortController | null = null;
  let reading: Promise<void> | null = null;
  let pending: ReturnType<typeof setTimeout> | undefined;
  let whole: ReturnType<typeof setInterval> | undefined;
  let seenMs = Date.now();

  function card(key: string): Signal<ModuleNodeStatus | null> {
    let found = cards.get(key);
    if (found === undefined) {
      found = signal<ModuleNodeStatus | null>(null);
      cards.set(key, found);
    }
    return found;
  }
  function strip(key: string): Signal<readonly Segment[]> {
    let found = strips.get(key);
    if (found === undefined) {
      found = signal<readonly Segment[]>([]);
      strips.set(key, found);
    }
    return found;
  }
  function take(list: readonly ModuleSummary[], meanwhile: ReadonlyMap<string, readonly NodeEvent[]>): void {
    modules.value = list.map(({ nodes: states, ...module }) => ({ ...module, nodes: states.map((one) => one.node) }));
    const known = new Set<string>();
    for (const one of list.flatMap((module) => module.nodes)) {
      const key = cardKey(one.module, one.node);
      known.add(key);
      // Told once more, in their order: where it was read after them, they change nothing.
      card(key).value = (meanwhile.get(key) ?? []).reduce(afterEvent, one);
      if (strip(key).peek().length === 0)
        strip(key).value = [{ fromMs: Date.parse(one.since), quality: one.quality, state: one.state }];
    }
    for (const key of [...cards.keys()]) if (!known.has(key)) card(key).value = null;
  }
  async function read(signalOf: AbortSignal): Promise<void> {
    const meanwhile = new Map<string, NodeEvent[]>();
    readings.add(meanwhile);
    try {
      const [summary, nodeList, moduleList] = await Promise.all([
        api.get<ClusterSummary>('/cluster', { signal: signalOf }),
        api.get<NodeList>('/nodes', { signal: signalOf }),
        api.get<ModuleList>('/modules', { signal: signalOf }),
      ]);
      batch(() => {
        cluster.value = summary;
        nodes.value = nodeList.items;
        take(moduleList.items, meanwhile);
      });
    } finally {
      readings.delete(meanwhile);
    }
  }
  /** One reading at a time; whoever asks meanwhile gets another one after it. */
  function refresh(): void {
    const now = running;
    if (now === null || pending !== undefined) return;
    pending = setTimeout(() => {
      pending = undefined;
      if (reading !== null) {
        void reading.finally(refresh);
        return;
      }
      reading = read(now.signal)
        .catch(() => undefined)
        .finally(() => {
          reading = null;
        });
    }, refreshDelayMs);
  }
  function apply(event: NodeEvent): void {
    last.set(event.node, event.id);
    if (event.module !== null) {
      const key = cardKey(event.module, event.node);
      const one = card(key);
      const status = one.peek();
      if (event.type === 'module.state' || event.type === 'module.status') {
        for (const meanwhile of readings) meanwhile.set(key, [...(meanwhile.get(key) ?? []), event]);
        if (status === null) refresh();
        else one.value = afterEvent(status, event);
        strip(key).value = appendSegment(strip(key).peek(), event, Date.now());
      }
    }
    if (about.test(event.type)) refresh();
    for (const listener of listeners) listener(event);
  }
  /** What comes together is drawn together; the node sends what happens within 80 ms as one piece. */
  function takePiece(events: readonly ServerEvent[]): void {
    seenMs = Date.now();
    batch(() => {
      for (const { type, data } of events) {
        if (type === 'lost' || type === 'error') {
          refresh();
          continue;
        }
        const event: unknown = JSON.parse(data);
        if (isNodeEvent(event)) apply(event);
      }
    });
  }
  async function follow(ended: AbortSignal): Promise<void> {
    const broken = new AbortController();
    const signalOf = AbortSignal.any([ended, broken.signal]);
    try {
      await followUntil(signalOf);
    } finally {
      broken.abort();
    }
  }
  async function followUntil(signalOf: AbortSignal): Promise<void> {
    const since = [...last].map(([node, id]) => `${node}=${id}`).join(',');
    const query = `scope=cluster${since === '' ? '' : `&since=${encodeURIComponent(since)}`}`;
    const headers = { accept: 'text/event-stream' };
    const response = await api.send('GET', `/events?${query}`, { headers, timeoutMs: null, signal: signalOf });
    const stream = readEvents(response, { onPiece: takePiece, silenceMs });
    // From here on nothing is missed: what is read now, and every event after it.
    await Promise.race([read(signalOf), stream]);
    seenMs = Date.now();
    connection.value = { kind: 'live' };
    await stream;
  }
  async function run(signalOf: AbortSignal): Promise<void> {
    let retryMs = retryFirstMs;
    while (!signalOf.aborted) {
      let message = '';
      try {
        await follow(signalOf);
      } catch (error) {
        message = error instanceof Error ? error.message : String(error);
        // Without a session there is nothing to go on with; the login page starts it anew.
        if (error instanceof ApiFailure && error.status === 401) return;
      }
      if (signalOf.aborted) return;
      const was = connection.peek();
      retryMs = was.kind === 'live' ? retryFirstMs : Math.min(retryMs * 2, retryMostMs);
      connection.value = was.kind === 'offline' ? { ...was, message } : { kind: 'offline', sinceMs: seenMs, message };
      await sleep(retryMs, signalOf);
    }
  }
  return {
    connection,
    cluster,
    nodes,
    modules,
    status: (module, node) => card(cardKey(module, node)),
    segments: (module, node) => strip(cardKey(module, node)),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    remember(node, events) {
      batch(() => {
        for (const name of new Set(events.map(({ module }) => module))) {
          if (name === null) continue;
          const one = strip(cardKey(name, node));
          const past = events.filter(({ module }) => module === name);
          one.value = withPast(one.peek(), past, Date.now());
        }
      });
    },
    refresh,
    start() {
      if (running !== null) return;
      running = new AbortController();
      connection.value = { kind: 'connecting' };
      whole = setInterval(refresh, wholeEveryMs);
      void run(running.signal);
    },
    stop() {
      running?.abort();
      running = null;
      clearTimeout(pending);
      pending = undefined;
      clearInterval(whole);
    },
  };
}
