import t from 'tap';
import type { AnyEventObject } from 'xstate';
import { createActor, fromCallback, setup } from 'xstate';
import { drainCeilingMs, drainComplete } from '../../src/machines/drain.js';
import { errdMachine } from '../../src/machines/errd.machine.js';
import type { ProbeSource } from '../../src/machines/module.types.js';
import { moduleFarmMachine } from '../../src/machines/module-farm.machine.js';
import { present } from '../../src/machines/present.js';
import { abandonMs, killGraceMs, scriptMachine } from '../../src/machines/script.machine.js';
import type {
  RunnerCommand,
  RunnerInput,
  ScriptEvent,
  ScriptInput,
  ScriptOutcome,
  ScriptReport,
} from '../../src/machines/script.types.js';
import { aPlan } from '../helpers/module-harness.js';
import { createVirtualClock } from '../helpers/virtual-clock.js';

/** One script whose runner does nothing but note what it is told. */
function script(input: Partial<ScriptInput> = {}, throws = false) {
  const clock = createVirtualClock(0);
  const signals: string[] = [];
  const reports: ScriptReport[] = [];
  const seen: RunnerInput[] = [];
  let tell: (event: ScriptEvent) => void = () => undefined;
  let disposed = 0;
  const runner = fromCallback<RunnerCommand, RunnerInput>(({ input: own, receive, sendBack }) => {
    if (throws) throw new Error('broken');
    seen.push(own);
    tell = sendBack;
    receive(({ signal }) => signals.push(`${signal}@${clock.nowMs()}`));
    return () => {
      disposed += 1;
    };
  });
  const parent = setup({
    types: {} as { events: ScriptReport | AnyEventObject; context: { outcome: ScriptOutcome | null } },
    actors: { script: scriptMachine.provide({ actors: { runner } }) },
  }).createMachine({
    context: { outcome: null },
    initial: 'runs',
    states: {
      runs: {
        invoke: {
          src: 'script',
          id: 'script',
          input: { module: 'm', script: 'start_both', args: ['WAIT', 'UP', 'start'], timeoutMs: null, adopt: null, ...input },
          onDone: { target: 'ended', actions: ({ context, event }) => Object.assign(context, { outcome: event.output }) },
        },
        on: {
          'script.started': { actions: ({ event }) => note(event) },
          'script.overtime': { actions: ({ event }) => note(event) },
        },
      },
      ended: {},
    },
  });
  const note = (event: AnyEventObject): void => {
    const isReport = (one: AnyEventObject): one is ScriptReport =>
      one.type === 'script.started' || one.type === 'script.overtime';
    if (isReport(event)) reports.push(event);
  };
  const actor = createActor(parent, { clock }).start();
  return {
    clock,
    signals,
    reports,
    seen,
    tell: (event: ScriptEvent) => tell(event),
    disposed: () => disposed,
    child: actor.getSnapshot().children['script'],
    outcome: () => actor.getSnapshot().context.outcome,
    stop: () => actor.stop(),
  };
}
const exited = { type: 'script.exited', kind: 'code', code: 0, detail: null, atMs: 7 } as const;

t.test('ends of a script are its outcome', async (t) => {
  const blank = { script: 'start_both', code: null, detail: null, timedOut: false };
  const table: readonly [ScriptEvent, Partial<ScriptOutcome>][] = [
    [exited, { kind: 'code', code: 0, atMs: 7 }],
    [
      { ...exited, code: 4 },
      { kind: 'code', code: 4, atMs: 7 },
    ],
    [
      { ...exited, kind: 'signal', code: null, detail: 'SIGSEGV' },
      { kind: 'signal', detail: 'SIGSEGV', atMs: 7 },
    ],
    [
      { ...exited, kind: 'unknown', code: null },
      { kind: 'unknown', atMs: 7 },
    ],
    [
      { type: 'script.failed', detail: 'ENOENT', atMs: 8 },
      { kind: 'failed', detail: 'ENOENT', atMs: 8 },
    ],
    [
      { type: 'script.absent', atMs: 9 },
      { kind: 'absent', atMs: 9 },
    ],
  ];
  for (const [event, expected] of table) {
    const s = script();
    t.equal(s.outcome(), null);
    s.tell(event);
    t.same(s.outcome(), { ...blank, ...expected });
    t.equal(s.disposed(), 1);
    t.equal(s.clock.pending(), 0);
  }
});

t.test('the start is reported, the runner is told what to run', async (t) => {
  const s = script({ adopt: { kind: 'ended' } });
  t.same(s.seen, [{ module: 'm', script: 'start_both', args: ['WAIT', 'UP', 'start'], adopt: { kind: 'ended' } }]);
  s.tell({ type: 'script.started', userlog: 'x.ulog', pid: 5, adopted: true });
  t.same(s.reports, [{ type: 'script.started', script: 'start_both', userlog: 'x.ulog', pid: 5, adopted: true }]);
});

