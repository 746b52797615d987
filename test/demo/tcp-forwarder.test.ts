import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import {
  type Forwarder,
  type ForwarderOptions,
  type ForwardFailure,
  type ForwardTarget,
  startForwarder,
} from '../../src/demo/tcp-forwarder.js';

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return address.port;
}
/** A server on a free loopback port; what it accepts is closed with the test. */
async function serve(t: Test, onConnection: (socket: Socket) => void): Promise<{ target: ForwardTarget; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { target: { name: 'a', address: '127.0.0.1', port: portOf(server) }, server };
}
async function forwardTo(
  t: Test,
  choose: () => ForwardTarget | null,
  options: Partial<ForwarderOptions> = {},
): Promise<{ forwarder: Forwarder; failures: ForwardFailure[] }> {
  const failures: ForwardFailure[] = [];
  const forwarder = await startForwarder(
    { address: '127.0.0.1', port: 0, choose, maxConnections: 10, connectTimeoutMs: 1_000, idleTimeoutMs: 5_000, ...options },
    (failure) => failures.push(failure),
  );
  t.teardown(() => forwarder.close());
  return { forwarder, failures };
}
function dial(t: Test, forwarder: Forwarder): Socket {
  const socket = connect({ host: '127.0.0.1', port: forwarder.port, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  return socket;
}
/** What a socket receives until the other side ends; an async iterator would close the socket with it. */
function received(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let all = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      all += chunk;
    });
    socket.on('end', () => resolve(all));
  });
}
/** Resolves with the code of the socket's error, or null when it closes without one. */
function closing(socket: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    let code: string | null = null;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    socket.on('close', () => resolve(code));
    socket.resume();
  });
}

t.test('a client that ends its side first still gets the whole answer', async (t) => {
  const { target } = await serve(t, (socket) => {
    void received(socket).then((request) => socket.end(request.toUpperCase()));
  });
  const { forwarder, failures } = await forwardTo(t, () => target);
  const client = dial(t, forwarder);
  const question = 'x'.repeat(300_000);
  client.end(question);
  t.equal((await received(client)).length, question.length);
  await once(client, 'close');
  t.same(failures, []);
  t.match(forwarder.counts(), { accepted: 1, forwarded: { a: 1 }, failed: 0 });
});

t.test('a target that ends first closes only that direction', async (t) => {
  const late: Promise<string>[] = [];
  const { target } = await serve(t, (socket) => {
    socket.end('bye');
    late.push(received(socket));
  });
  const { forwarder, failures } = await forwardTo(t, () => target);
  const client = dial(t, forwarder);
  t.equal(await received(client), 'bye');
  client.end('late words');
  await once(client, 'close');
  t.equal(await late[0], 'late words');
  t.same(failures, []);
});

t.test('a refused connection is reset, counted, and not tried elsewhere', async (t) => {
  const { target, server } = await serve(t, () => {});
  await new Promise((resolve) => server.close(resolve));
  let chosen = 0;
  const { forwarder, failures } = await forwardTo(t, () => {
    chosen += 1;
    return target;
  });
  t.equal(await closing(dial(t, forwarder)), 'ECONNRESET');
  t.equal(chosen, 1);
  t.same(failures, [{ target: 'a', reason: 'ECONNREFUSED' }]);
  t.match(forwarder.counts(), { accepted: 1, open: 0, failed: 1, forwarded: {} });
});

t.test('without a target the client is reset', async (t) => {
  const { forwarder, failures } = await forwardTo(t, () => null);
  t.equal(await closing(dial(t, forwarder)), 'ECONNRESET');
  t.same(failures, [{ target: null, reason: 'no target' }]);
});

t.test('a target that breaks off breaks the client off', async (t) => {
  const { target } = await serve(t, (socket) => {
    socket.once('data', () => socket.resetAndDestroy());
  });
  const { forwarder, failures } = await forwardTo(t, () => target);
  const client = dial(t, forwarder);
  client.write('hello');
  t.equal(await closing(client), 'ECONNRESET');
  t.same(failures, [{ target: 'a', reason: 'broken: ECONNRESET' }]);
});

t.test('a client that breaks off is no failure of the target', async (t) => {
  const upstream = await new Promise<{ forwarder: Forwarder; failures: ForwardFailure[]; closed: Promise<string | null> }>(
    (resolve, reject) => {
      serve(t, (socket) => {
        socket.once('data', () => {
          const closed = closing(socket);
          client.resetAndDestroy();
          resolve({ ...setUp, closed });
        });
      })
        .then(({ target }) => forwardTo(t, () => target))
        .then((made) => {
          setUp = made;
          client = dial(t, made.forwarder);
          client.write('hello');
        })
        .catch(reject);
      let setUp: { forwarder: Forwarder; failures: ForwardFailure[] };
      let client: Socket;
    },
  );
  t.equal(await upstream.closed, 'ECONNRESET');
  t.same(upstream.failures, []);
  t.equal(upstream.forwarder.counts().failed, 0);
});

t.test('no more connections than allowed', async (t) => {
  const { target } = await serve(t, (socket) => socket.write('in'));
  const { forwarder, failures } = await forwardTo(t, () => target, { maxConnections: 1 });
  const first = dial(t, forwarder);
  await once(first, 'data');
  t.equal(await closing(dial(t, forwarder)), 'ECONNRESET');
  t.same(failures, [{ target: null, reason: 'too many connections' }]);
  t.equal(forwarder.counts().open, 1);
});

t.test('an idle connection is reset on both sides', async (t) => {
  const upstreamClosed: Promise<string | null>[] = [];
  const { target } = await serve(t, (socket) => upstreamClosed.push(closing(socket)));
  const { forwarder } = await forwardTo(t, () => target, { idleTimeoutMs: 30 });
  t.equal(await closing(dial(t, forwarder)), 'ECONNRESET');
  await upstreamClosed[0];
  t.equal(forwarder.counts().open, 0);
});

t.test('reset and close end what is open', async (t) => {
  const { target } = await serve(t, (socket) => socket.write('in'));
  const { forwarder } = await forwardTo(t, () => target);
  const first = dial(t, forwarder);
  await once(first, 'data');
  forwarder.reset('another');
  t.equal(forwarder.counts().open, 1);
  const firstClosed = closing(first);
  forwarder.reset('a');
  t.equal(await firstClosed, 'ECONNRESET');
  const second = dial(t, forwarder);
  await once(second, 'data');
  const secondClosed = closing(second);
  await forwarder.close();
  t.equal(await secondClosed, 'ECONNRESET');
});

t.test('a port in use is an error with its code', async (t) => {
  const { target } = await serve(t, () => {});
  await t.rejects(
    forwardTo(t, () => target, { port: target.port }),
    { code: 'EADDRINUSE' },
  );
});
