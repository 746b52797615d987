/**
 * Failover rules of one module: owns the resources' values and the decision that must hold for `handle_time`.
 * Listens to `resource.set`, `failover.phase` (which part of its life the module is in), `failover.switch` (maintenance) and
 * `failover.reconfigure` (other rules). Sends `failover.decided` to the module.
 * Never acts by itself, never repeats a decision while it is being carried out: the module changes the phase, and that begins anew.
 */
import { assign, sendParent, setup } from 'xstate';
import type { FailoverContext, FailoverEvent, FailoverInput, FailoverVerdict } from './failover.types.js';
import type { Decision } from './failover-rules.js';
import { decide, implicitWakeup } from './failover-rules.js';
import { present } from './present.js';

const same = (left: Decision | null, right: Decision | null): boolean =>
  left === right || (left !== null && right !== null && left.action === right.action && left.rule === right.rule);

/** What the context becomes when an event is learnt, the new candidate included. */
function learn(context: FailoverContext, event: FailoverEvent): FailoverContext {
  const next = { ...context, ...news(context, event) };
  const candidate = decisionOf(next);
  const goesOn = event.type !== 'failover.phase' && same(context.candidate, candidate);
  // The module tells its phases with the time of its last command, which may be long ago.
  const atMs = Math.max(context.atMs, event.atMs);
  return { ...next, atMs, candidate, candidateSinceMs: goesOn ? context.candidateSinceMs : atMs };
}
function news(context: FailoverContext, event: FailoverEvent): Partial<FailoverContext> {
  switch (event.type) {
    case 'resource.set':
      return { resources: { ...context.resources, [event.name]: event.value } };
    case 'failover.phase':
      return { phase: event.phase };
    case 'failover.switch':
      return { enabled: event.enabled, awaits: event.awaits };
    case 'failover.reconfigure':
      return { rules: event.rules, handleTimeMs: event.handleTimeMs, resources: event.resources };
  }
}
/** With rules switched off nothing is decided, but a start goes on; where nothing is checked it does not wait for first results either. */
function decisionOf({ rules, resources, phase, enabled, awaits }: FailoverContext): Decision | null {
  const decision = enabled ? decide(rules, resources, phase) : null;
  const goesOn = decision === null && phase === 'evaluating' && !(enabled && awaits);
  return goesOn ? { action: 'wakeup', rule: implicitWakeup, immediate: true } : decision;
}

/** What is learnt while nothing is pending: a decision that was handed over already is not handed over again. */
const learnSettled = [
  { guard: 'sameDecision', actions: 'learn' },
  { guard: 'decidesNow', actions: ['learn', { type: 'sendDecision', params: { waited: false } }] },
  { guard: 'decidesLater', target: 'pending', actions: 'learn' },
  { actions: 'learn' },
] as const;
/** What is learnt while a decision waits: it goes on waiting, another one begins to, or there is none any more. */
const learnPending = [
  { guard: 'sameDecision', actions: 'learn' },
  { guard: 'decidesLater', target: 'pending', reenter: true, actions: 'learn' },
  { target: 'settled', actions: 'learn' },
] as const;

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
  context: ({ input }) => ({
    enabled: true,
    awaits: true,
    ...input,
    phase: 'off',
    candidate: null,
    candidateSinceMs: 0,
    atMs: 0,
  }),
  initial: 'settled',
  options: { maxIterations: 100 },
  states: {
    settled: {
      description: 'No rule asks for an action, or the one that does was handed to the module.',
      tags: ['settled'],
      on: {
        'resource.set': learnSettled,
        'failover.switch': learnSettled,
        'failover.reconfigure': learnSettled,
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
        'resource.set': learnPending,
        'failover.switch': learnPending,
        'failover.reconfigure': learnPending,
        'failover.phase': [
          { guard: 'decidesNow', target: 'settled', actions: ['learn', { type: 'sendDecision', params: { waited: false } }] },
          { guard: 'decidesLater', target: 'pending', reenter: true, actions: 'learn' },
          { target: 'settled', actions: 'learn' },
        ],
      },
    },
  },
});
