/**
 * The ports: everything that touches the world, named for the thing it stands for. Promise- or callback-shaped, no XState types.
 * `src/io` implements them for real, `src/sim` in virtual time. An actor is handed the ports it needs and nothing else.
 *
 * Times called `atMs` are monotonic milliseconds since the machine's boot (CLOCK_MONOTONIC): comparable between threads and between
 * two runs of the daemon within one boot, never between boots or machines.
 */
import type { CheckerConfig, ClusterConfig, CustomCheck, ModuleConfig } from '../config/types.js';
import type { MembershipBody, PulseReport, TimedReport } from '../machines/membership.types.js';
import type { ProbeSource } from '../machines/module.types.js';
import type { Quality, StateName } from './face.js';
import type { JournalRecord } from './recorder.types.js';

// What the transport carries; `src/io` knows the machines' types through this file only.
export type {
  Heard,
  MembershipBody,
  ModuleDigest,
  PulseReport,
  ShareMap,
  TimedReport,
  View,
} from '../machines/membership.types.js';

/** Monotonic and wall clocks, and timers on the monotonic one. */
export interface Clock {
  monotonicMs(): number;
  wallMs(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Randomness: seeded in simulation. */
export interface Random {
  hex(bytes: number): string;
}

/** What must be closed when it is no longer wanted. Closing twice is allowed. */
export interface Closable {
  close(): void;
}

// ---------------------------------------------------------------- processes

/** A process that is never mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Linux: clock ticks since boot (field 22 of /proc/PID/stat). Windows: creation time in ms. */
  readonly startTime: number;
}
export interface ProcessInfo extends ProcessIdentity {
  readonly ppid: number;
  /** Linux: the first 15 characters of the command. Windows: lower case, at most 63. */
  readonly name: string;
  /** With the executable first. */
  readonly args: readonly string[];
}
export type ExitStatus =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'unknown' };

export interface Processes {
  /**
   * All processes that can be seen, zombies left out. Callers at the same time share one scan.
   * @param wantsArguments whose arguments are needed, by name; those of others may be left out (empty), which makes a scan much
   * cheaper. Default: everybody's.
   */
  list(wantsArguments?: (name: string) => boolean): Promise<readonly ProcessInfo[]>;
  /** Calls back once when that process ends (at once if it is gone already). Null where no watch can be had. */
  watchExit(process: ProcessIdentity, onExit: (exit: ExitStatus, atMs: number) => void): Closable | null;
  /** Is exactly that process still there (and no zombie)? */
  isAlive(process: ProcessIdentity): boolean;
  /** Signals exactly that process, never another that got its number since. Windows knows one way to end a process: both end it at once. */
  signal(process: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): 'sent' | 'gone' | 'refused';
}

/** States of operating-system services (systemd units, Windows services). */
export interface ServiceState {
  readonly name: string;
  readonly state: 'running' | 'starting' | 'stopped' | 'failed' | 'unknown';
  readonly mainProcess: ProcessIdentity | null;
}
export interface Services {
  states(names: readonly string[]): Promise<readonly ServiceState[]>;
}

// ---------------------------------------------------------------- scripts

export interface ScriptSpec {
  readonly module: string;
  /** Name without extension, for example `stop_both`. */
  readonly script: string;
  /** Absolute path of the executable. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Where output goes; null drops it. The file is appended to by the script itself, so that it survives the daemon. */
  readonly output: { readonly dir: string; readonly limitBytes: number } | null;
}
export type ScriptPortEvent =
  | { readonly type: 'started'; readonly process: ProcessIdentity; readonly outputFile: string | null; readonly atMs: number }
  | { readonly type: 'exited'; readonly exit: ExitStatus; readonly atMs: number }
  /** It could not be started at all. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly atMs: number };
export interface RunningScript extends Closable {
  /** Signals the script's whole process group. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}
export interface Scripts {
  /** Starts a script as leader of its own session and process group. Never throws: what fails is an event. `close` stops the events, not the script. */
  start(spec: ScriptSpec, onEvent: (event: ScriptPortEvent) => void): RunningScript;
  /** Takes over a script that an earlier run of the daemon started; its exit code is unknown. */
  adopt(process: ProcessIdentity, onEvent: (event: ScriptPortEvent) => void): RunningScript;
  /** Holds the userlogs in a directory to their limit while applications that scripts left behind go on writing. */
  guardUserlogs(dir: string, limitBytes: number): void;
}

