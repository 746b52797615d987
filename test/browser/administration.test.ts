/** The configuration pages that the quick start does not come to, in a real browser, against a real daemon that is a cluster by itself. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RealDaemon } from '../e2e/daemon.js';
import { freeTcpPort, freeUdpPort, place } from '../e2e/place.js';
import { until } from '../e2e/until.js';
import { complaints, noBrowser, openBrowser, picture, violations } from './browser.js';

t.setTimeout(600_000);

const password = 'a long walk home';
const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

t.test('administration', { skip: noBrowser || noOpenssl }, async (t) => {
  const directory = place(t);
  const httpPort = await freeTcpPort();
  const daemon = new RealDaemon({ directory, node: 'n1', listen: ['127.0.0.1'], httpPort });
  await daemon.start();
  const xml = `<cluster><lans port="${await freeUdpPort()}"><lan name="default"><node name="n1" addr="127.0.0.1"/></lan></lans></cluster>`;
  t.equal((await daemon.api('PUT', '/cluster/config', { xml })).status, 200);
  const home = `http://127.0.0.1:${httpPort}/console/`;
  const context = await openBrowser(t, { width: 1280, height: 900 });
  await context.addInitScript("localStorage.setItem('holdfast.language', 'en')");
  const page = await context.newPage();
  const said = complaints(page);
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const dialog = page.getByRole('dialog');
  const told = await daemon.must('user', 'add', 'admin', '--role', 'Admin', '--link');
  await page.goto(home.replace('/console/', /\/console\/\S*first\/\S+/.exec(told)?.[0] ?? ''));
  await page.getByLabel('Password').first().fill(password);
  await page.getByLabel('The password again').fill(password);
  await page.getByRole('button', { name: /Set the password/ }).click();
  await page.getByRole('link', { name: 'Configure', exact: true }).waitFor();
  const userNames = async (): Promise<string> => daemon.must('user', 'list');

  await t.test('a group gives its members its role; it can be taken away', async (t) => {
    await page.goto(`${home}en/configuration/users`);
    await page.getByText('There are no groups.').waitFor();
    await page.getByLabel('Add a group').fill('night');
    await page.locator('section', { hasText: 'Groups' }).getByRole('button', { name: 'Save' }).click();
    await page.getByLabel('Role of night').selectOption('control');
    await button('Add a user').click();
    await dialog.getByLabel('Name', { exact: true }).fill('nina');
    await dialog.getByLabel('Role').selectOption({ label: 'none of its own' });
    await dialog.getByLabel('Groups').fill('night');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText(/first/).first().waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('row', { name: /nina/ }).first().getByText('Control').waitFor();
    t.match(await userNames(), /nina/);
    t.strictSame(await violations(page), []);
    await picture(page, 'config-groups');
    await button('Delete night').click();
    await page.getByText('There are no groups.').waitFor();
    await page.getByRole('row', { name: /nina/ }).first().getByText('none of its own').waitFor();
    await button('Delete nina').click();
    await dialog.getByRole('button', { name: 'Delete nina' }).click();
    await page.getByRole('row', { name: /nina/ }).waitFor({ state: 'detached' });
    t.notMatch(await userNames(), /nina/);
  });

  await t.test('an upload becomes a module, and replaces one; what is no package is refused in words', async (t) => {
    await daemon.must('module', 'install', '-m', 'web', '--template', 'light');
    const file = join(directory, 'web.safe');
    await daemon.must('module', 'package', '-m', 'web', file);
    await page.goto(`${home}en/configuration/modules/@new`);
    const input = page.locator('input[type=file]');
    await input.setInputFiles({ name: 'bad.safe', mimeType: 'application/zip', buffer: Buffer.from('no archive') });
    await page.getByLabel('Name of the module').fill('shop');
    await button('Create').click();
    await page
      .getByText(/not a zip|no zip|archive/i)
      .first()
      .waitFor();
    t.notOk(existsSync(join(daemon.safe, 'modules', 'shop')));
    t.strictSame(await violations(page), []);
    await input.setInputFiles(file);
    await button('Create').click();
    await page.getByText('Processes and services to watch').waitFor();
    t.ok(existsSync(join(daemon.safe, 'modules', 'shop', 'conf', 'userconfig.xml')));

    await page.goto(`${home}en/configuration/modules`);
    daemon.writeModule('shop', { userconfig: '<safe/>', scripts: {} });
    await page.getByLabel('Replace by an upload (.safe) shop').setInputFiles(file);
    await page.getByText('Processes and services to watch').waitFor();
    t.match(readFileSync(join(daemon.safe, 'modules', 'shop', 'conf', 'userconfig.xml'), 'utf8'), /<service/);
  });

  await t.test('an applied configuration is taken back; the edited files stay', async (t) => {
    await daemon.must('config', '-m', 'web');
    await page.goto(`${home}en/configuration/modules`);
    const web = page.locator('article', { has: page.getByRole('heading', { name: 'web', exact: true }) });
    await web
      .getByText(/^id .*Applied|Applied /i)
      .first()
      .waitFor();
    await button('More for web').click();
    await page.getByRole('menuitem', { name: 'Unconfigure' }).click();
    t.strictSame(await violations(page), []);
    await dialog.getByRole('button', { name: 'Unconfigure' }).click();
    await until(
      'it is taken back',
      async () =>
        (await daemon.cli('status', '-m', 'web')).code !== 0 || !(await daemon.must('confinfo', '-m', 'web')).includes('active'),
    );
    t.ok(existsSync(join(daemon.safe, 'modules', 'web', 'conf', 'userconfig.xml')));
  });

  await t.test('the key is renewed, taken away, and made again', async (t) => {
    await page.goto(`${home}en/configuration/cluster`);
    await button('Renew the key on all nodes').click();
    await page.locator('.node-result', { hasText: 'n1' }).getByText('Success', { exact: true }).waitFor();
    t.ok((await daemon.cluster()).encrypted);
    await button('Switch encryption off on this node').click();
    t.strictSame(await violations(page), []);
    await dialog.getByRole('button', { name: 'Switch encryption off on this node' }).click();
    await page.getByText('There is no key').waitFor();
    t.notOk((await daemon.cluster()).encrypted);
    await button('Make a key and give it to all nodes').click();
    await page.getByText('is encrypted with the key of the cluster').waitFor();
    t.ok((await daemon.cluster()).encrypted);
  });

  await t.test('a certificate of one’s own', async (t) => {
    const [key, certificate] = [join(directory, 'own.key'), join(directory, 'own.pem')];
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'],
      ...[
        '-subj',
        '/CN=farm.example',
        '-addext',
        'subjectAltName=DNS:farm.example,IP:127.0.0.1',
        '-addext',
        'basicConstraints=critical,CA:FALSE',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
    ]);
    t.equal(made.status, 0);
    await page.goto(`${home}en/configuration/https`);
    await page.getByText('A certificate of your own, on this node').click();
    await button('Install').click();
    await page.getByText('That is needed.').first().waitFor();
    await page.getByLabel('Certificate and the chain behind it (PEM)').fill(readFileSync(certificate, 'utf8'));
    await page.getByLabel('Private key (PEM)').fill('-----BEGIN nonsense');
    await button('Install').click();
    await page.locator('[role=alert]').first().waitFor();
    t.strictSame(await violations(page), []);
    await page.getByLabel('Private key (PEM)').fill(readFileSync(key, 'utf8'));
    await button('Install').click();
    await until(
      'the certificate is served',
      async () => /farm\.example/.test((await daemon.cli('https', 'status')).stdout),
      30_000,
      async () => (await daemon.cli('https', 'status')).stdout + (await page.locator('body').textContent()),
    );
    await daemon.must('https', 'off');
  });

  await t.test('the cluster configuration is taken off the node', async (t) => {
    await page.goto(`${home}en/configuration/cluster`);
    await button('Unconfigure').click();
    t.strictSame(await violations(page), []);
    await dialog.getByRole('button', { name: 'Unconfigure' }).click();
    await page.getByText('No cluster is configured on this node yet.').waitFor();
    t.notOk(existsSync(join(daemon.safe, 'cluster', 'cluster.xml')));
  });
  t.strictSame(said, []);
});
