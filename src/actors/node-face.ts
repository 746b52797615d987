/** The public face of a running node: answers from what the actors know, without waiting for anything that may hang. */
import { armedProcs } from '../machines/errd-rules.js';
import { messages } from '../machines/messages.js';
import { limitReached } from '../machines/restart-counter.js';
import { within } from './bounded.js';
import type {
  Caller,
  ClusterAdministration,
  ClusterSummary,
  ErrdEntry,
  Failure,
  ModuleAdministration,
  ModuleNodeStatus,
  ModuleSummary,
  NodeFace,
  NodeSummary,
  NotificationAdministration,
  Outcome,
  SwitchStates,
} from './face.js';
import type { InspectionFace } from './face-inspection.js';
import type { SupportAdministration } from './face-support.js';
import type { ModuleHost } from './module-host.js';
import type { NodeRuntime } from './node-runtime.js';
import type { Ports } from './ports.js';
import type { KillProcesses } from './process-kill.js';
import { rulesOf } from './rule-report.js';
import type { AppliedCluster, InstalledModule } from './stores.js';

export interface NodeFaceOptions {
  readonly runtime: NodeRuntime;
  readonly ports: Ports;
  readonly version: string;
  /** What is installed now; kept up to date by the administration. */
  readonly installed: () => readonly InstalledModule[];
  readonly cluster: () => AppliedCluster | null;
  readonly install: ModuleAdministration;
  readonly clusterAdministration: ClusterAdministration;
  /** Answers from the flight recorder's journal. */
  readonly explain: NodeFace['explain'];
  readonly notification: NotificationAdministration;
  readonly support: SupportAdministration;
  readonly kill: KillProcesses;
  readonly inspection: InspectionFace;
}

const resourceName = /^[A-Za-z][\w-]{0,63}\.[\w.:%@/+-]{1,128}$/;
const longestValue = 256;
/** How long an answer waits for the disk, in ms: one that hangs must not hold up a command. */
const diskPatienceMs = 1_000;
/** Most bytes of a userlog that are handed out, from its end. */
const userlogBytes = 4 * 1024 * 1024;
const fail = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});
const iso = (wallMs: number): string => new Date(wallMs).toISOString();

