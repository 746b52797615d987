/** May whoever asks do that? Asked once the route is known. */
import type { RouteRole } from './auth-roles.js';
import { permits, roleTitle } from './auth-roles.js';
import type { Context } from './context.js';
import { ApiError } from './problem.js';
import type { Route } from './route.types.js';

/** @throws ApiError AUTH_REQUIRED where nobody has logged in, AUTH_ROLE where the role is too small */
export function requireRole(ctx: Context, needed: RouteRole): void {
  const { role, proof, who } = ctx.state;
  if (permits(role, needed)) return;
  if (role === 'none')
    throw new ApiError('AUTH_REQUIRED', 'That needs a login: a session of the console, or a token.', {
      headers: { 'WWW-Authenticate': 'Bearer realm="holdfast"' },
    });
  const why =
    proof === 'open'
      ? 'as long as there are no users this machine is Control; use the command line as the owner of the daemon, or make a user'
      : `${who} is ${roleTitle[role]}`;
  throw new ApiError('AUTH_ROLE', `That needs the role ${roleTitle[needed]}: ${why}.`);
}

/** @throws ApiError as `requireRole`; HTTP_NOT_FOUND for what is not for other nodes */
export function guard(ctx: Context, route: Route): void {
  if (route.guard === 'peer' && !ctx.state.sealed) throw new ApiError('AUTH_ROLE', 'That is only for the nodes of the cluster.');
  if (route.guard === 'here' && ctx.state.sealed)
    throw new ApiError('HTTP_NOT_FOUND', 'That is only answered by the node that is asked itself.');
  requireRole(ctx, route.role);
}
