/** Asks another node of the cluster, sealed, within a time. */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Caller, Outcome } from '../actors/face.js';
import { sealedPath } from './access-rules.js';
import { apiBase } from './api-types.js';
import type { RouteRole } from './auth-roles.js';
import type { RetiredSeal, SealedAnswer, Sealer, SealKeys, SealPeer } from './seal.js';

/** What hands a node the present key. */
const receivePath = `${apiBase}/cluster/receive`;
/** How long a node may take to answer before it counts as unreachable. */
export const peerTimeoutMs = 2000;
/** An address that is silent for so long gets company: the next one is tried beside it. */
const nextAddressMs = 300;
const answerLimit = 128 * 1024 * 1024;

export interface PeerRequest {
  readonly method: string;
  /** With `/api/v1` and the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly caller: Caller;
  readonly role: RouteRole;
  /** Default 2 s. Connecting never takes longer than that. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Try all keys that this node ever had, also those that it does not take itself any more: the node may have missed the change. */
  readonly anyKey?: boolean;
  /** Over a connection that is kept for the next such question: for what only asks, again and again. */
  readonly keeps?: boolean;
}
export interface PeerClient {
  /** Resolves with the node's answer whatever its status, or with NODE_UNKNOWN or NODE_UNREACHABLE; never rejects. */
  call(node: string, request: PeerRequest): Promise<Outcome<SealedAnswer>>;
}

function unreachable(node: string, why: string): Outcome<never> {
  return { ok: false, failure: { code: 'NODE_UNREACHABLE', message: `Node ${node} ${why}.` } };
}

/** The first address that connects; the others are given up. */
function connectAny(peer: SealPeer, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const rest = [...peer.addresses];
    let timer: NodeJS.Timeout | null = null;
    let reason = 'has no address';
    let settled = false;
    function settle(winner: Socket | null): void {
      if (settled) return;
      settled = true;
      if (timer !== null) clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      for (const socket of open) if (socket !== winner) socket.destroy();
      if (winner === null) reject(new Error(reason));
      else resolve(winner);
    }
    function onAbort(): void {
      reason = 'did not answer in time';
      settle(null);
    }
    function next(): void {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      const address = rest.shift();
      if (address === undefined) {
        if (open.size === 0) settle(null);
        return;
      }
      const socket = connect({ host: address.host, port: address.port, noDelay: true });
      open.add(socket);
      socket.once('connect', () => settle(socket));
      socket.on('error', (error) => {
        reason = `cannot be reached at ${address.host} port ${address.port} (${error.message})`;
        open.delete(socket);
        if (!settled) next();
      });
      if (rest.length > 0) timer = setTimeout(next, nextAddressMs);
    }
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    else next();
  });
}

async function readAnswer(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.length;
    if (bytes > answerLimit) throw new Error('answers with more than is allowed');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Keeps one connection or two to a node, each made as `connectAny` makes it. */
class KeptConnections extends Agent {
  readonly #peer: SealPeer;
  constructor(peer: SealPeer) {
    super({ keepAlive: true, maxFreeSockets: 2 });
    this.#peer = peer;
  }
  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Duplex) => void): null {
    connectAny(this.#peer, AbortSignal.timeout(peerTimeoutMs)).then(
      (socket) => callback?.(null, socket),
      // Without an error nobody looks at the stream.
      (error: unknown) => callback?.(error instanceof Error ? error : new Error(String(error)), new Socket()),
    );
    return null;
  }
}

interface Posted {
  readonly status: number;
  readonly body: Uint8Array;
}
/** @param way a connection for this message alone, or those that are kept. */
function post(way: Socket | Agent, host: string, body: Uint8Array, signal: AbortSignal): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const how = way instanceof Agent ? { agent: way } : { createConnection: () => way };
    const outgoing = httpRequest({
      ...how,
      method: 'POST',
      path: sealedPath,
      headers: {
        ...{ Host: host, 'Content-Type': 'application/octet-stream', 'Content-Length': body.length },
        ...(way instanceof Agent ? {} : { Connection: 'close' }),
      },
      signal,
    });
    outgoing.on('error', (error) => reject(outgoing.reusedSocket && !signal.aborted ? new KeptTooLong(error.message) : error));
    outgoing.once('response', (response) => {
      readAnswer(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    });
    outgoing.end(body);
  });
}
/** A connection that was kept has come to its end meanwhile. */
class KeptTooLong extends Error {}

