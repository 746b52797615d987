/**
 * The TLS server of a front. Loaded only in a front that ends TLS: a daemon without HTTPS has no TLS in memory.
 *
 * TLS 1.3, and 1.2 where it is asked for, then with forward secrecy and authenticated encryption alone; no renegotiation, which a client
 * could use to make us work.
 */
import type { IncomingMessage, RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';
import { encodeCertificate } from './claims.js';
import type { SecureContext } from './messages.js';

const ciphers = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ...['ECDHE-RSA-CHACHA20-POLY1305', 'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
].join(':');

function contextOptions({ certificate, key, clientAuthorities, tls12 }: SecureContext): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ...(clientAuthorities === null ? {} : { ca: clientAuthorities }),
    ciphers,
    honorCipherOrder: true,
    ecdhCurve: 'X25519:prime256v1:secp384r1',
    minVersion: tls12 ? 'TLSv1.2' : 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  };
}

export interface SecureServer {
  readonly server: Server;
  /** Another certificate from the next handshake on; connections that are there stay. @throws when it is unusable */
  renew(context: SecureContext): void;
}
/** The bare sockets below those that requests come on. */
const bare = new WeakMap<Socket, Socket>();
const ends = (socket: Socket): string =>
  `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;

/** The socket that was counted when the connection came in. */
export function bareSocket(socket: Socket): Socket {
  return bare.get(socket) ?? socket;
}
/** The verified certificate of whoever asks, for the private socket; null when there is none, or it is not to be trusted. */
export function verifiedCertificate(incoming: IncomingMessage): string | null {
  const { socket } = incoming;
  return socket instanceof TLSSocket && socket.authorized ? encodeCertificate(socket.getPeerCertificate()) : null;
}

/** Makes a server that does not listen yet. @throws when certificate or key are unusable */
export function createSecureServer(
  context: SecureContext,
  limits: ServerOptions & { readonly headersTimeout: number },
  onRequest: RequestListener,
): SecureServer {
  const server = createServer(
    {
      ...limits,
      ...contextOptions(context),
      handshakeTimeout: limits.headersTimeout,
      requestCert: context.clientAuthorities !== null,
      rejectUnauthorized: false,
    },
    onRequest,
  );
  const opening = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const key = ends(socket);
    opening.set(key, socket);
    socket.once('close', () => {
      if (opening.get(key) === socket) opening.delete(key);
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.disableRenegotiation();
    const key = ends(socket);
    const below = opening.get(key);
    if (below !== undefined) bare.set(socket, below);
    opening.delete(key);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return { server, renew: (next) => server.setSecureContext(contextOptions(next)) };
}
