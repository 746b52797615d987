import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { loadNative } from '../../../src/io/linux/native.js';
import { addressBytes, addressKey } from '../../../src/io/probers/address-bytes.js';
import { checksum, type Echo, echoReply, echoRequest, payloadBytes } from '../../../src/io/probers/icmp.js';
import { createEchoes } from '../../../src/io/probers/icmp-sockets.js';
import { createPingProbe } from '../../../src/io/probers/ping.js';
import { createPingProgram, pingArguments, wasAnswered } from '../../../src/io/probers/ping-program.js';
import { ping, place } from './harness.js';

/** What a host makes of a request. */
function replyOf(family: 4 | 6, request: Buffer, header: number): Buffer {
  const reply = Buffer.concat([Buffer.alloc(header), request]);
  if (header > 0) reply.writeUInt8(0x40 | (header / 4), 0);
  reply.writeUInt8(family === 4 ? 0 : 129, header);
  return reply;
}
const echoes = fc.record({
  id: fc.integer({ min: 0, max: 65_535 }),
  sequence: fc.integer({ min: 0, max: 65_535 }),
  secret: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  check: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

t.test('a reply is read as what was asked, with and without a header; the checksum is right', (t) => {
  fc.assert(
    fc.property(echoes, fc.constantFrom(4 as const, 6 as const), fc.constantFrom(0, 20, 24, 60), (echo: Echo, family, header) => {
      const request = echoRequest(family, echo);
      t.equal(request.length, 8 + payloadBytes);
      if (family === 4) t.equal(checksum(request), 0, 'a packet with its checksum sums up to nothing');
      const reply = echoReply(family, replyOf(family, request, header), header > 0);
      t.same(reply === null ? null : { ...reply, secret: reply.secret.toString('hex') }, {
        ...echo,
        secret: echo.secret.toString('hex'),
      });
      t.equal(echoReply(family, replyOf(family, request, header).subarray(0, -1), header > 0), null, 'cut short');
      if (header === 0) t.equal(echoReply(family, request, false), null, 'a request is no reply');
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test('no packet is an exception', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.boolean(),
      fc.constantFrom(4 as const, 6 as const),
      (bytes, hasHeader, family) => {
        echoReply(family, Buffer.from(bytes), hasHeader);
      },
    ),
    { numRuns: 500 },
  );
  t.pass('none');
  t.end();
});

t.test('bytes of addresses', (t) => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const found = addressBytes(text);
      // Node's own parser is the judge.
      const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
      return found !== null && found.bytes.length === 16 && addressKey(canonical) === addressKey(text);
    }),
  );
  t.same(addressBytes('10.1.2.3'), { family: 4, bytes: [10, 1, 2, 3], zone: null });
  t.same(addressBytes('fe80::1%eth0'), { family: 6, bytes: [0xfe, 0x80, ...Array<number>(13).fill(0), 1], zone: 'eth0' });
  t.equal(addressKey('::ffff:1.2.3.4'), '00000000000000000000ffff01020304');
  t.equal(addressKey('fe80::1%eth0'), addressKey('fe80:0::1'));
  t.equal(addressBytes('name'), null);
  t.equal(addressKey('name'), 'name');
  t.end();
});

t.test('the ping program: arguments and verdicts', (t) => {
  t.same(pingArguments('::1', 2_500, 'linux'), ['-n', '-c', '1', '-w', '3', '::1']);
  t.same(pingArguments('1.2.3.4', 200, 'linux'), ['-n', '-c', '1', '-w', '1', '1.2.3.4']);
  t.same(pingArguments('1.2.3.4', 200, 'win32'), ['-n', '1', '-w', '200', '1.2.3.4']);
  t.ok(wasAnswered(0, '', '1.2.3.4', 'linux'));
  t.notOk(wasAnswered(1, '', '1.2.3.4', 'linux'));
  t.notOk(wasAnswered(null, '', '1.2.3.4', 'linux'));
  t.ok(wasAnswered(0, 'Antwort von 1.2.3.4: Bytes=32 Zeit<1ms TTL=128', '1.2.3.4', 'win32'));
  t.notOk(wasAnswered(0, 'Antwort von 1.2.3.1: Zielhost nicht erreichbar.', '1.2.3.4', 'win32'), 'Windows says 0 to that');
  t.ok(wasAnswered(0, 'Antwort von ::1: Zeit<1ms', '::1', 'win32'));
  t.equal(createPingProgram({ path: null }), null);
  t.end();
});

