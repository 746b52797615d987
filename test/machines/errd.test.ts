import t from 'tap';
import type { ProcConfig } from '../../src/config/types.js';
import type { ErrdContext, ErrdEntry, ErrdScan } from '../../src/machines/errd.types.js';
import { armedProcs, isCrash, judge, slower, survey, unknownEntry } from '../../src/machines/errd-rules.js';
import type { Behaviour, Harness } from '../helpers/module-harness.js';
import { aPlan, aProc, crash, createHarness, requested, startedHarness, succeeds } from '../helpers/module-harness.js';

const context = (procs: readonly ProcConfig[], entries: Readonly<Record<string, ErrdEntry>> = {}): ErrdContext => ({
  procs,
  pollTimerMs: 10_000,
  disabled: [],
  extra: [],
  classes: ['pre', 'both'],
  armedAtMs: 1_000,
  verify: false,
  quickMs: 100,
  entries,
  scanned: true,
  blind: false,
});
const scan = (atMs: number, count: number, service: string | null = null): ErrdScan => ({
  type: 'processes.seen',
  atMs,
  found: { app: { processes: Array.from({ length: count }, (_, pid) => ({ pid, startTime: 1 })), service } },
});
const seen: ErrdEntry = { ...unknownEntry, value: 'up', seen: true };

t.test('what is a crash, and what may have been asked for', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']) t.notOk(isCrash({ kind: 'signal', code: null, signal }));
  for (const signal of ['SIGKILL', 'SIGSEGV', null]) t.ok(isCrash({ kind: 'signal', code: null, signal }));
  for (const code of [0, 129, 130, 131, 143, null]) t.notOk(isCrash({ kind: 'code', code, signal: null }));
  for (const code of [1, 137, 255]) t.ok(isCrash({ kind: 'code', code, signal: null }));
  t.notOk(isCrash({ kind: 'unknown', code: null, signal: null }));
});

t.test('classes: those of the window, those of the user, those switched off', async (t) => {
  const procs = ['pre', 'both', null, 'own', 'prim'].map((name) => ({ ...aProc, name: String(name), class: name }));
  const armed = (change: Partial<ErrdContext>): readonly string[] =>
    armedProcs({ ...context(procs), ...change }).map(({ name }) => name);
  t.same(armed({}), ['pre', 'both', 'null'], 'a process without class is of both');
  t.same(armed({ classes: ['pre'] }), ['pre']);
  t.same(armed({ classes: [], extra: ['own'] }), [], 'nothing is watched outside the windows');
  t.same(armed({ extra: ['own'], disabled: ['pre'] }), ['both', 'null', 'own']);
  t.same(armed({ extra: ['own'], disabled: ['own'] }), ['pre', 'both', 'null']);
});

t.test('atleast and atmax', async (t) => {
  const table: readonly [number, number, number, boolean, boolean][] = [
    // atleast, atmax, running → failing, too many
    [1, -1, 0, true, false],
    [1, -1, 1, false, false],
    [2, -1, 1, true, false],
    [2, -1, 2, false, false],
    [-1, -1, 0, false, false],
    [0, -1, 0, false, false],
    [1, 3, 2, false, false],
    [1, 3, 3, true, true],
    [1, 1, 1, true, true],
    [1, 0, 0, false, false],
    [1, 0, 1, true, true],
    [1, 0, 5, true, true],
  ];
  for (const [atLeast, atMax, count, failing, tooMany] of table) {
    const proc = { ...aProc, atLeast, atMax, settleMs: 0 };
    const verdict = judge(context([proc], { app: seen }), proc, scan(20_000, count));
    t.same([verdict.failing, verdict.tooMany], [failing, tooMany], `atleast ${atLeast} atmax ${atMax}: ${count}`);
    t.equal(verdict.entry.value, failing ? 'down' : 'up');
  }
});

t.test('services: only running is running; of an unknown one nothing is known', async (t) => {
  const proc = { ...aProc, service: true, settleMs: 0 };
  for (const [service, failing] of [
    ['running', false],
    ['starting', true],
    ['stopped', true],
    ['failed', true],
    ['unknown', false],
  ] as const) {
    const verdict = judge(context([proc], { app: seen }), proc, scan(20_000, 0, service));
    t.equal(verdict.failing, failing, service);
  }
  const verdict = judge(context([proc], { app: { ...seen, value: 'down' } }), proc, scan(20_000, 0, 'unknown'));
  t.equal(verdict.entry.value, 'down', 'it stays as it was');
});

