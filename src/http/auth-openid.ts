/**
 * The two addresses of a login at an OpenID provider: `/openid/login` sends the browser there, `/openid` is where it comes back (section 6.4
 * of the compatibility page). Only by HTTPS. What belongs to one login is kept here, found by its state, and good only for the browser that
 * began it: it has a cookie of its own.
 */
import { createHash } from 'node:crypto';
import type { OidcPending } from '../actors/face-auth.js';
import { cookieOf, sessionCookieName, setCookie } from './auth-cookies.js';
import type { Gate } from './auth-gate.js';
import type { Context, Step } from './context.js';
import { ApiError } from './problem.js';

const cookieName = '__Host-holdfast_openid';
/** How long somebody may take at the provider. */
const patienceMs = 10 * 60_000;
/** Logins under way at once; the oldest goes first. */
const mostPending = 500;
const console = '/console/';

const digest = (state: string): string => createHash('sha256').update(state).digest('base64url');

export function createOpenid({ authority, sessions }: Gate): Step {
  const pending = new Map<string, { readonly login: OidcPending; readonly untilMs: number }>();

  function redirect(ctx: Context, to: string, cookies: readonly string[]): void {
    ctx.status = 303;
    ctx.set('Location', to);
    ctx.set('Set-Cookie', [...cookies]);
    ctx.body = '';
  }
  function failed(ctx: Context, code: string): void {
    redirect(ctx, `${console}?login=${code}`, [setCookie(cookieName, '', true, { sameSite: 'Lax', maxAgeS: 0 })]);
  }
  async function begin(ctx: Context): Promise<void> {
    const begun = await authority?.oidcBegin(`https://${ctx.get('host')}/openid`);
    if (begun === undefined || !begun.ok) {
      failed(ctx, begun?.failure.code ?? 'AUTH_FAILED');
      return;
    }
    const { url, pending: login } = begun.value;
    pending.set(digest(login.state), { login, untilMs: performance.now() + patienceMs });
    for (const oldest of pending.keys()) {
      if (pending.size <= mostPending) break;
      pending.delete(oldest);
    }
    redirect(ctx, url, [setCookie(cookieName, digest(login.state), true, { sameSite: 'Lax', maxAgeS: patienceMs / 1000 })]);
  }
  async function finish(ctx: Context): Promise<void> {
    const state = new URLSearchParams(ctx.querystring).get('state') ?? '';
    const key = digest(state);
    const found = pending.get(key);
    pending.delete(key);
    // The answer to a login that another browser began would log this one in as somebody else.
    const own = cookieOf(ctx.get('cookie'), cookieName) === key;
    if (found === undefined || !own || found.untilMs < performance.now() || authority === null) {
      failed(ctx, 'AUTH_CODE');
      return;
    }
    const outcome = await authority.oidcFinish(ctx.originalUrl, found.login);
    if (!outcome.ok) {
      authority.noteLogin('(OpenID)', ctx.state.source, 'refused');
      failed(ctx, outcome.failure.code);
      return;
    }
    const { name, role } = outcome.value;
    authority.noteLogin(name, ctx.state.source, 'in', role);
    const { secret } = sessions.open(outcome.value);
    redirect(ctx, console, [
      setCookie(sessionCookieName(true), secret, true),
      setCookie(cookieName, '', true, { sameSite: 'Lax', maxAgeS: 0 }),
    ]);
  }
  return async function openid(ctx, next) {
    const [begins, ends] = [ctx.path === '/openid/login', ctx.path === '/openid'];
    if (ctx.method !== 'GET' || ctx.state.sealed || !(begins || ends)) {
      await next();
      return;
    }
    if (!ctx.state.secure) throw new ApiError('AUTH_REQUIRED', 'A login at an OpenID provider is only possible by HTTPS.');
    if (begins) await begin(ctx);
    else await finish(ctx);
  };
}
