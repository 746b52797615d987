import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { createFront, frontAddresses } from '../../src/http/front/front.js';
import { createReadyTable } from '../../src/http/ready-table.js';
import { ask, start, until, withResolvers } from './harness.js';

t.test('ready.txt tells the truth', async (t) => {
  const { tcp, table, accesses } = await start(t);
  const up = await tcp('/var/modules/farm/ready.txt');
  t.equal(up.status, 200);
  t.equal(up.text, 'OK');
  t.equal(up.headers['content-type'], 'text/plain');
  t.equal(up.headers['cache-control'], 'no-store');
  t.equal(up.headers['content-length'], '2');
  t.equal(up.headers['set-cookie'], undefined);

  const head = await tcp('/var/modules/farm/ready.txt', { method: 'HEAD' });
  t.equal(head.status, 200);
  t.equal(head.text, '');
  t.equal(head.headers['content-length'], '2');

  table.set('farm', false, 'UP', 'Transient');
  const down = await tcp('/var/modules/farm/ready.txt?x=1');
  t.equal(down.status, 404);
  t.equal(down.text, 'NOT FOUND');

  for (const path of [
    '/var/modules/other/ready.txt',
    '/var/modules/ready.txt',
    '/var/modules/farm/other.txt',
    '/var/modules/../ready.txt',
  ]) {
    t.equal((await tcp(path)).status, 404, path);
  }
  const post = await tcp('/var/modules/farm/ready.txt', { method: 'POST', body: 'x' });
  t.equal(post.status, 405);
  t.equal(post.headers.allow, 'GET, HEAD');
  t.same(accesses, [], 'probes are not in the access log');
});

t.test('a module that is removed is not found, and its place serves another', async (t) => {
  const { tcp, table } = await start(t);
  table.remove('farm');
  table.set('b', true, 'UP', 'Ready');
  t.equal((await tcp('/var/modules/farm/ready.txt')).status, 404);
  t.equal((await tcp('/var/modules/b/ready.txt')).status, 200);
});

t.test('an OK says which start it is of, by node where several nodes serve', async (t) => {
  const { tcp, table } = await start(t);
  const started = async (): Promise<unknown> => (await tcp('/var/modules/farm/ready.txt')).headers['holdfast-started'];
  const first = await started();
  t.match(first, /^\S+ 0$/);
  const node = String(first).split(' ')[0];
  table.set('farm', true, 'UP', 'Ready', 7);
  t.equal(await started(), `${node} 7`);
  t.equal(await started(), `${node} 7`);
  table.set('farm', true, 'PRIM', 'Ready', 2 ** 32 - 1);
  t.equal(await started(), `${node}.4294967295`);
  table.set('farm', true, 'ALONE', 'Ready', 2 ** 32 + 5);
  t.equal(await started(), `${node}.5`, '32 bits are kept');
  table.set('farm', false, 'UP', 'Transient', 8);
  t.equal(await started(), undefined, 'a refusal says nothing of it');
});

t.test('health says why', async (t) => {
  const { tcp, table } = await start(t);
  const ready = await tcp('/health/farm/ready');
  t.equal(ready.status, 200);
  t.match(ready.json, { module: 'farm', check: 'ready', pass: true, state: 'UP', quality: 'Ready', ready: true });
  t.equal((await tcp('/health/farm/role/up')).status, 200);
  t.match((await tcp('/health/farm/role/prim')).json, { pass: false, check: 'role/prim', reason: /UP \(Ready\).*PRIM/ });
  table.set('farm', false, 'STOP', 'NotReady');
  t.equal((await tcp('/health/farm/live')).status, 200, 'stopped, but supervised');
  const down = await tcp('/health/farm/ready');
  t.equal(down.status, 404);
  t.match(down.json, { pass: false, reason: 'The module is STOP (NotReady) and does not serve.' });
  t.match((await tcp('/health/none/live')).json, { pass: false, reason: 'No module none is configured on this node.' });
  t.equal((await tcp('/health/farm/other')).status, 404);
  t.equal((await tcp('/health/farm/ready', { method: 'DELETE' })).status, 405);
});

t.test('404 while the main thread hangs, and 200 again after it', async (t) => {
  const { port, tcp, service } = await start(t);
  // The prober lives in a thread of its own, since this one is going to hang.
  const prober = new Worker(
    `const { request } = require('node:http'); const { parentPort, workerData } = require('node:worker_threads');
     const seen = []; const begun = performance.now(); let left = 60;
     (function next() { const sent = performance.now();
       request({ host: '127.0.0.1', port: workerData, path: '/var/modules/farm/ready.txt', agent: false }, (r) => { r.resume(); r.on('end', () => {
         seen.push([sent - begun, r.statusCode, performance.now() - sent]);
         if (--left > 0) setTimeout(next, 50); else parentPort.postMessage(seen); }); }).end();
     })();`,
    { eval: true, workerData: port },
  );
  const result = new Promise<readonly (readonly [number, number, number])[]>((resolve, reject) => {
    prober.once('message', resolve);
    prober.once('error', reject);
  });
  await new Promise((resolve) => prober.once('online', resolve));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  const seen = await result;
  t.ok(
    seen.some(([, status]) => status === 200),
    'the loop is given its 2 s',
  );
  const first = seen.find(([, status]) => status === 404);
  t.ok(first !== undefined && first[0] > 1500 && first[0] < 2900, `404 from ${first?.[0]} ms on`);
  t.ok(Math.max(...seen.map(([, , took]) => took)) < 500, 'answered all the time');
  await until(async () => (await tcp('/var/modules/farm/ready.txt')).status === 200);
  const [probe] = await service.probes();
  t.ok(probe !== undefined && probe.count >= 60);
});

