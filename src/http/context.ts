/** What the steps of a request share: the Koa context with what is known of who asks. */
import type Koa from 'koa';
import type { Principal } from '../actors/face-auth.js';
import type { RouteRole } from './auth-roles.js';
import type { Session } from './auth-sessions.js';
import type { ClientCertificate } from './front/claims.js';

/** What is known of a request besides itself. */
export interface State {
  who: string;
  /** What it may do. */
  role: RouteRole;
  /** How it proved who it is; `open`: it did not, and comes from this machine while there are no users. */
  proof: 'none' | 'open' | 'socket' | 'session' | 'token' | 'certificate' | 'sealed';
  /** The name by which it logged in; null where it did not. */
  user: string | null;
  session: Session | null;
  principal: Principal | null;
  /** The secret of the session's cookie. */
  cookie: string | null;
  /** It came by HTTPS. */
  secure: boolean;
  identity: string | null;
  /** Asked by another node, or of this node alone. */
  local: boolean;
  sealed: boolean;
  /** The node that sealed it; null where it came otherwise. */
  from: string | null;
  /** Where it comes from, for counting what it holds. */
  source: string;
  /** The client certificate that the front verified. */
  certificate: ClientCertificate | null;
  /** The body, when it has been read already. */
  body: Buffer | null;
}
export type Context = Koa.ParameterizedContext<State>;
export type Next = () => Promise<unknown>;
export type Step = (ctx: Context, next: Next) => Promise<void>;

/** Aborted when the client goes away. */
export function signalOf(ctx: Context): AbortSignal {
  const gone = new AbortController();
  ctx.res.once('close', () => gone.abort());
  return gone.signal;
}
/** Those of the request's headers that are named and there. */
export function headersOf(ctx: Context, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (ctx.get(name) === '' ? [] : [[name, ctx.get(name)]])));
}
