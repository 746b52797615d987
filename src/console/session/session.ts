/** The session of this browser: found at the start, begun by the login page, ended by logout or by the daemon. */
import { computed, signal } from '@preact/signals';
import { type Api, ApiFailure, createApi } from '../api/client.js';
import { isAtLeast, type LoginInfo, type Role, type Session } from './session.types.js';

export type SessionState =
  /** It is not known yet whether a login is needed. */
  | { readonly kind: 'asking' }
  | { readonly kind: 'in'; readonly session: Session }
  /** `ended`: there was a session in this page, and it is over. */
  | { readonly kind: 'out'; readonly login: LoginInfo; readonly ended: boolean }
  /** No user exists, and from here none can be made. */
  | { readonly kind: 'setup' }
  /** The daemon does not answer. */
  | { readonly kind: 'silent'; readonly message: string };

export const sessionState = signal<SessionState>({ kind: 'asking' });
export const session = computed<Session | null>(() => (sessionState.value.kind === 'in' ? sessionState.value.session : null));
/** Whether the user may do what needs that role. */
export function may(role: Role): boolean {
  const now = session.value;
  return now !== null && isAtLeast(now.role, role);
}

export const api: Api = createApi({
  csrf: () => session.peek()?.csrf ?? null,
  onUnauthorized: () => {
    if (sessionState.peek().kind === 'in') void askLogin(true);
  },
});

const usualLogin: LoginInfo = { methods: ['password'], https: location.protocol === 'https:', setup: false };

/** No session: what the login page has to offer, or that none is needed yet. */
async function askLogin(ended: boolean): Promise<void> {
  let login = usualLogin;
  try {
    login = await api.get<LoginInfo>('/login');
  } catch (error) {
    // A daemon without logins answers this machine without one.
    if (!(error instanceof ApiFailure) || error.status === 0) {
      sessionState.value = { kind: 'silent', message: error instanceof Error ? error.message : String(error) };
      return;
    }
    login = { ...usualLogin, setup: true };
  }
  sessionState.value = login.setup ? await askOpen() : { kind: 'out', login, ended };
}
/** Before there is any user, this machine may do all (ADR 0005), and other machines nothing. */
async function askOpen(): Promise<SessionState> {
  try {
    await api.get('/cluster');
    return { kind: 'in', session: { user: '', role: 'admin', csrf: null, expires: null } };
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 0) return { kind: 'silent', message: error.message };
    return { kind: 'setup' };
  }
}
/** Looks whether there is a session; called at the start, and again where the daemon was silent. */
export async function findSession(): Promise<void> {
  try {
    sessionState.value = { kind: 'in', session: await api.get<Session>('/session') };
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 0) sessionState.value = { kind: 'silent', message: error.message };
    else await askLogin(false);
  }
}
/** @throws ApiFailure when the daemon refuses */
export async function logIn(user: string, password: string): Promise<void> {
  sessionState.value = { kind: 'in', session: await api.json<Session>('POST', '/session', { json: { user, password } }) };
}
/** Redeems a one-time link. @throws ApiFailure when the daemon refuses */
export async function redeem(code: string, user: string, password: string): Promise<void> {
  const begun = await api.json<Session>('POST', '/session/first', { json: { code, user, password } });
  sessionState.value = { kind: 'in', session: begun };
}
export async function logOut(): Promise<void> {
  await api.send('DELETE', '/session').catch(() => undefined);
  await askLogin(false);
}
