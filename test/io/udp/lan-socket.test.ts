import { networkInterfaces } from 'node:os';
import t, { type Test } from 'tap';
import { LanSocket, type LanSocketSpec, type SocketProblem } from '../../../src/io/udp/lan-socket.js';
import { freePort } from './cluster.js';

const noIpv6 = Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === '::1'))
  ? false
  : 'this machine has no ::1';

function socketOf(t: Test, spec: Partial<LanSocketSpec> & { readonly port: number }) {
  const problems: SocketProblem[] = [];
  const received: string[] = [];
  const waiting: (() => void)[] = [];
  let tried: boolean | null = null;
  const news = (): void => {
    for (const look of waiting) look();
  };
  const socket = new LanSocket(
    { lan: 'default', local: '127.0.0.1', peers: [], ...spec },
    {
      received: (datagram) => {
        received.push(datagram.toString());
        news();
      },
      problem: (problem) => {
        problems.push(problem);
        news();
      },
      tried: (bound) => {
        tried = bound;
      },
    },
  );
  t.teardown(() => socket.close());
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not in time: ${JSON.stringify({ problems, received })}`)), 20_000);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        resolve();
      };
      waiting.push(look);
      look();
    });
  return { socket, problems, received, until, tried: () => tried };
}

/** Names are looked up in the background, also where they are literal addresses. */
const aFewTurns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

for (const [kind, local, skip] of [
  ['IPv4', '127.0.0.1', false],
  ['IPv6 in brackets', '[::1]', noIpv6],
  ['a name', 'localhost', false],
] as const) {
  t.test(`sends and receives: ${kind}`, { skip }, async (t) => {
    const port = await freePort();
    const { socket, received, until, tried } = socketOf(t, { port, local, peers: [{ lan: 'default', node: 'n2', addr: local }] });
    await socket.open();
    t.equal(tried(), true);
    // A name takes as long as it takes: it is sent until it came.
    const timer = setInterval(() => socket.send('default', 'n2', Buffer.from('hello')), 10);
    t.teardown(() => clearInterval(timer));
    await until(() => received.length > 0);
    t.equal(received[0], 'hello');
    socket.send('default', 'n9', Buffer.from('nobody'));
  });
}

t.test('an address that is not of this machine is named with its remedy', async (t) => {
  const { socket, problems, tried } = socketOf(t, { port: await freePort(), local: '192.0.2.1' });
  await socket.open();
  t.equal(tried(), false);
  t.match(problems, [
    { code: 'NET_ADDRESS', message: /UDP 192\.0\.2\.1:\d+ of lan default is not an address of this machine.*laddr/ },
  ]);
});

t.test('names without an address are named', async (t) => {
  const own = socketOf(t, { port: await freePort(), local: 'no-such-host.invalid' });
  await own.socket.open();
  t.match(own.problems, [{ code: 'NET_RESOLVE', message: /no-such-host\.invalid of this node/ }]);
  const peer = socketOf(t, { port: await freePort(), peers: [{ lan: 'default', node: 'n2', addr: 'no-such-host.invalid' }] });
  await peer.socket.open();
  await peer.until(() => peer.problems.length > 0);
  t.match(peer.problems, [{ code: 'NET_RESOLVE', message: /no-such-host\.invalid of node n2 on lan default/ }]);
  peer.socket.resolve('default', 'n9');
});

t.test('names that have other addresses by now: the socket is bound to its own, and peers are sent to theirs', async (t) => {
  const port = await freePort();
  const addresses: Record<string, string> = { me: '127.0.0.1', peer: '127.0.0.3' };
  const lookup = async (name: string) => {
    const address = addresses[name];
    if (address === undefined) throw new Error('no such name');
    return { address, family: 4 };
  };
  const { socket } = socketOf(t, { port, local: 'me', lookup, peers: [{ lan: 'default', node: 'n2', addr: 'peer' }] });
  await socket.open();
  const there = async (
    local: string,
    use: (received: readonly string[], until: (holds: () => boolean) => Promise<void>) => Promise<void>,
  ) => {
    const peer = socketOf(t, { port, local, peers: [{ lan: 'default', node: 'n1', addr: addresses['me'] ?? '' }] });
    await peer.socket.open();
    const timer = setInterval(() => socket.send('default', 'n2', Buffer.from('hello')), 10);
    t.teardown(() => clearInterval(timer));
    await use(peer.received, peer.until);
    clearInterval(timer);
  };
  await there('127.0.0.3', async (received, until) => until(() => received.length > 0));
  addresses['me'] = '127.0.0.2';
  addresses['peer'] = '127.0.0.4';
  await socket.lookUpNames();
  await there('127.0.0.4', async (received, until) => until(() => received.length > 0));
  const old = socketOf(t, { port, local: '127.0.0.1' });
  await old.socket.open();
  t.equal(old.tried(), true, 'the old address is free');
  const taken = socketOf(t, { port, local: '127.0.0.2' });
  await taken.socket.open();
  t.equal(taken.tried(), false, 'the new one is bound');
  // A name that nobody knows any more leaves everything as it is.
  delete addresses['me'];
  delete addresses['peer'];
  await socket.lookUpNames();
  await there('127.0.0.5', async () => undefined);
  const still = socketOf(t, { port, local: '127.0.0.2' });
  await still.socket.open();
  t.equal(still.tried(), false);
});

t.test('a lan of both kinds of addresses is a mistake, told once a minute', { skip: noIpv6 }, async (t) => {
  const { socket, problems } = socketOf(t, { port: await freePort(), peers: [{ lan: 'default', node: 'n2', addr: '[::1]' }] });
  await socket.open();
  await aFewTurns();
  socket.send('default', 'n2', Buffer.from('x'));
  socket.send('default', 'n2', Buffer.from('x'));
  t.match(problems, [{ code: 'NET_FAMILY', message: /mixes IPv4 and IPv6/ }]);
  t.equal(problems.length, 1);
});

t.test('what cannot be sent is told', async (t) => {
  const { socket, problems, until } = socketOf(t, {
    port: await freePort(),
    peers: [{ lan: 'default', node: 'n2', addr: '127.0.0.2' }],
  });
  await socket.open();
  await aFewTurns();
  socket.send('default', 'n2', Buffer.alloc(70_000));
  await until(() => problems.length > 0);
  t.match(problems, [{ code: 'NET_SEND', message: /Nothing can be sent to n2 \(127\.0\.0\.2\)/ }]);
});

t.test('closed while it tries again, it stops trying', async (t) => {
  const port = await freePort();
  const first = socketOf(t, { port });
  await first.socket.open();
  const second = socketOf(t, { port });
  await second.socket.open();
  t.match(second.problems, [{ code: 'NET_PORT_IN_USE' }]);
  await second.socket.close();
  await second.socket.close();
  await first.socket.close();
});
