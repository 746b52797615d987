import t from 'tap';
import type { CommandName, Intent } from '../../src/machines/module.types.js';
import { answerCommand, errorOf, isFailure, outcomeLine, outcomeOf, outcomeValue } from '../../src/machines/module-rules.js';
import type { ScriptOutcome } from '../../src/machines/script.types.js';

const outcome = (change: Partial<ScriptOutcome>): ScriptOutcome => ({
  script: 'stop_both',
  kind: 'code',
  code: 0,
  detail: null,
  timedOut: false,
  atMs: 1,
  ...change,
});

t.test('what is said of the end of a script, what it is worth, and whether a handler failed', async (t) => {
  const table: readonly [Partial<ScriptOutcome>, string | null, 'up' | 'down' | null, boolean][] = [
    [{ code: 0 }, 'Script stop_both ended with code 0', 'up', false],
    [{ code: 7 }, 'Script stop_both ended with code 7', 'down', true],
    [{ code: null }, 'Script stop_both ended with code 0', 'down', true],
    [{ kind: 'signal', detail: 'SIGSEGV' }, 'Script stop_both ended by signal SIGSEGV', 'down', true],
    [{ kind: 'signal' }, 'Script stop_both ended by signal unknown', 'down', true],
    [{ kind: 'unknown' }, 'Script stop_both ended', null, false],
    [{ kind: 'failed', detail: 'EACCES' }, 'Script stop_both could not be started: EACCES', 'down', true],
    [{ kind: 'failed' }, 'Script stop_both could not be started: unknown reason', 'down', true],
    [{ kind: 'abandoned' }, 'Script stop_both still there 5 s after being killed', 'down', true],
    [{ kind: 'absent' }, null, null, true],
  ];
  for (const [change, line, value, failure] of table) {
    const one = outcome(change);
    t.equal(outcomeLine(one)?.message ?? null, line);
    t.equal(outcomeValue(one), value);
    t.equal(isFailure(one), failure);
  }
});

t.test('outcomes and errors in the events of the runtime', async (t) => {
  const done = { type: 'xstate.done.actor.script', output: outcome({}) };
  t.equal(outcomeOf(done), done.output);
  t.throws(() => outcomeOf({ type: 'module.stop' }), { message: 'module.stop is not the end of a script' });
  const failed = { type: 'xstate.error.actor.script', error: new Error('x') };
  t.equal(errorOf(failed), 'Error: x');
});

t.test('how commands are answered', async (t) => {
  type Row = readonly [string, string, Intent, Partial<Readonly<Record<CommandName, 'run' | 'already' | 'refused'>>>];
  const stopping = {
    start: 'refused',
    stop: 'already',
    shutdown: 'already',
    restart: 'refused',
    stopstart: 'refused',
    wait: 'refused',
    wakeup: 'refused',
  } as const;
  const table: readonly Row[] = [
    [
      'STOP',
      'NotReady',
      'none',
      {
        start: 'run',
        stop: 'already',
        shutdown: 'already',
        forcestop: 'already',
        restart: 'refused',
        stopstart: 'refused',
        wait: 'refused',
        wakeup: 'refused',
      },
    ],
    [
      'WAIT',
      'Transient',
      'none',
      {
        start: 'already',
        stop: 'run',
        shutdown: 'run',
        forcestop: 'run',
        restart: 'refused',
        stopstart: 'run',
        wait: 'refused',
        wakeup: 'run',
      },
    ],
    [
      'WAIT',
      'NotReady',
      'none',
      { start: 'already', stop: 'run', forcestop: 'run', restart: 'refused', stopstart: 'run', wait: 'already', wakeup: 'run' },
    ],
    [
      'UP',
      'Ready',
      'none',
      { start: 'already', stop: 'run', forcestop: 'run', restart: 'run', stopstart: 'run', wait: 'run', wakeup: 'refused' },
    ],
    ['UP', 'Transient', 'restart', { start: 'already', stop: 'run', restart: 'already', stopstart: 'run', wait: 'run' }],
    ['UP', 'Transient', 'stopstart', { start: 'already', stop: 'run', restart: 'refused', stopstart: 'already', wait: 'run' }],
    ['UP', 'Transient', 'wait', { start: 'refused', stop: 'run', restart: 'refused', stopstart: 'run', wait: 'run' }],
    ['UP', 'Transient', 'stop', { ...stopping, forcestop: 'run' }],
    ['UP', 'Transient', 'shutdown', { ...stopping, forcestop: 'run' }],
    ['UP', 'Transient', 'forcestop', { ...stopping, forcestop: 'already' }],
    ['WAIT', 'Transient', 'stop', { ...stopping, forcestop: 'run', wakeup: 'run' }],
  ];
  const commands: readonly CommandName[] = ['start', 'stop', 'shutdown', 'forcestop', 'restart', 'stopstart', 'wait', 'wakeup'];
  for (const [state, quality, intent, expected] of table) {
    for (const command of commands) {
      if (!(command in expected)) continue;
      const answer = answerCommand(command, state, quality, intent);
      t.equal(answer.outcome, expected[command], `${command} in ${state} ${quality} (${intent})`);
      if (answer.outcome === 'refused') t.ok(answer.reason.length > 10, 'with a reason');
    }
  }
});
