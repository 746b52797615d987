import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { LogEntry } from '../../../src/actors/ports.js';
import { decodeCommand, decodeEntry, encodeEntry, limitOf } from '../../../src/io/logs/entries.js';
import { createLogs, type LogsOptions } from '../../../src/io/logs/logs.js';
import type { SystemLog } from '../../../src/io/logs/system-log.js';
import { breakableDisk, entry, until } from './support.js';

const options = (safevar: string): LogsOptions => ({ safevar, now: () => ({ atMs: 5, wallMs: 1_700_000_009_000 }), retryMs: 5 });
const open = (t: { teardown(work: () => unknown): void }, given: LogsOptions) => {
  const logs = createLogs(given);
  t.teardown(() => logs.close());
  return logs;
};
const texts = (entries: readonly LogEntry[]): string[] => entries.map(({ message }) => message);

t.test('what is logged can be queried', async (t) => {
  const logs = open(t, options(t.testdir()));
  const wall = 1_700_000_000_000;
  logs.module('farm', entry('Local state STOP NotReady', 'E', wall));
  logs.module('farm', entry('Action start called by root', 'U', wall + 1000));
  logs.module('farm', entry('details', 'I', wall + 2000, 'errd'));
  logs.module('farm', entry('more details', 'D', wall + 3000));
  logs.module('farm', {
    ...entry('Script start_both > u.ulog', 'S', wall + 4000, 'userplug'),
    data: { script: 'start_both', userlog: 'u.ulog' },
  });
  logs.module('farm', entry('Process nginx not running', 'C', wall + 5000, 'errd'));
  logs.module('other', entry('elsewhere', 'C'));

  t.same(texts(await logs.readModule('farm', {})), [
    'Local state STOP NotReady',
    'Action start called by root',
    'Script start_both > u.ulog',
    'Process nginx not running',
  ]);
  t.equal((await logs.readModule('farm', { verbose: true })).length, 6);
  t.same(texts(await logs.readModule('farm', { levels: ['D', 'C'] })), ['more details', 'Process nginx not running']);
  t.same(texts(await logs.readModule('farm', { verbose: true, text: 'ERRD' })), ['details', 'Process nginx not running']);
  t.same(texts(await logs.readModule('farm', { text: 'called BY' })), ['Action start called by root']);
  t.same(texts(await logs.readModule('farm', { verbose: true, sinceWallMs: wall + 1000, untilWallMs: wall + 3000 })), [
    'Action start called by root',
    'details',
    'more details',
  ]);
  t.same(texts(await logs.readModule('farm', { limit: 2 })), ['Script start_both > u.ulog', 'Process nginx not running']);
  t.same(await logs.readModule('farm', { limit: 0 }), []);
  t.same((await logs.readModule('farm', { levels: ['S'] }))[0], {
    atMs: 1,
    wallMs: wall + 4000,
    level: 'S',
    component: 'userplug',
    message: 'Script start_both > u.ulog',
    data: { script: 'start_both', userlog: 'u.ulog' },
  });
  t.same(await logs.readModule('none', {}), []);
});

t.test('300 lines unless told otherwise, across rotated files', async (t) => {
  const dir = t.testdir();
  const logs = open(t, { ...options(dir), maxBytes: 8000, files: 12 });
  for (let index = 0; index < 400; index += 1) {
    logs.module('farm', entry(`line ${index}`));
    if (index % 40 === 0) await logs.readModule('farm', { limit: 1 });
  }
  const seen = texts(await logs.readModule('farm', {}));
  t.equal(seen.length, 300);
  t.equal(seen[0], 'line 100');
  t.equal(seen.at(-1), 'line 399');
  t.ok(existsSync(join(dir, 'modules/farm/log.3.jsonl')));
  t.equal(limitOf(undefined), 300);
  t.equal(limitOf(-5), 0);
  t.equal(limitOf(2.9), 2);
  t.equal(limitOf(Number.NaN), 300);
  t.equal(limitOf(1e9), 100_000);
});

