/** A journal is replayed out of a zip, and a zip that is not what it should be is refused with the reason. */
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import t, { type Test } from 'tap';
import yazl from 'yazl';
import { encodeLine } from '../../src/actors/recorder-lines.js';
import { journalAt, journalZipLimits, journalZipLines } from '../../src/io/journal-zip.js';
import { readRecords } from '../../src/replay/records.js';
import { replay } from '../../src/replay/replay.js';
import { createWorld, memoryJournal } from './world.js';

async function zipOf(t: Test, files: readonly (readonly [name: string, text: string])[]): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'hf-zip-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'snapshot.zip');
  const zip = new yazl.ZipFile();
  for (const [name, text] of files) zip.addBuffer(Buffer.from(text), name);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
  return path;
}
async function read(path: string, limits = journalZipLimits): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { text, number, file } of journalZipLines(path, limits)) {
    lines.push(`${file.slice(path.length + 1)} ${number} ${text}`);
  }
  return lines;
}
const name = (number: number): string => `node/journal/journal-${String(number).padStart(8, '0')}.jsonl`;

t.test('a snapshot is replayed as the journal in it is', async (t) => {
  const journal = memoryJournal();
  const world = createWorld({ journal });
  world.command('start');
  await world.run(1_000);
  world.crash();
  await world.run(1_000);
  await world.close();
  const lines = journal.records.map((record, index) => `${encodeLine(index + 1, record)}\n`);
  const half = Math.floor(lines.length / 2);
  // The order in the zip is not the journal's.
  const path = await zipOf(t, [
    [name(2), lines.slice(half).join('')],
    ['node/log/holdfast.log', 'something else\n'],
    [name(1), lines.slice(0, half).join('')],
  ]);
  const result = await replay(readRecords(journalAt(path)));
  t.match(result, { divergence: null, unverified: 0, torn: 0, records: lines.length });
  t.ok(result.events > 10);

  const changed = lines.map((line, index) => (index === half ? line.replace(/"at":\d/, '"at":9') : line)).join('');
  const damaged = await replay(readRecords(journalAt(await zipOf(t, [[name(1), changed]]))));
  t.match(damaged.divergence, {
    kind: 'damage',
    place: { file: /snapshot\.zip:node\/journal\/journal-00000001/, line: half + 1 },
  });
});

t.test('lines are those of the files, whatever ends them', async (t) => {
  const path = await zipOf(t, [
    ['journal-00000010.jsonl', 'c\r\n\nd'],
    ['journal-00000009.jsonl', `a\n${'ü'.repeat(100_000)}\n`],
  ]);
  const lines = await read(path);
  t.same(lines.slice(2), ['journal-00000010.jsonl 1 c', 'journal-00000010.jsonl 3 d']);
  t.equal(lines[1], `journal-00000009.jsonl 2 ${'ü'.repeat(100_000)}`);
});

t.test('what is no zip, holds no journal, several, or too much is refused', async (t) => {
  const one = await zipOf(t, [[name(1), 'x\n']]);
  t.same(await read(one), [`${name(1)} 1 x`]);
  for (const [files, limits, why] of [
    [[['readme.txt', 'x']], {}, /it holds no journal/],
    [
      [
        [name(1), 'x'],
        ['n2/journal/journal-00000001.jsonl', 'x'],
      ],
      {},
      /several journals \("node\/journal", "n2\/journal"\): unpack/,
    ],
    [
      [
        [name(1), 'x'],
        [name(1), 'y'],
      ],
      {},
      /stands in it twice/,
    ],
    [[[name(1), 'x'.repeat(1_000)]], { fileBytes: 999 }, /larger than 999 bytes/],
    [
      [
        [name(1), 'x'],
        [name(2), 'x'],
      ],
      { files: 1 },
      /more than 1 files/,
    ],
    [
      [
        [name(1), 'xx'],
        [name(2), 'xx'],
      ],
      { totalBytes: 3 },
      /its journal is larger than 3 bytes/,
    ],
    [
      [
        ['a', 'x'],
        ['b', 'x'],
      ],
      { entries: 1 },
      /more than 1 entries/,
    ],
  ] as const) {
    await t.rejects(read(await zipOf(t, files), { ...journalZipLimits, ...limits }), { message: why });
  }
  const dir = mkdtempSync(join(tmpdir(), 'hf-zip-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const broken = join(dir, 'broken.zip');
  writeFileSync(broken, 'PK\u0003\u0004 and nothing more');
  await t.rejects(replay(readRecords(journalAt(broken))), { message: /it is no intact zip file/ });
  await t.rejects(replay(readRecords(journalAt(join(dir, 'nothing.zip')))), { code: 'ENOENT' });
  await t.rejects(replay(readRecords(journalAt(dir))), { message: /there is no journal in/ });
});

t.test('an entry that unpacks to more than it claims is refused', async (t) => {
  const path = await zipOf(t, [[name(1), 'x\n'.repeat(10_000)]]);
  const { readFile } = await import('node:fs/promises');
  const bytes = await readFile(path);
  // The sizes stand in the central directory: 24 bytes after its signature.
  const at = bytes.indexOf(Buffer.from('504b0102', 'hex'));
  bytes.writeUInt32LE(100, at + 24);
  writeFileSync(path, bytes);
  await t.rejects(read(path), { message: /cannot be read: / });
});
