/** The scenario `failover`: what an administrator would try first on a farm, and what must be seen (compatibility page, section 8.9). */
import { monotonicMs } from './clock.js';
import type { NodeName } from './layout.js';
import { findMarked, identify, signal } from './processes.js';
import type { Finding, Step, StepTools } from './scenario.js';
import { noticeTimeMs, type TargetState } from './target-health.js';

/** Time for a start or stop script of the demo's application. */
const scriptMs = 10_000;
/** What a node's loss may take until the others' view is without it: the default of the membership design. */
const lossMs = 800;
/** Added to the balancer's arithmetic: its probes are spread, and timers are late. */
const slackMs = 1_500;

/** The steps, in their order. */
export const failoverSteps: readonly Step[] = [
  {
    name: 'begin',
    title: 'both nodes serve',
    noFailures: true,
    run: async (tools) => {
      await expectState(tools, 'n1', 'UP', 'Ready', scriptMs);
      await expectState(tools, 'n2', 'UP', 'Ready', scriptMs);
      await tools.expect('both nodes see each other', 5_000, async () => sameView(tools, ['n1', 'n2']));
      await expectBalancer(tools, 'n1', 'healthy');
      await expectBalancer(tools, 'n2', 'healthy');
      tools.mark(`${tools.options.rate} requests a second begin`);
      tools.stage.traffic.setRate(tools.options.rate);
      await expectServed(tools, ['n1', 'n2']);
    },
  },
  {
    name: 'kill-application',
    title: 'the application on n1 is killed: restarted',
    noFailures: false,
    run: async (tools) => {
      const pid = await killApplication(tools, 'n1');
      await tools.expectLog('n1', 'Script stop_both', 2_000);
      await expectRestarted(tools, 'n1', pid, 1);
      await expectBalancer(tools, 'n1', 'healthy');
    },
  },
  {
    name: 'kill-until-maxloop',
    title: 'it is killed until maxloop: n1 goes STOP, and the balancer leaves it out',
    noFailures: false,
    run: async (tools) => {
      for (const used of [2, 3]) {
        const pid = await killApplication(tools, 'n1');
        await expectRestarted(tools, 'n1', pid, used);
      }
      await killApplication(tools, 'n1');
      await tools.expectLog('n1', 'Action stop called by maxloop', 2_000);
      await expectNotReady(tools, 'n1');
      await expectState(tools, 'n1', 'STOP', 'NotReady', scriptMs);
      await expectBalancer(tools, 'n1', 'unhealthy');
      await expectServed(tools, ['n2']);
    },
  },
  {
    name: 'start-again',
    title: 'n1 is started again',
    noFailures: true,
    run: async (tools) => {
      await startNode(tools, 'n1');
      await expectServed(tools, ['n1', 'n2']);
    },
  },
  {
    name: 'kill-daemon',
    title: 'the daemon of n1 is killed with kill -9: the application serves on, the new daemon runs no script',
    noFailures: true,
    run: async (tools) => {
      const node = tools.stage.nodes.n1;
      const before = await node.application();
      const userlogs = (await node.userlogs()).map((userlog) => userlog.name);
      const daemon = node.daemon();
      if (before === null || daemon === null) throw new Error('n1 does not run');
      signal(daemon, 'SIGKILL');
      tools.mark(`kill -9 of n1's daemon (pid ${daemon.pid})`);
      await tools.expect('its daemon is gone', 1_000, () => node.daemon() === null);
      // As long as a service manager takes to start it again.
      await tools.pass(500);
      await tools.expect('the application answers meanwhile, under the same pid', 2_000, async () =>
        samePid(before.pid, (await node.application())?.pid),
      );
      tools.note('demo', "n1's daemon is started again, as a service manager would");
      await node.startDaemon();
      await expectState(tools, 'n1', 'UP', 'Ready', scriptMs);
      const after = (await node.application())?.pid;
      tools.check('the application has the same pid', after === before.pid, after === undefined ? 'no answer' : `pid ${after}`);
      await tools.expect('both nodes see each other again', scriptMs, async () => sameView(tools, ['n1', 'n2']));
      await expectBalancer(tools, 'n1', 'healthy');
      await expectServed(tools, ['n1', 'n2']);
      const now = (await node.userlogs()).map((userlog) => userlog.name);
      const script = await tools.logLine('n1', 'Script ');
      const fresh = now.filter((name) => !userlogs.includes(name));
      tools.check('no script ran', script === null && fresh.length === 0, script?.message ?? `${fresh.length} new userlogs`);
    },
  },
  {
    name: 'stop',
    title: 'n1 is stopped by an administrator: drained first, no request is lost',
    noFailures: true,
    run: async (tools) => {
      const node = tools.stage.nodes.n1;
      tools.mark('holdfast stop -m web, on n1');
      await node.command('stop');
      await expectNotReady(tools, 'n1');
      await expectBalancer(tools, 'n1', 'unhealthy');
      await expectState(tools, 'n1', 'STOP', 'NotReady', noticeTimeMs(tools.options.policy, 'unhealthy') * 3 + 2 * scriptMs);
      await tools.expect(
        'its application has ended',
        1_000 + noticeTimeMs(tools.options.policy, 'unhealthy') * 3 + 2 * scriptMs,
        async () => (await node.application()) === null,
      );
      await expectServed(tools, ['n2']);
    },
  },
  {
    name: 'start-before-power-off',
    title: 'n1 is started once more, so that somebody serves',
    noFailures: true,
    run: async (tools) => {
      await startNode(tools, 'n1');
      await expectServed(tools, ['n1', 'n2']);
    },
  },
  {
    name: 'power-off',
    title: 'n2 is powered off: kill -9 of everything it has',
    noFailures: false,
    run: async (tools) => {
      const { n1, n2 } = tools.stage.nodes;
      const count = findMarked(n2.layout.dir).length;
      tools.mark(`kill -9 of all ${count} processes of n2`);
      const off = n2.powerOff();
      await tools.expect("n1's view is without n2", lossMs, async () => sameMembers((await n1.cluster()).view?.members, ['n1']));
      await off;
      await tools.expect('nothing of n2 is left', 2_000, () => findMarked(n2.layout.dir).length === 0);
      await expectState(tools, 'n1', 'UP', 'Ready', 3_000);
      await expectBalancer(tools, 'n2', 'unhealthy');
      await expectServed(tools, ['n1']);
    },
  },
];

