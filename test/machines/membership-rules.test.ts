import t from 'tap';
import type { MembershipContext, MembershipEffect, MembershipEvent, PulseReport } from '../../src/machines/membership.types.js';
import { lossEvidence, seconds } from '../../src/machines/membership-evidence.js';
import { isForeign, isMember, noView, peerIndex, peerNamed, placeOf } from '../../src/machines/membership-peers.js';
import { followersMaps, leadersMaps, shareOf, unconfirmedGroups, withoutOutdated } from '../../src/machines/membership-shares.js';
import { startContext, step } from '../../src/machines/membership-step.js';
import { unowned } from '../../src/machines/share-map.js';
import { moduleUp } from './membership-net.js';

const start = (self = 'n1', nodes: readonly string[] = ['n1', 'n2', 'n3']): MembershipContext =>
  startContext({
    self,
    nodes,
    lans: [{ name: 'default', nodes }],
    pulseMs: 100,
    slostCount: 5,
    mlostCount: 8,
    signature: 'aa',
    bootEpoch: 5,
    viewEpoch: 0,
    atMs: 0,
  });

interface Said {
  readonly from: string;
  readonly to?: string;
  readonly bootEpoch?: number;
  readonly signature?: string;
  readonly goodbye?: boolean;
  readonly hears?: readonly string[];
  readonly hearsBoot?: number;
  readonly view?: PulseReport['body']['view'];
  readonly body?: Partial<PulseReport['body']>;
}
function packet(atMs: number, said: Said): MembershipEvent {
  const heard = (said.hears ?? ['n1']).map((node) => ({ node, lan: 'default', bootEpoch: said.hearsBoot ?? 5, sequence: 1 }));
  const view = said.view ?? noView(0);
  return {
    type: 'PACKET',
    atMs,
    report: {
      from: said.from,
      lan: 'default',
      bootEpoch: said.bootEpoch ?? 1,
      sequence: 1,
      signature: said.signature ?? 'aa',
      goodbye: said.goodbye ?? false,
      body: { view, modules: [], shareMaps: [], lagMs: 0, pause: null, health: 1, mapsDigest: '811c9dc5', ...said.body },
      heard,
      rttMs: null,
    },
  };
}
const tick = (atMs: number, lateMs = 0): MembershipEvent => ({ type: 'PULSE_DUE', atMs, lateMs });

function run(
  context: MembershipContext,
  events: readonly MembershipEvent[],
): { context: MembershipContext; effects: readonly MembershipEffect[] } {
  return events.reduce<{ context: MembershipContext; effects: readonly MembershipEffect[] }>(
    (before, event) => {
      const next = step(before.context, event);
      return { context: next.context, effects: [...before.effects, ...next.effects] };
    },
    { context, effects: [] },
  );
}
const both = (atMs: number): readonly MembershipEvent[] => [packet(atMs, { from: 'n2' }), packet(atMs, { from: 'n3' })];
const joined = (): MembershipContext => run(start(), [...both(50), tick(100)]).context;

t.test('a packet that does not hear this boot of the node proves nothing: replays to a fresh node are worthless', async (t) => {
  for (const said of [
    { from: 'n2', hears: [] },
    { from: 'n2', hearsBoot: 4 },
  ]) {
    const { context } = run(start(), [packet(10, said), tick(100)]);
    t.equal(peerNamed(context, 'n2')?.absence, 'unheard');
    t.equal(peerNamed(context, 'n2')?.links[0]?.heardAtMs, 10);
  }
});

t.test('packets that come with the tick count as if they had come before it', async (t) => {
  const view = { epoch: 1, leader: 'n1', members: ['n1', 'n2', 'n3'] };
  const comingBack = run(joined(), [tick(2_100), tick(2_200), tick(2_300), tick(2_400), tick(2_500), tick(2_600)]).context;
  for (const context of [start(), joined(), comingBack]) {
    for (const packets of [
      [packet(2_610, { from: 'n2', view })],
      [
        packet(2_610, { from: 'n2', view }),
        packet(2_620, { from: 'stranger' }),
        packet(2_630, { from: 'n3', hears: ['n2'], view }),
      ],
      [
        packet(2_610, { from: 'n2', view, bootEpoch: 3 }),
        packet(2_620, { from: 'n2', view }),
        packet(2_640, { from: 'n3', view }),
      ],
    ]) {
      const together = packets.flatMap((one) => (one.type === 'PACKET' ? [{ atMs: one.atMs, report: one.report }] : []));
      const apart = run(context, [...packets, tick(2_700)]).context;
      const one = run(context, [{ type: 'PULSE_DUE', atMs: 2_700, lateMs: 0, packets: together }]).context;
      t.same(one.peers, apart.peers);
      t.same([one.view.leader, one.view.members, one.maps], [apart.view.leader, apart.view.members, apart.maps]);
      t.same([one.nowMs, one.listeningMs], [apart.nowMs, apart.listeningMs]);
    }
  }
});

