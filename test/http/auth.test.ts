/** Logins over real sockets, with the real users' file and a small cost of passwords. */
import t, { type Test } from 'tap';
import { apiBase, csrfHeader } from '../../src/http/api-types.js';
import { type Auth, createAuth } from '../../src/io/auth/auth.js';
import { type Answer, ask, type Running, start } from './harness.js';

const root = { who: 'root', identity: null } as const;
const password = 'a long walk home';

async function startWithUsers(t: Test): Promise<{ readonly auth: Auth; readonly running: Running; readonly notes: string[] }> {
  const notes: string[] = [];
  const auth = createAuth({
    safevar: t.testdir(),
    node: () => 'n1',
    wallMs: () => Date.now(),
    note: (caller, text) => void notes.push(`${caller.who}: ${text}`),
    onProblem: (reason) => void notes.push(reason),
    cost: { ln: 8, r: 8, p: 1 },
  });
  await auth.load();
  for (const role of ['monitor', 'control', 'admin'] as const) await auth.addUser(`${role}1`, { role, password }, root);
  return { auth, notes, running: await start(t, { authority: auth }) };
}
function cookieOf(answer: Answer): string {
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}
function field(answer: Answer, name: string): string {
  const value: unknown = answer.json;
  const found =
    typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
  return typeof found === 'string' ? found : '';
}

t.test('log in, act, log out', async (t) => {
  const { running, notes, auth } = await startWithUsers(t);
  const { tcp } = running;
  t.match((await tcp(`${apiBase}/login`)).json, { methods: ['password'], oidcUrl: null, https: false, setup: false });
  t.match((await tcp(`${apiBase}/session`)).json, { code: 'AUTH_REQUIRED', status: 401 });
  t.match((await tcp(`${apiBase}/cluster`)).json, { code: 'AUTH_REQUIRED' }, 'loopback needs a login once there are users');
  const wrong = await tcp(`${apiBase}/session`, { method: 'POST', json: { user: 'control1', password: 'wrong' } });
  const nobody = await tcp(`${apiBase}/session`, { method: 'POST', json: { user: 'nobody', password: 'wrong' } });
  t.match(wrong.json, { code: 'AUTH_FAILED', status: 401 });
  t.same(nobody.json, wrong.json, 'whether there is such a user is not told');

  const login = await tcp(`${apiBase}/session`, { method: 'POST', json: { user: 'control1', password } });
  t.match(login.json, { user: 'control1', role: 'control', csrf: /^[\w-]{32}$/, expires: /^20/ });
  t.match(login.headers['set-cookie']?.[0], /^holdfast_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const cookie = cookieOf(login);
  const csrf = field(login, 'csrf');
  t.match((await tcp(`${apiBase}/session`, { headers: { cookie } })).json, { user: 'control1', role: 'control', csrf });
  t.equal((await tcp(`${apiBase}/cluster`, { headers: { cookie } })).status, 200);
  const act = { method: 'POST', json: { action: 'stop' } };
  const path = `${apiBase}/modules/farm/actions`;
  t.match((await tcp(path, { ...act, headers: { cookie } })).json, { code: 'AUTH_CSRF', status: 403 });
  t.match((await tcp(path, { ...act, headers: { cookie, [csrfHeader]: 'x'.repeat(32) } })).json, { code: 'AUTH_CSRF' });
  const crossSite = { cookie, [csrfHeader]: csrf, origin: 'http://evil.example' };
  t.match((await tcp(path, { ...act, headers: crossSite })).json, { code: 'HTTP_ORIGIN' });
  t.equal((await tcp(path, { ...act, headers: { cookie, [csrfHeader]: csrf } })).status, 202);
  t.equal(running.face.callers.at(-1)?.caller.who, 'control1@127.0.0.1 (Control)');
  const put = {
    method: 'PUT',
    body: 'x',
    headers: { cookie, [csrfHeader]: csrf, 'content-type': 'text/plain', 'if-match': '*' },
  };
  t.match((await tcp(`${apiBase}/modules/farm/config/bin/start_both`, put)).json, { code: 'AUTH_ROLE', status: 403 });

  const out = await tcp(`${apiBase}/session`, { method: 'DELETE', headers: { cookie, [csrfHeader]: csrf } });
  t.equal(out.status, 204);
  t.match(out.headers['set-cookie']?.[0], /^holdfast_session=; .*Max-Age=0$/);
  t.match(
    (await tcp(`${apiBase}/cluster`, { headers: { cookie } })).json,
    { code: 'AUTH_REQUIRED' },
    'the old cookie is of no use',
  );

  const again = cookieOf(await tcp(`${apiBase}/session`, { method: 'POST', json: { user: 'monitor1', password } }));
  t.equal((await tcp(`${apiBase}/cluster`, { headers: { cookie: again } })).status, 200);
  await auth.changeUser('monitor1', { role: 'control' }, root);
  t.match(
    (await tcp(`${apiBase}/cluster`, { headers: { cookie: again } })).json,
    { code: 'AUTH_REQUIRED' },
    'another role ends it',
  );
  t.same(notes.slice(-6), [
    'control1@127.0.0.1: login refused',
    '(unknown)@127.0.0.1: login refused',
    'control1@127.0.0.1 (Control): login',
    'control1@127.0.0.1: logout',
    'monitor1@127.0.0.1 (Monitor): login',
    'root: user change monitor1 (role control)',
  ]);
  t.notOk(notes.join().includes(password));
  t.same(running.defects, []);
});

t.test("a one-time link sets the first password, once; the CLI's socket needs no login", async (t) => {
  const { auth, running } = await startWithUsers(t);
  const made = await auth.addUser('eve', { role: 'admin', invite: true }, root);
  if (!made.ok || made.value.invitation === null) throw new Error('no link');
  const { code } = made.value.invitation;
  const first = (what: unknown) => running.tcp(`${apiBase}/session/first`, { method: 'POST', json: what });
  t.match((await first({ code, password: 'short' })).json, { code: 'PASSWORD_WEAK', status: 422 });
  t.match((await first({ code: 'guess', password })).json, { code: 'AUTH_CODE', status: 404 });
  const both = await Promise.all([first({ code, password }), first({ code, password: 'another of mine' })]);
  t.same(both.map((answer) => answer.status).sort(), [200, 404], 'of two who come at once, one is too late');
  t.match((await running.local(`${apiBase}/session`)).json, { role: 'admin', csrf: null, expires: null });
  t.equal((await ask({ socketPath: running.cliSocket }, `${apiBase}/cluster/bundle`)).status, 200);
});
