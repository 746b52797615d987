/**
 * The cluster configuration of a node on disk: SAFEVAR/cluster with cluster.xml, the key (mode 0600) and what belongs to them (section 1.3
 * of the compatibility page). The three are replaced together, in one step that a crash cannot leave half done.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ClusterReceipt, Outcome } from '../actors/face.js';
import type { AppliedCluster, ClusterStorePort, OlderKey } from '../actors/stores.js';
import { parseClusterXml } from '../config/cluster-config.js';
import type { ClusterConfig, ConfigProblem, ConfigResult } from '../config/types.js';
import {
  type BundleMeta,
  type ClusterMeta,
  clusterIdOf,
  clusterSignature,
  decodeBundleMeta,
  decodeMeta,
  decodeOlder,
  defaultAcceptOldMs,
  encodeBundleMeta,
  encodeMeta,
  encodeOlder,
  isKey,
  keyName,
  largestFile,
  metaName,
  newKey,
  olderName,
  retire,
  revisionOf,
  usefulKeys,
  xmlName,
} from './cluster-files.js';
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

interface Stored extends ClusterMeta {
  readonly xml: Buffer;
  readonly keyHex: string | null;
  readonly older: readonly OlderKey[];
}

const describe = (problems: readonly ConfigProblem[]): string =>
  `cluster.xml has ${problems.length} error${problems.length === 1 ? '' : 's'}.`;

/** What a bundle may hold. SafeKit's cluster_ip.xml (resolved addresses) is accepted and not used: addresses are resolved anew. */
const bundleProblem = (path: string): string | null =>
  [xmlName, keyName, metaName, 'cluster_ip.xml'].includes(path) ? null : `only ${xmlName} and ${keyName} belong in a bundle`;

