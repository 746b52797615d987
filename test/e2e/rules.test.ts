/** Failover rules of a farm's own, on a resource that somebody sets: what they do, what is logged, what counts against maxloop. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RuleReport } from '../../src/http/api-types.js';
import type { RealDaemon } from './daemon.js';
import { application, calls, journal, journalModule } from './modules.js';
import { daemonIn, freeUdpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(120_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const module = 'ruled';

const rules = `<failover period="250ms" handle_time="1500ms"><![CDATA[
/* one rule for each action */
r_restart:   if (custom.restart == down && !(custom.guard == down)) then restart();
r_stopstart: if (down == local.custom.stopstart) then stopstart();
r_wait:      if (custom.wait == down) then wait();
]]><![CDATA[--Lua Rules
Rules = Rules + { r_stop = if_then("custom.stop", "down", Action.stop), _group = "checker" }
]]></failover>`;

async function farm(t: Test): Promise<RealDaemon> {
  const directory = place(t);
  const n1 = await daemonIn(directory);
  await n1.start();
  const cluster = join(directory, 'cluster.xml');
  writeFileSync(
    cluster,
    `<cluster><lans port="${await freeUdpPort()}"><lan name="default" command="on"><node name="n1" addr="127.0.0.1"/></lan></lans></cluster>`,
  );
  await n1.must('cluster', 'config', cluster);
  return n1;
}
t.test('each action of a rule, its log line, and what it counts', { skip }, async (t) => {
  const n1 = await farm(t);
  await n1.install(module, journalModule(n1, module, { mode: 'farm', more: rules }));
  const set = (name: string, value: string) => n1.must('set', '-m', module, '-r', `custom.${name}`, '-v', value);
  const report = async (): Promise<RuleReport> => JSON.parse(await n1.must('rules', '-m', module, '--json'));
  const ruleOf = async (label: string) => (await report()).rules.find((rule) => rule.label === label);
  const used = async (): Promise<number> => (await n1.status(module)).budget.used;
  const newCalls = (() => {
    let seen = 0;
    return (): readonly string[] => {
      const all = calls(journal(n1, module));
      const added = all.slice(seen);
      seen = all.length;
      return added;
    };
  })();
  await n1.must('start', '-m', module, '--wait', '--timeout', '60s');
  await n1.reaches(module, 'UP Ready');
  newCalls();
  t.match(
    await n1.must('rules', '-m', module),
    /r_restart +no +restart +line 9 .*custom.restart is unknown \(nothing has set it\)/,
  );

  // restart: only after it has held for handle_time, and not while the other half of its condition fails.
  const before = application(n1, module);
  await set('guard', 'down');
  await set('restart', 'down');
  t.match(await ruleOf('r_restart'), { truth: 'fails', why: 'custom.guard is down', remainingMs: null });
  await set('guard', 'up');
  const pending = await ruleOf('r_restart');
  t.match(pending, { truth: 'holds', active: false });
  t.ok((pending?.remainingMs ?? 0) > 0 && (pending?.remainingMs ?? 0) <= 1500, `${pending?.remainingMs} ms to go`);
  await until('the restart', async () => (await n1.logged(module, 'Action restart from failover rule r_restart')) === 1);
  await set('restart', 'up');
  await n1.reaches(module, 'UP Ready');
  t.same(newCalls(), ['stop_both', 'stop_both!', 'start_both']);
  t.not(application(n1, module)?.pid, before?.pid, 'another process');
  t.match((await n1.status(module)).budget, { used: 1, causes: [{ action: 'restart', by: 'r_restart' }] });

  await set('stopstart', 'down');
  await until('the stopstart', async () => (await n1.logged(module, 'Action stopstart from failover rule r_stopstart')) === 1);
  await set('stopstart', 'up');
  await until('stopped and started', async () => (await n1.logged(module, 'Action start called automatically')) === 1);
  await n1.reaches(module, 'UP Ready');
  t.same(newCalls(), ['stop_both', 'stop_both!', 'poststop', 'prestart', 'start_both']);
  t.equal(await used(), 2);

  await set('wait', 'down');
  await n1.reaches(module, 'WAIT NotReady');
  t.equal(await n1.logged(module, 'Action wait from failover rule r_wait'), 1);
  t.match(await n1.status(module), { activeRule: 'r_wait', reason: 'wait from failover rule r_wait', ready: false });
  t.match(await ruleOf('r_wait'), { active: true, truth: 'holds', why: 'custom.wait is down' });
  t.match(await ruleOf('Implicit_wakeup'), { truth: 'fails', why: 'r_wait holds', considered: true });
  t.equal(application(n1, module), null, 'nothing runs');
  await set('wait', 'up');
  await n1.reaches(module, 'UP Ready');
  t.equal(await n1.logged(module, 'Action wakeup from failover rule Implicit_wakeup'), 3, 'at both starts, and now');
  t.equal(await used(), 3);
  newCalls();

  // The fourth within the window is not carried out: the module stops.
  await set('restart', 'down');
  await n1.reaches(module, 'STOP NotReady');
  t.equal(await n1.logged(module, 'Action stop called by maxloop'), 1);
  t.equal(await n1.logged(module, 'Action restart from failover rule r_restart'), 1, 'it was not carried out again');
  t.same(newCalls(), ['stop_both', 'stop_both!', 'poststop']);
  await set('restart', 'up');

  // A command without identity resets the counter, and a stop does not count.
  await n1.must('start', '-m', module, '--wait', '--timeout', '60s');
  await set('stop', 'down');
  await n1.reaches(module, 'STOP NotReady');
  t.equal(await n1.logged(module, 'Action stop from failover rule r_stop'), 1);
  t.equal(await used(), 0);
});

t.test(
  'a rule that goes on to hold restarts the module until maxloop, and one that cannot be is refused',
  { skip },
  async (t) => {
    const n1 = await farm(t);
    const again = '<failover handle_time="0s"><![CDATA[again: if (custom.x == down) then restart();]]></failover>';
    await n1.install(module, journalModule(n1, module, { mode: 'farm', more: again }));
    await n1.must('start', '-m', module, '--wait', '--timeout', '60s');
    await n1.must('set', '-m', module, '-r', 'custom.x', '-v', 'down', '-i', 'mycheck');
    await n1.reaches(module, 'STOP NotReady');
    t.equal(await n1.logged(module, 'Action restart from failover rule again'), 3);
    t.equal(await n1.logged(module, 'Action stop called by maxloop'), 1);
    t.equal(await n1.logged(module, 'Resource custom.x set to down by mycheck'), 1);
    t.equal(calls(journal(n1, module)).filter((call) => call === 'start_both').length, 4);

    const swap = '<failover><![CDATA[\nbad: if (custom.x == down) then swap();\n]]></failover>';
    n1.writeModule(module, journalModule(n1, module, { mode: 'farm', more: swap }));
    const refused = await n1.cli('config', '-m', module);
    t.equal(refused.code, 2);
    t.match(refused.stderr, /userconfig\.xml:8:33: error CONF_CONFLICT: A farm module cannot swap\./);
    t.match(refused.stderr, `    bad: if (custom.x == down) then swap();\n    ${' '.repeat(32)}^`);
    t.match(await n1.must('rules', '-m', module), /again +holds, idle /, 'what was applied before is untouched');
  },
);
