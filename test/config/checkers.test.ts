import t from 'tap';
import { parseUserConfig } from '../../src/config/module-config.js';
import type { CheckerConfig } from '../../src/config/types.js';
import { farmWith, findingsOf, goodValue, mirrorWith, sees } from './fixtures.js';

const parse = (content: string, around = farmWith) => parseUserConfig(around(`<check>${content}</check>`), 'userconfig.xml', {});
const messages = (content: string): readonly string[] =>
  findingsOf(parse(content)).map(({ code, message }) => `${code} ${message}`);
/** The only checker of a configuration that is valid. */
function only(content: string, around = farmWith): CheckerConfig {
  const [checker, ...more] = goodValue(parse(content, around)).check?.checkers ?? [];
  if (checker === undefined || more.length > 0) throw new Error('not one checker');
  return checker;
}

t.test('tcp: what is left out', async (t) => {
  t.same(only('<tcp ident="web" when="both"><to addr="127.0.0.1" port="443"/></tcp>'), {
    kind: 'tcp',
    ident: 'web',
    when: 'both',
    action: 'restart',
    grace: 1,
    addr: '127.0.0.1',
    port: 443,
    intervalMs: 10_000,
    timeoutMs: 5_000,
  });
  t.match(only('<tcp ident="db" when="pre"><to addr="db" port="1"/></tcp>'), { action: 'wait' });
  sees(t, messages('<tcp ident="db" when="pre"><to addr="db" port="1"/></tcp>'), [/CONF_DOUBTFUL `action` is left out/]);
  sees(t, messages('<tcp ident="db"><to addr="db" port="1"/></tcp>'), [/CONF_ATTRIBUTE_MISSING <tcp> has no `when`/]);
  sees(t, messages('<tcp when="both"><to addr="db"/></tcp>'), [/has no `ident`/, /has no `port`/]);
});

t.test('ping: what is left out', async (t) => {
  t.same(only('<ping ident="gw"><to addr="10.0.0.1"/></ping>'), {
    kind: 'ping',
    ident: 'gw',
    when: 'pre',
    action: 'wait',
    grace: 1,
    addr: '10.0.0.1',
    intervalMs: 10_000,
    timeoutMs: 5_000,
  });
  sees(t, messages('<ping ident="gw" when="both"><to addr="10.0.0.1"/></ping>'), [/<ping> with when="both" has no `action`/]);
});

t.test('intf and ip: what is left out, and what cannot be chosen', async (t) => {
  t.same(only('<intf ident="lan"><to local_addr="10.0.0.11"/></intf>'), {
    kind: 'intf',
    ident: 'lan',
    when: 'pre',
    action: 'wait',
    grace: 1,
    localAddr: '10.0.0.11',
    intervalMs: 10_000,
  });
  t.same(only('<ip ident="v"><to addr="10.0.0.50"/></ip>'), {
    kind: 'ip',
    ident: 'v',
    when: 'both',
    action: 'stopstart',
    grace: 1,
    addr: '10.0.0.50',
    intervalMs: 10_000,
  });
  t.match(only('<ip ident="v"><to addr="10.0.0.50"/></ip>', mirrorWith), { when: 'prim' });
  sees(t, messages('<intf ident="l" when="both"><to local_addr="10.0.0.11"/></intf>'), [
    /`when` of <intf>: "both" is not allowed/,
  ]);
  t.match(only('<intf ident="l"><to local_addr="10.0.0.11" interval="1s"/></intf>'), { intervalMs: 1_000 });
});

