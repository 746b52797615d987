/** `https …`, `cluster invite` and `join`. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { CaHelperStatus, HttpsReport, HttpsStatus, JoinReport, NodeInvitation } from '../../src/http/api-types.js';
import { scenario } from './harness.js';

const at = '2027-01-31T14:22:33.123Z';
const facts = {
  subject: 'CN=n1',
  issuer: 'CN=CA',
  names: ['n1', '10.0.0.11'],
  validFrom: at,
  validTo: at,
  fingerprint: 'ab0c',
  serial: '1',
};
const status: HttpsStatus = {
  ...{
    node: 'n1',
    on: true,
    port: 9453,
    kind: 'private',
    tls12: true,
    clientCertificates: true,
    certificate: facts,
    authority: facts,
  },
  ...{ authorityNode: 'n2', also: [], wanted: ['n1', '10.0.0.11'], renewAt: at, findings: [] },
};
const off: HttpsStatus = { ...status, on: false, kind: null, certificate: null, renewAt: null };
const bad: HttpsStatus = {
  ...status,
  tls12: false,
  clientCertificates: false,
  renewAt: null,
  findings: [{ severity: 'error', code: 'NAMES', message: 'Not for x.', remedy: 'Renew.' }],
};
const report: HttpsReport = {
  items: [
    { node: 'n1', ok: true, message: 'HTTPS is on.' },
    { node: 'n2', ok: false, message: 'Away.' },
  ],
  fingerprint: 'ab0c',
};
const good: HttpsReport = { items: [{ node: 'n1', ok: true, message: 'Done.' }], fingerprint: null };

scenario(
  t,
  'setup, status, renew, off, ca',
  {
    setupHttps: () => ({ json: report }),
    getHttps: () => ({ json: status }),
    renewHttps: () => ({ json: bad }),
    switchHttpsOff: () => ({ json: good }),
    getHttpsAuthority: () => ({ bytes: Buffer.from('PEM') }),
  },
  async (t, { cli, daemon, dir }) => {
    const { code, out } = await cli([
      'https',
      'setup',
      '--also',
      'a, b',
      '--tls12',
      'off',
      '--client-certs',
      'on',
      '--name',
      'X',
      '--new-ca',
    ]);
    t.same([code, out], [1, 'n1: HTTPS is on.\nn2: FAILED, Away.\nfingerprint of the authority (SHA-256): AB:0C\n']);
    t.same(daemon.requests.at(-1)?.body, {
      also: ['a', 'b'],
      tls12: false,
      clientCertificates: true,
      name: 'X',
      newAuthority: true,
    });
    await cli(['https', 'setup']);
    t.same(daemon.requests.at(-1)?.body, {});
    t.match(await cli(['https', 'setup', '--tls12', 'x']), { code: 2, err: /on or off/ });
    t.match(await cli(['https', 'status']), { code: 0, out: /port 9453, TLS 1.3 and 1.2[\s\S]+asked for[\s\S]+n2[\s\S]+AB:0C/ });
    t.match(await cli(['https', 'renew']), { code: 0, out: /by you[\s\S]+not asked for[\s\S]+error NAMES: Not for x. Renew./ });
    t.match(await cli(['https', 'off', '--local']), { code: 0, out: 'n1: Done.\n' });
    t.same(daemon.requests.at(-1)?.body, { local: true });
    t.match(await cli(['https', 'ca', 'ca.crt'], { cwd: dir }), { code: 0, out: /AB:0C/ });
    t.equal(readFileSync(join(dir, 'ca.crt'), 'utf8'), 'PEM');
  },
);
scenario(
  t,
  'off, and own certificates',
  { getHttps: () => ({ json: off }), installHttps: () => ({ json: { ...status, kind: 'own' } }) },
  async (t, { cli, daemon, dir }) => {
    t.match(await cli(['https', 'status']), { out: /off \(the authority is kept/ });
    t.match(await cli(['https', 'install']), { code: 2, err: /--cert and --key/ });
    for (const name of ['c', 'k', 'a']) writeFileSync(join(dir, name), `PEM ${name}`);
    t.match(await cli(['https', 'install', '--cert', 'c', '--key', 'k', '--ca', 'a', '--tls12', 'on'], { cwd: dir }), {
      code: 0,
    });
    t.same(daemon.requests.at(-1)?.body, {
      certificate: 'PEM c',
      key: 'PEM k',
      authority: 'PEM a',
      clientAuthority: null,
      tls12: true,
    });
  },
);
scenario(
  t,
  'users, and the authority in a file',
  {
    makeUserCertificate: ({ body }) => {
      const { password } = Object.assign({ password: null }, body);
      return {
        json: {
          certificate: 'CERT\n',
          key: password === null ? 'KEY\n' : null,
          pkcs12: password === null ? null : 'UEs=',
          fingerprint: 'ab',
          validTo: at,
        },
      };
    },
    exportAuthority: () => ({ json: { pem: 'SEALED' } }),
    importAuthority: () => ({ json: good }),
  },
  async (t, { cli, daemon, dir }) => {
    const at = { cwd: dir };
    const made = await cli(['https', 'usercert', 'alice b', 'control'], at);
    t.match(made, { code: 0, out: /alice_b.p12: alice b \(Control\)[\s\S]+said this once: \S{16}\n/ });
    t.equal(readFileSync(join(dir, 'alice_b.p12'), 'utf8'), 'PK');
    t.equal(statSync(join(dir, 'alice_b.p12')).mode & 0o777, 0o600);
    t.match(await cli(['https', 'usercert', 'bob', 'Admin', '--pem', '--days', '7', '--out', 'b.pem', '--json'], at), {
      code: 0,
      out: /"password": null/,
    });
    t.equal(readFileSync(join(dir, 'b.pem'), 'utf8'), 'CERT\nKEY\n');
    t.match(daemon.requests.at(-1)?.body, { days: 7, password: null });
    t.match(await cli(['https', 'usercert', 'bob', 'King']), { code: 2, err: /Admin, Control or Monitor/ });
    t.match(await cli(['https', 'usercert', 'bob', 'Admin', '--days', 'x']), { code: 2, err: /--days/ });
    writeFileSync(join(dir, 'pw'), 'correct horse\nrest');
    writeFileSync(join(dir, 'short'), 'x');
    t.match(await cli(['https', 'export-ca', 'ca.pem', '--password-file', 'pw', '--move'], at), {
      code: 0,
      out: /no longer on this node\n$/,
    });
    t.same(
      daemon.requests.slice(-2).map(({ body }) => body),
      [{ password: 'correct horse' }, { password: 'correct horse', move: true }],
      'written before it is taken away',
    );
    t.match(await cli(['https', 'export-ca', 'ca.pem', '--password-file', 'short'], at), { code: 2, err: /8 characters/ });
    t.match(await cli(['https', 'import-ca', 'ca.pem', '--password-file', 'pw'], at), { code: 0 });
    t.same(daemon.requests.at(-1)?.body, { pem: 'SEALED', password: 'correct horse' });
    t.match(await cli(['https', 'import-ca', 'ca.pem'], at), { code: 2, err: /--password-file/ });
  },
);
const invitation: NodeInvitation = { token: 'hfj1.a.b', expires: at, urls: ['https://10.0.0.11:9453'] };
const joined: JoinReport = { node: 'n3', nodes: ['n1', 'n3'], steps: [{ node: 'n3', ok: true, message: 'HTTPS is on.' }] };
scenario(
  t,
  'invite and join',
  { inviteNode: () => ({ json: invitation }), joinCluster: () => ({ json: joined }) },
  async (t, { cli, daemon, dir }) => {
    t.match(await cli(['cluster', 'invite']), { code: 0, out: /^hfj1\.a\.b\n[\s\S]+join https:\/\/10\.0\.0\.11:9453/ });
    t.same(daemon.requests.at(-1)?.body, { minutes: 15 });
    t.match(await cli(['cluster', 'invite', '--minutes', '0']), { code: 2, err: /--minutes/ });
    t.match(await cli(['join', 'https://n1:9453']), { code: 2, err: /which token/ });
    const title = process.title;
    t.match(
      await cli(['join', 'https://n1:9453', '--token', 'T', '--name', 'n3', '--addr', 'a=1.2.3.4,5.6.7.8', '--modules', 'web']),
      { code: 0, out: 'n3: HTTPS is on.\nn3 is a member of the cluster of n1 n3\n' },
    );
    t.equal(process.title, 'holdfast join', 'the token is not in the list of processes any more');
    process.title = title;
    t.same(daemon.requests.at(-1)?.body, {
      url: 'https://n1:9453',
      token: 'T',
      name: 'n3',
      addresses: ['a=1.2.3.4', '5.6.7.8'],
      modules: ['web'],
    });
    writeFileSync(join(dir, 'token'), 'hfj1.x\n');
    await cli(['join', 'https://n1:9453', '--token-file', 'token'], { cwd: dir });
    t.match(daemon.requests.at(-1)?.body, { token: 'hfj1.x' });
    await cli(['join', 'https://n1:9453'], { env: { HOLDFAST_JOIN_TOKEN: 'hfj1.y' } });
    t.match(daemon.requests.at(-1)?.body, { token: 'hfj1.y', addresses: [], modules: [] });
  },
);

const helper: CaHelperStatus = {
  ...{ node: 'n1', running: true, port: 9001, urls: ['https://127.0.0.1:9001', 'https://10.0.0.11:9001'], until: at },
  ...{ fingerprint: 'ab0c', issued: [{ name: 'lb', use: 'server', peer: '10.0.0.9', at }] },
};
const stopped: CaHelperStatus = { ...helper, running: false, urls: [], until: null, fingerprint: null, issued: [] };
scenario(
  t,
  "the CA helper and the classic product's words",
  {
    getHttps: () => ({ json: bad }),
    startCaHelper: ({ body }) => {
      const { password } = Object.assign({ password: null }, body);
      return { json: { ...helper, issued: [], password: password === null ? 'hfca1.x.y' : null } };
    },
    getCaHelper: () => ({ json: helper }),
    stopCaHelper: () => ({ json: stopped }),
    requestCertificate: () => ({ json: status }),
    setupHttps: () => ({ json: good }),
    switchHttpsOff: () => ({ json: good }),
    makeUserCertificate: () => ({
      json: { certificate: 'CERT\n', key: 'KEY\n', pkcs12: null, fingerprint: 'ab', validTo: at },
    }),
  },
  async (t, { cli, daemon, dir }) => {
    t.match(await cli(['startcaserv']), {
      code: 0,
      out: /AB:0C\npassword of CA_admin, said this once: hfca1.x.y\n.*initssl req https:\/\/10.0.0.11:9001 CA_admin\n$/,
    });
    t.same(daemon.requests.at(-1)?.body, { minutes: 30, password: null });
    writeFileSync(join(dir, 'pw'), 'correct horse\n');
    writeFileSync(join(dir, 'short'), 'x\n');
    t.match(await cli(['-r', 'startcaserv', '--minutes', '5', '--password-file', 'pw']), {
      code: 0,
      out: /CA_admin --fingerprint ab0c\n$/,
    });
    t.match(await cli(['startcaserv', '--password-file', 'short']), { code: 2, err: /8 characters/ });
    t.match(await cli(['startcaserv', '--minutes', '0']), { code: 2, err: /1 to 480/ });
    t.match(await cli(['https', 'helper']), { code: 0, out: /lb +server +10.0.0.9/ });
    t.match(await cli(['stopcaserv']), { code: 0, out: 'The CA helper of n1 does not run.\n' });
    t.match(await cli(['getipandnames']), { code: 0, out: 'n1\n10.0.0.11\n' });

    await cli(['initssl', 'sca', '/O=Example/CN=My CA']);
    t.same(daemon.requests.at(-1)?.body, { name: 'My CA' });
    await cli(['initssl', 'sca', 'My CA']);
    t.same(daemon.requests.at(-1)?.body, { name: 'My CA' });
    await cli(['initssl', 'sca']);
    t.same(daemon.requests.at(-1)?.body, {});
    t.match(await cli(['initssl', 'sca', '/C=FR']), { code: 2, err: /no name/ });
    await cli(['initssl', 'rca']);
    t.same(daemon.requests.at(-1)?.body, { newAuthority: true });
    const asked = await cli(['initssl', 'req', 'https://n1:9001', 'CA_admin', '--fingerprint', 'AB'], {
      secret: async () => 'typed',
    });
    t.match(asked, { code: 0, err: '', out: /port 9453/ });
    t.same(daemon.requests.at(-1)?.body, { url: 'https://n1:9001', user: 'CA_admin', password: 'typed', fingerprint: 'AB' });
    t.match(await cli(['initssl', 'req', 'https://n1:9001', 'CA_admin:se:cret']), { code: 0, err: /can be seen/ });
    t.match(daemon.requests.at(-1)?.body, { user: 'CA_admin', password: 'se:cret' });
    t.match(await cli(['initssl', 'req', 'https://n1:9001']), { code: 2, err: /neither a terminal/ });

    t.match(await cli(['makeusercert', 'bob', 'Admin', '--pem']), { code: 0, out: /bob.pem/ });
    const checked = await cli(['checkcert', '-i']);
    t.match(checked, {
      code: 1,
      out: /^server: valid until[\s\S]+CN=n1[\s\S]+CA: valid[\s\S]+error NAMES: Not for x. Renew.\n$/,
    });
    t.match(await cli(['checkcert', '-t', 'CA']), { code: 0, out: /^CA: valid until [^\n]+\n$/ });
    t.match(await cli(['checkcert', '-t', 'x']), { code: 2 });
    await cli(['rmcerts']);
    t.same(daemon.requests.at(-1)?.body, { local: true, authority: false });
    await cli(['rmcerts', 'CA']);
    t.same(daemon.requests.at(-1)?.body, { local: true, authority: true });
    t.match(await cli(['rmcerts', 'all']), { code: 2, err: /CA or nothing/ });
  },
);