t.test('reading while lines are written and files rotated shows each line once and in order', async (t) => {
  const logs = open(t, { ...options(t.testdir()), maxBytes: 4000, files: 50 });
  let written = 0;
  const reads: Promise<readonly LogEntry[]>[] = [];
  while (written < 600) {
    for (let burst = 0; burst < 20; burst += 1) logs.module('farm', entry(`line ${written++}`));
    reads.push(logs.readModule('farm', { limit: 1000 }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const read of await Promise.all(reads)) {
    const numbers = texts(read).map((text) => Number(text.slice(5)));
    if (numbers.some((number, index) => number !== index)) t.fail(`${numbers.length} lines, not one after the other`);
  }
  t.equal((await logs.readModule('farm', { limit: 1000 })).length, 600);
});

t.test('damaged lines are skipped', async (t) => {
  const dir = t.testdir();
  const logs = open(t, options(dir));
  logs.module('farm', entry('one'));
  await logs.readModule('farm', {});
  const path = join(dir, 'modules/farm/log.jsonl');
  appendFileSync(
    path,
    '{"time":"half a li\n\n[]\n7\n"x"\n{"level":"X"}\n{"level":"E","component":"c","message":1}\n{"level":"E","component":"c","message":"m","wallMs":"now","atMs":1}\n',
  );
  appendFileSync(path, Buffer.from([0xff, 0x00, 0x80, 0x0a]));
  appendFileSync(path, `${encodeEntry(entry('two')).replace('}', ',"data":[1]}')}\n`);
  logs.module('farm', entry('three'));
  t.same(texts(await logs.readModule('farm', {})), ['one', 'two', 'three']);
  t.equal(decodeEntry('{"level":"E","component":"c","message":"m","wallMs":1,"atMs":2,"data":{"a":{}}}')?.data, undefined);
  for (const line of [
    'x',
    '{}',
    '{"who":"w","module":7}',
    '{"who":"w","module":null,"phase":"NOW"}',
    '{"who":"w","module":null,"phase":"END","text":1}',
  ])
    t.equal(decodeCommand(line), null);
});

t.test('odd entries neither throw nor break the file', async (t) => {
  const logs = open(t, options(t.testdir()));
  logs.module('farm', entry('line one\nline two\u2028 \u0000'));
  logs.module('farm', entry('x'.repeat(100_000)));
  logs.module('farm', { ...entry('no time'), wallMs: Number.POSITIVE_INFINITY });
  logs.module('farm', { ...entry('early'), wallMs: -1 });
  const data: Record<string, string | null> = {};
  Object.defineProperty(data, 'bad', {
    enumerable: true,
    get: () => {
      throw new Error('bad getter');
    },
  });
  logs.module('farm', { ...entry('never'), data });
  const seen = await logs.readModule('farm', {});
  t.same(
    texts(seen).map((text) => text.slice(0, 8)),
    ['line one', 'xxxxxxxx', 'early'],
  );
  t.equal(seen[1]?.message.length, 8 * 1024 + 1);
  t.equal(logs.status().lost, 1);
});

t.test('followers get what comes from then on, and one that throws costs the others nothing', async (t) => {
  const logs = open(t, options(t.testdir()));
  logs.module('farm', entry('before'));
  const seen: string[] = [];
  const bad = logs.followModule('farm', () => {
    throw new Error('bad follower');
  });
  const follow = logs.followModule('farm', ({ message }) => seen.push(message));
  logs.module('farm', entry('now', 'D'));
  logs.module('other', entry('elsewhere'));
  follow.close();
  follow.close();
  logs.module('farm', entry('later'));
  bad.close();
  t.same(seen, ['now']);
  t.equal((await logs.readModule('farm', { verbose: true })).length, 3);
});

t.test("the daemon's own log and the command log", async (t) => {
  const dir = t.testdir();
  const logs = open(t, options(dir));
  logs.node(entry('holdfastd 0.1.0 started'));
  for (let index = 0; index < 5; index += 1)
    logs.command({
      wallMs: 1000 + index,
      who: 'root',
      module: index === 0 ? null : 'farm',
      phase: 'START',
      text: `start ${index}`,
    });
  t.same(texts(await logs.readNode({})), ['holdfastd 0.1.0 started']);
  t.same(
    (await logs.readCommands(2)).map(({ text }) => text),
    ['start 3', 'start 4'],
  );
  t.equal((await logs.readCommands(10))[0]?.module, null);
  t.ok(existsSync(join(dir, 'log/node.jsonl')) && existsSync(join(dir, 'log/commands.jsonl')));
});

t.test('the least level can be raised', async (t) => {
  const logs = open(t, { ...options(t.testdir()), level: 'S' });
  for (const level of ['C', 'E', 'U', 'S', 'I', 'D'] as const) logs.module('farm', entry(level, level));
  t.same(texts(await logs.readModule('farm', { verbose: true })), ['C', 'E', 'U', 'S']);
});

t.test('a disk that refuses everything neither throws nor blocks, and the loss is reported when it heals', async (t) => {
  const dir = t.testdir();
  const disk = breakableDisk();
  const logs = open(t, { ...options(dir), fileSystem: disk.fileSystem, maxPendingLines: 50 });
  disk.breakWith('EROFS');
  const begin = performance.now();
  for (let index = 0; index < 5000; index += 1) logs.module('farm', entry(`line ${index}`));
  logs.command({ wallMs: 1, who: 'root', module: null, phase: 'START', text: 'state' });
  const each = (performance.now() - begin) / 5000;
  t.ok(each < 1, `${each.toFixed(4)} ms for a line`);
  await until('the failure is noticed', () => Object.keys(logs.status().failing).length === 2);
  t.same(logs.status().failing, { 'module farm': 'EROFS', commands: 'EROFS' });
  t.ok(logs.status().pending <= 60);
  t.equal((await logs.readModule('farm', { limit: 1 }))[0]?.message, 'line 4999', 'the newest lines are still shown');
  disk.breakWith(null);
  await until('writing works again', () => logs.status().pending === 0 && Object.keys(logs.status().failing).length === 0);
  const { lost } = logs.status();
  t.ok(lost >= 4900);
  t.match(texts(await logs.readModule('farm', { levels: ['C'] })), [new RegExp(`^${lost} log lines lost: `)]);
  t.match(
    (await logs.readCommands(5)).map(({ text }) => text),
    ['This log could not be written for a while, no line was lost: EROFS', 'state'],
  );
});

const tmpfs = (): string | null => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-tmpfs-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'holdfast-test', dir], { stdio: 'ignore' });
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
  'a file system that is full, for real',
  { skip: small === null ? 'needs root and the right to mount a tmpfs' : false },
  async (t) => {
    const dir = small ?? '';
    const logs = createLogs({ ...options(dir), maxPendingLines: 200 });
    logs.module('farm', entry('before'));
    await logs.readModule('farm', {});
    try {
      writeFileSync(join(dir, 'filler'), Buffer.alloc(1024 * 1024));
      t.fail('the tmpfs should be full');
    } catch (error) {
      t.match(error, { code: 'ENOSPC' });
    }
    for (let index = 0; index < 1000; index += 1) logs.module('farm', entry(`line ${index}`));
    await until('the full disk is noticed', () => logs.status().failing['module farm'] === 'ENOSPC');
    rmSync(join(dir, 'filler'));
    await until('writing works again', () => logs.status().pending === 0);
    const seen = texts(await logs.readModule('farm', { limit: 2000 }));
    await logs.close();
    t.equal(seen[0], 'before');
    t.equal(seen.at(-1), 'line 999');
    const reported = seen.flatMap((text) => (/^\d+ log line/.test(text) ? [Number.parseInt(text, 10)] : []));
    t.ok(reported.length > 0);
    t.equal(
      reported.reduce((sum, count) => sum + count, 0),
      logs.status().lost,
      'the reports add up to what was lost',
    );
    t.equal(seen.filter((text) => text.startsWith('line ')).length + logs.status().lost, 1000);
  },
);

