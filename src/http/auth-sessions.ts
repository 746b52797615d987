/**
 * Sessions of this node, in memory: a restart of the daemon ends them, and no other node knows them. What the browser holds is random;
 * what is kept is its digest. A session ends after 8 hours without a request, with its principal (another password or role, deletion), by
 * logging out, and when there are too many.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../actors/face-auth.js';

export interface SessionLimits {
  /** Without a request for so long it ends (28,800 s, section 6.4 of the compatibility page). */
  readonly idleMs: number;
  /** It ends after so long in any case, where nobody can be asked again whether the principal is still one: an OpenID login. */
  readonly foreignMs: number;
  /** At once; the one that was not used for longest goes first. */
  readonly sessions: number;
  /** Of one user. */
  readonly perUser: number;
}
export const defaultSessionLimits: SessionLimits = {
  idleMs: 28_800_000,
  foreignMs: 43_200_000,
  sessions: 1000,
  perUser: 50,
};

export interface Session {
  readonly principal: Principal;
  /** What a page of ours sends with every change, and a page of another site cannot know. */
  readonly csrf: string;
  /** When it ends if nothing more is asked, in ms since 1970. */
  readonly expiresWallMs: number;
}
export interface Sessions {
  /** @returns the secret for the cookie, and the session. */
  open(principal: Principal): { readonly secret: string; readonly session: Session };
  /** The session of a cookie, used now; null where there is none, or it has ended. */
  use(secret: string): Session | null;
  /** Whether the session of a cookie goes on; that is no use of it. */
  alive(secret: string): boolean;
  close(secret: string): boolean;
  /** Calls back when some have ended. */
  onEnd(listener: () => void): void;
  /** Ends those whose principal has ended; to be called when users change. */
  sweep(): void;
  readonly count: number;
}

interface Held {
  readonly principal: Principal;
  readonly csrf: string;
  readonly openedMs: number;
  usedMs: number;
}
const keyOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Whether two texts are the same, in a time that does not tell how much of them is. */
export function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** @param nowMs a clock that does not jump. @param current the principal as of now, null where it has ended. */
export function createSessions(
  current: (principal: Principal) => Principal | null,
  nowMs: () => number = () => performance.now(),
  limits: SessionLimits = defaultSessionLimits,
): Sessions {
  // The order is that of the last use: the first is the one that was not used for longest.
  const held = new Map<string, Held>();

  function isOver(one: Held, now: number): boolean {
    const foreign = one.principal.method === 'oidc' && now - one.openedMs >= limits.foreignMs;
    return now - one.usedMs >= limits.idleMs || foreign || current(one.principal) === null;
  }
  function seen(one: Held): Session {
    const left = limits.idleMs - (nowMs() - one.usedMs);
    return { principal: one.principal, csrf: one.csrf, expiresWallMs: Date.now() + left };
  }
  const listeners: (() => void)[] = [];
  function ended(): void {
    for (const listener of listeners) listener();
  }
  function sweep(): void {
    const now = nowMs();
    const before = held.size;
    for (const [key, one] of held) if (isOver(one, now)) held.delete(key);
    if (held.size < before) ended();
  }
  function makeRoom(name: string): void {
    const own = [...held].filter(([, one]) => one.principal.name === name);
    for (const [key] of own.slice(0, Math.max(0, own.length + 1 - limits.perUser))) held.delete(key);
    if (held.size < limits.sessions) return;
    sweep();
    for (const key of held.keys()) {
      if (held.size < limits.sessions) return;
      held.delete(key);
    }
  }
  return {
    open(principal) {
      makeRoom(principal.name);
      const secret = randomBytes(32).toString('base64url');
      const now = nowMs();
      const one: Held = { principal, csrf: randomBytes(24).toString('base64url'), openedMs: now, usedMs: now };
      held.set(keyOf(secret), one);
      return { secret, session: seen(one) };
    },
    use(secret) {
      const key = keyOf(secret);
      const one = held.get(key);
      if (one === undefined) return null;
      held.delete(key);
      const now = nowMs();
      if (isOver(one, now)) return null;
      one.usedMs = now;
      held.set(key, one);
      return seen(one);
    },
    alive(secret) {
      const one = held.get(keyOf(secret));
      return one !== undefined && !isOver(one, nowMs());
    },
    close(secret) {
      const had = held.delete(keyOf(secret));
      if (had) ended();
      return had;
    },
    onEnd: (listener) => void listeners.push(listener),
    sweep,
    get count() {
      return held.size;
    },
  };
}
