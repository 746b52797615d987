/**
 * Changes of the cluster's configuration on this node: the store's files, and what membership makes of them.
 * Modules go on running: only the names, networks and keys of the cluster change.
 */

import type { Message } from '../machines/messages.js';
import { messages } from '../machines/messages.js';
import type { Caller, ClusterAdministration, ClusterNodeInfo, ClusterSummary, ModuleExport, NodeHttps, Outcome } from './face.js';
import { identify } from './identity.js';
import type { NodeRuntime } from './node-runtime.js';
import type { Host, TransportKey } from './ports.js';
import type { AppliedCluster, ClusterStorePort, InstalledModule } from './stores.js';

export interface ClusterAdministrationOptions {
  readonly store: ClusterStorePort;
  readonly runtime: NodeRuntime;
  readonly host: Pick<Host, 'hostname' | 'addresses'>;
  /** The name that the daemon was given; null: found by address. */
  readonly named: string | null;
  readonly summary: () => ClusterSummary;
  readonly wallMs: () => number;
  readonly version: string;
  readonly modules: () => readonly InstalledModule[];
  readonly exports: () => Promise<readonly ModuleExport[]>;
  readonly https: () => NodeHttps;
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
  /** What membership runs with. */
  let joined: AppliedCluster | null = null;

  const whoAmI = (cluster: AppliedCluster['config']): Outcome<string> =>
    identify(cluster, options.named, host.hostname, host.addresses());

  const follow = async (): Promise<void> => {
    applied = await store.load();
    if (applied === null) {
      joined = null;
      await runtime.leaveCluster(true);
      options.onChange(null);
      return;
    }
    const self = whoAmI(applied.config);
    if (!self.ok) {
      joined = null;
      await runtime.leaveCluster(false);
      runtime.log(messages.transportFailed(null, self.failure.message));
      return;
    }
    const { config, clusterId, keyHex, signature } = applied;
    const older = transportKeys(applied);
    const keys = { clusterId, keyHex, older };
    const before =
      joined?.signature === signature && runtime.node === self.value && runtime.membership() !== null ? joined : null;
    // With the same nodes and lans nobody needs to be lost: keys change while it runs, and names are looked up again.
    if (before === null) await runtime.joinCluster({ cluster: config, self: self.value, signature, ...keys });
    else {
      const known = [before.clusterId, ...before.older.map((one) => [one.clusterId, one.acceptedUntilWallMs])];
      const now = [clusterId, ...applied.older.map((one) => [one.clusterId, one.acceptedUntilWallMs])];
      if (JSON.stringify(known) !== JSON.stringify(now)) runtime.rekeyCluster(keys);
    }
    joined = applied;
    options.onChange(applied);
  };
  const transportKeys = (cluster: AppliedCluster): readonly TransportKey[] =>
    cluster.older.map((key) => ({
      keyHex: key.keyHex,
      clusterId: key.clusterId,
      acceptedForMs: Math.max(0, key.acceptedUntilWallMs - options.wallMs()),
    }));
  const change = async <T>(
    caller: Caller,
    text: string,
    work: () => Promise<Outcome<T>>,
    line: (value: T) => Message,
    then: (value: T) => void = () => undefined,
  ): Promise<Outcome<T>> => {
    const outcome = await work();
    note(caller, outcome.ok ? text : `${text}: ${outcome.failure.message}`);
    if (!outcome.ok) return outcome;
    await follow();
    runtime.log(line(outcome.value));
    then(outcome.value);
    return outcome;
  };
  const summarise = <T>(outcome: Outcome<T>): Outcome<ClusterSummary> =>
    outcome.ok ? { ok: true, value: options.summary() } : outcome;