// ---------------------------------------------------------------- checks

/** What one look at a checked thing found. */
export interface CheckResult {
  readonly up: boolean;
  /** Why, in one sentence, for the log and the administrator: `connection refused by 127.0.0.1:443`. */
  readonly detail: string;
  /** What changes when the checked thing was started anew (`module` checkers); null where that is not known. */
  readonly stamp: string | null;
}
/** What a check needs beside its configuration. */
export interface CheckPlace {
  readonly module: string;
  /** The module's folder of executables and the environment that its scripts get. */
  readonly binDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the output of a custom checker of mode `loop` goes, as that of a script; null (or left out) drops it. */
  readonly output?: ScriptSpec['output'];
}
/** Looks once at what a checker is about. Timeouts and repetition are the checker's chart's. */
export interface Prober {
  /**
   * Begins one check; calls back once, never synchronously, unless closed before. Never throws: what fails is a result. `close`
   * ends the check and whatever it started.
   */
  check(checker: CheckerConfig, place: CheckPlace, onResult: (result: CheckResult) => void): Closable;
  /**
   * Starts the executable of a `custom` checker of mode `loop`, which goes on until it is closed and sets its resource itself. One
   * that an earlier run of the daemon left behind is ended first. `onEnd` is called once, never synchronously and never after
   * `close`, when it has ended by itself or could not be started; `detail` says how, in one sentence. `close` ends its whole process
   * group.
   */
  run(checker: CustomCheck, place: CheckPlace, onEnd: (end: { readonly detail: string }) => void): Closable;
  /**
   * Resolves when no executable that was closed is left of a module's `custom` checkers of mode `loop`, or it was given up; null where
   * none is. SIGKILL follows SIGTERM half a second later.
   */
  ended(module: string): Promise<void> | null;
  /** Forgets which addresses names had: the next check of each asks anew. */
  forgetNames(): void;
}

// ---------------------------------------------------------------- what is kept on disk

/** A record that is written whole or not at all. `key` is a module's name, or `node`. */
export interface Records {
  /** The last value saved under that key and name, or null (absent, unreadable: reported through `onProblem` of the implementation). */
  load(key: string, name: string): Promise<unknown>;
  /** Durable when the promise resolves (write, fsync, rename). Saves of one key happen in the order of the calls. @throws when the disk refuses. */
  save(key: string, name: string, value: unknown): Promise<void>;
  remove(key: string, name: string): Promise<void>;
}

/** One value that a resource took. */
export interface ResourceEntry {
  /** `class.id`. */
  readonly name: string;
  readonly value: string;
  /** Who set it. */
  readonly by: string;
  readonly wallMs: number;
  /** Monotonic, within the boot that `boot` names. */
  readonly atMs: number;
  /** Boot id of the operating system. */
  readonly boot: string;
}
/** The history of the modules' resources: bounded, and never waited for. */
export interface ResourceHistory {
  /** Everything that is kept of a module, oldest first; what cannot be read is left out. */
  load(module: string): Promise<readonly ResourceEntry[]>;
  /** Never throws, never blocks. A kill of the daemon loses at most the last second. */
  append(module: string, entry: ResourceEntry): void;
  /** Resolves when what was appended is written, or was refused. */
  flush(module: string): Promise<void>;
  /** Writes what is pending and lets go of the module's files. */
  close(module: string): Promise<void>;
}

// ---------------------------------------------------------------- logs

