import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t from 'tap';
import { compilePosixRegex } from '../../../src/config/posix-regex.js';
import { createAuthorities } from '../../../src/io/probers/authorities.js';
import { createProber } from '../../../src/io/probers/index.js';
import { createNames } from '../../../src/io/probers/names.js';
import { freePort, http, httpPeer, httpsPeer, look, otherModule, place, tcpPeer } from './harness.js';

const prober = createProber({ version: '1.2.3' });

t.test('status, ranges, method, and no redirect followed', async (t) => {
  const seen: string[] = [];
  const peer = await httpPeer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const status = Number(request.url?.slice(1) ?? 0);
    response.writeHead(status, status === 301 ? { Location: '/200' } : {});
    response.end(status === 204 || request.method === 'HEAD' ? undefined : 'text');
  });
  t.teardown(() => peer.close());
  const at = (status: number): string => `http://127.0.0.1:${peer.port}/${status}`;
  t.same(await look(prober, http(at(200))), { up: true, detail: `${at(200)} answers 200`, stamp: null });
  for (const status of [204, 301, 399]) t.match(await look(prober, http(at(status))), { up: true }, String(status));
  for (const status of [400, 404, 500, 503])
    t.match(await look(prober, http(at(status))), { up: false, detail: `${at(status)} answers ${status}` });
  t.notOk(seen.includes('GET /200') && seen.indexOf('GET /200') > 0, 'the redirect was not followed');
  t.match(await look(prober, http(at(404), { status: [{ from: 404, to: 404 }] })), { up: true });
  t.match(await look(prober, http(at(200), { status: [{ from: 404, to: 404 }] })), { up: false });
  t.match(
    await look(
      prober,
      http(at(503), {
        status: [
          { from: 200, to: 200 },
          { from: 500, to: 599 },
        ],
      }),
    ),
    { up: true },
  );
  seen.length = 0;
  t.match(await look(prober, http(at(200), { method: 'HEAD' })), { up: true });
  t.same(seen, ['HEAD /200']);
});

t.test('what is sent', async (t) => {
  let last: IncomingMessage | null = null;
  const peer = await httpPeer((request, response) => {
    last = request;
    response.end();
  });
  t.teardown(() => peer.close());
  const sent = async (path: string, headers: readonly { readonly name: string; readonly value: string }[] = [], user = '') => {
    await look(prober, http(`http://${user}127.0.0.1:${peer.port}${path}`, { headers }));
    return { url: last?.url, raw: last?.rawHeaders ?? [], headers: last?.headers ?? {} };
  };
  const plain = await sent('/a?b=c#d');
  t.equal(plain.url, '/a?b=c');
  t.match(plain.headers, {
    host: `127.0.0.1:${peer.port}`,
    'user-agent': 'holdfast-check/1.2.3',
    connection: 'close',
    accept: '*/*',
  });
  const own = await sent('/', [
    { name: 'Host', value: 'site.example' },
    { name: 'USER-AGENT', value: 'mine' },
    { name: 'X-Two', value: 'a' },
    { name: 'x-two', value: 'b' },
  ]);
  t.match(own.headers, { host: 'site.example', 'user-agent': 'mine', 'x-two': 'a, b' });
  t.equal(own.raw.filter((name) => name.toLowerCase() === 'host').length, 1);
  const user = await sent('/', [], 'me:p%40ss@');
  t.equal(user.headers.authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
});

t.test('the body is matched, its first 64 KB', async (t) => {
  const bodies: Readonly<Record<string, string>> = {
    '/ok': '{"status":"ok"}',
    '/bad': '{"status":"bad"}',
    '/late': `${'x'.repeat(70_000)}"status":"ok"`,
    '/long': `"status":"ok"${'x'.repeat(200_000)}`,
    '/empty': '',
  };
  const peer = await httpPeer((request, response) => response.end(bodies[request.url ?? ''] ?? ''));
  t.teardown(() => peer.close());
  const at = (path: string): string => `http://127.0.0.1:${peer.port}${path}`;
  const body = '"status": *"ok"';
  t.match(await look(prober, http(at('/ok'), { body })), { up: true });
  t.match(await look(prober, http(at('/long'), { body })), { up: true });
  t.match(await look(prober, http(at('/bad'), { body })), {
    up: false,
    detail: `${at('/bad')} answers 200, but its body does not match ${body}`,
  });
  t.match(await look(prober, http(at('/late'), { body })), { up: false });
  t.match(await look(prober, http(at('/empty'), { body })), { up: false });
  t.match(await look(prober, http(at('/empty'), { body: '^$' })), { up: true });
  t.match(await look(prober, http(at('/ok'), { body: '(' })), { up: false, detail: /^the expression for the body / });
});

t.test('an endless body, without and with something to look for', async (t) => {
  const peer = await httpPeer((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write('and so on '.repeat(1000)));
    };
    response.on('drain', more);
    more();
  });
  t.teardown(() => peer.close());
  const url = `http://127.0.0.1:${peer.port}/`;
  t.match(await look(prober, http(url)), { up: true });
  t.match(await look(prober, http(url, { body: 'so on' })), { up: true });
  t.match(await look(prober, http(url, { body: 'never' })), { up: false });
});

