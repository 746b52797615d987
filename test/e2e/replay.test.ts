/**
 * Whoever stands between two nodes records what they say to each other and sends it again, as it was and changed: to the same run of the
 * daemon, after a restart of the sender, and after one of the receiver. Nothing is carried out twice; it is counted and told.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import t from 'tap';
import { ask } from './http.js';
import { pairOf } from './pair.js';
import { until } from './until.js';

t.setTimeout(600_000);
const skip = process.platform === 'linux' ? false : 'several loopback addresses are needed';

/** A proxy that keeps what clients send, one buffer for each connection. */
async function recorder(host: string, port: number, behind: string) {
  const recorded: Buffer[] = [];
  const server = createServer((client) => {
    const index = recorded.push(Buffer.alloc(0)) - 1;
    const target = connect({ host: behind, port });
    client.on('data', (chunk) => {
      recorded[index] = Buffer.concat([recorded[index] ?? Buffer.alloc(0), chunk]);
    });
    client.pipe(target).pipe(client);
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const)
      one.on('error', () => undefined).on('close', () => other.destroy());
  }).listen(port, host);
  await once(server, 'listening');
  return {
    close: () => void server.close(),
    /** The sealed requests so far, each with its head. */
    requests: () => recorded.flatMap(requestsIn).filter((one) => one.toString('latin1').startsWith('POST /api/v1/sealed ')),
  };
}
function requestsIn(bytes: Buffer): readonly Buffer[] {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return [];
  const length = Number(/content-length: (\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1] ?? 0);
  const all = end + 4 + length;
  return bytes.length < all ? [] : [bytes.subarray(0, all), ...requestsIn(bytes.subarray(all))];
}
/** Sends bytes as they are. @returns the head and body of the answer, as latin1 */
async function send(host: string, port: number, bytes: Buffer): Promise<string> {
  const socket = connect({ host, port, localAddress: '127.0.0.66' });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
    if (end >= 0 && text.length >= end + 4 + length) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

t.test('recorded between two nodes, and sent again', { skip }, async (t) => {
  // n1 reaches n2 at 127.0.0.2, where the recorder is; n2's web service is behind it.
  const behind = '127.0.0.3';
  const { httpPort, n1, n2, form } = await pairOf(t, ['127.0.0.1', behind]);
  const wire = await recorder('127.0.0.2', httpPort, behind);
  t.teardown(() => wire.close());
  await Promise.all([n1.start(), n2.start()]);
  await form();
  await n2.install('web', { userconfig: '<safe><service mode="light" boot="off"/></safe>', scripts: {} });

  /** A request whose effect can be counted: a line in the module's log. The longest that is said, so that it is told apart. */
  const say = async (word: string): Promise<Buffer> => {
    const message = `${word} ${'x'.repeat(400)}`;
    await until(`n1 says ${word} to n2`, async () => {
      if ((await n2.logged('web', `${word} x`)) > 0) return true;
      const { status, body } = await n1.api('POST', '/nodes/n2/modules/web/print', { level: 'I', message });
      if (status !== 204) throw new Error(body);
      return true;
    });
    const longest = Math.max(...wire.requests().map(({ length }) => length));
    const found = wire.requests().findLast(({ length }) => length > longest - 50);
    if (found === undefined) throw new Error('nothing was recorded');
    return found;
  };
  const said = (word: string): Promise<number> => n2.logged('web', `${word} x`);
  const refusals = async (reason: string): Promise<number> => {
    const { body } = await ask({ socketPath: n2.socket, path: '/metrics' });
    return Number(new RegExp(`^holdfast_sealed_requests_refused_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(body)?.[1]);
  };
  const again = (bytes: Buffer): Promise<string> => send(behind, httpPort, bytes);
  const refused = /^HTTP\/1\.1 401 [\s\S]+"HTTP_SEAL"/;

  const first = await say('first');
  t.equal(await said('first'), 1);
  t.notMatch(first.toString('latin1'), /first x|modules\/web/, 'what was recorded says nothing of it');
  for (const copy of [1, 2]) {
    const answer = await again(first);
    t.match(answer, refused, 'refused');
    t.match(answer, /seen before/, 'with the reason');
    t.equal(await refusals('seenBefore'), copy, 'counted');
  }
  await until('told in the log', () => n2.nodeLog().includes('A request of node n1 refused: seen before'));
  t.equal(n2.nodeLog().split('seen before').length, 2, 'once a minute');

  const body = first.indexOf('\r\n\r\n') + 4;
  const changes = [
    body,
    body + 5,
    body + 13,
    body + 100,
    Math.floor((body + first.length) / 2),
    first.length - 17,
    first.length - 1,
  ];
  const before = await refusals('otherCluster');
  for (const at of changes) {
    const changed = Buffer.from(first);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x20, at);
    t.match(await again(changed), refused, `one byte changed, ${at - body} into the body`);
  }
  t.equal(await refusals('otherCluster'), before + changes.length, 'counted');
  t.match(await send('127.0.0.1', httpPort, first), refused, 'nor by another node, or the one that it came from');
  t.equal(await said('first'), 1, 'carried out once');

  // The sender begins a new epoch; what it sent in the one before stays spent.
  await n1.kill();
  await n1.start();
  t.match(await again(first), refused, 'while the sender is away');
  const second = await say('second');
  for (const recorded of [first, second]) t.match(await again(recorded), refused, 'after a restart of the sender');

  // The receiver forgets what it saw, but is another run: that is what a request is bound to.
  await n2.kill();
  await n2.start();
  await until(
    'its web service listens again',
    async () => (await ask({ host: behind, port: httpPort, path: '/var/modules/web/ready.txt' })).status > 0,
  );
  const carriedOut = async (): Promise<readonly number[]> => [await said('first'), await said('second')];
  for (const recorded of [first, second]) {
    const answer = await again(recorded);
    t.match(answer, /^HTTP\/1\.1 200 /, 'its sender is told which run this is');
    t.notMatch(answer, /otherRun|"run"/, 'under the seal');
  }
  t.same(await carriedOut(), [1, 1], 'not carried out after a restart of the receiver');
  t.ok((await refusals('otherRun')) >= 2, 'counted');
  const third = await say('third');
  for (const recorded of [first, second]) t.match(await again(recorded), /^HTTP\/1\.1 200 /);
  t.match(await again(third), refused, 'what the present run took is spent');
  t.same([...(await carriedOut()), await said('third')], [1, 1, 1]);
  t.match(await n1.api('GET', '/nodes/n2/cluster'), { status: 200 }, 'honest requests still get through');
});
