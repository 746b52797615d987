/**
 * What the module's chart is made of: its types, actors, actions, guards and delays, each named. The chart itself is in
 * `module-farm.machine.ts`. Actions compute, emit, and tell children; nothing here touches the world.
 */
import type { AnyEventObject, CallbackLogicFunction } from 'xstate';
import { assertEvent, fromCallback, setup } from 'xstate';
import type { CheckersInput } from './checker.types.js';
import { isArmed, rearmed, resourceOf } from './checker-rules.js';
import { checkersMachine } from './checkers.machine.js';
import { drainCeilingMs, drainComplete } from './drain.js';
import { errdMachine } from './errd.machine.js';
import type { ErrdInput } from './errd.types.js';
import { standardClasses } from './errd-rules.js';
import { failoverMachine } from './failover.machine.js';
import type { FailoverInput } from './failover.types.js';
import { becauseOf, type ResourceValues, type RulePhase } from './failover-rules.js';
import { checkedClasses, replanned, rulesOf, unwatched, watchedClasses } from './maintenance.js';
import type { Message } from './messages.js';
import { checkerComponent, messages } from './messages.js';
import type { CommandEvent, DrainInput, ModuleContext, ModuleEmitted, ModuleEvent, ModuleInput, Origin } from './module.types.js';
import {
  accept,
  acceptMaxloop,
  actionOf,
  commandOf,
  commandTypes,
  errorOf,
  exceeds,
  isCounted,
  isFailure,
  isLeaving,
  isStronger,
  originLine,
  outcomeLine,
  outcomeOf,
  outcomeValue,
} from './module-rules.js';
import { countAction, emptyCounter } from './restart-counter.js';
import { scriptMachine } from './script.machine.js';

const notProvided: CallbackLogicFunction<AnyEventObject, AnyEventObject, DrainInput> = () => {
  throw new Error('drain watch not provided');
};
/** The command in an event: what asks for it is used on commands only. */
function commandIn(event: ModuleEvent): CommandEvent {
  assertEvent(event, commandTypes);
  return event;
}
const emitLine = (line: Message): ModuleEmitted => ({ type: 'log', line });
const errdOrigin: Origin = { kind: 'component', by: 'errd' };
/** Id of the timer that bounds a stop. */
const overdueId = 'stop-overdue';

const errdInput = (context: ModuleContext): ErrdInput => ({
  procs: context.plan.errd.procs,
  pollTimerMs: context.plan.errd.pollTimerMs,
  disabled: context.disabledClasses,
  extra: context.enabledClasses,
});
const failoverInput = (context: ModuleContext): FailoverInput => ({
  rules: context.plan.rules,
  handleTimeMs: context.plan.handleTimeMs,
  resources: context.resources,
  ...rulesOf(context.switches),
});

const checkersInput = ({ plan }: ModuleContext): CheckersInput => ({ module: plan.module, checkers: plan.checkers });
const ruleOrigin = ({ plan, resources, details }: ModuleContext, rule: string): Origin => {
  const because = becauseOf(plan.rules, rule, resources, details);
  return because === null ? { kind: 'rule', by: rule } : { kind: 'rule', by: rule, because };
};
/** Class of a resource, which is the kind of its checker. */
const kindOf = (resource: string): string => resource.slice(0, resource.indexOf('.'));

