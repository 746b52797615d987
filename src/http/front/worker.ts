/**
 * The front: a worker thread that owns a TCP port, 9010 in plain or 9453 with TLS. It answers probes from shared memory, also while the main thread hangs, and pipes
 * everything else to the main thread's app over a private socket. It imports nothing heavy, and decides nothing but who may knock.
 */
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { isLoopback, isOpenToOtherMachines } from '../access-rules.js';
import { createConsoleFiles } from '../console-files.js';
import { createReadyReader, monotonicMs } from '../ready-table.js';
import { createConnections } from './connections.js';
import { answerConsole, type ConsoleSite, isConsolePath } from './console.js';
import { handedOn, hopByHop } from './handed-on.js';
import { answerHealth, startedHeader, startedText } from './health.js';
import { createListeners } from './listeners.js';
import type { FromFront, FrontData, ProbeAnswers, ToFront } from './messages.js';
import { createProbeLog } from './probe-log.js';
import { secureUrl, staysPlain } from './redirect.js';

const port = parentPort;
if (port === null) throw new Error('The front is a worker thread.');
const data: FrontData = workerData;
const { limits } = data;
const tls = data.secure === null ? null : await import('./secure-server.js');
/** Where what may not stay plain is sent. */
let redirectPort: number | null = null;
const table = createReadyReader(data.table);
const connections = createConnections(limits);
const tell = (message: FromFront): void => port.postMessage(message);
const probes = createProbeLog((probe) => tell({ type: 'probed', probe }));
/** By module of this node; the empty name stands for all others, so that strangers cannot fill the memory. */
const answers = new Map<string, { ready: number; refused: number }>();
/** Other machines may knock; who they are is asked by the app. */
let others = false;
let hosts: readonly string[] = [];
const site: ConsoleSite | null =
  data.consoleDir === null ? null : { files: createConsoleFiles(data.consoleDir), table, node: data.node, hosts: () => hosts };
const agent = new Agent({ keepAlive: true, maxSockets: limits.requests, maxFreeSockets: 8 });

const okHeaders = ['Content-Type', 'text/plain', 'Cache-Control', 'no-store', 'Content-Length', '2', startedHeader];
const notFoundHeaders = ['Content-Type', 'text/plain', 'Cache-Control', 'no-store', 'Content-Length', '9'];
const probeStart = '/var/modules/';
const probeEnd = '/ready.txt';
const healthStart = '/health/';
function sourceOf(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
/** The socket that stands for the connection in `connections`: the one below, where TLS ends here. */
function counted(incoming: IncomingMessage): Socket {
  return tls === null ? incoming.socket : tls.bareSocket(incoming.socket);
}
function observe(incoming: IncomingMessage, module: string, status: 200 | 404, changes: number, atMs: number): void {
  const { socket } = incoming;
  probes.observe(socket, { module, status, changes, atMs }, () => ({
    source: sourceOf(socket),
    host: incoming.headers.host ?? '',
    agent: incoming.headers['user-agent'] ?? '',
  }));
}
function count(module: string, status: 200 | 404): void {
  let own = answers.get(module);
  if (own === undefined) {
    own = { ready: 0, refused: 0 };
    answers.set(module, own);
  }
  if (status === 200) own.ready += 1;
  else own.refused += 1;
}
function plain(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain',
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

function onProbe(incoming: IncomingMessage, response: ServerResponse, path: string): void {
  if (!path.endsWith(probeEnd)) {
    plain(response, 404, 'NOT FOUND');
    return;
  }
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
    plain(response, 405, 'METHOD NOT ALLOWED', { Allow: 'GET, HEAD' });
    return;
  }
  const module = path.slice(probeStart.length, -probeEnd.length);
  const atMs = monotonicMs();
  const health = table.read(module, atMs);
  const ready = health?.ready === true && health.alive;
  if (health !== null) observe(incoming, module, ready ? 200 : 404, health.changes, atMs);
  count(health === null ? '' : module, ready ? 200 : 404);
  connections.answered(counted(incoming), atMs);
  response.writeHead(ready ? 200 : 404, ready ? [...okHeaders, startedText(data.node, health)] : notFoundHeaders);
  response.end(ready ? 'OK' : 'NOT FOUND');
}
function onHealth(incoming: IncomingMessage, response: ServerResponse, path: string): void {
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
    plain(response, 405, 'METHOD NOT ALLOWED', { Allow: 'GET, HEAD' });
    return;
  }
  const answer = answerHealth(path.slice(healthStart.length), table);
  if (answer === null) {
    plain(response, 404, 'NOT FOUND');
    return;
  }
  const status = answer.pass ? 200 : 404;
  if (answer.check === 'ready' && answer.changes !== null) {
    observe(incoming, answer.module, status, answer.changes, monotonicMs());
    count(answer.module, status);
  }
  plain(response, status, answer.body, { 'Content-Type': 'application/json' });
}

