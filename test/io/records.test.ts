import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { createRecords, RecordError, type RecordProblem } from '../../src/io/records.js';

function fixture(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-records-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const problems: RecordProblem[] = [];
  const open = () => createRecords(dir, (problem) => problems.push(problem));
  return { dir, problems, open, records: open() };
}

t.test('what was saved is loaded, also by the next run; what was not is null', async (t) => {
  const { records, open, problems } = fixture(t);
  await records.save('farm', 'state', { wish: 'start', count: 3, list: ['é\u2028'] });
  t.same(await records.load('farm', 'state'), { wish: 'start', count: 3, list: ['é\u2028'] });
  t.same(await open().load('farm', 'state'), { wish: 'start', count: 3, list: ['é\u2028'] });
  t.equal(await records.load('farm', 'other'), null);
  await records.save('farm', 'state', null);
  t.equal(await records.load('farm', 'state'), null);
  await records.remove('farm', 'state');
  await records.remove('farm', 'state');
  await records.remove('nothing', 'there');
  t.equal(await records.load('farm', 'state'), null);
  t.same(problems, []);
});

t.test('any JSON value comes back as it went', async (t) => {
  const { records } = fixture(t);
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      await records.save('k', 'v', value);
      t.strictSame(await records.load('k', 'v'), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 30 },
  );
});

t.test('a value that JSON cannot hold is refused and changes nothing', async (t) => {
  const { records } = fixture(t);
  await records.save('k', 'v', 1);
  await t.rejects(records.save('k', 'v', undefined), TypeError);
  t.equal(await records.load('k', 'v'), 1);
});

t.test('files are for their owner alone, and no name leads out of the directory', async (t) => {
  const { dir, records } = fixture(t);
  for (const name of ['../../evil', '..', '.', '', 'a/b', 'ü', '.hidden', 'nul\0']) {
    await records.save(name, name, name);
    t.equal(await records.load(name, name), name);
  }
  t.notOk(existsSync(join(dir, '..', 'evil.json')));
  for (const key of readdirSync(dir)) {
    t.equal(statSync(join(dir, key)).mode & 0o777, 0o700);
    for (const name of readdirSync(join(dir, key))) t.equal(statSync(join(dir, key, name)).mode & 0o777, 0o600, name);
  }
  t.equal(readdirSync(dir).length, 8, 'different names do not meet');
});

t.test('saves of one key happen in order; one that has not begun is written once with the later value', async (t) => {
  const { records } = fixture(t);
  const saves = Array.from({ length: 200 }, (_, index) => records.save('k', 'v', index));
  t.equal(new Set(saves).size < 200, true, 'many share a write');
  await Promise.all(saves);
  t.equal(await records.load('k', 'v'), 199);

  const first = records.save('k', 'v', 'a');
  const between = records.load('k', 'v');
  const later = records.save('k', 'v', 'b');
  t.equal(await between, 'a', 'a look between two saves sees the first');
  await Promise.all([first, later]);
  t.equal(await records.load('k', 'v'), 'b');

  void records.save('k', 'x', 1);
  void records.save('k', 'y', 1);
  const x2 = records.save('k', 'x', 2);
  const removed = records.remove('k', 'x');
  await Promise.all([x2, removed]);
  t.equal(await records.load('k', 'x'), null);
});

t.test('a damaged file is put aside and reported, whatever is wrong with it', async (t) => {
  const { dir, records, problems } = fixture(t);
  await records.save('k', 'v', { good: true });
  const file = join(dir, 'k', 'v.json');
  const good = readFileSync(file);
  const damage: Readonly<Record<string, Buffer>> = {
    empty: Buffer.alloc(0),
    'cut off': good.subarray(0, good.length - 5),
    'header only': good.subarray(0, good.indexOf(0x0a) + 1),
    'one bit': Buffer.from(good.toString('latin1').replace('true', 'trud'), 'latin1'),
    zeros: Buffer.alloc(good.length),
    'not ours': Buffer.from('{"a":1}\n{}\n'),
    'no JSON': Buffer.from('hello\nworld\n'),
    'a later version': Buffer.from(good.toString().replace('"version":1', '"version":2')),
    huge: Buffer.alloc(17 * 1024 * 1024, 0x20),
  };
  for (const [what, bytes] of Object.entries(damage)) {
    writeFileSync(file, bytes);
    problems.length = 0;
    t.equal(await records.load('k', 'v'), null, what);
    t.match(problems, [{ file, movedTo: `${file}.damaged`, message: /^damaged: / }], what);
    t.same(readFileSync(`${file}.damaged`).length, bytes.length, 'it is kept for whoever looks into it');
    t.notOk(existsSync(file));
  }
  await records.save('k', 'v', 'again');
  t.equal(await records.load('k', 'v'), 'again');
});