t.test('module: what is left out', async (t) => {
  t.same(only('<module name="db"/>'), {
    kind: 'module',
    ident: 'db_127.0.0.1',
    when: 'pre',
    action: 'wait',
    grace: 1,
    name: 'db',
    addr: '127.0.0.1',
    port: 9010,
    intervalMs: 10_000,
    timeoutMs: 5_000,
    secure: false,
    ca: '',
  });
  t.match(only('<module name="db"><to addr="10.0.0.60" secure="on"/></module>'), {
    ident: 'db_10.0.0.60',
    port: 9453,
    secure: true,
  });
  t.match(only('<module name="db"><to secure="on" ca="conf/other.pem"/></module>'), { ca: 'conf/other.pem' });
  sees(t, messages('<module name="db"><to ca="conf/other.pem"/></module>'), ['`ca` goes with secure="on" only.']);
  t.match(only('<http ident="p" when="both"><to url="https://127.0.0.1/" ca="/etc/own.pem"/></http>'), { ca: '/etc/own.pem' });
  sees(t, messages('<http ident="p" when="both"><to url="http://127.0.0.1/" ca="own.pem"/></http>'), [
    '`ca` does not go with an address without TLS.',
  ]);
  sees(t, messages('<http ident="p" when="both"><to url="https://127.0.0.1/" ca="own.pem" verify="off"/></http>'), [
    '`ca` does not go with verify="off".',
  ]);
});

t.test('splitbrain: what is left out', async (t) => {
  t.same(only('<splitbrain ident="w" arg="10.0.0.1 10.0.0.2"/>', mirrorWith), {
    kind: 'splitbrain',
    ident: 'w',
    when: 'pre',
    action: 'wait',
    grace: 1,
    exec: 'ping',
    arg: '10.0.0.1 10.0.0.2',
  });
});

t.test('custom: started once, or run again and again', async (t) => {
  t.same(only('<custom ident="disk" when="both" exec="check-disk"/>'), {
    kind: 'custom',
    ident: 'disk',
    when: 'both',
    action: 'noaction',
    grace: 1,
    exec: 'check-disk',
    arg: '',
    mode: 'loop',
    intervalMs: 10_000,
    timeoutMs: 5_000,
    ocf: null,
    parameters: [],
  });
  t.match(only('<custom ident="d" when="both" exec="c" mode="oneshot" interval="2s" timeout="1s" grace="3"/>'), {
    mode: 'oneshot',
    intervalMs: 2_000,
    timeoutMs: 1_000,
    grace: 3,
  });
  sees(t, messages('<custom ident="d" when="both" exec="c" mode="oneshot" interval="2s" timeout="1s" grace="3"/>'), []);
  sees(t, messages('<custom ident="d" when="both" exec="c" interval="2s" grace="2"/>'), [
    /CONF_ATTRIBUTE_IGNORED `interval` has an effect only with mode="oneshot"/,
    /CONF_ATTRIBUTE_IGNORED `grace` has an effect only with mode="oneshot"/,
  ]);
  sees(t, messages('<custom ident="d" when="both"/>'), [/CONF_ATTRIBUTE_MISSING <custom> has no `exec`/]);
});

t.test('custom: an agent', async (t) => {
  const agent = '<custom ident="n" when="both" ocf="heartbeat:nginx"><param name="configfile" value="/etc/n.conf"/></custom>';
  t.match(only(agent), {
    mode: 'oneshot',
    ocf: 'heartbeat:nginx',
    exec: '',
    parameters: [{ name: 'configfile', value: '/etc/n.conf' }],
  });
  sees(t, messages(agent), []);
  sees(t, messages('<custom ident="n" when="both" ocf="nginx"/>'), [/`ocf` of <custom>: "nginx" is not allowed/]);
  sees(t, messages('<custom ident="n" when="both" ocf="a:b" exec="x" arg="y"/>'), [
    /CONF_CONFLICT `exec` does not go with `ocf`/,
    /CONF_CONFLICT `arg` does not go with `ocf`/,
  ]);
  sees(t, messages('<custom ident="n" when="both" ocf="a:b" mode="loop"/>'), [
    /CONF_CONFLICT mode="loop" does not go with `ocf`/,
  ]);
  sees(t, messages('<custom ident="n" when="both" exec="x"><param name="a" value="b"/></custom>'), [
    /CONF_DOUBTFUL <param> has an effect only with `ocf`/,
  ]);
  sees(t, messages('<custom ident="n" when="both" ocf="a:b"><param name="1" value="b"/></custom>'), [/`name` of <param>: "1"/]);
});