t.test('the first verdict comes one poll after arming, later with start_after, at once when verifying', async (t) => {
  for (const [startAfter, verify, firstMs] of [
    [0, false, 11_000],
    [1, false, 11_000],
    [3, false, 31_000],
    [3, true, 1_000],
  ] as const) {
    const proc = { ...aProc, startAfter };
    const one = { ...context([proc]), verify };
    t.equal(judge(one, proc, scan(firstMs, 0)).failing, true, `start_after ${startAfter}`);
    t.equal(judge(one, proc, scan(firstMs - 1, 0)).failing, false);
  }
  const present = { ...aProc, startAfter: 3 };
  t.equal(
    judge(context([present]), present, scan(5_000, 1)).entry.value,
    'init',
    'with start_after a process that is there says nothing yet',
  );
  t.equal(judge(context([aProc]), aProc, scan(1_001, 1)).entry.value, 'up', 'without, it does');
});

t.test('settle: a requested end may be replaced, a crash is judged at once', async (t) => {
  const running = judge(context([aProc], { app: seen }), aProc, scan(50_000, 0));
  t.same([running.failing, running.againInMs, running.entry.value], [false, 500, 'up']);
  const later = judge(context([aProc], { app: running.entry }), aProc, scan(50_300, 0));
  t.same([later.failing, later.againInMs], [false, 200]);
  t.equal(judge(context([aProc], { app: running.entry }), aProc, scan(50_500, 0)).failing, true);
  t.equal(judge(context([aProc], { app: { ...seen, crashed: true } }), aProc, scan(50_000, 0)).failing, true);
  const back = judge(context([aProc], { app: running.entry }), aProc, scan(50_400, 1));
  t.same([back.failing, back.entry.missingSinceMs], [false, null]);
});

t.test('a failure that goes on is reported with each poll, one without an action once', async (t) => {
  for (const [kind, expected] of [
    ['restart', true],
    ['noaction', false],
  ] as const) {
    const proc = { ...aProc, action: { kind } };
    const reported = { ...seen, value: 'down', missingSinceMs: 10_000, reportedAtMs: 10_000 } as const;
    t.equal(judge(context([proc], { app: reported }), proc, scan(19_999, 0)).failing, false);
    const verdict = judge(context([proc], { app: reported }), proc, scan(20_000, 0));
    t.equal(verdict.failing, expected, kind);
    t.equal(verdict.entry.reportedAtMs, expected ? 20_000 : 10_000);
  }
});

t.test('a survey: reports, and when to look again', async (t) => {
  const other = { ...aProc, name: 'other' };
  const third = { ...aProc, name: 'third' };
  const all = context([aProc, other, third], { app: seen, other: { ...seen, missingSinceMs: 49_800 } });
  const none = { processes: [], service: null };
  const result = survey({ ...all, scanned: false }, { ...scan(50_000, 0), found: { app: none, other: none, third: none } });
  t.equal(result.againInMs, 300, 'the soonest of the settle times');
  t.equal(result.quickMs, 200);
  t.same(
    result.reports.map(({ type }) => type),
    ['proc.valued', 'proc.failed', 'errd.surveyed'],
  );
  t.equal(result.entries['third']?.value, 'down');
  t.equal(slower(3_000), 3_200, 'the pause has a ceiling');
  const unseen = survey({ ...context([aProc]), armedAtMs: 50_000 }, scan(50_000, 0));
  t.same([unseen.againInMs, unseen.reports], [100, []], 'what was never seen is looked for at short intervals');
  const optional = { ...aProc, atLeast: 0 };
  t.equal(survey({ ...context([optional]), armedAtMs: 50_000 }, scan(50_000, 0)).againInMs, null);
});

// ---------------------------------------------------------------- with the module

const withProcs = (...procs: readonly ProcConfig[]) => ({ plan: { errd: { pollTimerMs: 10_000, procs } } });

