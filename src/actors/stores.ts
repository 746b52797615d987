/** What is kept on disk of the configuration: ports of the module store and the cluster store. They know files, not states. */
import type { ClusterConfig, ConfigProblem, ModuleConfig, ModuleMode } from '../config/types.js';
import type { ClusterAdministration, ModuleAdministration, Outcome } from './face.js';
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
  extends Pick<ModuleAdministration, 'package' | 'check' | 'info' | 'ports' | 'templates' | 'readFile' | 'listFiles'> {
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
  writeFile(name: string, path: string, content: string, etag: string | null): Promise<Outcome<{ readonly etag: string }>>;
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
}

/** cluster.xml, keys and lock on disk. */
export interface ClusterStorePort extends Pick<ClusterAdministration, 'check' | 'xml' | 'exportBundle'> {
  /** What is applied, or null. A damaged one is reported by the store and counts as none. */
  load(): Promise<AppliedCluster | null>;
  parse(xml: string): Outcome<ClusterConfig>;
  configure(xml: string | null, lock: 'lock' | 'unlock' | null): Promise<Outcome<AppliedCluster>>;
  generateKey(): Promise<Outcome<null>>;
  deleteKey(): Promise<Outcome<null>>;
  importBundle(bundle: Uint8Array): Promise<Outcome<AppliedCluster>>;
  deconfigure(): Promise<Outcome<null>>;
}