t.test('closing a module lets go of its directory; closing all ends logging', async (t) => {
  const dir = t.testdir();
  const logs = createLogs(options(dir));
  logs.module('farm', entry('one'));
  await logs.closeModule('farm');
  t.match(readFileSync(join(dir, 'modules/farm/log.jsonl'), 'utf8'), /"one"/);
  rmSync(join(dir, 'modules/farm'), { recursive: true });
  await logs.closeModule('farm');
  logs.module('farm', entry('two'));
  t.same(texts(await logs.readModule('farm', {})), ['two']);
  await logs.close();
  logs.module('farm', entry('three'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.notMatch(readFileSync(join(dir, 'modules/farm/log.jsonl'), 'utf8'), /three/);
});

t.test("the machine's own log gets the main lines", async (t) => {
  const seen: string[] = [];
  const systemLog: SystemLog = {
    kind: 'journal',
    write: (module, { message }) => seen.push(`${module} ${message}`),
    dropped: () => 3,
    close: () => undefined,
  };
  const logs = open(t, { ...options(t.testdir()), systemLog });
  logs.module('farm', entry('Local state UP Ready'));
  logs.module('farm', entry('details', 'I'));
  logs.node(entry('started'));
  await logs.readModule('farm', {});
  t.same(seen, ['farm Local state UP Ready', 'null started']);
  t.equal(logs.status().systemDropped, 3);
});

t.test('userlogs', async (t) => {
  const dir = t.testdir({ modules: { farm: {} }, secret: 'secret' });
  const home = join(dir, 'modules/farm');
  const logs = open(t, options(dir));
  t.same(await logs.listUserlogs('none'), []);
  writeFileSync(join(home, 'userlog_2026-01-31T101112_start_both.ulog'), 'started\n');
  writeFileSync(join(home, 'userlog_2026-01-31T101113_stop_both.ulog'), `${'é'.repeat(10)}`);
  writeFileSync(join(home, 'log.jsonl'), '');
  symlinkSync(join(dir, 'secret'), join(home, 'userlog_2026-01-31T101114_link.ulog'));
  mkdirSync(join(home, 'userlog_2026-01-31T101115_dir.ulog'));
  if (process.platform === 'linux') execFileSync('mkfifo', [join(home, 'userlog_2026-01-31T101116_pipe.ulog')]);
  t.same((await logs.listUserlogs('farm')).map(({ name, bytes }) => [name, bytes]).sort(), [
    ['userlog_2026-01-31T101112_start_both.ulog', 8],
    ['userlog_2026-01-31T101113_stop_both.ulog', 20],
  ]);
  t.equal(await logs.readUserlog('farm', 'userlog_2026-01-31T101112_start_both.ulog', 1000), 'started\n');
  t.equal(await logs.readUserlog('farm', 'userlog_2026-01-31T101112_start_both.ulog', 3), 'ed\n');
  t.equal(await logs.readUserlog('farm', 'userlog_2026-01-31T101113_stop_both.ulog', 5), 'éé', 'no broken characters');
  for (const name of [
    '../../secret',
    'userlog_/../../../secret.ulog',
    'userlog_x\u0000.ulog',
    'log.jsonl',
    '',
    'userlog_2026-01-31T101114_link.ulog',
    'userlog_2026-01-31T101115_dir.ulog',
    'userlog_2026-01-31T101116_pipe.ulog',
    'userlog_none.ulog',
  ])
    t.equal(await logs.readUserlog('farm', name, 1000), null, JSON.stringify(name));
});
