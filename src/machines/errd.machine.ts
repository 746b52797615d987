/**
 * errd of one module: watches its processes and services. Owns what is known of each `<proc>`.
 * Listens to `errd.arm`/`errd.disarm` (the module's windows), `errd.enable`/`errd.disable` (classes), and to the watcher
 * (`process.exited` at once, `processes.seen` after each scan). Tells the module `proc.valued`, `proc.failed` and, once after arming,
 * `errd.surveyed`. An exit only asks for a scan: the verdict always rests on what is there now. Never acts on the application.
 */
import type { AnyEventObject, CallbackLogicFunction } from 'xstate';
import { assign, enqueueActions, fromCallback, sendParent, sendTo, setup } from 'xstate';
import { armedProcs, isCrash, standardClasses, survey, unknownEntry } from './errd-rules.js';
import type { ErrdContext, ErrdEvent, ErrdInput, ErrdReport, WatcherCommand } from './errd.types.js';

/** First pause between quick scans after arming, in ms; it doubles up to 3.2 s. */
export const firstQuickMs = 100;

const notProvided: CallbackLogicFunction<WatcherCommand, AnyEventObject, { readonly procs: ErrdInput['procs'] }> = () => {
  throw new Error('process watcher not provided');
};

export const errdMachine = setup({
  types: {} as { context: ErrdContext; events: ErrdEvent; input: ErrdInput },
  actors: { watcher: fromCallback<WatcherCommand, { readonly procs: ErrdInput['procs'] }>(notProvided) },
  actions: {
    arm: assign(({ context, event }) => {
      if (event.type !== 'errd.arm') return {};
      const { classes, atMs, verify } = event;
      return { classes, armedAtMs: atMs, verify, scanned: false, quickMs: firstQuickMs, entries: keepOf(context, classes) };
    }),
    disarm: assign({ classes: [], verify: false, entries: {} }),
    switch: assign(({ context, event }) => switched(context, event)),
    noteExit: assign(({ context, event }) => {
      if (event.type !== 'process.exited') return {};
      const { process, exit } = event;
      const entries = Object.entries(context.entries).map(([name, entry]) =>
        entry.processes.some((one) => one.pid === process.pid && one.startTime === process.startTime)
          ? ([name, { ...entry, crashed: isCrash(exit) }] as const)
          : ([name, entry] as const),
      );
      return { entries: Object.fromEntries(entries) };
    }),
    scan: sendTo('watcher', { type: 'scan' }),
    select: sendTo('watcher', ({ context }) => ({ type: 'select' as const, names: armedProcs(context).map((proc) => proc.name) })),
    takeSurvey: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'processes.seen') return;
      const result = survey(context, event);
      enqueue.assign({ entries: result.entries, quickMs: result.quickMs, scanned: true });
      for (const report of result.reports) enqueue(sendParent(report));
      enqueue.cancel('scan-again');
      if (result.againInMs !== null) enqueue.raise({ type: 'scan.due' }, { id: 'scan-again', delay: result.againInMs });
    }),
    reportNothing: sendParent(
      ({ event }): ErrdReport => ({ type: 'errd.surveyed', healthy: true, atMs: event.type === 'errd.arm' ? event.atMs : 0 }),
    ),
    forgetQuick: enqueueActions(({ enqueue }) => enqueue.cancel('scan-again')),
  },
  guards: {
    watchesSomething: ({ context, event }) =>
      armedProcs({ ...context, ...switched(context, event), ...(event.type === 'errd.arm' ? { classes: event.classes } : {}) }).length > 0,
  },
  delays: { pollTimer: ({ context }) => context.pollTimerMs },
}).createMachine({
  id: 'errd',
  description: 'Monitoring of the processes and services of one module',
  context: ({ input }) => ({ ...input, classes: [], armedAtMs: 0, verify: false, quickMs: firstQuickMs, entries: {}, scanned: false }),
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
          { guard: 'watchesSomething', target: 'watching', actions: ['arm', 'select'] },
          { actions: ['arm', 'reportNothing'] },
        ],
        'errd.enable': [
          { guard: 'watchesSomething', target: 'watching', actions: ['switch', 'select'] },
          { actions: 'switch' },
        ],
      },
    },
    watching: {
      description: 'Exits are reported as they happen; a scan at every polltimer finds new and vanished processes.',
      tags: ['watching'],
      entry: 'scan',
      after: { pollTimer: { target: 'watching', reenter: true } },
      on: {
        'errd.arm': [
          { guard: 'watchesSomething', target: 'watching', reenter: true, actions: ['arm', 'select'] },
          { target: 'idle', actions: ['arm', 'forgetQuick', 'select', 'reportNothing'] },
        ],
        'errd.enable': { target: 'watching', reenter: true, actions: ['switch', 'select'] },
        'errd.disarm': { target: 'idle', actions: ['disarm', 'forgetQuick', 'select'] },
        'process.exited': { actions: ['noteExit', 'scan'] },
        'scan.due': { actions: 'scan' },
        'processes.seen': { actions: 'takeSurvey' },
      },
    },
  },
});

/** A class switched off is not watched; one of the user's own that is switched on is watched in every window. */
function switched(context: ErrdContext, event: ErrdEvent): Partial<ErrdContext> {
  if (event.type === 'errd.disable') {
    const { disabled, extra } = context;
    return { disabled: [...new Set([...disabled, event.class])], extra: extra.filter((name) => name !== event.class) };
  }
  if (event.type !== 'errd.enable') return {};
  const extra = standardClasses.includes(event.class) ? context.extra : [...new Set([...context.extra, event.class])];
  return { disabled: context.disabled.filter((name) => name !== event.class), extra };
}

/** Entries of classes that stay armed are kept; the others begin anew. */
function keepOf(context: ErrdContext, classes: readonly string[]): ErrdContext['entries'] {
  const kept = armedProcs({ ...context, classes: classes.filter((name) => context.classes.includes(name)) });
  return Object.fromEntries(kept.map((proc) => [proc.name, context.entries[proc.name] ?? unknownEntry]));
}
