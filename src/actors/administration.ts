/**
 * Changes of what is installed and configured on this node: the stores' files, and what the running actors make of them.
 * A module must be STOP for a change of its configuration, but for what may change while it runs (compatibility page 2.15).
 */
import type { ConfigChange } from '../config/config-diff.js';
import { diffConfig, staticChanges } from '../config/config-diff.js';
import type { ModuleConfig } from '../config/types.js';
import { messages } from '../machines/messages.js';
import type { Caller, Failure, ModuleAdministration, ModuleExport, ModuleSummary, Outcome } from './face.js';
import type { ModuleHost } from './module-host.js';
import type { NodeRuntime } from './node-runtime.js';
import type { ActiveModule } from './ports.js';
import type { ExportStorePort, InstalledModule, ModuleStorePort } from './stores.js';

const fail = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});

export interface ModuleAdministrationOptions {
  readonly store: ModuleStorePort;
  readonly exports: ExportStorePort;
  readonly wallMs: () => number;
  readonly runtime: NodeRuntime;
  readonly summary: (module: string) => ModuleSummary | null;
  /** For the command log. */
  readonly note: (caller: Caller, module: string, text: string) => void;
}
export interface ManagedModules extends ModuleAdministration {
  /** What is installed, as of the last change. */
  installed(): readonly InstalledModule[];
  /** Reads what is on disk and begins every applied module. */
  begin(): Promise<void>;
  refresh(): Promise<void>;
}