async function startNode(tools: StepTools, name: NodeName): Promise<void> {
  tools.mark(`holdfast start -m web, on ${name}`);
  await tools.stage.nodes[name].command('start');
  await expectState(tools, name, 'UP', 'Ready', scriptMs);
  await tools.expect(`${name} has its whole budget of restarts again`, scriptMs, async () => {
    const { used } = (await tools.stage.nodes[name].status()).budget;
    return { ok: used === 0, detail: `${used} used` };
  });
  await expectBalancer(tools, name, 'healthy');
}

/** Kills the application, once errd watches it (before, its end would be found only at the next poll), and returns the pid that it had. */
async function killApplication(tools: StepTools, name: NodeName): Promise<number> {
  const node = tools.stage.nodes[name];
  const answer = await node.application();
  if (answer === null) throw new Error(`the application on ${name} does not answer`);
  await tools.expect(`errd of ${name} watches the application`, scriptMs, async () => {
    const watched = (await node.errd()).flatMap((entry) => entry.pids);
    return { ok: watched.includes(answer.pid), detail: `pid ${watched.join(', ')}` };
  });
  const mark = identify(answer.pid);
  if (mark === null || !signal(mark, 'SIGKILL')) throw new Error(`the application on ${name} is gone already`);
  tools.mark(`kill -9 of the application on ${name} (pid ${answer.pid})`);
  return answer.pid;
}

async function expectRestarted(tools: StepTools, name: NodeName, oldPid: number, used: number): Promise<void> {
  await tools.expectLog(name, 'Local state UP Ready', scriptMs);
  const node = tools.stage.nodes[name];
  await tools.expect(`the application on ${name} answers under a new pid`, scriptMs, async () => {
    const answer = await node.application();
    if (answer !== null) tools.stage.record('application', answer.pid);
    return { ok: answer !== null && answer.pid !== oldPid, detail: answer === null ? 'no answer' : `pid ${answer.pid}` };
  });
  await tools.expect(`${used} of 3 restarts are used`, scriptMs, async () => {
    const { budget } = await node.status();
    return { ok: budget.used === used && budget.max === 3, detail: `${budget.used} of ${budget.max}` };
  });
}

async function expectState(tools: StepTools, name: NodeName, state: string, quality: string, withinMs: number): Promise<void> {
  await tools.expect(`${name} is ${state} (${quality})`, withinMs, async () => {
    const status = await tools.stage.nodes[name].status();
    return {
      ok: status.state === state && status.quality === quality,
      detail: status.state === state && status.quality === quality ? '' : `${status.state} (${status.quality})`,
    };
  });
}

/** Asked of the API: a probe of ours would be one more prober that the drain waits for. */
async function expectNotReady(tools: StepTools, name: NodeName): Promise<void> {
  await tools.expect(`${name} tells its probers 404`, 2_000, async () => !(await tools.stage.nodes[name].status()).ready);
}

async function expectBalancer(tools: StepTools, target: NodeName, wanted: TargetState): Promise<void> {
  const { policy } = tools.options;
  // It may have to see the state before this one first: an unhealthy target that has just come back, for example.
  const withinMs = scriptMs + noticeTimeMs(policy, 'unhealthy') + noticeTimeMs(policy, 'healthy') + slackMs;
  await tools.expect(`the balancer finds ${target} ${wanted}`, withinMs, () => {
    const state = tools.stage.balancer.stateOf(target);
    return { ok: state === wanted, detail: state === wanted ? '' : state };
  });
}

/** For a second, the answers come from these nodes, from each of them, and none fails. */
async function expectServed(tools: StepTools, nodes: readonly NodeName[]): Promise<void> {
  // The last answers before now may be of connections that were made before the balancer changed its mind.
  await tools.pass(300);
  const beginMs = monotonicMs();
  await tools.pass(1_000);
  const endMs = monotonicMs();
  await tools.pass(500);
  const counts = tools.stage.traffic.counts(beginMs, endMs);
  const enough = tools.options.rate === 0 || counts.sent > 0;
  const only = Object.keys(counts.byNode).sort().join() === [...nodes].sort().join();
  const seen = Object.entries(counts.byNode).map(([node, count]) => `${node} ${count}`);
  tools.check(
    `for a second the answers come from ${nodes.join(' and ')}, and none fails`,
    enough && counts.failed === 0 && only,
    `${counts.sent} sent, ${counts.failed} failed, ${seen.join(', ')}`,
  );
}

async function sameView(tools: StepTools, wanted: readonly NodeName[]): Promise<Finding> {
  for (const name of wanted) {
    const members = (await tools.stage.nodes[name].cluster()).view?.members;
    if (!sameMembers(members, wanted)) return { ok: false, detail: `${name} sees ${members?.join(', ') ?? 'nobody'}` };
  }
  return true;
}
function sameMembers(members: readonly string[] | undefined, wanted: readonly string[]): boolean {
  return members !== undefined && [...members].sort().join() === [...wanted].sort().join();
}
function samePid(before: number, now: number | undefined): Finding {
  return { ok: now === before, detail: now === undefined ? 'no answer' : `pid ${now}` };
}
