import fc from 'fast-check';
import t from 'tap';
import { allCheckers, generatedCheckers, networkOf } from '../../src/config/generated-checkers.js';
import type { CheckerConfig, VipConfig, VipInterface } from '../../src/config/types.js';

const holder = (check: boolean, ...addresses: readonly (readonly [addr: string, check: boolean])[]): VipInterface => ({
  check,
  arpReroute: false,
  arpIntervalMs: 60_000,
  arpElapseMs: 1_200_000,
  name: null,
  kind: 'vmac_directed',
  mac: null,
  addresses: addresses.map(([addr, isChecked]) => ({
    addr,
    where: 'alias',
    check: isChecked,
    connections: false,
    netmask: null,
  })),
});
const vipOf = (...interfaces: readonly VipInterface[]): VipConfig => ({
  tcpReset: true,
  scriptControl: false,
  interfaces,
  groups: [],
});
const brief = (checkers: readonly CheckerConfig[]): readonly string[] =>
  checkers.map((one) => `${one.kind}.${one.ident} ${one.when} ${one.action}${one.kind === 'intf' ? ` ${one.localAddr}` : ''}`);
const local = [
  { address: '127.0.0.1', prefixLength: 8 },
  { address: '10.0.0.11', prefixLength: 24 },
  { address: '10.0.0.12', prefixLength: 24 },
  { address: '2001:db8:0:1::b', prefixLength: 64 },
];

t.test('an interface and its addresses are checked where check="on"', async (t) => {
  t.same(brief(generatedCheckers(vipOf(holder(true, ['10.0.0.50', true])), 'farm', local)), [
    'intf.10.0.0.0 pre wait 10.0.0.11',
    'ip.10.0.0.50 both stopstart',
  ]);
  t.same(brief(generatedCheckers(vipOf(holder(true, ['2001:db8:0:1::50', true])), 'mirror', local)), [
    'intf.2001:db8:0:1:: pre wait 2001:db8:0:1::b',
    'ip.2001:db8:0:1::50 prim stopstart',
  ]);
  t.same(brief(generatedCheckers(vipOf(holder(false, ['10.0.0.50', true])), 'farm', local)), ['ip.10.0.0.50 both stopstart']);
  t.same(generatedCheckers(vipOf(holder(false, ['10.0.0.50', false])), 'farm', local), []);
  t.match(generatedCheckers(vipOf(holder(true, ['10.0.0.50', true])), 'farm', local), [
    { intervalMs: 10_000, grace: 1 },
    { addr: '10.0.0.50', intervalMs: 10_000, grace: 1 },
  ]);
});

t.test('a network is checked once, and only where this node has an address in it', async (t) => {
  const both = vipOf(holder(true, ['10.0.0.50', false], ['10.0.0.51', false]), holder(true, ['10.0.0.52', false]));
  t.same(brief(generatedCheckers(both, 'farm', local)), ['intf.10.0.0.0 pre wait 10.0.0.11']);
  t.same(generatedCheckers(vipOf(holder(true, ['192.168.1.1', false])), 'farm', local), []);
  t.same(generatedCheckers(vipOf(holder(true, ['web.example.org', false])), 'farm', local), [], 'a name has no network');
  t.same(generatedCheckers(vipOf(holder(true, ['10.0.0.300', false])), 'farm', local), []);
  t.same(generatedCheckers(vipOf(holder(true, ['1:2:3', false])), 'farm', local), []);
  t.same(generatedCheckers(vipOf(holder(true, ['10.0.0.50', false])), 'farm', [{ address: 'none', prefixLength: 8 }]), []);
});

t.test('what is written goes before what is generated', async (t) => {
  const generated = generatedCheckers(vipOf(holder(true, ['10.0.0.50', true])), 'farm', local);
  const own: CheckerConfig = {
    kind: 'ip',
    ident: '10.0.0.50',
    when: 'both',
    action: 'stopstart',
    grace: 3,
    addr: '10.0.0.50',
    intervalMs: 1_000,
  };
  t.same(allCheckers([own], generated), [own, generated[0]]);
  t.same(allCheckers([], generated), generated);
});

t.test('networks', async (t) => {
  const network = (address: string, prefixLength: number) => networkOf({ address, prefixLength });
  t.equal(network('10.1.2.3', 8), '10.0.0.0');
  t.equal(network('10.1.2.3', 0), '0.0.0.0');
  t.equal(network('10.1.2.3', 32), '10.1.2.3');
  t.equal(network('10.1.2.3', 20), '10.1.0.0');
  t.equal(network('2001:db8:1:2:3:4:5:6', 48), '2001:db8:1::');
  t.equal(network('2001:db8:1:2:3:4:5:6', 128), '2001:db8:1:2:3:4:5:6');
  t.equal(network('2001:0:0:1:0:0:0:1', 128), '2001:0:0:1::1', 'the longest run of zeros');
  t.equal(network('::1', 128), '::1');
  t.equal(network('::ffff:10.1.2.3', 120), '::ffff:a01:200');
  t.equal(network('::1::2', 64), null);
  t.equal(network('1:2:3:4:5:6:7:8:9', 64), null);
  t.equal(network('::ffff:10.1.2.300', 120), null);
  t.equal(network('name', 64), null);
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, prefixLength) => {
      const once = network(address, prefixLength);
      return once !== null && network(once, prefixLength) === once;
    }),
  );
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), (address, prefixLength) => {
      const once = network(address, prefixLength);
      return once !== null && network(once, prefixLength) === once;
    }),
  );
});
