import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { ask, readEvents, start, until } from './harness.js';

/** Times of `count` probes, one after the other, each on its own connection. */
async function probeTimes(port: number, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const begun = performance.now();
    const answer = await ask({ host: '127.0.0.1', port }, '/var/modules/farm/ready.txt');
    if (answer.status !== 200) throw new Error(`probe answered ${answer.status}`);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}
function open(port: number, text: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.on('error', () => undefined);
      socket.write(text);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
function reply(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
  });
}

t.test('300 clients that trickle their requests do not delay the probe', async (t) => {
  const { port } = await start(t);
  const quiet = await probeTimes(port, 50);
  const slow = await Promise.all(
    Array.from({ length: 300 }, () => open(port, 'GET /api/v1/cluster HTTP/1.1\r\nHost: localhost\r\nX-')),
  );
  const trickle = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write('a');
  }, 50);
  t.teardown(() => {
    clearInterval(trickle);
    for (const socket of slow) socket.destroy();
  });
  const busy = await probeTimes(port, 100);
  const p99 = busy.at(98) ?? Number.POSITIVE_INFINITY;
  t.ok(p99 < 250, `p99 ${p99.toFixed(1)} ms beside them, ${(quiet.at(-1) ?? 0).toFixed(1)} ms at most alone`);
  await until(() => slow.every((socket) => socket.destroyed), 9000);
  t.pass('and they are all closed when their time is over');
});

t.test('a source with its connections used up gets in by losing its oldest silent one', async (t) => {
  const { port } = await start(t, { frontLimits: { connectionsPerSource: 4 } });
  const silent: Socket[] = [];
  for (let index = 0; index < 4; index += 1) silent.push(await open(port, 'G'));
  t.equal((await ask({ host: '127.0.0.1', port }, '/var/modules/farm/ready.txt')).status, 200);
  await until(() => silent[0]?.destroyed === true);
  t.notOk(silent[3]?.destroyed);
  for (const socket of silent) socket.destroy();
});

t.test('too many requests at once are told so, and probes go on', async (t) => {
  const { port, tcp, local } = await start(t, { frontLimits: { requestsPerSource: 2 }, limits: { streams: 3 } });
  const streams = await Promise.all([1, 2].map(() => readEvents(t, { host: '127.0.0.1', port }, '/api/v1/events')));
  const third = await tcp('/api/v1/cluster');
  t.match(third.json, { code: 'HTTP_BUSY', status: 503 });
  t.equal(third.headers['retry-after'], '1');
  t.equal((await tcp('/var/modules/farm/ready.txt')).status, 200);
  t.equal((await local('/api/v1/cluster')).status, 200, "the CLI's socket has room of its own");
  streams[0]?.close();
  await until(async () => (await tcp('/api/v1/cluster')).status === 200);
});

t.test('heads and bodies have limits', async (t) => {
  const { port, tcp, local, defects } = await start(t);
  const long = await tcp(`/api/v1/cluster?x=${'a'.repeat(20_000)}`).catch((error: Error) => error);
  t.ok(long instanceof Error || long.status === 431, 'a long head is refused');
  const many = Array.from({ length: 120 }, (_, index) => `A${index}: b\r\n`).join('');
  t.match(await reply(await open(port, `GET /api/v1/cluster HTTP/1.1\r\nHost: localhost\r\n${many}\r\n`)), /^HTTP\/1.1 400 /);

  const json = { action: 'start', nodes: Array.from({ length: 60 }, () => 'x'.repeat(64)) };
  t.match(
    (await tcp('/api/v1/modules/farm/actions', { method: 'POST', json })).json,
    { code: 'NODE_UNKNOWN' },
    'within the limit',
  );
  const large = { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1), headers: { 'content-type': 'application/json' } };
  t.match((await local('/api/v1/modules/farm/actions', large)).json, { code: 'HTTP_TOO_LARGE', status: 413 });
  t.match(
    await reply(
      await open(port, 'PUT /api/v1/cluster/config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n'),
    ),
    /^HTTP\/1.1 413 .*HTTP_TOO_LARGE/s,
  );
  const chunked = await open(
    port,
    'POST /api/v1/modules/farm/print HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  const answered = reply(chunked);
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  for (let index = 0; index < 20; index += 1) chunked.write(chunk);
  t.match(await answered, /^HTTP\/1.1 413 .*HTTP_TOO_LARGE/s, 'a body without a length is counted');
  t.same(defects, []);
});

t.test('what could be read as two requests is refused', async (t) => {
  const { port, accesses } = await start(t);
  const head = 'POST /api/v1/modules/farm/print HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const cases = [
    `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/cluster HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
    `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    `${head}Content-Length: +4\r\n\r\nabcd`,
    `${head}X: a\rb\r\n\r\n`,
    'GET /api/v1/cluster HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n',
    'GET /api/v1/cluster HTTP/1.1\r\n\r\n',
    'GET http://localhost/api/v1/cluster HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /api/v1/cluster HTTP/1.1\nHost: localhost\n\n',
    'GET /api/v1/\u0000cluster HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  ];
  for (const text of cases) {
    const answer = await reply(await open(port, text));
    t.match(answer, /^(HTTP\/1\.1 400 |$)/, JSON.stringify(text.slice(0, 140)));
    t.equal(answer.split('HTTP/1.1 ').length, answer === '' ? 1 : 2, 'one answer at most');
  }
  t.same(
    accesses.filter((one) => one.path === '/api/v1/cluster'),
    [],
    'none got through',
  );
});

