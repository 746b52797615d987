/** Checkers in the simulator: scenarios of their own, and that what flaps is noticed by the invariants where the code under test is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { breakCheck } from '../../src/sim/faults.js';
import { watchInvariants } from '../../src/sim/invariants.js';
import { configOf } from '../../src/sim/plan.js';
import { runSimulate } from '../../src/sim/simulate.js';
import { createWorld, defaultScripts, simCluster, type World } from '../../src/sim/world.js';

const module = (check: string): string =>
  `<safe><service mode="farm" boot="on"><farm><lan name="default"/></farm><user/><errd polltimer="10s"><proc name="web" class="both" action="noaction"/></errd><check>${check}</check></service></safe>`;

async function simulated(t: Test, check: string, steps: readonly string[], expect: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-simulate-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const list = (items: readonly string[]): string => items.map((item) => `  - ${item}\n`).join('');
  const scenario = join(directory, 's.yaml');
  writeFileSync(scenario, `nodes: 2\nfor: 90s\nbalancer: none\nsteps:\n${list(steps)}expect:\n${list(expect)}`);
  const config = join(directory, 'userconfig.xml');
  writeFileSync(config, module(check));
  const { code, out } = await runSimulate([scenario, '--config', config, '--json']);
  const told: unknown = JSON.parse(out);
  const events = typeof told === 'object' && told !== null && 'events' in told && Array.isArray(told.events) ? told.events : [];
  const texts = events.map((event: unknown) =>
    typeof event === 'object' && event !== null && 'text' in event ? String(event.text) : '',
  );
  return { code, out, has: (text: string) => texts.some((one) => one.includes(text)), texts };
}

t.test('a service that goes away and comes back', async (t) => {
  const check = '<tcp ident="web443" when="both"><to addr="127.0.0.1" port="443" interval="2s" timeout="1s"/></tcp>';
  const ran = await simulated(
    t,
    check,
    ['at 20s: fail check tcp.web443 on n1', 'at 26s: mend check tcp.web443 on n1'],
    ['at 24.5s: n1 is UP Transient', 'at 60s: n1 is UP Ready', 'n2 is UP Ready'],
  );
  t.equal(ran.code, 0, ran.out);
  t.ok(ran.has('Action restart from failover rule t_web443'));
});

t.test('an application that dies is noticed by its port where errd does nothing', async (t) => {
  const check = '<tcp ident="web443" when="both"><to addr="127.0.0.1" port="443" interval="2s" timeout="1s"/></tcp>';
  const ran = await simulated(t, check, ['at 20s: kill application on n1'], ['at 60s: n1 is UP Ready']);
  t.equal(ran.code, 0, ran.out);
  t.ok(ran.has('Action restart from failover rule t_web443'));
});

t.test('a gateway that hangs: both wait, and go on', async (t) => {
  const check = '<ping ident="gw"><to addr="10.0.0.1" interval="3s" timeout="2s"/></ping>';
  const ran = await simulated(
    t,
    check,
    ['at 20s: hang check ping.gw on n1', 'at 20s: hang check ping.gw on n2', 'at 50s: mend check ping.gw on n1'],
    ['at 45s: n1 is WAIT NotReady', 'at 45s: n2 is WAIT NotReady', 'at 65s: n1 is UP Ready', 'n2 is WAIT NotReady'],
  );
  t.equal(ran.code, 0, ran.out);
  t.ok(ran.has('Action wait from failover rule p_gw'));
});

t.test('a checker that loops by itself', async (t) => {
  const check = '<custom ident="disk" when="pre" exec="check_disk" action="wait"/>';
  const ran = await simulated(
    t,
    check,
    ['at 20s: fail check custom.disk on n1', 'at 40s: mend check custom.disk on n1'],
    ['at 35s: n1 is WAIT NotReady', 'n1 is UP Ready'],
  );
  t.equal(ran.code, 0, ran.out);
});

/** What the invariants find in a world of one node, of which something goes wrong after 60 s. */
async function judged(check: string, spoil: (world: World) => void, more = ''): Promise<string> {
  const world = createWorld({
    seed: 'checkers',
    cluster: simCluster(1),
    modules: [
      { name: 'web', config: configOf('web', module(check).replace('</service>', `${more}</service>`)), scripts: defaultScripts },
    ],
    balancer: null,
  });
  const watched = watchInvariants(world);
  world.time.schedule(0, () => world.node('n1').start());
  world.time.schedule(60_000, () => spoil(world));
  for (let atMs = 0; atMs < 120_000 && watched.first() === null; atMs += 1_000) await world.runUntil(atMs);
  const violation = watched.first();
  return violation === null ? 'none' : `${violation.invariant}: ${violation.condition}`;
}
const tcp = (rest: string): string =>
  `<tcp ident="web" when="both" ${rest}><to addr="127.0.0.1" port="443" interval="2s" timeout="1s"/></tcp>`;

