/**
 * One execution of one script: owns its deadline and its end. Invoked by the module's chart in the state that the script belongs to.
 * Listens to the runner (`script.started`, `script.exited`, `script.failed`, `script.absent`) and to `script.terminate`, `script.kill`.
 * Tells the module `script.started` and `script.overtime`; its output is the outcome. It always ends: a script that
 * survives SIGKILL for five seconds is given up. It never judges an exit code.
 */
import type { AnyEventObject, CallbackLogicFunction } from 'xstate';
import { assertEvent, assign, fromCallback, sendParent, sendTo, setup } from 'xstate';
import { present } from './present.js';
import type {
  RunnerCommand,
  RunnerInput,
  ScriptContext,
  ScriptEvent,
  ScriptInput,
  ScriptOutcome,
  ScriptReport,
} from './script.types.js';

/** Time between SIGTERM and SIGKILL, in ms (statecharts design). */
export const killGraceMs = 10_000;
/** Time after SIGKILL until a script is given up, in ms. */
export const abandonMs = 5_000;

const notProvided: CallbackLogicFunction<RunnerCommand, AnyEventObject, RunnerInput> = () => {
  throw new Error('script runner not provided');
};
const blank = (script: string): ScriptOutcome => ({
  script,
  kind: 'unknown',
  code: null,
  detail: null,
  timedOut: false,
  atMs: null,
});

export const scriptMachine = setup({
  types: {} as { context: ScriptContext; events: ScriptEvent; input: ScriptInput; output: ScriptOutcome },
  actors: { runner: fromCallback<RunnerCommand, RunnerInput>(notProvided) },
  actions: {
    noteEnd: assign(({ context, event }) => {
      assertEvent(event, ['script.exited', 'script.failed', 'script.absent']);
      const { outcome } = context;
      switch (event.type) {
        case 'script.exited':
          return { outcome: { ...outcome, kind: event.kind, code: event.code, detail: event.detail, atMs: event.atMs } };
        case 'script.failed':
          return { outcome: { ...outcome, kind: 'failed' as const, detail: event.detail, atMs: event.atMs } };
        case 'script.absent':
          return { outcome: { ...outcome, kind: 'absent' as const, atMs: event.atMs } };
      }
    }),
    noteAbandoned: assign(({ context }) => ({ outcome: { ...context.outcome, kind: 'abandoned' as const } })),
    noteOvertime: assign(({ context }) => ({ outcome: { ...context.outcome, timedOut: true } })),
    noteDefect: assign(({ context }) => ({
      outcome: { ...context.outcome, kind: 'failed' as const, detail: 'the script runner failed' },
    })),
    reportStart: sendParent(({ context, event }): ScriptReport => {
      assertEvent(event, 'script.started');
      const { userlog, pid, adopted } = event;
      return { type: 'script.started', script: context.script, userlog, pid, adopted };
    }),
    reportOvertime: sendParent(
      ({ context }): ScriptReport => ({
        type: 'script.overtime',
        script: context.script,
        limitMs: present(context.timeoutMs, 'the limit'),
      }),
    ),
    sendTerm: sendTo('runner', { type: 'signal', signal: 'SIGTERM' }),
    sendKill: sendTo('runner', { type: 'signal', signal: 'SIGKILL' }),
  },
  guards: { hasLimit: ({ context }) => context.timeoutMs !== null },
  delays: { limit: ({ context }) => context.timeoutMs ?? 0, killGrace: killGraceMs, abandon: abandonMs },
}).createMachine({
  id: 'script',
  description: 'One execution of one script',
  context: ({ input }) => ({ ...input, outcome: blank(input.script) }),
  output: ({ context }) => context.outcome,
  initial: 'alive',
  options: { maxIterations: 100 },
  states: {
    alive: {
      description: 'The runner has the process, from before its start until its end is known.',
      invoke: {
        src: 'runner',
        id: 'runner',
        input: ({ context }) => ({ module: context.module, script: context.script, args: context.args, adopt: context.adopt }),
        onError: { target: 'done', actions: 'noteDefect' },
      },
      on: {
        'script.started': { actions: 'reportStart' },
        'script.exited': { target: 'done', actions: 'noteEnd' },
        'script.failed': { target: 'done', actions: 'noteEnd' },
        'script.absent': { target: 'done', actions: 'noteEnd' },
        'script.kill': { target: '.killing' },
      },
      initial: 'running',
      states: {
        running: {
          description: 'The script runs, within its limit if it has one.',
          tags: ['running'],
          after: { limit: { guard: 'hasLimit', target: 'terminating', actions: ['noteOvertime', 'reportOvertime'] } },
          on: { 'script.terminate': { target: 'terminating' } },
        },
        terminating: {
          description: 'Its process group was sent SIGTERM and has ten seconds.',
          tags: ['ending'],
          entry: 'sendTerm',
          after: { killGrace: { target: 'killing' } },
        },
        killing: {
          description: 'Its process group was sent SIGKILL.',
          tags: ['ending'],
          entry: 'sendKill',
          after: { abandon: { target: '#script.done', actions: 'noteAbandoned' } },
        },
      },
    },
    done: { description: 'Its end is known, or it was given up.', tags: ['done'], type: 'final' },
  },
});
