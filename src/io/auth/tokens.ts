/** Bearer tokens: made once, shown once; what is kept is a digest. Programs use them: a script, a monitoring system, another cluster's tools. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Caller } from '../../actors/face.js';
import type { Principal, TokenAdministration, TokenSummary } from '../../actors/face-auth.js';
import { ExpectedFailure, outcomeOf } from '../modules/names.js';
import { type Directory, directoryLimits, keyOf, type TokenEntry, tokensOf } from './directory.js';
import { namePattern } from './directory-file.js';
import type { DirectoryStore } from './store.js';
import { digestOfSecret } from './users.js';

const dayMs = 86_400_000;
const idPattern = /^[0-9a-f]{12}$/;
/** `hf_<role>_<id>_<secret>`: so long that it cannot be guessed, and of a form that scanners for leaked secrets can know. */
const tokenPattern = /^hf_(monitor|control|admin)_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

export interface TokensOptions {
  readonly store: DirectoryStore;
  readonly node: () => string;
  readonly wallMs: () => number;
  readonly note: (caller: Caller, text: string) => void;
}
export interface Tokens extends TokenAdministration {
  /** Whose token that is; null: nobody's, revoked, or too old. */
  principal(text: string): Principal | null;
  /** The same principal as of now, null where it ended. */
  current(principal: Principal): Principal | null;
}

const iso = (wallMs: number): string => new Date(wallMs).toISOString();
const stampOf = (token: TokenEntry): string => `${token.name}.${token.at}.${token.by}`;
function tokenOf(directory: Directory, id: string): TokenEntry | null {
  const entry = directory.get(keyOf('token', id));
  return entry?.kind === 'token' ? entry : null;
}

export function createTokens({ store, node, wallMs, note }: TokensOptions): Tokens {
  const isOver = (token: TokenEntry): boolean => token.expiresWallMs !== null && token.expiresWallMs <= wallMs();
  const summary = (token: TokenEntry): TokenSummary => ({
    ...{ id: token.name, label: token.label, role: token.role, owner: token.owner },
    created: iso(token.createdWallMs),
    expires: token.expiresWallMs === null ? null : iso(token.expiresWallMs),
    expired: isOver(token),
  });
  const principalOf = (token: TokenEntry): Principal => ({
    ...{ name: `token ${token.label}`, role: token.role, method: 'token', stamp: stampOf(token) },
  });
  return {
    tokens: () => tokensOf(store.directory).map(summary),
    async createToken(label, role, days, caller) {
      const outcome = await outcomeOf(async () => {
        if (!namePattern.test(label))
          throw new ExpectedFailure(
            'USER_NAME',
            'The label of a token has 1 to 64 letters, digits, dots, hyphens, underscores or @, and begins with a letter or a digit.',
          );
        const id = randomBytes(6).toString('hex');
        const secret = randomBytes(32).toString('base64url');
        const createdWallMs = wallMs();
        await store.change((directory, at) => {
          if (tokensOf(directory).length >= directoryLimits.tokens)
            throw new ExpectedFailure(
              'USER_LIMIT',
              `There are ${directoryLimits.tokens} tokens already: revoke some that nobody uses.`,
            );
          const entry: TokenEntry = {
            ...{ kind: 'token', name: id, at, by: node(), label, role, hash: digestOfSecret(secret), createdWallMs },
            ...{ expiresWallMs: days === null ? null : createdWallMs + days * dayMs, owner: caller.who.slice(0, 200) },
          };
          return [entry];
        });
        const made = tokenOf(store.directory, id);
        if (made === null) throw new ExpectedFailure('TOKEN_UNKNOWN', 'The token was revoked at once.');
        return { ...summary(made), token: `hf_${role}_${id}_${secret}` };
      });
      note(
        caller,
        `token create ${label.slice(0, 64)} (role ${role})${outcome.ok ? `: ${outcome.value.id}` : `: ${outcome.failure.message}`}`,
      );
      return outcome;
    },
    async revokeToken(id, caller) {
      const outcome = await outcomeOf(async () => {
        await store.change((directory, at) => {
          if (!idPattern.test(id) || tokenOf(directory, id) === null)
            throw new ExpectedFailure(
              'TOKEN_UNKNOWN',
              `There is no token ${JSON.stringify(id.slice(0, 64))}: holdfast token list shows them.`,
            );
          return [{ kind: 'gone', of: 'token', name: id, at, by: node() }];
        });
        return null;
      });
      note(caller, `token revoke ${id.slice(0, 64)}${outcome.ok ? '' : `: ${outcome.failure.message}`}`);
      return outcome;
    },
    principal(text) {
      const match = tokenPattern.exec(text);
      const token = match === null ? null : tokenOf(store.directory, match[2] ?? '');
      if (match === null || token === null || token.role !== match[1] || isOver(token)) return null;
      const [given, kept] = [Buffer.from(digestOfSecret(match[3] ?? '')), Buffer.from(token.hash)];
      return given.length === kept.length && timingSafeEqual(given, kept) ? principalOf(token) : null;
    },
    current(principal) {
      const token = tokenOf(store.directory, principal.stamp.split('.')[0] ?? '');
      return token !== null && stampOf(token) === principal.stamp && !isOver(token) ? principal : null;
    },
  };
}
