import t from 'tap';
import { parseClusterXml } from '../../src/config/cluster-config.js';
import { expandUserConfig, parseUserConfig } from '../../src/config/module-config.js';
import { formatProblems } from '../../src/config/problems.js';
import { brief, farmWith, findingsOf, fixture, goodValue, mirrorWith, sees } from './fixtures.js';

const parse = (text: string) => parseUserConfig(text, 'userconfig.xml', {});
const messages = (text: string): readonly string[] => findingsOf(parse(text)).map(({ code, message }) => `${code} ${message}`);

t.test('the farm of 7.x for AWS is read as it stands', async (t) => {
  const result = parse(fixture('farm-aws-7.xml'));
  t.same(findingsOf(result), []);
  const config = goodValue(result);
  t.equal(config.service.maxloop, 3);
  t.equal(config.service.loopIntervalMs, 24 * 3600 * 1000, 'loop_interval="24" is 24 hours');
  t.same(config.farm, { port: null, pulseMs: null, mlostCount: null, slostCount: null, lans: [{ name: 'default' }] });
  t.equal(config.errd?.pollTimerMs, 10_000);
  t.match(config.errd?.procs, [
    { name: 'webapp', class: 'both', action: { kind: 'restart' }, atLeast: 1, atMax: -1, settleMs: 500 },
  ]);
  t.match(config.user, {
    nicestopTimeoutMs: 300_000,
    forcestopTimeoutMs: 300_000,
    startTimeoutMs: null,
    logging: 'userlog',
    userlogSizeKb: 2048,
  });
  t.same(
    [config.vip, config.heart, config.rfs, config.check, config.failover, config.vhost],
    [null, null, null, null, null, null],
  );
  t.same(config.service.drain, { kind: 'none' });
});

t.test('defaults are those of the compatibility page, section 15.3', async (t) => {
  const config = goodValue(parse(farmWith('<errd><proc name="p"/></errd><failover/><vip/>')));
  t.match(config.service, {
    boot: 'ignore',
    bootDelayMs: 0,
    failover: true,
    defaultprim: 'alone',
    maxloop: 3,
    loopIntervalMs: 86_400_000,
    automaticReboot: false,
  });
  t.same(config.errd?.procs[0], {
    name: 'p',
    service: false,
    nameRegex: null,
    argRegex: null,
    class: null,
    action: { kind: 'stopstart' },
    restartServices: [],
    atLeast: 1,
    atMax: -1,
    startAfter: 0,
    settleMs: 500,
  });
  t.equal(config.errd?.pollTimerMs, 30_000);
  t.same(config.failover, { extends: true, periodMs: 5000, handleTimeMs: 15_000, sections: [], rules: [], disabled: [] });
  t.same(config.vip, { tcpReset: true, scriptControl: false, interfaces: [], groups: [] });
});

for (const name of ['farm-82', 'mirror', 'light', 'windows-good']) {
  t.test(`${name}.xml gives the expected typed result without findings`, async (t) => {
    const result = parse(fixture(`${name}.xml`));
    t.same(findingsOf(result), []);
    const expected: unknown = JSON.parse(fixture(`${name}.expected.json`));
    t.same(JSON.parse(JSON.stringify(goodValue(result))), expected);
  });
}

t.test('every error of a file is found at once, each at its place', async (t) => {
  const result = parse(fixture('many-errors.xml'));
  t.equal(result.ok, false);
  t.equal(`${formatProblems(findingsOf(result))}\n`, fixture('many-errors.expected.txt'));
  const boot = findingsOf(result).find(({ attribute }) => attribute === 'boot');
  t.match(boot, { file: 'userconfig.xml', line: 6, column: 24, element: 'safe/service', value: 'always', severity: 'error' });
});

t.test('what older versions wrote is accepted with warnings', async (t) => {
  const result = parse(fixture('legacy.xml'));
  t.equal(result.ok, true);
  t.same(brief(result), [
    'warning CONF_ATTRIBUTE_IGNORED 4:11 safe/service/farm @port',
    'warning CONF_ELEMENT_IGNORED 4:43 safe/service/farm/lan/node',
    'warning CONF_ELEMENT_IGNORED 4:77 safe/service/farm/lan/node',
  ]);
  sees(t, brief(parse(mirrorWith('<rfs><replicated dir="/d"/><flow name="x"/></rfs>'))), [
    /CONF_ELEMENT_IGNORED .* safe\/service\/rfs\/flow/,
  ]);
});