t.test('limit, SIGTERM, grace, SIGKILL, given up', async (t) => {
  const s = script({ timeoutMs: 1_000 });
  s.clock.run(999);
  t.same(s.signals, []);
  s.clock.run(1);
  t.same(s.reports, [{ type: 'script.overtime', script: 'start_both', limitMs: 1_000 }]);
  s.clock.run(killGraceMs);
  t.same(s.signals, ['SIGTERM@1000', 'SIGKILL@11000']);
  s.clock.run(abandonMs - 1);
  t.equal(s.outcome(), null);
  s.clock.run(1);
  t.match(s.outcome(), { kind: 'abandoned', timedOut: true, atMs: null });
});

t.test('without a limit it may take for ever', async (t) => {
  const s = script();
  s.clock.run(1e9);
  t.equal(s.outcome(), null);
  t.same(s.signals, []);
});

t.test('ended on request: gently, then by force, or at once', async (t) => {
  const gentle = script({ timeoutMs: 60_000 });
  gentle.child?.send({ type: 'script.terminate' });
  gentle.child?.send({ type: 'script.terminate' });
  t.same(gentle.signals, ['SIGTERM@0'], 'once');
  gentle.clock.run(5_000);
  gentle.child?.send({ type: 'script.kill' });
  t.same(gentle.signals, ['SIGTERM@0', 'SIGKILL@5000']);
  gentle.tell({ ...exited, kind: 'signal', code: null, detail: 'SIGKILL' });
  t.match(gentle.outcome(), { kind: 'signal', timedOut: false });
  const hard = script();
  hard.child?.send({ type: 'script.kill' });
  t.same(hard.signals, ['SIGKILL@0']);
  hard.clock.run(5_000);
  t.match(hard.outcome(), { kind: 'abandoned' });
});

t.test('a runner that throws is an outcome too', async (t) => {
  t.match(script({}, true).outcome(), { kind: 'failed', detail: 'the script runner failed' });
});

t.test('the runner is disposed when the script is no longer wanted', async (t) => {
  const s = script();
  s.stop();
  t.equal(s.disposed(), 1);
});

t.test('machines as they stand have no ports: what is not provided says so', async (t) => {
  const failed = createActor(scriptMachine, {
    input: { module: 'm', script: 's', args: [], timeoutMs: null, adopt: null },
  }).start();
  t.match(failed.getSnapshot().output, { kind: 'failed' });
  const errd = createActor(errdMachine, { input: { procs: [], pollTimerMs: 1, disabled: [], extra: [] } });
  errd.subscribe({ error: (error) => t.match(error, { message: 'process watcher not provided' }) });
  errd.start();
  t.equal(errd.getSnapshot().status, 'error');
  const lines: string[] = [];
  const module = createActor(
    moduleFarmMachine.provide({
      actors: {
        script: scriptMachine.provide({
          actors: {
            runner: fromCallback<RunnerCommand, RunnerInput>(({ sendBack }) => sendBack({ type: 'script.absent', atMs: 1 })),
          },
        }),
      },
    }),
    {
      input: {
        plan: { ...aPlan, drain: { kind: 'auto' } },
        counter: { count: 0, sinceMs: null, causes: [] },
        wish: 'start',
        held: false,
        resume: { path: 'UP.ready', intent: 'none', adopt: null, handler: null },
        disabledClasses: [],
        enabledClasses: [],
      },
    },
  );
  t.teardown(() => module.stop());
  module.on('log', ({ line }) => lines.push(line.message));
  module.start();
  module.send({ type: 'module.stop', origin: { kind: 'admin', by: 'root' }, atMs: 1 });
  t.ok(lines.includes('Defect in drain: Error: drain watch not provided'));
});

t.test('what must be there', async (t) => {
  t.equal(present(0, 'x'), 0);
  t.throws(() => present(null, 'the decision'), { message: 'the decision is missing' });
  t.throws(() => present(undefined, 'it'));
});

t.test('a drain is complete when every prober that is still there has seen 404 often enough', async (t) => {
  const source = { source: 'lb', intervalMs: 1_000, lastAtMs: 9_900, refusals: 3 };
  const table: readonly [string, Partial<ProbeSource>, number, boolean][] = [
    ['told, and one more interval has passed', {}, 6_000, true],
    ['told, but it may not have acted yet', {}, 6_001, false],
    ['not told often enough', { refusals: 2 }, 0, false],
    ['gone', { refusals: 0, lastAtMs: 6_999 }, 9_000, true],
    ['not yet gone', { refusals: 0, lastAtMs: 7_000 }, 0, false],
    ['seen once only: it has 30 s to ask again', { intervalMs: null, refusals: 1, lastAtMs: -20_000 }, -40_000, false],
    ['seen once only, more than 30 s ago', { intervalMs: null, refusals: 1, lastAtMs: -20_001 }, -40_000, true],
  ];
  for (const [name, change, sinceMs, complete] of table) {
    t.equal(drainComplete([{ ...source, ...change }], 10_000, sinceMs), complete, name);
  }
  t.equal(drainComplete([], 10_000, 10_000), true, 'nobody needs to be told');
  t.equal(drainComplete([source, { ...source, refusals: 0 }], 10_000, 0), false, 'all of them');
  t.equal(drainCeilingMs, 120_000);
});
