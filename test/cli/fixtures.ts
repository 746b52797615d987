/** Answers of the API that the tests of the CLI are given. */
import type {
  ActionProgress,
  ClusterHost,
  ClusterNodeInfo,
  ClusterNodeState,
  ClusterSummary,
  DistributionReport,
  ErrdList,
  LogLine,
  ModuleNodeStatus,
  ModuleSummary,
  NodeEvent,
  NodeSummary,
  NotificationStatus,
  Resource,
} from '../../src/http/api-types.js';
import type { FakeHandlers } from './fake-daemon.js';

export const at = '2026-01-31T14:22:33.123Z';
const wallMs = Date.parse(at);

export function status(over: Partial<ModuleNodeStatus> = {}): ModuleNodeStatus {
  return {
    module: 'farm',
    node: 'n1',
    state: 'UP',
    quality: 'Ready',
    path: 'UP.ready',
    tags: [],
    reason: null,
    since: at,
    sinceMs: 1000,
    share: 50,
    activeRule: null,
    wish: 'start',
    ready: true,
    budget: { max: 3, used: 1, expires: '2026-02-01T14:00:00.000Z', causes: [{ at, action: 'restart', by: 'errd' }] },
    switches: { errd: true, checker: true, failover: true, boot: 'on' },
    signature: '0123456789abcdef0123456789abcdef',
    error: null,
    ...over,
  };
}

export const farm: ModuleSummary = {
  name: 'farm',
  id: 1,
  mode: 'farm',
  configured: true,
  signature: '0123456789abcdef0123456789abcdef',
  appliedAt: at,
  nodes: [
    status(),
    status({ node: 'n2', state: 'WAIT', quality: 'NotReady', share: 0, reason: 'waits for ping.router', ready: false }),
  ],
};
export const shop: ModuleSummary = {
  name: 'shop',
  id: 2,
  mode: 'light',
  configured: true,
  signature: 'fedcba9876543210fedcba9876543210',
  appliedAt: at,
  nodes: [
    status({
      module: 'shop',
      state: 'STOP',
      quality: 'NotReady',
      share: 0,
      wish: 'stop',
      ready: false,
      budget: { max: 0, used: 0, expires: null, causes: [] },
    }),
    status({ module: 'shop', node: 'n2', state: 'UNKNOWN', quality: 'Unknown', error: 'n2 did not answer within 2 s' }),
  ],
};
export const fresh: ModuleSummary = {
  name: 'fresh',
  id: 3,
  mode: null,
  configured: false,
  signature: null,
  appliedAt: null,
  nodes: [],
};

export const cluster: ClusterSummary = {
  configured: true,
  self: 'n1',
  view: { epoch: 4, leader: 'n1', members: ['n1', 'n2'] },
  signature: 'c1c2c3c4c5c6c7c8',
  configuredAt: at,
  encrypted: true,
  locked: false,
  port: 4800,
  dropped: {},
  version: '0.1.0',
};
function node(name: string, over: Partial<NodeSummary>): NodeSummary {
  return {
    name,
    self: false,
    online: true,
    leader: false,
    addresses: [{ lan: 'default', addr: '127.0.0.2' }],
    lans: [{ lan: 'default', up: true, rttMs: 0.3, lastHeardMs: 10 }],
    sameConfiguration: true,
    evidence: null,
    error: null,
    ...over,
  };
}
export const nodes: readonly NodeSummary[] = [
  node('n1', { self: true, leader: true }),
  node('n2', {}),
  node('n3', { sameConfiguration: false }),
  node('n4', { online: false, sameConfiguration: null }),
];
export const resources: readonly Resource[] = [
  { name: 'proc.httpd', value: 'up', at, atMs: 1, by: 'errd' },
  { name: 'custom.web', value: 'down', at, atMs: 2, by: 'web\u001b[31mcheck' },
  { name: 'FarmProto_0', value: '50%', at, atMs: 3, by: 'vipd' },
];
export function logLine(over: Partial<LogLine> = {}): LogLine {
  return { at, atMs: 1, wallMs, level: 'E', component: 'heart', message: 'Local state UP Ready', ...over };
}
export function progress(over: Partial<ActionProgress> = {}): ActionProgress {
  return {
    id: 'a1',
    action: 'start',
    module: 'farm',
    at,
    done: false,
    nodes: [{ node: 'n1', state: 'running', message: '', code: null }],
    ...over,
  };
}
export const event: NodeEvent = {
  id: '7.42',
  node: 'n1',
  module: 'farm',
  type: 'module.state',
  at,
  atMs: 5,
  cause: '7.41',
  data: { state: 'UP', quality: 'Ready', share: 50 },
};
const errd: ErrdList = {
  items: [
    { name: 'httpd', class: 'both', monitored: true, service: false, action: 'restart', count: 2, pids: [410, 411], value: 'up' },
    { name: 'backup', class: null, monitored: false, service: true, action: 'noaction', count: 0, pids: [], value: 'down' },
  ],
  next: null,
};
/** One channel that fails, one at rest. */
export const notification: NotificationStatus = {
  ...{ node: 'n1', configured: true, enabled: true, file: '/var/holdfast/notification.json', problems: [] },
  ...{ windowSeconds: 60, criticalSeconds: 10, collected: 2 },
  channels: [
    {
      ...{
        name: 'email',
        kind: 'email',
        target: 'ops@example.org by mail:587',
        state: 'failing',
        queued: 3,
        sent: 4,
        failed: 2,
        lost: 0,
      },
      ...{ lastSent: at, nextAttempt: at },
      lastFailure: { at, reason: 'nobody listens on mail:587', remedy: 'start the server, or correct host and port' },
    },
    {
      ...{
        name: 'hook',
        kind: 'webhook',
        target: 'https://hooks.example.org',
        state: 'idle',
        queued: 0,
        sent: 0,
        failed: 0,
        lost: 1,
      },
      ...{ lastSent: null, nextAttempt: null, lastFailure: null },
    },
  ],
};
export const bundle = new TextEncoder().encode('PK bundle with a key');

