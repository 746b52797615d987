/**
 * The JSON schemas (2020-12) of everything that the API takes and answers: the one source of the OpenAPI document, of the check of
 * request bodies, and of the tests that check answers. The TypeScript shapes beside them are in `api-types.ts`.
 */

import { httpsBodies, httpsSchemas } from './schemas-https.js';
import { inspectionSchemas } from './schemas-inspection.js';

/** The part of JSON Schema that is used here. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: JsonType | readonly JsonType[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly default?: string | number | boolean | null;
}
type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'null' | 'object' | 'array';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const integer = { type: 'integer' } as const;
const number = { type: 'number' } as const;
const numberOrNull = { type: ['number', 'null'] } as const;
const yesNo = { type: 'boolean' } as const;
const time = { type: 'string', description: 'ISO 8601 with milliseconds.' } as const;
const identity = {
  type: ['string', 'null'],
  maxLength: 200,
  description:
    '`-i`: what acts by itself. Then the action counts against maxloop; without it, it is an administrator and the counter is reset.',
} as const;

function object(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
  description?: string,
): JsonSchema {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  };
}
function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}
function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}
function page(items: JsonSchema): JsonSchema {
  return object({ items: list(items), next: textOrNull });
}

const ruleLine = {
  label: text,
  action: { enum: ['stop', 'wait', 'stopstart', 'restart', 'swap'] },
  source: { enum: ['default', 'generated', 'user'] },
  line: { type: ['integer', 'null'], description: 'Of userconfig.xml; null where the rule is not the user’s.' },
  condition: text,
} as const;
const role: JsonSchema = { enum: ['monitor', 'control', 'admin'] };
const tokenSummary = {
  id: text,
  label: text,
  role,
  owner: text,
  created: time,
  expires: textOrNull,
  expired: yesNo,
} as const;
const stateName: JsonSchema = { enum: ['STOP', 'WAIT', 'UP', 'PRIM', 'SECOND', 'ALONE', 'NOTCONFIGURED', 'UNKNOWN'] };

const moduleExport = {
  module: text,
  generation: integer,
  id: { type: 'integer', minimum: 1, maximum: 255 },
  configure: yesNo,
  signature: text,
  at: time,
  by: text,
  nodes: list(text),
} as const;
const clusterHost = { node: text, self: yesNo, online: yesNo, url: text, urls: { type: 'array', items: text } } as const;
const chosenNodes = {
  type: ['array', 'null'],
  items: { type: 'string', minLength: 1, maxLength: 64 },
  minItems: 1,
  maxItems: 1000,
  description: 'Absent or null: all nodes of the cluster.',
} as const;
const acceptOldMs = {
  type: 'integer',
  minimum: 0,
  maximum: 2_592_000_000,
  description: 'How long the key before is taken as well, in ms; absent: an hour.',
} as const;

const values = {
  ...httpsSchemas,
  ConfigProblem: object(
    {
      severity: { enum: ['error', 'warning'] },
      code: text,
      file: text,
      line: integer,
      column: integer,
      element: text,
      attribute: textOrNull,
      value: textOrNull,
      message: text,
      remedy: text,
      excerpt: { type: 'string', description: 'The line of the file, and a caret below the place in a second line.' },
    },
    ['excerpt'],
  ),
  Problem: object(
    {
      type: text,
      title: text,
      status: integer,
      detail: text,
      instance: text,
      code: text,
      node: text,
      problems: list(ref('ConfigProblem')),
    },
    ['problems'],
    'RFC 9457 problem document.',
  ),
  Budget: object({
    max: integer,
    used: integer,
    expires: textOrNull,
    causes: list(object({ at: time, action: text, by: text })),
  }),
  ModuleNodeStatus: object({
    module: text,
    node: text,
    state: stateName,
    quality: { enum: ['Ready', 'Transient', 'NotReady', 'Unknown'] },
    path: text,
    tags: list(text),
    reason: textOrNull,
    since: time,
    sinceMs: number,
    share: { type: 'number', minimum: 0, maximum: 100 },
    activeRule: textOrNull,
    wish: { enum: ['start', 'stop'] },
    ready: yesNo,
    budget: ref('Budget'),
    switches: object({ errd: yesNo, checker: yesNo, failover: yesNo, boot: { enum: ['on', 'off'] } }),
    signature: text,
    error: textOrNull,
  }),
  ModuleSummary: object({
    name: text,
    id: integer,
    mode: { enum: ['farm', 'mirror', 'light', null] },
    configured: yesNo,
    signature: textOrNull,
    appliedAt: textOrNull,
    nodes: list(ref('ModuleNodeStatus')),
  }),
  ModuleList: page(ref('ModuleSummary')),
  NodeSummary: object({
    name: text,
    self: yesNo,
    online: yesNo,
    leader: yesNo,
    addresses: list(object({ lan: text, addr: text })),
    lans: list(object({ lan: text, up: yesNo, rttMs: numberOrNull, lastHeardMs: numberOrNull })),
    sameConfiguration: { type: ['boolean', 'null'] },
    evidence: textOrNull,
    error: textOrNull,
  }),
  NodeList: page(ref('NodeSummary')),
  ClusterSummary: object({
    configured: yesNo,
    self: text,
    view: orNull(object({ epoch: integer, leader: text, members: list(text) })),
    signature: textOrNull,
    configuredAt: textOrNull,
    encrypted: yesNo,
    locked: yesNo,
    port: { type: ['integer', 'null'] },
    dropped: { type: 'object', additionalProperties: integer },
    version: text,
  }),
  RefusedNode: object({
    node: textOrNull,
    address: textOrNull,
    reason: { enum: ['oldKey', 'otherCluster', 'noKey'] },
    by: { enum: ['datagram', 'request'] },
    count: integer,
    at: time,
  }),
  ModuleExport: object(moduleExport),
  ClusterNodeInfo: object({
    node: text,
    version: text,
    configured: yesNo,
    signature: textOrNull,
    configuredAt: textOrNull,
    locked: yesNo,
    encrypted: yesNo,
    generation: integer,
    revision: textOrNull,
    distributed: yesNo,
    history: list(text),
    oldKeyUntil: textOrNull,
    caughtUp: orNull(object({ from: text, at: time })),
    refused: list(ref('RefusedNode')),
    https: object({ on: yesNo, validTo: textOrNull, problems: list(text) }),
    modules: list(
      object({
        name: text,
        id: integer,
        mode: { enum: ['farm', 'mirror', 'light', null] },
        configured: yesNo,
        signature: textOrNull,
        appliedAt: textOrNull,
      }),
    ),
    exports: list(ref('ModuleExport')),
  }),
  ClusterHost: object(clusterHost),
  ClusterHostList: page(ref('ClusterHost')),
  ClusterNodeState: object({
    ...clusterHost,
    status: { enum: ['same', 'behind', 'ahead', 'apart', 'oldKey', 'otherKey', 'unreachable'] },
    message: text,
    info: orNull(ref('ClusterNodeInfo')),
  }),
  ClusterStateList: page(ref('ClusterNodeState')),
  DistributionReport: object({
    what: text,
    generation: integer,
    done: yesNo,
    items: list(
      object({ node: text, url: text, state: { enum: ['done', 'same', 'refused', 'away'] }, message: text, code: textOrNull }),
    ),
  }),
  ClusterXml: object({ xml: text }),
  Resource: object({ name: text, value: text, at: time, atMs: number, by: text }),
  ResourceList: page(ref('Resource')),
  ActionProgress: object({
    id: text,
    action: text,
    module: text,
    at: time,
    done: yesNo,
    nodes: list(
      object({
        node: text,
        state: { enum: ['running', 'done', 'already', 'refused', 'failed'] },
        message: text,
        code: textOrNull,
      }),
    ),
  }),
  LoopResult: object({ reached: yesNo, budget: ref('Budget') }),
  SwitchStates: object({
    errd: yesNo,
    checker: yesNo,
    failover: yesNo,
    boot: yesNo,
    bootRule: {
      enum: ['on', 'off', 'auto', 'ignore'],
      description: '`boot` of the configuration: the switch decides only where that is ignore.',
    },
  }),
  ErrdEntry: object({
    name: text,
    class: textOrNull,
    monitored: yesNo,
    service: yesNo,
    action: text,
    count: integer,
    pids: list(integer),
    value: text,
  }),
  ErrdList: page(ref('ErrdEntry')),
  KilledProcess: object({
    pid: integer,
    name: text,
    args: list(text),
    outcome: { enum: ['found', 'signalled', 'ended', 'refused', 'remains'] },
  }),
  KillList: page(ref('KilledProcess')),
  LogLine: object(
    {
      at: time,
      atMs: number,
      wallMs: number,
      level: { enum: ['C', 'E', 'U', 'S', 'I', 'D'] },
      component: text,
      message: text,
      data: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } },
    },
    ['data'],
  ),
  LogList: page(ref('LogLine')),
  CommandLine: object({ at: time, who: text, module: textOrNull, phase: text, text }),
  CommandList: page(ref('CommandLine')),
  Userlog: object({ name: text, bytes: integer, at: time }),
  UserlogList: page(ref('Userlog')),
  NodeEvent: object({
    id: text,
    node: text,
    module: textOrNull,
    type: text,
    at: time,
    atMs: number,
    cause: textOrNull,
    data: { type: 'object', additionalProperties: true },
  }),
  EventPage: object({ items: list(ref('NodeEvent')), lost: yesNo, next: text }),
  ...inspectionSchemas({ object, list, ref, page }),
  ExplanationLink: object({
    at: time,
    atMs: number,
    kind: { enum: ['fact', 'verdict', 'rule', 'command', 'counter', 'script', 'state'] },
    text,
  }),
  Explanation: object({
    module: text,
    node: text,
    from: object({ state: text, quality: text }),
    to: object({ state: text, quality: text }),
    at: time,
    until: textOrNull,
    reason: textOrNull,
    chain: list(ref('ExplanationLink')),
    resources: list(object({ name: text, value: text })),
    budget: object({ used: integer, max: integer }),
    doubt: textOrNull,
  }),
  HealthFinding: object({
    check: text,
    level: { enum: ['ok', 'note', 'warning', 'error'] },
    title: text,
    seen: text,
    why: text,
    remedy: textOrNull,
  }),
  HealthReport: object({
    node: text,
    at: time,
    version: text,
    worst: { enum: ['ok', 'note', 'warning', 'error'] },
    findings: list(ref('HealthFinding')),
  }),
  SelfFacts: object({
    node: text,
    version: text,
    wallMs: number,
    signature: textOrNull,
    modules: list(object({ name: text, signature: textOrNull })),
  }),
  DumpInfo: object({ name: text, path: text, bytes: integer, files: integer }),
  SnapshotFile: object({ id: text, name: text, bytes: integer }),
  CleanResult: object({ done: list(text) }),
  NotificationChannelStatus: object({
    name: text,
    kind: { enum: ['email', 'webhook', 'executable'] },
    target: text,
    state: { enum: ['idle', 'sending', 'failing'] },
    queued: integer,
    sent: integer,
    failed: integer,
    lost: integer,
    lastSent: textOrNull,
    lastFailure: orNull(object({ at: time, reason: text, remedy: text })),
    nextAttempt: textOrNull,
  }),
  NotificationStatus: object({
    node: text,
    configured: yesNo,
    enabled: yesNo,
    file: text,
    problems: list(ref('ConfigProblem')),
    windowSeconds: number,
    criticalSeconds: number,
    collected: integer,
    channels: list(ref('NotificationChannelStatus')),
  }),
  NotificationTest: object({ channel: text, ok: yesNo, message: text, remedy: textOrNull }),
  NotificationTestList: page(ref('NotificationTest')),
  LoginMethods: object({
    methods: list({ enum: ['password', 'oidc'] }),
    oidcUrl: textOrNull,
    https: yesNo,
    setup: yesNo,
    node: text,
  }),
  SessionInfo: object({ user: text, role, csrf: textOrNull, expires: textOrNull }),
  UserSummary: object({
    name: text,
    role: orNull(role),
    effectiveRole: orNull(role),
    groups: list(text),
    state: { enum: ['password', 'invited', 'none'] },
    changed: time,
  }),
  UserList: page(ref('UserSummary')),
  Invitation: object({ code: text, expires: time, node: text }),
  UserResult: object({ user: ref('UserSummary'), invitation: orNull(ref('Invitation')) }),
  GroupSummary: object({ name: text, role, members: list(text) }),
  GroupList: page(ref('GroupSummary')),
  ImportedUser: object({ name: text, result: { enum: ['imported', 'kept', 'refused'] }, message: text }),
  ImportedUserList: page(ref('ImportedUser')),
  TokenSummary: object(tokenSummary),
  TokenList: page(ref('TokenSummary')),
  NewToken: object({ ...tokenSummary, token: text }),
  LoginWay: object({
    name: { enum: ['users', 'tokens', 'ldap', 'oidc', 'certificates', 'replication'] },
    state: { enum: ['on', 'off', 'failing'] },
    message: text,
  }),
  AuthStatus: object({
    node: text,
    required: yesNo,
    users: integer,
    tokens: integer,
    sessions: integer,
    file: text,
    configFile: text,
    problems: list(ref('ConfigProblem')),
    consoleUrl: textOrNull,
    ways: list(ref('LoginWay')),
    digest: text,
  }),
  AuthTest: object({ what: text, ok: yesNo, message: text, remedy: textOrNull }),
  AuthTestList: page(ref('AuthTest')),
  RuleLine: object(ruleLine),
  RuleReport: object({
    module: text,
    node: text,
    phase: {
      enum: ['off', 'evaluating', 'blocked', 'up'],
      description: 'What the rules are evaluated for: nothing, the first look before a start, waiting, or a running module.',
    },
    enabled: yesNo,
    handleTimeMs: number,
    rules: list(ref('RuleStatus')),
  }),
  RuleStatus: object({
    ...ruleLine,
    action: { enum: ['stop', 'wait', 'stopstart', 'restart', 'swap', 'wakeup'] },
    source: { enum: ['default', 'generated', 'user', 'built-in'] },
    truth: { enum: ['holds', 'fails', 'init'], description: 'init: not evaluated, because a resource was not checked yet.' },
    considered: yesNo,
    why: text,
    parts: list(object({ text, holds: yesNo, values: list(object({ name: text, value: text })) })),
    active: yesNo,
    remainingMs: numberOrNull,
  }),
  ConfInfo: object({
    module: text,
    node: text,
    active: orNull(object({ signature: text, at: time })),
    current: orNull(object({ signature: text, at: time })),
  }),
  ConfigFile: object({ path: text, bytes: integer, executable: yesNo }),
  ConfigFileList: page(ref('ConfigFile')),
  CheckResult: object({ config: {}, warnings: list(ref('ConfigProblem')), rules: list(ref('RuleLine')) }, ['rules']),
  PortUse: object({ process: text, protocol: text, port: integer }),
  PortList: page(ref('PortUse')),
  Template: object({ name: text, description: text }),
  TemplateList: page(ref('Template')),
  ModuleVersion: object({ version: text, at: time, bytes: integer }),
  VersionList: page(ref('ModuleVersion')),
  ModuleBackup: object({ name: text, module: text, at: time, bytes: integer }),
  BackupList: page(ref('ModuleBackup')),
  InspectedConfig: object({ problems: list(ref('ConfigProblem')) }),
  AddressReport: object({
    address: text,
    addresses: list(text),
    state: { enum: ['self', 'node', 'other', 'refused', 'silent', 'unknown'] },
    name: textOrNull,
    message: text,
  }),
  ProbeObservation: object({
    module: text,
    source: text,
    host: text,
    agent: text,
    count: integer,
    last: time,
    lastAtMs: number,
    intervalMs: numberOrNull,
    lastStatus: { enum: [200, 404] },
    answersSinceChange: integer,
  }),
  ProbeList: page(ref('ProbeObservation')),
  Health: object({
    module: text,
    /** The one that was asked for. */
    check: text,
    pass: yesNo,
    state: stateName,
    quality: { enum: ['Ready', 'Transient', 'NotReady', 'Unknown'] },
    ready: yesNo,
    loopAgeMs: numberOrNull,
    reason: text,
  }),
} as const satisfies Readonly<Record<string, JsonSchema>>;

