import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { linesBackwards } from '../../../src/io/logs/read-backwards.js';
import {
  createGate,
  createRotatingFile,
  type RotatingFileOptions,
  realLogFileSystem,
  rotatedPath,
} from '../../../src/io/logs/rotating-file.js';
import { breakableDisk, until } from './support.js';

const defaults = (dir: string): RotatingFileOptions => ({
  path: join(dir, 'log.jsonl'),
  maxBytes: 1000,
  files: 3,
  maxPendingLines: 100,
  maxPendingBytes: 100_000,
  retryMs: 5,
  gate: createGate(),
  fileSystem: realLogFileSystem,
  recovered: (lost, reason) => `lost ${lost} ${reason}`,
});
const lines = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const allLines = (path: string, files: number): string[] =>
  Array.from({ length: files }, (_, index) => rotatedPath(path, files - 1 - index)).flatMap((file) =>
    existsSync(file) ? lines(file) : [],
  );

t.test('names of rotated files', async (t) => {
  t.equal(rotatedPath('/a/log.jsonl', 0), '/a/log.jsonl');
  t.equal(rotatedPath('/a/log.jsonl', 2), '/a/log.2.jsonl');
});

t.test('rotates by size, keeps n files, loses nothing of the newest', async (t) => {
  const options = defaults(t.testdir());
  const file = createRotatingFile(options);
  for (let index = 0; index < 90; index += 1) {
    file.write(`line ${String(index).padStart(3, '0')} ${'x'.repeat(40)}`);
    if (index % 10 === 9) await file.snapshot().then(({ handles }) => Promise.all(handles.map((handle) => handle.close())));
  }
  await file.close();
  const kept = allLines(options.path, 5).map((line) => Number(line.slice(5, 8)));
  t.equal(readdirSync(join(options.path, '..')).length, 3);
  t.equal(kept.at(-1), 89);
  t.same(
    kept,
    Array.from({ length: kept.length }, (_, index) => 90 - kept.length + index),
  );
  t.ok(readFileSync(options.path).length <= options.maxBytes);
  t.same(file.status(), { lost: 0, pending: 0, failure: null });
});

t.test('a single file is emptied when it is full', async (t) => {
  const options = { ...defaults(t.testdir()), files: 1, maxBytes: 100 };
  const file = createRotatingFile(options);
  for (let index = 0; index < 5; index += 1) {
    file.write(`${index}`.repeat(60));
    await file.snapshot().then(({ handles }) => Promise.all(handles.map((handle) => handle.close())));
  }
  await file.close();
  t.same(readdirSync(join(options.path, '..')), ['log.jsonl']);
  t.same(lines(options.path), ['4'.repeat(60)]);
});

t.test('a disk that fills up in the middle of a line', async (t) => {
  const options = { ...defaults(t.testdir()), maxBytes: 100_000, maxPendingLines: 10 };
  const disk = breakableDisk();
  const file = createRotatingFile({ ...options, fileSystem: disk.fileSystem });
  file.write('first');
  await until(
    'the first line is written',
    () => file.status().pending === 0 && existsSync(options.path) && lines(options.path).length === 1,
  );
  disk.leave(8);
  for (let index = 0; index < 60; index += 1) file.write(`line ${index}`);
  await until('the failure is noticed', () => file.status().failure === 'ENOSPC');
  for (let index = 60; index < 100; index += 1) file.write(`line ${index}`);
  t.ok(file.status().pending <= 12, 'memory stays bounded');
  const { handles, pending } = await file.snapshot();
  await Promise.all(handles.map((handle) => handle.close()));
  t.equal(pending.at(-1), 'line 99', 'what is not on disk can be read all the same');
  disk.leave(Number.POSITIVE_INFINITY);
  await until('writing works again', () => file.status().failure === null && file.status().pending === 0);
  await file.close();
  const written = lines(options.path);
  const lost = file.status().lost;
  t.equal(written[0], 'first');
  t.ok(lost >= 80, `${lost} lines lost`);
  t.same(
    written.filter((line) => /^lost \d+ ENOSPC$/.test(line)),
    [`lost ${lost} ENOSPC`],
    'reported exactly once; what the full disk cut off does not count',
  );
  const whole = written.filter((line) => /^line \d+$/.test(line));
  t.equal(new Set(whole).size, whole.length, 'no line twice');
  t.equal(whole.at(-1), 'line 99');
  t.same(
    whole,
    [...whole].sort((a, b) => Number(a.slice(5)) - Number(b.slice(5))),
    'in order',
  );
});

