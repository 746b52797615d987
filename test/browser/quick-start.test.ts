/**
 * The quick start of a farm (compatibility page, section 15.5) in a real browser, against two real daemons that know nothing of each
 * other at first; then the rest of the configuration pages.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import { RealDaemon } from '../e2e/daemon.js';
import { application } from '../e2e/modules.js';
import { freeTcpPort, freeUdpPort, place } from '../e2e/place.js';
import { until } from '../e2e/until.js';
import { complaints, noBrowser, openBrowser, picture, violations } from './browser.js';

t.setTimeout(1_200_000);

const password = 'a long walk home';
const startScript = `#!/bin/sh
touch "$SAFEUSERVAR/app.wait"
setsid tail -f "$SAFEUSERVAR/app.wait" </dev/null >/dev/null 2>&1 &
echo $! > "$SAFEUSERVAR/app.pid"
echo the application runs
`;
const stopScript = `#!/bin/sh
[ -f "$SAFEUSERVAR/app.pid" ] || exit 0
kill -KILL "$(cat "$SAFEUSERVAR/app.pid")" 2>/dev/null
rm -f "$SAFEUSERVAR/app.pid"
exit 0
`;
/** Writes a text over what is in an editor. */
async function write(page: Page, editor: Locator, text: string): Promise<void> {
  await editor.click();
  await page.keyboard.press('Control+a');
  // By the editor itself: a browser that replaces a selection wants to keep its look by an inline style, which the policy forbids.
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

t.test('the quick start of a farm', { skip: noBrowser }, async (t) => {
  const directory = place(t);
  const [httpPort, udpPort] = [await freeTcpPort(), await freeUdpPort()];
  const daemon = (node: string, address: string): RealDaemon =>
    new RealDaemon({ directory: `${directory}/${node}`, node, listen: [address], httpPort });
  const [n1, n2] = [daemon('n1', '127.0.0.1'), daemon('n2', '127.0.0.2')];
  await n1.start();
  await n2.start();
  const home = `http://127.0.0.1:${httpPort}/console/`;
  const context = await openBrowser(t, { width: 1280, height: 900 });
  await context.addInitScript("localStorage.setItem('holdfast.language', 'en')");
  const page = await context.newPage();
  const said = complaints(page);
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
  const link = (name: string | RegExp) => page.getByRole('link', { name, exact: typeof name === 'string' });
  const card = (module: string, node: string) =>
    page.locator('.card', { has: page.getByRole('link', { name: `${module} on ${node}:` }) });
  const result = (node: string, word: string) => page.locator('.node-result', { hasText: node }).getByText(word, { exact: true });

  await t.test('before there is a user, the console says how the first one is made; the link leads in', async (t) => {
    await page.goto(home);
    await page.getByText('Configuring takes an administrator').waitFor();
    t.strictSame(await violations(page), []);
    const told = await n1.must('user', 'add', 'admin', '--role', 'Admin', '--link');
    const path = /\/console\/\S*first\/\S+/.exec(told)?.[0] ?? '';
    await page.goto(home.replace('/console/', path));
    await page.getByLabel('Password').first().fill(password);
    await page.getByLabel('The password again').fill(password);
    await button(/Set the password/).click();
  });

  await t.test('the wizard of the cluster opens by itself, looks at addresses, and says what came of it', async (t) => {
    await page.getByText('Cluster configuration').waitFor();
    const node = (n: number) => page.getByRole('group', { name: `Node ${n} on default` });
    t.equal(await node(1).getByLabel('Name').inputValue(), 'n1');
    await node(1).getByLabel('Address').fill('127.0.0.1');
    await page.keyboard.press('Tab');
    await node(1).getByText('this node, n1').waitFor();
    await node(2).getByLabel('Address').fill('127.0.0.2');
    await page.keyboard.press('Tab');
    await node(2).getByText('a daemon answers: n2').waitFor();
    t.equal(await node(2).getByLabel('Name').inputValue(), 'n2', 'the name that was found is put in');
    await page.getByText('Port and detection of failures').click();
    await page.getByLabel('UDP port').fill('0');
    await page
      .getByText(/whole number from 1 to 65535/)
      .first()
      .waitFor();
    await page.getByLabel('UDP port').fill(String(udpPort));
    await page.getByText('Nothing is wrong with it.').waitFor();
    await button('XML').click();
    await page.getByRole('textbox', { name: 'cluster.xml, as text' }).getByText('127.0.0.2').waitFor();
    await button('Form').click();
    t.strictSame(await violations(page), []);
    await picture(page, 'config-cluster');
    await page.reload();
    await page.getByText('is back').waitFor();
    t.equal(await node(2).getByLabel('Name').inputValue(), 'n2', 'nothing is lost on reload');
    await button('Save and apply').click();
    await result('n1', 'Success').waitFor();
    const command = page.locator('.join-command code');
    await command.waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'config-cluster-result');
    const [token = '', , ...args] = ((await command.textContent()) ?? '').split(' ');
    await n2.must(...args, '--token', token.replace('HOLDFAST_JOIN_TOKEN=', ''));
    await result('n2', 'Success').waitFor();
    await button('On to the modules').click();
  });

  await t.test('a new module from a template', async (t) => {
    await link('New module').click();
    await page.getByRole('radio', { name: /^farm/ }).check();
    await page.getByLabel('Name of the module').fill('1');
    await button('Create').click();
    await page.getByText('That is no name for a module.').waitFor();
    await page.getByLabel('Name of the module').fill('web');
    t.strictSame(await violations(page), []);
    await picture(page, 'config-new-module');
    await button('Create').click();
    await page.getByText('Processes and services to watch').waitFor();
  });

  await t.test('the form and the XML are two views of one document', async (t) => {
    const editor = page.getByRole('textbox', { name: 'conf/userconfig.xml, as text' });
    await page.getByLabel('Restarts before it is stopped').fill('many');
    await page
      .getByText(/"many" is not allowed/)
      .first()
      .waitFor();
    await page.getByLabel('Restarts before it is stopped').fill('5');
    await button('Add: Process or service').click();
    const proc = page.getByRole('group', { name: /^Process or service/ });
    await proc.getByLabel('Name', { exact: true }).fill('tail');
    await proc.getByLabel('When it is watched').fill('both');
    await proc.getByLabel('What follows').fill('restart');
    await proc.getByRole('button', { name: /^More \(/ }).click();
    await proc.getByLabel('Command line (expression)').fill('%SAFEUSERVAR%/app.wait');
    await button('What class is').click();
    await page.getByText('Allowed:').first().waitFor();
    await button('Add: Virtual addresses').click();
    await button('Add: Network interface').click();
    await page.getByLabel('Address', { exact: true }).fill('10.0.0.9');
    await page
      .getByText(/are not supported yet/)
      .first()
      .waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'config-module');
    await button('Remove Virtual addresses').click();
    await button('XML').click();
    await editor.getByText('The services of the application, in the order').waitFor();
    await editor
      .getByText('<proc name="tail" action="restart" class="both"/>')
      .or(editor.getByText('class="both"'))
      .first()
      .waitFor();
    await editor.getByText('maxloop').first().click();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('<rea');
    await page.locator('.cm-tooltip-autocomplete .cm-completionLabel', { hasText: 'ready' }).waitFor();
    await picture(page, 'config-xml');
    t.strictSame(await violations(page), []);
    await page.keyboard.press('Escape');
    await page.keyboard.type('dy m?');
    t.match(page.url(), /modules\/web\/config$/, 'letters are written, they are no keys of the console');
    t.equal(await page.evaluate('document.documentElement.dataset.theme'), 'light');
    for (let letter = 0; letter < 3; letter += 1) await page.keyboard.press('Backspace');
    await page.locator('.cm-lint-marker-error').first().waitFor();
    await button('Form').click();
    await page.getByText('The form comes back').waitFor();
    await button('XML').click();
    await editor.locator('.cm-line', { hasText: /^\s*<ready\s*$/ }).click();
    for (const key of ['End', 'Shift+Home', 'Backspace', 'Backspace']) await page.keyboard.press(key);
    await page.getByText('Nothing is wrong with it.').waitFor();
    await button('Form').click();
    t.equal(await page.getByLabel('Restarts before it is stopped').inputValue(), '5');
  });

  await t.test('scripts are written, everything is checked, then applied on both nodes', async (t) => {
    await button('Next').click();
    const editor = (file: string) => page.getByRole('textbox', { name: `${file}, as text` });
    await write(page, editor('bin/start_both'), startScript);
    await button('bin/stop_both').click();
    await write(page, editor('bin/stop_both'), stopScript);
    await button('Save bin/stop_both').click();
    await page.getByText('Saved.').waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'config-scripts');
    await button('Next').click();
    await page.getByText('encrypted with the key of the cluster').last().waitFor();
    await button('Next').click();
    await page
      .getByText('Not saved: conf/userconfig.xml, bin/start_both')
      .or(page.getByText(/Not saved: .*start_both/))
      .first()
      .waitFor();
    await button('Save and check').click();
    await page.getByText('The configuration is valid.').waitFor();
    await button('Save and apply').click();
    await result('n1', 'Success').waitFor();
    await result('n2', 'Success').waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'config-apply');
    t.match(
      readFileSync(`${n2.safe}/modules/web/conf/userconfig.xml`, 'utf8'),
      /<!-- Restarts a service that died:/,
      'comments are there',
    );
    await button('To the monitoring, to start it').click();
  });

  await t.test('start; UP and green on both', async (t) => {
    await button(/^Start web/).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
    for (const node of ['n1', 'n2']) {
      await card('web', node).getByText('UP', { exact: true }).waitFor();
      await card('web', node).getByText('Ready', { exact: true }).waitFor();
    }
    await page.getByText('all well').waitFor();
    t.match(await page.locator('.module').first().textContent(), /serves on 2 of 2/);
    await picture(page, 'quick-start');
  });

  await t.test('the application is killed: it is seen to restart', async (t) => {
    const before = await until('the application runs', () => application(n1, 'web'));
    process.kill(before.pid, 'SIGKILL');
    await card('web', 'n1').getByText('1 of 5 restarts').waitFor();
    const after = await until('it runs again', () => application(n1, 'web'));
    t.not(after.pid, before.pid);
    await card('web', 'n1').getByText('Ready', { exact: true }).waitFor();
  });

  await t.test('both logs are read', async () => {
    for (const node of ['n1', 'n2']) {
      await page.goto(`${home}en/monitoring/modules/web/nodes/${node}/logs`);
      await page.getByText('Local state UP Ready').first().waitFor();
    }
    await page.goto(`${home}en/monitoring/modules/web/nodes/n1/logs`);
    await page.locator('.line', { hasText: 'start_both' }).getByRole('button', { name: 'output' }).last().click();
    const output = page.getByRole('textbox', { name: /Output of userlog_.*start_both/ });
    await output.waitFor();
    await until('it is read', async () => (await output.inputValue()).includes('the application runs') || null);
    await page.keyboard.press('Escape');
  });

  await t.test('a node is stopped, and its boot switch turned', async (t) => {
    await page.goto(`${home}en/monitoring`);
    await card('web', 'n2').getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click();
    await card('web', 'n2').getByText('STOP').waitFor();
    await card('web', 'n1').getByText('100 %').waitFor();
    const before = (await n1.status('web')).switches.boot;
    await card('web', 'n1').getByRole('button', { name: 'More actions on web, n1' }).click();
    await page.getByRole('menuitem', { name: /boot/i }).click();
    await page.getByRole('dialog').getByRole('button', { name: /boot/i }).click();
    await until('the switch is turned', async () => (await n1.status('web')).switches.boot !== before || null);
    t.not((await n1.status('web')).switches.boot, before);
  });
  await t.test('a snapshot is downloaded, and opened in the inspector', async (t) => {
    await page.goto(`${home}en/monitoring`);
    await card('web', 'n1').getByRole('button', { name: 'More actions on web, n1' }).click();
    await page.getByRole('menuitem', { name: 'Download a snapshot', exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: 120_000 }),
      page.getByRole('dialog').getByRole('button', { name: 'Download a snapshot' }).click(),
    ]);
    const file = `${directory}/snapshot.zip`;
    await download.saveAs(file);
    await page.goto(`${home}en/inspector?node=n1&of=module:web`);
    await page.getByLabel('Snapshot or journal file').setInputFiles(file);
    await page.getByRole('button', { name: 'Close n1' }).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'proc.failed' }).first().waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Close n1' }).click();
    t.strictSame(await violations(page), []);
  });

  await t.test('somebody else saves the same file: both texts are shown, nothing is lost', async (t) => {
    await page.goto(`${home}en/configuration/modules/web/config`);
    await page.getByLabel('Restarts before it is stopped').fill('4');
    const theirs = readFileSync(`${n1.safe}/modules/web/conf/userconfig.xml`, 'utf8').replace('maxloop="5"', 'maxloop="9"');
    writeFileSync(`${n1.safe}/modules/web/conf/userconfig.xml`, theirs);
    await link('4. Apply').click();
    await button('Save and apply').click();
    await page.getByText('Somebody else saved conf/userconfig.xml meanwhile: decide first.').waitFor();
    await link('1. Configuration').click();
    await page.getByText('Somebody else saved this file meanwhile').waitFor();
    t.strictSame(await violations(page), []);
    await button('Take theirs, drop mine').click();
    t.equal(await page.getByLabel('Restarts before it is stopped').inputValue(), '9');
  });

  await t.test('the cluster, users, groups and tokens', async (t) => {
    await link('Cluster').click();
    await page.getByRole('row', { name: /n2/ }).getByText('up to date').waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'config-cluster-home');
    await link('Users and tokens').click();
    for (const [name, role] of [
      ['mona', 'monitor'],
      ['carl', 'control'],
    ] as const) {
      await button('Add a user').click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText('It needs a name.').waitFor();
      await dialog.getByLabel('Name', { exact: true }).fill(name);
      await dialog.getByLabel('Role').selectOption(role);
      await dialog.getByLabel('Set it here').check();
      await dialog.getByLabel('Password', { exact: true }).fill(password);
      if (name === 'mona') t.strictSame(await violations(page), []);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page
        .getByRole('row', { name: new RegExp(name) })
        .getByText('by password')
        .waitFor();
    }
    await button('Make a token').click();
    await page.getByRole('dialog').getByLabel('Label').fill('prometheus');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page
      .getByRole('dialog')
      .locator('code', { hasText: /^hf_monitor_/ })
      .waitFor();
    t.strictSame(await violations(page), []);
    await button('Done').click();
    await button('Revoke prometheus').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke prometheus' }).click();
    await page.getByText('There are no tokens.').waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'config-users');
  });

  await t.test('what each role sees', async (t) => {
    for (const [user, canAct] of [
      ['mona', false],
      ['carl', true],
    ] as const) {
      const other = await (await openBrowser(t, { width: 1280, height: 800 })).newPage();
      await other.goto(`${home}en/monitoring`);
      await other.getByLabel('User').fill(user);
      await other.getByLabel('Password').fill(password);
      await other.getByRole('button', { name: 'Log in' }).click();
      await other.getByText('all well').waitFor();
      t.equal(await other.getByRole('link', { name: 'Configure' }).count(), 0, `${user} does not configure`);
      t.equal((await other.getByRole('button', { name: /^Start web/ }).count()) > 0, canAct, `${user}: actions`);
      await other.goto(`${home}en/configuration/modules`);
      await other.getByText('Your role may not see this page.').waitFor();
      t.strictSame(await violations(other), []);
    }
  });

  await t.test('back to an earlier configuration; download; uninstall keeps a backup', async (t) => {
    await page.goto(`${home}en/configuration/modules`);
    await page.getByText('edited since: not applied').waitFor();
    await picture(page, 'config-modules');
    t.strictSame(await violations(page), []);
    const menu = button('More for web');
    await menu.click();
    const saved = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Download web.safe' }).click();
    t.equal((await saved).suggestedFilename(), 'web.safe');
    await menu.click();
    await page.getByRole('menuitem', { name: 'Restore an earlier configuration' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Restore: web_/ })
      .first()
      .click();
    await page.getByLabel('Restarts before it is stopped').waitFor();
    t.equal(await page.getByLabel('Restarts before it is stopped').inputValue(), '5');
    await n1.must('stop', '-m', 'web');
    await n1.reaches('web', 'STOP NotReady');
    await link('Modules').click();
    await menu.click();
    await page.getByRole('menuitem', { name: 'Uninstall' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Uninstall' }).click();
    await page.getByText('No module is installed yet.').waitFor();
    await link('New module').click();
    await page.getByRole('radio', { name: /^web_/ }).check();
    t.equal(await page.getByLabel('Name of the module').inputValue(), 'web');
    await button('Create').click();
    await page.getByText('Processes and services to watch').waitFor();
  });

  await t.test('in French, in the dark, on a phone', async (t) => {
    await page.setViewportSize({ width: 360, height: 700 });
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const path of [
      'cluster',
      'cluster/config',
      'modules',
      'modules/@new',
      'modules/web/config',
      'modules/web/scripts',
      'users',
      'https',
    ]) {
      await page.goto(`${home}fr/configuration/${path}`);
      await page.locator('.config-page').first().waitFor();
      await page.locator('.config-page h2').first().waitFor();
      t.ok(await page.evaluate('document.documentElement.scrollWidth <= 360'), `${path} is not wider than the phone`);
      t.strictSame(await violations(page), [], path);
      if (path === 'modules/web/config') await picture(page, 'config-phone');
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
  });

  await t.test('HTTPS is switched on for all nodes', async (t) => {
    await page.goto(`${home}en/configuration/https`);
    await page.getByText('HTTPS is off').waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'config-https');
    await button('Switch on').click();
    await result('n1', 'Success').waitFor({ timeout: 120_000 });
    await result('n2', 'Success').waitFor();
    t.match(
      await link('Open the console by HTTPS').getAttribute('href'),
      /^https:\/\/127\.0\.0\.1:\d+\/console\/en\/configuration\/https$/,
    );
    await n1.must('https', 'off');
  });

  t.strictSame(said, []);
});
