/**
 * Changes of what is installed and configured on this node: the stores' files, and what the running actors make of them.
 * A module must be STOP for a change of its configuration.
 */
import { messages } from '../machines/messages.js';
import type { Caller, Failure, ModuleAdministration, ModuleSummary, Outcome } from './face.js';
import type { NodeRuntime } from './node-runtime.js';
import type { InstalledModule, ModuleStorePort } from './stores.js';

const fail = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});

export interface ModuleAdministrationOptions {
  readonly store: ModuleStorePort;
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
  const { store, runtime, note } = options;
  let installed: readonly InstalledModule[] = [];

  const refresh = async (): Promise<void> => {
    installed = await store.list();
  };
  const mustStop = (name: string, what: string): Outcome<null> => {
    const status = runtime.hosts.get(name)?.status();
    return status === undefined || status.state === 'STOP'
      ? { ok: true, value: null }
      : fail('CONF_STATE', `module ${name} is ${status.state} (${status.quality}): stop it before you ${what} it`);
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
          return outcome;
        },
        () => runtime.log(messages.uninstalled(name, caller.who)),
      );
    },
    async apply(name, caller) {
      const free = mustStop(name, 'configure');
      if (!free.ok) return free;
      const outcome = await change(
        caller,
        name,
        'config',
        () => store.apply(name),
        async ({ active }) => {
          const host = await runtime.addModule(active, 'configured');
          host.log(messages.configApplied(name, active.signature, caller.who));
        },
      );
      if (!outcome.ok) {
        runtime.hosts.get(name)?.log(messages.configRefused(name, outcome.failure.problems?.length ?? 1));
        return outcome;
      }
      return summaryOf(name);
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
    package: (name) => store.package(name),
    check: (name) => store.check(name),
    info: (name) => store.info(name),
    ports: (name, id) => store.ports(name, id),
    templates: () => store.templates(),
    readFile: (name, path) => store.readFile(name, path),
    listFiles: (name) => store.listFiles(name),
  };
}
