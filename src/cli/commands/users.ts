/** `user …`, `group …`, `token …`, `webservercfg`: who may come in (section 6.4 of the compatibility page). */
import type {
  AuthStatus,
  GroupList,
  ImportedUserList,
  Invitation,
  NewToken,
  NewUserBody,
  Role,
  TokenList,
  UserBody,
  UserList,
  UserResult,
} from '../../http/api-types.js';
import { CliError, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { localTime, paintFor, printable, table } from '../format.js';
import { wholeNumber } from '../parse.js';
import { readNamedFile, show } from './shared.js';

const titles = { admin: 'Admin', control: 'Control', monitor: 'Monitor' } as const satisfies Readonly<Record<Role, string>>;
const titleOf = (role: Role | null): string => (role === null ? '-' : titles[role]);

/** A role as SafeKit and we write it. @throws CliError USAGE */
function roleNamed(word: string): Role {
  const role = word.toLowerCase();
  if (role === 'admin' || role === 'control' || role === 'monitor') return role;
  throw usageError(`a role is Admin, Control or Monitor, not '${word}'`);
}
const listOf = (text: string | null | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
const userPath = (name: string): string => `/users/${encodeURIComponent(name)}`;

/** Asks for a secret. @throws CliError USAGE where there is nobody to ask */
export async function askSecret({ io }: CommandContext, prompt: string, twice: boolean): Promise<string> {
  if (io.secret === undefined) throw usageError('there is neither a terminal nor standard input to take the password from');
  try {
    return await io.secret(prompt, twice);
  } catch (error) {
    throw usageError(`no password was taken: ${error instanceof Error ? error.message : String(error)}`);
  }
}
/** The address of a one-time link, with the address of this node that others reach. */
async function linkOf({ client }: CommandContext, { code }: Invitation): Promise<string> {
  const { consoleUrl } = await client.json<AuthStatus>('GET', '/auth');
  return `${consoleUrl ?? 'http://localhost:9010'}/console/first/${code}`;
}
async function told(context: CommandContext, answer: UserResult, what: string): Promise<number> {
  const { user, invitation } = answer;
  const link = invitation === null ? null : await linkOf(context, invitation);
  const json = link === null ? answer : { ...answer, link };
  show(context, json, () => {
    const role = `user ${user.name} ${what}: ${user.effectiveRole === null ? 'no role, it cannot log in' : titles[user.effectiveRole]}`;
    if (invitation === null || link === null) return `${role}\n`;
    return `${role}\nThis link sets the password, once, at node ${invitation.node}, until ${localTime(invitation.expires)}:\n${link}\n`;
  });
  return 0;
}

/** `user add`. */
export async function addUser(context: CommandContext): Promise<number> {
  const [name = ''] = context.args.operands;
  const [role, groups] = [context.text('role'), listOf(context.text('groups'))];
  if (role === null && groups.length === 0)
    throw usageError('say what the user may do: --role Admin, Control or Monitor, or --groups');
  const body: NewUserBody = {
    name,
    role: role === null ? null : roleNamed(role),
    groups,
    ...(context.flag('link')
      ? { invite: true }
      : context.flag('no-password')
        ? {}
        : { password: await askSecret(context, `Password of ${name}`, true) }),
  };
  return told(context, await context.client.json<UserResult>('POST', '/users', { json: body }), 'added');
}
async function change(context: CommandContext, body: UserBody, what: string): Promise<number> {
  const [name = ''] = context.args.operands;
  return told(context, await context.client.json<UserResult>('PUT', userPath(name), { json: body }), what);
}
/** `user passwd`. */
export async function passwordOf(context: CommandContext): Promise<number> {
  if (context.flag('link')) return change(context, { invite: true }, 'needs a new password');
  return change(
    context,
    { password: await askSecret(context, `New password of ${context.args.operands[0]}`, true) },
    'has a new password',
  );
}
/** `user role`. */
export async function roleOf(context: CommandContext): Promise<number> {
  const word = context.args.operands[1] ?? '';
  return change(context, { role: word.toLowerCase() === 'none' ? null : roleNamed(word) }, 'changed');
}
/** `user groups`. */
export const groupsOf = (context: CommandContext): Promise<number> =>
  change(context, { groups: listOf(context.args.operands[1]) }, 'changed');
/** `user delete`. */
export async function deleteUser(context: CommandContext): Promise<number> {
  const [name = ''] = context.args.operands;
  await context.client.json('DELETE', userPath(name));
  show(context, null, () => `user ${printable(name)} deleted\n`);
  return 0;
}
/** `user list`. */
export async function listUsers(context: CommandContext): Promise<number> {
  const answer = await context.client.json<UserList>('GET', '/users');
  show(context, answer, () => {
    if (answer.items.length === 0) return 'no users: this machine needs no login, others are not answered (holdfast user add)\n';
    const rows = answer.items.map((user) => [
      user.name,
      titleOf(user.effectiveRole),
      user.groups.join(',') || '-',
      user.state,
      localTime(user.changed),
    ]);
    return table(['USER', 'ROLE', 'GROUPS', 'PASSWORD', 'CHANGED'], rows, paintFor(context.io));
  });
  return 0;
}
/** `user import`: 1 when somebody was refused. */
export async function importUsers(context: CommandContext): Promise<number> {
  const [users = '', groups] = context.args.operands;
  const text = async (path: string): Promise<string> => new TextDecoder().decode(await readNamedFile(context, path));
  const body = { userConf: await text(users), groupConf: groups === undefined ? null : await text(groups) };
  const answer = await context.client.json<ImportedUserList>('POST', '/user-import', { json: body });
  show(context, answer, () =>
    answer.items.map(({ name, result, message }) => `${printable(`${name}: ${result}. ${message}`)}\n`).join(''),
  );
  return answer.items.some((one) => one.result === 'refused') ? 1 : 0;
}
/** `group set`. */
export async function setGroup(context: CommandContext): Promise<number> {
  const [name = '', role = ''] = context.args.operands;
  const answer = await context.client.json('PUT', `/groups/${encodeURIComponent(name)}`, { json: { role: roleNamed(role) } });
  show(context, answer, () => `group ${printable(name)}: ${titles[roleNamed(role)]}\n`);
  return 0;
}
/** `group delete`. */
export async function deleteGroup(context: CommandContext): Promise<number> {
  const [name = ''] = context.args.operands;
  await context.client.json('DELETE', `/groups/${encodeURIComponent(name)}`);
  show(context, null, () => `group ${printable(name)} deleted\n`);
  return 0;
}
/** `group list`. */
export async function listGroups(context: CommandContext): Promise<number> {
  const answer = await context.client.json<GroupList>('GET', '/groups');
  show(context, answer, () => {
    const rows = answer.items.map(({ name, role, members }) => [name, titles[role], members.join(',') || '-']);
    return rows.length === 0 ? 'no groups\n' : table(['GROUP', 'ROLE', 'MEMBERS'], rows, paintFor(context.io));
  });
  return 0;
}
/** `token create`: the token alone on standard output, so that it can be kept without being read. */
export async function createToken(context: CommandContext): Promise<number> {
  const [label = ''] = context.args.operands;
  const [role, days] = [context.text('role'), context.text('days')];
  if (role === null) throw usageError('say what the token may do: --role Admin, Control or Monitor');
  const body = { label, role: roleNamed(role), days: days === null ? null : wholeNumber(days, '--days', 1, 3650) };
  const answer = await context.client.json<NewToken>('POST', '/tokens', { json: body });
  if (!context.json)
    context.io.err(
      `token ${answer.id} (${titles[answer.role]}), ${answer.expires === null ? 'without an end' : `until ${localTime(answer.expires)}`}. It is shown this once:\n`,
    );
  show(context, answer, () => `${answer.token}\n`);
  return 0;
}
/** `token list`. */
export async function listTokens(context: CommandContext): Promise<number> {
  const answer = await context.client.json<TokenList>('GET', '/tokens');
  show(context, answer, () => {
    const rows = answer.items.map((token) => [
      ...[token.id, token.label, titles[token.role], printable(token.owner), localTime(token.created)],
      token.expires === null ? 'never' : token.expired ? 'ended' : localTime(token.expires),
    ]);
    return rows.length === 0
      ? 'no tokens\n'
      : table(['ID', 'LABEL', 'ROLE', 'MADE BY', 'MADE', 'ENDS'], rows, paintFor(context.io));
  });
  return 0;
}
/** `token revoke`. */
export async function revokeToken(context: CommandContext): Promise<number> {
  const [id = ''] = context.args.operands;
  await context.client.json('DELETE', `/tokens/${encodeURIComponent(id)}`);
  show(context, null, () => `token ${printable(id)} revoked\n`);
  return 0;
}

/** `webservercfg -passwd PWD [-user NAME]`, the form of SafeKit. */
export async function webserverCfg(context: CommandContext): Promise<number> {
  const words = [...context.args.operands];
  const given = new Map<string, string>();
  while (words.length > 0) {
    const option = words.shift() ?? '';
    const value = words.shift();
    if (!['-passwd', '-user', '-rcmdpasswd', '-rcmduser'].includes(option) || value === undefined)
      throw usageError(`it is -passwd PWD [-user NAME], or -rcmdpasswd PWD; '${option}' is not understood`);
    given.set(option, value);
  }
  if (given.has('-rcmdpasswd')) context.io.err('-rcmdpasswd sets nothing: nodes prove themselves with the key of the cluster\n');
  const password = given.get('-passwd');
  if (password === undefined) {
    if (given.has('-rcmdpasswd')) return 0;
    throw usageError('-passwd is missing');
  }
  const name = given.get('-user') ?? 'admin';
  if (password !== '-')
    context.io.err(
      'the password was on the command line, where every user of the machine could read it: -passwd - asks for it\n',
    );
  const secret = password === '-' ? await askSecret(context, `Password of ${name}`, true) : password;
  try {
    await context.client.json('PUT', userPath(name), { json: { password: secret } });
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'USER_UNKNOWN') throw error;
    await context.client.json('POST', '/users', { json: { name, role: 'admin', password: secret } });
  }
  show(context, null, () => `password of ${printable(name)} set\n`);
  return 0;
}
