import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { archivesOf } from '../../../src/io/modules/layout.js';
import { createModuleStore } from '../../../src/io/modules/store.js';
import { codeOf, home, light, put, unwrap } from './support.js';
import { rawZip } from './zip-builder.js';

const script = '#!/bin/sh\nexit 0\n';
const archiveOf = (config: string, extra: Parameters<typeof rawZip>[0] = []): Buffer =>
  rawZip([
    { name: 'conf/userconfig.xml', data: config },
    { name: 'bin/start_both', data: script, mode: 0o100755 },
    { name: 'bin/stop_both', data: script, mode: 0o100755 },
    ...extra,
  ]);

t.test('install, edit, apply, package, install elsewhere', async (t) => {
  const { options } = home(t, { ADDRESS: '127.0.0.1' });
  const store = createModuleStore(options);
  t.same(await store.list(), []);
  t.same(unwrap(await store.install('web', archiveOf(light()), null, null, false)), {
    name: 'web',
    id: 1,
    mode: null,
    configured: false,
    signature: null,
    appliedWallMs: null,
  });
  t.equal(await store.activeModule('web'), null);
  t.equal(codeOf(await store.deconfigure('web')), 'MODULE_NOT_CONFIGURED');

  const before = unwrap(await store.readFile('web', 'conf/userconfig.xml'));
  const text = light(
    '<user><var name="PORT" value="%PORT%"/><var name="WHERE" value="%ADDRESS%"/></user>',
    '<macro name="PORT" value="8081"/>',
  );
  const { etag } = unwrap(await store.writeFile('web', 'conf/userconfig.xml', text, before.etag));
  t.equal(codeOf(await store.writeFile('web', 'conf/userconfig.xml', 'x', before.etag)), 'FILE_CONFLICT');
  t.equal(unwrap(await store.readFile('web', 'conf/userconfig.xml')).etag, etag);
  unwrap(await store.writeFile('web', 'bin/poststop', script, null));
  t.equal(codeOf(await store.writeFile('web', 'bin/poststop', script, null)), 'FILE_CONFLICT');
  t.equal(unwrap(await store.listFiles('web')).find(({ path }) => path === 'bin/poststop')?.executable, true);

  t.equal(unwrap(await store.info('web')).active, null);
  const { active, warnings } = unwrap(await store.apply('web'));
  t.same(warnings, []);
  t.match(active, { name: 'web', id: 1, config: { service: { mode: 'light' } } });
  t.same(Object.keys(active.scripts).sort(), ['poststop', 'start_both', 'stop_both']);
  t.equal(active.scripts['start_both'], join(options.safe, 'private/modules/web/bin/start_both'));
  t.match(active.env, {
    SAFE: options.safe,
    SAFEVAR: options.safevar,
    SAFEBIN: join(options.safe, 'private/bin'),
    SAFECONF: join(options.safe, 'private/conf'),
    SAFEMODULE: 'web',
    SAFEUSERBIN: active.binDir,
    SAFEUSERCONF: join(options.safe, 'private/modules/web/conf'),
    SAFEUSERVAR: join(options.safevar, 'modules/web'),
    HOLDFAST_SOCKET: '/run/holdfast.sock',
    PORT: '8081',
    WHERE: '127.0.0.1',
    LANG: 'C.UTF-8',
  });
  t.equal(active.env['SECRET'], undefined, 'the daemon keeps its own environment to itself');
  t.ok(active.env['PATH']?.startsWith(`${options.safe}:`));
  const expanded = readFileSync(join(options.safe, 'private/modules/web/conf/safeconf.xml'), 'utf8');
  t.match(expanded, /name="PORT" value="8081"/);

  const info = unwrap(await store.info('web'));
  t.equal(info.active?.signature, info.current?.signature);
  t.equal(info.node, 'n1');
  unwrap(await store.writeFile('web', 'bin/start_both', `${script}# changed\n`, '*'));
  const changed = unwrap(await store.info('web'));
  t.not(changed.active?.signature, changed.current?.signature);

  const packed = unwrap(await store.package('web'));
  t.same(Buffer.from(packed), Buffer.from(unwrap(await store.package('web'))), 'reproducible');
  const other = createModuleStore(home(t).options);
  unwrap(await other.install('web', packed, null, null, false));
  t.equal(unwrap(await other.info('web')).current?.signature, changed.current?.signature, 'the same signature on another node');

  t.same(
    await createModuleStore(options).active(),
    [active],
    'the next daemon finds what was applied, whatever was edited since',
  );
  const elsewhere = createModuleStore({ ...options, extraEnv: { ADDRESS: '127.0.0.9' } });
  t.equal((await elsewhere.activeModule('web'))?.env['WHERE'], '127.0.0.1', 'macros keep what they were replaced by');

  unwrap(await store.deconfigure('web'));
  t.same(await store.active(), []);
  t.match(await store.list(), [{ name: 'web', configured: false }]);
  unwrap(await store.uninstall('web'));
  t.same(await store.list(), []);
  t.notOk(existsSync(join(options.safevar, 'modules/web')));
  t.equal(archivesOf('web', readdirSync(join(options.safe, 'Application_Modules/backup'))).length, 1);
  t.equal(codeOf(await store.uninstall('web')), 'MODULE_UNKNOWN');
});

