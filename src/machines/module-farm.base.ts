/**
 * What the module's chart is made of, first half: its types, children, guards, delays, and what its actions are built from. Nothing here
 * touches the world.
 */
import type { AnyEventObject, CallbackLogicFunction } from 'xstate';
import { assertEvent, fromCallback, setup } from 'xstate';
import type { CheckersInput } from './checker.types.js';
import { isArmed, rearmed, resourceOf } from './checker-rules.js';
import { checkersMachine } from './checkers.machine.js';
import { drainCeilingMs, drainComplete } from './drain.js';
import { errdMachine } from './errd.machine.js';
import type { ErrdInput } from './errd.types.js';
import { failoverMachine } from './failover.machine.js';
import type { FailoverInput } from './failover.types.js';
import { becauseOf, type ResourceValues, type RulePhase } from './failover-rules.js';
import { checkedClasses, rulesOf, watchedClasses } from './maintenance.js';
import type { Message } from './messages.js';
import type { CommandEvent, DrainInput, ModuleContext, ModuleEmitted, ModuleEvent, ModuleInput, Origin } from './module.types.js';
import { commandTypes, exceeds, isFailure, isLeaving, isStronger, outcomeOf } from './module-rules.js';
import { scriptMachine } from './script.machine.js';

const notProvided: CallbackLogicFunction<AnyEventObject, AnyEventObject, DrainInput> = () => {
  throw new Error('drain watch not provided');
};
/** The command in an event: what asks for it is used on commands only. */
export function commandIn(event: ModuleEvent): CommandEvent {
  assertEvent(event, commandTypes);
  return event;
}
/** A log line, to be emitted. */
export const emitLine = (line: Message): ModuleEmitted => ({ type: 'log', line });
/** What errd asks for. */
export const errdOrigin: Origin = { kind: 'component', by: 'errd' };
/** Id of the timer that bounds a stop. */
export const overdueId = 'stop-overdue';

/** What errd's machine begins with. */
export const errdInput = (context: ModuleContext): ErrdInput => ({
  procs: context.plan.errd.procs,
  pollTimerMs: context.plan.errd.pollTimerMs,
  disabled: context.disabledClasses,
  extra: context.enabledClasses,
});
/** What the machine of the failover rules begins with. */
export const failoverInput = (context: ModuleContext): FailoverInput => ({
  rules: context.plan.rules,
  handleTimeMs: context.plan.handleTimeMs,
  resources: context.resources,
  ...rulesOf(context.switches),
});

/** What the checkers' machine begins with. */
export const checkersInput = ({ plan }: ModuleContext): CheckersInput => ({ module: plan.module, checkers: plan.checkers });
/** A rule that asks for something, with what made it hold. */
export const ruleOrigin = ({ plan, resources, details }: ModuleContext, rule: string): Origin => {
  const because = becauseOf(plan.rules, rule, resources, details);
  return because === null ? { kind: 'rule', by: rule } : { kind: 'rule', by: rule, because };
};
/** Class of a resource, which is the kind of its checker. */
export const kindOf = (resource: string): string => resource.slice(0, resource.indexOf('.'));

