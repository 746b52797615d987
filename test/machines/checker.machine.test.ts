import fc from 'fast-check';
import t from 'tap';
import type { AnyEventObject } from 'xstate';
import { createActor, fromCallback, setup } from 'xstate';
import type { CheckerConfig } from '../../src/config/types.js';
import { checkerMachine, programPauseMs } from '../../src/machines/checker.machine.js';
import type { CheckerInput, CheckerReport, CheckersEvent, LookerCommand } from '../../src/machines/checker.types.js';
import {
  firstPauseOf,
  intervalOf,
  isLoop,
  pauseOf,
  rearmed,
  resourceOf,
  slackOf,
  timeoutOf,
} from '../../src/machines/checker-rules.js';
import { checkersMachine } from '../../src/machines/checkers.machine.js';
import { aCheck } from '../helpers/module-harness.js';
import { createVirtualClock } from '../helpers/virtual-clock.js';

const ping: CheckerConfig = {
  kind: 'ping',
  ident: 'gw',
  when: 'pre',
  action: 'wait',
  grace: 1,
  addr: '10.0.0.1',
  intervalMs: 10_000,
  timeoutMs: 5_000,
};
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

/** The checkers of one module in virtual time, with checks that end as the test says. */
function stage(checkers: readonly CheckerConfig[]) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const begun: { readonly name: string; readonly atMs: number }[] = [];
  const running = new Map<string, (up: boolean, stamp?: string | null) => void>();
  const closed: string[] = [];
  const programs = new Map<string, (detail: string) => void>();
  let overlaps = 0;
  const looker = fromCallback<LookerCommand, CheckerInput>(({ input, sendBack, receive }) => {
    const name = resourceOf(input.checker);
    receive(({ type }) => {
      if (type === 'expire') {
        closed.push(`${name}@${clock.nowMs()}`);
        running.get(name)?.(false);
        return;
      }
      if (running.has(name)) overlaps += 1;
      begun.push({ name, atMs: clock.nowMs() });
      running.set(name, (up, stamp = null) => {
        running.delete(name);
        sendBack({ type: 'check.ended', up, detail: up ? 'well' : 'refused', stamp, atMs: clock.monotonicMs() });
      });
    });
    return () => {
      if (running.delete(name)) closed.push(`${name} with its chart`);
    };
  });
  const program = fromCallback<AnyEventObject, CheckerInput>(({ input, sendBack }) => {
    const name = resourceOf(input.checker);
    programs.set(name, (detail) => sendBack({ type: 'program.ended', detail }));
    return () => programs.delete(name);
  });
  const take = ({ event }: { event: CheckerReport }): void => {
    told.push(
      event.type === 'checker.valued'
        ? `${event.name} ${event.value} ${event.detail}`
        : `${event.type} ${event.name}${event.type === 'checker.noted' ? ` ${event.detail}` : ''}`,
    );
  };
  const parent = setup({
    types: {} as { events: CheckerReport },
    actors: {
      checkers: checkersMachine.provide({ actors: { checker: checkerMachine.provide({ actors: { looker, program } }) } }),
    },
  }).createMachine({
    invoke: { src: 'checkers', id: 'checkers', input: { module: 'm', checkers } },
    on: { 'checker.valued': { actions: take }, 'checker.restamped': { actions: take }, 'checker.noted': { actions: take } },
  });
  const actor = createActor(parent, {
    clock: {
      setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    },
  }).start();
  const send = (event: CheckersEvent): void => actor.getSnapshot().children['checkers']?.send(event);
  return {
    clock,
    begun,
    closed,
    programs,
    overlaps: () => overlaps,
    isLooking: (name: string) => running.has(name),
    send,
    arm: (classes: readonly string[], patient = false) => send({ type: 'checkers.arm', classes, patient }),
    /** Ends the check that runs. */
    answer: (name: string, up: boolean, stamp: string | null = null) => running.get(name)?.(up, stamp),
    /** Goes to the next check and ends it. */
    next(name: string, up: boolean, stamp: string | null = null) {
      while (!running.has(name)) clock.run(1);
      running.get(name)?.(up, stamp);
    },
    newly: () => told.splice(0),
    looks: (name: string) => begun.filter((one) => one.name === name).map(({ atMs }) => atMs),
    stop: () => actor.stop(),
  };
}

