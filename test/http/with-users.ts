/** A web service with the real users' file, three users and cheap passwords, and ways to come in as each of them. */
import type { Test } from 'tap';
import { apiBase, csrfHeader } from '../../src/http/api-types.js';
import { type Auth, createAuth } from '../../src/io/auth/auth.js';
import { type Answer, ask, type Running, type StartOptions, start } from './harness.js';

export const root = { who: 'root', identity: null } as const;
export const password = 'a long walk home';
export const userRoles = ['monitor', 'control', 'admin'] as const;
type UserRole = (typeof userRoles)[number];
type Headers = Readonly<Record<string, string>>;

/** A member of the answer's document as text; empty where it is not there. */
export function textOf({ json }: Answer, name: string): string {
  if (typeof json !== 'object' || json === null) return '';
  return String(Object.entries(json).find(([key]) => key === name)?.[1] ?? '');
}
/** The code of a problem document; empty where the answer is none. */
export const codeOf = (answer: Answer): string => textOf(answer, 'code');
/** The session's cookie as the browser sends it back. */
export const cookieOf = (answer: Answer): string => answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';

export interface WithUsers {
  readonly auth: Auth;
  readonly running: Running;
  /** What the command log was told. */
  readonly notes: string[];
  /** The headers of a new session. */
  login(user: string): Promise<Headers>;
  /** One try, from that address of this machine. */
  attempt(user: string, secret: string, from?: string): Promise<Answer>;
  token(role: UserRole): Promise<{ readonly id: string; readonly header: string }>;
}

/** Users are named as their roles. */
export async function withUsers(t: Test, options: StartOptions = {}): Promise<WithUsers> {
  const notes: string[] = [];
  const auth = createAuth({
    ...{ safevar: t.testdir(), node: () => 'n1', wallMs: () => Date.now(), onProblem: (why) => t.fail(why) },
    note: (caller, text) => void notes.push(`${caller.who}: ${text}`),
    cost: { ln: 6, r: 8, p: 1 },
  });
  await auth.load();
  for (const role of userRoles) await auth.addUser(role, { role, password }, root);
  const running = await start(t, { ...options, authority: auth });
  const attempt: WithUsers['attempt'] = (user, secret, from = '127.0.0.1') =>
    ask({ host: '127.0.0.1', port: running.port, localAddress: from }, `${apiBase}/session`, {
      method: 'POST',
      json: { user, password: secret },
    });
  return {
    ...{ auth, running, notes, attempt },
    async login(user) {
      const answer = await attempt(user, password);
      return { cookie: cookieOf(answer), [csrfHeader]: textOf(answer, 'csrf') };
    },
    async token(role) {
      const made = await auth.createToken(role, role, null, root);
      if (!made.ok) throw new Error(made.failure.message);
      return { id: made.value.id, header: `Bearer ${made.value.token}` };
    },
  };
}
