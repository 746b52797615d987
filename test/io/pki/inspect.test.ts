/** Everything that can be wrong with a certificate, told at once. */
import { createPrivateKey } from 'node:crypto';
import t from 'tap';
import { parseClusterXml } from '../../../src/config/cluster-config.js';
import { openAuthority, sealAuthority } from '../../../src/io/pki/authority-file.js';
import { factsOf, inspect, readCertificates } from '../../../src/io/pki/inspect.js';
import { clusterNames, isCertifiable, serverNames, sortNames } from '../../../src/io/pki/names.js';
import { loopbackNames, serverPair, testAuthority, userPair } from './certificates.js';

const dayMs = 86_400_000;
const nowWallMs = Date.now();
const authority = await testAuthority();
const pair = await serverPair(authority);
const good = { ...pair, authority: authority.certificate, names: ['127.0.0.1', 'n1'], nowWallMs };
const codes = (given: Partial<Parameters<typeof inspect>[0]>): readonly string[] =>
  inspect({ ...good, ...given }).map(({ severity, code }) => `${severity} ${code}`);

t.test('a good one', async (t) => {
  t.same(codes({}), []);
  t.same(codes({ authority: null }), [], 'of an authority that browsers know');
  t.same(codes({ authority: pair.certificate }).includes('error AUTHORITY'), true, 'a server is no authority');
  const [leaf] = readCertificates(pair.certificate);
  if (leaf === undefined) throw new Error('none');
  t.match(factsOf(leaf), { subject: 'O=Holdfast, CN=n1', fingerprint: /^[0-9a-f]{64}$/, validTo: /Z$/ });
  t.ok(factsOf(leaf).names.includes('127.0.0.1'));
});
t.test('each thing that is wrong', async (t) => {
  const other = await testAuthority('Another');
  const foreign = await serverPair(other);
  t.same(codes({ key: foreign.key }), ['error KEY'], 'the key of another certificate');
  t.same(codes({ key: 'rubbish' }), ['error KEY']);
  const encrypted = createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
  t.match(inspect({ ...good, key: String(encrypted) }), [{ code: 'KEY', remedy: /openssl pkey/ }]);
  t.same(codes(foreign), ['error CHAIN'], 'of another authority');
  t.same(codes({ certificate: pair.certificate + foreign.certificate }), ['error CHAIN'], 'a chain that is none');
  t.same(codes({ certificate: pair.certificate + authority.certificate }), [], 'with the authority behind it');
  t.same(codes({ nowWallMs: nowWallMs + 366 * dayMs }), ['error DATES']);
  t.same(codes({ nowWallMs: nowWallMs - 2 * dayMs }), ['error DATES', 'error DATES'], 'neither is valid yet');
  t.match(inspect({ ...good, nowWallMs: nowWallMs + 350 * dayMs }), [
    { severity: 'warning', code: 'EXPIRES', message: /in 15 days|in 14 days/ },
  ]);
  t.match(inspect({ ...good, names: ['127.0.0.1', '10.0.0.1', 'www.example.org'] }), [
    { code: 'NAMES', message: /not valid for 10\.0\.0\.1, www\.example\.org,/ },
  ]);
  t.same(codes({ certificate: 'rubbish' }), ['error UNREADABLE']);
  t.same(codes({ certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }), ['error UNREADABLE']);
  const user = await userPair(authority, 'alice', 'Admin');
  t.same(codes(user), ['error USE', 'error NAMES'], 'that of a user');
  t.same(
    codes({ certificate: authority.certificate, key: authority.key }),
    ['error USE', 'error NAMES'],
    'that of the authority',
  );
  const all = codes({ ...foreign, key: pair.key, names: ['10.0.0.1'], nowWallMs: nowWallMs + 400 * dayMs });
  t.same(all, ['error KEY', 'error DATES', 'error CHAIN', 'error NAMES'], 'all at once');
});
t.test('names', async (t) => {
  const parsed = parseClusterXml(
    '<cluster><lans><lan name="a"><node name="n1" addr="10.0.0.11"/><node name="n2" addr="[fd00::2]"/></lan><lan name="b"><node name="n1" addr="n1.example.org" laddr="192.168.1.1"/></lan></lans></cluster>',
    'cluster.xml',
  );
  if (!parsed.ok) throw new Error('cluster.xml');
  t.same(clusterNames(parsed.value, 'n1'), ['10.0.0.11', 'n1.example.org', '192.168.1.1']);
  t.same(clusterNames(parsed.value, 'n2'), ['fd00::2']);
  t.same(serverNames(parsed.value, 'n2', 'Host2.example.org', ['*.example.org', 'a b']), {
    dns: ['n2', 'host2.example.org', 'host2', 'localhost', '*.example.org'],
    ip: ['127.0.0.1', '::1', 'fd00::2'],
  });
  t.same(sortNames(['N1', 'n1', 'my_node']), { dns: ['n1'], ip: [] });
  for (const [name, is] of [
    ['n1', true],
    ['a..b', false],
    ['-a', false],
    ['10.0.0.1', true],
    ['x'.repeat(254), false],
    ['*.a', true],
  ] as const)
    t.equal(isCertifiable(name), is, name);
  t.ok(loopbackNames.ip.length > 0);
});
t.test('the authority in a file', async (t) => {
  const pem = sealAuthority(authority, 'correct horse');
  t.match(pem, /BEGIN ENCRYPTED PRIVATE KEY/);
  t.same(openAuthority(pem, 'correct horse'), { ok: true, value: authority });
  t.match(openAuthority(pem, 'wrong'), { ok: false, failure: { code: 'HTTPS_PASSWORD' } });
  for (const wrong of [
    'rubbish',
    pem.replace(/BEGIN ENCRYPTED[\s\S]+/, ''),
    sealAuthority({ ...pair }, 'correct horse'),
    sealAuthority({ ...authority, key: pair.key }, 'correct horse'),
  ])
    t.match(openAuthority(wrong, 'correct horse'), { ok: false, failure: { code: 'HTTPS_CERTIFICATE' } });
});
