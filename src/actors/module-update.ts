/**
 * `update`: a running module takes what is applied anew, because something around it has changed, such as the cluster's configuration
 * or the addresses behind names (sections 1.3, 2.15 and 5.3 of the compatibility page; ADR 0021). No start or stop script runs.
 */
import { diffConfig, staticChanges } from '../config/config-diff.js';
import type { ClusterConfig } from '../config/types.js';
import { messages } from '../machines/messages.js';
import type { Origin } from '../machines/module.types.js';
import { answerUpdate } from '../machines/module-rules.js';
import type { Outcome } from './face.js';
import type { ModuleHost } from './module-host.js';
import type { ActiveModule } from './ports.js';

export interface ModuleUpdateOptions {
  /** Reads the applied copy of a module from disk; null: there is none that can be read. */
  readonly readActive: (module: string) => Promise<ActiveModule | null>;
  /** Names are to be looked up anew, those of checkers and those of the cluster. */
  readonly lookUpNames: () => void;
  /** Hands an applied module to its actor. */
  readonly take: (host: ModuleHost, active: ActiveModule, origin: Origin) => void;
  /** Resolves when that holds, or when the module is there no more. */
  readonly settles: (host: ModuleHost, isSettled: () => boolean) => Promise<void>;
}
export interface ModuleUpdates {
  /** Whether an update can begin now. */
  answer(host: ModuleHost): ReturnType<typeof answerUpdate>;
  /** Carries one out; resolves at the end of the module's `update` script. */
  carryOut(host: ModuleHost, origin: Origin): Promise<Outcome<string>>;
  /** The cluster's configuration was changed: every module that runs is updated, whatever it is doing. */
  afterClusterChange(hosts: Iterable<ModuleHost>, cluster: ClusterConfig | null, origin: Origin): void;
}

const fail = (code: string, message: string): Outcome<never> => ({ ok: false, failure: { code, message } });
const isUpdating = (host: ModuleHost): boolean => host.status().path.endsWith('.updating');

/** Makes what carries out updates. */
export function createModuleUpdates({ readActive, lookUpNames, take, settles }: ModuleUpdateOptions): ModuleUpdates {
  const answer = (host: ModuleHost): ReturnType<typeof answerUpdate> => {
    const { state, quality, path } = host.status();
    return answerUpdate(state, quality, path);
  };

  /** What is on disk, if the running module may go on with it. */
  const fresh = async (host: ModuleHost): Promise<Outcome<ActiveModule>> => {
    const { name, config } = host.active;
    const active = await readActive(name);
    if (active === null)
      return fail('CONF_INVALID', `the applied copy of module ${name} cannot be read: holdfast config -m ${name}`);
    const [first] = staticChanges(diffConfig(config, active.config), 'conf/safeconf.xml', name);
    return first === undefined
      ? { ok: true, value: active }
      : fail('CONF_STATE', `the applied copy of ${name} was changed by hand: line ${first.line}, ${first.message}`);
  };

  return {
    answer,
    async carryOut(host, origin) {
      const read = await fresh(host);
      if (!read.ok) return read;
      // The disk took its time: the module may have left the state that was asked about.
      const now = answer(host);
      if (now.outcome === 'refused') return fail('MODULE_STATE', now.reason);
      lookUpNames();
      const before = host.resources.last('script.update');
      const { state } = host.status();
      take(host, read.value, origin);
      await settles(host, () => !isUpdating(host));
      const after = host.status();
      const script = host.resources.last('script.update');
      const text = `${after.state} (${after.quality})`;
      if (script !== before && script?.value === 'down') return fail('SCRIPT_FAILED', `${text}: the update script has failed`);
      return after.state === state ? { ok: true, value: text } : fail('MODULE_STATE', `${text}: the module has left ${state}`);
    },
    afterClusterChange(hosts, cluster, origin) {
      lookUpNames();
      for (const host of hosts) {
        if (host.status().state === 'STOP') continue;
        take(host, host.active, origin);
        const lans = cluster?.lans.map(({ name }) => name) ?? [];
        for (const { name } of host.active.config.farm?.lans ?? []) {
          if (!lans.includes(name)) host.log(messages.lanGone(name));
        }
      }
    },
  };
}
