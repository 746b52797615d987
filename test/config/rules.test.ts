import t from 'tap';
import { mostRules } from '../../src/config/compile-failover.js';
import { parseUserConfig } from '../../src/config/module-config.js';
import { formatProblems } from '../../src/config/problems.js';
import { attempt } from '../../src/config/rules-attempt.js';
import { readLuaRules } from '../../src/config/rules-lua.js';
import { readRules, ruleLimits } from '../../src/config/rules-parser.js';
import { printRule } from '../../src/config/rules-print.js';
import { defaultRulesOf, ruleTable } from '../../src/config/rules-table.js';
import { farmWith, findingsOf, fixture, goodValue, mirrorWith, sees } from './fixtures.js';

const parse = (text: string) => parseUserConfig(text, 'userconfig.xml', {});
const messages = (text: string): readonly string[] =>
  findingsOf(parse(text)).map(({ severity, code, message }) => `${severity} ${code} ${message}`);
const section = (rules: string, attributes = ''): string => `<failover ${attributes}><![CDATA[${rules}]]></failover>`;
const texts = (rules: string): readonly string[] => readRules(rules).rules.map(printRule);
const tableOf = (text: string) => ruleTable(goodValue(parse(text))).map((rule) => `${rule.source} ${printRule(rule)}`);

t.test('every error of all sections is found at once, each with its line and a caret', async (t) => {
  const result = parse(fixture('rules-errors.xml'));
  t.equal(result.ok, false);
  t.equal(`${formatProblems(findingsOf(result))}\n`, fixture('rules-errors.expected.txt'));
  t.match(
    findingsOf(result).find(({ line }) => line === 25),
    {
      code: 'CONF_RULE',
      column: 29,
      element: 'safe/service/failover',
      excerpt: `      state: if (tcp.web == dwon) then restart();\n${' '.repeat(28)}^`,
    },
  );
});

t.test('places are right with every kind of line end, behind macros, and in later sections', async (t) => {
  const text = [
    '<safe><macro name="LONG" value="tcp.a == up &amp;&amp; tcp.b == up"/><macro name="NONE" value=""/><service mode="light"><user/>',
    '<failover><![CDATA[a: if (%LONG%%NONE%) then stop();',
    '/* äöü */ b: if (%LONG% || here == down) then stop(); c: if (%NONE%there == down) then stop();]]><![CDATA[',
    'd: if (%LONG% && %NONE%tcp.x == below) then stop();]]></failover></service></safe>',
  ];
  for (const end of ['\n', '\r\n', '\r']) {
    const errors = findingsOf(parse(text.join(end))).filter(({ severity }) => severity === 'error');
    t.same(
      errors.map(({ line, column }) => text[line - 1]?.slice(column - 1, column + 4)),
      ['here ', 'there', 'below'],
    );
    t.same(
      errors.map(({ excerpt = '' }) => excerpt.slice((excerpt.split('\n')[1]?.length ?? 0) - 1).slice(0, 5)),
      ['here ', 'there', 'below'],
    );
  }
});

t.test('a caret below a long line is below its place', async (t) => {
  const filler = `/* ${'x'.repeat(500)} */`;
  const [found] = findingsOf(parse(farmWith(section(`${filler} r: if (wrong == down) then stop(); ${filler}`))));
  const [line = '', caret = ''] = found?.excerpt?.split('\n') ?? [];
  t.ok(line.length <= 200);
  t.equal(line.slice(caret.length - 1, caret.length + 4), 'wrong');
});

t.test('the canonical text', async (t) => {
  t.same(texts('a:if(down==local.tcp.x)then stop();'), ['a: if (tcp.x == down) then stop();']);
  t.same(texts('a: if (((tcp.x == down)) && (tcp.y != up || !(ip.* == down))) then wait ( ) ;'), [
    'a: if (tcp.x == down && (tcp.y != up || !(ip.* == down))) then wait();',
  ]);
  t.same(texts('a: if (tcp.a == up || tcp.b == up && tcp.c == up) then stop();'), [
    'a: if (tcp.a == up || tcp.b == up && tcp.c == up) then stop();',
  ]);
  t.same(texts('a: if (tcp.a == up == !(tcp.b == up)) then swap();'), ['a: if ((tcp.a == up) == !(tcp.b == up)) then swap();']);
  t.same(texts('a: if (remote.rfs.x != local.rfs.x) then restart();b: if (ip.fe80::1%eth0 == unknown) then stopstart();'), [
    'a: if (remote.rfs.x != rfs.x) then restart();',
    'b: if (ip.fe80::1%eth0 == unknown) then stopstart();',
  ]);
});