t.test('garbage is refused and harms nothing', async (t) => {
  const { port, tcp, defects, frontEvents } = await start(t);
  const bytes = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 300 }), { numRuns: 300, seed: 11 });
  for (let index = 0; index < bytes.length; index += 20) {
    await Promise.all(
      bytes.slice(index, index + 20).map(async (garbage) => {
        const socket = await open(port, '');
        socket.end(garbage);
        await reply(socket);
      }),
    );
  }
  t.equal((await tcp('/var/modules/farm/ready.txt')).status, 200);
  t.equal((await tcp('/api/v1/cluster')).status, 200);
  t.same(defects, []);
  t.notOk(frontEvents.some((event) => event.type === 'crashed'));
});

t.test('10,000 random requests: each is answered, none is a defect', { timeout: 180_000 }, async (t) => {
  const { port, tcp, defects, frontEvents } = await start(t);
  const segment = fc.oneof(
    fc.constantFrom(
      'api',
      'v1',
      'modules',
      'farm',
      'nodes',
      'n1',
      'n9',
      'config',
      'resources',
      'proc.web',
      'actions',
      'logs',
      'wait',
      'events',
      'cluster',
      '..',
      '',
      '%2e%2e',
      '%',
      '%ff',
      'var',
      'ready.txt',
      'health',
      'ready',
      'role',
      'x'.repeat(300),
    ),
    fc.stringMatching(/^[!-"$-.0-~]{0,12}$/),
  );
  const real = fc.constantFrom(
    ...[
      '/api/',
      '/api/v1/cluster',
      '/api/v1/modules',
      '/api/v1/modules/farm/resources',
      '/api/v1/nodes/n1/modules/farm/errd',
      '/api/v1/events',
    ],
    ...[
      '/api/v1/modules/farm/actions',
      '/api/v1/modules/farm/print',
      '/var/modules/farm/ready.txt',
      '/health/farm/ready',
      '/api/v1/sealed',
    ],
  );
  const random = fc
    .tuple(
      fc.constantFrom('/', '/api/v1/', '/api/v1/modules/farm/', '/var/modules/', '/health/'),
      fc.array(segment, { maxLength: 5 }),
    )
    .map(([start, segments]) => `${start}${segments.join('/')}`);
  const query = fc.oneof(
    fc.constant(''),
    fc.stringMatching(/^[!-"$-~]{0,30}$/).map((text) => `?${text}`),
  );
  const path = fc.tuple(fc.oneof(real, random), query).map(([start, rest]) => `${start}${rest}`);
  const method = fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND');
  const type = fc.constantFrom('application/json', 'text/plain', 'application/zip', 'application/octet-stream', '');
  const body = fc.oneof(
    fc.constant(''),
    fc.json({ maxDepth: 3 }),
    fc.string({ maxLength: 100 }),
    fc.constantFrom('{"action":"start"}', '{"action":"stop","nodes":["*"]}', '[]', '{"__proto__":{"action":"stop"}}'),
  );
  const requests = fc.sample(
    fc.record({ method, path, type, body, custom: fc.boolean(), accept: fc.constantFrom('application/json', '*/*') }),
    { numRuns: 10_000, seed: 2026 },
  );
  const statuses = new Map<number, number>();
  const { Agent, request } = await import('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  t.teardown(() => agent.destroy());
  const send = (one: (typeof requests)[number]): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': one.type,
        accept: one.accept,
        'content-length': Buffer.byteLength(one.body),
        ...(one.custom ? { 'x-holdfast-request': '1' } : {}),
      };
      const outgoing = request(
        { host: '127.0.0.1', port, method: one.method, path: one.path, headers, agent, timeout: 20_000 },
        (response) => {
          response.resume();
          response.on('error', reject);
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      // A waiting route is answered late, not never; a connection that the front closes after a refusal may reset a request on it.
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${one.method} ${one.path}`)));
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(0) : reject(error),
      );
      outgoing.end(one.body);
    });
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < requests.length) {
        const one = requests[next];
        next += 1;
        if (one === undefined) return;
        const status = await send(one);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }),
  );
  t.same(defects, [], 'no defect');
  t.equal(statuses.get(500), undefined, 'no 500');
  t.ok((statuses.get(0) ?? 0) < 100, `${statuses.get(0) ?? 0} connections were reset`);
  t.ok(
    (statuses.get(200) ?? 0) > 500 && (statuses.get(404) ?? 0) > 100 && (statuses.get(403) ?? 0) > 100,
    JSON.stringify([...statuses]),
  );
  t.notOk(frontEvents.some((event) => event.type === 'crashed'));
  t.equal((await tcp('/var/modules/farm/ready.txt')).status, 200);
});
