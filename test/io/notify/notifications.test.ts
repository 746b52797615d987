/** The whole: the configuration file, commands, and a webhook that is told. */
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createClock } from '../../../src/io/clock.js';
import type { Message } from '../../../src/io/notify/message.js';
import { createNotifications, type Notifications } from '../../../src/io/notify/notifications.js';
import { inbox, type Node, node, soon } from './support.js';

t.setTimeout(60_000);
const caller = { who: 'root', identity: null };

interface Place {
  readonly notifications: Notifications;
  readonly node: Node;
  readonly safevar: string;
  readonly file: string;
  readonly told: ReturnType<typeof inbox<Message>>;
  readonly settings: (more?: Readonly<Record<string, unknown>>) => string;
}
async function place(t: Test): Promise<Place> {
  const told = inbox<Message>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      told.push(JSON.parse(body));
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const safevar = join(t.testdir({}), 'var');
  const clock = createClock();
  const own = node(clock);
  const notifications = createNotifications({ safevar, clock, log: own.log, epoch: 9 });
  t.teardown(async () => {
    await notifications.close(100);
    server.close();
    server.closeAllConnections();
  });
  const settings = (more: Readonly<Record<string, unknown>> = {}): string =>
    JSON.stringify({ windowSeconds: 0, webhook: [{ name: 'hook', url: `http://127.0.0.1:${port}/T0KEN` }], ...more });
  return { notifications, node: own, safevar, file: join(safevar, 'notification.json'), told, settings };
}

t.test('without a file: off, and commands say how to begin', async (t) => {
  const { notifications, node, file } = await place(t);
  await notifications.load(node.face);
  t.match(notifications.status(), {
    node: 'n1',
    configured: false,
    enabled: false,
    file,
    problems: [],
    channels: [],
    windowSeconds: 60,
  });
  for (const failed of [
    await notifications.config(),
    await notifications.test(null, caller),
    await notifications.enable(true, caller),
  ])
    t.match(failed, { ok: false, failure: { code: 'CONF_NONE', message: /holdfast notification config FILE/ } });
  t.same(notifications.counts(), []);
  t.same(node.lines, []);
});

t.test('configured, switched, tested; everything is kept in the file, mode 0600', async (t) => {
  const { notifications, node, file, told, settings } = await place(t);
  await notifications.load(node.face);
  t.match(await notifications.configure(settings(), caller), { ok: true, value: { configured: true, enabled: true } });
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(readFileSync(file, 'utf8'), `${settings()}\n`);
  t.same(await notifications.config(), { ok: true, value: `${settings()}\n` });
  node.state('farm', 'STOP', 'NotReady', 'stop called by root');
  t.match(await soon(t, 'the webhook', told.next()), {
    severity: 'state',
    node: 'n1',
    subject: /farm: UP \(Ready\) -> STOP \(NotReady\)/,
  });
  t.match(await notifications.enable(false, caller), { ok: true, value: { enabled: false } });
  t.equal(JSON.parse(readFileSync(file, 'utf8')).enabled, false);
  node.state('farm', 'UP', 'Ready');
  t.match(await notifications.test('hook', caller), { ok: true, value: [{ channel: 'hook', ok: true }] });
  t.match(await soon(t, 'the test', told.next()), { test: true });
  t.match(await notifications.test('nobody', caller), {
    ok: false,
    failure: { code: 'NOTIFICATION_CHANNEL', message: /there are hook/ },
  });
  t.match(await notifications.enable(true, caller), { ok: true, value: { enabled: true } });
  node.critical('farm', 'again');
  t.match(await soon(t, 'the critical line', told.next()), { severity: 'critical' });
  t.same(told.all.length, 3, 'what happened while it was off was not told');
  t.match(notifications.counts(), [{ channel: 'hook', kind: 'webhook', lost: 0 }]);
  t.same(node.lines, [
    'U Notifications configured by root: 1 channel',
    'U Notifications disabled by root',
    'U Notifications enabled by root',
  ]);
  t.notMatch(JSON.stringify(notifications.status()), /T0KEN/, 'no path of a webhook in the status');
});

t.test('a bad configuration changes nothing; a bad file on disk is told and shown', async (t) => {
  const { notifications, node, file, told, settings } = await place(t);
  await notifications.load(node.face);
  await notifications.configure(settings(), caller);
  t.match(await notifications.configure('{"windowSeconds": -1}', caller), {
    ok: false,
    failure: { code: 'CONF_INVALID', problems: [{ line: 1, attribute: 'windowSeconds' }] },
  });
  node.state('farm', 'STOP', 'NotReady');
  await soon(t, 'the channel of before', told.next());

  writeFileSync(file, '{"windowSeconds": -1, "colour": 2}');
  await notifications.load(node.face);
  t.match(notifications.status(), {
    configured: false,
    channels: [],
    problems: [{ code: 'CONF_ATTRIBUTE_VALUE' }, { code: 'CONF_SETTING_UNKNOWN' }],
  });
  t.equal(node.lines.at(-1), `E ${file} refused: 2 errors; holdfast notification status`);
  t.match(await notifications.enable(true, caller), { ok: false, failure: { code: 'CONF_INVALID' } });
  writeFileSync(file, '[]');
  t.match(await notifications.enable(true, caller), { ok: false, failure: { code: 'CONF_INVALID' } });
  writeFileSync(file, settings());
  await notifications.load(node.face);
  t.match(notifications.status(), { configured: true, problems: [] });
  node.state('db', 'STOP', 'NotReady');
  t.match(await soon(t, 'the channel of the new file', told.next()), { subject: /db: UP \(Ready\) -> STOP/ });
});

t.test('a reload of the same file keeps the window that is open; a new one tells it first', async (t) => {
  const { notifications, node, told, settings, file } = await place(t);
  await notifications.load(node.face);
  await notifications.configure(settings({ windowSeconds: 600 }), caller);
  node.state('farm', 'STOP', 'NotReady');
  await notifications.load(node.face);
  t.equal(notifications.status().collected, 1);
  t.equal(told.all.length, 0);
  writeFileSync(file, settings({ windowSeconds: 500 }));
  await notifications.load(node.face);
  t.equal(told.all.length, 1);
  t.match(notifications.status(), { windowSeconds: 500, collected: 0 });
  node.state('db', 'STOP', 'NotReady');
  await notifications.close(5_000);
  t.equal(told.all.length, 2, 'the end tells what is collected');
});

t.test('a disk that refuses', { skip: process.platform === 'win32' ? 'needs /dev/null' : false }, async (t) => {
  const clock = createClock();
  const own = node(clock);
  const lost = createNotifications({ safevar: '/dev/null/none', clock, log: own.log, epoch: 9 });
  await lost.load(own.face);
  t.match(await lost.configure('{}', caller), { ok: false, failure: { code: 'DISK', message: /cannot be written/ } });
  t.notOk(lost.status().configured);
  const { notifications, file, safevar, node: other } = await place(t);
  mkdirSync(safevar);
  mkdirSync(file);
  await notifications.load(other.face);
  t.match(other.lines, [/notification\.json cannot be read/]);
  chmodSync(safevar, 0o755);
  t.ok(existsSync(file));
});
