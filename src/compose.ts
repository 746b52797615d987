/**
 * The composition root: builds the real ports, starts the node's actors and the web service, and puts them together.
 * Nothing else builds real ports; the simulator builds the same actors on simulated ones.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createModuleAdministration } from './actors/administration.js';
import { createClusterAdministration } from './actors/cluster-administration.js';
import type { Caller, NodeFace } from './actors/face.js';
import { createInspection } from './actors/inspection.js';
import { createNodeFace } from './actors/node-face.js';
import { createNodeRuntime } from './actors/node-runtime.js';
import type { Ports, Probe, Records } from './actors/ports.js';
import { createProcessKill } from './actors/process-kill.js';
import { createRecorder } from './actors/recorder.js';
import { plain } from './actors/recorder-plain.js';
import type { AppliedCluster } from './actors/stores.js';
import { composeHttps } from './compose-https.js';
import { compilePosixRegex } from './config/posix-regex.js';
import { frontAddresses } from './http/front/front.js';
import { formatClassic, formatCommandClassic } from './http/log-format.js';
import { createReadyTable } from './http/ready-table.js';
import { createRefusedRequests } from './http/refused-requests.js';
import type { RetiredSeal, SealKeys } from './http/seal.js';
import { startHttpService } from './http/service.js';
import { askUsers } from './http/user-exchange.js';
import { createAuth } from './io/auth/auth.js';
import { createResolvedCluster } from './io/cluster-ip.js';
import { createClusterStore } from './io/cluster-store.js';
import { createExplainer } from './io/explainer.js';
import { takeInstance } from './io/instance.js';
import { createJournal } from './io/journal.js';
import { createLogs } from './io/logs/logs.js';
import { createSystemLog, type SystemLogKind } from './io/logs/system-log.js';
import { createMetrics } from './io/metrics/metrics.js';
import { realCompiler } from './io/modules/compiling.js';
import { createExportStore } from './io/modules/exports.js';
import { installShims } from './io/modules/shims.js';
import { createModuleStore } from './io/modules/store.js';
import { createAddressLook } from './io/network/look.js';
import { createNotifications } from './io/notify/notifications.js';
import { authorityPath } from './io/pki/store.js';
import { createPlatformPorts } from './io/platform.js';
import { createRecordReader } from './io/record-reader.js';
import { createResourceHistory } from './io/resource-history.js';
import { createMessageSeal } from './io/seal-keys.js';
import { createSupport } from './io/snapshot/support.js';
import { createSnmp } from './io/snmp/snmp.js';
import { createUdpTransport } from './io/udp/transport.js';
import { createUploads } from './io/uploads.js';
import type { Message } from './machines/messages.js';
import { messages } from './machines/messages.js';
import { compileMatcher } from './machines/process-match.js';

/** How long the end of the daemon waits for what is told of it, in ms. */
const notificationPatienceMs = 3_000;
/** The same when it is told to leave at once. */
const hurriedPatienceMs = 300;

/** The daemon's own settings: from its command line, its environment and `holdfastd.json`. */
export interface DaemonOptions {
  /** SAFE and SAFEVAR, absolute. */
  readonly safe: string;
  readonly safevar: string;
  /** This node's name; null: found by address. */
  readonly node: string | null;
  /** Addresses of the web service; null: those of the node in cluster.xml. */
  readonly listen: readonly string[] | null;
  readonly httpPort: number;
  /** Port of HTTPS, once it is set up. */
  readonly httpsPort: number;
  /** Port of the CA helper, while it runs. */
  readonly caHelperPort: number;
  readonly version: string;
  /** The machine's own log, besides the files. */
  readonly system: SystemLogKind;
  /** Port on 127.0.0.1 of the inspection for developers; null: none, and nothing of it is loaded. */
  readonly inspectDev: number | null;
  /** Environment for macros and scripts, beyond the daemon's. */
  readonly extraEnv: Readonly<Record<string, string>>;
}

export interface Daemon {
  readonly socket: string;
  /** Stops all modules, says goodbye, closes everything. */
  shutdown(who: string): Promise<void>;
  /** Closes everything and leaves the applications running. */
  leave(): Promise<void>;
  /** Reads the configuration on disk again. */
  reload(): Promise<void>;
  log(line: Message): void;
}

/** So long after its end a key may still come from a node that has the present one as well, in ms. */
const latelyMs = 60_000;

