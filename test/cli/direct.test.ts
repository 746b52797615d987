/** `-H` with URLs that are no nodes of the cluster: asked directly, with a token, and believed only with an authority that is known. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createPlain } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { serverPair, testAuthority } from '../io/pki/certificates.js';
import { scenario } from './harness.js';

const helper = { node: 's1', running: false, port: 9001, urls: [], until: null, fingerprint: null, issued: [] };
const hosts = {
  items: [{ node: 'n1', self: true, online: true, url: 'http://10.0.0.11:9010', urls: ['http://10.0.0.11:9010'] }],
  next: null,
};
const asked: string[] = [];
async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
const authority = await testAuthority();
const pair = await serverPair(authority);
const answer: Parameters<typeof createServer>[1] = (incoming, response) => {
  asked.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization ?? '-'}`);
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(helper));
};

scenario(
  t,
  'by HTTPS, with the authority of the cluster, of a file, and with none',
  { listClusterHosts: () => ({ json: hosts }), getHttpsAuthority: () => ({ bytes: Buffer.from(authority.certificate) }) },
  async (t, { cli, dir }) => {
    const port = await listening(t, createServer({ cert: pair.certificate, key: pair.key }, answer));
    const line = ['-H', `https://127.0.0.1:${port}`, 'https', 'helper'];
    t.match(await cli(line, { env: { HOLDFAST_TOKEN: 'hf_monitor_a_b' } }), {
      code: 0,
      out: new RegExp(
        `^-+ Server=https://127.0.0.1:${port} -+\nadmin action=exec\nThe CA helper of s1 does not run.\nSuccess\n$`,
      ),
    });
    t.same(asked.splice(0), ['GET /api/v1/https/helper Bearer hf_monitor_a_b']);
    const file = join(dir, 'other.crt');
    writeFileSync(file, (await testAuthority('Other CA')).certificate);
    t.match(await cli(line, { env: { HOLDFAST_CA: file } }), { code: 1, out: /NODE_UNREACHABLE.*certificate/ });
    writeFileSync(file, authority.certificate);
    t.match(await cli(line, { env: { HOLDFAST_CA: file } }), { code: 0 });
    t.match(await cli(line, { env: { HOLDFAST_SOCKET: join(dir, 'nobody') } }), { code: 1, out: /certificate/ });
    t.same(asked.splice(0), ['GET /api/v1/https/helper -'], 'nothing is said to whoever is not believed');
  },
);

scenario(t, 'in plain text', { listClusterHosts: () => ({ json: hosts }) }, async (t, { cli }) => {
  const port = await listening(t, createPlain(answer));
  const env = { HOLDFAST_TOKEN: 'hf_monitor_a_b' };
  t.notMatch((await cli(['-H', `http://127.0.0.1:${port}`, 'https', 'helper'], { env })).out, /plain text/, 'on this machine');
  t.match(await cli(['-H', `http://192.0.2.1:${port}`, 'https', 'helper'], { env }), { code: 1, out: /plain text; use https/ });
});
