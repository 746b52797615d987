/** The runner of scenarios, on a stage of plain objects: what it waits for, what it reports, how it ends. */
import t from 'tap';
import { monotonicMs } from '../../src/demo/clock.js';
import { clusterXml, layOut, type NodeName } from '../../src/demo/layout.js';
import type { BalancerEvent } from '../../src/demo/load-balancer.js';
import type { DemoNode } from '../../src/demo/node-control.js';
import { parseOptions } from '../../src/demo/options.js';
import type { CheckReport, StepReport } from '../../src/demo/report.types.js';
import { playScenario, type Step } from '../../src/demo/scenario.js';
import type { Stage } from '../../src/demo/stage.js';
import { countRequests } from '../../src/demo/traffic.js';
import type { RequestResult } from '../../src/demo/traffic.types.js';
import type { LogLine } from '../../src/http/api-types.js';

const layout = layOut('/nowhere', 20_000);

interface Fake {
  readonly stage: Stage;
  readonly tell: (event: BalancerEvent) => void;
  readonly log: LogLine[];
  readonly results: RequestResult[];
}
function fake(): Fake {
  const log: LogLine[] = [];
  const results: RequestResult[] = [];
  const listeners: ((event: BalancerEvent) => void)[] = [];
  const node = (name: NodeName): DemoNode => {
    const own = layout.nodes.find((each) => each.name === name);
    if (own === undefined) throw new Error(name);
    const unused = (): Promise<never> => Promise.reject(new Error('not asked for in this test'));
    return {
      layout: own,
      startDaemon: unused,
      daemon: () => null,
      configureCluster: unused,
      exportCluster: unused,
      importCluster: unused,
      installModule: unused,
      command: unused,
      status: unused,
      cluster: unused,
      logs: async (sinceWallMs) => (name === 'n1' ? log.filter((line) => line.wallMs >= sinceWallMs) : []),
      userlogs: unused,
      errd: unused,
      application: async () => null,
      powerOff: async () => 0,
    };
  };
  const stage: Stage = {
    layout,
    nodes: { n1: node('n1'), n2: node('n2') },
    balancer: {
      port: 1,
      status: () => ({ targets: [], failOpen: false, counts: { accepted: 0, open: 0, forwarded: {}, failed: 0 } }),
      stateOf: () => 'healthy',
      close: async () => {},
    },
    traffic: {
      pid: 1,
      setRate: () => {},
      counts: (fromMs, toMs) => countRequests(results.filter((each) => each.sentMs >= fromMs && each.sentMs < toMs)),
      total: () => countRequests(results),
      results: () => results,
      settle: async () => {},
      skipped: () => 0,
      close: async () => {},
    },
    onBalancer: (listener) => listeners.push(listener),
    record: () => {},
  };
  return {
    stage,
    log,
    results,
    tell: (event) => {
      for (const listener of listeners) listener(event);
    },
  };
}
function line(message: string): LogLine {
  const wallMs = Date.now();
  return { atMs: monotonicMs(), wallMs, level: 'E', component: 'heart', message, at: new Date(wallMs).toISOString() };
}
async function play(steps: readonly Step[], on: Fake) {
  const titles: string[] = [];
  const done: StepReport[] = [];
  const options = parseOptions(['--scenario', 'failover', '--rate', '10'], '/');
  const checks: CheckReport[] = [];
  const report = await playScenario('test', steps, on.stage, options, {
    begins: (title) => titles.push(title),
    checked: (check) => checks.push(check),
    ended: (step) => done.push(step),
  });
  return { report, titles, checks, done };
}

