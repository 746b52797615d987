/** The console in a real browser, against two real daemons: what an administrator sees and does. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { application } from '../e2e/modules.js';
import { complaints, noBrowser, openBrowser, picture, tooWide, violations } from './browser.js';
import { installOnBoth, startLab } from './lab.js';

t.setTimeout(1_200_000);

const other = { light: 'dark', dark: 'light' } as const;

t.test('the monitoring of two nodes', { skip: noBrowser }, async (t) => {
  const lab = await startLab(t);
  await installOnBoth(lab, 'farm', { mode: 'farm' });
  await installOnBoth(lab, 'web', { mode: 'light' }, false);
  const context = await openBrowser(t);
  const page = await context.newPage();
  const said = complaints(page);
  const card = (module: string, node: string) =>
    page.locator('.card', { has: page.getByRole('link', { name: `${module} on ${node}:` }) });
  const details = (tab: string) => `${lab.console}en/monitoring/modules/farm/nodes/n1/${tab}`;

  await t.test('everything in two seconds: is it served, and if not, why', async (t) => {
    await page.goto(lab.console);
    await page.getByText('all well').waitFor();
    t.match(page.url(), /\/console\/en\/monitoring$/, 'the language of the browser');
    t.match(await card('farm', 'n2').textContent(), /n2[\s\S]*UP[\s\S]*Ready[\s\S]*50 %/);
    t.match(await page.locator('.module').first().textContent(), /serves on 2 of 2/);
    t.match(await card('web', 'n1').textContent(), /STOP[\s\S]*NotReady/);
    await picture(page, 'monitoring');
  });

  await t.test('an action says what it will do, shows its command line, and its result appears by itself', async (t) => {
    await card('farm', 'n1').getByRole('button', { name: 'Stop', exact: true }).click();
    const dialog = page.getByRole('dialog');
    t.match(await dialog.textContent(), /n2 goes on serving and takes the traffic/);
    t.match(await dialog.textContent(), /holdfast stop -m farm/);
    await picture(page, 'action');
    t.strictSame(await violations(page), []);
    await dialog.getByRole('button', { name: 'Stop', exact: true }).click();
    await card('farm', 'n1').getByText('STOP').waitFor();
    await card('farm', 'n2').getByText('100 %').waitFor();
    await card('farm', 'n2').getByRole('button', { name: 'Stop', exact: true }).click();
    t.match(await dialog.textContent(), /n2 is the last node that serves/);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await card('farm', 'n1').getByRole('button', { name: 'Start', exact: true }).click();
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await card('farm', 'n1').getByText('UP').waitFor();
    await card('farm', 'n1').getByText('50 %').waitFor();
  });

  await t.test('all that can be done is in a menu that nothing cuts off', async (t) => {
    await card('web', 'n1')
      .getByRole('button', { name: /^More actions/ })
      .click();
    const last = page.getByRole('menuitem').last();
    await last.waitFor();
    await picture(page, 'menu');
    t.equal(await last.textContent(), 'Dump');
    const box = await last.boundingBox();
    const there = box === null ? '' : `document.elementFromPoint(${box.x + 8}, ${box.y + box.height / 2})?.textContent`;
    t.equal(await page.evaluate(there), 'Dump', 'it lies above everything');
    t.strictSame(await violations(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Rolling: web/ }).click();
    await page.getByText('No node serves.').first().waitFor();
    await page.keyboard.press('Escape');
  });

  await t.test('a process dies: the restart is seen, and the reason', async (t) => {
    await page.goto(details('why'));
    await page.getByText('From the first fact').waitFor();
    const before = application(lab.n1, 'farm');
    if (before !== null) process.kill(before.pid, 'SIGKILL');
    await card('farm', 'n1').getByText('1 of 3 restarts').waitFor();
    await page.locator('.chain-fact', { hasText: 'tail' }).first().waitFor();
    await picture(page, 'why');
    t.strictSame(await violations(page), []);
    await page.locator('.chain-time').first().click();
    await page.locator('.line-at').waitFor();
    t.ok(await page.locator('.line-at').isVisible(), 'a time leads to its line in the log');
    await page.getByRole('button', { name: 'To the newest lines' }).click();
  });

  await t.test('the log grows; a script leads to its output; verbose lines; search; text', async (t) => {
    await page.getByRole('link', { name: 'Log', exact: true }).last().click();
    await page.getByText('Local state UP Ready').first().waitFor();
    await lab.n1.must('printi', '-m', 'farm', 'a line that comes while one looks');
    await page.getByRole('button', { name: 'I info' }).click();
    await page.getByText('a line that comes while one looks').waitFor();
    await page.getByRole('searchbox').fill('while one looks');
    await page.locator('mark').first().waitFor();
    t.equal(await page.locator('.line').count(), 1);
    await page.getByRole('searchbox').fill('');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as text' }).click();
    t.equal((await saved).suggestedFilename(), 'farm-n1.txt');
    await page.locator('.line').nth(9).waitFor();
    await picture(page, 'log');
    t.strictSame(await violations(page), []);
    await page.getByRole('button', { name: 'output' }).last().click();
    await page.getByRole('textbox', { name: /Output of userlog_/ }).waitFor();
    await page.keyboard.press('Escape');
  });

  await t.test('every tab of the details, of the other node too, in both themes', async (t) => {
    for (const [tab, text] of [
      ['resources', 'state.local'],
      ['rules', 'Rule'],
      ['scripts', 'start_both'],
      ['information', 'Restarts counted'],
    ] as const) {
      await page.goto(details(tab).replace('n1', 'n2'));
      await page.locator('.details').getByText(text).first().waitFor();
      if (tab === 'resources') {
        await page.getByRole('button', { name: 'state.local' }).click();
        await page.locator('.chart').waitFor();
      }
      if (tab === 'information') {
        await page.getByRole('button', { name: 'What maxloop is' }).click();
        await page.getByText('Allowed:').waitFor();
      }
      await picture(page, tab);
      t.strictSame(await violations(page), [], tab);
      await page.getByRole('button', { name: /^Switch to/ }).click();
      t.strictSame(await violations(page), [], `${tab}, ${other.light}`);
      await page.getByRole('button', { name: /^Switch to/ }).click();
    }
  });

  await t.test('keys', async (t) => {
    await page.goto(`${lab.console}en/monitoring`);
    await card('farm', 'n1')
      .getByRole('link', { name: /^farm on n1/ })
      .focus();
    await page.keyboard.press('ArrowRight');
    t.match(await page.evaluate('document.activeElement.getAttribute("aria-label")'), /^farm on n2/);
    await page.keyboard.press('ArrowDown');
    t.match(await page.evaluate('document.activeElement.getAttribute("aria-label")'), /^web on n2/);
    await page.keyboard.press('Enter');
    await page.locator('.details').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.details').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    t.strictSame(await violations(page), []);
    await page.keyboard.press('Escape');
  });

  await t.test('French, dark, on a phone', async (t) => {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto(`${lab.console}fr/monitoring`);
    await page.getByText('tout va bien').waitFor();
    t.equal(await page.evaluate('document.documentElement.lang'), 'fr');
    t.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
    t.strictSame(await tooWide(page), [], 'nothing is wider than the phone');
    t.strictSame(await violations(page), []);
    await picture(page, 'phone');
    await page.goto(details('logs').replace('/en/', '/fr/'));
    await page.locator('.line').first().waitFor();
    t.strictSame(await tooWide(page), []);
    t.strictSame(await violations(page), []);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${lab.console}fr/monitoring`);
    await page.getByText('tout va bien').waitFor();
    await picture(page, 'dark');
    await page.emulateMedia({ colorScheme: 'light' });
  });

  await t.test('the mosaic', async (t) => {
    await page.goto(lab.console.replace('/console/', '/safekit/mosaic.html'));
    await page.getByRole('textbox', { name: 'Module' }).fill('farm');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('64 of 64 tiles answered').waitFor({ state: 'attached' });
    t.match(await page.locator('.counts').textContent(), /n1\s*64\s*100 %/);
    t.strictSame(await violations(page), []);
    await picture(page, 'mosaic');
  });

  await t.test('the connection node is lost: the console says so, and moves to the other', async (t) => {
    await page.goto(`${lab.console}en/monitoring`);
    await page.getByText('all well').waitFor();
    await lab.n1.kill();
    await page.getByText('Node n1 does not answer').waitFor();
    await picture(page, 'offline');
    await page.waitForURL(`${lab.console2}en/monitoring?from=n1`, { timeout: 30_000 });
    await page.getByText('Node n1 did not answer: this is the console of node n2').waitFor();
    await page.getByText('n1: not reached').waitFor();
    t.strictSame(await violations(page), []);
    await lab.n1.start();
    await page.getByText('all well').waitFor({ timeout: 30_000 });
    t.pass('it heals itself');
  });
  t.strictSame(said, [], 'the page has complained of nothing');

  await t.test('logins: each role sees what it may do', async (t) => {
    const password = 'a long enough phrase';
    /** Only an Admin: what is in it is everything that is known. */
    async function takeSnapshot(): Promise<void> {
      await card('farm', 'n2')
        .getByRole('button', { name: /^More actions/ })
        .click();
      await page.getByRole('menuitem', { name: 'Download a snapshot', exact: true }).click();
      // A dump of everything is made first, on the other node.
      const saved = page.waitForEvent('download', { timeout: 180_000 });
      await page.getByRole('dialog').getByRole('button', { name: 'Download a snapshot' }).click();
      const file = await saved;
      t.equal(file.suggestedFilename(), 'snapshot_n2_farm.zip');
      await page.getByText('n2: done').waitFor();
      await page.goto(`${lab.console}en/inspector`);
      await page.getByLabel('Snapshot or journal file').setInputFiles({
        name: 'snapshot.zip',
        mimeType: 'application/zip',
        buffer: readFileSync(await file.path()),
      });
      await page.getByRole('button', { name: 'Close n2' }).waitFor({ timeout: 60_000 });
      await page.locator('.box.leaf').first().waitFor({ timeout: 60_000 });
      await page.goto(`${lab.console}en/monitoring`);
      await page.getByText('all well').waitFor();
    }
    for (const [user, role] of [
      ['ada', 'admin'],
      ['carl', 'control'],
      ['mona', 'monitor'],
    ] as const) {
      const made = await lab.n1.api('POST', '/users', { name: user, role, password });
      t.equal(made.status, 201, made.body);
    }
    await page.goto(`${lab.console}en/monitoring`);
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'login');
    await page.getByLabel('User').fill('mona');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    for (const [user, canAct] of [
      ['mona', false],
      ['carl', true],
      ['ada', true],
    ] as const) {
      await page.getByLabel('User').fill(user);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByText('all well').waitFor();
      t.equal((await page.getByRole('button', { name: 'Stop', exact: true }).count()) > 0, canAct, `${user}: actions`);
      if (user === 'ada') await takeSnapshot();
      await page.getByRole('button', { name: new RegExp(`User ${user}`) }).click();
      await page.getByRole('menuitem', { name: 'Log out' }).click();
      await page.getByRole('button', { name: 'Log in' }).waitFor();
    }
    const link = await lab.n1.must('user', 'add', 'eve', '--role', 'Control', '--link');
    const path = /\/console\/\S*first\/\S+/.exec(link)?.[0] ?? '';
    t.not(path, '', link);
    await page.goto(lab.console.replace('/console/', path));
    await page.getByLabel('Password', { exact: true }).or(page.getByLabel('Password').first()).first().fill(password);
    await page.getByLabel('The password again').fill(password);
    t.strictSame(await violations(page), []);
    await page.getByRole('button', { name: /Set the password/ }).click();
    await page.getByText('all well').waitFor();
  });
});
