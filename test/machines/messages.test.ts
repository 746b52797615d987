import fc from 'fast-check';
import t from 'tap';
import { messages as catalogue, checkerComponent, components, type Message } from '../../src/machines/messages.js';

/** The catalogue, with a note of what was asked of it. */
const used = new Set<string | symbol>();
const messages = new Proxy(catalogue, {
  get: (target, name, receiver) => {
    used.add(name);
    return Reflect.get(target, name, receiver);
  },
});

const table: readonly (readonly [Message, string])[] = [
  [messages.actionCalledBy('start', 'root'), 'U heart Action start called by root'],
  [messages.actionCalledByComponent('restart', 'errd'), 'E heart Action restart called by errd'],
  [messages.actionAtBoot(), 'E heart Action start called at boot time'],
  [messages.actionAutomatically(), 'E heart Action start called automatically'],
  [messages.actionByMaxloop(), 'C heart Action stop called by maxloop'],
  [messages.actionFromRule('wait', 'R'), 'E heart Action wait from failover rule R'],
  [messages.wakeup(), 'I heart Action wakeup from failover rule Implicit_wakeup'],
  [messages.aloneByHeart('no heartbeat'), 'E heart Action alone called by heart: no heartbeat'],
  [messages.failoverOff(), 'E heart Failover-off configured'],
  [messages.stopstartByFailoverOff(), 'E heart Action stopstart called by failover-off'],
  [messages.transitionFrom('SWAP', 'defaultprim'), 'E heart Transition SWAP from defaultprim'],
  [
    messages.actionRefused('restart', 'root', 'the module is STOP'),
    'I heart Action restart called by root refused: the module is STOP',
  ],
  [messages.localState('UP', 'Ready'), 'E heart Local state UP Ready'],
  [messages.remoteState('n2', 'STOP', 'NotReady'), 'E heart Remote state STOP NotReady'],
  [messages.remoteUnknown('n2'), 'E heart Remote state UNKNOWN Unknown'],
  [messages.splitBrain(true), 'E heart Split brain recovery: staying alone'],
  [messages.splitBrain(false), 'E heart Split brain recovery: exiting alone'],
  [messages.waitingFor('tcp.db', 'down'), 'E heart Waiting: resource tcp.db is down'],
  [messages.resumed('UP', 'Ready', 'nginx runs'), 'E heart Resumed in state UP Ready: nginx runs'],
  [messages.resumedWithout('nginx'), 'C heart Application not running after restart of the daemon: nginx'],
  [messages.lanGone('back'), "C vipd Network back of the module is not in the cluster's configuration any more"],
  [messages.nodeRefused(null, null, 'old key'), 'C cluster An unknown sender is refused: old key'],
  [messages.nodeRefused('n2', '10.0.0.2', 'old key'), 'C cluster Node n2 (10.0.0.2) is refused: old key'],
  [
    messages.requestSeenBefore('n1', '10.0.0.9', 1),
    'C cluster A request of node n1 refused: seen before, or too old; somebody sends again what was recorded (last from 10.0.0.9)',
  ],
  [
    messages.requestSeenBefore(null, '10.0.0.9', 7),
    'C cluster 7 requests of an unknown sender refused: seen before, or too old; somebody sends again what was recorded (last from 10.0.0.9)',
  ],
  [
    messages.clusterDistributed(4, ['n1', 'n2'], 'root'),
    'U cluster Cluster configuration distributed by root to n1 n2 (generation 4)',
  ],
  [messages.clusterReceived('n1', 4, false), 'U cluster Cluster configuration taken over from n1 (generation 4)'],
  [
    messages.clusterReceived('n1', 4, true),
    'U cluster Cluster configuration caught up: this node was away; generation 4 taken over from n1',
  ],
  [messages.moduleReceived('web', 'n1', false), 'U cluster Module web taken over from n1'],
  [messages.moduleReceived('web', 'n1', true), 'U cluster Module web caught up: this node was away; taken over from n1'],
  [messages.catchUpFailed('n2', 'web', 'no answer'), 'C cluster Node n2 could not be brought up to date (web): no answer'],
  [messages.loopCount(2, 3, 'errd'), 'I heart Restart counter 2/3 by errd'],
  [messages.loopReset('root'), 'I heart Restart counter reset by root'],
  [messages.resourceSet('proc.nginx', 'down', 'errd'), 'C heart Resource proc.nginx set to down by errd'],
  [messages.resourceSet('proc.nginx', 'up', 'errd'), 'I heart Resource proc.nginx set to up by errd'],
  [messages.resourceSet('a.b', '', 'user'), 'I heart Resource a.b set to  by user'],
  [messages.processNotRunning('nginx'), 'C errd Process nginx not running'],
  [messages.serviceNotRunning('nginx'), 'C errd Service nginx not running'],
  [messages.processRunning('nginx', 2), 'I errd Process nginx running (2)'],
  [messages.serviceRunning('nginx'), 'I errd Service nginx running'],
  [messages.processTooFew('nginx', 1, 2), 'C errd Process nginx not running (1 of at least 2)'],
  [messages.processTooMany('nginx', 9, 2), 'C errd Process nginx running too often (9 of at most 2)'],
  [messages.processHandler('nginx', 'fix'), 'E errd Handler fix called for process nginx'],
  [messages.errdSwitched('both', false, 'root'), 'U errd Monitoring of class both disabled by root'],
  [messages.errdSwitched('both', true, 'root'), 'U errd Monitoring of class both enabled by root'],
  [messages.errdArmed('both'), 'I errd Monitoring of class both started'],
  [messages.errdDisarmed('both'), 'I errd Monitoring of class both stopped'],
  [messages.switched('errd', false, 'root'), 'U heart Monitoring of processes disabled by root'],
  [messages.switched('checker', true, 'root'), 'U heart Checkers enabled by root'],
  [messages.switched('failover', false, 'root'), 'U heart Failover rules disabled by root'],
  [messages.switched('boot', true, 'root'), 'U heart Start at boot enabled by root'],
  [messages.switchedOff(['errd', 'failover']), 'E heart Switched off for maintenance: errd failover'],
  [messages.reconfigured('root'), 'U heart Configuration changed while the module runs, by root'],
  [messages.checkerNote('tcp', 'tcp.db', 'refused'), 'I tcpcheck tcp.db: refused'],
  [messages.checkerFailed('tcp', 'tcp.db', 'refused'), 'E tcpcheck tcp.db: refused'],
  [messages.scriptStarted('start_both', 'userlog_x.ulog'), 'S userplug Script start_both > userlog_x.ulog'],
  [messages.scriptStarted('start_both', null), 'S userplug Script start_both'],
  [messages.scriptEnded('start_both', 0), 'I userplug Script start_both ended with code 0'],
  [messages.scriptEnded('start_both', 3), 'E userplug Script start_both ended with code 3'],
  [messages.scriptKilled('start_both', 'SIGKILL'), 'E userplug Script start_both ended by signal SIGKILL'],
  [messages.scriptEndUnknown('start_both'), 'I userplug Script start_both ended'],
  [messages.scriptNotStarted('start_both', 'ENOENT'), 'C userplug Script start_both could not be started: ENOENT'],
  [messages.scriptTimeout('stop_both', 300_000), 'C userplug Script stop_both not ended after 300 s: terminated'],
  [messages.handlerTimeout('mend', 60_000), 'C errd Handler mend not ended after nicestoptimeout (60 s): terminated, and failed'],
  [messages.processesKilled('httpd', '9', [7], 'stop_both'), 'U errd Kill (9) of httpd called by stop_both: process 7'],
  [messages.processesKilled('httpd', '15', [7, 8], 'root'), 'U errd Kill (15) of httpd called by root: processes 7 8'],
  [messages.scriptUnkillable('stop_both', 10_000), 'C userplug Script stop_both still there 10 s after being killed'],
  [messages.scriptInterrupted('start_both', 'stop'), 'E userplug Script start_both interrupted by stop'],
  [messages.scriptAdopted('start_both', 42), 'I userplug Script start_both (process 42) taken over from the previous daemon'],
  [messages.userlogTruncated('start_both', 2048), 'I userplug Output of script start_both cut off at 2048 KB'],
  [messages.printed('E', 'no licence', 'start_both'), 'E safekit no licence'],
  [messages.drainBegins('5 s'), 'E heart Drain before stop: 5 s'],
  [messages.drainEnds('3 probes saw 404'), 'I heart Drain ended: 3 probes saw 404'],
  [messages.lastNodeStops(), 'C heart This is the last UP node of the farm: load balancers will have no healthy target'],
  [messages.virtualIpSet('10.0.0.1', 'farm'), 'I vipplug Virtual IP <10.0.0.1 of farm> set'],
  [messages.virtualIpUnset('10.0.0.1', 'farm'), 'I vipplug Virtual IP <10.0.0.1 of farm> unset'],
  [messages.farmMembership(['n1', 'n2'], 'G'), 'I vipd farm membership: n1 n2 (group G_0)'],
  [messages.farmMembership([], 'G', 1), 'I vipd farm membership: none (group G_1)'],
  [messages.farmLoad(128, 'G'), 'E vipd farm load: 128/256 (group G_0)'],
  [messages.lostContact('n2'), 'I vipd Lost contact from n2'],
  [messages.lostContact('n2', 'silent on all lans'), 'I vipd Lost contact from n2: silent on all lans'],
  [messages.contact('n2'), 'I vipd Contact with n2'],
  [messages.goodbye('n2'), 'I vipd n2 left (planned stop)'],
  [messages.view(7, 'n1', ['n1', 'n2']), 'E cluster cluster membership: n1 n2 (leader n1, view 7)'],
  [messages.lanLost('n2', 'default'), 'I cluster Lost contact from n2 on lan default'],
  [messages.lanBack('n2', 'default'), 'I cluster Contact with n2 on lan default'],
  [messages.foreignConfiguration('n2'), 'C cluster Node n2 has another cluster configuration: not a member'],
  [messages.datagramsDropped('badTag', 3, null), 'I cluster 3 datagrams dropped: badTag'],
  [messages.datagramsDropped('badTag', 3, '10.0.0.9'), 'I cluster 3 datagrams dropped: badTag (10.0.0.9)'],
  [messages.transportFailed('default', 'EADDRINUSE'), 'C cluster Lan default failed: EADDRINUSE'],
  [messages.transportFailed(null, 'no worker'), 'C cluster Cluster network failed: no worker'],
  [
    messages.notificationFailed('ops', 'nobody listens', 'start it'),
    'E notification Notification by ops failed: nobody listens; start it',
  ],
  [messages.notificationRecovered('ops'), 'E notification Notification by ops works again'],
  [messages.notificationLost('ops', 1), 'E notification 1 event not told by ops: no room, or too late'],
  [messages.notificationLost('ops', 2), 'E notification 2 events not told by ops: no room, or too late'],
  [messages.notificationNote('ops', 'not for a@b'), 'E notification Notification by ops: not for a@b'],
  [messages.notificationConfigured(1, 'root'), 'U notification Notifications configured by root: 1 channel'],
  [messages.notificationConfigured(2, 'root'), 'U notification Notifications configured by root: 2 channels'],
  [messages.notificationSwitched(true, 'root'), 'U notification Notifications enabled by root'],
  [messages.notificationSwitched(false, 'root'), 'U notification Notifications disabled by root'],
  [messages.notificationRefused('n.json', 1), 'E notification n.json refused: 1 error; holdfast notification status'],
  [messages.notificationRefused('n.json', 2), 'E notification n.json refused: 2 errors; holdfast notification status'],
  [messages.snmpReady('127.0.0.1:161'), 'I snmp SNMP agent listens on 127.0.0.1:161'],
  [messages.snmpFailed('agent', 'EADDRINUSE'), 'E snmp SNMP agent: EADDRINUSE'],
  [messages.stalled(1800), 'C cluster This node stood still for 1.8 s'],
  [
    messages.configApplied('farm', '0123456789ab', 'root'),
    'U safekit Configuration of farm applied by root (signature 01234567)',
  ],
  [messages.configRefused('farm', 1), 'E safekit Configuration of farm refused: 1 error'],
  [messages.configRefused('farm', 2), 'E safekit Configuration of farm refused: 2 errors'],
  [messages.deconfigured('farm', 'root'), 'U safekit Configuration of farm removed by root'],
  [messages.installed('farm', 1, 'root'), 'U safekit Module farm installed with id 1 by root'],
  [messages.uninstalled('farm', 'root'), 'U safekit Module farm uninstalled by root'],
  [messages.clusterConfigured('0123456789ab', 'root'), 'U cluster Cluster configuration applied by root (signature 01234567)'],
  [messages.clusterKey('made', 'root'), 'U cluster Cluster key made by root'],
  [messages.moduleDamaged('farm', 'no conf'), 'C safekit Module farm cannot be loaded: no conf'],
  [messages.recordDamaged('farm', 'no JSON'), 'C safekit Stored state of farm cannot be read: no JSON'],
  [messages.webServiceFailed('EADDRINUSE'), 'C safekit Web service: EADDRINUSE'],
  [messages.httpsOn('root', '2027-01-01'), 'U safekit HTTPS set up by root (certificate valid until 2027-01-01)'],
  [messages.httpsOff('root'), 'U safekit HTTPS switched off by root'],
  [messages.httpsRenewed('2027-01-01'), 'E safekit HTTPS: certificate renewed, valid until 2027-01-01'],
  [messages.caHelper(true, 'root'), 'U safekit CA helper started by root'],
  [messages.caHelper(false, 'root'), 'U safekit CA helper stopped by root'],
  [messages.caHelperEnded('its time is over'), 'E safekit CA helper ended by itself: its time is over'],
  [messages.caHelperIssued('n2', 'server', '10.0.0.2'), 'U safekit CA helper: certificate for server n2 issued to 10.0.0.2'],
  [messages.httpsProblem('it expires'), 'C safekit HTTPS: it expires'],
  [messages.nodeInvited('root', 15), 'U cluster A node was invited by root (for 15 minutes)'],
  [messages.nodeAdmitted('n3', '10.0.0.13'), 'U cluster Node n3 joined the cluster from 10.0.0.13'],
  [messages.nodeJoined('https://n1:9453', 'root'), 'U cluster Cluster joined at https://n1:9453 by root'],
  [messages.joinRefused('10.0.0.9', 'JOIN_TOKEN'), 'E cluster A node at 10.0.0.9 was not let in: JOIN_TOKEN'],
  [
    messages.moduleWaitsForProcesses('farm', 'EMFILE'),
    'C safekit Module farm waits: the table of processes cannot be read: EMFILE',
  ],
  [messages.partFailed('errd', 'x'), 'C heart Defect in errd: x'],
  [messages.stopDeadline('stop'), 'C heart Action stop not ended in time: the rest was skipped'],
  [messages.moduleFailed('farm', 'x'), 'C heart Module farm stopped by a defect: x'],
  [messages.daemonStarted('0.1.0', 7), 'E safekit holdfastd 0.1.0 started (process 7)'],
  [messages.daemonStopping('SIGTERM'), 'E safekit holdfastd stopping: SIGTERM'],
  [messages.logLinesLost(1, 'ENOSPC'), 'C safekit 1 log line lost: ENOSPC'],
  [messages.logLinesLost(2, 'ENOSPC'), 'C safekit 2 log lines lost: ENOSPC'],
];

t.test('every pattern has its wording, level and component', async (t) => {
  for (const [message, expected] of table) t.equal(`${message.level} ${message.component} ${message.message}`, expected);
});

t.test('no message of the catalogue is left out of the table', async (t) => {
  for (const name of Object.keys(catalogue)) t.ok(used.has(name), name);
});

t.test('extras carry what a program needs', async (t) => {
  t.same(messages.scriptStarted('start_both', 'u.ulog').data, { script: 'start_both', userlog: 'u.ulog' });
  t.same(messages.farmLoad(128, 'G').data, { buckets: 128, group: 'G_0' });
  t.equal(messages.failoverOff().data, undefined);
  t.equal(checkerComponent('tcp'), 'tcpcheck');
  t.equal(components.errd, 'errd');
});

t.test('a resource is critical exactly when it goes down', async (t) => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (value, by) => {
      t.equal(messages.resourceSet('a.b', value, by).level === 'C', value === 'down');
    }),
    { numRuns: 50 },
  );
});
