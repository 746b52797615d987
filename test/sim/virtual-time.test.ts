import t from 'tap';
import { createVirtualTime } from '../../src/sim/virtual-time.js';

t.test('entries run in the order of their times, and of their scheduling at the same time', async (t) => {
  const time = createVirtualTime(0);
  const ran: string[] = [];
  time.schedule(20, () => ran.push('c'));
  time.schedule(10, () => ran.push('a'));
  time.schedule(10, () => ran.push('b'));
  time.schedule(-5, () => ran.push('now'));
  time.schedule(31, () => ran.push('later'));
  await time.runUntil(30);
  t.strictSame(ran, ['now', 'a', 'b', 'c']);
  t.equal(time.nowMs(), 30);
});

t.test('all that promises lead to happens before the next entry, however long the chain', async (t) => {
  const time = createVirtualTime(0);
  const ran: string[] = [];
  time.schedule(1, () => {
    const chain = async (): Promise<void> => {
      for (let hop = 0; hop < 200; hop += 1) await Promise.resolve();
      ran.push(`chain at ${time.nowMs()}`);
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      time.schedule(0, () => ran.push('scheduled by the chain'));
    };
    void chain();
  });
  time.schedule(1, () => ran.push('next'));
  await time.runUntil(5);
  t.strictSame(ran, ['chain at 1', 'next', 'scheduled by the chain']);
});

t.test('a quiet entry that touches is waited for', async (t) => {
  const time = createVirtualTime(0);
  const ran: string[] = [];
  time.scheduleQuiet(1, () => {
    time.touch();
    void Promise.resolve().then(() => ran.push('promise'));
  });
  time.scheduleQuiet(1, () => ran.push('next'));
  await time.runUntil(2);
  t.strictSame(ran, ['promise', 'next']);
});

t.test('what is cancelled does not run; what is no entry is ignored', async (t) => {
  const time = createVirtualTime(0);
  const ran: string[] = [];
  const entry = time.schedule(1, () => ran.push('never'));
  time.cancel(entry);
  time.cancel(null);
  time.cancel(7);
  await time.runUntil(2);
  t.strictSame(ran, []);
  t.equal(time.steps(), 0);
});
