/**
 * Events that a state of a machine lets pass, with the reason in a word. What is neither handled nor listed here fails the test
 * of the matrix: nothing is ignored by oversight.
 */

/**
 * already: it is so, or on its way · weaker: the module is on its way to something stronger · refused: the command is answered
 * with an error before it gets here · later: the failure is reported again, and taken then · late: the answer to a question that
 * is no longer asked · elsewhere: another part of the same chart takes it · passing: the state is left in the step that entered it · ending: a signal was sent, or is not needed any more
 */
export type Reason = 'already' | 'weaker' | 'refused' | 'later' | 'late' | 'elsewhere' | 'passing' | 'ending';

export interface Ignored {
  readonly event: string;
  /** Leaves, or states with all their leaves. */
  readonly states: readonly string[];
  readonly reason: Reason;
}

export const ignoredEvents: Readonly<
  Record<'module' | 'errd' | 'failover' | 'checker' | 'checkers' | 'script' | 'node', readonly Ignored[]>
> = {
  module: [
    ...['start', 'stop', 'restart', 'stopstart', 'wait', 'wakeup', 'forcestop', 'shutdown', 'handle'].map(
      (command): Ignored => ({ event: `module.${command}`, states: ['deciding'], reason: 'passing' }),
    ),
    { event: 'errd.surveyed', states: ['deciding'], reason: 'passing' },
    { event: 'checker.restamped', states: ['deciding'], reason: 'passing' },
    { event: 'checker.restamped', states: ['STOP', 'WAIT'], reason: 'already' },
    { event: 'probes.observed', states: ['deciding'], reason: 'passing' },

    { event: 'module.start', states: ['WAIT.preparing', 'WAIT.evaluating', 'WAIT.blocked', 'WAIT.updating'], reason: 'already' },
    {
      event: 'module.start',
      states: ['UP.starting', 'UP.resuming', 'UP.ready', 'UP.handling', 'UP.updating', 'UP.restarting'],
      reason: 'already',
    },
    { event: 'module.start', states: ['WAIT.stopping', 'UP.stopping'], reason: 'refused' },

    { event: 'module.stop', states: ['STOP'], reason: 'already' },
    { event: 'module.shutdown', states: ['STOP'], reason: 'already' },
    { event: 'module.forcestop', states: ['STOP'], reason: 'already' },

    { event: 'module.restart', states: ['STOP', 'WAIT'], reason: 'refused' },
    { event: 'module.restart', states: ['UP.starting', 'UP.restarting'], reason: 'already' },
    { event: 'module.restart', states: ['UP.stopping'], reason: 'weaker' },

    { event: 'module.stopstart', states: ['STOP'], reason: 'refused' },
    { event: 'module.stopstart', states: ['WAIT.stopping', 'UP.stopping'], reason: 'weaker' },

    { event: 'module.wait', states: ['STOP', 'WAIT.preparing', 'WAIT.evaluating', 'WAIT.stopping'], reason: 'refused' },
    { event: 'module.wait', states: ['WAIT.blocked', 'WAIT.updating'], reason: 'already' },

    { event: 'module.wakeup', states: ['STOP', 'WAIT.preparing', 'WAIT.stopping', 'UP'], reason: 'refused' },
    { event: 'module.wakeup', states: ['WAIT.evaluating'], reason: 'already' },

    {
      event: 'module.handle',
      states: ['STOP', 'WAIT', 'UP.starting', 'UP.handling', 'UP.updating', 'UP.restarting'],
      reason: 'later',
    },
    { event: 'module.handle', states: ['UP.stopping'], reason: 'weaker' },

    {
      event: 'errd.surveyed',
      states: ['STOP', 'WAIT', 'UP.starting', 'UP.handling', 'UP.updating', 'UP.restarting', 'UP.stopping'],
      reason: 'late',
    },
    { event: 'errd.surveyed', states: ['UP.ready'], reason: 'already' },

    {
      event: 'probes.observed',
      states: ['STOP', 'WAIT', 'UP.starting', 'UP.resuming', 'UP.ready', 'UP.handling', 'UP.updating'],
      reason: 'late',
    },
    { event: 'probes.observed', states: ['UP.restarting', 'UP.stopping.deciding', 'UP.stopping.graceful'], reason: 'late' },
    {
      event: 'probes.observed',
      states: ['UP.stopping.forced', 'UP.stopping.announcing', 'UP.stopping.finishing'],
      reason: 'late',
    },
  ],
  errd: [
    { event: 'process.exited', states: ['idle'], reason: 'late' },
    { event: 'processes.seen', states: ['idle'], reason: 'late' },
    { event: 'scan.failed', states: ['idle'], reason: 'late' },
    { event: 'scan.due', states: ['idle'], reason: 'late' },
  ],
  failover: [],
  checker: [
    { event: 'checker.arm', states: ['looping', 'armed'], reason: 'already' },
    { event: 'checker.disarm', states: ['disarmed'], reason: 'already' },
    { event: 'check.ended', states: ['disarmed', 'looping', 'armed.look.resting'], reason: 'late' },
    { event: 'check.ended', states: ['armed.beat'], reason: 'elsewhere' },
    { event: 'check.due', states: ['disarmed', 'looping'], reason: 'late' },
    { event: 'check.due', states: ['armed.verdict', 'armed.beat'], reason: 'elsewhere' },
    { event: 'program.ended', states: ['disarmed', 'looping.pausing', 'armed'], reason: 'late' },
  ],
  checkers: [],
  script: [
    ...['script.started', 'script.exited', 'script.failed', 'script.absent', 'script.terminate', 'script.kill'].map(
      (event): Ignored => ({ event, states: ['done'], reason: 'late' }),
    ),
    { event: 'script.terminate', states: ['alive.terminating', 'alive.killing'], reason: 'ending' },
  ],
  node: [
    { event: 'module.add', states: ['left'], reason: 'late' },
    { event: 'module.remove', states: ['left'], reason: 'late' },
    { event: 'node.leave', states: ['left'], reason: 'already' },
  ],
};