function page(items: readonly unknown[]): { readonly json: unknown } {
  return { json: { items, next: null } };
}

const hosts: readonly ClusterHost[] = ['n1', 'n2', 'n3'].map((node, index) => ({
  node,
  self: index === 0,
  online: index < 2,
  url: `http://10.0.0.1${index + 1}:9010`,
  urls: [`http://10.0.0.1${index + 1}:9010`],
}));
const clusterInfo = (node: string): ClusterNodeInfo => ({
  ...{ node, version: '0.1.0', configured: true, signature: 'c1c2c3c4c5c6c7c8', configuredAt: at, locked: false },
  ...{ encrypted: true, generation: 3, revision: 'r3', distributed: node !== 'n1', history: ['r2'], oldKeyUntil: at },
  caughtUp: node === 'n2' ? { from: 'n1', at } : null,
  https: { on: node === 'n1', validTo: at, problems: node === 'n1' ? ['It expires. Renew it.'] : [] },
  refused: [{ node: 'n3', address: '10.0.0.13', reason: 'oldKey', by: 'datagram', count: 7, at }],
  modules: [{ name: 'farm', id: 1, mode: 'farm', configured: true, signature: '0123456789abcdef', appliedAt: at }],
  exports: [],
});
const clusterStates: readonly ClusterNodeState[] = hosts.map((host, index) => ({
  ...host,
  status: index < 2 ? 'same' : 'oldKey',
  message: ['', `caught up at ${at} from n1: it had been away`, 'is refused: it sends with a key that was replaced'][index] ?? '',
  info: index < 2 ? clusterInfo(host.node) : null,
}));
const distributed: DistributionReport = {
  what: 'cluster',
  generation: 3,
  done: false,
  items: [
    { node: 'n1', url: 'http://10.0.0.11:9010', state: 'done', message: 'generation 3', code: null },
    { node: 'n3', url: 'http://10.0.0.13:9010', state: 'away', message: 'Node n3 did not answer.', code: 'NODE_UNREACHABLE' },
  ],
};

