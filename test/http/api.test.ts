import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { errorCatalogue } from '../../src/actors/errors.js';
import { apiBase } from '../../src/http/api-types.js';
import { type OpenApiDocument, type OpenApiOperation, openApiDocument, pathParameters } from '../../src/http/openapi.js';
import { apiPage, apiReference } from '../../src/http/reference.js';
import { rolesReference } from '../../src/http/reference-roles.js';
import { type OperationId, type Route, routes } from '../../src/http/routes.js';
import { schemas } from '../../src/http/schemas.js';
import { fakeAuthority, goodPassword } from './fake-authority.js';
import { anUpload } from './fake-inspection.js';
import { type Answer, type Ask, type Running, start } from './harness.js';

const document: OpenApiDocument = openApiDocument('0.1.0');
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: true, strictTypes: false });
ajv.addVocabulary(['components']);
ajv.addSchema({ $id: 'api', components: { schemas } });

function operation(id: string): OpenApiOperation {
  const found = Object.values(document.paths)
    .flatMap((path) => Object.values(path))
    .find((one) => one.operationId === id);
  if (found === undefined) throw new Error(`${id} is not described`);
  return found;
}
/** What is wrong with an answer in the eyes of the document; empty if nothing. */
function disagreement(id: string, answer: Answer): string {
  const response = operation(id).responses[String(answer.status)];
  if (response === undefined) return `${id} answers ${answer.status}, which is not described: ${answer.text}`;
  const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? '';
  if (response.content === undefined) return answer.text === '' ? '' : `${id} answers with a body that is not described`;
  const media = response.content[type];
  if (media === undefined) return `${id} answers ${type}, which is not described`;
  if (media.schema === undefined || !type.endsWith('json')) return '';
  const name = media.schema.$ref?.split('/').at(-1);
  const validate = ajv.compile(name === undefined ? media.schema : { $ref: `api#/components/schemas/${name}` });
  return validate(answer.json) ? '' : `${id}: ${ajv.errorsText(validate.errors)}`;
}

