import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { outline } from '../../src/cli/commands/config.js';
import { runCli } from './harness.js';

const farm = `<?xml version="1.0"?>
<!DOCTYPE safe>
<safe>
  <macro name="SERVICE" value="%WEB%"/>
  <service mode="farm" maxloop="3" loop_interval="24">
    <farm><lan name="default"/></farm>
    <errd polltimer="10"><proc name="%SERVICE%" atleast="1" action="restart" class="both"/></errd>
    <user nicestoptimeout="300" forcestoptimeout="300" logging="userlog"/>
  </service>
</safe>
`;

t.test('a file is checked without a daemon', async (t) => {
  const dir = t.testdir({ 'userconfig.xml': farm });
  const ran = await runCli(['confcheck', 'userconfig.xml'], { cwd: dir, env: { WEB: 'httpd', SAFEMODULE: 'farm' } });
  t.strictSame([ran.code, ran.err], [0, '']);
  t.match(ran.out, 'service:\n  mode: farm\n');
  t.match(ran.out, '  loopIntervalMs: 86400000\n');
  t.match(ran.out, '    - name: httpd\n', 'macros and the environment are expanded');
  const json: unknown = JSON.parse(
    (await runCli(['confcheck', join(dir, 'userconfig.xml'), '--json'], { env: { WEB: 'httpd' } })).out,
  );
  t.match(json, {
    config: { service: { mode: 'farm', maxloop: 3 }, errd: { pollTimerMs: 10_000, procs: [{ name: 'httpd' }] } },
    warnings: [],
  });
});

t.test('every error at once, exit 2', async (t) => {
  const dir = t.testdir({ 'bad.xml': farm.replace('mode="farm"', 'mode="fram"').replace('maxloop="3"', 'maxloop="many"') });
  const ran = await runCli(['confcheck', 'bad.xml'], { cwd: dir, env: { WEB: 'httpd' } });
  t.equal(ran.code, 2);
  t.equal(ran.out, '');
  const lines = ran.err.trimEnd().split('\n');
  t.ok(lines.length >= 2);
  for (const line of lines) t.match(line, /^bad\.xml:\d+:\d+: (error|warning) CONF_[A-Z_]+: ./);
  t.match(ran.err, 'fram');
  t.match(ran.err, 'many');
  const json = await runCli(['confcheck', 'bad.xml', '--json'], { cwd: dir, env: { WEB: 'httpd' } });
  t.equal(json.code, 2);
  t.match(JSON.parse(json.err), { code: 'CONF_INVALID', problems: [{ file: 'bad.xml', line: 5 }] });
});

t.test('failover rules are shown as they are evaluated, and refused with a caret', async (t) => {
  const rules = (text: string) => farm.replace('</service>', `<failover><![CDATA[\n${text}\n]]></failover></service>`);
  const dir = t.testdir({
    'good.xml': rules('mine: if (down==local.proc.httpd&&(proc.httpd != init)) then stop();'),
    'bad.xml': rules('mine: if (proc.httpd = down) then stop();'),
  });
  const env = { WEB: 'httpd' };
  const good = await runCli(['confcheck', 'good.xml'], { cwd: dir, env });
  t.strictSame([good.code, good.err], [0, '']);
  t.match(good.out, '\nrules:\n  module_failure: if (module.? == down) then wait(); /* default */\n');
  t.match(good.out, '\n  mine: if (proc.httpd == down && proc.httpd != init) then stop(); /* line 10 */\n');
  t.notMatch(good.out, 'kind: compare', 'as text alone');
  const json: unknown = JSON.parse((await runCli(['confcheck', 'good.xml', '--json'], { cwd: dir, env })).out);
  t.match(json, { rules: [{}, {}, {}, { label: 'mine', action: 'stop', source: 'user', line: 10 }] });
  const bad = await runCli(['confcheck', 'bad.xml'], { cwd: dir, env });
  t.equal(bad.code, 2);
  t.match(bad.err, `    mine: if (proc.httpd = down) then stop();\n    ${' '.repeat(21)}^`);
});

t.test('warnings do not fail', async (t) => {
  const dir = t.testdir({
    'warned.xml': farm
      .replace('<service ', '<service maxlop="3" ')
      .replace('</service>', '<check><ping ident="p"><to addr="127.0.0.1"/></ping></check></service>'),
  });
  const ran = await runCli(['confcheck', 'warned.xml'], { cwd: dir, env: { WEB: 'httpd' } });
  t.equal(ran.code, 0);
  t.match(ran.err, /warned\.xml:5:\d+: warning CONF_ATTRIBUTE_UNKNOWN: .*maxlop/);
});

t.test('what a version does not carry out yet is a warning', async (t) => {
  const dir = t.testdir({
    'mirror.xml': '<safe><service mode="mirror"><heart><heartbeat name="default"/></heart></service></safe>',
  });
  const ran = await runCli(['confcheck', 'mirror.xml'], { cwd: dir });
  t.equal(ran.code, 0, 'it is valid');
  const { unsupported } = await import('../../src/config/unsupported.js');
  const { parseUserConfig } = await import('../../src/config/module-config.js');
  const parsed = parseUserConfig(
    '<safe><service mode="mirror"><heart><heartbeat name="default"/></heart></service></safe>',
    'x',
    {},
  );
  if (!parsed.ok) throw new Error('the mirror is valid');
  const expected = unsupported(parsed.value).map(
    (part) => `mirror.xml:${part.line}:1: warning CONF_UNSUPPORTED: ${part.message} This version refuses to apply it.\n`,
  );
  t.equal(ran.err, expected.join(''));
});

t.test('cluster.xml', async (t) => {
  const dir = t.testdir({
    'cluster.xml':
      '<cluster><lans><lan name="default"><node name="n1" addr="127.0.0.1"/><node name="n2" addr="127.0.0.2"/></lan></lans></cluster>',
    'bad.xml': '<cluster><lans><lan></lans></cluster>',
  });
  const ran = await runCli(['cluster', 'confcheck', 'cluster.xml'], { cwd: dir });
  t.strictSame([ran.code, ran.err], [0, '']);
  t.match(ran.out, 'port: 4800\n');
  t.match(await runCli(['cluster', 'confcheck', 'bad.xml'], { cwd: dir }), {
    code: 2,
    out: '',
    err: /^bad\.xml:1:\d+: error CONF_/,
  });
});

t.test('files that are none', async (t) => {
  const dir = t.testdir();
  writeFileSync(join(dir, 'binary.xml'), Buffer.from([0x3c, 0xff, 0xfe]));
  t.strictSame(await runCli(['confcheck', 'binary.xml'], { cwd: dir }), {
    code: 2,
    out: '',
    err: 'CONF_INVALID: binary.xml is not UTF-8 text\n',
  });
  t.match(await runCli(['confcheck', 'none.xml'], { cwd: dir }), {
    code: 2,
    err: /^USAGE: the file none\.xml cannot be read: ENOENT/,
  });
  t.match(await runCli(['confcheck', '.'], { cwd: dir }), { code: 2, err: /^USAGE: the file \. cannot be read: EISDIR/ });
  t.match(await runCli(['confcheck', '-m', 'farm', 'x.xml'], { cwd: dir }), { code: 2, err: /either -m AM or a file/ });
});

t.test('the outline', async (t) => {
  t.equal(
    outline({ a: 1, none: null, empty: [], text: '', list: [1, { b: true, c: [2] }], deep: { d: 'x\ny' } }),
    'a: 1\ntext: ""\nlist:\n  - 1\n  - b: true\n    c:\n      - 2\ndeep:\n  d: x y\n',
  );
});