export type LogLevel = 'C' | 'E' | 'U' | 'S' | 'I' | 'D';
/** One line of a module's log (section 7 of the compatibility page). */
export interface LogEntry {
  /** Monotonic. */
  readonly atMs: number;
  /** Wall, ms since 1970. */
  readonly wallMs: number;
  readonly level: LogLevel;
  /** heart, errd, vipd, tcpcheck, script …; section 7.3. */
  readonly component: string;
  readonly message: string;
  /** Machine-readable extras: script and userlog names, event ids. */
  readonly data?: Readonly<Record<string, string | number | boolean | null>>;
}
export interface LogQuery {
  /** C, E, U, S only unless true (`-A`). */
  readonly verbose?: boolean;
  readonly levels?: readonly LogLevel[];
  readonly sinceWallMs?: number;
  readonly untilWallMs?: number;
  /** Text that the message or component must hold, without regard to case. */
  readonly text?: string;
  /** The last n lines that match; default 300. */
  readonly limit?: number;
}
export interface Logs {
  /** Never throws, never blocks: a full disk is reported on the next line that can be written. */
  module(module: string, entry: LogEntry): void;
  /** The daemon's own log. */
  node(entry: LogEntry): void;
  /** The command log: who did what (section 7.3). */
  command(entry: CommandLogEntry): void;
  readModule(module: string, query: LogQuery): Promise<readonly LogEntry[]>;
  readCommands(limit: number): Promise<readonly CommandLogEntry[]>;
  /** Live lines of a module, from now on. */
  followModule(module: string, onEntry: (entry: LogEntry) => void): Closable;
  listUserlogs(module: string): Promise<readonly { readonly name: string; readonly bytes: number; readonly wallMs: number }[]>;
  /** At most `maxBytes` from the end. Null when there is none of that name. */
  readUserlog(module: string, name: string, maxBytes: number): Promise<string | null>;
}
export interface CommandLogEntry {
  readonly wallMs: number;
  readonly who: string;
  readonly module: string | null;
  readonly phase: 'START' | 'END' | 'INFO';
  readonly text: string;
}

// ---------------------------------------------------------------- flight recorder

/**
 * The flight recorder's medium: bounded, rotated, always on. It never waits and never throws: what it could not write is a gap
 * that it reports itself. The recorder alone is given it (not an actor), hence it is not among `Ports`.
 */
export interface Journal {
  /**
   * Whether a new file, or a new part of one, is to begin: at the start, when the file is full, when something was lost. Then
   * `begin` is called as soon as all machines are at rest.
   */
  due(): 'start' | 'full' | 'gap' | null;
  /** Begins it with records that need nothing before them. */
  begin(head: readonly JournalRecord[]): void;
  append(record: JournalRecord): void;
  /** Resolves when what is pending was written, or could not be. */
  flush(): Promise<void>;
  /** Everything that is kept, oldest first; lines that cannot be read are left out. */
  read(): Promise<readonly JournalRecord[]>;
  /** Writes what is pending. */
  close(): Promise<void>;
}

// ---------------------------------------------------------------- cluster transport

/** The datagrams of the cluster: sockets, sealing and the pulse live behind it (a worker thread in the real one). */
export interface Transport {
  open(spec: TransportSpec, on: (event: TransportEvent) => void): OpenTransport;
}
/** A key that was replaced, as the transport needs it. */
export interface TransportKey {
  readonly keyHex: string | null;
  /** 16 bytes in hex. */
  readonly clusterId: string;
  /** For how much longer it is as good as the present one, in ms; 0: it only tells who still has it. */
  readonly acceptedForMs: number;
}
/** Somebody whose datagrams are not taken: who it says it is (null: nobody of the configuration), from where, and why. */
export interface RefusedSender {
  readonly node: string | null;
  readonly address: string | null;
  /** `oldKey` is proved, by a key that this node had before; the others are what the datagram says of itself. */
  readonly reason: 'oldKey' | 'otherCluster' | 'noKey';
  readonly count: number;
}
export interface TransportSpec {
  readonly cluster: ClusterConfig;
  readonly self: string;
  /** 16 bytes in hex; null: no key, datagrams are not sealed. */
  readonly clusterId: string;
  readonly keyHex: string | null;
  /** Keys before this one, newest first; absent: none. */
  readonly older?: readonly TransportKey[];
  /** Signature of the cluster configuration (hex). */
  readonly signature: string;
  /** Counts the daemon's starts on this node, kept on disk. */
  readonly bootEpoch: number;
  /** Highest epoch ever heard of each node, kept on disk: packets of an earlier one are stale. */
  readonly knownEpochs: Readonly<Record<string, number>>;
  readonly leaseMs: number;
}
export type TransportEvent =
  /** An authentic, fresh datagram of a node of this cluster. */
  | { readonly type: 'pulse'; readonly atMs: number; readonly pulse: PulseReport }
  /** Sent once each pulse, after every datagram that came before `atMs`; `lateMs` is how late the sender's timer ran. */
  | {
      readonly type: 'tick';
      readonly atMs: number;
      readonly lateMs: number;
      /** Pulses since the event before that say nothing new, in their order. */
      readonly packets?: readonly TimedReport[];
    }
  /** Datagrams dropped since the last report, by class. */
  | { readonly type: 'dropped'; readonly counts: Readonly<Record<DropClass, number>>; readonly example: string | null }
  /** Who sent what was dropped for its key, since the last report; at most 16. */
  | { readonly type: 'refused'; readonly senders: readonly RefusedSender[] }
  | { readonly type: 'error'; readonly lan: string | null; readonly code: string; readonly message: string }
  | { readonly type: 'ready'; readonly atMs: number };