/** One good request for each operation. */
const good: Readonly<Record<OperationId, readonly [path: string, ask?: Ask]>> = {
  getCluster: ['/cluster'],
  getHealth: ['/healthcheck'],
  getSelf: ['/self'],
  makeDump: ['/modules/farm/dump', { method: 'POST' }],
  getSnapshotZip: ['/modules/farm/snapshot.zip?anonymise=true'],
  makeSnapshot: ['/modules/farm/snapshots', { json: { anonymise: true, words: ['acme'] } }],
  getSnapshotPart: ['/snapshots/s1?offset=2'],
  releaseSnapshot: ['/snapshots/s1'],
  cleanModule: ['/modules/farm/clean', { json: { what: 'log' } }],
  getHttps: ['/https'],
  getHttpsAuthority: ['/https/authority'],
  setupHttps: ['/https/setup', { json: { also: ['www.example.org'], tls12: false } }],
  installHttps: ['/https/certificate', { json: { certificate: 'PEM', key: 'PEM', authority: null } }],
  getCaHelper: ['/https/helper'],
  startCaHelper: ['/https/helper', { json: { minutes: 30, password: null } }],
  stopCaHelper: ['/https/helper'],
  requestCertificate: ['/https/request', { json: { url: 'https://n1:9001', user: 'CA_admin', password: 'x' } }],
  renewHttps: ['/https/renew'],
  switchHttpsOff: ['/https/off', { json: { local: true } }],
  enrolHttps: [
    '/https/enrol',
    { json: { authorityNode: 'n1', authority: 'PEM', also: [], tls12: false, clientCertificates: false } },
  ],
  signHttps: ['/https/sign', { json: { node: 'n2', hostname: 'n2', request: 'PEM' } }],
  makeUserCertificate: ['/https/usercert', { json: { name: 'alice', role: 'Admin', days: 30, password: 'correct horse' } }],
  exportAuthority: ['/https/ca/export', { json: { password: 'correct horse' } }],
  importAuthority: ['/https/ca/import', { json: { pem: 'PEM', password: 'correct horse' } }],
  inviteNode: ['/cluster/invitations', { json: { minutes: 15 } }],
  joinCluster: ['/cluster/join', { json: { url: 'https://n1:9453', token: 'hfj1.x' } }],
  postJoin: ['/join', { json: { id: '0', key: 'k', box: 'b' } }],
  getNotification: ['/notification'],
  getNotificationConfig: ['/notification/config'],
  putNotificationConfig: ['/notification/config', { body: '{}', headers: { 'content-type': 'application/json' } }],
  switchNotification: ['/notification/enabled', { json: { on: false } }],
  testNotification: ['/notification/test', { json: { channel: 'ops' } }],
  getClusterConfig: ['/cluster/config'],
  putClusterConfig: ['/cluster/config', { json: { xml: '<cluster/>', lock: 'lock' } }],
  deleteClusterConfig: ['/cluster/config'],
  checkClusterConfig: ['/cluster/config/check', { json: { xml: '<cluster/>' } }],
  generateClusterKey: ['/cluster/key'],
  deleteClusterKey: ['/cluster/key'],
  getClusterBundle: ['/cluster/bundle'],
  putClusterBundle: ['/cluster/bundle', { body: 'bundle', headers: { 'content-type': 'application/octet-stream' } }],
  listNodes: ['/nodes'],
  getNode: ['/nodes/n1'],
  listModules: ['/modules'],
  getModule: ['/modules/farm'],
  installModule: ['/modules/web?id=7&force=true', { body: 'PK', headers: { 'content-type': 'application/zip' } }],
  uninstallModule: ['/modules/web'],
  getModuleOnNode: ['/modules/farm/nodes/n1'],
  waitForState: ['/modules/farm/wait?state=UP&timeoutMs=100'],
  listResources: ['/modules/farm/resources'],
  getResource: ['/modules/farm/resources/proc.web'],
  setResource: ['/modules/farm/resources/custom.a', { json: { value: 'up', logging: 'none', identity: 'script' } }],
  getResourceHistory: ['/modules/farm/resources/proc.web/history'],
  postAction: ['/modules/farm/actions', { json: { action: 'start' } }],
  getAction: ['/actions/n1.1'],
  postLoop: ['/modules/farm/loop', { json: { operation: 'check' } }],
  listErrd: ['/modules/farm/errd'],
  setErrd: ['/modules/farm/errd', { json: { class: 'both', on: false } }],
  killProcesses: ['/modules/farm/kill', { json: { name: 'web', level: 'test', asker: 77 } }],
  getSwitches: ['/modules/farm/switches'],
  setSwitch: ['/modules/farm/switches', { json: { switch: 'failover', on: false } }],
  printMessage: ['/modules/farm/print', { json: { level: 'I', message: 'hello' } }],
  getLogs: ['/modules/farm/logs?level=ES&limit=20&q=x&since=2026-01-01T00:00:00Z&until=1900000000000&verbose'],
  listUserlogs: ['/modules/farm/userlogs'],
  getUserlog: ['/modules/farm/userlogs/start_both_1.ulog'],
  listCommands: ['/commands?limit=5'],
  getChart: ['/modules/farm/chart'],
  getExplanation: ['/modules/farm/explain'],
  getRules: ['/modules/farm/rules'],
  getSnapshot: ['/modules/farm/snapshot'],
  getConfInfo: ['/modules/farm/confinfo'],
  listConfigFiles: ['/modules/farm/config'],
  getConfigFile: ['/modules/farm/config/conf/userconfig.xml'],
  putConfigFile: [
    '/modules/farm/config/bin/start_both',
    { body: '#!/bin/sh', headers: { 'content-type': 'text/plain', 'if-none-match': '*' } },
  ],
  deconfigureModule: ['/modules/farm/config'],
  checkModule: ['/modules/farm/config/check'],
  checkAddress: ['/cluster/address-check', { json: { address: '10.0.0.2' } }],
  inspectConfig: ['/modules/farm/config/inspect', { json: { xml: '<nothing/>' } }],
  deleteConfigFile: ['/modules/farm/config/bin/start_both', { headers: { 'if-match': '*' } }],
  listVersions: ['/modules/farm/versions'],
  restoreVersion: ['/modules/farm/versions/farm_2026-01-01_120000.safe/restore'],
  listBackups: ['/backups'],
  applyModule: ['/modules/farm/config/apply'],
  packageModule: ['/modules/farm/package'],
  listPorts: ['/ports?module=farm'],
  listTemplates: ['/templates'],
  listProbes: ['/probes'],
  getEvents: ['/events'],
  postSealed: ['/sealed', { body: 'no seal', headers: { 'content-type': 'application/octet-stream' } }],
  getOpenApi: ['/openapi.json'],
  getLogin: ['/login'],
  postSession: ['/session', { json: { user: 'ada', password: goodPassword } }],
  postFirstPassword: ['/session/first', { json: { code: 'c0de', password: goodPassword } }],
  getSession: ['/session'],
  deleteSession: ['/session'],
  putOwnPassword: ['/session/password', { json: { old: goodPassword, password: 'another of mine' } }],
  listUsers: ['/users'],
  addUser: ['/users', { json: { name: 'eve', role: 'control', groups: ['ops'], invite: true } }],
  changeUser: ['/users/ada', { json: { role: null } }],
  deleteUser: ['/users/ada'],
  importUsers: ['/user-import', { json: { userConf: 'bob:$apr1$', groupConf: null } }],
  listGroups: ['/groups'],
  setGroup: ['/groups/ops', { json: { role: 'control' } }],
  deleteGroup: ['/groups/ops'],
  listTokens: ['/tokens'],
  createToken: ['/tokens', { json: { label: 'prometheus', role: 'monitor', days: 30 } }],
  revokeToken: ['/tokens/0123456789ab'],
  getAuth: ['/auth'],
  getAuthConfig: ['/auth/config'],
  putAuthConfig: ['/auth/config', { body: '{}', headers: { 'content-type': 'application/json' } }],
  testAuth: ['/auth/test', { json: { user: 'ada' } }],
  exchangeUsers: ['/auth/exchange', { json: { digest: 'ab', entries: null } }],
  getClusterInfo: ['/cluster/info'],
  listClusterHosts: ['/cluster/hosts'],
  getClusterState: ['/cluster/state'],
  distributeCluster: ['/cluster/distribute', { json: { force: true } }],
  exportModule: ['/modules/farm/export', { json: {} }],
  receiveCluster: ['/cluster/receive?rule=force', { body: 'PK', headers: { 'content-type': 'application/zip' } }],
  putTransfer: [
    '/transfers/00112233445566778899aabbccddeeff?offset=0',
    { body: 'PK', headers: { 'content-type': 'application/octet-stream' } },
  ],
  receiveModule: ['/modules/farm/receive', { json: {} }],
  listCharts: ['/charts'],
  listActors: ['/actors?of=module:farm'],
  listSteps: ['/actors/steps?limit=10'],
  getHistory: ['/history?of=module:farm&limit=10&before=1.20'],
  getModuleHistory: ['/modules/farm/history?at=03:12'],
  getTimeline: ['/timeline?module=farm&before=1900000000000&limit=5'],
  getClock: ['/clock'],
  listInspections: ['/inspections'],
  postInspection: ['/inspections', { body: 'PK', headers: { 'content-type': 'application/zip' } }],
  getInspection: [`/inspections/${anUpload}`],
  deleteInspection: [`/inspections/${anUpload}`],
  getInspectionHistory: [`/inspections/${anUpload}/history?of=node`],
  getInspectionTimeline: [`/inspections/${anUpload}/timeline`],
  getInspectionExplanation: [`/inspections/${anUpload}/explain?module=farm`],
};
/** What only other nodes may ask: see distribution.test.ts. */
const ofNodes: readonly OperationId[] = ['receiveCluster', 'putTransfer', 'receiveModule'];

