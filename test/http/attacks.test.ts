/**
 * Attacks by whoever can connect, over real sockets: each is refused, and the probe is answered beside it all the time.
 * The table in docs/security.md names these tests.
 */
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { apiBase, csrfHeader } from '../../src/http/api-types.js';
import { secureUrl } from '../../src/http/front/redirect.js';
import { type Route, routes } from '../../src/http/routes.js';
import { ask, readEvents, start, until } from './harness.js';
import { codeOf, cookieOf, password, root, textOf, withUsers } from './with-users.js';

t.setTimeout(300_000);
/** The shortest time that balancers wait for a probe's answer by default, in ms. */
const probeBoundMs = 1_000;
// Threads that compile their modules are slow to start: two services for all.
const service = await withUsers(t, { limits: { streams: 6, streamsPerUser: 3 } });
const bare = await start(t, { frontLimits: { headersTimeoutMs: 1_000, requestTimeoutMs: 1_500 } });

/** Asks the probe again and again until it is stopped. @returns its times in ms, in order. */
function probing(port: number): { stop(): Promise<readonly number[]> } {
  const times: number[] = [];
  let going = true;
  const run = (async () => {
    while (going) {
      const begun = performance.now();
      const { status } = await ask({ host: '127.0.0.1', port }, '/var/modules/farm/ready.txt');
      if (status !== 200) throw new Error(`the probe answered ${status}`);
      times.push(performance.now() - begun);
    }
  })();
  return {
    async stop() {
      going = false;
      await run;
      return times.sort((a, b) => a - b);
    },
  };
}
const p99 = (times: readonly number[]): number => times[Math.floor((times.length - 1) * 0.99)] ?? Number.POSITIVE_INFINITY;
async function open(port: number, text: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(text);
  return socket;
}

t.test('a thousand wrong passwords are refused cheaply, beside the probe, and lock nobody out', async (t) => {
  const { running, attempt, notes, login, auth } = service;
  t.match(await login('admin'), { cookie: /^holdfast_session=/ });
  const noted = notes.length;
  const probe = probing(running.port);
  const since = performance.now();
  const codes = new Map<string, number>();
  // From another address of this machine, so that what is counted by address is the attacker's.
  for (let round = 0; round < 50; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => attempt('admin', `guess ${round} ${index}`, '127.0.0.66')),
    );
    for (const answer of answers) codes.set(codeOf(answer), (codes.get(codeOf(answer)) ?? 0) + 1);
  }
  const tookMs = performance.now() - since;
  const times = await probe.stop();
  const computed = codes.get('AUTH_FAILED') ?? 0;
  t.comment(`${Math.round(tookMs)} ms; the probe's p99 of ${times.length} was ${p99(times).toFixed(1)} ms`);
  t.ok(computed >= 5 && computed <= 5 + Math.ceil(tookMs / 10_000), `${computed} of 1000 were computed`);
  t.equal(codes.get('AUTH_THROTTLED'), 1000 - computed, 'all others were refused without');
  t.ok(tookMs < 120_000, 'within two minutes, also on a machine that is busy with much else');
  t.ok(p99(times) < probeBoundMs, 'the probe is answered beside them');

  const late = await attempt('admin', password, '127.0.0.66');
  t.match(late.json, { code: 'AUTH_THROTTLED' }, 'the right one as well, from there');
  t.match(late.headers['retry-after'], /^([1-9]|10)$/, 'the next try is answered in 10 s at most');
  t.equal((await attempt('monitor', password, '127.0.0.66')).status, 200, 'others still come in from there');
  t.equal((await attempt('admin', password)).status, 200, 'and the administrator from where it is');
  const lines = notes.slice(noted).filter((line) => line.includes('refused'));
  const minutes = Math.ceil(tookMs / 60_000) + 1;
  t.ok(lines.length <= minutes * 11, `${lines.length} lines in the command log`);
  t.notOk(notes.join().includes('guess'), 'none with what was tried');
  t.same(
    auth
      .users()
      .map(({ name }) => name)
      .sort(),
    ['admin', 'control', 'monitor'],
  );
  t.same(running.defects, []);
});

