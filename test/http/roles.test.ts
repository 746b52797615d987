/** All roles at all routes, over real sockets: what docs/roles.md says is what is answered. */
import t from 'tap';
import { isOpenToOtherMachines } from '../../src/http/access-rules.js';
import { apiBase, csrfHeader } from '../../src/http/api-types.js';
import { permits, type RouteRole } from '../../src/http/auth-roles.js';
import { type Route, routes } from '../../src/http/routes.js';
import { type Answer, readEvents } from './harness.js';
import { codeOf, root, type WithUsers, withUsers } from './with-users.js';

const samples: Readonly<Record<string, string>> = {
  ...{ module: 'farm', node: 'n1', resource: 'proc.web', file: 'conf/userconfig.xml', name: 'start_both_1.ulog' },
  ...{ id: 'n1.1', user: 'nobody-there', group: 'none' },
};
const refusals = ['AUTH_REQUIRED', 'AUTH_FAILED', 'AUTH_ROLE', 'AUTH_CSRF', 'HTTP_ORIGIN', 'AUTH_THROTTLED'];
/** Those that end or change the session that asks; they are asked elsewhere (auth.test.ts). */
const ownSession = new Set(['postSession', 'postFirstPassword', 'deleteSession', 'putOwnPassword']);

/** Asks a route as somebody, with what changes nothing. */
function asker({ running }: WithUsers) {
  return function askRoute(route: Route, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => samples[name] ?? 'x');
    const query = route.operationId === 'waitForState' ? '?state=UP&timeoutMs=1' : '';
    // No route takes this body: whoever gets as far as that is let in, and nothing is changed.
    const body = route.method === 'GET' ? {} : { body: '[', headers: { 'content-type': 'application/x-nothing', ...headers } };
    return running.tcp(`${apiBase}${path}${query}`, { method: route.method, headers, ...body });
  };
}

t.test('every route, asked as everybody', async (t) => {
  const service = await withUsers(t);
  const { running, login, token, auth } = service;
  const askRoute = asker(service);
  const [monitor, control, admin] = [await login('monitor'), await login('control'), await login('admin')];
  const bearers = { monitor: await token('monitor'), control: await token('control'), admin: await token('admin') };
  const revoked = await token('admin');
  await auth.revokeToken(revoked.id, root);
  const forged = { cookie: `holdfast_session=${'A'.repeat(43)}`, [csrfHeader]: admin[csrfHeader] ?? '' };
  const callers: readonly (readonly [string, RouteRole, Readonly<Record<string, string>>])[] = [
    ['nobody', 'none', { 'x-holdfast-request': '1' }],
    ['a forged session', 'none', { ...forged, 'x-holdfast-request': '1' }],
    ['Monitor', 'monitor', monitor],
    ['Control', 'control', control],
    ['Admin', 'admin', admin],
    ['a token of Monitor', 'monitor', { authorization: bearers.monitor.header }],
    ['a token of Control', 'control', { authorization: bearers.control.header }],
    ['a token of Admin', 'admin', { authorization: bearers.admin.header }],
  ];
  for (const entry of routes) {
    const route: Route = entry;
    if (route.guard === 'sealed' || ownSession.has(route.operationId)) continue;
    for (const [who, role, headers] of callers) {
      const code = codeOf(await askRoute(route, headers));
      const what = `${route.operationId} as ${who}`;
      if (route.guard === 'peer') t.equal(code, 'AUTH_ROLE', what);
      else if (permits(role, route.role)) t.notOk(refusals.includes(code), `${what} is let in (${code})`);
      else t.equal(code, role === 'none' ? 'AUTH_REQUIRED' : 'AUTH_ROLE', what);
    }
    // What is the same for strangers looks at nothing that they bring.
    if (isOpenToOtherMachines(route.method, `${apiBase}${route.path}`)) continue;
    // Whatever the role would allow: a token that was revoked, a page of another site, a change without the header.
    t.equal(
      codeOf(await askRoute(route, { authorization: revoked.header })),
      'AUTH_FAILED',
      `${route.operationId} by a revoked token`,
    );
    const across = { ...admin, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
    t.equal(codeOf(await askRoute(route, across)), 'HTTP_ORIGIN', `${route.operationId} from another site`);
    if (route.method !== 'GET')
      t.equal(
        codeOf(await askRoute(route, { cookie: admin['cookie'] ?? '' })),
        'AUTH_CSRF',
        `${route.operationId} without the header`,
      );
  }
  t.notOk(running.face.callers.length > 0 && running.face.callers.some((one) => one.caller.who.startsWith('anonymous')));
  t.same(running.defects, []);

  // What is beside the table.
  t.match((await running.tcp('/api/')).json, { code: 'AUTH_REQUIRED' });
  t.equal((await running.tcp('/api/', { headers: monitor })).status, 200);
  t.match((await running.tcp(`${apiBase}/no/such`)).json, { code: 'AUTH_REQUIRED' });
  t.equal((await running.tcp('/var/modules/farm/ready.txt')).status, 200, 'the probe needs no login');
  t.match((await running.tcp('/openid/login')).json, { code: 'AUTH_REQUIRED' }, 'by HTTPS only');

  // Sessions end with what they stand on.
  await auth.deleteUser('control', root);
  t.match((await running.tcp(`${apiBase}/cluster`, { headers: control })).json, { code: 'AUTH_REQUIRED' });
  await auth.changeUser('admin', { password: 'another of mine' }, root);
  t.match((await running.tcp(`${apiBase}/cluster`, { headers: admin })).json, { code: 'AUTH_REQUIRED' });
});

t.test('open streams end with what opened them', async (t) => {
  const { running, login, auth } = await withUsers(t);
  const target = { host: '127.0.0.1', port: running.port };
  const session = await readEvents(t, target, `${apiBase}/events`, await login('monitor'));
  const made = await auth.createToken('watch', 'monitor', null, root);
  if (!made.ok) throw new Error(made.failure.message);
  const bearer = await readEvents(t, target, `${apiBase}/events`, { authorization: `Bearer ${made.value.token}` });
  t.same([session.status, bearer.status], [200, 200]);
  await auth.revokeToken(made.value.id, root);
  await bearer.ended;
  await auth.changeUser('monitor', { role: 'control' }, root);
  await session.ended;
  t.pass('both were closed');
});