t.test('a body that never comes, slow headers, and nothing at all are silence: the timeout ends them', async (t) => {
  const stalled = await httpPeer((_request, response) => response.write('the beginning'));
  const mute = await tcpPeer((socket) => {
    socket.resume();
    socket.once('end', () => socket.end());
  });
  let timer: NodeJS.Timeout | null = null;
  const slow = await tcpPeer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    timer = setInterval(() => socket.write('X-More: y\r\n'), 20);
    socket.once('close', () => timer !== null && clearInterval(timer));
  });
  t.teardown(() => Promise.all([stalled.close(), mute.close(), slow.close()]));
  const at = (port: number): string => `http://127.0.0.1:${port}/`;
  t.match(await look(prober, http(at(stalled.port))), { up: true }, 'the status is all that is asked for');
  t.equal(await look(prober, http(at(stalled.port), { body: 'end' }), 200), 'silent');
  t.equal(await look(prober, http(at(mute.port)), 200), 'silent');
  t.equal(await look(prober, http(at(slow.port)), 200), 'silent');
  const begun = performance.now();
  while (mute.sockets.size + slow.sockets.size > 0 && performance.now() - begun < 5_000)
    await new Promise((resolve) => setTimeout(resolve, 10));
  t.equal(mute.sockets.size + slow.sockets.size, 0, 'closed with the check');
});

t.test('what is no HTTP, headers without end, and a server that hangs up', async (t) => {
  const answers: readonly [string, RegExp][] = [
    ['220 mail ESMTP\r\n\r\n', /is not HTTP/],
    [`HTTP/1.1 200 OK\r\n${`X-Large: ${'x'.repeat(1000)}\r\n`.repeat(20)}\r\n`, /is not HTTP: .*[Oo]verflow/],
    ['', /closed the connection without an answer/],
    ['HTTP/1.1 2', /closed the connection without an answer|is not HTTP/],
  ];
  for (const [text, expected] of answers) {
    const peer = await tcpPeer((socket) => {
      socket.once('data', () => socket.end(text));
    });
    t.teardown(() => peer.close());
    t.match(await look(prober, http(`http://127.0.0.1:${peer.port}/`)), { up: false, detail: expected });
  }
  const upgrading = await tcpPeer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nx'));
  });
  t.teardown(() => upgrading.close());
  const url = `http://127.0.0.1:${upgrading.port}/`;
  t.match(await look(prober, http(url, { status: [{ from: 101, to: 101 }], headers: [{ name: 'Upgrade', value: 'x' }] })), {
    up: true,
  });
  const port = await freePort();
  t.match(await look(prober, http(`http://127.0.0.1:${port}/`)), {
    up: false,
    detail: `connection refused by 127.0.0.1:${port}`,
  });
  t.match(await look(prober, http('ftp://127.0.0.1/')), { up: false, detail: /neither http nor https/ });
  t.match(await look(prober, http('nonsense')), { up: false, detail: /is no URL/ });
  t.match(await look(prober, http(`http://127.0.0.1:${port}/`, { headers: [{ name: 'a b', value: 'x' }] })), { up: false });
});

interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly file: string;
}
/** A certificate that is its own authority, made with openssl. */
function certificate(directory: string, name: string, days: number): Certificate {
  const [key, request, file, more] = ['key', 'csr', 'pem', 'ext'].map((end) => join(directory, `${name}.${end}`));
  if (key === undefined || request === undefined || file === undefined || more === undefined) throw new Error('four names');
  writeFileSync(more, `subjectAltName=DNS:${name},IP:127.0.0.1\n`);
  const openssl = (...args: readonly string[]): Buffer => execFileSync('openssl', args, { stdio: 'ignore' });
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  openssl('req', ...kind, '-out', request, '-subj', `/CN=${name}`);
  openssl('x509', '-req', '-in', request, '-signkey', key, '-extfile', more, '-days', String(days), '-out', file);
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8'), file };
}
function noOpenssl(): string | false {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'needs openssl, for certificates';
  }
}

