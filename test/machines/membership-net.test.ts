import fc from 'fast-check';
import t from 'tap';
import { moduleUp, Net } from './membership-net.js';

const farm = [moduleUp('farm')];
const group = 'farm/FarmProto';
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `n${index + 1}`);

function startedNet(count: number, seed: number, loss = 0): Net {
  const net = new Net({ nodes: names(count), seed });
  net.startAll(farm);
  net.run(1_500);
  net.loss = loss;
  return net;
}

t.test('20 % random loss for ten minutes and more: nobody is lost at the defaults', async (t) => {
  for (const [count, minutes, seed] of [
    [2, 15, 1],
    [3, 12, 2],
    [4, 10, 3],
  ] as const) {
    const net = startedNet(count, seed, 0.2);
    net.run(minutes * 60_000);
    t.same(net.losses(), [], `${count} nodes, ${minutes} minutes`);
    t.same(net.disagreements(names(count), group), []);
  }
});

/** Every way to part the nodes into two groups, neither of them empty. */
function cuts(nodes: readonly string[]): readonly (readonly [readonly string[], readonly string[]])[] {
  return Array.from({ length: 2 ** (nodes.length - 1) - 1 }, (_, index) => {
    const mask = index + 1;
    return [nodes.filter((_, bit) => (mask & (1 << bit)) === 0), nodes.filter((_, bit) => (mask & (1 << bit)) !== 0)] as const;
  });
}

t.test('every cut of 2 to 4 nodes: each part has its leader and a full map; healed, one view within a second', async (t) => {
  for (const count of [2, 3, 4]) {
    for (const [left, right] of cuts(names(count))) {
      for (const seed of [1, 2, 3]) {
        const net = startedNet(count, seed);
        net.partition([left, right]);
        net.run(2_500);
        const apart = [...net.disagreements(left, group), ...net.disagreements(right, group)];
        t.same(apart, [], `cut ${left.join(',')} | ${right.join(',')}, seed ${seed}`);
        net.heal();
        const healedAt = net.nowMs;
        net.run(1_000);
        t.same(net.disagreements(names(count), group), [], `healed ${left.join(',')} | ${right.join(',')}, seed ${seed}`);
        t.same(net.losses(healedAt), [], 'healing costs nobody its place');
      }
    }
  }
});

t.test('a one-way cut takes both ends out of each other’s views, and the evidence says so', async (t) => {
  const net = startedNet(2, 7);
  net.cut('n1', 'n2');
  net.run(1_500);
  t.same(net.view('n1').members, ['n1']);
  t.same(net.view('n2').members, ['n2']);
  t.match(net.losses().find((loss) => loss.by === 'n1')?.evidence, 'one-way cut');
  t.match(net.losses().find((loss) => loss.by === 'n2')?.evidence, 'last heard it');
  net.heal();
  net.run(1_000);
  t.same(net.disagreements(['n1', 'n2'], group), []);
});

t.test('where hearing is not transitive the cluster parts into two that do not overlap', async (t) => {
  const net = startedNet(3, 3);
  net.partition([['n1'], ['n3']]);
  net.run(4_000);
  t.same(net.view('n1').members, ['n1', 'n2']);
  t.same(net.view('n2').members, ['n1', 'n2']);
  t.same(net.view('n3').members, ['n3']);
  const settledAt = net.nowMs;
  net.run(10_000);
  t.same(
    net.recorded.filter((one) => one.atMs > settledAt && one.effect.type === 'view.changed'),
    [],
    'and stays so',
  );
  t.match(net.losses().find((loss) => loss.node === 'n2' && loss.by === 'n3')?.evidence, 'n2 follows n1, which n3 does not hear');
  net.heal();
  net.run(1_000);
  t.same(net.disagreements(['n1', 'n2', 'n3'], group), []);
});

t.test('a cut on one of two lans loses nobody', async (t) => {
  const lans = [
    { name: 'front', nodes: names(3) },
    { name: 'back', nodes: ['n1', 'n2'] },
  ];
  const net = new Net({ nodes: names(3), lans });
  net.startAll(farm);
  net.run(1_500);
  net.cut('n1', 'n2', 'front');
  net.cut('n2', 'n1', 'front');
  net.run(3_000);
  t.same(net.losses(), []);
  t.same(
    net
      .context('n1')
      .peers.find((peer) => peer.node === 'n2')
      ?.links.map((link) => [link.lan, link.up]),
    [
      ['front', false],
      ['back', true],
    ],
  );
  t.ok(net.recorded.some((one) => one.effect.type === 'peer.changed' && one.effect.peer.lans.some((lan) => !lan.up)));
});

