/** Users of a directory, whatever it takes for their names. */
import t from 'tap';
import { defaultAuthConfig } from '../../../src/io/auth/config.js';
import { createForeign } from '../../../src/io/auth/foreign.js';

t.test('a name that logs would show otherwise never gets to the directory', async (t) => {
  const asked: string[] = [];
  const foreign = createForeign(
    {
      ...{ file: 'auth.json', config: defaultAuthConfig, problems: [], oidc: null },
      ldap: {
        // As slapd does: blanks and control characters of a name are nothing to it (RFC 4518).
        async login(name) {
          asked.push(name);
          return { kind: 'in', role: 'control' };
        },
        look: async () => ({ kind: 'in', role: 'control' }),
      },
      load: () => Promise.resolve(),
      text: async () => ({ ok: true, value: '' }),
      apply: async () => ({ ok: true, value: null }),
    },
    () => undefined,
    () => undefined,
  );
  for (const name of ['bob\n', 'bob\u0000', 'bo\u200bb', 'bob\u2028root@10.0.0.1 (Admin)', 'b'.repeat(65)])
    t.match(await foreign.login(name, 'x'), { ok: false, failure: { code: 'AUTH_FAILED' } }, encodeURIComponent(name));
  t.same(asked, []);
  t.match(await foreign.login('Bob Müller', 'x'), { ok: true, value: { name: 'Bob Müller' } });
  t.same(asked, ['Bob Müller']);
});
