/**
 * A farm or light module on one node: STOP, WAIT, UP. Owns the intent, the restart counter and the order of the scripts.
 * Listens to commands (`module.*`), its scripts, errd (`proc.*`), checkers (`checker.*`), the failover rules (`failover.decided`), the
 * probes during a drain. Sends to its children `errd`, `checkers` and `failover`; emits log lines, values of resources and starts and ends of scripts.
 * Must never: run two scripts at once, carry out a counted action beyond maxloop, be `serving` outside UP (Ready), or end in a state
 * that nothing leaves while the module is meant to be up. Chart: the statecharts design, 'Farm and light'.
 */
import { allOn } from './maintenance.js';
import { moduleSetup } from './module-farm.setup.js';
import { counted, interrupt, leave, note, restartBy, runs, stopTarget, updateIn, waitFor } from './module-farm.ways.js';
import { actionOf } from './module-rules.js';
import { resumableLeaves, servingLeaves } from './resume.js';

export const moduleFarmMachine = moduleSetup.createMachine({
  id: 'module',
  description: 'A farm or light module on one node',
  context: ({ input }) => {
    const intent = input.resume?.intent ?? 'none';
    return {
      plan: input.plan,
      intent,
      lastIntent: intent,
      wish: input.wish,
      counter: input.counter,
      cause: { kind: 'automatic', by: 'holdfastd' },
      reason: null,
      activeRule: null,
      held: input.held,
      action: actionOf(intent),
      services: [],
      handler: input.resume?.handler ?? null,
      armed: [],
      phase: 'off',
      resources: input.resources ?? {},
      details: {},
      resume: input.resume,
      disabledClasses: input.disabledClasses,
      enabledClasses: input.enabledClasses,
      switches: input.switches ?? allOn,
      atMs: input.atMs ?? 0,
    };
  },
  entry: ['spawnErrd', 'spawnFailover', 'spawnCheckers', 'watchDeadline'],
  initial: 'deciding',
  options: { maxIterations: 100 },
  on: {
    'failover.decided': { actions: 'carryOutDecision' },
    'proc.failed': { actions: ['noteProcessFailure', 'carryOutProcessAction'] },
    'proc.valued': { actions: 'setProcessResource' },
    'errd.blind': { actions: 'noteBlind' },
    'checker.valued': { guard: 'isLookedAt', actions: 'setCheckedResource' },
    'checker.noted': { actions: 'noteChecker' },
    'resource.assign': { actions: 'setResource' },
    'script.started': { actions: 'noteScriptStart' },
    'script.overtime': { actions: 'noteOvertime' },
    'loop.increment': { actions: 'countLoop' },
    'loop.reset': { actions: 'resetLoop' },
    'errd.switch': { actions: 'noteErrdSwitch' },
    'maintenance.switch': { actions: 'noteSwitch' },
    'module.reconfigure': { actions: 'takePlan' },
    'module.update': { actions: 'takePlan' },
    'xstate.error.actor.errd': { actions: 'noteErrdDefect' },
    'xstate.error.actor.failover': { actions: 'noteFailoverDefect' },
    'xstate.error.actor.checkers': { actions: 'noteCheckersDefect' },
    'child.respawn': { actions: 'respawnChild' },
    'stop.overdue': [
      { guard: 'toWait', target: '.WAIT.blocked', actions: 'noteDeadline' },
      { guard: 'toStartAgain', target: '.STOP', actions: ['noteDeadline', 'startAgain'] },
      { target: '.STOP', actions: 'noteDeadline' },
    ],
  },
  states: {
    deciding: {
      description: 'Where an earlier run of the daemon left the module decides where it goes on.',
      tags: ['STOP', 'NotReady'],
      always: [
        { guard: 'resumesBlocked', target: '#module.WAIT.blocked', actions: 'armPre' },
        ...resumableLeaves.map(({ target, leaves }) => ({
          guard: { type: 'resumesIn' as const, params: { leaves } },
          target: `#module.${target}`,
          // It serves: it must be watched, while the script of an earlier run goes on.
          actions: servingLeaves.includes(target) ? (['armBoth'] as const) : [],
        })),
        { target: 'STOP' },
      ],
    },
    STOP: {
      description: 'Nothing runs; the module can be started.',
      tags: ['STOP', 'NotReady'],
      entry: ['settle', 'disarmAll', 'phaseOff'],
      on: { 'module.start': { target: 'WAIT', actions: 'accept' } },
    },
    WAIT: {
      description: 'The application does not run yet, or not any more, and what it needs is being looked at.',
      initial: 'preparing',
      states: {
        preparing: {
          description: 'The transition script, then prestart, which makes sure that the application is stopped.',
          tags: ['WAIT', 'Transient'],
          initial: 'announcing',
          on: interrupt,
          states: {
            announcing: {
              description: 'The transition script runs with STOP WAIT start.',
              invoke: runs(
                () => ({ script: 'transition', from: 'STOP', to: 'WAIT', limit: 'start' }),
                [{ guard: 'leaving', target: '#module.WAIT.stopping' }, { target: 'prestart' }],
              ),
            },
            prestart: {
              description: 'The prestart script runs, if there is one.',
              invoke: runs(
                () => ({ script: 'prestart', from: 'STOP', to: 'WAIT', limit: 'start' }),
                [{ guard: 'leaving', target: '#module.WAIT.stopping' }, { target: '#module.WAIT.evaluating' }],
              ),
            },
          },
        },
        evaluating: {
          description: 'Until no resource of a wait rule is init; then the module goes UP or is blocked.',
          tags: ['WAIT', 'Transient'],
          entry: ['settle', 'armPre', 'phaseEvaluating'],
          always: { guard: 'isHeld', target: 'blocked' },
          on: {
            ...leave('#module.WAIT.stopping'),
            'failover.decided': [
              { guard: 'wakes', target: '#module.UP', actions: 'noteWakeup' },
              { guard: 'waits', target: 'blocked', actions: 'noteWait' },
            ],
          },
        },
        blocked: {
          description: 'A wait rule holds, or an administrator holds the module here.',
          tags: ['WAIT', 'NotReady'],
          entry: ['settle', 'phaseBlocked'],
          on: {
            ...leave('#module.WAIT.stopping'),
            'failover.decided': { guard: 'wakes', target: '#module.UP', actions: 'noteWakeup' },
            'module.wakeup': { target: 'evaluating', actions: 'accept' },
            ...updateIn('#module.WAIT.updating'),
          },
        },
        updating: {
          description: 'Something was changed: the update script runs, with WAIT WAIT. What the module waits for stays so.',
          tags: ['WAIT', 'NotReady'],
          on: { ...interrupt, 'module.wakeup': { actions: 'accept' } },
          invoke: runs(
            () => ({ script: 'update', from: 'WAIT', to: 'WAIT', brief: true, limit: 'nicestop' }),
            [
              { guard: 'leaving', target: '#module.WAIT.stopping' },
              { guard: 'wasResumed', target: '#module.WAIT.blocked', actions: ['armPre'] },
              { target: '#module.WAIT.blocked' },
            ],
          ),
        },
        stopping: {
          description: 'The application does not run; poststop, then STOP.',
          tags: ['WAIT', 'Transient'],
          entry: ['disarmAll', 'phaseOff'],
          on: {
            'module.stop': note['module.stop'],
            'module.shutdown': note['module.shutdown'],
            'module.forcestop': note['module.forcestop'],
          },
          invoke: runs(
            () => ({ script: 'poststop', from: 'WAIT', to: 'STOP', limit: 'forcestop' }),
            [{ guard: 'toStartAgain', target: '#module.STOP', actions: ['startAgain'] }, { target: '#module.STOP' }],
          ),
        },
      },
    },
    UP: {
      description: 'The application is started, serves, is restarted or is being stopped.',
      initial: 'starting',
      on: { 'checker.restamped': { actions: 'followOtherModule' } },
      states: {
        starting: {
          description: 'The transition script, then start_both.',
          tags: ['UP', 'Transient'],
          initial: 'announcing',
          entry: 'phaseOff',
          on: { ...interrupt, 'module.wait': counted('terminateScript') },
          states: {
            announcing: {
              description: 'The transition script runs with WAIT UP start.',
              invoke: runs(
                () => ({ script: 'transition', from: 'WAIT', to: 'UP', limit: 'start' }),
                [
                  { guard: 'forcing', target: '#module.UP.stopping.forced' },
                  { guard: 'leaving', target: '#module.UP.stopping.graceful' },
                  { target: 'running' },
                ],
              ),
            },
            running: {
              description: 'start_both runs.',
              invoke: runs(
                () => ({ script: 'start_both', from: 'WAIT', to: 'UP', limit: 'start' }),
                [
                  { guard: 'forcing', target: '#module.UP.stopping.forced' },
                  { guard: 'leaving', target: '#module.UP.stopping.graceful' },
                  { guard: 'wasResumed', target: '#module.UP.resuming' },
                  { target: '#module.UP.ready' },
                ],
              ),
            },
          },
        },
        resuming: {
          description: 'The daemon came back: a first look tells whether the application is still there. No script runs.',
          tags: ['UP', 'Transient'],
          entry: ['settle', 'armVerifying'],
          after: { surveyLimit: { target: 'ready' } },
          on: {
            ...leave('#module.UP.stopping'),
            ...waitFor('#module.UP.stopping'),
            ...restartBy('#module.UP.restarting', '#module.UP.stopping'),
            'errd.surveyed': { target: 'ready' },
            'module.handle': { target: 'handling', actions: 'acceptHandler' },
          },
        },
        ready: {
          description: 'The application serves; processes, checkers and rules are watched.',
          tags: ['UP', 'Ready', 'serving'],
          entry: ['settle', 'armBoth', 'phaseUp'],
          on: {
            ...leave('#module.UP.stopping'),
            ...waitFor('#module.UP.stopping'),
            ...restartBy('#module.UP.restarting', '#module.UP.stopping'),
            'module.handle': { target: 'handling', actions: 'acceptHandler' },
            ...updateIn('#module.UP.updating'),
          },
        },
        updating: {
          description: 'Something was changed: the update script runs, with UP UP; the application goes on serving.',
          tags: ['UP', 'Ready', 'serving'],
          on: { ...interrupt, 'module.wait': counted('terminateScript'), 'module.restart': counted('terminateScript') },
          invoke: runs(
            () => ({ script: 'update', from: 'UP', to: 'UP', brief: true, limit: 'nicestop' }),
            [
              { guard: 'leaving', target: '#module.UP.stopping' },
              { guard: 'toRestart', target: '#module.UP.restarting' },
              { guard: 'wasResumed', target: '#module.UP.resuming' },
              { target: '#module.UP.ready' },
            ],
          ),
        },
        handling: {
          description: "A process's own handler runs instead of a restart; the application goes on serving.",
          tags: ['UP', 'Ready', 'serving'],
          entry: 'phaseOff',
          on: { ...interrupt, 'module.wait': counted('terminateScript'), 'module.restart': counted('terminateScript') },
          invoke: runs(
            ({ handler }) => ({ script: String(handler), from: 'UP', to: 'UP', limit: 'nicestop' }),
            [
              { guard: 'leaving', target: '#module.UP.stopping' },
              { guard: 'toRestart', target: '#module.UP.restarting' },
              { guard: 'handlerFailed', target: '#module.UP.stopping', actions: ['acceptHandlerFailure', 'watchDeadline'] },
              { guard: 'wasResumed', target: '#module.UP.resuming' },
              { target: '#module.UP.ready' },
            ],
            [
              { guard: 'leaving', target: '#module.UP.stopping' },
              { guard: 'toRestart', target: '#module.UP.restarting' },
              { target: '#module.UP.stopping', actions: ['acceptHandlerFailure', 'watchDeadline'] },
            ],
          ),
        },
        restarting: {
          description: 'stop_both, stop_both force, start_both; the name of the state stays UP.',
          tags: ['UP', 'Transient'],
          initial: 'graceful',
          entry: ['armPre', 'phaseOff'],
          on: note,
          states: {
            graceful: {
              description: 'stop_both runs, within nicestoptimeout.',
              invoke: runs(
                () => ({ script: 'stop_both', from: 'UP', to: 'UP', limit: 'nicestop' }),
                [{ guard: 'leaving', target: '#module.UP.stopping.forced' }, { target: 'forced' }],
              ),
            },
            forced: {
              description: 'stop_both force runs, within forcestoptimeout.',
              invoke: runs(
                () => ({ script: 'stop_both', from: 'UP', to: 'UP', force: true, limit: 'forcestop' }),
                [{ guard: 'leaving', target: '#module.UP.stopping.announcing' }, { target: 'start' }],
              ),
            },
            start: {
              description: 'start_both runs.',
              on: { ...interrupt, 'module.wait': counted('terminateScript') },
              invoke: runs(
                () => ({ script: 'start_both', from: 'UP', to: 'UP', limit: 'start' }),
                [
                  { guard: 'forcing', target: '#module.UP.stopping.forced' },
                  { guard: 'leaving', target: '#module.UP.stopping.graceful' },
                  { guard: 'wasResumed', target: '#module.UP.resuming' },
                  { target: '#module.UP.ready' },
                ],
              ),
            },
          },
        },
        stopping: {
          description:
            'Drain, stop_both, stop_both force, poststop; the intent says what follows. A later, stronger command replaces it.',
          tags: ['UP', 'Transient'],
          initial: 'deciding',
          entry: ['armPre', 'phaseOff'],
          on: {
            'module.wait': note['module.wait'],
            'module.stop': note['module.stop'],
            'module.shutdown': note['module.shutdown'],
            'module.forcestop': note['module.forcestop'],
          },
          states: {
            deciding: {
              description: 'A forced stop begins with the forced call, a planned one with the drain if there is one.',
              always: [{ guard: 'forcing', target: 'forced' }, { guard: 'drains', target: 'draining' }, { target: 'graceful' }],
            },
            draining: {
              description: 'The probe answers 404 and the application goes on serving until the balancers have noticed.',
              entry: 'noteDrain',
              after: { drainTime: { target: 'graceful' } },
              on: {
                'probes.observed': { guard: 'drained', target: 'graceful' },
                'module.forcestop': { target: 'forced', actions: ['accept', 'watchDeadline'] },
              },
              invoke: {
                src: 'drainWatch',
                id: 'drainWatch',
                input: ({ context }) => ({ module: context.plan.module }),
                onError: {
                  target: 'graceful',
                  actions: 'noteDrainDefect',
                },
              },
            },
            graceful: {
              description: 'stop_both runs, within nicestoptimeout.',
              invoke: runs(
                (context) => ({ script: 'stop_both', from: 'UP', to: stopTarget(context), limit: 'nicestop' }),
                [{ target: 'forced' }],
              ),
            },
            forced: {
              description: 'stop_both force runs, within forcestoptimeout.',
              invoke: runs(
                (context) => ({ script: 'stop_both', from: 'UP', to: stopTarget(context), force: true, limit: 'forcestop' }),
                [{ target: 'announcing' }],
              ),
            },
            announcing: {
              description: 'The transition script runs with UP STOP or UP WAIT.',
              invoke: runs(
                (context) => ({ script: 'transition', from: 'UP', to: stopTarget(context), limit: 'forcestop' }),
                [{ guard: 'toWait', target: '#module.WAIT.blocked' }, { target: 'finishing' }],
              ),
            },
            finishing: {
              description: 'The poststop script runs, if there is one.',
              entry: 'disarmAll',
              invoke: runs(
                () => ({ script: 'poststop', from: 'UP', to: 'STOP', limit: 'forcestop' }),
                [
                  { guard: 'toWait', target: '#module.WAIT.evaluating' },
                  { guard: 'toStartAgain', target: '#module.STOP', actions: ['startAgain'] },
                  { target: '#module.STOP' },
                ],
              ),
            },
          },
        },
      },
    },
  },
});
