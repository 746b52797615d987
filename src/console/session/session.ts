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

const usualLogin: LoginInfo = { methods: [], oidcUrl: null, https: location.protocol === 'https:', setup: true, node: '' };

/** No session: what the login page has to offer, or that none is needed yet. */
async function askLogin(ended: boolean): Promise<void> {
  let login = usualLogin;
  try {
    login = await api.get<LoginInfo>('/login');
  } catch (error) {
    // Before there is a user, other machines are not even told how to log in.
    if (!(error instanceof ApiFailure) || error.status === 0) {
      sessionState.value = { kind: 'silent', message: error instanceof Error ? error.message : String(error) };
      return;
    }
  }
  sessionState.value = login.setup ? { kind: 'setup' } : { kind: 'out', login, ended };
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
export async function redeem(code: string, password: string): Promise<void> {
  const begun = await api.json<Session>('POST', '/session/first', { json: { code, password } });
  sessionState.value = { kind: 'in', session: begun };
}
export async function logOut(): Promise<void> {
  await api.send('DELETE', '/session').catch(() => undefined);
  await askLogin(false);
}
