/**
 * Those whom somebody else vouches for: users of an LDAP directory and of an OpenID provider. A directory is asked again every quarter of an
 * hour whether a user is still there and in the same groups; a provider cannot be asked, so what it let in ends after twelve hours.
 */

import type { Outcome } from '../../actors/face.js';
import type { OidcPending, Principal, Role } from '../../actors/face-auth.js';
import type { AuthSettings } from './settings.js';

export const lookAgainMs = 15 * 60_000;
/** A directory that does not answer is believed to say what it said last for so long. */
export const believedMs = 60 * 60_000;
const mostKnown = 5000;

interface Known {
  readonly role: Role;
  askedMs: number;
  readonly saidMs: number;
  looking: boolean;
}
export interface Foreign {
  login(name: string, password: string): Promise<Outcome<Principal>>;
  oidcBegin(redirectUri: string): Promise<Outcome<{ readonly url: string; readonly pending: OidcPending }>>;
  oidcFinish(url: string, pending: OidcPending): Promise<Outcome<Principal>>;
  current(principal: Principal): Principal | null;
  /** The configuration is another: whoever came in by the old one has ended. */
  reset(): void;
  /** Why a way does not work; null while it does. */
  readonly failing: { readonly ldap: string | null; readonly oidc: string | null };
}

const refused: Outcome<never> = {
  ok: false,
  failure: { code: 'AUTH_FAILED', message: 'The name or the password is not right.' },
};
const unavailable = (what: string): Outcome<never> => ({
  ok: false,
  failure: { code: 'AUTH_UNAVAILABLE', message: `${what} does not answer; users with a password of their own still can log in.` },
});
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);
/** Names of somebody else's making: one line, no more than 64 characters. */
export const plainName = (name: string): string => name.replaceAll(/[^\p{L}\p{N}._@ -]/gu, '?').slice(0, 64);

export function createForeign(
  settings: AuthSettings,
  onProblem: (reason: string) => void,
  onChange: () => void,
  nowMs: () => number = () => performance.now(),
): Foreign {
  const known = new Map<string, Known>();
  let generation = 0;
  const failing: { ldap: string | null; oidc: string | null } = { ldap: null, oidc: null };

  function report(what: 'ldap' | 'oidc', why: string | null): void {
    // Told once, when it begins and when it ends.
    if (why !== null && failing[what] === null)
      onProblem(`logins by ${what === 'ldap' ? 'LDAP' : 'OpenID Connect'} fail: ${why}`);
    failing[what] = why;
  }
  function principalOf(name: string, role: Role, method: 'ldap' | 'oidc'): Principal {
    return { name, role, method, stamp: `${method}.${generation}` };
  }
  async function look(name: string, one: Known): Promise<void> {
    one.looking = true;
    one.askedMs = nowMs();
    const answer = await settings.ldap?.look(name);
    one.looking = false;
    if (answer === undefined || known.get(name) !== one) return;
    report('ldap', answer.kind === 'unavailable' ? answer.why : null);
    if (answer.kind === 'in' && answer.role === one.role) known.set(name, { ...one, saidMs: nowMs() });
    else if (answer.kind !== 'unavailable' || nowMs() - one.saidMs > believedMs) {
      known.delete(name);
      onChange();
    }
  }
  return {
    failing,
    async login(name, password) {
      const { ldap } = settings;
      // A directory takes names with control characters or blanks for the same as without them (RFC 4518): the logs would not.
      if (ldap === null || plainName(name) !== name) return refused;
      const answer = await ldap.login(name, password);
      report('ldap', answer.kind === 'unavailable' ? answer.why : null);
      if (answer.kind === 'unavailable') return unavailable('The directory');
      if (answer.kind === 'refused') return refused;
      known.delete(name);
      known.set(name, { role: answer.role, askedMs: nowMs(), saidMs: nowMs(), looking: false });
      for (const oldest of known.keys()) {
        if (known.size <= mostKnown) break;
        known.delete(oldest);
      }
      return { ok: true, value: principalOf(name, answer.role, 'ldap') };
    },
    async oidcBegin(redirectUri) {
      const { oidc } = settings;
      if (oidc === null) return { ok: false, failure: { code: 'AUTH_FAILED', message: 'No OpenID provider is configured.' } };
      try {
        const begun = await oidc.begin(redirectUri);
        report('oidc', null);
        return { ok: true, value: begun };
      } catch (error) {
        report('oidc', reasonOf(error));
        return unavailable('The OpenID provider');
      }
    },
    async oidcFinish(url, pending) {
      const answer = await settings.oidc?.finish(url, pending);
      if (answer === undefined) return refused;
      report('oidc', answer.kind === 'unavailable' ? answer.why : null);
      if (answer.kind === 'unavailable') return unavailable('The OpenID provider');
      if (answer.kind === 'refused') {
        onProblem(`a login by OpenID Connect was refused: ${plainName(answer.why)}`);
        return {
          ok: false,
          failure: {
            code: 'AUTH_FAILED',
            message: 'The OpenID provider did not let you in, or what it says of you has no role here.',
          },
        };
      }
      return { ok: true, value: principalOf(plainName(answer.name), answer.role, 'oidc') };
    },
    current(principal) {
      if (principal.stamp !== `${principal.method}.${generation}`) return null;
      if (principal.method === 'oidc') return settings.oidc === null ? null : principal;
      const one = known.get(principal.name);
      if (one === undefined || one.role !== principal.role) return null;
      if (!one.looking && nowMs() - one.askedMs > lookAgainMs) void look(principal.name, one);
      return principal;
    },
    reset() {
      generation += 1;
      known.clear();
      failing.ldap = null;
      failing.oidc = null;
    },
  };
}
