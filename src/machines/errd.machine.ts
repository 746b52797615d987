/**
 * errd of one module: watches its processes and services. Owns what is known of each `<proc>`.
 * Listens to `errd.arm`/`errd.disarm` (the module's windows), `errd.enable`/`errd.disable` (classes), `errd.reconfigure`, and to the watcher
 * (`process.exited` at once, `processes.seen` after each scan). Tells the module `proc.valued`, `proc.failed`, `errd.blind` and, once
 * after arming, `errd.surveyed`. An exit only asks for a scan: the verdict always rests on what is there now. Never acts on the application.
 */
import type { AnyEventObject, CallbackLogicFunction } from 'xstate';
import { assertEvent, assign, enqueueActions, fromCallback, sendParent, sendTo, setup } from 'xstate';
import type { ErrdContext, ErrdEvent, ErrdInput, ErrdReport, WatcherCommand } from './errd.types.js';
import {
  armedProcs,
  firstQuickMs,
  isCrash,
  reconfigured,
  slower,
  standardClasses,
  survey,
  unknownEntry,
  untilPoll,
} from './errd-rules.js';

/** Id of the timer of the next scan. */
const againId = 'scan-again';

const notProvided: CallbackLogicFunction<WatcherCommand, AnyEventObject, { readonly procs: ErrdInput['procs'] }> = () => {
  throw new Error('process watcher not provided');
};

export const errdMachine = setup({
  types: {} as { context: ErrdContext; events: ErrdEvent; input: ErrdInput },
  actors: { watcher: fromCallback<WatcherCommand, { readonly procs: ErrdInput['procs'] }>(notProvided) },
  actions: {
    arm: assign(({ context, event }) => {
      assertEvent(event, 'errd.arm');
      const { classes, atMs, verify } = event;
      return { classes, armedAtMs: atMs, verify, scanned: false, quickMs: firstQuickMs, entries: keepOf(context, classes) };
    }),
    disarm: assign({ classes: [], verify: false, entries: {} }),
    switch: assign(({ context, event }) => switched(context, event)),
    reconfigure: assign(({ context, event }) => {
      assertEvent(event, 'errd.reconfigure');
      return reconfigured(context, event.procs, event.pollTimerMs, event.atMs);
    }),
    configureWatcher: sendTo('watcher', ({ context }) => ({ type: 'configure' as const, procs: context.procs })),
    noteExit: assign(({ context, event }) => {
      assertEvent(event, 'process.exited');
      const { process, exit } = event;
      const entries = Object.entries(context.entries).map(([name, entry]) =>
        entry.processes.some((one) => one.pid === process.pid && one.startTime === process.startTime)
          ? ([name, { ...entry, crashed: isCrash(exit) }] as const)
          : ([name, entry] as const),
      );
      return { entries: Object.fromEntries(entries) };
    }),
    scan: sendTo('watcher', { type: 'scan' }),
    select: sendTo('watcher', ({ context }) => ({
      type: 'select' as const,
      names: armedProcs(context).map((proc) => proc.name),
    })),
    takeSurvey: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'processes.seen');
      const result = survey(context, event);
      enqueue.assign({ entries: result.entries, quickMs: result.quickMs, scanned: result.scanned, blind: false });
      for (const report of result.reports) enqueue(sendParent(report));
      enqueue.cancel(againId);
      const pollInMs = untilPoll(event.atMs, context.pollTimerMs);
      enqueue.raise({ type: 'scan.due' }, { id: againId, delay: Math.min(result.againInMs ?? pollInMs, pollInMs) });
    }),
    noteBlindness: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'scan.failed');
      const report: ErrdReport = { type: 'errd.blind', detail: event.detail };
      if (!context.blind) enqueue(sendParent(report));
      enqueue.assign({ blind: true, quickMs: slower(context.quickMs) });
      enqueue.cancel(againId);
      enqueue.raise({ type: 'scan.due' }, { id: againId, delay: context.quickMs });
    }),
    reportNothing: sendParent(({ event }): ErrdReport => {
      assertEvent(event, 'errd.arm');
      return { type: 'errd.surveyed', healthy: true, atMs: event.atMs };
    }),
    forgetScan: enqueueActions(({ enqueue }) => enqueue.cancel(againId)),
  },
  guards: {
    watchesWhenArmed: ({ context, event }) => {
      assertEvent(event, 'errd.arm');
      return armedProcs({ ...context, classes: event.classes }).length > 0;
    },
    watchesWhenReconfigured: ({ context, event }) => {
      assertEvent(event, 'errd.reconfigure');
      return armedProcs({ ...context, procs: event.procs }).length > 0;
    },
    watchesWhenSwitched: ({ context, event }) => armedProcs({ ...context, ...switched(context, event) }).length > 0,
  },
}).createMachine({
  id: 'errd',
  description: 'Monitoring of the processes and services of one module',
  context: ({ input }) => ({
    ...input,
    classes: [],
    armedAtMs: 0,
    verify: false,
    quickMs: firstQuickMs,
    entries: {},
    scanned: false,
    blind: false,
  }),
  initial: 'idle',
  options: { maxIterations: 100 },
  invoke: { src: 'watcher', id: 'watcher', input: ({ context }) => ({ procs: context.procs }) },
  on: {
    'errd.disable': { actions: ['switch', 'select'] },
  },
  states: {
    idle: {
      description: 'Nothing is watched: the module does not run, or no process of its active classes is configured.',
      tags: ['idle'],
      on: {
        'errd.arm': [
          { guard: 'watchesWhenArmed', target: 'watching', actions: ['arm', 'select'] },
          { actions: ['arm', 'reportNothing'] },
        ],
        'errd.enable': [
          { guard: 'watchesWhenSwitched', target: 'watching', actions: ['switch', 'select'] },
          { actions: 'switch' },
        ],
        'errd.disarm': { actions: 'disarm' },
        'errd.reconfigure': [
          { guard: 'watchesWhenReconfigured', target: 'watching', actions: ['reconfigure', 'configureWatcher', 'select'] },
          { actions: ['reconfigure', 'configureWatcher'] },
        ],
      },
    },
    watching: {
      description: 'Exits are reported as they happen; a scan at every polltimer finds new and vanished processes.',
      tags: ['watching'],
      entry: 'scan',
      on: {
        'errd.arm': [
          { guard: 'watchesWhenArmed', target: 'watching', reenter: true, actions: ['arm', 'select'] },
          { target: 'idle', actions: ['arm', 'forgetScan', 'select', 'reportNothing'] },
        ],
        'errd.enable': { target: 'watching', reenter: true, actions: ['switch', 'select'] },
        'errd.disarm': { target: 'idle', actions: ['disarm', 'forgetScan', 'select'] },
        'errd.reconfigure': [
          {
            guard: 'watchesWhenReconfigured',
            target: 'watching',
            reenter: true,
            actions: ['reconfigure', 'configureWatcher', 'select'],
          },
          { target: 'idle', actions: ['reconfigure', 'forgetScan', 'configureWatcher', 'select'] },
        ],
        'process.exited': { actions: ['noteExit', 'scan'] },
        'scan.due': { actions: 'scan' },
        'scan.failed': { actions: 'noteBlindness' },
        'processes.seen': { actions: 'takeSurvey' },
      },
    },
  },
});

