/** HTTPS and joining with real daemons: set up on two nodes, a third joins with one command, curl and testssl.sh look at it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import t from 'tap';
import { RealDaemon, run } from './daemon.js';
import { ask } from './http.js';
import { freeTcpPort, freeUdpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(420_000);
const skip = process.platform === 'linux' ? false : 'several loopback addresses are needed';
const testssl = ['testssl', '/usr/bin/testssl', 'testssl.sh'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Findings of testssl.sh that are so on purpose, each with its reason. */
const accepted: Readonly<Record<string, string>> = {
  cert_chain_of_trust: 'the authority is private: clients import it, or compare its fingerprint',
  cert_notAfter_privateCA: 'the same',
  cert_trust: 'the same',
  cert_crlDistributionPoint_OCSP: 'certificates are replaced, not revoked: there is no revocation service in a cluster',
  cert_revocation: 'the same',
  DNS_CAArecord: 'the names are those of a private network',
  HSTS: 'it would send http://NODE:9010 to HTTPS on 9010, where none is (ADR 0026)',
  overall_grade: 'it follows from the private authority',
  security_headers: 'CSP, nosniff and Referrer-Policy are set; the rest is for pages',
};

function secure(host: string, port: number, path: string, ca: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path, ca, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
/** All files below a directory that hold the text. */
function holding(directory: string, text: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile() && readFileSync(file).includes(text));
}

