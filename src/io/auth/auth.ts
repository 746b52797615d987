/** Who may come in: users of the file, tokens, and, where they are configured, LDAP, OpenID Connect and client certificates, put together. */

import type { Caller, Outcome } from '../../actors/face.js';
import type {
  Authority,
  AuthStatus,
  AuthTest,
  DirectoryExchange,
  ImportedUser,
  LoginWay,
  Principal,
} from '../../actors/face-auth.js';
import { ExpectedFailure, outcomeOf } from '../modules/names.js';
import type { CertificatesConfig } from './config.js';
import { type Directory, effectiveRole, keyOf, tokensOf, type UserEntry, userOf, usersOf } from './directory.js';
import { createForeign, plainName } from './foreign.js';
import { createLoginLog } from './login-log.js';
import { createPasswords, passwordProblem, type ScryptCost } from './passwords.js';
import { answerExchange, createReplication } from './replication.js';
import { isRevoked } from './revoked.js';
import { createAuthSettings } from './settings.js';
import { createDirectoryStore } from './store.js';
import { createTokens } from './tokens.js';
import { createUsers, digestOfSecret } from './users.js';

export interface AuthOptions {
  readonly safevar: string;
  readonly node: () => string;
  readonly wallMs: () => number;
  /** For the command log: who did what. */
  readonly note: (caller: Caller, text: string) => void;
  /** What is wrong on disk or outside and was survived. */
  readonly onProblem: (reason: string) => void;
  /** The other nodes that are heard; absent: there are none. */
  readonly peers?: () => readonly string[];
  /** Asks another node for its users; null: it did not answer. */
  readonly ask?: (node: string, ours: DirectoryExchange) => Promise<DirectoryExchange | null>;
  /** Where the console of this node is reached from other machines; null where that is not known. */
  readonly consoleUrl?: () => string | null;
  /** Of new passwords; tests take less. */
  readonly cost?: ScryptCost;
}
export interface Auth extends Authority {
  /** Reads the files; again when they may have been changed. */
  load(): Promise<void>;
  /** Begins to compare users with the other nodes. */
  begin(): void;
  /** Compares with them now. */
  sync(): Promise<void>;
  close(): void;
}

const refused: Outcome<never> = {
  ok: false,
  failure: { code: 'AUTH_FAILED', message: 'The name or the password is not right.' },
};
const busy: Outcome<never> = {
  ok: false,
  failure: { code: 'HTTP_BUSY', message: 'Too many logins at once; try again in a moment.' },
};
const unitRoles = { Admin: 'admin', Control: 'control', Monitor: 'monitor' } as const;

function certificatesText({ roleFromUnit, revoked }: CertificatesConfig): string {
  const who = roleFromUnit ? 'users of the file, or the unit as role' : 'users of the file';
  return revoked.length === 0 ? who : `${who}; ${revoked.length} revoked`;
}

