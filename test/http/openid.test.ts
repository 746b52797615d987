/** The two addresses of a login at an OpenID provider, with an authority that stands for it (the real provider is in test/io/auth). */
import { createServer } from 'node:http';
import Koa from 'koa';
import t, { type Test } from 'tap';
import type { Authority, Principal } from '../../src/actors/face-auth.js';
import { createGate } from '../../src/http/auth-gate.js';
import { createOpenid } from '../../src/http/auth-openid.js';
import type { State } from '../../src/http/context.js';
import { fakeAuthority } from './fake-authority.js';
import { type Answer, ask } from './harness.js';

async function startOpenid(t: Test, change: Partial<Authority>) {
  const olga: Principal = { name: 'olga', role: 'admin', method: 'oidc', stamp: '1' };
  const authority: Authority = {
    ...fakeAuthority(true),
    current: (principal) => principal,
    oidcBegin: async (redirectUri) => ({
      ok: true,
      value: { url: 'https://login.example/auth', pending: { state: 'the state', nonce: 'n', verifier: 'v', redirectUri } },
    }),
    oidcFinish: async (url) =>
      url.includes('code=good') ? { ok: true, value: olga } : { ok: false, failure: { code: 'AUTH_FAILED', message: 'no' } },
    ...change,
  };
  const gate = createGate(authority);
  const app = new Koa<State>();
  app.use(async (ctx, next) => {
    ctx.state = {
      ...{ who: '?', role: 'none', proof: 'none', user: null, session: null, principal: null, cookie: null, certificate: null },
      ...{
        identity: null,
        local: false,
        sealed: false,
        from: null,
        source: '10.0.0.1',
        body: null,
        secure: ctx.get('x-secure') === '1',
      },
    };
    await next();
  });
  app.use(createOpenid(gate));
  app.silent = true;
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    ask({ host: '127.0.0.1', port }, path, { headers: { host: 'n1:9453', 'x-secure': '1', ...headers } });
  return { gate, get };
}
const cookieOf = (answer: Answer, name: string): string =>
  answer.headers['set-cookie']?.find((line) => line.startsWith(`${name}=`))?.split(';')[0] ?? '';

t.test('there and back', async (t) => {
  const { gate, get } = await startOpenid(t, {});
  const begun = await get('/openid/login');
  t.same([begun.status, begun.headers.location], [303, 'https://login.example/auth']);
  t.match(
    begun.headers['set-cookie']?.[0],
    /^__Host-holdfast_openid=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
  );
  const cookie = cookieOf(begun, '__Host-holdfast_openid');
  const back = '/openid?code=good&state=the+state';
  t.equal((await get(back)).headers.location, '/console/?login=AUTH_CODE', 'another browser');
  t.equal((await get(back, { cookie })).headers.location, '/console/?login=AUTH_CODE', 'and then the login is over');
  t.equal(gate.sessions.count, 0);

  await get('/openid/login');
  const done = await get(back, { cookie });
  t.equal(done.headers.location, '/console/');
  t.match(done.headers['set-cookie']?.[0], /^__Host-holdfast_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  t.match(gate.sessions.use(cookieOf(done, '__Host-holdfast_session').split('=')[1] ?? ''), { principal: { name: 'olga' } });
  await get('/openid/login');
  t.equal((await get('/openid?code=bad&state=the+state', { cookie })).headers.location, '/console/?login=AUTH_FAILED');
  t.not((await get('/openid/login', { 'x-secure': '0' })).status, 303, 'by HTTPS only');
  t.equal((await get('/other')).status, 404);
});

t.test('a provider that does not answer', async (t) => {
  const { get } = await startOpenid(t, {
    oidcBegin: async () => ({ ok: false, failure: { code: 'AUTH_UNAVAILABLE', message: 'no' } }),
  });
  t.equal((await get('/openid/login')).headers.location, '/console/?login=AUTH_UNAVAILABLE');
});
