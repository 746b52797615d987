/**
 * Failover rules of one module: owns the resources' values and the decision that must hold for `handle_time`.
 * Listens to `resource.set` and `failover.phase` (which part of its life the module is in). Sends `failover.decided` to the module.
 * Never acts by itself, never repeats a decision while it is being carried out: the module changes the phase, and that begins anew.
 */
import { assign, sendParent, setup } from 'xstate';
import type { FailoverContext, FailoverEvent, FailoverInput, FailoverVerdict } from './failover.types.js';
import type { Decision } from './failover-rules.js';
import { decide } from './failover-rules.js';
import { present } from './present.js';

const same = (left: Decision | null, right: Decision | null): boolean =>
  left === right || (left !== null && right !== null && left.action === right.action && left.rule === right.rule);

/** What the context becomes when an event is learnt, the new candidate included. */
function learn(context: FailoverContext, event: FailoverEvent): FailoverContext {
  const phase = event.type === 'failover.phase' ? event.phase : context.phase;
  const resources = event.type === 'resource.set' ? { ...context.resources, [event.name]: event.value } : context.resources;
  const candidate = decide(context.rules, resources, phase);
  const goesOn = event.type !== 'failover.phase' && same(context.candidate, candidate);
  return {
    ...context,
    phase,
    resources,
    atMs: event.atMs,
    candidate,
    candidateSinceMs: goesOn ? context.candidateSinceMs : event.atMs,
  };
}

export const failoverMachine = setup({
  types: {} as { context: FailoverContext; events: FailoverEvent; input: FailoverInput },
  actions: {
    learn: assign(({ context, event }) => learn(context, event)),
    sendDecision: sendParent(({ context }, params: { waited: boolean }): FailoverVerdict => {
      const { action, rule } = present(context.candidate, 'the decision');
      return {
        type: 'failover.decided',
        action,
        rule,
        atMs: context.candidateSinceMs + (params.waited ? context.handleTimeMs : 0),
      };
    }),
  },
  guards: {
    decidesNow: ({ context, event }) => {
      const next = learn(context, event);
      return next.candidate !== null && (next.candidate.immediate || context.handleTimeMs === 0);
    },
    decidesLater: ({ context, event }) => learn(context, event).candidate !== null,
    sameDecision: ({ context, event }) =>
      event.type !== 'failover.phase' && same(context.candidate, learn(context, event).candidate),
  },
  delays: { handleTime: ({ context }) => context.handleTimeMs },
}).createMachine({
  id: 'failover',
  description: 'Failover rules of one module',
  context: ({ input }) => ({ ...input, phase: 'off', candidate: null, candidateSinceMs: 0, atMs: 0 }),
  initial: 'settled',
  options: { maxIterations: 100 },
  states: {
    settled: {
      description: 'No rule asks for an action, or the one that does was handed to the module.',
      tags: ['settled'],
      on: {
        'resource.set': [
          { guard: 'sameDecision', actions: 'learn' },
          { guard: 'decidesNow', actions: ['learn', { type: 'sendDecision', params: { waited: false } }] },
          { guard: 'decidesLater', target: 'pending', actions: 'learn' },
          { actions: 'learn' },
        ],
        'failover.phase': [
          { guard: 'decidesNow', actions: ['learn', { type: 'sendDecision', params: { waited: false } }] },
          { guard: 'decidesLater', target: 'pending', actions: 'learn' },
          { actions: 'learn' },
        ],
      },
    },
    pending: {
      description: 'A rule asks for an action; it must go on doing so for handle_time.',
      tags: ['pending'],
      after: { handleTime: { target: 'settled', actions: { type: 'sendDecision', params: { waited: true } } } },
      on: {
        'resource.set': [
          { guard: 'sameDecision', actions: 'learn' },
          { guard: 'decidesLater', target: 'pending', reenter: true, actions: 'learn' },
          { target: 'settled', actions: 'learn' },
        ],
        'failover.phase': [
          { guard: 'decidesNow', target: 'settled', actions: ['learn', { type: 'sendDecision', params: { waited: false } }] },
          { guard: 'decidesLater', target: 'pending', reenter: true, actions: 'learn' },
          { target: 'settled', actions: 'learn' },
        ],
      },
    },
  },
});
