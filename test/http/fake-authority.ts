/** An authority that lets everybody in who knows the password, and remembers what it was told; for tests of the API's shapes. */

import type { Caller } from '../../src/actors/face.js';
import type { Authority, AuthStatus, Principal, TokenSummary } from '../../src/actors/face-auth.js';

const at = '2026-01-01T00:00:00.000Z';
export const goodPassword = 'correct horse';

export interface FakeAuthority extends Authority {
  readonly told: string[];
  users: Authority['users'];
}

export function fakeAuthority(required = false): FakeAuthority {
  const told: string[] = [];
  const ada: Principal = { name: 'ada', role: 'admin', method: 'password', stamp: '1' };
  const user = { name: 'ada', role: 'admin', effectiveRole: 'admin', groups: ['ops'], state: 'password', changed: at } as const;
  const group = { name: 'ops', role: 'control', members: ['ada'] } as const;
  const invitation = { code: 'c0de', expires: at, node: 'n1' } as const;
  const record = (what: string, caller: Caller): void => void told.push(`${what} by ${caller.who}`);
  const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
  const token: TokenSummary = {
    ...{ id: '0123456789ab', label: 'prometheus', owner: 'root', created: at, expires: null, expired: false },
    role: 'monitor',
  };
  const status: AuthStatus = {
    ...{ node: 'n1', required, users: 1, tokens: 1, sessions: 0, file: '/var/holdfast/auth/users.json' },
    ...{ configFile: '/var/holdfast/auth.json', problems: [], consoleUrl: 'http://10.0.0.1:9010', digest: 'ab' },
    ways: [{ name: 'users', state: 'on', message: '/var/holdfast/auth/users.json' }],
  };
  return {
    told,
    required: () => required,
    setup: () => !required,
    offer: () => ({ methods: ['password'], oidcUrl: null, plainHttp: true }),
    login: async (_name, password) =>
      password === goodPassword
        ? ok(ada)
        : { ok: false, failure: { code: 'AUTH_FAILED', message: 'The name or the password is not right.' } },
    redeem: async (code) =>
      code === invitation.code ? ok(ada) : { ok: false, failure: { code: 'AUTH_CODE', message: 'This link was used.' } },
    current: (principal) => (principal.stamp === ada.stamp ? principal : null),
    token: () => null,
    certificate: () => null,
    oidcBegin: async () => ({ ok: false, failure: { code: 'AUTH_UNAVAILABLE', message: 'It does not answer.' } }),
    oidcFinish: async () => ({ ok: false, failure: { code: 'AUTH_FAILED', message: 'It did not let you in.' } }),
    exchange: async ({ digest }) => ok({ digest, entries: null }),
    changeOwn: async () => ok(ada),
    status: () => status,
    config: async () => ok('{}\n'),
    async configure(text, caller) {
      record(`auth ${text}`, caller);
      return ok(status);
    },
    async test(name, _password, caller) {
      record(`test ${name}`, caller);
      return ok([{ what: 'ldap', ok: true, message: 'the directory answers', remedy: null }]);
    },
    async importUsers(_userConf, _groupConf, caller) {
      record('import', caller);
      return ok([{ name: 'bob', result: 'imported', message: 'Role admin.' }]);
    },
    tokens: () => [token],
    async createToken(label, role, _days, caller) {
      record(`token ${label}`, caller);
      return ok({ ...token, label, role, token: `hf_${role}_0123456789ab_${'x'.repeat(43)}` });
    },
    async revokeToken(id, caller) {
      record(`revoke ${id}`, caller);
      return ok(null);
    },
    noteLogin: (name, source, result) => void told.push(`${result} ${name}@${source}`),
    onChange: () => undefined,
    users: () => [user],
    groups: () => [group],
    async addUser(name, _change, caller) {
      record(`add ${name}`, caller);
      return ok({ user: { ...user, name }, invitation });
    },
    async changeUser(name, _change, caller) {
      record(`change ${name}`, caller);
      return ok({ user: { ...user, name }, invitation: null });
    },
    async deleteUser(name, caller) {
      record(`delete ${name}`, caller);
      return ok(null);
    },
    async setGroup(name, role, caller) {
      record(`group ${name} ${role}`, caller);
      return ok({ ...group, name, role });
    },
    async deleteGroup(name, caller) {
      record(`ungroup ${name}`, caller);
      return ok(null);
    },
  };
}
