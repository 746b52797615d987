import t from 'tap';
import { freePort } from './cluster.js';
import { agreeOn, Child, lossesOf, nodeScript, startNode } from './running.js';

const script = nodeScript(t);

t.test('a node whose main loop is blocked for 1.5 s is not lost, and loses nobody', async (t) => {
  const port = await freePort();
  const cluster = { count: 2, port };
  const first = startNode(t, 'n1', cluster);
  const child = new Child(t, script, { ...cluster, name: 'n2', leaseMs: 2_000, dropRate: 0 });
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
  const child = new Child(t, script, { ...cluster, name: 'n2', leaseMs: 600, dropRate: 0 });
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
  const child = new Child(t, script, { ...cluster, name: 'n3', leaseMs: 2_000, dropRate: 0 });
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