/** Puts the module store and the running actors together. */
export function createModuleAdministration(options: ModuleAdministrationOptions): ManagedModules {
  const { store, runtime, note, exports } = options;
  let installed: readonly InstalledModule[] = [];
  /** Modules that another node is handing over right now: two that offer the same must not both be taken. */
  const receiving = new Set<string>();

  const refresh = async (): Promise<void> => {
    installed = await store.list();
  };
  const mustStop = (name: string, what: string): Outcome<null> => {
    const status = runtime.hosts.get(name)?.status();
    return status === undefined || status.state === 'STOP'
      ? { ok: true, value: null }
      : fail('CONF_STATE', `module ${name} is ${status.state} (${status.quality}): stop it before you ${what} it`);
  };
  /** In WAIT, whatever it waits for, and in UP (Ready), while nothing is being changed already. */
  const mayReconfigure = (host: ModuleHost): Outcome<null> => {
    const { state, quality, path } = host.status();
    if (path.endsWith('.updating'))
      return fail('CONF_STATE', `module ${host.active.name} is being updated: wait for the end of its update script`);
    if (state === 'WAIT' || quality === 'Ready') return { ok: true, value: null };
    return fail('CONF_STATE', `module ${host.active.name} is ${state} (${quality}): wait until it is Ready, or stop it`);
  };
  const summaryOf = (name: string): Outcome<ModuleSummary> => {
    const summary = options.summary(name);
    return summary ? { ok: true, value: summary } : fail('MODULE_UNKNOWN', `no module ${name} is installed`);
  };
  /** Carries out a change of files, then brings what is known up to date. */
  const change = async <T>(
    caller: Caller,
    name: string,
    what: string,
    work: () => Promise<Outcome<T>>,
    then: (value: T) => Promise<void> | void = () => undefined,
  ): Promise<Outcome<T>> => {
    const outcome = await work();
    note(caller, name, outcome.ok ? what : `${what}: ${outcome.failure.message}`);
    if (!outcome.ok) return outcome;
    await then(outcome.value);
    await refresh();
    return outcome;
  };

  /** What applies when the store has read the new configuration: a state may have changed meanwhile. */
  const admissionOf = (
    name: string,
  ): { readonly admit: (next: ModuleConfig) => Outcome<null>; readonly changes: () => readonly ConfigChange[] } => {
    let changes: readonly ConfigChange[] = [];
    const admit = (next: ModuleConfig): Outcome<null> => {
      const host = runtime.hosts.get(name);
      if (host === undefined) return { ok: true, value: null };
      changes = diffConfig(host.active.config, next);
      if (host.status().state === 'STOP') return { ok: true, value: null };
      const moving = mayReconfigure(host);
      if (!moving.ok) return moving;
      const problems = staticChanges(changes, 'conf/userconfig.xml', name);
      if (problems.length === 0) return { ok: true, value: null };
      const [first] = problems;
      const where = first === undefined ? '' : `: line ${first.line}, ${first.message}`;
      return {
        ok: false,
        failure: {
          code: 'CONF_STATE',
          message: `the configuration of ${name} changes what cannot be changed while it runs (stop it first)${where}`,
          problems,
        },
      };
    };
    return { admit, changes: () => changes };
  };
  const mayChange = (name: string): Outcome<null> => {
    const running = runtime.hosts.get(name);
    return running === undefined || running.status().state === 'STOP' ? { ok: true, value: null } : mayReconfigure(running);
  };
  /** The module goes on, or begins, with what has just been applied. */
  const goOn = async (active: ActiveModule, changes: readonly ConfigChange[], caller: Caller): Promise<void> => {
    const before = runtime.hosts.get(active.name);
    const runs = before !== undefined && before.status().state !== 'STOP';
    if (runs) runtime.reconfigure(active, caller.who);
    const host = runs ? before : await runtime.addModule(active, 'configured');
    host.configured(
      runs,
      changes.map(({ element, attribute }) => (attribute === null ? element : `${element}@${attribute}`)),
    );
    host.log(messages.configApplied(active.name, active.signature, caller.who));
  };
  const refusedOr = (name: string, outcome: Outcome<unknown>): Outcome<ModuleSummary> => {
    if (outcome.ok) return summaryOf(name);
    runtime.hosts.get(name)?.log(messages.configRefused(name, outcome.failure.problems?.length ?? 1));
    return outcome;
  };

  return {
    installed: () => installed,
    refresh,
    async begin() {
      await refresh();
      for (const active of await store.active()) await runtime.addModule(active);
    },
    async install(name, archive, template, id, force, caller) {
      const free = mustStop(name, 'replace');
      if (!free.ok) return free;
      const outcome = await change(
        caller,
        name,
        `module install${template === null ? '' : ` from template ${template}`}`,
        () => store.install(name, archive, template, id, force),
        (module) => runtime.log(messages.installed(name, module.id, caller.who)),
      );
      return outcome.ok ? summaryOf(name) : outcome;
    },
    async uninstall(name, caller) {
      const free = mustStop(name, 'uninstall');
      if (!free.ok) return free;
      return change(
        caller,
        name,
        'module uninstall',
        async () => {
          const outcome = await store.uninstall(name);
          if (outcome.ok) await runtime.removeModule(name);
          if (outcome.ok) await exports.retire(name);
          return outcome;
        },
        () => runtime.log(messages.uninstalled(name, caller.who)),
      );
    },
    async apply(name, caller) {
      const admission = admissionOf(name);
      const free = mayChange(name);
      if (!free.ok) return free;
      const outcome = await change(
        caller,
        name,
        'config',
        () => store.apply(name, admission.admit),
        async ({ active }) => goOn(active, admission.changes(), caller),
      );
      return refusedOr(name, outcome);
    },
    async beginExport(name, nodes, caller) {
      const known = (await exports.list()).find((one) => one.module === name);
      const archive = await store.package(name);
      if (!archive.ok) return archive;
      const signature = await store.editedSignature(name);
      if (!signature.ok) return signature;
      const module = installed.find((one) => one.name === name);
      if (module === undefined) return fail('MODULE_UNKNOWN', `no module ${name} is installed`);
      const exported: ModuleExport = {
        module: name,
        generation: (known?.generation ?? 0) + 1,
        id: module.id,
        configure: module.configured,
        signature: signature.value,
        at: new Date(options.wallMs()).toISOString(),
        by: caller.who,
        nodes: [...nodes],
      };
      const saved = await exports.save(exported, archive.value);
      note(caller, name, saved.ok ? `export to ${nodes.join(', ')}` : `export: ${saved.failure.message}`);
      return saved.ok ? { ok: true, value: exported } : saved;
    },
    exports: () => exports.list(),
    exportedArchive: (name) => exports.archive(name),
    async receive(archive, exported, from, caller) {
      const { module: name, id, configure } = exported;
      const admission = admissionOf(name);
      const free = mayChange(name);
      if (!free.ok) return free;
      const known = (await exports.list()).find((one) => one.module === name);
      const own = installed.find((one) => one.name === name);
      const running = runtime.hosts.get(name);
      if (own !== undefined && own.id !== id && running !== undefined && running.status().state !== 'STOP')
        return fail(
          'CONF_STATE',
          `module ${name} has the id ${own.id} here and ${id} there: an id is not changed while a module runs (stop it first)`,
        );
      if (from.catchUp && known !== undefined && known.generation >= exported.generation)
        return fail('CONF_STALE', `this node has export ${known.generation} of ${name} already, which is not older`);
      if (
        from.catchUp &&
        own?.appliedWallMs != null &&
        own.appliedWallMs > Date.parse(exported.at) &&
        own.signature !== exported.signature
      )
        return fail(
          'CONF_STALE',
          `module ${name} was configured here after it was exported: nothing is overwritten; export it again, or from here`,
        );
      if (receiving.has(name)) return fail('HTTP_BUSY', `module ${name} is being taken over already`);
      receiving.add(name);
      const outcome = await change(
        caller,
        name,
        `module taken over from ${from.node}`,
        async () => {
          const received = await store.receive(name, archive, id, configure, admission.admit);
          if (!received.ok) return received;
          const saved = await exports.save(exported, archive);
          if (!saved.ok) runtime.log(messages.partFailed('exports', saved.failure.message));
          return received;
        },
        async ({ active }) => {
          runtime.log(messages.moduleReceived(name, from.node, from.catchUp));
          if (active !== null) await goOn(active, admission.changes(), caller);
        },
      ).finally(() => receiving.delete(name));
      return refusedOr(name, outcome);
    },
    async deconfigure(name, caller) {
      const free = mustStop(name, 'deconfigure');
      if (!free.ok) return free;
      return change(
        caller,
        name,
        'deconfig',
        async () => {
          const outcome = await store.deconfigure(name);
          if (outcome.ok) await runtime.removeModule(name);
          return outcome;
        },
        () => runtime.log(messages.deconfigured(name, caller.who)),
      );
    },
    writeFile: (name, path, content, etag, caller) =>
      change(caller, name, `write ${path}`, () => store.writeFile(name, path, content, etag)),
    deleteFile: (name, path, etag, caller) => change(caller, name, `delete ${path}`, () => store.deleteFile(name, path, etag)),
    restore: (name, version, caller) =>
      change(caller, name, `edited files restored from ${version}`, () => store.restore(name, version)),
    versions: (name) => store.versions(name),
    backups: () => store.backups(),
    inspect: (name, xml) => store.inspect(name, xml),
    package: (name) => store.package(name),
    check: (name) => store.check(name),
    info: (name) => store.info(name),
    ports: (name, id) => store.ports(name, id),
    templates: () => store.templates(),
    readFile: (name, path) => store.readFile(name, path),
    listFiles: (name) => store.listFiles(name),
  };
}
