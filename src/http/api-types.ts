/**
 * Everything that a client of the API needs to know: the JSON shapes, the bodies of requests, and the conventions of headers.
 * The CLI and the console import this file and nothing else of the daemon. `src/http/routes.ts` says which route takes and answers what.
 */

import type { ErrorCode } from '../actors/errors.js';
import type {
  Budget,
  ClusterNodeInfo,
  ErrdEntry,
  MaintenanceSwitch,
  ModuleBackup,
  ModuleCommand,
  ModuleExport,
  ModuleSummary,
  ModuleVersion,
  NodeSummary,
  NotificationTest,
  Resource,
  StateName,
} from '../actors/face.js';
import type { AuthTest, GroupSummary, ImportedUser, Invitation, Role, TokenSummary, UserSummary } from '../actors/face-auth.js';
import type { KilledProcess, KillLevel } from '../actors/face-kill.js';
import type { CleanKind } from '../actors/face-support.js';
import type { ActorState, Chart, UploadedRecord } from '../actors/inspection.types.js';
import type { LogEntry } from '../actors/ports.js';
import type { ConfigProblem } from '../config/types.js';
import type { RuleLine } from '../config/types-rules.js';

export type { ErrorCode } from '../actors/errors.js';
export type {
  ActionProgress,
  Budget,
  ClusterNodeInfo,
  ClusterSummary,
  ConfInfo,
  ErrdEntry,
  EventPage,
  Explanation,
  ExplanationLink,
  HistoryPage,
  MaintenanceSwitch,
  ModuleBackup,
  ModuleCommand,
  ModuleExport,
  ModuleNodeStatus,
  ModuleSummary,
  ModuleVersion,
  NodeEvent,
  NodeSummary,
  NotificationChannelStatus,
  NotificationStatus,
  NotificationTest,
  Quality,
  RefusedNode,
  Resource,
  StateName,
  SwitchStates,
} from '../actors/face.js';
export type {
  AuthStatus,
  AuthTest,
  DirectoryExchange,
  GroupSummary,
  ImportedUser,
  Invitation,
  LoginWay,
  Role,
  TokenSummary,
  UserSummary,
} from '../actors/face-auth.js';
export type {
  CaHelperStarted,
  CaHelperStatus,
  HttpsFinding,
  HttpsReport,
  HttpsStatus,
  JoinReport,
  NodeInvitation,
  UserCertificateFiles,
} from '../actors/face-https.js';
export type { AddressReport } from '../actors/face-network.js';
export type { RulePart, RuleReport, RuleStatus } from '../actors/face-rules.js';
export type {
  CleanKind,
  CleanResult,
  DumpInfo,
  HealthFinding,
  HealthLevel,
  HealthReport,
  SelfFacts,
  SnapshotFile,
} from '../actors/face-support.js';
export type {
  ActorName,
  ActorState,
  Change,
  Chart,
  ChartInvoke,
  ChartState,
  ChartTransition,
  GuardValues,
  InspectionItem,
  MachineStep,
  StatesReset,
  StepHistory,
  StepPage,
  TimelineItem,
  TimelinePage,
  UploadedRecord,
} from '../actors/inspection.types.js';
export type { LogEntry, LogLevel } from '../actors/ports.js';
export type { ConfigProblem } from '../config/types.js';
export type { RuleLine } from '../config/types-rules.js';

/** Where every path of the API begins. */
export const apiBase = '/api/v1';
/**
 * A request that changes something needs this header (any value) or `Content-Type: application/json` when it comes over TCP: a page of
 * another site can send neither without asking the browser's permission first.
 */
export const requestHeader = 'x-holdfast-request';
/** A change by a session's cookie needs this header, with the `csrf` that the login answered. */
export const csrfHeader = 'x-holdfast-csrf';

