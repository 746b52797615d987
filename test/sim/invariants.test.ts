import t from 'tap';
import type { Fact } from '../../src/sim/facts.js';
import { watchInvariants } from '../../src/sim/invariants.js';
import { configOf } from '../../src/sim/plan.js';
import { createWorld, defaultScripts, simCluster, type World } from '../../src/sim/world.js';

const xml =
  '<safe><service mode="farm" boot="on" maxloop="1" loop_interval="24h"><farm><lan name="default"/></farm>' +
  '<user nicestoptimeout="2s" forcestoptimeout="2s"/><errd polltimer="5s"><proc name="web" class="both" action="restart"/></errd></service></safe>';

const place = { node: 'n1', module: 'web' };
const worldOf = (): World =>
  createWorld({
    seed: 'invariants',
    cluster: simCluster(2),
    modules: [{ name: 'web', config: configOf('web', xml), scripts: defaultScripts }],
    balancer: null,
  });
const begin = (script: string, args: readonly string[], pid: number): Fact => ({
  kind: 'script.begin',
  ...place,
  script,
  args,
  pid,
  exit: null,
});
const end = (script: string, args: readonly string[], pid: number): Fact => ({
  kind: 'script.end',
  ...place,
  script,
  args,
  pid,
  exit: 'code 0',
});
const probe = (ready: boolean, state: string, quality: string): Fact => ({ kind: 'probe', ...place, ready, state, quality });
const log = (message: string): Fact => ({
  kind: 'log',
  ...place,
  entry: { atMs: 0, wallMs: 0, level: 'E', component: 'heart', message },
});
const start = ['WAIT', 'UP', 'start'];
const stop = ['UP', 'STOP', 'stop'];
const restart = ['UP', 'UP', 'restart'];

/** What is found wrong with a row of facts, each a tenth of a second after the one before. */
async function verdict(facts: readonly Fact[]): Promise<string> {
  const world = worldOf();
  const watched = watchInvariants(world);
  facts.forEach((fact, index) => {
    world.time.schedule(100 * index, () => world.note(fact));
  });
  await world.runUntil(100 * facts.length);
  const violation = watched.first();
  return violation === null ? 'none' : `${violation.invariant}: ${violation.condition}`;
}

t.test('an ordinary life breaks none of them', async (t) => {
  const facts = [
    begin('prestart', ['STOP', 'WAIT', 'start'], 1),
    end('prestart', ['STOP', 'WAIT', 'start'], 1),
    begin('start_both', start, 2),
    end('start_both', start, 2),
    begin('stop_both', stop, 3),
    end('stop_both', stop, 3),
    begin('start_both', start, 4),
  ];
  t.equal(await verdict(facts), 'none');
});

t.test('1: ready.txt', async (t) => {
  t.match(await verdict([probe(true, 'UP', 'Ready')]), /^1 .*no start script has ended/);
  const up = [begin('start_both', start, 1), end('start_both', start, 1)];
  t.match(await verdict([...up, probe(true, 'UP', 'Transient')]), /^1 .*in UP Transient/);
  t.match(await verdict([...up, probe(true, 'UP', 'Ready'), begin('stop_both', stop, 2)]), /^1 .*stop_both begins while/);
  t.match(await verdict([...up, begin('start_both', start, 2), probe(true, 'UP', 'Ready')]), /^[12] /);
});

t.test('2: the order of scripts', async (t) => {
  const twice = [begin('start_both', start, 1), end('start_both', start, 1), begin('start_both', start, 2)];
  t.match(await verdict(twice), /^2 .*there was no stop script/);
  t.match(
    await verdict([begin('prestart', start, 1), begin('start_both', start, 2)]),
    /^2 .*start_both begins while prestart runs/,
  );
  const givenUp: Fact = {
    kind: 'log',
    ...place,
    entry: {
      atMs: 0,
      wallMs: 0,
      level: 'C',
      component: 'userplug',
      message: 'Script prestart still there 5 s after being killed',
      data: { script: 'prestart' },
    },
  };
  t.equal(await verdict([begin('prestart', start, 1), givenUp, begin('start_both', start, 2)]), 'none');
  const off: Fact = { kind: 'machine', node: 'n1', phase: 'off' };
  t.equal(await verdict([begin('start_both', start, 1), off, begin('start_both', start, 2)]), 'none', 'a boot begins anew');
});

t.test('3: the restart counter', async (t) => {
  const round = (pid: number): readonly Fact[] => [
    begin('stop_both', restart, pid),
    end('stop_both', restart, pid),
    begin('start_both', restart, pid + 1),
    end('start_both', restart, pid + 1),
  ];
  t.equal(await verdict(round(1)), 'none');
  t.match(await verdict([...round(1), ...round(3)]), /^3 .*automatic restart number 2/);
  const command: Fact = { kind: 'command', ...place, action: 'restart', identity: null, answer: 'run', message: '' };
  t.equal(await verdict([...round(1), command, ...round(3)]), 'none', "an administrator's does not count, and resets");
  t.match(await verdict([log('Action stop called by maxloop'), begin('start_both', start, 1)]), /^3 .*after maxloop/);
});