t.test('packets of an earlier boot, and of one that said goodbye, change nothing', async (t) => {
  const later = run(joined(), [packet(110, { from: 'n2', bootEpoch: 3 })]).context;
  t.equal(peerNamed(run(later, [packet(120, { from: 'n2', bootEpoch: 2 })]).context, 'n2')?.bootEpoch, 3);
  const gone = run(joined(), [packet(110, { from: 'n2', goodbye: true }), packet(120, { from: 'n2' })]).context;
  t.same(gone.view.members, ['n1', 'n3']);
  t.same(
    run(gone, [packet(130, { from: 'n2', bootEpoch: 2 })]).context.view.members,
    ['n1', 'n2', 'n3'],
    'a new boot is welcome',
  );
  t.equal(run(joined(), [packet(110, { from: 'stranger' })]).effects.length, 0);
});

t.test('a node of another configuration is shown and is no member', async (t) => {
  const { context, effects } = run(joined(), [packet(110, { from: 'n2', signature: 'bb' })]);
  t.same(context.view.members, ['n1', 'n3']);
  t.match(effects, [
    { type: 'publish' },
    { type: 'view.changed', lost: [{ node: 'n2', evidence: /another cluster configuration/ }] },
    { type: 'peer.changed', peer: { sameConfiguration: false, online: false } },
  ]);
  t.same(run(context, [packet(120, { from: 'n2' })]).context.view.members, ['n1', 'n2', 'n3']);
});

t.test('time does not run backwards, whatever the events say', async (t) => {
  const { context } = run(joined(), [tick(90)]);
  t.equal(context.nowMs, 100);
});

t.test('only a tick accuses, and a late one doubts itself first', async (t) => {
  const quiet = Array.from({ length: 6 }, (_, index) => packet(150 + index * 100, { from: 'n3' }));
  t.same(run(joined(), quiet).context.view.members, ['n1', 'n2', 'n3'], 'packets of others prove nothing');
  const onTime = quiet.flatMap((one, index) => [one, tick(200 + index * 100)]);
  t.same(run(joined(), onTime).context.view.members, ['n1', 'n3']);
  const late = quiet.flatMap((one, index) => [one, tick(200 + index * 100, 60)]);
  const doubting = run(joined(), late).context;
  t.same(doubting.view.members, ['n1', 'n2', 'n3']);
  t.equal(doubting.health, 7);
});

t.test('a gap of the clock is told for a minute, with its age in whole seconds', async (t) => {
  const slept = run(joined(), [{ type: 'CLOCK_GAP', atMs: 30_000, lengthMs: 29_900 }]);
  t.same(slept.context.view.members, ['n1', 'n2', 'n3']);
  t.same(slept.context.body.pause, { lengthMs: 29_900, agoMs: 0 });
  t.equal(slept.context.body.lagMs, 29_900);
  const ticks = Array.from({ length: 620 }, (_, index) => tick(30_100 + index * 100)).flatMap((one) => [
    ...('atMs' in one ? both(one.atMs - 1) : []),
    one,
  ]);
  const later = run(slept.context, ticks);
  t.equal(later.context.body.pause, null);
  const ages = later.effects.filter((effect) => effect.type === 'publish' && effect.body.pause !== null);
  t.ok(ages.length <= 80, `one body a second and not one a tick: ${ages.length}`);
});

