/** Users between nodes: what one node learns from another, and that nobody else learns it. */
import t from 'tap';
import { apiBase } from '../../src/http/api-types.js';
import type { PeerClient } from '../../src/http/peer-client.js';
import { askUsers } from '../../src/http/user-exchange.js';
import { fakeFace } from './fake-face.js';
import { keysOf, names, type Ports, peersOf } from './pair.js';
import { codeOf, password, withUsers } from './with-users.js';

t.test('a node with the key is told the users where it has others', async (t) => {
  const ports: Ports = new Map([['n2', 1]]);
  const { auth, running, login } = await withUsers(t, { face: fakeFace({ nodes: names }), seal: () => keysOf('n1', ports) });
  ports.set('n1', running.port);
  const peers = peersOf('n2', ports);
  const all = await askUsers(peers, 'n1', 'holdfastd@n2', { digest: 'of nothing', entries: null });
  t.equal(all?.digest, auth.status().digest);
  t.equal(all?.entries?.length, 3);
  t.notOk(JSON.stringify(all).includes(password));
  t.same(
    await askUsers(peers, 'n1', 'holdfastd@n2', { digest: all?.digest ?? '', entries: all?.entries ?? [] }),
    { digest: all?.digest, entries: null },
    'whoever has the same is told so, and no more',
  );
  t.equal(
    await askUsers(peers, 'n1', 'holdfastd@n2', { digest: 'x', entries: ['no entry'] }),
    null,
    'what are no entries is refused',
  );
  t.equal(auth.users().length, 3, 'and changes nothing');
  const strangers = await running.tcp(`${apiBase}/auth/exchange`, {
    ...{ method: 'POST', json: { digest: 'x', entries: null } },
    headers: await login('admin'),
  });
  t.match(strangers.status, /^40[34]$/);
  t.match(codeOf(strangers), /^(HTTP_FORBIDDEN|HTTP_NOT_FOUND|AUTH_ROLE)$/, 'not even an Admin gets the hashes of passwords');
});

t.test('a node that does not answer, or with something else, gave no users', async (t) => {
  const ours = { digest: 'x', entries: null };
  const asked: unknown[] = [];
  const answering = (status: number, body: string): PeerClient => ({
    call: async (node, request) => {
      asked.push([node, request.method, request.path, request.caller.who, Buffer.from(request.body ?? []).toString()]);
      return { ok: true, value: { status, headers: {}, body: Buffer.from(body) } };
    },
  });
  t.equal(await askUsers(peersOf('n1', new Map()), 'n2', 'n1', ours), null);
  t.equal(await askUsers(answering(500, JSON.stringify(ours)), 'n2', 'holdfastd@n1', ours), null);
  t.equal(await askUsers(answering(200, '{"digest": 5}'), 'n2', 'n1', ours), null);
  t.equal(await askUsers(answering(200, 'no JSON'), 'n2', 'n1', ours), null);
  t.same(await askUsers(answering(200, JSON.stringify(ours)), 'n2', 'n1', ours), ours);
  t.same(asked[0], ['n2', 'POST', `${apiBase}/auth/exchange`, 'holdfastd@n1', JSON.stringify(ours)]);
});
