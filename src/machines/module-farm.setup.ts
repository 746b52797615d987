/**
 * What the module's chart is made of: its types, actors, actions, guards and delays, each named. The chart itself is in
 * `module-farm.machine.ts`. Actions compute, emit, and tell children; nothing here touches the world.
 */
import type { AnyEventObject, CallbackLogicFunction, DoneActorEvent } from 'xstate';
import { fromCallback, setup } from 'xstate';
import { drainCeilingMs, drainComplete } from './drain.js';
import { errdMachine } from './errd.machine.js';
import { standardClasses } from './errd-rules.js';
import { failoverMachine } from './failover.machine.js';
import type { ErrdEvent } from './errd.types.js';
import type { FailoverEvent } from './failover.types.js';
import type { RulePhase } from './failover-rules.js';
import { messages } from './messages.js';
import type { Message } from './messages.js';
import {
  accept,
  acceptMaxloop,
  commandOf,
  exceeds,
  intentStrength,
  isCounted,
  isStronger,
  originLine,
  outcomeLine,
  outcomeValue,
} from './module-rules.js';
import type { CommandEvent, DrainInput, ModuleContext, ModuleEmitted, ModuleEvent, ModuleInput, Origin } from './module.types.js';
import { countAction, emptyCounter } from './restart-counter.js';
import { scriptMachine } from './script.machine.js';
import type { ScriptOutcome } from './script.types.js';

const notProvided: CallbackLogicFunction<AnyEventObject, AnyEventObject, DrainInput> = () => {
  throw new Error('drain watch not provided');
};
const isCommand = (event: ModuleEvent): event is CommandEvent => 'origin' in event;
const emitLine = (line: Message): ModuleEmitted => ({ type: 'log', line });
const errdOrigin: Origin = { kind: 'component', by: 'errd' };

/** The output of a script that is done; its event is the runtime's own. */
const outcomeOf = (event: AnyEventObject): ScriptOutcome | null => {
  const isDone = (one: AnyEventObject): one is DoneActorEvent<ScriptOutcome> => one.type.startsWith('xstate.done.actor.');
  return isDone(event) ? event.output : null;
};
const errorOf = (event: AnyEventObject): string => ('error' in event ? String(event['error']) : 'unknown');
const armEvent = (context: ModuleContext, classes: readonly string[], verify: boolean): ErrdEvent => ({
  type: 'errd.arm',
  atMs: context.atMs,
  classes,
  verify,
});
const phaseEvent = (context: ModuleContext, phase: RulePhase): FailoverEvent => ({ type: 'failover.phase', atMs: context.atMs, phase });

const base = setup({
  types: {} as {
    context: ModuleContext;
    events: ModuleEvent;
    input: ModuleInput;
    emitted: ModuleEmitted;
    children: { script: 'script'; errd: 'errd'; failover: 'failover'; drainWatch: 'drainWatch' };
  },
  actors: {
    script: scriptMachine,
    errd: errdMachine,
    failover: failoverMachine,
    drainWatch: fromCallback<AnyEventObject, DrainInput>(notProvided),
  },
  guards: {
    overBudget: ({ context, event }) => isCommand(event) && exceeds(context, event),
    stronger: ({ context, event }) => isCommand(event) && isStronger(context, event),
    leaving: ({ context }) => intentStrength[context.intent] >= intentStrength.stopstart,
    forcing: ({ context }) => context.intent === 'forcestop',
    toWait: ({ context }) => context.intent === 'wait',
    toRestart: ({ context }) => context.intent === 'restart',
    toStartAgain: ({ context }) => context.intent === 'stopstart',
    wasResumed: ({ context }) => context.resume !== null,
    resumesIn: ({ context }, params: { readonly leaves: readonly string[] }) => params.leaves.includes(context.resume?.path ?? ''),
    wakes: ({ context, event }) => event.type === 'failover.decided' && event.action === 'wakeup' && !context.held,
    waits: ({ event }) => event.type === 'failover.decided' && event.action === 'wait',
    drains: ({ context }) => context.plan.drain.kind !== 'none',
    drained: ({ context, event }) =>
      context.plan.drain.kind === 'auto' && event.type === 'probes.observed' && drainComplete(event.sources, event.atMs, event.sinceMs),
    handlerFailed: ({ context }) => context.handlerFailed,
  },
  delays: {
    drainTime: ({ context }) => (context.plan.drain.kind === 'time' ? context.plan.drain.ms : drainCeilingMs),
    stopDeadline: ({ context }) => {
      const { drain, nicestopTimeoutMs, forcestopTimeoutMs } = context.plan;
      const drainMs = drain.kind === 'time' ? drain.ms : drain.kind === 'auto' ? drainCeilingMs : 0;
      return nicestopTimeoutMs + forcestopTimeoutMs + drainMs + 15_000;
    },
    surveyLimit: 10_000,
    childBackoff: 1_000,
  },
});