t.test('bodies that trickle are cut off in time, beside the probe', async (t) => {
  const { port, face, tcp, defects } = bare;
  const head = 'POST /api/v1/modules/farm/print HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const slow = await Promise.all(
    Array.from({ length: 90 }, (_, index) =>
      open(
        port,
        index % 2 === 0 ? `${head}Content-Length: 100000\r\n\r\n{` : `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
      ),
    ),
  );
  const said = slow.map(() => '');
  for (const [index, socket] of slow.entries())
    socket.on('data', (chunk) => {
      said[index] += chunk.toString('latin1');
    });
  const trickle = setInterval(() => {
    for (const [index, socket] of slow.entries()) if (!socket.destroyed) socket.write(index % 2 === 0 ? ' ' : '1\r\n \r\n');
  }, 100);
  t.teardown(() => clearInterval(trickle));
  const probe = probing(port);
  await until(() => slow.every((socket) => socket.destroyed), 60_000);
  const times = await probe.stop();
  t.ok(p99(times) < probeBoundMs, `p99 ${p99(times).toFixed(1)} ms`);
  // Where it had sent more than was read, the answer may be lost with the connection.
  t.same(
    said.filter((text) => text !== '' && !text.startsWith('HTTP/1.1 408 ')),
    [],
  );
  t.equal((await tcp('/api/v1/cluster')).status, 200);
  t.same(face.callers, [], 'none was carried out');
  t.same(defects, []);
});

t.test('a session that somebody put into the browser is not logged in', async (t) => {
  const { running, login } = service;
  const { tcp } = running;
  const planted = `holdfast_session=${'F'.repeat(43)}`;
  const into = async (cookie: string) =>
    tcp(`${apiBase}/session`, { method: 'POST', json: { user: 'admin', password }, headers: { cookie } });
  const own = await into(planted);
  t.equal(own.status, 200);
  t.not(cookieOf(own), planted, 'a new one is made');
  t.match((await tcp(`${apiBase}/cluster`, { headers: { cookie: planted } })).json, { code: 'AUTH_REQUIRED' });

  // A session of the attacker, planted, stays the attacker's.
  const mallory = await login('monitor');
  const second = await tcp(`${apiBase}/session`, { method: 'POST', json: { user: 'admin', password }, headers: mallory });
  t.equal(second.status, 200);
  t.not(cookieOf(second), mallory['cookie']);
  const who = await tcp(`${apiBase}/session`, { headers: { cookie: mallory['cookie'] ?? '' } });
  t.notMatch(who.json, { role: 'admin' });

  // Two cookies of that name: one was put there by another site below the same domain.
  const both = `${cookieOf(own)}; ${planted}`;
  t.match((await tcp(`${apiBase}/cluster`, { headers: { cookie: both } })).json, { code: 'AUTH_REQUIRED' });
  t.equal((await tcp(`${apiBase}/cluster`, { headers: { cookie: cookieOf(own) } })).status, 200);
});

t.test('a stolen token is of no use once it is revoked, by any door', async (t) => {
  const { running, token, auth } = service;
  const { id, header } = await token('admin');
  const headers = { authorization: header };
  t.equal((await running.tcp(`${apiBase}/cluster`, { headers })).status, 200);
  const stream = await readEvents(t, { host: '127.0.0.1', port: running.port }, `${apiBase}/events`, headers);
  t.equal(stream.status, 200);
  await auth.revokeToken(id, root);
  await stream.ended;
  const paths = [
    `${apiBase}/cluster`,
    `${apiBase}/events`,
    '/metrics',
    '/api/',
    `${apiBase}/nodes/n2/cluster`,
    `${apiBase}/session`,
  ];
  for (const path of paths) t.match((await running.tcp(path, { headers })).json, { code: 'AUTH_FAILED', status: 401 }, path);
  t.match((await running.tcp(`${apiBase}/modules/farm/actions`, { method: 'POST', json: { action: 'stop' }, headers })).json, {
    code: 'AUTH_FAILED',
  });
  t.same(running.face.callers, []);
  await auth.load();
  t.match(
    (await running.tcp(`${apiBase}/cluster`, { headers })).json,
    { code: 'AUTH_FAILED' },
    'nor after the file was read again',
  );
});

t.test('nobody takes all event streams', async (t) => {
  const { running, login, token } = service;
  const target = { host: '127.0.0.1', port: running.port };
  const watch = (headers: Readonly<Record<string, string>>) => readEvents(t, target, `${apiBase}/events`, headers);
  const monitor = await login('monitor');
  const greedy = [await watch(monitor), await watch(monitor), await watch(monitor)];
  t.same(
    greedy.map(({ status }) => status),
    [200, 200, 200],
  );
  const more = await running.tcp(`${apiBase}/events`, { headers: { ...monitor, accept: 'text/event-stream' } });
  t.match(more.json, { code: 'HTTP_BUSY', detail: /^You have 3 event streams/ });
  t.equal((await watch(await login('monitor'))).status, 503, 'nor with another session');
  t.equal((await watch(await login('admin'))).status, 200, 'others have theirs');
  t.equal((await watch({ authorization: (await token('monitor')).header })).status, 200);
  t.equal((await watch(await login('control'))).status, 200);
  const full = await running.tcp(`${apiBase}/events`, { headers: { ...(await login('control')), accept: 'text/event-stream' } });
  t.match(full.json, { code: 'HTTP_BUSY', detail: /^There are 6 event streams/ });
  const own = await readEvents(t, { socketPath: running.cliSocket }, `${apiBase}/events`);
  t.equal(own.status, 200, 'the command line has one in any case');
  greedy[0]?.close();
  await until(async () => (await watch(await login('control'))).status === 200);
});

/** A name that would begin a new line of a head, were it written there. */
const splitting = '%0d%0aSet-Cookie:%20holdfast_session=evil%0d%0aLocation:%20http://evil.example/%0d%0a%0d%0a<script>';

t.test('no answer is split, no page leads elsewhere', async (t) => {
  const { running, login } = service;
  const admin = await login('admin');
  const { cookie = '' } = admin;
  const asked: readonly Route[] = routes;
  for (const route of asked.filter(({ method, guard }) => method === 'GET' && guard === undefined)) {
    const path = route.path.includes('{')
      ? `${apiBase}${route.path.replaceAll(/\{\w+\}/g, splitting)}`
      : `${apiBase}${route.path}?x=${splitting}`;
    const answer = await running.tcp(path, { headers: { cookie } });
    t.notOk('set-cookie' in answer.headers || 'location' in answer.headers, route.operationId);
    t.ok(answer.status >= 400, `${route.operationId} answers ${answer.status}`);
    t.notMatch(answer.headers['content-type'], /html/, 'nothing that a browser would run');
    t.equal(answer.headers['x-content-type-options'], 'nosniff');
  }
  for (const path of [
    `/${splitting}`,
    `//evil.example/%2f..`,
    '/\\evil.example',
    `/console/${splitting}`,
    '/console/../../evil',
  ]) {
    const answer = await running.tcp(path, { headers: { cookie } });
    t.notOk('set-cookie' in answer.headers, path);
    t.notMatch(answer.headers['location'] ?? '', /evil/, path);
  }
  t.equal(textOf(await running.tcp(`${apiBase}/session`, { headers: { cookie } }), 'user'), 'admin', 'the session is as it was');
  t.same(running.defects, []);

  for (const host of ['evil.example@n1', 'n1/..', 'n1\\', 'n1#', 'n1?', 'n1 ', 'n1:1:2', '', '[::1', 'n1%00', 'n1.1'])
    t.equal(secureUrl(host, '/x', 9453), null, JSON.stringify(host));
  for (const url of ['//evil.example', 'http://evil.example/', '\\\\evil.example', 'x'])
    t.equal(secureUrl('n1', url, 9453), null, url);
  t.equal(secureUrl('n1:9010', '/console/?next=//evil.example', 9453), 'https://n1:9453/console/?next=//evil.example');
});

