import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import type { MembershipNews } from '../../../src/actors/membership.actor.js';
import { freePort } from './cluster.js';
import { agreeOn, lossesOf, startNode } from './running.js';
import { make, quietBody } from './sealing.js';

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
    [second, third].map((node) => node.until('n1 gone', () => node.membership.snapshot().view?.members.join(' ') === 'n2 n3')),
  );
  t.match(second.membership.snapshot().peers[0]?.evidence, 'goodbye');
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
  await first?.until('counted', () => first.membership.snapshot().dropped.unknownKey > 0);
  t.same(sealed.membership.snapshot().view?.members, ['n3']);
  t.same(first?.membership.snapshot().view?.members, ['n1', 'n2']);
});

t.test('100,000 forged datagrams from the network: no crash, counted, and nobody loses anybody', async (t) => {
  const port = await freePort();
  const nodes = ['n1', 'n2', 'n3'].map((name) => startNode(t, name, { count: 3, port }));
  await Promise.all(nodes.map((node) => agreeOn(node, 'n1 n2 n3')));
  const [target] = nodes;
  const bootEpoch = target?.membership.snapshot().peers[0]?.bootEpoch ?? 0;
  const views = nodes.map((node) => node.membership.snapshot().view?.epoch);
  // What n2 did say, in effect: sent again and again, it counts once at most.
  const view = target?.membership.snapshot().view ?? quietBody.view;
  const real = make({ sender: 'n2', bootEpoch, sequence: 1, body: { view, modules: [] } });
  const forged = [
    () => randomBytes(1 + (sent % 1_399)),
    () => flip(make({ sender: 'n2', bootEpoch, sequence: 1_000_000 + (sent % 7), content: randomBytes(40) })),
    () => real.subarray(0, sent % real.length),
    () => real,
    () => make({ sender: 'n2', bootEpoch: bootEpoch - 1, sequence: sent, content: real.subarray(46) }),
    () => make({ sender: 'n2', bootEpoch, sequence: sent, key: 'ee'.repeat(32), content: real.subarray(46) }),
    () => make({ sender: 'n2', bootEpoch, sequence: sent, cluster: 'ee'.repeat(16), content: real.subarray(46) }),
    () => make({ sender: 'n2', bootEpoch, sequence: sent, version: 9, content: real.subarray(46) }),
  ];
  const attacker = createSocket('udp4');
  t.teardown(() => attacker.close());
  let sent = 0;
  let failed = 0;
  while (sent < 100_000) {
    // A few at a time, and not in one turn: this loop is the main loop of the nodes, and the kernel's buffers hold only so much.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all(
      Array.from({ length: 32 }, () => {
        const datagram = forged[sent % forged.length]?.() ?? real;
        sent += 1;
        return new Promise<void>((resolve) => {
          attacker.send(datagram, port, '127.0.0.1', (error) => {
            failed += error === null ? 0 : 1;
            resolve();
          });
        });
      }),
    );
  }
  const dropped = () => Object.values(target?.membership.snapshot().dropped ?? {}).reduce((sum, count) => sum + count, 0);
  t.equal(failed, 0);
  await target?.until('nearly all are counted', () => dropped() >= 95_000);
  for (const [drop, count] of Object.entries(target?.membership.snapshot().dropped ?? {})) t.ok(count > 0, `${drop}: ${count}`);
  t.same(nodes.flatMap(lossesOf), []);
  t.same(
    nodes.map((node) => node.membership.snapshot().view?.epoch),
    views,
  );
});

function flip(datagram: Buffer): Buffer {
  datagram.writeUInt8(datagram.readUInt8(60) ^ 4, 60);
  return datagram;
}
