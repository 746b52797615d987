/** HTTPS as clients see it: versions, certificates that change, client certificates, what stays plain, and what cannot be forged. */

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { encodeCertificate, readClaims } from '../../src/http/front/claims.js';
import type { SecureContext } from '../../src/http/front/front.js';
import { certificateHeader, secureHeader } from '../../src/http/front/messages.js';
import { secureUrl, staysPlain } from '../../src/http/front/redirect.js';
import { freeTcpPort } from '../e2e/place.js';
import { serverPair, testAuthority, userPair } from '../io/pki/certificates.js';
import { type Answer, type Ask, ask, type Running, start, until as untilIn } from './harness.js';

const authority = await testAuthority();
const other = await testAuthority('Another CA');
const pair = await serverPair(authority);
const base: SecureContext = { ...pair, clientAuthorities: null, tls12: false };

interface Secure extends Running {
  readonly httpsPort: number;
  listen(context: SecureContext): void;
  secure(path: string, options?: ConnectionOptions & { readonly agent?: Agent }, what?: Ask): Promise<Answer>;
}
async function startSecure(t: Test, context: SecureContext, frontLimits = {}): Promise<Secure> {
  const running = await start(t, { frontLimits });
  const before = running.frontEvents.length;
  const httpsPort = await freeTcpPort();
  const addresses = [{ host: '127.0.0.1', port: httpsPort }];
  const plain = [{ host: '127.0.0.1', port: 0 }];
  const listen = (next: SecureContext): void => running.service.listen(plain, { addresses, context: next, redirectPort: 9453 });
  listen(context);
  const listening = () => running.frontEvents.slice(before).find((event) => event.type === 'listening');
  // A thread that compiles its modules takes its time on a busy machine.
  await untilIn(() => listening() !== undefined, 60_000);
  const secure: Secure['secure'] = (path, options = {}, { method = 'GET', headers = {}, json } = {}) =>
    new Promise((resolve, reject) => {
      const body = json === undefined ? undefined : JSON.stringify(json);
      const outgoing = request(
        {
          ...{ host: '127.0.0.1', port: httpsPort, path, method, ca: authority.certificate, agent: options.agent ?? false },
          headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
          ...options,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: text.startsWith('{') ? JSON.parse(text) : undefined,
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return { ...running, httpsPort, listen, secure };
}
async function handshake(
  port: number,
  options: ConnectionOptions,
): Promise<{ readonly socket: TLSSocket; readonly protocol: string | null; readonly subject: string }> {
  const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate, ...options });
  await once(socket, 'secureConnect');
  return { socket, protocol: socket.getProtocol(), subject: socket.getPeerX509Certificate()?.serialNumber ?? '' };
}

t.setTimeout(200_000);
// Threads that compile their modules are slow to start: one service for nearly all.
const running = await startSecure(t, base);
const until = (condition: () => boolean | Promise<boolean>): Promise<void> => untilIn(condition, 40_000);

t.test('claims of the front', (t) => {
  const header = encodeCertificate({
    subject: { CN: 'alice', OU: ['Admin', 'Ops'] },
    issuer: { CN: 'CA' },
    fingerprint256: 'AB:CD',
    serialNumber: '0F',
    valid_to: 'Jan  1 00:00:00 2030 GMT',
  });
  const certificate = {
    name: 'alice',
    units: ['Admin', 'Ops'],
    fingerprint: 'abcd',
    serial: '0f',
    issuer: 'CA',
    validTo: '2030-01-01T00:00:00.000Z',
  };
  const claims = (value: string) =>
    readClaims((name) => (name === certificateHeader ? value : name === secureHeader ? '1' : '10.0.0.9'));
  t.same(claims(header ?? ''), { peer: '10.0.0.9', https: true, certificate });
  for (const wrong of [
    '',
    'no base64 of JSON',
    Buffer.from('[]').toString('base64url'),
    Buffer.from('{"units":[1]}').toString('base64url'),
    Buffer.from('{"units":[],"name":1}').toString('base64url'),
  ])
    t.equal(claims(wrong).certificate, null);
  t.equal(encodeCertificate({}), null);
  t.equal(encodeCertificate({ subject: { CN: 'x' } }), null);
  t.match(claims(encodeCertificate({ subject: { CN: 'x' }, fingerprint256: 'AA' }) ?? ''), {
    certificate: { validTo: '', units: [], issuer: '' },
  });
  t.end();
});

t.test('what stays plain, and where the rest is sent', (t) => {
  t.ok(staysPlain('POST', '/api/v1/sealed', '10.0.0.9'));
  t.ok(staysPlain('POST', '/api/v1/join', '10.0.0.9'));
  t.ok(staysPlain('GET', '/metrics', '127.0.0.1'));
  t.notOk(staysPlain('GET', '/metrics', '10.0.0.9'));
  for (const path of ['/api/v1/modules', '/console/', '/', '/api/v1/sealed']) t.notOk(staysPlain('GET', path, '127.0.0.1'), path);
  t.equal(secureUrl('n1:9010', '/console/?a=1', 9453), 'https://n1:9453/console/?a=1');
  t.equal(secureUrl('[::1]:9010', '/', 9453), 'https://[::1]:9453/');
  for (const [host, url] of [
    ['', '/'],
    ['a b', '/'],
    ['n1/evil', '/'],
    ['n1', '//evil.example/'],
    ['n1', 'http://x/'],
    ['u@n1', '/'],
  ] as const)
    t.equal(secureUrl(host, url, 9453), null, `${host} ${url}`);
  t.end();
});

t.test('versions of TLS', async (t) => {
  const strict = running;
  const modern = await handshake(strict.httpsPort, {});
  t.equal(modern.protocol, 'TLSv1.3');
  modern.socket.destroy();
  await t.rejects(handshake(strict.httpsPort, { maxVersion: 'TLSv1.2' }), /alert|version|ECONNRESET/i);
  strict.listen({ ...base, tls12: true });
  await until(async () => {
    const old = await handshake(strict.httpsPort, { maxVersion: 'TLSv1.2' }).catch(() => null);
    old?.socket.destroy();
    return old?.protocol === 'TLSv1.2';
  });
  const weak = { maxVersion: 'TLSv1.2', ciphers: 'AES256-SHA:ECDHE-RSA-AES256-SHA384' } as const;
  await t.rejects(handshake(strict.httpsPort, weak), /alert|handshake|ECONNRESET/i, 'no cipher without forward secrecy and AEAD');
  t.match(await strict.secure('/var/modules/farm/ready.txt'), { status: 200, text: 'OK' }, 'probes by HTTPS too');
  t.match(await strict.secure('/api/v1/modules/farm'), { status: 200 });
  t.ok(
    (await strict.service.probes()).some(({ module }) => module === 'farm'),
    'and they are seen',
  );
  await strict.tcp('/var/modules/farm/ready.txt');
  t.match(await strict.service.answers(), [{ module: 'farm', ready: 2, refused: 0 }], 'counted over both');
});

t.test('plain requests are sent to HTTPS, but for probes and what carries its own seal', async (t) => {
  t.match(await running.tcp('/var/modules/farm/ready.txt'), { status: 200, text: 'OK' });
  t.match(await running.tcp('/health/farm/ready'), { status: 200 });
  t.match(await running.tcp('/api/v1/modules?x=1', { headers: { host: 'localhost:9010' } }), {
    status: 308,
    headers: { location: 'https://localhost:9453/api/v1/modules?x=1' },
  });
  t.match(await running.tcp('/api/v1/modules/farm/actions', { method: 'POST', json: { action: 'stop' } }), {
    status: 403,
    json: { code: 'HTTPS_REQUIRED' },
  });
  t.match(await running.tcp('/api/v1/modules', { headers: { host: 'a b' } }), { status: 403, json: { code: 'HTTPS_REQUIRED' } });
  t.match(await running.tcp('/api/v1/sealed', { method: 'POST', body: 'x' }), { status: 401, json: { code: 'HTTP_SEAL' } });
  t.same(running.face.callers, [], 'nothing was carried out');
});

t.test('another certificate while connections stay', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  t.match(await running.secure('/api/v1/modules/farm', { agent }), { status: 200 });
  const first = new X509Certificate(pair.certificate).serialNumber;
  const next = await serverPair(authority);
  const second = new X509Certificate(next.certificate).serialNumber;
  const old = await handshake(running.httpsPort, {});
  t.equal(old.subject, first);
  running.listen({ ...base, ...next });
  await until(async () => {
    const now = await handshake(running.httpsPort, {});
    now.socket.destroy();
    return now.subject === second;
  });
  t.notOk(old.socket.destroyed, 'the connection with the old certificate is still there');
  old.socket.write('GET /var/modules/farm/ready.txt HTTP/1.1\r\nHost: n1\r\n\r\n');
  const [answer] = await once(old.socket, 'data');
  t.match(String(answer), /^HTTP\/1\.1 200/);
  old.socket.destroy();
  t.match(await running.secure('/api/v1/modules/farm', { agent }), { status: 200 }, 'and the kept one goes on');
});

t.test('client certificates: asked for, verified, told on, never forged', async (t) => {
  running.listen({ ...base, clientAuthorities: authority.certificate });
  const alice = await userPair(authority, 'alice', 'Admin');
  const mallory = await userPair(other, 'mallory', 'Admin');
  const forged = Buffer.from(
    JSON.stringify({ name: 'eve', units: ['Admin'], fingerprint: '', serial: '', issuer: '', validTo: '' }),
  ).toString('base64url');
  const seen = async (client: { certificate: string; key: string } | null, headers = {}): Promise<unknown> => {
    const options = client === null ? {} : { cert: client.certificate, key: client.key };
    const before = running.accesses.length;
    const { status } = await running.secure('/api/v1/modules/farm', options, { headers });
    t.equal(status, 200);
    const access = running.accesses[before];
    return { https: access?.https, certificate: access?.certificate?.name ?? null, units: access?.certificate?.units };
  };
  t.match(await seen(alice), { https: true, certificate: 'alice', units: ['Admin'] });
  t.match(await seen(mallory), { https: true, certificate: null }, 'of an authority that is not trusted');
  t.match(await seen(pair), { https: true, certificate: null }, 'the certificate of a server is none of a client');
  t.match(await seen(null), { https: true, certificate: null });
  t.match(await seen(null, { [certificateHeader]: forged }), { https: true, certificate: null }, 'forged');
  t.match(await seen(alice, { [certificateHeader]: forged }), { certificate: 'alice' });
  t.match(await seen(null, { [certificateHeader.toUpperCase()]: forged, connection: `close, ${certificateHeader}` }), {
    certificate: null,
  });

  running.listen(base);
  // Another server is made for that: what knocks in the moment between is refused.
  await until(async () => {
    const client = await handshake(running.httpsPort, { cert: alice.certificate, key: alice.key }).catch(() => null);
    client?.socket.destroy();
    return client !== null;
  });
  t.match(await seen(alice), { https: true, certificate: null }, 'not asked for any more');
});

t.test('a page of this node may use the API by HTTPS, another may not', async (t) => {
  const from = (origin: string) =>
    running.secure(
      '/api/v1/modules/farm/loop',
      {},
      {
        method: 'POST',
        json: { operation: 'check' },
        headers: { host: `localhost:${running.httpsPort}`, origin },
      },
    );
  t.match(await from(`https://localhost:${running.httpsPort}`), { status: 200 });
  t.match(await from(`http://localhost:${running.httpsPort}`), { status: 403, json: { code: 'HTTP_ORIGIN' } });
});

t.test('limits hold below TLS', async (t) => {
  const running = await startSecure(t, base, {
    connections: 4,
    connectionsPerSource: 4,
    headersTimeoutMs: 400,
    requestTimeoutMs: 600,
    headerBytes: 4096,
  });
  const silent = tcpConnect({ host: '127.0.0.1', port: running.httpsPort }).resume();
  await once(silent, 'connect');
  await once(silent, 'close');
  t.pass('who never shakes hands is dropped');
  const halfway = await handshake(running.httpsPort, {});
  halfway.socket.on('error', () => undefined);
  halfway.socket.write('GET / HTTP/1.1\r\n');
  let said = '';
  halfway.socket.on('data', (chunk) => {
    said += String(chunk);
  });
  await once(halfway.socket, 'close');
  t.match(said, /^HTTP\/1\.1 408/, 'a head that does not come whole');
  t.match(await running.secure('/', {}, { headers: { 'x-long': 'x'.repeat(5000) } }), { status: 431 });
  const many = Array.from({ length: 8 }, () => {
    const socket = tcpConnect({ host: '127.0.0.1', port: running.httpsPort }).resume();
    socket.on('error', () => undefined);
    return socket;
  });
  await until(() => many.filter(({ closed }) => closed).length >= 4);
  t.match(await running.secure('/var/modules/farm/ready.txt'), { status: 200 }, 'the newest gets in');
  for (const socket of many) socket.destroy();
  const garbage = tcpConnect({ host: '127.0.0.1', port: running.httpsPort }).resume();
  garbage.on('error', () => undefined);
  garbage.write('GET / HTTP/1.1\r\n\r\n');
  await once(garbage, 'close');
  t.match(await ask({ host: '127.0.0.1', port: running.port }, '/var/modules/farm/ready.txt'), { status: 200 });
});

t.test('without HTTPS everything is plain again, and nothing is believed', async (t) => {
  running.service.listen([{ host: '127.0.0.1', port: 0 }], null);
  await until(async () => (await handshake(running.httpsPort, {}).catch(() => null)) === null);
  const before = running.accesses.length;
  const headers = { [certificateHeader]: 'eyJ1bml0cyI6W119', [secureHeader]: '1' };
  t.match(await running.tcp('/api/v1/modules/farm', { headers }), { status: 200 });
  t.match(running.accesses.slice(before), [{ https: false, certificate: null }]);
});