t.test('the invariant is content with checkers that flap, go down, hang and come back', async (t) => {
  for (const action of ['noaction', 'restart']) {
    const checks = tcp(`action="${action}" grace="2"`);
    const flaps = await judged(checks, (world) => {
      for (let time = 0; time < 30; time += 1) {
        const found = (['down', null, 'hang', null] as const)[time % 4] ?? null;
        world.time.schedule(time * 1_300, () => breakCheck(world, 'n1', 'web', 'tcp.web', found));
      }
    });
    t.equal(flaps, 'none', action);
    t.equal(await judged(checks, (world) => breakCheck(world, 'n1', 'web', 'tcp.web', 'hang')), 'none', action);
  }
});

t.test(
  'the invariant finds a resource that is not as what is checked, and a rule that acts without cause or not at all',
  async (t) => {
    const untrue = await judged(tcp('action="noaction"'), (world) => void world.node('n1').setResource('web', 'tcp.web', 'down'));
    t.match(untrue, /^11 checkers tell: n1\/web: tcp.web is down, and what it looks at has been up/);
    const message = 'Action restart from failover rule t_web';
    const entry = { atMs: 0, wallMs: 0, level: 'E', component: 'heart', message } as const;
    const needless = await judged(tcp('action="restart"'), (world) =>
      world.note({ kind: 'log', node: 'n1', module: 'web', entry }),
    );
    t.match(needless, /^11 checkers tell: n1\/web: restart from rule t_web, and what tcp.web looks at has been well/);
    const early = await judged(tcp('action="noaction" grace="5"'), (world) => {
      breakCheck(world, 'n1', 'web', 'tcp.web', 'down');
      world.time.schedule(1_000, () => world.node('n1').setResource('web', 'tcp.web', 'down'));
    });
    t.match(
      early,
      /^11 checkers tell: n1\/web: tcp.web is down 1\d{3} ms after what it looks at was the contrary, and its grace is 5/,
    );
    const untold = await judged(tcp('action="noaction"'), (world) => {
      breakCheck(world, 'n1', 'web', 'tcp.web', 'down');
      // As if nobody had told the module.
      for (let atMs = 0; atMs < 20_000; atMs += 100)
        world.time.schedule(atMs, () => world.node('n1').setResource('web', 'tcp.web', 'up'));
    });
    t.match(untold, /^11 checkers tell: n1\/web: tcp.web is up, and what it looks at has been down/);
    // As if the rule were not there, which the configuration's own `action` asks for.
    const rules = '<failover><![CDATA[--Lua Rules\nRules.disable("t_web")]]></failover>';
    const idle = await judged(tcp('action="restart"'), (world) => breakCheck(world, 'n1', 'web', 'tcp.web', 'down'), rules);
    t.match(
      idle,
      /^11 checkers tell: n1\/web: UP \(Ready\), and what tcp.web looks at has been down .* rule t_web has not acted/,
    );
  },
);
