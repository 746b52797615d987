/** The classic farm with nginx behind HAProxy: what happens to the application, and what the clients see of it. */
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { until } from '../e2e/until.js';
import { classicUserconfig, Farm, figures, module } from './farm.js';
import { whyNot } from './lab.js';

t.setTimeout(240_000);
const skip = whyNot();

/**
 * How many requests may meet a dead target until HAProxy has noticed: a third of 50 a second, for two probes in a row and the time that a
 * loaded machine takes for them (3 s).
 */
const mostFailed = 50;

function crash(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // A worker that ended with its master.
    }
  }
}

t.test('the classic AWS farm: nginx, HAProxy, three nodes', { skip }, async (t) => {
  const farm = await Farm.create(t);
  const { lab, daemons, haproxy, load } = farm;
  const { n1, n2 } = daemons;
  const all = ['n1', 'n2', 'n3'] as const;

  t.equal(await n1.state(module), 'STOP NotReady', 'boot="on" is about the boot: applying the configuration starts nothing');

  await t.test('start on all nodes: UP, a third each, one view, all in HAProxy', async (t) => {
    await farm.startAll();
    await farm.view(all);
    const shares = await farm.evenShares(all);
    t.same([...shares].sort(), [85, 85, 86], 'every bucket has one owner');
    t.same(await haproxy.healthy(), all);
    const { counts, tookMs } = await load.during(() => wait(2_000));
    t.comment(figures('at rest', counts, tookMs));
    t.equal(counts.failed, 0, 'nothing fails at rest');
    t.same(Object.keys(counts.byNode).sort(), all, 'all nodes answer');
    t.ok(counts.sent > 50, 'there was load');
    t.equal(await n1.logged(module, 'nginx started'), 1, 'safekit printi came from the script');
  });

  await t.test('nginx is killed three times: restarted each time, the other nodes serve', async (t) => {
    for (const round of [1, 2, 3]) {
      const before = await farm.scriptRuns('n1', 'start_both');
      const { counts, tookMs } = await load.during(async () => {
        crash(lab.nodes.n1.processes('nginx'));
        await until('nginx is started again', async () => (await farm.scriptRuns('n1', 'start_both')) === before + 1);
        await n1.reaches(module, 'UP Ready');
        await haproxy.sendsTo(all);
      });
      t.comment(figures(`nginx of n1 killed, ${round}`, counts, tookMs));
      t.ok(counts.failed <= mostFailed, `only what is sent to n1 until HAProxy has noticed fails: ${counts.failed}`);
      t.ok((counts.byNode['n2'] ?? 0) > 0 && (counts.byNode['n3'] ?? 0) > 0, 'the others serve');
      t.equal((await n1.status(module)).budget.used, round, 'it was counted');
    }
    t.equal(await n1.logged(module, 'Action restart called by errd'), 3);
    t.equal(await n1.logged(module, 'Process nginx not running'), 3);
  });

  await t.test('the fourth time: STOP by maxloop, HAProxy leaves n1 out', async (t) => {
    const { counts, tookMs } = await load.during(async () => {
      crash(lab.nodes.n1.processes('nginx'));
      await n1.reaches(module, 'STOP NotReady');
      await haproxy.sendsTo(['n2', 'n3']);
    });
    t.comment(figures('fourth kill', counts, tookMs));
    t.ok(counts.failed <= mostFailed, `failed until noticed: ${counts.failed}`);
    t.equal(await n1.logged(module, 'Action stop called by maxloop'), 1);
    t.same(lab.nodes.n1.processes('nginx'), [], 'nothing of it runs');
    const shares = await farm.evenShares(['n2', 'n3']);
    t.same(shares, [128, 128]);
    const after = await load.during(() => wait(1_000));
    t.equal(after.counts.failed, 0, 'two nodes serve everybody');
  });

  await t.test('an administrator starts n1 again', async (t) => {
    const { counts, tookMs } = await load.during(async () => {
      await n1.must('start', '-m', module, '--wait', '--timeout', '30s');
      await haproxy.sendsTo(all);
    });
    t.comment(figures('start of n1', counts, tookMs));
    t.equal(counts.failed, 0, 'a node that joins costs nothing');
    t.equal((await n1.status(module)).budget.used, 0, 'the counter begins anew');
    await farm.evenShares(all);
  });

  await t.test('kill -9 of the daemon of n1: nginx goes on, the daemon resumes, no script runs', async (t) => {
    const nginx = lab.nodes.n1.processes('nginx');
    const userlogs = async (): Promise<number> => (await n1.must('userlog', 'list', '-m', module)).trim().split('\n').length;
    const before = await userlogs();
    const { counts, tookMs } = await load.during(async () => {
      await n1.kill();
      await haproxy.sendsTo(['n2', 'n3']);
      await n1.start();
      await n1.reaches(module, 'UP Ready');
      await haproxy.sendsTo(all);
    });
    t.comment(figures('kill -9 of the daemon', counts, tookMs));
    t.equal(counts.failed, 0, 'no request fails: the application is not touched');
    t.same(lab.nodes.n1.processes('nginx'), nginx, 'the same processes');
    t.equal(await userlogs(), before, 'no new userlog');
    t.equal(await n1.logged(module, 'Resumed in state'), 1);
    await farm.view(all);
    await farm.evenShares(all);
  });

  await t.test('nginx is killed while its daemon is away: found at the return, and counted', async (t) => {
    const { counts, tookMs } = await load.during(async () => {
      await n1.kill();
      crash(lab.nodes.n1.processes('nginx'));
      await n1.start();
      await until('nginx runs again', () => lab.nodes.n1.processes('nginx').length > 0);
      await n1.reaches(module, 'UP Ready');
      await haproxy.sendsTo(all);
    });
    t.comment(figures('daemon and nginx killed', counts, tookMs));
    t.equal((await n1.status(module)).budget.used, 1, 'a software failure');
    t.ok(counts.failed <= mostFailed, `failed until noticed: ${counts.failed}`);
  });

  await t.test('an administrator stops n2 without a drain', async (t) => {
    const { counts, tookMs } = await load.during(async () => {
      await n2.must('stop', '-m', module, '--wait', '--timeout', '30s');
      await haproxy.sendsTo(['n1', 'n3']);
    });
    t.comment(figures('stop of n2, no drain', counts, tookMs));
    t.ok(counts.failed <= mostFailed, `failed until noticed: ${counts.failed}`);
    t.equal(await n2.state(module), 'STOP NotReady');
    t.equal(await n2.logged(module, 'Action stop called by root'), 1);
    await farm.evenShares(['n1', 'n3']);
    await n2.must('start', '-m', module, '--wait', '--timeout', '30s');
    await haproxy.sendsTo(all);
  });

  await t.test('the same with <ready drain="auto"/>: no request fails', async (t) => {
    const drained = classicUserconfig().replace('<farm>', '<ready drain="auto"/>\n    <farm>');
    await Promise.all(Object.values(daemons).map((each) => each.must('stop', '-m', module, '--wait', '--timeout', '60s')));
    await Promise.all(all.map((name) => farm.reconfigure(name, drained)));
    await farm.startAll();
    // The node learns from the probes how often it is asked.
    const stop = await load.during(async () => {
      await wait(2_000);
      await n2.must('stop', '-m', module, '--wait', '--timeout', '60s');
      await haproxy.sendsTo(['n1', 'n3']);
    });
    t.comment(figures('stop of n2 with drain', stop.counts, stop.tookMs));
    t.equal(stop.counts.failed, 0, 'a planned stop costs no request');
    const start = await load.during(async () => {
      await n2.must('start', '-m', module, '--wait', '--timeout', '30s');
      await haproxy.sendsTo(all);
    });
    t.comment(figures('start of n2', start.counts, start.tookMs));
    t.equal(start.counts.failed, 0);
  });
});