const base = setup({
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
const without = (details: Readonly<Record<string, string>>, changed: ResourceValues): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(details).filter(([name]) => !(name in changed)));

const arming = (classes: readonly string[], verify: boolean) =>
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
const telling = (phase: RulePhase) =>
  base.enqueueActions(({ context, enqueue }) => {
    enqueue.assign({ phase });
    enqueue.sendTo('failover', { type: 'failover.phase', atMs: context.atMs, phase });
  });

/** Chart of a farm or light module without its states: `createMachine` in `module-farm.machine.ts` adds them. */
export const moduleSetup = base.extend({
  actions: {
    // ---------------------------------------------------------------- children
    spawnErrd: base.spawnChild('errd', { id: 'errd', input: ({ context }) => errdInput(context) }),
    spawnFailover: base.spawnChild('failover', { id: 'failover', input: ({ context }) => failoverInput(context) }),
    spawnCheckers: base.spawnChild('checkers', { id: 'checkers', input: ({ context }) => checkersInput(context) }),
    noteErrdDefect: base.enqueueActions(({ enqueue, event }) => {
      assertEvent(event, 'xstate.error.actor.errd');
      enqueue.emit(emitLine(messages.partFailed('errd', String(event.error))));
      enqueue.raise({ type: 'child.respawn', child: 'errd' }, { delay: 'childBackoff' });
    }),
    noteFailoverDefect: base.enqueueActions(({ enqueue, event }) => {
      assertEvent(event, 'xstate.error.actor.failover');
      enqueue.emit(emitLine(messages.partFailed('failover', String(event.error))));
      enqueue.raise({ type: 'child.respawn', child: 'failover' }, { delay: 'childBackoff' });
    }),
    noteCheckersDefect: base.enqueueActions(({ enqueue, event }) => {
      assertEvent(event, 'xstate.error.actor.checkers');
      enqueue.emit(emitLine(messages.partFailed('checkers', String(event.error))));
      enqueue.raise({ type: 'child.respawn', child: 'checkers' }, { delay: 'childBackoff' });
    }),
    /** The new child is told where the module is, in whatever state that is; the rules keep the resources that were known. */
    respawnChild: base.enqueueActions(({ context, enqueue, event }) => {
      assertEvent(event, 'child.respawn');
      const { atMs, phase } = context;
      const classes = watchedClasses(context);
      enqueue.stopChild(event.child);
      if (event.child === 'failover') {
        enqueue.spawnChild('failover', { id: 'failover', input: failoverInput(context) });
        enqueue.sendTo('failover', { type: 'failover.phase', atMs, phase });
        return;
      }
      if (event.child === 'checkers') {
        enqueue.spawnChild('checkers', { id: 'checkers', input: checkersInput(context) });
        enqueue.sendTo('checkers', { type: 'checkers.arm', classes: checkedClasses(context), patient: false });
        return;
      }
      enqueue.spawnChild('errd', { id: 'errd', input: errdInput(context) });
      enqueue.sendTo('errd', { type: 'errd.arm', atMs, classes, verify: false });
    }),
    armPre: arming(['pre'], false),
    armBoth: arming(['pre', 'both'], false),
    armVerifying: arming(['pre', 'both'], true),
    disarmAll: arming([], false),
    phaseOff: telling('off'),
    phaseEvaluating: telling('evaluating'),
    phaseBlocked: telling('blocked'),
    phaseUp: telling('up'),
    terminateScript: base.sendTo('script', { type: 'script.terminate' }),
    killScript: base.sendTo('script', { type: 'script.kill' }),

    // ---------------------------------------------------------------- commands
    accept: base.enqueueActions(({ context, event, enqueue }) => {
      const command = commandIn(event);
      const change = accept(context, command);
      enqueue.assign(change);
      enqueue.emit(emitLine(originLine(commandOf(command), command.origin)));
      if (isCounted(command)) {
        enqueue.emit(emitLine(messages.loopCount(change.counter.count, context.plan.limits.maxloop, command.origin.by)));
      }
    }),
    acceptMaxloop: base.enqueueActions(({ context, event, enqueue }) => {
      enqueue.assign(acceptMaxloop(context, commandIn(event)));
      enqueue.emit(emitLine(messages.actionByMaxloop()));
    }),
    acceptHandler: base.enqueueActions(({ event, enqueue }) => {
      assertEvent(event, 'module.handle');
      enqueue.assign({ handler: event.handler, atMs: event.atMs, action: 'restart', services: [] });
      enqueue.emit(emitLine(messages.processHandler(event.proc, event.handler)));
    }),
    acceptHandlerFailure: base.enqueueActions(({ context, enqueue }) => {
      enqueue.assign({
        intent: 'stopstart',
        lastIntent: 'stopstart',
        action: 'stopstart',
        cause: errdOrigin,
        reason: `stopstart: handler ${context.handler} failed`,
        handler: null,
      });
      enqueue.emit(emitLine(originLine('stopstart', errdOrigin)));
    }),
    /** The end of a stop is bounded from the moment at which the module begins to leave, whatever it is doing then. */
    watchDeadline: base.enqueueActions(({ context, enqueue }) => {
      if (!isLeaving(context.intent)) return;
      enqueue.cancel(overdueId);
      enqueue.raise({ type: 'stop.overdue' }, { id: overdueId, delay: 'stopDeadline' });
    }),
    startAgain: base.raise(({ context }) => ({
      type: 'module.start' as const,
      origin: { kind: 'automatic' as const, by: 'holdfastd' },
      atMs: context.atMs,
    })),
    /** A resting state was reached: nothing is under way any more. */
    settle: base.enqueueActions(({ enqueue }) => {
      enqueue.assign({ intent: 'none', resume: null, handler: null, services: [] });
      enqueue.cancel(overdueId);
    }),
    carryOutDecision: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'failover.decided');
      if (event.action === 'wakeup' || event.action === 'swap') return;
      enqueue.raise({ type: `module.${event.action}`, origin: ruleOrigin(context, event.rule), atMs: event.atMs });
    }),
    noteWait: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'failover.decided');
      const origin = ruleOrigin(context, event.rule);
      const because = origin.because === undefined ? '' : `: ${origin.because}`;
      enqueue.assign({ activeRule: event.rule, reason: `wait from failover rule ${event.rule}${because}`, atMs: event.atMs });
      enqueue.emit(emitLine(originLine('wait', origin)));
    }),
    noteWakeup: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'failover.decided');
      const reason = context.activeRule === null ? context.reason : null;
      enqueue.assign({ activeRule: null, reason, action: actionOf('none'), atMs: event.atMs });
      enqueue.emit(emitLine(messages.wakeup()));
    }),

    // ---------------------------------------------------------------- processes
    noteProcessFailure: base.emit(({ event }) => {
      assertEvent(event, 'proc.failed');
      const { name, service, count, limit, tooMany } = event;
      if (service) return emitLine(messages.serviceNotRunning(name));
      if (tooMany) return emitLine(messages.processTooMany(name, count, limit));
      return emitLine(count === 0 ? messages.processNotRunning(name) : messages.processTooFew(name, count, limit));
    }),
    carryOutProcessAction: base.enqueueActions(({ event, enqueue }) => {
      assertEvent(event, 'proc.failed');
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
    noteBlind: base.emit(({ event }) => {
      assertEvent(event, 'errd.blind');
      return emitLine(messages.partFailed('errd', event.detail));
    }),
    setProcessResource: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'proc.valued');
      const { value, atMs } = event;
      const name = `proc.${event.name}`;
      enqueue.assign({ resources: { ...context.resources, [name]: value } });
      enqueue.emit({ type: 'resource', name, value, by: 'errd', atMs, quiet: false });
      enqueue.sendTo('failover', { type: 'resource.set', name, value, by: 'errd', atMs });
    }),
    noteErrdSwitch: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'errd.switch');
      const without = (names: readonly string[]): readonly string[] => names.filter((name) => name !== event.class);
      const own = !standardClasses.includes(event.class);
      enqueue.assign({
        disabledClasses: event.on ? without(context.disabledClasses) : [...without(context.disabledClasses), event.class],
        enabledClasses: event.on && own ? [...without(context.enabledClasses), event.class] : without(context.enabledClasses),
      });
      enqueue.sendTo('errd', { type: event.on ? 'errd.enable' : 'errd.disable', class: event.class, atMs: event.atMs });
      enqueue.emit(emitLine(messages.errdSwitched(event.class, event.on, event.by)));
    }),

    // ---------------------------------------------------------------- checkers
    setCheckedResource: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'checker.valued');
      const { name, value, detail, atMs } = event;
      const kind = kindOf(name);
      const by = checkerComponent(kind);
      const details = without(context.details, { [name]: value });
      enqueue.assign({
        resources: { ...context.resources, [name]: value },
        details: value === 'down' ? { ...details, [name]: detail } : details,
      });
      enqueue.emit(
        emitLine(value === 'down' ? messages.checkerFailed(kind, name, detail) : messages.checkerNote(kind, name, detail)),
      );
      enqueue.emit({ type: 'resource', name, value, by, atMs, quiet: false });
      enqueue.sendTo('failover', { type: 'resource.set', name, value, by, atMs });
    }),
    noteChecker: base.emit(({ event }) => {
      assertEvent(event, 'checker.noted');
      return emitLine(messages.checkerFailed(kindOf(event.name), event.name, event.detail));
    }),
    /** What this module waits for was started anew: this module starts anew as well (section 2.11.6). */
    followOtherModule: base.raise(({ event }) => {
      assertEvent(event, 'checker.restamped');
      const origin: Origin = { kind: 'component', by: checkerComponent(kindOf(event.name)) };
      return { type: 'module.stopstart' as const, origin, atMs: event.atMs };
    }),

    // ---------------------------------------------------------------- maintenance
    noteSwitch: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'maintenance.switch');
      const { what, on, by, atMs } = event;
      const next = { ...context, switches: { ...context.switches, [what]: on } };
      const { resources, changed } =
        on && what !== 'checker' ? { resources: context.resources, changed: {} } : unwatched(context, what);
      enqueue.assign({ switches: next.switches, resources, atMs });
      enqueue.emit(emitLine(messages.switched(what, on, by)));
      enqueue.emit({ type: 'resource', name: `usersetting.${what}`, value: on ? 'on' : 'off', by, atMs, quiet: true });
      if (what === 'checker') {
        enqueue.sendTo('checkers', { type: 'checkers.arm', classes: checkedClasses(next), patient: false });
      }
      if (what === 'errd') enqueue.sendTo('errd', { type: 'errd.arm', atMs, classes: watchedClasses(next), verify: false });
      // Before the values: what nobody looks at any more is not waited for.
      enqueue.sendTo('failover', { type: 'failover.switch', ...rulesOf(next.switches), atMs });
      for (const [name, value] of Object.entries(changed)) {
        enqueue.emit({ type: 'resource', name, value, by: 'errd', atMs, quiet: true });
        enqueue.sendTo('failover', { type: 'resource.set', name, value, by: 'errd', atMs });
      }
    }),
    takePlan: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, ['module.reconfigure', 'module.update']);
      const { plan, atMs } = event;
      const { resources, changed } = replanned(context, plan);
      enqueue.assign({ plan, resources, atMs });
      enqueue.emit(
        emitLine(event.type === 'module.update' ? originLine('update', event.origin) : messages.reconfigured(event.by)),
      );
      for (const [name, value] of Object.entries(changed)) {
        enqueue.emit({ type: 'resource', name, value, by: 'config', atMs, quiet: true });
      }
      const { procs, pollTimerMs } = plan.errd;
      enqueue.sendTo('errd', { type: 'errd.reconfigure', procs, pollTimerMs, atMs });
      enqueue.sendTo('checkers', { type: 'checkers.configure', checkers: plan.checkers });
      const { rules, handleTimeMs } = plan;
      enqueue.sendTo('failover', { type: 'failover.reconfigure', rules, handleTimeMs, resources, atMs });
    }),

    // ---------------------------------------------------------------- resources, restart counter
    setResource: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'resource.assign');
      const { name, value, by, atMs, quiet = false } = event;
      enqueue.assign({ resources: { ...context.resources, [name]: value } });
      enqueue.emit({ type: 'resource', name, value, by, atMs, quiet });
      enqueue.sendTo('failover', { type: 'resource.set', name, value, by, atMs });
    }),
    countLoop: base.enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'loop.increment');
      const { counter } = countAction(context.counter, context.plan.limits, {
        atMs: event.atMs,
        action: 'incloop',
        by: event.by,
      });
      enqueue.assign({ counter });
      enqueue.emit(emitLine(messages.loopCount(counter.count, context.plan.limits.maxloop, event.by)));
    }),
    resetLoop: base.enqueueActions(({ event, enqueue }) => {
      assertEvent(event, 'loop.reset');
      enqueue.assign({ counter: emptyCounter });
      enqueue.emit(emitLine(messages.loopReset(event.by)));
    }),

    // ---------------------------------------------------------------- scripts
    noteScriptStart: base.enqueueActions(({ event, enqueue }) => {
      assertEvent(event, 'script.started');
      const { script, userlog, pid, adopted } = event;
      enqueue.emit({ type: 'script', phase: 'started', script, userlog, outcome: null });
      enqueue.emit(emitLine(adopted ? messages.scriptAdopted(script, pid) : messages.scriptStarted(script, userlog)));
    }),
    noteOvertime: base.emit(({ event }) => {
      assertEvent(event, 'script.overtime');
      return emitLine(messages.scriptTimeout(event.script, event.limitMs));
    }),
    noteScriptEnd: base.enqueueActions(({ context, event, enqueue }) => {
      const outcome = outcomeOf(event);
      const atMs = outcome.atMs ?? context.atMs;
      enqueue.assign({ atMs, resume: null });
      const line = outcomeLine(outcome);
      if (line) enqueue.emit(emitLine(line));
      if (outcome.kind !== 'absent')
        enqueue.emit({ type: 'script', phase: 'ended', script: outcome.script, userlog: null, outcome });
      const value = outcomeValue(outcome);
      if (value === null) return;
      const name = `script.${outcome.script}`;
      enqueue.assign({ resources: { ...context.resources, [name]: value } });
      enqueue.emit({ type: 'resource', name, value, by: 'userplug', atMs, quiet: true });
      enqueue.sendTo('failover', { type: 'resource.set', name, value, by: 'userplug', atMs });
    }),
    noteScriptDefect: base.enqueueActions(({ event, enqueue }) => {
      enqueue.assign({ resume: null });
      enqueue.emit(emitLine(messages.partFailed('script', errorOf(event))));
    }),
    noteDrainDefect: base.emit(({ event }) => emitLine(messages.partFailed('drain', errorOf(event)))),
    noteDeadline: base.emit(({ context }) => emitLine(messages.stopDeadline(context.action))),
    noteDrain: base.emit(({ context }) => {
      const { drain } = context.plan;
      return emitLine(messages.drainBegins(drain.kind === 'time' ? `${drain.ms} ms` : 'until the balancers have seen 404'));
    }),
  },
});