/** Problem documents of the front itself: what it refuses never reaches the main thread. */
function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({
    ...{ type: `/api/#error-${code}`, title: detail, status, detail, instance: '', code, node: data.node },
  });
  plain(response, status, body, { 'Content-Type': 'application/problem+json', Connection: 'close', ...headers });
}

interface Pipe {
  readonly response: ServerResponse;
  progressAtMs: number;
}
const pipes = new Set<Pipe>();

function headersFor(incoming: IncomingMessage, peer: string): string[] | null {
  const certificate = tls === null ? null : tls.verifiedCertificate(incoming);
  return handedOn(incoming, { peer, secret: data.secret, secure: tls !== null, certificate });
}

/** HTTPS is on, and this is plain: a page goes there, and anything else is told to. */
function sendToHttps(incoming: IncomingMessage, response: ServerResponse, url: string, port: number): void {
  const location = secureUrl(incoming.headers.host ?? '', url, port);
  const safe = incoming.method === 'GET' || incoming.method === 'HEAD';
  if (safe && location !== null) {
    plain(response, 308, `This node is asked by HTTPS: ${location}\n`, { Location: location });
    return;
  }
  // What was sent has been readable on the wire: to carry it over in silence would hide that.
  refuse(response, 403, 'HTTPS_REQUIRED', `This node takes requests by HTTPS on port ${port} only.`);
}