t.test('certificates', { skip: noOpenssl() }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-check-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const good = certificate(directory, 'app.example', 2);
  const stranger = certificate(directory, 'other.example', 2);
  const names: (string | false | undefined)[] = [];
  const peer = await httpsPeer(good, (request, response) => {
    names.push(
      'servername' in request.socket && typeof request.socket.servername === 'string' ? request.socket.servername : undefined,
    );
    response.end('secret');
  });
  t.teardown(() => peer.close());
  const hosts = join(directory, 'hosts');
  writeFileSync(hosts, '127.0.0.1 app.example wrong.example\n');
  const trusting = (files: readonly string[]) =>
    createProber({ names: createNames({ hostsFile: hosts }), authorities: createAuthorities({ files }) });
  const known = trusting([good.file]);
  const url = (host: string): string => `https://${host}:${peer.port}/`;

  t.match(await look(known, http(url('app.example'), { body: 'secret' })), {
    up: true,
    detail: `${url('app.example')} answers 200`,
  });
  t.match(await look(known, http(url('127.0.0.1'))), { up: true }, 'an address that the certificate names');
  t.match(await look(known, http(url('wrong.example'))), {
    up: false,
    detail: `certificate of 127.0.0.1:${peer.port} is not good: it is for another name`,
  });
  t.match(await look(known, http(url('wrong.example'), { headers: [{ name: 'Host', value: 'app.example:8443' }] })), {
    up: true,
  });
  for (const prober of [trusting([]), trusting([stranger.file]), trusting([join(directory, 'absent')])])
    t.match(await look(prober, http(url('app.example'))), {
      up: false,
      detail: `certificate of 127.0.0.1:${peer.port} is not good: it is signed by itself`,
    });
  t.match(await look(trusting([]), http(url('app.example'), { verify: false })), { up: true }, 'verification is off');
  t.match(await look(trusting([]), http(url('wrong.example'), { verify: false })), { up: true });
  t.ok(names.includes('app.example'));

  const plain = await tcpPeer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  const mute = await tcpPeer();
  const closing = await tcpPeer((socket) => {
    socket.resume();
    socket.end();
  });
  t.teardown(() => Promise.all([plain.close(), mute.close(), closing.close()]));
  t.match(await look(known, http(`https://app.example:${plain.port}/`)), { up: false, detail: /^no TLS with 127.0.0.1/ });
  t.match(await look(known, http(`https://app.example:${closing.port}/`)), { up: false });
  t.equal(await look(known, http(`https://app.example:${mute.port}/`), 200), 'silent');
  t.match(await look(known, otherModule(peer.port, { addr: 'app.example', secure: true })), { up: true, stamp: null });
  t.match(await look(trusting([]), otherModule(peer.port, { addr: 'app.example', secure: true })), { up: false });

  // A file of the checker's own, in its module's folder or anywhere.
  const other = (ca: string) => otherModule(peer.port, { addr: 'app.example', secure: true, ca });
  t.match(await look(trusting([]), other(good.file)), { up: true });
  t.match(await look(trusting([join(directory, 'absent')]), http(url('app.example'), { ca: good.file })), { up: true });
  t.match(await look(trusting([]), other(stranger.file)), { up: false, detail: /signed by itself/ });
  const inModule = await new Promise((resolve) =>
    trusting([]).check(other(basename(good.file)), { ...place, binDir: join(directory, 'bin') }, resolve),
  );
  t.match(inModule, { up: true });
  t.match(await look(trusting([]), other('conf/absent.pem')), {
    up: false,
    detail: 'the certificates of /conf/absent.pem cannot be read: it is not there',
  });
  t.match(await look(trusting([]), other(directory)), { up: false, detail: /cannot be read: EISDIR/ });
  const damaged = join(directory, 'damaged.pem');
  writeFileSync(damaged, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  t.match(await look(trusting([]), other(damaged)), { up: false, detail: /damaged.pem holds no certificates in PEM/ });
  // The machine's list is damaged: the checker's own file still counts.
  t.match(await look(trusting([damaged]), other(good.file)), { up: true });
  t.match(await look(trusting([damaged]), http(url('app.example'))), { up: false, detail: /signed by itself/ });
});