t.test('the result cannot be changed, at any depth', async (t) => {
  const result = parse(fixture('farm-82.xml'));
  t.ok(Object.isFrozen(result) && Object.isFrozen(goodValue(result).errd?.procs[0]?.restartServices));
  t.ok(Object.isFrozen(parse('<x')));
});

t.test('structure', async (t) => {
  sees(t, messages(''), [/CONF_XML There is no element/]);
  sees(t, messages('<save/>'), [
    /CONF_ELEMENT_MISSING the file has no <safe>/,
    /CONF_ELEMENT_UNKNOWN <save> is not known in the file/,
  ]);
  sees(t, messages('<safe/>'), [/<safe> has no <service>/]);
  sees(t, messages('<safe><service/></safe>'), [/<service> has no `mode`/], 'nothing is held to a mode that is not known');
  sees(t, messages('<safe><service mode="farm"/></safe>'), [/<service> has no <farm>/]);
  sees(t, messages('<safe><service mode="mirror"/></safe>'), [/<service> has no <heart>/]);
  sees(t, messages('<safe><service mode="light"/></safe><safe><service mode="light"/></safe>'), [
    /<safe> stands more than once in the file/,
  ]);
  sees(t, messages('<safe><service mode="light"><farm/></service></safe>'), [/<farm> has no place in a light module/]);
  sees(t, messages('<safe><service mode="light" failover="off"/></safe>'), [
    /`failover` of <service> has no effect in a light module/,
  ]);
  sees(t, messages(farmWith('<completelyelse/>')), [/<completelyelse> is not known in <service>/]);
  t.match(findingsOf(parse(farmWith('<completelyelse/>'))), [{ remedy: /^Known elements here: farm, heart/ }]);
  t.match(findingsOf(parse('<safe><service mode="light"><user><var name="A" value=""><x/></var></user></service></safe>')), [
    { remedy: 'There are no elements here.' },
  ]);
  sees(t, messages(farmWith('<toString/>')), [/CONF_ELEMENT_UNKNOWN An element of this name is never read/]);
  sees(t, messages(farmWith('', 'constructor="1" __proto__="2"')), [/no attribute `constructor`/, /no attribute `__proto__`/]);
});

t.test('errd', async (t) => {
  const proc = (attributes: string) => messages(farmWith(`<errd><proc ${attributes}/></errd>`));
  sees(t, messages('<safe><service mode="light"><errd/></service></safe>'), [/CONF_CONFLICT <errd> needs <user>/]);
  sees(t, proc('name="p" action="wait" class="c"'), [/errd has no action `wait`/]);
  sees(t, proc('name="p" action="stop"'), []);
  sees(t, proc('name="p" action="/opt/x" class="mine"'), []);
  sees(t, proc('name="p" action="bin\\x"'), [/needs a `class` of its own/]);
  sees(t, proc('name="p" class="second"'), [/class="second" never comes true/]);
  sees(t, proc('name="p" atmax="0"'), [/At least 1 and at most 0 can never both hold/]);
  sees(t, proc('name="p" service="yes" nameregex="x"'), [/`nameregex` has no effect with service="yes"/]);
  sees(t, proc('name="p" restart_services="a,b" action="restart"'), [/`restart_services` has an effect only/]);
  sees(t, proc('name="a-very-long-service-name" service="yes"'), []);
  sees(t, proc('name="a-very-long-resource-name" nameregex="^x"'), []);
  sees(t, proc('name="p" argregex=""'), [/is empty/]);
  const long = farmWith('<errd><proc name="averyveryverylong1"/><proc name="averyveryverylong2"/></errd>');
  sees(
    t,
    messages(long),
    [/CONF_NAME_TRUNCATED/, /CONF_NAME_TRUNCATED/, /CONF_DUPLICATE/],
    'two names that are one to the kernel are duplicates',
  );
  const windows = parseUserConfig(long, 'x', {}, { platform: 'windows' });
  t.same(findingsOf(windows), []);
  t.same(
    goodValue(windows).errd?.procs.map(({ name }) => name),
    ['averyveryverylong1', 'averyveryverylong2'],
  );
});

