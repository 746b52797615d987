/**
 * The public face of the node's actors: what the HTTP surface may ask and command, and the JSON shapes it answers with.
 * `src/http/api-types.ts` re-exports the shapes for the CLI and the console.
 */
import type { ConfigProblem } from '../config/types.js';
import type { RuleLine } from '../config/types-rules.js';
import type { InspectionFace } from './face-inspection.js';
import type { KilledProcess, KillRequest } from './face-kill.js';
import type { RuleReport } from './face-rules.js';
import type { SupportAdministration } from './face-support.js';
import type { LogEntry, LogQuery } from './ports.js';
import type { RefusedNode } from './refused-book.js';

export type { RefusedNode } from './refused-book.js';
export type StateName = 'STOP' | 'WAIT' | 'UP' | 'PRIM' | 'SECOND' | 'ALONE' | 'NOTCONFIGURED' | 'UNKNOWN';
export type Quality = 'Ready' | 'Transient' | 'NotReady' | 'Unknown';

/** A state of a module on one node. */
export interface ModuleNodeStatus {
  readonly module: string;
  readonly node: string;
  readonly state: StateName;
  readonly quality: Quality;
  /** Path in the chart, for example `UP.restarting.stopGraceful`. */
  readonly path: string;
  readonly tags: readonly string[];
  /** What it is doing or why it is where it is, in one sentence; null where the state says all. */
  readonly reason: string | null;
  /** ISO 8601 with ms. */
  readonly since: string;
  readonly sinceMs: number;
  /** Percent of traffic, 0 to 100. */
  readonly share: number;
  readonly activeRule: string | null;
  readonly wish: 'start' | 'stop';
  /** Whether `ready.txt` answers 200. */
  readonly ready: boolean;
  readonly budget: Budget;
  readonly switches: {
    readonly errd: boolean;
    readonly checker: boolean;
    readonly failover: boolean;
    readonly boot: 'on' | 'off';
  };
  readonly signature: string;
  /** Set where the node did not answer. */
  readonly error: string | null;
}
/** The restart counter as a visible object. */
export interface Budget {
  /** 0: the counter is off. */
  readonly max: number;
  readonly used: number;
  /** ISO time at which the window ends; null while nothing is counted. */
  readonly expires: string | null;
  readonly causes: readonly { readonly at: string; readonly action: string; readonly by: string }[];
}
export interface ModuleSummary {
  readonly name: string;
  readonly id: number;
  readonly mode: 'farm' | 'mirror' | 'light' | null;
  /** False: installed, but no configuration has been applied. */
  readonly configured: boolean;
  readonly signature: string | null;
  readonly appliedAt: string | null;
  readonly nodes: readonly ModuleNodeStatus[];
}
export interface NodeSummary {
  readonly name: string;
  readonly self: boolean;
  /** Heard by this node. */
  readonly online: boolean;
  readonly leader: boolean;
  readonly addresses: readonly { readonly lan: string; readonly addr: string }[];
  readonly lans: readonly {
    readonly lan: string;
    readonly up: boolean;
    readonly rttMs: number | null;
    readonly lastHeardMs: number | null;
  }[];
  /** Same cluster configuration as this node. Null while not heard. */
  readonly sameConfiguration: boolean | null;
  /** Evidence of the last verdict about it, in one sentence. */
  readonly evidence: string | null;
  readonly error: string | null;
}
export interface ClusterSummary {
  readonly configured: boolean;
  readonly self: string;
  readonly view: { readonly epoch: number; readonly leader: string; readonly members: readonly string[] } | null;
  readonly signature: string | null;
  readonly configuredAt: string | null;
  readonly encrypted: boolean;
  readonly locked: boolean;
  readonly port: number | null;
  /** Datagrams dropped since the start, by class. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly version: string;
}
export interface Resource {
  /** `class.id`. */
  readonly name: string;
  readonly value: string;
  readonly at: string;
  readonly atMs: number;
  readonly by: string;
}
/** Values that a resource took, oldest first; `next` is the cursor `before` of the page before it. */
export interface HistoryPage {
  readonly items: readonly Resource[];
  readonly next: string | null;
}
/** What an administrator can switch off (section 5.3). */
export type MaintenanceSwitch = 'errd' | 'checker' | 'failover' | 'boot';
export interface SwitchStates {
  readonly errd: boolean;
  readonly checker: boolean;
  readonly failover: boolean;
  readonly boot: boolean;
  /** `boot` of the configuration: the switch decides only where that is `ignore`. */
  readonly bootRule: 'on' | 'off' | 'auto' | 'ignore';
}
export type ModuleCommand = 'start' | 'stop' | 'restart' | 'stopstart' | 'forcestop' | 'shutdown' | 'update';
export interface Caller {
  /** For logs: `root`, `admin@127.0.0.1`, `n2`. */
  readonly who: string;
  /** `-i`: the action is automatic and counts; null for an administrator. */
  readonly identity: string | null;
}
export interface ActionRequest {
  readonly action: ModuleCommand;
  readonly module: string;
  /** Null: this node only. */
  readonly nodes: readonly string[] | null;
  readonly caller: Caller;
}
export interface ActionProgress {
  readonly id: string;
  readonly action: string;
  readonly module: string;
  readonly at: string;
  readonly done: boolean;
  readonly nodes: readonly {
    readonly node: string;
    readonly state: 'running' | 'done' | 'already' | 'refused' | 'failed';
    readonly message: string;
    readonly code: string | null;
  }[];
}
export interface NodeEvent {
  /** `epoch.counter`: never repeats, also across restarts of the daemon. */
  readonly id: string;
  readonly node: string;
  readonly module: string | null;
  /** `module.state`, `resource.changed`, `script.started`, `script.ended`, `view.changed`, `log`, `action` … */
  readonly type: string;
  readonly at: string;
  readonly atMs: number;
  /** Id of the event that led to it. */
  readonly cause: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}
