import t from 'tap';
import type { MembershipBody, TransportEvent } from '../../../src/actors/ports.js';
import { Engine } from '../../../src/io/udp/engine.js';
import { maxDatagramLength } from '../../../src/io/udp/header.js';
import { clusterId, clusterOf, keyHex, signature } from './cluster.js';
import { quietBody } from './sealing.js';

interface Sent {
  readonly from: string;
  readonly lan: string;
  readonly node: string;
  readonly datagram: Buffer;
  readonly atMs: number;
}

/** Engines of a cluster whose datagrams go where the test sends them. */
function engines(count: number, options: { readonly lans?: number; readonly leaseMs?: number } = {}) {
  const cluster = clusterOf({ count, port: 4_810, lans: options.lans ?? 1 });
  const sent: Sent[] = [];
  const clock = { nowMs: 1_000 };
  const nodes = cluster.nodes.map((self) => {
    const events: TransportEvent[] = [];
    const engine = new Engine(
      { cluster, self, clusterId, keyHex, signature, bootEpoch: 7, knownEpochs: {}, leaseMs: options.leaseMs ?? 2_000 },
      {
        send: (lan, node, datagram) => sent.push({ from: self, lan, node, datagram, atMs: clock.nowMs }),
        post: (all) => events.push(...all),
      },
      clock.nowMs,
    );
    engine.publish(quietBody, false, clock.nowMs);
    return { self, engine, events };
  });
  /** Hands over what was sent, unless the test loses it. */
  const deliver = (loses: (one: Sent) => boolean = () => false): void => {
    for (const one of sent.splice(0)) {
      if (!loses(one)) nodes.find((node) => node.self === one.node)?.engine.received(one.datagram, clock.nowMs);
    }
  };
  const [first, second] = nodes;
  if (first === undefined || second === undefined) throw new Error('at least two');
  return { nodes, first, second, sent, clock, deliver };
}

const pulses = (events: readonly TransportEvent[]) => events.flatMap((event) => (event.type === 'pulse' ? [event.pulse] : []));

t.test('one datagram to every other node on every lan each pulse; the tick is told first', async (t) => {
  const { first, sent, nodes, clock, deliver } = engines(3, { lans: 2 });
  first.engine.pulse(clock.nowMs, 0.4);
  t.same(first.events, [{ type: 'tick', atMs: 1_000, lateMs: 0.4 }]);
  t.same(
    sent.map((one) => `${one.lan} ${one.node}`),
    ['default n2', 'default n3', 'lan2 n2', 'lan2 n3'],
  );
  deliver();
  t.same(
    pulses(nodes[2]?.events ?? []).map((pulse) => [pulse.from, pulse.lan, pulse.sequence, pulse.body]),
    [
      ['n1', 'default', 1, quietBody],
      ['n1', 'lan2', 1, quietBody],
    ],
  );
});

t.test('answers carry what was heard and measure the way', async (t) => {
  const { first, second, clock, deliver } = engines(2, { lans: 2 });
  first.engine.pulse(clock.nowMs, 0);
  clock.nowMs += 3;
  deliver();
  clock.nowMs += 50;
  second.engine.pulse(clock.nowMs, 0);
  clock.nowMs += 2;
  deliver();
  const [pulse] = pulses(first.events);
  t.equal(pulse?.rttMs, 5);
  t.same(pulse?.heard, [
    { node: 'n1', lan: 'default', bootEpoch: 7, sequence: 1 },
    { node: 'n1', lan: 'lan2', bootEpoch: 7, sequence: 1 },
  ]);
});

t.test('urgent bodies go at once, but not more often than every tenth of a pulse', async (t) => {
  const { first, sent, clock } = engines(2);
  t.equal(first.engine.publish(quietBody, false, clock.nowMs), null);
  t.equal(first.engine.publish(quietBody, true, clock.nowMs), 0);
  first.engine.urgent(clock.nowMs);
  clock.nowMs += 4;
  t.equal(first.engine.publish(quietBody, true, clock.nowMs), 6);
  t.equal(sent.length, 1);
});

t.test(
  'without the lease nothing is sent, answered or handed over; the first tick after it says how long that was',
  async (t) => {
    const { first, second, sent, clock, deliver } = engines(2, { leaseMs: 300 });
    clock.nowMs += 301;
    first.engine.pulse(clock.nowMs, 0);
    first.engine.urgent(clock.nowMs);
    first.engine.askSilent(clock.nowMs);
    second.engine.renewLease(clock.nowMs, clock.nowMs);
    second.engine.pulse(clock.nowMs, 0);
    deliver();
    t.same(sent, []);
    t.same(first.events, []);
    clock.nowMs += 700;
    t.equal(first.engine.renewLease(clock.nowMs, clock.nowMs), true);
    t.same(first.events, [{ type: 'tick', atMs: 2_001, lateMs: 700 }]);
    t.equal(first.engine.renewLease(clock.nowMs, clock.nowMs), false);
    first.engine.pulse(clock.nowMs, 0);
    t.equal(sent.length, 1);
  },
);

t.test('a silent peer is asked, answers at once but not endlessly, and is given up after twice the patience', async (t) => {
  const { first, second, sent, clock, deliver } = engines(2);
  second.engine.pulse(clock.nowMs, 0);
  deliver();
  t.notOk(first.engine.hasSilentPeers(clock.nowMs + 199));
  clock.nowMs += 200;
  t.ok(first.engine.hasSilentPeers(clock.nowMs));
  first.engine.askSilent(clock.nowMs);
  first.engine.askSilent(clock.nowMs);
  t.equal(sent.length, 2);
  deliver();
  t.same(
    sent.map((one) => `${one.from} ${one.node}`),
    ['n2 n1'],
    'two questions at the same moment, one answer',
  );
  deliver();
  t.notOk(first.engine.hasSilentPeers(clock.nowMs), 'it was heard');
  first.engine.askSilent(clock.nowMs);
  t.equal(sent.length, 0);
  t.notOk(first.engine.hasSilentPeers(clock.nowMs + 1_001), 'gone for long: the pulse finds it when it comes back');
});