t.test('http: what is left out, and the whole of it', async (t) => {
  t.same(only('<http ident="page" when="both"><to url="http://127.0.0.1:8080/health"/></http>'), {
    kind: 'http',
    ident: 'page',
    when: 'both',
    action: 'restart',
    grace: 1,
    url: 'http://127.0.0.1:8080/health',
    method: 'GET',
    intervalMs: 10_000,
    timeoutMs: 5_000,
    status: [{ from: 200, to: 399 }],
    body: null,
    verify: true,
    ca: '',
    headers: [],
  });
  const whole = `<http ident="page" when="pre" action="wait" grace="2">
    <to url="https://web.example.org/" method="GET" interval="3s" timeout="2s" status="200, 204,300-302" body="^OK" verify="off"/>
    <header name="Host" value="www.example.org"/><header name="X-Key" value=""/>
  </http>`;
  t.match(only(whole), {
    action: 'wait',
    grace: 2,
    intervalMs: 3_000,
    timeoutMs: 2_000,
    status: [
      { from: 200, to: 200 },
      { from: 204, to: 204 },
      { from: 300, to: 302 },
    ],
    body: '^OK',
    verify: false,
    headers: [
      { name: 'Host', value: 'www.example.org' },
      { name: 'X-Key', value: '' },
    ],
  });
  sees(t, messages(whole), []);
});

t.test('http: what is wrong is named', async (t) => {
  const to = (attributes: string) => messages(`<http ident="p" when="both"><to ${attributes}/></http>`);
  for (const url of ['', '10.0.0.1', 'ftp://a/', 'http:///x', 'http://u:p@a/', 'http://u@a/', 'http://a:99999/']) {
    sees(t, to(`url="${url}"`), [/`url` of <to>: ".*" is no such address/], url);
  }
  for (const status of ['', '99', '600', '300-200', '200;204', '200,', '2xx']) {
    sees(t, to(`url="http://a/" status="${status}"`), [/`status` of <to>: ".*" is not allowed/], status);
  }
  sees(t, to('url="http://a/" body="("'), [/CONF_REGEX `body`/]);
  sees(t, to('url="http://a/" method="HEAD" body="x"'), [/CONF_CONFLICT The answer to a HEAD request has no body/]);
  sees(t, messages('<http ident="p" when="both"/>'), [/<http> has no <to>/]);
  const header = (attributes: string) =>
    messages(`<http ident="p" when="both"><to url="http://a/"/><header ${attributes}/></http>`);
  sees(t, header('name="a b" value=""'), [/`name` of <header>/]);
  sees(t, header('name="a" value="b&#10;c"'), [/`value` of <header>/]);
  sees(t, messages('<http ident="p" when="pre"><to url="http://a/"/></http>'), [/CONF_DOUBTFUL `action` is left out/]);
});

t.test('systemd', async (t) => {
  t.same(only('<systemd ident="ssh" unit="ssh.service" when="both"/>'), {
    kind: 'systemd',
    ident: 'ssh',
    when: 'both',
    action: 'restart',
    grace: 1,
    unit: 'ssh.service',
    intervalMs: 10_000,
    timeoutMs: 5_000,
  });
  sees(t, messages('<systemd ident="a" unit="x y" when="both"/>'), [/`unit` of <systemd>: "x y" is not allowed/]);
  sees(t, messages('<systemd ident="a" unit="x" when="both"/><systemd ident="a" unit="y" when="both"/>'), [
    /`ident` of <systemd> is "a", as on line 1 already/,
  ]);
});

t.test('grace, interval and timeout have limits', async (t) => {
  const tcp = (attributes: string, to = '') =>
    messages(`<tcp ident="a" when="both" ${attributes}><to addr="a" port="1" ${to}/></tcp>`);
  sees(t, tcp('grace="0"'), [/`grace` of <tcp>: "0" is not allowed/]);
  sees(t, tcp('grace="101"'), [/`grace` of <tcp>: "101" is not allowed/]);
  sees(t, tcp('grace="100"'), []);
  sees(t, tcp('', 'interval="0"'), [/`interval` of <to>: "0" is too short/]);
  sees(t, tcp('', 'interval="1s" timeout="1s"'), []);
  sees(t, tcp('', 'timeout="500ms"'), [/`timeout` of <to>/]);
});
