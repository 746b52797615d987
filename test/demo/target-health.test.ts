import fc from 'fast-check';
import t from 'tap';
import {
  type HealthPolicy,
  healthPresets,
  judge,
  newTarget,
  noticeTimeMs,
  type PresetName,
  type ProbeResult,
  probeFailure,
  routable,
  type TargetHealth,
  type TargetState,
} from '../../src/demo/target-health.js';

const ok: ProbeResult = { kind: 'response', status: 200 };
const notFound: ProbeResult = { kind: 'response', status: 404 };
const refused: ProbeResult = { kind: 'error', message: 'ECONNREFUSED' };
const timeout: ProbeResult = { kind: 'timeout' };

function states(policy: HealthPolicy, results: readonly ProbeResult[], from: TargetHealth = newTarget(0)): TargetState[] {
  let health = from;
  return results.map((result, index) => {
    health = judge(policy, health, result, index + 1);
    return health.state;
  });
}
function known(state: TargetState): TargetHealth {
  return { state, successes: 0, failures: 0, reason: null, changedAtMs: 0 };
}

t.test('the presets carry the documented figures', (t) => {
  // [preset, interval, timeout, healthy, initial, unhealthy, success codes, all unhealthy, established connections]
  const rows: readonly [PresetName, number, number, number, number, number, string, string, string][] = [
    ['demo', 1_000, 900, 2, 2, 2, '200-399', 'all', 'keep'],
    ['aws-alb', 30_000, 5_000, 5, 1, 2, '200-200', 'all', 'keep'],
    ['aws-nlb', 30_000, 6_000, 5, 5, 2, '200-399', 'all', 'reset'],
    ['azure', 5_000, 5_000, 1, 1, 1, '200-200', 'none', 'keep'],
    ['gcp', 5_000, 5_000, 2, 2, 2, '200-200', 'all', 'keep'],
  ];
  for (const [name, interval, timeoutMs, healthy, initial, unhealthy, codes, all, established] of rows) {
    const policy = healthPresets[name];
    t.same(
      [
        policy.intervalMs,
        policy.timeoutMs,
        policy.healthyThreshold,
        policy.initialThreshold,
        policy.unhealthyThreshold,
        `${policy.successCodes.from}-${policy.successCodes.to}`,
        policy.whenAllUnhealthy,
        policy.establishedConnections,
      ],
      [interval, timeoutMs, healthy, initial, unhealthy, codes, all, established],
      name,
    );
    t.ok(policy.timeoutMs <= policy.intervalMs, `${name}: a probe ends before the next begins`);
  }
  t.same(Object.keys(healthPresets).sort(), rows.map(([name]) => name).sort());
  t.end();
});

t.test('what a target becomes, probe by probe', (t) => {
  const rows: readonly [string, PresetName, TargetState, readonly ProbeResult[], readonly TargetState[]][] = [
    ['two successes in a row make a new target healthy', 'demo', 'initial', [ok, ok], ['initial', 'healthy']],
    [
      'a failure between them starts the count again',
      'demo',
      'initial',
      [ok, notFound, ok, ok],
      ['initial', 'initial', 'initial', 'healthy'],
    ],
    ['two failures in a row make a new target unhealthy', 'demo', 'initial', [refused, timeout], ['initial', 'unhealthy']],
    ['one failure is forgiven', 'demo', 'healthy', [notFound, ok, notFound, ok], ['healthy', 'healthy', 'healthy', 'healthy']],
    ['two are not', 'demo', 'healthy', [notFound, refused], ['healthy', 'unhealthy']],
    ['the way back takes two', 'demo', 'unhealthy', [ok, ok], ['unhealthy', 'healthy']],
    ['an application balancer takes a new target after one', 'aws-alb', 'initial', [ok], ['healthy']],
    [
      'but an unhealthy one only after five',
      'aws-alb',
      'unhealthy',
      [ok, ok, ok, ok, ok],
      ['unhealthy', 'unhealthy', 'unhealthy', 'unhealthy', 'healthy'],
    ],
    [
      'a network balancer asks five of a new target',
      'aws-nlb',
      'initial',
      [ok, ok, ok, ok, ok],
      ['initial', 'initial', 'initial', 'initial', 'healthy'],
    ],
    ['azure believes a failure at once', 'azure', 'healthy', [notFound, ok], ['unhealthy', 'healthy']],
    ['gcp takes two each way', 'gcp', 'healthy', [timeout, timeout, ok, ok], ['healthy', 'unhealthy', 'unhealthy', 'healthy']],
  ];
  for (const [name, preset, from, results, expected] of rows) {
    t.same(states(healthPresets[preset], results, known(from)), expected, name);
  }
  t.end();
});

