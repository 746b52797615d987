/** The inspector and the timeline in a real browser, against two real daemons. */
import t from 'tap';
import { signal } from '../../src/demo/processes.js';
import { application } from '../e2e/modules.js';
import { until } from '../e2e/until.js';
import { complaints, noBrowser, openBrowser, picture, tooWide, violations } from './browser.js';
import { installOnBoth, startLab } from './lab.js';

t.setTimeout(600_000);
t.test('inspector and timeline', { skip: noBrowser }, async (t) => {
  const lab = await startLab(t);
  await installOnBoth(lab, 'web', { mode: 'farm' });
  const context = await openBrowser(t, { width: 1440, height: 900 });
  const page = await context.newPage();
  const said = complaints(page);
  const shown = (state: string) => page.locator(`[data-state="${state}"].leaf`);

  await t.test('the current state is lit, also after a real restart', async (t) => {
    await page.goto(`${lab.console}en/inspector?node=n1&of=module:web`);
    await shown('module.UP.ready').waitFor();
    const mark = await until('the application runs', () => application(lab.n1, 'web'));
    signal(mark, 'SIGKILL');
    await shown('module.UP.restarting.graceful')
      .waitFor({ timeout: 30_000 })
      .catch(() => undefined);
    await page.getByRole('button', { name: 'proc.failed' }).first().waitFor({ timeout: 30_000 });
    await lab.n1.reaches('web', 'UP Ready');
    await shown('module.UP.ready').waitFor();
    t.equal(await page.locator('.box.leaf').count(), 1, 'one state is lit');
  });

  await t.test('step back through what happened, and ask why', async (t) => {
    await page.getByRole('button', { name: 'proc.failed' }).first().click();
    await shown('module.UP.restarting.graceful').waitFor();
    t.ok((await page.locator('.arrow').count()) >= 1, 'the way is drawn');
    await picture(page, 'inspector');
    t.strictSame(await violations(page), []);
    await page.locator('.chart-scroll').focus();
    await page.keyboard.press('ArrowLeft');
    const slider = page.getByRole('slider');
    const before = Number(await slider.inputValue());
    await page.keyboard.press('ArrowRight');
    t.ok(Number(await slider.inputValue()) > before, 'the arrow keys step');
    await page.getByRole('button', { name: 'Why?' }).click();
    await page
      .getByText(/was ended by SIGKILL/)
      .first()
      .waitFor({ timeout: 60_000 });
    await picture(page, 'inspector-why');
    t.strictSame(await violations(page), []);
  });

  await t.test('the record of the other node', async (t) => {
    await page.goto(`${lab.console}en/inspector?node=n2&of=module:web`);
    await shown('module.UP.ready').waitFor();
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('button', { name: 'module.start' }).first().waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'module.start' }).first().click();
    await shown('module.WAIT.preparing.announcing').waitFor();
    t.strictSame(await violations(page), []);
  });

  await t.test('an uploaded journal is opened, and what is none is refused', async (t) => {
    await page.goto(`${lab.console}en/inspector?node=n1&of=module:web`);
    await page.getByText('Live').waitFor();
    const picker = page.getByLabel('Snapshot or journal file');
    await picker.setInputFiles({ name: 'x.zip', mimeType: 'application/zip', buffer: Buffer.from('PK\u0003\u0004 no zip') });
    await page.getByText(/That did not work/).waitFor({ timeout: 60_000 });
    await picker.setInputFiles(`${lab.n2.safevar}/journal/journal-00000001.jsonl`);
    await page.getByRole('button', { name: 'Close n2' }).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'module.start' }).first().click();
    await shown('module.WAIT.preparing.announcing').waitFor();
    await page.getByRole('button', { name: 'Why?' }).click();
    await page
      .getByText(/start asked for by/)
      .first()
      .waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Close n2' }).click();
    await shown('module.UP.ready').waitFor();
    t.equal((await lab.n1.api('GET', '/inspections')).body, '{"items":[],"next":null}', 'it is removed');
  });

  await t.test('the timeline, and from it to the inspector at that moment', async (t) => {
    await page.goto(`${lab.console}en/timeline`);
    await page.getByText('± ').waitFor({ timeout: 60_000 });
    const verdict = page.locator('.mark-verdict').first();
    await verdict.waitFor();
    await picture(page, 'timeline');
    t.strictSame(await violations(page), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('html[data-theme="dark"]').waitFor({ state: 'attached' });
    t.strictSame(await violations(page), [], 'in the dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('.timeline-bar').getByRole('button', { name: 'Zoom in' }).focus();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    t.equal(await page.locator('.now-line').count(), 1, 'zooming keeps now in sight');
    await page.keyboard.press('-');
    await page.keyboard.press('-');
    await verdict.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'In the inspector' }).click();
    await page.locator('.box.leaf').first().waitFor({ timeout: 60_000 });
    t.match(page.url(), /inspector\?node=n1/);
    await page.goBack();
    await verdict.waitFor();
    await verdict.click();
    await page.getByRole('link', { name: 'In the log' }).click();
    // The newest lines come first: the marked one is the right one when the older ones are there.
    const line = page.locator('.line-at');
    await until('the line of that moment is marked', async () => {
      const shown = await line.locator('time').getAttribute('datetime');
      return Math.abs(Date.parse(String(shown)) - Date.parse(String(new URL(page.url()).searchParams.get('at')))) < 2_000;
    });
    t.equal(await line.count(), 1);
    t.ok(await line.isVisible());
  });

  await t.test('in French, in the dark, on a phone', async (t) => {
    const phone = await openBrowser(t, { language: 'fr-FR', colorScheme: 'dark', width: 400, height: 800 });
    const small = await phone.newPage();
    await small.goto(`${lab.console}fr/inspector?node=n1&of=module:web`);
    await small.locator('[data-state="module.UP.ready"].leaf').waitFor();
    await small.getByRole('button', { name: 'En direct' }).waitFor();
    await picture(small, 'inspector-phone');
    t.strictSame(await violations(small), []);
    t.strictSame(await tooWide(small), [], 'nothing is wider than the screen');
  });
  t.strictSame(said, []);
});
