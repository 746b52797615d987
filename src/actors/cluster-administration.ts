/**
 * Changes of the cluster's configuration on this node: the store's files, and what membership makes of them.
 * Modules go on running: only the names, networks and keys of the cluster change.
 */

import type { Message } from '../machines/messages.js';
import { messages } from '../machines/messages.js';
import type { Caller, ClusterAdministration, ClusterSummary, Outcome } from './face.js';
import { identify } from './identity.js';
import type { NodeRuntime } from './node-runtime.js';
import type { Host } from './ports.js';
import type { AppliedCluster, ClusterStorePort } from './stores.js';

export interface ClusterAdministrationOptions {
  readonly store: ClusterStorePort;
  readonly runtime: NodeRuntime;
  readonly host: Pick<Host, 'hostname' | 'addresses'>;
  /** The name that the daemon was given; null: found by address. */
  readonly named: string | null;
  readonly summary: () => ClusterSummary;
  readonly note: (caller: Caller, text: string) => void;
  /** The configuration or the keys have changed: listeners and seals follow. Null: there is no cluster any more. */
  readonly onChange: (applied: AppliedCluster | null) => void;
}
export interface ManagedCluster extends ClusterAdministration {
  applied(): AppliedCluster | null;
  /** Reads what is on disk and joins. */
  begin(): Promise<void>;
}

/** Puts the cluster store and membership together. */
export function createClusterAdministration(options: ClusterAdministrationOptions): ManagedCluster {
  const { store, runtime, host, note } = options;
  let applied: AppliedCluster | null = null;

  const whoAmI = (cluster: AppliedCluster['config']): Outcome<string> =>
    identify(cluster, options.named, host.hostname, host.addresses());

  const follow = async (): Promise<void> => {
    applied = await store.load();
    if (applied === null) {
      await runtime.leaveCluster(true);
      options.onChange(null);
      return;
    }
    const self = whoAmI(applied.config);
    if (!self.ok) {
      await runtime.leaveCluster(false);
      runtime.log(messages.transportFailed(null, self.failure.message));
      return;
    }
    const { config, clusterId, keyHex, signature } = applied;
    await runtime.joinCluster({ cluster: config, self: self.value, clusterId, keyHex, signature });
    options.onChange(applied);
  };
  const change = async <T>(
    caller: Caller,
    text: string,
    work: () => Promise<Outcome<T>>,
    line: (value: T) => Message,
    then: () => void = () => undefined,
  ): Promise<Outcome<T>> => {
    const outcome = await work();
    note(caller, outcome.ok ? text : `${text}: ${outcome.failure.message}`);
    if (!outcome.ok) return outcome;
    await follow();
    runtime.log(line(outcome.value));
    then();
    return outcome;
  };
  const summarise = <T>(outcome: Outcome<T>): Outcome<ClusterSummary> =>
    outcome.ok ? { ok: true, value: options.summary() } : outcome;

  return {
    applied: () => applied,
    begin: follow,
    check: (xml) => store.check(xml),
    xml: () => store.xml(),
    exportBundle: () => store.exportBundle(),
    async configure(xml, lock, caller) {
      if (xml !== null) {
        const parsed = store.parse(xml);
        if (parsed.ok) {
          const self = whoAmI(parsed.value);
          if (!self.ok) return self;
        }
      }
      const text = `cluster config${lock === null ? '' : ` ${lock}`}`;
      const outcome = await change(
        caller,
        text,
        () => store.configure(xml, lock),
        (value) => messages.clusterConfigured(value.signature, caller.who),
        () => runtime.updateAll(caller.who),
      );
      return summarise(outcome);
    },
    async importBundle(bundle, caller) {
      const outcome = await change(
        caller,
        'cluster config (bundle)',
        () => store.importBundle(bundle),
        (value) => messages.clusterConfigured(value.signature, caller.who),
        () => runtime.updateAll(caller.who),
      );
      return summarise(outcome);
    },
    generateKey: (caller) =>
      change(
        caller,
        'cluster genkey',
        () => store.generateKey(),
        () => messages.clusterKey('made', caller.who),
      ),
    deleteKey: (caller) =>
      change(
        caller,
        'cluster delkey',
        () => store.deleteKey(),
        () => messages.clusterKey('removed', caller.who),
      ),
    deconfigure: (caller) =>
      change(
        caller,
        'cluster deconfig',
        () => store.deconfigure(),
        () => messages.clusterKey('removed', caller.who),
      ),
  };
}
