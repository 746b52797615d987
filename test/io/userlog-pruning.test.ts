import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  createUserlogPruning,
  keptOfEachScript,
  mostUserlogs,
  outdatedUserlogs,
  userlogAgeMs,
} from '../../src/io/userlog-pruning.js';
import { temporaryDirectory } from './real-processes.js';

const at = (index: number): string =>
  new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString().slice(0, 19).replaceAll(':', '');
const name = (script: string, index: number, copy = ''): string => `userlog_${at(index)}_${script}${copy}.ulog`;

t.test('those that are too many go, the oldest first', (t) => {
  const files = Array.from({ length: mostUserlogs + 20 }, (_, index) => ({ name: name('stop_both', index), wallMs: index }));
  t.same(
    outdatedUserlogs(files, 1_000).toSorted(),
    files.slice(0, 20).map((file) => file.name),
  );
  t.same(outdatedUserlogs(files.slice(0, mostUserlogs), 1_000), []);
  t.end();
});

t.test('those that nobody has written to for long go, but not the last ones of a script', (t) => {
  const old = Array.from({ length: 9 }, (_, index) => ({ name: name('start_both', index), wallMs: index }));
  const copies = Array.from({ length: 2 }, (_, index) => ({ name: name('start_both', index, '_2'), wallMs: index + 100 }));
  const now = userlogAgeMs + 1_000;
  const gone = outdatedUserlogs([...old, ...copies, { name: name('poststop', 1), wallMs: 0 }], now);
  t.same(
    gone.toSorted(),
    old.slice(0, 11 - keptOfEachScript).map((file) => file.name),
  );
  t.same(outdatedUserlogs(old, userlogAgeMs), []);
  t.same(
    outdatedUserlogs(
      [
        { name: 'userlog_mine.ulog', wallMs: 0 },
        { name: 'app.pid', wallMs: 0 },
      ],
      now,
    ),
    [],
    'what is not ours',
  );
  t.end();
});

t.test('in a directory, once a minute', async (t) => {
  const dir = temporaryDirectory(t);
  const wallMs = Date.UTC(2026, 5, 1);
  let monotonicMs = 0;
  const problems: string[] = [];
  const prune = createUserlogPruning({ monotonicMs: () => monotonicMs, wallMs: () => wallMs }, (message) =>
    problems.push(message),
  );
  const write = (index: number): void => {
    const file = join(dir, name('stop_both', index));
    writeFileSync(file, 'x');
    utimesSync(file, index, index);
  };
  for (let index = 0; index < 8; index += 1) write(index);
  writeFileSync(join(dir, 'app.pid'), '1');
  await prune(dir);
  t.equal(readdirSync(dir).length, keptOfEachScript + 1);
  write(9);
  await prune(dir);
  t.equal(readdirSync(dir).length, keptOfEachScript + 2, 'not yet again');
  monotonicMs = 60_000;
  await prune(dir);
  t.equal(readdirSync(dir).length, keptOfEachScript + 1);
  t.same(problems, []);
  await prune(join(dir, 'absent'));
  await prune(join(dir, 'app.pid', 'var'));
  t.same(problems, [], 'where there is no directory there is nothing to remove');
  await prune(join(dir, 'app.pid\0'));
  t.match(problems, [/old userlogs in .* cannot be removed: .*ERR_INVALID_ARG_VALUE/]);
  // A directory of that name cannot be unlinked: told, and the rest goes on.
  monotonicMs = 120_000;
  mkdirSync(join(dir, name('stop_both', 10)));
  utimesSync(join(dir, name('stop_both', 10)), 1, 1);
  await prune(dir);
  t.equal(problems.length, 2);
});
