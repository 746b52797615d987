/** The journal's files on disks that refuse, are slow, or were left by a daemon that was killed. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { JournalRecord } from '../../src/actors/recorder.types.js';
import { checksum, decodeLine, encodeLine } from '../../src/actors/recorder-lines.js';
import { createJournal, type JournalOptions } from '../../src/io/journal.js';
import { settled } from './world.js';

const head: JournalRecord = {
  ...{ k: 'head', format: 1, at: 1, wallMs: 1, why: 'start' },
  ...{ node: 'n1', version: '1', bootId: 'b' },
};
const record = (at: number): JournalRecord => ({ k: 'wall', at, wallMs: at });
function place(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'hf-journal-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
const full = (): Error => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

type Write = (to: FileHandle, bytes: Buffer, from: number, length: number) => Promise<{ readonly bytesWritten: number }>;
/** Files that are written as it says. */
function diskOf(write: Write): NonNullable<JournalOptions['openFile']> {
  return async (path) => {
    const handle = await open(path, 'a+', 0o600);
    return new Proxy(handle, {
      get(target, name) {
        if (name === 'write') return (bytes: Buffer, from: number, length: number) => write(target, bytes, from, length);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
}
/** A disk that takes so many bytes and then refuses, until it is emptied. */
function smallDisk(left: number) {
  const disk = { left };
  const openFile = diskOf(async (to, bytes, from, length) => {
    if (disk.left <= 0) throw full();
    const part = Math.min(length, disk.left);
    disk.left -= part;
    return to.write(bytes, from, part);
  });
  return { disk, openFile };
}

t.test('the checksum is the CRC-32 of everybody', (t) => {
  t.equal(checksum('123456789'), 'cbf43926');
  t.equal(checksum(''), '00000000');
  // As zlib has it at the end of a gzip stream: over the bytes of UTF-8, not over characters.
  t.equal(
    checksum('Grüße'),
    gzipSync('Grüße')
      .readUInt32LE(gzipSync('Grüße').length - 8)
      .toString(16)
      .padStart(8, '0'),
  );
  t.end();
});

t.test('lines that are not as they were written are refused with a reason', (t) => {
  const line = encodeLine(7, head);
  t.match(decodeLine(line), { ok: true, n: 7, record: head });
  t.match(decodeLine(line.slice(0, -3)), { ok: false, why: /cut off/ });
  t.match(decodeLine(line.replace('n1', 'n2')), { ok: false, why: /checksum/ });
  const sealed = (text: string): string => `${text.slice(0, -1)},"c":"${checksum(text)}"}`;
  t.match(decodeLine(sealed('{"n":1,"k":"other"}')), { ok: false, why: /no record/ });
  t.match(decodeLine(sealed('{"k":"head"}')), { ok: false, why: /no record/ });
  t.match(decodeLine(sealed('{{"n":1}')), { ok: false, why: /not JSON/ });
  t.end();
});

t.test('a full disk loses nothing that fits into memory, and continues in the middle of a line', async (t) => {
  const dir = place(t);
  const { disk, openFile } = smallDisk(150);
  const problems: string[] = [];
  const journal = createJournal({ dir, openFile, retryMs: 5, now: () => 0, onProblem: (message) => problems.push(message) });
  journal.begin([head]);
  for (let at = 0; at < 20; at += 1) journal.append(record(at));
  await journal.flush();
  t.match(problems, [/ENOSPC/]);
  t.equal(problems.length, 1, 'it is reported once');
  disk.left = 1_000_000;
  await journal.flush();
  t.same(
    (await journal.read()).slice(1).map(({ at }) => at),
    Array.from({ length: 20 }, (_, at) => at),
  );
  await journal.close();
});

t.test('what no longer fits is a gap, and the reader is told to begin anew', async (t) => {
  const dir = place(t);
  const { disk, openFile } = smallDisk(0);
  const options = { dir, openFile, retryMs: 5, pendingBytes: 1_000, now: () => 9, onProblem: () => undefined };
  const journal = createJournal(options);
  t.equal(journal.due(), 'start');
  journal.begin([head]);
  t.equal(journal.due(), null);
  for (let at = 0; at < 100; at += 1) journal.append(record(at));
  await journal.flush();
  t.equal(journal.due(), null, 'not as long as nothing can be written');
  disk.left = 1_000_000;
  await journal.flush();
  t.equal(journal.due(), 'gap');
  journal.append(record(500));
  journal.begin([{ ...head, why: 'gap' }]);
  journal.append(record(501));
  const records = await journal.read();
  const gap = records.find((one) => one.k === 'gap');
  const kept = records.filter((one) => one.k === 'wall').length;
  t.equal(gap?.k === 'gap' ? gap.lost + kept - 1 : 0, 101, 'every record is there or counted');
  t.equal(records.at(-1)?.at, 501);
  await journal.close();
});

t.test('a directory that cannot be made is tried again; closing does not wait for it', async (t) => {
  const dir = place(t);
  const file = join(dir, 'journal');
  writeFileSync(file, 'in the way');
  const problems: string[] = [];
  const journal = createJournal({ dir: file, retryMs: 1, now: () => 0, onProblem: (message) => problems.push(message) });
  journal.begin([head]);
  await journal.flush();
  t.equal(problems.length, 1);
  t.same(await journal.read(), []);
  rmSync(file);
  await mkdir(file);
  await journal.flush();
  t.match(await journal.read(), [head]);
  await journal.close();
  await settled();
});

t.test('after a kill -9 the torn line ends, and the next daemon goes on in the same file', async (t) => {
  const dir = place(t);
  const quiet = { dir, now: () => 0, onProblem: (message: string) => t.fail(message) };
  const first = createJournal(quiet);
  first.begin([head]);
  await first.close();
  const [name = ''] = readdirSync(dir);
  appendFileSync(join(dir, name), '{"n":2,"k":"ev');
  const second = createJournal(quiet);
  second.begin([head]);
  await second.close();
  const lines = readFileSync(join(dir, name), 'utf8').trimEnd().split('\n');
  t.same(
    lines.map((line) => decodeLine(line).ok),
    [true, false, true],
  );
  const small = createJournal({ ...quiet, fileBytes: 10, files: 2 });
  small.begin([head]);
  t.equal(small.due(), 'full');
  small.begin([head]);
  await small.close();
  t.same(readdirSync(dir), ['journal-00000002.jsonl', 'journal-00000003.jsonl'], 'a full file is left as it is');
});

t.test('the first line is written at once, those of a busy time together', async (t) => {
  const dir = place(t);
  const writes: string[] = [];
  let onWrite = (): void => undefined;
  const openFile = diskOf(async (to, bytes, from, length) => {
    const written = await to.write(bytes, from, length);
    writes.push(bytes.toString('utf8', from, from + length));
    onWrite();
    return written;
  });
  const journal = createJournal({ dir, now: () => 0, onProblem: t.fail, openFile });
  // The journal's own timer keeps no process.
  const alive = setInterval(() => undefined, 1_000);
  t.teardown(() => clearInterval(alive));
  const written = (): Promise<void> =>
    new Promise((resolve) => {
      onWrite = resolve;
    });
  const first = written();
  journal.begin([head]);
  await first;
  t.equal(writes.length, 1, 'the head waits for nothing');
  const busy = written();
  for (let at = 1; at <= 20; at += 1) {
    journal.append(record(at));
    // Moments of their own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await busy;
  t.ok(writes.length <= 3, `20 lines in ${writes.length - 1} writes`);
  journal.append(record(21));
  await journal.flush();
  t.match(writes.at(-1), /"at":21/, 'who waits for it does not wait for the time');
  await journal.close();
  t.equal((await createJournal({ dir, now: () => 0, onProblem: t.fail }).read()).length, 22);
});
