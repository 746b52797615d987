/**
 * The users, groups and tokens of a cluster as data: one entry each, with the moment of its last change. Directories of two nodes are put
 * together entry by entry, the newest change wins; what was deleted stays as an entry that says so, so that it does not come back from a
 * node that was away. Pure: no files, no clock.
 */
import type { Role } from '../../actors/face-auth.js';

export interface Invited {
  /** SHA-256 of the code, base64url. */
  readonly hash: string;
  readonly expiresWallMs: number;
  readonly node: string;
}
interface Changed {
  readonly name: string;
  /** Hybrid clock: the wall clock's ms of the last change, and always more than every change that the node had seen by then. */
  readonly at: number;
  /** The node where it was changed; decides between two changes of the same ms. */
  readonly by: string;
}
export interface UserEntry extends Changed {
  readonly kind: 'user';
  readonly role: Role | null;
  readonly groups: readonly string[];
  /** As `hashPassword` writes it, or as Apache's htpasswd did; null: no password. */
  readonly hash: string | null;
  readonly invited: Invited | null;
}
export interface GroupEntry extends Changed {
  readonly kind: 'group';
  readonly role: Role;
}
/** `name` is the token's id. */
export interface TokenEntry extends Changed {
  readonly kind: 'token';
  readonly label: string;
  readonly role: Role;
  /** SHA-256 of the secret, base64url. */
  readonly hash: string;
  readonly createdWallMs: number;
  readonly expiresWallMs: number | null;
  readonly owner: string;
}
export interface GoneEntry extends Changed {
  readonly kind: 'gone';
  readonly of: 'user' | 'group' | 'token';
}
export type Entry = UserEntry | GroupEntry | TokenEntry | GoneEntry;
export type Directory = ReadonlyMap<string, Entry>;

export const directoryLimits = { users: 1000, groups: 200, tokens: 1000, entries: 8000, goneKeptMs: 400 * 86_400_000 } as const;

export const keyOf = (kind: 'user' | 'group' | 'token', name: string): string => `${kind} ${name}`;
const keyOfEntry = (entry: Entry): string => keyOf(entry.kind === 'gone' ? entry.of : entry.kind, entry.name);

/** An entry as text, its fields in an order of their own: two that mean the same are the same text, however they were made. */
export function entryText(entry: Entry): string {
  const { invited, ...rest }: { readonly invited?: Invited | null } & Readonly<Record<string, unknown>> = { ...entry };
  const pairs = (value: object): readonly unknown[] => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([pairs(rest), invited == null ? null : pairs(invited)]);
}

/** Whether `one` is the newer of two entries of the same thing. A token that was revoked never comes back. */
function isNewer(one: Entry, other: Entry): boolean {
  const [gone, otherGone] = [one.kind === 'gone' && one.of === 'token', other.kind === 'gone' && other.of === 'token'];
  if (gone !== otherGone) return gone;
  if (one.at !== other.at) return one.at > other.at;
  if (one.by !== other.by) return one.by > other.by;
  return entryText(one) > entryText(other);
}

/** Both directories as one; the same whichever comes first. */
export function mergeDirectories(one: Directory, other: Iterable<Entry>): Directory {
  const merged = new Map(one);
  for (const entry of other) {
    const key = keyOfEntry(entry);
    const present = merged.get(key);
    if (present === undefined || isNewer(entry, present)) merged.set(key, entry);
  }
  return merged;
}

/** A later moment than all of the directory: the wall clock's, unless an entry is ahead of it. */
export function nextMoment(directory: Directory, wallMs: number): number {
  let latest = 0;
  for (const { at } of directory.values()) if (at > latest) latest = at;
  return Math.max(Math.floor(wallMs), latest + 1);
}

/** Without the traces of what was deleted so long ago that no node can be behind. */
export function withoutOld(directory: Directory, wallMs: number): Directory {
  const old = wallMs - directoryLimits.goneKeptMs;
  return new Map([...directory].filter(([, entry]) => entry.kind !== 'gone' || entry.at > old));
}

export function usersOf(directory: Directory): readonly UserEntry[] {
  return [...directory.values()].filter((entry) => entry.kind === 'user').sort((a, b) => (a.name < b.name ? -1 : 1));
}
export function groupsOf(directory: Directory): readonly GroupEntry[] {
  return [...directory.values()].filter((entry) => entry.kind === 'group').sort((a, b) => (a.name < b.name ? -1 : 1));
}
export function tokensOf(directory: Directory): readonly TokenEntry[] {
  return [...directory.values()].filter((entry) => entry.kind === 'token').sort((a, b) => a.createdWallMs - b.createdWallMs);
}
export function userOf(directory: Directory, name: string): UserEntry | null {
  const entry = directory.get(keyOf('user', name));
  return entry?.kind === 'user' ? entry : null;
}
export function groupOf(directory: Directory, name: string): GroupEntry | null {
  const entry = directory.get(keyOf('group', name));
  return entry?.kind === 'group' ? entry : null;
}

const rank = { monitor: 1, control: 2, admin: 3 } as const satisfies Readonly<Record<Role, number>>;
/** The greatest of some roles; null of none. */
export function greatestRole(roles: readonly (Role | null)[]): Role | null {
  let greatest: Role | null = null;
  for (const role of roles) if (role !== null && (greatest === null || rank[role] > rank[greatest])) greatest = role;
  return greatest;
}
/** What a user may do: the greatest of its own role and those of its groups. */
export function effectiveRole(directory: Directory, user: UserEntry): Role | null {
  return greatestRole([user.role, ...user.groups.map((name) => groupOf(directory, name)?.role ?? null)]);
}
