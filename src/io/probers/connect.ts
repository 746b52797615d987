/** TCP connections for checks: every address of a name is tried, and an end of a connection leaves no trace in the other side's log. */
import { isIP, Socket } from 'node:net';
import type { Closable } from '../../actors/ports.js';
import type { Names } from './names.js';
import { explain, nothing, placeText } from './probe.js';

export type Connected =
  | { readonly kind: 'connected'; readonly socket: Socket; readonly place: string }
  | { readonly kind: 'failed'; readonly detail: string };

/** RFC 8305: how long an address is alone before the next one is tried beside it. */
const staggerMs = 250;
/** Connections of one check that are being made at the same time. */
const mostAtOnce = 4;

/** Does that connection lead from a port to itself? The kernel does that when the port it picked is the one asked for: nobody listens. */
export function isSelfConnection(socket: Pick<Socket, 'localPort' | 'remotePort' | 'localAddress' | 'remoteAddress'>): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
}

/**
 * Connects to a name or an address: the addresses one after the other, the next when one fails or is silent for 250 ms, at most four
 * at once; the first connection counts. Calls back at most once, not after `close`, perhaps at once. The socket is the caller's then;
 * it has a listener for errors.
 */
export function connectTo(names: Names, host: string, port: number, onEnd: (end: Connected) => void): Closable {
  const attempts = new Set<Socket>();
  const failures: string[] = [];
  let stagger: NodeJS.Timeout | null = null;
  let looking: Closable = nothing;
  let open = true;

  const close = (): void => {
    open = false;
    looking.close();
    if (stagger !== null) clearTimeout(stagger);
    for (const socket of attempts) socket.destroy();
    attempts.clear();
  };
  const finish = (end: Connected): void => {
    if (end.kind === 'connected') attempts.delete(end.socket);
    close();
    onEnd(end);
  };
  const tryNext = (waiting: readonly string[]): void => {
    if (stagger !== null) clearTimeout(stagger);
    stagger = null;
    const [address, ...rest] = waiting;
    if (address === undefined) {
      if (attempts.size === 0) finish({ kind: 'failed', detail: failures.join('; ') });
      return;
    }
    const place = placeText(address, port);
    let failed = false;
    const socket = new Socket();
    const fail = (detail: string): void => {
      if (!open || failed) return;
      failed = true;
      attempts.delete(socket);
      socket.destroy();
      failures.push(detail);
      tryNext(waitingNow);
    };
    // What is left to try changes while this attempt goes on.
    waitingNow = rest;
    attempts.add(socket);
    socket.on('error', (error) => fail(explain(error, place)));
    socket.once('connect', () => {
      if (!open) return;
      if (isSelfConnection(socket)) {
        // A reset, so that the port does not stay taken for a minute.
        socket.resetAndDestroy();
        fail(explain({ code: 'ECONNREFUSED' }, place));
      } else finish({ kind: 'connected', socket, place });
    });
    try {
      socket.connect({ host: address, port, family: isIP(address), noDelay: true });
    } catch (error) {
      fail(explain(error, place));
      return;
    }
    if (rest.length > 0 && attempts.size < mostAtOnce) {
      stagger = setTimeout(() => tryNext(waitingNow), staggerMs);
    }
  };
  let waitingNow: readonly string[] = [];
  looking = names.resolve(host, (resolution) => {
    if (!open) return;
    if (resolution.kind === 'failed') finish({ kind: 'failed', detail: resolution.detail });
    else tryNext(resolution.addresses);
  });
  return { close };
}

/** How long the other side is given to close too, and how much it may still say. */
const lingerMs = 1_000;
const lingerBytes = 64 * 1024;
/** Connections that are being closed; beyond that the oldest is cut. */
const mostLingering = 256;
const lingering = new Set<Socket>();

/**
 * Lets a connection end by itself: what the other side still says is read and dropped until both sides have closed. After a second, or
 * 64 KB, it is cut: a socket that is closed with unread data sends a reset, which servers log.
 */
export function letEnd(socket: Socket): void {
  if (socket.destroyed) return;
  const [oldest] = lingering;
  if (lingering.size >= mostLingering && oldest !== undefined) {
    lingering.delete(oldest);
    oldest.destroy();
  }
  lingering.add(socket);
  const patience = setTimeout(() => socket.destroy(), lingerMs);
  patience.unref();
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytes) socket.destroy();
  });
  socket.once('close', () => {
    clearTimeout(patience);
    lingering.delete(socket);
  });
}

/** Closes a connection as a polite client does: the end of our side first, then that of the other side is waited for. */
export function closePolitely(socket: Socket): void {
  letEnd(socket);
  socket.end();
  socket.resume();
}
