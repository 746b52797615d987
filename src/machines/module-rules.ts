/**
 * What a command means for a module, as pure functions that the chart's guards and actions call.
 * Source: the statecharts design ('Commands while Transient', 'Restart counter') and sections 2.2 and 3.4 of the compatibility page.
 */
import type { DoneActorEvent } from 'xstate';
import type { Message } from './messages.js';
import { messages } from './messages.js';
import type { CommandEvent, CommandName, Intent, ModuleContext, Origin } from './module.types.js';
import { countAction, emptyCounter } from './restart-counter.js';
import type { ScriptInput, ScriptOutcome } from './script.types.js';

/** Strength of what a module is on its way to: only a stronger one replaces another. */
export const intentStrength: Readonly<Record<Intent, number>> = {
  none: 0,
  restart: 1,
  stopstart: 2,
  wait: 3,
  stop: 4,
  shutdown: 4,
  forcestop: 5,
};

const intentOf: Readonly<Record<CommandName, Intent>> = {
  start: 'none',
  wakeup: 'none',
  restart: 'restart',
  stopstart: 'stopstart',
  wait: 'wait',
  stop: 'stop',
  shutdown: 'shutdown',
  forcestop: 'forcestop',
};

const scriptAction: Readonly<Record<Intent, ModuleContext['action']>> = {
  none: 'start',
  restart: 'restart',
  stopstart: 'stopstart',
  wait: 'stopwait',
  stop: 'stop',
  shutdown: 'stop',
  forcestop: 'stop',
};

const countedCommands: readonly CommandName[] = ['restart', 'stopstart', 'wait'];

/** Whether that intent makes the module leave UP (or WAIT): everything but a restart. */
export const isLeaving = (intent: Intent): boolean => intentStrength[intent] >= intentStrength.stopstart;

const commandNames: Readonly<Record<CommandEvent['type'], CommandName>> = {
  'module.start': 'start',
  'module.stop': 'stop',
  'module.restart': 'restart',
  'module.stopstart': 'stopstart',
  'module.wait': 'wait',
  'module.wakeup': 'wakeup',
  'module.forcestop': 'forcestop',
  'module.shutdown': 'shutdown',
};

/** The types of all events that are commands. */
export const commandTypes = [
  'module.start',
  'module.stop',
  'module.restart',
  'module.stopstart',
  'module.wait',
  'module.wakeup',
  'module.forcestop',
  'module.shutdown',
] as const satisfies readonly CommandEvent['type'][];

/** The command's name in an event. */
export const commandOf = (event: CommandEvent): CommandName => commandNames[event.type];

/** Whether the restart counter counts it: automatic, by a component or a rule, and one of restart, stopstart, wait. */
export const isCounted = (event: CommandEvent): boolean =>
  countedCommands.includes(commandOf(event)) && (event.origin.kind === 'component' || event.origin.kind === 'rule');

/** Whether counting it would go beyond maxloop: then it is not carried out and the module stops. */
export const exceeds = (context: ModuleContext, event: CommandEvent): boolean =>
  isCounted(event) && countAction(context.counter, context.plan.limits, causeOf(event)).exceeded;

/** Whether it asks for more than what the module is on its way to already. */
export const isStronger = (context: ModuleContext, event: CommandEvent): boolean =>
  intentStrength[intentOf[commandOf(event)]] > intentStrength[context.intent];

const causeOf = (event: CommandEvent): { readonly atMs: number; readonly action: string; readonly by: string } => ({
  atMs: event.atMs,
  action: commandOf(event),
  by: event.origin.by,
});

/** The log line with which an action begins (section 7.4). */
export function originLine(action: string, origin: Origin): Message {
  switch (origin.kind) {
    case 'admin':
      return messages.actionCalledBy(action, origin.by);
    case 'component':
      return messages.actionCalledByComponent(action, origin.by);
    case 'rule':
      return messages.actionFromRule(action, origin.by);
    case 'boot':
      return messages.actionAtBoot(action);
    case 'automatic':
      return messages.actionAutomatically(action);
    case 'maxloop':
      return messages.actionByMaxloop(action);
  }
}

