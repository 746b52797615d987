/**
 * The checkers of one module: owns one checker chart for each, and which windows are open.
 * Listens to `checkers.arm` (the module's windows), `checkers.configure` (other checkers while the module runs) and to what its
 * checkers say, which it passes on to the module. Decides nothing; the module gives the resources their first values.
 */
import { assertEvent, enqueueActions, sendParent, setup } from 'xstate';
import { checkerMachine } from './checker.machine.js';
import type { CheckersContext, CheckersEvent, CheckersInput } from './checker.types.js';
import { firstPauseOf, isArmed, resourceOf, sameChecker } from './checker-rules.js';

export const checkersMachine = setup({
  types: {} as { context: CheckersContext; events: CheckersEvent; input: CheckersInput },
  actors: { checker: checkerMachine },
  actions: {
    spawnAll: enqueueActions(({ context, enqueue }) => {
      const { module, checkers } = context.plan;
      for (const [index, checker] of checkers.entries()) {
        const firstPauseMs = firstPauseOf(checker, index, checkers.length);
        enqueue.spawnChild('checker', { id: resourceOf(checker), input: { module, checker, firstPauseMs } });
      }
    }),
    arm: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'checkers.arm');
      const { classes, patient } = event;
      for (const checker of context.plan.checkers) {
        const [was, is] = [isArmed(checker, context.classes), isArmed(checker, classes)];
        if (was === is) continue;
        const arm = { type: 'checker.arm' as const, patient: patient && checker.when !== 'pre' };
        enqueue.sendTo(resourceOf(checker), is ? arm : { type: 'checker.disarm' as const });
      }
      enqueue.assign({ classes });
    }),
    configure: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'checkers.configure');
      const { checkers } = event;
      const { module, checkers: before } = context.plan;
      const isKept = (checker: CheckersInput['checkers'][number], among: CheckersInput['checkers']): boolean =>
        among.some((one) => sameChecker(one, checker));
      for (const checker of before) if (!isKept(checker, checkers)) enqueue.stopChild(resourceOf(checker));
      for (const [index, checker] of checkers.entries()) {
        if (isKept(checker, before)) continue;
        const firstPauseMs = firstPauseOf(checker, index, checkers.length);
        enqueue.spawnChild('checker', { id: resourceOf(checker), input: { module, checker, firstPauseMs } });
        // The application runs: there is nothing to hope for.
        if (isArmed(checker, context.classes)) enqueue.sendTo(resourceOf(checker), { type: 'checker.arm', patient: false });
      }
      enqueue.assign({ plan: { module, checkers } });
    }),
    passOn: sendParent(({ event }) => {
      assertEvent(event, ['checker.valued', 'checker.restamped', 'checker.noted']);
      return event;
    }),
  },
}).createMachine({
  id: 'checkers',
  description: 'The checkers of one module',
  context: ({ input }) => ({ plan: input, classes: [] }),
  entry: 'spawnAll',
  initial: 'running',
  options: { maxIterations: 100 },
  states: {
    running: {
      description: 'Checkers are armed and disarmed with the windows of the module.',
      tags: ['running'],
      on: {
        'checkers.arm': { actions: 'arm' },
        'checkers.configure': { actions: 'configure' },
        'checker.valued': { actions: 'passOn' },
        'checker.restamped': { actions: 'passOn' },
        'checker.noted': { actions: 'passOn' },
      },
    },
  },
});