/** Those that the socket is not answered as others are. */
const unlike: Partial<Record<OperationId, number>> = {
  ...Object.fromEntries(routes.filter((route: Route) => route.guard === 'peer').map((route) => [route.operationId, 403])),
  ...{ postSealed: 401, putOwnPassword: 404 },
};

function send(running: Running, id: OperationId, over: 'local' | 'tcp'): Promise<Answer> {
  const [path, what = {}] = good[id];
  const route = routes.find((one) => one.operationId === id);
  return running[over](`${apiBase}${path}`, {
    ...what,
    method: route?.method ?? 'GET',
    headers: { 'x-holdfast-request': '1', ...what.headers },
  });
}

t.test('every route is described, and every described route exists', async (t) => {
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  for (const route of routes)
    t.ok(
      described.includes(`${route.method.toLowerCase()} ${apiBase}${route.path}`),
      `${route.method} ${route.path} is described`,
    );
  t.equal(new Set(routes.map((route) => route.operationId)).size, routes.length, 'each with its own id');

  const running = await start(t);
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) {
      const real = path.replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) =>
          ({ module: 'farm', node: 'n1', rest: path.includes('{module}') ? 'resources' : 'cluster' })[name] ?? 'x',
      );
      const over = path.startsWith(apiBase) ? running.local : running.tcp;
      // The forwarding paths are described for all methods, because they serve whatever the other node has.
      if (path.endsWith('{rest}') && method !== 'get') continue;
      const answer = await over(real, { method: method.toUpperCase() });
      t.notMatch(answer.json, { code: 'HTTP_NOT_FOUND' }, `${method} ${path} exists`);
      t.notMatch(answer.json, { code: 'HTTP_METHOD' }, `${method} ${path} has the method`);
    }
  }
});

