import { once } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import { isSelfConnection } from '../../../src/io/probers/connect.js';
import { createProber } from '../../../src/io/probers/index.js';
import type { Names } from '../../../src/io/probers/names.js';
import { freePort, look, tcp, tcpPeer } from './harness.js';

/** Names that are known at once. */
const fixed = (table: Readonly<Record<string, readonly string[]>>): Names => ({
  resolve: (name, onResolution) => {
    const addresses = table[name];
    if (addresses === undefined) onResolution({ kind: 'failed', detail: `name ${name} is not known` });
    else onResolution({ kind: 'found', addresses });
    return { close: () => undefined };
  },
  forget: () => undefined,
});

t.test('a port that accepts and never answers is up', async (t) => {
  const peer = await tcpPeer();
  t.teardown(() => peer.close());
  t.same(await look(createProber(), tcp('127.0.0.1', peer.port)), {
    up: true,
    detail: `connected to 127.0.0.1:${peer.port}`,
    stamp: null,
  });
});

t.test('a port where nobody listens is down at once, with the place', async (t) => {
  const port = await freePort();
  t.same(await look(createProber(), tcp('127.0.0.1', port)), {
    up: false,
    detail: `connection refused by 127.0.0.1:${port}`,
    stamp: null,
  });
  t.match(await look(createProber(), tcp('::1', port)), { up: false, detail: `connection refused by [::1]:${port}` });
});

t.test('IPv6', async (t) => {
  const peer = await tcpPeer(undefined, '::1');
  t.teardown(() => peer.close());
  t.match(await look(createProber(), tcp('::1', peer.port)), { up: true, detail: `connected to [::1]:${peer.port}` });
  t.match(await look(createProber(), tcp('[::1]', peer.port)), { up: true });
});

t.test('a name: every address is tried, in both families, and all failures are told', async (t) => {
  const peer = await tcpPeer();
  t.teardown(() => peer.close());
  const names = fixed({
    both: ['::1', '127.0.0.1'],
    many: ['127.0.0.2', '127.0.0.3', '::1', '127.0.0.4', '127.0.0.5', '127.0.0.1'],
  });
  const prober = createProber({ names });
  t.match(await look(prober, tcp('both', peer.port)), { up: true, detail: `connected to 127.0.0.1:${peer.port}` });
  t.match(await look(prober, tcp('many', peer.port)), { up: true, detail: `connected to 127.0.0.1:${peer.port}` });
  const port = await freePort();
  t.match(await look(prober, tcp('both', port)), {
    up: false,
    detail: `connection refused by [::1]:${port}; connection refused by 127.0.0.1:${port}`,
  });
  t.match(await look(prober, tcp('none', port)), { up: false, detail: 'name none is not known' });
  t.match(await look(createProber(), tcp('localhost', peer.port)), { up: true });
});

/** How a connection ended for the server: what it was told, and how. */
async function endOf(socket: Socket): Promise<string> {
  const told: string[] = [];
  socket.on('end', () => told.push('end'));
  socket.on('error', (error) => told.push(error.message));
  await once(socket, 'close').catch(() => undefined);
  return told.join(' ');
}

t.test('the other side sees an end and no reset, also when it speaks first', async (t) => {
  for (const greeting of [null, '220 mail.example ESMTP\r\n']) {
    const ends: Promise<string>[] = [];
    const peer = await tcpPeer((socket) => {
      if (greeting !== null) socket.write(greeting);
      socket.resume();
      ends.push(endOf(socket));
      socket.once('end', () => {
        // As a server does that answers what it was asked before it closes.
        socket.end('221 bye\r\n');
      });
    });
    t.teardown(() => peer.close());
    t.match(await look(createProber(), tcp('127.0.0.1', peer.port)), { up: true });
    while (ends.length === 0) await new Promise((resolve) => setImmediate(resolve));
    t.equal(await ends[0], 'end');
  }
});

t.test('a server that never closes, or that talks for ever, is left after a moment', async (t) => {
  let talking: NodeJS.Immediate | null = null;
  const silent = await tcpPeer((socket) => socket.resume());
  const talker = await tcpPeer((socket) => {
    const talk = (): void => {
      if (!socket.destroyed && socket.write(Buffer.alloc(65_536))) talking = setImmediate(talk);
    };
    socket.on('drain', talk);
    talk();
  });
  t.teardown(async () => {
    if (talking !== null) clearImmediate(talking);
    await Promise.all([silent.close(), talker.close()]);
  });
  for (const peer of [silent, talker]) t.match(await look(createProber(), tcp('127.0.0.1', peer.port)), { up: true });
  t.equal(silent.sockets.size, 1, 'the server has not closed');
  // What must be left in the end are the server's own ends, and none of ours.
  const ours = (): number =>
    process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length - silent.sockets.size - talker.sockets.size;
  const begun = performance.now();
  while (ours() > 0 && performance.now() - begun < 5_000) await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(ours(), 0);
  t.ok(performance.now() - begun > 500, 'it was given a moment');
});

t.test('a connection to itself is nobody listening', (t) => {
  const socket = { localAddress: '127.0.0.1', remoteAddress: '127.0.0.1', localPort: 40_000, remotePort: 40_000 };
  t.ok(isSelfConnection(socket));
  t.notOk(isSelfConnection({ ...socket, localPort: 40_001 }));
  t.notOk(isSelfConnection({ ...socket, remoteAddress: '127.0.0.2' }));
  t.end();
});

t.test('what cannot be a port or an address is a result, not an exception', async (t) => {
  t.match(await look(createProber(), tcp('127.0.0.1', 70_000)), { up: false });
  t.match(await look(createProber(), tcp('300.1.1.1.', 80)), { up: false });
});

t.test('closed before it ended, it says nothing', async (t) => {
  const peer = await tcpPeer();
  t.teardown(() => peer.close());
  let results = 0;
  const prober = createProber();
  for (let count = 0; count < 50; count += 1) {
    const check = prober.check(tcp('127.0.0.1', peer.port), { module: 'm', binDir: '/', env: {} }, () => {
      results += 1;
    });
    check.close();
    check.close();
  }
  t.match(await look(prober, tcp('127.0.0.1', peer.port)), { up: true });
  t.equal(results, 0);
});