t.test('checkers', async (t) => {
  const check = (content: string) => messages(farmWith(`<check>${content}</check>`));
  sees(t, check('<ip ident="v" when="prim"><to addr="10.0.0.1"/></ip>'), [/when="prim" never comes true in a farm module/]);
  sees(t, check('<tcp ident="v" when="pre" action="restart"><to addr="a" port="1"/></tcp>'), [
    /action="restart" does not go with when="pre"/,
  ]);
  sees(t, check('<custom ident="c" when="pre" exec="x"/>'), []);
  sees(t, check('<custom ident="c" when="both" exec="x" action="wait"/>'), [/action="wait" does not go with when="both"/]);
  sees(t, check('<module name="a"/><module name="a"/>'), [/`ident` of <module> is "a_127.0.0.1", as on line 1 already/]);
  sees(t, check('<splitbrain ident="s" arg="x"/>'), [/<splitbrain> has no place in a farm module/]);
  sees(t, check('<intf ident="i"/>'), [/<intf> has no <to>/]);
  sees(t, check('<tcp ident="v" when="both"><to addr="a b" port="x"/></tcp>'), [/`addr` of <to>: "a b" is no address/, /`port`/]);
  sees(t, messages(mirrorWith('<check><tcp ident="t" when="prim"><to addr="x" port="1"/></tcp></check>')), []);
  sees(t, messages('<safe><service mode="?"><check><ip ident="v" when="prim"><to addr="x"/></ip></check></service></safe>'), [
    /`mode`/,
  ]);
});

t.test('virtual addresses', async (t) => {
  const vip = (content: string) => farmWith(`<vip><interface_list>${content}</interface_list></vip>`);
  sees(t, messages(vip('<interface/>')), [/<interface> carries no address/]);
  const holder = (attributes: string) =>
    `<interface><virtual_interface type="vmac_directed"><virtual_addr addr="10.0.0.1" ${attributes}/></virtual_interface></interface>`;
  sees(t, messages(vip(holder('where="one_side"'))), [/where="one_side" does not go with a farm module/]);
  sees(t, messages(vip(holder('netmask="255.0.255.0"'))), [/`netmask`/]);
  sees(t, messages(vip(holder('netmask="x"'))), [/`netmask`/]);
  sees(t, messages(vip('<interface><real_interface><virtual_addr addr="10.0.0.1"/></real_interface></interface>')), [
    /<real_interface> has no place in a farm/,
  ]);
  const real =
    '<vip><interface_list><interface><real_interface><virtual_addr addr="10.0.0.1" where="alias"/></real_interface></interface></interface_list></vip>';
  sees(t, messages(mirrorWith(real)), [/where="alias" does not go with a mirror module/]);
  const group = (content: string) =>
    messages(farmWith(`<vip><loadbalancing_list><group name="g">${content}</group></loadbalancing_list></vip>`));
  sees(t, group('<cluster><host name="a" power="0"/><host name="b" power="0"/></cluster>'), [
    /All nodes of the group have power 0/,
  ]);
  sees(t, group('<cluster><host name="a" power="-1"/><host name="a"/></cluster>'), [/`power`/, /CONF_DUPLICATE/]);
  sees(t, group('<rule proto="tcp" filter="on_ipid"/>'), [/would tear TCP connections apart/]);
  sees(t, group('<rule proto="tcp" filter="on_addr" port="65536"/>'), [/`port`/]);
  sees(t, messages('<safe><service mode="light"><vip/></service></safe>'), [/<vip> has no place in a light module/]);
});

