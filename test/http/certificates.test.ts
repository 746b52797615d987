/** Client certificates as a way to come in: over HTTPS, with the real users' file. */
import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import t from 'tap';
import { apiBase, requestHeader } from '../../src/http/api-types.js';
import { createAuth } from '../../src/io/auth/auth.js';
import { freeTcpPort } from '../e2e/place.js';
import { serverPair, testAuthority, userPair } from '../io/pki/certificates.js';
import { start, until } from './harness.js';

const root = { who: 'root', identity: null } as const;

t.test('a certificate is a user of the file, or by its unit a role', { timeout: 110_000 }, async (t) => {
  const auth = createAuth({
    ...{
      safevar: t.testdir({}),
      node: () => 'n1',
      wallMs: () => Date.now(),
      note: () => undefined,
      onProblem: (why) => t.fail(why),
    },
    cost: { ln: 6, r: 8, p: 1 },
  });
  await auth.load();
  await auth.addUser('alice', { role: 'control' }, root);
  const ca = await testAuthority();
  const [pair, alice, bob] = [await serverPair(ca), await userPair(ca, 'alice', 'Admin'), await userPair(ca, 'bob', 'Monitor')];
  const running = await start(t, { authority: auth });
  const port = await freeTcpPort();
  const before = running.frontEvents.length;
  running.service.listen([{ host: '127.0.0.1', port: 0 }], {
    ...{ addresses: [{ host: '127.0.0.1', port }], redirectPort: port },
    context: { ...pair, clientAuthorities: ca.certificate, tls12: false },
  });
  await until(
    () => running.frontEvents.slice(before).some((event) => event.type === 'listening' && event.address.port === port),
    60_000,
  );
  const send = (
    client: { readonly certificate: string; readonly key: string } | null,
    path: string,
    method = 'GET',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<number> =>
    new Promise((resolve, reject) => {
      const own = client === null ? {} : { cert: client.certificate, key: client.key };
      const target = {
        host: '127.0.0.1',
        port,
        path: `${apiBase}${path}`,
        method,
        headers,
        ca: ca.certificate,
        agent: false as const,
      };
      const outgoing = request({ ...target, ...own }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  t.equal(await send(null, '/cluster'), 401);
  t.equal(await send(alice, '/cluster'), 200);
  t.equal(await send(alice, '/users'), 403, 'what the file says, not the unit');
  t.equal(
    await send(alice, '/modules/farm/print', 'POST'),
    403,
    'a browser sends the certificate by itself, a form of another site too',
  );
  t.equal(await send(alice, '/modules/farm/print', 'POST', { [requestHeader]: '1' }), 415, 'let in, though without a body');
  t.equal(await send(alice, '/cluster', 'GET', { origin: 'https://evil.example' }), 403);
  t.equal(await send(bob, '/cluster'), 401, 'nobody here');
  await auth.configure('{"certificates": {"roleFromUnit": true}}', root);
  t.equal(await send(bob, '/cluster'), 200);
  t.equal(await send(bob, '/modules/farm/print', 'POST', { [requestHeader]: '1' }), 403, 'Monitor');
  await auth.deleteUser('alice', root);
  await auth.addUser('eve', { role: 'admin' }, root);
  t.equal(await send(alice, '/users'), 401, 'a user that was deleted does not become what the unit says');
  const { serialNumber, fingerprint256 } = new X509Certificate(bob.certificate);
  const revoking = (revoked: string) =>
    auth.configure(JSON.stringify({ certificates: { roleFromUnit: true, revoked: [revoked] } }), root);
  for (const revoked of [serialNumber, `00${serialNumber.toLowerCase()}`, fingerprint256]) {
    t.match(await revoking(revoked), { ok: true });
    t.equal(await send(bob, '/cluster'), 401, `revoked by ${revoked}`);
  }
  t.match(await revoking('bob'), { ok: false, failure: { code: 'CONF_INVALID' } }, 'a name is none');
  t.match(await revoking('ab:cd'), { ok: true });
  t.equal(await send(bob, '/cluster'), 200, 'another one is');
  t.equal(await send(pair, '/cluster'), 401, 'the certificate of a server is none of a client');
  await auth.configure('{"certificates": {"enabled": false}}', root);
  t.equal(await send(alice, '/cluster'), 401);
  t.same(running.defects, []);
});
