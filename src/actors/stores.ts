/** What is kept on disk of the configuration: ports of the module store and the cluster store. They know files, not states. */
import type { ClusterConfig, ConfigProblem, ModuleConfig, ModuleMode } from '../config/types.js';
import type { ClusterAdministration, ClusterReceipt, ModuleAdministration, ModuleExport, Outcome } from './face.js';
import type { ActiveModule } from './ports.js';

/** An installed module, configured or not. */
export interface InstalledModule {
  readonly name: string;
  readonly id: number;
  readonly mode: ModuleMode | null;
  readonly configured: boolean;
  readonly signature: string | null;
  readonly appliedWallMs: number | null;
}

/** Modules on disk. */
export interface ModuleStorePort
  extends Pick<
    ModuleAdministration,
    'package' | 'check' | 'inspect' | 'info' | 'ports' | 'templates' | 'readFile' | 'listFiles' | 'versions' | 'backups'
  > {
  active(): Promise<readonly ActiveModule[]>;
  activeModule(name: string): Promise<ActiveModule | null>;
  list(): Promise<readonly InstalledModule[]>;
  install(
    name: string,
    archive: Uint8Array | null,
    template: string | null,
    id: number | null,
    force: boolean,
  ): Promise<Outcome<InstalledModule>>;
  uninstall(name: string): Promise<Outcome<null>>;
  /** @param admit is asked before anything is changed on disk; what it refuses is refused, with CONF_STATE. */
  apply(
    name: string,
    admit?: (next: ModuleConfig) => Outcome<null>,
  ): Promise<Outcome<{ readonly active: ActiveModule; readonly warnings: readonly ConfigProblem[] }>>;
  deconfigure(name: string): Promise<Outcome<null>>;
  /**
   * Replaces the module by an archive and, if asked to, applies it: all of it or nothing, also when the daemon is killed meanwhile.
   * @param admit as with `apply`
   */
  receive(
    name: string,
    archive: Uint8Array,
    id: number,
    configure: boolean,
    admit: (next: ModuleConfig) => Outcome<null>,
  ): Promise<Outcome<{ readonly active: ActiveModule | null }>>;
  /** Of the edited files. */
  editedSignature(name: string): Promise<Outcome<string>>;
  writeFile(name: string, path: string, content: string, etag: string | null): Promise<Outcome<{ readonly etag: string }>>;
  deleteFile(name: string, path: string, etag: string): Promise<Outcome<null>>;
  restore(name: string, version: string): Promise<Outcome<null>>;
}

/** The cluster configuration that is applied on this node. */
export interface AppliedCluster {
  readonly config: ClusterConfig;
  /** Hex. */
  readonly signature: string;
  readonly appliedWallMs: number;
  readonly encrypted: boolean;
  readonly locked: boolean;
  /** 16 bytes in hex. */
  readonly clusterId: string;
  readonly keyHex: string | null;
  /** Grows by one with every change anywhere in the cluster (ADR 0028). */
  readonly generation: number;
  /** Stands for configuration and key together: nodes with the same one understand each other. 64 hex digits. */
  readonly revision: string;
  /** An administrator has distributed it (`-G`): it may be given to nodes that were away. */
  readonly distributed: boolean;
  /** Revisions that led to this one, newest first. */
  readonly history: readonly string[];
  /** Keys that this node had before, newest first. */
  readonly older: readonly OlderKey[];
  /** How this node came to it when it was not commanded here: it was away, and another node told it. */
  readonly caughtUp: CaughtUp | null;
}
/** A key that was replaced. */
export interface OlderKey {
  readonly keyHex: string | null;
  readonly clusterId: string;
  /** Until then it is as good as the present one. */
  readonly acceptedUntilWallMs: number;
  /** Until then a node that still has it is recognised, named, and given the present one. */
  readonly knownUntilWallMs: number;
}
export interface CaughtUp {
  readonly from: string;
  readonly wallMs: number;
}
/** cluster.xml, keys and lock on disk. */
export interface ClusterStorePort extends Pick<ClusterAdministration, 'check' | 'xml' | 'exportBundle'> {
  /** What is applied, or null. A damaged one is reported by the store and counts as none. */
  load(): Promise<AppliedCluster | null>;
  parse(xml: string): Outcome<ClusterConfig>;
  /** @param acceptOldMs how long the key before is as good as the new one; default 1 hour */
  configure(
    xml: string | null,
    lock: 'lock' | 'unlock' | null,
    acceptOldMs?: number | undefined,
  ): Promise<Outcome<AppliedCluster>>;
  /** Replaces cluster.xml and keeps the key. */
  replaceXml(xml: string): Promise<Outcome<AppliedCluster>>;
  generateKey(acceptOldMs?: number | undefined): Promise<Outcome<null>>;
  deleteKey(acceptOldMs?: number | undefined): Promise<Outcome<null>>;
  importBundle(bundle: Uint8Array): Promise<Outcome<AppliedCluster>>;
  /** Notes that it is distributed now, as a generation not below that one. */
  markDistributed(generation: number): Promise<Outcome<AppliedCluster>>;
  /** Takes over what another node hands out. CONF_STALE where this node has something newer, or something else; CONF_NODE by `admit`. */
  receive(
    bundle: Uint8Array,
    receipt: ClusterReceipt,
    admit: (config: ClusterConfig) => Outcome<null>,
  ): Promise<Outcome<{ readonly applied: AppliedCluster; readonly before: AppliedCluster | null }>>;
  deconfigure(): Promise<Outcome<null>>;
}

/** What was exported with `-E`: the archives, and to whom they are due. */
export interface ExportStorePort {
  list(): Promise<readonly ModuleExport[]>;
  archive(module: string): Promise<Outcome<Uint8Array>>;
  save(exported: ModuleExport, archive: Uint8Array): Promise<Outcome<null>>;
  /** The module was uninstalled here: this node gives it to nobody any more, and does not want it back by itself. */
  retire(module: string): Promise<void>;
}
