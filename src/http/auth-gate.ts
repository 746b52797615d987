/** What the steps of a request and the handlers of logins share: the authority, the sessions of this node, and how tries are slowed down. */
import type { Authority } from '../actors/face-auth.js';
import { createSessions, type SessionLimits, type Sessions } from './auth-sessions.js';
import { createThrottle, type Throttle } from './auth-throttle.js';
import type { State } from './context.js';

export interface Gate {
  /** Null: there are no users and there will be none; loopback is all that comes in. */
  readonly authority: Authority | null;
  readonly sessions: Sessions;
  readonly throttle: Throttle;
}

/** Whether whoever opened a stream may still read it. */
export function stillIn({ authority, sessions }: Gate, state: State): boolean {
  const { proof, cookie, principal } = state;
  if (proof === 'session') return cookie !== null && sessions.alive(cookie);
  if (proof === 'token' || proof === 'certificate')
    return principal !== null && authority !== null && authority.current(principal) !== null;
  return proof !== 'open' || authority?.required() !== true;
}

export function createGate(authority: Authority | null, limits?: SessionLimits): Gate {
  const sessions = createSessions((principal) => authority?.current(principal) ?? null, undefined, limits);
  authority?.onChange(() => sessions.sweep());
  return { authority, sessions, throttle: createThrottle() };
}