t.test('armed and disarmed with its window; the first result counts', async (t) => {
  const s = stage([aCheck, ping]);
  s.clock.run(60_000);
  t.same(s.begun, [], 'nobody looks before a window opens');
  s.arm(['pre']);
  t.same(s.looks('ping.gw'), [60_000], 'it looks at once');
  t.same(s.looks('tcp.web'), []);
  s.answer('ping.gw', false);
  t.same(s.newly(), ['ping.gw down refused']);
  s.arm(['pre', 'both']);
  s.answer('tcp.web', true);
  t.same(s.newly(), ['tcp.web up well']);
  t.equal(s.looks('ping.gw').length, 1, 'a checker whose window stays open goes on as it was');
  s.arm(['pre']);
  s.clock.run(100_000);
  t.equal(s.looks('tcp.web').length, 1);
  t.ok(s.looks('ping.gw').length > 1);
  s.arm([]);
  t.equal(s.clock.pending(), 0, 'no timer is left');
  t.same(s.newly(), [], 'nothing changed');
  s.stop();
});

t.test('interval: from beginning to beginning, however long a check takes', async (t) => {
  const s = stage([{ ...aCheck, intervalMs: 4_000 }]);
  s.arm(['both']);
  for (let round = 0; round < 5; round += 1) {
    s.clock.run(900);
    s.answer('tcp.web', true);
    s.clock.run(3_100);
  }
  t.same(s.looks('tcp.web'), [0, 4_000, 8_000, 12_000, 16_000, 20_000]);
  s.stop();
});

t.test('a check never overlaps itself: one that is due begins when the other has ended', async (t) => {
  const s = stage([{ ...aCheck, intervalMs: 1_000, timeoutMs: 3_500 }]);
  s.arm(['both']);
  s.clock.run(3_400);
  t.same(s.looks('tcp.web'), [0]);
  s.answer('tcp.web', true);
  t.same(s.looks('tcp.web'), [0, 3_400], 'at once, since it was due');
  s.answer('tcp.web', true);
  t.same(s.looks('tcp.web'), [0, 3_400], 'once, however often it was due');
  s.clock.run(600);
  t.same(s.looks('tcp.web'), [0, 3_400, 4_000]);
  t.equal(s.overlaps(), 0);
  s.stop();
});

t.test('timeout: the check is closed, and down', async (t) => {
  const s = stage([aCheck]);
  s.arm(['both']);
  s.clock.run(4_999);
  t.same(s.closed, []);
  s.clock.run(1);
  t.same(s.closed, ['tcp.web@5000']);
  t.same(s.newly(), ['tcp.web down refused']);
  s.next('tcp.web', true);
  t.same(s.newly(), ['tcp.web up well'], 'and up again when it answers');
  s.stop();
});

t.test('a window that closes closes the check that runs', async (t) => {
  const s = stage([aCheck]);
  s.arm(['both']);
  s.arm([]);
  t.same(s.closed, ['tcp.web with its chart']);
  s.arm(['both']);
  t.equal(s.looks('tcp.web').length, 2, 'armed again it looks anew');
  s.stop();
});

t.test('grace: so many equal results in a row', async (t) => {
  const s = stage([{ ...aCheck, grace: 3 }]);
  s.arm(['both']);
  s.answer('tcp.web', true);
  t.same(s.newly(), ['tcp.web up well'], 'the first result counts by itself');
  for (const up of [false, false, true, false, false]) s.next('tcp.web', up);
  t.same(s.newly(), [], 'two are not enough, and one that is up begins the count anew');
  s.next('tcp.web', false);
  t.same(s.newly(), ['tcp.web down refused']);
  for (const up of [true, true, false, true, true]) s.next('tcp.web', up);
  t.same(s.newly(), [], 'the same upwards');
  s.next('tcp.web', true);
  t.same(s.newly(), ['tcp.web up well']);
  s.stop();
});

