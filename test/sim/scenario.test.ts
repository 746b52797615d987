import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parseCondition, parseScenario, parseStep, stepForms, timeOf } from '../../src/sim/scenario-parse.js';
import { runSimulate } from '../../src/sim/simulate.js';

const root = join(import.meta.dirname, '..', '..');
const examples = join(root, 'docs', 'scenarios');

t.test('every documented example gives its golden trace, twice', async (t) => {
  const names = readdirSync(examples).filter((name) => name.endsWith('.yaml'));
  t.ok(names.length >= 6);
  for (const name of names) {
    const first = await runSimulate([join(examples, name)]);
    t.equal(first.out, readFileSync(join(examples, name.replace('.yaml', '.expected.txt')), 'utf8'), name);
    t.equal(first.code, 0, 'all its expectations are met');
    t.equal((await runSimulate([join(examples, name)])).out, first.out);
  }
});

t.test('mistakes are told with their lines, all at once', (t) => {
  const text = `title: x
nodes: two
fro: 10s
for: 20s
steps:
  - at 10s: kill everything
  - at 30s: heal
  - at 5s: power off n9
  - whenever: heal
expect:
  - n1 is DOWN
`;
  const result = parseScenario(text, 'x.yaml', null);
  t.notOk(result.ok);
  const problems = result.ok ? [] : result.problems;
  for (const [line, words] of [
    [2, 'nodes is a number'],
    [3, "there is no key 'fro'"],
    [6, "'kill everything' is no step"],
    [7, 'after the end'],
    [8, 'there is no node n9'],
    [9, "an entry is written 'at TIME: …'"],
    [11, "'n1 is DOWN' is no expectation"],
  ] as const) {
    t.ok(
      problems.some((problem) => problem.startsWith(`x.yaml:${line}: `) && problem.includes(words)),
      `${line}: ${words}`,
    );
  }
  t.equal(problems.length, 7, problems.join('\n'));
  t.match(parseScenario('- a\n', 'y.yaml', null), { ok: false, problems: [/y.yaml:1: a scenario is a map/] });
  t.match(parseScenario('a: [\n', 'z.yaml', null), { ok: false });
  t.end();
});

t.test('each kind of step and expectation is understood', (t) => {
  const steps: readonly string[] = [
    'kill process web on n1',
    'kill application on n1',
    'power off n1',
    'power on n1',
    'suspend n1',
    'resume n1',
    'kill daemon on n1',
    'start daemon on n1',
    'stop daemon on n1',
    'freeze daemon on n1',
    'thaw daemon on n1',
    'cut n1 | n2 n3',
    'cut n1 > n2',
    'heal',
    'lose 20% delay 50ms',
    'fill disk of n1',
    'hang disk of n1',
    'mend disk of n1',
    'cut n1 from balancer',
    'join n1 to balancer',
    'move clock of n1 by -10s',
    'set intf.eth0 to down on n1',
    'fail check tcp.web443 of web on n1',
    'script stop_both on n1 hangs',
    'stop web on all',
  ];
  t.equal(steps.length, stepForms.length);
  for (const [index, step] of steps.entries()) {
    t.type(parseStep(step), 'object', step);
    t.match(step, stepForms[index]?.pattern);
  }
  t.strictSame(parseStep('cut n1 | n2 n3'), { do: 'cut', left: ['n1'], right: ['n2', 'n3'], both: true });
  t.strictSame(parseStep('move clock of n1 by -10s'), { do: 'clock', node: 'n1', deltaMs: -10_000 });
  const check = { do: 'check', resource: 'ping.gw', module: null, node: 'n1' };
  t.strictSame(parseStep('hang check ping.gw on n1'), { ...check, found: 'hang' });
  t.strictSame(parseStep('mend check ping.gw on n1'), { ...check, found: null });
  t.strictSame(parseStep('restart on n2'), { do: 'command', action: 'restart', module: null, node: 'n2' });
  t.strictSame(parseCondition('n1/web is UP'), { is: 'state', node: 'n1', module: 'web', state: 'UP', quality: null });
  t.strictSame(parseCondition('view of n1 is n1 n2'), { is: 'view', node: 'n1', members: ['n1', 'n2'] });
  t.strictSame([timeOf('1.5m'), timeOf('20'), timeOf('250ms')], [90_000, null, 250]);
  t.end();
});

t.test("the user's own files: configuration, cluster, page, JSON, failures", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-simulate-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const scenario = file(
    's.yaml',
    'for: 30s\nsteps:\n  - at 12s: kill process nginx on alpha\nexpect:\n  - alpha is UP Ready\n  - beta is STOP\n',
  );
  const config = file(
    'userconfig.xml',
    '<safe><service mode="farm" boot="off"><farm><lan name="default"/></farm><user/><errd polltimer="5s"><proc name="nginx" argregex="^/opt/nginx -c .*web\\.conf$" class="both" action="restart"/></errd></service></safe>',
  );
  const cluster = file(
    'cluster.xml',
    '<cluster><lans><lan name="default"><node name="alpha" addr="10.0.0.1"/><node name="beta" addr="10.0.0.2"/></lan></lans></cluster>',
  );
  const page = join(directory, 'out.html');
  const outcome = await runSimulate([scenario, '--config', config, '--cluster', cluster, '--json', '--html', page]);
  t.equal(outcome.code, 1, 'an expectation is not met');
  const simulation = JSON.parse(outcome.out);
  t.match(simulation, {
    nodes: ['alpha', 'beta'],
    expectations: [{ met: true }, { met: false, found: 'UP Ready' }],
    violation: null,
  });
  t.ok(simulation.events.some((event: { text: string }) => event.text.includes('Process nginx not running')));
  const html = readFileSync(page, 'utf8');
  t.match(html, /^<!DOCTYPE html>/);
  t.match(html, /not met: UP Ready/);
  t.notMatch(html, /<script|src=|href=|url\(/, 'nothing from outside');

  const bad = file('bad.xml', '<safe><service mode="farm" maxloop="many"/></safe>');
  t.match(await runSimulate([scenario, '--config', bad, '--cluster', cluster]), { code: 2, err: /maxloop/ });
  const clever = file(
    'clever.xml',
    '<safe><service mode="farm"><farm><lan name="default"/></farm><user/><errd><proc name="x" nameregex="^(a|b){3}c$" class="both" action="restart"/></errd></service></safe>',
  );
  t.match(await runSimulate([scenario, '--config', clever, '--cluster', cluster]), { code: 2, err: /too clever/ });
  t.match(await runSimulate([scenario]), { code: 2, err: /s.yaml:3: there is no node alpha/ });
  t.match(await runSimulate([join(directory, 'none.yaml')]), { code: 2, err: /ENOENT/ });
  t.match(await runSimulate([]), { code: 2, err: /which scenario/ });
});

t.test(
  'through the command line',
  { skip: spawnSync('test', ['-f', join(root, 'dist', 'sim', 'simulate.js')]).status !== 0 && 'there is no build' },
  (t) => {
    const cli = (...args: readonly string[]) =>
      spawnSync(process.execPath, [join(root, 'dist', 'cli', 'main.js'), 'simulate', ...args], {
        encoding: 'utf8',
        cwd: examples,
      });
    const good = cli('process-dies.yaml');
    t.equal(good.status, 0, good.stderr);
    t.equal(good.stdout, readFileSync(join(examples, 'process-dies.expected.txt'), 'utf8'));
    const bad = cli('none.yaml');
    t.equal(bad.status, 2);
    t.match(bad.stderr, /^USAGE: ENOENT/);
    t.end();
  },
);
