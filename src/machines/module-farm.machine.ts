/**
 * A farm or light module on one node: STOP, WAIT, UP. Owns the intent, the restart counter and the order of the scripts.
 * Listens to commands (`module.*`), its scripts, errd (`proc.*`), the failover rules (`failover.decided`), the probes during a drain.
 * Sends to its children `errd` and `failover`; emits log lines, values of resources and starts and ends of scripts.
 * Must never: run two scripts at once, carry out a counted action beyond maxloop, be `serving` outside UP (Ready), or end in a state
 * that nothing leaves while the module is meant to be up. Chart: the statecharts design, 'Farm and light'.
 */
import { scriptInput } from './module-rules.js';
import { moduleSetup } from './module-farm.setup.js';
import { resumableLeaves } from './resume.js';

export const moduleFarmMachine = moduleSetup.createMachine({
  id: 'module',
  description: 'A farm or light module on one node',
  context: ({ input }) => ({
    plan: input.plan,
    intent: input.resume?.intent ?? 'none',
    lastIntent: input.resume?.intent ?? 'none',
    wish: input.wish,
    counter: input.counter,
    cause: { kind: 'automatic', by: 'holdfastd' },
    reason: null,
    activeRule: null,
    held: false,
    action: 'start',
    services: [],
    handler: null,
    handlerFailed: false,
    resume: input.resume,
    disabledClasses: input.disabledClasses,
    enabledClasses: input.enabledClasses,
    atMs: 0,
  }),
  entry: ['spawnErrd', 'spawnFailover'],
  initial: 'deciding',
  options: { maxIterations: 100 },
  on: {
    'failover.decided': { actions: 'carryOutDecision' },
    'proc.failed': { actions: ['noteProcessFailure', 'carryOutProcessAction'] },
    'proc.valued': { actions: ['setProcessResource', 'tellFailover'] },
    'resource.assign': { actions: ['setResource', 'tellFailover'] },
    'script.started': { actions: 'noteScriptStart' },
    'script.overtime': { actions: 'noteOvertime' },
    'loop.increment': { actions: 'countLoop' },
    'loop.reset': { actions: 'resetLoop' },
    'errd.switch': { actions: 'noteErrdSwitch' },
    'xstate.error.actor.errd': { actions: 'noteErrdDefect' },
    'xstate.error.actor.failover': { actions: 'noteFailoverDefect' },
    'child.respawn': { actions: 'respawnChild' },
  },
  states: {
    deciding: {
      description: 'Where an earlier run of the daemon left the module decides where it goes on.',
      tags: ['STOP', 'NotReady'],
      always: [
        ...resumableLeaves.map(({ target, leaves }) => ({
          guard: { type: 'resumesIn' as const, params: { leaves } },
          target: `#module.${target}`,
        })),
        { target: 'STOP', actions: 'settle' },
      ],
    },
    STOP: {
      description: 'Nothing runs; the module can be started.',
      tags: ['STOP', 'NotReady'],
      entry: ['disarmAll', 'phaseOff'],
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
          on: {
            'module.stop': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.stopstart': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.shutdown': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.forcestop': { guard: 'stronger', actions: ['accept', 'killScript'] },
          },
          states: {
            announcing: {
              description: 'The transition script runs with STOP WAIT start.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) => scriptInput(context, { script: 'transition', from: 'STOP', to: 'WAIT', limit: 'start' }),
                onDone: [
                  { guard: 'leaving', target: '#module.WAIT.stopping', actions: 'noteScriptEnd' },
                  { target: 'prestart', actions: 'noteScriptEnd' },
                ],
                onError: { target: 'prestart', actions: 'noteScriptDefect' },
              },
            },
            prestart: {
              description: 'The prestart script runs, if there is one.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) => scriptInput(context, { script: 'prestart', from: 'STOP', to: 'WAIT', limit: 'start' }),
                onDone: [
                  { guard: 'leaving', target: '#module.WAIT.stopping', actions: 'noteScriptEnd' },
                  { target: '#module.WAIT.evaluating', actions: 'noteScriptEnd' },
                ],
                onError: { target: '#module.WAIT.evaluating', actions: 'noteScriptDefect' },
              },
            },
          },
        },
        evaluating: {
          description: 'Until no resource of a wait rule is init; then the module goes UP or is blocked.',
          tags: ['WAIT', 'Transient'],
          entry: ['settle', 'armPre', 'phaseEvaluating'],
          on: {
            'failover.decided': [
              { guard: 'wakes', target: '#module.UP' },
              { guard: 'waits', target: 'blocked', actions: 'noteWait' },
            ],
            'module.stop': { target: 'stopping', actions: 'accept' },
            'module.stopstart': { target: 'stopping', actions: 'accept' },
            'module.shutdown': { target: 'stopping', actions: 'accept' },
            'module.forcestop': { target: 'stopping', actions: 'accept' },
          },
        },
        blocked: {
          description: 'A wait rule holds, or an administrator holds the module here.',
          tags: ['WAIT', 'NotReady'],
          entry: ['settle', 'phaseBlocked'],
          on: {
            'failover.decided': { guard: 'wakes', target: '#module.UP', actions: 'noteWakeup' },
            'module.wakeup': { target: 'evaluating', actions: 'accept' },
            'module.stop': { target: 'stopping', actions: 'accept' },
            'module.stopstart': { target: 'stopping', actions: 'accept' },
            'module.shutdown': { target: 'stopping', actions: 'accept' },
            'module.forcestop': { target: 'stopping', actions: 'accept' },
          },
        },
        stopping: {
          description: 'The application does not run; poststop, then STOP.',
          tags: ['WAIT', 'Transient'],
          entry: ['disarmAll', 'phaseOff'],
          after: { stopDeadline: { target: '#module.STOP', actions: ['noteDeadline', 'settle'] } },
          on: {
            'module.stop': { guard: 'stronger', actions: 'accept' },
            'module.shutdown': { guard: 'stronger', actions: 'accept' },
            'module.forcestop': { guard: 'stronger', actions: ['accept', 'killScript'] },
          },
          invoke: {
            src: 'script',
            id: 'script',
            input: ({ context }) => scriptInput(context, { script: 'poststop', from: 'WAIT', to: 'STOP', limit: 'forcestop' }),
            onDone: [
              { guard: 'toStartAgain', target: '#module.STOP', actions: ['noteScriptEnd', 'settle', 'startAgain'] },
              { target: '#module.STOP', actions: ['noteScriptEnd', 'settle'] },
            ],
            onError: { target: '#module.STOP', actions: ['noteScriptDefect', 'settle'] },
          },
        },
      },
    },
    UP: {
      description: 'The application is started, serves, is restarted or is being stopped.',
      initial: 'starting',
      states: {
        starting: {
          description: 'The transition script, then start_both.',
          tags: ['UP', 'Transient'],
          initial: 'announcing',
          entry: 'phaseOff',
          on: {
            'module.stop': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.stopstart': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.wait': [
              { guard: 'overBudget', actions: ['acceptMaxloop', 'terminateScript'] },
              { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            ],
            'module.shutdown': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.forcestop': { guard: 'stronger', actions: ['accept', 'killScript'] },
          },
          states: {
            announcing: {
              description: 'The transition script runs with WAIT UP start.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) => scriptInput(context, { script: 'transition', from: 'WAIT', to: 'UP', limit: 'start' }),
                onDone: [
                  { guard: 'leaving', target: '#module.UP.stopping', actions: 'noteScriptEnd' },
                  { target: 'running', actions: 'noteScriptEnd' },
                ],
                onError: { target: 'running', actions: 'noteScriptDefect' },
              },
            },
            running: {
              description: 'start_both runs.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) => scriptInput(context, { script: 'start_both', from: 'WAIT', to: 'UP', limit: 'start' }),
                onDone: [
                  { guard: 'leaving', target: '#module.UP.stopping', actions: 'noteScriptEnd' },
                  { guard: 'wasResumed', target: '#module.UP.resuming', actions: 'noteScriptEnd' },
                  { target: '#module.UP.ready', actions: 'noteScriptEnd' },
                ],
                onError: { target: '#module.UP.ready', actions: 'noteScriptDefect' },
              },
            },
          },
        },
        resuming: {
          description: 'The daemon came back: a first look tells whether the application is still there. No script runs.',
          tags: ['UP', 'Transient'],
          entry: ['settle', 'armVerifying'],
          after: { surveyLimit: { target: 'ready' } },
          on: {
            'errd.surveyed': { target: 'ready' },
            'module.restart': [
              { guard: 'overBudget', target: 'stopping', actions: 'acceptMaxloop' },
              { target: 'restarting', actions: 'accept' },
            ],
            'module.stopstart': [
              { guard: 'overBudget', target: 'stopping', actions: 'acceptMaxloop' },
              { target: 'stopping', actions: 'accept' },
            ],
            'module.handle': { target: 'handling', actions: 'acceptHandler' },
            'module.stop': { target: 'stopping', actions: 'accept' },
            'module.shutdown': { target: 'stopping', actions: 'accept' },
            'module.forcestop': { target: 'stopping', actions: 'accept' },
          },
        },
        ready: {
          description: 'The application serves; processes, checkers and rules are watched.',
          tags: ['UP', 'Ready', 'serving'],
          entry: ['settle', 'armBoth', 'phaseUp'],
          on: {
            'module.restart': [
              { guard: 'overBudget', target: 'stopping', actions: 'acceptMaxloop' },
              { target: 'restarting', actions: 'accept' },
            ],
            'module.stopstart': [
              { guard: 'overBudget', target: 'stopping', actions: 'acceptMaxloop' },
              { target: 'stopping', actions: 'accept' },
            ],
            'module.wait': [
              { guard: 'overBudget', target: 'stopping', actions: 'acceptMaxloop' },
              { target: 'stopping', actions: 'accept' },
            ],
            'module.handle': { target: 'handling', actions: 'acceptHandler' },
            'module.stop': { target: 'stopping', actions: 'accept' },
            'module.shutdown': { target: 'stopping', actions: 'accept' },
            'module.forcestop': { target: 'stopping', actions: 'accept' },
            'child.respawn': { target: 'ready', reenter: true, actions: 'respawnChild' },
          },
        },
        handling: {
          description: "A process's own handler runs instead of a restart; the application goes on serving.",
          tags: ['UP', 'Ready', 'serving'],
          entry: 'phaseOff',
          on: {
            'module.stop': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.stopstart': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.restart': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.shutdown': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
            'module.forcestop': { guard: 'stronger', actions: ['accept', 'killScript'] },
          },
          invoke: {
            src: 'script',
            id: 'script',
            input: ({ context }) => scriptInput(context, { script: context.handler ?? '', from: 'UP', to: 'UP', limit: 'none' }),
            onDone: { target: 'handled', actions: 'noteScriptEnd' },
            onError: { target: 'handled', actions: 'noteScriptDefect' },
          },
        },
        handled: {
          description: 'The handler ended: success goes on, anything else is a stopstart.',
          tags: ['UP', 'Ready', 'serving'],
          always: [
            { guard: 'leaving', target: 'stopping' },
            { guard: 'toRestart', target: 'restarting' },
            { guard: 'handlerFailed', target: 'stopping', actions: 'acceptHandlerFailure' },
            { target: 'ready' },
          ],
        },
        restarting: {
          description: 'stop_both, stop_both force, start_both; the name of the state stays UP.',
          tags: ['UP', 'Transient'],
          initial: 'graceful',
          entry: ['armPre', 'phaseOff'],
          on: {
            'module.stop': { guard: 'stronger', actions: 'accept' },
            'module.stopstart': { guard: 'stronger', actions: 'accept' },
            'module.shutdown': { guard: 'stronger', actions: 'accept' },
            'module.forcestop': { guard: 'stronger', actions: ['accept', 'killScript'] },
          },
          states: {
            graceful: {
              description: 'stop_both runs, within nicestoptimeout.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) => scriptInput(context, { script: 'stop_both', from: 'UP', to: 'UP', limit: 'nicestop' }),
                onDone: [
                  { guard: 'leaving', target: '#module.UP.stopping.forced', actions: 'noteScriptEnd' },
                  { target: 'forced', actions: 'noteScriptEnd' },
                ],
                onError: { target: 'forced', actions: 'noteScriptDefect' },
              },
            },
            forced: {
              description: 'stop_both force runs, within forcestoptimeout.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) => scriptInput(context, { script: 'stop_both', from: 'UP', to: 'UP', force: true, limit: 'forcestop' }),
                onDone: [
                  { guard: 'leaving', target: '#module.UP.stopping.announcing', actions: 'noteScriptEnd' },
                  { target: 'start', actions: 'noteScriptEnd' },
                ],
                onError: { target: 'start', actions: 'noteScriptDefect' },
              },
            },
            start: {
              description: 'start_both runs.',
              on: {
                'module.stop': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
                'module.stopstart': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
                'module.shutdown': { guard: 'stronger', actions: ['accept', 'terminateScript'] },
              },
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) => scriptInput(context, { script: 'start_both', from: 'UP', to: 'UP', limit: 'start' }),
                onDone: [
                  { guard: 'leaving', target: '#module.UP.stopping', actions: 'noteScriptEnd' },
                  { guard: 'wasResumed', target: '#module.UP.resuming', actions: 'noteScriptEnd' },
                  { target: '#module.UP.ready', actions: 'noteScriptEnd' },
                ],
                onError: { target: '#module.UP.ready', actions: 'noteScriptDefect' },
              },
            },
          },
        },
        stopping: {
          description: 'Drain, stop_both, stop_both force, poststop; the intent says what follows. A later, stronger command replaces it.',
          tags: ['UP', 'Transient'],
          initial: 'deciding',
          entry: ['armPre', 'phaseOff'],
          after: {
            stopDeadline: [
              { guard: 'toWait', target: '#module.WAIT.blocked', actions: 'noteDeadline' },
              { guard: 'toStartAgain', target: '#module.STOP', actions: ['noteDeadline', 'settle', 'startAgain'] },
              { target: '#module.STOP', actions: ['noteDeadline', 'settle'] },
            ],
          },
          on: {
            'module.wait': { guard: 'stronger', actions: 'accept' },
            'module.stop': { guard: 'stronger', actions: 'accept' },
            'module.shutdown': { guard: 'stronger', actions: 'accept' },
            'module.forcestop': { guard: 'stronger', actions: ['accept', 'killScript'] },
          },
          states: {
            deciding: {
              description: 'A forced stop begins with the forced call, another one with the drain if there is one.',
              always: [{ guard: 'forcing', target: 'forced' }, { guard: 'drains', target: 'draining' }, { target: 'graceful' }],
            },
            draining: {
              description: 'The probe answers 404 and the application goes on serving until the balancers have noticed.',
              entry: 'noteDrain',
              after: { drainTime: { target: 'graceful' } },
              on: {
                'probes.observed': { guard: 'drained', target: 'graceful' },
                'module.forcestop': { target: 'forced', actions: 'accept' },
              },
              invoke: {
                src: 'drainWatch',
                id: 'drainWatch',
                input: ({ context }) => ({ module: context.plan.module }),
                onError: { target: 'graceful', actions: 'noteScriptDefect' },
              },
            },
            graceful: {
              description: 'stop_both runs, within nicestoptimeout.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) =>
                  scriptInput(context, { script: 'stop_both', from: 'UP', to: context.intent === 'wait' ? 'WAIT' : 'STOP', limit: 'nicestop' }),
                onDone: { target: 'forced', actions: 'noteScriptEnd' },
                onError: { target: 'forced', actions: 'noteScriptDefect' },
              },
            },
            forced: {
              description: 'stop_both force runs, within forcestoptimeout.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) =>
                  scriptInput(context, {
                    script: 'stop_both',
                    from: 'UP',
                    to: context.intent === 'wait' ? 'WAIT' : 'STOP',
                    force: true,
                    limit: 'forcestop',
                  }),
                onDone: { target: 'announcing', actions: 'noteScriptEnd' },
                onError: { target: 'announcing', actions: 'noteScriptDefect' },
              },
            },
            announcing: {
              description: 'The transition script runs with UP STOP or UP WAIT.',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) =>
                  scriptInput(context, { script: 'transition', from: 'UP', to: context.intent === 'wait' ? 'WAIT' : 'STOP', limit: 'forcestop' }),
                onDone: [
                  { guard: 'toWait', target: '#module.WAIT.blocked', actions: 'noteScriptEnd' },
                  { target: 'finishing', actions: 'noteScriptEnd' },
                ],
                onError: [{ guard: 'toWait', target: '#module.WAIT.blocked', actions: 'noteScriptDefect' }, { target: 'finishing', actions: 'noteScriptDefect' }],
              },
            },
            finishing: {
              description: 'The poststop script runs, if there is one.',
              entry: 'disarmAll',
              invoke: {
                src: 'script',
                id: 'script',
                input: ({ context }) => scriptInput(context, { script: 'poststop', from: 'UP', to: 'STOP', limit: 'forcestop' }),
                onDone: [
                  { guard: 'toStartAgain', target: '#module.STOP', actions: ['noteScriptEnd', 'settle', 'startAgain'] },
                  { target: '#module.STOP', actions: ['noteScriptEnd', 'settle'] },
                ],
                onError: { target: '#module.STOP', actions: ['noteScriptDefect', 'settle'] },
              },
            },
          },
        },
      },
    },
  },
});