  const iso = (wallMs: number): string => new Date(wallMs).toISOString();
  const info = async (): Promise<ClusterNodeInfo> => {
    const caughtUp = applied?.caughtUp ?? null;
    const oldUntil = Math.max(0, ...(applied?.older ?? []).map((key) => key.acceptedUntilWallMs));
    return {
      node: runtime.node,
      version: options.version,
      configured: applied !== null,
      signature: applied?.signature ?? null,
      configuredAt: applied === null ? null : iso(applied.appliedWallMs),
      locked: applied?.locked ?? false,
      encrypted: applied?.encrypted ?? false,
      generation: applied?.generation ?? 0,
      revision: applied?.revision ?? null,
      distributed: applied?.distributed ?? false,
      history: applied?.history ?? [],
      oldKeyUntil: oldUntil > options.wallMs() ? iso(oldUntil) : null,
      caughtUp: caughtUp === null ? null : { from: caughtUp.from, at: iso(caughtUp.wallMs) },
      refused: runtime.refused(),
      https: options.https(),
      modules: options.modules().map((module) => ({
        name: module.name,
        id: module.id,
        mode: module.mode,
        configured: module.configured,
        signature: module.signature,
        appliedAt: module.appliedWallMs === null ? null : iso(module.appliedWallMs),
      })),
      exports: await options.exports(),
    };
  };
  const informed = async <T>(outcome: Outcome<T>): Promise<Outcome<ClusterNodeInfo>> =>
    outcome.ok ? { ok: true, value: await info() } : outcome;
  const mustBeHere = (xml: string): Outcome<null> => {
    const parsed = store.parse(xml);
    if (!parsed.ok) return { ok: true, value: null };
    const self = whoAmI(parsed.value);
    return self.ok ? { ok: true, value: null } : self;
  };

  return {
    applied: () => applied,
    info,
    async replaceXml(xml, caller) {
      const here = mustBeHere(xml);
      if (!here.ok) return here;
      const outcome = await change(
        caller,
        'cluster config (key kept)',
        () => store.replaceXml(xml),
        (value) => messages.clusterConfigured(value.signature, caller.who),
        () => runtime.updateAll(caller.who),
      );
      return summarise(outcome);
    },
    updateModules: (caller) => runtime.updateAll(caller.who),
    markDistributed: async (generation, caller, nodes) =>
      informed(
        await change(
          caller,
          'cluster distribute (-G)',
          () => store.markDistributed(generation),
          (value) => messages.clusterDistributed(value.generation, nodes, caller.who),
        ),
      ),
    receive: async (bundle, receipt, caller) =>
      // Several nodes may offer the same at the same time.
      informed(
        await change(
          caller,
          `cluster configuration from ${receipt.from} (${receipt.rule})`,
          () =>
            store.receive(bundle, receipt, (config) => {
              const self = whoAmI(config);
              return self.ok ? { ok: true, value: null } : self;
            }),
          ({ applied: now }) => messages.clusterReceived(receipt.from, now.generation, receipt.rule === 'catchUp'),
          ({ applied: now, before }) => {
            // Another key is of no concern to modules; everything else is, and names are looked up again.
            if (before?.signature !== now.signature || before.clusterId === now.clusterId) runtime.updateAll(caller.who);
          },
        ),
      ),
    begin: follow,
    check: (xml) => store.check(xml),
    xml: () => store.xml(),
    exportBundle: () => store.exportBundle(),
    async configure(xml, lock, caller, acceptOldMs) {
      const here = xml === null ? null : mustBeHere(xml);
      if (here !== null && !here.ok) return here;
      const text = `cluster config${lock === null ? '' : ` ${lock}`}`;
      const outcome = await change(
        caller,
        text,
        () => store.configure(xml, lock, acceptOldMs),
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
    generateKey: (caller, acceptOldMs) =>
      change(
        caller,
        'cluster genkey',
        () => store.generateKey(acceptOldMs),
        () => messages.clusterKey('made', caller.who),
      ),
    deleteKey: (caller, acceptOldMs) =>
      change(
        caller,
        'cluster delkey',
        () => store.deleteKey(acceptOldMs),
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
