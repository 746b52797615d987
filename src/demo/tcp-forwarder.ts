/**
 * Forwards TCP connections to targets, byte for byte: one upstream connection per accepted one.
 *
 * A connection that its target refuses is not tried on another: a network load balancer only passes packets on, so its client
 * sees the refusal. Here the client's connection is reset and counted as failed.
 */
import { connect, createServer, type Socket } from 'node:net';

/** Where a connection goes. */
export interface ForwardTarget {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Settings of a forwarder. Times are milliseconds. */
export interface ForwarderOptions {
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Chooses the target of a new connection; null when there is none, and the connection is reset. */
  readonly choose: () => ForwardTarget | null;
  /** Connections at once; more are reset. */
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  /** A connection without a byte for that long is reset (an AWS network load balancer: 350 s). */
  readonly idleTimeoutMs: number;
}

/** Why a connection was not forwarded to its end. */
export interface ForwardFailure {
  /** Null when no target could be chosen. */
  readonly target: string | null;
  readonly reason: string;
}

/** Counters since the start. */
export interface ForwarderCounts {
  readonly accepted: number;
  readonly open: number;
  /** Connections that their target accepted, by target. */
  readonly forwarded: Readonly<Record<string, number>>;
  /** Connections that were reset because no target was there, or because it refused or broke them. */
  readonly failed: number;
}

/** A listening forwarder. */
export interface Forwarder {
  readonly port: number;
  counts(): ForwarderCounts;
  /** Resets every connection to that target. */
  reset(target: string): void;
  /** Stops listening and resets what is open. */
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly target: string;
}

/** Begins to listen. @throws the error of `listen`, with its code (`EADDRINUSE`, `EADDRNOTAVAIL`). */
export async function startForwarder(
  options: ForwarderOptions,
  onFailure: (failure: ForwardFailure) => void,
): Promise<Forwarder> {
  const pairs = new Set<Pair>();
  const forwarded = new Map<string, number>();
  let accepted = 0;
  let failed = 0;

  const fail = (client: Socket, target: string | null, reason: string): void => {
    failed += 1;
    breakOff(client);
    onFailure({ target, reason });
  };

  const accept = (client: Socket): void => {
    accepted += 1;
    // Without a listener an error of a socket that is being reset would end the process.
    client.on('error', () => {});
    if (pairs.size >= options.maxConnections) {
      fail(client, null, 'too many connections');
      return;
    }
    const target = options.choose();
    if (target === null) {
      fail(client, null, 'no target');
      return;
    }
    forward(client, target);
  };

  const forward = (client: Socket, target: ForwardTarget): void => {
    const upstream = connect({ host: target.address, port: target.port, allowHalfOpen: true });
    const pair: Pair = { client, upstream, target: target.name };
    pairs.add(pair);
    let connected = false;
    const connectTimer = setTimeout(() => upstream.destroy(new Error('no answer')), options.connectTimeoutMs);
    upstream.once('connect', () => {
      connected = true;
      clearTimeout(connectTimer);
      forwarded.set(target.name, (forwarded.get(target.name) ?? 0) + 1);
      client.pipe(upstream);
      upstream.pipe(client);
    });
    let reason = 'closed';
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.setTimeout(options.idleTimeoutMs, () => {
        breakOff(socket);
      });
    }
    client.once('close', () => {
      if (!endedCleanly(client)) breakOff(upstream);
      if (upstream.destroyed) pairs.delete(pair);
    });
    upstream.once('close', () => {
      clearTimeout(connectTimer);
      if (!endedCleanly(upstream) && !client.destroyed) {
        fail(client, target.name, connected ? `broken: ${reason}` : reason);
      }
      if (client.destroyed) pairs.delete(pair);
    });
  };

  // A client may end its side and still wait for the answer: half-open connections are kept.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.address, port: options.port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // After the start an error concerns one connection that could not be accepted (EMFILE): the listener goes on.
  server.on('error', (error: NodeJS.ErrnoException) => onFailure({ target: null, reason: error.code ?? error.message }));
  const bound = server.address();

  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : options.port,
    counts: () => ({
      accepted,
      open: [...pairs].filter((pair) => !pair.client.destroyed).length,
      forwarded: Object.fromEntries(forwarded),
      failed,
    }),
    reset: (target) => {
      for (const pair of pairs) {
        if (pair.target === target) breakOff(pair.client);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const pair of pairs) {
          breakOff(pair.client);
          breakOff(pair.upstream);
        }
      }),
  };
}

/** Did both directions of a socket come to their regular end? */
function endedCleanly(socket: Socket): boolean {
  return socket.readableEnded && socket.writableFinished;
}

/**
 * Ends a connection at once, with a reset where that is possible. After a shutdown of our direction it is not: libuv refuses to
 * reset such a socket, and Node would then never close it (measured: the process spins at its exit).
 */
function breakOff(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
