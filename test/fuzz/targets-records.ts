/** What is read from disk or from another node: journals, directories of users. */

import type { JournalRecord } from '../../src/actors/recorder.types.js';
import { encodeLine } from '../../src/actors/recorder-lines.js';
import type { UserEntry } from '../../src/io/auth/directory.js';
import { entriesOf, readDirectory, writeDirectory } from '../../src/io/auth/directory-file.js';
import type { SourceLine } from '../../src/replay/records.js';
import type { SeededRandom } from '../../src/sim/random.js';
import { createWorld, linesOf, memoryJournal, replayed } from '../replay/world.js';
import { mutateText, mutateValue, oddValue, pickFrom } from './mutate.js';
import { must, type Target } from './target.js';

/** A start, a crash and a stop, as they are recorded. */
async function recordedLife(): Promise<readonly JournalRecord[]> {
  const journal = memoryJournal();
  const world = createWorld({ journal });
  world.command('start');
  await world.run(500);
  world.crash();
  await world.run(500);
  world.command('stop');
  await world.run(500);
  await world.close();
  return journal.records;
}
const records = await recordedLife();
const isRecord = (value: unknown): value is JournalRecord => typeof value === 'object' && value !== null && 'k' in value;

/** A record that is still written as one, with something else in it. */
function changedRecord(random: SeededRandom, record: JournalRecord): JournalRecord {
  const value = mutateValue(random, record);
  return isRecord(value) ? value : record;
}
function changedLines(random: SeededRandom): readonly SourceLine[] {
  const changed = [...records];
  for (let round = random.between(1, 3); round > 0 && changed.length > 0; round -= 1) {
    const at = random.between(0, changed.length - 1);
    const one = changed[at] ?? pickFrom(random, records);
    const kind = random.between(0, 5);
    if (kind <= 2) changed[at] = changedRecord(random, one);
    else if (kind === 3) changed.splice(at, random.between(1, 5));
    else if (kind === 4) changed.splice(at, 0, pickFrom(random, records));
    else changed.length = at + 1;
  }
  const lines = changed.map((record, index) => ({ file: 'f', number: index + 1, text: encodeLine(index + 1, record) }));
  if (lines.length === 0 || !random.chance(0.3)) return lines;
  const at = random.between(0, lines.length - 1);
  return lines.map((line, index) =>
    index === at ? { ...line, text: mutateText(random, line.text, [line.text], ['"c":"', '}', '\\', '"n":']) } : line,
  );
}
must((await replayed(linesOf(records))).divergence === null, 'a journal that replays');

/** Journals that were changed: each replays, or is said where it does not. */
export const journals: Target = {
  name: 'journals',
  weight: 6,
  limitMs: 1_000,
  begin: () => (random) => {
    const lines = changedLines(random);
    return {
      show: () => lines.map(({ text }) => text).join('\n'),
      feed: async () => {
        const result = await replayed(lines);
        must(result.records <= lines.length && result.events >= 0, 'more than there is');
        const { divergence } = result;
        must(
          divergence === null || (divergence.place.line >= 1 && divergence.place.line <= lines.length),
          'a place outside of the file',
        );
      },
    };
  },
};

const user: UserEntry = {
  ...{ kind: 'user', name: 'ops', at: 1_000, by: 'n1', role: 'control', groups: ['shift'], hash: '$scrypt$x' },
  invited: { hash: 'h', expiresWallMs: 5, node: 'n1' },
};
const directory = [
  user,
  { kind: 'group', name: 'shift', at: 5, by: 'n2', role: 'monitor' },
  {
    kind: 'token',
    name: 't1',
    at: 9,
    by: 'n1',
    label: 'x',
    role: 'admin',
    hash: 'h',
    createdWallMs: 1,
    expiresWallMs: null,
    owner: 'root',
  },
  { kind: 'gone', name: 'old', at: 4, by: 'n3', of: 'user' },
];

/** Users, groups and tokens, from the file and from another node: taken in whole and written as they are read, or not at all. */
export const userDirectories: Target = {
  name: 'users of files and other nodes',
  weight: 2,
  limitMs: 100,
  begin: () => (random) => {
    const entries = random.chance(0.1) ? oddValue(random) : mutateValue(random, directory);
    const whole = JSON.stringify({ format: 'holdfast-users', version: 1, entries });
    const text = random.chance(0.3)
      ? mutateText(random, whole, [whole], ['{', '}', '[', ']', '"at":', '9007199254740991'])
      : whole;
    return {
      show: () => text,
      feed: () => {
        const taken = entriesOf(entries);
        must(taken === null || taken.every(({ at }) => Number.isSafeInteger(at)), 'a moment that is none');
        const read = readDirectory(text);
        if (read === null) return;
        const written = writeDirectory(read);
        const again = readDirectory(written);
        must(again !== null && writeDirectory(again) === written, 'what was written is not read again');
      },
    };
  },
};
