/**
 * One checker of one module: disarmed, or armed, and then init, up or down. Owns when it is looked, and how many results it takes.
 * Listens to `checker.arm`/`checker.disarm` (its window) and to its looker (`check.ended`). Tells the checkers' chart above it
 * `checker.valued` when its value changes, `checker.restamped` when what it looks at was started anew, `checker.noted`.
 * A check never overlaps itself: one that is due while another runs begins when that has ended. One that takes longer than `timeout`
 * is closed and down. A `custom` checker of mode `loop` only has its executable started and ended: that sets its resource itself.
 */
import type { AnyEventObject, CallbackLogicFunction } from 'xstate';
import { assertEvent, assign, enqueueActions, fromCallback, sendParent, sendTo, setup } from 'xstate';
import type { CheckerContext, CheckerEvent, CheckerInput, CheckerReport, LookerCommand } from './checker.types.js';
import { isLoop, pauseOf, resourceOf, slackOf, timeoutOf } from './checker-rules.js';

/** Pause before an executable that has ended is started again, in ms; it doubles each time up to the longest (ADR 0014). */
export const programPauseMs = 1_000;
/** The longest such pause, in ms. */
export const longestProgramPauseMs = 30_000;
/** An executable that has gone on for so long is well: its next end is paused for as the first one, in ms. */
export const programWellMs = 60_000;

const noLooker: CallbackLogicFunction<LookerCommand, AnyEventObject, CheckerInput> = () => {
  throw new Error('looker not provided');
};
const noProgram: CallbackLogicFunction<AnyEventObject, AnyEventObject, CheckerInput> = () => {
  throw new Error('program not provided');
};
const base = setup({
  types: {} as { context: CheckerContext; events: CheckerEvent; input: CheckerInput },
  actors: {
    looker: fromCallback<LookerCommand, CheckerInput>(noLooker),
    program: fromCallback<AnyEventObject, CheckerInput>(noProgram),
  },
  guards: {
    loops: ({ context }) => isLoop(context.plan.checker),
    isPatient: ({ event }) => {
      assertEvent(event, 'checker.arm');
      return event.patient;
    },
    isUp: ({ event }) => {
      assertEvent(event, 'check.ended');
      return event.up;
    },
    /** As many results in a row say the contrary as it takes. */
    turns: ({ context, event }, params: { readonly up: boolean }) => {
      assertEvent(event, 'check.ended');
      return event.up === params.up && context.contrary + 1 >= context.plan.checker.grace;
    },
    isContrary: ({ event }, params: { readonly up: boolean }) => {
      assertEvent(event, 'check.ended');
      return event.up === params.up;
    },
    isLate: ({ context }) => context.late,
  },
  delays: {
    pause: ({ context: { plan, hopeful, paced } }) => pauseOf(plan.checker, hopeful, paced ? null : plan.firstPauseMs),
    timeout: ({ context }) => timeoutOf(context.plan.checker),
    slack: ({ context }) => slackOf(context.plan.checker),
    programPause: ({ context }) => context.programPauseMs,
    programWell: programWellMs,
  },
});

const reporting = (value: 'up' | 'down') =>
  base.enqueueActions(({ context, event, enqueue }) => {
    assertEvent(event, 'check.ended');
    const name = resourceOf(context.plan.checker);
    const { detail, atMs } = event;
    const report: CheckerReport = { type: 'checker.valued', name, value, detail, atMs };
    enqueue.assign({ contrary: 0, hopeful: false });
    enqueue(sendParent(report));
  });

