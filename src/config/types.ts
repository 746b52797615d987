/**
 * Typed, defaulted, deep-frozen results of reading `cluster.xml` and `userconfig.xml`.
 * Durations are whole milliseconds, whatever unit the file used; on/off and yes/no are booleans.
 * Source of names and defaults: compatibility reference, sections 1.2 and 2.
 */
import type { UserRule } from './types-rules.js';

/** Where an element begins in its file: 1-based line and column. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One finding about a configuration file. All findings of a file are reported together. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  /** Code of the error catalogue, for example `CONF_ATTRIBUTE_VALUE`. */
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Path of the element, for example `safe/service/errd/proc`. */
  readonly element: string;
  readonly attribute: string | null;
  readonly value: string | null;
  /** What was found, in one sentence. */
  readonly message: string;
  /** What is allowed, or what to do. */
  readonly remedy: string;
  /** Of a finding inside of a text: the line of the file, and a caret below the place in a second line. */
  readonly excerpt?: string;
}

/** Either a value, perhaps with warnings, or the complete list of what is wrong. */
export type ConfigResult<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export type ModuleMode = 'farm' | 'mirror' | 'light';
/** Class of a process or the activation window of a checker. */
export type ActivationWindow = 'pre' | 'prim' | 'second' | 'sec' | 'both';

export interface ClusterNodeAddress {
  readonly node: string;
  readonly addr: string;
  readonly laddr: string | null;
}
export interface ClusterLan {
  readonly name: string;
  /** Used for distributed commands. Exactly one lan has it. */
  readonly command: boolean;
  readonly nodes: readonly ClusterNodeAddress[];
}
/** `cluster.xml`: section 1.2, with the failure-detection defaults of the membership design. */
export interface ClusterConfig {
  readonly port: number;
  readonly pulseMs: number;
  readonly mlostCount: number;
  readonly slostCount: number;
  readonly preset: 'lan' | 'fast' | 'wan';
  readonly lans: readonly ClusterLan[];
  /** All node names in the order of their first appearance: the order of leadership. */
  readonly nodes: readonly string[];
}

export type Drain = { readonly kind: 'none' } | { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'auto' };

export interface ServiceConfig {
  readonly mode: ModuleMode;
  readonly boot: 'on' | 'off' | 'auto' | 'ignore';
  readonly bootDelayMs: number;
  readonly failover: boolean;
  /** Mirror: `alone`, `lastprim`, or a node's name. */
  readonly defaultprim: string;
  readonly maxloop: number;
  /** 0 switches the counter off. */
  readonly loopIntervalMs: number;
  readonly automaticReboot: boolean;
  /** Ours: `<service><ready drain="0s|auto|TIME"/>`. */
  readonly drain: Drain;
}
export interface FarmLanConfig {
  readonly name: string;
}
/** Null: as in cluster.xml. */
export interface FarmConfig {
  readonly port: number | null;
  readonly pulseMs: number | null;
  readonly mlostCount: number | null;
  readonly slostCount: number | null;
  readonly lans: readonly FarmLanConfig[];
}
export interface UserConfig {
  readonly nicestopTimeoutMs: number;
  readonly forcestopTimeoutMs: number;
  /** Ours; null means no limit. */
  readonly startTimeoutMs: number | null;
  readonly logging: 'userlog' | 'none';
  readonly userlogSizeKb: number;
  readonly vars: readonly { readonly name: string; readonly value: string }[];
}
/** What errd does when a process or service fails; `handler` runs the executable. */
export type ProcAction =
  | { readonly kind: 'restart' | 'stopstart' | 'stop' | 'noaction' }
  | { readonly kind: 'handler'; readonly exec: string };
export interface ProcConfig {
  /** Resource name is `proc.<name>`. */
  readonly name: string;
  readonly service: boolean;
  readonly nameRegex: string | null;
  readonly argRegex: string | null;
  /** `pre`, `prim`, `both`, `second`, `sec`, another name, or null. */
  readonly class: string | null;
  readonly action: ProcAction;
  readonly restartServices: readonly string[];
  /** -1: ignored. */
  readonly atLeast: number;
  /** -1: ignored. */
  readonly atMax: number;
  readonly startAfter: number;
  /** Ours: how long a cleanly ended process may be missing before that is a failure. Default 500. */
  readonly settleMs: number;
}
export interface ErrdConfig {
  readonly pollTimerMs: number;
  readonly procs: readonly ProcConfig[];
}
export interface FailoverConfig {
  readonly extends: boolean;
  readonly periodMs: number;
  readonly handleTimeMs: number;
  /** The CDATA sections as they stand. */
  readonly sections: readonly { readonly language: 'rules' | 'lua'; readonly text: string; readonly line: number }[];
  /** The user's rules of all sections, in the order of the file. */
  readonly rules: readonly UserRule[];
  /** Labels of default and generated rules that are switched off (`Rules.disable`). */
  readonly disabled: readonly string[];
}

/**
 * A whole `userconfig.xml`, expanded and defaulted. Subtrees that are null were not in the file.
 * `heart`, `vip`, `rfs`, `vhost` and `check` keep their own typed shapes (see the sections below them in this file).
 */
export interface ModuleConfig {
  readonly macros: readonly { readonly name: string; readonly value: string }[];
  readonly service: ServiceConfig;
  readonly farm: FarmConfig | null;
  readonly heart: HeartConfig | null;
  readonly vip: VipConfig | null;
  readonly rfs: RfsConfig | null;
  readonly user: UserConfig | null;
  readonly vhost: VhostConfig | null;
  readonly errd: ErrdConfig | null;
  readonly check: CheckConfig | null;
  readonly failover: FailoverConfig | null;
  /** Line of the first element of each path in the file, for messages about the configuration as a whole. */
  readonly lines?: Readonly<Record<string, number>>;
}

