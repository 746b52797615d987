/** Certificates as Node and OpenSSL read them. */
import { spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeRequest, makeUser, signServer } from '../../../src/io/pki/authority.js';
import { createIssuer } from '../../../src/io/pki/issuer.js';
import { loopbackNames, serverPair, testAuthority } from './certificates.js';

const openssl = spawnSync('openssl', ['version']).status === 0 ? false : 'there is no openssl here';

// A thread that compiles its modules takes its time on a busy machine.
t.setTimeout(120_000);

t.test('an authority, in a thread of its own, and a server', async (t) => {
  const issuer = createIssuer();
  const nowWallMs = Date.parse('2027-03-01T12:00:00Z');
  const authority = await issuer.authority({ name: 'Cluster CA', days: 7300, nowWallMs });
  const { request, key } = await makeRequest({ name: 'n1', names: loopbackNames });
  const pem = await signServer({ authority, request, name: 'n1', names: loopbackNames, days: 365, nowWallMs });
  const [root, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(pem)];
  t.ok(root.ca && root.verify(root.publicKey), 'self-signed');
  t.notOk(leaf.ca);
  t.ok(leaf.verify(root.publicKey) && leaf.checkIssued(root));
  t.ok(leaf.checkPrivateKey(createPrivateKey(key)));
  t.ok(leaf.checkHost('localhost') && leaf.checkIP('127.0.0.1') && leaf.checkIP('::1'));
  t.equal(leaf.checkIP('127.0.0.2'), undefined);
  t.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  t.equal(new Date(leaf.validTo).toISOString(), '2028-02-29T12:00:00.000Z', '365 days');
  t.equal(new Date(leaf.validFrom).toISOString(), '2027-03-01T11:00:00.000Z', 'an hour earlier, for clocks behind');
  t.not(leaf.serialNumber, root.serialNumber);
  await t.rejects(
    issuer.server({ authority, request: 'rubbish', name: 'n1', names: null, days: 1, nowWallMs }),
    /not a certificate request/,
  );
});

t.test('what is not signed', async (t) => {
  const authority = await testAuthority();
  const { certificate } = await serverPair(authority);
  const of = { authority, name: 'n1', names: loopbackNames, days: 1, nowWallMs: Date.now() };
  await t.rejects(signServer({ ...of, request: certificate }), /not a certificate request/);
  if (openssl !== false) return;
  const directory = mkdtempSync(join(tmpdir(), 'hf-pki-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const weak = join(directory, 'weak.pem');
  writeFileSync(
    weak,
    generateKeyPairSync('rsa', {
      modulusLength: 1024,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
  );
  const made = spawnSync('openssl', ['req', '-new', '-key', weak, '-subj', '/CN=n1'], { encoding: 'utf8' });
  await t.rejects(signServer({ ...of, request: made.stdout }), /too weak/);
  const strong = spawnSync(
    'openssl',
    [
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=x',
      '-addext',
      'subjectAltName=DNS:web.example.org,IP:10.0.0.9',
    ],
    { encoding: 'utf8' },
  );
  const asked = new X509Certificate(await signServer({ ...of, names: null, request: strong.stdout }));
  t.match(asked.subject, /CN=n1/, 'the name is the caller, never the request');
  t.ok(asked.checkHost('web.example.org') && asked.checkIP('10.0.0.9'));
  const nameless = spawnSync(
    'openssl',
    ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-subj', '/CN=x'],
    { encoding: 'utf8' },
  );
  await t.rejects(signServer({ ...of, names: null, request: nameless.stdout }), /names no address/);
  // A request whose names were changed after it was signed proves nothing.
  const der = Buffer.from(strong.stdout.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const forged = Buffer.from(der.toString('latin1').replace('web.example', 'foo.example'), 'latin1').toString('base64');
  await t.rejects(
    signServer({
      ...of,
      names: null,
      request: `-----BEGIN CERTIFICATE REQUEST-----\n${forged}\n-----END CERTIFICATE REQUEST-----\n`,
    }),
    /not signed with its own key/,
  );
});

t.test('no certificate outlives its authority', async (t) => {
  const nowWallMs = Date.now();
  const authority = await testAuthority('Short CA', nowWallMs, 10);
  const { certificate } = await serverPair(authority, loopbackNames, { nowWallMs, days: 365 });
  t.equal(new X509Certificate(certificate).validTo, new X509Certificate(authority.certificate).validTo);
});

t.test('a user as PKCS #12', { skip: openssl }, async (t) => {
  const authority = await testAuthority();
  const of = { authority, name: 'Zoë Müller', role: 'Admin', days: 30, nowWallMs: Date.now() };
  const { certificate, pkcs12 } = await makeUser({ ...of, password: 'correct horse' });
  t.equal((await makeUser({ ...of, password: null })).pkcs12, null);
  const user = new X509Certificate(certificate);
  t.same(user.toLegacyObject().subject, { CN: 'Zoë Müller', OU: 'Admin', O: 'Holdfast' });
  const directory = mkdtempSync(join(tmpdir(), 'hf-pki-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'user.p12'), pkcs12 ?? '');
  const open = (password: string) =>
    spawnSync('openssl', ['pkcs12', '-in', join(directory, 'user.p12'), '-passin', `pass:${password}`, '-nodes'], {
      encoding: 'utf8',
    });
  t.not(open('wrong').status, 0);
  const { status, stdout } = open('correct horse');
  t.equal(status, 0);
  t.equal(stdout.match(/BEGIN CERTIFICATE/g)?.length, 2, 'the authority goes along');
  const key = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/.exec(stdout)?.[0] ?? '';
  t.ok(user.checkPrivateKey(createPrivateKey(key)));
});
