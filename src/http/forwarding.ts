/** Any node answers for all: requests for another node go there, with the caller's identity, when the caller may ask for that here. */
import type { NodeFace } from '../actors/face.js';
import { guard } from './auth-guard.js';
import type { Context, Step } from './context.js';
import { headersOf, signalOf } from './context.js';
import { sendDownload } from './download.js';
import type { EventStream } from './event-stream.js';
import { addressedNode, answeredHeaders, forwardedHeaders, streamPeerEvents } from './forward.js';
import type { PeerClient } from './peer-client.js';
import { ApiError, errorOf } from './problem.js';
import { parseQuery } from './request.js';
import { bodyLimitOf, type Route } from './route.types.js';

/** Bytes of a forwarded body: sealed, it must be within what the other node takes. */
const forwardedLimit = 7 * 1024 * 1024;

export interface ForwardingOptions {
  readonly face: NodeFace;
  readonly peers: PeerClient;
  /** The route of a path on any node. */
  readonly find: (method: string, path: string) => Route | null;
  readonly wantsStream: (ctx: Context, route: Route) => boolean;
  /** @throws ApiError HTTP_BUSY */
  readonly stream: (ctx: Context, run: (stream: EventStream) => void) => void;
  readonly readBody: (ctx: Context, limit: number) => Promise<Buffer>;
}

/** The third step: asks the node that the path names; a path that names this node is served here. */
export function createForwarding(options: ForwardingOptions): Step {
  const { face, peers, find, wantsStream, stream, readBody } = options;
  return async function forward(ctx, next) {
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
    if (route === null || route.guard !== undefined)
      throw new ApiError('HTTP_NOT_FOUND', `There is no ${ctx.method} ${path.slice(0, 200)}.`);
    guard(ctx, route);
    const caller = { caller: { who: ctx.state.who, identity: null }, role: ctx.state.role };
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
    if (route.operationId === 'getSnapshotZip') {
      const query = parseQuery(ctx.querystring, route.query ?? []);
      const { relaySnapshot } = await import('./relay-snapshot.js');
      const signal = signalOf(ctx);
      sendDownload(ctx, await relaySnapshot(peers, node, path, query.yes('anonymise'), { ...caller, signal }), 'application/zip');
      return;
    }
    const wait =
      route.operationId === 'waitForState' ? Number(new URLSearchParams(ctx.querystring).get('timeoutMs') ?? 30_000) : 0;
    const headers = headersOf(ctx, forwardedHeaders);
    const outcome = await peers.call(node, {
      ...caller,
      method: ctx.method,
      path: ctx.querystring === '' ? path : `${path}?${ctx.querystring}`,
      headers,
      body: await readBody(ctx, Math.min(bodyLimitOf(route), forwardedLimit)),
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
  };
}
