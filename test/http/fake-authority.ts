/** An authority that lets everybody in who knows the password, and remembers what it was told; for tests of the API's shapes. */

import type { Caller } from '../../src/actors/face.js';
import type { Authority, Principal } from '../../src/actors/face-auth.js';

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
  return {
    told,
    required: () => required,
    setup: () => !required,
    offer: () => ({ methods: ['password'], oidcUrl: null }),
    login: async (_name, password) =>
      password === goodPassword
        ? ok(ada)
        : { ok: false, failure: { code: 'AUTH_FAILED', message: 'The name or the password is not right.' } },
    redeem: async (code) =>
      code === invitation.code ? ok(ada) : { ok: false, failure: { code: 'AUTH_CODE', message: 'This link was used.' } },
    current: (principal) => (principal.stamp === ada.stamp ? principal : null),
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
