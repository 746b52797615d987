import fc from 'fast-check';
import t from 'tap';
import { createPulseCounter } from '../../src/actors/pulse-count.js';

const pulse = (sequence: number, bootEpoch = 1, lan = 'a') => ({ from: 'n2', lan, bootEpoch, sequence });

t.test('what came and what did not, on each lan', async (t) => {
  const counter = createPulseCounter();
  t.same(counter.list(), []);
  for (const sequence of [10, 11, 13, 16]) counter.take(pulse(sequence));
  counter.take(pulse(5, 1, 'b'));
  t.same(counter.list(), [
    { node: 'n2', lan: 'a', received: 4, missed: 3 },
    { node: 'n2', lan: 'b', received: 1, missed: 0 },
  ]);
});

t.test('late ones are no loss; a new boot of the peer begins anew and keeps the sums', async (t) => {
  const counter = createPulseCounter();
  for (const sequence of [10, 12, 11, 9]) counter.take(pulse(sequence));
  t.same(counter.list(), [{ node: 'n2', lan: 'a', received: 4, missed: 0 }]);
  counter.take(pulse(14));
  for (const sequence of [1, 2, 4]) counter.take(pulse(sequence, 2));
  t.same(counter.list(), [{ node: 'n2', lan: 'a', received: 8, missed: 2 }]);
});

t.test('in whatever order they come: received and missed are those between the first and the last', async () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sequences) => {
      const counter = createPulseCounter();
      for (const sequence of sequences) counter.take(pulse(sequence));
      const span = Math.max(...sequences) - Math.min(...sequences) + 1;
      const [line] = counter.list();
      return line?.received === sequences.length && line.missed === span - sequences.length;
    }),
  );
});