t.test('ids, names and force', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  const install = (name: string, id: number | null = null, force = false) =>
    store.install(name, archiveOf(light()), null, id, force);
  t.equal(unwrap(await install('a')).id, 1);
  t.equal(unwrap(await install('c', 3)).id, 3);
  t.equal(unwrap(await install('b')).id, 2);
  t.equal(unwrap(await install('d')).id, 4);
  t.equal(codeOf(await install('e', 3)), 'MODULE_EXISTS');
  t.notOk(existsSync(join(options.safe, 'modules/e')));
  t.notOk(existsSync(join(options.safevar, 'modules/e')), 'nothing is left after a refusal');
  t.equal(codeOf(await install('a')), 'MODULE_EXISTS');
  t.equal(codeOf(await install('A')), 'MODULE_EXISTS', 'would be the same on some file systems');
  for (const id of [0, -1, 1.5, 256]) t.equal(codeOf(await install('f', id)), 'USAGE');
  for (const name of ['../x', 'lastconfig', '', 'a/b', 'node']) t.equal(codeOf(await install(name)), 'MODULE_NAME');
  t.equal(unwrap(await install('a', null, true)).id, 1, 'force keeps the id');
  t.equal(unwrap(await install('a', 9, true)).id, 9);
  unwrap(await store.uninstall('b'));
  t.equal(unwrap(await install('g')).id, 1, 'the first free one');
  t.same(
    (await store.list()).map(({ name, id }) => [name, id]),
    [
      ['g', 1],
      ['c', 3],
      ['d', 4],
      ['a', 9],
    ],
  );

  put(join(options.safe, 'modules/byhand/conf/userconfig.xml'), light());
  t.equal(
    (await store.list()).find(({ name }) => name === 'byhand')?.id,
    2,
    'put there by hand: gets an id when it is looked at',
  );
  writeFileSync(join(options.safevar, 'modules/byhand/module.json'), 'damaged');
  t.equal((await store.list()).find(({ name }) => name === 'byhand')?.id, 2);
  mkdirSync(join(options.safe, 'modules/not a module'));
  t.equal((await store.list()).length, 5);

  const both = await Promise.all(Array.from({ length: 8 }, (_, index) => install(`m${index}`)));
  t.equal(new Set(both.map((outcome) => unwrap(outcome).id)).size, 8, 'at the same time: an id each');
  const same = await Promise.all([install('twice'), install('twice'), install('twice')]);
  t.same(same.map(codeOf).sort(), ['MODULE_EXISTS', 'MODULE_EXISTS', 'ok']);
});

t.test('refused archives leave nothing', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  const bad = [
    rawZip([{ name: '../../evil', data: 'x' }]),
    rawZip([{ name: 'bin/link', data: '/etc/passwd', mode: 0o120777 }]),
    rawZip([{ name: 'bin/only', data: 'x' }]),
    rawZip([{ name: 'conf/userconfig.xml', data: light() }]).subarray(0, 60),
    Buffer.from('nothing'),
  ];
  for (const archive of bad) t.equal(codeOf(await store.install('bad', archive, null, null, false)), 'MODULE_ARCHIVE');
  t.same(await store.list(), []);
  t.notOk(existsSync(join(options.safe, 'modules/bad')));
  t.same(existsSync(join(options.safe, 'modules')) ? readdirSync(join(options.safe, 'modules')) : [], []);
  const template = rawZip([{ name: 'conf/userconfig.xml.template', data: light() }]);
  unwrap(await store.install('old', template, null, null, false));
  t.equal(unwrap(await store.readFile('old', 'conf/userconfig.xml')).content, light());
});