t.test('goodbye is out at once, leader or not', async (t) => {
  for (const leaving of names(3)) {
    const net = startedNet(3, 5);
    const rest = names(3).filter((name) => name !== leaving);
    const at = net.nowMs;
    net.goodbye(leaving);
    net.run(50);
    t.same(net.disagreements(rest, group), [], `${leaving} left`);
    t.match(net.losses(at)[0]?.evidence, 'said goodbye');
    net.start(leaving, farm);
    net.run(1_000);
    t.same(net.disagreements(names(3), group), [], `${leaving} is back`);
  }
});

t.test('a node that was suspended accuses nobody when it wakes, and is taken in again', async (t) => {
  for (const lengthMs of [300, 1_500, 20_000, 3_600_000]) {
    for (const sleeper of names(3)) {
      const net = startedNet(3, 11);
      net.suspend(sleeper, lengthMs);
      net.run(lengthMs);
      const wokenAt = net.nowMs;
      net.run(1_500);
      t.same(
        net.losses(wokenAt).filter((loss) => loss.by === sleeper),
        [],
        `${sleeper} slept ${lengthMs} ms`,
      );
      t.same(net.disagreements(names(3), group), [], `${sleeper} slept ${lengthMs} ms`);
      t.equal(net.context(sleeper).body.pause?.lengthMs !== undefined, true, 'and tells of its pause');
    }
  }
});

t.test('a daemon that restarts within the patience of its peers keeps its place', async (t) => {
  for (const again of names(3)) {
    const net = startedNet(3, 13);
    const at = net.nowMs;
    net.start(again, farm);
    net.run(1_500);
    t.same(net.disagreements(names(3), group), []);
    t.same(
      net.losses(at).filter((loss) => loss.by !== again),
      [],
    );
  }
});

t.test('32 nodes: one view, and without a dead one within 0.8 s', async (t) => {
  const net = startedNet(32, 17);
  t.same(net.disagreements(names(32), group), []);
  net.kill('n1');
  net.run(800);
  t.same(net.disagreements(names(32).slice(1), group), []);
});

t.test('whatever happened, a network that is whole and quiet agrees within three seconds', async (t) => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('kill' as const), a: fc.nat(6), b: fc.nat(6) }),
    fc.record({ kind: fc.constant('start' as const), a: fc.nat(6), b: fc.nat(6) }),
    fc.record({ kind: fc.constant('goodbye' as const), a: fc.nat(6), b: fc.nat(6) }),
    fc.record({ kind: fc.constant('cut' as const), a: fc.nat(6), b: fc.nat(6) }),
    fc.record({ kind: fc.constant('heal' as const), a: fc.nat(6), b: fc.nat(6) }),
    fc.record({ kind: fc.constant('suspend' as const), a: fc.nat(6), b: fc.nat(6) }),
    fc.record({ kind: fc.constant('state' as const), a: fc.nat(6), b: fc.nat(6) }),
  );
  const steps = fc.array(fc.record({ action, waitMs: fc.integer({ min: 0, max: 1_500 }) }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 7 }),
      steps,
      fc.nat(1_000),
      fc.constantFrom(0, 0.1, 0.3),
      (count, script, seed, loss) => {
        const net = startedNet(count, seed, loss);
        const name = (index: number): string => `n${(index % count) + 1}`;
        for (const { action: done, waitMs } of script) {
          const node = name(done.a);
          const running = net.nodes.has(node);
          if (done.kind === 'kill') net.kill(node);
          else if (done.kind === 'start') net.start(node, farm);
          else if (done.kind === 'goodbye' && running) net.goodbye(node);
          else if (done.kind === 'cut') net.cut(node, name(done.b));
          else if (done.kind === 'heal') net.heal();
          else if (done.kind === 'suspend' && running) net.suspend(node, done.b * 300);
          else if (done.kind === 'state' && running)
            net.setLocal(node, [moduleUp('farm', done.b % 2 === 0 ? 'Ready' : 'Transient', done.b > 4 ? 'WAIT' : 'UP')]);
          net.run(waitMs);
        }
        net.heal();
        net.loss = 0;
        // Suspensions end, everyone serves again; then the network is whole and stable.
        net.run(2_000);
        for (const node of net.nodes.keys()) net.setLocal(node, farm);
        net.run(3_000);
        const alive = names(count).filter((node) => net.nodes.has(node));
        if (alive.length === 0) return;
        const problems = net.disagreements(alive, group);
        if (problems.length > 0) throw new Error(problems.join('\n'));
      },
    ),
    { numRuns: 60, seed: 20_240_701 },
  );
  t.pass();
});
