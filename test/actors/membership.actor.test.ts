import t from 'tap';
import { type MembershipNews, startMembership } from '../../src/actors/membership.actor.js';
import type {
  Clock,
  MembershipBody,
  PulseReport,
  Records,
  Transport,
  TransportEvent,
  TransportSpec,
} from '../../src/actors/ports.js';
import type { ClusterConfig } from '../../src/config/types.js';

const cluster: ClusterConfig = {
  port: 4_810,
  pulseMs: 100,
  mlostCount: 8,
  slostCount: 5,
  preset: 'lan',
  nodes: ['n1', 'n2'],
  lans: [
    {
      name: 'default',
      command: true,
      nodes: [
        { node: 'n1', addr: '127.0.0.1', laddr: null },
        { node: 'n2', addr: '127.0.0.2', laddr: null },
      ],
    },
  ],
};

/** A clock that moves when told to. */
class FakeClock implements Clock {
  nowMs = 1_000;
  wall = 1_700_000_000_500;
  #timers: { readonly id: number; readonly atMs: number; readonly callback: () => void }[] = [];
  #next = 1;

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.wall;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    this.#next += 1;
    this.#timers.push({ id: this.#next, atMs: this.nowMs + delayMs, callback });
    return this.#next;
  }

  clearTimeout(handle: unknown): void {
    this.#timers = this.#timers.filter((timer) => timer.id !== handle);
  }

  get pending(): number {
    return this.#timers.length;
  }

  run(lengthMs: number): void {
    const until = this.nowMs + lengthMs;
    while (true) {
      const [due] = this.#timers.filter((timer) => timer.atMs <= until).sort((a, b) => a.atMs - b.atMs);
      if (due === undefined) break;
      this.clearTimeout(due.id);
      this.nowMs = due.atMs;
      due.callback();
    }
    this.nowMs = until;
  }
}

interface Opened {
  readonly spec: TransportSpec;
  readonly on: (event: TransportEvent) => void;
  readonly published: { readonly body: MembershipBody; readonly urgent: boolean }[];
  readonly lookUps: number[];
  renewals: number;
  closed: 'no' | 'goodbye' | 'quiet';
}

function world(stored: unknown = null) {
  const clock = new FakeClock();
  const saved: unknown[] = [];
  const opened: Opened[] = [];
  let refuse = false;
  const records: Records = {
    load: async () => saved.at(-1) ?? stored,
    save: async (_key, _name, value) => {
      if (refuse) throw new Error('no space left');
      saved.push(structuredClone(value));
    },
    remove: async () => {},
  };
  const transport: Transport = {
    open: (spec, on) => {
      const one: Opened = { spec, on, published: [], lookUps: [], renewals: 0, closed: 'no' };
      opened.push(one);
      return {
        publish: (body, urgent) => void one.published.push({ body, urgent }),
        renewLease: () => {
          one.renewals += 1;
        },
        lookUpNames: () => void one.lookUps.push(one.renewals),
        close: async (goodbye) => {
          one.closed = goodbye ? 'goodbye' : 'quiet';
        },
      };
    },
  };
  const news: MembershipNews[] = [];
  const membership = startMembership(
    { ports: { clock, records, transport }, cluster, self: 'n1', keyHex: null, clusterId: '00'.repeat(16), signature: 'aa' },
    (one) => news.push(one),
  );
  const openedAt = async (index: number): Promise<Opened> => {
    // Loading and saving are promises without waiting: a few turns are enough.
    for (let turn = 0; turn < 20 && opened[index] === undefined; turn += 1) await Promise.resolve();
    const one = opened[index];
    if (one === undefined) throw new Error('the transport was not opened');
    return one;
  };
  return {
    clock,
    saved,
    opened,
    news,
    membership,
    openedAt,
    refuseSaves: () => {
      refuse = true;
    },
  };
}

function pulseOf(bootEpoch: number, sequence: number, hears: number | null): PulseReport {
  return {
    from: 'n2',
    lan: 'default',
    bootEpoch,
    sequence,
    signature: 'aa',
    goodbye: false,
    body: {
      view: { epoch: 0, leader: '', members: [] },
      modules: [],
      shareMaps: [],
      lagMs: 0,
      pause: null,
      health: 1,
      mapsDigest: '811c9dc5',
    },
    heard: hears === null ? [] : [{ node: 'n1', lan: 'default', bootEpoch: hears, sequence: 1 }],
    rttMs: 1.5,
  };
}