export function createAuth(options: AuthOptions): Auth {
  const { node, wallMs, note, onProblem } = options;
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const store = createDirectoryStore({ ...options, onChange: changed, onOwnChange: () => replication.changed() });
  const passwords = createPasswords({
    ...(options.cost === undefined ? {} : { cost: options.cost }),
    foreign: (password, hash) => import('./import.js').then(({ verifyForeign }) => verifyForeign(password, hash) ?? false),
  });
  const settings = createAuthSettings({
    ...{ safevar: options.safevar, onProblem },
    onChange: () => {
      foreign.reset();
      changed();
    },
  });
  const foreign = createForeign(settings, onProblem, changed);
  const tokens = createTokens({ store, node, wallMs, note });
  const users = createUsers({ store, passwords, node, wallMs, note });
  const loginLog = createLoginLog(note, (name) => userOf(store.directory, name) !== null, wallMs);
  const replication = createReplication({
    store,
    peers: options.peers ?? (() => []),
    ask: options.ask ?? (() => Promise.resolve(null)),
  });

  function principalOf(directory: Directory, user: UserEntry, method: 'password' | 'certificate' = 'password'): Principal | null {
    const role = effectiveRole(directory, user);
    return role === null ? null : { name: user.name, role, method, stamp: `${user.at}.${user.by}` };
  }
  /** The hash of an imported user gives way to one of ours. */
  async function renew(user: UserEntry, password: string): Promise<void> {
    if (user.hash === null || !passwords.outdated(user.hash)) return;
    const hash = await passwords.hash(password);
    await outcomeOf(() =>
      store.change((directory, at) => {
        const now = userOf(directory, user.name);
        return now === null || now.hash !== user.hash ? [] : [{ ...now, at, by: node(), hash }];
      }),
    );
  }
  async function login(name: string, password: string): Promise<Outcome<Principal>> {
    const user = userOf(store.directory, name);
    // A name that the file does not have takes its time all the same, beside what the directory takes.
    const [right, other] = await Promise.all([
      passwords.verify(password, user?.hash ?? null),
      user === null ? foreign.login(name, password) : Promise.resolve(refused),
    ]);
    if (right === 'busy') return busy;
    if (user === null) return other;
    if (!right) return refused;
    await renew(user, password);
    // What was changed meanwhile counts: a user that was deleted while the password was computed does not come in.
    const now = userOf(store.directory, name);
    if (now === null || (now.hash !== user.hash && (await passwords.verify(password, now.hash)) !== true)) return refused;
    const principal = principalOf(store.directory, now);
    return principal === null
      ? {
          ok: false,
          failure: {
            code: 'AUTH_ROLE',
            message: `The user ${name} has no role: an administrator gives one (holdfast user role).`,
          },
        }
      : { ok: true, value: principal };
  }
  function ways(): readonly LoginWay[] {
    const { config } = settings;
    const on = (name: LoginWay['name'], message: string, why: string | null = null): LoginWay => ({
      ...{ name, state: why === null ? 'on' : 'failing', message: why ?? message },
    });
    const off = (name: LoginWay['name'], message: string): LoginWay => ({ name, state: 'off', message });
    const { behind } = replication;
    return [
      store.damaged ? on('users', '', `${store.file} is damaged: nobody can log in`) : on('users', store.file),
      on('tokens', `${tokensOf(store.directory).length} tokens`),
      config.ldap === null ? off('ldap', 'not configured') : on('ldap', config.ldap.servers.join(' '), foreign.failing.ldap),
      config.oidc === null ? off('oidc', 'not configured') : on('oidc', config.oidc.issuer, foreign.failing.oidc),
      config.certificates.enabled
        ? on('certificates', certificatesText(config.certificates))
        : off('certificates', 'switched off'),
      behind.length > 0
        ? on('replication', '', `${behind.join(' ')} could not be told the newest users; it is tried again`)
        : on('replication', 'all nodes that are heard have the same users'),
    ];
  }
  /** Changes with what is said of certificates, so that what was opened with one is looked at anew. */
  const certificateStamp = (): string => JSON.stringify(settings.config.certificates);
  const status = (): AuthStatus => ({
    ...{ node: node(), required: required(), users: usersOf(store.directory).length, tokens: tokensOf(store.directory).length },
    ...{
      sessions: 0,
      file: store.file,
      configFile: settings.file,
      problems: settings.problems,
      consoleUrl: options.consoleUrl?.() ?? null,
      ways: ways(),
      digest: store.digest,
    },
  });
  // A token or another way to come in means as much as a user that nobody may come in without one.
  const required = (): boolean =>
    store.damaged ||
    usersOf(store.directory).length > 0 ||
    settings.ldap !== null ||
    settings.oidc !== null ||
    settings.problems.length > 0;

  async function tried(name: string | null, password: string | null): Promise<readonly AuthTest[]> {
    const tests: AuthTest[] = [];
    const add = (what: string, ok: boolean, message: string, remedy: string | null = null): void =>
      void tests.push({ what, ok, message, remedy: ok ? null : remedy });
    const { ldap, oidc } = settings;
    if (ldap !== null) {
      const answer = await ldap.look(name ?? 'holdfast-test');
      if (answer.kind === 'unavailable')
        add('ldap', false, answer.why, 'Look at servers, caFile, bindDn and bindPasswordFile of auth.json.');
      else if (answer.kind === 'in') add('ldap', true, `${name ?? ''} has the role ${answer.role}`);
      else
        add(
          'ldap',
          name === null || userOf(store.directory, name) !== null,
          name === null ? 'the directory answers' : `${name}: ${answer.why}`,
          'Look at base, userAttribute, memberOf or groupBase, and the groups of auth.json.',
        );
    }
    if (oidc !== null) {
      try {
        add('oidc', true, `the provider ${await oidc.check()} answers`);
      } catch (error) {
        add(
          'oidc',
          false,
          error instanceof Error ? error.message : String(error),
          'Look at issuer, caFile and clientSecretFile of auth.json.',
        );
      }
    }
    if (name !== null && password !== null) {
      const outcome = await login(name, password);
      if (outcome.ok) add('login', true, `${name} comes in by ${outcome.value.method} as ${outcome.value.role}`);
      else add('login', false, outcome.failure.message, 'Look at the name, the password and the role (holdfast user list).');
    } else if (name !== null && userOf(store.directory, name) !== null) {
      const role = effectiveRole(
        store.directory,
        userOf(store.directory, name) ?? {
          ...{ kind: 'user', name, at: 0, by: '' },
          role: null,
          groups: [],
          hash: null,
          invited: null,
        },
      );
      add(
        'users',
        role !== null,
        role === null ? `${name} has no role` : `${name} has the role ${role}`,
        'holdfast user role gives one.',
      );
    }
    return tests;
  }

  return {
    ...users,
    tokens: tokens.tokens,
    createToken: tokens.createToken,
    revokeToken: tokens.revokeToken,
    token: tokens.principal,
    login,
    required,
    status,
    async load() {
      await settings.load();
      await store.load();
    },
    begin: () => replication.start(),
    sync: () => replication.sync(),
    close: () => replication.close(),
    setup: () =>
      !store.damaged &&
      settings.ldap === null &&
      settings.oidc === null &&
      usersOf(store.directory).every((user) => user.hash === null),
    offer: () => ({
      methods: settings.oidc === null ? ['password'] : ['password', 'oidc'],
      oidcUrl: settings.oidc === null ? null : '/openid/login',
      plainHttp: settings.config.plainHttp,
    }),
    redeem: (code, password, source) =>
      outcomeOf(async () => {
        const digest = digestOfSecret(code);
        const invitedBy = (directory: Directory): UserEntry => {
          const user = usersOf(directory).find(
            ({ invited }) => invited?.hash === digest && invited.node === node() && invited.expiresWallMs > wallMs(),
          );
          if (user === undefined)
            throw new ExpectedFailure(
              'AUTH_CODE',
              `This link was used, is too old, or is of another node than ${node()}: holdfast user passwd NAME --link makes a new one.`,
            );
          return user;
        };
        const { name } = invitedBy(store.directory);
        const problem = passwordProblem(name, password);
        if (problem !== null) throw new ExpectedFailure('PASSWORD_WEAK', problem);
        const hash = await passwords.hash(password);
        // The link is looked at again with the directory held: of two who come at once, one is too late.
        await store.change((directory, at) => [{ ...invitedBy(directory), at, by: node(), hash, invited: null }]);
        note({ who: `${name}@${source}`, identity: null }, 'first password set by a one-time link');
        const user = userOf(store.directory, name);
        const principal = user === null ? null : principalOf(store.directory, user);
        if (principal === null) throw new ExpectedFailure('AUTH_ROLE', `The user ${name} has no role yet.`);
        return principal;
      }),
    async changeOwn(principal, old, password) {
      const user = userOf(store.directory, principal.name);
      if (user === null || principal.method !== 'password')
        return {
          ok: false,
          failure: { code: 'USER_UNKNOWN', message: 'Your password is not kept here: change it where you have it.' },
        };
      const right = await passwords.verify(old, user.hash);
      if (right === 'busy') return busy;
      if (!right) return { ok: false, failure: { code: 'AUTH_FAILED', message: 'The old password is not right.' } };
      const outcome = await users.changeUser(user.name, { password }, { who: user.name, identity: null });
      if (!outcome.ok) return outcome;
      const now = userOf(store.directory, principal.name);
      const next = now === null ? null : principalOf(store.directory, now);
      return next === null ? refused : { ok: true, value: next };
    },
    certificate({ name, units, serial, fingerprint }) {
      const { enabled, roleFromUnit } = settings.config.certificates;
      if (!enabled || isRevoked(settings.config.certificates.revoked, { serial, fingerprint })) return null;
      const user = userOf(store.directory, name);
      if (user !== null) {
        const principal = principalOf(store.directory, user, 'certificate');
        return principal === null ? null : { ...principal, stamp: `${principal.stamp} ${certificateStamp()}` };
      }
      // A user that was deleted must not become what its unit says: that may be more than it ever was.
      if (!roleFromUnit || store.directory.has(keyOf('user', name))) return null;
      for (const [title, role] of Object.entries(unitRoles))
        if (units.includes(title)) return { name: plainName(name), role, method: 'certificate', stamp: certificateStamp() };
      return null;
    },
    current(principal) {
      if (principal.method === 'token') return tokens.current(principal);
      if (principal.method === 'ldap' || principal.method === 'oidc') return foreign.current(principal);
      const user = userOf(store.directory, principal.name);
      const byCertificate = principal.method === 'certificate';
      if (user === null) return byCertificate && principal.stamp === certificateStamp() ? principal : null;
      const now = principalOf(store.directory, user);
      const stamp = byCertificate ? `${now?.stamp ?? ''} ${certificateStamp()}` : now?.stamp;
      return now !== null && stamp === principal.stamp && now.role === principal.role ? principal : null;
    },
    oidcBegin: (redirectUri) => foreign.oidcBegin(redirectUri),
    oidcFinish: (url, pending) => foreign.oidcFinish(url, pending),
    async exchange(theirs) {
      return outcomeOf(async () => {
        const answer = await answerExchange(store, theirs);
        if (answer === null) throw new ExpectedFailure('HTTP_BODY', 'The entries are not what they have to be.');
        return answer;
      });
    },
    async importUsers(userConf, groupConf, caller) {
      const outcome = await outcomeOf(async () => {
        const { readSafekitUsers } = await import('./import.js');
        const read = readSafekitUsers(userConf, groupConf);
        const results: ImportedUser[] = [...read.refused];
        await store.change((directory, at) =>
          read.users.flatMap(({ name, hash, role }) => {
            if (userOf(directory, name) !== null) {
              results.push({ name, result: 'kept', message: 'There is a user of that name already.' });
              return [];
            }
            results.push({
              name,
              result: 'imported',
              message: role === null ? 'It has no role: holdfast user role gives one.' : `Role ${role}.`,
            });
            return [{ kind: 'user' as const, name, at, by: node(), role, groups: [], hash, invited: null }];
          }),
        );
        return results;
      });
      const count = outcome.ok
        ? `${outcome.value.filter((one) => one.result === 'imported').length} imported`
        : outcome.failure.message;
      note(caller, `user import: ${count}`);
      return outcome;
    },
    config: () => settings.text(),
    async configure(text, caller) {
      const applied = await settings.apply(text);
      note(caller, applied.ok ? 'auth config' : `auth config: ${applied.failure.message}`);
      return applied.ok ? { ok: true, value: status() } : applied;
    },
    async test(name, password, caller) {
      note(caller, `auth test${name === null ? '' : ` ${name.slice(0, 64)}`}`);
      return { ok: true, value: await tried(name, password) };
    },
    noteLogin: (name, source, result, role) => loginLog.note(name, source, result, role),
    onChange: (listener) => void listeners.push(listener),
  };
}
