import t from 'tap';
import { moduleUp, Net } from './membership-net.js';

const farm = [moduleUp('farm')];

t.test('two nodes that start together agree within a second, and each owns half', async (t) => {
  const net = new Net({ nodes: ['n1', 'n2'] });
  net.startAll(farm);
  net.run(1_000);
  t.same(net.disagreements(['n1', 'n2'], 'farm/FarmProto'), []);
  t.equal(net.view('n2').leader, 'n1');
  t.match(net.mode('n1'), 'leading');
  t.match(net.mode('n2'), 'following');
  t.equal(net.context('n2').modules[0]?.share, 50);
  t.equal(net.losses().length, 0);
});

t.test('a node that starts alone leads after it has listened', async (t) => {
  const net = new Net({ nodes: ['n1', 'n2'] });
  net.start('n2', farm);
  net.run(700);
  t.match(net.mode('n2'), 'joining');
  t.equal(net.view('n2').leader, '');
  net.run(300);
  t.same(net.view('n2').members, ['n2']);
  t.equal(net.context('n2').modules[0]?.share, 100);
});

for (const dead of ['n1', 'n2', 'n3']) {
  t.test(`power off of ${dead} of three: the others' view is without it within 0.8 s`, async (t) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const net = new Net({ nodes: ['n1', 'n2', 'n3'], seed });
      net.startAll(farm);
      net.run(2_000 + seed * 7);
      const rest = ['n1', 'n2', 'n3'].filter((name) => name !== dead);
      const at = net.nowMs;
      net.kill(dead);
      net.run(800);
      t.same(net.disagreements(rest, 'farm/FarmProto'), [], `seed ${seed}`);
      const losses = net.losses(at);
      t.ok(losses.every((loss) => loss.node === dead));
      t.match(losses[0]?.evidence, new RegExp(`${dead} is lost: .* last heard it 0\\.[56]\\d? s ago on default`));
    }
  });
}