t.test('0: defects', async (t) => {
  t.match(await verdict([log('Module web stopped by a defect: Error: boom')]), /^0 /);
  t.match(await verdict([log('Defect in errd: boom')]), /^0 /);
  t.equal(await verdict([log("Defect in records: the module's state cannot be saved: ENOSPC")]), 'none');
});

t.test('4 to 7 with daemons that are kept from their work', async (t) => {
  const running = async (change: (world: World) => void, forMs: number): Promise<string> => {
    const world = worldOf();
    const watched = watchInvariants(world);
    for (const node of world.nodes.values()) node.start();
    await world.runUntil(10_000);
    t.equal(watched.first(), null);
    change(world);
    await world.runUntil(10_000 + forMs);
    const violation = watched.first();
    return violation === null ? 'none' : `${violation.invariant}: ${violation.condition}`;
  };
  t.equal(await running(() => undefined, 30_000), 'none');
  const claimedStop: Fact = { kind: 'command', ...place, action: 'stop', identity: null, answer: 'run', message: '' };
  t.match(
    await running((world) => world.note(claimedStop), 40_000),
    /^4 .*under way for 34\d\d\d ms/,
    'a stop that nobody carries out',
  );
  t.match(
    await running((world) => world.note({ kind: 'resource', ...place, name: 'intf.eth0', value: 'down' }), 10_000),
    /^5 .*intf.eth0 down/,
    'a rule that nobody carries out',
  );
  t.match(await running((world) => world.note(probe(false, 'WAIT', 'NotReady')), 10_000), /^5 .*no resource of a wait rule/);
  const deaf = (world: World): void => {
    // The network that the invariant looks at says it is whole; the nodes hear nothing.
    for (const node of world.nodes.keys()) world.network.listen(node, () => undefined);
  };
  t.match(await running(deaf, 10_000), /^6 .*running are n1 n2/);
  const blindLeader = (world: World): void => {
    const membership = world.node('n1').runtime()?.membership();
    const snapshot = membership?.snapshot();
    if (membership && snapshot) membership.snapshot = () => snapshot;
    world.node('n2').powerOff();
  };
  t.match(await running(blindLeader, 10_000), /^[67] /, 'a view that is never given up');
});

t.test('10 and 5 with maintenance switches', async (t) => {
  const after = async (change: (world: World) => void, forMs = 10_000): Promise<string> => {
    const world = worldOf();
    const watched = watchInvariants(world);
    for (const node of world.nodes.values()) node.start();
    await world.runUntil(10_000);
    change(world);
    await world.runUntil(10_000 + forMs);
    const violation = watched.first();
    return violation === null ? 'none' : `${violation.invariant}: ${violation.condition}`;
  };
  const told = (what: 'errd' | 'checker' | 'failover', on: boolean): Fact => ({ kind: 'switch', ...place, what, on });
  t.match(
    await after((world) => world.note(told('errd', false))),
    /^10 .*errd is on, it was switched off/,
    'nobody carried it out',
  );
  const kill = (world: World, name: string): void => {
    world.node(name).kill();
    world.node(name).start();
  };
  const down = { kind: 'resource', ...place, name: 'intf.eth0', value: 'down' } as const;
  t.equal(
    await after((world) => {
      t.ok(world.node('n1').maintain('web', 'failover', false));
      t.ok(world.node('n1').maintain('web', 'failover', false), 'already');
      world.node('n1').setResource('web', 'intf.eth0', 'down');
      world.time.schedule(2_000, () => kill(world, 'n1'));
      world.time.schedule(4_000, () => world.node('n1').powerOff());
      world.time.schedule(5_000, () => world.node('n1').powerOn());
      world.time.schedule(5_500, () => world.node('n1').start());
    }),
    'none',
    'off over a kill and a boot; a rule that holds is not carried out meanwhile',
  );
  t.match(
    await after((world) => {
      world.node('n1').maintain('web', 'failover', false);
      world.node('n1').maintain('web', 'failover', true);
      world.note(down);
    }),
    /^5 .*intf.eth0 down/,
    'on again: demanded again',
  );
  t.match(
    await after((world) => {
      world.note(down);
      world.time.schedule(1_500, () => kill(world, 'n1'));
    }),
    /^5 .*intf.eth0 down/,
    'a value that people set is kept over a kill',
  );
  t.equal(
    await after((world) => {
      world.note(down);
      kill(world, 'n1');
    }),
    'none',
    'but for one that was set a moment before',
  );
  t.equal(
    await after((world) => {
      t.ok(world.node('n1').reconfigure('web', true));
      t.ok(world.node('n1').reconfigure('web', false), 'while the update goes on it is refused');
      t.equal(world.node('n1').maintain('unknown', 'errd', false), false);
      t.equal(world.node('n1').reconfigure('unknown', true), false);
      world.time.schedule(2_000, () => kill(world, 'n1'));
    }),
    'none',
  );
});
