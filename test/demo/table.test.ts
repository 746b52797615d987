import t from 'tap';
import { fit } from '../../src/demo/live.js';
import { checkLine, countsText, duration, latencyOf, reportText, stepLine, timelineLine } from '../../src/demo/report.js';
import type { ScenarioReport, StepReport } from '../../src/demo/report.types.js';
import { type NodeRow, renderLine, renderTable } from '../../src/demo/table.js';
import { addCounts, countRequests } from '../../src/demo/traffic.js';

const n1: NodeRow = {
  name: 'n1',
  address: '127.0.0.1',
  daemonPid: 100,
  state: 'UP',
  quality: 'Ready',
  share: 50,
  restartsUsed: 1,
  restartsMax: 3,
  applicationPid: 200,
  balancer: 'healthy',
  balancerReason: null,
  requests: 42,
};
const n2: NodeRow = {
  ...n1,
  name: 'n2',
  address: '127.0.0.2',
  daemonPid: null,
  state: null,
  quality: null,
  share: null,
  restartsUsed: null,
  restartsMax: null,
  applicationPid: null,
  balancer: 'unhealthy',
  balancerReason: 'ECONNREFUSED',
  requests: 7,
};

t.test('the table', (t) => {
  const lines = renderTable({ rows: [n1, n2], sent: 50, failed: 1, failOpen: false }, false);
  t.same(lines, [
    '┌──────┬───────────┬─────────┬────────────┬───────┬──────────┬─────────────┬─────────────────────────┬──────────┐',
    '│ node │ address   │ daemon  │ module web │ share │ restarts │ application │ balancer                │ requests │',
    '├──────┼───────────┼─────────┼────────────┼───────┼──────────┼─────────────┼─────────────────────────┼──────────┤',
    '│ n1   │ 127.0.0.1 │ pid 100 │ UP (Ready) │ 50 %  │ 1 of 3   │ pid 200     │ healthy                 │ 42       │',
    '│ n2   │ 127.0.0.2 │ down    │ no answer  │ -     │ -        │ down        │ unhealthy: ECONNREFUSED │ 7        │',
    '└──────┴───────────┴─────────┴────────────┴───────┴──────────┴─────────────┴─────────────────────────┴──────────┘',
    'requests through the balancer: 50 sent, 1 failed',
  ]);
  const coloured = renderTable(
    { rows: [n1, { ...n1, quality: 'Transient', balancer: 'initial' }, n2], sent: 0, failed: 0, failOpen: true },
    true,
  );
  t.match(coloured[3], '\u001b[32mUP (Ready)');
  t.match(coloured[4], '\u001b[33mUP (Transient)');
  t.match(coloured[4], '\u001b[33minitial');
  t.match(coloured[5], '\u001b[31mno answer');
  t.match(coloured.at(-1), 'fail open');
  t.equal(
    renderLine({ rows: [n1], sent: 50, failed: 1, failOpen: false }),
    'n1: daemon pid 100, UP (Ready), share 50 %, restarts 1 of 3, application pid 200, balancer healthy, requests 42 | 50 sent, 1 failed',
  );
  t.end();
});

t.test('a line is cut to the width of the terminal, not its colours', (t) => {
  t.equal(fit('abcdef', 5), 'abcd');
  t.equal(fit('\u001b[32mabc\u001b[0mdef', 6), '\u001b[32mabc\u001b[0mde');
  t.equal(fit('\u001b[32mabc\u001b[0m', 3), '\u001b[32mab\u001b[0m');
  t.end();
});

t.test('requests are counted', (t) => {
  const results = [
    { sentMs: 1, tookMs: 3, node: 'n1', error: null },
    { sentMs: 2, tookMs: 1, node: 'n2', error: null },
    { sentMs: 3, tookMs: 2, node: 'n1', error: null },
    { sentMs: 4, tookMs: 9, node: null, error: 'ECONNRESET' },
  ];
  const counts = countRequests(results);
  t.same(counts, { sent: 4, failed: 1, byNode: { n1: 2, n2: 1 }, failures: { ECONNRESET: 1 } });
  t.same(addCounts(counts, counts), { sent: 8, failed: 2, byNode: { n1: 4, n2: 2 }, failures: { ECONNRESET: 2 } });
  t.equal(countsText(counts), '4 sent, 1 failed (ECONNRESET 1), n1 2, n2 1');
  t.equal(countsText(countRequests([])), '0 sent, 0 failed');
  t.same(latencyOf(results), { medianMs: 2, p99Ms: 3, maxMs: 3 }, 'a failure has no time of an answer');
  t.equal(latencyOf([]), null);
  t.end();
});

t.test('the text of a report', (t) => {
  t.equal(duration(849.6), '850 ms');
  t.equal(duration(2_345), '2.35 s');
  t.equal(
    timelineLine({ atMs: 12_345.6, afterMs: 20.4, where: 'n1', what: 'heart: Local state UP Ready' }),
    '  12.346 s    +20 ms  n1        heart: Local state UP Ready',
  );
  t.equal(timelineLine({ atMs: 5, afterMs: null, where: 'demo', what: 'begin' }), '   0.005 s            demo      begin');
  t.equal(
    checkLine({ what: 'it is up', ok: true, afterMs: 20, withinMs: 1_500, detail: null }),
    '  ok      it is up  20 ms (within 1.50 s)',
  );
  t.equal(checkLine({ what: 'it is up', ok: false, afterMs: 20, withinMs: null, detail: 'down' }), '  FAILED  it is up: down');
  const step: StepReport = {
    name: 'a',
    title: 'first',
    ok: false,
    startMs: 0,
    durationMs: 1_000,
    checks: [{ what: 'it is up', ok: false, afterMs: 20, withinMs: 30, detail: 'down' }],
    requests: countRequests([]),
  };
  t.equal(stepLine(step), 'FAILED  first  [1.00 s; 0 sent, 0 failed]');
  const report: ScenarioReport = {
    scenario: 'failover',
    ok: false,
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1_000,
    environment: { node: 'v20', platform: 'linux', cpus: 2 },
    balancer: { preset: 'demo', intervalMs: 1_000, unhealthyThreshold: 2, healthyThreshold: 2 },
    ratePerSecond: 50,
    steps: [step],
    notPlayed: ['second'],
    timeline: [{ atMs: 5, afterMs: null, where: 'demo', what: 'begin' }],
    requests: { ...countRequests([]), skipped: 3, latency: { medianMs: 1, p99Ms: 2, maxMs: 3 } },
    problems: ['it is up (seen: down)'],
  };
  const text = reportText(report);
  for (const part of [
    'FAILED  first',
    '--      second  [not played]',
    'Timeline',
    'begin',
    '3 not sent',
    'p99 2 ms',
    'Problem: it is up',
    'FAILED: 0 of 2 steps',
  ]) {
    t.match(text, part);
  }
  t.match(reportText({ ...report, ok: true, notPlayed: [], steps: [{ ...step, ok: true }] }), 'Passed: 1 of 1 steps');
  t.end();
});
