/** Roles: what each may do, as an order. Pure. */
import type { Role } from '../actors/face-auth.js';

/** What a route asks for; `none`: nothing, it is there for those who have not logged in. */
export type RouteRole = 'none' | Role;

const rank = { none: 0, monitor: 1, control: 2, admin: 3 } as const satisfies Readonly<Record<RouteRole, number>>;

/** Each role may do what those before it may. */
export function permits(role: RouteRole, needed: RouteRole): boolean {
  return rank[role] >= rank[needed];
}
/** As people know it (section 6.4 of the compatibility page). */
export const roleTitle = { none: 'nobody', monitor: 'Monitor', control: 'Control', admin: 'Admin' } as const satisfies Readonly<
  Record<RouteRole, string>
>;
export function isRouteRole(value: unknown): value is RouteRole {
  return typeof value === 'string' && Object.hasOwn(rank, value);
}