t.test('the same local state said twice is no news; STOP is the chart’s business', async (t) => {
  const first = run(joined(), [{ type: 'LOCAL_STATE', modules: [moduleUp('farm')] }]);
  t.match(first.effects, [
    { type: 'publish', urgent: true },
    { type: 'shares.changed', counts: { n1: 256 } },
  ]);
  const second = run(first.context, [{ type: 'LOCAL_STATE', modules: [moduleUp('farm')] }, { type: 'STOP' }]);
  t.same(second.effects, []);
});

t.test('a node that restarts its application keeps its share; one that starts gets none while another is ready', async (t) => {
  const withPeer = (context: MembershipContext, quality: 'Ready' | 'Transient', state = 'UP'): MembershipContext => {
    const modules = [{ ...moduleUp('farm', quality, state), share: 0 }];
    return run(context, [packet(context.nowMs + 1, { from: 'n2', view: context.view, body: { modules } })]).context;
  };
  const alone = run(joined(), [{ type: 'LOCAL_STATE', modules: [moduleUp('farm', 'Transient')] }]).context;
  t.equal(shareOf('farm', 'n1', alone.maps, alone.input.nodes), 100, 'nobody is better');
  const ready = run(alone, [{ type: 'LOCAL_STATE', modules: [moduleUp('farm')] }]).context;
  const starting = withPeer(ready, 'Transient');
  t.equal(shareOf('farm', 'n2', starting.maps, starting.input.nodes), 0);
  const two = withPeer(starting, 'Ready');
  t.equal(shareOf('farm', 'n2', two.maps, two.input.nodes), 50);
  const restarting = withPeer(two, 'Transient');
  t.equal(restarting.maps, two.maps);
  const waiting = withPeer(restarting, 'Ready', 'WAIT');
  t.equal(shareOf('farm', 'n2', waiting.maps, waiting.input.nodes), 0);
  t.equal(shareOf('farm', 'n1', waiting.maps, waiting.input.nodes), 100);
  t.equal(shareOf('other', 'n1', waiting.maps, waiting.input.nodes), 0);
});

t.test(
  'a module that is gone everywhere is published once more, owned by nobody, and forgotten with the next view',
  async (t) => {
    const up = run(joined(), [{ type: 'LOCAL_STATE', modules: [moduleUp('farm')] }]).context;
    const gone = run(up, [{ type: 'LOCAL_STATE', modules: [] }]);
    t.same(
      gone.context.maps.map((map) => map.owners),
      [unowned],
    );
    t.match(gone.effects.at(-1), { type: 'shares.changed', counts: {} });
    const next = run(gone.context, [packet(200, { from: 'n3', goodbye: true })]).context;
    t.same(next.maps, []);
  },
);

t.test('a follower takes over newer maps of its leader only, and forgets outdated ones once it has all', async (t) => {
  const view = { epoch: 4, leader: 'n1', members: ['n1', 'n2'] };
  const map = { group: 'farm/FarmProto', version: 4 * 65_536 + 1, owners: unowned.map(() => 0) };
  const old = { group: 'old/FarmProto', version: 3 * 65_536, owners: unowned.map(() => 1) };
  const said = { from: 'n1', hears: ['n2'], view };
  const follower = run(start('n2', ['n1', 'n2']), [
    packet(10, { ...said, view: { ...view, epoch: 3, members: ['n1'] }, body: { shareMaps: [old], mapsDigest: '00000000' } }),
  ]).context;
  t.equal(follower.joined, false);
  t.same(follower.maps, [old], 'what a starting node hears, it goes on from');
  const digest = '00000000';
  const taken = run(follower, [packet(20, { ...said, body: { shareMaps: [map], mapsDigest: digest } })]);
  t.equal(taken.context.maps.length, 2);
  t.equal(shareOf('farm', 'n1', taken.context.maps, ['n1', 'n2']), 100);
  t.same(
    taken.effects.map((effect) => effect.type),
    ['publish', 'view.changed', 'peer.changed', 'shares.changed'],
  );
  t.match(taken.effects.at(-1), { group: 'farm/FarmProto', counts: { n1: 256 } });
  const stale = run(taken.context, [
    packet(30, { ...said, body: { shareMaps: [{ ...map, version: map.version - 1, owners: unowned }], mapsDigest: digest } }),
  ]);
  t.same(stale.context.maps, taken.context.maps);
  const foreign = run(taken.context, [
    packet(30, { ...said, view: { ...view, leader: 'n2' }, body: { shareMaps: [{ ...map, version: map.version + 9 }] } }),
  ]);
  t.same(foreign.context.maps, taken.context.maps, 'it does not lead');
  const all = run(taken.context, [packet(40, { ...said, body: { mapsDigest: taken.context.body.mapsDigest } })]);
  t.same(all.context.maps, [map]);
  t.match(all.effects, [{ type: 'shares.changed', group: 'old/FarmProto', counts: {} }]);
  t.same(withoutOutdated([map], view, 'x'), [map]);
});

