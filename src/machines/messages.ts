/**
 * The catalogue of what the logs say: one pure function for each message, so that wording, level and component are decided in one place
 * and can be searched for by those who know them. Source of patterns, levels and components: sections 7.2 to 7.4 of the compatibility page;
 * what is ours (exit codes, timeouts, drain, resumption) is worded alike.
 */

/** C critical, E event, U user's command, S script, I information, D debug (section 7.2). */
export type MessageLevel = 'C' | 'E' | 'U' | 'S' | 'I' | 'D';

/** A log line without its time: whoever carries it out adds that. */
export interface Message {
  readonly level: MessageLevel;
  readonly component: string;
  readonly message: string;
  /** Machine-readable extras. */
  readonly data?: Readonly<Record<string, string | number | boolean | null>>;
}

type Extras = Readonly<Record<string, string | number | boolean | null>>;

const line = (level: MessageLevel, component: string, message: string, data?: Extras): Message =>
  data === undefined ? { level, component, message } : { level, component, message, data };

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(' '));
const seconds = (ms: number): string => `${ms / 1000} s`;

/** The components that the catalogue uses (section 7.3); checkers log under `<kind>check`. */
export const components = {
  heart: 'heart',
  errd: 'errd',
  vipd: 'vipd',
  vipplug: 'vipplug',
  userplug: 'userplug',
  safekit: 'safekit',
  cluster: 'cluster',
} as const;

/** Component of a checker's lines: `tcpcheck`, `pingcheck`, `intfcheck`, `ipcheck`, `customcheck`, `modulecheck`, `splitbraincheck`. */
export const checkerComponent = (kind: string): string => `${kind}check`;

/** What each maintenance switch is about. */
const switchTexts = {
  errd: 'Monitoring of processes',
  checker: 'Checkers',
  failover: 'Failover rules',
  boot: 'Start at boot',
} as const;

