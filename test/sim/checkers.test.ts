/** Checkers in the simulator: scenarios of their own, and that what flaps is noticed by the invariants where the code under test is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { runSimulate } from '../../src/sim/simulate.js';

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
