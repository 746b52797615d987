/** Lets requests in, or not: by the socket that they came on, by the address that the front vouches for, and by what browsers say of them. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import type { NodeFace } from '../actors/face.js';
import { isLoopback, isOpenToOtherMachines, originProblem } from './access-rules.js';
import { requestHeader } from './api-types.js';
import type { Step } from './context.js';
import { frontHeader, peerHeader } from './front/messages.js';
import { ApiError } from './problem.js';

export interface AdmissionOptions {
  readonly face: NodeFace;
  /** What only the front knows. */
  readonly secret: string;
  /** It came on the CLI's socket. */
  readonly isLocal: (request: IncomingMessage) => boolean;
}

function sameSecret(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The first step: who asks, and may they? */
export function createAdmission(options: AdmissionOptions): Step {
  const owner = userInfo().username;
  return async function admit(ctx, next) {
    const { state } = ctx;
    if (options.isLocal(ctx.req)) {
      Object.assign(state, { who: owner, via: 'socket', source: 'socket' });
      await next();
      return;
    }
    if (!sameSecret(ctx.get(frontHeader), options.secret))
      throw new ApiError('HTTP_FORBIDDEN', 'Only the front may use this socket.');
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
        options.face
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
  };
}
