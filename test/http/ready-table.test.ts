import fc from 'fast-check';
import t from 'tap';
import { createReadyReader, createReadyTable, loopLimitMs, readyTableCapacity } from '../../src/http/ready-table.js';

t.test('nothing is ready before the loop ticks, and nothing when it has been silent for 2 s', (t) => {
  let now = 5000;
  const table = createReadyTable(() => now);
  const reader = createReadyReader(table.memory, () => now);
  t.equal(reader.read('a'), null);
  table.set('a', true, 'UP', 'Ready');
  t.match(reader.read('a'), { ready: true, state: 'UP', quality: 'Ready', changes: 1, loopAgeMs: null, alive: false });
  table.tick();
  t.match(reader.read('a'), { alive: true, loopAgeMs: 0 });
  now += loopLimitMs - 1;
  t.match(reader.read('a'), { alive: true, loopAgeMs: 1999 });
  now += 1;
  t.match(reader.read('a'), { alive: false, loopAgeMs: 2000 });
  table.tick();
  t.match(reader.read('a'), { alive: true });
  t.match(reader.read('a', now - 3), { alive: true, loopAgeMs: 0 }, 'the tick came just after the reader took the time');
  t.match(reader.read('a', now + 30 * 86_400_000), { alive: false }, 'silent for a month');
  now += 60 * 86_400_000;
  t.match(reader.read('a'), { alive: false });
  table.tick();
  t.match(reader.read('a'), { alive: true, loopAgeMs: 0 }, 'after two months');
  table.set('a', true, 'ALONE', 'Ready');
  t.match(reader.read('a'), { changes: 1, state: 'ALONE' }, 'a change of the state is none of readiness');
  table.set('a', false, 'WAIT', 'NotReady');
  t.match(reader.read('a'), { changes: 2, ready: false, state: 'WAIT', quality: 'NotReady' });
  t.end();
});

t.test('holds as many modules as it says, with names of any allowed length', (t) => {
  const table = createReadyTable();
  const reader = createReadyReader(table.memory);
  const name = (index: number): string => `m${index}`.padEnd(32, 'x');
  for (let index = 0; index < readyTableCapacity; index += 1) table.set(name(index), index % 2 === 0, 'UP', 'Ready');
  t.equal(reader.modules().length, readyTableCapacity);
  t.equal(reader.read(name(4))?.ready, true);
  t.equal(reader.read(name(5))?.ready, false);
  t.throws(() => table.set('more', true, 'UP', 'Ready'), /more than 256 modules/);
  table.remove(name(7));
  table.remove('unknown');
  table.set('more', true, 'UP', 'Ready');
  t.equal(reader.read(name(7)), null);
  t.equal(reader.read('more')?.ready, true);
  for (const bad of ['', '1a', 'a/b', 'a b', 'x'.repeat(33)])
    t.throws(() => table.set(bad, true, 'UP', 'Ready'), /a name of a module/);
  t.end();
});

t.test('a reader that looks while the names are written answers from what it knew', (t) => {
  const table = createReadyTable();
  const head = new Int32Array(table.memory, 8, 1);
  table.set('a', true, 'UP', 'Ready');
  const reader = createReadyReader(table.memory);
  t.equal(reader.read('a')?.ready, true);
  Atomics.add(head, 0, 1);
  t.equal(reader.read('a')?.ready, true, 'another module is being added');
  Atomics.add(head, 0, 2);
  t.equal(reader.read('a')?.ready, true, 'one change is whole, the next has begun');
  Atomics.add(head, 0, 2);
  t.equal(reader.read('a'), null, 'the place may be another one’s by now, and the names cannot be read yet');
  Atomics.add(head, 0, 1);
  t.equal(reader.read('a')?.ready, true);
  t.end();
});

t.test('reader and writer agree after any sequence of changes', (t) => {
  const names = ['a', 'b', 'c'] as const;
  const step = fc.record({ name: fc.constantFrom(...names), kind: fc.constantFrom('up', 'down', 'remove', 'read') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = createReadyTable();
      const reader = createReadyReader(table.memory);
      const model = new Map<string, boolean>();
      for (const { name, kind } of steps) {
        if (kind === 'remove') {
          table.remove(name);
          model.delete(name);
        } else if (kind !== 'read') {
          table.set(name, kind === 'up', 'UP', 'Ready');
          model.set(name, kind === 'up');
        } else if ((reader.read(name)?.ready ?? null) !== (model.get(name) ?? null)) return false;
      }
      return names.every((name) => (reader.read(name)?.ready ?? null) === (model.get(name) ?? null));
    }),
  );
  t.end();
});
