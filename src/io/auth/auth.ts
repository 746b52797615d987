/** Who may come in: the composition of users, passwords and, where they are configured, what else proves who somebody is. */

import type { Caller, Outcome } from '../../actors/face.js';
import type { Authority, LoginOffer, Principal } from '../../actors/face-auth.js';
import { ExpectedFailure, outcomeOf } from '../modules/names.js';
import { type Directory, effectiveRole, type UserEntry, userOf, usersOf } from './directory.js';
import { createLoginLog } from './login-log.js';
import { createPasswords, passwordProblem, type ScryptCost } from './passwords.js';
import { createDirectoryStore } from './store.js';
import { createUsers, digestOfSecret } from './users.js';

export interface AuthOptions {
  readonly safevar: string;
  readonly node: () => string;
  readonly wallMs: () => number;
  /** For the command log: who did what. */
  readonly note: (caller: Caller, text: string) => void;
  /** What is wrong on disk and was survived. */
  readonly onProblem: (reason: string) => void;
  /** Of new passwords; tests take less. */
  readonly cost?: ScryptCost;
}
export interface Auth extends Authority {
  /** Reads the files; again when they may have been changed. */
  load(): Promise<void>;
}

const refused: Outcome<never> = {
  ok: false,
  failure: { code: 'AUTH_FAILED', message: 'The name or the password is not right.' },
};

export function createAuth(options: AuthOptions): Auth {
  const { node, wallMs, note } = options;
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const store = createDirectoryStore({ ...options, onChange: changed });
  const passwords = createPasswords(options.cost === undefined ? {} : { cost: options.cost });

  const loginLog = createLoginLog(note, (name) => userOf(store.directory, name) !== null, wallMs);

  function principalOf(directory: Directory, user: UserEntry): Principal | null {
    const role = effectiveRole(directory, user);
    return role === null ? null : { name: user.name, role, method: 'password', stamp: `${user.at}.${user.by}` };
  }
  const offer = (): LoginOffer => ({ methods: ['password'], oidcUrl: null });
  return {
    ...createUsers({ store, passwords, node, wallMs, note }),
    load: () => store.load(),
    required: () => store.damaged || usersOf(store.directory).length > 0,
    setup: () => !store.damaged && usersOf(store.directory).every((user) => user.hash === null),
    offer,
    async login(name, password) {
      const user = userOf(store.directory, name);
      const right = await passwords.verify(password, user?.hash ?? null);
      if (right === 'busy')
        return { ok: false, failure: { code: 'HTTP_BUSY', message: 'Too many logins at once; try again in a moment.' } };
      // What was changed meanwhile counts: a user that was deleted while the password was computed does not come in.
      const now = userOf(store.directory, name);
      if (!right || user === null || now === null || now.hash !== user.hash) return refused;
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
    },
    async redeem(code, password, source) {
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
      const outcome = await outcomeOf(async () => {
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
      });
      return outcome;
    },
    current(principal) {
      const user = userOf(store.directory, principal.name);
      const now = user === null || principal.method !== 'password' ? null : principalOf(store.directory, user);
      return now !== null && now.stamp === principal.stamp && now.role === principal.role ? now : null;
    },
    noteLogin: (name, source, result, role) => loginLog.note(name, source, result, role),
    onChange: (listener) => void listeners.push(listener),
  };
}
