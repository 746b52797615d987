/** The directory of users as text: one JSON document, every field looked at when it is read. */
import { createHash } from 'node:crypto';
import type { Role } from '../../actors/face-auth.js';
import { type Directory, directoryLimits, type Entry, entryText, type Invited, mergeDirectories } from './directory.js';

const format = 'holdfast-users';
const version = 1;
type Fields = Readonly<Record<string, unknown>>;

/** Names of users and groups: letters, digits, dots, hyphens, underscores, @; so they are safe in logs, headers and filters. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isRole = (value: unknown): value is Role => value === 'monitor' || value === 'control' || value === 'admin';
const isText = (value: unknown, most = 200): value is string => typeof value === 'string' && value.length <= most;
const isMoment = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function invitedOf(value: unknown): Invited | null | undefined {
  if (value === null) return null;
  if (!isFields(value)) return undefined;
  const { hash, expiresWallMs, node } = value;
  return isText(hash) && isMoment(expiresWallMs) && isText(node) ? { hash, expiresWallMs, node } : undefined;
}

/** Far beyond every clock, and far below where whole numbers end. */
const farMoment = 2 ** 52;
/** Changes that may be unknown here when another node's entries come. */
const changesApart = 2 ** 20;

/**
 * The latest moment that another node's entry may bear. A moment near the end of the whole numbers would leave none for the next change, and this
 * node's own file would be refused as damaged.
 */
export function latestMoment(directory: Directory): number {
  let latest = farMoment;
  for (const { at } of directory.values()) latest = Math.max(latest, at);
  return Math.min(latest + changesApart, Number.MAX_SAFE_INTEGER - changesApart);
}

/** One entry, or null where a field is not what it has to be. */
function entryOf(value: unknown): Entry | null {
  if (!isFields(value)) return null;
  const { kind, name, at, by, role, hash } = value;
  if (!isText(name, 64) || !namePattern.test(name) || !isMoment(at) || !isText(by)) return null;
  const changed = { name, at, by };
  if (kind === 'user') {
    const invited = invitedOf(value['invited']);
    const groups: readonly unknown[] = Array.isArray(value['groups']) ? value['groups'] : [];
    const names = groups.filter((group) => isText(group, 64)).slice(0, directoryLimits.groups);
    if ((role !== null && !isRole(role)) || (hash !== null && !isText(hash, 400)) || invited === undefined) return null;
    return { kind, ...changed, role, groups: names, hash, invited };
  }
  if (kind === 'group') return isRole(role) ? { kind, ...changed, role } : null;
  if (kind === 'token') {
    const { label, createdWallMs, expiresWallMs, owner } = value;
    if (!isText(label) || !isRole(role) || !isText(hash) || !isMoment(createdWallMs) || !isText(owner)) return null;
    if (expiresWallMs !== null && !isMoment(expiresWallMs)) return null;
    return { kind, ...changed, label, role, hash, createdWallMs, expiresWallMs, owner };
  }
  const of = value['of'];
  return kind === 'gone' && (of === 'user' || of === 'group' || of === 'token') ? { kind, ...changed, of } : null;
}

/**
 * Entries from JSON; null where one is not what it has to be, or there are too many.
 * @param latest no entry may bear a later moment; of another node's entries `latestMoment`.
 */
export function entriesOf(value: unknown, latest: number = Number.MAX_SAFE_INTEGER): readonly Entry[] | null {
  if (!Array.isArray(value) || value.length > directoryLimits.entries) return null;
  const entries: Entry[] = [];
  for (const one of value) {
    const entry = entryOf(one);
    if (entry === null || entry.at > latest) return null;
    entries.push(entry);
  }
  return entries;
}

/** The entries in an order of their own: two directories that are the same are the same text. */
export function entriesIn(directory: Directory): readonly Entry[] {
  return [...directory].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

/** Tells two directories apart. */
export function digestOf(directory: Directory): string {
  return createHash('sha256').update(entriesIn(directory).map(entryText).join('\n')).digest('hex');
}

export function writeDirectory(directory: Directory): string {
  return `${JSON.stringify({ format, version, entries: entriesIn(directory) }, null, 1)}\n`;
}

/** Null: the text is no directory of users. */
export function readDirectory(text: string): Directory | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isFields(value) || value['format'] !== format || value['version'] !== version) return null;
  const entries = entriesOf(value['entries']);
  return entries === null ? null : mergeDirectories(new Map(), entries);
}
