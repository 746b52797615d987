/** The commands about who may come in. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { AuthStatus, TokenSummary, UserSummary } from '../../src/http/api-types.js';
import { scenario } from './harness.js';

const at = '2026-01-31T14:22:33.123Z';
const ada: UserSummary = { name: 'ada', role: 'admin', effectiveRole: 'admin', groups: ['ops'], state: 'password', changed: at };
const token: TokenSummary = {
  id: '0123456789ab',
  label: 'prometheus',
  role: 'monitor',
  owner: 'root',
  created: at,
  expires: null,
  expired: false,
};
const status: AuthStatus = {
  ...{ node: 'n1', required: true, users: 1, tokens: 1, sessions: 2, file: '/v/auth/users.json', configFile: '/v/auth.json' },
  ...{ problems: [], consoleUrl: 'https://10.0.0.1:9453', digest: 'ab' },
  ways: [{ name: 'users', state: 'on', message: '/v/auth/users.json' }],
};
const secret = async (): Promise<string> => 'a long walk home';

scenario(
  t,
  'users, groups and tokens',
  {
    listUsers: () => ({
      json: { items: [ada, { ...ada, name: 'eve', role: null, effectiveRole: null, groups: [], state: 'none' }], next: null },
    }),
    addUser: ({ body }) => {
      const { name, invite } = Object.assign({ name: '', invite: false }, body);
      return { json: { user: { ...ada, name }, invitation: invite ? { code: 'c0de', expires: at, node: 'n1' } : null } };
    },
    changeUser: ({ params }) =>
      params['user'] === 'nobody'
        ? { problem: 'USER_UNKNOWN', detail: 'There is no user "nobody".' }
        : { json: { user: { ...ada, name: params['user'] ?? '', effectiveRole: null }, invitation: null } },
    deleteUser: () => ({ bytes: new Uint8Array() }),
    importUsers: () => ({
      json: {
        items: [
          { name: 'u1', result: 'imported', message: 'Role admin.' },
          { name: 'u2', result: 'refused', message: 'No.' },
        ],
        next: null,
      },
    }),
    listGroups: () => ({ json: { items: [{ name: 'ops', role: 'control', members: ['ada'] }], next: null } }),
    setGroup: ({ params }) => ({ json: { name: params['group'] ?? '', role: 'control', members: [] } }),
    deleteGroup: () => ({ bytes: new Uint8Array() }),
    listTokens: () => ({
      json: { items: [token, { ...token, expires: at }, { ...token, expires: at, expired: true }], next: null },
    }),
    createToken: () => ({ json: { ...token, token: `hf_monitor_0123456789ab_${'x'.repeat(43)}` } }),
    revokeToken: () => ({ bytes: new Uint8Array() }),
    getAuth: () => ({ json: status }),
  },
  async (t, { cli, daemon, dir }) => {
    const last = (): unknown => daemon.requests.at(-1)?.body;
    t.same(await cli(['user', 'add', 'ada', '--role', 'Admin'], { secret }), {
      code: 0,
      out: 'user ada added: Admin\n',
      err: '',
    });
    t.same(last(), { name: 'ada', role: 'admin', groups: [], password: 'a long walk home' });
    t.match(await cli(['user', 'add', 'ada', '--role', 'Admin']), { code: 2, err: /neither a terminal nor standard input/ });
    const differ = () => Promise.reject(new Error('the two differ'));
    t.match(await cli(['user', 'add', 'ada', '--role', 'Admin'], { secret: differ }), { code: 2, err: /the two differ/ });
    t.match(await cli(['user', 'add', 'ada'], { secret }), { code: 2, err: /say what the user may do/ });
    t.match(await cli(['user', 'add', 'ada', '--role', 'Root'], { secret }), {
      code: 2,
      err: /Admin, Control or Monitor, not 'Root'/,
    });
    const link = await cli(['user', 'add', 'eve', '--role', 'control', '--groups', 'ops, night', '--link']);
    t.match(link.out, /https:\/\/10\.0\.0\.1:9453\/console\/first\/c0de\n$/);
    t.match(JSON.parse((await cli(['user', 'add', 'eve', '--role', 'control', '--link', '--json'])).out), {
      link: /first\/c0de/,
    });
    t.equal((await cli(['user', 'add', 'bob', '--groups', 'ops', '--no-password'])).code, 0);
    t.same(last(), { name: 'bob', role: null, groups: ['ops'] });
    t.equal((await cli(['user', 'passwd', 'ada'], { secret })).out, 'user ada has a new password: no role, it cannot log in\n');
    await cli(['user', 'passwd', 'ada', '--link']);
    t.same(last(), { invite: true });
    await cli(['user', 'role', 'ada', 'none']);
    t.same(last(), { role: null });
    await cli(['user', 'groups', 'ada', 'a,b']);
    t.same(last(), { groups: ['a', 'b'] });
    t.match(await cli(['user', 'role', 'nobody', 'Monitor']), { code: 1, err: 'USER_UNKNOWN: There is no user "nobody".\n' });
    t.equal((await cli(['user', 'delete', 'ada'])).out, 'user ada deleted\n');
    t.equal(
      (await cli(['user', 'list'])).out,
      'USER  ROLE   GROUPS  PASSWORD  CHANGED\nada   Admin  ops     password  2026-01-31 14:22:33\neve   -      -       none      2026-01-31 14:22:33\n',
    );
    for (const name of ['user.conf', 'group.conf']) writeFileSync(join(dir, name), 'x');
    t.same(await cli(['user', 'import', 'user.conf', 'group.conf']), {
      code: 1,
      out: 'u1: imported. Role admin.\nu2: refused. No.\n',
      err: '',
    });
    await cli(['user', 'import', 'user.conf']);
    t.same(last(), { userConf: 'x', groupConf: null });

    t.equal((await cli(['group', 'set', 'ops', 'Control'])).out, 'group ops: Control\n');
    t.equal((await cli(['group', 'delete', 'ops'])).out, 'group ops deleted\n');
    t.match((await cli(['group', 'list'])).out, /^GROUP +ROLE +MEMBERS\nops +Control +ada\n$/);

    const made = await cli(['token', 'create', 'prometheus', '--role', 'Monitor', '--days', '30']);
    t.match(made, { code: 0, out: /^hf_monitor_0123456789ab_x{43}\n$/, err: /shown this once/ });
    t.same(last(), { label: 'prometheus', role: 'monitor', days: 30 });
    t.match(await cli(['token', 'create', 'prometheus']), { code: 2, err: /--role/ });
    t.match((await cli(['token', 'list'])).out, /never\n.*2026.*\n.*ended\n$/);
    t.equal((await cli(['token', 'revoke', '0123456789ab'])).out, 'token 0123456789ab revoked\n');

    t.match(await cli(['webservercfg', '-passwd', 'a long walk home', '-user', 'ada']), {
      code: 0,
      out: 'password of ada set\n',
      err: /on the command line/,
    });
    t.match(await cli(['webservercfg', '-passwd', '-', '-user', 'nobody'], { secret }), { code: 0, err: '' });
    t.same(last(), { name: 'nobody', role: 'admin', password: 'a long walk home' }, 'made where it was not there');
    t.match(await cli(['webservercfg', '-rcmdpasswd', 'x']), { code: 0, err: /key of the cluster/ });
    t.match(await cli(['webservercfg', '-user', 'x']), { code: 2, err: /-passwd is missing/ });
    t.match(await cli(['webservercfg', 'what']), { code: 2, err: /not understood/ });
  },
);

scenario(
  t,
  'nobody there yet, and the ways to log in',
  {
    listUsers: () => ({ json: { items: [], next: null } }),
    listGroups: () => ({ json: { items: [], next: null } }),
    listTokens: () => ({ json: { items: [], next: null } }),
    getAuth: () => ({
      json: {
        ...{ ...status, required: false },
        problems: [
          {
            ...{
              severity: 'error',
              code: 'CONF_SYNTAX',
              file: 'auth.json',
              line: 2,
              column: 3,
              element: '(top)',
              attribute: null,
            },
            ...{ value: null, message: 'This is not JSON.', remedy: 'Mend it.' },
          },
        ],
        ways: [{ name: 'ldap', state: 'failing', message: 'ldaps://a: not there' }],
      },
    }),
    getAuthConfig: () => ({ bytes: Buffer.from('{}\n') }),
    putAuthConfig: () => ({ json: status }),
    testAuth: ({ body }) => {
      const { user } = Object.assign({ user: null }, body);
      const items =
        user === null ? [] : [{ what: 'login', ok: user === 'ada', message: 'as it is', remedy: user === 'ada' ? null : 'look' }];
      return { json: { items, next: null } };
    },
  },
  async (t, { cli, dir, daemon }) => {
    t.match((await cli(['user', 'list'])).out, /^no users: /);
    t.equal((await cli(['group', 'list'])).out, 'no groups\n');
    t.equal((await cli(['token', 'list'])).out, 'no tokens\n');
    const ways = await cli(['auth', 'status']);
    t.equal(ways.code, 1);
    t.match(
      ways.out,
      /not needed.*\nWAY.*\nldap +failing +ldaps:\/\/a: not there\n\/v\/auth\.json:2:3: This is not JSON\. Mend it\.\n$/,
    );
    t.equal((await cli(['auth', 'config'])).out, '{}\n');
    writeFileSync(join(dir, 'auth.json'), '{}');
    t.match(await cli(['auth', 'config', 'auth.json']), { code: 0, out: /needed; 1 users, 1 tokens, 2 sessions/ });
    t.match(await cli(['auth', 'test']), { code: 0, out: /nothing to try/ });
    t.match(await cli(['auth', 'test', 'ada', '--password'], { secret }), { code: 0, out: 'login: ok, as it is\n' });
    t.same(daemon.requests.at(-1)?.body, { user: 'ada', password: 'a long walk home' });
    t.match(await cli(['auth', 'test', 'eve']), { code: 1, out: 'login: FAILED, as it is; look\n' });
    t.match(await cli(['auth', 'test', '--password'], { secret }), { code: 2, err: /needs the name/ });
  },
);

const program = new URL('../../src/cli/secret-input.js', import.meta.url).href;
const hasScript = spawnSync('script', ['--version']).status === 0;
t.test(
  'a secret comes from a pipe, or from a terminal that does not show it',
  { skip: process.platform === 'win32' && 'no pseudo-terminals' },
  async (t) => {
    const code = `const { readSecret } = await import(${JSON.stringify(program)}); try { process.stdout.write('<' + await readSecret('Secret', true) + '>') } catch (error) { process.stdout.write('!' + error.message) }`;
    const run = [...process.execArgv, '--input-type=module', '-e', code];
    t.equal(execFileSync(process.execPath, run, { input: 'first line\r\nsecond\n', encoding: 'utf8' }), '<first line>');
    if (!hasScript) {
      t.comment('skipped: script(1) is not installed, so nothing can be typed on a terminal');
      return;
    }
    const line = [process.execPath, ...run].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const typed = (keys: string): string =>
      spawnSync('script', ['-qec', line, '/dev/null'], { input: keys, encoding: 'utf8', timeout: 30_000 }).stdout;
    t.match(typed('secrex\u007ft\rsecret\r'), /<secret>/);
    t.match(typed('one\rtwo\r'), /!the two differ/);
  },
);
