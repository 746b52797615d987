import { mock } from 'node:test';
import t from 'tap';
import type { ClusterNodeInfo, Failure } from '../../src/actors/face.js';
import { createCatchUp } from '../../src/http/catch-up.js';
import { createDistribution, type Distribution, relation } from '../../src/http/distribution.js';
import { fakeFace } from './fake-face.js';

mock.timers.enable({ apis: ['setTimeout'] });
t.teardown(() => mock.timers.reset());
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A node that hears n2, which says of itself what `theirs` makes of this node's words. */
async function watching(theirs: (mine: ClusterNodeInfo) => Partial<ClusterNodeInfo>, refusal: () => Failure | null = () => null) {
  const face = fakeFace({ nodes: ['n1', 'n2'] });
  const mine = await face.clusterAdministration.info();
  const given: string[] = [];
  const told: string[] = [];
  const peers = {
    call: async () => ({ ok: false, failure: { code: 'NODE_UNREACHABLE', message: 'It is not there.' } }) as const,
  };
  const real = createDistribution({ face, peers, urlsOf: (node) => [`http://${node}:9010`] });
  const distribution: Distribution = {
    ...real,
    infoOf: async () => ({ ok: true, value: { ...mine, node: 'n2', ...theirs(mine) } }),
    give: async (node, rule) => {
      given.push(`${node} ${rule}`);
      const failure = refusal();
      return failure === null ? { ok: true, value: mine } : { ok: false, failure };
    },
    giveModule: async (node, { module }) => {
      given.push(`${node} ${module}`);
      const failure = refusal();
      return failure === null ? { ok: true, value: null } : { ok: false, failure };
    },
  };
  const catchUp = createCatchUp({
    face,
    distribution,
    onFailure: (node, what, reason) => told.push(`${node} ${what}: ${reason}`),
  });
  return {
    ...{ face, given, told, catchUp },
    async passes(ms: number, type: string | null = 'view.changed') {
      if (type !== null) face.ring.append({ node: 'n1', module: null, type, at: '', atMs: 1, cause: null, data: {} });
      mock.timers.tick(ms);
      for (let round = 0; round < 5; round += 1) await turn();
    },
  };
}

t.test('how configurations stand to each other', async (t) => {
  const base = await fakeFace().clusterAdministration.info();
  const of = (revision: string | null, ...history: readonly string[]): ClusterNodeInfo => ({ ...base, revision, history });
  t.equal(relation(of('a'), of('a')), 'same');
  t.equal(relation(of('b', 'a'), of('a')), 'behind');
  t.equal(relation(of('b'), of(null)), 'behind');
  t.equal(relation(of('a'), of('b', 'a')), 'ahead');
  t.equal(relation(of(null), of('b')), 'ahead');
  t.equal(relation(of('b', 'a'), of('c', 'a')), 'apart');
});

t.test('a node that has everything is given nothing, and one without a module is given it, once', async (t) => {
  const same = await watching(() => ({}));
  await same.passes(500);
  t.same(same.given, []);
  const without = await watching(() => ({ exports: [] }));
  await without.passes(499);
  t.same(without.given, [], 'it may still be opening its web service');
  await without.passes(1, null);
  t.same(without.given, ['n2 farm']);
  await without.passes(500);
  t.same(without.given, ['n2 farm'], 'it is up to date now');
  for (const one of [same, without]) one.catchUp.close();
});

t.test('a node behind gets the configuration, and is asked again; one ahead, or apart, is left alone', async (t) => {
  const behind = await watching(() => ({ revision: null, exports: [] }));
  await behind.passes(500);
  t.same(behind.given, ['n2 catchUp']);
  await behind.passes(3_000, null);
  t.equal(behind.given.length, 2, 'after three seconds');
  await behind.passes(5_999, null);
  t.equal(behind.given.length, 2, 'and then after six');
  behind.catchUp.close();
  await behind.passes(60_000);
  t.equal(behind.given.length, 2, 'closed');

  const ahead = await watching((mine) => ({ revision: 'next', history: [mine.revision ?? ''], exports: [] }));
  const apart = await watching(() => ({ revision: 'other', exports: [] }));
  for (const one of [ahead, apart]) {
    await one.passes(500);
    await one.passes(500);
    t.same(one.given, []);
    one.catchUp.close();
  }
  t.same(ahead.told, []);
  t.match(apart.told, [/^n2 cluster configuration: both came about apart/]);
  t.equal(apart.told.length, 1, 'told once');
});

t.test('another node was quicker: nothing is told of it; what is refused again is', async (t) => {
  let has = false;
  const quick = await watching(
    (mine) => (has ? {} : { revision: null, exports: mine.exports }),
    () => {
      has = true;
      return { code: 'CONF_STALE', message: 'This node has that configuration already.' };
    },
  );
  await quick.passes(500);
  await quick.passes(3_000, null);
  quick.catchUp.close();
  t.same([quick.given, quick.told], [['n2 catchUp'], []], 'it was looked at again, and had it');

  const busy = await watching(
    () => ({ exports: [] }),
    () => ({ code: 'HTTP_BUSY', message: 'module farm is being taken over already' }),
  );
  await busy.passes(500);
  await busy.passes(3_000, null);
  await busy.passes(6_000, null);
  busy.catchUp.close();
  t.same([busy.given.length, busy.told], [3, []]);

  const newer = await watching(
    () => ({ exports: [] }),
    () => ({ code: 'CONF_STALE', message: 'module farm was configured here' }),
  );
  await newer.passes(500);
  t.same(newer.told, []);
  await newer.passes(3_000, null);
  await newer.passes(60_000, null);
  newer.catchUp.close();
  t.same(newer.told, ['n2 module farm: module farm was configured here']);
  t.equal(newer.given.length, 2, 'and not offered again');
});

t.test('a disk that does not say what this node has is told of, and asked again; the daemon goes on', async (t) => {
  const one = await watching(() => ({ exports: [] }));
  const { info } = one.face.clusterAdministration;
  one.face.clusterAdministration.info = async () => {
    throw new Error('EIO: i/o error');
  };
  await one.passes(500);
  t.same(one.told, ['n1 catching up: EIO: i/o error']);
  one.face.clusterAdministration.info = info;
  await one.passes(3_000, null);
  t.same(one.given, ['n2 farm']);
  one.catchUp.close();
});