t.test('a name that leads to this machine makes no page of another site one of ours', async (t) => {
  // DNS rebinding: the browser believes that evil.example has our address. Before there are users, and after.
  const rebound = { host: 'evil.example:9010', origin: 'http://evil.example:9010', 'sec-fetch-site': 'same-origin' };
  t.match((await bare.tcp('/api/v1/cluster', { headers: rebound })).json, { code: 'HTTP_ORIGIN' });
  const change = { method: 'POST', json: { action: 'stop' }, headers: rebound };
  t.match((await bare.tcp('/api/v1/modules/farm/actions', change)).json, { code: 'HTTP_ORIGIN' });
  t.same(bare.face.callers, []);
  const { running, login } = service;
  await login('admin');
  // The browser sends no cookie of ours to that name, so that nobody has logged in.
  t.match((await running.tcp('/api/v1/cluster', { headers: rebound })).json, { code: 'AUTH_REQUIRED' });
  t.match((await running.tcp('/api/v1/modules/farm/actions', change)).json, { code: /^(AUTH_REQUIRED|HTTP_ORIGIN)$/ });
  t.same(running.face.callers, []);
});

t.test('a session cannot be used by another site, whatever it sends', async (t) => {
  const { running, login } = service;
  const admin = await login('admin');
  const { cookie = '' } = admin;
  const stop = (headers: Readonly<Record<string, string>>, body = '{"action":"stop"}') =>
    running.tcp(`${apiBase}/modules/farm/actions`, { method: 'POST', body, headers: { cookie, ...headers } });
  const json = { 'content-type': 'application/json' };
  const forms = ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'];
  for (const type of forms) t.match((await stop({ 'content-type': type })).json, { status: 403 }, type);
  t.match((await stop(json)).json, { code: 'AUTH_CSRF' }, 'the token of the session is missing');
  const across = { ...json, ...admin, origin: 'null' };
  t.match((await stop(across)).json, { code: 'HTTP_ORIGIN' }, 'a page in a sandbox');
  t.match(
    (await stop({ ...json, ...admin, 'sec-fetch-site': 'same-site' })).json,
    { code: 'HTTP_ORIGIN' },
    'a neighbour of the domain',
  );
  const other = await login('admin');
  t.match((await stop({ ...json, [csrfHeader]: other[csrfHeader] ?? '' })).json, { code: 'AUTH_CSRF' }, 'of another session');
  t.same(running.face.callers, []);
  t.equal((await stop({ ...json, ...admin })).status, 202);
});