t.test('templates, and archives of the installation', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  t.same(
    (await store.templates()).map(({ name }) => name),
    ['farm', 'light', 'nginx', 'ocf'],
  );
  t.ok((await store.templates()).every(({ description }) => description.length > 20));
  for (const name of ['farm', 'light', 'nginx', 'ocf']) {
    unwrap(await store.install(`my-${name}`, null, name, null, false));
    const { warnings } = unwrap(await store.check(`my-${name}`));
    // The agent of the template ocf need not be on this machine.
    t.same(
      warnings.filter(({ code }) => code !== 'CONF_AGENT'),
      [],
      `${name} is valid as it is`,
    );
    if (name !== 'nginx') unwrap(await store.apply(`my-${name}`));
    t.notOk(existsSync(join(options.safe, `modules/my-${name}/README.md`)));
  }
  t.equal(codeOf(await store.install('none', null, null, null, false)), 'FILE_UNKNOWN');
  t.equal(codeOf(await store.install('x', null, '../../../etc/passwd', null, false)), 'FILE_UNKNOWN');
  put(join(options.safe, 'Application_Modules/published/shop.safe'), '');
  writeFileSync(join(options.safe, 'Application_Modules/published/shop.safe'), archiveOf(light()));
  t.match(
    (await store.templates()).find(({ name }) => name === 'shop'),
    { description: 'From published/shop.safe.' },
  );
  unwrap(await store.install('shop', null, null, null, false));
  unwrap(await store.install('shop2', null, 'shop.safe', null, false));
});

t.test('what is wrong is said before anything is changed', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  t.equal(codeOf(await store.check('none')), 'MODULE_UNKNOWN');
  t.equal(codeOf(await store.apply('none')), 'MODULE_UNKNOWN');
  unwrap(await store.install('web', archiveOf(light()), null, null, false));
  const first = unwrap(await store.apply('web')).active;
  const dir = join(options.safe, 'modules/web');
  const refusedWith = async (what: string) => {
    const outcome = await store.apply('web');
    if (outcome.ok) throw new Error(`applied: ${what}`);
    t.same(await store.activeModule('web'), first, `${what}: what was applied before is untouched`);
    t.same(readdirSync(join(options.safe, 'private/modules')), ['web'], `${what}: nothing is left`);
    return outcome.failure;
  };

  put(join(dir, 'conf/userconfig.xml'), '<safe><service mode="lihgt"/></safe>');
  t.match(await refusedWith('bad mode'), { code: 'CONF_INVALID', problems: [{ file: 'conf/userconfig.xml', line: 1 }] });
  put(
    join(dir, 'conf/userconfig.xml'),
    '<safe><service mode="mirror"><heart><heartbeat name="default"/></heart><rfs><replicated dir="/data"/></rfs></service></safe>',
  );
  const unsupported = await refusedWith('not built yet');
  t.equal(unsupported.code, 'CONF_UNSUPPORTED');
  t.match(unsupported.message, /<.*rfs.*>/);
  t.ok(
    unwrap(await store.check('web')).warnings.some(({ code }) => code === 'CONF_UNSUPPORTED'),
    'checking it only warns',
  );
  unlinkSync(join(dir, 'conf/userconfig.xml'));
  t.equal((await refusedWith('no configuration')).code, 'CONF_INVALID');
  symlinkSync('/etc/passwd', join(dir, 'conf/userconfig.xml'));
  t.match(await refusedWith('a link'), { code: 'CONF_INVALID', message: /link/ });
  unlinkSync(join(dir, 'conf/userconfig.xml'));

  const handlers =
    '<user/><errd><proc name="a" class="x" action="fix_it"/><proc name="b" class="x" action="/nowhere/handler"/></errd><check><custom ident="probe" when="both" exec="probe"/></check>';
  put(join(dir, 'conf/userconfig.xml'), light(handlers));
  chmodSync(join(dir, 'bin/start_both'), 0o644);
  put(join(dir, 'bin/stop_both'), '#!/bin/sh\r\nexit 0\r\n', 0o755);
  put(join(dir, 'bin/prestart'), '#!/nowhere/bash\n', 0o755);
  put(join(dir, 'bin/poststop'), '', 0o755);
  put(join(dir, 'bin/transition'), '\ufeff#!/bin/sh\n', 0o755);
  put(join(dir, 'bin/helper.txt'), 'not called');
  const { problems = [] } = await refusedWith('scripts');
  const errors = problems.filter(({ severity }) => severity === 'error').map(({ file, message }) => `${file}: ${message}`);
  for (const pattern of [
    /bin\/start_both: .*not executable/,
    /bin\/stop_both: .*carriage return/,
    /bin\/prestart: .*interpreter/,
    /bin\/poststop: .*empty/,
    /bin\/transition: .*mark/,
    /bin\/fix_it: .*no bin\/fix_it/,
    /bin\/probe: .*no bin\/probe/,
  ])
    t.ok(
      errors.some((error) => pattern.test(error)),
      `${pattern}`,
    );
  t.equal(errors.length, 7, errors.join('\n'));
  t.match(problems.find(({ file }) => file === 'bin/start_both')?.remedy, /chmod \+x/);
  t.ok(problems.some(({ severity, message }) => severity === 'warning' && message.includes('/nowhere/handler')));

  put(join(dir, 'conf/userconfig.xml'), light(''));
  t.equal(codeOf(await store.apply('web')), 'ok', 'without <user> no script is called');
  rmSync(join(dir, 'bin'), { recursive: true });
  put(join(dir, 'conf/userconfig.xml'), light());
  t.same(
    unwrap(await store.apply('web'))
      .warnings.map(({ file }) => file)
      .sort(),
    ['bin/start_both', 'bin/stop_both'],
  );
});

