/**
 * Lets requests in, or not: by the socket that they came on, by the address that the front vouches for, by what they prove, and by what
 * browsers say of them. What a role may do is asked later, when the route is known.
 */
import type { IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import type { NodeFace } from '../actors/face.js';
import type { Principal } from '../actors/face-auth.js';
import {
  crossSiteProblem,
  formProblem,
  isLoopback,
  isOpenToOtherMachines,
  isPublicPage,
  isSafe,
  originProblem,
  type RequestOrigin,
} from './access-rules.js';
import { csrfHeader, requestHeader } from './api-types.js';
import { cookieOf, sessionCookieName } from './auth-cookies.js';
import type { Gate } from './auth-gate.js';
import { roleTitle } from './auth-roles.js';
import { sameText } from './auth-sessions.js';
import type { Context, Step } from './context.js';
import { readClaims } from './front/claims.js';
import { frontHeader } from './front/messages.js';
import { ApiError } from './problem.js';

export interface AdmissionOptions {
  readonly face: NodeFace;
  readonly gate: Gate;
  /** What only the front knows. */
  readonly secret: string;
  /** Names and addresses besides those of cluster.xml by which the node may be asked: those of its certificate. */
  readonly names?: () => readonly string[];
  /** It came on the CLI's socket. */
  readonly isLocal: (request: IncomingMessage) => boolean;
}

function originOf(ctx: Context): RequestOrigin {
  return {
    method: ctx.method,
    host: ctx.get('host'),
    origin: ctx.get('origin'),
    fetchSite: ctx.get('sec-fetch-site'),
    contentType: ctx.get('content-type'),
    custom: ctx.get(requestHeader) !== '',
    secure: ctx.state.secure,
  };
}
function refuse(problem: string | null): void {
  if (problem !== null) throw new ApiError('HTTP_ORIGIN', problem);
}

/** The first step: who asks, and what may they be? */
export function createAdmission(options: AdmissionOptions): Step {
  const { face, gate } = options;
  const { authority, sessions } = gate;
  const owner = userInfo().username;

  function ownNames(): ReadonlySet<string> {
    const names = face.nodes().flatMap((node) => [node.name, ...node.addresses.map((address) => address.addr)]);
    return new Set([...names, ...(options.names?.() ?? [])].map((name) => name.toLowerCase()));
  }
  function become(ctx: Context, principal: Principal, proof: 'session' | 'token' | 'certificate'): void {
    const { name, role } = principal;
    Object.assign(ctx.state, { principal, role, proof, user: name, who: `${name}@${ctx.state.source} (${roleTitle[role]})` });
  }
  /** A browser with a session: its changes have to come from our own page. True: it is logged in. */
  function bySession(ctx: Context): boolean {
    const cookie = cookieOf(ctx.get('cookie'), sessionCookieName(ctx.state.secure));
    const session = cookie === null ? null : sessions.use(cookie);
    if (session === null) return false;
    const origin = originOf(ctx);
    if (!isPublicPage(ctx.method, ctx.path)) refuse(crossSiteProblem(origin));
    if (!isSafe(ctx.method) && !sameText(ctx.get(csrfHeader), session.csrf))
      throw new ApiError('AUTH_CSRF', `A change by a session needs the header ${csrfHeader} with what the login answered.`);
    become(ctx, session.principal, 'session');
    Object.assign(ctx.state, { session, cookie });
    return true;
  }
  /** A program with a token: no browser sends one by itself. True: it is let in. @throws ApiError AUTH_FAILED */
  function byToken(ctx: Context): boolean {
    const bearer = /^Bearer +(\S+)$/i.exec(ctx.get('authorization'))?.[1];
    if (bearer === undefined) return false;
    const principal = authority?.token(bearer) ?? null;
    if (principal === null) {
      authority?.noteLogin('(token)', ctx.state.source, 'refused');
      throw new ApiError(
        'AUTH_FAILED',
        'That token was revoked, has ended, or never was: holdfast token list shows those that there are.',
        {
          headers: { 'WWW-Authenticate': 'Bearer realm="holdfast", error="invalid_token"' },
        },
      );
    }
    become(ctx, principal, 'token');
    return true;
  }
  /** Somebody with a certificate that the front verified. Browsers send it by themselves, so changes have to come from our own page. */
  function byCertificate(ctx: Context): boolean {
    const { certificate } = ctx.state;
    const principal = certificate === null ? null : (authority?.certificate(certificate) ?? null);
    if (principal === null) return false;
    const origin = originOf(ctx);
    if (!isPublicPage(ctx.method, ctx.path)) refuse(crossSiteProblem(origin) ?? formProblem(origin));
    become(ctx, principal, 'certificate');
    return true;
  }
  /** Nobody has logged in: this machine needs no login as long as there are no users. */
  function withoutLogin(ctx: Context): void {
    const { source } = ctx.state;
    const origin = originOf(ctx);
    ctx.state.who = `anonymous@${source}`;
    if (authority?.required() === true) {
      if (!isSafe(ctx.method)) refuse(crossSiteProblem(origin) ?? formProblem(origin));
      return;
    }
    if (!isLoopback(source))
      throw new ApiError(
        'HTTP_FORBIDDEN',
        'As long as there are no users, other machines are answered the health probe and sealed requests of the cluster only.',
      );
    if (!isPublicPage(ctx.method, ctx.path)) refuse(originProblem(origin, ownNames()));
    Object.assign(ctx.state, { role: 'control', proof: 'open' });
  }

  return async function admit(ctx, next) {
    const { state } = ctx;
    if (options.isLocal(ctx.req)) {
      Object.assign(state, { who: owner, role: 'admin', proof: 'socket', source: 'socket' });
      await next();
      return;
    }
    if (!sameText(ctx.get(frontHeader), options.secret))
      throw new ApiError('HTTP_FORBIDDEN', 'Only the front may use this socket.');
    const { peer, https, certificate } = readClaims((name) => ctx.get(name));
    Object.assign(state, { source: peer, secure: https, certificate });
    if (isOpenToOtherMachines(ctx.method, ctx.path)) state.who = `anonymous@${state.source}`;
    else if (!byToken(ctx) && !bySession(ctx) && !byCertificate(ctx)) withoutLogin(ctx);
    await next();
  };
}