t.test('an application that was just started gets some time before it is down', async (t) => {
  const s = stage([aCheck, ping]);
  s.arm(['pre', 'both'], true);
  s.answer('ping.gw', false);
  t.same(s.newly(), ['ping.gw down refused'], 'what is elsewhere was not started just now');
  s.answer('tcp.web', false);
  for (let round = 0; round < 3; round += 1) s.next('tcp.web', false);
  t.same(s.newly(), []);
  t.same(s.looks('tcp.web'), [0, 1_000, 2_000, 3_000], 'it is looked at each second meanwhile');
  s.next('tcp.web', true);
  t.same(s.newly(), ['tcp.web up well']);
  t.equal(s.clock.nowMs(), 4_000);
  s.next('tcp.web', false);
  t.same(s.newly(), ['tcp.web down refused'], 'from then on a result counts');
  s.stop();

  const never = stage([aCheck]);
  never.arm(['both'], true);
  while (never.newly().length === 0) {
    if (never.isLooking('tcp.web')) never.answer('tcp.web', false);
    else never.clock.run(1);
    if (never.clock.nowMs() >= 12_000) break;
  }
  t.ok(never.clock.nowMs() >= 10_000 && never.clock.nowMs() < 12_000, `after ten seconds (${never.clock.nowMs()})`);
  never.stop();
});

t.test('a stamp that changes is told once; the first is only learnt', async (t) => {
  const s = stage([
    {
      kind: 'module',
      ident: 'db_127.0.0.1',
      when: 'pre',
      action: 'wait',
      grace: 1,
      name: 'db',
      addr: '127.0.0.1',
      port: 9010,
      intervalMs: 10_000,
      timeoutMs: 5_000,
      secure: false,
      ca: '',
    },
  ]);
  const name = 'module.db_127.0.0.1';
  s.arm(['pre']);
  s.answer(name, true, 'a');
  s.next(name, true, 'a');
  s.next(name, true, null);
  t.same(s.newly(), [`${name} up well`]);
  s.next(name, true, 'b');
  t.same(s.newly(), [`checker.restamped ${name}`]);
  s.next(name, false, null);
  s.next(name, true, 'b');
  t.same(s.newly(), [`${name} down refused`, `${name} up well`], 'down meanwhile, and the same again');
  s.next(name, false, null);
  s.next(name, true, 'c');
  t.same(s.newly(), [`${name} down refused`, `checker.restamped ${name}`, `${name} up well`]);
  s.stop();
});

t.test('a looping custom checker is started and ended, and never given a value', async (t) => {
  const s = stage([loop]);
  s.arm(['pre']);
  t.equal(s.programs.size, 0);
  s.arm(['pre', 'both'], true);
  t.same([...s.programs.keys()], ['custom.disk']);
  s.programs.get('custom.disk')?.('it ended with code 1');
  t.same(s.newly(), ['checker.noted custom.disk it ended with code 1']);
  t.equal(s.programs.size, 0);
  s.clock.run(programPauseMs);
  t.equal(s.programs.size, 1, 'started again');
  s.arm(['pre']);
  t.equal(s.programs.size, 0, 'ended with its window');
  t.equal(s.clock.pending(), 0);
  t.same([s.newly(), s.begun], [[], []]);
  s.stop();
});

t.test('other checkers while the module runs: one that is as it was keeps its state', async (t) => {
  const other: CheckerConfig = { ...aCheck, ident: 'other' };
  const s = stage([aCheck, other]);
  s.arm(['both']);
  s.answer('tcp.web', true);
  s.answer('tcp.other', true);
  s.newly();
  const added: CheckerConfig = { ...aCheck, ident: 'added' };
  s.send({ type: 'checkers.configure', checkers: [aCheck, { ...other, port: 80 }, added] });
  t.equal(s.looks('tcp.web').length, 1);
  t.equal(s.looks('tcp.other').length, 2, 'a changed one begins anew');
  t.equal(s.looks('tcp.added').length, 1);
  s.answer('tcp.other', false);
  t.same(s.newly(), ['tcp.other down refused']);
  s.send({ type: 'checkers.configure', checkers: [added] });
  s.arm([]);
  t.equal(s.clock.pending(), 0, 'what was taken out looks no more');
  s.stop();
});

