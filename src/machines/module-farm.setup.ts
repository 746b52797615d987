/**
 * What the module's chart is made of, second half: its actions, each named. They compute, emit, and tell children; nothing here touches
 * the world. The chart itself is in `module-farm.machine.ts`.
 */
import { assertEvent } from 'xstate';
import { standardClasses } from './errd-rules.js';
import { checkedClasses, replanned, rulesOf, unwatched, watchedClasses } from './maintenance.js';
import { checkerComponent, messages } from './messages.js';
import type { Origin } from './module.types.js';
import {
  arming,
  base,
  checkersInput,
  commandIn,
  emitLine,
  errdInput,
  errdOrigin,
  failoverInput,
  kindOf,
  overdueId,
  ruleOrigin,
  telling,
  without,
} from './module-farm.base.js';
import {
  accept,
  acceptMaxloop,
  actionOf,
  commandOf,
  errorOf,
  isCounted,
  isLeaving,
  originLine,
  outcomeLine,
  outcomeOf,
  outcomeValue,
} from './module-rules.js';
import { countAction, emptyCounter } from './restart-counter.js';

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
    noteOvertime: base.emit(({ context, event }) => {
      assertEvent(event, 'script.overtime');
      const { script, limitMs } = event;
      const isHandler = script === context.handler;
      return emitLine(isHandler ? messages.handlerTimeout(script, limitMs) : messages.scriptTimeout(script, limitMs));
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