t.test('the leader tells its maps until every member has confirmed them, and again to one that lost them', async (t) => {
  const up = run(joined(), [{ type: 'LOCAL_STATE', modules: [moduleUp('farm')] }]).context;
  t.equal(up.body.shareMaps.length, 1);
  const confirm = (atMs: number, from: string, mapsDigest: string): MembershipEvent =>
    packet(atMs, { from, view: up.view, body: { mapsDigest } });
  const half = run(up, [confirm(110, 'n2', up.body.mapsDigest)]).context;
  t.equal(half.body.shareMaps.length, 1);
  const whole = run(half, [confirm(120, 'n3', up.body.mapsDigest)]).context;
  t.same(whole.body.shareMaps, []);
  const again = run(whole, [confirm(130, 'n2', '00000000')]).context;
  t.equal(again.body.shareMaps.length, 1);
  t.same(unconfirmedGroups({ ...whole, maps: [] }, [], false), []);
  t.equal(leadersMaps(whole)[0], whole.maps[0], 'nothing changed: the very same map');
});

t.test(
  'a member that restarted so fast that nobody missed it gets all maps, also when it changes one of them by that',
  async (t) => {
    const modules = [moduleUp('farm'), moduleUp('other')];
    const up = run(joined(), [{ type: 'LOCAL_STATE', modules }]).context;
    const theirs = modules.map((module) => ({ ...module, share: 0 }));
    const said = { view: up.view, body: { modules: theirs, mapsDigest: up.body.mapsDigest } };
    const all = run(up, [packet(110, { from: 'n2', ...said }), packet(111, { from: 'n3', ...said })]).context;
    const shared = run(all, [
      packet(120, { from: 'n2', ...said, body: { modules: theirs, mapsDigest: all.body.mapsDigest } }),
      packet(121, { from: 'n3', ...said, body: { modules: theirs, mapsDigest: all.body.mapsDigest } }),
    ]).context;
    t.same(shared.unconfirmed, []);
    // Its farm is down after the boot: that map changes with the very packet that tells of the new boot.
    const bare = { view: { epoch: 0, leader: '', members: [] }, body: { modules: theirs.slice(1), mapsDigest: '00000000' } };
    const back = run(shared, [packet(130, { from: 'n2', bootEpoch: 2, ...bare })]).context;
    t.same(back.view.epoch, shared.view.epoch, 'nobody missed it');
    t.not(back.body.mapsDigest, shared.body.mapsDigest, 'a map changed');
    t.same(
      back.body.shareMaps.map(({ group }) => group),
      ['farm/FarmProto', 'other/FarmProto'],
    );
  },
);

t.test('a leader whose epoch is behind that of a member publishes a newer one', async (t) => {
  const before = joined();
  const ahead = run(before, [packet(110, { from: 'n2', view: { epoch: 40, leader: 'n2', members: ['n2'] } })]).context;
  t.equal(ahead.view.epoch, 41);
  const same = run(ahead, [packet(120, { from: 'n3', view: { ...ahead.view, members: ['n3'] } })]).context;
  t.equal(same.view.epoch, 42, 'the same epoch with other members');
});

t.test('an older view of the same boot, on a slower lan, does not replace a newer one', async (t) => {
  const newer = run(joined(), [packet(110, { from: 'n2', view: { epoch: 9, leader: 'n2', members: ['n2'] } })]).context;
  const older = run(newer, [packet(111, { from: 'n2', view: { epoch: 2, leader: 'n2', members: ['n2'] } })]).context;
  t.equal(peerNamed(older, 'n2')?.view?.epoch, 9);
});

