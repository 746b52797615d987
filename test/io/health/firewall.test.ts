/** What stops our traffic, in rulesets as nft and iptables-save print them. */
import t from 'tap';
import { readFirewall, stoppedBy, stoppedByIptables, type Traffic } from '../../../src/io/health/firewall.js';

const udp: Traffic = { what: 'udp', protocol: 'udp', port: 4800 };
const http: Traffic = { what: 'http', protocol: 'tcp', port: 9010 };
const icmp: Traffic = { what: 'icmp', protocol: 'icmp', port: null };

type Expression = Readonly<Record<string, unknown>>;
const chain = (name: string, more: Expression = {}) => ({ chain: { family: 'inet', table: 'filter', name, ...more } });
const input = (policy: string) => chain('input', { type: 'filter', hook: 'input', policy });
const rule = (...expr: Expression[]) => ({ rule: { family: 'inet', table: 'filter', chain: 'input', handle: 5, expr } });
const dport = (protocol: string, right: unknown, op = '==') => ({
  match: { op, left: { payload: { protocol, field: 'dport' } }, right },
});
const established = { match: { op: 'in', left: { ct: { key: 'state' } }, right: ['established', 'related'] } };
const onLoopback = { match: { op: '==', left: { meta: { key: 'iifname' } }, right: 'lo' } };
const from = { match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: '10.0.0.0' } };
const set = (...entries: unknown[]): string => JSON.stringify({ nftables: [{ metainfo: {} }, ...entries] });

t.test('nftables', async (t) => {
  t.same(stoppedBy(set(input('accept')), [udp, http, icmp]), []);
  t.same(stoppedBy('no json', [udp]), null);
  t.same(stoppedBy('{}', [udp]), null);
  t.match(stoppedBy(set(input('accept'), rule(dport('udp', 4800), { drop: null })), [udp, http]), [{ what: 'udp', named: true }]);
  t.match(stoppedBy(set(input('accept'), rule(from, dport('udp', { set: [53, 4800] }), { reject: {} })), [udp]), [
    { named: true },
  ]);
  t.match(stoppedBy(set(input('accept'), rule(dport('udp', { range: [4000, 5000] }), { drop: null })), [udp]), [{ named: true }]);
  t.same(stoppedBy(set(input('accept'), rule(dport('tcp', 4800), { drop: null })), [udp]), []);
  t.match(stoppedBy(set(input('drop')), [udp]), [{ what: 'udp', named: false, rule: /policy/ }]);
  const usual = [input('drop'), rule(established, { accept: null }), rule(onLoopback, { accept: null })];
  t.match(stoppedBy(set(...usual), [udp, http]), [{ what: 'udp' }, { what: 'http' }], 'replies and loopback let nobody in');
  t.same(stoppedBy(set(...usual, rule(from, dport('udp', 4800), { accept: null })), [udp]), [], 'let in from some addresses');
  t.match(
    stoppedBy(set(...usual, rule({ drop: null }), rule(dport('udp', 4800), { accept: null })), [udp]),
    [{ named: false }],
    'dropped before',
  );
  const echo = { match: { op: '==', left: { payload: { protocol: 'icmp', field: 'type' } }, right: 'echo-request' } };
  t.match(stoppedBy(set(input('accept'), rule(echo, { drop: null })), [icmp, udp]), [{ what: 'icmp', named: true }]);
  const protocol = { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'icmp' } };
  t.match(stoppedBy(set(input('accept'), rule(protocol, { drop: null })), [icmp, udp]), [{ what: 'icmp' }]);
  const jump = [
    input('drop'),
    chain('ours'),
    rule({ jump: { target: 'ours' } }),
    { rule: { family: 'inet', table: 'filter', chain: 'ours', handle: 1, expr: [dport('udp', 4800), { accept: null }] } },
  ];
  t.same(stoppedBy(set(...jump), [udp]), []);
  t.match(stoppedBy(set(...jump), [http]), [{ what: 'http' }], 'comes back from the chain');
  const own = { chain: { family: 'inet', table: 'holdfast_vip', name: 'in', hook: 'input', policy: 'drop' } };
  t.same(stoppedBy(set(own), [udp]), [], 'what Holdfast drops is on purpose');
});

t.test('iptables', async (t) => {
  const save = (...lines: string[]): string => ['*filter', ...lines, 'COMMIT'].join('\n');
  t.same(stoppedByIptables(save(':INPUT ACCEPT [0:0]'), [udp]), []);
  t.match(stoppedByIptables(save(':INPUT DROP [0:0]'), [udp]), [{ named: false }]);
  t.same(stoppedByIptables(save(':INPUT DROP [0:0]', '-A INPUT -p udp -m udp --dport 4800 -j ACCEPT'), [udp]), []);
  t.match(
    stoppedByIptables(save(':INPUT ACCEPT [0:0]', '-A INPUT -p tcp -m multiport --dports 80,9010 -j REJECT'), [http, udp]),
    [{ what: 'http', named: true }],
  );
  t.same(
    stoppedByIptables(save(':INPUT ACCEPT [0:0]', '-A INPUT -p udp -m udp --dport 48001 -j DROP'), [udp]),
    [],
    'another port',
  );
});

t.test('which tool is asked', async (t) => {
  const missing = { kind: 'failed', code: 'ENOENT', message: 'not there' } as const;
  t.equal(await readFirewall(async () => missing, [udp]), null);
  const old = { kind: 'done', code: 0, stdout: ':INPUT DROP [0:0]', stderr: '' } as const;
  t.match(await readFirewall(async (file) => (file === 'nft' ? missing : old), [udp]), [{ what: 'udp' }]);
  const nft = { kind: 'done', code: 0, stdout: set(input('drop')), stderr: '' } as const;
  t.match(await readFirewall(async () => nft, [udp]), [{ what: 'udp' }]);
});
