/**
 * A real daemon with secrets planted wherever there may be some: none of them is in a log, a record, a journal, an answer, an error, an
 * argument or environment of a process that should not have it, a dump or a snapshot. The snapshot's journal replays, with its names and without.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import snmp from 'net-snmp';
import t from 'tap';
import { unpackArchive } from '../../src/io/modules/archive.js';
import { RealDaemon, run } from './daemon.js';
import { ask } from './http.js';
import { freeTcpPort, freeUdpPort, place } from './place.js';

t.setTimeout(600_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';

const planted = {
  variable: 'planted-variable-7f3a',
  webhook: 'planted-webhook-91bc',
  webhookUrl: 'planted-hook-path-55d1',
  snmp: 'planted-snmp-auth-20ee',
  community: 'planted-community-3c4d',
  environment: 'planted-environment-8a8a',
  smtp: 'planted-smtp-password-6b1f',
  privacy: 'planted-snmp-priv-44aa',
  user: 'planted-user-password-c2d0',
  ldap: 'planted-ldap-bind-19be',
  oidc: 'planted-oidc-client-7e07',
  ocf: 'planted-ocf-parameter-e5e5',
} as const;
const limits = { archiveBytes: 1e9, entries: 1e4, fileBytes: 1e9, totalBytes: 1e9, ratio: 1e6, ratioFromBytes: 1e9 };

/** Debian's resource-agents: the one parameter that is called a password. Where it is not installed, no agent is given one. */
const dummy = '/usr/lib/ocf/resource.d/heartbeat/Dummy';
const agent = existsSync(dummy) && readFileSync(dummy, 'utf8').includes('name="passwd"');
const checker = `<check><custom ident="app" ocf="heartbeat:Dummy" when="both" action="noaction" interval="1s" timeout="30s"><param name="passwd" value="${planted.ocf}"/></custom></check>`;
const userconfig = `<safe><service mode="light" boot="off"><user logging="userlog">
<var name="APP_PASSWORD" value="${planted.variable}"/></user>${agent ? checker : ''}</service></safe>`;
// An application that says its password where it should not: what it writes is redacted on its way out.
const start = '#!/bin/sh\necho "connecting with $APP_PASSWORD"\nexit 0\n';
const stop = '#!/bin/sh\nexit 0\n';

const jsonBody = (value: unknown) => ({ body: JSON.stringify(value), headers: { 'content-type': 'application/json' } });
function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const info = statSync(path, { throwIfNoEntry: false });
    return info?.isDirectory() === true ? filesBelow(path) : info?.isFile() === true ? [path] : [];
  });
}
/** All that the SNMP agent says to who has the community. */
function walk(port: number): Promise<readonly string[]> {
  const session = snmp.createSession('127.0.0.1', planted.community, { port, version: snmp.Version2c });
  const texts: string[] = [];
  return new Promise((resolve, reject) => {
    session.subtree(
      '1.3.6.1',
      (varbinds) => void texts.push(...varbinds.map(({ oid, value }) => `${oid} = ${String(value)}`)),
      (error) => {
        session.close();
        if (error) reject(error);
        else resolve(texts);
      },
    );
  });
}
const holders = (secret: string, texts: ReadonlyMap<string, string>): readonly string[] =>
  [...texts].filter(([, text]) => text.includes(secret)).map(([name]) => name);

