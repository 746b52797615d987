/**
 * The Koa app: who asks, what for, and the answer or the problem. The same API for everyone; what differs is how a client proves itself.
 * It listens on the front's private socket and on the CLI's.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { userInfo } from 'node:os';
import Koa from 'koa';
import Router from 'koa-router';
import type { ErrorCode } from '../actors/errors.js';
import type { NodeFace } from '../actors/face.js';
import { isLoopback, isOpenToOtherMachines, originProblem, sealedPath } from './access-rules.js';
import { apiBase, type ProbeObservation, requestHeader } from './api-types.js';
import { createBodyReader, defaultBodyBudget, strangersBudget } from './body.js';
import { openEventStream } from './event-stream.js';
import { addressedNode, answeredHeaders, forwardedHeaders, streamPeerEvents } from './forward.js';
import { frontHeader, peerHeader } from './front/messages.js';
import { createHandlers } from './handlers/index.js';
import { listenOnSocket, privateSocketPath } from './local-sockets.js';
import { createPeerClient, type PeerClient } from './peer-client.js';
import { ApiError, errorOf, problemOf } from './problem.js';
import { type ApiReply, type ApiRequest, parseBody, parseQuery, type Services, type Via } from './request.js';
import { type Route, routes } from './routes.js';
import { createSealer, type SealKeys } from './seal.js';

const megabyte = 1024 * 1024;

export interface HttpAppLimits {
  /** Event streams and followed logs at once. */
  readonly streams: number;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  /** Connections to the CLI's socket at once. */
  readonly socketConnections: number;
}
export const defaultAppLimits: HttpAppLimits = { streams: 64, heartbeatMs: 15_000, stallMs: 10_000, socketConnections: 128 };

/** One line of the access log. Probes never get here. */
export interface Access {
  readonly who: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}
export interface HttpAppOptions {
  readonly face: NodeFace;
  /** The cluster's key and nodes as they are now; null while there is none. */
  readonly seal: () => SealKeys | null;
  readonly probes: () => Promise<readonly ProbeObservation[]>;
  /** Requests wait for it: before the modules are read nobody may be told that there are none. Absent: they do not wait. */
  readonly begun?: Promise<void>;
  /** Directory of ours in which the front's private socket is made. */
  readonly runDir: string;
  /** Path of the CLI's socket; null for none. */
  readonly cliSocket: string | null;
  readonly version: string;
  readonly limits?: Partial<HttpAppLimits>;
  /** An error that is a defect: it is answered INTERNAL and told here. */
  readonly onDefect: (error: Error, path: string) => void;
  readonly onAccess?: (access: Access) => void;
}
export interface HttpApp {
  /** What the front needs to hand requests on. */
  readonly socketPath: string;
  readonly secret: string;
  readonly peers: PeerClient;
  /** @throws ApiError HTTP_LISTEN */
  listen(): Promise<void>;
  /** Ends all connections, streams too, and removes the sockets. */
  close(): Promise<void>;
}

/** What is known of a request besides itself. */
interface State {
  who: string;
  via: Via;
  identity: string | null;
  /** Asked by another node, or of this node alone. */
  local: boolean;
  sealed: boolean;
  /** Where it comes from, for counting what it holds. */
  source: string;
  /** The body, when it has been read already. */
  body: Buffer | null;
}
type Context = Koa.ParameterizedContext<State>;
type Next = () => Promise<unknown>;

function sameSecret(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}
function baseType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase();
}

