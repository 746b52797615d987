/** Archives of modules. */
import { unpackArchive } from '../../src/io/modules/archive.js';
import { ExpectedFailure, pathProblem } from '../../src/io/modules/names.js';
import type { SeededRandom } from '../../src/sim/random.js';
import { rawZip } from '../io/modules/zip-builder.js';
import { mutateBytes, pickFrom } from './mutate.js';
import { must, showBytes, type Target } from './target.js';

const script = '#!/bin/sh\nexit 0\n'.repeat(20);
const archives = [
  rawZip([
    { name: 'conf/userconfig.xml', data: '<safe/>', deflate: true },
    { name: 'bin/start_both', data: script, deflate: true, mode: 0o100755 },
  ]),
  rawZip([
    { name: 'bin/', mode: 0o040755 },
    { name: 'bin/start_both', data: script, mode: null },
    { name: 'conf/userconfig.xml', data: '' },
  ]),
  rawZip([
    { name: 'conf/é.txt', data: 'x', flags: 0 },
    { name: 'conf/userconfig.xml', data: '<safe/>' },
  ]),
];
const limits = { archiveBytes: 65_536, entries: 20, fileBytes: 65_536, totalBytes: 131_072, ratio: 200, ratioFromBytes: 16_384 };
const local = Buffer.from('PK\u0003\u0004');
const central = Buffer.from('PK\u0001\u0002');
const last = Buffer.from('PK\u0005\u0006');
/** Where the fields of each kind of header are, and how long they are. */
const fields: readonly (readonly [Buffer, readonly (readonly [number, 2 | 4])[]])[] = [
  [
    local,
    [
      [6, 2],
      [8, 2],
      [14, 4],
      [18, 4],
      [22, 4],
      [26, 2],
      [28, 2],
    ],
  ],
  [
    central,
    [
      [4, 2],
      [8, 2],
      [10, 2],
      [16, 4],
      [20, 4],
      [24, 4],
      [28, 2],
      [30, 2],
      [32, 2],
      [38, 4],
      [42, 4],
    ],
  ],
  [
    last,
    [
      [4, 2],
      [8, 2],
      [10, 2],
      [12, 4],
      [16, 4],
      [20, 2],
    ],
  ],
];
const names = [
  '../../../etc/x',
  '/etc/passwd',
  'bin/\u0000x',
  'conf\\userconfig.xml',
  'bin/start_both/',
  'CON',
  'bin/con.txt',
  '\uFFFD',
];

function mutateZip(random: SeededRandom, archive: Buffer): Buffer {
  const changed = Buffer.from(archive);
  if (random.chance(0.2)) {
    // Another name in place of the one that is there, in both places or in one.
    const name = Buffer.from(pickFrom(random, names));
    for (let at = changed.indexOf('bin/'); at !== -1; at = changed.indexOf('bin/', at + 4))
      if (random.chance(0.7)) name.copy(changed, at, 0, Math.min(name.length, changed.length - at));
    return changed;
  }
  const [mark, places] = pickFrom(random, fields);
  const starts = [...changed.keys()].filter((at) => changed.subarray(at, at + 4).equals(mark));
  const [at, length] = pickFrom(random, places);
  const place = pickFrom(random, starts) + at;
  const value = random.pick([
    0,
    1,
    2,
    8,
    20,
    0xff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    random.between(0, 500),
    random.between(0, 0xffff_ffff),
  ]);
  if (length === 2) changed.writeUInt16LE(value & 0xffff, place);
  else changed.writeUInt32LE(value, place);
  return changed;
}

/** Archives with changed headers, names and contents. */
export const zipArchives: Target = {
  name: 'zip archives',
  weight: 4,
  limitMs: 1_000,
  begin: () => (random) => {
    let bytes = pickFrom(random, archives);
    if (random.chance(0.7)) bytes = mutateZip(random, bytes);
    else bytes = mutateBytes(random, bytes, archives);
    if (random.chance(0.2)) bytes = mutateBytes(random, bytes, archives);
    return {
      show: () => showBytes(bytes),
      feed: async () => {
        try {
          const files = await unpackArchive(bytes, limits);
          must(
            files.every(({ path }) => pathProblem(path, false) === null),
            'a path that may not be',
          );
          must(files.reduce((sum, file) => sum + file.bytes.length, 0) <= limits.totalBytes, 'more bytes than allowed');
        } catch (error) {
          if (!(error instanceof ExpectedFailure)) throw error;
          must(error.failure.code === 'MODULE_ARCHIVE', `it is ${error.failure.code}`);
        }
      },
    };
  },
};
