import t from 'tap';
import { parseUserConfig } from '../../src/config/module-config.js';
import { xmlLimits } from '../../src/config/xml-scan.js';
import { brief, findingsOf, goodValue, sees } from './fixtures.js';

const withVars = (macros: string, values: readonly string[], rest = ''): string =>
  `<safe>${macros}<service mode="light"><user>${values.map((value, index) => `<var name="V${index}" value="${value}"/>`).join('')}</user>${rest}</service></safe>`;
const varsOf = (text: string, env: Readonly<Record<string, string>> = {}) =>
  goodValue(parseUserConfig(text, 'f', env)).user?.vars.map(({ value }) => value);

t.test('a macro wins over the environment, and both over nothing', async (t) => {
  const text = withVars('<macro name="A" value="macro"/>', ['%A%', '%B%', '[%A%%B%]']);
  t.same(varsOf(text, { A: 'environment', B: 'b' }), ['macro', 'b', '[macrob]']);
});

t.test('macros may use earlier ones, and stand before <safe>', async (t) => {
  const text = `<macro name="A" value="1"/>${withVars('<macro name="B" value="%A%2"/>', ['%B%3'])}`;
  t.same(varsOf(text), ['123']);
  t.same(goodValue(parseUserConfig(text, 'f', {})).macros, [
    { name: 'A', value: '1' },
    { name: 'B', value: '12' },
  ]);
});

t.test('a percent sign outside of a name is an ordinary character', async (t) => {
  t.same(varsOf(withVars('', ['100%', '%%', '% of %', '50%-60%', '&#37;A%'])), ['100%', '%%', '% of %', '50%-60%', '%A%']);
});

t.test('a replacement is not looked at again', async (t) => {
  t.same(varsOf(withVars('<macro name="P" value="%"/>', ['%P%A%P%', '%E%']), { E: '%E%' }), ['%A%', '%E%']);
});

t.test('values keep their characters', async (t) => {
  const value = 'a<b>&"\'c\n\td';
  t.same(varsOf(withVars('', ['%E%']), { E: value }), [value]);
  t.same(varsOf(withVars('<macro name="M" value="&lt;&amp;&quot;"/>', ['%M%'])), ['<&"']);
  t.same(varsOf(withVars('', ['%ProgramFiles(x86)%']), { 'ProgramFiles(x86)': 'C:\\x' }), ['C:\\x']);
});

t.test('in CDATA and text', async (t) => {
  const rules = (text: string, env = {}) =>
    goodValue(parseUserConfig(withVars('<macro name="M" value="/* &lt; */"/>', [], text), 'f', env)).failover?.sections.map(
      (section) => section.text,
    );
  t.same(rules('<failover><![CDATA[%M% /* &lt; */]]></failover>'), ['/* < */ /* &lt; */']);
  t.same(rules('<failover> %M%</failover>'), [' /* < */']);
  const bad = (value: string) =>
    brief(parseUserConfig(withVars('', [], '<failover><![CDATA[%E%]]></failover>'), 'f', { E: value }));
  t.same(bad('a]]>b'), ['error CONF_MACRO_VALUE 1:52 safe/service/failover']);
  t.same(bad('%A%'), ['error CONF_MACRO_VALUE 1:52 safe/service/failover']);
});

t.test('names that mean nothing', async (t) => {
  const found = (text: string, env = {}) =>
    findingsOf(parseUserConfig(text, 'f', env)).map(({ code, message, remedy }) => `${code} ${message} ${remedy}`);
  sees(t, found(withVars('<macro name="ADDRESS" value="x"/>', ['%ADRESS%', '%toString%'])), [
    /CONF_MACRO_UNKNOWN %ADRESS% is neither .* Perhaps %ADDRESS% is meant/,
    /CONF_MACRO_UNKNOWN %toString% is neither/,
  ]);
  sees(t, found(withVars('<macro name="A" value="%B%"/><macro name="B" value=""/>', [])), [
    /The macro B is used before it is defined/,
  ]);
  sees(t, found(withVars('<macro name="A" value="%A%"/>', [])), [/The macro A is used before it is defined/]);
  sees(t, found(withVars('<macro name="1" value=""/><macro value=""/><macro name="A"/>', [])), [
    /`name` of <macro>: "1"/,
    /no `name`/,
    /no `value`/,
  ]);
  sees(t, found(withVars('<macro name="A" value="1"/><macro name="A" value="2"/>', [])), [/CONF_DUPLICATE/]);
  sees(t, found(withVars('', ['%E%']), { E: 'a\u0001' }), [/CONF_MACRO_VALUE The value of E has a character/]);
  sees(t, found('<safe><service mode="light" maxloop="%N%"/></safe>'), [/CONF_MACRO_UNKNOWN/], 'its value is not judged as well');
  sees(t, found('<safe><service mode="light"/><a><macro name="X" value="1"/></a><b c="%X%"/></safe>'), [
    /<a>/,
    /<b>/,
    /CONF_MACRO_UNKNOWN/,
  ]);
});

t.test('macros cannot grow without end', async (t) => {
  const macros = Array.from(
    { length: 30 },
    (_, index) => `<macro name="M${index + 1}" value="${`%M${index}%`.repeat(10)}"/>`,
  ).join('');
  const started = performance.now();
  const found = findingsOf(parseUserConfig(withVars(`<macro name="M0" value="0123456789"/>${macros}`, ['%M30%']), 'f', {}));
  t.ok(found.some(({ code }) => code === 'CONF_MACRO_LIMIT'));
  t.ok(performance.now() - started < 5000);
  t.match(found[0], { remedy: `The limit is ${xmlLimits.characters} characters.` });
});
