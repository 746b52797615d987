/** Logins by a real LDAP directory: Debian's slapd, started here with StartTLS and ldaps, and skipped by name where it is not installed. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createAuth } from '../../../src/io/auth/auth.js';
import type { LdapConfig } from '../../../src/io/auth/config.js';
import { createLdap } from '../../../src/io/auth/ldap.js';

const slapd = '/usr/sbin/slapd';
const missing =
  existsSync(slapd) && spawnSync('slapadd', ['-V']).error === undefined
    ? null
    : 'slapd is not installed (Debian: slapd ldap-utils)';
const root = { who: 'root', identity: null } as const;

const entries = `dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: uid=olga,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: olga
cn: Olga
sn: Ops
userPassword: olga's secret

dn: uid=paul,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: paul
cn: Paul
sn: Plain
userPassword: paul's secret

dn: cn=reader,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reader's secret

dn: cn=ops,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: ops
member: uid=olga,ou=people,dc=example,dc=org
`;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0));
    });
    server.on('error', reject);
  });
}

async function startSlapd(
  t: Test,
): Promise<{ readonly dir: string; readonly plain: string; readonly tls: string; stop(): Promise<void> }> {
  const dir = t.testdir({});
  mkdirSync(join(dir, 'data'));
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', 'key.pem', '-out', 'cert.pem'];
  execFileSync('openssl', ['req', '-x509', ...key, ...subject], { cwd: dir, stdio: 'ignore' });
  writeFileSync(join(dir, 'bind'), "reader's secret\n", { mode: 0o600 });
  writeFileSync(join(dir, 'entries.ldif'), entries);
  const schema = ['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`).join('\n');
  writeFileSync(
    join(dir, 'slapd.conf'),
    `${schema}
pidfile ${dir}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${dir}/cert.pem
TLSCertificateKeyFile ${dir}/key.pem
database mdb
suffix "dc=example,dc=org"
directory ${dir}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,dc=example,dc=org" read by * none
`,
  );
  execFileSync('slapadd', ['-f', join(dir, 'slapd.conf'), '-l', join(dir, 'entries.ldif')], { stdio: 'pipe' });
  const [plain, tls] = [`ldap://127.0.0.1:${await freePort()}`, `ldaps://127.0.0.1:${await freePort()}`];
  const child = spawn(slapd, ['-f', join(dir, 'slapd.conf'), '-h', `${plain} ${tls}`, '-d', '0'], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  t.teardown(stop);
  const probe = createLdap(configFor(dir, [plain]));
  for (let round = 0; round < 100; round += 1) {
    if ((await probe.look('nobody')).kind !== 'unavailable') return { dir, plain, tls, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('slapd does not answer');
}
function configFor(dir: string, servers: readonly string[], change: Partial<LdapConfig> = {}): LdapConfig {
  return {
    ...{ servers, startTls: false, caFile: join(dir, 'cert.pem'), bindDn: 'cn=reader,dc=example,dc=org' },
    ...{ bindPasswordFile: join(dir, 'bind'), base: 'ou=people,dc=example,dc=org', userAttribute: 'uid', memberOf: null },
    ...{ groupBase: 'ou=groups,dc=example,dc=org', groupAttribute: 'member', timeoutMs: 5000 },
    ...{ admin: ['CN=ops, ou=groups, DC=example,dc=org'], control: [], monitor: [], ...change },
  };
}

t.test('a real directory', { skip: missing ?? false, timeout: 110_000 }, async (t) => {
  const { dir, plain, tls, stop } = await startSlapd(t);
  for (const [what, config] of [
    ['ldaps', configFor(dir, [tls])],
    ['StartTLS', configFor(dir, [plain], { startTls: true })],
    ['a second server', configFor(dir, ['ldap://127.0.0.1:1', tls])],
  ] as const) {
    const ldap = createLdap(config);
    t.same(await ldap.login('olga', "olga's secret"), { kind: 'in', role: 'admin' }, what);
    t.match(await ldap.login('olga', 'wrong'), { kind: 'refused' }, `${what}: a wrong password`);
  }
  const ldap = createLdap(configFor(dir, [tls]));
  t.match(await ldap.login('olga', ''), { kind: 'refused' }, 'an empty password would be a bind of nobody');
  t.match(await ldap.login('paul', "paul's secret"), { kind: 'refused', why: /none of the groups/ });
  t.match(await ldap.login('nobody', 'x'), { kind: 'refused', why: /no such user/ });
  for (const name of ['*', 'ol*', 'olga)(uid=*', 'x)(|(uid=olga', '\\2a', 'olga\u0000', '(uid=olga)'])
    t.match(await ldap.login(name, "olga's secret"), { kind: 'refused' }, `${JSON.stringify(name)} is a name, not a filter`);
  t.same(await ldap.look('olga'), { kind: 'in', role: 'admin' });
  t.match(await createLdap(configFor(dir, [tls], { base: 'ou=none,dc=example,dc=org' })).login('olga', 'x'), { kind: 'refused' });

  // A certificate that is not trusted, and a bind password that others may read.
  t.match(await createLdap(configFor(dir, [tls], { caFile: null })).look('olga'), { kind: 'unavailable', why: /certificate/ });
  chmodSync(join(dir, 'bind'), 0o644);
  t.match(await ldap.look('olga'), { kind: 'unavailable', why: /chmod 0600/ });
  chmodSync(join(dir, 'bind'), 0o600);

  // The whole: a user of the file beside those of the directory.
  const problems: string[] = [];
  const auth = createAuth({
    ...{ safevar: join(dir, 'var'), node: () => 'n1', wallMs: () => Date.now(), note: () => undefined },
    ...{ onProblem: (why: string) => void problems.push(why), cost: { ln: 6, r: 8, p: 1 } },
  });
  await auth.load();
  const { caFile, bindDn, bindPasswordFile, base, userAttribute, groupBase, admin } = configFor(dir, [tls]);
  const file = JSON.stringify({
    ldap: { servers: [tls], caFile, bindDn, bindPasswordFile, base, userAttribute, groupBase, admin },
  });
  t.match(await auth.configure(file, root), { ok: true });
  await auth.addUser('paul', { role: 'monitor', password: 'of the file alone' }, root);
  const olga = await auth.login('olga', "olga's secret");
  t.match(olga, { ok: true, value: { name: 'olga', role: 'admin', method: 'ldap' } });
  t.match(await auth.login('olga', 'wrong'), { failure: { code: 'AUTH_FAILED' } });
  t.match(
    await auth.login('paul', "paul's secret"),
    { failure: { code: 'AUTH_FAILED' } },
    'who is in the file has the password of the file',
  );
  t.match(await auth.login('paul', 'of the file alone'), { ok: true });
  t.match(await auth.test('olga', "olga's secret", root), {
    value: [
      { what: 'ldap', ok: true },
      { what: 'login', ok: true },
    ],
  });
  if (olga.ok) t.same(auth.current(olga.value), olga.value);
  await stop();
  t.match(await auth.login('olga', "olga's secret"), { failure: { code: 'AUTH_UNAVAILABLE' } });
  t.match(await auth.login('paul', 'of the file alone'), { ok: true }, 'users of the file come in all the same');
  t.match(
    auth.status().ways.find((way) => way.name === 'ldap'),
    { state: 'failing' },
  );
  t.match(await auth.test(null, null, root), { value: [{ what: 'ldap', ok: false }] });
  t.match(problems, [/logins by LDAP fail/]);
  t.match(await auth.configure('{}', root), { ok: true });
  if (olga.ok) t.equal(auth.current(olga.value), null, 'who came in by the directory has ended with it');
});
