/** A node face made of plain values, for tests of the HTTP surface alone. */

import { createEventRing, type EventRing } from '../../src/actors/event-ring.js';
import type {
  ActionProgress,
  ActionRequest,
  Budget,
  Caller,
  ClusterNodeInfo,
  ModuleNodeStatus,
  ModuleSummary,
  NodeFace,
  NodeSummary,
  NotificationStatus,
  Outcome,
  Resource,
  SwitchStates,
} from '../../src/actors/face.js';
import type { HealthFinding } from '../../src/actors/face-support.js';
import type { LogEntry } from '../../src/actors/ports.js';
import type { ConfigProblem } from '../../src/config/types.js';
import { fakeInspection } from './fake-inspection.js';

const at = '2026-01-31T14:22:33.123Z';
const budget: Budget = { max: 3, used: 1, expires: at, causes: [{ at, action: 'restart', by: 'errd' }] };
const done = { ok: true, value: null } as const;

export interface FakeFace extends NodeFace {
  readonly ring: EventRing;
  /** Callers of every command, in order. */
  readonly callers: { readonly what: string; readonly caller: Caller }[];
  readonly files: Map<string, { content: string; etag: string }>;
  readonly followers: Set<(entry: LogEntry) => void>;
  log(entry: LogEntry): void;
  /** Replaces what `command` answers. */
  refuse: Outcome<ActionProgress> | null;
  /** Throws out of `cluster()` when set: a defect. */
  defect: boolean;
}
export interface FakeOptions {
  readonly node?: string;
  readonly nodes?: readonly string[];
  readonly modules?: readonly string[];
  readonly online?: boolean;
  /** Size of the snapshot, where it is not a few bytes. */
  readonly snapshotBytes?: number;
}

export function status(module: string, node: string): ModuleNodeStatus {
  return {
    ...{ module, node, state: 'UP', quality: 'Ready', path: 'UP.ready', tags: ['ready'], reason: null, since: at, sinceMs: 12.5 },
    ...{ share: 50, activeRule: null, wish: 'start', ready: true, budget, signature: 'ab12', error: null },
    switches: { errd: true, checker: true, failover: true, boot: 'on' },
  };
}
export function logEntry(message: string, wallMs = Date.parse(at)): LogEntry {
  return { atMs: 1.5, wallMs, level: 'S', component: 'heart', message };
}

const aProblem: ConfigProblem = {
  ...{ severity: 'error', code: 'CONF_ATTRIBUTE_VALUE', file: 'userconfig.xml', line: 3, column: 5 },
  ...{ element: 'safe/service', attribute: 'mode', value: 'x', message: 'mode is "x"', remedy: 'farm, mirror or light' },
};

