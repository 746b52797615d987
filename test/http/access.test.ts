import { execFileSync, spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { hostName, isLoopback, isOpenToOtherMachines, originProblem, type RequestOrigin } from '../../src/http/access-rules.js';
import { listenOnSocket } from '../../src/http/local-sockets.js';
import { ask, start } from './harness.js';

t.test('which addresses are loopback', (t) => {
  for (const address of ['127.0.0.1', '127.0.0.2', '127.255.255.254', '::1', '::ffff:127.0.0.1'])
    t.ok(isLoopback(address), address);
  for (const address of ['10.0.0.1', '128.0.0.1', '::ffff:10.0.0.1', 'fe80::1', '', '127.evil', '1.127.0.0.1', 'localhost'])
    t.notOk(isLoopback(address), address);
  t.ok(isOpenToOtherMachines('POST', '/api/v1/sealed'));
  for (const [method, path] of [
    ['GET', '/api/v1/sealed'],
    ['POST', '/api/v1/sealed/'],
    ['POST', '/api/v1/modules/farm/actions'],
  ] as const) {
    t.notOk(isOpenToOtherMachines(method, path), `${method} ${path}`);
  }
  t.same(['n1:9010', '[::1]:9010', 'N1', 'a b', '', 'x:y', 'n1:9010:1'].map(hostName), [
    'n1',
    '::1',
    'n1',
    null,
    null,
    null,
    null,
  ]);
  t.end();
});

t.test('what a browser may ask', (t) => {
  const names = new Set(['n1', '10.0.0.1']);
  const get: RequestOrigin = {
    method: 'GET',
    host: 'localhost:9010',
    origin: '',
    fetchSite: '',
    contentType: '',
    custom: false,
    secure: false,
  };
  const post: RequestOrigin = { ...get, method: 'POST', contentType: 'application/json' };
  const good: readonly RequestOrigin[] = [
    get,
    { ...get, host: '127.0.0.1:9010' },
    { ...get, host: '[::1]:9010' },
    { ...get, host: 'N1' },
    { ...get, host: '10.0.0.1:9010', origin: 'http://10.0.0.1:9010', fetchSite: 'same-origin' },
    { ...get, fetchSite: 'none' },
    post,
    { ...post, contentType: 'application/json; charset=utf-8' },
    { ...post, contentType: 'text/plain', custom: true },
    { ...get, origin: 'https://localhost:9010', secure: true },
  ];
  for (const one of good) t.equal(originProblem(one, names), null, JSON.stringify(one));
  const bad: readonly (readonly [RequestOrigin, RegExp])[] = [
    [{ ...get, host: 'evil.example:9010' }, /which is not this node/],
    [{ ...get, host: '' }, /which is not this node/],
    [{ ...get, origin: 'http://evil.example' }, /may not use/],
    [{ ...get, origin: 'null' }, /may not use/],
    [{ ...get, origin: 'http://localhost:8080' }, /may not use/],
    [{ ...get, origin: 'https://localhost:9010' }, /may not use/],
    [{ ...get, fetchSite: 'cross-site' }, /another site/],
    [{ ...get, fetchSite: 'same-site' }, /another site/],
    [{ ...post, contentType: 'text/plain' }, /X-Holdfast-Request/],
    [{ ...post, contentType: '' }, /X-Holdfast-Request/],
    [{ ...post, contentType: 'application/x-www-form-urlencoded' }, /X-Holdfast-Request/],
    [{ ...post, method: 'DELETE', contentType: '' }, /X-Holdfast-Request/],
  ];
  for (const [one, why] of bad) t.match(originProblem(one, names), why, JSON.stringify(one));
  t.end();
});

t.test('over TCP: rebinding, other sites, and forms are refused; the probe is not', async (t) => {
  const { tcp, face } = await start(t);
  const path = '/api/v1/modules/farm/actions';
  const cases: readonly (readonly [string, Parameters<typeof tcp>[1]])[] = [
    ['/api/v1/cluster', { headers: { host: 'evil.example' } }],
    ['/api/', { headers: { host: 'evil.example' } }],
    ['/api/v1/cluster', { headers: { origin: 'http://evil.example' } }],
    [path, { method: 'POST', body: '{"action":"stop"}', headers: { 'content-type': 'text/plain' } }],
    [path, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' }, json: { action: 'stop' } }],
  ];
  for (const [target, what] of cases) {
    const answer = await tcp(target, what);
    t.match(answer.json, { code: 'HTTP_ORIGIN', status: 403 }, `${target} ${JSON.stringify(what)}`);
    t.equal(answer.headers['access-control-allow-origin'], undefined);
  }
  t.same(face.callers, []);
  t.equal((await tcp('/api/v1/cluster', { headers: { host: 'n1:9010' } })).status, 200);
  t.equal(
    (await tcp('/var/modules/farm/ready.txt', { headers: { host: 'evil.example', origin: 'http://evil.example' } })).status,
    200,
  );
});

t.test('the address of the client comes from the front alone', async (t) => {
  const { tcp, runDir, accesses } = await start(t);
  const answer = await tcp('/api/v1/cluster', {
    headers: { 'x-holdfast-peer': '10.9.9.9', 'X-Holdfast-Front': 'guess', 'x-forwarded-for': '10.9.9.9' },
  });
  t.equal(answer.status, 200, "the client's own copies are dropped");
  t.equal(accesses[0]?.who, 'anonymous@127.0.0.1');

  // Straight to the app's private socket, as nobody but the daemon's own user could.
  const found = execFileSync('sh', ['-c', `ls -d ${runDir}/front-*`], { encoding: 'utf8' }).trim();
  t.equal(statSync(found).mode & 0o777, 0o700);
  const inside = (headers: Record<string, string>) => ask({ socketPath: join(found, 's') }, '/api/v1/cluster', { headers });
  t.match((await inside({})).json, { code: 'HTTP_FORBIDDEN' });
  t.match((await inside({ 'x-holdfast-front': 'a'.repeat(64), 'x-holdfast-peer': '127.0.0.1' })).json, {
    code: 'HTTP_FORBIDDEN',
  });
});

t.test("the CLI's socket is its owner's", async (t) => {
  const { cliSocket, local, accesses } = await start(t);
  t.equal(statSync(cliSocket).mode & 0o777, 0o600);
  t.equal((await local('/api/v1/cluster', { headers: { host: 'anything at all' } })).status, 200, 'no browser reaches it');
  t.equal(accesses[0]?.who, userInfo().username);
});

t.test('sockets: what a dead daemon left is replaced, a living one and a file are not', async (t) => {
  const { cliSocket, runDir, service } = await start(t);
  const other = createServer();
  await t.rejects(listenOnSocket(other, cliSocket), { code: 'HTTP_LISTEN', message: /Another holdfastd answers/ });
  const file = join(runDir, 'file');
  writeFileSync(file, '');
  await t.rejects(listenOnSocket(other, file), { code: 'HTTP_LISTEN', message: /is no socket/ });
  await t.rejects(listenOnSocket(other, join(runDir, 'x'.repeat(120))), { code: 'HTTP_LISTEN', message: /longer than 107/ });
  await t.rejects(listenOnSocket(other, join(runDir, 'none', 's')), { code: 'HTTP_LISTEN', message: /cannot be opened/ });
  await service.close();
  const stale = join(runDir, 'stale');
  spawnSync(
    process.execPath,
    ['-e', `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`],
    { env: {} },
  );
  t.ok(statSync(stale).isSocket());
  await listenOnSocket(other, stale);
  t.equal(statSync(stale).mode & 0o777, 0o600);
  await new Promise((resolve) => other.close(resolve));
  t.equal(dirname(stale), runDir);
});

const root = process.getuid?.() === 0;
const namespaces = root && spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
t.test(
  'from another machine: the probe and sealed requests, nothing else',
  { skip: namespaces ? false : 'needs root, unshare and ip' },
  async (t) => {
    // A namespace of its own whose one other address is not loopback: to the daemon its client is another machine.
    const script = new URL('./stranger.ts', import.meta.url).pathname;
    const inside = `ip link set lo up && ip addr add 10.77.0.1/32 dev lo && exec ${process.execPath} ${process.execArgv.map((one) => `'${one}'`).join(' ')} '${script}'`;
    const { stdout, stderr, status } = spawnSync('unshare', ['-n', 'sh', '-c', inside], { encoding: 'utf8', timeout: 40_000 });
    t.equal(status, 0, stderr);
    t.same(JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null'), {
      probe: [200, 'OK'],
      health: 200,
      api: [403, 'HTTP_FORBIDDEN'],
      page: [403, 'HTTP_FORBIDDEN'],
      change: [403, 'HTTP_FORBIDDEN'],
      spoofed: [403, 'HTTP_FORBIDDEN'],
      sealed: [401, 'HTTP_SEAL'],
      throughLoopback: 200,
      reachedTheApp: 2,
    });
  },
);

t.test('the app refuses other machines by itself, whatever the front lets through', async (t) => {
  const { createHttpApp } = await import('../../src/http/app.js');
  const { fakeFace } = await import('./fake-face.js');
  const runDir = t.testdir();
  const app = createHttpApp({
    ...{ face: fakeFace(), runDir, cliSocket: null, version: '0', seal: () => null },
    probes: async () => [],
    onDefect: (error) => t.fail(error.message),
  });
  await app.listen();
  t.teardown(() => app.close());
  const from = (peer: string, path: string, method = 'GET') =>
    ask({ socketPath: app.socketPath }, path, {
      method,
      headers: { 'x-holdfast-front': app.secret, 'x-holdfast-peer': peer, host: 'n1' },
    });
  t.match((await from('10.0.0.9', '/api/v1/cluster')).json, { code: 'HTTP_FORBIDDEN' });
  t.match((await from('10.0.0.9', '/api/')).json, { code: 'HTTP_FORBIDDEN' });
  t.match((await from('10.0.0.9', '/')).json, { code: 'HTTP_FORBIDDEN' });
  t.match((await from('10.0.0.9', '/api/v1/sealed', 'POST')).json, { code: 'HTTP_SEAL' });
  t.equal((await from('127.0.0.1', '/api/v1/cluster')).status, 200);
});