t.test('a disk that fails without a loss is reported too', async (t) => {
  const options = defaults(t.testdir());
  const disk = breakableDisk();
  disk.breakWith('EIO');
  const file = createRotatingFile({ ...options, fileSystem: disk.fileSystem });
  file.write('kept');
  await until('three attempts', () => disk.attempts() >= 3);
  disk.breakWith(null);
  await until('writing works again', () => file.status().failure === null && file.status().pending === 0);
  await file.close();
  t.same(lines(options.path), ['lost 0 EIO', 'kept']);
});

t.test('closing while the disk fails ends, and nothing is written after it', async (t) => {
  const options = defaults(t.testdir());
  const disk = breakableDisk();
  disk.breakWith('EROFS');
  const file = createRotatingFile({ ...options, fileSystem: disk.fileSystem });
  file.write('one');
  await until('an attempt', () => disk.attempts() >= 1);
  await file.close();
  await file.close();
  const attempts = disk.attempts();
  file.write('two');
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.equal(disk.attempts(), attempts);
  t.notOk(existsSync(options.path));
});

t.test('a rotation that is refused is a failure like any other', async (t) => {
  const options = { ...defaults(t.testdir()), maxBytes: 50, maxPendingLines: 8 };
  let refuse = true;
  const file = createRotatingFile({
    ...options,
    fileSystem: {
      ...realLogFileSystem,
      rename: async (from, to) => {
        if (refuse) throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
        await realLogFileSystem.rename(from, to);
      },
    },
  });
  for (let index = 0; index < 40; index += 1) {
    file.write(`line ${index}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('the failure is noticed', () => file.status().failure === 'EPERM');
  t.ok(
    readFileSync(options.path).length <= 50 + 'lost 99 too many lines at once'.length + 1,
    'the file does not grow without bound',
  );
  refuse = false;
  await until('rotation works again', () => file.status().failure === null && file.status().pending === 0);
  await file.close();
  t.equal(allLines(options.path, 3).at(-1), 'line 39');
});

t.test('a file that was moved away is made anew', async (t) => {
  const dir = t.testdir();
  const options = defaults(dir);
  const file = createRotatingFile(options);
  file.write('one');
  await until('the first line is written', () => existsSync(options.path) && lines(options.path).length === 1);
  renameSync(options.path, join(dir, 'moved'));
  await until('a line is found at the path again', () => {
    file.write('two');
    return existsSync(options.path);
  });
  await file.close();
  t.equal(lines(options.path).at(-1), 'two');
});

t.test('too many lines at once are dropped from the oldest on and reported', async (t) => {
  const options = { ...defaults(t.testdir()), maxPendingLines: 10, maxBytes: 100_000 };
  const file = createRotatingFile(options);
  for (let index = 0; index < 1000; index += 1) file.write(`line ${index}`);
  await until('written', () => file.status().pending === 0);
  await file.close();
  const { lost } = file.status();
  t.ok(lost > 900);
  const written = lines(options.path);
  t.equal(
    written.filter((line) => line.startsWith('lost')).reduce((sum, line) => sum + Number(line.split(' ')[1]), 0),
    lost,
  );
  t.equal(written.filter((line) => line.startsWith('line')).length + lost, 1000);
  t.equal(written.at(-1), 'line 999');
});

t.test('reading backwards yields the lines of any file, last first', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-lines-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'f');
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.nat(3).map((times) => 'é€😀'.repeat(times * 9000)),
    fc.constant(''),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 12 }), fc.boolean(), async (raw, ends) => {
      const parts = raw.map((line) => line.replaceAll('\n', ' '));
      rmSync(path, { force: true });
      appendFileSync(path, parts.join('\n') + (ends ? '\n' : ''));
      const handle = await realLogFileSystem.read(path);
      if (handle === null) throw new Error('no file');
      const seen: string[] = [];
      for await (const line of linesBackwards(handle)) seen.push(line);
      await handle.close();
      // What is not valid text comes back as it was decoded from the bytes.
      const expected = parts.filter((line) => line !== '').map((line) => Buffer.from(line).toString('utf8'));
      if (JSON.stringify(seen.reverse()) !== JSON.stringify(expected))
        throw new Error(`${seen.length} lines for ${expected.length}`);
    }),
    { numRuns: 60 },
  );
  t.equal(await realLogFileSystem.read(join(dir, 'none')), null);
});

t.test('an endless line is left out, its neighbours are not', async (t) => {
  const dir = t.testdir({ f: `before\n${'x'.repeat(2 * 1024 * 1024)}\nafter\n` });
  const handle = await realLogFileSystem.read(join(dir, 'f'));
  if (handle === null) throw new Error('no file');
  const seen: string[] = [];
  for await (const line of linesBackwards(handle)) seen.push(line);
  await handle.close();
  t.same(seen, ['after', 'before']);
});