t.test('secrets stay, and a snapshot replays', { skip }, async (t) => {
  const directory = place(t);
  const daemon = new RealDaemon({
    ...{ directory, node: 'alpha', httpPort: await freeTcpPort(), listen: ['127.0.0.1'] },
    env: { SMTP_PASSWORD: planted.environment },
  });
  const { safevar } = daemon;
  const snmpPort = await freeUdpPort();
  const put = (name: string, text: string): void => writeFileSync(join(safevar, name), text, { mode: 0o600 });
  put('hook.secret', planted.webhook);
  put('hook-url.secret', `https://127.0.0.1:1/${planted.webhookUrl}`);
  put('snmp-auth.secret', planted.snmp);
  put('snmp-priv.secret', planted.privacy);
  put('snmp-community.secret', planted.community);
  put('smtp.secret', JSON.stringify({ user: 'holdfast', password: planted.smtp }));
  put('ldap.secret', planted.ldap);
  put('oidc.secret', planted.oidc);
  put(
    'notification.json',
    JSON.stringify({
      email: [
        {
          host: '127.0.0.1',
          port: 1,
          from: 'a@example.org',
          to: ['b@example.org'],
          credentialsFile: join(safevar, 'smtp.secret'),
        },
      ],
      webhook: [{ urlFile: join(safevar, 'hook-url.secret'), secretFile: join(safevar, 'hook.secret') }],
    }),
  );
  put(
    'snmp.json',
    JSON.stringify({
      port: snmpPort,
      communityFile: join(safevar, 'snmp-community.secret'),
      users: [{ name: 'ops', authFile: join(safevar, 'snmp-auth.secret'), privFile: join(safevar, 'snmp-priv.secret') }],
    }),
  );
  const roles = { admin: ['cn=ops'] };
  put(
    'auth.json',
    JSON.stringify({
      ldap: {
        servers: ['ldaps://127.0.0.1:1'],
        bindDn: 'cn=x',
        bindPasswordFile: join(safevar, 'ldap.secret'),
        base: 'dc=x',
        ...roles,
      },
      oidc: { issuer: 'http://127.0.0.1:1', clientId: 'x', clientSecretFile: join(safevar, 'oidc.secret'), admin: ['groups:x'] },
    }),
  );
  await daemon.start();
  const xml = join(directory, 'cluster.xml');
  writeFileSync(
    xml,
    `<cluster port="${await freeUdpPort()}"><lans><lan name="default"><node name="alpha" addr="127.0.0.1"/></lan></lans></cluster>`,
  );
  await daemon.must('cluster', 'config', xml);
  await daemon.must('cluster', 'genkey');
  const key = readFileSync(join(safevar, 'cluster', 'cluster.key'), 'utf8').trim();
  t.ok(key.length >= 32);
  // What comes into being while it runs: a password, a token, a session, a link, an invitation. They are given by files and the local socket.
  const post = async (path: string, json: unknown): Promise<string> => (await daemon.api('POST', path, json)).body;
  const member = (text: string, pattern: RegExp): string => {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) throw new Error(`no ${pattern.source} in ${text}`);
    return found;
  };
  await post('/users', { name: 'ada', role: 'admin', password: planted.user });
  // The invitation is used wrongly by this node, and by one that is no member: neither repeats it.
  const invitation = member(await post('/cluster/invitations', { minutes: 15 }), /"token":\s*"([^"]+)"/);
  const [, id = '', secretPart = ''] = invitation.split('.');
  t.ok(secretPart.length >= 32, 'the invitation has a secret part');
  const refusals = [
    await post('/cluster/join', {
      url: `http://127.0.0.1:${daemon.spec.httpPort}`,
      token: invitation,
      addresses: [],
      modules: [],
    }),
    await post('/cluster/join', { url: 'http://127.0.0.1:1', token: `${invitation}x`, addresses: [], modules: [] }),
    await post('/join', { id, token: invitation }),
  ];
  const made = {
    invitation: secretPart,
    token: member(await post('/tokens', { label: 'x', role: 'monitor', days: null }), /(hf_monitor_[\w.-]+)/),
    link: member(await post('/users', { name: 'eve', role: 'monitor', invite: true }), /"code":\s*"([^"]+)"/),
  };
  const { httpPort } = daemon.spec;
  const login = await ask({
    ...{ host: '127.0.0.1', port: httpPort, method: 'POST', path: '/api/v1/session', timeoutMs: 60_000 },
    ...jsonBody({ user: 'ada', password: planted.user }),
  });
  const cookie = member(String(login.headers['set-cookie']), /holdfast_session=([\w-]+)/);
  // They are used, rightly and wrongly: a refusal must not repeat them.
  for (const headers of [
    { cookie: `holdfast_session=${cookie}` },
    { authorization: `Bearer ${made.token}` },
    { authorization: `Bearer ${made.token}x` },
  ])
    await ask({ host: '127.0.0.1', port: httpPort, path: '/api/v1/cluster', headers });
  for (const user of ['ada', planted.user])
    await ask({
      host: '127.0.0.1',
      port: httpPort,
      method: 'POST',
      path: '/api/v1/session',
      timeoutMs: 60_000,
      ...jsonBody({ user, password: `${planted.user}x` }),
    });
  await daemon.install('web', { userconfig, scripts: { start_both: start, stop_both: stop } });
  await daemon.must('start', '-m', 'web');
  await daemon.reaches('web', 'UP Ready');
  const hash = member(readFileSync(join(safevar, 'auth', 'users.json'), 'utf8'), /"hash": ?"([^"]+)"/);
  const secrets = [...Object.values(planted), ...Object.values(made), cookie, hash, key];
  t.match(await daemon.cli('notification', 'status'), { code: 0 }, 'the configurations are taken');
  t.notMatch(daemon.nodeLog() + daemon.output, /(?:snmp|notification|auth)\.json (?:has errors|cannot)/);

  const zip = join(directory, 'out.zip');
  const anonymous = join(directory, 'anonymous.zip');
  await daemon.must('snapshot', '-m', 'web', zip);
  await daemon.must('anonymise', zip, anonymous);
  const textsOf = async (path: string): Promise<ReadonlyMap<string, string>> => {
    const files = await unpackArchive(readFileSync(path), limits, () => null);
    return new Map(files.map((file) => [file.path, file.bytes.toString('utf8')]));
  };

  await t.test('not in a snapshot', async (t) => {
    const texts = await textsOf(zip);
    for (const secret of secrets) t.same(holders(secret, texts), [], secret);
    const names = [...texts.keys()].join('\n');
    for (const wanted of [
      'log.txt',
      'logverbose.txt',
      'healthcheck.txt',
      'commandlog.txt',
      'csv/resourcelog.csv',
      'state/chart.json',
      'heartplug/processes.txt',
    ])
      t.match(names, wanted);
    t.match(names, /snapshot_alpha_web\/dump_[\d_-]+\/journal\/journal-00000001\.jsonl/);
    t.match(names, /snapshot_alpha_web\/config_active\/module\/conf\/userconfig\.xml/);
    const userlog = [...texts].find(([name]) => name.includes('start_both.ulog'));
    t.match(userlog?.[1], /connecting with \*\*\*/);
    t.match([...texts].find(([name]) => name.endsWith('README.txt'))?.[1], /Nothing was left out/);
  });

  await t.test('replays with its names and without', async (t) => {
    for (const path of [zip, anonymous]) t.match(await daemon.must('replay', path), /no divergence/);
    const texts = await textsOf(anonymous);
    t.same(
      [...texts].filter(([name, text]) => /alpha/i.test(name + text)).map(([name]) => name),
      [],
      'no name is left',
    );
    t.same([...(await textsOf(zip)).keys()].length, texts.size, 'no file is left out');
  });

  await t.test('not in files, answers, errors, arguments', async (t) => {
    // Where a secret belongs: its own file, the configuration that has it, the settings, the applications own output.
    const own =
      /\.secret$|users\.json$|snmp\.json$|cluster\.key|userconfig\.xml$|safeconf\.xml$|\.safe$|\.ulog$|cluster\.xml$|\.zip$/;
    const files = new Map(
      filesBelow(directory)
        .filter((path) => !own.test(path))
        .map((path) => [path, readFileSync(path, 'latin1')]),
    );
    t.ok(
      [...files.keys()].some((path) => path.includes('journal-')),
      'the journal is among them',
    );
    for (const secret of secrets) t.same(holders(secret, files), [], secret);
    const answers = new Map<string, string>([['output of the daemon', daemon.output]]);
    for (const [index, text] of refusals.entries()) answers.set(`refusal ${index} of an invitation`, text);
    const metrics = await ask({ socketPath: daemon.socket, path: '/metrics' });
    t.match(metrics, { status: 200, body: /holdfast_build_info/ });
    answers.set('/metrics', metrics.body);
    const walked = await walk(snmpPort);
    t.ok(walked.length > 10 && walked.some((text) => text.includes('web')), 'SNMP shows the module');
    answers.set('SNMP', walked.join('\n'));
    for (const path of [
      '/modules/web/config',
      '/modules/web/confinfo',
      '/modules/web/resources',
      '/cluster/info',
      '/cluster/state',
      '/charts',
      '/history',
      '/inspections',
      '/https',
      '/cluster',
      '/nodes',
      '/modules',
      '/modules/web',
      '/modules/web/chart',
      '/modules/web/snapshot',
      '/modules/web/logs?verbose=true',
      '/commands',
      '/events',
      '/healthcheck',
      '/self',
      '/notification',
      '/users',
      '/tokens',
      '/auth',
      '/auth/config',
      '/modules/web/nothing',
    ])
      answers.set(path, (await daemon.api('GET', path)).body);
    for (const args of [
      ['healthcheck', '-A'],
      ['state'],
      ['notification', 'status'],
      ['notification', 'test'],
      ['cluster', 'state'],
      ['cluster', 'confinfo'],
      ['state', '-m', 'web', '-v'],
      ['user', 'list'],
      ['token', 'list'],
      ['auth', 'status'],
      ['auth', 'test', 'ada'],
      ['cmdlog'],
      ['level'],
      ['confcheck', '-m', 'web'],
      ['confcheck', '-m', 'none'],
    ])
      answers.set(args.join(' '), await daemon.cli(...args).then(({ stdout, stderr }) => stdout + stderr));
    for (const secret of secrets) t.same(holders(secret, answers), [], secret);
    const pid = String(daemon.pid());
    const processes = new Map<string, string>();
    for (const one of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        processes.set(`arguments of ${one}`, readFileSync(`/proc/${one}/cmdline`, 'latin1'));
        const environment = readFileSync(`/proc/${one}/environ`, 'latin1');
        // An agent is given its parameters so; nothing else is.
        if (one !== pid && one !== String(process.pid) && !environment.includes('OCF_RESOURCE_INSTANCE='))
          processes.set(`environment of ${one}`, environment);
      } catch {
        // It has ended, or is another user's.
      }
    }
    for (const secret of secrets) t.same(holders(secret, processes), [], secret);
  });

  await t.test('clean', async (t) => {
    const refused = await daemon.cli('clean', 'process', '-m', 'web');
    t.equal(refused.code, 1);
    t.match(refused.stderr, /^MODULE_STATE: /);
    await daemon.must('stop', '-m', 'web');
    await daemon.reaches('web', 'STOP NotReady');
    t.match(await daemon.must('clean', '-m', 'web'), /dumps removed/);
    t.same(filesBelow(join(safevar, 'snapshot')), []);
  });
  await daemon.kill();
  const alone = await run([join(daemon.safe, 'safekit'), '-r', 'healthcheck.sh', '--json'], {
    SAFE: daemon.safe,
    SAFEVAR: safevar,
  });
  t.equal(alone.code, 1, 'an error: the daemon does not answer');
  t.match(alone.stdout, /"check": ?"daemon"/);
});
