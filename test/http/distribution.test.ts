/** Giving configurations and modules to other nodes: what whoever asks is told of each node, and what each node was asked. */
import t from 'tap';
import type { ClusterNodeInfo, Outcome } from '../../src/actors/face.js';
import type { DistributionReport } from '../../src/http/api-types.js';
import { createDistribution } from '../../src/http/distribution.js';
import type { PeerRequest } from '../../src/http/peer-client.js';
import type { SealedAnswer } from '../../src/http/seal.js';
import { fakeFace } from './fake-face.js';

const asked = { caller: { who: 'root', identity: null }, role: 'admin' } as const;
const failure = (code: string, message = code) => ({ ok: false, failure: { code, message } }) as const;
const answered = (status: number, value: unknown): Outcome<SealedAnswer> => ({
  ok: true,
  value: { status, headers: {}, body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) },
});
const away = failure('NODE_UNREACHABLE', 'Node n2 did not answer within 2 s.');
type Told = Pick<PeerRequest, 'path' | 'body' | 'anyKey' | 'caller'> & { readonly node: string };

/** n1 with others that answer what the test says; what of it is null is answered as a node that is as n1 is. */
async function distributing(
  nodes: readonly string[] = ['n1', 'n2'],
  mineNow: Partial<ClusterNodeInfo> = {},
  online = true,
  reply: (node: string, path: string) => Outcome<SealedAnswer> | null = () => null,
) {
  const face = fakeFace({ nodes, online });
  const told: Told[] = [];
  const done: string[] = [];
  let mine: ClusterNodeInfo = { ...(await face.clusterAdministration.info()), ...mineNow };
  const change = (what: string, revision: string) => {
    done.push(what);
    mine = { ...mine, generation: mine.generation + 1, revision, history: [mine.revision ?? ''] };
  };
  const cluster = face.clusterAdministration;
  cluster.info = async () => mine;
  const { replaceXml, configure, generateKey } = cluster;
  cluster.replaceXml = async (xml, caller) => {
    change(`xml ${xml}`, 'cc03');
    return replaceXml(xml, caller);
  };
  cluster.configure = async (xml, lock, caller, overlapMs) => {
    change(`xml and key ${xml} ${overlapMs}`, 'cc03');
    return configure(xml, lock, caller);
  };
  cluster.generateKey = async (caller, overlapMs) => {
    change(`key ${overlapMs}`, 'cc03');
    return generateKey(caller);
  };
  cluster.markDistributed = async (generation, _caller, to) => {
    done.push(`marked ${generation} for ${to.join(',')}`);
    mine = { ...mine, generation, distributed: true };
    return { ok: true, value: mine };
  };
  cluster.updateModules = () => void done.push('names');
  const distribution = createDistribution({
    face,
    peers: {
      call: async (node, { path, body, anyKey, caller }) => {
        told.push({ node, path, anyKey: anyKey === true, caller, ...(body === undefined ? {} : { body }) });
        return reply(node, path) ?? answered(200, { ...mine, node });
      },
    },
    urlsOf: (node) => (node === 'n3' ? [] : [`https://${node}:9453`, `http://${node}:9010`]),
  });
  const paths = () => told.map(({ node, path }) => `${node} ${path.replace('/api/v1', '')}`);
  return { face, distribution, told, done, paths, mine: () => mine };
}
const items = (report: Outcome<DistributionReport>): readonly string[] =>
  report.ok
    ? report.value.items.map(({ node, state, code, message }) => `${node} ${state} ${code}: ${message}`)
    : [report.failure.code];

