import t from 'tap';
import type { RuleReport, RuleStatus } from '../../src/http/api-types.js';
import { calm } from './fixtures.js';
import { scenario } from './harness.js';

const rule = (label: string, over: Partial<RuleStatus> = {}): RuleStatus => ({
  ...{ label, action: 'restart', source: 'user', line: 7, condition: `custom.${label} == down`, truth: 'fails' },
  ...{ considered: true, why: `custom.${label} is up`, parts: [], active: false, remainingMs: null },
  ...over,
});
const report: RuleReport = {
  ...{ module: 'farm', node: 'n1', phase: 'up', enabled: true, handleTimeMs: 2000 },
  rules: [
    rule('ip_failure', { source: 'default', line: null, action: 'stopstart' }),
    rule('pending', { truth: 'holds', remainingMs: 1250, why: 'custom.pending is down' }),
    rule('acting', { truth: 'holds', active: true }),
    rule('holding', { truth: 'holds' }),
    rule('idle', { truth: 'holds', considered: false }),
    rule('unchecked', { truth: 'init', why: 'x is init\u001b[31m' }),
  ],
};
const answering = (over: Partial<RuleReport> = {}) => ({ ...calm, getRules: () => ({ json: { ...report, ...over } }) });

scenario(t, 'rules: how each stands, and why', answering(), async (t, { daemon, cli }) => {
  const ran = await cli(['rules', '-m', 'farm']);
  t.equal(ran.code, 0);
  t.strictSame(
    ran.out.split('\n'),
    [
      'farm on n1: the module is up: all rules are evaluated',
      'an action is carried out when its rule has held for 2.0 s',
      'RULE        HOLDS        ACTION     FROM     CONDITION                 WHY',
      'ip_failure  no           stopstart  default  custom.ip_failure == down  custom.ip_failure is up',
      'pending     in 1.3 s     restart    line 7   custom.pending == down     custom.pending is down',
      'acting      active       restart    line 7   custom.acting == down      custom.acting is up',
      'holding     holds        restart    line 7   custom.holding == down     custom.holding is up',
      'idle        holds, idle  restart    line 7   custom.idle == down        custom.idle is up',
      'unchecked   init         restart    line 7   custom.unchecked == down   x is init?[31m',
      '',
    ].map((line, index) =>
      index === 2 ? line.replace('CONDITION                 WHY', 'CONDITION                  WHY') : line,
    ),
  );
  t.match(daemon.requests[0], { operation: 'getRules', params: { module: 'farm' } });
  t.strictSame(JSON.parse((await cli(['rules', '-m', 'farm', '--json'])).out), report);
  t.match(await cli(['rules']), { code: 2, err: /^USAGE: which module/ });
});

for (const [over, said] of [
  [{ phase: 'off' }, 'no rule is evaluated while the module is stopped'],
  [{ phase: 'evaluating' }, 'before the start only rules that wait'],
  [{ phase: 'blocked' }, 'the module waits: only rules that wait'],
  [{ enabled: false }, 'failover rules are switched off'],
] as const) {
  scenario(t, `rules: ${said}`, answering(over), async (t, { cli }) => t.match((await cli(['rules', '-m', 'farm'])).out, said));
}
