/** Logging in and out. */

import type { Outcome } from '../../actors/face.js';
import type { Authority, Principal } from '../../actors/face-auth.js';
import { isLoopback } from '../access-rules.js';
import type { LoginMethods, SessionInfo } from '../api-types.js';
import { sessionCookieName, setCookie } from '../auth-cookies.js';
import type { Session } from '../auth-sessions.js';
import { ApiError, errorOf } from '../problem.js';
import { type ApiReply, type ApiRequest, type Handler, json, type Services } from '../request.js';

/** What stands for all codes of one-time links in the throttle. */
const codesOfLinks = '(one-time link)';

function infoOf({ principal, csrf, expiresWallMs }: Session): SessionInfo {
  return { user: principal.name, role: principal.role, csrf, expires: new Date(expiresWallMs).toISOString() };
}

/** Opens a session for whoever proved who they are; a session that the browser had before ends. */
function opened(principal: Principal, request: ApiRequest, { gate }: Services): ApiReply {
  const { cookie, secure } = request.access;
  if (cookie !== null) gate.sessions.close(cookie);
  const { secret, session } = gate.sessions.open(principal);
  return {
    kind: 'json',
    value: infoOf(session),
    headers: { 'Set-Cookie': setCookie(sessionCookieName(secure), secret, secure) },
  };
}

/** Lets a try in, counts it, and tells the log what came of it. @throws ApiError AUTH_THROTTLED and the outcome's */
async function tried(
  name: string,
  request: ApiRequest,
  { gate }: Services,
  attempt: () => Promise<Outcome<Principal>>,
): Promise<Principal> {
  const { source } = request.access;
  const { throttle, authority } = gate;
  const waitMs = throttle.enter(name, source, source === 'socket' || isLoopback(source));
  if (waitMs > 0) {
    authority?.noteLogin(name, source, 'throttled');
    const seconds = Math.ceil(waitMs / 1000);
    throw new ApiError('AUTH_THROTTLED', `Too many wrong tries: the next one is answered in ${seconds} s.`, {
      headers: { 'Retry-After': String(seconds) },
    });
  }
  const outcome = await attempt();
  if (outcome.ok) {
    throttle.right(name, source);
    authority?.noteLogin(outcome.value.name, source, 'in', outcome.value.role);
    return outcome.value;
  }
  const { code } = outcome.failure;
  if (code === 'AUTH_FAILED' || code === 'AUTH_CODE') authority?.noteLogin(name, source, 'refused');
  else throttle.undo(name, source);
  throw errorOf(outcome.failure);
}

export const getLogin: Handler = (request, { gate, face }) => {
  const { secure } = request.access;
  const { methods, oidcUrl } = gate.authority?.offer() ?? { methods: [], oidcUrl: null };
  const value: LoginMethods = {
    // A login at an OpenID provider is only possible by HTTPS (section 6.4 of the compatibility page).
    methods: secure ? methods : methods.filter((method) => method !== 'oidc'),
    oidcUrl: secure ? oidcUrl : null,
    https: secure,
    setup: gate.authority?.setup() ?? true,
    node: face.node,
  };
  return json(value);
};
/** Passwords that others could read on their way are refused where auth.json says so. @throws ApiError AUTH_REQUIRED */
function requireSafeWay({ access }: ApiRequest, authority: Authority): void {
  const { secure, source } = access;
  if (secure || source === 'socket' || isLoopback(source) || authority.offer().plainHttp) return;
  throw new ApiError(
    'AUTH_REQUIRED',
    'By HTTP nobody logs in from another machine here (plainHttp of auth.json): take https://.',
  );
}
export const postSession: Handler = async (request, services) => {
  const { user, password } = await request.json('LoginBody');
  const { authority } = services.gate;
  if (authority === null) throw new ApiError('AUTH_FAILED', 'There are no users.');
  requireSafeWay(request, authority);
  return opened(await tried(user, request, services, () => authority.login(user, password)), request, services);
};
export const postFirstPassword: Handler = async (request, services) => {
  const { code, password } = await request.json('FirstPasswordBody');
  const { authority } = services.gate;
  if (authority === null) throw new ApiError('AUTH_CODE', 'There are no one-time links.');
  requireSafeWay(request, authority);
  const { source } = request.access;
  return opened(await tried(codesOfLinks, request, services, () => authority.redeem(code, password, source)), request, services);
};
export const putOwnPassword: Handler = async (request, services) => {
  const { old, password } = await request.json('OwnPasswordBody');
  const { authority } = services.gate;
  const { session } = request.access;
  if (authority === null || session === null)
    throw new ApiError(
      'USER_UNKNOWN',
      'Only who has logged in by a session has a password of their own; holdfast user passwd NAME sets another.',
    );
  requireSafeWay(request, authority);
  const { principal } = session;
  const attempt = () => authority.changeOwn(principal, old, password);
  return opened(await tried(principal.name, request, services, attempt), request, services);
};
export const getSession: Handler = ({ access, caller, role }) => {
  if (access.session !== null) return json(infoOf(access.session));
  if (role === 'none') throw new ApiError('AUTH_REQUIRED', 'Nobody is logged in.');
  const value: SessionInfo = { user: access.user ?? caller.who, role, csrf: null, expires: null };
  return json(value);
};
export const deleteSession: Handler = ({ access }, { gate }) => {
  if (access.cookie !== null) gate.sessions.close(access.cookie);
  if (access.session !== null) gate.authority?.noteLogin(access.session.principal.name, access.source, 'out');
  const name = sessionCookieName(access.secure);
  return { kind: 'empty', headers: { 'Set-Cookie': setCookie(name, '', access.secure, { maxAgeS: 0 }) } };
};
