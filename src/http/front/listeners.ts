/** The addresses of a front: opened, opened again when they cannot be had, closed, and their certificate renewed. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { FromFront, FrontAddress, FrontLimits, SecureContext } from './messages.js';
import type { createSecureServer, SecureServer } from './secure-server.js';

export interface ListenersOptions {
  readonly limits: FrontLimits;
  /** Makes servers that end TLS; null: plain HTTP. */
  readonly secure: { readonly create: typeof createSecureServer; readonly context: SecureContext } | null;
  readonly onRequest: RequestListener;
  readonly onConnection: (socket: Socket) => void;
  readonly tell: (message: FromFront) => void;
}
export interface Listeners {
  /** Listens on exactly these. */
  listen(addresses: readonly FrontAddress[]): void;
  /** Another certificate, from the next handshake on. */
  renew(context: SecureContext): void;
  close(): void;
}
interface Listener {
  readonly address: FrontAddress;
  server: Server | SecureServer['server'] | null;
  renew: SecureServer['renew'] | null;
  retry: NodeJS.Timeout | null;
  retryMs: number;
}
const firstRetryMs = 500;
const keyOf = (address: FrontAddress): string => `${address.host} ${address.port}`;

function remedy(code: string, address: FrontAddress, retryMs: number): string {
  const where = `${address.host} port ${address.port}`;
  const next = `It is tried again in ${retryMs / 1000} s.`;
  if (code === 'EADDRINUSE')
    return `${where} is in use by another program: stop that one (ss -ltnp shows it) or give Holdfast another port. ${next}`;
  if (code === 'EACCES') return `${where} may not be opened by this user: take a port from 1024 up, or run as root. ${next}`;
  if (code === 'EADDRNOTAVAIL')
    return `${where}: this machine does not have that address (yet): check cluster.xml and the network. ${next}`;
  return `${where} cannot be listened on (${code}). ${next}`;
}

/** How every HTTP server of a front reads. */
export const serverSettings = (limits: FrontLimits): ServerOptions & { readonly headersTimeout: number } => ({
  maxHeaderSize: limits.headerBytes,
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  keepAliveTimeout: limits.keepAliveTimeoutMs,
  connectionsCheckingInterval: 1000,
  insecureHTTPParser: false,
  // Some balancers' probes have no Host header; the API asks for one itself.
  requireHostHeader: false,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
});

/** Makes the listeners of a front; nothing listens yet. */
export function createListeners({ limits, secure, onRequest, onConnection, tell }: ListenersOptions): Listeners {
  const listeners = new Map<string, Listener>();
  let context = secure?.context ?? null;

  const settings = serverSettings(limits);

  function make(): Pick<Listener, 'server' | 'renew'> & { readonly server: Server | SecureServer['server'] } {
    return secure === null || context === null
      ? { server: createServer(settings, onRequest), renew: null }
      : secure.create(context, settings, onRequest);
  }
  function open(listener: Listener): void {
    const { address } = listener;
    const fail = (code: string): void => {
      const { retryMs } = listener;
      listener.retryMs = Math.min(retryMs * 2, 10_000);
      listener.retry = setTimeout(() => open(listener), retryMs);
      tell({ type: 'listenFailed', address, code, message: remedy(code, address, retryMs), retryMs });
    };
    let made: ReturnType<typeof make>;
    try {
      made = make();
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
      return;
    }
    const { server } = made;
    listener.server = server;
    listener.renew = made.renew;
    server.maxHeadersCount = 0;
    server.on('connection', onConnection);
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (listener.server === server) fail(error.code ?? 'UNKNOWN');
    });
    try {
      server.listen({ host: address.host, port: address.port, backlog: 511, ipv6Only: true }, () => {
        listener.retryMs = firstRetryMs;
        const bound = server.address();
        tell({ type: 'listening', address, port: bound !== null && typeof bound === 'object' ? bound.port : address.port });
      });
    } catch {
      // A port out of range is thrown, not emitted.
      fail('EINVAL');
    }
  }
  function shut(listener: Listener): void {
    if (listener.retry !== null) clearTimeout(listener.retry);
    listener.server?.close();
    listener.server?.closeAllConnections();
    listeners.delete(keyOf(listener.address));
  }
  /** The same address with a new server; what is connected to the old one stays until it ends. */
  function reopen(listener: Listener): void {
    if (listener.retry !== null) clearTimeout(listener.retry);
    const old = listener.server;
    listener.server = null;
    if (old?.listening === true) old.close();
    open(listener);
  }
  return {
    listen(addresses) {
      const wanted = new Set(addresses.map(keyOf));
      for (const [key, listener] of listeners) if (!wanted.has(key)) shut(listener);
      for (const address of addresses) {
        if (listeners.has(keyOf(address))) continue;
        const listener: Listener = { address, server: null, renew: null, retry: null, retryMs: firstRetryMs };
        listeners.set(keyOf(address), listener);
        open(listener);
      }
    },
    renew(next) {
      // Whether clients are asked for certificates is fixed for the life of a server.
      const otherwise = (context?.clientAuthorities === null) !== (next.clientAuthorities === null);
      context = next;
      for (const listener of listeners.values()) {
        if (otherwise || listener.renew === null) reopen(listener);
        else listener.renew(next);
      }
    },
    close() {
      for (const listener of listeners.values()) shut(listener);
    },
  };
}