t.test('a path with a slash behind it is another path, and nothing is done', async (t) => {
  const running = await start(t, { authority: fakeAuthority() });
  for (const route of routes) {
    const [path, what = {}] = good[route.operationId];
    const [before = '', query] = path.split('?');
    const slashed = `${apiBase}${before}/${query === undefined ? '' : `?${query}`}`;
    const headers = { 'x-holdfast-request': '1', ...what.headers };
    const answer = await running.local(slashed, { ...what, method: route.method, headers });
    // What another node has is asked of that node.
    if (route.path.endsWith('{rest}')) continue;
    t.ok([404, 405].includes(answer.status), `${route.method} ${slashed} answers ${answer.status}`);
  }
  t.same(running.face.callers, []);
});

t.test('the document is whole: every reference leads somewhere, every parameter of a path is described', (t) => {
  const text = JSON.stringify(document);
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) t.ok(Object.hasOwn(schemas, name), name);
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const one of Object.values(operations)) {
      const named = one.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
      t.same(named, pathParameters(path), one.operationId);
    }
  }
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
  t.equal(new Set(ids).size, ids.length);
  t.end();
});

t.test('a good request of every operation is answered as described', async (t) => {
  const running = await start(t, { authority: fakeAuthority() });
  // In the order of the table, but what takes away goes last.
  const order = [...routes].sort((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
  for (const route of [
    ...order.filter((one) => one.operationId !== 'getAction'),
    ...order.filter((one) => one.operationId === 'getAction'),
  ]) {
    const answer = await send(running, route.operationId, 'local');
    t.equal(disagreement(route.operationId, answer), '', `${route.operationId} agrees`);
    const expected = unlike[route.operationId] ?? (ofNodes.includes(route.operationId) ? 403 : route.success.status);
    t.equal(
      answer.status,
      expected,
      `${route.operationId} answers ${expected}: ${answer.status === expected ? '' : answer.text}`,
    );
  }
  t.same(running.defects, []);
  t.same(
    running.face.callers.find((one) => one.what.startsWith('install')),
    {
      what: 'install web 2 null 7 true',
      caller: { who: running.face.callers[0]?.caller.who, identity: null },
    },
  );
  t.equal(running.face.callers.find((one) => one.what === 'set custom.a=up')?.caller.identity, 'script');
  t.equal(
    running.face.callers.find((one) => one.what.startsWith('kill'))?.what,
    'kill farm {"name":"web","argRegex":null,"level":"test","asker":77}',
    'who asks on the local socket is spared',
  );
});

t.test('without users loopback is Control', async (t) => {
  const running = await start(t, { authority: fakeAuthority() });
  for (const route of routes) {
    const answer = await send(running, route.operationId, 'tcp');
    t.equal(disagreement(route.operationId, answer), '', `${route.operationId} agrees`);
    if (route.role === 'admin') t.match(answer.json, { code: 'AUTH_ROLE', status: 403 }, `${route.operationId} is refused`);
    else if (unlike[route.operationId] === undefined) t.equal(answer.status, route.success.status, route.operationId);
  }
  t.notOk(
    running.face.callers.some(
      (one) => one.what.startsWith('install') || one.what.startsWith('write') || one.what.startsWith('cluster'),
    ),
  );
  t.ok(running.face.callers.every((one) => one.caller.who === 'anonymous@127.0.0.1'));
});

t.test('problems have a code of the catalogue, its status, and say what to change', async (t) => {
  const { local, face, defects } = await start(t);
  const cases: readonly (readonly [string, Ask, string, RegExp])[] = [
    ['/none', {}, 'HTTP_NOT_FOUND', /openapi\.json/],
    ['/cluster', { method: 'POST' }, 'HTTP_METHOD', /POST \/api\/v1\/cluster/],
    ['/modules/none', {}, 'MODULE_UNKNOWN', /"none"/],
    ['/modules/none/resources', {}, 'MODULE_UNKNOWN', /"none"/],
    ['/modules/..%2F..%2Fetc/logs', {}, 'MODULE_UNKNOWN', /etc/],
    ['/nodes/n9', {}, 'NODE_UNKNOWN', /"n9"/],
    ['/nodes/n9/modules', {}, 'NODE_UNREACHABLE', /no cluster key/],
    ['/actions/none', {}, 'ACTION_UNKNOWN', /"none"/],
    ['/modules/farm/resources/no.such', {}, 'RESOURCE_UNKNOWN', /no\.such/],
    ['/modules/farm/resources/no.such/history', {}, 'RESOURCE_UNKNOWN', /no\.such/],
    ['/modules/farm/wait', {}, 'HTTP_QUERY', /state is missing/],
    ['/modules/farm/wait?state=OFF', {}, 'HTTP_QUERY', /state must be one of/],
    ['/modules/farm/wait?state=UP&timeoutMs=1.5', {}, 'HTTP_QUERY', /timeoutMs must be integer/],
    ['/modules/farm/wait?state=UP&timeoutMs=-1', {}, 'HTTP_QUERY', /timeoutMs must be at least 0/],
    ['/modules/farm/wait?state=UP&state=UP', {}, 'HTTP_QUERY', /twice/],
    ['/modules/farm/wait?state=STOP&timeoutMs=5', {}, 'WAIT_TIMEOUT', /after 5 ms/],
    ['/cluster?x=1', {}, 'HTTP_QUERY', /no parameter "x" here; none are/],
    ['/modules/farm/logs?since=yesterday', {}, 'HTTP_QUERY', /since is neither/],
    ['/modules/farm/logs?level=Z', {}, 'HTTP_QUERY', /must match/],
    ['/modules/farm/userlogs/..%2f..%2fpasswd', {}, 'FILE_UNKNOWN', /passwd/],
    ['/modules/farm/userlogs/other', {}, 'FILE_UNKNOWN', /other/],
    ['/modules/farm/config/..%2f..%2fetc%2fpasswd', {}, 'FILE_UNKNOWN', /no path of a file/],
    ['/modules/farm/config/%2fetc%2fpasswd', {}, 'FILE_UNKNOWN', /no path of a file/],
    ['/modules/farm/config/a%00b', {}, 'FILE_UNKNOWN', /no path of a file/],
    ['/modules/farm/config/none', {}, 'FILE_UNKNOWN', /no none/],
    ['/modules/bad/config/check', { method: 'POST' }, 'CONF_INVALID', /1 error/],
    [
      '/modules/farm/actions',
      { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } },
      'HTTP_BODY',
      /not JSON/,
    ],
    [
      '/modules/farm/actions',
      { method: 'POST', body: Buffer.from([0x22, 0xff, 0x22]), headers: { 'content-type': 'application/json' } },
      'HTTP_BODY',
      /UTF-8/,
    ],
    [
      '/modules/farm/actions',
      { method: 'POST', json: { action: 'explode', more: 1 } },
      'HTTP_BODY',
      /action must be one of.*must not have "more"/,
    ],
    ['/modules/farm/actions', { method: 'POST', json: [] }, 'HTTP_BODY', /must be object, but is array/],
    [
      '/modules/farm/actions',
      { method: 'POST', body: 'action=stop', headers: { 'content-type': 'text/plain' } },
      'HTTP_TYPE',
      /must be JSON/,
    ],
    ['/modules/farm/actions', { method: 'POST', json: { action: 'stop', nodes: ['n9'] } }, 'NODE_UNKNOWN', /"n9".*n1/],
    ['/modules/none/actions', { method: 'POST', json: { action: 'stop' } }, 'MODULE_UNKNOWN', /"none"/],
    ['/cluster/bundle', { method: 'PUT', headers: { 'content-type': 'application/zip' } }, 'HTTP_BODY', /missing/],
    ['/cluster/bundle', { method: 'PUT', body: 'x', headers: { 'content-type': 'image/png' } }, 'HTTP_TYPE', /image\/png/],
  ];
  for (const [path, what, code, detail] of cases) {
    const answer = await local(`${apiBase}${path}`, what);
    const known = Object.entries(errorCatalogue).find(([name]) => name === code)?.[1];
    t.match(
      answer.json,
      { code, status: known?.status, title: known?.meaning, type: `/api/#error-${code}`, node: 'n1', detail },
      `${code} ${path}: ${answer.text}`,
    );
    t.equal(answer.status, known?.status);
    t.equal(answer.headers['content-type'], 'application/problem+json');
  }
  t.equal((await local(`${apiBase}/cluster`, { method: 'DELETE' })).headers.allow, 'HEAD, GET');
  t.match((await local(`${apiBase}/modules/bad/config/check`, { method: 'POST' })).json, {
    problems: [{ file: 'userconfig.xml', line: 3, element: 'safe/service', attribute: 'mode', remedy: 'farm, mirror or light' }],
  });
  t.same(defects, []);
  face.defect = true;
  const broken = await local(`${apiBase}/cluster`);
  t.match(broken.json, { code: 'INTERNAL', status: 500 });
  t.notMatch(broken.text, /secret detail/, 'a defect is told to the log, not to the client');
  t.match(defects, [{ message: 'a secret detail' }]);
  face.refuse = { ok: false, failure: { code: 'STRANGE', message: 'odd' } };
  t.match((await local(`${apiBase}/modules/farm/actions`, { method: 'POST', json: { action: 'stop' } })).json, {
    code: 'INTERNAL',
    detail: 'STRANGE: odd',
  });
});

t.test('files have versions', async (t) => {
  const { local, face } = await start(t);
  const path = `${apiBase}/modules/farm/config/conf/userconfig.xml`;
  const put = (headers: Readonly<Record<string, string>>, body = '<new/>') =>
    local(path, { method: 'PUT', body, headers: { 'content-type': 'application/xml', ...headers } });
  const read = await local(path);
  t.equal(read.headers.etag, '"v1"');
  t.equal(read.text, '<safe/>');
  t.match((await put({})).json, { code: 'HTTP_PRECONDITION', status: 428 });
  t.match((await put({ 'if-match': 'v1' })).json, { code: 'HTTP_PRECONDITION' }, 'without quotes');
  const written = await put({ 'if-match': '"v1"' });
  t.equal(written.status, 204);
  t.equal(written.headers.etag, '"v2"');
  t.match((await put({ 'if-match': '"v1"' })).json, { code: 'FILE_CONFLICT', status: 412 });
  t.match((await put({ 'if-none-match': '*' })).json, { code: 'FILE_CONFLICT' });
  t.equal((await put({ 'if-match': '*' }, '')).status, 204, 'a file may become empty');
  t.equal(face.files.get('conf/userconfig.xml')?.content, '');
  t.equal((await put({ 'if-match': '*' }, '\ufeff<a/>')).status, 204);
  t.equal(face.files.get('conf/userconfig.xml')?.content, '\ufeff<a/>', 'kept as it was sent');
  t.equal((await local(`${apiBase}/modules/farm/config/conf%2Fuserconfig.xml`)).status, 200, 'slashes may be encoded');
});

t.test('a template is taken when there is no archive', async (t) => {
  const { local, face } = await start(t);
  t.equal((await local(`${apiBase}/modules/web?template=nginx`, { method: 'PUT' })).status, 201);
  t.equal((await local(`${apiBase}/modules/other`, { method: 'PUT' })).status, 201);
  t.same(
    face.callers.map((one) => one.what),
    ['install web none nginx null false', 'install other none other null false'],
  );
});

t.test('the human page has no scripts, and may have none', async (t) => {
  const { tcp } = await start(t);
  const page = await tcp('/api/');
  t.equal(page.status, 200);
  t.match(page.headers['content-type'], /^text\/html/);
  t.notMatch(page.text, /<script|javascript:|\son\w+=/i);
  t.match(page.headers['content-security-policy'], /default-src 'none'/);
  for (const route of routes) t.ok(page.text.includes(`id="${route.operationId}"`), route.operationId);
  for (const code of Object.keys(errorCatalogue)) t.ok(page.text.includes(`id="error-${code}"`), code);
  t.equal(apiPage('1<2').includes('1<2'), false, 'escaped');
  t.same(JSON.parse((await tcp(`${apiBase}/openapi.json`)).text), JSON.parse(JSON.stringify(document)));
  t.equal((await tcp('/')).status, 404);
  t.equal((await tcp('/api/', { method: 'POST', json: {} })).status, 404);
  t.equal((await tcp(`${apiBase}/cluster`, { method: 'HEAD' })).status, 200);
});

t.test('docs/roles.md is fresh', (t) => {
  t.equal(
    readFileSync(new URL('../../docs/roles.md', import.meta.url), 'utf8'),
    rolesReference(),
    'npm run build && node scripts/generate-api-docs.mjs',
  );
  t.end();
});

t.test('docs/api.md is fresh', (t) => {
  t.equal(
    readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8'),
    apiReference(),
    'npm run build && node scripts/generate-api-docs.mjs',
  );
  t.end();
});
