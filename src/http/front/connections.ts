/**
 * Room for probes: counts the connections, and when there are too many closes those that have waited longest without saying anything.
 * A probe says what it wants within milliseconds of connecting; a client that trickles a request does not. So the newest always gets in,
 * and what is closed is never a request that is being answered.
 */

/** What the tracker needs of a socket. */
export interface TrackedSocket {
  destroy(): unknown;
}
interface Source {
  readonly address: string;
  total: number;
  requests: number;
  /** Connected, but no request has come whole; oldest first. */
  readonly pending: Set<Tracked>;
  /** Between two requests; oldest first. */
  readonly idle: Set<Tracked>;
}
interface Tracked {
  readonly socket: TrackedSocket;
  readonly source: Source;
  /** When it became idle; null while it is not. */
  idleAtMs: number | null;
}
/** The order of the idle ones need not be more exact than that. */
const orderMs = 1000;
export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerSource: number;
  readonly requests: number;
  readonly requestsPerSource: number;
}
export interface Connections {
  /** A new connection; makes room for it by closing another one. False: there is none that may be closed, refuse this one. */
  add(socket: TrackedSocket, address: string): boolean;
  /** It is gone. */
  remove(socket: TrackedSocket): void;
  /** A whole head has come: from here to `answered` it is not closed. */
  busy(socket: TrackedSocket): void;
  /** The answer is out; the connection waits for the next request. @param atMs monotonic */
  answered(socket: TrackedSocket, atMs: number): void;
  /** Takes a place for an API request and returns what gives it back (once). Null: the limit is reached, answer 503. */
  beginRequest(socket: TrackedSocket): (() => void) | null;
  /** For tests and diagnosis. */
  counts(): { readonly total: number; readonly requests: number; readonly evicted: number; readonly sources: number };
}

/** Makes an empty tracker. */
export function createConnections(limits: ConnectionLimits): Connections {
  const tracked = new Map<TrackedSocket, Tracked>();
  const sources = new Map<string, Source>();
  const pending = new Set<Tracked>();
  const idle = new Set<Tracked>();
  let requests = 0;
  let evicted = 0;

  function occupy(item: Tracked): void {
    item.idleAtMs = null;
    pending.delete(item);
    idle.delete(item);
    item.source.pending.delete(item);
    item.source.idle.delete(item);
  }
  function forget(item: Tracked): void {
    const { source } = item;
    tracked.delete(item.socket);
    occupy(item);
    source.total -= 1;
    forgetSource(source);
  }
  function forgetSource(source: Source): void {
    if (source.total === 0 && source.requests === 0) sources.delete(source.address);
  }
  function evict(...sets: readonly Set<Tracked>[]): boolean {
    for (const set of sets) {
      for (const oldest of set) {
        forget(oldest);
        evicted += 1;
        oldest.socket.destroy();
        return true;
      }
    }
    return false;
  }
  return {
    add(socket, address) {
      const source = sources.get(address) ?? { address, total: 0, requests: 0, pending: new Set(), idle: new Set() };
      if (source.total >= limits.connectionsPerSource && !evict(source.pending, source.idle)) return false;
      if (tracked.size >= limits.connections && !evict(pending, idle)) return false;
      const item: Tracked = { socket, source, idleAtMs: null };
      sources.set(address, source);
      source.total += 1;
      source.pending.add(item);
      pending.add(item);
      tracked.set(socket, item);
      return true;
    },
    remove(socket) {
      const item = tracked.get(socket);
      if (item !== undefined) forget(item);
    },
    busy(socket) {
      const item = tracked.get(socket);
      if (item !== undefined) occupy(item);
    },
    answered(socket, atMs) {
      const item = tracked.get(socket);
      if (item === undefined || (item.idleAtMs !== null && atMs - item.idleAtMs < orderMs)) return;
      occupy(item);
      item.idleAtMs = atMs;
      idle.add(item);
      item.source.idle.add(item);
    },
    beginRequest(socket) {
      const source = tracked.get(socket)?.source;
      if (source === undefined || requests >= limits.requests || source.requests >= limits.requestsPerSource) return null;
      requests += 1;
      source.requests += 1;
      let open = true;
      return () => {
        if (!open) return;
        open = false;
        requests -= 1;
        source.requests -= 1;
        forgetSource(source);
      };
    },
    counts: () => ({ total: tracked.size, requests, evicted, sources: sources.size }),
  };
}