t.test('killed: the stop script begins at once; asked to end: after settle', async (t) => {
  const killed = startedHarness(withProcs(aProc));
  killed.world.end('app', crash);
  killed.run(5);
  t.equal(killed.at(), 'UP.restarting.graceful');
  t.match(killed.newLog(), ['C Process app not running', 'E Action restart called by errd']);
  t.equal(killed.resources.get('proc.app'), 'down');

  const asked = startedHarness(withProcs(aProc));
  asked.world.end('app', requested);
  asked.run(499);
  t.equal(asked.at(), 'UP.ready');
  asked.run(10);
  t.equal(asked.at(), 'UP.restarting.graceful');

  const replaced = startedHarness(withProcs(aProc));
  replaced.world.end('app', requested);
  replaced.run(400);
  replaced.world.start('app');
  replaced.run(60_000);
  t.equal(replaced.at(), 'UP.ready', 'a daemon that re-executes itself is no failure');
  t.same(replaced.newLog(), []);
});

t.test('an end that no watch reports is found by the next scan', async (t) => {
  const h = startedHarness(withProcs(aProc));
  h.world.end('app', crash, false);
  h.run(10_600);
  t.ok(h.newLog().includes('E Action restart called by errd'));
});

t.test('quick scans until it was first seen, then one at each poll', async (t) => {
  const h = createHarness(withProcs(aProc));
  h.command('start');
  h.run(400);
  h.world.scans = 0;
  h.run(3_300);
  t.ok(h.world.scans >= 4 && h.world.scans <= 8, `doubling pauses: ${h.world.scans}`);
  h.world.start('app');
  h.run(3_300);
  t.equal(h.resources.get('proc.app'), 'up');
  h.world.scans = 0;
  h.run(30_000);
  t.equal(h.world.scans, 3);
});

t.test('an application that does not come up fails one poll after its start, until the budget is used up', async (t) => {
  const h = createHarness(withProcs(aProc));
  h.command('start');
  h.run(400);
  t.equal(h.at(), 'UP.ready');
  h.run(9_900);
  t.equal(h.at(), 'UP.ready');
  h.run(200);
  t.match(h.at(), /UP.restarting/);
  h.run(60_000);
  t.equal(h.at(), 'STOP');
  t.same(h.violations, []);
});

t.test('actions', async (t) => {
  const table: readonly [ProcConfig['action'], string, string][] = [
    [{ kind: 'restart' }, 'UP.restarting.graceful', 'E Action restart called by errd'],
    [{ kind: 'stopstart' }, 'UP.stopping.graceful', 'E Action stopstart called by errd'],
    [{ kind: 'stop' }, 'UP.stopping.graceful', 'E Action stop called by errd'],
    [{ kind: 'noaction' }, 'UP.ready', 'C Process app not running'],
    [{ kind: 'handler', exec: '/bin/handler' }, 'UP.handling', 'E Handler /bin/handler called for process app'],
  ];
  for (const [action, at, line] of table) {
    const h = startedHarness(withProcs({ ...aProc, action }));
    h.world.end('app');
    h.run(5);
    t.equal(h.at(), at, action.kind);
    t.ok(h.newLog().includes(line), line);
    t.equal(h.tags().includes('serving'), action.kind === 'noaction' || action.kind === 'handler');
  }
  const silent = startedHarness(withProcs({ ...aProc, action: { kind: 'noaction' } }));
  silent.world.end('app');
  silent.run(120_000);
  t.same(
    silent.newLog().filter((line) => line.includes('not running')),
    ['C Process app not running'],
  );
});

t.test('what the log says of too few, too many and services', async (t) => {
  const few = startedHarness(withProcs({ ...aProc, atLeast: 2 }));
  few.world.end('app');
  few.world.start('app');
  few.run(600);
  t.ok(few.newLog().includes('C Process app not running (1 of at least 2)'));

  const many = startedHarness(withProcs({ ...aProc, atMax: 3 }));
  many.world.start('app', 2);
  many.run(10_100);
  t.ok(many.newLog().includes('C Process app running too often (3 of at most 3)'));

  const unwanted = startedHarness(withProcs({ ...aProc, atLeast: 0, atMax: 0 }));
  unwanted.run(60_000);
  t.equal(unwanted.at(), 'UP.ready');
  unwanted.world.start('app');
  unwanted.run(10_100);
  t.ok(unwanted.newLog().includes('E Action restart called by errd'), 'atmax 0: whenever it appears');

  const service = startedHarness(withProcs({ ...aProc, service: true, restartServices: ['a', 'b'] }));
  t.equal(service.resources.get('proc.app'), 'up');
  service.world.services.set('app', 'failed');
  service.run(11_000);
  t.ok(service.newLog().includes('C Service app not running'));
  t.ok(service.newCalls().includes('stop_both UP UP restart -Services a, b'));

  const lost = startedHarness(withProcs({ ...aProc, service: true }));
  lost.world.services.set('app', 'unknown');
  lost.run(60_000);
  t.equal(lost.at(), 'UP.ready');
});

