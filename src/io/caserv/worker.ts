/**
 * The thread of the CA helper: TLS and HTTP on port 9001, with narrow limits, while certificates are issued and not longer. It reads forms and
 * decides nothing; whoever asks is known to the main thread alone.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { parentPort, workerData } from 'node:worker_threads';
import type { CaservAnswer, CaservData, CaservRefusal, FromCaserv, ToCaserv } from './messages.js';

const port = parentPort;
if (port === null) throw new Error('The CA helper is a worker thread.');
const data: CaservData = workerData;
const bodyLimit = 64 * 1024;
/** Each request that is signed costs a thread of its own for a second. */
const mostPending = 8;
const mostConnections = 32;
const tell = (message: FromCaserv): void => port.postMessage(message);
const pending = new Map<number, ServerResponse>();
let last = 0;

function reply(response: ServerResponse, { status, type, body, headers = {} }: CaservAnswer): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    Connection: 'close',
    ...headers,
  });
  response.end(body);
}
const plain = (status: number, body: string): CaservAnswer => ({ status, type: 'text/plain', body: `${body}\n` });

/** Null: more than is allowed. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > bodyLimit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
/** Texts of a form, as browsers and curl send them (`-d`, `-F`); null where it is none. */
async function readForm(body: Buffer, type: string): Promise<Readonly<Record<string, string>> | null> {
  try {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    const fields: Record<string, string> = {};
    for (const [name, value] of form) fields[name] = typeof value === 'string' ? value : await value.text();
    return fields;
  } catch {
    return null;
  }
}
async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '', headers, socket } = incoming;
  const path = url.split('?')[0] ?? '';
  const { origin, host = '' } = headers;
  const site = headers['sec-fetch-site'];
  const foreign =
    (origin !== undefined && origin !== `https://${host}`) ||
    (site !== undefined && !['same-origin', 'none'].includes(String(site)));
  if (foreign) return reply(response, plain(403, 'A page of another site may not ask here.'));
  const body = method === 'POST' ? await readBody(incoming) : Buffer.alloc(0);
  if (body === null) {
    reply(response, plain(413, `A form has at most ${bodyLimit} bytes.`));
    incoming.destroy();
    return;
  }
  if (pending.size >= mostPending) return reply(response, plain(503, 'Too many requests at once; try again in a moment.'));
  const fields = method === 'POST' ? await readForm(body, headers['content-type'] ?? '') : {};
  last += 1;
  const id = last;
  pending.set(id, response);
  response.once('close', () => pending.delete(id));
  const address = socket.remoteAddress ?? '';
  const peer = address.startsWith('::ffff:') ? address.slice(7) : address;
  tell({ type: 'request', id, request: { method, path, peer, authorization: headers.authorization ?? '', fields } });
}

function open(host: string): Promise<{ readonly server: Server; readonly failed: CaservRefusal | null }> {
  const limits = { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 };
  const server = createServer(
    { cert: data.certificate, key: data.key, minVersion: 'TLSv1.3', handshakeTimeout: 5000, ...limits },
    (incoming, response) => {
      answer(incoming, response).catch(() => response.destroy());
    },
  );
  server.maxConnections = mostConnections;
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ server, failed: { host, code: error.code ?? error.message } }),
    );
    server.listen({ host, port: data.port, ipv6Only: true }, () => resolve({ server, failed: null }));
  });
}

const opened = await Promise.all(data.hosts.map(open));
const bound = opened.flatMap(({ server, failed }) => (failed === null ? [server] : []));
const first = bound[0]?.address();
tell({
  type: 'listening',
  port: first !== null && typeof first === 'object' ? first.port : data.port,
  failed: opened.flatMap(({ failed }) => (failed === null ? [] : [failed])),
});
port.on('message', (message: ToCaserv) => {
  if (message.type === 'answer') {
    const response = pending.get(message.id);
    if (response !== undefined) reply(response, message.answer);
    return;
  }
  for (const server of bound) {
    server.close();
    server.closeAllConnections();
  }
  port.close();
});
