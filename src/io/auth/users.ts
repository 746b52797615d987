/** The users and groups of the directory: what can be asked and changed, and what every change is checked for. */
import { createHash, randomBytes } from 'node:crypto';
import type { Caller, Outcome } from '../../actors/face.js';
import type { GroupSummary, Invitation, UserAdministration, UserChange, UserSummary } from '../../actors/face-auth.js';
import { ExpectedFailure, outcomeOf } from '../modules/names.js';
import {
  type Directory,
  directoryLimits,
  type Entry,
  effectiveRole,
  groupOf,
  groupsOf,
  type Invited,
  type UserEntry,
  userOf,
  usersOf,
} from './directory.js';
import { namePattern } from './directory-file.js';
import { type Passwords, passwordProblem } from './passwords.js';
import type { DirectoryStore } from './store.js';

/** How long a one-time link is good for. */
export const invitationMs = 30 * 60_000;

export interface UsersOptions {
  readonly store: DirectoryStore;
  readonly passwords: Passwords;
  readonly node: () => string;
  readonly wallMs: () => number;
  /** For the command log. */
  readonly note: (caller: Caller, text: string) => void;
}
/** What of a code is kept. */
export const digestOfSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

const iso = (wallMs: number): string => new Date(wallMs).toISOString();
function requireName(what: string, name: string): void {
  if (!namePattern.test(name))
    throw new ExpectedFailure(
      'USER_NAME',
      `The name of a ${what} has 1 to 64 letters, digits, dots, hyphens, underscores or @, and begins with a letter or a digit.`,
    );
}
function requireUser(directory: Directory, name: string): UserEntry {
  const user = userOf(directory, name);
  if (user === null) throw new ExpectedFailure('USER_UNKNOWN', `There is no user ${JSON.stringify(name.slice(0, 64))}.`);
  return user;
}
function requireGroups(directory: Directory, groups: readonly string[]): void {
  const unknown = groups.find((name) => groupOf(directory, name) === null);
  if (unknown !== undefined)
    throw new ExpectedFailure(
      'GROUP_UNKNOWN',
      `There is no group ${JSON.stringify(unknown.slice(0, 64))}: holdfast group set NAME ROLE makes one.`,
    );
}
function summaryOf(directory: Directory, user: UserEntry, wallMs: number): UserSummary {
  const invited = user.invited !== null && user.invited.expiresWallMs > wallMs;
  return {
    name: user.name,
    role: user.role,
    effectiveRole: effectiveRole(directory, user),
    groups: user.groups,
    state: invited ? 'invited' : user.hash === null ? 'none' : 'password',
    changed: iso(user.at),
  };
}

