/** The console in a real browser: what it loads, how soon it can be used, how late a change is on the screen, and what it costs both sides. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { type BenchRow, judge } from './row.js';
import { median, quantile } from './statistics.js';
import { transpile } from './transpile.js';
import { keep, makeDirectory, marked, removeDirectory } from './workplace.js';

const [nodes, modules, eventsPerSecond] = [16, 32, 50];
const executable = process.env['HOLDFAST_CHROMIUM'] ?? '/usr/bin/chromium';
const consoleDir = fileURLToPath(new URL('../dist/console', import.meta.url));
const loads = 5;
const measureMs = Number(process.env['BENCH_CONSOLE_SECONDS'] ?? 20) * 1000;
const settleMs = 5000;
const ticksPerSecond = 100;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}
function numberIn(value: unknown, name: string): number {
  const found: unknown =
    typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
  return typeof found === 'number' ? found : Number.NaN;
}
const numbersOf = (value: unknown): readonly number[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'number') : [];

/** Processor time of the measured daemon so far, in ms. */
async function daemonMs(server: ChildProcess): Promise<number> {
  const answer = once(server, 'message');
  server.send('cpu');
  const [usage] = await answer;
  return (numberIn(usage, 'user') + numberIn(usage, 'system')) / 1000;
}
/** Processor time of every process whose command line names that profile, in ms. */
function browserMs(profile: string): number {
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(profile)) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return (ticks * 1000) / ticksPerSecond;
}

async function openBrowser(profile: string): Promise<BrowserContext> {
  const { chromium } = await import('playwright-core');
  return chromium.launchPersistentContext(profile, {
    executablePath: executable,
    headless: true,
    viewport: { width: 1280, height: 800 },
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
    ],
  });
}
/** Notes when the first card can be acted on, and how late each change is drawn. */
const watch = `
  addEventListener('DOMContentLoaded', () => {
    window.late = [];
    new MutationObserver((changes) => {
      if (window.usableMs === undefined && document.querySelector('.card-actions button') !== null)
        requestAnimationFrame(() => { window.usableMs ??= performance.now(); });
      for (const { target } of changes) {
        const reason = (target.nodeType === 3 ? target.parentElement : target)?.closest?.('.card-reason');
        const at = Number(/^at (\\d+)$/.exec(reason?.textContent ?? '')?.[1]);
        if (at > 0) requestAnimationFrame(() => window.late.push(Date.now() - at));
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });`;

interface Load {
  readonly usableMs: number;
  readonly bytes: number;
}
async function load(page: Page, address: string): Promise<Load> {
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (request.url().includes('/console/')) sizes.push(request.sizes().then((size) => size.responseBodySize));
  });
  await page.goto(address, { waitUntil: 'commit' });
  await page.locator('.card-actions button').first().waitFor({ timeout: 60_000 });
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
  const usableMs = Number(await page.evaluate('window.usableMs'));
  return { usableMs, bytes: (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0) };
}

export async function run(): Promise<BenchRow[]> {
  const missing = !existsSync(executable)
    ? `${executable} not installed`
    : existsSync(join(consoleDir, 'index.html'))
      ? null
      : 'console not built';
  if (missing !== null)
    return [judge({ area: 'console', name: 'first load, compressed', value: Number.NaN, unit: 'kB', against: missing })];
  const directory = makeDirectory();
  // The front's thread and what is loaded when it is needed are started by their names.
  const folder = transpile(['src/http', 'bench/console-server.ts']);
  const port = await freePort();
  async function serve(from: number, to: number): Promise<ChildProcess> {
    const args = [from, to, nodes, modules, eventsPerSecond, port].map(String);
    const options = { env: marked(directory), stdio: ['ignore', 'pipe', 'inherit', 'ipc'] satisfies StdioOptions };
    const script = join(folder, 'bench', 'console-server.js');
    const server = keep(spawn(process.execPath, [script, ...args, directory, consoleDir], options));
    if (server.stdout !== null) for await (const _ of createInterface({ input: server.stdout })) return server;
    throw new Error('a node of the benchmark ended without a word');
  }
  const servers: ChildProcess[] = [];
  try {
    const first = await serve(0, 1);
    servers.push(first, await serve(1, nodes));
    const address = `http://127.0.0.1:${port}/console/`;
    const usable: number[] = [];
    let bytes = 0;
    for (let round = 0; round < loads; round += 1) {
      // A profile of its own each time: nothing is in any cache.
      const profile = join(directory, `profile-${round}`);
      mkdirSync(profile);
      const context = await openBrowser(profile);
      await context.addInitScript(watch);
      const loaded = await load(await context.newPage(), address);
      usable.push(loaded.usableMs);
      bytes = loaded.bytes;
      await context.close();
    }

    await wait(settleMs);
    const idleBefore = await daemonMs(first);
    await wait(measureMs);
    const idle = (await daemonMs(first)) - idleBefore;

    const profile = join(directory, 'profile-live');
    mkdirSync(profile);
    const context = await openBrowser(profile);
    await context.addInitScript(watch);
    const page = await context.newPage();
    await load(page, address);
    await wait(settleMs);
    await page.evaluate('window.late.length = 0');
    const before = { daemon: await daemonMs(first), browser: browserMs(profile) };
    await wait(measureMs);
    const after = { daemon: await daemonMs(first), browser: browserMs(profile) };
    const late = numbersOf(await page.evaluate('window.late'));
    await context.close();

    const what = `${modules} modules × ${nodes} nodes, ${eventsPerSecond} events/s`;
    // Only what is in sight is drawn; a change that nobody sees needs no time.
    const sound = late.length > measureMs / 1000;
    return [
      judge({
        area: 'console',
        name: 'first load, compressed',
        value: bytes / 1000,
        unit: 'kB',
        target: 'consoleLoadKb',
        sound: bytes > 0,
      }),
      judge({
        area: 'console',
        name: `can be used, ${modules} modules × ${nodes} nodes (median of ${loads})`,
        value: median(usable),
        unit: 'ms',
        target: 'consoleUsableMs',
      }),
      judge({
        area: 'console',
        name: `a change is on the screen, p95 of ${late.length}`,
        value: quantile(late, 0.95),
        unit: 'ms',
        target: 'consoleChangeMs',
        sound,
      }),
      judge({ area: 'console', name: 'the same, median', value: median(late), unit: 'ms' }),
      judge({
        area: 'console',
        name: `browser, ${what}`,
        value: ((after.browser - before.browser) / measureMs) * 100,
        unit: '% of a core',
        target: 'consoleBrowserPercent',
        sound,
      }),
      judge({
        area: 'console',
        name: `daemon for an open console, ${what}`,
        value: ((after.daemon - before.daemon - idle) / measureMs) * 100,
        unit: '% of a core',
        target: 'consoleDaemonPercent',
        sound,
      }),
    ];
  } finally {
    for (const server of servers) server.kill();
    await removeDirectory(directory);
    rmSync(folder, { recursive: true, force: true });
  }
}