t.test('https setup on two nodes, join of a third, renewal, and back', { skip }, async (t) => {
  const directory = place(t);
  const [httpPort, httpsPort, caPort] = [
    await freeTcpPort('0.0.0.0'),
    await freeTcpPort('0.0.0.0'),
    await freeTcpPort('0.0.0.0'),
  ];
  const node = (name: string, number: number): RealDaemon => {
    const daemon = new RealDaemon({ directory: join(directory, name), node: name, httpPort, listen: [`127.0.0.${number}`] });
    mkdirSync(join(daemon.safe, 'conf'), { recursive: true });
    writeFileSync(join(daemon.safe, 'conf', 'holdfastd.json'), JSON.stringify({ httpsPort, caPort }));
    return daemon;
  };
  const [n1, n2, n3] = [node('n1', 1), node('n2', 2), node('n3', 3)];
  await Promise.all([n1.start(), n2.start(), n3.start()]);
  const clusterFile = join(directory, 'cluster.xml');
  const bundle = join(directory, 'cluster.zip');
  const port = await freeUdpPort('0.0.0.0');
  writeFileSync(
    clusterFile,
    `<cluster>\n  <!-- two, for now -->\n  <lans port="${port}"><lan name="default"><node name="n1" addr="127.0.0.1"/><node name="n2" addr="127.0.0.2"/></lan></lans>\n</cluster>\n`,
  );
  await n1.must('cluster', 'config', clusterFile);
  await n1.must('cluster', 'package', bundle);
  await n2.must('cluster', 'config', bundle);
  await n1.must('module', 'install', '-m', 'web', '--template', 'light');

  t.match(await n1.must('https', 'setup', '--also', 'www.example.org'), /n2: HTTPS is on/);
  const caFile = join(directory, 'ca.crt');
  await n1.must('https', 'ca', caFile);
  const ca = readFileSync(caFile, 'utf8');
  for (const host of ['127.0.0.1', '127.0.0.2']) {
    await until(
      `${host} answers by HTTPS`,
      async () => (await secure(host, httpsPort, '/api/v1/cluster', ca).catch(() => 0)) === 200,
    );
  }
  await t.rejects(secure('127.0.0.1', httpsPort, '/', ''), /certificate/, 'nobody else knows the authority');
  t.match(await ask({ host: '127.0.0.2', port: httpPort, path: '/api/v1/cluster' }), {
    status: 308,
    headers: { location: `https://127.0.0.2:${httpsPort}/api/v1/cluster` },
  });
  t.match(await ask({ host: '127.0.0.2', port: httpPort, path: '/var/modules/x/ready.txt' }), { status: 404, body: 'NOT FOUND' });

  const invited = await n1.must('cluster', 'invite');
  const token = invited.split('\n')[0] ?? '';
  const tokenFile = join(directory, 'token');
  const wrong = join(directory, 'wrong');
  const [prefix, id, secret = '', pin] = token.split('.');
  writeFileSync(tokenFile, `${token}\n`);
  writeFileSync(wrong, [prefix, id, `AAAA${secret.slice(4)}`, pin].join('.'));
  const url = `https://127.0.0.1:${httpsPort}`;
  t.match(await n3.cli('join', url, '--token-file', wrong, '--addr', '127.0.0.3'), { code: 2, stderr: /^JOIN_TOKEN/ });
  t.match(await n3.cli('join', url, '--token-file', tokenFile), { code: 1, stderr: /^JOIN_REFUSED.*--addr default=/ });
  const joined = await n3.cli('join', url, '--token-file', tokenFile, '--addr', '127.0.0.3', '--modules', 'web');
  t.match(joined, { code: 0, stdout: /n3: HTTPS is on[\s\S]+n3 is a member of the cluster of n1 n2 n3/ });
  await until('all see all', async () =>
    (await Promise.all([n1, n2, n3].map((each) => each.cluster()))).every(({ view }) => view?.members.join(' ') === 'n1 n2 n3'),
  );
  t.match(readFileSync(join(n2.safevar, 'cluster', 'cluster.xml'), 'utf8'), /two, for now[\s\S]+name="n3" addr="127.0.0.3"/);
  await until(
    'n3 answers by HTTPS',
    async () => (await secure('127.0.0.3', httpsPort, '/api/v1/cluster', ca).catch(() => 0)) === 200,
  );
  t.match(await n3.must('module', 'list'), /web/);
  t.match(await n3.must('https', 'check'), /nothing is wrong/);
  t.match(await n3.must('https', 'renew'), /by itself/);

  const everywhere = await n2.must('-H', '[https],*', 'level');
  t.equal(everywhere.match(new RegExp(`Server=https://127\\.0\\.0\\.\\d:${httpsPort} `, 'g'))?.length, 3, everywhere);
  const directly = `https://127.0.0.1:${httpsPort + 1}`;
  t.match(await n2.cli('-H', directly, 'level'), { code: 1, stdout: /NODE_UNREACHABLE/ });
  t.match((await n2.cli('healthcheck', '--json')).stdout, /the certificate is valid for n2/, 'whatever else this machine lacks');

  // The CA helper, for whoever is no node; here a node shows that it works.
  const started = await n1.must('startcaserv', '--minutes', '5');
  const password = /hfca1\.\S+/.exec(started)?.[0] ?? '';
  const passwordFile = join(directory, 'ca-password');
  writeFileSync(passwordFile, `${password}\n`);
  const helper = `https://127.0.0.1:${caPort}`;
  t.match(await n3.must('initssl', 'req', helper, 'CA_admin', '--password-file', passwordFile), /on, port/);
  t.match(await n3.must('checkcert', '-t', 'server', '-i'), /valid until[\s\S]+127\.0\.0\.3/);
  t.match(await n1.must('https', 'helper'), /n3 +server/);
  await n1.must('stopcaserv');
  t.match(await n2.cli('initssl', 'req', helper, 'CA_admin', '--password-file', passwordFile), {
    code: 1,
    stderr: /HTTPS_HELPER/,
  });
  t.match(await n3.must('https', 'renew'), /by itself/, 'afterwards it renews at the node with the authority');

  for (const { safevar } of [n1, n2, n3])
    t.match(
      JSON.parse(readFileSync(join(safevar, 'cluster', 'cluster.json'), 'utf8')),
      { distributed: true },
      'the configuration with n3 is one that a member which was away gets by itself',
    );

  // Nothing secret anywhere but where it belongs.
  const key = readFileSync(join(n1.safevar, 'cluster', 'cluster.key'), 'utf8').trim();
  for (const { safevar, output } of [n1, n2, n3]) {
    t.same(holding(safevar, secret), []);
    t.same(holding(safevar, password), []);
    t.same(holding(safevar, key), [join(safevar, 'cluster', 'cluster.key')]);
    t.notOk(output.includes(secret) || output.includes(key));
  }
  t.notOk(existsSync(join(n2.safevar, 'https', 'ca.key')));

  await t.test(
    'testssl.sh finds nothing of weight',
    { skip: testssl === undefined ? 'there is no testssl.sh here' : false },
    async (t) => {
      const file = join(directory, 'testssl.json');
      const options = [
        '--quiet',
        '--color',
        '0',
        '--warnings',
        'off',
        '--severity',
        'MEDIUM',
        '--nodns',
        'none',
        '--phone-out=off',
      ];
      // Protocols, ciphers, forward secrecy, server defaults and headers; the attacks on what these say is not offered take minutes.
      const looks = ['-p', '-s', '-f', '-S', '-h'];
      const usual = [...options.filter((option) => !option.startsWith('--phone')), ...looks];
      await run([testssl ?? '', ...usual, '--add-ca', caFile, '--jsonfile', file, `127.0.0.1:${httpsPort}`], {}, 150_000);
      const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
      t.ok(Array.isArray(found));
      const items: readonly unknown[] = Array.isArray(found) ? found : [];
      const weighty = items.flatMap((item) => {
        const { id, severity, finding } = Object.assign({ id: '', severity: '', finding: '' }, item);
        return ['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'].includes(severity) && accepted[id] === undefined
          ? [`${id}: ${severity} ${finding}`]
          : [];
      });
      t.same(weighty, []);
    },
  );

  t.match(await n2.must('https', 'off'), /n3: HTTPS is off/);
  await until(
    'plain again',
    async () => (await ask({ host: '127.0.0.3', port: httpPort, path: '/api/v1/cluster' })).status === 200,
  );
});
