import t from 'tap';
import { diffConfig, diffShapes, staticChanges } from '../../src/config/config-diff.js';
import type { ElementSpec } from '../../src/config/element-spec.js';
import { parseUserConfig } from '../../src/config/module-config.js';
import { moduleFile } from '../../src/config/schema-module.js';
import type { ModuleConfig } from '../../src/config/types.js';
import { farmWith, goodValue, mirrorWith } from './fixtures.js';

const parsed = (xml: string): ModuleConfig => goodValue(parseUserConfig(xml, 'userconfig.xml', {}));
const farm = (content = '', attributes = ''): ModuleConfig => parsed(farmWith(content, attributes));
/** Changes as `element@attribute before → after`, with a star where it is static. */
const told = (before: ModuleConfig, after: ModuleConfig): readonly string[] =>
  diffConfig(before, after).map(
    ({ element, attribute, before: old, after: now, dynamic }) =>
      `${element.replace('safe/service', '')}@${attribute} ${old} → ${now}${dynamic ? '' : ' *'}`,
  );

/** The specification of an element by its path. */
function specOf(path: string): ElementSpec | undefined {
  let spec: ElementSpec | undefined = moduleFile;
  for (const name of path.split('/')) {
    spec = spec?.children.find((child) => child.spec.name === name)?.spec;
  }
  return spec;
}

t.test('every element and attribute that can be named is one of the schema', (t) => {
  let attributes = 0;
  const check = (shape: (typeof diffShapes)[number]): void => {
    const spec = specOf(shape.path);
    t.ok(spec, shape.path);
    for (const name of Object.values(shape.attributes)) {
      attributes += 1;
      t.ok(spec?.attributes[name], `${shape.path} has ${name}`);
    }
    for (const child of Object.values(shape.children ?? {})) check(child);
  };
  for (const shape of diffShapes) check(shape);
  t.ok(attributes > 30);
  t.end();
});

t.test('nothing differs between a configuration and itself, written otherwise', (t) => {
  t.same(told(farm(), farm()), []);
  t.same(told(farm('<errd/>', 'maxloop="3" boot="ignore"'), farm('<errd polltimer="30"/>')), [], 'defaults that are written out');
  const macros = (value: string): ModuleConfig =>
    parsed(`<safe><macro name="A" value="${value}"/>${farmWith('').replace('<safe>', '')}`);
  t.same(told(macros('1'), macros('2')), [], 'a macro that is not used');
  t.end();
});

t.test('attributes of <service>', (t) => {
  t.same(told(farm(), farm('', 'maxloop="5" loop_interval="1" boot="on" boot_delay="5s" automatic_reboot="on"')), [
    '@boot "ignore" → "on"',
    '@boot_delay 0 → 5000',
    '@maxloop 3 → 5',
    '@loop_interval 86400000 → 3600000',
    '@automatic_reboot false → true',
  ]);
  t.same(told(farm(), farm('<ready drain="5s"/>')), ['/ready@drain {"kind":"none"} → {"kind":"time","ms":5000}']);
  const light = parsed('<safe><service mode="light"><user/></service></safe>');
  t.match(told(farm(), light), ['@mode "farm" → "light" *', /^\/farm@null .* → null \*$/]);
  t.end();
});

t.test('subtrees that may change as a whole', (t) => {
  const errd = '<errd><proc name="a" action="restart"/></errd>';
  t.match(told(farm(), farm(errd)), [/^\/errd@null null → .*$/]);
  t.notMatch(told(farm(), farm(errd)).join(), /\*/);
  const timeouts = parsed(farmWith('').replace('<user/>', '<user nicestoptimeout="5"/>'));
  t.match(told(farm(), timeouts), [/^\/user@null .*[^*]$/]);
  t.end();
});

t.test('<user> as a whole is static: scripts would come or go', (t) => {
  const without = parsed(farmWith('').replace('<user/>', ''));
  t.match(told(farm(), without), [/^\/user@null .* → null \*$/]);
  t.match(told(without, farm()), [/^\/user@null null → .* \*$/]);
  t.end();
});