t.test('mirror', async (t) => {
  sees(
    t,
    messages(
      '<safe><service mode="mirror"><heart timeout="700"><heartbeat name="a" ident="flow"/><heartbeat name="a"/></heart></service></safe>',
    ),
    [
      /`timeout` is not longer than `pulse`/,
      /without <rfs> would leave the module waiting/,
      /`timeout` is not longer than `pulse`/,
      /CONF_DUPLICATE/,
    ],
  );
  const rfs = (attributes: string, content = '') =>
    messages(mirrorWith(`<rfs ${attributes}><replicated dir="/d">${content}</replicated></rfs>`));
  sees(t, rfs('reipacketsize="1000" ruzone_blocksize="1500"'), [/not a multiple/]);
  sees(t, rfs('', '<notreplicated/>'), [/needs either `path` or `regexpath`/]);
  sees(t, rfs('', '<notreplicated path="a" regexpath="!"/>'), [/CONF_CONFLICT/, /CONF_ATTRIBUTE_VALUE/]);
  sees(t, rfs('', '<notreplicated regexpath="!("/>'), [/CONF_REGEX/]);
  sees(t, messages(mirrorWith('<rfs><replicated dir="/with blank"/></rfs>')), [/`dir`/]);
  sees(t, messages(mirrorWith('<vhost><virtualhostname name="a" when="second"/></vhost>')), []);
  sees(t, messages(farmWith('<vhost><virtualhostname name="a" when="prim"/></vhost>')), [/when="prim" never comes true/]);
});

t.test('names are held against the cluster, when it is given', async (t) => {
  const cluster = goodValue(parseClusterXml(fixture('cluster.xml'), 'cluster.xml'));
  const check = (text: string) => findingsOf(parseUserConfig(text, 'x', {}, { cluster })).map(({ message }) => message);
  t.same(check(fixture('farm-82.xml')), []);
  t.same(check(fixture('mirror.xml')), []);
  const host =
    '<vip><loadbalancing_list><group name="g"><cluster><host name="n1"/><host name="n9"/></cluster></group></loadbalancing_list></vip>';
  const farm = `<safe><service mode="farm" defaultprim="n8"><farm><lan name="default"/><lan name="other"/><lan/></farm>${host}</service></safe>`;
  sees(t, check(farm).toSorted(), [
    /<lan> has no `name`/,
    /`defaultprim` of <service> has no effect/,
    'cluster.xml has no lan "other".',
    'cluster.xml has no node "n8".',
    'cluster.xml has no node "n9".',
  ]);
  sees(
    t,
    check(
      '<safe><service mode="light"><vip><loadbalancing_list><group name="g"><cluster><host/></cluster></group></loadbalancing_list></vip></service></safe>',
    ),
    [/<vip>/],
  );
});

t.test('drain', async (t) => {
  const drain = (value: string) => goodValue(parse(farmWith(`<ready drain="${value}"/>`))).service.drain;
  t.same(drain('0s'), { kind: 'none' });
  t.same(drain('0'), { kind: 'none' });
  t.same(drain('auto'), { kind: 'auto' });
  t.same(drain('2m'), { kind: 'time', ms: 120_000 });
  t.same(drain('5'), { kind: 'time', ms: 5000 });
  sees(t, messages(farmWith('<ready drain="soon"/>')), [/`drain`/]);
  t.same(goodValue(parse(farmWith('<ready/>'))).service.drain, { kind: 'none' });
});

t.test('the expanded text can be read again without the environment and means the same', async (t) => {
  const env = { ADDRESS: '10.0.0.1', ODD: '"<%PATH%>&\'' };
  const content = '<user><var name="A" value="%ODD%"/><var name="B" value="x%ADDRESS%y"/></user><!-- %ODD% stays -->';
  const text = `<!DOCTYPE safe>\n<safe><macro name="M" value="%ADDRESS%"/><service mode="light">${content}</service></safe>`;
  const expanded = goodValue(expandUserConfig(text, 'x', env));
  t.match(expanded, '<!-- %ODD% stays -->');
  t.match(expanded, /^<!DOCTYPE safe>/);
  t.match(expanded, 'value="x10.0.0.1y"');
  const before = goodValue(parseUserConfig(text, 'x', env));
  t.same(goodValue(parseUserConfig(expanded, 'x', {})), before);
  t.equal(before.user?.vars[0]?.value, env.ODD);
  t.equal(goodValue(expandUserConfig(expanded, 'x', {})), expanded);
  t.equal(expandUserConfig('<safe x="%Y%"/>', 'x', {}).ok, false);
  t.equal(expandUserConfig('<safe', 'x', {}).ok, false);
});