function onApi(incoming: IncomingMessage, response: ServerResponse, url: string, path: string): void {
  const socket = counted(incoming);
  const peer = sourceOf(socket);
  if (redirectPort !== null && !staysPlain(incoming.method ?? '', path, peer)) {
    connections.answered(socket, monotonicMs());
    sendToHttps(incoming, response, url, redirectPort);
    return;
  }
  if (!others && !isLoopback(peer) && !isOpenToOtherMachines(incoming.method ?? '', path)) {
    refuse(
      response,
      403,
      'HTTP_FORBIDDEN',
      'As long as there are no users, other machines are answered the health probe and sealed requests of the cluster only.',
    );
    return;
  }
  const headers = url.startsWith('/') ? headersFor(incoming, peer) : null;
  if (headers === null) {
    refuse(response, 400, 'HTTP_QUERY', 'The request needs a path, one Host header, and at most 100 headers.');
    return;
  }
  if (Number(incoming.headers['content-length'] ?? 0) > limits.bodyBytes) {
    refuse(response, 413, 'HTTP_TOO_LARGE', `No body may have more than ${limits.bodyBytes} bytes.`);
    return;
  }
  const release = connections.beginRequest(socket);
  if (release === null) {
    refuse(response, 503, 'HTTP_BUSY', 'Too many requests at once; try again in a moment.', { 'Retry-After': '1' });
    return;
  }
  connections.busy(socket);
  const pipe: Pipe = { response, progressAtMs: monotonicMs() };
  pipes.add(pipe);
  response.on('drain', () => {
    pipe.progressAtMs = monotonicMs();
  });
  const upstream = request({ socketPath: data.socketPath, method: incoming.method, path: url, headers, agent, setHost: false });
  response.once('close', () => {
    pipes.delete(pipe);
    release();
    connections.answered(socket, monotonicMs());
    if (!response.writableFinished) upstream.destroy();
  });
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limits.bodyBytes) return;
    refuse(response, 413, 'HTTP_TOO_LARGE', `No body may have more than ${limits.bodyBytes} bytes.`);
    upstream.destroy();
  });
  incoming.on('error', () => upstream.destroy());
  upstream.on('error', (error) => {
    if (!response.destroyed && !response.writableEnded)
      refuse(response, 503, 'HTTP_BUSY', `The daemon does not answer: ${error.message}.`);
  });
  upstream.once('response', (answer) => {
    const kept: string[] = [];
    for (let index = 0; index < answer.rawHeaders.length; index += 2) {
      const name = answer.rawHeaders[index] ?? '';
      if (!hopByHop.has(name.toLowerCase())) kept.push(name, answer.rawHeaders[index + 1] ?? '');
    }
    // Answered before the body was whole, a refusal usually: what still comes is dropped, and no second request may follow it.
    if (!incoming.complete) {
      kept.push('Connection', 'close');
      incoming.unpipe(upstream);
      incoming.resume();
      answer.once('end', () => upstream.destroy());
    }
    response.writeHead(answer.statusCode ?? 502, kept);
    response.flushHeaders();
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  incoming.pipe(upstream);
}

function onConsole(incoming: IncomingMessage, response: ServerResponse, path: string, query: string, served: ConsoleSite): void {
  const socket = counted(incoming);
  const release = connections.beginRequest(socket);
  if (release === null) {
    refuse(response, 503, 'HTTP_BUSY', 'Too many requests at once; try again in a moment.', { 'Retry-After': '1' });
    return;
  }
  connections.busy(socket);
  const pipe: Pipe = { response, progressAtMs: monotonicMs() };
  pipes.add(pipe);
  response.once('close', () => {
    pipes.delete(pipe);
    release();
    connections.answered(socket, monotonicMs());
  });
  answerConsole(incoming, response, path, query, served).catch((error: unknown) => {
    refuse(response, 500, 'INTERNAL', error instanceof Error ? error.message : String(error));
  });
}

function onRequest(incoming: IncomingMessage, response: ServerResponse): void {
  const url = incoming.url ?? '';
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  if (path.startsWith(probeStart)) {
    onProbe(incoming, response, path);
    return;
  }
  if (path.startsWith(healthStart)) {
    connections.answered(counted(incoming), monotonicMs());
    onHealth(incoming, response, path);
    return;
  }
  if (site !== null && redirectPort === null && isConsolePath(path)) {
    onConsole(incoming, response, path, query === -1 ? '' : url.slice(query), site);
    return;
  }
  try {
    onApi(incoming, response, url, path);
  } catch (error) {
    refuse(response, 400, 'HTTP_QUERY', error instanceof Error ? error.message : String(error));
  }
}

function onConnection(socket: Socket): void {
  if (!connections.add(socket, sourceOf(socket))) {
    socket.destroy();
    return;
  }
  socket.once('close', () => connections.remove(socket));
}

const listeners = createListeners({
  limits,
  secure: tls === null || data.secure === null ? null : { create: tls.createSecureServer, context: data.secure },
  onRequest,
  onConnection,
  tell,
});

function answerCounts(): readonly ProbeAnswers[] {
  return [...answers].map(([module, { ready, refused }]) => ({ module, ready, refused }));
}

const stallCheck = setInterval(() => {
  const oldest = monotonicMs() - limits.stallTimeoutMs;
  for (const { response, progressAtMs } of pipes) if (response.writableLength > 0 && progressAtMs < oldest) response.destroy();
}, 1000);

port.on('message', (message: ToFront) => {
  if (message.type === 'listen') listeners.listen(message.addresses);
  else if (message.type === 'admit') others = message.others;
  else if (message.type === 'hosts') hosts = message.hosts;
  else if (message.type === 'secure') listeners.renew(message.context);
  else if (message.type === 'redirect') redirectPort = message.port;
  else if (message.type === 'probes')
    tell({ type: 'probes', request: message.request, probes: probes.list(), answers: answerCounts() });
  else {
    listeners.close();
    clearInterval(stallCheck);
    agent.destroy();
    tell({ type: 'closed' });
    port.close();
  }
});
