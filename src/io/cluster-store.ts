/**
 * The cluster configuration of a node on disk: SAFEVAR/cluster with cluster.xml, the key (mode 0600) and what belongs to them (section 1.3
 * of the compatibility page). The three are replaced together, in one step that a crash cannot leave half done.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Outcome } from '../actors/face.js';
import type { AppliedCluster, ClusterStorePort } from '../actors/stores.js';
import { parseClusterXml } from '../config/cluster-config.js';
import type { ClusterConfig, ConfigProblem, ConfigResult } from '../config/types.js';
import { packArchive, unpackArchive } from './modules/archive.js';
import { discardStaged, readPlain, recoverDirectory, replaceDirectory, stageDirectory, writeStaged } from './modules/files.js';
import { ExpectedFailure, outcomeOf } from './modules/names.js';
import { createSerial } from './modules/serial.js';
import { decodeText } from './modules/text.js';

export interface ClusterStoreOptions {
  readonly safevar: string;
  readonly wallMs: () => number;
  /** What is wrong on disk and was survived. */
  readonly onProblem: (reason: string) => void;
  /** Default: that of `src/config`. */
  readonly parse?: (text: string, fileName: string) => ConfigResult<ClusterConfig>;
}

const xmlName = 'cluster.xml';
const keyName = 'cluster.key';
const metaName = 'cluster.json';
const largestFile = 1024 * 1024;
const keyBytes = 32;

interface Stored {
  readonly xml: Buffer;
  readonly keyHex: string | null;
  readonly locked: boolean;
  readonly appliedWallMs: number;
}

/** JSON with its keys in order: two configurations that mean the same are the same text. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
};

/** The same on all nodes with the same configuration, whatever the file's layout and comments; the key is no part of it. SHA-256 in hex. */
export const clusterSignature = (config: ClusterConfig): string =>
  createHash('sha256').update('holdfast cluster configuration 1\0').update(canonical(config)).digest('hex');

/**
 * Tells clusters apart on one network: 16 bytes in hex, from the key, so that nodes with another key are strangers at once; without a key
 * from the configuration. It can be sent in the clear: the key cannot be got from it.
 */
export const clusterIdOf = (keyHex: string | null, signature: string): string =>
  keyHex === null
    ? createHash('sha256').update('holdfast cluster id 1\0').update(signature).digest('hex').slice(0, 32)
    : createHmac('sha256', Buffer.from(keyHex, 'hex')).update('holdfast cluster id 1').digest('hex').slice(0, 32);

const isKey = (text: string): boolean => new RegExp(`^[0-9a-f]{${keyBytes * 2}}$`).test(text);
const newKey = (): string => randomBytes(keyBytes).toString('hex');

const describe = (problems: readonly ConfigProblem[]): string =>
  `cluster.xml has ${problems.length} error${problems.length === 1 ? '' : 's'}.`;

const decodeMeta = (text: string): { readonly locked: boolean; readonly appliedWallMs: number } | null => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return null;
    if (!('locked' in value) || typeof value.locked !== 'boolean') return null;
    if (!('appliedWallMs' in value) || typeof value.appliedWallMs !== 'number') return null;
    return { locked: value.locked, appliedWallMs: value.appliedWallMs };
  } catch {
    return null;
  }
};

/** What a bundle may hold. SafeKit's cluster_ip.xml (resolved addresses) is accepted and not used: addresses are resolved anew. */
const bundleProblem = (path: string): string | null =>
  path === xmlName || path === keyName || path === 'cluster_ip.xml' ? null : `only ${xmlName} and ${keyName} belong in a bundle`;

const bundleLimits = {
  archiveBytes: 2 * largestFile,
  entries: 3,
  fileBytes: largestFile,
  totalBytes: 2 * largestFile,
  ratio: 1000,
  ratioFromBytes: largestFile,
} as const;