/** One more than at the last start, and never less than the wall clock's seconds: no two starts share one. */
async function nextStart(records: Records, wallMs: number): Promise<number> {
  const value = await records.load('node', 'starts');
  const last =
    typeof value === 'object' && value !== null && 'count' in value && typeof value.count === 'number' ? value.count : 0;
  const count = Math.max(last + 1, Math.floor(wallMs / 1000));
  await records.save('node', 'starts', { version: 1, count }).catch(() => undefined);
  return count;
}

/** The other nodes' web services, those on the lan for commands first. */
function peersOf({ config }: AppliedCluster, self: string, port: number): SealKeys['peers'] {
  const lans = [...config.lans].sort((left, right) => Number(right.command) - Number(left.command));
  return config.nodes
    .filter((node) => node !== self)
    .map((node) => ({
      node,
      addresses: lans.flatMap((lan) =>
        lan.nodes.filter((one) => one.node === node).map((one) => ({ host: one.addr.replace(/^\[|\]$/g, ''), port })),
      ),
    }));
}

/** Keys before the present one, for sealed requests. Without a key there is nothing to seal with. */
function retiredSeals({ older }: AppliedCluster, wallMs: () => number): readonly RetiredSeal[] {
  return older.flatMap(({ keyHex, clusterId, acceptedUntilWallMs }) =>
    keyHex === null
      ? []
      : [
          {
            ...{ ...createMessageSeal(keyHex), id: clusterId, accepted: () => wallMs() < acceptedUntilWallMs },
            lately: () => wallMs() < acceptedUntilWallMs + latelyMs,
          },
        ],
  );
}

