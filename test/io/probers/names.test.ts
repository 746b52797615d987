import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  alternate,
  candidates,
  createNames,
  type Names,
  parseHosts,
  parseSearch,
  type Resolution,
} from '../../../src/io/probers/names.js';

type Reply = { readonly code: number; readonly addresses: readonly string[]; readonly ttl?: number } | 'silence' | 'nonsense';
interface NameServer {
  readonly address: string;
  /** `name type` of every query. */
  readonly asked: string[];
}

/** The name and the type that a query asks for (RFC 1035, section 4.1.2). */
function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let offset = 12;
  for (let length = query.readUInt8(offset); length > 0; length = query.readUInt8(offset)) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(offset + 1), end: offset + 5 };
}

/** A name server on loopback that answers as told. */
async function nameServer(t: Test, answer: (name: string, type: 'A' | 'AAAA') => Reply): Promise<NameServer> {
  const asked: string[] = [];
  const socket: Socket = createSocket('udp4');
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const { name, type, end } = questionOf(query);
    const kind = type === 28 ? 'AAAA' : 'A';
    asked.push(`${name} ${kind}`);
    const reply = answer(name, kind);
    if (reply === 'silence') return;
    if (reply === 'nonsense') {
      socket.send(Buffer.concat([query.subarray(0, 2), Buffer.from('not a name server')]), from.port, from.address);
      return;
    }
    const head = Buffer.from(query.subarray(0, end));
    head.writeUInt16BE(0x8180 | reply.code, 2);
    head.writeUInt16BE(reply.addresses.length, 6);
    head.writeUInt32BE(0, 8);
    const records = reply.addresses.map((address) => {
      const bytes = Buffer.from(address, 'hex');
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(reply.ttl ?? 60, 6);
      record.writeUInt16BE(bytes.length, 10);
      return Buffer.concat([record, bytes]);
    });
    socket.send(Buffer.concat([head, ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, asked };
}
const resolve = (names: Names, name: string): Promise<Resolution> => new Promise((done) => names.resolve(name, done));
const four = { code: 0, addresses: ['0a000001'] } as const;
const six = { code: 0, addresses: ['fd000000000000000000000000000001'] } as const;
const none = { code: 0, addresses: [] } as const;
const files = (t: Test, hosts = '', resolver = ''): { readonly hostsFile: string; readonly resolverFile: string } => {
  const dir = t.testdir({ hosts, resolver });
  return { hostsFile: join(dir, 'hosts'), resolverFile: join(dir, 'resolver') };
};

t.test('literal addresses and the hosts file need nobody', async (t) => {
  const names = createNames({
    ...files(t, '# mine\n10.1.1.1 One one.example\n10.1.1.2 one\n::9\tone # six\nnonsense x\n'),
    servers: [],
  });
  const at = (name: string): Resolution | null => {
    let found: Resolution | null = null;
    names.resolve(name, (resolution) => {
      found = resolution;
    });
    return found;
  };
  t.same(at('10.0.0.1'), { kind: 'found', addresses: ['10.0.0.1'] });
  t.same(at('[fe80::1%eth0]'), { kind: 'found', addresses: ['fe80::1%eth0'] });
  t.same(at('ONE'), { kind: 'found', addresses: ['::9', '10.1.1.1', '10.1.1.2'] });
  t.same(at('one.example.'), { kind: 'found', addresses: ['10.1.1.1'] });
  t.same(at('localhost'), { kind: 'found', addresses: ['::1', '127.0.0.1'] });
  t.same(at('app.localhost.'), { kind: 'found', addresses: ['::1', '127.0.0.1'] });
});

t.test('a hosts file that changes is read again', async (t) => {
  const place = files(t, '10.1.1.1 one\n');
  const names = createNames(place);
  t.match(await resolve(names, 'one'), { addresses: ['10.1.1.1'] });
  writeFileSync(place.hostsFile, '10.1.1.222 one\n');
  const begun = performance.now();
  let found: Resolution = await resolve(names, 'one');
  while (found.kind === 'found' && found.addresses[0] === '10.1.1.1' && performance.now() - begun < 3_000) {
    await new Promise((done) => setTimeout(done, 50));
    found = await resolve(names, 'one');
  }
  t.match(found, { addresses: ['10.1.1.222'] });
});

t.test('DNS: both families, shared by those who ask together, kept for its time to live', async (t) => {
  const server = await nameServer(t, (_name, type) => (type === 'A' ? four : six));
  const names = createNames({ ...files(t), servers: [server.address] });
  const expected = { kind: 'found', addresses: ['fd00::1', '10.0.0.1'] };
  t.same(await Promise.all([resolve(names, 'app.example'), resolve(names, 'App.Example')]), [expected, expected]);
  t.same(await resolve(names, 'app.example'), expected);
  t.same([...server.asked].sort(), ['app.example A', 'app.example AAAA'], 'asked once');
  t.same(await resolve(names, 'other.example'), expected);
  t.equal(server.asked.length, 4);
  names.forget();
  t.same(await resolve(names, 'app.example'), expected);
  t.equal(server.asked.length, 6, 'asked anew');
});

t.test('a time to live of 0 is not kept', async (t) => {
  const server = await nameServer(t, (_name, type) => (type === 'A' ? { ...four, ttl: 0 } : none));
  const names = createNames({ ...files(t), servers: [server.address] });
  t.match(await resolve(names, 'app.example'), { addresses: ['10.0.0.1'] });
  t.match(await resolve(names, 'app.example'), { addresses: ['10.0.0.1'] });
  t.equal(server.asked.filter((one) => one.endsWith(' A')).length, 2);
});

t.test('what DNS does not know, does not answer, or answers badly is told by name', async (t) => {
  const server = await nameServer(t, (name) => {
    if (name === 'silent.example') return 'silence';
    if (name === 'refused.example') return { code: 5, addresses: [] };
    if (name === 'broken.example') return { code: 2, addresses: [] };
    return { code: 3, addresses: [] };
  });
  const names = createNames({ ...files(t), servers: [server.address], tryMs: 100 });
  const detail = async (name: string): Promise<string> => {
    const resolution = await resolve(names, name);
    return resolution.kind === 'failed' ? resolution.detail : resolution.addresses.join(' ');
  };
  t.equal(await detail('None.example'), 'name None.example is not known to DNS or the hosts file');
  t.equal(await detail('silent.example'), 'name silent.example cannot be looked up: no name server answers');
  t.match(await detail('refused.example'), /^name refused.example cannot be looked up: /);
  t.match(await detail('broken.example'), /^name broken.example cannot be looked up: /);
  t.match(await detail(`${'x'.repeat(80)}.example`), /^name x+\.example (cannot be looked up: that is no name|is not known)/);
});

t.test('a server that never answers for one family does not hide the other', async (t) => {
  const server = await nameServer(t, (_name, type) => (type === 'A' ? four : 'silence'));
  const names = createNames({ ...files(t), servers: [server.address], tryMs: 1_500 });
  const begun = performance.now();
  t.match(await resolve(names, 'app.example'), { kind: 'found', addresses: ['10.0.0.1'] });
  t.ok(performance.now() - begun < 1_400, `${performance.now() - begun} ms`);
});

t.test('search domains', async (t) => {
  const server = await nameServer(t, (name) => (name === 'app.two.example' ? four : { code: 3, addresses: [] }));
  const names = createNames({ ...files(t, '', 'search one.example two.example\noptions ndots:1\n'), servers: [server.address] });
  t.match(await resolve(names, 'app'), { kind: 'found', addresses: ['10.0.0.1'] });
  t.match(await resolve(names, 'nope'), { kind: 'failed' });
});

t.test('who has closed is not told, and whoever else asks still is', async (t) => {
  const server = await nameServer(t, (_name, type) => (type === 'A' ? four : none));
  const names = createNames({ ...files(t), servers: [server.address] });
  let told = 0;
  const first = names.resolve('app.example', () => {
    told += 1;
  });
  const second = resolve(names, 'app.example');
  first.close();
  t.match(await second, { kind: 'found' });
  t.equal(told, 0);
});

t.test('files', (t) => {
  t.same(
    [...parseHosts('127.0.0.1 a b\r\n::1 a\n127.0.0.1 a\n')],
    [
      ['a', ['127.0.0.1', '::1']],
      ['b', ['127.0.0.1']],
    ],
  );
  t.same(parseSearch('domain x.example\noptions rotate ndots:3\n'), { domains: ['x.example'], dots: 3 });
  t.same(parseSearch('search .\n'), { domains: [], dots: 1 });
  t.same(parseSearch('options ndots:99\n').dots, 15);
  const search = { domains: ['a.example', 'b.example.'], dots: 2 };
  t.same(candidates('x', search), ['x.a.example', 'x.b.example', 'x']);
  t.same(candidates('x.y.z', search), ['x.y.z', 'x.y.z.a.example', 'x.y.z.b.example']);
  t.same(candidates('x.', search), ['x']);
  t.same(alternate(['1.1.1.1', '2.2.2.2', '::1']), ['::1', '1.1.1.1', '2.2.2.2']);
  t.equal(alternate(Array.from({ length: 20 }, (_, index) => `10.0.0.${index}`)).length, 8);
  t.end();
});
