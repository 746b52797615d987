/** What the steps of a request and the handlers of logins share: the authority, the sessions of this node, and how tries are slowed down. */
import type { Authority } from '../actors/face-auth.js';
import { createSessions, type SessionLimits, type Sessions } from './auth-sessions.js';
import { createThrottle, type Throttle } from './auth-throttle.js';

export interface Gate {
  /** Null: there are no users and there will be none; loopback is all that comes in. */
  readonly authority: Authority | null;
  readonly sessions: Sessions;
  readonly throttle: Throttle;
}

export function createGate(authority: Authority | null, limits?: SessionLimits): Gate {
  const sessions = createSessions((principal) => authority?.current(principal) ?? null, undefined, limits);
  authority?.onChange(() => sessions.sweep());
  return { authority, sessions, throttle: createThrottle() };
}