t.test('evidence names observers, lans, times, and what the lost one had said of itself', async (t) => {
  t.equal(seconds(1_234.5), '1.23 s');
  const starving = { lagMs: 300, pause: { lengthMs: 1_800, agoMs: 0 } };
  const silent = run(joined(), [
    packet(110, { from: 'n2', body: starving }),
    ...Array.from({ length: 12 }, (_, index) => [
      packet(150 + index * 100, { from: 'n3', hears: ['n1', 'n2'] }),
      tick(200 + index * 100),
    ]).flat(),
  ]);
  const lost = silent.effects.flatMap((effect) => (effect.type === 'view.changed' ? effect.lost : []));
  t.same(lost, [
    {
      node: 'n2',
      evidence:
        'n2 is lost: n1 last heard it 0.89 s ago on default. n3 still heard it. Its timers had run up to 0.3 s late. It had been paused for 1.8 s.',
    },
  ]);
  t.equal(silent.context.peers[0]?.evidence, lost[0]?.evidence);
  t.equal(lossEvidence('n9', silent.context), 'n9 is not in the configuration.');
  t.match(lossEvidence('n2', start()), 'n1 never heard it on default');
  const alone = run(
    joined(),
    Array.from({ length: 8 }, (_, index) => [packet(150 + index * 100, { from: 'n3' }), tick(200 + index * 100)]).flat(),
  );
  t.match(alone.context.peers[0]?.evidence, 'n3 did not hear it either');
});

t.test('a follower whose leader leaves another out says so', async (t) => {
  const view = { epoch: 4, leader: 'n1', members: ['n1', 'n2', 'n3'] };
  const said = { from: 'n1', hears: ['n2'], view };
  const follower = run(start('n2'), [packet(10, said), packet(11, { from: 'n3', hears: ['n2'], view })]).context;
  const without = run(follower, [packet(20, { ...said, view: { ...view, epoch: 5, members: ['n1', 'n2'] } })]);
  t.match(without.effects, [
    { type: 'publish' },
    { type: 'view.changed', lost: [{ node: 'n3', evidence: /The leader n1 does not count n3; n2 still hears it/ }] },
    { type: 'peer.changed' },
  ]);
  t.equal(isForeign(without.context.peers[1] ?? follower.peers[0] ?? start().peers[0] ?? never(), without.context), false);
});

function never(): never {
  throw new Error('there are peers');
}

t.test('nobody waits for ever: a node that no lower one takes in leads itself', async (t) => {
  const leading = { epoch: 4, leader: 'n1', members: ['n1'] };
  const events = Array.from({ length: 16 }, (_, index) => [
    packet(50 + index * 100, { from: 'n1', hears: ['n2'], view: leading }),
    tick(100 + index * 100),
  ]).flat();
  const early = run(start('n2', ['n1', 'n2']), events.slice(0, 20)).context;
  t.equal(early.joined, false);
  const late = run(early, events.slice(20)).context;
  t.match(late.view, { leader: 'n2', members: ['n2'] });
});

t.test('a follower keeps to its leader until a lower one that it hears has counted it in', async (t) => {
  const of = (leader: string, epoch: number, members: readonly string[]) => ({
    from: leader,
    hears: ['n3'],
    view: { epoch, leader, members },
  });
  const follower = run(start('n3'), [packet(10, of('n2', 3, ['n2', 'n3']))]).context;
  const between = run(follower, [packet(20, of('n1', 9, ['n1']))]).context;
  t.same(between.view, { epoch: 3, leader: 'n2', members: ['n2', 'n3'] });
  const renewed = run(between, [packet(30, of('n2', 4, ['n2', 'n3']))]).context;
  t.equal(renewed.view.epoch, 4);
  const over = run(renewed, [packet(40, of('n1', 10, ['n1', 'n2', 'n3']))]).context;
  t.equal(over.view.leader, 'n1');
});

