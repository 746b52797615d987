/**
 * The Koa app: who asks, what for, and the answer or the problem. The same API for everyone; what differs is how a client proves itself.
 * It listens on the front's private socket and on the CLI's.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import Koa from 'koa';
import Router from 'koa-router';
import type { ErrorCode } from '../actors/errors.js';
import type { NodeFace } from '../actors/face.js';
import type { Authority } from '../actors/face-auth.js';
import type { CaHelper, HttpsAdministration, JoinAdministration } from '../actors/face-https.js';
import type { AddressPort } from '../actors/face-network.js';
import { isLoopback, isPublicPage } from './access-rules.js';
import { createAdmission } from './admission.js';
import { apiBase, type ProbeObservation } from './api-types.js';
import { createGate, stillIn } from './auth-gate.js';
import { guard, requireRole } from './auth-guard.js';
import { createOpenid } from './auth-openid.js';
import { bodyChunks, createBodyReader, defaultBodyBudget } from './body.js';
import { createCatchUp } from './catch-up.js';
import { createClusterEvents } from './cluster-events.js';
import { type Context, type Next, type State, signalOf } from './context.js';
import { createDistribution, type Distribution } from './distribution.js';
import { sendDownload } from './download.js';
import { createForwarding } from './forwarding.js';
import type { ClientCertificate } from './front/claims.js';
import { createHandlers } from './handlers/index.js';
import { listenOnSocket, privateSocketPath } from './local-sockets.js';
import { createPeerClient, type PeerClient } from './peer-client.js';
import { ApiError, problemOf } from './problem.js';
import { type ApiReply, type ApiRequest, parseBody, parseQuery, type Services } from './request.js';
import { bodyLimitOf } from './route.types.js';
import { type Route, routes } from './routes.js';
import { createSealer, type SealKeys } from './seal.js';
import { createSealedEntry, type RefusedRequest } from './sealed-entry.js';
import { createStreams, type StreamLimits } from './streams.js';

const brokenOff = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE']);
/** A connection that ended in the middle: also of a chunked body, which the parser of HTTP says. Whoever connects could fill the log with it. */
const isBrokenOff = ({ code = '' }: NodeJS.ErrnoException): boolean => brokenOff.has(code) || code.startsWith('HPE_');

export interface HttpAppLimits extends StreamLimits {
  /** Connections to the CLI's socket at once. */
  readonly socketConnections: number;
}
export const defaultAppLimits: HttpAppLimits = {
  // A change is to be on the screen within 150 ms (console design): of that, so much is for telling some together.
  ...{ streams: 64, streamsPerUser: 24, heartbeatMs: 15_000, stallMs: 10_000, togetherMs: 80 },
  socketConnections: 128,
};

/** One line of the access log. Probes never get here. */
export interface Access {
  readonly who: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  readonly https: boolean;
  readonly certificate: ClientCertificate | null;
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
  /** HTTPS of this node, and joining. Absent: there is none. */
  readonly https?: HttpsAdministration;
  readonly caHelper?: CaHelper;
  readonly join?: JoinAdministration;
  /** Looks at addresses for the wizard of the cluster. Absent: it is not there. */
  readonly addresses?: AddressPort;
  /** Names and addresses of the node's certificate. */
  readonly names?: () => readonly string[];
  /** What `GET /metrics` answers, and its content type. Absent: there is none. */
  readonly metrics?: () => Promise<{ readonly type: string; readonly text: string }>;
  readonly limits?: Partial<HttpAppLimits>;
  /** Who may come in. Absent: there are no users, and only this machine is answered. */
  readonly authority?: Authority;
  /** An error that is a defect: it is answered INTERNAL and told here. */
  readonly onDefect: (error: Error, path: string) => void;
  /** Where a node's web service is, for people; absent: by its name. */
  readonly urlsOf?: (node: string) => readonly string[];
  /** A node that was away cannot be brought up to date. Absent: this node brings nobody up to date. */
  readonly onCatchUpFailure?: (node: string, what: string, reason: string) => void;
  /** Told of every sealed request that is not carried out. */
  readonly onRefused?: (sender: RefusedRequest) => void;
  readonly onAccess?: (access: Access) => void;
}
export interface HttpApp {
  /** What the front needs to hand requests on. */
  readonly socketPath: string;
  readonly secret: string;
  readonly peers: PeerClient;
  /** Gives this node's cluster configuration to the others. */
  readonly distribution: Pick<Distribution, 'distribute'>;
  /** @throws ApiError HTTP_LISTEN */
  listen(): Promise<void>;
  /** Ends all connections, streams too, and removes the sockets. */
  close(): Promise<void>;
}

function baseType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase();
}

