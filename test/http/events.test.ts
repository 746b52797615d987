import { connect } from 'node:net';
import t from 'tap';
import { conforms } from '../../src/http/conform.js';
import { logEntry } from './fake-face.js';
import { type Running, readEvents, start, until } from './harness.js';

const api = '/api/v1/events';
function append({ face }: Pick<Running, 'face'>, count: number, type = 'module.state', module: string | null = 'farm'): void {
  for (let index = 0; index < count; index += 1) {
    face.ring.append({ node: 'n1', module, type, at: '2026-01-31T14:22:33.123Z', atMs: index, cause: null, data: { index } });
  }
}
const idOf = (index: number): string => `7.${index}`;

t.test('pages: since, types, module, limit, next', async (t) => {
  const running = await start(t);
  append(running, 3);
  append(running, 2, 'log', null);
  append(running, 1, 'module.budget', 'other');
  const page = async (query: string) => {
    const { json } = await running.local(`${api}${query}`);
    if (!conforms('EventPage', json)) throw new Error(JSON.stringify(json));
    return { ids: json.items.map((event) => event.id), lost: json.lost, next: json.next };
  };
  t.same(await page(''), { ids: [1, 2, 3, 4, 5, 6].map(idOf), lost: false, next: idOf(6) });
  t.same(await page('?since=7.4'), { ids: [5, 6].map(idOf), lost: false, next: idOf(6) });
  t.same(await page('?types=log'), { ids: [4, 5].map(idOf), lost: false, next: idOf(6) });
  t.same(await page('?types=module.*&limit=2'), { ids: [1, 2].map(idOf), lost: false, next: idOf(2) });
  t.same(await page('?types=log,module.budget&module=other'), { ids: [idOf(6)], lost: false, next: idOf(6) });
  t.equal((await page('?since=6.1')).lost, true, 'of an earlier run');
  t.same(await page('?since=7.6'), { ids: [], lost: false, next: idOf(6) });

  const waiting = page('?since=7.6&waitMs=20000&types=log');
  await until(() => running.accesses.length === 7);
  append(running, 1);
  append(running, 1, 'log');
  t.same(await waiting, { ids: [idOf(8)], lost: false, next: idOf(8) }, 'held back until something happens');
  t.same(await page('?since=7.8&waitMs=20'), { ids: [], lost: false, next: idOf(8) });
});

t.test('a stream begins now, goes on, and is resumed without gap or repetition', async (t) => {
  const running = await start(t);
  const target = { host: '127.0.0.1', port: running.port };
  append(running, 5);
  const first = await readEvents(t, target, api);
  append(running, 3);
  await first.has(3);
  t.same(
    first.events.map(({ id, event }) => [id, event]),
    [6, 7, 8].map((index) => [idOf(index), 'module.state']),
  );
  t.match(first.events[0]?.data, { id: idOf(6), node: 'n1', module: 'farm', cause: null, data: { index: 0 } });
  first.close();
  append(running, 4);
  const resumed = await readEvents(t, target, api, { 'last-event-id': idOf(7) });
  append(running, 1);
  await resumed.has(6);
  t.same(
    resumed.events.map(({ id }) => id),
    [8, 9, 10, 11, 12, 13].map(idOf),
  );
  const filtered = await readEvents(t, target, `${api}?since=7.1&types=log`);
  append(running, 1, 'log');
  await filtered.has(1);
  t.same(
    filtered.events.map(({ id }) => id),
    [idOf(14)],
  );
});

t.test('the first event after a rest goes out at once, what follows soon waits for company', async (t) => {
  const slow = await start(t, { limits: { heartbeatMs: 20, togetherMs: 60_000 } });
  const target = { host: '127.0.0.1', port: slow.port };
  const held = await readEvents(t, target, api);
  append(slow, 1);
  await held.has(1);
  append(slow, 5);
  const before = held.comments;
  await until(() => held.comments >= before + 3);
  t.equal(held.events.length, 1, 'a sign of life does not take it along');
  append(slow, 600);
  await held.has(200);
  t.pass('a piece that has grown large does not wait');

  const usual = await start(t);
  const reader = await readEvents(t, { host: '127.0.0.1', port: usual.port }, api);
  append(usual, 1);
  await reader.has(1);
  append(usual, 5);
  await reader.has(6);
  t.same(
    reader.events.map(({ id }) => id),
    [1, 2, 3, 4, 5, 6].map(idOf),
    'all of them, in order',
  );
});

t.test('a client that fell out of the ring is told so, once', async (t) => {
  const running = await start(t);
  append(running, 12_500);
  const reader = await readEvents(t, { host: '127.0.0.1', port: running.port }, `${api}?since=7.100`);
  await reader.has(10_001);
  t.match(reader.events[0], { id: null, event: 'lost', data: { node: 'n1', code: 'EVENTS_LOST' } });
  t.equal(reader.events[1]?.id, idOf(2501));
  t.equal(reader.events.at(-1)?.id, idOf(12_500));
  append(running, 1);
  await reader.has(10_002);
  t.equal(reader.events.filter(({ event }) => event === 'lost').length, 1);
});

