/**
 * For developers of Holdfast: the machines' inspection as Stately's inspector speaks it, over a WebSocket on 127.0.0.1 (ADR 0036).
 * Loaded only with `holdfastd --inspect-dev`; its packages are needed for development only.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { createInspector } from '@statelyai/inspect';
import { type WebSocket, WebSocketServer } from 'ws';

/** Where it is to be found, after the address. */
export const inspectPath = '/inspect';
/** A client that has not taken so many bytes misses what comes. */
const mostWaitingBytes = 4 * 1024 * 1024;
const mostClients = 8;
/** Messages that are kept for a client that comes later: it has to learn which actors there are. */
const keptMessages = 500;

type InspectNext = NonNullable<ReturnType<typeof createInspector>['inspect']['next']>;
export interface DevInspector {
  readonly inspect: (event: Parameters<InspectNext>[0]) => void;
  /** The port that was taken. */
  readonly port: number;
  close(): Promise<void>;
}
export interface DevInspectorOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** Makes JSON of a context or an event, without what must not be shown. */
  readonly plain: (value: unknown) => unknown;
}

/** A page of another site must not listen: browsers name the site, programs name none. */
function isOwn({ headers: { origin }, url }: IncomingMessage): boolean {
  if (url !== inspectPath) return false;
  return origin === undefined || /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(origin);
}
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Listens on 127.0.0.1. @throws the system's error where the port is taken */
export async function startDevInspector({ port, plain }: DevInspectorOptions): Promise<DevInspector> {
  const http = createServer((_request, response) => {
    response.writeHead(426).end();
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });
  const kept: string[] = [];
  http.on('upgrade', (request, socket, head) => {
    if (!isOwn(request) || sockets.clients.size >= mostClients) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client: WebSocket) => {
      client.on('error', () => undefined);
      for (const message of kept) client.send(message);
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, '127.0.0.1', () => resolve());
  });
  const inspector = createInspector(
    {
      send(event) {
        const message = JSON.stringify(event);
        kept.push(message);
        // The actors' own messages stay; of the others the newest.
        if (kept.length > keptMessages) kept.splice(kept.findIndex((one) => !one.includes('"type":"@xstate.actor"')) || 0, 1);
        for (const client of sockets.clients) if (client.bufferedAmount < mostWaitingBytes) client.send(message);
      },
    },
    {
      sanitizeContext: (context) => {
        const shown = plain(context);
        return isObject(shown) ? shown : {};
      },
      sanitizeEvent: (event) => {
        const shown = plain(event);
        return isObject(shown) ? { ...shown, type: event.type } : { type: event.type };
      },
    },
  );
  inspector.start();
  const address = http.address();
  return {
    inspect: (event) => inspector.inspect.next?.(event),
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      inspector.stop();
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