t.test('what else cannot be read', async (t) => {
  for (const [text, message, remedy] of [
    [': if (tcp.a == up) then stop();', /`:` stands where a label is expected/, /A rule is/],
    ['then: if (tcp.a == up) then stop();', /The rule has no label/, /A rule is/],
    ['a.b', /`a.b` is no label/, /colon behind it/],
    ['r: if (tcp.a == up) then', /The rules end where an action is expected/, /Use one of: stop, wait/],
    ['r: if (tcp.a == up) then (', /`\(` is no action/, /Use one of/],
    ['r: if (tcp.a == up) then stop()', /The rules end where `;` is expected/, /ends with a semicolon/],
    ['r: if () then stop();', /`\)` stands where a resource or a state is expected/, /Write for example/],
    ['-- a comment', /`-` has no place in a rule/, /A section of Lua begins with|a section of Lua begins with/],
    ['{', /`{` has no place in a rule/, /Take it out/],
    ['r: if (1x.a == up) then stop();', /`1x.a` is no name of a resource/, /A resource is/],
    ['r: if (local.remote.a == up) then stop();', /`local.remote.a` is no name/, /A resource is/],
    ['r: if (tcp.x.* == up) then stop();', /the sign \* or \? stands beside other characters/, /A resource is/],
  ] as const) {
    t.match(readRules(text).errors[0], { message, remedy }, text);
    t.same(readRules(text).rules, [], text);
  }
  t.match(readLuaRules('Rules = Rules + { a = if_then("tcp.a b", "up", Action.stop) }').errors, [
    { message: /`tcp.a b` is no name/ },
  ]);
});

t.test('what is too large is refused', async (t) => {
  const deep = `r: if (${'('.repeat(5_000)}tcp.a == up${')'.repeat(5_000)}) then stop();`;
  t.match(readRules(deep).errors, [{ message: /nested more than 64 deep/ }]);
  t.match(readRules(`r: if (${'!'.repeat(50_000)}(tcp.a == up)) then stop();`).errors, [{ message: /nested more than 64 deep/ }]);
  const long = (count: number) => readRules(`r: if (${Array(count).fill('tcp.a == up').join(' && ')}) then stop();`);
  t.equal(long(ruleLimits.comparisons).rules.length, 1);
  t.match(long(20_000).errors, [{ message: /more than 500 resources/ }]);
  const many = Array.from({ length: mostRules + 1 }, (_, index) => `r${index}: if (tcp.a == up) then stop();`).join('\n');
  sees(t, messages(farmWith(section(many))), [/error CONF_RULE There are more than 1000 rules/]);
  t.match(readLuaRules(`Rules = Rules + ${'{'.repeat(5_000)}`).errors, [{ message: /nested more than 8 deep/ }]);
});

t.test('Lua is read, not executed', async (t) => {
  const lua = readLuaRules(`--Lua Rules
    Rules = Rules + { a = if_then("tcp.a", 'down', Action.stop), ["b-1"] = if_then('custom.*', "unknown", Action.wait); _group="checker" }
    --[==[ Rules.disable("no") ]] ]==]
    Rules = Rules + { { c = if_then("remote.ip.x", "up", Action.swap) }, {}, _group = 'user' } + {}; Rules.disable "t_x"
    Rules.disable('p_y') -- Rules.disable("no")`);
  t.same(lua.errors, []);
  t.same(lua.rules.map(printRule), [
    'a: if (tcp.a == down) then stop();',
    'b-1: if (custom.* == unknown) then wait();',
    'c: if (remote.ip.x == up) then swap();',
  ]);
  t.same(
    lua.disabled.map(({ label }) => label),
    ['t_x', 'p_y'],
  );
  for (const [text, said] of [
    ['return Rules', /`return` is Lua that is not read here/],
    ['Rules.disable("a', /`"` stands where a label in quotation marks is expected/],
    ['--[[ open', /comment that begins here is never closed/],
    ['Rules = Rules + { a }', /`}` stands where `=` is expected/],
    ['Rules = Rules + { "a" }', /"a" stands where a label is expected/],
    ['Rules = Rules + { a = if_then("tcp.a", "up", Action."x") }', /"x" stands where an action is expected/],
    ['Rules = Rules + { a = if_then("tcp.a", "up", Action.stop) b = 1 }', /`b` stands where `,` or `}` is expected/],
    ['Rules = Rules + { a = if_then) ("tcp.a", "up", Action.stop) }', /`\)` stands where `\(` is expected/],
    ['Rules = Rules + { a = x', /`x` stands where `if_then` is expected/],
    ['Rules = Rules + { a = if_then("tcp.a", "up", Action.stop),', /The section ends where `}` is expected/],
    ['Rules = Rules + { Rules = 3 }', /`3` stands where `if_then` is expected/],
    ['Rules', /The section ends where `=` is expected/],
    ['Rules = Rules + { if = if_then("tcp.a", "up", Action.stop) }', /"if" is no label/],
    ['€', /`€` is Lua that is not read here/],
  ] as const) {
    t.match(readLuaRules(text).errors[0], { message: said }, text);
  }
});

