/** A cluster's certificates over months of virtual time: set up, a node that is away, renewal, a new address, what fails and is said. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Outcome } from '../../../src/actors/face.js';
import { parseClusterXml } from '../../../src/config/cluster-config.js';
import { makeAuthority, makeRequest, makeUser, signServer, signUser } from '../../../src/io/pki/authority.js';
import { createHttps } from '../../../src/io/pki/https.js';
import type { ManagedHttps, Serving } from '../../../src/io/pki/https-parts.js';
import type { Issuer } from '../../../src/io/pki/issuer.js';
import { createHttpsStore } from '../../../src/io/pki/store.js';
import { createVirtualClock, type VirtualClock } from '../../helpers/virtual-clock.js';
import { serverPair, testAuthority } from './certificates.js';

const dayMs = 86_400_000;
const root = { who: 'root', identity: null };
const issuer: Issuer = {
  authority: makeAuthority,
  request: makeRequest,
  server: signServer,
  user: makeUser,
  userRequest: signUser,
};
const configOf = (nodes: readonly string[], extra = '') => {
  const parsed = parseClusterXml(
    `<cluster><lans><lan name="a">${nodes.map((node, index) => `<node name="${node}" addr="10.0.0.${index + 1}"/>`).join('')}</lan>${extra}</lans></cluster>`,
    'cluster.xml',
  );
  if (!parsed.ok) throw new Error('cluster.xml');
  return { config: parsed.value };
};

interface Member {
  readonly https: ManagedHttps;
  readonly shown: (Serving | null)[];
  readonly lines: string[];
  away: boolean;
}
interface Cluster {
  /** How far the wall clock has gone beyond the monotonic one. */
  aheadMs: number;
  readonly clock: VirtualClock;
  readonly directory: string;
  cluster: ReturnType<typeof configOf> | null;
  member(name: string): Member;
  /** Virtual time, with what issues certificates finished. */
  pass(ms: number): Promise<void>;
}
function clusterOf(t: Test, names: readonly string[]): Cluster {
  const clock = createVirtualClock(1000, Date.now());
  const directory = mkdtempSync(join(tmpdir(), 'hf-https-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const members = new Map<string, Member>();
  let working = 0;
  const busy = async <T>(work: Promise<T>): Promise<T> => {
    working += 1;
    try {
      return await work;
    } finally {
      working -= 1;
    }
  };
  const made: Cluster = {
    aheadMs: 0,
    clock,
    directory,
    cluster: configOf(names),
    member(name) {
      const found = members.get(name);
      if (found === undefined) throw new Error(name);
      return found;
    },
    async pass(ms) {
      await clock.advance(ms);
      for (let quiet = 0; quiet < 20; ) {
        await new Promise((resolve) => setImmediate(resolve));
        quiet = working === 0 ? quiet + 1 : 0;
      }
      // Files are written in the pool of threads: a turn of theirs each.
      for (let turn = 0; turn < 5; turn += 1)
        await Promise.all([...members.values()].map(({ https }) => https.sign({ node: '?', hostname: '', request: '' }, root)));
    },
  };
  for (const name of names) {
    const shown: (Serving | null)[] = [];
    const lines: string[] = [];
    const ask = async (to: string, method: string, path: string, body: unknown): Promise<Outcome<unknown>> => {
      const target = members.get(to);
      if (target === undefined || target.away || member.away)
        return { ok: false, failure: { code: 'NODE_UNREACHABLE', message: `Node ${to} did not answer.` } };
      const given = Object.assign(
        {
          authorityNode: '',
          authority: '',
          also: [],
          tls12: false,
          clientCertificates: false,
          node: '',
          hostname: '',
          request: '',
          local: false,
        },
        body,
      );
      if (`${method} ${path}` === 'GET /https') return { ok: true, value: target.https.status() };
      if (path === '/https/enrol') return target.https.enrol(given, root);
      if (path === '/https/sign') return target.https.sign(given, root);
      return target.https.off(given.local, root);
    };
    const https = createHttps({
      store: createHttpsStore(join(directory, name), (reason) => lines.push(reason)),
      issuer: {
        authority: (of) => busy(issuer.authority(of)),
        request: (of) => busy(issuer.request(of)),
        server: (of) => busy(issuer.server(of)),
        user: (of) => busy(issuer.user(of)),
        userRequest: (of) => busy(issuer.userRequest(of)),
      },
      clock: { ...clock, wallMs: () => clock.wallMs() + made.aheadMs },
      ...{ hostname: `${name}.example.org`, port: 9453, node: () => name, cluster: () => made.cluster },
      ask: (to, method, path, body) => busy(ask(to, method, path, body)),
      log: ({ message }) => void lines.push(message),
      note: () => undefined,
      onChange: (serving) => void shown.push(serving),
    });
    const member: Member = { https, shown, lines, away: false };
    members.set(name, member);
    t.teardown(() => https.close());
  }
  return made;
}
async function settled(made: Cluster, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !condition(); turn += 1) await made.pass(0);
}

t.test('set up on all nodes, one of them away; renewal; a new address', async (t) => {
  const made = clusterOf(t, ['n1', 'n2', 'n3']);
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map(made.member);
  if (n1 === undefined || n2 === undefined || n3 === undefined) throw new Error('members');
  n3.away = true;
  const report = await n1.https.setup({ also: ['www.example.org'], clientCertificates: true }, root);
  t.match(report, {
    ok: true,
    value: {
      items: [
        { node: 'n1', ok: true },
        { node: 'n2', ok: true },
        { node: 'n3', ok: false, message: /NODE_UNREACHABLE/ },
      ],
    },
  });
  t.match(n2.https.status(), { on: true, kind: 'private', authorityNode: 'n1', clientCertificates: true, findings: [] });
  t.ok(n2.https.status().certificate?.names.includes('10.0.0.2'));
  t.ok(n2.https.status().certificate?.names.includes('www.example.org'));
  t.match(n2.shown.at(-1), { clientAuthorities: /BEGIN CERT/, tls12: false });
  t.not(n1.https.serving()?.key, n2.https.serving()?.key, 'each has its own key');
  const mode = (file: string): number => statSync(join(made.directory, file)).mode & 0o777;
  t.same(['n1/https/ca.key', 'n1/https/server.key', 'n2/https/server.key'].map(mode), [0o600, 0o600, 0o600]);
  t.throws(() => mode('n2/https/ca.key'), 'the authority stays where it was made');

  n3.away = false;
  await made.pass(60_000);
  await settled(made, () => n3.https.status().on);
  t.match(n3.https.status(), { on: true, authorityNode: 'n1' }, 'who was away follows');

  const before = n2.https.status().certificate?.serial;
  n2.https.follow();
  await made.pass(0);
  t.equal(n2.https.status().certificate?.serial, before, 'not before it is time');
  made.cluster = configOf(['n1', 'n2', 'n3'], '<lan name="b"><node name="n2" addr="192.168.7.2"/></lan>');
  n2.https.follow();
  await settled(made, () => n2.https.status().certificate?.serial !== before);
  t.ok(n2.https.status().certificate?.names.includes('192.168.7.2'), 'a new address, a new certificate');

  const second = n2.https.status().certificate?.serial;
  made.aheadMs = 306 * dayMs;
  n1.away = true;
  await made.pass(6 * 3_600_000);
  await settled(made, () => n2.https.status().findings.length > 0);
  t.match(n2.https.status().findings, [{ code: 'RENEWAL', severity: 'error', remedy: /n1 answers/ }]);
  t.equal(n2.lines.filter((line) => line.includes('cannot be renewed')).length, 1, 'said once');
  n1.away = false;
  await made.pass(60_000);
  await settled(made, () => n2.https.status().certificate?.serial !== second);
  t.not(n2.https.status().certificate?.serial, second, 'renewed when it is time and the authority answers');
  await settled(made, () => n2.https.status().findings.length === 0);
  t.same(n2.https.status().findings, []);

  t.match(await n2.https.setup({}, root), { ok: false, failure: { code: 'HTTPS_AUTHORITY', message: /on n1/ } });
  t.match(await n1.https.setup({ also: ['a b'] }, root), { ok: false, failure: { code: 'HTTPS_CERTIFICATE' } });
  t.match(await n1.https.sign({ node: 'n9', hostname: 'n9', request: '' }, root), {
    ok: false,
    failure: { code: 'NODE_UNKNOWN' },
  });
  t.match(await n1.https.sign({ node: 'n2', hostname: 'n2', request: 'x' }, root), {
    ok: false,
    failure: { code: 'HTTPS_CERTIFICATE' },
  });
  t.match(await n2.https.sign({ node: 'n2', hostname: 'n2', request: '' }, root), {
    ok: false,
    failure: { code: 'HTTPS_AUTHORITY' },
  });

  const again = createHttpsStore(join(made.directory, 'n2'), () => undefined);
  t.match(await again.load(), { kind: 'private', authorityNode: 'n1', ca: null }, 'it is on disk');
  t.match(await n1.https.off(false, root), { ok: true, value: { items: [{ ok: true }, { ok: true }, { ok: true }] } });
  t.same(
    [n1, n2, n3].map(({ https }) => https.status().on),
    [false, false, false],
  );
  t.equal(n3.shown.at(-1), null);
  t.match(await n1.https.renew(root), { ok: false, failure: { code: 'HTTPS_NONE' } });
  const known = n1.https.status().authority?.fingerprint;
  t.match(await n1.https.setup({}, root), { ok: true, value: { fingerprint: known } }, 'the authority was kept');
});

t.test('the authority moves; users; certificates of ones own', async (t) => {
  const made = clusterOf(t, ['n1', 'n2']);
  const [n1, n2] = ['n1', 'n2'].map(made.member);
  if (n1 === undefined || n2 === undefined) throw new Error('members');
  t.match(await n1.https.userCertificate({ name: 'alice', role: 'Admin', days: 1, password: null }, root), {
    ok: false,
    failure: { code: 'HTTPS_AUTHORITY' },
  });
  t.match(await n1.https.exportAuthority('correct horse', false, root), { ok: false, failure: { code: 'HTTPS_AUTHORITY' } });
  await n1.https.setup({}, root);
  t.match(await n1.https.userCertificate({ name: 'alice', role: 'Admin', days: 1, password: null }, root), {
    ok: true,
    value: { key: /PRIVATE KEY/, pkcs12: null },
  });
  t.match(await n1.https.userCertificate({ name: 'alice', role: 'Admin', days: 1, password: 'correct horse' }, root), {
    ok: true,
    value: { key: null, pkcs12: /^MII/ },
  });
  t.match(await n2.https.userCertificate({ name: 'alice', role: 'Admin', days: 1, password: null }, root), {
    ok: false,
    failure: { message: /on n1/ },
  });
  const file = await n1.https.exportAuthority('correct horse', true, root);
  const pem = file.ok ? file.value.pem : '';
  t.match(await n2.https.importAuthority(pem, 'wrong', root), { ok: false, failure: { code: 'HTTPS_PASSWORD' } });
  t.match(await n2.https.importAuthority(pem, 'correct horse', root), {
    ok: true,
    value: { items: [{ ok: true }, { node: 'n1', ok: true }] },
  });
  t.match(n1.https.status(), { authorityNode: 'n2', on: true });
  t.match(await n1.https.renew(root), { ok: true });

  const outside = await testAuthority('Company CA', made.clock.wallMs() + made.aheadMs);
  const wrong = await serverPair(outside, { dns: ['n1'], ip: [] }, { nowWallMs: made.clock.wallMs() + made.aheadMs });
  t.match(await n1.https.install({ ...wrong, key: 'rubbish', authority: outside.certificate }, root), {
    ok: false,
    failure: { code: 'HTTPS_CERTIFICATE', message: /The key cannot be read[\s\S]+10\.0\.0\.1/ },
  });
  const right = await serverPair(outside, { dns: ['n1'], ip: ['10.0.0.1'] }, { nowWallMs: made.clock.wallMs() + made.aheadMs });
  t.match(await n1.https.install({ ...right, authority: outside.certificate, clientAuthority: outside.certificate }, root), {
    ok: true,
    value: { kind: 'own', on: true, authorityNode: null, renewAt: null, clientCertificates: true },
  });
  t.equal(n1.shown.at(-1)?.clientAuthorities, outside.certificate);
  t.match(await n1.https.renew(root), { ok: false, failure: { code: 'HTTPS_AUTHORITY' } });
  n2.https.follow();
  await made.pass(0);
  t.equal(n1.https.status().kind, 'own', 'the authority leaves it alone');
  made.aheadMs += 340 * dayMs;
  await made.pass(6 * 3_600_000);
  await settled(made, () => n1.lines.some((line) => line.includes('expires')));
  t.ok(
    n1.lines.some((line) => line.includes('expires')),
    'it is said in time',
  );
  made.cluster = null;
  t.match(await n1.https.setup({}, root), { ok: false, failure: { code: 'CONF_NONE' } });
});

t.test('what is damaged on disk', async (t) => {
  const made = clusterOf(t, ['n1']);
  const { https, lines } = made.member('n1');
  await https.setup({}, root);
  const { writeFileSync } = await import('node:fs');
  for (const text of [
    'rubbish',
    '{}',
    '{"version":1,"kind":"x"}',
    '{"version":1,"kind":"own"}',
    '{"version":1,"kind":"own","tls12":false,"clientCertificates":false}',
    '{"version":1,"kind":"own","tls12":false,"clientCertificates":false,"also":[],"authorityNode":1}',
  ]) {
    writeFileSync(join(made.directory, 'n1', 'https', 'https.json'), text);
    await https.load();
    t.match(https.status(), { on: false }, text);
  }
  t.ok(lines.some((line) => line.includes('https.json is damaged')));
});