t.test('probers are observed, and what they see after a change is told', async (t) => {
  const { tcp, table, service, frontEvents } = await start(t);
  const headers = { host: 'balancer', 'user-agent': 'ELB-HealthChecker/2.0' };
  for (let count = 0; count < 3; count += 1) await tcp('/var/modules/farm/ready.txt', { headers });
  const [probe, ...others] = await service.probes();
  t.same(others, []);
  t.match(probe, {
    module: 'farm',
    source: '127.0.0.1',
    host: 'balancer',
    agent: 'ELB-HealthChecker/2.0',
    count: 3,
    lastStatus: 200,
  });
  t.ok(Math.abs(Date.parse(probe?.last ?? '') - Date.now()) < 5000);
  t.type(probe?.intervalMs, 'number');
  t.same(
    frontEvents.filter((event) => event.type === 'probed'),
    [],
    'nothing has changed yet',
  );

  table.set('farm', false, 'UP', 'Transient');
  for (let count = 0; count < 2; count += 1) await tcp('/var/modules/farm/ready.txt', { headers });
  await tcp('/var/modules/farm/ready.txt', { headers: { 'user-agent': 'somebody new' } });
  await until(() => frontEvents.filter((event) => event.type === 'probed').length === 2);
  const told = frontEvents.flatMap((event) => (event.type === 'probed' ? [event.probe] : []));
  t.same(
    told.map((one) => [one.agent, one.lastStatus, one.answersSinceChange]),
    [
      ['ELB-HealthChecker/2.0', 404, 1],
      ['ELB-HealthChecker/2.0', 404, 2],
    ],
  );
});

t.test('a front that dies is started again, each time later', async (t) => {
  const crashes: number[] = [];
  const { promise, resolve } = withResolvers<void>();
  const front = createFront({
    // Too small for a table: the worker throws as soon as it looks.
    table: { ...createReadyTable(), memory: new SharedArrayBuffer(4) },
    ...{ socketPath: '/nowhere', secret: 'x', node: 'n1' },
    onEvent(event) {
      if (event.type !== 'crashed') return;
      t.match(event.message, /The front worker died: /);
      crashes.push(event.retryMs);
      if (crashes.length === 2) resolve();
    },
  });
  await promise;
  t.same(crashes, [250, 500]);
  t.same(
    await Promise.race([front.close().then(() => 'closed'), new Promise((late) => setTimeout(late, 5000, 'late'))]),
    'closed',
  );
  t.same(await front.probes(), []);
});

t.test('an address in use is told with its remedy and taken as soon as it is free', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { service, frontEvents, port } = await start(t);
  service.listen([
    { host: '127.0.0.1', port: address.port },
    { host: '127.0.0.1', port: 70_000 },
    { host: '192.0.2.1', port: 0 },
  ]);
  const failed = () => frontEvents.flatMap((event) => (event.type === 'listenFailed' ? [event] : []));
  await until(() => new Set(failed().map((event) => event.code)).size === 3);
  t.match(
    failed().find((event) => event.code === 'EADDRINUSE')?.message,
    new RegExp(`^127\\.0\\.0\\.1 port ${address.port} is in use by another program: .* tried again in 0.5 s\\.$`),
  );
  t.match(failed().find((event) => event.code === 'EINVAL')?.message, /70000/);
  t.match(failed().find((event) => event.code === 'EADDRNOTAVAIL')?.message, /does not have that address/);
  await t.rejects(
    ask({ host: '127.0.0.1', port }, '/var/modules/farm/ready.txt'),
    'an address that is not named any more is closed',
  );
  await new Promise((resolve) => taken.close(resolve));
  await until(() => frontEvents.some((event) => event.type === 'listening' && event.port === address.port));
  t.equal((await ask({ host: '127.0.0.1', port: address.port }, '/var/modules/farm/ready.txt')).status, 200);
});

t.test('addresses: the own ones, and loopback unless the node lives there', (t) => {
  t.same(frontAddresses(['10.0.0.1', '10.0.0.1', '192.0.2.7'], 9010), [
    { host: '10.0.0.1', port: 9010 },
    { host: '192.0.2.7', port: 9010 },
    { host: '127.0.0.1', port: 9010 },
  ]);
  t.same(frontAddresses(['127.0.0.2'], 9010), [{ host: '127.0.0.2', port: 9010 }]);
  t.end();
});
