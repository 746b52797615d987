import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import t, { type Test } from 'tap';
import { createAddressLook, type LookWorld, realWorld } from '../../../src/io/network/look.js';

const world = (change: Partial<LookWorld> = {}): LookWorld => ({
  resolve: async (name) => (name === 'n2.example.org' ? ['127.0.0.1'] : []),
  reverse: async () => ['web7.example.org'],
  own: () => [],
  ...change,
});
async function listen(t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
const web = (t: Test, handler: RequestListener): Promise<number> => listen(t, createServer(handler));
const problem = (node: string): RequestListener => {
  return (_request, response) => {
    response.writeHead(403, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ code: 'HTTP_FORBIDDEN', node }));
  };
};
const look = (port: number, change: Partial<LookWorld> = {}, timeoutMs = 2000) =>
  createAddressLook({ node: () => 'n1', port, timeoutMs, world: world(change) });

t.test('a daemon, also one that lets nobody in', async (t) => {
  const port = await web(t, problem('n2'));
  t.match(await look(port).look('127.0.0.1', null), { state: 'node', name: 'n2', addresses: ['127.0.0.1'] });
  t.match(await look(port).look('n2.example.org', null), { state: 'node', name: 'n2', addresses: ['127.0.0.1'] });
  t.match(await look(1).look('127.0.0.1', port), { state: 'node' }, 'another port');
});

t.test('this node', async (t) => {
  const port = await web(t, problem('n1'));
  t.match(await look(port, { own: () => ['127.0.0.1'] }).look('127.0.0.1', null), { state: 'self', name: 'n1' });
  const other = await web(t, problem('n9'));
  t.match(await look(other, { own: () => ['127.0.0.1'] }).look('127.0.0.1', null), { state: 'node', name: 'n9' });
});

t.test('something else, and what it says is told to nobody', async (t) => {
  const port = await web(t, (_request, response) => response.end('{"node":"<b>","code":"x","secret":"abc"}'));
  const report = await look(port).look('127.0.0.1', null);
  t.match(report, { state: 'other', name: 'web7' });
  t.notMatch(JSON.stringify(report), /abc|<b>/);
  const large = await web(t, (_request, response) => response.end(`{"node":"n2","code":"${'x'.repeat(20_000)}"}`));
  t.match(await look(large).look('127.0.0.1', null), { state: 'other' });
  const elsewhere = await web(t, (_request, response) => response.writeHead(308, { location: 'http://127.0.0.2:1/' }).end('{}'));
  t.match(await look(elsewhere).look('127.0.0.1', null), { state: 'other' }, 'not led to another machine');
});

t.test('a daemon with HTTPS sends to its other port', async (t) => {
  const secure = await web(t, problem('n2'));
  const port = await web(t, (_request, response) =>
    response.writeHead(308, { location: `http://127.0.0.1:${secure}/api/v1/login` }).end(),
  );
  t.match(await look(port).look('127.0.0.1', null), { state: 'node', name: 'n2' });
});

t.test('nobody listens; nothing comes back; no such name', async (t) => {
  const closed = createTcpServer();
  const port = await listen(t, closed);
  await new Promise((resolve) => closed.close(resolve));
  t.match(await look(port).look('127.0.0.1', null), { state: 'refused', name: 'web7' });
  t.match(await look(port, { reverse: () => Promise.reject(new Error('no')) }).look('127.0.0.1', null), {
    state: 'refused',
    name: null,
  });
  const mute = await listen(t, createTcpServer());
  t.match(await look(mute, {}, 60).look('127.0.0.1', null), { state: 'silent' });
  t.match(await look(mute, { resolve: () => new Promise(() => undefined) }, 60).look('slow.example.org', null), {
    state: 'unknown',
  });
  t.match(await look(mute).look('nowhere.example.org', null), { state: 'unknown', addresses: [] });
  for (const bad of ['', 'a b', 'http://n2/', '$(id)']) t.match(await look(mute).look(bad, null), { state: 'unknown' }, bad);
});

t.test('not more than a few at once', async (t) => {
  const mute = await listen(t, createTcpServer());
  const one = look(mute, {}, 80);
  const all = Array.from({ length: 16 }, () => one.look('127.0.0.1', null));
  t.equal(await one.look('127.0.0.1', null), null);
  t.equal((await Promise.all(all)).filter((report) => report === null).length, 0);
  t.not(await one.look('127.0.0.1', null), null, 'and later again');
});

t.test('the real world', async (t) => {
  t.ok(realWorld.own().includes('127.0.0.1'));
  t.ok((await realWorld.resolve('localhost')).length > 0);
});