const password = { type: 'string', maxLength: 1024 } as const;
const userFields = {
  role: orNull(role),
  groups: { type: 'array', items: { type: 'string', maxLength: 64 }, maxItems: 200 },
  password,
  invite: yesNo,
} as const;
const bodies = {
  ...httpsBodies,
  ActionBody: object(
    {
      action: { enum: ['start', 'stop', 'restart', 'stopstart', 'forcestop', 'shutdown', 'update'] },
      nodes: {
        type: ['array', 'null'],
        items: { type: 'string', minLength: 1, maxLength: 64 },
        minItems: 1,
        maxItems: 64,
        description: 'Absent or null: the node that is asked. `["*"]`: all nodes.',
      },
      identity,
    },
    ['nodes', 'identity'],
  ),
  ResourceBody: object(
    { value: { type: 'string', maxLength: 1024 }, logging: { enum: ['normal', 'none', 'force'], default: 'normal' }, identity },
    ['logging', 'identity'],
  ),
  LoopBody: object({ operation: { enum: ['increment', 'reset', 'check'] }, identity }, ['identity']),
  ErrdBody: object({ class: { type: 'string', minLength: 1, maxLength: 64 }, on: yesNo }),
  KillBody: object(
    {
      name: {
        type: 'string',
        minLength: 1,
        maxLength: 255,
        description: 'As `<proc name>`: on Linux the first 15 bytes count.',
      },
      argregex: { type: ['string', 'null'], maxLength: 1024, description: 'As `<proc argregex>`.' },
      level: { enum: ['test', 'terminate', '9', '15'] },
      asker: {
        type: ['integer', 'null'],
        minimum: 1,
        description: "The caller's own process, which is spared with what it was started by; heeded on the local socket only.",
      },
      identity,
    },
    ['argregex', 'asker', 'identity'],
  ),
  SwitchBody: object({ switch: { enum: ['errd', 'checker', 'failover', 'boot'] }, on: yesNo, identity }, ['identity']),
  PrintBody: object({ level: { enum: ['E', 'I'] }, message: { type: 'string', maxLength: 8192 }, identity }, ['identity']),
  ClusterConfigBody: object({ xml: { type: ['string', 'null'] }, lock: { enum: ['lock', 'unlock', null] } }, ['xml', 'lock']),
  ClusterCheckBody: object({ xml: text }),
  AddressCheckBody: object(
    {
      address: { type: 'string', minLength: 1, maxLength: 260 },
      port: {
        type: ['integer', 'null'],
        minimum: 1,
        maximum: 65_535,
        description: "Absent or null: that of this node's web service.",
      },
    },
    ['port'],
  ),
  InspectConfigBody: object({ xml: text }),
  SnapshotBody: object(
    {
      anonymise: { type: 'boolean', default: false },
      words: { type: 'array', items: { type: 'string', maxLength: 200 }, maxItems: 500 },
    },
    ['anonymise', 'words'],
  ),
  CleanBody: object({ what: { enum: ['all', 'log', 'process', 'resource'] } }),
  DistributeBody: object({ xml: textOrNull, newKey: yesNo, acceptOldMs, force: yesNo, nodes: chosenNodes }, [
    'xml',
    'newKey',
    'acceptOldMs',
    'force',
    'nodes',
  ]),
  ExportBody: object({ nodes: chosenNodes }, ['nodes']),
  ReceiveModuleBody: object({
    transfer: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    exported: object(moduleExport),
    catchUp: yesNo,
  }),
  NotificationSwitchBody: object({ on: yesNo }),
  LoginBody: object({ user: { type: 'string', maxLength: 256 }, password }),
  OwnPasswordBody: object({ old: password, password }),
  NewUserBody: object({ name: { type: 'string', maxLength: 64 }, ...userFields }, Object.keys(userFields)),
  UserBody: object(userFields, Object.keys(userFields)),
  GroupBody: object({ role }),
  UserImportBody: object({ userConf: text, groupConf: textOrNull }, ['groupConf']),
  TokenBody: object(
    { label: { type: 'string', maxLength: 64 }, role, days: { type: ['integer', 'null'], minimum: 1, maximum: 3650 } },
    ['days'],
  ),
  AuthTestBody: object(
    { user: { type: ['string', 'null'], maxLength: 256 }, password: { type: ['string', 'null'], maxLength: 1024 } },
    ['user', 'password'],
  ),
  DirectoryExchange: object({ digest: text, entries: { type: ['array', 'null'], maxItems: 8000 } }),
  FirstPasswordBody: object({ code: { type: 'string', maxLength: 64 }, password }),
  NotificationTestBody: object({ channel: { type: ['string', 'null'], maxLength: 40, description: 'Absent or null: all.' } }, [
    'channel',
  ]),
} as const satisfies Readonly<Record<string, JsonSchema>>;

export type BodyName = keyof typeof bodies;
export type SchemaName = keyof typeof values | BodyName;
/** All schemas by the name that `#/components/schemas/` has them under. */
export const schemas: Readonly<Record<SchemaName, JsonSchema>> = { ...values, ...bodies };