/** Makes the app; nothing listens before `listen`. */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { face } = options;
  const limits = { ...defaultAppLimits, ...options.limits };
  const secret = randomBytes(32).toString('hex');
  const sealer = createSealer();
  const peers = createPeerClient(options.seal, sealer);
  const bodies = createBodyReader();
  const handlers = createHandlers();
  const localRequests = new WeakSet<IncomingMessage>();
  let document: string | null = null;
  let catchUp: { close(): void } | null = null;
  // Asked for rarely, and large: made when it is.
  const gate = createGate(options.authority ?? null);
  const streams = createStreams(limits, (state) => stillIn(gate, state));
  options.authority?.onChange(streams.closeEnded);
  gate.sessions.onEnd(streams.closeEnded);
  const distribution = createDistribution({ face, peers, urlsOf: options.urlsOf ?? ((node) => [`http://${node}`]) });
  const clusterEvents = createClusterEvents({ face, peers });
  const services: Services = {
    ...{ face, peers, distribution, clusterEvents, probes: options.probes, openApi: () => document ?? '', gate },
    https: options.https ?? null,
    caHelper: options.caHelper ?? null,
    join: options.join ?? null,
    addresses: options.addresses ?? null,
  };
  async function loadDocument(): Promise<void> {
    const { openApiDocument } = await import('./openapi.js');
    document ??= JSON.stringify(openApiDocument(options.version));
  }

  const app = new Koa<State>();
  app.silent = true;
  // What a handler throws is a problem document; what gets as far as here is a connection that broke off, and that is no defect.
  app.on('error', (error: NodeJS.ErrnoException, ctx?: Context) => {
    if (ctx?.res.destroyed !== true && !isBrokenOff(error)) options.onDefect(error, ctx?.path ?? '');
  });

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
    ctx.state = {
      ...{ who: '?', role: 'none', proof: 'none', user: null, session: null, principal: null, cookie: null, secure: false },
      ...{ certificate: null, identity: null, local: false, sealed: false, from: null, source: '', body: null },
    };
    ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
    ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    await answerProblems(ctx, next);
    const { who, secure: https, certificate } = ctx.state;
    options.onAccess?.({ who, method, path, status: ctx.status, ms: performance.now() - since, https, certificate });
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
  const router = new Router<State>({ strict: true });
  const byOperation = new Map<string, Route>();
  function find(method: string, path: string): Route | null {
    const match = router.match(path, method).pathAndMethod.at(-1);
    return match?.name === undefined ? null : (byOperation.get(match.name ?? '') ?? null);
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
      role: state.role,
      access: {
        ...{ user: state.user, session: state.session, cookie: state.cookie },
        ...{ secure: state.secure, source: state.source },
      },
      local: state.local,
      from: state.from,
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
        return parseBody(name, await readBody(ctx, bodyLimitOf(route)));
      },
      chunks() {
        const type = baseType(ctx.get('content-type'));
        if (route.body?.kind !== 'bytes' || !route.body.types.includes(type))
          throw new ApiError('HTTP_TYPE', `The body is of a type that is not taken here: ${JSON.stringify(type.slice(0, 80))}.`);
        return state.body === null ? bodyChunks(ctx.req) : bodyChunks([state.body]);
      },
      async bytes() {
        const { body } = route;
        const bytes = await readBody(ctx, bodyLimitOf(route));
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
      reply.run(streams.open(ctx));
      return;
    }
    ctx.status = route.success.status;
    if (reply.kind === 'json') {
      ctx.body = JSON.stringify(reply.value);
      ctx.type = 'application/json';
    }
    if (reply.kind === 'download') {
      sendDownload(ctx, reply.download, reply.type);
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
      requireRole(ctx, 'monitor');
      const { apiPage } = await import('./reference.js');
      ctx.body = apiPage(options.version);
      ctx.type = 'text/html; charset=utf-8';
      return;
    }
    if (ctx.path === '/metrics' && options.metrics !== undefined && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      // A program on this machine that collects metrics needs no login: nothing in them is secret (ADR 0023).
      if (!isLoopback(ctx.state.source)) requireRole(ctx, 'monitor');
      const { type, text } = await options.metrics();
      ctx.body = text;
      ctx.type = type;
      return;
    }
    const matched = router.match(ctx.path, ctx.method);
    // What there is not is nothing for strangers either.
    if (!matched.route && !isPublicPage(ctx.method, ctx.path)) requireRole(ctx, 'monitor');
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
  const { names } = options;
  app.use(
    createAdmission({
      ...{ face, gate, secret, isLocal: (request) => localRequests.has(request) },
      ...(names === undefined ? {} : { names }),
    }),
  );
  app.use(
    createSealedEntry({ seal: options.seal, sealer, bodies, answerProblems, onRefused: (sender) => options.onRefused?.(sender) }),
  );
  app.use(createForwarding({ face, peers, find, wantsStream, stream: (ctx, run) => run(streams.open(ctx)), readBody }));
  app.use(createOpenid(gate));
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
    distribution,
    async listen() {
      try {
        await listenOnSocket(internal, place.path);
        if (options.cliSocket !== null) await listenOnSocket(cli, options.cliSocket);
        if (options.onCatchUpFailure !== undefined)
          catchUp = createCatchUp({ face, distribution, onFailure: options.onCatchUpFailure });
      } catch (error) {
        await closed(internal);
        place.remove();
        throw error;
      }
    },
    async close() {
      clusterEvents.close();
      catchUp?.close();
      distribution.close();
      await Promise.all([closed(internal), closed(cli)]);
      place.remove();
    },
  };
}
