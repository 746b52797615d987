import type { NetworkInterfaceInfo } from 'node:os';
import t from 'tap';
import { createLocalAddresses, parseIfInet6 } from '../../../src/io/probers/local-addresses.js';

const four = (address: string, mac: string): NetworkInterfaceInfo => ({
  ...{ address, netmask: '255.255.255.0', family: 'IPv4', mac, internal: false, cidr: `${address}/24` },
});
const mac = '02:00:00:00:00:01';

t.test('the kernel’s table of IPv6 addresses', (t) => {
  const text = [
    'fd780000000000000000000000000001 02 40 00 80     eth0',
    'fd780000000000000000000000000060 02 40 00 88     eth0',
    '00000000000000000000000000000001 01 80 10 80       lo',
    'nonsense',
    '',
  ].join('\n');
  t.same(
    [...parseIfInet6(text)],
    [
      ['fd780000000000000000000000000001', { interface: 'eth0', duplicate: false }],
      ['fd780000000000000000000000000060', { interface: 'eth0', duplicate: true }],
      ['00000000000000000000000000000001', { interface: 'lo', duplicate: false }],
    ],
  );
  t.end();
});

t.test('one look serves all who ask together, and one that finds nothing is made anew', (t) => {
  let looks = 0;
  let addresses = ['10.0.0.1', '10.0.0.2'];
  const local = createLocalAddresses({
    interfaces: () => {
      looks += 1;
      return { eth9: addresses.map((address) => four(address, mac)) };
    },
    sysfs: '/nowhere',
    native: null,
    sharedMs: 60_000,
  });
  for (let count = 0; count < 100; count += 1) t.match(local.find('10.0.0.1'), { interface: 'eth9', running: true, link: null });
  t.ok(local.find('10.0.0.2'));
  t.equal(looks, 1);
  addresses = ['10.0.0.1', '10.0.0.3'];
  t.ok(local.find('10.0.0.3'), 'it came meanwhile');
  t.equal(local.find('10.0.0.2'), null, 'and this one is gone');
  t.end();
});

t.test(
  'what sysfs says of a link, unless it is of another interface of that name',
  { skip: process.platform !== 'linux' },
  (t) => {
    const files = (operstate: string, carrier: string, address = mac): string =>
      t.testdir({ eth9: { operstate: `${operstate}\n`, carrier: `${carrier}\n`, address: `${address}\n` } });
    const runs = (sysfs: string): unknown =>
      createLocalAddresses({ interfaces: () => ({ eth9: [four('10.0.0.1', mac)] }), sysfs, native: null }).find('10.0.0.1')
        ?.running;
    t.equal(runs(files('up', '1')), true);
    t.equal(runs(files('unknown', '1')), true, 'as loopback says');
    t.equal(runs(files('unknown', '0')), false);
    t.equal(runs(files('lowerlayerdown', '1')), false);
    t.equal(runs(files('dormant', '1')), false);
    t.equal(runs(files('down', '0', '02:00:00:00:00:99')), true, 'another network namespace’s');
    t.end();
  },
);
