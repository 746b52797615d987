/** Real failures of a real network, in namespaces. */
import { existsSync } from 'node:fs';
import t from 'tap';
import { intf, ip, ping, tcp, witness } from './harness.js';
import { far, NetworkLab, near, whyNot } from './network-lab.js';

const skip = whyNot();
const noPing = existsSync('/usr/bin/ping') || existsSync('/bin/ping') ? false : 'needs the ping program';

t.test('checks over a network that fails', { skip }, async (t) => {
  const lab = await NetworkLab.create();
  t.teardown(() => lab.remove());
  await lab.serve(
    "const s = require('node:net').createServer({allowHalfOpen:false}, (c) => { c.on('error', () => {}); c.resume(); }); s.listen(8080, '::', () => console.log('ready'))",
  );

  await t.test('tcp: up over both families, refused, filtered, rejected, no route', async (t) => {
    t.match((await lab.look(tcp(far.four, 8080))).result, { up: true });
    t.match((await lab.look(tcp(far.six, 8080))).result, { up: true });
    t.match((await lab.look(tcp(far.four, 8081))).result, { up: false, detail: `connection refused by ${far.four}:8081` });
    lab.on('far', 'nft', 'add table inet hf; add chain inet hf in { type filter hook input priority 0; }');
    lab.on('far', 'nft', 'add rule inet hf in tcp dport 8080 drop');
    t.equal((await lab.look(tcp(far.four, 8080), 700)).result, 'silent', 'a filtered port says nothing');
    t.equal((await lab.look(tcp(far.six, 8080), 700)).result, 'silent');
    lab.on('far', 'nft', 'flush chain inet hf in; add rule inet hf in tcp dport 8080 reject with icmpx admin-prohibited');
    t.match((await lab.look(tcp(far.four, 8080))).result, { up: false, detail: `no route to ${far.four}:8080` });
    lab.on('far', 'nft', 'delete table inet hf');
    t.match((await lab.look(tcp(far.four, 8080))).result, { up: true }, 'and again');
    t.match((await lab.look(tcp('10.99.0.1', 80))).result, { up: false, detail: 'network of 10.99.0.1:80 cannot be reached' });
    lab.on('near', 'ip', 'route', 'add', 'unreachable', '10.98.0.0/16');
    t.match((await lab.look(tcp('10.98.0.1', 80))).result, { up: false, detail: 'no route to 10.98.0.1:80' });
    lab.on('near', 'ip', 'route', 'add', 'blackhole', '10.97.0.0/16');
    t.match((await lab.look(tcp('10.97.0.1', 80))).result, { up: false });
  });

  await t.test('tcp: a port where nobody listens stays down when the kernel connects it to itself', async (t) => {
    lab.set('near', 'net/ipv4/ip_local_port_range', '41000 41000');
    const { result } = await lab.look(tcp('127.0.0.1', 41_000));
    lab.set('near', 'net/ipv4/ip_local_port_range', '32768 60999');
    t.match(result, { up: false, detail: 'connection refused by 127.0.0.1:41000' });
  });

  for (const ways of ['raw socket', 'unprivileged socket', 'program'] as const) {
    await t.test(`ping by ${ways}`, { skip: ways === 'program' ? noPing : false }, async (t) => {
      // Who may have an unprivileged socket is a setting of each network namespace.
      lab.set('near', 'net/ipv4/ping_group_range', ways === 'unprivileged socket' ? '0 2147483647' : '1 0');
      const by = ways === 'program' ? 'programOnly' : 'socketOnly';
      const look = async (address: string, patienceMs = 3_000) =>
        (await lab.look(ping(address, patienceMs), patienceMs, by)).result;
      for (const address of [far.four, far.six, '127.0.0.1', '::1', near.four])
        t.same(await look(address), { up: true, detail: `${address} answers`, stamp: null });
      t.equal(await look('10.78.1.77', 600), 'silent', 'nobody has that address');
      t.match(await look('10.99.0.1'), { up: false, detail: /10\.99\.0\.1.*(cannot be reached|nreachable)/ });
      lab.on('far', 'nft', 'add table inet hf; add chain inet hf in { type filter hook input priority 0; }');
      lab.on('far', 'nft', 'add rule inet hf in meta l4proto { icmp, icmpv6 } drop');
      t.equal(await look(far.four, 600), 'silent', 'filtered');
      lab.on('far', 'nft', 'delete table inet hf');
      t.match(await look(far.six), { up: true });
      if (ways !== 'program') {
        // The first two requests are lost: one of the next is answered.
        lab.on('far', 'nft', 'add table inet hf; add chain inet hf in { type filter hook input priority 0; }');
        lab.on('far', 'nft', 'add rule inet hf in icmp type echo-request limit rate over 1/second burst 1 packets drop');
        const several = await Promise.all([1, 2, 3].map(() => look(far.four, 8_000)));
        t.ok(
          several.every((result) => result !== 'silent' && result.up),
          'lost requests are repeated',
        );
        lab.on('far', 'nft', 'delete table inet hf');
      }
      const many = await Promise.all(Array.from({ length: 50 }, (_, index) => look(index % 2 === 0 ? far.four : far.six, 5_000)));
      t.ok(
        many.every((result) => result !== 'silent' && result.up),
        'many at once',
      );
      const witnesses = async (arg: string, patienceMs = 1_000) => (await lab.look(witness(arg), patienceMs, by)).result;
      t.match(await witnesses(`10.78.1.77  ${far.four}`), { up: true, detail: `witness ${far.four} answers` });
      // Less than a second: that is when the program gives up by itself.
      t.equal(await witnesses('10.78.1.77 10.78.1.78', 600), 'silent');
      t.match(await witnesses('10.99.0.1'), { up: false, detail: /^no witness: / });
      t.match(await witnesses(' '), { up: false, detail: 'no witness is configured' });
    });
  }

  await t.test('a packet filter of our own', async (t) => {
    lab.on('near', 'nft', 'add table inet hf; add chain inet hf out { type filter hook output priority 0; }');
    lab.on('near', 'nft', 'add rule inet hf out meta l4proto { icmp, icmpv6 } drop');
    t.match((await lab.look(ping(far.four))).result, { up: false, detail: `this machine does not allow traffic to ${far.four}` });
    lab.on('near', 'nft', 'delete table inet hf');
  });

  await t.test('ip: configured, removed, and back', async (t) => {
    t.match((await lab.look(ip(near.four))).result, { up: true, detail: `${near.four} is configured on eth0` });
    t.match((await lab.look(ip(near.six))).result, { up: true, detail: `${near.six} is configured on eth0` });
    t.match((await lab.look(ip('fd78:0::0:1'))).result, { up: true }, 'another spelling');
    t.match((await lab.look(ip(far.four))).result, { up: false, detail: /^10\.78\.1\.2 is not configured on this machine/ });
    for (const [address, extra] of [
      ['10.78.1.50', []],
      ['fd78::50', ['nodad']],
    ] as const) {
      const mask = address.includes(':') ? '64' : '24';
      lab.on('near', 'ip', 'addr', 'add', `${address}/${mask}`, 'dev', 'eth0', ...extra);
      t.match((await lab.look(ip(address))).result, { up: true });
      lab.on('near', 'ip', 'addr', 'del', `${address}/${mask}`, 'dev', 'eth0');
      // A look at the addresses serves 50 ms.
      await new Promise((resolve) => setTimeout(resolve, 60));
      t.match((await lab.look(ip(address))).result, { up: false }, `${address} is gone`);
    }
  });

  await t.test('ip: an IPv6 address that another machine has too', async (t) => {
    lab.on('far', 'ip', 'addr', 'add', 'fd78::60/64', 'dev', 'eth0', 'nodad');
    lab.on('near', 'ip', 'addr', 'add', 'fd78::60/64', 'dev', 'eth0');
    const begun = performance.now();
    let { result } = await lab.look(ip('fd78::60'));
    while (result !== 'silent' && result.up && performance.now() - begun < 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      ({ result } = await lab.look(ip('fd78::60')));
    }
    t.match(result, { up: false, detail: 'fd78::60 on eth0 is used by another machine too' });
    lab.on('near', 'ip', 'addr', 'del', 'fd78::60/64', 'dev', 'eth0');
    lab.on('far', 'ip', 'addr', 'del', 'fd78::60/64', 'dev', 'eth0');
  });

  await t.test('intf: up, without a carrier, switched off, and up again', async (t) => {
    for (const address of [near.four, near.six])
      t.match((await lab.look(intf(address))).result, { up: true, detail: `eth0 with ${address} is up` });
    t.match((await lab.look(intf('127.0.0.1'))).result, { up: true, detail: 'lo with 127.0.0.1 is up' });
    t.match((await lab.look(intf(far.four))).result, { up: false, detail: /^no interface that is switched on has the address/ });
    lab.on('far', 'ip', 'link', 'set', 'eth0', 'down');
    const begun = performance.now();
    let { result } = await lab.look(intf(near.four));
    while (result !== 'silent' && result.up && performance.now() - begun < 5_000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      ({ result } = await lab.look(intf(near.four)));
    }
    t.comment(`the lost carrier was seen after ${Math.round(performance.now() - begun)} ms`);
    t.match(result, { up: false, detail: /^eth0 with 10\.78\.1\.1 is down \(operstate (down|lowerlayerdown), no carrier\)$/ });
    t.match((await lab.look(intf(near.six))).result, { up: false });
    t.match((await lab.look(ip(near.four))).result, { up: true }, 'the address is configured all the same');
    t.match((await lab.look(ip(near.six))).result, { up: true });
    t.match((await lab.look(ping(far.four, 400), 400)).result, 'silent');
    lab.on('near', 'ip', 'link', 'set', 'eth0', 'down');
    t.match((await lab.look(intf(near.four))).result, { up: false });
    t.match((await lab.look(ip(near.four))).result, { up: false }, 'switched off, it is not used');
    for (const machine of ['near', 'far'] as const) lab.on(machine, 'ip', 'link', 'set', 'eth0', 'up');
    const back = performance.now();
    ({ result } = await lab.look(intf(near.four)));
    while (result !== 'silent' && !result.up && performance.now() - back < 5_000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      ({ result } = await lab.look(intf(near.four)));
    }
    t.match(result, { up: true });
  });
});
