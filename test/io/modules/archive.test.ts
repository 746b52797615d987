import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { type ArchiveLimits, packArchive, unpackArchive } from '../../../src/io/modules/archive.js';
import { ExpectedFailure, isModuleName, moduleLimits, pathProblem } from '../../../src/io/modules/names.js';
import { type RawEntry, rawZip } from './zip-builder.js';

const config: RawEntry = { name: 'conf/userconfig.xml', data: '<safe/>' };

const refusal = async (archive: Buffer, limits: ArchiveLimits = moduleLimits): Promise<string> => {
  try {
    await unpackArchive(archive, limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof ExpectedFailure && error.failure.code === 'MODULE_ARCHIVE') return error.message;
    throw error;
  }
};

t.test('an honest archive', async (t) => {
  const files = await unpackArchive(
    rawZip([
      { name: 'conf/', mode: 0o040755 },
      config,
      { name: 'bin/start_both', data: '#!/bin/sh\n', mode: 0o100755, deflate: true },
      { name: 'bin/lib.sh', data: '', mode: 0o100644 },
      { name: 'bin/sub/deep.txt', data: 'x', mode: 0 },
      { name: 'manifest.xml', data: '<m/>', mode: null },
      { name: 'bin/from_windows', data: 'x', mode: null },
    ]),
  );
  t.same(
    files.map(({ path, executable, bytes }) => [path, executable, bytes.toString()]),
    [
      ['bin/from_windows', true, 'x'],
      ['bin/lib.sh', false, ''],
      ['bin/start_both', true, '#!/bin/sh\n'],
      ['bin/sub/deep.txt', true, 'x'],
      ['conf/userconfig.xml', false, '<safe/>'],
      ['manifest.xml', false, '<m/>'],
    ],
  );
});

t.test('paths that lead outside, or do not belong', async (t) => {
  const names = [
    '../evil',
    'conf/../../evil',
    '/etc/passwd',
    'C:/evil',
    'C:\\evil',
    '..\\..\\evil',
    'conf\\..\\..\\evil',
    'bin/./x',
    'bin//x',
    'bin/..',
    'conf',
    'bin',
    '',
    'other/x',
    'README',
    'manifest.xml/x',
    'bin/con',
    'bin/NUL.txt',
    'bin/a:b',
    'bin/a ',
    'bin/a.',
    'bin/a\nb',
    'bin/a\u0000b',
    'bin/a\u202eb',
    `bin/${'x'.repeat(300)}`,
    `bin/${'x/'.repeat(20)}y`,
    `bin/${'é'.repeat(150)}`,
  ];
  for (const name of names)
    t.match(await refusal(rawZip([config, { name, data: 'x' }])), /^The archive is refused: /, JSON.stringify(name));
  t.match(
    await refusal(rawZip([config, { name: Buffer.from([0x62, 0x69, 0x6e, 0x2f, 0xff, 0xfe]), data: 'x' }])),
    /refused/,
    'no valid UTF-8',
  );
});

t.test('links, devices, and names that lie about their kind', async (t) => {
  t.match(await refusal(rawZip([{ name: 'bin/link', data: '/etc/passwd', mode: 0o120777 }])), /is a link or a device/);
  t.match(await refusal(rawZip([{ name: 'bin/pipe', mode: 0o010644 }])), /is a link or a device/);
  t.match(await refusal(rawZip([{ name: 'bin/disk', mode: 0o060644 }])), /is a link or a device/);
  t.match(await refusal(rawZip([{ name: 'bin/dir', mode: 0o040755 }])), /a directory by its kind/);
  t.match(await refusal(rawZip([{ name: 'bin/file/', mode: 0o100644 }])), /a file by its kind/);
});

t.test('two names for one file', async (t) => {
  t.match(await refusal(rawZip([config, config])), /twice/);
  t.match(
    await refusal(
      rawZip([
        { name: 'bin/a', data: '1' },
        { name: 'bin/A', data: '2' },
      ]),
    ),
    /only in case/,
  );
  t.match(
    await refusal(
      rawZip([
        { name: 'bin/e\u0301', data: '1' },
        { name: 'bin/\u00e9', data: '2' },
      ]),
    ),
    /only in case/,
  );
  t.match(
    await refusal(
      rawZip([
        { name: 'bin/a', data: '1' },
        { name: 'bin/a/b', data: '2' },
      ]),
    ),
    /below a file/,
  );
  t.match(
    await refusal(
      rawZip([
        { name: 'bin/a/b', data: '1' },
        { name: 'bin/a', data: '2' },
      ]),
    ),
    /twice/,
  );
  t.equal(
    await refusal(rawZip([{ name: 'bin/', mode: 0o040755 }, { name: 'bin/', mode: 0o040755 }, config])),
    'accepted',
    'a directory may be named again',
  );
});

