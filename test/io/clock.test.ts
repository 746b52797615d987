import { execFileSync } from 'node:child_process';
import t from 'tap';
import { createClock } from '../../src/io/clock.js';
import { createRandom } from '../../src/io/random.js';

t.test('the monotonic clock goes on and is the same in another process', async (t) => {
  const clock = createClock();
  const before = clock.monotonicMs();
  const other = Number(execFileSync(process.execPath, ['-p', 'Number(process.hrtime.bigint()) / 1e6'], { encoding: 'utf8' }));
  const after = clock.monotonicMs();
  t.ok(before < other && other < after, `${before} < ${other} < ${after}`);
  t.ok(Math.abs(clock.wallMs() - Date.now()) < 1_000);
});

t.test('a timer fires after its delay, and not when it was cleared', async (t) => {
  const clock = createClock();
  const began = clock.monotonicMs();
  const cleared = clock.setTimeout(() => t.fail('was cleared'), 1);
  clock.clearTimeout(cleared);
  clock.clearTimeout(cleared);
  clock.clearTimeout('not a timer');
  await new Promise<void>((resolve) => clock.setTimeout(resolve, 20));
  t.ok(clock.monotonicMs() - began >= 19);
  await new Promise<void>((resolve) => clock.setTimeout(resolve, Number.NaN));
  await new Promise<void>((resolve) => clock.setTimeout(resolve, -5));
});

t.test('a timer of a month does not fire at once', async (t) => {
  const clock = createClock();
  const handle = clock.setTimeout(() => t.fail('fired'), 40 * 24 * 3600 * 1000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  clock.clearTimeout(handle);
});

t.test('a long timer is taken in steps', async (t) => {
  const delays: number[] = [];
  const real = globalThis.setTimeout;
  t.teardown(() => {
    globalThis.setTimeout = real;
  });
  const fake = (callback: () => void, delayMs?: number) => {
    delays.push(Number(delayMs));
    return real(callback, 0);
  };
  globalThis.setTimeout = Object.assign(fake, { __promisify__: real.__promisify__ });
  await new Promise<void>((resolve) => createClock().setTimeout(resolve, 2 ** 31 + 999));
  t.same(delays, [2 ** 31 - 1, 1_000]);
});

t.test('random bytes in hex, never the same', async (t) => {
  const random = createRandom();
  t.match(random.hex(16), /^[0-9a-f]{32}$/);
  t.not(random.hex(16), random.hex(16));
  t.equal(random.hex(0), '');
});