/** Starts the daemon. @throws when it cannot take its directory, or make it. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { safe, safevar, version } = options;
  const socket = join(safevar, 'holdfast.sock');
  const privateDir = join(safevar, 'run');
  await mkdir(safevar, { recursive: true, mode: 0o750 });
  await mkdir(privateDir, { recursive: true, mode: 0o700 });

  // ---------------------------------------------------------------- ports
  const early: string[] = [];
  let report = (message: string): void => void early.push(message);
  const platform = await createPlatformPorts({
    recordsDir: join(safevar, 'records'),
    authorityFile: authorityPath(safevar),
    version,
    onProblem: (message) => report(message),
  });
  const { clock, host, records } = platform;
  const instance = await takeInstance(safevar, platform.processes);
  const now = (): { readonly atMs: number; readonly wallMs: number } => ({ atMs: clock.monotonicMs(), wallMs: clock.wallMs() });
  const systemLog = createSystemLog(options.system);
  const logs = createLogs({ safevar, now, systemLog });
  const table = createReadyTable();
  const start = await nextStart(records, clock.wallMs());
  const probe: Probe = {
    publish: (module, { ready, state, quality, started }) => table.set(module, ready, state, quality, started),
    remove: (module) => table.remove(module),
    tick: () => table.tick(),
    sources: async (module) =>
      (await http.probes())
        .filter((one) => one.module === module)
        .map(({ source, agent, intervalMs, lastAtMs, lastStatus, answersSinceChange }) => ({
          source: `${source} ${agent}`,
          intervalMs,
          lastAtMs,
          refusals: lastStatus === 404 ? answersSinceChange : 0,
        })),
  };
  const history = createResourceHistory({
    directory: (module) => join(safevar, 'modules', module),
    clock,
    onProblem: (message) => report(message),
  });
  const ports: Ports = { ...platform, history, logs, transport: createUdpTransport(), probe };
  const journal = createJournal({
    dir: join(safevar, 'journal'),
    now: () => clock.monotonicMs(),
    onProblem: (message) => report(`flight recorder: ${message}`),
  });
  const recorder = createRecorder({ journal, clock, node: options.node ?? host.hostname, version, bootId: host.bootId });

  const developers =
    options.inspectDev === null
      ? null
      : await (await import('./io/inspect-dev.js')).startDevInspector({ port: options.inspectDev, plain });
  const inspection = createInspection({ clock, node: () => runtime.node, epoch: start });

  // ---------------------------------------------------------------- actors
  const operatingSystem = process.platform === 'win32' ? 'windows' : 'linux';
  const runtime = createNodeRuntime({
    ports,
    node: options.node ?? host.hostname,
    version,
    epoch: start,
    readActive: (name) => moduleStore.activeModule(name),
    inspect: (event) => {
      recorder.inspect(event);
      inspection.inspect(event);
      developers?.inspect(event);
    },
    compileMatcher: (proc) => {
      const matcher = compileMatcher(proc, operatingSystem, compilePosixRegex);
      if (matcher.problem !== null) runtime.log(messages.partFailed('errd', `process ${proc.name}: ${matcher.problem}`));
      return matcher.matches;
    },
  });
  report = (message) => runtime.log(messages.partFailed('storage', message));
  for (const message of early) report(message);
  runtime.log(messages.daemonStarted(version, process.pid));
  if (systemLog.kind === 'none' && options.system !== 'none' && options.system !== 'auto') {
    runtime.log(messages.partFailed('log', `the machine's ${options.system} cannot be had: lines go to the files only`));
  }

  // ---------------------------------------------------------------- what is kept on disk
  const templates = join(dirname(fileURLToPath(import.meta.url)), '..', 'conf', 'modules');
  const replayProgram = join(dirname(fileURLToPath(import.meta.url)), 'replay', 'main.js');
  const anonymiser = join(dirname(fileURLToPath(import.meta.url)), 'anonymise', 'main.js');
  const cli = join(dirname(fileURLToPath(import.meta.url)), 'cli', 'main.js');
  await installShims(safe, safevar, cli, process.execPath);
  const note = (caller: Caller, module: string | null, text: string): void =>
    logs.command({ wallMs: clock.wallMs(), who: caller.who, module, phase: 'INFO', text });
  let seal: SealKeys | null = null;
  const auth = createAuth({
    safevar,
    node: () => runtime.node,
    wallMs: () => clock.wallMs(),
    note: (caller, text) => note(caller, null, text),
    onProblem: (reason) => runtime.log(messages.partFailed('logins', reason)),
    consoleUrl: () => {
      const own = face.nodes().find((one) => one.self)?.addresses[0]?.addr ?? 'localhost';
      const [scheme, port] = https.serving() === null ? ['http', options.httpPort] : ['https', options.httpsPort];
      return `${scheme}://${own.includes(':') ? `[${own.replace(/^\[|\]$/g, '')}]` : own}:${port}`;
    },
    peers: () =>
      seal === null
        ? []
        : face
            .nodes()
            .filter((one) => one.online && !one.self)
            .map((one) => one.name),
    ask: async (node, ours) => askUsers(http.peers, node, runtime.node, ours),
  });

  const moduleStore = createModuleStore({
    safe,
    safevar,
    templates,
    compiler: realCompiler,
    node: () => runtime.node,
    wallMs: () => clock.wallMs(),
    daemonEnv: process.env,
    extraEnv: options.extraEnv,
    socket,
    onProblem: (module, reason) =>
      runtime.log(module === null ? messages.partFailed('module store', reason) : messages.moduleDamaged(module, reason)),
    beforeRemoval: async (module) => {
      await history.close(module);
      await logs.closeModule(module);
    },
    ports: () => ({ cluster: cluster.applied()?.config.port ?? 4800, http: options.httpPort }),
  });
  const clusterStore = createClusterStore({
    safevar,
    wallMs: () => clock.wallMs(),
    onProblem: (reason) => runtime.log(messages.partFailed('cluster store', reason)),
  });
  /** Addresses of the web service. */
  const webHosts = (applied: AppliedCluster | null): readonly string[] =>
    options.listen ??
    (applied?.config.lans ?? [])
      .flatMap((lan) => lan.nodes)
      .filter((one) => one.node === runtime.node)
      .map((one) => (one.laddr ?? one.addr).replace(/^\[|\]$/g, ''));
  const listen = (applied: AppliedCluster | null): void => {
    const hosts = webHosts(applied);
    const context = https.serving();
    const { httpPort, httpsPort } = options;
    http.listen(
      frontAddresses(hosts, httpPort),
      context === null ? null : { addresses: frontAddresses(hosts, httpsPort), context, redirectPort: httpsPort },
    );
    http.setHosts([...new Set((applied?.config.lans ?? []).flatMap((lan) => lan.nodes.map((one) => one.addr)))]);
  };
  const sealOf = (applied: AppliedCluster): SealKeys | null => {
    const older = retiredSeals(applied, () => clock.wallMs());
    // Where the key was removed, the one before still reaches those that have it, for as long as it is taken.
    const present = applied.keyHex === null ? older.find((one) => one.accepted()) : createMessageSeal(applied.keyHex);
    if (present === undefined) return null;
    const peers = peersOf(applied, runtime.node, options.httpPort);
    return { seal: present.seal, open: present.open, id: applied.clusterId, older, self: runtime.node, bootEpoch: start, peers };
  };
  const resolved = createResolvedCluster({
    safevar,
    xml: async () => {
      const xml = await cluster.xml();
      return xml.ok ? xml.value : null;
    },
    onProblem: (reason) => runtime.log(messages.partFailed('cluster store', reason)),
  });
  const follow = (applied: AppliedCluster | null): void => {
    void resolved.write();
    listen(applied);
    seal = applied === null ? null : sealOf(applied);
    https.follow();
  };
  const urlsOf = (node: string): readonly string[] => {
    const lans = cluster.applied()?.config.lans ?? [];
    const places = [...lans].sort((left, right) => Number(right.command) - Number(left.command)).flatMap((lan) => lan.nodes);
    const own = places.filter((one) => one.node === node).map(({ addr }) => addr.replace(/^\[|\]$/g, ''));
    const hosts = (own.length === 0 ? ['127.0.0.1'] : own).map((addr) => (addr.includes(':') ? `[${addr}]` : addr));
    const plain = hosts.map((host) => `http://${host}:${options.httpPort}`);
    return https.serving() === null ? plain : [...hosts.map((host) => `https://${host}:${options.httpsPort}`), ...plain];
  };
  const exports = createExportStore(safevar, (reason) => runtime.log(messages.partFailed('exports', reason)));
  const modules = createModuleAdministration({
    store: moduleStore,
    exports,
    wallMs: () => clock.wallMs(),
    runtime,
    summary: (name) => face.module(name),
    note,
  });
  const cluster = createClusterAdministration({
    store: clusterStore,
    runtime,
    host,
    named: options.node,
    summary: () => face.cluster(),
    wallMs: () => clock.wallMs(),
    version,
    modules: () => modules.installed(),
    exports: () => modules.exports(),
    https: () => {
      const { on, certificate, findings } = https.status();
      return {
        on,
        validTo: certificate?.validTo ?? null,
        problems: findings.map(({ message, remedy }) => `${message} ${remedy}`),
      };
    },
    note: (caller, text) => note(caller, null, text),
    onChange: follow,
  });
  const notifications = createNotifications({ safevar, clock, log: (line) => runtime.log(line), epoch: start });
  const support = createSupport({
    ...{ safe, safevar, version, ports, httpPort: options.httpPort, httpsPort: options.httpsPort },
    face: () => face,
    closeLog: (module) => logs.closeModule(module),
    logLinesLost: () => logs.status().lost,
    cluster: () => cluster.applied(),
    clusterXml: async () => {
      const xml = await cluster.xml();
      return xml.ok ? xml.value : null;
    },
    active: () => moduleStore.active(),
    matchers: ({ config }) =>
      (config.errd?.procs ?? []).map((proc) => {
        const { matches } = compileMatcher(proc, operatingSystem, compilePosixRegex);
        return ({ name, args }) => matches({ name, args });
      }),
    flushJournal: () => journal.flush(),
    ...{ classic: formatClassic, classicCommand: formatCommandClassic },
    note: (who, module, text) => note({ who, identity: null }, module, text),
    env: { ...process.env, ...options.extraEnv },
    anonymiser,
  });
  const journalDir = join(safevar, 'journal');
  const reader = createRecordReader({ program: replayProgram });
  const uploads = createUploads({
    dir: join(privateDir, 'inspections'),
    reader,
    wallMs: () => clock.wallMs(),
    setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
    clearTimeout: (handle) => clock.clearTimeout(handle),
  });
  const face: NodeFace = createNodeFace({
    runtime,
    ports,
    version,
    installed: () => modules.installed(),
    cluster: () => cluster.applied(),
    install: modules,
    clusterAdministration: cluster,
    notification: notifications,
    support,
    kill: createProcessKill({
      ports,
      self: process.pid,
      compile: (name, argRegex) =>
        compileMatcher({ name, nameRegex: null, argRegex, service: false }, operatingSystem, compilePosixRegex),
    }),
    explain: createExplainer({ journal, dir: journalDir, program: replayProgram }),
    inspection: {
      ...inspection,
      ...reader.record(journalDir, false, () => journal.flush()),
      clock: () => ({ atMs: clock.monotonicMs(), wallMs: clock.wallMs() }),
      uploads,
    },
  });

  const {
    https,
    caHelper,
    join: joining,
  } = composeHttps({
    ...{ safevar, clock, hostname: host.hostname, named: options.node, administration: cluster, modules },
    node: () => runtime.node,
    cluster: () => cluster.applied(),
    face: () => face,
    peers: () => http.peers,
    distribution: () => http.distribution,
    ports: { http: options.httpPort, https: options.httpsPort, caHelper: options.caHelperPort },
    hosts: () => frontAddresses(webHosts(cluster.applied()), 0).map(({ host }) => host),
    log: (line) => runtime.log(line),
    note: (caller, text) => note(caller, null, text),
    onChange: () => listen(cluster.applied()),
  });
  const snmp = createSnmp({
    safevar,
    version,
    epoch: start,
    monotonicMs: () => clock.monotonicMs(),
    log: (line) => runtime.log(line),
  });
  const refusedRequests = createRefusedRequests(clock, (node, address, count) =>
    runtime.log(messages.requestSeenBefore(node, address, count)),
  );
  const metrics = createMetrics({
    ...{ face, version, monotonicMs: () => clock.monotonicMs() },
    pulses: () => runtime.membership()?.snapshot().pulses ?? [],
    probeAnswers: () => http.answers(),
    refusedRequests: () => refusedRequests.counts(),
    notifications: () => notifications.counts(),
    logLinesLost: () => logs.status().lost,
  });

  // ---------------------------------------------------------------- begin
  const { mendModes } = await import('./io/health/modes.js');
  const modes = await mendModes({ safe, safevar });
  for (const { path, problem } of modes.mended)
    runtime.log(
      messages.partFailed('files', `${path} ${problem} until now; that was taken away. Look whether somebody has used it`),
    );
  for (const { path, problem, remedy } of modes.left) runtime.log(messages.partFailed('files', `${path} ${problem}: ${remedy}`));
  // A script that runs meanwhile may call: it is let in at once and answered when its module is known.
  let begun = (): void => undefined;
  await auth.load();
  const http = await startHttpService({
    begun: new Promise((resolve) => {
      begun = resolve;
    }),
    face,
    authority: auth,
    https,
    caHelper,
    join: joining,
    addresses: createAddressLook({ node: () => runtime.node, port: options.httpPort }),
    names: () => [...(https.status().certificate?.names ?? [])],
    table,
    seal: () => seal,
    urlsOf,
    onRefused: ({ node, address, reason }) => {
      refusedRequests.note({ node, address, reason });
      if (reason !== 'oldKey' && reason !== 'otherCluster') return;
      const known = node ?? face.nodes().find((one) => one.addresses.some(({ addr }) => addr === address))?.name ?? null;
      runtime.noteRefused({ node: known, address, reason, by: 'request' }, 1);
    },
    onCatchUpFailure: (node, what, reason) => runtime.log(messages.catchUpFailed(node, what, reason)),
    runDir: privateDir,
    cliSocket: socket,
    version,
    consoleDir: fileURLToPath(new URL('./console', import.meta.url)),
    metrics: () => metrics.scrape(),
    onDefect: (error, path) => runtime.log(messages.partFailed(`web service ${path}`, error.stack ?? error.message)),
    onFrontEvent: (event) => {
      if (event.type === 'listenFailed' || event.type === 'crashed') runtime.log(messages.webServiceFailed(event.message));
    },
  });
  await modules.begin();
  await notifications.load(face);
  await snmp.load(face);
  await https.load();
  listen(null);
  await cluster.begin();
  auth.begin();
  begun();

  const close = async (patienceMs: number): Promise<void> => {
    await notifications.close(patienceMs);
    auth.close();
    https.close();
    await caHelper.close();
    await http.close();
    await support.close();
    metrics.close();
    snmp.close();
    await uploads.close();
    await developers?.close();
    recorder.close();
    await journal.close();
    await logs.close();
    platform.scripts.close();
    instance.release();
  };
  return {
    socket,
    log: (line) => runtime.log(line),
    async shutdown(who) {
      runtime.log(messages.daemonStopping(who));
      await runtime.shutdown(who);
      await close(notificationPatienceMs);
    },
    async leave() {
      runtime.log(messages.daemonStopping('the applications are left running'));
      await runtime.leave();
      await close(hurriedPatienceMs);
    },
    async reload() {
      await auth.load();
      await modules.refresh();
      await cluster.begin();
      await notifications.load(face);
      await snmp.load(face);
    },
  };
}
