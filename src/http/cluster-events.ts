/**
 * The events of all nodes as one stream. What other nodes tell is asked for once, however many clients listen: a feed for each node runs
 * while anyone does, and keeps the latest of its events so that a client that comes back goes on where it was.
 */
import type { NodeEvent, NodeFace } from '../actors/face.js';
import { apiBase, type StreamNotice } from './api-types.js';
import { conforms } from './conform.js';
import { parseJson } from './json.js';
import type { PeerClient } from './peer-client.js';

export type ClusterItem =
  | { readonly kind: 'event'; readonly event: NodeEvent }
  /** `EVENTS_LOST`: read that node's state again. `NODE_UNREACHABLE`: it does not answer; when it does again, events are lost. */
  | { readonly kind: 'notice'; readonly notice: StreamNotice };
export interface ClusterEvents {
  /**
   * Calls back for each event of any node that matches, from now on, or from `since`: the last event that is known of each node.
   * Of this node nothing is told before the next turn of the loop.
   */
  subscribe(since: ReadonlyMap<string, string>, onItem: (item: ClusterItem) => void): { close(): void };
  close(): void;
}
export interface ClusterEventsOptions {
  readonly face: Pick<NodeFace, 'node' | 'nodes' | 'subscribe' | 'events'>;
  readonly peers: PeerClient;
  /** How long a node holds an empty page back; well within its 2 s to answer. Default 1 s. */
  readonly pageWaitMs?: number;
  /** After a page with events, so that a node where much happens is asked for more at once. Default 50 ms. */
  readonly pauseMs?: number;
  /** After a failure. Default 1 s. */
  readonly retryMs?: number;
}

/** Events of a peer that are kept for clients that come back. */
const keptEvents = 1000;

interface Feed {
  readonly events: NodeEvent[];
  silent: StreamNotice | null;
  readonly gone: AbortController;
}

/** `n1=3.17,n2=5.4`: the last event that is known of each node. */
export function parseSince(text: string | null): ReadonlyMap<string, string> {
  const pairs = (text ?? '').split(',').map((part) => part.split('='));
  return new Map(
    pairs.flatMap(([node = '', id = '']) => (node === '' || !/^\d{1,12}\.\d{1,15}$/.test(id) ? [] : [[node, id] as const])),
  );
}
const lost = (node: string): ClusterItem => ({
  kind: 'notice',
  notice: { node, code: 'EVENTS_LOST', message: 'Events are missing here: read the state again.' },
});

/** Makes the shared feeds; none runs before there is a listener. */
export function createClusterEvents(options: ClusterEventsOptions): ClusterEvents {
  const { face, peers, pageWaitMs = 1000, pauseMs = 50, retryMs = 1000 } = options;
  const listeners = new Set<(item: ClusterItem) => void>();
  const feeds = new Map<string, Feed>();
  let own: { close(): void } | null = null;

  function tell(item: ClusterItem): void {
    for (const listener of [...listeners]) listener(item);
  }
  function pause(feed: Feed, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        feed.gone.signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      feed.gone.signal.addEventListener('abort', end);
    });
  }
  async function follow(node: string, feed: Feed): Promise<void> {
    let last: string | null = null;
    while (!feed.gone.signal.aborted) {
      // Types that nothing has: the answer then holds only the newest id.
      const query: string = last === null ? 'types=-' : `since=${last}&waitMs=${pageWaitMs}`;
      const answer = await peers.call(node, {
        method: 'GET',
        path: `${apiBase}/events?${query}`,
        caller: { who: `events@${face.node}`, identity: null },
        role: 'monitor',
        keeps: true,
        signal: feed.gone.signal,
      });
      if (feed.gone.signal.aborted) return;
      const page = answer.ok && answer.value.status === 200 ? parseJson(Buffer.from(answer.value.body).toString()) : null;
      if (!conforms('EventPage', page)) {
        const message = answer.ok ? `Node ${node} answered with HTTP ${answer.value.status}.` : answer.failure.message;
        const before = feed.silent;
        feed.silent = { node, code: 'NODE_UNREACHABLE', message };
        if (before === null) tell({ kind: 'notice', notice: feed.silent });
        await pause(feed, retryMs);
        continue;
      }
      const missed = (page.lost && last !== null) || feed.silent !== null;
      feed.silent = null;
      if (missed) {
        feed.events.length = 0;
        tell(lost(node));
      }
      for (const event of page.items) {
        feed.events.push(event);
        tell({ kind: 'event', event });
      }
      if (feed.events.length > keptEvents * 2) feed.events.splice(0, feed.events.length - keptEvents);
      last = page.next;
      if (page.items.length > 0) await pause(feed, pauseMs);
    }
  }
  /** The nodes may have changed since the last time. */
  function keepFeeds(): void {
    const names = new Set(face.nodes().flatMap((node) => (node.self ? [] : [node.name])));
    for (const [node, feed] of feeds) {
      if (listeners.size > 0 && names.has(node)) continue;
      feed.gone.abort();
      feeds.delete(node);
    }
    if (listeners.size === 0) {
      own?.close();
      own = null;
      return;
    }
    own ??= face.subscribe((event) => {
      tell({ kind: 'event', event });
      if (event.type.startsWith('view.') || event.type.startsWith('peer.')) keepFeeds();
    });
    for (const node of names) {
      if (feeds.has(node)) continue;
      const feed: Feed = { events: [], silent: null, gone: new AbortController() };
      feeds.set(node, feed);
      void follow(node, feed);
    }
  }
  /** What a client that comes back has missed of a node. */
  function missed(node: string, since: string): readonly ClusterItem[] {
    if (node === face.node) {
      const page = face.events(since);
      return page.lost ? [lost(node)] : page.items.map((event) => ({ kind: 'event', event }));
    }
    const events = feeds.get(node)?.events ?? [];
    const at = events.findIndex((event) => event.id === since);
    return at === -1 ? [lost(node)] : events.slice(at + 1).map((event) => ({ kind: 'event', event }));
  }
  return {
    subscribe(since, onItem) {
      for (const [node, id] of since) for (const item of missed(node, id)) onItem(item);
      for (const { silent } of feeds.values()) if (silent !== null) onItem({ kind: 'notice', notice: silent });
      listeners.add(onItem);
      keepFeeds();
      return {
        close() {
          listeners.delete(onItem);
          keepFeeds();
        },
      };
    },
    close() {
      listeners.clear();
      keepFeeds();
    },
  };
}