export function createUsers({ store, passwords, node, wallMs, note }: UsersOptions): UserAdministration {
  function groupSummary(name: string, directory: Directory): GroupSummary {
    const members = usersOf(directory).filter((user) => user.groups.includes(name));
    return { name, role: groupOf(directory, name)?.role ?? 'monitor', members: members.map((user) => user.name) };
  }
  /** Everything that takes time is done before the directory is looked at, so that no two changes meet. */
  async function prepare(
    name: string,
    change: UserChange,
  ): Promise<{ readonly hash: string | null; readonly invited: Invited | null; readonly invitation: Invitation | null }> {
    if (change.password !== undefined) {
      const problem = passwordProblem(name, change.password);
      if (problem !== null) throw new ExpectedFailure('PASSWORD_WEAK', problem);
      return { hash: await passwords.hash(change.password), invited: null, invitation: null };
    }
    if (change.invite !== true) return { hash: null, invited: null, invitation: null };
    const code = randomBytes(24).toString('base64url');
    const expiresWallMs = wallMs() + invitationMs;
    return {
      hash: null,
      invited: { hash: digestOfSecret(code), expiresWallMs, node: node() },
      invitation: { code, expires: iso(expiresWallMs), node: node() },
    };
  }
  const told = (change: UserChange): string =>
    [
      ...(change.role === undefined ? [] : [`role ${change.role ?? 'none'}`]),
      ...(change.groups === undefined ? [] : [`groups ${change.groups.join(' ') || 'none'}`]),
      ...(change.password === undefined ? [] : ['password set']),
      ...(change.invite === true ? ['one-time link made'] : []),
    ].join(', ');

  async function noted<T>(caller: Caller, text: string, work: () => Promise<T>): Promise<Outcome<T>> {
    const outcome = await outcomeOf(work);
    note(caller, outcome.ok ? text : `${text}: ${outcome.failure.message}`);
    return outcome;
  }
  return {
    users: () => usersOf(store.directory).map((user) => summaryOf(store.directory, user, wallMs())),
    groups: () => groupsOf(store.directory).map(({ name }) => groupSummary(name, store.directory)),
    addUser: (name, change, caller) =>
      noted(caller, `user add ${name.slice(0, 64)} (${told(change)})`, async () => {
        requireName('user', name);
        const { hash, invited, invitation } = await prepare(name, change);
        await store.change((directory, at) => {
          if (userOf(directory, name) !== null)
            throw new ExpectedFailure(
              'USER_EXISTS',
              `There is a user ${name} already: holdfast user passwd ${name} gives another password.`,
            );
          if (usersOf(directory).length >= directoryLimits.users)
            throw new ExpectedFailure(
              'USER_LIMIT',
              `There are ${directoryLimits.users} users already: take one away first, or use LDAP or OpenID Connect.`,
            );
          const groups = [...new Set(change.groups ?? [])];
          requireGroups(directory, groups);
          return [{ kind: 'user', name, at, by: node(), role: change.role ?? null, groups, hash, invited }];
        });
        return { user: summaryOf(store.directory, requireUser(store.directory, name), wallMs()), invitation };
      }),
    changeUser: (name, change, caller) =>
      noted(caller, `user change ${name.slice(0, 64)} (${told(change)})`, async () => {
        requireUser(store.directory, name);
        const { hash, invited, invitation } = await prepare(name, change);
        await store.change((directory, at) => {
          const user = requireUser(directory, name);
          const groups = change.groups === undefined ? user.groups : [...new Set(change.groups)];
          if (change.groups !== undefined) requireGroups(directory, groups);
          const secrets = change.password === undefined && change.invite !== true ? {} : { hash, invited };
          return [{ ...user, at, by: node(), role: change.role === undefined ? user.role : change.role, groups, ...secrets }];
        });
        return { user: summaryOf(store.directory, requireUser(store.directory, name), wallMs()), invitation };
      }),
    deleteUser: (name, caller) =>
      noted(caller, `user delete ${name.slice(0, 64)}`, async () => {
        await store.change((directory, at) => {
          requireUser(directory, name);
          return [{ kind: 'gone', of: 'user', name, at, by: node() }];
        });
        return null;
      }),
    setGroup: (name, role, caller) =>
      noted(caller, `group set ${name.slice(0, 64)} (role ${role})`, async () => {
        requireName('group', name);
        await store.change((directory, at) => {
          if (groupOf(directory, name) === null && groupsOf(directory).length >= directoryLimits.groups)
            throw new ExpectedFailure('USER_LIMIT', `There are ${directoryLimits.groups} groups already.`);
          return [{ kind: 'group', name, at, by: node(), role }];
        });
        return groupSummary(name, store.directory);
      }),
    deleteGroup: (name, caller) =>
      noted(caller, `group delete ${name.slice(0, 64)}`, async () => {
        await store.change((directory, at) => {
          requireGroups(directory, [name]);
          const left = usersOf(directory)
            .filter((user) => user.groups.includes(name))
            .map((user): Entry => ({ ...user, at, by: node(), groups: user.groups.filter((group) => group !== name) }));
          return [{ kind: 'gone', of: 'group', name, at, by: node() }, ...left];
        });
        return null;
      }),
  };
}