t.test('no cut of a file is taken for a record', async (t) => {
  const { dir, records } = fixture(t);
  await records.save('k', 'v', { a: [1, 2, 3], b: 'text' });
  const file = join(dir, 'k', 'v.json');
  const good = readFileSync(file);
  for (let length = 0; length < good.length; length += 1) {
    writeFileSync(file, good.subarray(0, length));
    t.equal(await records.load('k', 'v'), null, `cut to ${length} bytes`);
  }
});

t.test('what a crash in the middle of a write left is removed at the next start', async (t) => {
  const { dir, records, open, problems } = fixture(t);
  await records.save('k', 'v', 1);
  writeFileSync(join(dir, 'k', 'v.json.123-1.tmp'), 'half');
  t.equal(await open().load('k', 'v'), 1);
  t.same(readdirSync(join(dir, 'k')), ['v.json']);
  t.same(problems, []);
});

t.test('killed at any moment, the old or the new value is there', { timeout: 60_000 }, async (t) => {
  const { dir, open, problems } = fixture(t);
  const writer = join(dir, '..', `${dir.split('/').pop()}.mts`);
  t.teardown(() => rmSync(writer, { force: true }));
  const source = new URL('../../src/io/records.ts', import.meta.url).pathname;
  writeFileSync(
    writer,
    `import { createRecords } from ${JSON.stringify(source)};
     const records = createRecords(process.argv[2], () => undefined);
     for (let n = 0; ; n += 1) { await records.save('k', 'v', { n, text: 'x'.repeat(20_000) }); if (n === 0) process.stdout.write('going'); }`,
  );
  for (let run = 0; run < 4; run += 1) {
    const child = spawn(process.execPath, [...process.execArgv, writer, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    setTimeout(() => child.kill('SIGKILL'), 30 + run * 17);
    t.same(await ended, [null, 'SIGKILL']);
    t.match(await open().load('k', 'v'), { n: Number, text: 'x'.repeat(20_000) });
    t.same(readdirSync(join(dir, 'k')), ['v.json'], 'no leftovers after the start');
  }
  t.same(problems, []);
});

const root = process.getuid?.() === 0;
t.test(
  'a full disk refuses the save with DISK and keeps the old value',
  { skip: root ? false : 'mounting a small tmpfs needs root' },
  async (t) => {
    const { dir, open, problems } = fixture(t);
    const small = join(dir, 'small');
    mkdirSync(small);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small], { encoding: 'utf8' });
    t.equal(mount.status, 0, mount.stderr);
    t.teardown(() => execFileSync('umount', ['-l', small]));
    await open().load('k', 'v');
    const records = createRecords(small, (problem) => problems.push(problem));
    await records.save('k', 'v', 'old');
    await t.rejects(records.save('k', 'v', 'x'.repeat(200_000)), { name: 'RecordError', code: 'DISK', message: /ENOSPC/ });
    t.equal(await records.load('k', 'v'), 'old');
    t.same(readdirSync(join(small, 'k')), ['v.json'], 'the half-written file is gone');
    await records.save('k', 'v', 'new');
    t.equal(await records.load('k', 'v'), 'new', 'it goes on when there is room');
    t.same(problems, []);
  },
);

t.test('a directory that cannot be written refuses the save and is reported', async (t) => {
  const { dir, problems } = fixture(t);
  const file = join(dir, 'file');
  writeFileSync(file, 'not a directory');
  const records = createRecords(join(file, 'below'), (problem) => problems.push(problem));
  await t.rejects(records.save('k', 'v', 1), RecordError);
  await t.rejects(records.remove('k', 'v'), RecordError);
  t.equal(await records.load('k', 'v'), null);
  t.match(problems, [{ message: /ENOTDIR/ }, { message: /cannot be read/, movedTo: null }]);
  chmodSync(dir, 0o700);
});