export interface EventPage {
  readonly items: readonly NodeEvent[];
  /** `since` was no longer in the ring: read the state again. */
  readonly lost: boolean;
  readonly next: string;
}

/** One link of the chain behind a transition. */
export interface ExplanationLink {
  /** ISO 8601 with ms. */
  readonly at: string;
  readonly atMs: number;
  readonly kind: 'fact' | 'verdict' | 'rule' | 'command' | 'counter' | 'script' | 'state';
  readonly text: string;
}
/** Why a module went from one state to the next: from the raw fact to the scripts. */
export interface Explanation {
  readonly module: string;
  readonly node: string;
  readonly from: { readonly state: string; readonly quality: string };
  readonly to: { readonly state: string; readonly quality: string };
  readonly at: string;
  /** When it was over; null while it goes on. */
  readonly until: string | null;
  readonly reason: string | null;
  /** The oldest fact first. */
  readonly chain: readonly ExplanationLink[];
  /** The resources at the moment of the decision. */
  readonly resources: readonly { readonly name: string; readonly value: string }[];
  readonly budget: { readonly used: number; readonly max: number };
  /** Why this may not be the whole truth: the journal is damaged, or a replay of it goes elsewhere. Else null. */
  readonly doubt: string | null;
}

/** An expected failure, from the error catalogue (`src/actors/errors.ts`). */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly problems?: readonly ConfigProblem[];
}
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export interface ConfInfo {
  readonly module: string;
  readonly node: string;
  /** Applied (SAFE/private/modules) and edited (SAFE/modules). */
  readonly active: { readonly signature: string; readonly at: string } | null;
  readonly current: { readonly signature: string; readonly at: string } | null;
}