t.test('encodings of userconfig.xml', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  unwrap(await store.install('web', archiveOf(light()), null, null, false));
  const path = join(options.safe, 'modules/web/conf/userconfig.xml');
  const text = light('<user><var name="NAME" value="é"/></user>');
  for (const [encoding, bytes] of [
    ['utf-8', Buffer.from(text)],
    ['utf-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['latin-1', Buffer.from(text, 'latin1')],
    ['utf-16le', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['utf-16be', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ] as const) {
    writeFileSync(path, bytes);
    t.equal(unwrap(await store.apply('web')).active.env['NAME'], 'é', encoding);
  }
  t.equal(codeOf(await store.readFile('web', 'conf/userconfig.xml')), 'FILE_UNKNOWN', 'only UTF-8 can be edited as text');
});

t.test('the last three configurations are kept', async (t) => {
  const { options } = home(t);
  const store = createModuleStore({ ...options, wallMs: () => Date.UTC(2026, 0, 31) });
  for (const name of ['web', 'web_2']) unwrap(await store.install(name, archiveOf(light()), null, null, false));
  for (let turn = 0; turn < 5; turn += 1) {
    unwrap(await store.writeFile('web', 'bin/marker', `${turn}`, '*'));
    unwrap(await store.apply('web'));
    unwrap(await store.apply('web_2'));
  }
  const names = readdirSync(join(options.safe, 'modules/lastconfig'));
  t.equal(archivesOf('web', names).length, 3);
  t.equal(archivesOf('web_2', names).length, 3);
  const [, , newest] = archivesOf('web', names);
  unwrap(await store.install('copy', readFileSync(join(options.safe, 'modules/lastconfig', newest ?? '')), null, null, false));
  t.equal(unwrap(await store.readFile('copy', 'bin/marker')).content, '4');
  t.same(
    archivesOf('a', [
      'a_2026-01-31_101112.safe',
      'a_2026-01-31_101112-2.safe',
      'a_2026-01-30_235959.safe',
      'a_x.safe',
      'ab_2026-01-31_101112.safe',
    ]),
    ['a_2026-01-30_235959.safe', 'a_2026-01-31_101112.safe', 'a_2026-01-31_101112-2.safe'],
  );
});

t.test("the configuration's own scripts", async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  unwrap(await store.install('web', archiveOf(light('<user><var name="V" value="7"/></user>')), null, null, false));
  const dir = join(options.safe, 'modules/web/bin');
  put(join(dir, 'config'), '#!/bin/sh\necho "generated $V" >"$SAFEUSERCONF/app.conf"\n', 0o755);
  put(join(dir, 'postconfig'), '#!/bin/sh\ntest -r "$SAFEUSERCONF/safeconf.xml" || { echo "no safeconf"; exit 4; }\n', 0o755);
  put(join(dir, 'deconfig'), '#!/bin/sh\necho gone >"$SAFEUSERVAR/deconfigured"\n', 0o755);
  unwrap(await store.apply('web'));
  t.equal(readFileSync(join(options.safe, 'private/modules/web/conf/app.conf'), 'utf8'), 'generated 7\n');
  put(join(dir, 'postconfig'), '#!/bin/sh\necho "no such service"; exit 3\n', 0o755);
  const refused = await store.apply('web');
  t.match(refused, {
    ok: false,
    failure: { code: 'SCRIPT_FAILED', message: /postconfig of web ended with code 3: no such service/ },
  });
  t.ok(await store.activeModule('web'), 'what was applied before still is');
  put(join(dir, 'confcheck'), '#!/bin/sh\nkill -9 $$\n', 0o755);
  t.match(await store.check('web'), { ok: false, failure: { code: 'SCRIPT_FAILED', message: /ended by SIGKILL/ } });
  unwrap(await store.deconfigure('web'));
  t.equal(readFileSync(join(options.safevar, 'modules/web/deconfigured'), 'utf8'), 'gone\n');
});

t.test('damaged applied copies are reported and skipped', async (t) => {
  const { options, problems } = home(t);
  const store = createModuleStore(options);
  for (const name of ['good', 'norecord', 'noconf', 'badconf', 'linked']) {
    unwrap(await store.install(name, archiveOf(light()), null, null, false));
    unwrap(await store.apply(name));
  }
  const active = join(options.safe, 'private/modules');
  writeFileSync(join(active, 'norecord/applied.json'), '{"version":1');
  unlinkSync(join(active, 'noconf/conf/safeconf.xml'));
  writeFileSync(join(active, 'badconf/conf/safeconf.xml'), '<safe><serv');
  symlinkSync('/etc', join(active, 'linked/bin/etc'));
  writeFileSync(join(active, 'file'), 'no directory');
  mkdirSync(join(active, 'empty'));
  t.same(
    (await store.active()).map(({ name }) => name),
    ['good'],
  );
  t.same(problems.map((problem) => problem.split(':')[0]).sort(), ['badconf', 'empty', 'file', 'linked', 'noconf', 'norecord']);
  for (const record of [
    'null',
    '{"version":2}',
    '{"version":1,"id":1}',
    '{"version":1,"id":"1","mode":"light","signature":"x","appliedWallMs":1}',
  ]) {
    writeFileSync(join(active, 'norecord/applied.json'), record);
    t.equal(await store.activeModule('norecord'), null);
  }
  unwrap(await store.apply('norecord'));
  t.ok(await store.activeModule('norecord'), 'applying it again mends it');
  t.equal(await store.activeModule('../good'), null);
});

t.test('a crash in the middle of a change', async (t) => {
  const { options, problems } = home(t);
  const store = createModuleStore(options);
  unwrap(await store.install('web', archiveOf(light()), null, null, false));
  const applied = unwrap(await store.apply('web')).active;
  const active = join(options.safe, 'private/modules');
  const edited = join(options.safe, 'modules');
  // Between the two renames: the old one is moved away, the new one is not in place yet.
  renameSync(join(active, 'web'), join(active, '.web.old'));
  mkdirSync(join(active, '.web.new'));
  renameSync(join(edited, 'web'), join(edited, '.web.old'));
  put(join(edited, '.other.new/conf/userconfig.xml'), 'half');
  const next = createModuleStore(options);
  t.same(await next.active(), [applied]);
  t.match(await next.list(), [{ name: 'web', configured: true }]);
  t.same(readdirSync(active), ['web']);
  t.same(readdirSync(edited).sort(), ['lastconfig', 'web']);
  t.equal(problems.filter((problem) => problem === 'web: An interrupted change was undone.').length, 2);
  // After the second rename: the new one is in place, the old one not yet removed.
  mkdirSync(join(active, '.web.old'));
  t.same(await createModuleStore(options).active(), [applied]);
  t.same(readdirSync(active), ['web']);
});

t.test('files through the API stay within the module', async (t) => {
  const { options, root } = home(t);
  const store = createModuleStore(options);
  unwrap(await store.install('web', archiveOf(light()), null, null, false));
  const dir = join(options.safe, 'modules/web');
  put(join(root, 'secret'), 'secret');
  symlinkSync(join(root, 'secret'), join(dir, 'conf/link'));
  symlinkSync(root, join(dir, 'conf/outside'));
  if (process.platform === 'linux') execFileSync('mkfifo', [join(dir, 'conf/pipe')]);
  for (const path of [
    '../../secret',
    '/etc/passwd',
    'conf/../../x',
    'conf/link',
    'conf/outside/secret',
    'conf/pipe',
    'conf',
    'conf/none',
    'other/x',
    'conf/a\\b',
    '',
  ])
    t.equal(codeOf(await store.readFile('web', path)), 'FILE_UNKNOWN', path);
  for (const path of ['../../secret', 'conf/link', 'conf/outside/new', 'other/x', 'conf', 'bin/../../x'])
    t.equal(codeOf(await store.writeFile('web', path, 'x', '*')), 'FILE_UNKNOWN', path);
  t.equal(readFileSync(join(root, 'secret'), 'utf8'), 'secret');
  t.notOk(existsSync(join(root, 'new')));
  t.equal(codeOf(await store.writeFile('web', 'conf/big', 'x'.repeat(1024 * 1024 + 1), null)), 'HTTP_TOO_LARGE');
  t.equal(codeOf(await store.writeFile('web', 'conf/none', 'x', 'abc')), 'FILE_CONFLICT');
  t.equal(codeOf(await store.readFile('none', 'conf/x')), 'MODULE_UNKNOWN');
  t.equal(codeOf(await store.listFiles('web')), 'CONF_INVALID', 'a link is no part of a module');
  const writes = await Promise.all(
    Array.from({ length: 10 }, (_, index) => store.writeFile('web', 'conf/race', `${index}`, null)),
  );
  t.same(
    writes.map(codeOf).sort(),
    [...Array.from({ length: 9 }, () => 'FILE_CONFLICT'), 'ok'],
    'of writers at the same time one wins',
  );
});

t.test('uninstalling what cannot be archived or deconfigured', async (t) => {
  const { options, problems } = home(t);
  const closed: string[] = [];
  const store = createModuleStore({ ...options, beforeRemoval: async (name) => void closed.push(name) });
  unwrap(
    await store.install(
      'web',
      archiveOf(light(), [{ name: 'bin/deconfig', data: '#!/bin/sh\nexit 1\n', mode: 0o100755 }]),
      null,
      null,
      false,
    ),
  );
  unwrap(await store.apply('web'));
  t.equal(codeOf(await store.deconfigure('web')), 'SCRIPT_FAILED');
  symlinkSync('/etc/passwd', join(options.safe, 'modules/web/bin/link'));
  unwrap(await store.uninstall('web'));
  t.same(closed, ['web']);
  t.same(await store.list(), []);
  t.same(await store.active(), []);
  t.equal(problems.length, 2);
});

t.test('ports', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  unwrap(await store.install('web', archiveOf(light()), null, null, false));
  const expected = [
    { process: 'safeadmin', protocol: 'UDP', port: 4800 },
    { process: 'webconsole', protocol: 'TCP', port: 9010 },
  ];
  t.same(unwrap(await store.ports('web', null)), expected);
  t.same(unwrap(await store.ports(null, 7)), expected);
  t.equal(codeOf(await store.ports('none', null)), 'MODULE_UNKNOWN');
  t.equal(codeOf(await store.ports(null, null)), 'USAGE');
});