t.test('pure: names, times, and what a window means for the values', async (t) => {
  t.equal(resourceOf(aCheck), 'tcp.web');
  const witness: CheckerConfig = {
    kind: 'splitbrain',
    ident: 'w',
    when: 'pre',
    action: 'wait',
    grace: 1,
    exec: 'ping',
    arg: 'x',
  };
  t.same([intervalOf(aCheck), intervalOf(witness)], [10_000, 10_000]);
  t.same([timeoutOf({ ...aCheck, timeoutMs: 1_000 }), timeoutOf(witness)], [1_000, 5_000]);
  t.same([slackOf({ ...aCheck, intervalMs: 1_000 }), slackOf({ ...aCheck, intervalMs: 30_000 })], [10_000, 30_000]);
  t.same([pauseOf(aCheck, true, 7_000), pauseOf(aCheck, false, 7_000), pauseOf(aCheck, false, null)], [1_000, 7_000, 10_000]);
  t.same([firstPauseOf(aCheck, 0, 1), firstPauseOf(aCheck, 0, 0), firstPauseOf(aCheck, 9, 10)], [10_000, 10_000, 5_500]);
  t.same([isLoop(loop), isLoop({ ...loop, mode: 'oneshot' }), isLoop(aCheck)], [true, false, false]);
  t.same(rearmed([aCheck, ping], [], ['pre']), { 'ping.gw': 'init' });
  t.same(rearmed([aCheck, ping], ['pre'], ['pre', 'both']), { 'tcp.web': 'init' });
  t.same(rearmed([aCheck, ping], ['pre', 'both'], ['pre']), { 'tcp.web': 'unknown' });
  t.same(rearmed([aCheck, ping], ['pre', 'both'], [], 'init'), { 'tcp.web': 'init', 'ping.gw': 'init' });
});

t.test('whatever comes back and whenever: no overlap, an interval between looks, and only changes are told', async () => {
  const result = fc.record({ up: fc.boolean(), afterMs: fc.integer({ min: 0, max: 3_000 }) });
  fc.assert(
    fc.property(
      fc.array(result, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (results, grace, patient) => {
        const intervalMs = 2_000;
        const s = stage([{ ...aCheck, grace, intervalMs, timeoutMs: 2_500 }]);
        s.arm(['both'], patient);
        for (const { up, afterMs } of results) {
          while (!s.isLooking('tcp.web')) s.clock.run(1);
          s.clock.run(afterMs);
          s.answer('tcp.web', up);
        }
        const values = s.newly().map((line) => line.split(' ')[1]);
        const looks = s.looks('tcp.web');
        s.stop();
        const repeats = values.some((value, index) => value === values[index - 1]);
        return s.overlaps() === 0 && !repeats && looks.length >= results.length;
      },
    ),
    { numRuns: 200 },
  );
});

t.test('a checker as it stands has no ports: what is not provided says so', async (t) => {
  const looking = createActor(checkerMachine, { input: { module: 'm', checker: ping, firstPauseMs: 0 } });
  const errors: unknown[] = [];
  looking.subscribe({ error: (error) => errors.push(error) });
  looking.start();
  looking.send({ type: 'checker.arm', patient: false });
  t.match(errors, [{ message: 'looker not provided' }]);
  const looping = createActor(checkerMachine, { input: { module: 'm', checker: loop, firstPauseMs: 0 } }).start();
  t.teardown(() => looping.stop());
  looping.send({ type: 'checker.arm', patient: false });
  t.match(
    looping.getSnapshot(),
    { value: { looping: 'pausing' }, context: { programPauseMs } },
    'an executable that cannot be had is tried again',
  );
});
