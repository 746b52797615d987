/** Faults that need a moment of their own: a daemon that dies at an await, a command just after something, links of one node. */
import t from 'tap';
import type { Fact } from '../../src/sim/facts.js';
import { type Fault, scheduleFault } from '../../src/sim/faults.js';
import { configOf } from '../../src/sim/plan.js';
import { createSeededRandom } from '../../src/sim/random.js';
import { createSimNetwork, type Datagram } from '../../src/sim/sim-network.js';
import { createVirtualTime } from '../../src/sim/virtual-time.js';
import { createWorld, defaultScripts, simCluster } from '../../src/sim/world.js';

const xml =
  '<safe><service mode="farm" boot="on"><farm><lan name="default"/></farm><user/><errd polltimer="5s"><proc name="web" class="both" action="restart"/></errd></service></safe>';

/** One node under these faults: what happened, with the times since the beginning. */
async function under(
  faults: readonly Fault[],
  forMs = 30_000,
): Promise<readonly { readonly atMs: number; readonly fact: Fact }[]> {
  const world = createWorld({
    seed: 'faults',
    cluster: simCluster(1),
    modules: [{ name: 'web', config: configOf('web', xml), scripts: defaultScripts }],
    balancer: null,
  });
  const facts: { atMs: number; fact: Fact }[] = [];
  world.watch((fact, atMs) => facts.push({ atMs: atMs - world.startMs, fact }));
  world.time.schedule(0, () => world.node('n1').start());
  for (const fault of faults) scheduleFault(world, fault);
  await world.runUntil(forMs);
  t.same(world.defects, []);
  return facts;
}
const daemon = (facts: Awaited<ReturnType<typeof under>>): readonly string[] =>
  facts.flatMap(({ fact }) => (fact.kind === 'daemon' ? [fact.phase] : []));

t.test('a daemon dies at whatever await it has come to, and its scripts and records with what had begun', async (t) => {
  const ends = new Set<string>();
  for (const calls of [1, 2, 4, 8, 16, 32]) {
    const facts = await under([{ kind: 'kill', node: 'n1', calls, atMs: 0, forMs: 4_000 }], 20_000);
    t.strictSame(daemon(facts).filter((phase) => phase === 'killed').length, 1, `${calls} calls`);
    const killed = facts.findIndex(({ fact }) => fact.kind === 'daemon' && fact.phase === 'killed');
    const started = facts.findIndex(({ fact }, index) => index > killed && fact.kind === 'daemon' && fact.phase === 'started');
    const between = facts.slice(killed + 1, started).map(({ fact }) => fact.kind);
    t.notOk(between.includes('script.begin'), 'a dead daemon starts nothing');
    t.notOk(between.includes('log'), 'and says nothing');
    ends.add(
      facts
        .slice(0, killed)
        .map(({ fact }) => fact.kind)
        .join(' '),
    );
    t.match(facts.filter(({ fact }) => fact.kind === 'probe').at(-1)?.fact, { state: 'UP', quality: 'Ready' });
  }
  t.ok(ends.size > 3, 'not always the same place');
});

t.test('calls that are not made in time kill nobody', async (t) => {
  t.same(daemon(await under([{ kind: 'kill', node: 'n1', calls: 1_000, atMs: 0, forMs: 8_000 }])), ['started', 'ready']);
});

t.test('a command comes just after what it waits for, once, as long as its time lasts', async (t) => {
  const stop = { kind: 'command', node: 'n1', module: 'web', action: 'stop', identity: null } as const;
  const commandsOf = (facts: Awaited<ReturnType<typeof under>>): readonly number[] =>
    facts.flatMap(({ fact, atMs }) => (fact.kind === 'command' ? [atMs] : []));
  const facts = await under([{ ...stop, after: { fact: 'script.end', delayMs: 3 }, atMs: 0, forMs: 20_000 }]);
  const ended = facts.find(({ fact }) => fact.kind === 'script.end')?.atMs ?? 0;
  t.same(commandsOf(facts), [ended + 3]);
  t.same(commandsOf(await under([{ ...stop, after: { fact: 'script.end', delayMs: 3 }, atMs: 0, forMs: 10 }])), []);
});

t.test('links of one node', async (t) => {
  const time = createVirtualTime();
  const network = createSimNetwork(time, createSeededRandom('links'));
  const heard: string[] = [];
  for (const node of ['n1', 'n2', 'n3']) network.listen(node, ({ pulse }) => heard.push(`${pulse.from}>${node}`));
  const body = {
    view: { epoch: 0, leader: '', members: [] },
    modules: [],
    shareMaps: [],
    lagMs: 0,
    pause: null,
    health: 1,
    mapsDigest: '',
  };
  const from = (node: string): Datagram => ({
    keyHex: null,
    clusterId: '',
    clockMs: 0,
    pulse: { from: node, lan: 'lan1', bootEpoch: 1, sequence: 1, signature: '', goodbye: false, body, heard: [] },
    heardIs: {},
    asks: [],
  });
  const sendAll = async (): Promise<readonly string[]> => {
    heard.length = 0;
    for (const node of ['n1', 'n2', 'n3']) for (const to of ['n1', 'n2', 'n3']) if (to !== node) network.send(to, from(node));
    await time.runUntil(time.nowMs() + 100);
    return [...heard].sort();
  };
  network.setQuality({ latencyMs: 1, jitterMs: 0, loss: 1, duplication: 0 }, 'n2');
  t.notOk(network.isWhole());
  t.same(await sendAll(), ['n1>n3', 'n3>n1']);
  network.mendLinks('n2');
  t.ok(network.isWhole());
  t.equal((await sendAll()).length, 6);
});
