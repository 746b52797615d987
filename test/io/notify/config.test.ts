import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { addressOf, readNotificationConfig, targetOf } from '../../../src/io/notify/config.js';

const file = (path: string): string => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
const read = (value: unknown) => readNotificationConfig('notification.json', JSON.stringify(value, null, 2));
const findings = async (value: unknown): Promise<readonly string[]> => {
  const result = await read(value);
  return result.ok ? [] : result.problems.map((one) => `${one.line}:${one.column} ${one.code} ${one.message} ${one.remedy}`);
};

t.test('an empty object is a configuration: the defaults', async (t) => {
  const result = await read({});
  t.same(result.ok && result.value, {
    ...{ enabled: true, windowMs: 60_000, criticalMs: 10_000, critical: true, states: true, nodes: true, explain: true },
    ...{ modules: null, channels: [] },
  });
});

t.test('the example of conf is right, and shows every setting; docs/notifications.md names them all', async (t) => {
  const text = file('conf/notification.example.json');
  const result = await readNotificationConfig('notification.example.json', text);
  t.ok(result.ok, result.ok ? '' : JSON.stringify(result.problems));
  const docs = file('docs/notifications.md');
  const keys = new Set([...text.matchAll(/"(\w+)":/g)].map((match) => match[1] ?? ''));
  for (const key of keys) t.ok(docs.includes(`\`${key}\``), `docs name ${key}`);
  const source = file('src/io/notify/config.ts');
  for (const [, name = ''] of source.matchAll(/fields\.(?:yesNo|whole|choice|text|optionalText|texts|objects)\('(\w+)'/g))
    t.ok(keys.has(name), `the example shows ${name}`);
});

t.test('the channels, their defaults, and where they lead', async (t) => {
  const result = await read({
    ...{ windowSeconds: 5, criticalSeconds: 30, modules: ['farm'] },
    email: [{ from: 'a@b.org', to: ['Ops <ops@b.org>'], host: 'mail.b.org' }],
    webhook: [{ url: 'https://hooks.b.org/T0/secret' }, { name: 'other', urlFile: '/etc/hook' }],
    executable: [{ path: '/usr/local/bin/page' }],
  });
  t.ok(result.ok);
  if (!result.ok) return;
  t.equal(result.value.criticalMs, 5_000, 'no longer than the window');
  t.same(result.value.modules, ['farm']);
  const [email] = result.value.channels;
  t.match(email, { name: 'email', port: 587, security: 'starttls', timeoutMs: 30_000, credentialsFile: null });
  t.same(result.value.channels.map(targetOf), [
    'ops@b.org by mail.b.org:587',
    'https://hooks.b.org',
    'the address in /etc/hook',
    '/usr/local/bin/page',
  ]);
  const ports = await read({
    email: [
      { name: 'a', from: 'a@b.org', to: ['a@b.org'], host: 'm', security: 'tls' },
      { name: 'b', from: 'a@b.org', to: ['a@b.org'], host: 'm', security: 'none' },
    ],
  });
  t.same(ports.ok && ports.value.channels.map((one) => (one.kind === 'email' ? one.port : 0)), [465, 25]);
  t.equal(addressOf('Ops <ops@b.org>'), 'ops@b.org');
});

t.test('everything wrong is told at once, with its place and a remedy', async (t) => {
  t.matchSnapshot(
    (
      await findings({
        ...{ enabled: 'yes', windowSeconds: 601, criticalSeconds: 1.5, modules: ['1st'], colour: 'red', '//': 'a remark' },
        email: [
          { from: 'nobody', to: [], host: 'a b', port: 0, security: 'ssl' },
          { from: 'a@b.org', to: ['x'], host: 'mail', security: 'none', credentialsFile: '/etc/mail' },
          'text',
        ],
        webhook: [{ url: 'http://far.org/x' }, { name: 'webhook', url: 'https://u:p@far.org/' }, { name: 'c', url: 'far' }, {}],
        executable: [{ path: 'bin/page', args: ['ok', 7], timeoutSeconds: 121, name: 'a b' }, { name: 'x' }],
      })
    ).join('\n'),
  );
  t.matchSnapshot((await findings({ email: {}, webhook: [{ name: 'w', url: 'https://a.org', urlFile: '/x' }] })).join('\n'));
  t.matchSnapshot((await findings([])).join('\n'));
});

t.test('what is no JSON, and what stands there twice', async (t) => {
  const broken = await readNotificationConfig('n.json', '{\n  "enabled": true,\n  "email": [,]\n}');
  t.match(broken.ok ? null : broken.problems[0], { code: 'CONF_SYNTAX', line: 3, column: 13, message: /^This is not JSON: / });
  const cut = await readNotificationConfig('n.json', '{');
  t.match(cut.ok ? null : cut.problems[0], { code: 'CONF_SYNTAX', line: 1 });
  const twice = await readNotificationConfig('n.json', '{"enabled": true,\n "enabled": false}');
  t.match(twice.ok ? null : twice.problems[0], { code: 'CONF_DUPLICATE', line: 2, column: 2 });
});

t.test('http to this machine is allowed, and a password to it without TLS', async (t) => {
  t.same(
    await findings({
      webhook: [
        { name: 'a', url: 'http://127.0.0.1:8080/' },
        { name: 'b', url: 'http://[::1]/' },
        { name: 'c', url: 'http://localhost/' },
      ],
      email: [{ from: 'a@b.org', to: ['a@b.org'], host: '127.0.0.1', security: 'none', credentialsFile: '/etc/mail' }],
    }),
    [],
  );
});
