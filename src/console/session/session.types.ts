/** Who is logged in, and how one logs in. */
import type { Role } from '../../http/api-types.js';

export type { LoginMethods as LoginInfo, Role, SessionInfo as Session } from '../../http/api-types.js';

export const roles: readonly Role[] = ['monitor', 'control', 'admin'];

/** Whether a role may do what another one may. */
export function isAtLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