export type DropClass = 'malformed' | 'unknownKey' | 'badTag' | 'stale' | 'replay' | 'foreign' | 'version';
export interface OpenTransport {
  /** What the next pulses carry; `urgent` sends one at once besides. */
  publish(body: MembershipBody, urgent: boolean): void;
  /** The main loop is alive: pulses go on for another lease. */
  renewLease(): void;
  /** Looks the names in the configuration up anew, this node's and the others': what has another address is sent to, or bound to, that one. */
  lookUpNames(): void;
  /** Goes on with another key, without a pulse missed. Absent: the transport has to be opened anew. */
  rekey?(keys: Pick<TransportSpec, 'clusterId' | 'keyHex' | 'older'>): void;
  /** Says goodbye to all (planned stop) if asked to, then closes. */
  close(goodbye: boolean): Promise<void>;
}

// ---------------------------------------------------------------- health probe

/** What load balancers are told, and what is known of them. */
export interface Probe {
  /**
   * From now on this is the truth about a module. `started` is another number after each start of the application, kept over a restart
   * of the daemon that leaves the application running; 32 bits of it count.
   */
  publish(
    module: string,
    truth: { readonly ready: boolean; readonly state: StateName; readonly quality: Quality; readonly started: number },
  ): void;
  remove(module: string): void;
  /** The control loop has just run; without it for 2 s every answer is 404. */
  tick(): void;
  /** Probers seen of late; `refusals` counts their 404s since the module last left its serving state. */
  sources(module: string): Promise<readonly ProbeSource[]>;
}

// ---------------------------------------------------------------- the machine and the modules on it

export interface Host {
  readonly hostname: string;
  /** Changes at each boot of the operating system. */
  readonly bootId: string;
  /** Local addresses, for finding which node of cluster.xml this is. */
  addresses(): readonly string[];
}

/** One module as it is applied on this node (the active copy under SAFE/private/modules). */
export interface ActiveModule {
  readonly name: string;
  readonly id: number;
  readonly config: ModuleConfig;
  /** Hex digest of the applied configuration and scripts. */
  readonly signature: string;
  readonly appliedWallMs: number;
  /** SAFEUSERBIN. */
  readonly binDir: string;
  /** SAFEUSERVAR. */
  readonly varDir: string;
  /** Scripts that are there and executable, name → absolute path. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Environment of the scripts: SAFE…, `<var>`s, PATH. */
  readonly env: Readonly<Record<string, string>>;
}

/** Everything that the node's actors are handed. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly host: Host;
  readonly processes: Processes;
  readonly services: Services;
  readonly scripts: Scripts;
  readonly prober: Prober;
  readonly records: Records;
  readonly history: ResourceHistory;
  readonly logs: Logs;
  readonly transport: Transport;
  readonly probe: Probe;
}