/** Changes run one after the other. Failures: CONF_INVALID, CONF_NONE, CONF_LOCKED, MODULE_ARCHIVE (bundle), DISK; nothing is changed then. */
export const createClusterStore = (options: ClusterStoreOptions): ClusterStorePort => {
  const directory = join(options.safevar, 'cluster');
  const parse = options.parse ?? parseClusterXml;
  const serial = createSerial();

  let recovery: Promise<void> | null = null;
  const recovered = (): Promise<void> => {
    recovery ??= (async () => {
      try {
        const restored = await recoverDirectory(dirname(directory), basename(directory));
        if (restored.length > 0) options.onProblem('An interrupted change of the cluster configuration was undone.');
      } catch (error) {
        options.onProblem(`${options.safevar} cannot be tidied up: ${error instanceof Error ? error.message : String(error)}`);
      }
    })();
    return recovery;
  };
  const change = <T>(work: () => Promise<T>): Promise<Outcome<T>> =>
    outcomeOf(async () => {
      await recovered();
      return serial(directory, work);
    });

  const read = async (): Promise<Stored | null> => {
    const xml = await readPlain(join(directory, xmlName), largestFile);
    if (xml === null) return null;
    const key = await readPlain(join(directory, keyName), largestFile);
    const meta = await readPlain(join(directory, metaName), largestFile);
    const keyHex = key === null ? null : key.bytes.toString('utf8').trim();
    // Going on without a key would talk in the clear to whoever listens: a damaged one is no key removed.
    if (keyHex !== null && !isKey(keyHex))
      throw new ExpectedFailure('CONF_INVALID', `${keyName} is damaged; import it again from another node.`);
    const known = meta === null ? null : decodeMeta(meta.bytes.toString('utf8'));
    if (known === null) options.onProblem(`${metaName} is missing or damaged: the configuration counts as not locked.`);
    return { xml: xml.bytes, keyHex, locked: known?.locked ?? false, appliedWallMs: known?.appliedWallMs ?? xml.info.mtimeMs };
  };

  const applied = (stored: Stored, config: ClusterConfig): AppliedCluster => {
    const signature = clusterSignature(config);
    return {
      config,
      signature,
      appliedWallMs: stored.appliedWallMs,
      encrypted: stored.keyHex !== null,
      locked: stored.locked,
      clusterId: clusterIdOf(stored.keyHex, signature),
      keyHex: stored.keyHex,
    };
  };

  const configOf = (xml: Uint8Array | string): ClusterConfig => {
    const parsed = parse(typeof xml === 'string' ? xml : decodeText(xml), xmlName);
    if (!parsed.ok) throw new ExpectedFailure('CONF_INVALID', describe(parsed.problems), parsed.problems);
    return parsed.value;
  };

  const write = async (stored: Stored): Promise<AppliedCluster> => {
    const config = configOf(stored.xml);
    await mkdir(options.safevar, { recursive: true });
    const staged = await stageDirectory(directory);
    try {
      await chmod(staged, 0o700);
      await writeStaged(join(staged, xmlName), stored.xml, false);
      if (stored.keyHex !== null) await writeStaged(join(staged, keyName), `${stored.keyHex}\n`, 'private');
      const meta = { version: 1, locked: stored.locked, appliedWallMs: stored.appliedWallMs };
      await writeStaged(join(staged, metaName), `${JSON.stringify(meta)}\n`, false);
      await replaceDirectory(directory, staged);
    } catch (error) {
      await discardStaged(directory);
      throw error;
    }
    return applied(stored, config);
  };

  const requireConfigured = async (): Promise<Stored> => {
    const stored = await read();
    if (stored === null) throw new ExpectedFailure('CONF_NONE', 'There is no cluster configuration yet.');
    return stored;
  };
  const requireUnlocked = (stored: Stored | null): void => {
    if (stored?.locked === true)
      throw new ExpectedFailure('CONF_LOCKED', "The cluster configuration is locked; repeat the command with 'unlock'.");
  };
  /** A damaged configuration must not keep a new one from being applied. */
  const readOrNothing = (): Promise<Stored | null> =>
    read().catch((error: unknown) => {
      if (!(error instanceof ExpectedFailure)) throw error;
      options.onProblem(error.message);
      return null;
    });

  return {
    load: async () => {
      await recovered();
      try {
        return await serial(directory, async () => {
          const stored = await read();
          return stored === null ? null : applied(stored, configOf(stored.xml));
        });
      } catch (error) {
        options.onProblem(`The cluster configuration cannot be read: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      }
    },
    parse: (xml) => {
      const parsed = parse(xml, xmlName);
      return parsed.ok
        ? { ok: true, value: parsed.value }
        : { ok: false, failure: { code: 'CONF_INVALID', message: describe(parsed.problems), problems: parsed.problems } };
    },
    check: (xml) => {
      const parsed = parse(xml, xmlName);
      return parsed.ok
        ? { ok: true, value: { config: parsed.value, warnings: parsed.warnings } }
        : { ok: false, failure: { code: 'CONF_INVALID', message: describe(parsed.problems), problems: parsed.problems } };
    },
    configure: (xml, lock) =>
      change(async () => {
        const before = xml === null ? await requireConfigured() : await readOrNothing();
        if (lock !== 'unlock') requireUnlocked(before);
        const bytes = xml === null ? (before?.xml ?? Buffer.alloc(0)) : Buffer.from(xml, 'utf8');
        return write({ xml: bytes, keyHex: newKey(), locked: lock === 'lock', appliedWallMs: options.wallMs() });
      }),
    xml: () => change(async () => decodeText((await requireConfigured()).xml)),
    generateKey: () =>
      change(async () => {
        const stored = await requireConfigured();
        requireUnlocked(stored);
        await write({ ...stored, keyHex: newKey() });
        return null;
      }),
    deleteKey: () =>
      change(async () => {
        const stored = await requireConfigured();
        requireUnlocked(stored);
        await write({ ...stored, keyHex: null });
        return null;
      }),
    exportBundle: () =>
      change(async () => {
        const { xml, keyHex } = await requireConfigured();
        const key = keyHex === null ? [] : [{ path: keyName, bytes: Buffer.from(`${keyHex}\n`), executable: false }];
        return new Uint8Array(await packArchive([...key, { path: xmlName, bytes: xml, executable: false }]));
      }),
    importBundle: (bundle) =>
      change(async () => {
        requireUnlocked(await readOrNothing());
        const files = await unpackArchive(bundle, bundleLimits, bundleProblem);
        const xml = files.find(({ path }) => path === xmlName);
        if (xml === undefined) throw new ExpectedFailure('MODULE_ARCHIVE', `The bundle is refused: it has no ${xmlName}.`);
        const key =
          files
            .find(({ path }) => path === keyName)
            ?.bytes.toString('utf8')
            .trim() ?? null;
        if (key !== null && !isKey(key))
          throw new ExpectedFailure('MODULE_ARCHIVE', `The bundle is refused: its ${keyName} is damaged.`);
        return write({ xml: xml.bytes, keyHex: key, locked: false, appliedWallMs: options.wallMs() });
      }),
    deconfigure: () =>
      change(async () => {
        requireUnlocked(await readOrNothing());
        await replaceDirectory(directory, null);
        return null;
      }),
  };
};