/** Chart of a farm or light module without its states: `createMachine` in `module-farm.machine.ts` adds them. */
export const moduleSetup = base.extend({
  actions: {
    // ---------------------------------------------------------------- children
    spawnErrd: base.spawnChild('errd', {
      id: 'errd',
      input: ({ context }) => ({
        procs: context.plan.errd.procs,
        pollTimerMs: context.plan.errd.pollTimerMs,
        disabled: context.disabledClasses,
        extra: context.enabledClasses,
      }),
    }),
    spawnFailover: base.spawnChild('failover', {
      id: 'failover',
      input: ({ context }) => ({ rules: context.plan.rules, handleTimeMs: context.plan.handleTimeMs, resources: {} }),
    }),
    noteErrdDefect: base.enqueueActions(({ enqueue, event }) => {
      enqueue.emit(emitLine(messages.partFailed('errd', errorOf(event))));
      enqueue.raise({ type: 'child.respawn', child: 'errd' }, { delay: 'childBackoff' });
    }),
    noteFailoverDefect: base.enqueueActions(({ enqueue, event }) => {
      enqueue.emit(emitLine(messages.partFailed('failover', errorOf(event))));
      enqueue.raise({ type: 'child.respawn', child: 'failover' }, { delay: 'childBackoff' });
    }),
    respawnChild: base.enqueueActions(({ context, enqueue, event }) => {
      if (event.type !== 'child.respawn') return;
      enqueue.stopChild(event.child);
      if (event.child === 'failover') {
        enqueue.spawnChild('failover', {
          id: 'failover',
          input: { rules: context.plan.rules, handleTimeMs: context.plan.handleTimeMs, resources: {} },
        });
        return;
      }
      const { procs, pollTimerMs } = context.plan.errd;
      enqueue.spawnChild('errd', {
        id: 'errd',
        input: { procs, pollTimerMs, disabled: context.disabledClasses, extra: context.enabledClasses },
      });
    }),
    armPre: base.sendTo('errd', ({ context }) => armEvent(context, ['pre'], false)),
    armBoth: base.sendTo('errd', ({ context }) => armEvent(context, ['pre', 'both'], false)),
    armVerifying: base.sendTo('errd', ({ context }) => armEvent(context, ['pre', 'both'], true)),
    disarmAll: base.sendTo('errd', { type: 'errd.disarm' }),
    phaseOff: base.sendTo('failover', ({ context }) => phaseEvent(context, 'off')),
    phaseEvaluating: base.sendTo('failover', ({ context }) => phaseEvent(context, 'evaluating')),
    phaseBlocked: base.sendTo('failover', ({ context }) => phaseEvent(context, 'blocked')),
    phaseUp: base.sendTo('failover', ({ context }) => phaseEvent(context, 'up')),
    terminateScript: base.sendTo('script', { type: 'script.terminate' }),
    killScript: base.sendTo('script', { type: 'script.kill' }),

    // ---------------------------------------------------------------- commands
    accept: base.enqueueActions(({ context, event, enqueue }) => {
      if (!isCommand(event)) return;
      const change = accept(context, event);
      enqueue.assign(change);
      enqueue.emit(emitLine(originLine(commandOf(event), event.origin)));
      if (isCounted(event) && change.counter) {
        enqueue.emit(emitLine(messages.loopCount(change.counter.count, context.plan.limits.maxloop, event.origin.by)));
      }
    }),
    acceptMaxloop: base.enqueueActions(({ context, event, enqueue }) => {
      if (!isCommand(event)) return;
      enqueue.assign(acceptMaxloop(context, event));
      enqueue.emit(emitLine(messages.actionByMaxloop()));
    }),
    acceptHandler: base.enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'module.handle') return;
      enqueue.assign({ handler: event.handler, handlerFailed: false, atMs: event.atMs, action: 'restart', services: [] });
      enqueue.emit(emitLine(messages.processHandler(event.proc, event.handler)));
    }),
    acceptHandlerFailure: base.enqueueActions(({ context, enqueue }) => {
      enqueue.assign({
        intent: 'stopstart',
        lastIntent: 'stopstart',
        action: 'stopstart',
        cause: errdOrigin,
        reason: `stopstart: handler ${context.handler ?? ''} failed`,
        handler: null,
      });
      enqueue.emit(emitLine(originLine('stopstart', errdOrigin)));
    }),
    startAgain: base.raise(({ context }) => ({
      type: 'module.start' as const,
      origin: { kind: 'automatic' as const, by: 'holdfastd' },
      atMs: context.atMs,
    })),
    /** A resting state was reached: nothing is under way any more. */
    settle: base.assign({ intent: 'none', resume: null, handler: null, services: [] }),
    carryOutDecision: base.enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'failover.decided' || event.action === 'wakeup' || event.action === 'swap') return;
      enqueue.raise({ type: `module.${event.action}`, origin: { kind: 'rule', by: event.rule }, atMs: event.atMs });
    }),
    noteWait: base.enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'failover.decided') return;
      enqueue.assign({ activeRule: event.rule, reason: `wait from failover rule ${event.rule}`, atMs: event.atMs });
      enqueue.emit(emitLine(messages.actionFromRule('wait', event.rule)));
    }),
    noteWakeup: base.enqueueActions(({ event, enqueue }) => {
      enqueue.assign({ activeRule: null, reason: null, action: 'start', intent: 'none', ...('atMs' in event ? { atMs: event.atMs } : {}) });
      enqueue.emit(emitLine(messages.wakeup()));
    }),

    // ---------------------------------------------------------------- processes
    noteProcessFailure: base.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'proc.failed') return;
      const proc = context.plan.errd.procs.find((one) => one.name === event.name);
      const { name, service, count, tooMany } = event;
      const few = count === 0 ? messages.processNotRunning(name) : messages.processTooFew(name, count, proc?.atLeast ?? 1);
      const line = service ? messages.serviceNotRunning(name) : tooMany ? messages.processTooMany(name, count, proc?.atMax ?? 0) : few;
      enqueue.emit(emitLine(line));
    }),
    carryOutProcessAction: base.enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'proc.failed') return;
      const { action, atMs, restartServices: services } = event;
      switch (action.kind) {
        case 'handler':
          enqueue.raise({ type: 'module.handle', handler: action.exec, proc: event.name, atMs });
          break;
        case 'noaction':
          break;
        default:
          enqueue.raise({ type: `module.${action.kind}`, origin: errdOrigin, atMs, services });
      }
    }),
    setProcessResource: base.emit(({ event }) =>
      event.type === 'proc.valued'
        ? { type: 'resource', name: `proc.${event.name}`, value: event.value, by: 'errd', atMs: event.atMs, quiet: false }
        : emitLine(messages.partFailed('errd', 'unexpected event')),
    ),
    noteErrdSwitch: base.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'errd.switch') return;
      const without = (names: readonly string[]): readonly string[] => names.filter((name) => name !== event.class);
      const own = !standardClasses.includes(event.class);
      enqueue.assign({
        disabledClasses: event.on ? without(context.disabledClasses) : [...without(context.disabledClasses), event.class],
        enabledClasses: event.on && own ? [...without(context.enabledClasses), event.class] : without(context.enabledClasses),
      });
      enqueue.sendTo('errd', event.on ? { type: 'errd.enable', class: event.class, atMs: event.atMs } : { type: 'errd.disable', class: event.class });
      enqueue.emit(emitLine(messages.errdSwitched(event.class, event.on, event.by)));
    }),

    // ---------------------------------------------------------------- resources, restart counter
    setResource: base.emit(({ event }) =>
      event.type === 'resource.assign'
        ? { type: 'resource', name: event.name, value: event.value, by: event.by, atMs: event.atMs, quiet: event.quiet ?? false }
        : emitLine(messages.partFailed('heart', 'unexpected event')),
    ),
    tellFailover: base.enqueueActions(({ event, enqueue }) => {
      if (event.type === 'resource.assign') {
        enqueue.sendTo('failover', { type: 'resource.set', name: event.name, value: event.value, by: event.by, atMs: event.atMs });
      }
      if (event.type === 'proc.valued') {
        enqueue.sendTo('failover', { type: 'resource.set', name: `proc.${event.name}`, value: event.value, by: 'errd', atMs: event.atMs });
      }
    }),
    countLoop: base.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'loop.increment') return;
      const { counter } = countAction(context.counter, context.plan.limits, { atMs: event.atMs, action: 'incloop', by: event.by });
      enqueue.assign({ counter });
      enqueue.emit(emitLine(messages.loopCount(counter.count, context.plan.limits.maxloop, event.by)));
    }),
    resetLoop: base.enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'loop.reset') return;
      enqueue.assign({ counter: emptyCounter });
      enqueue.emit(emitLine(messages.loopReset(event.by)));
    }),

    // ---------------------------------------------------------------- scripts
    noteScriptStart: base.enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'script.started') return;
      const { script, userlog, pid, adopted } = event;
      enqueue.emit({ type: 'script', phase: 'started', script, userlog, outcome: null });
      enqueue.emit(emitLine(adopted ? messages.scriptAdopted(script, pid) : messages.scriptStarted(script, userlog)));
    }),
    noteOvertime: base.emit(({ event }) =>
      event.type === 'script.overtime'
        ? emitLine(messages.scriptTimeout(event.script, event.limitMs))
        : emitLine(messages.partFailed('userplug', 'unexpected event')),
    ),
    noteScriptEnd: base.enqueueActions(({ context, event, enqueue }) => {
      const outcome = outcomeOf(event);
      if (outcome === null) return;
      const atMs = outcome.atMs ?? context.atMs;
      const failed = outcome.kind !== 'code' || outcome.code !== 0;
      enqueue.assign({ atMs, resume: null, handlerFailed: context.handler === outcome.script && failed });
      const line = outcomeLine(outcome);
      if (line) enqueue.emit(emitLine(line));
      if (outcome.kind !== 'absent') enqueue.emit({ type: 'script', phase: 'ended', script: outcome.script, userlog: null, outcome });
      const value = outcomeValue(outcome);
      if (value === null) return;
      const name = `script.${outcome.script}`;
      enqueue.emit({ type: 'resource', name, value, by: 'userplug', atMs, quiet: true });
      enqueue.sendTo('failover', { type: 'resource.set', name, value, by: 'userplug', atMs });
    }),
    noteScriptDefect: base.enqueueActions(({ enqueue, event }) => {
      enqueue.assign({ resume: null, handlerFailed: true });
      enqueue.emit(emitLine(messages.partFailed('script', errorOf(event))));
    }),
    noteDeadline: base.emit(({ context }) => emitLine(messages.stopDeadline(context.action))),
    noteDrain: base.emit(({ context }) => {
      const { drain } = context.plan;
      return emitLine(messages.drainBegins(drain.kind === 'time' ? `${drain.ms} ms` : 'until the balancers have seen 404'));
    }),
  },
});
