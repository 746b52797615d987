/** Checkers with defaults, one check as a promise, and servers that behave badly. */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { CheckPlace, CheckResult, Prober } from '../../../src/actors/ports.js';
import type {
  CheckerConfig,
  HttpCheck,
  IntfCheck,
  IpCheck,
  ModuleCheck,
  PingCheck,
  SplitbrainCheck,
  SystemdCheck,
  TcpCheck,
} from '../../../src/config/types.js';

const base = { ident: 'it', when: 'both', action: 'noaction', grace: 1 } as const;
const times = { intervalMs: 10_000, timeoutMs: 5_000 } as const;
export const tcp = (addr: string, port: number): TcpCheck => ({ ...base, ...times, kind: 'tcp', addr, port });
export const ping = (addr: string, timeoutMs = 5_000): PingCheck => ({ ...base, ...times, kind: 'ping', addr, timeoutMs });
export const intf = (localAddr: string): IntfCheck => ({ ...base, kind: 'intf', localAddr, intervalMs: 10_000 });
export const ip = (addr: string): IpCheck => ({ ...base, kind: 'ip', addr, intervalMs: 10_000 });
export const systemd = (unit: string): SystemdCheck => ({ ...base, ...times, kind: 'systemd', unit });
export const witness = (arg: string): SplitbrainCheck => ({ ...base, kind: 'splitbrain', exec: 'ping', arg });
export const http = (url: string, change: Partial<HttpCheck> = {}): HttpCheck => ({
  ...{
    ...base,
    ...times,
    kind: 'http',
    url,
    method: 'GET',
    status: [{ from: 200, to: 399 }],
    body: null,
    verify: true,
    ca: '',
    headers: [],
  },
  ...change,
});
export const otherModule = (port: number, change: Partial<ModuleCheck> = {}): ModuleCheck => ({
  ...{ ...base, ...times, kind: 'module', name: 'db', addr: '127.0.0.1', port, secure: false, ca: '' },
  ...change,
});
export const place: CheckPlace = { module: 'farm', binDir: '/nowhere', env: {} };

/** One check; `silent` when there is no result within the time, after which it is closed, as the chart does. */
export function look(prober: Prober, checker: CheckerConfig, patienceMs = 5_000): Promise<CheckResult | 'silent'> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => {
      check.close();
      resolve('silent');
    }, patienceMs);
    const check = prober.check(checker, place, (result) => {
      clearTimeout(patience);
      resolve(result);
    });
  });
}

export interface Peer {
  readonly port: number;
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}
function listen(server: Server, host: string): Promise<Peer> {
  const sockets = new Set<Socket>();
  for (const event of ['connection', 'secureConnection'])
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      const bound = server.address();
      resolve({
        port: isBound(bound) ? bound.port : 0,
        sockets,
        close: () => {
          const closed = new Promise<void>((done) => server.close(() => done()));
          for (const socket of sockets) socket.destroy();
          return closed;
        },
      });
    });
  });
}
const isBound = (address: AddressInfo | string | null): address is AddressInfo => address !== null && typeof address === 'object';

/** A server of connections; it does nothing with them unless told. */
export const tcpPeer = (onSocket: (socket: Socket) => void = () => undefined, host = '127.0.0.1'): Promise<Peer> =>
  listen(createServer({ allowHalfOpen: true }, onSocket), host);
export const httpPeer = (onRequest: RequestListener, host = '127.0.0.1'): Promise<Peer> =>
  listen(createHttpServer(onRequest), host);
export const httpsPeer = (
  certificate: { readonly key: string; readonly cert: string },
  onRequest: RequestListener,
): Promise<Peer> => listen(createHttpsServer(certificate, onRequest), '127.0.0.1');

/** A port of 127.0.0.1 where nobody listens: one that was just given back. */
export async function freePort(): Promise<number> {
  const peer = await tcpPeer();
  await peer.close();
  return peer.port;
}