t.test('each node as it says itself, compared with this one', async (t) => {
  const refused = (node: string, reason: 'oldKey' | 'noKey') =>
    ({ node, reason, address: null, by: 'datagram', count: 1, at: '2026-01-31T14:00:00.000Z' }) as const;
  const of = new Map<string, Outcome<SealedAnswer>>();
  const { distribution, mine } = await distributing(
    ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'],
    { refused: [refused('n6', 'oldKey'), refused('n7', 'noKey')] },
    false,
    (node) => of.get(node) ?? null,
  );
  const base = mine();
  of.set('n3', answered(200, { ...base, node: 'n3', revision: null, generation: 0, configuredAt: null }));
  of.set('n4', answered(200, { ...base, node: 'n4', revision: 'aa01', history: ['ef'], generation: 2 }));
  of.set('n5', answered(200, { ...base, node: 'n5', revision: 'bb02' }));
  for (const node of ['n6', 'n7']) of.set(node, away);
  of.set('n8', answered(200, { what: 'no info' }));
  of.set('n2', answered(200, { ...base, node: 'n2', caughtUp: { from: 'n1', at: '2026-01-31T12:00:00.000Z' } }));
  const states = await distribution.state(asked);
  t.same(
    states.map(({ node, status }) => `${node} ${status}`),
    ['n1 same', 'n2 same', 'n3 behind', 'n4 ahead', 'n5 apart', 'n6 oldKey', 'n7 otherKey', 'n8 unreachable'],
  );
  const messages = states.map(({ message }) => message);
  t.match(messages[1], /caught up at 2026-01-31T12:00:00.000Z from n1/);
  t.match(messages[2], /earlier configuration or key \(generation 0 of an unknown time\)/);
  t.match(messages[3], /later configuration or key \(generation 2 of /);
  t.match(messages[4], /apart from this node's .* distribute the right one \(-G\)/);
  t.match(messages[5], /a key that was replaced \(last at 2026-01-31T14:00/);
  t.match(messages[6], /another key, or without one/);
  t.equal(messages[7], 'answered with something else: is it of another version?', 'without the name, which stands beside it');
  t.same(
    distribution.hosts().slice(0, 3),
    [
      { node: 'n1', self: true, online: true, url: 'https://n1:9453', urls: ['https://n1:9453', 'http://n1:9010'] },
      { node: 'n2', self: false, online: false, url: 'https://n2:9453', urls: ['https://n2:9453', 'http://n2:9010'] },
      { node: 'n3', self: false, online: false, url: '', urls: [] },
    ],
    'the address for people first',
  );
});

t.test('a configuration is given to all; one that is away, and one that refuses, are told apart', async (t) => {
  const one = await distributing(['n1', 'n2', 'n3', 'n4'], {}, true, (node, path) => {
    if (node === 'n3') return away;
    if (node !== 'n4' || !path.includes('/receive')) return null;
    return answered(409, { code: 'CONF_LOCKED', detail: 'n4 is locked.' });
  });
  const report = await one.distribution.distribute({}, asked);
  t.match(report, { ok: true, value: { what: 'cluster', generation: 1, done: false } });
  t.same(items(report), [
    'n1 done null: generation 1, signature cd',
    'n2 same null: generation 1, signature cd',
    'n3 away NODE_UNREACHABLE: Node n2 did not answer within 2 s. It catches up when it returns.',
    'n4 refused CONF_LOCKED: n4 is locked.',
  ]);
  t.same(one.paths().slice(3), ['n2 /cluster/receive?rule=distribute', 'n4 /cluster/receive?rule=distribute']);
  t.ok(
    one.told.every(({ anyKey, caller }) => anyKey === true && caller.who === 'root'),
    'by any key, and by whoever asked',
  );
  t.same(one.done, ['marked 1 for n1,n2,n3,n4', 'names'], 'names are looked up again where nothing else was changed');
});

t.test('a new configuration, a new key, or both, and how long the old key is taken', async (t) => {
  const xml = await distributing();
  t.match(await xml.distribution.distribute({ xml: '<cluster/>', nodes: ['n2'] }, asked), {
    ok: true,
    value: { generation: 2, done: true, items: [{ node: 'n2', state: 'done' }] },
  });
  t.same(xml.done, ['xml <cluster/>', 'marked 2 for n2']);
  const key = await distributing();
  await key.distribution.distribute({ newKey: true, acceptOldMs: 0 }, asked);
  t.same(key.done, ['key 15000', 'marked 2 for n1,n2'], 'until the new one has got to everybody');
  const both = await distributing();
  await both.distribution.distribute({ xml: '<cluster/>', newKey: true, acceptOldMs: 90_000 }, asked);
  t.same(both.done, ['xml and key <cluster/> 90000', 'marked 2 for n1,n2']);
});

t.test('nothing is changed where another node has something newer, unless it is forced', async (t) => {
  const newer = (how: Partial<ClusterNodeInfo>) => {
    const answers: { info?: ClusterNodeInfo } = {};
    return distributing(['n1', 'n2'], {}, true, (node, path) =>
      path.endsWith('/info') && answers.info !== undefined ? answered(200, { ...answers.info, node, ...how }) : null,
    ).then((one) => {
      answers.info = one.mine();
      return one;
    });
  };
  const ahead = await newer({ revision: 'aa01', history: ['ef'], generation: 7 });
  t.match(await ahead.distribution.distribute({ xml: '<cluster/>' }, asked), {
    ok: false,
    failure: {
      code: 'CONF_STALE',
      message: /Node n2 has generation 7 .* newer than generation 1 .* Nothing was changed.*--force/,
    },
  });
  t.same(ahead.done, []);
  t.match(await ahead.distribution.distribute({ force: true }, asked), { ok: true, value: { generation: 8, done: true } });
  t.match(ahead.paths().at(-1), /receive\?rule=force$/);
  const apart = await newer({ revision: 'bb02', history: [] });
  t.match(await apart.distribution.distribute({}, asked), { failure: { code: 'CONF_STALE', message: /apart from/ } });
  const own = await newer({ revision: 'bb02', history: [], distributed: false });
  t.match(
    await own.distribution.distribute({}, asked),
    { ok: true, value: { generation: 2 } },
    'what a node changed for itself alone is run over, with a generation that nobody had',
  );
});

t.test('what fails here is told, and no other node is given anything', async (t) => {
  const none = await distributing(['n1', 'n2'], { configured: false });
  t.same(items(await none.distribution.distribute({}, asked)), ['CONF_NONE']);
  t.same(none.told, [], 'nobody was asked');
  const unknown = await distributing();
  t.match(await unknown.distribution.distribute({ nodes: ['n1', 'n9'] }, asked), {
    failure: { code: 'NODE_UNKNOWN', message: 'No node "n9" is in the cluster configuration; there are n1, n2.' },
  });
  const steps = [
    [{ xml: 'x' }, 'replaceXml'],
    [{ xml: 'x', newKey: true }, 'configure'],
    [{ newKey: true }, 'generateKey'],
    [{}, 'markDistributed'],
    [{}, 'exportBundle'],
  ] as const;
  for (const [body, step] of steps) {
    const one = await distributing();
    one.face.clusterAdministration[step] = async () => failure('DISK', step);
    t.match(await one.distribution.distribute(body, asked), failure('DISK', step));
    t.same(one.paths(), ['n2 /cluster/info'], step);
  }
});

t.test('a module is given in pieces, and then named with what it was exported as', async (t) => {
  const one = await distributing(['n1', 'n2', 'n3'], {}, true, (node) => (node === 'n3' ? away : null));
  one.face.install.exportedArchive = async () => ({ ok: true, value: Buffer.alloc(5 * 1024 * 1024, 'z') });
  const report = await one.distribution.exportModule('farm', ['*'], asked);
  t.match(report, { value: { what: 'farm', generation: 1, done: false } });
  t.same(items(report), [
    'n1 same null: it comes from here',
    'n2 done null: installed and configured, id 1',
    'n3 away NODE_UNREACHABLE: Node n2 did not answer within 2 s. It catches up when it returns.',
  ]);
  const pieces = one.told.filter(({ path }) => path.includes('/transfers/'));
  t.same(
    pieces.map(({ path, body }) => [path.replace(/^.*\?/, ''), body?.length]),
    [
      ['offset=0', 4 * 1024 * 1024],
      ['offset=4194304', 1024 * 1024],
    ],
  );
  const last = one.told.at(-1);
  t.equal(last?.path, '/api/v1/modules/farm/receive');
  t.match(JSON.parse(Buffer.from(last?.body ?? []).toString()), {
    transfer: pieces[0]?.path.replace(/^.*transfers\/(\w+)\?.*$/, '$1'),
    exported: { module: 'farm', nodes: ['n1', 'n2', 'n3'] },
    catchUp: false,
  });
});

t.test('an export that fails: here, on the way, and there', async (t) => {
  const one = await distributing();
  t.same(items(await one.distribution.exportModule('farm', ['n9'], asked)), ['NODE_UNKNOWN']);
  t.same(items(await one.distribution.exportModule('none', null, asked)), ['MODULE_UNKNOWN']);
  one.face.install.beginExport = async () => failure('CONF_NONE');
  t.same(items(await one.distribution.exportModule('farm', null, asked)), ['CONF_NONE']);
  t.same(one.told, []);
  const refusing = (part: string, status: number, value: unknown) =>
    distributing(['n1', 'n2'], {}, true, (_node, path) => (path.includes(part) ? answered(status, value) : null));
  const busy = await refusing('/transfers/', 503, { code: 'HTTP_BUSY', detail: 'There are 4 transfers already.' });
  t.match(items(await busy.distribution.exportModule('farm', ['n2'], asked)), [
    'n2 refused HTTP_BUSY: There are 4 transfers already.',
  ]);
  t.notOk(
    busy.paths().some((path) => path.endsWith('/receive')),
    'what did not get there is not named',
  );
  const exists = await refusing('/receive', 409, { code: 'CONF_STALE', detail: 'It is newer here.' });
  t.match(items(await exists.distribution.exportModule('farm', ['n2'], asked)), ['n2 refused CONF_STALE: It is newer here.']);
  const odd = await refusing('/receive', 500, 'not JSON');
  t.match(items(await odd.distribution.exportModule('farm', ['n2'], asked)), [/^n2 away NODE_UNREACHABLE: .*HTTP 500/]);
  const strange = await refusing('/cluster/receive', 200, '[]');
  t.match(items(await strange.distribution.distribute({ nodes: ['n2'] }, asked)), [/^n2 away .*answered with something else/]);
});
