/** Users, groups, tokens, and the ways to log in. */
import type { Authority } from '../../actors/face-auth.js';
import { ApiError, unwrap } from '../problem.js';
import { type ApiRequest, empty, type Handler, json, list, type Services } from '../request.js';

/** @throws ApiError USER_UNKNOWN where this daemon has none at all */
function authorityOf({ gate }: Services): Authority {
  if (gate.authority === null) throw new ApiError('USER_UNKNOWN', 'This node has no users.');
  return gate.authority;
}
const named = (request: ApiRequest, name: string): string => request.params[name] ?? '';

export const listUsers: Handler = (_request, services) => list(authorityOf(services).users());
export const addUser: Handler = async (request, services) => {
  const { name, ...change } = await request.json('NewUserBody');
  return json(unwrap(await authorityOf(services).addUser(name, change, request.caller)));
};
export const changeUser: Handler = async (request, services) =>
  json(unwrap(await authorityOf(services).changeUser(named(request, 'user'), await request.json('UserBody'), request.caller)));
export const deleteUser: Handler = async (request, services) => {
  unwrap(await authorityOf(services).deleteUser(named(request, 'user'), request.caller));
  return empty;
};
export const importUsers: Handler = async (request, services) => {
  const { userConf, groupConf = null } = await request.json('UserImportBody');
  return list(unwrap(await authorityOf(services).importUsers(userConf, groupConf, request.caller)));
};
export const listGroups: Handler = (_request, services) => list(authorityOf(services).groups());
export const setGroup: Handler = async (request, services) => {
  const { role } = await request.json('GroupBody');
  return json(unwrap(await authorityOf(services).setGroup(named(request, 'group'), role, request.caller)));
};
export const deleteGroup: Handler = async (request, services) => {
  unwrap(await authorityOf(services).deleteGroup(named(request, 'group'), request.caller));
  return empty;
};
export const listTokens: Handler = (_request, services) => list(authorityOf(services).tokens());
export const createToken: Handler = async (request, services) => {
  const { label, role, days = null } = await request.json('TokenBody');
  return json(unwrap(await authorityOf(services).createToken(label, role, days, request.caller)));
};
export const revokeToken: Handler = async (request, services) => {
  unwrap(await authorityOf(services).revokeToken(named(request, 'id'), request.caller));
  return empty;
};
export const getAuth: Handler = (_request, services) =>
  json({ ...authorityOf(services).status(), sessions: services.gate.sessions.count });
export const getAuthConfig: Handler = async (_request, services) => ({
  kind: 'bytes',
  type: 'application/json',
  value: unwrap(await authorityOf(services).config()),
});
export const putAuthConfig: Handler = async (request, services) => {
  const text = new TextDecoder().decode(await request.bytes());
  return json(unwrap(await authorityOf(services).configure(text, request.caller)));
};
export const testAuth: Handler = async (request, services) => {
  const { user = null, password = null } = await request.json('AuthTestBody');
  return list(unwrap(await authorityOf(services).test(user, password, request.caller)));
};
export const exchangeUsers: Handler = async (request, services) =>
  json(unwrap(await authorityOf(services).exchange(await request.json('DirectoryExchange'))));