t.test('a peer not heard for long, or never, is looked up again', async (t) => {
  const { first, second, clock, deliver } = engines(3);
  second.engine.pulse(clock.nowMs, 0);
  deliver();
  t.same(first.engine.silentFor('default', 1_000, clock.nowMs + 100), ['n3']);
  t.same(first.engine.silentFor('default', 1_000, clock.nowMs + 1_100), ['n2', 'n3']);
  t.same(first.engine.silentFor('nowhere', 1_000, clock.nowMs), []);
});

t.test('goodbye is told whatever the lease', async (t) => {
  const { first, second, clock, deliver } = engines(2, { leaseMs: 10 });
  clock.nowMs += 20;
  first.engine.goodbye(clock.nowMs);
  second.engine.renewLease(clock.nowMs, clock.nowMs);
  deliver();
  t.equal(pulses(second.events)[0]?.goodbye, true);
});

t.test('dropped datagrams are counted by class, and told at most once a second with an example', async (t) => {
  const { first, clock } = engines(2);
  for (let index = 0; index < 10; index += 1) first.engine.received(Buffer.from('garbage'), clock.nowMs);
  first.engine.pulse(clock.nowMs, 0);
  first.engine.received(Buffer.alloc(0), clock.nowMs);
  clock.nowMs += 999;
  first.engine.pulse(clock.nowMs, 0);
  const drops = () =>
    first.events.flatMap((event) => (event.type === 'dropped' ? [[event.counts.malformed, event.example]] : []));
  t.same(drops(), [[10, `malformed: ${Buffer.from('garbage').toString('hex')}`]]);
  clock.nowMs += 1;
  first.engine.pulse(clock.nowMs, 0);
  t.same(drops()[1], [1, 'malformed: ']);
});

t.test('32 share maps reach the others within one pulse, in datagrams of at most 1,200 bytes', async (t) => {
  const { first, second, sent, clock, deliver } = engines(2);
  const shareMaps = Array.from({ length: 32 }, (_, index) => ({
    group: `module-with-a-long-name-${String(index).padStart(8, '0')}/FarmProto`,
    version: 2 ** 50 + index,
    owners: Array.from({ length: 256 }, (_, bucket) => (bucket * 7) % 2),
  }));
  const modules = Array.from({ length: 32 }, (_, index) => ({
    module: `module-with-a-long-name-${String(index).padStart(8, '0')}`,
    state: 'UP',
    quality: 'Ready' as const,
    generation: 100,
    signature: 'deadbeef',
    share: 50,
  }));
  const body: MembershipBody = { ...quietBody, modules, shareMaps };
  first.engine.publish(body, true, clock.nowMs);
  first.engine.urgent(clock.nowMs);
  t.ok(sent.length <= 5);
  t.ok(sent.every((one) => one.datagram.length <= maxDatagramLength));
  deliver();
  const groups = new Set(pulses(second.events).flatMap((pulse) => pulse.body.shareMaps.map((map) => map.group)));
  t.equal(groups.size, 32);
  for (let turn = 0; turn < 8; turn += 1) {
    first.engine.pulse(clock.nowMs, 0);
    deliver();
  }
  t.equal(pulses(second.events).at(-1)?.body.modules.length, 32, 'and the names within a few');
});

t.test('more modules than a datagram carries is an error, told once', async (t) => {
  const { first, clock } = engines(2);
  const modules = Array.from({ length: 200 }, (_, index) => ({ ...(quietBody.modules[0] ?? never()), module: `m${index}` }));
  first.engine.publish({ ...quietBody, modules }, false, clock.nowMs);
  first.engine.pulse(clock.nowMs, 0);
  first.engine.pulse(clock.nowMs, 0);
  const errors = first.events.filter((event) => event.type === 'error');
  t.match(errors, [{ code: 'NET_TOO_LARGE', lan: 'default', message: /\d+ modules do not fit/ }]);
  t.equal(errors.length, 1);
});

function never(): never {
  throw new Error('there is a module');
}

t.test('what is new is handed over at once, the rest with the tick, in order', async (t) => {
  const { first, second, clock, deliver } = engines(2);
  const say = (): void => {
    clock.nowMs += 10;
    second.engine.pulse(clock.nowMs, 0);
    deliver();
  };
  say();
  t.equal(first.events.length, 1, 'the first word of a peer');
  say();
  say();
  t.equal(first.events.length, 1, 'the same again');
  second.engine.publish({ ...quietBody, view: { epoch: 4, leader: 'n2', members: ['n2'] } }, false, clock.nowMs);
  say();
  t.same(
    first.events.map((event) => 'atMs' in event && event.atMs),
    [1_010, 1_020, 1_030, 1_040],
  );
  say();
  first.engine.pulse(clock.nowMs + 1, 0);
  t.same(
    first.events.slice(4).map((event) => event.type),
    ['tick'],
  );
  const tick = first.events.at(-1);
  t.match(tick?.type === 'tick' && tick.packets?.map(({ atMs, report }) => [atMs, report.from]), [[1_050, 'n2']]);
});