const checkers =
  '<check><tcp ident="web" when="both"><to addr="127.0.0.1" port="80"/></tcp><tcp ident="db" when="pre" action="noaction"><to addr="10.0.0.2" port="5432"/></tcp>' +
  '<ping ident="gw"><to addr="10.0.0.1"/></ping><custom ident="c" when="both" exec="c" action="stopstart"/><ip ident="v"><to addr="10.0.0.9"/></ip>' +
  '<http ident="h" when="both" action="stop"><to url="http://127.0.0.1/"/></http><systemd ident="s" unit="s.service" when="both" action="restart"/></check>';

t.test('the table: default, generated, own rules, without the disabled ones', async (t) => {
  const defaults = defaultRulesOf('farm').map((rule) => `default ${printRule(rule)}`);
  t.same(tableOf(farmWith('')), defaults);
  const generated = [
    'generated t_web: if (tcp.web == down) then restart();',
    'generated p_gw: if (ping.gw == down) then wait();',
    'generated c_c: if (custom.c == down) then stopstart();',
  ];
  const own = ['generated h_h: if (http.h == down) then stop();', 'generated s_s: if (systemd.s == down) then restart();'];
  t.same(new Set(tableOf(farmWith(checkers))), new Set([...defaults, ...generated, ...own]));
  const mine = section('mine: if (tcp.db == down && ping.gw == up) then stop();');
  t.same(tableOf(farmWith(`${checkers}${mine}`)).at(-1), 'user mine: if (tcp.db == down && ping.gw == up) then stop();');
  const replaced = section('--Lua Rules\nRules.disable("t_web") Rules.disable("ip_failure")');
  t.notOk(tableOf(farmWith(`${checkers}${replaced}`)).some((rule) => /t_web|ip_failure/.test(rule)));
  const own2 = `<failover><![CDATA[t_web: if (tcp.web == down) then stop();]]><![CDATA[--Lua Rules\nRules.disable('t_web')]]></failover>`;
  t.same(
    tableOf(farmWith(`${checkers}${own2}`)).filter((rule) => /t_web/.test(rule)),
    ['user t_web: if (tcp.web == down) then stop();'],
    'a rule of the user takes its place',
  );
  t.same(
    tableOf(mirrorWith('')).at(-1),
    'default splitbrain_failure: if (splitbrain.uptodate == down) then wait();',
    'a mirror has one more',
  );
});

t.test('extends="no" leaves the default rules out, and says which checkers have none then', async (t) => {
  t.same(tableOf(farmWith('<failover extends="no"/>')), []);
  const text = farmWith(`${checkers}${section('', 'extends="no"')}`);
  sees(t, messages(text), [/warning CONF_DOUBTFUL With extends="no" no rule acts on ip.v/]);
  t.same(new Set(tableOf(text).map((rule) => rule.split(' ')[1])), new Set(['t_web:', 'p_gw:', 'c_c:', 'h_h:', 's_s:']));
  sees(t, messages(farmWith(`${checkers}${section('r: if (ip.? == down) then stop();', 'extends="no"')}`)), []);
  sees(t, messages(farmWith(section('ip_failure: if (proc.p == down) then stop();', 'extends="no"'))), [
    /There is no <proc> of the name "p"/,
  ]);
  sees(t, messages(farmWith(section('--Lua Rules\nRules.disable("ip_failure")', 'extends="no"'))), [
    /warning CONF_DOUBTFUL extends="no" leaves `ip_failure` out already/,
  ]);
});