t.test('bombs', async (t) => {
  const zeros = Buffer.alloc(20 * 1024 * 1024);
  const bomb = rawZip([{ name: 'bin/bomb', data: zeros, deflate: true }]);
  t.ok(bomb.length < 100_000);
  t.match(await refusal(bomb), /more than 200 times its size/);
  t.match(await refusal(rawZip([{ name: 'bin/big', data: 'x', deflate: true, claimedSize: 33 * 1024 * 1024 }])), /larger than/);
  t.match(
    await refusal(rawZip([{ name: 'bin/lies', data: zeros, deflate: true, claimedSize: 10 }])),
    /damaged/,
    'more inside than it says',
  );
  t.match(
    await refusal(rawZip([{ name: 'bin/lies', data: 'abc', deflate: true, claimedSize: 1000 }])),
    /damaged/,
    'less inside than it says',
  );
  t.match(
    await refusal(
      rawZip([
        { name: 'bin/a', data: Buffer.alloc(600) },
        { name: 'bin/b', data: Buffer.alloc(600) },
      ]),
      { ...moduleLimits, totalBytes: 1000 },
    ),
    /unpacks to more than/,
  );
  const many = rawZip(Array.from({ length: 2001 }, (_, index) => ({ name: `bin/f${index}` })));
  t.match(await refusal(many), /more than 2000 entries/);
  const hidden = await unpackArchive(
    rawZip(
      Array.from({ length: 2001 }, (_, index) => ({ name: `bin/f${index}` })),
      1,
    ),
  );
  t.equal(hidden.length, 1, 'what the directory does not count is not there');
  t.match(await refusal(Buffer.alloc(64 * 1024 * 1024 + 1)), /larger than/);
});

t.test('damage', async (t) => {
  const good = rawZip([config, { name: 'bin/start_both', data: 'x'.repeat(1000), deflate: true }]);
  for (const length of [0, 1, 21, 22, 50, good.length - 30, good.length - 1])
    t.match(await refusal(good.subarray(0, length)), /refused/, `cut after ${length}`);
  t.match(await refusal(Buffer.from('not a zip')), /no intact zip/);
  t.match(await refusal(rawZip([{ ...config, crc: 1 }])), /checksum/);
  t.match(await refusal(rawZip([{ ...config, deflate: true, flags: 0x801 }])), /encrypted/);
  t.match(await refusal(rawZip([{ ...config, method: 99 }])), /damaged/);
});

t.test('no bytes whatever do more than be refused', async (t) => {
  const good = rawZip([config, { name: 'bin/start_both', data: 'x'.repeat(200), deflate: true }]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      async (changes) => {
        const broken = Buffer.from(good);
        for (const [at, value] of changes) broken[at] = value;
        await refusal(broken);
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('packing is reproducible, in any time zone', async (t) => {
  const files = [
    { path: 'bin/start_both', bytes: Buffer.from('#!/bin/sh\n'), executable: true },
    { path: 'conf/userconfig.xml', bytes: Buffer.from('<safe/>'.repeat(100)), executable: false },
  ];
  const packed = await packArchive(files);
  t.ok(packed.equals(await packArchive(files)));
  t.same(await unpackArchive(packed), files);
  const script = `const { packArchive } = await import(${JSON.stringify(new URL('../../../src/io/modules/archive.ts', import.meta.url).href)});
    const bytes = await packArchive([{ path: 'bin/start_both', bytes: Buffer.from('#!/bin/sh\\n'), executable: true }, { path: 'conf/userconfig.xml', bytes: Buffer.from('<safe/>'.repeat(100)), executable: false }]);
    process.stdout.write(bytes.toString('hex'));`;
  const elsewhere = execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
    env: { ...process.env, TZ: 'Pacific/Auckland' },
    encoding: 'utf8',
  });
  t.equal(elsewhere, packed.toString('hex'));
});

t.test('names of modules and paths in them', async (t) => {
  for (const name of ['farm', 'a', 'A-b_9', 'x'.repeat(32)]) t.ok(isModuleName(name), name);
  for (const name of [
    '',
    '9a',
    '-a',
    'a.b',
    'a/b',
    '../a',
    'x'.repeat(33),
    'lastconfig',
    'LastConfig',
    'node',
    'con',
    'a b',
    'é',
    'a\n',
  ])
    t.notOk(isModuleName(name), JSON.stringify(name));
  for (const path of ['conf/userconfig.xml', 'bin/start_both', 'web/a/b/c.html', 'manifest.xml'])
    t.equal(pathProblem(path, false), null);
  t.equal(pathProblem('conf', true), null);
  t.ok(pathProblem('manifest.xml', true));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (path) => {
      if (pathProblem(path, false) === null && (path.includes('..' + '/') || path.startsWith('/') || path.includes('\\')))
        throw new Error(path);
    }),
  );
});