/** Makes the face of a running node. */
export function createNodeFace(options: NodeFaceOptions): NodeFace {
  const { runtime, ports, version } = options;
  const { clock, logs } = ports;

  const unconfigured = (module: InstalledModule): ModuleNodeStatus => ({
    module: module.name,
    node: runtime.node,
    state: 'NOTCONFIGURED',
    quality: 'Unknown',
    path: '',
    tags: [],
    reason: 'installed, but no configuration has been applied',
    since: iso(clock.wallMs()),
    sinceMs: clock.monotonicMs(),
    share: 0,
    activeRule: null,
    wish: 'stop',
    ready: false,
    budget: { max: 0, used: 0, expires: null, causes: [] },
    switches: { errd: true, checker: true, failover: true, boot: 'off' },
    signature: '',
    error: null,
  });
  const summary = (module: InstalledModule): ModuleSummary => {
    const host = runtime.hosts.get(module.name);
    return {
      name: module.name,
      id: module.id,
      mode: module.mode,
      configured: module.configured,
      signature: module.signature,
      appliedAt: module.appliedWallMs === null ? null : iso(module.appliedWallMs),
      nodes: [host?.status() ?? unconfigured(module)],
    };
  };
  const hostOf = (module: string): Outcome<ModuleHost> => {
    const host = runtime.hosts.get(module);
    if (host) return { ok: true, value: host };
    return options.installed().some((one) => one.name === module)
      ? fail(
          'MODULE_NOT_CONFIGURED',
          `module ${module} is installed on ${runtime.node}, but its configuration has not been applied: holdfast config -m ${module}`,
        )
      : fail('MODULE_UNKNOWN', `no module ${module} is installed on ${runtime.node}`);
  };
  const nodes = (): readonly NodeSummary[] => {
    const cluster = options.cluster();
    const snapshot = runtime.membership()?.snapshot() ?? null;
    return (cluster?.config.nodes ?? [runtime.node]).map((name) => {
      const addresses = (cluster?.config.lans ?? []).flatMap((lan) =>
        lan.nodes.filter((one) => one.node === name).map((one) => ({ lan: lan.name, addr: one.addr })),
      );
      const peer = snapshot?.peers.find((one) => one.node === name);
      const self = name === runtime.node;
      return {
        name,
        self,
        online: self || (peer?.online ?? false),
        leader: snapshot?.view?.leader === name,
        addresses,
        lans:
          peer?.lans.map(({ lan, up, rttMs, lastHeardAtMs }) => ({ lan, up, rttMs, lastHeardMs: lastHeardAtMs })) ??
          addresses.map(({ lan }) => ({ lan, up: self, rttMs: null, lastHeardMs: null })),
        sameConfiguration: self ? true : (peer?.sameConfiguration ?? null),
        evidence: peer?.evidence ?? null,
        error: null,
      };
    });
  };
  const cluster = (): ClusterSummary => {
    const applied = options.cluster();
    const snapshot = runtime.membership()?.snapshot() ?? null;
    return {
      configured: applied !== null,
      self: runtime.node,
      view: snapshot?.view ?? null,
      signature: applied?.signature ?? null,
      configuredAt: applied === null ? null : iso(applied.appliedWallMs),
      encrypted: applied?.encrypted ?? false,
      locked: applied?.locked ?? false,
      port: applied?.config.port ?? null,
      dropped: { ...snapshot?.dropped },
      version,
    };
  };
  const note = (caller: Caller, module: string | null, text: string): void =>
    logs.command({ wallMs: clock.wallMs(), who: caller.who, module, phase: 'INFO', text });
  const kept = async (module: string): Promise<void> => {
    const host = runtime.hosts.get(module);
    if (host !== undefined) await within(clock, diskPatienceMs, host.kept());
  };
  const switchesOf = (host: ModuleHost): SwitchStates => {
    const { boot, ...switches } = host.status().switches;
    return { ...switches, boot: boot === 'on', bootRule: host.active.config.service.boot };
  };
  const componentOf = (caller: Caller): string => caller.identity ?? caller.who;

  return {
    get node() {
      return runtime.node;
    },
    cluster,
    nodes,
    install: options.install,
    clusterAdministration: options.clusterAdministration,
    notification: options.notification,
    support: options.support,
    modules: () => options.installed().map(summary),
    module: (name) =>
      options
        .installed()
        .filter((one) => one.name === name)
        .map(summary)[0] ?? null,
    status: (name) => runtime.hosts.get(name)?.status() ?? null,
    resources: (module) => runtime.hosts.get(module)?.resources.list() ?? null,
    rules: (module) => {
      const found = hostOf(module);
      return found.ok ? { ok: true, value: rulesOf(found.value, runtime.node, clock.monotonicMs()) } : found;
    },
    resourceHistory: (module, resource, before, limit) =>
      runtime.hosts.get(module)?.resources.page(resource, before, limit) ?? null,
    command: (request) => {
      const found = hostOf(request.module);
      if (found.ok) return runtime.command(request);
      note(request.caller, request.module, `${request.action}: ${found.failure.message}`);
      return found;
    },
    kept,
    action: (id) => runtime.action(id),

    async setResource(module, name, value, caller, logging) {
      const found = hostOf(module);
      if (!found.ok) return found;
      if (!resourceName.test(name))
        return fail('RESOURCE_NAME', `"${name}" is not class.id: letters and digits, a dot, and an identifier`);
      if (value.length === 0 || value.length > longestValue || /[\p{Cc}]/u.test(value)) {
        return fail(
          'RESOURCE_NAME',
          `the value of ${name} must be up, down, init, unknown or a text of at most ${longestValue} characters`,
        );
      }
      const host = found.value;
      const before = host.resources.last(name)?.value;
      const quiet = logging === 'none';
      host.actor.send({ type: 'resource.assign', name, value, by: componentOf(caller), atMs: clock.monotonicMs(), quiet });
      if (logging === 'force' && before === value) host.log(messages.resourceSet(name, value, componentOf(caller)));
      const resource = host.resources.last(name);
      return resource
        ? { ok: true, value: resource }
        : fail('RESOURCE_UNKNOWN', `${name} could not be set: the module has too many resources`);
    },
    waitState: (module, state, timeoutMs) =>
      new Promise((resolve) => {
        const found = hostOf(module);
        if (!found.ok) {
          resolve(found);
          return;
        }
        const host = found.value;
        const isThere = (): boolean => {
          const now = host.status();
          return now.quality !== 'Transient' && (state === 'SETTLED' || now.state === state);
        };
        const end = (outcome: Outcome<ModuleNodeStatus>): void => {
          clock.clearTimeout(timer);
          subscription.close();
          resolve(outcome);
        };
        const timer = clock.setTimeout(() => {
          const now = host.status();
          end(fail('WAIT_TIMEOUT', `module ${module} is ${now.state} (${now.quality}) after ${timeoutMs / 1000} s`));
        }, timeoutMs);
        const subscription = runtime.onChange((one) => {
          if (one === host && isThere()) end({ ok: true, value: host.status() });
        });
        if (isThere()) end({ ok: true, value: host.status() });
      }),
    async loop(module, operation, caller) {
      const found = hostOf(module);
      if (!found.ok) return found;
      const host = found.value;
      const atMs = clock.monotonicMs();
      const by = componentOf(caller);
      if (operation === 'increment') host.actor.send({ type: 'loop.increment', by, atMs });
      if (operation === 'reset') host.actor.send({ type: 'loop.reset', by, atMs });
      if (operation !== 'check') await kept(module);
      const { counter, plan } = host.snapshot().context;
      return { ok: true, value: { reached: limitReached(counter, plan.limits, atMs), budget: host.budget() } };
    },
    switches: (module) => {
      const found = hostOf(module);
      return found.ok ? { ok: true, value: switchesOf(found.value) } : found;
    },
    async setSwitch(module, what, on, caller) {
      const found = hostOf(module);
      if (!found.ok) return found;
      const host = found.value;
      if (switchesOf(host)[what] !== on) {
        const by = componentOf(caller);
        note(caller, module, `${what} ${on ? 'on' : 'off'}`);
        if (what === 'boot') host.setBoot(on, by);
        else host.actor.send({ type: 'maintenance.switch', what, on, by, atMs: clock.monotonicMs() });
        // What is told is on disk: it survives whatever happens now.
        await kept(module);
      }
      return { ok: true, value: switchesOf(host) };
    },
    async errdEnable(module, processClass, on, caller) {
      const found = hostOf(module);
      if (!found.ok) return found;
      const { procs } = found.value.snapshot().context.plan.errd;
      if (!procs.some((proc) => (proc.class ?? 'both') === processClass)) {
        return fail('RESOURCE_UNKNOWN', `no process of module ${module} is of class ${processClass}`);
      }
      found.value.actor.send({
        type: 'errd.switch',
        class: processClass,
        on,
        by: componentOf(caller),
        atMs: clock.monotonicMs(),
      });
      await kept(module);
      return { ok: true, value: null };
    },
    async errdList(module) {
      const found = hostOf(module);
      if (!found.ok) return found;
      const { errd } = found.value.snapshot().children;
      const snapshot = errd?.getSnapshot();
      if (snapshot === undefined) return { ok: true, value: { items: [] } };
      const { context } = snapshot;
      const armed = armedProcs(context).map((proc) => proc.name);
      const items: readonly ErrdEntry[] = context.procs.map((proc) => {
        const entry = context.entries[proc.name];
        return {
          name: proc.name,
          class: proc.class,
          monitored: snapshot.matches('watching') && armed.includes(proc.name),
          service: proc.service,
          action: proc.action.kind === 'handler' ? proc.action.exec : proc.action.kind,
          count: entry?.processes.length ?? 0,
          pids: entry?.processes.map((process) => process.pid) ?? [],
          value: entry?.value ?? 'init',
        };
      });
      return { ok: true, value: { items } };
    },
    async kill(module, request, caller) {
      const found = hostOf(module);
      if (!found.ok) return found;
      const { name, level } = request;
      const argRegex = request.argRegex === null ? '' : ` -argregex=${JSON.stringify(request.argRegex)}`;
      note(caller, module, `kill -name=${JSON.stringify(name)}${argRegex} -level=${level}`);
      const outcome = await options.kill(request);
      if (!outcome.ok || level === 'test' || outcome.value.length === 0) return outcome;
      const { value } = outcome;
      found.value.log(
        messages.processesKilled(
          name,
          level,
          value.map(({ pid }) => pid),
          componentOf(caller),
        ),
      );
      return outcome;
    },
    print(module, level, message, caller) {
      const found = hostOf(module);
      if (!found.ok) return found;
      found.value.log(messages.printed(level, message.slice(0, 2_000), componentOf(caller)));
      return { ok: true, value: null };
    },
    logs: async (module, query) =>
      options.installed().some((one) => one.name === module) ? logs.readModule(module, query) : null,
    followLogs: (module, onEntry) =>
      options.installed().some((one) => one.name === module) ? logs.followModule(module, onEntry) : null,
    commandLog: async (limit) => (await logs.readCommands(limit)).map(({ wallMs, ...entry }) => ({ at: iso(wallMs), ...entry })),
    userlogs: async (module) => {
      if (!options.installed().some((one) => one.name === module)) return null;
      return (await logs.listUserlogs(module)).map(({ wallMs, ...file }) => ({ ...file, at: iso(wallMs) }));
    },
    userlog: (module, name) => logs.readUserlog(module, name, userlogBytes),
    explain: options.explain,
    inspection: options.inspection,
    snapshot: (module) => (runtime.hosts.has(module) ? options.inspection.states(`module:${module}`) : null),
    events: (since) => runtime.ring.read(since),
    subscribe: (onEvent) => runtime.ring.subscribe(onEvent),
  };
}