t.test('what a farm refuses or doubts, a mirror knows', async (t) => {
  const rule = section('r: if (remote.rfs.uptodate == down && heartbeat.default == up && rfs.degraded == up) then swap();');
  sees(t, messages(mirrorWith(rule)), []);
  sees(t, messages(farmWith(rule)), [
    /warning CONF_DOUBTFUL A farm module has no remote resources: `remote.rfs.uptodate` is always unknown/,
    /warning CONF_DOUBTFUL A farm module has no resources of the class "heartbeat"/,
    /warning CONF_DOUBTFUL A farm module has no resources of the class "rfs"/,
    /error CONF_CONFLICT A farm module cannot swap/,
  ]);
  const brain = '<check><splitbrain ident="w" exec="ping" arg="10.0.0.1"/></check>';
  sees(t, messages(mirrorWith(brain + section('r: if (splitbrain.uptodate == up && splitbrain.w == up) then stop();'))), []);
  sees(t, messages(mirrorWith(section('r: if (splitbrain.uptodate == up) then stop();'))), [/There is no <splitbrain>/]);
});

t.test('labels that are taken', async (t) => {
  sees(t, messages(farmWith(section('module_failure: if (custom.? == up) then stop();'))), [
    /CONF_DUPLICATE `module_failure` is a default rule/,
    /There is no <custom>/,
  ]);
  sees(t, messages(farmWith(checkers + section('t_web: if (tcp.web == up) then stop();'))), [
    /`t_web` is the rule that a checker generates/,
  ]);
  sees(t, messages(farmWith(section('--Lua Rules\nRules.disable("ping_failure") Rules.disable("x")'))), [
    /There is no rule `ping_failure` any more/,
    /There is no rule `x` to switch off/,
  ]);
  t.match(findingsOf(parse(farmWith(section('--Lua Rules\nRules.disable("ping_failure")')))), [{ remedy: /p_<ident>/ }]);
});

t.test('resources that virtual addresses may have are not doubted', async (t) => {
  const vip =
    '<vip><interface_list><interface check="on"><virtual_interface type="vmac_directed"><virtual_addr addr="10.0.0.50" where="alias" check="on"/></virtual_interface></interface></interface_list></vip>';
  sees(t, messages(farmWith(vip + section('r: if (ip.10.0.0.50 == down || intf.10.0.0.0 == down) then stop();'))), []);
});

t.test('handle_time beside the period is kept, with a warning', async (t) => {
  const text = farmWith('<failover period="1s" handle_time="2500ms"/>');
  sees(t, messages(text), [/warning CONF_DOUBTFUL handle_time \(2500 ms\) is not a multiple of period/]);
  t.equal(goodValue(parse(text)).failover?.handleTimeMs, 2500);
});

t.test('rules outside of CDATA are read, without exact places', async (t) => {
  const found = findingsOf(parse(farmWith('<failover>r: if (wrong == down) then stop();</failover>')));
  t.match(found, [{ code: 'CONF_DOUBTFUL' }, { code: 'CONF_RULE' }]);
  t.notOk(found.some(({ excerpt }) => excerpt !== undefined));
});

t.test('rules are looked at also where the rest of the file is wrong', async (t) => {
  const rule = section('r: if (heartbeat.a == down && rfs.x == up) then swap(); w: if (custom.a == down) then wait();');
  const said = messages(`<safe><service mode="fram"><user/>${rule}</service></safe>`);
  sees(t, said, [
    /CONF_ATTRIBUTE_VALUE `mode`/,
    /There is no <heartbeat> of the name "a"/,
    /There is no <rfs>/,
    /There is no <custom>/,
  ]);
  const taken = section('module_failure: if (tcp.a == down) then stop();');
  sees(t, messages(`<safe><service mode="fram"><user/>${taken}</service></safe>`), [
    /`mode`/,
    /`module_failure` is a default rule/,
    /There is no <tcp>/,
  ]);
  const mirror = messages(
    `<safe><service mode="mirror"><user/>${section('r: if (heartbeat.a == down) then stop();')}</service></safe>`,
  );
  t.ok(mirror.some((message) => /There is no <heartbeat> of the name "a"/.test(message)));
  sees(t, messages(farmWith(section('--Lua Rules\nRules.disable("x")', 'extends="no"'))), [/There is no rule `x` to switch off/]);
  t.match(findingsOf(parse(farmWith(section('--Lua Rules\nRules.disable("x")', 'extends="no"')))), [
    { remedy: 'There are none.' },
  ]);
});

t.test('an error that no reader of rules has thrown goes on', async (t) => {
  t.throws(
    () =>
      attempt(
        () => {
          throw new RangeError('a defect');
        },
        () => undefined,
      ),
    { message: 'a defect' },
  );
});