t.test('the boot epoch is on disk before the transport opens, and is at least the wall clock in seconds', async (t) => {
  const first = world();
  t.same(first.membership.snapshot(), {
    view: null,
    bootEpoch: null,
    peers: [],
    modules: [],
    shares: {},
    dropped: { malformed: 0, unknownKey: 0, badTag: 0, stale: 0, replay: 0, foreign: 0, version: 0 },
    health: 1,
    lagMs: 0,
    pulses: [],
  });
  const { spec } = await first.openedAt(0);
  t.equal(spec.bootEpoch, 1_700_000_000);
  t.same(first.saved, [{ version: 1, bootEpoch: 1_700_000_000, viewEpochCeiling: 1_000, known: {} }]);
  await first.membership.stop(false);

  const again = world({ version: 1, bootEpoch: 1_800_000_000, viewEpochCeiling: 5_000, known: { n2: 9, gone: 4 } });
  const reopened = await again.openedAt(0);
  t.equal(reopened.spec.bootEpoch, 1_800_000_001, 'one more than the last, also when the clock was set back');
  t.same(reopened.spec.knownEpochs, { n2: 9 });
  t.equal(again.membership.snapshot().view, null);
  await again.membership.stop(false);
});

t.test('a record that is something else counts as none', async (t) => {
  for (const bad of [
    7,
    {},
    { version: 2 },
    { version: 1, bootEpoch: -1 },
    { version: 1, bootEpoch: 1, viewEpochCeiling: 'x' },
    { version: 1, bootEpoch: 1, viewEpochCeiling: 1, known: null },
  ]) {
    const one = world(bad);
    t.equal((await one.openedAt(0)).spec.bootEpoch, 1_700_000_000);
    await one.membership.stop(false);
  }
});

t.test('ticks and packets make a view; its owner hears of peers, views and shares; epochs are kept', async (t) => {
  const one = world();
  one.membership.setLocal([{ module: 'farm', state: 'UP', quality: 'Ready', generation: 1, signature: '00000000' }]);
  const opened = await one.openedAt(0);
  const epoch = opened.spec.bootEpoch;
  opened.on({ type: 'ready', atMs: 1_000 });
  for (let pulse = 1; pulse <= 3; pulse += 1) {
    opened.on({ type: 'pulse', atMs: 1_000 + pulse * 100 - 1, pulse: pulseOf(7, pulse, epoch) });
    opened.on({ type: 'tick', atMs: 1_000 + pulse * 100, lateMs: 0 });
  }
  const snapshot = one.membership.snapshot();
  t.match(snapshot.view, { leader: 'n1', members: ['n1', 'n2'] });
  t.same(snapshot.shares['farm/FarmProto']?.counts, { n1: 256 });
  t.equal(snapshot.modules[0]?.share, 100);
  t.match(snapshot.peers, [
    { node: 'n2', online: true, member: true, sameConfiguration: true, lans: [{ lan: 'default', up: true, rttMs: 1.5 }] },
  ]);
  t.same([...new Set(one.news.map((each) => each.type))].sort(), [
    'peer.changed',
    'shares.changed',
    'transport.ready',
    'view.changed',
  ]);
  t.ok(opened.published.some((each) => each.urgent && each.body.view.members.length === 2));
  t.match(one.saved.at(-1), { known: { n2: 7 } });

  for (let pulse = 4; pulse <= 9; pulse += 1) opened.on({ type: 'tick', atMs: 1_000 + pulse * 100, lateMs: 0 });
  t.same(one.membership.snapshot().view?.members, ['n1']);
  const lost = one.news.flatMap((each) => (each.type === 'view.changed' ? each.lost : []));
  t.match(lost, [{ node: 'n2', evidence: 'n2 is lost: n1 last heard it 0.5 s ago on default.' }]);

  opened.on({
    type: 'dropped',
    counts: { malformed: 2, unknownKey: 0, badTag: 1, stale: 0, replay: 0, foreign: 0, version: 0 },
    example: 'x',
  });
  opened.on({
    type: 'dropped',
    counts: { malformed: 1, unknownKey: 0, badTag: 0, stale: 0, replay: 0, foreign: 0, version: 3 },
    example: 'x',
  });
  t.match(one.membership.snapshot().dropped, { malformed: 3, badTag: 1, version: 3 });
  opened.on({ type: 'error', lan: 'default', code: 'NET_PORT_IN_USE', message: 'in use' });
  t.match(one.news.at(-1), { type: 'transport.error', lan: 'default', code: 'NET_PORT_IN_USE' });
  await one.membership.stop(true);
  t.equal(opened.closed, 'goodbye');
});

