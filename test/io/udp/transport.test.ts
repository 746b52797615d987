import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type Membership, type MembershipNews, startMembership } from '../../../src/actors/membership.actor.js';
import { createUdpTransport } from '../../../src/io/udp/transport.js';
import { clusterId, clusterOf, freePort, keyHex, memoryRecords, realClock, signature, type TestCluster } from './cluster.js';
import type { FromNode, NodeProcessSpec, ToNode } from './node-process.js';

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
    until: (what, holds, withinMs = 20_000) =>
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

t.test('three nodes on loopback agree, share, and see a goodbye at once', async (t) => {
  const port = await freePort();
  const nodes = ['n1', 'n2', 'n3'].map((name) => startNode(t, name, { count: 3, port }));
  for (const node of nodes)
    node.membership.setLocal([{ module: 'farm', state: 'UP', quality: 'Ready', generation: 1, signature: 'deadbeef' }]);
  await Promise.all(nodes.map((node) => agreeOn(node, 'n1 n2 n3')));
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

class Child {
  readonly process: ChildProcess;
  readonly heard: FromNode[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(t: Test, spec: NodeProcessSpec) {
    this.process = fork(fileURLToPath(new URL('./node-process.ts', import.meta.url)), { execArgv: process.execArgv });
    t.teardown(async () => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) return;
      this.process.kill('SIGKILL');
      await once(this.process, 'exit');
    });
    this.process.on('message', (message: FromNode) => {
      this.heard.push(message);
      for (const look of this.#waiting) look();
    });
    this.say({ type: 'start', spec });
  }

  say(message: ToNode): void {
    this.process.send(message);
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`child: ${what}: ${JSON.stringify(this.heard)}`)), 20_000);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  get losses(): readonly FromNode[] {
    return this.heard.filter((message) => message.type === 'lost');
  }
}

function lossesOf(node: RunningNode): readonly string[] {
  return node.news.flatMap((one) => (one.type === 'view.changed' ? one.lost.map((loss) => loss.evidence) : []));
}

t.test('a node whose main loop is blocked for 1.5 s is not lost, and loses nobody', async (t) => {
  const port = await freePort();
  const cluster = { count: 2, port };
  const first = startNode(t, 'n1', cluster);
  const child = new Child(t, { ...cluster, name: 'n2', leaseMs: 2_000, dropRate: 0 });
  await Promise.all([
    agreeOn(first, 'n1 n2'),
    child.until('both', () => child.heard.some((one) => one.type === 'view' && one.members.length === 2)),
  ]);
  child.say({ type: 'block', lengthMs: 1_500 });
  await child.until('unblocked', () => child.heard.some((one) => one.type === 'blocked'));
  // What piled up is handed over in order; a second block shows that the first one is digested.
  child.say({ type: 'block', lengthMs: 1_000 });
  await child.until('unblocked', () => child.heard.filter((one) => one.type === 'blocked').length === 2);
  t.same(lossesOf(first), []);
  t.same(child.losses, []);
});

t.test('a node whose main loop hangs longer than the lease falls silent, and comes back', async (t) => {
  const port = await freePort();
  const cluster = { count: 2, port };
  const first = startNode(t, 'n1', cluster);
  const child = new Child(t, { ...cluster, name: 'n2', leaseMs: 600, dropRate: 0 });
  await Promise.all([
    agreeOn(first, 'n1 n2'),
    child.until('both', () => child.heard.some((one) => one.type === 'view' && one.members.length === 2)),
  ]);
  child.say({ type: 'block', lengthMs: 3_000 });
  await agreeOn(first, 'n1');
  t.notOk(
    child.heard.some((one) => one.type === 'blocked'),
    'it was given up while it hung',
  );
  t.match(lossesOf(first)[0], /n2 is lost: n1 last heard it 0\.\d+ s ago on default/);
  await agreeOn(first, 'n1 n2');
  t.same(child.losses, [], 'it accuses nobody for its own pause');
});

t.test('power off is seen by the others', async (t) => {
  const port = await freePort();
  const cluster = { count: 3, port, lans: 2, net: 10 };
  const nodes = ['n1', 'n2'].map((name) => startNode(t, name, cluster));
  const child = new Child(t, { ...cluster, name: 'n3', leaseMs: 2_000, dropRate: 0 });
  await Promise.all(nodes.map((node) => agreeOn(node, 'n1 n2 n3')));
  child.process.kill('SIGKILL');
  await Promise.all(nodes.map((node) => agreeOn(node, 'n1 n2')));
  const status = nodes[0]?.membership.snapshot().peers.find((peer) => peer.node === 'n3');
  t.same(
    status?.lans.map((lan) => [lan.lan, lan.up]),
    [
      ['default', false],
      ['lan2', false],
    ],
  );
  t.match(status?.evidence, /n1 last heard it .* on default, last heard it .* on lan2/);
});

t.test('a port in use is named with its remedy, and taken when it is free', async (t) => {
  const port = await freePort();
  const squatter = createSocket('udp4');
  squatter.bind(port, '127.0.0.1');
  await once(squatter, 'listening');
  const node = startNode(t, 'n1', { count: 2, port });
  const isError = (one: MembershipNews): boolean => one.type === 'transport.error' && one.code === 'NET_PORT_IN_USE';
  await node.until('error', () => node.news.some(isError));
  t.match(node.news.find(isError), {
    lan: 'default',
    message: `UDP 127.0.0.1:${port} of lan default is in use by another program. Stop`,
  });
  const heard = once(squatter, 'close');
  squatter.close();
  await heard;
  const other = startNode(t, 'n2', { count: 2, port });
  await Promise.all([agreeOn(node, 'n1 n2'), agreeOn(other, 'n1 n2')]);
});

t.test('without a key datagrams are not sealed, and a node with a key does not listen to them', async (t) => {
  const port = await freePort();
  const plain = ['n1', 'n2'].map((name) => startNode(t, name, { count: 3, port, key: null }));
  const sealed = startNode(t, 'n3', { count: 3, port });
  await Promise.all(plain.map((node) => agreeOn(node, 'n1 n2')));
  await agreeOn(sealed, 'n3');
  await sealed.until('counted', () => sealed.membership.snapshot().dropped.unknownKey > 0);
  const [first] = plain;
  await first?.until('counted', () => (first?.membership.snapshot().dropped.unknownKey ?? 0) > 0);
});

function agreeOn(node: RunningNode, members: string): Promise<void> {
  return node.until(members, () => node.membership.snapshot().view?.members.join(' ') === members);
}