/** A list; `next` is the `since` or `after` of the following page, null where there is no more. */
export interface List<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** An RFC 9457 problem document (`application/problem+json`); every status from 400 up has one. */
export interface Problem {
  /** `/api/#error-<CODE>`. */
  readonly type: string;
  /** What the code means, from the catalogue. */
  readonly title: string;
  readonly status: number;
  /** What happened here, and what to change. */
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode;
  /** The node that says so. */
  readonly node: string;
  /** Configuration errors, all of them. */
  readonly problems?: readonly ConfigProblem[];
}

/** `GET /login`: what a page of logins needs to know. */
export interface LoginMethods {
  readonly methods: readonly ('password' | 'oidc')[];
  /** Where a login at the OpenID provider begins; null where there is none. */
  readonly oidcUrl: string | null;
  /** This request came by HTTPS: without it a password can be read on its way. */
  readonly https: boolean;
  /** Nobody can log in yet: an administrator makes the first user on the machine (`holdfast user add`). */
  readonly setup: boolean;
  readonly node: string;
}
/** `POST /session`. */
export interface LoginBody {
  readonly user: string;
  readonly password: string;
}
/** `PUT /session/password`: one's own. */
export interface OwnPasswordBody {
  readonly old: string;
  readonly password: string;
}
/** `POST /users`. Without password and link the user cannot log in by password, but may have a certificate. */
export interface NewUserBody {
  readonly name: string;
  readonly role?: Role | null;
  readonly groups?: readonly string[];
  readonly password?: string;
  /** Makes a one-time link. */
  readonly invite?: boolean;
}
/** `PUT /users/{user}`; what is absent stays. */
export type UserBody = Omit<NewUserBody, 'name'>;
export interface UserResult {
  readonly user: UserSummary;
  readonly invitation: Invitation | null;
}
/** `PUT /groups/{group}`. */
export interface GroupBody {
  readonly role: Role;
}
/** `POST /users/import`: files of SafeKit. */
export interface UserImportBody {
  readonly userConf: string;
  /** Absent or null: everybody in user.conf is Admin. */
  readonly groupConf?: string | null;
}
/** `POST /tokens`. */
export interface TokenBody {
  readonly label: string;
  readonly role: Role;
  /** Until it ends; absent or null: never. */
  readonly days?: number | null;
}
/** The only answer that holds the token itself. */
export interface NewToken extends TokenSummary {
  readonly token: string;
}
/** `POST /auth/test`. */
export interface AuthTestBody {
  readonly user?: string | null;
  readonly password?: string | null;
}
/** `POST /session/first`: the password that a one-time link asks for. */
export interface FirstPasswordBody {
  readonly code: string;
  readonly password: string;
}
/** Who is logged in. */
export interface SessionInfo {
  readonly user: string;
  readonly role: Role;
  /** For the header `x-holdfast-csrf`; null where there is no session and none is needed. */
  readonly csrf: string | null;
  /** When the session ends if nothing more is asked, ISO 8601; null where there is no session. */
  readonly expires: string | null;
}
/** `POST /modules/{module}/actions`. */
export interface ActionBody {
  readonly action: ModuleCommand;
  /** Absent or null: the node that is asked. `["*"]`: all nodes of the cluster. */
  readonly nodes?: readonly string[] | null;
  /** `-i`: the action is automatic and counts against maxloop. */
  readonly identity?: string | null;
}
/** `PUT /modules/{module}/resources/{resource}`. */
export interface ResourceBody {
  readonly value: string;
  /** `-n` is none, `-l` is force. Default normal. */
  readonly logging?: 'normal' | 'none' | 'force';
  readonly identity?: string | null;
}
/** `POST /modules/{module}/loop`: incloop, resetloop, checkloop. */
export interface LoopBody {
  readonly operation: 'increment' | 'reset' | 'check';
  readonly identity?: string | null;
}
export interface LoopResult {
  /** The limit is reached: `checkloop` and `incloop` then exit with 1. */
  readonly reached: boolean;
  readonly budget: Budget;
}
/** `PUT /modules/{module}/errd`. */
export interface ErrdBody {
  readonly class: string;
  readonly on: boolean;
}
/** `POST /modules/{module}/kill`. */
export interface KillBody {
  readonly name: string;
  readonly argregex?: string | null;
  readonly level: KillLevel;
  /** The caller's own process, heeded on the daemon's socket only. */
  readonly asker?: number | null;
  readonly identity?: string | null;
}
/** `PUT /modules/{module}/switches`. */
export interface SwitchBody {
  readonly switch: MaintenanceSwitch;
  readonly on: boolean;
  readonly identity?: string | null;
}
/** `POST /modules/{module}/print`: printe is E, printi is I. */
export interface PrintBody {
  readonly level: 'E' | 'I';
  readonly message: string;
  readonly identity?: string | null;
}
/** `PUT /cluster/config`. */
export interface ClusterConfigBody {
  /** cluster.xml; absent or null keeps the one that is applied. */
  readonly xml?: string | null;
  readonly lock?: 'lock' | 'unlock' | null;
}
/** `POST /cluster/distribute` (`-G`). */
export interface DistributeBody {
  /** Another cluster.xml, applied here and given to all at once; absent or null: the one that is applied here. */
  readonly xml?: string | null;
  /** Make a new key first (`cluster rekey`). */
  readonly newKey?: boolean;
  readonly acceptOldMs?: number;
  /** Also over what other nodes have that is newer, or came about apart. */
  readonly force?: boolean;
  /** Absent or null: all nodes. */
  readonly nodes?: readonly string[] | null;
}
/** `POST /modules/{module}/export` (`-E`). */
export interface ExportBody {
  /** Absent or null: all nodes. */
  readonly nodes?: readonly string[] | null;
}
/** `POST /modules/{module}/receive`: what another node has transferred before. */
export interface ReceiveModuleBody {
  readonly transfer: string;
  readonly exported: ModuleExport;
  readonly catchUp: boolean;
}
/** What became of a distribution on one node. */
export interface DistributionItem {
  readonly node: string;
  readonly url: string;
  /** `away`: it did not answer, and catches up when it returns. `refused`: it said why. */
  readonly state: 'done' | 'same' | 'refused' | 'away';
  readonly message: string;
  readonly code: string | null;
}
export interface DistributionReport {
  /** `cluster`, or the module. */
  readonly what: string;
  readonly generation: number;
  /** All nodes have it. */
  readonly done: boolean;
  readonly items: readonly DistributionItem[];
}
/** A node of the cluster and where its web service is. */
export interface ClusterHost {
  readonly node: string;
  readonly self: boolean;
  readonly online: boolean;
  /** Where its console and API are. */
  readonly url: string;
  /** Everywhere that its web service is, `url` among them. */
  readonly urls: readonly string[];
}
/** One node's part in the cluster, as it says itself; `info` is null where it does not answer. */
export interface ClusterNodeState extends ClusterHost {
  /**
   * Against the node that was asked: `behind` has an earlier configuration or key, `ahead` a later one, `apart` one that neither led to
   * nor follows; `oldKey` and `otherKey` do not answer, but are heard with a key that was replaced or is not known.
   */
  readonly status: 'same' | 'behind' | 'ahead' | 'apart' | 'oldKey' | 'otherKey' | 'unreachable';
  /** In one sentence, for people; empty where all is well. */
  readonly message: string;
  readonly info: ClusterNodeInfo | null;
}
/** `POST /cluster/config/check`. */
export interface ClusterCheckBody {
  readonly xml: string;
}
/** `POST /modules/AM/snapshots`. */
export interface SnapshotBody {
  readonly anonymise?: boolean;
  /** Further words to replace. */
  readonly words?: readonly string[];
}
/** `POST /modules/AM/clean`. */
export interface CleanBody {
  readonly what: CleanKind;
}
/** `PUT /notification/enabled`. */
export interface NotificationSwitchBody {
  readonly on: boolean;
}
/** `POST /notification/test`. */
export interface NotificationTestBody {
  /** Absent or null: all channels. */
  readonly channel?: string | null;
}
/** `POST /cluster/address-check`. */
export interface AddressCheckBody {
  readonly address: string;
  /** Absent or null: the port of this node's web service. */
  readonly port?: number | null;
}
/** `POST /modules/{module}/config/inspect`. */
export interface InspectConfigBody {
  readonly xml: string;
}
/** What is wrong or doubtful about a text; empty: nothing. */
export interface InspectedConfig {
  readonly problems: readonly ConfigProblem[];
}
/** Answer of both `check`s. */
export interface CheckResult {
  /** The expanded, defaulted, typed configuration. */
  readonly config: unknown;
  readonly warnings: readonly ConfigProblem[];
  /** Of a module: the failover rules that the configuration means. */
  readonly rules?: readonly RuleLine[];
}
/** `GET /cluster/config`. */
export interface ClusterXml {
  readonly xml: string;
}
/** `GET /modules/{module}/config`. */
export interface ConfigFile {
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
}
export interface Userlog {
  readonly name: string;
  readonly bytes: number;
  readonly at: string;
}
export interface PortUse {
  readonly process: string;
  readonly protocol: string;
  readonly port: number;
}
export interface Template {
  readonly name: string;
  readonly description: string;
}
/** A line of a module's log, with its time as ISO 8601. */
export interface LogLine extends LogEntry {
  readonly at: string;
}
/** A line of the command log. */
export interface CommandLine {
  readonly at: string;
  readonly who: string;
  readonly module: string | null;
  readonly phase: string;
  readonly text: string;
}
/** What was seen of one prober of one module. */
export interface ProbeObservation {
  readonly module: string;
  /** Address that the probes come from. */
  readonly source: string;
  readonly host: string;
  readonly agent: string;
  readonly count: number;
  /** ISO 8601. */
  readonly last: string;
  readonly lastAtMs: number;
  /** Mean of the time between probes, weighted towards the recent ones; null before the second probe. */
  readonly intervalMs: number | null;
  readonly lastStatus: 200 | 404;
  /** Probes answered since the module's readiness last changed: when it is 404 now, how often this prober has seen it. */
  readonly answersSinceChange: number;
}
/** `GET /clock`. */
export interface ClockReading {
  readonly node: string;
  readonly time: string;
  readonly wallMs: number;
  readonly atMs: number;
}
/** Data of the events that the stream itself makes: `lost` (read the state again) and `error` (the node does not answer). */
export interface StreamNotice {
  readonly node: string;
  readonly code: ErrorCode | 'EVENTS_LOST';
  readonly message: string;
}