/** @param keys the cluster's key and nodes as they are now; null while there is no cluster or no key. */
export function createPeerClient(keys: () => SealKeys | null, sealer: Sealer): PeerClient {
  async function attempt(
    seal: SealKeys,
    peer: SealPeer,
    request: PeerRequest,
    signal: AbortSignal,
    by: RetiredSeal | undefined,
  ): Promise<Outcome<SealedAnswer> | 'otherRun' | 'otherKey'> {
    const connecting = AbortSignal.any([signal, AbortSignal.timeout(peerTimeoutMs)]);
    const way = request.keeps === true ? keptOf(peer) : await connectAny(peer, connecting);
    const { method, path, headers = {}, body = new Uint8Array(), caller, role } = request;
    const message = sealer.request(seal, peer.node, { method, path, headers, body, caller, role }, by);
    const answer = await post(way, peer.node, message.bytes, signal);
    if (answer.status === 401) return 'otherKey';
    if (answer.status !== 200)
      return unreachable(
        peer.node,
        `refused the sealed request (HTTP ${answer.status}): do both nodes have the same cluster key?`,
      );
    const read = message.read(answer.body);
    if (read.kind === 'otherRun') return 'otherRun';
    if (read.kind === 'refused') return unreachable(peer.node, 'answered with something that is not sealed with the cluster key');
    return { ok: true, value: read.answer };
  }
  const kept = new Map<string, KeptConnections>();
  /** Those to the addresses that the node has now. */
  function keptOf(peer: SealPeer): KeptConnections {
    const where = [peer.node, ...peer.addresses.map(({ host, port }) => `${host} ${port}`)].join('\0');
    for (const [other, connections] of kept) {
      if (other === where || !other.startsWith(`${peer.node}\0`)) continue;
      connections.destroy();
      kept.delete(other);
    }
    const found = kept.get(where) ?? new KeptConnections(peer);
    kept.set(where, found);
    return found;
  }
  /** What only asks may ask again where the other side has just closed the connection that was kept. */
  async function attemptKept(...[seal, peer, request, ...rest]: Parameters<typeof attempt>): ReturnType<typeof attempt> {
    try {
      return await attempt(seal, peer, request, ...rest);
    } catch (error) {
      if (!(error instanceof KeptTooLong)) throw error;
      return attempt(seal, peer, { ...request, keeps: false }, ...rest);
    }
  }
  /** Key with which a node was last reached. */
  const worked = new Map<string, string>();
  /** A node that had an older key a moment ago is asked with that one first: it would take the present one for a stranger's. */
  function keysFor(seal: SealKeys, node: string, any: boolean): readonly (RetiredSeal | undefined)[] {
    const older = (seal.older ?? []).filter((one) => any || one.accepted());
    const last = older.find((one) => one.accepted() && one.id === worked.get(node));
    return last === undefined ? [undefined, ...older] : [last, undefined, ...older.filter((one) => one !== last)];
  }
  return {
    async call(node, request) {
      const seal = keys();
      if (seal === null) return unreachable(node, 'cannot be asked: this node has no cluster key (cluster genkey)');
      const peer = seal.peers.find((one) => one.node === node);
      if (peer === undefined)
        return {
          ok: false,
          failure: { code: 'NODE_UNKNOWN', message: `There is no other node ${node} in the cluster configuration.` },
        };
      const timeout = AbortSignal.timeout(request.timeoutMs ?? peerTimeoutMs);
      const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
      try {
        // A key that the node has not got yet is refused by it: then one before it may do (ADR 0029).
        for (const by of keysFor(seal, node, request.anyKey === true)) {
          // A node that was restarted tells its new run once; a second time would mean that it restarts all the time.
          const first = await attemptKept(seal, peer, request, signal, by);
          const answer = first === 'otherRun' ? await attemptKept(seal, peer, request, signal, by) : first;
          if (answer === 'otherRun') return unreachable(node, 'was restarted while it was asked');
          if (answer === 'otherKey') continue;
          // What hands a node the present key has it in its hands by then.
          const has = by === undefined || (answer.ok && request.path.startsWith(receivePath));
          worked.set(node, has ? (seal.id ?? '') : by.id);
          return answer;
        }
        return unreachable(
          node,
          'refuses the cluster key of this node (HTTP 401): do both have the same? See holdfast cluster state',
        );
      } catch (error) {
        if (timeout.aborted) return unreachable(node, `did not answer within ${(request.timeoutMs ?? peerTimeoutMs) / 1000} s`);
        return unreachable(node, error instanceof Error ? error.message : String(error));
      }
    },
  };
}
