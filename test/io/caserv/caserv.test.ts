/** The CA helper, with a real thread and real certificates: whom it believes, what it signs, when it ends; and a node that asks it. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseClusterXml } from '../../../src/config/cluster-config.js';
import type { CaservAnswer, CaservRequest } from '../../../src/io/caserv/messages.js';
import { pinOf } from '../../../src/io/caserv/password.js';
import { createCaHelper, type ManagedCaHelper } from '../../../src/io/caserv/service.js';
import { type OpenCaserv, openCaserv } from '../../../src/io/caserv/thread.js';
import { makeAuthority, makeRequest, makeUser, signServer, signUser } from '../../../src/io/pki/authority.js';
import { createHttps } from '../../../src/io/pki/https.js';
import type { ManagedHttps } from '../../../src/io/pki/https-parts.js';
import type { Issuer } from '../../../src/io/pki/issuer.js';
import { createHttpsStore } from '../../../src/io/pki/store.js';
import { createVirtualClock, type VirtualClock } from '../../helpers/virtual-clock.js';

const root = { who: 'root', identity: null };
const issuer: Issuer = {
  authority: makeAuthority,
  request: makeRequest,
  server: signServer,
  user: makeUser,
  userRequest: signUser,
};
const parsed = parseClusterXml(
  '<cluster><lans><lan name="a"><node name="n1" addr="10.0.0.1"/><node name="n2" addr="10.0.0.2"/></lan></lans></cluster>',
  'cluster.xml',
);
if (!parsed.ok) throw new Error('cluster.xml');
const cluster = { config: parsed.value };

interface Place {
  readonly https: ManagedHttps;
  readonly helper: ManagedCaHelper;
  readonly clock: VirtualClock;
  readonly lines: string[];
  readonly notes: string[];
}
function placeOf(t: Test, node: string, inCluster: boolean, open: OpenCaserv = openCaserv): Place {
  const directory = mkdtempSync(join(tmpdir(), 'hf-ca-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const clock = createVirtualClock(1000, Date.now());
  const [lines, notes]: [string[], string[]] = [[], []];
  const said = {
    log: ({ message }: { readonly message: string }) => void lines.push(message),
    note: (_caller: unknown, text: string) => void notes.push(text),
  };
  const https = createHttps({
    ...{
      store: createHttpsStore(directory, (reason) => lines.push(reason)),
      issuer,
      clock,
      hostname: `${node}.example.org`,
      port: 9453,
    },
    ...{ node: () => node, cluster: () => (inCluster ? cluster : null), onChange: () => undefined, ...said },
    ask: async () => ({ ok: false, failure: { code: 'NODE_UNREACHABLE', message: 'It is away.' } }),
  });
  const helper = createCaHelper({
    ...{
      https,
      issuer,
      clock,
      node: () => node,
      hostname: `${node}.example.org`,
      port: 0,
      hosts: () => ['127.0.0.1'],
      open,
      ...said,
    },
  });
  t.teardown(async () => {
    https.close();
    await helper.close();
  });
  return { https, helper, clock, lines, notes };
}

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}
function ask(url: string, path: string, ca: string, options: Readonly<Record<string, unknown>> = {}, body = ''): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, { ca, agent: false, ...options }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
const basic = (password: string, user = 'CA_admin'): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

t.test('who is believed, and what is signed', async (t) => {
  const { https, helper, lines, notes } = placeOf(t, 'n1', true);
  t.match(helper.status(), { running: false, urls: [], until: null });
  const started = await helper.start({}, root);
  if (!started.ok) throw new Error(started.failure.message);
  const { urls, password, fingerprint } = started.value;
  const [url = ''] = urls;
  const secret = password ?? '';
  t.equal(pinOf(secret), fingerprint?.slice(0, 32), 'the password says which authority it is of');
  t.notOk(https.status().on, 'HTTPS is not switched on by it');
  t.equal(helper.status().fingerprint, fingerprint);
  t.notOk(JSON.stringify([helper.status(), lines, notes]).includes(secret), 'the password is said once');

  const ca = (await ask(url, '/certs/cacert.crt', '', { rejectUnauthorized: false })).text;
  t.equal(new X509Certificate(ca).fingerprint256.replaceAll(':', '').toLowerCase(), fingerprint);
  await t.rejects(ask(url, '/certs/cacert.crt', ''), /certificate/, 'its own certificate is of that authority');
  await t.rejects(ask(url, '/certs/cacert.crt', ca, { maxVersion: 'TLSv1.2' }), 'TLS 1.3 alone');

  const auth = { authorization: basic(secret) };
  const post = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = auth): Promise<Got> => {
    const body = new URLSearchParams(fields).toString();
    return ask(
      ...([url, '/caserv', ca] as const),
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } },
      body,
    );
  };
  t.match(await ask(url, '/caserv', ca), { status: 401, headers: { 'www-authenticate': /^Basic/ } });
  const page = await ask(url, '/caserv', ca, { headers: auth });
  t.match(page, { status: 200, headers: { 'content-type': /html/, 'content-security-policy': /default-src 'none'/ } });
  t.notMatch(page.text, /<script/);
  t.match(await ask(url, '/caserv', ca, { method: 'DELETE', headers: auth }), { status: 405 });
  t.match(await ask(url, '/certs/none.crt', ca, { headers: auth }), { status: 404 });

  const server = await makeRequest({ name: 'lb', names: { dns: ['lb.example.org'], ip: ['10.0.0.9'] } });
  const action = 'signrequest';
  for (const [fields, why] of [
    [{}, /action/],
    [{ action, name: '../x', servercsr: 'PEM' }, /name/],
    [{ action, name: 'lb' }, /One of/],
    [{ action, name: 'lb', servercsr: 'PEM', usercsr: 'PEM' }, /One of/],
    [{ action, name: 'lb', usercsr: 'PEM', role: 'King' }, /role/],
    [{ action, name: 'lb', servercsr: 'PEM' }, /HTTPS_CERTIFICATE/],
  ] as const) {
    t.match(await post(fields), { status: 422, text: why });
  }
  t.match(await post({ action }, { ...auth, 'content-type': 'text/plain' }), { status: 422, text: /cannot be read/ });
  t.match(await post({ action }, { ...auth, origin: 'https://evil.example' }), { status: 403 }, 'a page of another site');
  t.match(await post({ action, name: 'x'.repeat(70_000) }), { status: 413 });

  const signed = await post({ action, name: 'lb', servercsr: server.request });
  t.match(signed, { status: 201, headers: { location: '/certs/lb.crt', 'x-holdfast-node': 'n1' } });
  const leaf = new X509Certificate(signed.text);
  t.ok(leaf.verify(new X509Certificate(ca).publicKey));
  t.ok(leaf.checkIP('10.0.0.9') && leaf.checkHost('lb.example.org'), 'a stranger gets what it asks for');
  t.equal((await ask(url, '/certs/lb.crt', ca, { headers: auth })).text, signed.text);
  t.match(await ask(url, '/certs/lb.crt', ca), { status: 401 });

  // As curl -F sends it; and a node of the cluster is certified for what cluster.xml says of it.
  const boundary = 'xyz';
  const parts = Object.entries({ action, name: 'n2', servercsr: server.request })
    .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('');
  const member = await ask(
    ...([url, '/caserv', ca] as const),
    { method: 'POST', headers: { ...auth, 'content-type': `multipart/form-data; boundary=${boundary}` } },
    `${parts}--${boundary}--\r\n`,
  );
  t.equal(member.status, 201);
  t.ok(new X509Certificate(member.text).checkIP('10.0.0.2'));
  t.notOk(new X509Certificate(member.text).checkIP('10.0.0.9'));

  const user = await post({ action, name: 'alice', usercsr: server.request, role: 'control' });
  t.match(new X509Certificate(user.text).subject, /CN=alice\nOU=Control/);
  t.same(
    helper.status().issued.map(({ name, use, peer }) => `${name} ${use} ${peer}`),
    ['lb server 127.0.0.1', 'n2 server 127.0.0.1', 'alice user 127.0.0.1'],
  );
  t.equal(notes.filter((line) => line.includes('certificate for')).length, 3);

  for (const wrong of [basic(`${secret}x`), basic(secret, 'root'), 'Basic !', 'Bearer x', basic('')])
    t.match(await ask(url, '/caserv', ca, { headers: { authorization: wrong } }), { status: 401 });
  t.match(await ask(url, '/caserv', ca, { headers: auth }), { status: 429 }, 'after five wrong ones nobody is listened to');

  t.match(await helper.stop(root), { running: false });
  await t.rejects(ask(url, '/certs/cacert.crt', ca), /ECONNREFUSED/, 'the port is closed');
  t.match(await helper.stop(root), { running: false }, 'twice is no harm');
});

t.test('a node has its certificate signed', async (t) => {
  const { helper } = placeOf(t, 'n1', true);
  const n2 = placeOf(t, 'n2', true);
  const stranger = placeOf(t, 's1', false);
  const started = await helper.start({}, root);
  if (!started.ok) throw new Error(started.failure.message);
  const { urls, password, fingerprint } = started.value;
  const order = { url: urls[0] ?? '', user: 'CA_admin', password: password ?? '' };

  const refused = async (
    changed: Partial<typeof order> & { fingerprint?: string },
    code: string,
    message: RegExp,
  ): Promise<void> => {
    t.match(await n2.helper.request({ ...order, ...changed }, root), { ok: false, failure: { code, message } });
  };
  await refused({ url: 'http://127.0.0.1:9001' }, 'HTTPS_HELPER', /no address/);
  await refused({ url: 'nonsense' }, 'HTTPS_HELPER', /no address/);
  await refused({ url: 'https://127.0.0.1:1' }, 'HTTPS_HELPER', /cannot be reached/);
  await refused({ password: 'chosen by a person' }, 'HTTPS_HELPER', new RegExp(`${fingerprint}.*--fingerprint`));
  await refused({ fingerprint: 'ab'.repeat(32) }, 'HTTPS_HELPER', /was not sent/);
  await refused({ fingerprint: '' }, 'HTTPS_HELPER', /was not sent/);
  await refused({ password: 'chosen by a person', fingerprint: fingerprint ?? '' }, 'HTTPS_PASSWORD', /refuses/);
  t.notOk(n2.https.status().on);

  const got = await n2.helper.request(order, root);
  t.match(got, { ok: true, value: { on: true, kind: 'private', authorityNode: 'n1', findings: [] } });
  t.ok(n2.https.status().certificate?.names.includes('10.0.0.2'));
  t.match(n2.lines, [/HTTPS set up by root/]);

  const other = await stranger.helper.request(order, root);
  t.match(
    other,
    { ok: true, value: { on: true, kind: 'own', authorityNode: null } },
    'outside of the cluster it is renewed by hand',
  );
  t.ok(stranger.https.status().wanted.includes('s1.example.org'));
  t.match(await stranger.https.off(true, root), { ok: true });

  await helper.stop(root);
  const again = await helper.start({ password: 'chosen by a person' }, root);
  t.match(again, { ok: true, value: { password: null, fingerprint } }, 'the same authority');
  const chosen = { ...order, url: again.ok ? (again.value.urls[0] ?? '') : '', password: 'chosen by a person' };
  t.match(await n2.helper.request(chosen, root), { ok: true }, 'a node that knows the authority needs no fingerprint');
  t.match(await n2.helper.start({}, root), { ok: false, failure: { code: 'HTTPS_AUTHORITY', message: /on n1/ } });
  const { https } = placeOf(t, 'n1', true);
  await https.takeAuthority();
  t.match(
    await https.adopt(async () => ({ ok: false, failure: { code: 'INTERNAL', message: '' } }), root),
    { ok: false, failure: { code: 'HTTPS_AUTHORITY' } },
    'an authority is not lost by asking another one',
  );
  t.match(await https.off(true, root, true), { ok: true });
  t.equal(https.status().authority, null, 'removed with rmcerts CA');
});

t.test('it ends by itself', async (t) => {
  const answers: ((request: CaservRequest) => Promise<CaservAnswer>)[] = [];
  const deaths: ((reason: string) => void)[] = [];
  let closed = 0;
  const fake: OpenCaserv = async (data, answer, onDeath) => {
    answers.push(answer);
    deaths.push(onDeath);
    return {
      ...{ bound: [...data.hosts], port: 9001, failed: [] },
      close: async () => {
        closed += 1;
      },
    };
  };
  const { helper, clock, lines } = placeOf(t, 'n1', true, fake);
  await helper.start({ minutes: 5 }, root);
  await clock.advance(5 * 60_000 - 1);
  t.equal(helper.status().running, true);
  await clock.advance(1);
  t.match([helper.status().running, closed, lines.at(-1)], [false, 1, /its 5 minutes are over/]);

  await helper.start({}, root);
  deaths.at(-1)?.('out of memory');
  await clock.advance(0);
  t.match([helper.status().running, lines.at(-1)], [false, /out of memory/]);

  await helper.start({}, root);
  const answer = answers.at(-1);
  const wrong = { method: 'GET', path: '/caserv', authorization: basic('x'), fields: {} };
  let tries = 0;
  for (let minute = 0; helper.status().running && minute < 100; minute += 1) {
    for (let peer = 0; peer < 5; peer += 1) {
      for (let times = 0; times < 5; times += 1) {
        await answer?.({ ...wrong, peer: `10.0.${minute}.${peer}` });
        tries += 1;
      }
    }
    await clock.advance(61_000);
  }
  t.match([helper.status().running, lines.at(-1)], [false, /100 wrong passwords came/]);
  t.ok(tries < 200, `${tries} tries`);
  t.match(await answer?.({ ...wrong, peer: '10.0.0.1' }), { status: 503 });

  const unlucky: OpenCaserv = async () => ({
    bound: [],
    port: 9001,
    failed: ['127.0.0.1 (EADDRINUSE)'],
    close: async () => undefined,
  });
  const busy = placeOf(t, 'n1', true, unlucky);
  t.match(await busy.helper.start({}, root), { ok: false, failure: { code: 'HTTP_LISTEN', message: /EADDRINUSE/ } });
});
