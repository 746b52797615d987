import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createModuleStore } from '../../../src/io/modules/store.js';
import { codeOf, home, light, unwrap } from './support.js';
import { rawZip } from './zip-builder.js';

const script = '#!/bin/sh\nexit 0\n';
const archive = (config: string): Buffer =>
  rawZip([
    { name: 'conf/userconfig.xml', data: config },
    { name: 'bin/start_both', data: script, mode: 0o100755 },
    { name: 'bin/stop_both', data: script, mode: 0o100755 },
  ]);
const configPath = 'conf/userconfig.xml';

t.test('back to a configuration that was applied before', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  unwrap(await store.install('web', archive(light('<!-- first -->')), null, 7, false));
  t.same(unwrap(await store.versions('web')), []);
  unwrap(await store.apply('web'));
  const before = unwrap(await store.readFile('web', configPath));
  unwrap(await store.writeFile('web', configPath, light('<!-- second -->'), before.etag));
  unwrap(await store.writeFile('web', 'bin/extra', script, null));
  unwrap(await store.apply('web'));
  const versions = unwrap(await store.versions('web'));
  t.equal(versions.length, 2);
  for (const { at } of versions) t.ok(Math.abs(Date.parse(at) - options.wallMs()) < 5000, 'the time is that of the clock');
  unwrap(await store.restore('web', versions[1]?.version ?? ''));
  t.match(unwrap(await store.readFile('web', configPath)).content, /first/);
  t.equal(codeOf(await store.readFile('web', 'bin/extra')), 'FILE_UNKNOWN', 'what came later is gone');
  t.match(await store.list(), [{ id: 7, configured: true }], 'the id stays');
  t.equal(codeOf(await store.restore('web', '../../etc/passwd')), 'FILE_UNKNOWN');
  t.equal(codeOf(await store.restore('none', 'x')), 'MODULE_UNKNOWN');
  t.equal(codeOf(await store.versions('none')), 'MODULE_UNKNOWN');
});

t.test('an uninstalled module is a backup, and can be installed from it', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  t.same(unwrap(await store.backups()), []);
  unwrap(await store.install('web', archive(light('<!-- kept -->')), null, null, false));
  unwrap(await store.uninstall('web'));
  const backupDir = join(options.safe, 'Application_Modules', 'backup');
  writeFileSync(join(backupDir, 'notes.txt'), 'x');
  writeFileSync(join(backupDir, 'x.safe'), 'x');
  const [backup, ...more] = unwrap(await store.backups());
  t.same(more, []);
  t.match(backup, { module: 'web' });
  unwrap(await store.install('web2', null, `backup/${backup?.name}`, null, false));
  t.match(unwrap(await store.readFile('web2', configPath)).content, /kept/);
  t.equal(codeOf(await store.install('web3', null, 'backup/../../x.safe', null, false)), 'FILE_UNKNOWN');
  t.equal(codeOf(await store.install('web3', null, 'backup/web_2020-01-01_000000.safe', null, false)), 'FILE_UNKNOWN');
});

t.test('a text is looked at without being kept', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  unwrap(await store.install('web', archive(light()), null, null, false));
  t.same(unwrap(await store.inspect('web', light('<!-- new -->'))), { problems: [] });
  t.match(unwrap(await store.inspect('web', '<safe><service mode="x"/></safe>')), {
    problems: [{ severity: 'error', attribute: 'mode', line: 1 }],
  });
  const farm =
    '<safe><service mode="farm"><farm><lan name="default"/></farm><vip><interface_list><interface><virtual_interface type="vmac_directed"><virtual_addr addr="10.0.0.9"/></virtual_interface></interface></interface_list></vip></service></safe>';
  t.match(unwrap(await store.inspect('web', farm)), { problems: [{ severity: 'warning', code: 'CONF_UNSUPPORTED' }] });
  t.notMatch(unwrap(await store.readFile('web', configPath)).content, /new/);
  t.equal(codeOf(await store.inspect('none', '<safe/>')), 'MODULE_UNKNOWN');
});

t.test('files are deleted, but not the configuration', async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  unwrap(await store.install('web', archive(light()), null, null, false));
  const { etag } = unwrap(await store.writeFile('web', 'bin/extra', script, null));
  t.equal(codeOf(await store.deleteFile('web', 'bin/extra', 'other')), 'FILE_CONFLICT');
  t.equal(codeOf(await store.deleteFile('web', 'bin/none', '*')), 'FILE_UNKNOWN');
  t.equal(codeOf(await store.deleteFile('web', '../x', '*')), 'FILE_UNKNOWN');
  t.equal(codeOf(await store.deleteFile('web', configPath, '*')), 'CONF_INVALID');
  t.equal(codeOf(await store.deleteFile('none', 'bin/extra', '*')), 'MODULE_UNKNOWN');
  t.equal(unwrap(await store.deleteFile('web', 'bin/extra', etag)), null);
  t.notOk(existsSync(join(options.safe, 'modules/web/bin/extra')));
  mkdirSync(join(options.safe, 'modules/web/bin/dir'));
  t.equal(codeOf(await store.deleteFile('web', 'bin/dir', '*')), 'FILE_UNKNOWN');
  t.ok(readdirSync(join(options.safe, 'modules/web/bin')).includes('dir'));
});
