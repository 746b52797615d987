/**
 * The membership of one node: which peers live, who leads, who owns which share of the traffic.
 *
 * Listens to the pulses and packets that its transport hands over in their true order and with their true times, and to the state
 * of this node's modules. Emits what to publish, and what changed. Never asks for the time, never draws lots, never touches a
 * socket: the simulator runs hundreds of it in one process. The work is done by `step`; the chart shows the mode the node is in.
 */
import { enqueueActions, setup } from 'xstate';
import type { MembershipContext, MembershipEffect, MembershipEvent, MembershipInput } from './membership.types.js';
import { startContext, step } from './membership-step.js';

export const membershipMachine = setup({
  types: {} as {
    input: MembershipInput;
    context: MembershipContext;
    events: MembershipEvent;
    emitted: MembershipEffect;
    tags: 'joining' | 'member' | 'stopped';
  },
  actions: {
    /** Carries out one event: new context, and its effects in order. */
    carryOut: enqueueActions(({ context, event, enqueue }) => {
      const next = step(context, event);
      enqueue.assign(() => next.context);
      for (const effect of next.effects) enqueue.emit(effect);
    }),
  },
  guards: {
    leads: ({ context }) => context.joined && context.view.leader === context.input.self,
    follows: ({ context }) => context.joined && context.view.leader !== context.input.self,
  },
}).createMachine({
  id: 'membership',
  options: { maxIterations: 100 },
  context: ({ input }) => startContext(input),
  initial: 'active',
  states: {
    active: {
      description: 'The node takes part: it listens, and its pulses go out.',
      on: {
        PULSE_DUE: { actions: 'carryOut' },
        PACKET: { actions: 'carryOut' },
        CLOCK_GAP: { actions: 'carryOut' },
        LOCAL_STATE: { actions: 'carryOut' },
        STOP: { target: 'stopped' },
      },
      initial: 'joining',
      states: {
        joining: {
          description: 'Just started: listens to who is there, until a leader takes it in or nobody can have stayed unheard.',
          tags: ['joining'],
          always: [
            { guard: 'leads', target: 'leading' },
            { guard: 'follows', target: 'following' },
          ],
        },
        leading: {
          description: 'The lowest-ordered live node: publishes the view and the share maps.',
          tags: ['member'],
          always: { guard: 'follows', target: 'following' },
        },
        following: {
          description: 'Holds the newest view of the leader that it hears.',
          tags: ['member'],
          always: { guard: 'leads', target: 'leading' },
        },
      },
    },
    stopped: {
      description: 'Said goodbye: nothing is taken in and nothing is told any more.',
      tags: ['stopped'],
      type: 'final',
    },
  },
});