const bundleLimits = {
  archiveBytes: 2 * largestFile,
  entries: 4,
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
    const older = await readPlain(join(directory, olderName), largestFile);
    return {
      locked: false,
      appliedWallMs: xml.info.mtimeMs,
      generation: 1,
      distributed: false,
      history: [],
      caughtUp: null,
      ...known,
      xml: xml.bytes,
      keyHex,
      older: older === null ? [] : usefulKeys(decodeOlder(older.bytes.toString('utf8')), options.wallMs()),
    };
  };

  const applied = (stored: Stored, config: ClusterConfig): AppliedCluster => {
    const signature = clusterSignature(config);
    const clusterId = clusterIdOf(stored.keyHex, signature);
    const { xml: _, ...rest } = stored;
    return {
      ...rest,
      config,
      signature,
      encrypted: stored.keyHex !== null,
      clusterId,
      revision: revisionOf(signature, clusterId),
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
      const { xml: _, keyHex: __, older, ...meta } = stored;
      if (older.length > 0) await writeStaged(join(staged, olderName), encodeOlder(older), 'private');
      await writeStaged(join(staged, metaName), encodeMeta(meta), false);
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

  /** Null where what is there cannot be read any more: it must not keep a new configuration from being applied. */
  const understood = (stored: Stored): AppliedCluster | null => {
    const parsed = parse(decodeText(stored.xml), xmlName);
    return parsed.ok ? applied(stored, parsed.value) : null;
  };
  /** What follows on what was there: another generation, and the key before is kept for a while. */
  const successor = (before: Stored | null, next: Pick<Stored, 'xml' | 'keyHex' | 'locked'>, acceptOldMs: number): Stored => {
    const nowMs = options.wallMs();
    const was = before === null ? null : understood(before);
    const older = was?.older ?? [];
    return {
      ...next,
      appliedWallMs: nowMs,
      generation: (was?.generation ?? 0) + 1,
      distributed: false,
      history: was === null ? [] : [was.revision, ...was.history],
      caughtUp: null,
      older: was === null || was.keyHex === next.keyHex ? older : withRetired(older, was, next.keyHex, nowMs, acceptOldMs),
    };
  };
  const withRetired = (
    older: readonly OlderKey[],
    was: Pick<AppliedCluster, 'keyHex' | 'clusterId'>,
    keyHex: string | null,
    nowMs: number,
    acceptOldMs: number,
  ): readonly OlderKey[] => {
    // An end that was set before is never put off, and none is later than that of the key that came after: whoever stole one has waited for it.
    const earlier = older.map((key) => ({ ...key, acceptedUntilWallMs: Math.min(key.acceptedUntilWallMs, nowMs + acceptOldMs) }));
    const others = earlier.filter((key) => key.keyHex !== keyHex && key.keyHex !== was.keyHex);
    return usefulKeys([retire(was.keyHex, was.clusterId, nowMs, acceptOldMs), ...others], nowMs);
  };

  interface Bundle {
    readonly xml: Buffer;
    readonly keyHex: string | null;
    readonly meta: BundleMeta | null;
  }
  const openBundle = async (bundle: Uint8Array): Promise<Bundle> => {
    const files = await unpackArchive(bundle, bundleLimits, bundleProblem);
    const textOf = (name: string): string | null =>
      files
        .find(({ path }) => path === name)
        ?.bytes.toString('utf8')
        .trim() ?? null;
    const xml = files.find(({ path }) => path === xmlName);
    if (xml === undefined) throw new ExpectedFailure('MODULE_ARCHIVE', `The bundle is refused: it has no ${xmlName}.`);
    const keyHex = textOf(keyName);
    if (keyHex !== null && !isKey(keyHex))
      throw new ExpectedFailure('MODULE_ARCHIVE', `The bundle is refused: its ${keyName} is damaged.`);
    const meta = textOf(metaName);
    return { xml: xml.bytes, keyHex, meta: meta === null ? null : decodeBundleMeta(meta) };
  };
  /** What a bundle makes of this node's configuration; its generation and history go along. */
  const takenOver = (before: Stored | null, { xml, keyHex, meta }: Bundle, caughtUp: Stored['caughtUp']): Stored => {
    const next = successor(before, { xml, keyHex, locked: meta?.locked ?? false }, meta?.acceptOldMs ?? defaultAcceptOldMs);
    if (meta === null) return next;
    const { generation, distributed, history } = meta;
    return { ...next, appliedWallMs: meta.appliedWallMs, generation, distributed, history, caughtUp };
  };
  const date = (wallMs: number): string => new Date(wallMs).toISOString();
  /** Why what another node hands out is not taken over; null where it is (ADR 0028). */
  const staleness = (mine: AppliedCluster, bundle: Bundle, revision: string, rule: ClusterReceipt['rule']): string | null => {
    const { meta } = bundle;
    if (meta === null) return 'the bundle does not say which generation it is';
    if (rule === 'force' || mine.revision === revision || meta.history.includes(mine.revision)) return null;
    const own = `generation ${mine.generation} of ${date(mine.appliedWallMs)}`;
    const theirs = `generation ${meta.generation} of ${date(meta.appliedWallMs)}`;
    if (mine.history.includes(revision)) return `this node has ${own}, which is newer than ${theirs}`;
    if (rule === 'distribute' && !mine.distributed) return null;
    return `this node has ${own}, which did not come before ${theirs}: both were made apart from each other`;
  };

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
    configure: (xml, lock, acceptOldMs = defaultAcceptOldMs) =>
      change(async () => {
        const before = xml === null ? await requireConfigured() : await readOrNothing();
        if (lock !== 'unlock') requireUnlocked(before);
        const bytes = xml === null ? (before?.xml ?? Buffer.alloc(0)) : Buffer.from(xml, 'utf8');
        return write(successor(before, { xml: bytes, keyHex: newKey(), locked: lock === 'lock' }, acceptOldMs));
      }),
    replaceXml: (xml) =>
      change(async () => {
        const before = await requireConfigured();
        requireUnlocked(before);
        const { keyHex, locked } = before;
        return write(successor(before, { xml: Buffer.from(xml, 'utf8'), keyHex, locked }, defaultAcceptOldMs));
      }),
    xml: () => change(async () => decodeText((await requireConfigured()).xml)),
    generateKey: (acceptOldMs = defaultAcceptOldMs) =>
      change(async () => {
        const stored = await requireConfigured();
        requireUnlocked(stored);
        const { appliedWallMs } = stored;
        await write({ ...successor(stored, { ...stored, keyHex: newKey() }, acceptOldMs), appliedWallMs });
        return null;
      }),
    deleteKey: (acceptOldMs = defaultAcceptOldMs) =>
      change(async () => {
        const stored = await requireConfigured();
        requireUnlocked(stored);
        const { appliedWallMs } = stored;
        await write({ ...successor(stored, { ...stored, keyHex: null }, acceptOldMs), appliedWallMs });
        return null;
      }),
    exportBundle: () =>
      change(async () => {
        const stored = await requireConfigured();
        const { xml, keyHex, older, locked, appliedWallMs, generation, distributed, history } = stored;
        const key = keyHex === null ? [] : [{ path: keyName, bytes: Buffer.from(`${keyHex}\n`), executable: false }];
        const acceptOldMs = Math.max(0, (older[0]?.acceptedUntilWallMs ?? 0) - options.wallMs());
        const meta = encodeBundleMeta({ locked, appliedWallMs, generation, distributed, history, acceptOldMs });
        const files = [...key, { path: xmlName, bytes: xml, executable: false }];
        return new Uint8Array(await packArchive([...files, { path: metaName, bytes: Buffer.from(meta), executable: false }]));
      }),
    importBundle: (bundle) =>
      change(async () => {
        const before = await readOrNothing();
        requireUnlocked(before);
        return write(takenOver(before, await openBundle(bundle), null));
      }),
    markDistributed: (generation) =>
      change(async () => {
        const stored = await requireConfigured();
        return write({ ...stored, distributed: true, generation: Math.max(generation, stored.generation) });
      }),
    receive: (bundle, receipt, admit) =>
      change(async () => {
        const stored = await readOrNothing();
        const opened = await openBundle(bundle);
        const config = configOf(opened.xml);
        const admitted = admit(config);
        if (!admitted.ok) throw new ExpectedFailure('CONF_NODE', admitted.failure.message, []);
        const signature = clusterSignature(config);
        const revision = revisionOf(signature, clusterIdOf(opened.keyHex, signature));
        const before = stored === null ? null : understood(stored);
        if (before !== null) {
          const problem = staleness(before, opened, revision, receipt.rule);
          if (problem !== null) throw new ExpectedFailure('CONF_STALE', `Not taken over: ${problem}.`, []);
        }
        const caughtUp = receipt.rule === 'catchUp' ? { from: receipt.from, wallMs: options.wallMs() } : null;
        // The same configuration: what is new is only that it is distributed, and as which generation.
        const same = stored !== null && before?.revision === revision;
        if (same && before !== null && receipt.rule === 'catchUp' && stored.generation >= (opened.meta?.generation ?? 0))
          throw new ExpectedFailure('CONF_STALE', 'This node has that configuration already.', []);
        const next = takenOver(stored, opened, same ? stored.caughtUp : caughtUp);
        return { applied: await write(same ? { ...next, older: stored.older } : next), before };
      }),
    deconfigure: () =>
      change(async () => {
        requireUnlocked(await readOrNothing());
        await replaceDirectory(directory, null);
        return null;
      }),
  };
};