export const messages = {
  // ------------------------------------------------------------ actions

  /** An administrator's command. `who` is `root`, `admin@IP`, `SYSTEM`. */
  actionCalledBy: (action: string, who: string): Message =>
    line('U', 'heart', `Action ${action} called by ${who}`, { action, by: who, automatic: false }),
  /** A component's own action: errd, modulecheck, a script with `-i`, `incloop`. */
  actionCalledByComponent: (action: string, by: string): Message =>
    line('E', 'heart', `Action ${action} called by ${by}`, { action, by, automatic: true }),
  actionAtBoot: (action = 'start'): Message =>
    line('E', 'heart', `Action ${action} called at boot time`, { action, by: 'boot', automatic: true }),
  /** The start that follows a stopstart. */
  actionAutomatically: (action = 'start'): Message =>
    line('E', 'heart', `Action ${action} called automatically`, { action, by: 'automatic', automatic: true }),
  /** The restart counter is used up: the module stops instead. */
  actionByMaxloop: (action = 'stop'): Message =>
    line('C', 'heart', `Action ${action} called by maxloop`, { action, by: 'maxloop', automatic: true }),
  actionFromRule: (action: string, rule: string): Message =>
    line('E', 'heart', `Action ${action} from failover rule ${rule}`, { action, by: rule, automatic: true }),
  /** Verbose, like the other steps of an ordinary start (section 15.1). */
  wakeup: (): Message =>
    line('I', 'heart', 'Action wakeup from failover rule Implicit_wakeup', {
      action: 'wakeup',
      by: 'Implicit_wakeup',
      automatic: true,
    }),
  /** Mirror: the secondary takes over. */
  aloneByHeart: (reason: 'no heartbeat' | 'remote stop'): Message =>
    line('E', 'heart', `Action alone called by heart: ${reason}`, { action: 'alone', by: 'heart', automatic: true }),
  /** Mirror with failover="off". */
  failoverOff: (): Message => line('E', 'heart', 'Failover-off configured'),
  stopstartByFailoverOff: (): Message =>
    line('E', 'heart', 'Action stopstart called by failover-off', { action: 'stopstart', by: 'failover-off', automatic: true }),
  transitionFrom: (transition: 'RESTART' | 'STOPSTART' | 'SWAP' | 'WAIT_TR', from: string): Message =>
    line('E', 'heart', `Transition ${transition} from ${from}`, { transition, by: from }),
  /** A command that the present state does not allow. */
  actionRefused: (action: string, who: string, reason: string): Message =>
    line('I', 'heart', `Action ${action} called by ${who} refused: ${reason}`, { action, by: who }),

  // ------------------------------------------------------------ states

  localState: (state: string, quality: string): Message =>
    line('E', 'heart', `Local state ${state} ${quality}`, { state, quality }),
  remoteState: (node: string, state: string, quality: string): Message =>
    line('E', 'heart', `Remote state ${state} ${quality}`, { node, state, quality }),
  remoteUnknown: (node: string): Message =>
    line('E', 'heart', 'Remote state UNKNOWN Unknown', { node, state: 'UNKNOWN', quality: 'Unknown' }),
  splitBrain: (staying: boolean): Message =>
    line('E', 'heart', `Split brain recovery: ${staying ? 'staying alone' : 'exiting alone'}`),
  /** Which resource a blocked module waits for. */
  waitingFor: (resource: string, value: string): Message =>
    line('E', 'heart', `Waiting: resource ${resource} is ${value}`, { resource, value }),
  /** The daemon came back and found the application running: no script was called. */
  resumed: (state: string, quality: string, reason: string): Message =>
    line('E', 'heart', `Resumed in state ${state} ${quality}: ${reason}`, { state, quality }),
  /** The daemon came back and the application is gone: a software failure, which counts. */
  resumedWithout: (what: string): Message => line('C', 'heart', `Application not running after restart of the daemon: ${what}`),

  // ------------------------------------------------------------ restart counter

  loopCount: (count: number, max: number, by: string): Message =>
    line('I', 'heart', `Restart counter ${count}/${max} by ${by}`, { count, max, by }),
  loopReset: (by: string): Message => line('I', 'heart', `Restart counter reset by ${by}`, { by }),

  // ------------------------------------------------------------ resources, processes, services

  /** Critical when it goes down, information when it comes up; any other value is information. */
  resourceSet: (resource: string, value: string, by: string): Message =>
    line(value === 'down' ? 'C' : 'I', 'heart', `Resource ${resource} set to ${value} by ${by}`, { resource, value, by }),
  processNotRunning: (name: string): Message => line('C', 'errd', `Process ${name} not running`, { process: name }),
  serviceNotRunning: (name: string): Message => line('C', 'errd', `Service ${name} not running`, { service: name }),
  processRunning: (name: string, count: number): Message =>
    line('I', 'errd', `Process ${name} running (${count})`, { process: name, count }),
  serviceRunning: (name: string): Message => line('I', 'errd', `Service ${name} running`, { service: name }),
  processTooFew: (name: string, count: number, atLeast: number): Message =>
    line('C', 'errd', `Process ${name} not running (${count} of at least ${atLeast})`, { process: name, count, atLeast }),
  processTooMany: (name: string, count: number, atMax: number): Message =>
    line('C', 'errd', `Process ${name} running too often (${count} of at most ${atMax})`, { process: name, count, atMax }),
  processHandler: (name: string, handler: string): Message =>
    line('E', 'errd', `Handler ${handler} called for process ${name}`, { process: name, handler }),
  errdSwitched: (processClass: string, on: boolean, who: string): Message =>
    line('U', 'errd', `Monitoring of class ${processClass} ${on ? 'enabled' : 'disabled'} by ${who}`, {
      class: processClass,
      on,
      by: who,
    }),
  /** `holdfast kill`: by a script, or by an administrator. */
  processesKilled: (name: string, level: string, pids: readonly number[], who: string): Message =>
    line('U', 'errd', `Kill (${level}) of ${name} called by ${who}: process${pids.length === 1 ? '' : 'es'} ${pids.join(' ')}`, {
      process: name,
      level,
      count: pids.length,
      by: who,
    }),
  /** A maintenance switch was used. */
  switched: (what: keyof typeof switchTexts, on: boolean, who: string): Message =>
    line('U', 'heart', `${switchTexts[what]} ${on ? 'enabled' : 'disabled'} by ${who}`, { switch: what, on, by: who }),
  /** Said at every beginning while something is switched off: nobody shall forget it. */
  switchedOff: (names: readonly string[]): Message =>
    line('E', 'heart', `Switched off for maintenance: ${list(names)}`, { switches: names.join(' ') }),
  /** The chart goes on with another configuration. */
  reconfigured: (who: string): Message =>
    line('U', 'heart', `Configuration changed while the module runs, by ${who}`, { by: who }),
  /** The cluster was configured anew, without a network that the module names. Membership goes on by the others. */
  lanGone: (lan: string): Message =>
    line('C', 'vipd', `Network ${lan} of the module is not in the cluster's configuration any more`, { lan }),
  errdArmed: (processClass: string): Message =>
    line('I', 'errd', `Monitoring of class ${processClass} started`, { class: processClass }),
  errdDisarmed: (processClass: string): Message =>
    line('I', 'errd', `Monitoring of class ${processClass} stopped`, { class: processClass }),
  /** What a checker says of its own work, for example why a check failed. */
  checkerNote: (kind: string, resource: string, note: string): Message =>
    line('I', checkerComponent(kind), `${resource}: ${note}`, { resource }),

  /** Why a checked resource is down; said before the line that says that it is. */
  checkerFailed: (kind: string, resource: string, note: string): Message =>
    line('E', checkerComponent(kind), `${resource}: ${note}`, { resource }),

  // ------------------------------------------------------------ scripts

  /** `userlog` is the file's name without its directory; null where output is not kept. */
  scriptStarted: (script: string, userlog: string | null): Message =>
    line('S', 'userplug', userlog === null ? `Script ${script}` : `Script ${script} > ${userlog}`, { script, userlog }),
  scriptEnded: (script: string, code: number): Message =>
    line(code === 0 ? 'I' : 'E', 'userplug', `Script ${script} ended with code ${code}`, { script, code }),
  scriptKilled: (script: string, signal: string): Message =>
    line('E', 'userplug', `Script ${script} ended by signal ${signal}`, { script, signal }),
  /** A script that an earlier run of the daemon started: its code cannot be known. */
  scriptEndUnknown: (script: string): Message => line('I', 'userplug', `Script ${script} ended`, { script }),
  scriptNotStarted: (script: string, reason: string): Message =>
    line('C', 'userplug', `Script ${script} could not be started: ${reason}`, { script }),
  scriptTimeout: (script: string, limitMs: number): Message =>
    line('C', 'userplug', `Script ${script} not ended after ${seconds(limitMs)}: terminated`, { script, limitMs }),
  handlerTimeout: (handler: string, limitMs: number): Message =>
    line('C', 'errd', `Handler ${handler} not ended after nicestoptimeout (${seconds(limitMs)}): terminated, and failed`, {
      handler,
      limitMs,
    }),
  scriptUnkillable: (script: string, afterMs: number): Message =>
    line('C', 'userplug', `Script ${script} still there ${seconds(afterMs)} after being killed`, { script, afterMs }),
  scriptInterrupted: (script: string, by: string): Message =>
    line('E', 'userplug', `Script ${script} interrupted by ${by}`, { script, by }),
  scriptAdopted: (script: string, pid: number): Message =>
    line('I', 'userplug', `Script ${script} (process ${pid}) taken over from the previous daemon`, { script, pid }),
  userlogTruncated: (script: string, limitKb: number): Message =>
    line('I', 'userplug', `Output of script ${script} cut off at ${limitKb} KB`, { script, limitKb }),
  /** `safekit printe` and `printi`. */
  printed: (level: 'E' | 'I', message: string, by: string): Message => line(level, 'safekit', message, { by }),

  // ------------------------------------------------------------ probe and drain

  drainBegins: (how: string): Message => line('E', 'heart', `Drain before stop: ${how}`),
  drainEnds: (why: string): Message => line('I', 'heart', `Drain ended: ${why}`),
  lastNodeStops: (): Message =>
    line('C', 'heart', 'This is the last UP node of the farm: load balancers will have no healthy target'),
  virtualIpSet: (address: string, module: string): Message =>
    line('I', 'vipplug', `Virtual IP <${address} of ${module}> set`, { address }),
  virtualIpUnset: (address: string, module: string): Message =>
    line('I', 'vipplug', `Virtual IP <${address} of ${module}> unset`, { address }),

  // ------------------------------------------------------------ membership

  farmMembership: (nodes: readonly string[], group: string, index = 0): Message =>
    line('I', 'vipd', `farm membership: ${list(nodes)} (group ${group}_${index})`, {
      nodes: nodes.join(' '),
      group: `${group}_${index}`,
    }),
  farmLoad: (buckets: number, group: string, index = 0): Message =>
    line('E', 'vipd', `farm load: ${buckets}/256 (group ${group}_${index})`, { buckets, group: `${group}_${index}` }),
  lostContact: (node: string, evidence: string | null = null): Message =>
    line('I', 'vipd', evidence === null ? `Lost contact from ${node}` : `Lost contact from ${node}: ${evidence}`, { node }),
  contact: (node: string): Message => line('I', 'vipd', `Contact with ${node}`, { node }),
  goodbye: (node: string): Message => line('I', 'vipd', `${node} left (planned stop)`, { node }),
  /** For the node's log: membership of the cluster as a whole. */
  view: (epoch: number, leader: string, members: readonly string[]): Message =>
    line('E', 'cluster', `cluster membership: ${list(members)} (leader ${leader}, view ${epoch})`, {
      epoch,
      leader,
      members: members.join(' '),
    }),
  lanLost: (node: string, lan: string): Message => line('I', 'cluster', `Lost contact from ${node} on lan ${lan}`, { node, lan }),
  lanBack: (node: string, lan: string): Message => line('I', 'cluster', `Contact with ${node} on lan ${lan}`, { node, lan }),
  /** A node that is not talked to, for its key. */
  nodeRefused: (node: string | null, address: string | null, why: string): Message =>
    line(
      'C',
      'cluster',
      `${node === null ? 'An unknown sender' : `Node ${node}`}${address === null ? '' : ` (${address})`} is refused: ${why}`,
      {
        node,
        address,
      },
    ),
  /** A sealed request that came a second time. */
  requestSeenBefore: (node: string | null, address: string, count: number): Message =>
    line(
      'C',
      'cluster',
      `${count === 1 ? 'A request' : `${count} requests`} of ${node === null ? 'an unknown sender' : `node ${node}`} refused: seen before, or too old; somebody sends again what was recorded (last from ${address})`,
      { node, address, count },
    ),
  clusterDistributed: (generation: number, nodes: readonly string[], who: string): Message =>
    line('U', 'cluster', `Cluster configuration distributed by ${who} to ${list(nodes)} (generation ${generation})`, {
      generation,
      by: who,
    }),
  clusterReceived: (from: string, generation: number, away: boolean): Message =>
    line(
      'U',
      'cluster',
      away
        ? `Cluster configuration caught up: this node was away; generation ${generation} taken over from ${from}`
        : `Cluster configuration taken over from ${from} (generation ${generation})`,
      { from, generation, away },
    ),
  moduleReceived: (module: string, from: string, away: boolean): Message =>
    line(
      'U',
      'cluster',
      away
        ? `Module ${module} caught up: this node was away; taken over from ${from}`
        : `Module ${module} taken over from ${from}`,
      { module, from, away },
    ),
  catchUpFailed: (node: string, what: string, reason: string): Message =>
    line('C', 'cluster', `Node ${node} could not be brought up to date (${what}): ${reason}`, { node, what }),
  foreignConfiguration: (node: string): Message =>
    line('C', 'cluster', `Node ${node} has another cluster configuration: not a member`, { node }),
  datagramsDropped: (kind: string, count: number, example: string | null): Message =>
    line('I', 'cluster', `${count} datagrams dropped: ${kind}${example === null ? '' : ` (${example})`}`, { class: kind, count }),
  transportFailed: (lan: string | null, reason: string): Message =>
    line('C', 'cluster', `${lan === null ? 'Cluster network' : `Lan ${lan}`} failed: ${reason}`, { lan }),
  /** Port 9010 cannot be had, or its thread died. */
  webServiceFailed: (reason: string): Message => line('C', 'safekit', `Web service: ${reason}`),
  httpsOn: (who: string, validTo: string): Message =>
    line('U', 'safekit', `HTTPS set up by ${who} (certificate valid until ${validTo})`, { by: who, validTo }),
  httpsOff: (who: string): Message => line('U', 'safekit', `HTTPS switched off by ${who}`, { by: who }),
  httpsRenewed: (validTo: string): Message =>
    line('E', 'safekit', `HTTPS: certificate renewed, valid until ${validTo}`, { validTo }),
  caHelper: (started: boolean, who: string): Message =>
    line('U', 'safekit', `CA helper ${started ? 'started' : 'stopped'} by ${who}`, { by: who, started }),
  caHelperEnded: (reason: string): Message => line('E', 'safekit', `CA helper ended by itself: ${reason}`),
  caHelperIssued: (name: string, use: string, peer: string): Message =>
    line('U', 'safekit', `CA helper: certificate for ${use} ${name} issued to ${peer}`, { name, use, peer }),
  httpsProblem: (reason: string): Message => line('C', 'safekit', `HTTPS: ${reason}`),
  nodeInvited: (who: string, minutes: number): Message =>
    line('U', 'cluster', `A node was invited by ${who} (for ${minutes} minutes)`, { by: who, minutes }),
  nodeAdmitted: (node: string, from: string): Message =>
    line('U', 'cluster', `Node ${node} joined the cluster from ${from}`, { node, from }),
  nodeJoined: (url: string, who: string): Message => line('U', 'cluster', `Cluster joined at ${url} by ${who}`, { url, by: who }),
  joinRefused: (from: string, code: string): Message =>
    line('E', 'cluster', `A node at ${from} was not let in: ${code}`, { from, code }),
  /** The daemon, or the machine, stood still. */
  stalled: (lengthMs: number): Message => line('C', 'cluster', `This node stood still for ${seconds(lengthMs)}`, { lengthMs }),

  // ------------------------------------------------------------ notifications, monitoring

  /** Said once; the attempts go on. Nothing secret is in it. */
  notificationFailed: (channel: string, reason: string, remedy: string): Message =>
    line('E', 'notification', `Notification by ${channel} failed: ${reason}; ${remedy}`, { channel }),
  notificationRecovered: (channel: string): Message =>
    line('E', 'notification', `Notification by ${channel} works again`, { channel }),
  notificationLost: (channel: string, count: number): Message =>
    line('E', 'notification', `${count} event${count === 1 ? '' : 's'} not told by ${channel}: no room, or too late`, {
      channel,
      count,
    }),
  notificationNote: (channel: string, note: string): Message =>
    line('E', 'notification', `Notification by ${channel}: ${note}`, { channel }),
  notificationConfigured: (channels: number, who: string): Message =>
    line('U', 'notification', `Notifications configured by ${who}: ${channels} channel${channels === 1 ? '' : 's'}`, {
      channels,
      by: who,
    }),
  notificationSwitched: (on: boolean, who: string): Message =>
    line('U', 'notification', `Notifications ${on ? 'enabled' : 'disabled'} by ${who}`, { on, by: who }),
  notificationRefused: (file: string, problems: number): Message =>
    line('E', 'notification', `${file} refused: ${problems} error${problems === 1 ? '' : 's'}; holdfast notification status`, {
      problems,
    }),
  snmpReady: (where: string): Message => line('I', 'snmp', `SNMP agent listens on ${where}`),
  /** Said once; what can be tried again is. */
  snmpFailed: (what: string, reason: string): Message => line('E', 'snmp', `SNMP ${what}: ${reason}`),

  // ------------------------------------------------------------ configuration, daemon

  configApplied: (module: string, signature: string, who: string): Message =>
    line('U', 'safekit', `Configuration of ${module} applied by ${who} (signature ${signature.slice(0, 8)})`, {
      module,
      signature,
      by: who,
    }),
  configRefused: (module: string, problems: number): Message =>
    line('E', 'safekit', `Configuration of ${module} refused: ${problems} error${problems === 1 ? '' : 's'}`, {
      module,
      problems,
    }),
  deconfigured: (module: string, who: string): Message =>
    line('U', 'safekit', `Configuration of ${module} removed by ${who}`, { module, by: who }),
  installed: (module: string, id: number, who: string): Message =>
    line('U', 'safekit', `Module ${module} installed with id ${id} by ${who}`, { module, id, by: who }),
  uninstalled: (module: string, who: string): Message =>
    line('U', 'safekit', `Module ${module} uninstalled by ${who}`, { module, by: who }),
  clusterConfigured: (signature: string, who: string): Message =>
    line('U', 'cluster', `Cluster configuration applied by ${who} (signature ${signature.slice(0, 8)})`, { signature, by: who }),
  clusterKey: (change: 'made' | 'removed' | 'imported', who: string): Message =>
    line('U', 'cluster', `Cluster key ${change} by ${who}`, { change, by: who }),
  /** An active copy that cannot be read: the module is left out, the others go on. */
  moduleDamaged: (module: string, reason: string): Message =>
    line('C', 'safekit', `Module ${module} cannot be loaded: ${reason}`, { module }),
  recordDamaged: (module: string, reason: string): Message =>
    line('C', 'safekit', `Stored state of ${module} cannot be read: ${reason}`, { module }),
  /** Which script of an earlier daemon still runs is not known yet: nothing is started beside it. */
  moduleWaitsForProcesses: (module: string, reason: string): Message =>
    line('C', 'safekit', `Module ${module} waits: the table of processes cannot be read: ${reason}`, { module }),
  /** A part of a module failed and is started again; or an event came that should not be possible. */
  partFailed: (part: string, reason: string): Message => line('C', 'heart', `Defect in ${part}: ${reason}`, { part }),
  /** The stop took longer than all its timeouts together: what still ran was killed. */
  stopDeadline: (action: string): Message =>
    line('C', 'heart', `Action ${action} not ended in time: the rest was skipped`, { action }),
  /** A machine threw: the module is put to STOP NotReady, the others go on. */
  moduleFailed: (module: string, reason: string): Message =>
    line('C', 'heart', `Module ${module} stopped by a defect: ${reason}`, { module }),
  daemonStarted: (version: string, pid: number): Message =>
    line('E', 'safekit', `holdfastd ${version} started (process ${pid})`, { version, pid }),
  daemonStopping: (why: string): Message => line('E', 'safekit', `holdfastd stopping: ${why}`),
  /** Said once writing works again. */
  logLinesLost: (count: number, reason: string): Message =>
    line('C', 'safekit', `${count} log line${count === 1 ? '' : 's'} lost: ${reason}`, { count }),
} as const;