t.test('the lease is renewed from the main loop, with each tick that is taken and twice in its length', async (t) => {
  const one = world();
  const opened = await one.openedAt(0);
  one.clock.run(2_000);
  t.equal(opened.renewals, 3, 'a transport that has fallen silent hears that the main loop lives');
  opened.on({ type: 'tick', atMs: 2_000, lateMs: 0 });
  t.equal(opened.renewals, 4);
  await one.membership.stop(false);
  t.equal(one.clock.pending, 0);
  one.clock.run(2_000);
  opened.on({ type: 'tick', atMs: 4_000, lateMs: 0 });
  t.equal(opened.renewals, 4);
});

t.test('after stop nothing is told and nothing is sent', async (t) => {
  const one = world();
  const opened = await one.openedAt(0);
  await one.membership.stop(false);
  await one.membership.stop(true);
  t.equal(opened.closed, 'quiet', 'the first stop counts');
  const told = one.news.length;
  const sent = opened.published.length;
  opened.on({ type: 'tick', atMs: 9_000, lateMs: 0 });
  opened.on({ type: 'error', lan: null, code: 'NET_WORKER', message: 'ended' });
  one.membership.setLocal([{ module: 'farm', state: 'UP', quality: 'Ready', generation: 1, signature: '00000000' }]);
  t.same([one.news.length, opened.published.length, one.opened.length], [told, sent, 1]);
});

t.test('stopped before it has begun, it opens nothing', async (t) => {
  const one = world();
  await one.membership.stop(true);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  t.equal(one.opened.length, 0);
});

t.test('a thread that ends is begun anew with another boot epoch, after pauses that grow', async (t) => {
  const one = world();
  one.membership.setLocal([{ module: 'farm', state: 'UP', quality: 'Ready', generation: 1, signature: '00000000' }]);
  const first = await one.openedAt(0);
  first.on({ type: 'error', lan: null, code: 'NET_WORKER', message: 'it ended' });
  t.match(one.news.at(-1), { type: 'transport.error', code: 'NET_WORKER' });
  t.equal(first.closed, 'quiet');
  one.clock.run(999);
  t.equal(one.opened.length, 1);
  one.clock.run(1);
  const second = await one.openedAt(1);
  t.equal(second.spec.bootEpoch, first.spec.bootEpoch + 1);
  t.equal(second.published.at(-1)?.body.modules[0]?.module, 'farm', 'the state of the modules is not forgotten');
  second.on({ type: 'error', lan: null, code: 'NET_WORKER', message: 'again' });
  one.clock.run(1_999);
  t.equal(one.opened.length, 2);
  one.clock.run(1);
  await one.openedAt(2);
  await one.membership.stop(false);
});

t.test('a disk that refuses is told, and the cluster goes on', async (t) => {
  const one = world();
  one.refuseSaves();
  const opened = await one.openedAt(0);
  t.match(one.news, [{ type: 'transport.error', code: 'DISK', message: 'The boot epoch could not be saved: no space left' }]);
  t.equal(opened.spec.bootEpoch, 1_700_000_000);
  await one.membership.stop(false);
});

t.test('view epochs are reserved ahead, one write for many', async (t) => {
  const one = world();
  const opened = await one.openedAt(0);
  const epoch = opened.spec.bootEpoch;
  const pulse = pulseOf(7, 1, epoch);
  const far = { ...pulse, body: { ...pulse.body, view: { epoch: 90_000, leader: 'n2', members: ['n2'] } } };
  opened.on({ type: 'pulse', atMs: 1_099, pulse: far });
  opened.on({ type: 'tick', atMs: 1_100, lateMs: 0 });
  for (let index = 2; index < 12; index += 1) {
    opened.on({ type: 'pulse', atMs: 1_000 + index * 100 - 1, pulse: { ...far, sequence: index } });
    opened.on({ type: 'tick', atMs: 1_000 + index * 100, lateMs: 0 });
  }
  t.equal(one.membership.snapshot().view?.epoch, 90_001);
  t.match(one.saved.at(-1), { viewEpochCeiling: 91_001 });
  await one.membership.stop(false);
});

t.test('names are looked up anew by the transport that is open, and by none after the end', async (t) => {
  const w = world();
  w.membership.lookUpNames();
  const first = await w.openedAt(0);
  t.same(first.lookUps.length, 0, 'before it is open there is nothing to do');
  w.membership.lookUpNames();
  t.equal(first.lookUps.length, 1);
  await w.membership.stop(false);
  w.membership.lookUpNames();
  t.equal(first.lookUps.length, 1);
});