export type ClusterHostList = List<ClusterHost>;
export type ClusterStateList = List<ClusterNodeState>;
export type ActorList = List<ActorState>;
export type ChartList = List<Chart>;
export type CommandList = List<CommandLine>;
export type AuthTestList = List<AuthTest>;
export type GroupList = List<GroupSummary>;
export type ImportedUserList = List<ImportedUser>;
export type TokenList = List<TokenSummary>;
export type UserList = List<UserSummary>;
export type ConfigFileList = List<ConfigFile>;
export type ErrdList = List<ErrdEntry>;
export type KillList = List<KilledProcess>;
export type LogList = List<LogLine>;
export type BackupList = List<ModuleBackup>;
export type VersionList = List<ModuleVersion>;
export type ModuleList = List<ModuleSummary>;
export type NodeList = List<NodeSummary>;
export type NotificationTestList = List<NotificationTest>;
export type PortList = List<PortUse>;
export type ProbeList = List<ProbeObservation>;
export type ResourceList = List<Resource>;
export type TemplateList = List<Template>;
export type UploadedRecordList = List<UploadedRecord>;
export type UserlogList = List<Userlog>;

/** States that `GET /modules/{module}/wait` can wait for; SETTLED is any state that is Ready or NotReady, but not Transient. */
export type WaitState = StateName | 'SETTLED';