t.test('steps, checks, log lines and the balancer make one timeline', async (t) => {
  const on = fake();
  let looks = 0;
  const { report, titles, checks, done } = await play(
    [
      {
        name: 'one',
        title: 'first step',
        noFailures: true,
        run: async (tools) => {
          tools.mark('something breaks');
          on.log.push(line('Script stop_both > userlog'));
          on.tell({
            type: 'target.changed',
            target: 'n1',
            from: 'healthy',
            to: 'unhealthy',
            reason: 'HTTP 404',
            atMs: monotonicMs(),
          });
          on.tell({ type: 'connection.failed', target: 'n1', reason: 'ECONNREFUSED', atMs: monotonicMs() });
          on.results.push({ sentMs: monotonicMs(), tookMs: 2, node: 'n2', error: null });
          await tools.expectLog('n1', 'Script stop_both', 1_000);
          await tools.expect('third look', 5_000, () => {
            looks += 1;
            return { ok: looks === 3, detail: `look ${looks}` };
          });
          await tools.expect('an error is no end', 5_000, () => {
            looks += 1;
            if (looks < 6) throw new Error('daemon down');
            return true;
          });
          tools.check('looked at once', true, 'good');
        },
      },
    ],
    on,
  );
  t.equal(report.ok, true);
  t.same(report.problems, []);
  t.same(
    report.steps[0]?.checks.map((check) => [check.what, check.ok, check.detail, check.withinMs]),
    [
      ["n1 logs 'Script stop_both'", true, null, 1_000],
      ['third look', true, 'look 3', 5_000],
      ['an error is no end', true, null, 5_000],
      ['looked at once', true, 'good', null],
      ['no request failed', true, null, null],
    ],
  );
  t.match(report.requests, { sent: 1, failed: 0, byNode: { n2: 1 }, latency: { medianMs: 2 } });
  t.same(done, report.steps);
  t.same(titles, ['first step']);
  t.same(checks, report.steps[0]?.checks);
  const texts = report.timeline.map((entry) => `${entry.where}: ${entry.what}`);
  t.same(
    [...texts].sort(),
    [
      'balancer: n1 healthy → unhealthy (HTTP 404)',
      'demo: something breaks',
      'demo: — first step',
      'n1: heart: Script stop_both > userlog',
    ].sort(),
  );
  t.ok(
    report.timeline.every((entry, index, all) => index === 0 || entry.atMs >= (all[index - 1]?.atMs ?? 0)),
    'in the order of time',
  );
});

t.test('a check that is not met in time ends the scenario', async (t) => {
  const { report } = await play(
    [
      {
        name: 'one',
        title: 'first',
        noFailures: false,
        run: (tools) => tools.expect('never', 40, () => ({ ok: false, detail: 'still not' })),
      },
      { name: 'two', title: 'second', noFailures: false, run: () => Promise.reject(new Error('not played')) },
    ],
    fake(),
  );
  t.equal(report.ok, false);
  t.same(report.notPlayed, ['second']);
  t.same(report.problems, ['never (seen: still not)']);
  t.match(report.steps, [{ ok: false, checks: [{ what: 'never', ok: false, detail: 'still not', withinMs: 40 }] }]);
  t.match(report.timeline.at(-1), { where: 'demo', what: 'FAILED: never (seen: still not)' });
});

t.test('what became so too late did not become so', async (t) => {
  const { report } = await play(
    [
      {
        name: 'one',
        title: 'first',
        noFailures: false,
        run: (tools) => tools.expect('late', 40, () => ({ ok: true, detail: 'seen', atMs: monotonicMs() + 1_000 })),
      },
    ],
    fake(),
  );
  t.equal(report.ok, false);
});

t.test('a step fails when a request failed where none may, when a look finds it wrong, and when it breaks', async (t) => {
  const on = fake();
  const rows: readonly [Step['run'], RegExp][] = [
    [
      async () => void on.results.push({ sentMs: monotonicMs(), tookMs: 1, node: null, error: 'ECONNRESET' }),
      /requests failed where none may/,
    ],
    [async (tools) => tools.check('it is so', false, 'it is not'), /it is so \(seen: it is not\)/],
    [() => Promise.reject(new Error('boom')), /first: boom/],
  ];
  for (const [run, expected] of rows) {
    const { report } = await play([{ name: 'one', title: 'first', noFailures: true, run }], on);
    t.equal(report.ok, false);
    t.match(report.problems[0], expected);
  }
});

t.test('cluster.xml has both nodes', (t) => {
  t.match(clusterXml(layout), '<lans port="20003">');
  t.end();
});