/** Types, children, guards and delays of the module's chart. */
export const base = setup({
  types: {} as {
    context: ModuleContext;
    events: ModuleEvent;
    input: ModuleInput;
    emitted: ModuleEmitted;
    children: { script: 'script'; errd: 'errd'; failover: 'failover'; checkers: 'checkers'; drainWatch: 'drainWatch' };
  },
  actors: {
    script: scriptMachine,
    errd: errdMachine,
    failover: failoverMachine,
    checkers: checkersMachine,
    drainWatch: fromCallback<AnyEventObject, DrainInput>(notProvided),
  },
  guards: {
    /** It would go beyond maxloop. What would not be carried out anyway is not counted. */
    overBudget: ({ context, event }) => isStronger(context, commandIn(event)) && exceeds(context, commandIn(event)),
    stronger: ({ context, event }) => isStronger(context, commandIn(event)),
    leaving: ({ context }) => isLeaving(context.intent),
    forcing: ({ context }) => context.intent === 'forcestop',
    toWait: ({ context }) => context.intent === 'wait',
    toRestart: ({ context }) => context.intent === 'restart',
    toStartAgain: ({ context }) => context.intent === 'stopstart',
    /** What it waits for cannot be judged while something is switched off: it goes on waiting. */
    resumesBlocked: ({ context }) => context.resume?.path === 'WAIT.blocked' && Object.values(context.switches).includes(false),
    isHeld: ({ context }) => context.held,
    wasResumed: ({ context }) => context.resume !== null,
    resumesIn: ({ context }, params: { readonly leaves: readonly string[] }) =>
      params.leaves.includes(context.resume?.path ?? ''),
    /** What comes of a checker whose window has closed meanwhile says nothing. */
    isLookedAt: ({ context, event }) => {
      assertEvent(event, 'checker.valued');
      const classes = checkedClasses(context);
      return context.plan.checkers.some((one) => resourceOf(one) === event.name && isArmed(one, classes));
    },
    wakes: ({ context, event }) => {
      assertEvent(event, 'failover.decided');
      return event.action === 'wakeup' && !context.held;
    },
    waits: ({ event }) => {
      assertEvent(event, 'failover.decided');
      return event.action === 'wait';
    },
    /** Only a planned stop is drained: after a failure nothing is left that could go on serving. */
    drains: ({ context }) => context.plan.drain.kind !== 'none' && context.cause.kind === 'admin',
    drained: ({ context, event }) => {
      assertEvent(event, 'probes.observed');
      return context.plan.drain.kind === 'auto' && drainComplete(event.sources, event.atMs, event.sinceMs);
    },
    handlerFailed: ({ event }) => isFailure(outcomeOf(event)),
  },
  delays: {
    drainTime: ({ context }) => (context.plan.drain.kind === 'time' ? context.plan.drain.ms : drainCeilingMs),
    /** Invariant 4 of the statecharts design, with two seconds to spare. */
    stopDeadline: ({ context }) => {
      const { drain, nicestopTimeoutMs, forcestopTimeoutMs } = context.plan;
      const drainMs = drain.kind === 'time' ? drain.ms : drain.kind === 'auto' ? drainCeilingMs : 0;
      return nicestopTimeoutMs + forcestopTimeoutMs + drainMs + 28_000;
    },
    surveyLimit: 10_000,
    childBackoff: 1_000,
  },
});

/** What was known of why something is down, without what has another value now. */
export const without = (details: Readonly<Record<string, string>>, changed: ResourceValues): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(details).filter(([name]) => !(name in changed)));

/** Opens the windows of these classes for errd and checkers, and closes all others. `verify`: a first look tells whether what should run is there. */
export const arming = (classes: readonly string[], verify: boolean) =>
  base.enqueueActions(({ context, enqueue }) => {
    const { atMs, plan } = context;
    const next = { ...context, armed: classes };
    // The values before the phase: what is looked at for the first time is waited for.
    const changed = rearmed(plan.checkers, checkedClasses(context), checkedClasses(next));
    enqueue.assign({
      armed: classes,
      resources: { ...context.resources, ...changed },
      details: without(context.details, changed),
    });
    for (const [name, value] of Object.entries(changed)) {
      enqueue.emit({ type: 'resource', name, value, by: 'heart', atMs, quiet: true });
      enqueue.sendTo('failover', { type: 'resource.set', name, value, by: 'heart', atMs });
    }
    enqueue.sendTo('checkers', { type: 'checkers.arm', classes: checkedClasses(next), patient: !verify });
    if (classes.length === 0) enqueue.sendTo('errd', { type: 'errd.disarm' });
    else enqueue.sendTo('errd', { type: 'errd.arm', atMs, classes: watchedClasses(next), verify });
  });
/** Tells the failover rules which of them are evaluated from now on. */
export const telling = (phase: RulePhase) =>
  base.enqueueActions(({ context, enqueue }) => {
    enqueue.assign({ phase });
    enqueue.sendTo('failover', { type: 'failover.phase', atMs: context.atMs, phase });
  });