t.test('which answers are a success', (t) => {
  const rows: readonly [PresetName, number, string | null][] = [
    ['demo', 199, 'HTTP 199'],
    ['demo', 200, null],
    ['demo', 302, null],
    ['demo', 399, null],
    ['demo', 400, 'HTTP 400'],
    ['demo', 404, 'HTTP 404'],
    ['aws-alb', 201, 'HTTP 201'],
    ['aws-nlb', 399, null],
    ['azure', 204, 'HTTP 204'],
    ['gcp', 301, 'HTTP 301'],
    ['gcp', 200, null],
  ];
  for (const [preset, status, expected] of rows) {
    t.equal(probeFailure(healthPresets[preset], { kind: 'response', status }), expected, `${preset} ${status}`);
  }
  t.equal(probeFailure(healthPresets.demo, timeout), 'no answer in 900 ms');
  t.equal(probeFailure(healthPresets.demo, refused), 'ECONNREFUSED');
  t.end();
});

t.test('the time of the last change and the reason are kept', (t) => {
  const policy = healthPresets.demo;
  const first = judge(policy, known('healthy'), notFound, 10);
  t.match(first, { state: 'healthy', failures: 1, successes: 0, reason: 'HTTP 404', changedAtMs: 0 });
  const second = judge(policy, first, notFound, 20);
  t.match(second, { state: 'unhealthy', failures: 2, reason: 'HTTP 404', changedAtMs: 20 });
  t.match(judge(policy, second, ok, 30), { state: 'unhealthy', failures: 0, successes: 1, reason: null, changedAtMs: 20 });
  t.end();
});

t.test('where new connections go', (t) => {
  const rows: readonly [string, PresetName, readonly TargetState[], readonly number[]][] = [
    ['to the healthy', 'demo', ['healthy', 'unhealthy', 'healthy'], [0, 2]],
    ['not to one that was never judged', 'demo', ['initial', 'healthy'], [1]],
    ['to all when all are unhealthy: fail open', 'aws-nlb', ['unhealthy', 'unhealthy'], [0, 1]],
    ['not while one is still initial', 'aws-nlb', ['unhealthy', 'initial'], []],
    ['nowhere when all are initial', 'aws-alb', ['initial', 'initial'], []],
    ['nowhere on azure when all are unhealthy', 'azure', ['unhealthy', 'unhealthy'], []],
    ['nowhere without targets', 'azure', [], []],
  ];
  for (const [name, preset, targets, expected] of rows)
    t.same(routable(healthPresets[preset], targets.map(known)), expected, name);
  t.end();
});

t.test('how long a balancer takes to notice', (t) => {
  t.equal(noticeTimeMs(healthPresets.demo, 'unhealthy'), 2_900);
  t.equal(noticeTimeMs(healthPresets['aws-alb'], 'unhealthy'), 65_000, 'the reference says 35 to 65 s');
  t.equal(noticeTimeMs(healthPresets['aws-nlb'], 'healthy'), 156_000);
  t.equal(noticeTimeMs(healthPresets.azure, 'healthy'), 10_000);
  t.end();
});

t.test('properties', (t) => {
  const result = fc.oneof(
    fc.constantFrom<ProbeResult>(timeout, refused),
    fc.integer({ min: 100, max: 599 }).map((status): ProbeResult => ({ kind: 'response', status })),
  );
  const preset = fc.constantFrom<PresetName>('demo', 'aws-alb', 'aws-nlb', 'azure', 'gcp');
  fc.assert(
    fc.property(preset, fc.array(result, { maxLength: 60 }), (name, results) => {
      const policy = healthPresets[name];
      let health = newTarget(0);
      for (const [index, each] of results.entries()) {
        const before = health;
        health = judge(policy, health, each, index + 1);
        const good = probeFailure(policy, each) === null;
        if (health.successes > 0 && health.failures > 0) return false;
        // A success never makes a target worse, a failure never better.
        if (good && health.state === 'unhealthy' && before.state !== 'unhealthy') return false;
        if (!good && health.state === 'healthy' && before.state !== 'healthy') return false;
        if (health.state === 'initial' && before.state !== 'initial') return false;
        if (health.state !== before.state && health.changedAtMs !== index + 1) return false;
      }
      return true;
    }),
  );
  fc.assert(
    fc.property(
      preset,
      fc.array(fc.constantFrom<TargetState>('initial', 'healthy', 'unhealthy'), { maxLength: 8 }),
      (name, list) => {
        const chosen = routable(healthPresets[name], list.map(known));
        if (list.includes('healthy')) return chosen.every((index) => list[index] === 'healthy') && chosen.length > 0;
        return chosen.every((index) => list[index] === 'unhealthy');
      },
    ),
  );
  t.end();
});
