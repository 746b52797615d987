/** A real browser for tests: Debian's Chromium by playwright-core. It reaches nothing but this machine. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import type { Test } from 'tap';

const executable = process.env['HOLDFAST_CHROMIUM'] ?? '/usr/bin/chromium';
const built = existsSync(new URL('../../dist/console/index.html', import.meta.url));
/** Why no browser can be used here; false where one can. */
export const noBrowser: string | false = !existsSync(executable)
  ? `there is no browser here (${executable}, Debian's package chromium)`
  : built
    ? false
    : 'the console is not built (npm run build)';

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
];

export interface BrowserOptions {
  readonly language?: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly more?: readonly string[];
}
/** Opens a browser with a profile of its own; it ends with the test. */
export async function openBrowser(t: Test, options: BrowserOptions = {}): Promise<BrowserContext> {
  const { chromium } = await import('playwright-core');
  const profile = mkdtempSync(join(tmpdir(), 'hf-chromium-'));
  const { width = 1280, height = 800, language = 'en-GB', colorScheme = 'light', more = [] } = options;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    headless: true,
    args: [...flags, ...more],
    viewport: { width, height },
    locale: language,
    colorScheme,
    // What moves by itself is told as state: it need not be waited for.
    reducedMotion: 'reduce',
  });
  // Long, for a loaded machine: what is measured is measured by the benchmarks.
  context.setDefaultTimeout(45_000);
  t.teardown(async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  });
  return context;
}

/** What the page complains of: the policy that it broke, errors that nobody caught, and answers that are defects. */
export function complaints(page: Page): readonly string[] {
  const said: string[] = [];
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // The browser itself tells of every answer from 400 on, and of every connection that is refused.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource'))
      said.push(`${text} (${message.location().url}, at ${page.url()})`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500 && response.status() !== 503) said.push(`${response.status()} ${response.url()}`);
  });
  return said;
}

/** What axe-core finds wrong with the page as it is, by rule, with the places. */
export async function violations(page: Page): Promise<readonly string[]> {
  const { default: axe } = await import('axe-core');
  // Without loading style sheets anew: of shadow trees it would put them into the page, whose policy forbids that.
  // Evaluated by the debugger, which the page's policy does not concern.
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'], preload: false }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html.slice(0, 160)).join(' | ')))",
  );
  return Array.isArray(found) ? found.map(String) : [`axe-core answered ${JSON.stringify(found)}`];
}

/** With HOLDFAST_SCREENSHOTS=1 the pictures of docs/console are made anew; else they stay as they are. */
const pictures =
  process.env['HOLDFAST_SCREENSHOTS'] === '1' ? fileURLToPath(new URL('../../docs/console/', import.meta.url)) : null;
export async function picture(page: Page, name: string): Promise<void> {
  if (pictures === null) return;
  mkdirSync(pictures, { recursive: true });
  // With a caret as it is: what hides it is a style that the page's policy forbids.
  await page.screenshot({ path: `${pictures}${name}.png`, caret: 'initial' });
}

/** What is wider than the screen, other than what is meant to be scrolled to the side. */
export async function tooWide(page: Page): Promise<readonly string[]> {
  const found: unknown = await page.evaluate(`[...document.querySelectorAll('#console *')]
    .filter((one) => { const box = one.getBoundingClientRect(); return box.width > 1 && box.right > innerWidth + 1; })
    .filter((one) => !one.closest('.chart-scroll, .tabs, .pages, .actors, svg, .visually-hidden, .skip'))
    .map((one) => one.tagName + ' ' + one.className)`);
  return Array.isArray(found) ? found.map(String) : [];
}
