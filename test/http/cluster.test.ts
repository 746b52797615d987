import { once } from 'node:events';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { apiBase, type ModuleList } from '../../src/http/api-types.js';
import { conforms } from '../../src/http/conform.js';
import { createPeerClient } from '../../src/http/peer-client.js';
import { createSealer } from '../../src/http/seal.js';
import { fakeFace } from './fake-face.js';
import { type Running, readEvents, start, until } from './harness.js';
import { key, keysOf, names, type Ports, startPair } from './pair.js';

const asked = (running: Running) =>
  running.face.callers.map(
    ({ what, caller }) => `${what} by ${caller.who}${caller.identity === null ? '' : ` -i ${caller.identity}`}`,
  );
function modulesIn(json: unknown): ModuleList['items'] {
  if (!conforms('ModuleList', json)) throw new Error(JSON.stringify(json));
  return json.items;
}

t.test('any node answers for all', async (t) => {
  const { n1, n2 } = await startPair(t);
  const owner = n1.face.callers;
  t.same(owner, []);
  const all = modulesIn((await n1.local(`${apiBase}/modules`)).json);
  t.same(
    all.map((one) => [one.name, one.nodes.map((status) => `${status.node} ${status.state} ${status.error}`)]),
    [
      ['farm', ['n1 UP null', 'n2 UP null']],
      ['only2', ['n2 UP null']],
    ],
  );
  t.same(
    modulesIn((await n1.local(`${apiBase}/modules?scope=local`)).json).map((one) => one.nodes.length),
    [1],
  );
  t.match((await n1.local(`${apiBase}/modules/only2`)).json, { name: 'only2', nodes: [{ node: 'n2' }] });
  t.match((await n1.tcp(`${apiBase}/modules/only2/nodes/n2`)).json, { module: 'only2', node: 'n2', state: 'UP' });
  t.match((await n1.tcp(`${apiBase}/modules/none/nodes/n2`)).json, { code: 'MODULE_UNKNOWN' });
  t.match((await n1.tcp(`${apiBase}/modules/farm/nodes/n9`)).json, { code: 'NODE_UNKNOWN' });

  t.match((await n1.tcp(`${apiBase}/nodes/n2/cluster`)).json, { self: 'n2' });
  t.match((await n1.tcp(`${apiBase}/nodes/n1/cluster`)).json, { self: 'n1' });
  t.match((await n1.tcp(`${apiBase}/nodes/n2/modules`)).json, {
    items: [{ name: 'farm', nodes: [{ node: 'n2' }] }, { name: 'only2' }],
  });
  t.match((await n1.tcp(`${apiBase}/modules/only2/nodes/n2/resources/proc.web`)).json, { name: 'proc.web' });
  const problem = await n1.tcp(`${apiBase}/nodes/n2/modules/none/resources`);
  t.equal(problem.status, 404);
  t.match(problem.json, { code: 'MODULE_UNKNOWN', node: 'n2' }, "the other node's problem comes back as it is");
  t.equal(problem.headers['content-type'], 'application/problem+json');
  t.match((await n1.tcp(`${apiBase}/nodes/n2/nodes/n1/cluster`)).json, { code: 'HTTP_NOT_FOUND' }, 'no chains');
  t.match((await n1.tcp(`${apiBase}/nodes/n2/none`)).json, { code: 'HTTP_NOT_FOUND' });
  t.match((await n1.tcp(`${apiBase}/nodes/n2/sealed`, { method: 'POST', json: {} })).json, { code: 'HTTP_NOT_FOUND' });
  t.match((await n1.tcp(`${apiBase}/nodes/n2/modules/farm/wait?state=STOP&timeoutMs=5`)).json, {
    code: 'WAIT_TIMEOUT',
    node: 'n2',
  });
  t.match((await n1.tcp(`${apiBase}/nodes/n2/modules/farm/wait?state=OFF`)).json, { code: 'HTTP_QUERY', node: 'n2' });
  const file = await n1.local(`${apiBase}/nodes/n2/modules/farm/config/conf/userconfig.xml`);
  t.equal(file.headers.etag, '"v1"');
  t.equal(file.text, '<safe/>');
  t.same(n1.defects, []);
  t.same(n2.defects, []);
});