t.test('many programs take turns, and closing ends those that wait and those that run', async (t) => {
  const program = createPingProgram({ path: '/bin/false' });
  const ends = await Promise.all(
    Array.from({ length: 80 }, () => new Promise((resolve) => program?.ping('127.0.0.1', 1_000, resolve))),
  );
  t.equal(ends.length, 80);
  t.match(ends[79], { kind: 'failed', detail: 'no answer from 127.0.0.1' });
  const missing = createPingProgram({ path: '/nowhere/ping' });
  t.match(await new Promise((resolve) => missing?.ping('::1', 1_000, resolve)), { kind: 'failed', detail: /cannot be run/ });
  // The system refuses some at once (here: an argument that is too long), more often than programs may run together.
  const refused = createPingProgram({ path: '/bin/true' });
  for (let time = 0; time < 40; time += 1)
    t.match(await new Promise((resolve) => refused?.ping('x'.repeat(200_000), 1_000, resolve)), {
      kind: 'failed',
      detail: /cannot be run: spawn E2BIG/,
    });
  t.match(
    await new Promise((resolve) => refused?.ping('::1', 1_000, resolve)),
    { kind: 'answered' },
    'and takes no place of others',
  );
  const dir = t.testdir({ ping: '#!/bin/sh\nexec sleep 60\n' });
  const { chmodSync } = await import('node:fs');
  chmodSync(`${dir}/ping`, 0o755);
  const slow = createPingProgram({ path: `${dir}/ping` });
  let told = 0;
  const running = Array.from({ length: 40 }, () => slow?.ping('127.0.0.1', 1_000, () => (told += 1)));
  for (const one of running) one?.close();
  const begun = performance.now();
  while (process.getActiveResourcesInfo().includes('ProcessWrap') && performance.now() - begun < 10_000)
    await new Promise((resolve) => setTimeout(resolve, 10));
  t.notOk(process.getActiveResourcesInfo().includes('ProcessWrap'), 'no program is left');
  t.equal(told, 0);
});

t.test('without a socket and without a program', async (t) => {
  const names = {
    resolve: (name: string, done: (found: { kind: 'found'; addresses: readonly string[] }) => void) => {
      done({ kind: 'found', addresses: [name] });
      return { close: () => undefined };
    },
    forget: () => undefined,
  };
  const result = await new Promise((resolve) =>
    createPingProbe({ names, echoes: null, program: null })(ping('10.0.0.1'), place, resolve),
  );
  t.match(result, { up: false, detail: /^10.0.0.1 was not asked/ });
});

const native = process.platform === 'linux' ? loadNative() : null;
/** May this process have a socket for echoes? */
function allowed(): string | false {
  if (native === null) return 'koffi cannot be loaded';
  let refused = false;
  createEchoes(native)
    .ping('127.0.0.1', 1_000, (end) => {
      refused = end.kind === 'notAllowed';
    })
    .close();
  return refused ? 'no ICMP socket is allowed here' : false;
}
t.test('echoes on loopback: answered once each, closed ones never', { skip: allowed() }, async (t) => {
  if (native === null) return;
  const own = createEchoes(native);
  let told = 0;
  const all = Array.from(
    { length: 300 },
    (_, index) =>
      new Promise((resolve) =>
        own.ping(index % 2 === 0 ? '127.0.0.1' : '::1', 1_000, (end) => {
          told += 1;
          resolve(end.kind);
        }),
      ),
  );
  t.same([...new Set(await Promise.all(all))], ['answered']);
  t.equal(told, 300);
  for (let count = 0; count < 100; count += 1) own.ping('127.0.0.1', 1_000, () => (told += 1)).close();
  t.equal(await new Promise((resolve) => own.ping('127.0.0.1', 1_000, (end) => resolve(end.kind))), 'answered');
  t.equal(told, 300);
  const nobody = own.ping(`fe80::${randomBytes(2).toString('hex')}%lo`, 50, () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 130));
  nobody.close();
  nobody.close();
  t.match(await new Promise((resolve) => own.ping('nonsense', 50, resolve)), { kind: 'failed', code: 'EINVAL' });
});