const reasons: Readonly<Record<Origin['kind'], (action: string, by: string) => string>> = {
  admin: (action, by) => `${action} called by ${by}`,
  component: (action, by) => `${action} called by ${by}`,
  rule: (action, by) => `${action} from failover rule ${by}`,
  boot: (action) => `${action} at boot time`,
  automatic: (action) => `${action} called automatically`,
  maxloop: (action) => `${action} called by maxloop: too many automatic actions`,
};

/** What a command changes of the context. */
export type Acceptance = Pick<
  ModuleContext,
  'counter' | 'intent' | 'lastIntent' | 'atMs' | 'cause' | 'action' | 'activeRule' | 'reason' | 'services' | 'wish' | 'held'
>;

/** What the context becomes when a command is carried out. An administrator's command resets the counter. */
export function accept(context: ModuleContext, event: CommandEvent): Acceptance {
  const command = commandOf(event);
  const { origin, atMs } = event;
  const counter = isCounted(event)
    ? countAction(context.counter, context.plan.limits, causeOf(event)).counter
    : origin.kind === 'admin'
      ? emptyCounter
      : context.counter;
  const intent = intentOf[command];
  return {
    counter,
    intent,
    lastIntent: intent,
    atMs,
    cause: origin,
    action: scriptAction[intent],
    activeRule: origin.kind === 'rule' ? origin.by : null,
    reason: reasons[origin.kind](command, origin.by) + (origin.because === undefined ? '' : `: ${origin.because}`),
    services: event.services ?? [],
    wish:
      command === 'stop' || command === 'forcestop'
        ? 'stop'
        : command === 'shutdown' || command === 'wait'
          ? context.wish
          : 'start',
    held: command === 'wait' ? origin.kind === 'admin' : command === 'start' || command === 'wakeup' ? false : context.held,
  };
}

/** What the context becomes when maxloop forbids a command: the module stops, and is meant to stay so. */
export function acceptMaxloop(context: ModuleContext, event: CommandEvent): Acceptance {
  const counted = countAction(context.counter, context.plan.limits, causeOf(event)).counter;
  const stop = accept(context, { type: 'module.stop', origin: { kind: 'maxloop', by: 'maxloop' }, atMs: event.atMs });
  return { ...stop, counter: counted };
}

/** Where each step of the chart stands: what its script is called, and with which of three arguments. */
export interface ScriptStep {
  readonly script: string;
  readonly from: string;
  readonly to: string;
  readonly force?: boolean;
  /** It is told the two states only, not the action (`update`). */
  readonly brief?: boolean;
  readonly limit: 'start' | 'nicestop' | 'forcestop' | 'none';
}

/** Input of the script of one step (section 3.5: current state, next state, action; the forced call has `force` first). */
export function scriptInput(context: ModuleContext, step: ScriptStep): ScriptInput {
  const { plan } = context;
  const limits = {
    start: plan.startTimeoutMs,
    nicestop: plan.nicestopTimeoutMs,
    forcestop: plan.forcestopTimeoutMs,
    none: null,
  };
  const services = context.services.length > 0 ? ['-Services', context.services.join(', ')] : [];
  return {
    module: plan.module,
    script: step.script,
    args: step.brief ? [step.from, step.to] : [...(step.force ? ['force'] : []), step.from, step.to, context.action, ...services],
    timeoutMs: limits[step.limit],
    adopt: context.resume?.adopt ?? null,
  };
}

/** The script's third argument while the module is on its way to that. */
export const actionOf = (intent: Intent): ModuleContext['action'] => scriptAction[intent];

/** Whether a handler failed: all but code 0, and an end of which nothing can be known. */
export const isFailure = (outcome: ScriptOutcome): boolean =>
  outcome.kind !== 'unknown' && !(outcome.kind === 'code' && outcome.code === 0);

const isDone = (event: { readonly type: string }): event is DoneActorEvent<ScriptOutcome> =>
  event.type.startsWith('xstate.done.actor.');

/** The outcome in the event by which the runtime tells a script's end. @throws on any other event: a defect of the chart. */
export function outcomeOf(event: { readonly type: string }): ScriptOutcome {
  if (!isDone(event)) throw new Error(`${event.type} is not the end of a script`);
  return event.output;
}
/** What an event says about the defect of a child. */
export const errorOf = (event: { readonly type: string; readonly error?: unknown }): string => String(event.error);