/** What the HTTP surface sees of the node. All of it concerns this node; other nodes are asked over HTTP. */
export interface NodeFace {
  readonly node: string;
  cluster(): ClusterSummary;
  nodes(): readonly NodeSummary[];
  modules(): readonly ModuleSummary[];
  module(name: string): ModuleSummary | null;
  status(name: string): ModuleNodeStatus | null;
  resources(module: string): readonly Resource[] | null;
  /** The newest `limit` values before the cursor; null where the module or the resource is not known. */
  resourceHistory(module: string, resource: string, before: number | null, limit: number): HistoryPage | null;
  /** The failover rules with how each stands now. */
  rules(module: string): Outcome<RuleReport>;
  setResource(
    module: string,
    resource: string,
    value: string,
    caller: Caller,
    logging: 'normal' | 'none' | 'force',
  ): Promise<Outcome<Resource>>;
  /** Carries a command out on this node; resolves when it was accepted or refused. */
  command(request: ActionRequest): Outcome<ActionProgress>;
  /**
   * Resolves when what the module was told so far is on disk, so that a daemon that ends now does not forget it; after a second at most,
   * also where the disk refuses.
   */
  kept(module: string): Promise<void>;
  action(id: string): ActionProgress | null;
  /** Resolves when the module is settled in that state, or with a failure after `timeoutMs`. */
  waitState(module: string, state: StateName | 'SETTLED', timeoutMs: number): Promise<Outcome<ModuleNodeStatus>>;
  /** `incloop`, `resetloop`, `checkloop` on the restart counter. */
  loop(
    module: string,
    operation: 'increment' | 'reset' | 'check',
    caller: Caller,
  ): Promise<Outcome<{ readonly reached: boolean; readonly budget: Budget }>>;
  switches(module: string): Outcome<SwitchStates>;
  /** Maintenance: what is switched stays so over restarts and reboots. */
  setSwitch(module: string, what: MaintenanceSwitch, on: boolean, caller: Caller): Promise<Outcome<SwitchStates>>;
  errdEnable(module: string, processClass: string, on: boolean, caller: Caller): Promise<Outcome<null>>;
  errdList(module: string): Promise<Outcome<{ readonly items: readonly ErrdEntry[] }>>;
  /** `kill`: signals processes of this machine by name; who asks and the daemon are spared. */
  kill(module: string, request: KillRequest, caller: Caller): Promise<Outcome<readonly KilledProcess[]>>;
  print(module: string, level: 'E' | 'I', message: string, caller: Caller): Outcome<null>;
  logs(module: string, query: LogQuery): Promise<readonly LogEntry[] | null>;
  followLogs(module: string, onEntry: (entry: LogEntry) => void): { close(): void } | null;
  commandLog(limit: number): Promise<
    readonly {
      readonly at: string;
      readonly who: string;
      readonly module: string | null;
      readonly phase: string;
      readonly text: string;
    }[]
  >;
  userlogs(module: string): Promise<readonly { readonly name: string; readonly bytes: number; readonly at: string }[] | null>;
  userlog(module: string, name: string): Promise<string | null>;
  /** The machines: charts, where they stand, their steps, and what is on record of them. */
  inspection: InspectionFace;
  /** Where the machines of a module stand; null where it has none. */
  snapshot(module: string): unknown;
  /** The module's last transition on record that began at or before `at` (a time as people write it; null: now). */
  explain(module: string, at: string | null): Promise<Outcome<Explanation>>;
  events(since: string | null): EventPage;
  /** Calls back for each event from now on; a slow reader is the caller's to drop. */
  subscribe(onEvent: (event: NodeEvent) => void): { close(): void };
  install: ModuleAdministration;
  clusterAdministration: ClusterAdministration;
  notification: NotificationAdministration;
  support: SupportAdministration;
}
/** One way by which people are told what happens. */
export interface NotificationChannelStatus {
  readonly name: string;
  readonly kind: 'email' | 'webhook' | 'executable';
  /** Where it leads; nothing secret is in it. */
  readonly target: string;
  /** `failing`: the last attempt failed; it is tried again at `nextAttempt`. */
  readonly state: 'idle' | 'sending' | 'failing';
  /** Events that wait or are being told. */
  readonly queued: number;
  /** Messages handed over, attempts that failed, events that were never told: since the configuration was read. */
  readonly sent: number;
  readonly failed: number;
  readonly lost: number;
  readonly lastSent: string | null;
  readonly lastFailure: { readonly at: string; readonly reason: string; readonly remedy: string } | null;
  readonly nextAttempt: string | null;
}
export interface NotificationStatus {
  readonly node: string;
  /** There is a configuration file, and it has no errors. */
  readonly configured: boolean;
  readonly enabled: boolean;
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
  readonly windowSeconds: number;
  readonly criticalSeconds: number;
  /** Events of the window that is open. */
  readonly collected: number;
  readonly channels: readonly NotificationChannelStatus[];
}
export interface NotificationTest {
  readonly channel: string;
  readonly ok: boolean;
  /** How it went, in one sentence. */
  readonly message: string;
  readonly remedy: string | null;
}
/** E-mail, webhooks and programs that tell people what happens on this node. */
export interface NotificationAdministration {
  status(): NotificationStatus;
  /** The configuration file's text. */
  config(): Promise<Outcome<string>>;
  /** Checks and applies a configuration: `CONF_INVALID` with everything that is wrong, or `DISK`. */
  configure(text: string, caller: Caller): Promise<Outcome<NotificationStatus>>;
  enable(on: boolean, caller: Caller): Promise<Outcome<NotificationStatus>>;
  /** Sends a test by one channel, or by all (null), at once; also while notifications are disabled. */
  test(channel: string | null, caller: Caller): Promise<Outcome<readonly NotificationTest[]>>;
}
export interface ErrdEntry {
  readonly name: string;
  readonly class: string | null;
  readonly monitored: boolean;
  readonly service: boolean;
  readonly action: string;
  readonly count: number;
  readonly pids: readonly number[];
  readonly value: string;
}
/** A module as it was exported to other nodes (`-E`). */
export interface ModuleExport {
  readonly module: string;
  /** Counts the exports of the module. */
  readonly generation: number;
  readonly id: number;
  /** It is configured where it comes from, and so everywhere. */
  readonly configure: boolean;
  /** Of its userconfig.xml and scripts, hex. */
  readonly signature: string;
  readonly at: string;
  readonly by: string;
  readonly nodes: readonly string[];
}
/** A configuration that was applied before, to go back to. */
export interface ModuleVersion {
  /** Names it. */
  readonly version: string;
  /** When it was applied; ISO 8601. */
  readonly at: string;
  readonly bytes: number;
}
/** A module that was uninstalled, to be installed from again. */
export interface ModuleBackup {
  readonly name: string;
  readonly module: string;
  /** When it was uninstalled; ISO 8601. */
  readonly at: string;
  readonly bytes: number;
}
export interface ModuleAdministration {
  /**
   * `archive` is a `.safe` (zip); null takes the template of that name, or with `backup/` before it the backup. `id`: wanted module id.
   */
  install(
    name: string,
    archive: Uint8Array | null,
    template: string | null,
    id: number | null,
    force: boolean,
    caller: Caller,
  ): Promise<Outcome<ModuleSummary>>;
  uninstall(name: string, caller: Caller): Promise<Outcome<null>>;
  package(name: string): Promise<Outcome<Uint8Array>>;
  /** Notes that the module as it is now goes to those nodes (`-E`), and keeps what goes there for nodes that are away. */
  beginExport(name: string, nodes: readonly string[], caller: Caller): Promise<Outcome<ModuleExport>>;
  /** What was exported, from here or to here, and is still there. */
  exports(): Promise<readonly ModuleExport[]>;
  exportedArchive(name: string): Promise<Outcome<Uint8Array>>;
  /**
   * Takes a module over that another node exports: installed, and configured if it is there, or nothing of both.
   * `catchUp`: this node was away; what was configured here since is not replaced (CONF_STALE).
   */
  receive(
    archive: Uint8Array,
    exported: ModuleExport,
    from: { readonly node: string; readonly catchUp: boolean },
    caller: Caller,
  ): Promise<Outcome<ModuleSummary>>;
  /** Checks the edited configuration without applying it; the value is the expanded typed result. */
  check(
    name: string,
  ): Promise<
    Outcome<{ readonly config: unknown; readonly warnings: readonly ConfigProblem[]; readonly rules: readonly RuleLine[] }>
  >;
  /** Reads a userconfig.xml as the module would, without keeping it: everything that is wrong or doubtful about it. No script is run. */
  inspect(name: string, xml: string): Promise<Outcome<{ readonly problems: readonly ConfigProblem[] }>>;
  apply(name: string, caller: Caller): Promise<Outcome<ModuleSummary>>;
  deconfigure(name: string, caller: Caller): Promise<Outcome<null>>;
  info(name: string): Promise<Outcome<ConfInfo>>;
  ports(
    name: string | null,
    id: number | null,
  ): Promise<Outcome<readonly { readonly process: string; readonly protocol: string; readonly port: number }[]>>;
  templates(): Promise<readonly { readonly name: string; readonly description: string }[]>;
  readFile(name: string, path: string): Promise<Outcome<{ readonly content: string; readonly etag: string }>>;
  /** @param etag the version that is replaced, `*` for any, null for a file that must not exist yet. */
  writeFile(
    name: string,
    path: string,
    content: string,
    etag: string | null,
    caller: Caller,
  ): Promise<Outcome<{ readonly etag: string }>>;
  /** @param etag the version that is deleted, `*` for any. */
  deleteFile(name: string, path: string, etag: string, caller: Caller): Promise<Outcome<null>>;
  listFiles(
    name: string,
  ): Promise<Outcome<readonly { readonly path: string; readonly bytes: number; readonly executable: boolean }[]>>;
  /** The last configurations that were applied, the newest first. */
  versions(name: string): Promise<Outcome<readonly ModuleVersion[]>>;
  /** Puts one of them in the place of the edited files; what is applied stays until the next `apply`. */
  restore(name: string, version: string, caller: Caller): Promise<Outcome<null>>;
  /** Modules that were uninstalled, the newest first. */
  backups(): Promise<Outcome<readonly ModuleBackup[]>>;
}
/** HTTPS of a node in short. */
export interface NodeHttps {
  readonly on: boolean;
  /** End of its certificate; ISO 8601. */
  readonly validTo: string | null;
  /** What is wrong with it, or will be, a sentence each. */
  readonly problems: readonly string[];
}
/** What one node knows of its part in the cluster. */
export interface ClusterNodeInfo {
  readonly node: string;
  readonly version: string;
  readonly configured: boolean;
  /** Of cluster.xml, hex. */
  readonly signature: string | null;
  readonly configuredAt: string | null;
  readonly locked: boolean;
  readonly encrypted: boolean;
  /** Grows with every change; 0 without a configuration. */
  readonly generation: number;
  /** Stands for configuration and key together, hex. */
  readonly revision: string | null;
  /** Given out with `-G`; else it was changed on this node only. */
  readonly distributed: boolean;
  readonly history: readonly string[];
  /** Until then the key before is taken as well; null: it is not. */
  readonly oldKeyUntil: string | null;
  /** It was away when this configuration was given out, and got it from that node when it returned. */
  readonly caughtUp: { readonly from: string; readonly at: string } | null;
  /** Who is refused for its key. */
  readonly refused: readonly RefusedNode[];
  readonly https: NodeHttps;
  readonly modules: readonly ModuleConfiguration[];
  readonly exports: readonly ModuleExport[];
}
export interface ModuleConfiguration {
  readonly name: string;
  readonly id: number;
  readonly mode: 'farm' | 'mirror' | 'light' | null;
  readonly configured: boolean;
  readonly signature: string | null;
  readonly appliedAt: string | null;
}
/** A configuration that another node hands out, and by which rule it is taken over (ADR 0028). */
export interface ClusterReceipt {
  readonly from: string;
  readonly rule: 'distribute' | 'force' | 'catchUp';
}
export interface ClusterAdministration {
  /** Applies cluster.xml; with null keeps the XML. A new key is made; the one before is taken for `acceptOldMs` more (default 1 h). */
  configure(
    xml: string | null,
    lock: 'lock' | 'unlock' | null,
    caller: Caller,
    acceptOldMs?: number | undefined,
  ): Promise<Outcome<ClusterSummary>>;
  /** Applies cluster.xml with the key that is there. */
  replaceXml(xml: string, caller: Caller): Promise<Outcome<ClusterSummary>>;
  info(): Promise<ClusterNodeInfo>;
  /** Notes that it is being given out, as a generation not below that one. */
  markDistributed(generation: number, caller: Caller, nodes: readonly string[]): Promise<Outcome<ClusterNodeInfo>>;
  /** Takes over what another node hands out, whole or not at all. */
  receive(bundle: Uint8Array, receipt: ClusterReceipt, caller: Caller): Promise<Outcome<ClusterNodeInfo>>;
  check(xml: string): Outcome<{ readonly config: unknown; readonly warnings: readonly ConfigProblem[] }>;
  /** cluster.xml as applied. */
  xml(): Promise<Outcome<string>>;
  /** Has names looked up again, also those of modules, which go on running. */
  updateModules(caller: Caller): void;
  generateKey(caller: Caller, acceptOldMs?: number | undefined): Promise<Outcome<null>>;
  deleteKey(caller: Caller, acceptOldMs?: number | undefined): Promise<Outcome<null>>;
  /** XML and key as one sealed-transport-only bundle, for copying to another node by the administrator. */
  exportBundle(): Promise<Outcome<Uint8Array>>;
  importBundle(bundle: Uint8Array, caller: Caller): Promise<Outcome<ClusterSummary>>;
  deconfigure(caller: Caller): Promise<Outcome<null>>;
}