export function fakeFace(options: FakeOptions = {}): FakeFace {
  const node = options.node ?? 'n1';
  const names = options.nodes ?? [node];
  const modules = new Set(options.modules ?? ['farm']);
  const ring = createEventRing(7);
  const callers: FakeFace['callers'] = [];
  const files = new Map([['conf/userconfig.xml', { content: '<safe/>', etag: 'v1' }]]);
  const actions = new Map<string, ActionProgress>();
  const followers = new Set<(entry: LogEntry) => void>();
  const resources: Resource[] = [{ name: 'proc.web', value: 'up', at, atMs: 5, by: 'errd' }];
  const has = <T>(module: string, value: T): T | null => (modules.has(module) ? value : null);
  const record = (what: string, caller: Caller): void => void callers.push({ what, caller });
  const unknown = { ok: false, failure: { code: 'MODULE_UNKNOWN', message: 'There is no such module.' } } as const;
  const summary = (name: string): ModuleSummary => ({
    ...{ name, id: 1, mode: 'farm', configured: true, signature: 'ab12', appliedAt: at },
    nodes: [status(name, node)],
  });
  const cluster = () => ({
    ...{ configured: true, self: node, view: { epoch: 3, leader: 'n1', members: [...names] }, signature: 'cd', configuredAt: at },
    ...{ encrypted: true, locked: false, port: 4800, dropped: { malformed: 2 }, version: '0.1.0' },
  });
  const exported = {
    ...{ module: 'farm', generation: 1, id: 1, configure: true, signature: 'ab12', at, by: 'root' },
    nodes: [...names],
  };
  const info = (): ClusterNodeInfo => ({
    ...{ node, version: '0.1.0', configured: true, signature: 'cd', configuredAt: at, locked: false, encrypted: true },
    ...{ generation: 1, revision: 'ef', distributed: true, history: [], oldKeyUntil: null, caughtUp: null, refused: [] },
    https: { on: true, validTo: at, problems: [] },
    modules: [{ name: 'farm', id: 1, mode: 'farm', configured: true, signature: 'ab12', appliedAt: at }],
    exports: [exported],
  });
  const notification: NotificationStatus = {
    ...{ node, configured: true, enabled: true, file: '/var/holdfast/notification.json', problems: [] },
    ...{ windowSeconds: 60, criticalSeconds: 10, collected: 0 },
    channels: [
      {
        ...{
          name: 'ops',
          kind: 'email',
          target: 'ops@example.org by mail:587',
          state: 'failing',
          queued: 1,
          sent: 2,
          failed: 3,
          lost: 0,
        },
        ...{ lastSent: at, lastFailure: { at, reason: 'mail:587 is not there', remedy: 'start it' }, nextAttempt: at },
      },
    ],
  };
  const switches: SwitchStates = { errd: true, checker: true, failover: true, boot: false, bootRule: 'ignore' };
  const face: FakeFace = {
    node,
    ring,
    callers,
    files,
    followers,
    refuse: null,
    defect: false,
    log(entry) {
      for (const follower of followers) follower(entry);
    },
    cluster() {
      if (face.defect) throw new Error('a secret detail');
      return cluster();
    },
    nodes: () =>
      names.map(
        (name): NodeSummary => ({
          ...{ name, self: name === node, online: name === node || options.online !== false, leader: name === 'n1' },
          addresses: [{ lan: 'default', addr: `127.0.0.${names.indexOf(name) + 1}` }],
          lans: [{ lan: 'default', up: true, rttMs: 0.4, lastHeardMs: null }],
          ...{ sameConfiguration: true, evidence: null, error: null },
        }),
      ),
    modules: () => [...modules].map(summary),
    module: (name) => has(name, summary(name)),
    status: (name) => has(name, status(name, node)),
    resources: (name) => has(name, resources),
    resourceHistory: (name, resource, before, limit) =>
      modules.has(name) && resource === 'proc.web'
        ? { items: resources.slice(0, limit), next: before === null ? '7' : null }
        : null,
    switches: () => ({ ok: true, value: switches }),
    async setSwitch(_module, what, on, caller) {
      record(`${what} ${on}`, caller);
      return { ok: true, value: { ...switches, [what]: on } };
    },
    async setResource(_module, name, value, caller) {
      record(`set ${name}=${value}`, caller);
      return { ok: true, value: { name, value, at, atMs: 6, by: caller.identity ?? caller.who } };
    },
    command(request: ActionRequest) {
      record(`${request.action} ${request.module}`, request.caller);
      if (face.refuse !== null) return face.refuse;
      if (!modules.has(request.module)) return unknown;
      const id = `${node}.${actions.size + 1}`;
      const progress: ActionProgress = {
        ...{ id, action: request.action, module: request.module, at, done: false },
        nodes: [{ node, state: 'running', message: '', code: null }],
      };
      actions.set(id, { ...progress, done: true, nodes: [{ node, state: 'done', message: 'ok', code: null }] });
      return { ok: true, value: progress };
    },
    kept: async () => undefined,
    action: (id) => actions.get(id) ?? null,
    async waitState(module, state, timeoutMs) {
      if (state === 'STOP')
        return { ok: false, failure: { code: 'WAIT_TIMEOUT', message: `${module} is not STOP after ${timeoutMs} ms.` } };
      return { ok: true, value: status(module, node) };
    },
    loop: async () => ({ ok: true, value: { reached: false, budget } }),
    errdEnable: async () => done,
    kill: async (module, request, caller) => {
      record(`kill ${module} ${JSON.stringify(request)}`, caller);
      return { ok: true, value: [{ pid: 42, name: request.name, args: ['web', '-x'], outcome: 'found' }] };
    },
    errdList: async () => ({
      ok: true,
      value: {
        items: [
          { name: 'web', class: null, monitored: true, service: false, action: 'restart', count: 1, pids: [42], value: 'up' },
        ],
      },
    }),
    print(module, level, message, caller) {
      record(`print ${module} ${level} ${message}`, caller);
      return done;
    },
    logs: async (name, query) => has(name, [logEntry('begin'), logEntry(`limit ${query.limit}`)]),
    followLogs(name, onEntry) {
      if (!modules.has(name)) return null;
      followers.add(onEntry);
      return { close: () => void followers.delete(onEntry) };
    },
    commandLog: async () => [{ at, who: 'root', module: 'farm', phase: 'START', text: 'start' }],
    userlogs: async (name) => has(name, [{ name: 'start_both_1.ulog', bytes: 5, at }]),
    userlog: async (_module, name) => (name === 'start_both_1.ulog' ? '<b>hello</b>' : null),
    rules: (module) =>
      modules.has(module)
        ? {
            ok: true,
            value: {
              ...{ module, node, phase: 'up', enabled: true, handleTimeMs: 2000 },
              rules: [
                {
                  ...{ label: 'r', action: 'restart', source: 'user', line: 7, condition: 'custom.a == down', truth: 'holds' },
                  ...{ considered: true, why: 'custom.a is down', active: false, remainingMs: 1200 },
                  parts: [{ text: 'custom.a == down', holds: true, values: [{ name: 'custom.a', value: 'down' }] }],
                },
              ],
            },
          }
        : { ok: false, failure: { code: 'MODULE_UNKNOWN', message: `No module ${module} is installed.` } },
    explain: async (module, moment) =>
      moment === '03:12'
        ? { ok: false, failure: { code: 'EXPLAIN_NONE', message: `No transition of ${module} is on record.` } }
        : {
            ok: true,
            value: {
              ...{ module, node, at, until: at, reason: 'restart called by errd', doubt: null },
              ...{ from: { state: 'UP', quality: 'Ready' }, to: { state: 'UP', quality: 'Ready' } },
              chain: [{ at, atMs: 5, kind: 'fact', text: 'process 42 of web was ended by SIGKILL' }],
              resources: [{ name: 'proc.web', value: 'down' }],
              budget: { used: 1, max: 3 },
            },
          },
    inspection: fakeInspection(node),
    snapshot: () => ({ value: 'UP' }),
    events: (since) => ring.read(since),
    subscribe: (onEvent) => ring.subscribe(onEvent),
    support: {
      self: () => ({
        node,
        version: '0.1.0',
        wallMs: Date.now(),
        signature: 'cd',
        modules: [{ name: 'farm', signature: 'ab12' }],
      }),
      health: async (peers) => ({
        ...{ node, at, version: '0.1.0', worst: 'warning' },
        findings: [
          { check: 'disk.space', level: 'warning', title: 'Room', seen: 'little', why: 'because', remedy: 'make room' },
          ...peers.map(
            (peer): HealthFinding =>
              ({
                ...{ check: 'cluster.members', level: 'ok', title: 'The other nodes answer', why: '', remedy: null },
                seen: `${peer.node} ${peer.error ?? peer.facts?.version ?? ''}`,
              }) as const,
          ),
        ],
      }),
      async dump(_module, _peers, caller) {
        record('dump', caller);
        return { ok: true, value: { name: 'dump_2026-01-31_142233', path: '/var/dump', bytes: 5, files: 2 } };
      },
      async snapshot(name, wish, _peers, caller) {
        record(`snapshot ${JSON.stringify(wish)}`, caller);
        if (options.snapshotBytes === undefined)
          return { ok: true, value: { id: 's1', name: `snapshot_${node}_${name}.zip`, bytes: 6 } };
        return { ok: true, value: { id: 's1', name: `snapshot_${node}_${name}.zip`, bytes: options.snapshotBytes } };
      },
      async part(id, offset, most) {
        if (id !== 's1') return { ok: false, failure: { code: 'SNAPSHOT_UNKNOWN', message: 'There is no such snapshot.' } };
        const whole = options.snapshotBytes === undefined ? Buffer.from('PK-zip') : Buffer.alloc(options.snapshotBytes, 'z');
        return { ok: true, value: whole.subarray(offset, offset + most) };
      },
      async release(id) {
        record(`release ${id}`, { who: '', identity: null });
      },
      async clean(_module, what, caller) {
        record(`clean ${what}`, caller);
        return { ok: true, value: { done: ['1 log files removed'] } };
      },
    },
    notification: {
      status: () => notification,
      config: async () => ({ ok: true, value: '{}\n' }),
      async configure(text, caller) {
        record(`notify ${text}`, caller);
        return { ok: true, value: notification };
      },
      async enable(on, caller) {
        record(`notify ${on}`, caller);
        return { ok: true, value: { ...notification, enabled: on } };
      },
      async test(channel, caller) {
        record(`notify test ${channel}`, caller);
        return channel === 'nobody'
          ? { ok: false, failure: { code: 'NOTIFICATION_CHANNEL', message: 'There is no channel "nobody".' } }
          : { ok: true, value: [{ channel: channel ?? 'ops', ok: true, message: 'handed over', remedy: null }] };
      },
    },
    install: {
      async install(name, archive, template, id, force, caller) {
        record(`install ${name} ${archive?.length ?? 'none'} ${template} ${id} ${force}`, caller);
        modules.add(name);
        return { ok: true, value: summary(name) };
      },
      async uninstall(name) {
        modules.delete(name);
        return done;
      },
      beginExport: async (name, nodes, caller) => {
        record(`export ${name} to ${nodes.join(',')}`, caller);
        return { ok: true, value: { ...exported, module: name, nodes } };
      },
      exports: async () => [exported],
      exportedArchive: async (name) => (modules.has(name) ? { ok: true, value: Buffer.from('PK') } : unknown),
      receive: async (archive, { module }, from, caller) => {
        record(`receive ${module} ${archive.length} from ${from.node} ${from.catchUp}`, caller);
        modules.add(module);
        return { ok: true, value: summary(module) };
      },
      package: async (name) => (modules.has(name) ? { ok: true, value: Buffer.from('PK') } : unknown),
      check: async (name) =>
        name === 'bad'
          ? {
              ok: false,
              failure: {
                code: 'CONF_INVALID',
                message: 'conf/userconfig.xml has 1 error.',
                problems: [aProblem],
              },
            }
          : {
              ok: true,
              value: {
                ...{ config: { mode: 'farm' }, warnings: [] },
                rules: [{ label: 'r', action: 'stop', source: 'user', line: 3, condition: 'custom.a == down' }],
              },
            },
      apply: async (name) => (modules.has(name) ? { ok: true, value: summary(name) } : unknown),
      deconfigure: async () => done,
      info: async (name) =>
        modules.has(name) ? { ok: true, value: { module: name, node, active: { signature: 'ab', at }, current: null } } : unknown,
      ports: async () => ({ ok: true, value: [{ process: 'heart', protocol: 'udp', port: 8888 }] }),
      templates: async () => [{ name: 'farm', description: 'A generic farm.' }],
      async readFile(_name, path) {
        const file = files.get(path);
        if (file === undefined) return { ok: false, failure: { code: 'FILE_UNKNOWN', message: `There is no ${path}.` } };
        return { ok: true, value: { ...file } };
      },
      async writeFile(_name, path, content, etag, caller) {
        record(`write ${path}`, caller);
        const present = files.get(path);
        const fits = etag === null ? present === undefined : etag === '*' || present?.etag === etag;
        if (!fits) return { ok: false, failure: { code: 'FILE_CONFLICT', message: `${path} was changed since it was read.` } };
        const next = `v${Number(present?.etag.slice(1) ?? 0) + 1}`;
        files.set(path, { content, etag: next });
        return { ok: true, value: { etag: next } };
      },
      async deleteFile(_name, path, etag) {
        const fits = etag === '*' || files.get(path)?.etag === etag;
        if (!fits) return { ok: false, failure: { code: 'FILE_CONFLICT', message: `${path} was changed since it was read.` } };
        files.delete(path);
        return done;
      },
      inspect: async (_name, xml) => ({ ok: true, value: { problems: xml.includes('<safe') ? [] : [aProblem] } }),
      versions: async (name) => ({ ok: true, value: [{ version: `${name}_2026-01-01_120000.safe`, at, bytes: 900 }] }),
      async restore(name, version, caller) {
        record(`restore ${name} ${version}`, caller);
        return done;
      },
      backups: async () => ({ ok: true, value: [{ name: 'web_2026-01-01_120000.safe', module: 'web', at, bytes: 900 }] }),
      listFiles: async () => ({
        ok: true,
        value: [...files].map(([path, { content }]) => ({ path, bytes: content.length, executable: false })),
      }),
    },
    clusterAdministration: {
      updateModules: () => undefined,
      replaceXml: async () => ({ ok: true, value: cluster() }),
      info: async () => info(),
      markDistributed: async () => ({ ok: true, value: info() }),
      receive: async (_bundle, receipt, caller) => {
        record(`receive ${receipt.rule} from ${receipt.from}`, caller);
        return { ok: true, value: info() };
      },
      configure: async (_xml, _lock, caller) => {
        record('cluster config', caller);
        return { ok: true, value: cluster() };
      },
      check: () => ({ ok: true, value: { config: {}, warnings: [] } }),
      xml: async () => ({ ok: true, value: '<cluster/>' }),
      generateKey: async () => done,
      deleteKey: async () => done,
      exportBundle: async () => ({ ok: true, value: Buffer.from('bundle') }),
      importBundle: async () => ({ ok: true, value: cluster() }),
      deconfigure: async () => done,
    },
  };
  return face;
}