t.test('a silent peer that comes back one-way stays silent; a restarted one has no round trip yet', async (t) => {
  const silent = run(
    joined(),
    Array.from({ length: 8 }, (_, index) => tick(200 + index * 100)),
  ).context;
  const oneWay = run(silent, [packet(1_000, { from: 'n2', hears: [] })]).context;
  t.equal(peerNamed(oneWay, 'n2')?.absence, 'silent');
  const measured = packet(1_010, { from: 'n2' });
  if (measured.type !== 'PACKET') throw new Error('it is a packet');
  const near = run(oneWay, [{ ...measured, report: { ...measured.report, rttMs: 3 } }]).context;
  t.equal(peerNamed(near, 'n2')?.links[0]?.rttMs, 3);
  t.equal(peerNamed(run(near, [packet(1_020, { from: 'n2' })]).context, 'n2')?.links[0]?.rttMs, 3);
  t.equal(peerNamed(run(near, [packet(1_020, { from: 'n2', bootEpoch: 2 })]).context, 'n2')?.links[0]?.rttMs, null);
});

t.test('a follower keeps the maps of several groups in order', async (t) => {
  const map = (group: string, version: number) => ({ group, version, owners: unowned });
  const heard = followersMaps(followersMaps([], [map('b/x', 1), map('a/x', 2)]), [map('c/x', 3), map('a/x', 4)]);
  t.same(
    heard.map((one) => [one.group, one.version]),
    [
      ['a/x', 4],
      ['b/x', 1],
      ['c/x', 3],
    ],
  );
});

t.test('a starting node does not go back behind the view epoch of its earlier run', async (t) => {
  const before = startContext({ ...start('n2').input, viewEpoch: 10 });
  const older = { epoch: 5, leader: 'n1', members: ['n1', 'n2', 'n3'] };
  const { context } = run(before, [packet(20, { from: 'n1', hears: ['n2'], view: older })]);
  t.equal(context.view.epoch, 10);
  t.notOk(context.joined, 'the leader hears of it, and publishes a newer one');
  const newer = run(context, [packet(30, { from: 'n1', hears: ['n2'], view: { ...older, epoch: 11 } })]).context;
  t.ok(newer.joined);
});

t.test('a newcomer whose view has others is not taken in before these had the time to be heard', async (t) => {
  const waits = Array.from({ length: 12 }, (_, index) => tick(100 * (index + 1)));
  const alone = run(start(), waits).context;
  t.same(alone.view.members, ['n1']);
  const theirs = { epoch: 3, leader: 'n3', members: ['n2', 'n3'] };
  const heard = run(alone, [packet(1_210, { from: 'n3', view: theirs })]).context;
  t.same(heard.view.members, ['n1'], 'n2 is likely to be heard in a moment');
  const later = run(heard, [tick(1_300), tick(1_400), tick(1_500), packet(1_550, { from: 'n3', view: theirs })]).context;
  t.same(later.view.members, ['n1', 'n3']);
});

t.test('a map whose owners change has a higher version, and maps of another view are not taken over', async (t) => {
  const one = run(joined(), [{ type: 'LOCAL_STATE', modules: [moduleUp('farm')] }]).context;
  const two = run(one, [
    packet(110, { from: 'n2', view: one.view, body: { modules: [{ ...moduleUp('farm'), share: 0 }] } }),
  ]).context;
  const [before, after] = [one.maps[0], two.maps[0]];
  t.ok(before && after && after.version > before.version);
  const view = { epoch: 7, leader: 'n1', members: ['n1', 'n2', 'n3'] };
  const follower = run(start('n2'), [packet(10, { from: 'n1', hears: ['n2'], view })]).context;
  t.ok(follower.joined);
  const map = { group: 'farm/FarmProto', version: 9 * 65_536, owners: unowned };
  const old = packet(20, { from: 'n1', hears: ['n2'], view: { ...view, epoch: 6 }, body: { shareMaps: [map] } });
  t.same(run(follower, [old]).context.maps, []);
});

t.test('nodes and members are found by their place', async (t) => {
  const nodes = Array.from({ length: 12 }, (_, index) => `n${index + 1}`);
  const { input, peers } = start('n3', nodes);
  for (const node of nodes) t.equal(peers[peerIndex(node, input)]?.node, node === 'n3' ? undefined : node);
  t.equal(peerIndex('stranger', input), -1);
  t.equal(placeOf('n12', input), 11);
  for (const members of [nodes, nodes.slice(0, 3)]) {
    const view = { epoch: 1, leader: 'n1', members };
    t.same(
      [...nodes, 'stranger'].filter((node) => isMember(view, node)),
      members,
    );
    t.ok(isMember(view, 'n2'), 'asked again');
  }
});