const tmpfs = (): string | null => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-tmpfs-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'holdfast-test', dir], { stdio: 'ignore' });
    return dir;
  } catch {
    rmSync(dir, { recursive: true });
    return null;
  }
};
const small = tmpfs();
t.teardown(() => {
  if (small === null) return;
  execFileSync('umount', [small], { stdio: 'ignore' });
  rmSync(small, { recursive: true });
});
t.test(
  'a full disk changes nothing',
  { skip: small === null ? 'needs root and the right to mount a tmpfs' : false },
  async (t) => {
    const dir = small ?? '';
    const { options } = home(t);
    const store = createModuleStore({ ...options, safe: join(dir, 'safe'), safevar: join(dir, 'var') });
    unwrap(await store.install('web', archiveOf(light()), null, null, false));
    const { active } = unwrap(await store.apply('web'));
    try {
      writeFileSync(join(dir, 'filler'), Buffer.alloc(1024 * 1024));
    } catch {
      // It is full now: that is what this is for.
    }
    t.equal(codeOf(await store.apply('web')), 'DISK');
    t.equal(codeOf(await store.install('other', archiveOf(light()), null, null, false)), 'DISK');
    t.equal(codeOf(await store.writeFile('web', 'conf/new', 'x'.repeat(5000), null)), 'DISK');
    t.same(await store.activeModule('web'), active);
    t.match(await store.list(), [{ name: 'web' }]);
    rmSync(join(dir, 'filler'));
    t.equal(codeOf(await store.apply('web')), 'ok');
    t.same(readdirSync(join(dir, 'safe/modules')).sort(), ['lastconfig', 'web']);
  },
);
