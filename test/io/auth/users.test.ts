/** Users on disk and on several nodes, passwords, tokens, imports, auth.json. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { DirectoryExchange } from '../../../src/actors/face-auth.js';
import { type Auth, type AuthOptions, createAuth } from '../../../src/io/auth/auth.js';
import { readAuthConfig } from '../../../src/io/auth/config.js';
import { type Directory, type Entry, mergeDirectories, nextMoment, withoutOld } from '../../../src/io/auth/directory.js';
import { digestOf, readDirectory, writeDirectory } from '../../../src/io/auth/directory-file.js';
import { createPasswords, passwordProblem } from '../../../src/io/auth/passwords.js';

const root = { who: 'root', identity: null } as const;
const cost = { ln: 6, r: 8, p: 1 };
const password = 'a long walk home';

function make(
  safevar: string,
  change: Partial<AuthOptions> = {},
): { readonly auth: Auth; readonly problems: string[]; readonly notes: string[] } {
  const problems: string[] = [];
  const notes: string[] = [];
  const auth = createAuth({
    ...{
      safevar,
      node: () => 'n1',
      wallMs: () => Date.now(),
      cost,
      note: (caller, text) => void notes.push(`${caller.who}: ${text}`),
    },
    onProblem: (why) => void problems.push(why),
    ...change,
  });
  return { auth, problems, notes };
}

t.test('users and groups', async (t) => {
  const safevar = t.testdir({});
  const { auth, notes } = make(safevar);
  await auth.load();
  t.same([auth.required(), auth.setup()], [false, true]);
  t.match(await auth.addUser('ada', { role: 'admin', password }, root), { ok: true, value: { invitation: null } });
  t.same([auth.required(), auth.setup()], [true, false]);
  t.match(await auth.addUser('ada', { role: 'admin', password }, root), { failure: { code: 'USER_EXISTS' } });
  t.match(await auth.addUser('a b', { role: 'admin', password }, root), { failure: { code: 'USER_NAME' } });
  t.match(await auth.addUser('eve', { role: 'admin', password: 'short' }, root), { failure: { code: 'PASSWORD_WEAK' } });
  t.match(await auth.addUser('eve', { groups: ['ops'], password }, root), { failure: { code: 'GROUP_UNKNOWN' } });
  t.match(await auth.setGroup('o p', 'control', root), { failure: { code: 'USER_NAME' } });
  t.match(await auth.setGroup('ops', 'control', root), { ok: true });
  t.match(await auth.addUser('eve', { groups: ['ops'], password }, root), {
    value: { user: { role: null, effectiveRole: 'control' } },
  });
  t.same(auth.groups(), [{ name: 'ops', role: 'control', members: ['eve'] }]);
  const eve = await auth.login('eve', password);
  if (!eve.ok) throw new Error(eve.failure.message);
  t.same(auth.current(eve.value), eve.value);
  await auth.setGroup('ops', 'monitor', root);
  t.equal(auth.current(eve.value), null, 'another role by the group ends it');
  t.match(await auth.deleteGroup('ops', root), { ok: true });
  t.match(await auth.deleteGroup('ops', root), { failure: { code: 'GROUP_UNKNOWN' } });
  t.match(await auth.login('eve', password), { failure: { code: 'AUTH_ROLE' } });
  t.match(auth.users(), [
    { name: 'ada', state: 'password' },
    { name: 'eve', groups: [], effectiveRole: null },
  ]);
  t.match(await auth.changeUser('bob', { role: 'admin' }, root), { failure: { code: 'USER_UNKNOWN' } });
  t.match(await auth.deleteUser('bob', root), { failure: { code: 'USER_UNKNOWN' } });
  t.match(await auth.deleteUser('eve', root), { ok: true });

  const ada = await auth.login('ada', password);
  if (!ada.ok) throw new Error(ada.failure.message);
  t.match(await auth.changeOwn(ada.value, 'wrong', 'another of mine'), { failure: { code: 'AUTH_FAILED' } });
  t.match(await auth.changeOwn(ada.value, password, 'short'), { failure: { code: 'PASSWORD_WEAK' } });
  t.match(await auth.changeOwn(ada.value, password, 'another of mine'), { ok: true });
  t.match(await auth.changeOwn({ ...ada.value, method: 'ldap' }, password, 'another of mine'), {
    failure: { code: 'USER_UNKNOWN' },
  });
  t.match(await auth.login('ada', password), { failure: { code: 'AUTH_FAILED' } });

  const file = join(safevar, 'auth', 'users.json');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(join(safevar, 'auth')).mode & 0o777, 0o700);
  const kept = readFileSync(file, 'utf8');
  for (const secret of [password, 'another of mine']) t.notOk(kept.includes(secret) || notes.join().includes(secret));
  const again = make(safevar);
  await again.auth.load();
  t.match(await again.auth.login('ada', 'another of mine'), { ok: true }, 'a restart forgets nobody');
  t.equal(again.auth.status().digest, auth.status().digest);

  writeFileSync(file, kept.slice(0, kept.length / 2));
  await again.auth.load();
  t.ok(existsSync(`${file}.damaged`));
  t.match(again.problems, [/is damaged and was put aside/]);
  const third = make(safevar);
  await third.auth.load();
  t.equal(third.auth.required(), true, 'a damaged file does not open the door, not even after a restart');
  t.match(await third.auth.login('ada', 'another of mine'), { failure: { code: 'AUTH_FAILED' } });
  t.match(third.auth.status().ways[0], { state: 'failing' });
  t.match(await third.auth.addUser('eve', { role: 'admin', password }, root), { ok: true });
  t.match(third.auth.status().ways[0], { state: 'on' });
});

t.test('tokens', async (t) => {
  let now = 1_800_000_000_000;
  const { auth } = make(t.testdir({}), { wallMs: () => now });
  await auth.load();
  t.match(await auth.createToken('a b', 'monitor', null, root), { failure: { code: 'USER_NAME' } });
  const made = await auth.createToken('prometheus', 'monitor', 2, root);
  if (!made.ok) throw new Error(made.failure.message);
  const { token, id } = made.value;
  t.match(token, /^hf_monitor_[0-9a-f]{12}_[\w-]{43}$/);
  const principal = auth.token(token);
  t.match(principal, { name: 'token prometheus', role: 'monitor', method: 'token' });
  for (const other of [
    token.replace('hf_monitor', 'hf_admin'),
    `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    'x',
    '',
  ])
    t.equal(auth.token(other), null);
  t.notOk(JSON.stringify(auth.tokens()).includes(token.slice(-43)));
  if (principal !== null) t.same(auth.current(principal), principal);
  now += 3 * 86_400_000;
  t.equal(auth.token(token), null, 'its time is over');
  t.match(auth.tokens(), [{ id, expired: true }]);
  t.match(await auth.revokeToken(id, root), { ok: true });
  t.match(await auth.revokeToken(id, root), { failure: { code: 'TOKEN_UNKNOWN' } });
});

t.test('three nodes have the same users, one of them after it was away', async (t) => {
  const names = ['n1', 'n2', 'n3'] as const;
  const away = new Set<string>();
  const nodes = new Map<string, Auth>();
  let now = 1_800_000_000_000;
  for (const name of names) {
    const ask = async (to: string, ours: DirectoryExchange): Promise<DirectoryExchange | null> => {
      if (away.has(to) || away.has(name)) return null;
      const answer = await nodes.get(to)?.exchange(JSON.parse(JSON.stringify(ours)));
      return answer?.ok === true ? answer.value : null;
    };
    const wallMs = (): number => {
      now += 1;
      return name === 'n3' ? now - 3_600_000 : now;
    };
    const { auth } = make(join(t.testdirName, name), {
      node: () => name,
      wallMs,
      ask,
      peers: () => names.filter((one) => one !== name && !away.has(one)),
    });
    await auth.load();
    nodes.set(name, auth);
  }
  const of = (name: string): Auth => {
    const auth = nodes.get(name);
    if (auth === undefined) throw new Error(`no node ${name}`);
    return auth;
  };
  const digests = (): number => new Set(names.map((name) => of(name).status().digest)).size;
  await of('n1').addUser('ada', { role: 'admin', password }, root);
  await of('n2').sync();
  await of('n3').sync();
  t.equal(digests(), 1);
  t.match(await of('n3').login('ada', password), { ok: true });

  away.add('n3');
  const made = await of('n1').createToken('old', 'admin', null, root);
  await of('n2').sync();
  if (!made.ok) throw new Error(made.failure.message);
  t.not(of('n2').token(made.value.token), null);
  await of('n2').revokeToken(made.value.id, root);
  await of('n1').changeUser('ada', { role: 'control' }, root);
  await of('n3').addUser('eve', { role: 'monitor', password }, root);
  await of('n3').changeUser('ada', { role: 'monitor' }, root);
  await of('n1').sync();
  t.equal(of('n1').token(made.value.token), null, 'revoked on the other node too');
  away.delete('n3');
  await of('n3').sync();
  await of('n1').sync();
  await of('n2').sync();
  t.equal(digests(), 1, 'changes of both sides are there');
  t.match(
    of('n2').users(),
    [
      { name: 'ada', role: 'control' },
      { name: 'eve', role: 'monitor' },
    ],
    'of the same user the newest change',
  );
  t.match(
    of('n1')
      .status()
      .ways.find((way) => way.name === 'replication'),
    { state: 'on' },
  );
  t.match(await of('n1').exchange({ digest: 'x', entries: [{ kind: 'user', name: '../x' }] }), {
    failure: { code: 'HTTP_BODY' },
  });
  for (const name of names) of(name).close();
});

t.test('directories are put together the same way round, and a revoked token never comes back', (t) => {
  const token: Entry = {
    ...{ kind: 'token', name: '0123456789ab', at: 50, by: 'n1', label: 'x', role: 'admin', hash: 'h' },
    ...{ createdWallMs: 1, expiresWallMs: null, owner: 'root' },
  };
  const gone: Entry = { kind: 'gone', of: 'token', name: token.name, at: 10, by: 'n2' };
  const old: Entry = { kind: 'group', name: 'ops', at: 5, by: 'n1', role: 'admin' };
  const newer: Entry = { ...old, by: 'n2', role: 'monitor' };
  const empty: Directory = new Map();
  const left = mergeDirectories(empty, [token, old]);
  const right = mergeDirectories(empty, [gone, newer]);
  const both = mergeDirectories(left, right.values());
  t.equal(digestOf(both), digestOf(mergeDirectories(right, left.values())));
  t.same([...both.values()], [gone, newer]);
  t.equal(nextMoment(both, 3), 11, 'later than all, whatever the clock says');
  t.equal(nextMoment(both, 1000.7), 1000);
  t.equal(withoutOld(both, 401 * 86_400_000).size, 1);
  const read = readDirectory(writeDirectory(both));
  t.equal(read === null ? '' : digestOf(read), digestOf(both));
  for (const text of [
    '',
    '{',
    '[]',
    '{"format":"holdfast-users","version":2,"entries":[]}',
    '{"format":"holdfast-users","version":1,"entries":[{}]}',
  ])
    t.equal(readDirectory(text), null, text);
  const bad: readonly object[] = [
    { ...token, role: 'root' },
    { ...token, expiresWallMs: 'never' },
    { ...old, at: -1 },
    { ...gone, of: 'all' },
    { kind: 'user', name: 'x', at: 1, by: 'n', role: 'admin', groups: [], hash: 7, invited: null },
    { kind: 'user', name: 'x', at: 1, by: 'n', role: 'admin', groups: [], hash: null, invited: { hash: 'h' } },
  ];
  for (const one of bad)
    t.equal(readDirectory(JSON.stringify({ format: 'holdfast-users', version: 1, entries: [one] })), null, JSON.stringify(one));
  t.end();
});

t.test('a moment at the end of the numbers takes away no change of ours', async (t) => {
  const { auth } = make(t.testdir({}));
  await auth.load();
  t.match(await auth.addUser('ada', { role: 'admin', password }, root), { ok: true });
  const group = (at: number) => ({ kind: 'group', name: 'ops', at, by: 'n9', role: 'admin' });
  const refused = { ok: false, failure: { code: 'HTTP_BODY' } };
  for (const at of [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1, 2 ** 53 - 2 ** 20])
    t.match(await auth.exchange({ digest: 'x', entries: [group(at)] }), refused, String(at));
  // As far ahead as may be, again and again: what follows is still taken, here and by the others.
  t.match(await auth.exchange({ digest: 'x', entries: [group(2 ** 52)] }), { ok: true });
  t.match(await auth.changeUser('ada', { role: 'control' }, root), { ok: true });
  const answer = await auth.exchange({ digest: 'x', entries: null });
  const other = make(t.testdir({})).auth;
  await other.load();
  t.match(
    await other.exchange({ digest: 'x', entries: answer.ok ? answer.value.entries : null }),
    { ok: true },
    'also by one that was away',
  );
  await auth.load();
  t.match(auth.users(), [{ name: 'ada', role: 'control' }], 'and the file is read again');
});

t.test('passwords', async (t) => {
  const passwords = createPasswords({ cost, atOnce: 1, waiting: 1 });
  const hash = await passwords.hash(password);
  t.match(hash, /^\$scrypt\$ln=6,r=8,p=1\$/);
  t.not(await passwords.hash(password), hash, 'salted');
  t.equal(await passwords.verify(password, hash), true);
  t.equal(await passwords.verify(`${password} `, hash), false);
  t.equal(await passwords.verify(password, null), false);
  for (const damaged of ['', 'x', hash.replace('ln=6', 'ln=31'), hash.replace('r=8', 'r=0'), hash.slice(0, -8)])
    t.equal(await passwords.verify(password, damaged), false, damaged);
  const composed = await passwords.hash('caf\u00e9 caf\u00e9');
  t.equal(await passwords.verify('cafe\u0301 cafe\u0301', composed), true, 'however the keyboard writes it');
  t.same([passwords.outdated(hash), createPasswords().outdated(hash), passwords.outdated('x')], [false, true, true]);
  const storm = await Promise.all(Array.from({ length: 5 }, () => passwords.verify(password, hash)));
  t.same(storm.filter((one) => one === 'busy').length, 3, 'one is computed, one waits, the others are told so');
  t.equal(passwordProblem('ada', password), null);
  for (const [user, weak] of [
    ['ada', 'seven77'],
    ['ada', 'Password1'],
    ['administrator', 'administrator1'],
    ['ada', 'aaaaaaaaaa'],
    ['ada', 'x\ny long enough'],
    ['ada', 'x'.repeat(1025)],
  ] as const)
    t.type(passwordProblem(user, weak), 'string', weak.slice(0, 20));
  t.end();
});

t.test('users of SafeKit', async (t) => {
  const { auth } = make(t.testdir({}));
  await auth.load();
  const users = [
    '# made by htpasswd',
    'u1:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/',
    'u2:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC',
    'u3:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ=',
    'bad/name:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/',
  ].join('\n');
  const groups = 'Admin : u1\nControl : u2 u3\nMonitor :';
  t.match(await auth.importUsers(users, 'Root : u1', root), { failure: { code: 'USER_FILE', message: /group.conf:1/ } });
  t.match(await auth.importUsers('no colon', null, root), { failure: { code: 'USER_FILE', message: /user.conf:1/ } });
  const imported = await auth.importUsers(users, groups, root);
  if (!imported.ok) throw new Error(imported.failure.message);
  t.same(imported.value.map(({ name, result }) => [name, result]).sort(), [
    ['bad/name', 'refused'],
    ['u1', 'imported'],
    ['u2', 'imported'],
    ['u3', 'refused'],
  ]);
  t.match(await auth.importUsers(users, null, root), {
    value: [{ name: 'u3' }, { name: 'bad/name' }, { name: 'u1', result: 'kept' }, { name: 'u2', result: 'kept' }],
  });
  t.match(await auth.login('u1', 'myPassword'), { value: { role: 'admin' } }, "the vector of Apache's documentation");
  t.match(await auth.login('u1', 'myPassword'), { ok: true }, 'now by a hash of ours');
  t.match(await auth.login('u1', 'other'), { ok: false });
  t.match(await auth.login('u2', 'myPassword'), { value: { role: 'control' } }, 'bcrypt');
});

t.test('auth.json says what is wrong in it, with line and remedy', async (t) => {
  const codes = async (value: object | string): Promise<readonly string[]> => {
    const read = await readAuthConfig('auth.json', typeof value === 'string' ? value : JSON.stringify(value, null, 1));
    return read.ok ? [] : read.problems.map((problem) => `${problem.line} ${problem.code} ${problem.attribute}`);
  };
  const ldap = { servers: ['ldaps://a'], base: 'dc=x', admin: ['cn=ops'] };
  const oidc = { issuer: 'https://login.example', clientId: 'x', admin: ['groups:ops'] };
  t.same(await codes({ plainHttp: false, ldap, oidc, certificates: { enabled: false } }), []);
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ ldap: { ...ldap, servers: ['ldap://a'] } }, /CONF_CONFLICT servers/],
    [{ ldap: { ...ldap, startTls: true } }, /CONF_CONFLICT startTls/],
    [{ ldap: { ...ldap, servers: ['http://a'] } }, /CONF_ATTRIBUTE_VALUE/],
    [{ ldap: { ...ldap, admin: [] } }, /CONF_CONFLICT admin/],
    [{ ldap: { ...ldap, bindDn: 'cn=x' } }, /CONF_CONFLICT bindDn/],
    [{ ldap: { ...ldap, memberOf: 'memberOf', groupBase: 'ou=g' } }, /CONF_CONFLICT memberOf/],
    [{ ldap: { ...ldap, userAttribute: 'uid)(x' } }, /CONF_ATTRIBUTE_VALUE userAttribute/],
    [{ ldap: { ...ldap, caFile: 'ca.pem' } }, /CONF_ATTRIBUTE_VALUE caFile/],
    [{ oidc: { ...oidc, issuer: 'http://login.example' } }, /CONF_ATTRIBUTE_VALUE issuer/],
    [{ oidc: { ...oidc, admin: ['ops'] } }, /CONF_CONFLICT admin/],
    [{ other: 1 }, /CONF_SETTING_UNKNOWN other/],
  ];
  for (const [value, code] of wrong) t.match((await codes(value)).join(), code, JSON.stringify(value));
  t.match((await codes('{\n"ldap": }')).join(), /^2 CONF_SYNTAX/);

  const safevar = t.testdir({ 'auth.json': '{"ldap": 7}' });
  const { auth, problems } = make(safevar);
  await auth.load();
  t.match(problems, [/auth.json has errors/]);
  t.equal(auth.required(), true, 'what is wrong opens no door');
  t.match(auth.offer(), { plainHttp: false });
  t.equal(auth.certificate({ name: 'ada', units: ['Admin'], serial: '', fingerprint: '' }), null);
  t.match(await auth.configure('{"x": 1}', root), { failure: { code: 'CONF_INVALID' } });
  t.match(await auth.configure('{"certificates": {"roleFromUnit": true}}', root), { ok: true });
  t.equal(auth.required(), false);
  t.match(await auth.config(), { value: /roleFromUnit/ });
  const principal = auth.certificate({ name: 'lea', units: ['x', 'Control'], serial: '', fingerprint: '' });
  t.match(principal, { name: 'lea', role: 'control', method: 'certificate' });
  if (principal !== null) t.same(auth.current(principal), principal);
  t.equal(auth.certificate({ name: 'lea', units: ['Root'], serial: '', fingerprint: '' }), null);
  t.match(
    auth.certificate({ name: 'lea\nroot', units: ['Control'], serial: '', fingerprint: '' }),
    { name: 'lea?root' },
    'no line of a log is forged',
  );
  await auth.addUser('bob', { role: 'monitor' }, root);
  t.match(
    auth.certificate({ name: 'bob', units: ['Admin'], serial: '', fingerprint: '' }),
    { role: 'monitor' },
    'a user of the file is what the file says',
  );
  t.match(await make(t.testdir({})).auth.config(), { failure: { code: 'CONF_NONE' } });
});