/** Makes the app; nothing listens before `listen`. */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { face } = options;
  const limits = { ...defaultAppLimits, ...options.limits };
  const secret = randomBytes(32).toString('hex');
  const owner = userInfo().username;
  const sealer = createSealer();
  const peers = createPeerClient(options.seal, sealer);
  const bodies = createBodyReader();
  const handlers = createHandlers();
  const localRequests = new WeakSet<IncomingMessage>();
  let streams = 0;
  let document: string | null = null;
  // Asked for rarely, and large: made when it is.
  const services: Services = { face, peers, probes: options.probes, openApi: () => document ?? '' };
  async function loadDocument(): Promise<void> {
    const { openApiDocument } = await import('./openapi.js');
    document ??= JSON.stringify(openApiDocument(options.version));
  }

  const app = new Koa<State>();
  app.silent = true;
  app.on('error', (error: Error) => options.onDefect(error, ''));

  /** Turns what is thrown into a problem document. */
  async function answerProblems(ctx: Context, next: Next): Promise<void> {
    try {
      await next();
    } catch (error) {
      const known = error instanceof ApiError;
      if (!known) options.onDefect(error instanceof Error ? error : new Error(String(error)), ctx.path);
      const problem = known ? error : new ApiError('INTERNAL', 'A defect of Holdfast; the log has the details.');
      const answer = problemOf(problem, ctx.path, face.node);
      ctx.status = answer.status;
      for (const [name, value] of Object.entries(problem.headers)) ctx.set(name, value);
      ctx.body = JSON.stringify(answer);
      ctx.type = 'application/problem+json';
    }
  }
  async function outermost(ctx: Context, next: Next): Promise<void> {
    const since = performance.now();
    const { method, path } = ctx;
    await options.begun;
    ctx.state = { who: '?', via: 'loopback', identity: null, local: false, sealed: false, source: '', body: null };
    ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
    ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    await answerProblems(ctx, next);
    options.onAccess?.({ who: ctx.state.who, method, path, status: ctx.status, ms: performance.now() - since });
  }

  /** Who asks, and may they? */
  async function admit(ctx: Context, next: Next): Promise<void> {
    const { state } = ctx;
    if (localRequests.has(ctx.req)) {
      Object.assign(state, { who: owner, via: 'socket', source: 'socket' });
      await next();
      return;
    }
    if (!sameSecret(ctx.get(frontHeader), secret)) throw new ApiError('HTTP_FORBIDDEN', 'Only the front may use this socket.');
    const peer = ctx.get(peerHeader);
    state.source = peer;
    if (!isOpenToOtherMachines(ctx.method, ctx.path)) {
      if (!isLoopback(peer)) {
        throw new ApiError(
          'HTTP_FORBIDDEN',
          'From another machine only the health probe and sealed requests of the cluster are answered.',
        );
      }
      const names = new Set(
        face
          .nodes()
          .flatMap((node) => [node.name, ...node.addresses.map((address) => address.addr)])
          .map((name) => name.toLowerCase()),
      );
      const wrong = originProblem(
        {
          method: ctx.method,
          host: ctx.get('host'),
          origin: ctx.get('origin'),
          fetchSite: ctx.get('sec-fetch-site'),
          contentType: ctx.get('content-type'),
          custom: ctx.get(requestHeader) !== '',
        },
        names,
      );
      if (wrong !== null) throw new ApiError('HTTP_ORIGIN', wrong);
    }
    state.who = `anonymous@${peer}`;
    await next();
  }

  /** Opens a sealed request, has it answered like any other, and seals the answer. */
  async function unseal(ctx: Context, next: Next): Promise<void> {
    if (ctx.path !== sealedPath) {
      await next();
      return;
    }
    if (ctx.method !== 'POST') throw new ApiError('HTTP_METHOD', 'Sealed requests are posted.', { headers: { Allow: 'POST' } });
    const keys = options.seal();
    if (keys === null) throw new ApiError('HTTP_SEAL', 'This node has no cluster key.');
    const opened = sealer.open(keys, await bodies.read(ctx.req, 8 * megabyte, ctx.state.source, strangersBudget));
    if (opened.kind === 'refused') throw new ApiError('HTTP_SEAL', opened.reason);
    let reply: Uint8Array;
    if (opened.kind === 'otherRun') reply = opened.reply;
    else {
      const { method, path, headers, body, caller, via } = opened.request;
      ctx.method = method;
      ctx.url = path;
      ctx.req.headers = Object.fromEntries(
        forwardedHeaders.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
      );
      const who = `${caller.who} via ${opened.from}`;
      Object.assign(ctx.state, { who, via, identity: caller.identity, local: true, sealed: true, body: Buffer.from(body) });
      await answerProblems(ctx, next);
      const answered = ctx.body;
      const bytes = typeof answered === 'string' ? Buffer.from(answered) : Buffer.isBuffer(answered) ? answered : Buffer.alloc(0);
      const answer = answeredHeaders.flatMap((name) => (ctx.response.get(name) === '' ? [] : [[name, ctx.response.get(name)]]));
      reply = opened.answer({ status: ctx.status, headers: Object.fromEntries(answer), body: bytes });
      for (const name of answeredHeaders) ctx.remove(name);
    }
    ctx.status = 200;
    ctx.body = Buffer.from(reply);
    ctx.type = 'application/octet-stream';
  }

  function readBody(ctx: Context, limit: number): Promise<Buffer> {
    const { body, source } = ctx.state;
    if (body === null) return bodies.read(ctx.req, limit, source, defaultBodyBudget);
    if (body.length > limit) return Promise.reject(new ApiError('HTTP_TOO_LARGE', `The body may have at most ${limit} bytes.`));
    return Promise.resolve(body);
  }
  function wantsStream(ctx: Context, route: Route): boolean {
    return (
      route.success.stream !== undefined &&
      ctx.method === 'GET' &&
      !ctx.state.sealed &&
      ctx.get('accept').includes('text/event-stream')
    );
  }
  function guard(ctx: Context, route: Route): void {
    if (route.guard !== 'socket' || ctx.state.via === 'socket') return;
    throw new ApiError(
      'HTTP_SOCKET',
      'That is only answered on the local socket of the daemon: use the command line as its owner.',
    );
  }
  function bodyLimit(route: Route): number {
    if (route.body === undefined) return 0;
    return route.body.limit ?? megabyte;
  }
  function stream(ctx: Context, run: Extract<ApiReply, { kind: 'stream' }>['run']): void {
    if (streams >= limits.streams) {
      throw new ApiError('HTTP_BUSY', `There are ${limits.streams} event streams already.`, { headers: { 'Retry-After': '5' } });
    }
    streams += 1;
    ctx.respond = false;
    ctx.status = 200;
    const opened = openEventStream(ctx.res, limits);
    opened.onClose(() => {
      streams -= 1;
    });
    run(opened);
  }

  const router = new Router<State>();
  const byOperation = new Map<string, Route>();
  function find(method: string, path: string): Route | null {
    const match = router.match(path, method).pathAndMethod.at(-1);
    return match?.name === undefined ? null : (byOperation.get(match.name ?? '') ?? null);
  }

  /** Asks the node that the path names; a path that names this node is served here. */
  async function forward(ctx: Context, next: Next): Promise<void> {
    const addressed = addressedNode(ctx.path);
    if (addressed === null) {
      await next();
      return;
    }
    const { node, path } = addressed;
    if (node === face.node) {
      ctx.path = path;
      ctx.state.local = true;
      await next();
      return;
    }
    if (ctx.state.sealed)
      throw new ApiError('NODE_UNKNOWN', `The request for ${JSON.stringify(node.slice(0, 64))} was forwarded once already.`);
    const route = find(ctx.method, path);
    if (route === null || route.guard === 'sealed')
      throw new ApiError('HTTP_NOT_FOUND', `There is no ${ctx.method} ${path.slice(0, 200)}.`);
    guard(ctx, route);
    const caller = { caller: { who: ctx.state.who, identity: null }, via: ctx.state.via };
    if (wantsStream(ctx, route)) {
      if (route.operationId !== 'getEvents')
        throw new ApiError('HTTP_QUERY', 'A log is followed on its own node; here it can be read.');
      if (!face.nodes().some((one) => one.name === node))
        throw new ApiError('NODE_UNKNOWN', `No node ${JSON.stringify(node.slice(0, 64))} is in the cluster configuration.`);
      parseQuery(ctx.querystring, route.query ?? []);
      const lastEventId = ctx.get('last-event-id');
      stream(ctx, (opened) =>
        streamPeerEvents(opened, peers, node, ctx.querystring, lastEventId === '' ? null : lastEventId, caller),
      );
      return;
    }
    const wait =
      route.operationId === 'waitForState' ? Number(new URLSearchParams(ctx.querystring).get('timeoutMs') ?? 30_000) : 0;
    const headers = Object.fromEntries(forwardedHeaders.flatMap((name) => (ctx.get(name) === '' ? [] : [[name, ctx.get(name)]])));
    const outcome = await peers.call(node, {
      ...caller,
      method: ctx.method,
      path: ctx.querystring === '' ? path : `${path}?${ctx.querystring}`,
      headers,
      body: await readBody(ctx, Math.min(bodyLimit(route), 7 * megabyte)),
      timeoutMs: (route.answerMs ?? 2000) + (Number.isFinite(wait) ? Math.min(Math.max(wait, 0), 86_400_000) : 0),
      signal: signalOf(ctx),
    });
    if (!outcome.ok) throw errorOf(outcome.failure);
    ctx.status = outcome.value.status;
    if (outcome.value.body.length > 0) ctx.body = Buffer.from(outcome.value.body);
    for (const name of answeredHeaders) {
      const value = outcome.value.headers[name];
      if (value !== undefined) ctx.set(name, value);
    }
  }

  function signalOf(ctx: Context): AbortSignal {
    const gone = new AbortController();
    ctx.res.once('close', () => gone.abort());
    return gone.signal;
  }
  function requestOf(ctx: Context, route: Route, params: Readonly<Record<string, string>>): ApiRequest {
    let signal: AbortSignal | null = null;
    const { state } = ctx;
    return {
      method: ctx.method,
      path: ctx.path,
      params,
      query: parseQuery(ctx.querystring, route.query ?? []),
      caller: { who: state.who, identity: state.identity },
      via: state.via,
      local: state.local,
      wantsStream: wantsStream(ctx, route),
      get signal() {
        signal ??= signalOf(ctx);
        return signal;
      },
      header: (name) => ctx.get(name),
      async json(name) {
        const type = baseType(ctx.get('content-type'));
        if (type !== 'application/json')
          throw new ApiError('HTTP_TYPE', 'The body must be JSON, with Content-Type: application/json.');
        return parseBody(name, await readBody(ctx, bodyLimit(route)));
      },
      async bytes() {
        const { body } = route;
        const bytes = await readBody(ctx, bodyLimit(route));
        if (body?.kind !== 'bytes') return bytes;
        if (bytes.length === 0 && body.required && route.operationId !== 'putConfigFile')
          throw new ApiError('HTTP_BODY', 'The body is missing.');
        const type = baseType(ctx.get('content-type'));
        if (bytes.length > 0 && !body.types.includes(type)) {
          throw new ApiError(
            'HTTP_TYPE',
            `The body must be ${body.types.join(' or ')}, but is ${JSON.stringify(type.slice(0, 80))}.`,
          );
        }
        return bytes;
      },
    };
  }
  function answer(ctx: Context, route: Route, reply: ApiReply): void {
    if (reply.kind === 'stream') {
      stream(ctx, reply.run);
      return;
    }
    ctx.status = route.success.status;
    if (reply.kind === 'json') {
      ctx.body = JSON.stringify(reply.value);
      ctx.type = 'application/json';
      return;
    }
    if (reply.kind === 'bytes') {
      ctx.body = typeof reply.value === 'string' ? reply.value : Buffer.from(reply.value);
      ctx.type = reply.type;
    }
    for (const [name, value] of Object.entries(reply.headers ?? {})) ctx.set(name, value);
  }
  for (const route of routes) {
    if (route.operationId === 'postSealed') continue;
    const handler = handlers[route.operationId];
    const path = `${apiBase}${route.path}`.replace('{file}', '*file').replaceAll(/\{(\w+)\}/g, ':$1');
    byOperation.set(route.operationId, route);
    router.register(
      path,
      [route.method],
      [
        async (ctx) => {
          guard(ctx, route);
          if (route.operationId === 'getOpenApi') await loadDocument();
          answer(ctx, route, await handler(requestOf(ctx, route, ctx.params), services));
        },
      ],
      { name: route.operationId },
    );
  }

  async function elsewhere(ctx: Context, next: Next): Promise<void> {
    if ((ctx.path === '/api/' || ctx.path === '/api') && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      const { apiPage } = await import('./reference.js');
      ctx.body = apiPage(options.version);
      ctx.type = 'text/html; charset=utf-8';
      return;
    }
    const matched = router.match(ctx.path, ctx.method);
    if (!matched.route && ctx.path.startsWith(`${apiBase}/`)) {
      const allowed = [...new Set(matched.path.flatMap((layer) => layer.methods))];
      const code: ErrorCode = allowed.length > 0 ? 'HTTP_METHOD' : 'HTTP_NOT_FOUND';
      const headers = allowed.length > 0 ? { Allow: allowed.join(', ') } : {};
      throw new ApiError(
        code,
        `There is no ${ctx.method.slice(0, 20)} ${ctx.path.slice(0, 200)}; ${apiBase}/openapi.json lists what there is.`,
        { headers },
      );
    }
    await next();
    if (ctx.status === 404 && ctx.body === undefined)
      throw new ApiError('HTTP_NOT_FOUND', `There is nothing at ${ctx.path.slice(0, 200)}.`);
  }

  app.use(outermost);
  app.use(admit);
  app.use(unseal);
  app.use(forward);
  app.use(elsewhere);
  app.use(router.routes());

  const handle = app.callback();
  // The front has waited for heads and bodies already; these are the limits of the sockets that never leave the machine.
  const settings = {
    maxHeaderSize: 32 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    connectionsCheckingInterval: 2000,
  };
  const internal = createServer({ ...settings, keepAliveTimeout: 0 }, (request, response) => void handle(request, response));
  const cli = createServer(settings, (request, response) => {
    localRequests.add(request);
    void handle(request, response);
  });
  cli.maxConnections = limits.socketConnections;
  const place = privateSocketPath(options.runDir, secret.slice(0, 32));

  function closed(server: Server): Promise<void> {
    return new Promise((resolve) => {
      if (!server.listening) {
        resolve();
        return;
      }
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
  return {
    socketPath: place.path,
    secret,
    peers,
    async listen() {
      try {
        await listenOnSocket(internal, place.path);
        if (options.cliSocket !== null) await listenOnSocket(cli, options.cliSocket);
      } catch (error) {
        await closed(internal);
        place.remove();
        throw error;
      }
    },
    async close() {
      await Promise.all([closed(internal), closed(cli)]);
      place.remove();
    },
  };
}
