/** What stands in SAFEVAR/cluster, and in a bundle: names, limits, and the records beside cluster.xml. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { CaughtUp, OlderKey } from '../actors/stores.js';
import type { ClusterConfig } from '../config/types.js';

export const xmlName = 'cluster.xml';
export const keyName = 'cluster.key';
export const metaName = 'cluster.json';
export const olderName = 'cluster.older';
export const largestFile = 1024 * 1024;
const keyBytes = 32;
/** Revisions that are remembered: a node that missed more changes is told by hand. */
const keptRevisions = 64;
/** Keys that are remembered. */
const keptKeys = 8;
/** How long a key that was replaced is as good as the new one, unless it is said otherwise, in ms. */
export const defaultAcceptOldMs = 60 * 60_000;
/** How long a node that still has it is recognised and given the new one, in ms. */
const knownOldMs = 30 * 24 * 60 * 60_000;

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

/** Stands for configuration and key together, and gives neither away. */
export const revisionOf = (signature: string, clusterId: string): string =>
  createHash('sha256').update(`holdfast cluster revision 1\0${signature}\0${clusterId}`).digest('hex');

export const isKey = (text: string): boolean => new RegExp(`^[0-9a-f]{${keyBytes * 2}}$`).test(text);
export const newKey = (): string => randomBytes(keyBytes).toString('hex');

/** What is known of a configuration besides XML and keys. */
export interface ClusterMeta {
  readonly locked: boolean;
  readonly appliedWallMs: number;
  readonly generation: number;
  readonly distributed: boolean;
  readonly history: readonly string[];
  readonly caughtUp: CaughtUp | null;
}
/** What a bundle says of it; the times of the sender's clock stay with the sender, except the date. */
export interface BundleMeta extends Pick<ClusterMeta, 'locked' | 'appliedWallMs' | 'generation' | 'distributed' | 'history'> {
  /** How much longer the key before is as good as this one, in ms. */
  readonly acceptOldMs: number;
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isRevision = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const fieldsOf = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const fields = Object.fromEntries(Object.entries(value));
    return fields['version'] === 1 ? fields : null;
  } catch {
    return null;
  }
};
const caughtUpOf = (value: unknown): CaughtUp | null =>
  typeof value === 'object' &&
  value !== null &&
  'from' in value &&
  typeof value.from === 'string' &&
  'wallMs' in value &&
  typeof value.wallMs === 'number'
    ? { from: value.from, wallMs: value.wallMs }
    : null;

/** Null when it is damaged. Records of before there were generations count as the first one. */
export const decodeMeta = (text: string): ClusterMeta | null => {
  const fields = fieldsOf(text);
  if (fields === null || typeof fields['locked'] !== 'boolean' || typeof fields['appliedWallMs'] !== 'number') return null;
  const { locked, appliedWallMs, generation, distributed, history, caughtUp } = fields;
  return {
    locked,
    appliedWallMs,
    generation: isCount(generation) ? generation : 1,
    distributed: distributed === true,
    history: Array.isArray(history) ? history.filter(isRevision).slice(0, keptRevisions) : [],
    caughtUp: caughtUpOf(caughtUp),
  };
};
export const encodeMeta = (meta: ClusterMeta): string =>
  `${JSON.stringify({ version: 1, ...meta, history: meta.history.slice(0, keptRevisions) })}\n`;

export const decodeBundleMeta = (text: string): BundleMeta | null => {
  const meta = decodeMeta(text);
  const acceptOldMs = fieldsOf(text)?.['acceptOldMs'];
  if (meta === null) return null;
  return { ...meta, acceptOldMs: isCount(acceptOldMs) ? Math.min(acceptOldMs, knownOldMs) : 0 };
};
export const encodeBundleMeta = (meta: BundleMeta): string =>
  `${JSON.stringify({ version: 1, ...meta, history: meta.history.slice(0, keptRevisions) })}\n`;

/** Keys that can still be of use at that time; times further ahead than they can have been set are cut: the clock went back. */
export const usefulKeys = (keys: readonly OlderKey[], nowMs: number): readonly OlderKey[] =>
  keys
    .map((key) => ({
      ...key,
      acceptedUntilWallMs: Math.min(key.acceptedUntilWallMs, nowMs + knownOldMs),
      knownUntilWallMs: Math.min(key.knownUntilWallMs, nowMs + knownOldMs),
    }))
    .filter((key) => key.knownUntilWallMs > nowMs)
    .slice(0, keptKeys);

/** A key that was the present one until now. */
export const retire = (keyHex: string | null, clusterId: string, nowMs: number, acceptOldMs: number): OlderKey => ({
  keyHex,
  clusterId,
  acceptedUntilWallMs: nowMs + acceptOldMs,
  knownUntilWallMs: nowMs + knownOldMs,
});

export const encodeOlder = (keys: readonly OlderKey[]): string => `${JSON.stringify({ version: 1, keys })}\n`;
/** What is damaged counts as forgotten: nobody is talked to with a key that may be wrong. */
export const decodeOlder = (text: string): readonly OlderKey[] => {
  const keys = fieldsOf(text)?.['keys'];
  if (!Array.isArray(keys)) return [];
  return keys.flatMap((one: unknown): readonly OlderKey[] => {
    if (typeof one !== 'object' || one === null || !('keyHex' in one && 'clusterId' in one)) return [];
    if (!('acceptedUntilWallMs' in one && 'knownUntilWallMs' in one)) return [];
    const { keyHex, clusterId, acceptedUntilWallMs, knownUntilWallMs } = one;
    if (keyHex !== null && (typeof keyHex !== 'string' || !isKey(keyHex))) return [];
    if (typeof clusterId !== 'string' || !/^[0-9a-f]{32}$/.test(clusterId)) return [];
    if (typeof acceptedUntilWallMs !== 'number' || typeof knownUntilWallMs !== 'number') return [];
    return [{ keyHex, clusterId, acceptedUntilWallMs, knownUntilWallMs }];
  });
};