t.test('class pre is watched from prestart to poststop, class both only while UP (Ready)', async (t) => {
  const pre = { ...aProc, name: 'pre', class: 'pre' };
  const h = createHarness({
    ...withProcs(aProc, pre, { ...aProc, name: 'own', class: 'own' }),
    behave: (input) => (input.script === 'start_both' ? { kind: 'ends', afterMs: 1_000, code: 0 } : succeeds()),
  });
  h.world.start('app');
  h.world.start('pre');
  h.world.start('own');
  h.command('start');
  h.run(150);
  t.same(h.world.selections, [], 'not before prestart has ended');
  h.run(200);
  t.same(h.world.selections, ['pre']);
  h.run(1_100);
  t.same(h.world.selections, ['pre', 'app pre']);
  h.command('restart');
  t.same(h.world.selections.slice(2), ['pre'], 'disarmed before the stop script');
  h.run(2_000);
  t.same(h.world.selections.slice(3), ['app pre']);
  h.command('stop');
  h.run(250);
  t.same(h.world.selections.slice(4), ['pre']);
  h.run(1_000);
  t.same(h.world.selections.slice(5), [''], 'nothing from poststop on');
});

t.test('a process of class pre that fails while the module cannot take its action is not forgotten', async (t) => {
  const pre = { ...aProc, name: 'pre', class: 'pre' };
  const h = createHarness({
    ...withProcs(pre),
    behave: (input) => (input.script === 'start_both' ? { kind: 'ends', afterMs: 15_000, code: 0 } : succeeds()),
  });
  h.world.start('pre');
  h.command('start');
  h.run(2_000);
  h.world.end('pre');
  h.run(10);
  t.equal(h.at(), 'UP.starting.running');
  h.run(20_000);
  t.match(h.at(), /UP.restarting/);
});

t.test("a class of the user's own is switched on and off, in any state", async (t) => {
  const own = { ...aProc, name: 'own', class: 'own' };
  const h = startedHarness(withProcs(own));
  h.world.end('own', crash, false);
  t.same(h.world.selections, [], 'not watched by itself');
  const set = (on: boolean): void =>
    h.actor.send({ type: 'errd.switch', class: 'own', on, by: 'root', atMs: h.clock.monotonicMs() });
  h.run(60_000);
  set(true);
  t.same(h.newLog(), ['U Monitoring of class own enabled by root']);
  t.same(h.world.selections, ['own']);
  h.run(5_000);
  t.equal(h.at(), 'UP.ready', 'it has a poll time to appear, from now on');
  h.world.start('own');
  h.run(4_000);
  t.equal(h.resources.get('proc.own'), 'up');
  set(false);
  h.world.end('own');
  h.run(60_000);
  t.equal(h.at(), 'UP.ready');
  set(true);
  h.run(9_000);
  t.equal(h.at(), 'UP.ready', 'it begins anew');
  h.run(2_000);
  t.ok(h.newLog().includes('E Action restart called by errd'));
  t.same(h.actor.getSnapshot().context.enabledClasses, ['own']);
});

t.test('a class that is switched off stays off through restarts of the module', async (t) => {
  const h = startedHarness(withProcs(aProc));
  const set = (on: boolean): void =>
    h.actor.send({ type: 'errd.switch', class: 'both', on, by: 'root', atMs: h.clock.monotonicMs() });
  set(false);
  h.world.end('app');
  h.run(60_000);
  h.command('stopstart');
  h.run(60_000);
  t.equal(h.at(), 'UP.ready');
  t.same(h.actor.getSnapshot().context.disabledClasses, ['both']);
  set(true);
  t.same(h.actor.getSnapshot().context.disabledClasses, []);
  t.same(h.actor.getSnapshot().context.enabledClasses, [], 'a class of the windows needs no switch of its own');
  h.run(11_000);
  t.ok(h.newLog().includes('E Action restart called by errd'));
});

