import type { CommandSpec, OptionSpec } from '../command.types.js';

const roles = ['Admin', 'Control', 'Monitor'] as const;
const roleOption: OptionSpec = {
  name: 'role',
  value: 'ROLE',
  help: 'Admin (everything), Control (also starts and stops) or Monitor (only looks).',
  complete: roles,
};
const linkOption: OptionSpec = {
  name: 'link',
  help: 'Print a link that sets the password, once, within 30 minutes, at this node; instead of asking for a password.',
};
const nobody = { module: 'none', options: [], operands: [] } as const;
const name = { name: 'NAME', help: 'Name of the user.', count: 'one', complete: 'none' } as const;
const asked =
  'The password is asked for twice on a terminal, without being shown; otherwise the first line of standard input is taken. It is never a word of the command line, where every user of the machine could read it in the list of processes.';

/** Commands about who may come in. */
export const userCommands: readonly CommandSpec[] = [
  {
    ...nobody,
    words: ['user', 'add'],
    summary: 'Add a user, on all nodes',
    details: `As soon as there is one user, nobody comes in over TCP without a login, not even on this machine. ${asked} docs/users.md has more.`,
    options: [
      roleOption,
      { name: 'groups', value: 'LIST', help: 'Groups that it belongs to, joined by commas.', complete: 'none' },
      linkOption,
      { name: 'no-password', help: 'No password: for a user with a client certificate.' },
    ],
    operands: [name],
    examples: [
      { line: 'holdfast user add admin --role Admin', does: 'Asks for the password.' },
      { line: 'holdfast user add eve --role Control --link', does: 'Prints a link for eve, who sets the password herself.' },
      { line: 'holdfast user add bob --role Monitor --no-password', does: 'bob proves who he is by a client certificate.' },
    ],
    run: async (context) => (await import('../commands/users.js')).addUser(context),
  },
  {
    ...nobody,
    words: ['user', 'passwd'],
    summary: 'Give a user another password, on all nodes',
    details: `Its sessions end. ${asked}`,
    options: [linkOption],
    operands: [name],
    examples: [
      { line: 'holdfast user passwd eve', does: 'Asks for the new password.' },
      { line: 'holdfast user passwd eve --link', does: 'The old password ends; the link sets a new one.' },
    ],
    run: async (context) => (await import('../commands/users.js')).passwordOf(context),
  },
  {
    ...nobody,
    words: ['user', 'role'],
    summary: 'Give a user another role, on all nodes',
    details: 'Its sessions end. A user may do what the greatest of its own role and those of its groups allows.',
    operands: [name, { name: 'ROLE', help: 'Admin, Control, Monitor, or none.', count: 'one', complete: [...roles, 'none'] }],
    examples: [{ line: 'holdfast user role eve Control', does: 'From now on eve may start and stop.' }],
    run: async (context) => (await import('../commands/users.js')).roleOf(context),
  },
  {
    ...nobody,
    words: ['user', 'groups'],
    summary: 'Say which groups a user belongs to, on all nodes',
    details: 'The list replaces the one before; without a list the user belongs to none. Its sessions end.',
    operands: [name, { name: 'LIST', help: 'Groups, joined by commas.', count: 'optional', complete: 'none' }],
    examples: [{ line: 'holdfast user groups eve operators,night', does: 'eve belongs to these two.' }],
    run: async (context) => (await import('../commands/users.js')).groupsOf(context),
  },
  {
    ...nobody,
    words: ['user', 'delete'],
    summary: 'Delete a user, on all nodes',
    details: 'Its sessions end at once. With the last user, this machine needs no login any more, and others are not answered.',
    operands: [name],
    examples: [{ line: 'holdfast user delete eve', does: 'eve cannot log in any more.' }],
    run: async (context) => (await import('../commands/users.js')).deleteUser(context),
  },
  {
    ...nobody,
    words: ['user', 'list'],
    summary: 'Show the users',
    details: 'With role, groups, and whether each has a password or a link that waits.',
    examples: [{ line: 'holdfast user list', does: 'One line a user.' }],
    run: async (context) => (await import('../commands/users.js')).listUsers(context),
  },
  {
    ...nobody,
    words: ['user', 'import'],
    summary: "Add the users of SafeKit's user.conf and group.conf",
    details:
      'Passwords stay what they were: hashes of MD5 (apr1) and bcrypt are taken, and replaced by scrypt at the first login. Without group.conf everybody is Admin, as in SafeKit. Users that are there already are kept.',
    operands: [
      { name: 'USERCONF', help: 'The file of htpasswd.', count: 'one', complete: 'file' },
      { name: 'GROUPCONF', help: 'Lines such as "Admin : u1 u2".', count: 'optional', complete: 'file' },
    ],
    examples: [
      { line: 'holdfast user import web/conf/user.conf web/conf/group.conf', does: 'One line a user, with what came of it.' },
    ],
    run: async (context) => (await import('../commands/users.js')).importUsers(context),
  },
  {
    ...nobody,
    words: ['group', 'set'],
    summary: 'Make a group, or give it another role, on all nodes',
    details: 'Its members may do what the role allows. Their sessions end when their role changes by it.',
    operands: [
      { name: 'NAME', help: 'Name of the group.', count: 'one', complete: 'none' },
      { name: 'ROLE', help: 'Admin, Control or Monitor.', count: 'one', complete: roles },
    ],
    examples: [{ line: 'holdfast group set operators Control', does: 'All operators may start and stop.' }],
    run: async (context) => (await import('../commands/users.js')).setGroup(context),
  },
  {
    ...nobody,
    words: ['group', 'delete'],
    summary: 'Delete a group, on all nodes',
    details: 'Its members stay, without what it gave them.',
    operands: [{ name: 'NAME', help: 'Name of the group.', count: 'one', complete: 'none' }],
    examples: [{ line: 'holdfast group delete night', does: 'The group is no more.' }],
    run: async (context) => (await import('../commands/users.js')).deleteGroup(context),
  },
  {
    ...nobody,
    words: ['group', 'list'],
    summary: 'Show the groups',
    details: 'With role and members.',
    examples: [{ line: 'holdfast group list', does: 'One line a group.' }],
    run: async (context) => (await import('../commands/users.js')).listGroups(context),
  },
  {
    ...nobody,
    words: ['token', 'create'],
    summary: 'Make a token for a program, good on all nodes',
    details:
      'It is printed once, on standard output, and kept nowhere: only a digest is. The program sends it as "Authorization: Bearer TOKEN". Give it the least role that does, and an end.',
    options: [
      roleOption,
      { name: 'days', value: 'N', help: 'It ends after so many days, 1 to 3650 (default: never).', complete: 'none' },
    ],
    operands: [{ name: 'LABEL', help: 'What it is for.', count: 'one', complete: 'none' }],
    examples: [{ line: 'holdfast token create prometheus --role Monitor --days 365', does: 'Prints the token.' }],
    run: async (context) => (await import('../commands/users.js')).createToken(context),
  },
  {
    ...nobody,
    words: ['token', 'list'],
    summary: 'Show the tokens, without their secrets',
    details: 'With role, who made each and when, and when it ends.',
    examples: [{ line: 'holdfast token list', does: 'One line a token.' }],
    run: async (context) => (await import('../commands/users.js')).listTokens(context),
  },
  {
    ...nobody,
    words: ['token', 'revoke'],
    summary: 'Revoke a token, at once and on all nodes',
    details: 'A node that is off learns of it when it comes back.',
    operands: [{ name: 'ID', help: 'As token list shows it.', count: 'one', complete: 'none' }],
    examples: [{ line: 'holdfast token revoke 3f9a0c52b7d1', does: 'Whoever has it is refused.' }],
    run: async (context) => (await import('../commands/users.js')).revokeToken(context),
  },
  {
    ...nobody,
    words: ['auth', 'status'],
    summary: 'Show the ways to log in at this node, and whether they work',
    details: 'Users, tokens, LDAP, OpenID Connect, client certificates, and whether all nodes have the same users.',
    examples: [{ line: 'holdfast auth status', does: 'One line for each way.' }],
    exits: ['1: a way does not work.'],
    run: async (context) => (await import('../commands/auth.js')).status(context),
  },
  {
    ...nobody,
    words: ['auth', 'test'],
    summary: 'Try what is configured, or whether somebody would come in',
    details: `Without a name the directory and the OpenID provider are asked whether they answer. With a name its role is looked up; with --password also whether the password is right. ${asked}`,
    options: [{ name: 'password', help: 'Ask for the password, and try it.' }],
    operands: [{ name: 'NAME', help: 'Name of a user.', count: 'optional', complete: 'none' }],
    examples: [
      { line: 'holdfast auth test', does: 'Tries LDAP and OpenID Connect.' },
      { line: 'holdfast auth test eve --password', does: 'Would eve come in, and as what?' },
    ],
    exits: ['1: something did not work.'],
    run: async (context) => (await import('../commands/auth.js')).test(context),
  },
  {
    ...nobody,
    words: ['auth', 'config'],
    summary: 'Apply an auth.json, or print the one that is applied',
    details:
      'The file is checked first, and every error is listed with line and column; then it is kept as SAFEVAR/auth.json on this node. It names files with secrets and holds none. docs/users.md describes it.',
    operands: [{ name: 'FILE', help: 'The file to apply (default: print).', count: 'optional', complete: 'file' }],
    examples: [{ line: 'holdfast auth config ./auth.json', does: 'Applies it on this node.' }],
    run: async (context) => (await import('../commands/auth.js')).config(context),
  },
  {
    ...nobody,
    words: ['webservercfg'],
    summary: "Set the password of the console's administrator, as SafeKit does",
    details:
      'The form of SafeKit: -passwd PWD [-user NAME], for the user admin by default, who is made as Admin if not there. A password on the command line can be read by every user of the machine while the command runs: -passwd - asks for it, or takes it from standard input. -rcmdpasswd sets nothing: nodes prove themselves to each other with the key of the cluster.',
    operands: [{ name: 'WORDS', help: '-passwd PWD [-user NAME], or -rcmdpasswd PWD.', count: 'rest', complete: 'none' }],
    freeText: true,
    examples: [{ line: 'holdfast webservercfg -passwd -', does: 'Asks for the password of the user admin.' }],
    run: async (context) => (await import('../commands/users.js')).webserverCfg(context),
  },
];