t.test('changes go along with who asks, and no further than the caller may', async (t) => {
  const { n1, n2 } = await startPair(t);
  const path = `${apiBase}/nodes/n2/modules/farm`;
  t.equal((await n1.local(`${path}/actions`, { method: 'POST', json: { action: 'restart', identity: 'errd' } })).status, 202);
  t.equal((await n1.tcp(`${path}/print`, { method: 'POST', json: { level: 'I', message: 'hi' } })).status, 204);
  const put = {
    method: 'PUT',
    body: 'x',
    headers: { 'content-type': 'text/plain', 'if-match': '"v1"', 'x-holdfast-request': '1' },
  };
  t.match((await n1.tcp(`${path}/config/conf/userconfig.xml`, put)).json, { code: 'AUTH_ROLE' });
  const written = await n1.local(`${path}/config/conf/userconfig.xml`, put);
  t.equal(written.status, 204);
  t.equal(written.headers.etag, '"v2"');
  const user = n1.accesses.find((one) => one.status === 202)?.who;
  t.same(asked(n2), [
    `restart farm by ${user} via n1 -i errd`,
    'print farm I hi by anonymous@127.0.0.1 via n1',
    `write conf/userconfig.xml by ${user} via n1`,
  ]);
  t.same(asked(n1), []);
});

t.test('one action on all nodes, with one progress', async (t) => {
  const { n1, n2 } = await startPair(t);
  const posted = await n1.local(`${apiBase}/modules/farm/actions`, { method: 'POST', json: { action: 'stop', nodes: ['*'] } });
  t.equal(posted.status, 202);
  if (!conforms('ActionProgress', posted.json)) throw new Error(posted.text);
  t.same(
    posted.json.nodes.map((one) => [one.node, one.state]),
    [
      ['n1', 'running'],
      ['n2', 'running'],
    ],
  );
  const later = await n1.local(`${apiBase}/actions/${encodeURIComponent(posted.json.id)}`);
  t.match(later.json, {
    id: posted.json.id,
    done: true,
    nodes: [
      { node: 'n1', state: 'done' },
      { node: 'n2', state: 'done', message: 'ok' },
    ],
  });
  t.equal(asked(n1).length, 1);
  t.equal(asked(n2).length, 1);

  const other = await n1.local(`${apiBase}/modules/only2/actions`, {
    method: 'POST',
    json: { action: 'start', nodes: ['n1', 'n2'] },
  });
  t.match(other.json, {
    nodes: [
      { node: 'n1', state: 'refused', code: 'MODULE_UNKNOWN' },
      { node: 'n2', state: 'running' },
    ],
  });
  n2.face.refuse = { ok: false, failure: { code: 'MODULE_STATE', message: 'It is stopping.' } };
  const refused = await n1.local(`${apiBase}/modules/farm/actions`, { method: 'POST', json: { action: 'start', nodes: ['n2'] } });
  t.match(refused.json, {
    done: true,
    nodes: [{ node: 'n2', state: 'refused', code: 'MODULE_STATE', message: 'It is stopping.' }],
  });
});

t.test('a node that does not answer is an item with an error, within its time', async (t) => {
  const { n1, n2, ports } = await startPair(t);
  const port = n2.port;
  await n2.service.close();
  const refused = modulesIn((await n1.local(`${apiBase}/modules`)).json);
  t.match(refused[0]?.nodes[1], {
    node: 'n2',
    state: 'UNKNOWN',
    quality: 'Unknown',
    ready: false,
    error: /cannot be reached at 127\.0\.0\.1/,
  });

  const silent = createTcpServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
  t.teardown(() => silent.close());
  const begun = performance.now();
  const late = modulesIn((await n1.local(`${apiBase}/modules`)).json);
  const took = performance.now() - begun;
  t.match(late[0]?.nodes[1], { node: 'n2', error: 'Node n2 did not answer within 2 s.' });
  t.ok(took > 1900 && took < 3500, `${Math.round(took)} ms`);
  t.match((await n1.local(`${apiBase}/nodes/n2/cluster`)).json, {
    code: 'NODE_UNREACHABLE',
    status: 504,
    detail: 'Node n2 did not answer within 2 s.',
  });
  const progress = await n1.local(`${apiBase}/modules/farm/actions`, { method: 'POST', json: { action: 'stop', nodes: ['*'] } });
  t.match(progress.json, {
    nodes: [
      { node: 'n1', state: 'running' },
      { node: 'n2', state: 'failed', code: 'NODE_UNREACHABLE' },
    ],
  });
  t.ok(ports.size === 2);
});