/** The log line about a script's end, or null where there is nothing to say. */
export function outcomeLine(outcome: ScriptOutcome): Message | null {
  switch (outcome.kind) {
    case 'code':
      return messages.scriptEnded(outcome.script, outcome.code ?? 0);
    case 'signal':
      return messages.scriptKilled(outcome.script, outcome.detail ?? 'unknown');
    case 'unknown':
      return messages.scriptEndUnknown(outcome.script);
    case 'failed':
      return messages.scriptNotStarted(outcome.script, outcome.detail ?? 'unknown reason');
    case 'abandoned':
      return messages.scriptUnkillable(outcome.script, 5_000);
    case 'absent':
      return null;
  }
}

/** Value of `script.<name>` after a script's end; null leaves the resource as it is. */
export function outcomeValue(outcome: ScriptOutcome): 'up' | 'down' | null {
  if (outcome.kind === 'absent' || outcome.kind === 'unknown') return null;
  return outcome.kind === 'code' && outcome.code === 0 ? 'up' : 'down';
}

/**
 * How a command given now is answered before it is sent: `run`, `already` (nothing to do, success), or `refused` with the reason.
 * `state` and `quality` are those of the module on this node.
 */
export function answerCommand(
  command: CommandName,
  state: string,
  quality: string,
  intent: Intent,
): { readonly outcome: 'run' | 'already' } | { readonly outcome: 'refused'; readonly reason: string } {
  const stopping = intentStrength[intent] >= intentStrength.stop;
  switch (command) {
    case 'start':
      if (state === 'STOP') return { outcome: 'run' };
      return stopping || intent === 'wait'
        ? { outcome: 'refused', reason: `the module is stopping (${state} ${quality}); wait for its end` }
        : { outcome: 'already' };
    case 'stop':
    case 'shutdown':
      return state === 'STOP' || (stopping && state !== 'STOP') ? { outcome: 'already' } : { outcome: 'run' };
    case 'forcestop':
      return state === 'STOP' || intent === 'forcestop' ? { outcome: 'already' } : { outcome: 'run' };
    case 'restart':
      if (state !== 'UP') return { outcome: 'refused', reason: `restart needs UP; the module is ${state} ${quality}` };
      if (intentStrength[intent] > intentStrength.restart)
        return { outcome: 'refused', reason: `the module is leaving UP (${intent})` };
      return quality === 'Ready' ? { outcome: 'run' } : { outcome: 'already' };
    case 'stopstart':
      if (state === 'STOP') return { outcome: 'refused', reason: 'stopstart needs a running module; use start' };
      if (stopping) return { outcome: 'refused', reason: 'the module is stopping' };
      return intent === 'stopstart' ? { outcome: 'already' } : { outcome: 'run' };
    case 'wait':
      if (state === 'WAIT' && quality === 'NotReady') return { outcome: 'already' };
      return state === 'UP' && !stopping
        ? { outcome: 'run' }
        : { outcome: 'refused', reason: `wait needs UP; the module is ${state} ${quality}` };
    case 'wakeup':
      return state === 'WAIT'
        ? { outcome: 'run' }
        : { outcome: 'refused', reason: `wakeup needs WAIT; the module is ${state} ${quality}` };
  }
}

/**
 * Whether `update` can begin: where the `update` script can be called, that is in a Ready state and in WAIT (NotReady). `path` is the
 * leaf of the chart.
 */
export function answerUpdate(
  state: string,
  quality: string,
  path: string,
): { readonly outcome: 'run' } | { readonly outcome: 'refused'; readonly reason: string } {
  if (path.endsWith('.updating'))
    return { outcome: 'refused', reason: 'the module is being updated; wait for the end of its update script' };
  if (path.endsWith('.handling')) return { outcome: 'refused', reason: "a process's handler runs; wait for its end" };
  if (quality === 'Ready' || path === 'WAIT.blocked') return { outcome: 'run' };
  if (state === 'STOP') return { outcome: 'refused', reason: 'update needs a running module; a start takes everything anew' };
  return { outcome: 'refused', reason: `update needs a Ready state or WAIT (NotReady); the module is ${state} ${quality}` };
}