t.test('a client that does not read is dropped, and costs no memory until then', { timeout: 90_000 }, async (t) => {
  const running = await start(t, { limits: { stallMs: 1500, streams: 2 } });
  const socket = connect({ host: '127.0.0.1', port: running.port });
  t.teardown(() => socket.destroy());
  socket.write(`GET ${api} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  const healthy = await readEvents(t, { host: '127.0.0.1', port: running.port }, api);
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
  let closed = false;
  socket.on('close', () => {
    closed = true;
  });
  let sent = 0;
  const flood = setInterval(() => {
    append(running, 200);
    sent += 200;
  }, 10);
  t.teardown(() => clearInterval(flood));
  await until(() => sent >= 40_000, 60_000);
  clearInterval(flood);
  const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().external - before;
  t.ok(grown < 48 * 1024 * 1024, `grew by ${Math.round(grown / 1024)} kB beside ${sent} events of 250 bytes`);
  // Its place is free for another one when it has been dropped; it sees that as soon as it looks.
  const target = { host: '127.0.0.1', port: running.port };
  await until(async () => {
    const next = await readEvents(t, target, api);
    next.close();
    return next.status === 200;
  }, 30_000);
  socket.resume();
  await until(() => closed, 30_000);
  append(running, 1);
  await until(() => healthy.events.at(-1)?.id === idOf(sent + 1), 30_000);
  t.same(running.defects, [], 'a connection that breaks off is no defect');
});

t.test('heartbeats, and an end of streams', async (t) => {
  const running = await start(t, { limits: { heartbeatMs: 30, streams: 1 } });
  const target = { host: '127.0.0.1', port: running.port };
  const reader = await readEvents(t, target, api);
  await until(() => reader.comments >= 4);
  t.match((await running.tcp(api, { headers: { accept: 'text/event-stream' } })).json, { code: 'HTTP_BUSY', status: 503 });
  reader.close();
  await until(async () => {
    const next = await readEvents(t, target, api);
    next.close();
    return next.status === 200;
  });
  t.equal(
    (await running.tcp(api, { method: 'HEAD', headers: { accept: 'text/event-stream' } })).status,
    200,
    'HEAD is no stream',
  );
});

t.test('a log is followed: old lines, then new ones that match', async (t) => {
  const running = await start(t);
  const reader = await readEvents(t, { socketPath: running.cliSocket }, '/api/v1/modules/farm/logs?limit=5');
  await reader.has(2);
  running.face.log(logEntry('new'));
  running.face.log({ ...logEntry('only for -A'), level: 'I' });
  running.face.log(logEntry('newer'));
  await reader.has(4);
  t.same(
    reader.events.map(({ event, data }) => [
      event,
      typeof data === 'object' && data !== null && 'message' in data ? data.message : null,
    ]),
    ['begin', 'limit 5', 'new', 'newer'].map((message) => ['line', message]),
  );
  t.match(reader.events[0]?.data, { at: '2026-01-31T14:22:33.123Z', level: 'S', component: 'heart' });
  t.equal(running.face.followers.size, 1);
  reader.close();
  await until(() => running.face.followers.size === 0);

  const some = await readEvents(
    t,
    { socketPath: running.cliSocket },
    '/api/v1/modules/farm/logs?level=E&q=DISK&since=2020-01-01T00:00:00Z',
  );
  await some.has(2);
  running.face.log({ ...logEntry('the disk is full'), level: 'E' });
  running.face.log({ ...logEntry('the disk is full'), level: 'S' });
  running.face.log({ ...logEntry('something else'), level: 'E' });
  running.face.log({ ...logEntry('disk, long ago', 5), level: 'E' });
  running.face.log({ ...logEntry('disk again'), level: 'E' });
  await some.has(4);
  t.same(
    some.events
      .slice(2)
      .map(({ data }) => (typeof data === 'object' && data !== null && 'message' in data ? data.message : null)),
    ['the disk is full', 'disk again'],
  );
  t.match((await running.local('/api/v1/modules/none/logs', { headers: { accept: 'text/event-stream' } })).json, {
    code: 'MODULE_UNKNOWN',
  });
});

t.test('a reader of the log that is slower than the log is ended, not buffered', async (t) => {
  const running = await start(t, { limits: { stallMs: 60_000 } });
  const reader = await readEvents(t, { socketPath: running.cliSocket }, '/api/v1/modules/farm/logs');
  await reader.has(2);
  reader.pause();
  for (let index = 0; index < 6000; index += 1) running.face.log(logEntry(`${index} ${'x'.repeat(500)}`));
  reader.resume();
  await reader.ended;
  t.ok(reader.events.length < 6000, `${reader.events.length} of 6000 lines came, then the end`);
  await until(() => running.face.followers.size === 0);
});