t.test('a stopped module is watched by nothing, whatever is switched on', async (t) => {
  const h = startedHarness(withProcs({ ...aProc, class: 'own' }));
  h.command('stop');
  h.run(2_000);
  h.actor.send({ type: 'errd.switch', class: 'own', on: true, by: 'root', atMs: h.clock.monotonicMs() });
  h.run(60_000);
  t.same(h.world.selections, []);
  t.equal(h.clock.pending(), 0);
});

t.test('handlers: success goes on, failure is a stopstart, neither is counted', async (t) => {
  const proc: ProcConfig = { ...aProc, action: { kind: 'handler', exec: '/bin/handler' } };
  const run = (behaviour: Behaviour): Harness => {
    const h = startedHarness({
      ...withProcs(proc),
      behave: (input) => {
        if (input.script !== '/bin/handler') return succeeds();
        return behaviour;
      },
    });
    h.world.end('app');
    h.run(5);
    return h;
  };
  const good = run(succeeds());
  t.same(good.newCalls(), ['/bin/handler UP UP restart']);
  t.ok(good.tags().includes('serving'), 'the application goes on serving');
  good.world.start('app');
  good.run(200);
  t.equal(good.at(), 'UP.ready');
  t.equal(good.actor.getSnapshot().context.counter.count, 0);
  t.equal(good.resources.get('proc.app'), 'up');

  for (const behaviour of [
    { kind: 'ends', afterMs: 10, code: 1 },
    { kind: 'absent' },
    { kind: 'failed', detail: 'x' },
    { kind: 'throws' },
  ] as const) {
    const bad = run(behaviour);
    bad.run(50);
    t.equal(bad.at(), 'UP.stopping.graceful', behaviour.kind);
    t.ok(bad.newLog().includes('E Action stopstart called by errd'));
    t.equal(bad.actor.getSnapshot().context.counter.count, 0);
    t.ok(bad.newCalls().includes('stop_both UP STOP stopstart'));
    bad.world.start('app');
    bad.run(2_000);
    t.equal(bad.at(), 'UP.ready');
    t.same(bad.violations, []);
  }
});

t.test('a handler that ends well without a remedy is called again with the next poll', async (t) => {
  const h = startedHarness(withProcs({ ...aProc, action: { kind: 'handler', exec: '/bin/handler' } }));
  h.world.end('app');
  h.run(25_000);
  t.equal(h.newCalls().filter((line) => line.startsWith('/bin/handler')).length, 3, 'not in a loop');
  t.equal(h.at(), 'UP.ready');
});

t.test('commands while a handler runs', async (t) => {
  const proc: ProcConfig = { ...aProc, action: { kind: 'handler', exec: '/bin/handler' } };
  for (const [command, next, signal] of [
    ['stop', 'UP.stopping.graceful', 'SIGTERM'],
    ['restart', 'UP.restarting.graceful', 'SIGTERM'],
    ['stopstart', 'UP.stopping.graceful', 'SIGTERM'],
    ['wait', 'UP.stopping.graceful', 'SIGTERM'],
    ['shutdown', 'UP.stopping.graceful', 'SIGTERM'],
    ['forcestop', 'UP.stopping.forced', 'SIGKILL'],
  ] as const) {
    const h = startedHarness({
      ...withProcs(proc),
      behave: (input) => (input.script === '/bin/handler' ? { kind: 'hangs', termMs: 1 } : succeeds()),
    });
    h.world.end('app');
    h.run(5);
    const [call] = h.calls.slice(-1);
    h.command(command);
    t.match(call?.signals[0], signal);
    h.run(3);
    t.equal(h.at(), next, command);
    t.same(h.violations, []);
  }
});

