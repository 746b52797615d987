/** What two nodes ask each other for: configurations, modules, health, snapshots, all events. */
import t from 'tap';
import { apiBase } from '../../src/http/api-types.js';
import { readEvents, until } from './harness.js';
import { peersOf, startPair } from './pair.js';

t.test('configurations and modules go from node to node, and come from nobody else', async (t) => {
  const { n1, n2, ports } = await startPair(t);
  t.match((await n1.local(`${apiBase}/cluster/hosts`)).json, {
    items: [
      { node: 'n1', self: true },
      { node: 'n2', self: false },
    ],
  });
  t.match((await n1.local(`${apiBase}/cluster/state`)).json, {
    items: [
      { node: 'n1', status: 'same' },
      { node: 'n2', status: 'same', info: { node: 'n2' } },
    ],
  });
  const post = { method: 'POST', json: {} };
  t.match((await n1.local(`${apiBase}/cluster/distribute`, post)).json, { done: true, items: [{ node: 'n1' }, { node: 'n2' }] });
  t.match((await n1.local(`${apiBase}/cluster/distribute`, { ...post, json: { force: true } })).json, { done: true });
  t.match((await n1.local(`${apiBase}/modules/farm/export`, post)).json, {
    ...{ what: 'farm', done: true },
    items: [
      { node: 'n1', state: 'same' },
      { node: 'n2', state: 'done' },
    ],
  });
  t.same(
    n2.face.callers.map(({ what }) => what),
    ['receive distribute from n1', 'receive force from n1', 'receive farm 2 from n1 false'],
  );
  t.match((await n1.local(`${apiBase}/modules/none/export`, post)).json, { code: 'MODULE_UNKNOWN' });

  const zip = { method: 'POST', body: 'PK', headers: { 'content-type': 'application/zip' } };
  const piece = { method: 'POST', body: 'PK', headers: { 'content-type': 'application/octet-stream' } };
  t.match((await n2.local(`${apiBase}/cluster/receive?rule=force`, zip)).json, { code: 'AUTH_ROLE' });
  t.match((await n2.local(`${apiBase}/transfers/ab?offset=0`, piece)).json, { code: 'AUTH_ROLE' });
  t.equal(n2.face.callers.length, 3, 'not even the CLI of the node');

  // A later run of n1: what the present one has counted is not taken from anybody else.
  const as = peersOf('n1', ports, 2);
  const [info] = await n1.face.install.exports();
  const named = (module: string, transfer: string) =>
    as.call('n2', {
      ...{ method: 'POST', path: `${apiBase}/modules/${module}/receive`, caller: { who: 'root', identity: null }, role: 'admin' },
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ transfer, exported: info, catchUp: false })),
    });
  for (const module of ['farm', 'only2']) {
    const answer = await named(module, 'ab'.repeat(16));
    t.match(answer.ok && JSON.parse(Buffer.from(answer.value.body).toString()), {
      code: 'HTTP_BODY',
      detail: module === 'farm' ? /Nothing was transferred/ : /about another module than the path/,
    });
  }
});

t.test('health, dumps and snapshots ask the other nodes; a snapshot of another node comes through this one', async (t) => {
  const { n1, n2 } = await startPair(t);
  t.match(JSON.stringify((await n1.local(`${apiBase}/healthcheck`)).json), /n2 0\.1\.0/);
  const zip = await n1.local(`${apiBase}/nodes/n2/modules/farm/snapshot.zip?anonymise=true`);
  t.equal(zip.status, 200);
  t.equal(zip.text, 'PK-zip');
  t.match(zip.headers['content-disposition'], /snapshot_n2_farm\.zip/);
  await until(() => n2.face.callers.some(({ what }) => what === 'release s1'));
  t.match(n2.face.callers[0]?.what, /^snapshot \{"anonymise":true/);
  t.match((await n1.local(`${apiBase}/nodes/n2/modules/none/snapshot.zip`)).json, {
    code: 'MODULE_UNKNOWN',
    detail: /^Node n2: /,
  });
  await n2.service.close();
  t.match(JSON.stringify((await n1.local(`${apiBase}/healthcheck`)).json), /n2 Node n2 cannot be reached/);
  t.match((await n1.local(`${apiBase}/nodes/n2/modules/farm/snapshot.zip`)).json, { code: 'NODE_UNREACHABLE' });
});

t.test('the events of all nodes in one stream', async (t) => {
  const { n1, n2 } = await startPair(t);
  const path = `${apiBase}/events?scope=cluster&types=web.*`;
  t.match((await n1.local(path)).json, { code: 'HTTP_QUERY', detail: /come as a stream/ });
  const reader = await readEvents(t, { socketPath: n1.cliSocket }, path);
  // The feed of n2 begins when n2 has told its run, and its newest id.
  await until(() => n2.accesses.length >= 2);
  for (const [node, { face }] of [['n1', n1] as const, ['n2', n2] as const])
    for (const type of ['web.up', 'db.up'])
      face.ring.append({ node, module: 'farm', type, at: '2026-01-31T14:22:33.123Z', atMs: 1, cause: null, data: {} });
  await reader.has(2);
  t.same(reader.events.map(({ event, data }) => [event, Object(data).node]).sort(), [
    ['web.up', 'n1'],
    ['web.up', 'n2'],
  ]);
  await n2.service.close();
  await reader.has(3);
  t.match(reader.events[2], { event: 'error', data: { node: 'n2', code: 'NODE_UNREACHABLE' } });
});