/** A class switched off is not watched; one of the user's own that is switched on is watched in every window, from then on. */
function switched(context: ErrdContext, event: ErrdEvent): Pick<ErrdContext, 'disabled' | 'extra' | 'entries'> {
  assertEvent(event, ['errd.enable', 'errd.disable']);
  const disabled = context.disabled.filter((name) => name !== event.class);
  const extra = context.extra.filter((name) => name !== event.class);
  if (event.type === 'errd.disable') return { disabled: [...disabled, event.class], extra, entries: context.entries };
  const own = !standardClasses.includes(event.class);
  const after = { ...context, disabled, extra: own ? [...extra, event.class] : extra };
  const before = armedProcs(context);
  const begun = armedProcs(after).filter((proc) => !before.includes(proc));
  const fresh = begun.map((proc) => [proc.name, { ...unknownEntry, fromMs: event.atMs }] as const);
  return { disabled, extra: after.extra, entries: { ...context.entries, ...Object.fromEntries(fresh) } };
}

/** Entries of classes that stay armed are kept; the others begin anew. */
function keepOf(context: ErrdContext, classes: readonly string[]): ErrdContext['entries'] {
  const kept = armedProcs({ ...context, classes: classes.filter((name) => context.classes.includes(name)) });
  return Object.fromEntries(kept.map((proc) => [proc.name, context.entries[proc.name] ?? unknownEntry]));
}
