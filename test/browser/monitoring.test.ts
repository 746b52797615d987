/** The monitoring in a real browser, against two real daemons. */
import t from 'tap';
import { complaints, noBrowser, openBrowser, violations } from './browser.js';
import { installOnBoth, startLab } from './lab.js';

t.setTimeout(180_000);

t.test('the monitoring', { skip: noBrowser }, async (t) => {
  const lab = await startLab(t);
  await installOnBoth(lab, 'farm', { mode: 'farm' });
  await installOnBoth(lab, 'web', { mode: 'light' }, false);
  const context = await openBrowser(t);
  const page = await context.newPage();
  const said = complaints(page);
  await page.goto(lab.console);
  await page.getByText('all well').waitFor();
  t.strictSame(await violations(page), []);
  t.strictSame(said, []);
});
