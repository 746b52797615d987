import t from 'tap';
import type { AnyEventObject } from 'xstate';
import { createActor, fromCallback, setup } from 'xstate';
import type { CheckerConfig } from '../../src/config/types.js';
import { checkerMachine, longestProgramPauseMs, programPauseMs, programWellMs } from '../../src/machines/checker.machine.js';
import type { CheckerInput, CheckerReport } from '../../src/machines/checker.types.js';
import { createVirtualClock } from '../helpers/virtual-clock.js';

const loop: CheckerConfig = {
  kind: 'custom',
  ident: 'disk',
  when: 'both',
  action: 'restart',
  grace: 1,
  exec: 'check',
  arg: '',
  mode: 'loop',
  intervalMs: 10_000,
  timeoutMs: 5_000,
  ocf: null,
  parameters: [],
};

/** A looping checker whose executable lives as long as the test says; `throws` makes its start a defect. */
function stage(options: { readonly lifeMs: number; readonly throws?: boolean }) {
  const clock = createVirtualClock();
  const starts: number[] = [];
  let lifeMs = options.lifeMs;
  let noted = 0;
  const program = fromCallback<AnyEventObject, CheckerInput>(({ sendBack }) => {
    starts.push(clock.nowMs());
    if (options.throws === true) throw new Error('defect');
    const timer = clock.setTimeout(() => sendBack({ type: 'program.ended', detail: 'it ended with code 1' }), lifeMs);
    return () => clock.clearTimeout(timer);
  });
  const parent = setup({
    types: {} as { events: CheckerReport },
    actors: { checker: checkerMachine.provide({ actors: { program } }) },
  }).createMachine({
    invoke: { src: 'checker', id: 'checker', input: { module: 'm', checker: loop, firstPauseMs: 0 } },
    on: {
      'checker.noted': {
        actions: () => {
          noted += 1;
        },
      },
    },
  });
  const actor = createActor(parent, {
    clock: { setTimeout: (callback, ms) => clock.setTimeout(callback, ms), clearTimeout: (handle) => clock.clearTimeout(handle) },
  }).start();
  t.teardown(() => actor.stop());
  const send = (type: 'arm' | 'disarm'): void =>
    actor
      .getSnapshot()
      .children['checker']?.send(type === 'arm' ? { type: 'checker.arm', patient: false } : { type: 'checker.disarm' });
  return {
    clock,
    send,
    noted: () => noted,
    lives: (ms: number) => {
      lifeMs = ms;
    },
    /** Pauses between the ends and the starts that followed, in seconds. */
    pauses: () => starts.slice(1).map((start, index) => (start - (starts[index] ?? 0) - options.lifeMs) / 1_000),
    starts,
  };
}

t.test('an executable that ends again and again is started after 1, 2, 4 … 30 seconds, and each end is told', async (t) => {
  const s = stage({ lifeMs: 100 });
  s.send('arm');
  s.clock.run(100_000);
  t.same(s.pauses(), [1, 2, 4, 8, 16, 30, 30]);
  t.equal(s.noted(), s.starts.length);
  t.same([programPauseMs, longestProgramPauseMs, programWellMs], [1_000, 30_000, 60_000]);
});

t.test('one that went on for a minute is well: the pause is short again', async (t) => {
  const s = stage({ lifeMs: 100 });
  s.send('arm');
  s.clock.run(10_000);
  t.equal(s.starts.length, 4);
  s.lives(60_001);
  s.clock.run(8_000);
  t.equal(s.starts.length, 5);
  const [, , , , last = 0] = s.starts;
  s.lives(100);
  s.clock.run(60_000);
  t.equal(s.starts[5], last + 60_001 + 1_000);
});

t.test('disarmed during the pause it is not started; armed again it begins at once and anew', async (t) => {
  const s = stage({ lifeMs: 100 });
  s.send('arm');
  s.clock.run(5_000);
  s.send('disarm');
  t.equal(s.clock.pending(), 0);
  const before = s.starts.length;
  s.clock.run(60_000);
  t.equal(s.starts.length, before);
  s.send('arm');
  t.equal(s.starts.length, before + 1);
  s.clock.run(1_200);
  t.equal(s.starts.length, before + 2, 'after one second');
});

t.test('an actor that throws is started again as well', async (t) => {
  const s = stage({ lifeMs: 0, throws: true });
  s.send('arm');
  s.clock.run(8_000);
  t.same(s.pauses(), [1, 2, 4]);
});