t.test('the authority of the cluster itself is trusted from when it is there', { skip: noOpenssl() }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-check-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const good = certificate(directory, 'app.example', 2);
  const peer = await httpsPeer(good, (_request, response) => response.end('OK'));
  t.teardown(() => peer.close());
  const checker = otherModule(peer.port, { secure: true });
  t.match(await look(createProber({ authorityFile: join(directory, 'absent') }), checker), { up: false });
  t.match(await look(createProber({ authorityFile: good.file }), checker), { up: true });
});

t.test('sessions are resumed from one check to the next, with TLS 1.2 and 1.3', { skip: noOpenssl() }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-check-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const own = certificate(directory, 'app.example', 2);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const resumed: boolean[] = [];
    const options = { key: own.key, cert: own.cert, minVersion: version, maxVersion: version };
    const server = createSecureServer(options, (_request, response) => response.end('ok'));
    server.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const prober = createProber({ authorities: createAuthorities({ files: [own.file] }) });
    const checker = http(`https://127.0.0.1:${port}/`, { body: 'ok' });
    for (let count = 0; count < 3; count += 1) t.match(await look(prober, checker), { up: true });
    t.same(resumed, [false, true, true], version);
    // Another checker of the same place asks for itself.
    t.match(await look(prober, http(`https://127.0.0.1:${port}/`)), { up: true });
    t.equal(resumed.at(-1), false);
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    t.match(await look(prober, checker), { up: false, detail: /refused/ }, 'a dead server is noticed');
  }
});

t.test('a certificate that has expired', { skip: noOpenssl() }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-check-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const old = certificate(directory, 'old.example', -1);
  const peer = await httpsPeer(old, (_request, response) => response.end());
  t.teardown(() => peer.close());
  const prober = createProber({ authorities: createAuthorities({ files: [old.file] }) });
  t.match(await look(prober, http(`https://127.0.0.1:${peer.port}/`)), {
    up: false,
    detail: `certificate of 127.0.0.1:${peer.port} is not good: it has expired`,
  });
});

t.test('another module', async (t) => {
  let status = 200;
  let header: string | null = null;
  const paths: (string | undefined)[] = [];
  const peer = await httpPeer((request, response) => {
    paths.push(request.url);
    response.writeHead(status, header === null ? {} : { 'Holdfast-Started': header });
    response.end(status === 200 ? 'OK' : 'NOT FOUND');
  });
  t.teardown(() => peer.close());
  const checker = otherModule(peer.port);
  const place = `127.0.0.1:${peer.port}`;
  t.same(
    await look(prober, checker),
    { up: true, detail: `db is ready on ${place}`, stamp: null },
    'a foreign node does not say',
  );
  t.same(paths, ['/var/modules/db/ready.txt']);
  status = 404;
  t.same(await look(prober, checker), { up: false, detail: `db is not ready on ${place}`, stamp: null });
  status = 503;
  t.same(await look(prober, checker), { up: false, detail: `${place} answers 503 about db`, stamp: null });
  status = 200;
  const stampAfter = async (text: string | null): Promise<string | null | undefined> => {
    header = text;
    const result = await look(prober, checker);
    return result === 'silent' ? undefined : result.stamp;
  };
  const first = await stampAfter('n1 5');
  t.equal(await stampAfter('n1 5'), first);
  t.equal(await stampAfter('n2 9'), first, 'another node of a farm is no start');
  t.equal(await stampAfter('n1 5'), first);
  const second = await stampAfter('n1 6');
  t.not(second, first, 'its start is one');
  t.equal(await stampAfter('n2 9'), second);
  t.equal(await stampAfter(null), null);
  t.equal(await stampAfter('much too long a thing to say'), null);
  t.equal(await stampAfter('n1 6'), second);
  const alone = await stampAfter('n1.7');
  t.not(await stampAfter('n2.7'), alone, 'where one node serves alone, another one is a failover');
  t.match(await look(prober, otherModule(await freePort())), { up: false, stamp: null });
});

t.test('expressions are compiled once for each checker', async (t) => {
  const peer = await httpPeer((_request, response) => response.end('text'));
  t.teardown(() => peer.close());
  let compiled = 0;
  const counting = createProber({
    compileRegex: (pattern, options) => {
      compiled += 1;
      return compilePosixRegex(pattern, options);
    },
  });
  const checker = http(`http://127.0.0.1:${peer.port}/`, { body: 'text' });
  for (let count = 0; count < 3; count += 1) t.match(await look(counting, checker), { up: true });
  t.equal(compiled, 1);
});
