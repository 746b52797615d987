import t, { type Test } from 'tap';
import { type Membership, type MembershipNews, startMembership } from '../../../src/actors/membership.actor.js';
import { createUdpTransport } from '../../../src/io/udp/transport.js';
import { clusterId, clusterOf, freePort, keyHex, memoryRecords, realClock, signature, type TestCluster } from './cluster.js';

interface RunningNode {
  readonly name: string;
  readonly membership: Membership;
  readonly news: MembershipNews[];
  until(what: string, holds: () => boolean, withinMs?: number): Promise<void>;
}

function startNode(
  t: Test,
  name: string,
  spec: TestCluster & { readonly key?: string | null; readonly leaseMs?: number },
): RunningNode {
  const news: MembershipNews[] = [];
  const waiting = new Set<() => void>();
  const membership = startMembership(
    {
      ports: { clock: realClock, records: memoryRecords(), transport: createUdpTransport() },
      cluster: clusterOf(spec),
      self: name,
      keyHex: spec.key === undefined ? keyHex : spec.key,
      clusterId,
      signature,
      ...(spec.leaseMs === undefined ? {} : { leaseMs: spec.leaseMs }),
    },
    (one) => {
      news.push(one);
      for (const look of waiting) look();
    },
  );
  t.teardown(() => membership.stop(false));
  return {
    name,
    membership,
    news,
    until: (what, holds, withinMs = 5_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`${name}: not within ${withinMs} ms: ${what}; ${JSON.stringify(membership.snapshot().view)}`));
        }, withinMs);
        const look = (): void => {
          if (!holds()) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

function agree(nodes: readonly RunningNode[]): Promise<unknown> {
  const members = nodes.map((node) => node.name).join(' ');
  return Promise.all(
    nodes.map((node) => node.until(`view of ${members}`, () => node.membership.snapshot().view?.members.join(' ') === members)),
  );
}

t.test('three nodes on loopback agree, share, and see a goodbye at once', async (t) => {
  const port = await freePort();
  const nodes = ['n1', 'n2', 'n3'].map((name) => startNode(t, name, { count: 3, port }));
  for (const node of nodes)
    node.membership.setLocal([{ module: 'farm', state: 'UP', quality: 'Ready', generation: 1, signature: 'deadbeef' }]);
  await agree(nodes);
  await Promise.all(
    nodes.map((node) =>
      node.until('shares', () => Object.keys(node.membership.snapshot().shares['farm/FarmProto']?.counts ?? {}).length === 3),
    ),
  );
  const [first, second, third] = nodes;
  if (first === undefined || second === undefined || third === undefined) throw new Error('there are three');
  t.same(first.membership.snapshot().shares['farm/FarmProto']?.counts, { n1: 86, n2: 85, n3: 85 });
  t.equal(first.membership.snapshot().peers[0]?.sameConfiguration, true);
  const peer = first.membership.snapshot().peers[0];
  t.ok((peer?.lans[0]?.rttMs ?? 99) < 50);
  await first.membership.stop(true);
  await Promise.all(
    [second, third].map((node) =>
      node.until('n1 gone', () => node.membership.snapshot().view?.members.join(' ') === 'n2 n3', 400),
    ),
  );
  t.match(second.membership.snapshot().peers[0]?.evidence, 'goodbye');
});