export const checkerMachine = base
  .extend({
    actions: {
      begin: assign(({ event }) => {
        assertEvent(event, 'checker.arm');
        return { hopeful: event.patient, paced: false, contrary: 0, late: false, stamp: null };
      }),
      look: sendTo('looker', { type: 'look' }),
      expire: sendTo('looker', { type: 'expire' }),
      noteLate: assign({ late: true }),
      forgetLate: assign({ late: false }),
      pace: assign(({ context }) => ({ paced: context.paced || !context.hopeful })),
      callDue: base.raise({ type: 'check.due' }),
      endHope: assign({ hopeful: false }),
      countContrary: assign(({ context }) => ({ contrary: context.contrary + 1 })),
      forgetContrary: assign({ contrary: 0 }),
      reportUp: reporting('up'),
      reportDown: reporting('down'),
      /** What it looks at says of itself when it was started: another time than before is another start. */
      compareStamp: enqueueActions(({ context, event, enqueue }) => {
        assertEvent(event, 'check.ended');
        const { stamp, atMs } = event;
        if (!event.up || stamp === null) return;
        const report: CheckerReport = { type: 'checker.restamped', name: resourceOf(context.plan.checker), atMs };
        if (context.stamp !== null && context.stamp !== stamp) enqueue(sendParent(report));
        enqueue.assign({ stamp });
      }),
      forgetPause: assign({ programPauseMs: 0 }),
      lengthenPause: assign(({ context }) => ({
        programPauseMs: Math.min(Math.max(programPauseMs, 2 * context.programPauseMs), longestProgramPauseMs),
      })),
      noteEnd: sendParent(({ context, event }): CheckerReport => {
        assertEvent(event, 'program.ended');
        return { type: 'checker.noted', name: resourceOf(context.plan.checker), detail: event.detail };
      }),
    },
  })
  .createMachine({
    id: 'checker',
    description: 'One checker of one module',
    context: ({ input }) => ({
      plan: input,
      hopeful: false,
      paced: false,
      contrary: 0,
      late: false,
      stamp: null,
      programPauseMs: 0,
    }),
    initial: 'disarmed',
    options: { maxIterations: 100 },
    states: {
      disarmed: {
        description: 'Its window is closed, or checkers are switched off: nobody looks.',
        tags: ['disarmed'],
        on: {
          'checker.arm': [
            { guard: 'loops', target: 'looping', actions: 'forgetPause' },
            { guard: 'isPatient', target: '#checker.armed.verdict.init.hoping', actions: 'begin' },
            { target: 'armed', actions: 'begin' },
          ],
        },
      },
      looping: {
        description: 'A custom checker that goes on by itself; nothing of what it finds comes by way of this chart.',
        tags: ['armed'],
        initial: 'running',
        on: { 'checker.disarm': { target: 'disarmed' } },
        states: {
          running: {
            description: 'Its executable runs.',
            invoke: {
              src: 'program',
              id: 'program',
              input: ({ context }) => context.plan,
              onError: { target: 'pausing', actions: 'lengthenPause' },
            },
            after: { programWell: { actions: 'forgetPause' } },
            on: { 'program.ended': { target: 'pausing', actions: ['noteEnd', 'lengthenPause'] } },
          },
          pausing: {
            description:
              'Its executable has ended, which it should not; it is started again after one second, then two, up to thirty.',
            after: { programPause: { target: 'running' } },
          },
        },
      },
      armed: {
        description: 'It looks once each interval.',
        tags: ['armed'],
        type: 'parallel',
        invoke: { src: 'looker', id: 'looker', input: ({ context }) => context.plan },
        on: { 'checker.disarm': { target: 'disarmed' } },
        states: {
          verdict: {
            description: 'What is held of the checked thing.',
            initial: 'init',
            states: {
              init: {
                description: 'Not known yet.',
                tags: ['init'],
                initial: 'judging',
                states: {
                  hoping: {
                    description: 'The application was started just now: while it does not answer it is not down yet.',
                    after: { slack: { target: 'judging', actions: 'endHope' } },
                    on: {
                      'check.ended': {
                        guard: 'isUp',
                        target: '#checker.armed.verdict.up',
                        actions: ['compareStamp', 'reportUp'],
                      },
                    },
                  },
                  judging: {
                    description: 'The first result counts.',
                    on: {
                      'check.ended': [
                        { guard: 'isUp', target: '#checker.armed.verdict.up', actions: ['compareStamp', 'reportUp'] },
                        { target: '#checker.armed.verdict.down', actions: 'reportDown' },
                      ],
                    },
                  },
                },
              },
              up: {
                description: 'All is well.',
                tags: ['up'],
                on: {
                  'check.ended': [
                    { guard: { type: 'turns', params: { up: false } }, target: 'down', actions: 'reportDown' },
                    { guard: { type: 'isContrary', params: { up: false } }, actions: 'countContrary' },
                    { actions: ['compareStamp', 'forgetContrary'] },
                  ],
                },
              },
              down: {
                description: 'It does not answer, or not as it should.',
                tags: ['down'],
                on: {
                  'check.ended': [
                    { guard: { type: 'turns', params: { up: true } }, target: 'up', actions: ['compareStamp', 'reportUp'] },
                    { guard: { type: 'isContrary', params: { up: true } }, actions: ['compareStamp', 'countContrary'] },
                    { actions: 'forgetContrary' },
                  ],
                },
              },
            },
          },
          look: {
            description: 'Whether a check is running.',
            initial: 'looking',
            states: {
              looking: {
                description: 'A check runs.',
                entry: 'look',
                after: { timeout: { actions: 'expire' } },
                on: {
                  'check.due': { actions: 'noteLate' },
                  'check.ended': [
                    { guard: 'isLate', target: 'looking', reenter: true, actions: 'forgetLate' },
                    { target: 'resting' },
                  ],
                },
              },
              resting: {
                description: 'Until the next check is due.',
                on: { 'check.due': { target: 'looking' } },
              },
            },
          },
          beat: {
            description: 'When a check is due.',
            initial: 'pausing',
            states: {
              pausing: {
                description: 'The interval, or less of it at first.',
                after: { pause: { target: 'pausing', reenter: true, actions: ['pace', 'callDue'] } },
              },
            },
          },
        },
      },
    },
  });