/** A daemon of node n1 with three modules, at peace. */
export const calm: FakeHandlers = {
  getCluster: () => ({ json: cluster }),
  listClusterHosts: () => page(hosts),
  getClusterInfo: () => ({ json: clusterInfo('n1') }),
  getClusterState: () => page(clusterStates),
  distributeCluster: () => ({ json: distributed }),
  exportModule: () => ({ json: { ...distributed, what: 'farm', done: true, items: distributed.items.slice(0, 1) } }),
  listNodes: () => page(nodes),
  listModules: ({ query }) =>
    page(
      query['scope'] === 'local'
        ? [farm, shop, fresh].map((module) => ({ ...module, nodes: module.nodes.slice(0, 1) }))
        : [farm, shop, fresh],
    ),
  getModule: ({ params, query }) => {
    const module = [farm, shop, fresh].find((candidate) => candidate.name === params['module']);
    if (module === undefined) return { problem: 'MODULE_UNKNOWN', detail: `No module '${params['module']}' is installed here.` };
    return { json: query['scope'] === 'local' ? { ...module, nodes: module.nodes.slice(0, 1) } : module };
  },
  installModule: ({ params, query }) => ({ json: { ...fresh, name: params['module'], id: Number(query['id'] ?? 3) } }),
  uninstallModule: () => ({ json: null }),
  listResources: () => page(resources),
  getResource: ({ params }) => {
    const found = resources.find((resource) => resource.name === params['resource']);
    return found === undefined
      ? { problem: 'RESOURCE_UNKNOWN', detail: `farm has no resource ${params['resource']}.` }
      : { json: found };
  },
  setResource: ({ params, body }) => ({
    json: {
      name: params['resource'],
      value: typeof body === 'object' && body !== null && 'value' in body ? body.value : '',
      at,
      atMs: 9,
      by: 'root',
    },
  }),
  postAction: ({ params, body }) => ({
    json: progress({
      module: params['module'] ?? '',
      action: typeof body === 'object' && body !== null && 'action' in body ? String(body.action) : '',
    }),
  }),
  getAction: () => ({
    json: progress({ done: true, nodes: [{ node: 'n1', state: 'done', message: 'UP (Ready)', code: null }] }),
  }),
  waitForState: ({ query }) => ({
    json: query['state'] === 'STOP' ? status({ state: 'STOP', quality: 'NotReady', wish: 'stop' }) : status(),
  }),
  postLoop: () => ({ json: { reached: false, budget: status().budget } }),
  listErrd: () => ({ json: errd }),
  setErrd: () => ({ json: null }),
  killProcesses: ({ body }) => {
    const level = typeof body === 'object' && body !== null && 'level' in body ? body.level : null;
    if (level === '9') return page([]);
    const outcome = level === 'test' ? 'found' : level === '15' ? 'signalled' : 'remains';
    return page([
      { pid: 31, name: 'httpd', args: ['/usr/sbin/httpd', '-k', 'start'], outcome },
      { pid: 4032, name: 'httpd', args: [], outcome: outcome === 'remains' ? 'ended' : outcome },
    ]);
  },
  printMessage: () => ({ json: null }),
  getLogs: () =>
    page([
      logLine(),
      logLine({ wallMs: wallMs + 0.456, level: 'U', component: 'cluster', message: 'Action start called by root' }),
    ]),
  listUserlogs: () => page([{ name: 'userlog_2026-01-31T142233_start_both.ulog', bytes: 1234, at }]),
  getUserlog: () => ({ bytes: new TextEncoder().encode('starting\n\u001b[31mred\u001b[0m\n') }),
  listCommands: () => page([{ at, who: 'root', module: 'farm', phase: 'START', text: 'start' }]),
  getConfInfo: () => ({
    json: { module: 'farm', node: 'n1', active: { signature: 'aa', at }, current: { signature: 'bb', at } },
  }),
  deconfigureModule: () => ({ json: null }),
  checkModule: () => ({
    json: { config: { service: { mode: 'farm', maxloop: 3 }, heart: null, farm: { lans: [{ name: 'default' }] } }, warnings: [] },
  }),
  applyModule: () => ({ json: farm }),
  packageModule: () => ({ bytes: new TextEncoder().encode('PK module') }),
  listPorts: () =>
    page([
      { process: 'safeadmin', protocol: 'udp', port: 4800 },
      { process: 'webconsole', protocol: 'tcp', port: 9010 },
    ]),
  listTemplates: () => page([{ name: 'farm', description: 'A farm of services' }]),
  getNotification: () => ({ json: notification }),
  getNotificationConfig: () => ({ bytes: new TextEncoder().encode('{\n  "enabled": true\n}\n') }),
  putNotificationConfig: () => ({ json: notification }),
  switchNotification: ({ body }) => ({
    json: { ...notification, enabled: typeof body === 'object' && body !== null && 'on' in body && body.on === true },
  }),
  testNotification: ({ body }) => {
    const channel = typeof body === 'object' && body !== null && 'channel' in body ? body.channel : null;
    if (channel === 'nobody')
      return { problem: 'NOTIFICATION_CHANNEL', detail: 'There is no channel "nobody"; there are email, hook.' };
    const ok = { channel: 'hook', ok: true, message: 'handed over', remedy: null };
    return channel === null
      ? page([{ channel: 'email', ok: false, message: 'nobody listens on mail:587', remedy: 'start the server' }, ok])
      : page([ok]);
  },
  putClusterConfig: () => ({ json: cluster }),
  deleteClusterConfig: () => ({ json: null }),
  generateClusterKey: () => ({ json: null }),
  deleteClusterKey: () => ({ json: null }),
  getClusterBundle: () => ({ bytes: bundle }),
  putClusterBundle: () => ({ json: cluster }),
};