t.test('static subtrees: the attribute is named', (t) => {
  const lan = (text: string): ModuleConfig => parsed(farmWith('').replace('<farm><lan name="default"/></farm>', text));
  t.same(told(lan('<farm pulse="100"><lan name="a"/></farm>'), lan('<farm pulse="200"><lan name="b"/><lan name="c"/></farm>')), [
    '/farm@pulse 100 → 200 *',
    '/farm/lan@name "a" → "b" *',
    '/farm/lan@null null → {"name":"c"} *',
  ]);
  const vip = (addr: string, power: string, extra = ''): ModuleConfig =>
    farm(
      `<vip ${extra}><interface_list><interface><virtual_interface type="vmac_directed"><virtual_addr addr="${addr}" where="alias"/></virtual_interface></interface></interface_list>` +
        `<loadbalancing_list><group name="G"><cluster><host name="n1" power="${power}"/></cluster><rule port="80" proto="tcp" filter="on_addr"/></group></loadbalancing_list></vip>`,
    );
  t.same(told(vip('10.0.0.1', '1'), vip('10.0.0.2', '2', 'tcpreset="off"')), [
    '/vip@tcpreset true → false *',
    '/vip/interface_list/interface/virtual_interface/virtual_addr@addr "10.0.0.1" → "10.0.0.2" *',
    '/vip/loadbalancing_list/group/cluster/host@power 1 → 2 *',
  ]);
  t.match(told(farm(), vip('10.0.0.1', '1')), [/^\/vip@null null → .* \*$/]);
  const failover = (rule: string, time = '15000'): ModuleConfig =>
    farm(`<failover handle_time="${time}"><![CDATA[ mine: if (tcp.a == ${rule}) then stop(); ]]></failover>`);
  t.same(told(failover('down'), failover('down', '5000')), ['/failover@handle_time 15000 → 5000 *']);
  t.match(told(failover('down'), failover('up')), [/^\/failover@null .* \*$/]);
  const vhost = (name: string): ModuleConfig => farm(`<vhost><virtualhostname name="${name}" envfile="e"/></vhost>`);
  t.same(told(vhost('a'), vhost('b')), ['/vhost/virtualhostname@name "a" → "b" *']);
  t.end();
});

t.test('a mirror: what replication can change', (t) => {
  const rfs = (attributes: string, dir = '/a'): ModuleConfig =>
    parsed(mirrorWith(`<rfs ${attributes}><replicated dir="${dir}"/></rfs>`));
  t.same(told(rfs('nbrei="3"'), rfs('nbrei="4"')), ['/rfs@nbrei 3 → 4']);
  t.match(told(rfs(''), rfs('', '/b')), [/^\/rfs\/replicated@null .* \*$/]);
  t.match(told(rfs(''), parsed(mirrorWith(''))), [/^\/rfs@null .* → null \*$/]);
  t.end();
});

t.test('what cannot be done is said with file, line, attribute, and what to do', (t) => {
  const before = farm();
  const xml = '<safe>\n<service mode="farm">\n<farm pulse="300">\n<lan name="default"/>\n</farm><user/></service></safe>';
  const problems = staticChanges(diffConfig(before, parsed(xml)), 'conf/userconfig.xml', 'web');
  t.match(problems, [
    {
      severity: 'error',
      code: 'CONF_NOT_DYNAMIC',
      file: 'conf/userconfig.xml',
      line: 3,
      element: 'safe/service/farm',
      attribute: 'pulse',
      value: '300',
      message: '`pulse` was changed from nothing to 300; that is not possible while the module runs.',
      remedy: /holdfast stop -m web --wait/,
    },
  ]);
  const without = parsed('<safe>\n<service mode="light">\n<user/></service></safe>');
  t.match(
    staticChanges(diffConfig(before, without), 'f', 'web').map(({ line, message }) => `${line} ${message.slice(0, 39)}`),
    ['2 `mode` was changed from "farm" to "lig', '2 <farm> was taken out; that is not possi'],
    'of what is gone, the line of what was around it',
  );
  t.match(staticChanges(diffConfig(without, before), 'f', 'web').at(-1)?.message, '<farm> was added');
  t.match(staticChanges(diffConfig(parsed(xml), before), 'f', 'web').at(0)?.message, '`pulse` was changed from 300 to nothing');
  const rules = (state: string): ModuleConfig =>
    farm(`<failover><![CDATA[ mine: if (tcp.a == ${state}) then stop(); ]]></failover>`);
  t.match(staticChanges(diffConfig(rules('up'), rules('down')), 'f', 'web').at(0)?.message, '<failover> was changed');
  const bare: ModuleConfig = { ...before, farm: null };
  const { lines: _lines, ...unplaced } = bare;
  t.equal(diffConfig(before, unplaced).at(0)?.line, 1, 'without lines: the first');
  t.same(staticChanges(diffConfig(before, farm('', 'maxloop="9"')), 'f', 'web'), []);
  t.end();
});