export interface HeartConfig {
  readonly port: number | null;
  readonly pulseMs: number;
  readonly timeoutMs: number;
  readonly permanentArp: boolean;
  readonly heartbeats: readonly {
    readonly name: string;
    readonly ident: string;
    readonly pulseMs: number;
    readonly timeoutMs: number;
  }[];
}
export interface VirtualAddress {
  readonly addr: string;
  readonly where: 'alias' | 'one_side_alias' | 'one_side';
  readonly check: boolean;
  readonly connections: boolean;
  readonly netmask: string | null;
}
export interface VipInterface {
  readonly check: boolean;
  readonly arpReroute: boolean;
  readonly arpIntervalMs: number;
  readonly arpElapseMs: number;
  readonly name: string | null;
  readonly kind: 'vmac_directed' | 'vmac_invisible' | 'real';
  readonly mac: string | null;
  readonly addresses: readonly VirtualAddress[];
}
export interface LoadBalancingGroup {
  readonly name: string;
  /** Empty: all nodes, power 1. */
  readonly hosts: readonly { readonly name: string; readonly power: number }[];
  readonly rules: readonly {
    readonly virtualAddr: string;
    readonly port: number | '*';
    readonly proto: 'tcp' | 'udp' | 'arp';
    readonly filter: 'on_addr' | 'on_port' | 'on_ipid';
  }[];
}
export interface VipConfig {
  readonly tcpReset: boolean;
  readonly scriptControl: boolean;
  readonly interfaces: readonly VipInterface[];
  readonly groups: readonly LoadBalancingGroup[];
}
export interface RfsConfig {
  /** Attributes with defaults applied, by their names in the file. Numbers and durations are typed. */
  readonly attributes: Readonly<Record<string, string | number | boolean | null>>;
  readonly replicated: readonly {
    readonly dir: string;
    readonly readOnly: boolean;
    readonly notReplicated: readonly { readonly path: string | null; readonly regexPath: string | null }[];
    readonly toCheck: readonly string[];
  }[];
}
export interface VhostConfig {
  readonly hosts: readonly {
    readonly name: string;
    readonly envfile: string | null;
    readonly when: 'prim' | 'second' | 'both';
  }[];
}
export type CheckAction = 'restart' | 'stopstart' | 'stop' | 'wait' | 'noaction';
interface CheckerBase {
  /** Resource name is `<kind>.<ident>` (of an `http` or `systemd` checker as well). */
  readonly ident: string;
  readonly when: ActivationWindow;
  readonly action: CheckAction;
  /** Ours: consecutive equal results before the resource changes (the first result always counts). 1 to 100, default 1. */
  readonly grace: number;
}
export interface TcpCheck extends CheckerBase {
  readonly kind: 'tcp';
  readonly addr: string;
  readonly port: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}
export interface PingCheck extends CheckerBase {
  readonly kind: 'ping';
  readonly addr: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}
export interface IntfCheck extends CheckerBase {
  readonly kind: 'intf';
  readonly localAddr: string;
  readonly intervalMs: number;
}
export interface IpCheck extends CheckerBase {
  readonly kind: 'ip';
  readonly addr: string;
  readonly intervalMs: number;
}
export interface CustomCheck extends CheckerBase {
  readonly kind: 'custom';
  /** Relative to the module's bin folder; empty with `ocf`. */
  readonly exec: string;
  readonly arg: string;
  /**
   * `loop`: started once, sets its resource itself. `oneshot` (ours): run each interval, its exit code decides. With `ocf` always
   * `oneshot`: the agent's `monitor` is run.
   */
  readonly mode: 'loop' | 'oneshot';
  /** Ours, for `oneshot`: default 10 s and 5 s. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Ours: `provider:agent` of an OCF resource agent, or null. */
  readonly ocf: string | null;
  /** Ours: parameters of the agent, without the `OCF_RESKEY_` before their names (`<param name="" value=""/>`). */
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
}
/** Ours: `<http ident="" when="" action="" grace=""><to url="" …/><header name="" value=""/></http>`. */
export interface HttpCheck extends CheckerBase {
  readonly kind: 'http';
  readonly url: string;
  readonly method: 'GET' | 'HEAD';
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Accepted status codes, both ends included. Default 200 to 399. */
  readonly status: readonly { readonly from: number; readonly to: number }[];
  /** A POSIX regular expression that the first 64 KB of the body must match, or null. */
  readonly body: string | null;
  /** TLS certificates are verified unless off. */
  readonly verify: boolean;
  /** Ours: a file of authorities (PEM), absolute or in the module's folder; empty: none of its own. */
  readonly ca: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}
/** Ours: `<systemd ident="" unit="" when="" action="" interval="" timeout="" grace=""/>`. */
export interface SystemdCheck extends CheckerBase {
  readonly kind: 'systemd';
  readonly unit: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}
export interface ModuleCheck extends CheckerBase {
  readonly kind: 'module';
  readonly name: string;
  readonly addr: string;
  readonly port: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly secure: boolean;
  /** Ours, as that of an HTTP checker. */
  readonly ca: string;
}
export interface SplitbrainCheck extends CheckerBase {
  readonly kind: 'splitbrain';
  readonly exec: string;
  readonly arg: string;
}
export type CheckerConfig =
  | TcpCheck
  | PingCheck
  | IntfCheck
  | IpCheck
  | CustomCheck
  | ModuleCheck
  | SplitbrainCheck
  | HttpCheck
  | SystemdCheck;
export interface CheckConfig {
  readonly checkers: readonly CheckerConfig[];
}

/** What of a valid configuration this version cannot carry out yet; applying such a module is refused with these. */
export interface Unsupported {
  readonly element: string;
  readonly line: number;
  readonly message: string;
}
