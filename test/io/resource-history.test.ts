import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ResourceEntry } from '../../src/actors/ports.js';
import { createClock } from '../../src/io/clock.js';
import { createResourceHistory, flushDelayMs, historyFile, mostPending } from '../../src/io/resource-history.js';

function fixture(t: Test, fileLimit?: number) {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-history-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const problems: string[] = [];
  const timers: { readonly run: () => void; readonly delayMs: number; open: boolean }[] = [];
  const clock = {
    setTimeout: (run: () => void, delayMs: number) => {
      const timer = { run, delayMs, open: true };
      timers.push(timer);
      return timer;
    },
    clearTimeout: (handle: unknown) => {
      for (const timer of timers) if (timer === handle) timer.open = false;
    },
  };
  const open = () =>
    createResourceHistory({
      directory: (module) => join(dir, module),
      clock,
      onProblem: (message) => problems.push(message),
      ...(fileLimit === undefined ? {} : { fileLimit }),
    });
  return { dir, file: join(dir, 'farm', historyFile), problems, timers, open, history: open() };
}
let count = 0;
function entry(name: string, value: string): ResourceEntry {
  count += 1;
  return { name, value, by: 'root', wallMs: 1_700_000_000_000 + count, atMs: count, boot: 'boot-1' };
}
const values = (entries: readonly ResourceEntry[]): readonly string[] => entries.map(({ name, value }) => `${name}=${value}`);

t.test('what was appended is loaded by the next run, in order', async (t) => {
  const { history, open, problems, timers, file } = fixture(t);
  t.same(await history.load('farm'), []);
  history.append('farm', entry('a.b', 'up'));
  history.append('farm', entry('a.b', 'down'));
  history.append('other', entry('x.y', '1'));
  t.same(
    timers.map(({ delayMs }) => delayMs),
    [flushDelayMs, flushDelayMs],
    'one write for all of a module',
  );
  t.notOk(existsSync(file), 'nothing is waited for');
  timers[0]?.run();
  await history.flush('farm');
  t.same(values(await open().load('farm')), ['a.b=up', 'a.b=down']);
  await history.close('other');
  await history.close('other');
  await history.flush('other');
  t.same(values(await open().load('other')), ['x.y=1']);
  t.same(problems, []);
});

t.test('a line that was cut off, and one that is none, are left out', async (t) => {
  const { history, open, file } = fixture(t);
  history.append('farm', entry('a.b', 'up'));
  await history.flush('farm');
  appendFileSync(file, 'nonsense\n{"name":"a.b","value":7}\n{"name":"a.b","val');
  const next = open();
  t.same(values(await next.load('farm')), ['a.b=up']);
  next.append('farm', entry('a.b', 'down'));
  await next.flush('farm');
  t.same(values(await open().load('farm')), ['a.b=up', 'a.b=down'], 'the next one is on a line of its own');
});

t.test('a full file becomes the old one; the last value of each resource is never pushed out', async (t) => {
  const { history, open, file } = fixture(t, 2_000);
  history.append('farm', entry('quiet.one', 'kept'));
  for (let round = 0; round < 200; round += 1) {
    history.append('farm', entry('busy.one', String(round)));
    await history.flush('farm');
  }
  t.ok(statSync(file).size < 2_500);
  t.ok(statSync(`${file}.1`).size < 2_500);
  const loaded = await open().load('farm');
  t.ok(values(loaded).includes('quiet.one=kept'));
  t.same(values(loaded).at(-1), 'busy.one=199');
  t.equal(new Set(loaded.map((one) => JSON.stringify(one))).size, loaded.length, 'nothing twice');
  const busy = loaded.filter(({ name }) => name === 'busy.one').map(({ value }) => Number(value));
  t.same(
    busy,
    [...busy].sort((left, right) => left - right),
  );
});

t.test('a disk that refuses: told once, kept in memory within bounds, written when it takes it again', async (t) => {
  const { history, open, dir, problems, timers } = fixture(t);
  writeFileSync(join(dir, 'farm'), 'in the way');
  history.append('farm', entry('a.b', '1'));
  await history.flush('farm');
  history.append('farm', entry('a.b', '2'));
  await history.flush('farm');
  t.equal(problems.length, 1);
  t.match(problems[0], /history of the resources of farm/);
  t.ok(
    timers.some(({ open, delayMs }) => open && delayMs > flushDelayMs),
    'it is tried again, later',
  );
  for (let round = 3; round < mostPending + 3; round += 1) history.append('farm', entry('a.b', String(round)));
  await history.flush('farm');
  rmSync(join(dir, 'farm'));
  await history.flush('farm');
  const loaded = await open().load('farm');
  t.equal(loaded.length, mostPending);
  t.equal(loaded.at(-1)?.value, String(mostPending + 2));
  await history.close('farm');
  t.equal(problems.length, 1);
});

t.test('what cannot be read is no history, and said', async (t) => {
  const { history, problems, file } = fixture(t);
  mkdirSync(file, { recursive: true });
  t.same(await history.load('farm'), []);
  t.match(problems, [/history of the resources of farm/]);
});

t.test('kill -9 loses at most what was set in the last second', { timeout: 60_000 }, async (t) => {
  const { dir, open } = fixture(t);
  const program = `
    import { createResourceHistory } from ${JSON.stringify(new URL('../../src/io/resource-history.ts', import.meta.url).href)};
    const history = createResourceHistory({
      directory: (module) => ${JSON.stringify(dir)} + '/' + module,
      clock: { setTimeout, clearTimeout },
      onProblem: (message) => console.error(message),
    });
    let count = 0;
    setInterval(() => {
      count += 1;
      history.append('farm', { name: 'a.b', value: String(count), by: 'x', wallMs: Date.now(), atMs: performance.now(), boot: 'b' });
      process.stdout.write(count + ' ' + Date.now() + '\\n');
    }, 20);
  `;
  const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let told = '';
  const enough = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      told += String(chunk);
      if (told.split('\n').length > 150) resolve();
    });
  });
  await enough;
  const killedMs = Date.now();
  child.kill('SIGKILL');
  await once(child, 'close');
  const kept = new Set((await open().load('farm')).map(({ value }) => value));
  const lost = told
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
    .filter(([value = '', at]) => Number(at) < killedMs - 1_000 && !kept.has(value));
  t.same(lost, []);
  t.ok(kept.size > 50);
});

t.test('the real clock flushes by itself', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-history-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const history = createResourceHistory({ directory: () => dir, clock: createClock(), onProblem: (message) => t.fail(message) });
  history.append('farm', entry('a.b', 'up'));
  const file = join(dir, historyFile);
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')) resolve();
      else setTimeout(look, 50);
    };
    look();
  });
  t.match(readFileSync(file, 'utf8'), /"value":"up"/);
});