t.test('a handler that hangs is ended after nicestoptimeout, which is a failure of it', async (t) => {
  const proc: ProcConfig = { ...aProc, action: { kind: 'handler', exec: '/bin/handler' } };
  const h = startedHarness({
    ...withProcs(proc),
    behave: (input) => (input.script === '/bin/handler' ? { kind: 'hangs', termMs: 50 } : succeeds()),
  });
  h.world.end('app');
  h.run(1_000);
  t.equal(h.at(), 'UP.handling');
  h.run(aPlan.nicestopTimeoutMs - 1_100);
  t.equal(h.at(), 'UP.handling');
  h.run(300);
  t.equal(h.at().startsWith('UP.handling'), false);
  t.ok(
    h.log.some((line) =>
      /^C Handler \/bin\/handler not ended after nicestoptimeout \(\d+ s\): terminated, and failed$/.test(line),
    ),
  );
  t.ok(h.log.some((line) => line.includes('Action stopstart called by errd')));
  t.same(h.violations, []);
  h.stop();
});

t.test('nothing can be seen: said once, tried again, and nothing is judged', async (t) => {
  const h = startedHarness(withProcs(aProc));
  h.world.answers = false;
  h.run(60_000);
  t.same(h.newLog(), ['C Defect in errd: no list']);
  t.equal(h.at(), 'UP.ready');
  h.world.answers = true;
  h.run(10_000);
  h.world.answers = false;
  h.run(20_000);
  t.same(h.newLog(), ['C Defect in errd: no list'], 'and again after it had worked');
});

t.test('the crash of one process says nothing of another, nor of a later one of that number', async (t) => {
  const other = { ...aProc, name: 'other' };
  const h = startedHarness(withProcs(aProc, other));
  const [process] = h.world.processes.get('app') ?? [];
  t.ok(process);
  const later = { pid: process?.pid ?? 0, startTime: 9_999 };
  h.actor.getSnapshot().children.errd?.send({ type: 'process.exited', process: later, exit: crash, atMs: h.clock.monotonicMs() });
  h.world.end('app', requested);
  h.run(400);
  t.equal(h.at(), 'UP.ready', 'it has its time to settle');
  h.run(200);
  t.match(h.at(), /UP.restarting/);
});

t.test('a scan that began before a process was armed says nothing of it', async (t) => {
  const other = { ...aProc, name: 'other' };
  const verifying = { ...context([aProc, other]), verify: true, scanned: false };
  const partial = survey(verifying, scan(20_000, 1));
  t.equal(partial.scanned, false);
  t.same(
    partial.reports.map(({ type }) => type),
    ['proc.valued'],
  );
  t.equal(partial.entries['other'], undefined);
});

t.test('modules of one polltimer look at the same moments, whenever they were started', async (t) => {
  const looks = (startedAfterMs: number): readonly number[] => {
    const h = createHarness(withProcs(aProc));
    h.world.start('app');
    h.run(startedAfterMs);
    h.command('start');
    h.run(15_000);
    const before = h.world.scans;
    const moments: number[] = [];
    for (let ms = 0; ms < 30_000; ms += 1) {
      const scans = h.world.scans;
      h.run(1);
      if (h.world.scans > scans) moments.push(h.clock.monotonicMs() % 10_000);
    }
    t.equal(h.world.scans - before, 3);
    return moments;
  };
  t.same(looks(1_234), looks(7_777));
});

t.test('a crash is forgotten when the process is back: its next end may be a replacement', async (t) => {
  const crashed = { ...seen, crashed: true, missingSinceMs: 49_000 };
  const back = judge(context([aProc], { app: crashed }), aProc, scan(50_000, 1)).entry;
  t.equal(back.crashed, false);
  t.equal(judge(context([aProc], { app: back }), aProc, scan(60_000, 0)).failing, false);
});

t.test('a stop that is cut short by its bound leaves nothing watched', async (t) => {
  const h = startedHarness({
    plan: {
      nicestopTimeoutMs: 1_000,
      forcestopTimeoutMs: 1_000,
      errd: { pollTimerMs: 10_000, procs: [{ ...aProc, class: 'pre', action: { kind: 'noaction' } }] },
    },
    behave: (input) => (input.args.includes('stop') ? { kind: 'unkillable' } : succeeds()),
  });
  h.command('stop');
  t.equal(h.world.selections.at(-1), 'app');
  h.run(30_001);
  t.equal(h.at(), 'STOP');
  t.equal(h.world.selections.at(-1), '');
});