t.test('a second address is taken when the first does not connect', async (t) => {
  const { n2 } = await startPair(t);
  const keys = keysOf('n1', new Map([['n2', n2.port]]));
  const addresses = [
    { host: '127.0.0.1', port: 1 },
    { host: '127.0.0.1', port: n2.port },
  ];
  const client = createPeerClient(() => ({ ...keys, peers: [{ node: 'n2', addresses }] }), createSealer());
  const caller = { caller: { who: 'x', identity: null }, role: 'admin' } as const;
  const answer = await client.call('n2', { method: 'GET', path: `${apiBase}/cluster`, ...caller });
  t.equal(answer.ok && answer.value.status, 200);
  const nowhere = createPeerClient(() => ({ ...keys, peers: [{ node: 'n2', addresses: [] }] }), createSealer());
  t.match(await nowhere.call('n2', { method: 'GET', path: `${apiBase}/cluster`, ...caller }), {
    ok: false,
    failure: { code: 'NODE_UNREACHABLE', message: /has no address/ },
  });
  t.match(await createPeerClient(() => null, createSealer()).call('n2', { method: 'GET', path: '/', ...caller }), {
    failure: { message: /no cluster key/ },
  });
  t.match(await client.call('n9', { method: 'GET', path: '/', ...caller }), { failure: { code: 'NODE_UNKNOWN' } });
});

t.test('what asks again and again keeps its connection; what ended meanwhile is made again', async (t) => {
  const { n2 } = await startPair(t);
  const open = new Set<Socket>();
  let made = 0;
  const relay = createTcpServer((socket) => {
    made += 1;
    const onward = connect({ host: '127.0.0.1', port: n2.port });
    for (const one of [socket, onward]) one.on('error', () => undefined).on('close', () => open.delete(one));
    open.add(socket).add(onward);
    socket.pipe(onward).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.teardown(() => relay.close());
  const at = relay.address();
  const port = at !== null && typeof at === 'object' ? at.port : 0;
  const keys = keysOf('n1', new Map([['n2', port]]));
  const client = createPeerClient(() => keys, createSealer());
  const ask = async (keeps: boolean): Promise<void> => {
    const caller = { caller: { who: 'x', identity: null }, role: 'admin' } as const;
    const answer = await client.call('n2', { method: 'GET', path: `${apiBase}/cluster`, ...caller, keeps });
    t.equal(answer.ok && answer.value.status, 200);
    // A connection is free for the next question when the turn is over in which the answer came.
    await turn();
  };
  await ask(false);
  t.equal(made, 2, 'one for the question, and one more: it learns first which run of the daemon it speaks to');
  await ask(false);
  t.equal(made, 3, 'usually each has its own');
  for (let round = 0; round < 5; round += 1) await ask(true);
  t.equal(made, 4, 'five questions, one connection');
  for (const socket of open) socket.destroy();
  await ask(true);
  t.equal(made, 5, 'it was made again, and nobody saw it');
  for (const socket of open) socket.destroy();
});

t.test('a node with another key is unreachable, and says why', async (t) => {
  const ports: Ports = new Map();
  const n1 = await start(t, { face: fakeFace({ nodes: names }), seal: () => keysOf('n1', ports) });
  const n2 = await start(t, { face: fakeFace({ node: 'n2', nodes: names }), seal: () => keysOf('n2', ports, 'ff'.repeat(16)) });
  ports.set('n1', n1.port).set('n2', n2.port);
  t.match((await n1.local(`${apiBase}/nodes/n2/cluster`)).json, {
    code: 'NODE_UNREACHABLE',
    detail: /refuses the cluster key of this node \(HTTP 401\)/,
  });
});

t.test('the events of another node are streamed, also across its restart', async (t) => {
  const { n1, n2 } = await startPair(t);
  const add = (type: string) =>
    n2.face.ring.append({ node: 'n2', module: 'farm', type, at: '2026-01-31T14:22:33.123Z', atMs: 1, cause: null, data: {} });
  add('before');
  const reader = await readEvents(t, { socketPath: n1.cliSocket }, `${apiBase}/nodes/n2/events`);
  // The stream begins when the other node has told its newest id.
  await until(() => n2.accesses.length >= 2);
  add('first');
  await reader.has(1);
  const resumed = await readEvents(t, { socketPath: n1.cliSocket }, `${apiBase}/nodes/n2/events?since=7.1`);
  await resumed.has(1);
  t.same(
    resumed.events.map(({ id, event }) => [id, event]),
    [['7.2', 'first']],
  );
  const old = await readEvents(t, { socketPath: n1.cliSocket }, `${apiBase}/nodes/n2/events?since=3.3`);
  await old.has(3);
  t.same(
    old.events.map(({ event }) => event),
    ['lost', 'before', 'first'],
  );
  await n2.service.close();
  await reader.has(2);
  t.match(reader.events[1], { event: 'error', data: { node: 'n2', code: 'NODE_UNREACHABLE' } });
  for (const one of [reader, resumed, old]) one.close();
  t.match((await n1.local(`${apiBase}/nodes/n9/events`, { headers: { accept: 'text/event-stream' } })).json, {
    code: 'NODE_UNKNOWN',
  });
  t.match((await n1.local(`${apiBase}/nodes/n2/modules/farm/logs`, { headers: { accept: 'text/event-stream' } })).json, {
    code: 'HTTP_QUERY',
  });
});

t.test('sealed requests over the wire: recorded, forged, changed, misdirected', async (t) => {
  const { n2, ports } = await startPair(t);
  const body = Buffer.from(JSON.stringify({ action: 'stop' }));
  const request = {
    ...{ method: 'POST', path: `${apiBase}/modules/farm/actions`, headers: { 'content-type': 'application/json' }, body },
    ...{ caller: { who: 'root', identity: null }, role: 'admin' as const },
  };
  const sealer = createSealer();
  const n1Keys = keysOf('n1', ports);
  const post = (bytes: Uint8Array) =>
    n2.tcp(`${apiBase}/sealed`, { method: 'POST', body: bytes, headers: { 'content-type': 'application/octet-stream' } });
  // The answer is binary, so it is only looked at for its status here; `read` is tested with bytes.
  t.equal((await post(sealer.request(n1Keys, 'n2', request).bytes)).status, 200, 'another run: told sealed, and not carried out');
  t.same(n2.face.callers, []);

  const client = createPeerClient(() => n1Keys, sealer);
  t.match(await client.call('n2', { ...request }), { ok: true, value: { status: 202 } });
  t.equal(n2.face.callers.length, 1);
  const message = sealer.request(n1Keys, 'n2', request);
  t.equal((await post(message.bytes)).status, 200);
  t.equal(n2.face.callers.length, 2);

  const refused = async (what: string, bytes: Uint8Array) => {
    const answer = await post(bytes);
    t.match(answer.json, { code: 'HTTP_SEAL', status: 401 }, what);
    t.equal(n2.face.callers.length, 2, `${what}: not carried out`);
  };
  await refused('replayed', message.bytes);
  const fresh = () => Buffer.from(sealer.request(n1Keys, 'n2', request).bytes);
  for (const at of [0, 13, 40, -1]) {
    const changed = fresh();
    const index = at < 0 ? changed.length + at : at;
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
    await refused(`changed at ${at}`, changed);
  }
  await refused('cut', fresh().subarray(0, 60));
  await refused('empty', new Uint8Array());
  await refused('random', Buffer.alloc(500, 7));
  await refused('another key', sealer.request(keysOf('n1', ports, 'ee'.repeat(16)), 'n2', request).bytes);
  await refused('for another node', sealer.request(n1Keys, 'n3', request).bytes);
  await refused('from itself', sealer.request(keysOf('n2', ports), 'n2', request).bytes);
  await refused('from a stranger with the key', sealer.request(keysOf('n3', ports), 'n2', request).bytes);
  await refused('of an earlier epoch', sealer.request(keysOf('n1', ports, key, 0), 'n2', request).bytes);
  t.equal((await post(fresh())).status, 200, 'an honest one still gets in');
  t.equal(n2.face.callers.length, 3);
  t.match((await n2.tcp(`${apiBase}/sealed`)).json, { code: 'HTTP_METHOD' });
});
