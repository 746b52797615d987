/**
 * The judgement of errd, as pure functions: from what a scan found to values and failures.
 * Source: compatibility page 2.10 and the statecharts design ('Process monitoring').
 */
import type { ProcConfig } from '../config/types.js';
import type { ErrdContext, ErrdEntry, ErrdExit, ErrdReport, ErrdScan } from './errd.types.js';
import { present } from './present.js';

/** A `<proc>` about which nothing is known yet. */
export const unknownEntry: ErrdEntry = {
  processes: [],
  service: null,
  value: 'init',
  seen: false,
  missingSinceMs: null,
  crashed: false,
  reportedAtMs: null,
  fromMs: null,
};

const requestedSignals: readonly string[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];
const requestedCodes: readonly number[] = [0, 129, 130, 131, 143];

/**
 * Whether an end was a crash. A process that was asked to end (code 0, or by TERM, INT, HUP, QUIT) may be about to be replaced and gets
 * `settle`; one whose end is not known gets it as well.
 */
export function isCrash(exit: ErrdExit): boolean {
  if (exit.kind === 'signal') return !requestedSignals.includes(exit.signal ?? '');
  return exit.kind === 'code' && !requestedCodes.includes(exit.code ?? 0);
}

/** Classes that the module's windows arm by themselves (section 2.10). */
export const standardClasses: readonly string[] = ['pre', 'prim', 'both', 'second', 'sec'];

/** The class in which a `<proc>` without one is watched. */
export const defaultClass = 'both';

/** The `<proc>`s that are watched now. */
export function armedProcs(context: Pick<ErrdContext, 'procs' | 'classes' | 'disabled' | 'extra'>): readonly ProcConfig[] {
  return context.procs.filter((proc) => {
    const name = proc.class ?? defaultClass;
    if (context.classes.length === 0 || context.disabled.includes(name)) return false;
    return context.classes.includes(name) || context.extra.includes(name);
  });
}

/** Whether two `<proc>`s ask for the same. */
export const sameProc = (left: ProcConfig, right: ProcConfig): boolean => JSON.stringify(left) === JSON.stringify(right);

/** What another configuration means for what is known: a `<proc>` that is as it was keeps it, the others begin now. */
export function reconfigured(
  context: ErrdContext,
  procs: readonly ProcConfig[],
  pollTimerMs: number,
  atMs: number,
): Pick<ErrdContext, 'procs' | 'pollTimerMs' | 'entries' | 'quickMs'> {
  const entries = procs.map((proc): readonly [string, ErrdEntry] => {
    const before = context.procs.find((one) => one.name === proc.name);
    const isKept = before !== undefined && sameProc(before, proc);
    const known = context.entries[proc.name];
    return [proc.name, isKept ? (known ?? unknownEntry) : { ...unknownEntry, fromMs: atMs }];
  });
  return { procs, pollTimerMs, entries: Object.fromEntries(entries), quickMs: firstQuickMs };
}

/** Time of the first verdict about a `<proc>` that was never seen: the first poll after arming, or later by `start_after`. */
function firstVerdictMs(context: ErrdContext, proc: ProcConfig, entry: ErrdEntry): number {
  const fromMs = Math.max(context.armedAtMs, entry.fromMs ?? 0);
  return context.verify ? fromMs : fromMs + context.pollTimerMs * Math.max(1, proc.startAfter);
}

/**
 * A failure that goes on is reported again after each polltimer: its action may have come when the module could not take it, and a handler
 * may have ended without a remedy. Where nothing is to be done, once is enough.
 */
const repeats = (context: ErrdContext, proc: ProcConfig, sinceMs: number): boolean =>
  proc.action.kind !== 'noaction' && sinceMs >= context.pollTimerMs;

/** What one scan means for one `<proc>`: its entry, and when to look again (null: at the next poll). */
export interface Judgement {
  readonly entry: ErrdEntry;
  readonly failing: boolean;
  readonly tooMany: boolean;
  readonly count: number;
  readonly againInMs: number | null;
}

/** Judges one `<proc>` by a scan. */
export function judge(context: ErrdContext, proc: ProcConfig, scan: ErrdScan): Judgement {
  const before = context.entries[proc.name] ?? unknownEntry;
  const found = present(scan.found[proc.name], proc.name);
  const count = proc.service ? (found.service === 'running' ? 1 : 0) : found.processes.length;
  const tooMany = proc.atMax >= 0 && count >= Math.max(1, proc.atMax);
  const tooFew = proc.atLeast >= 0 && proc.atMax !== 0 && count < proc.atLeast;
  const entry: ErrdEntry = { ...before, processes: found.processes, service: found.service };
  const base = { tooMany, count, againInMs: null };
  const waitMs = firstVerdictMs(context, proc, before) - scan.atMs;
  if (waitMs > 0 && !before.seen && (tooFew || proc.startAfter > 1)) {
    return { ...base, entry, failing: false, againInMs: waitMs };
  }
  // An unknown service (its manager did not answer) is not evidence of anything.
  if (proc.service && found.service === 'unknown') return { ...base, entry, failing: false };
  if (!tooFew && !tooMany) {
    return {
      ...base,
      entry: { ...entry, value: 'up', seen: true, missingSinceMs: null, crashed: false, reportedAtMs: null },
      failing: false,
    };
  }
  const missingSinceMs = before.missingSinceMs ?? scan.atMs;
  const mayReturn = tooFew && before.seen && !before.crashed && before.reportedAtMs === null;
  const leftMs = mayReturn ? missingSinceMs + proc.settleMs - scan.atMs : 0;
  if (leftMs > 0) return { ...base, entry: { ...entry, missingSinceMs }, failing: false, againInMs: leftMs };
  const failing = before.reportedAtMs === null || repeats(context, proc, scan.atMs - before.reportedAtMs);
  const reportedAtMs = failing ? scan.atMs : before.reportedAtMs;
  const isRepeated = proc.action.kind !== 'noaction' && reportedAtMs !== null;
  const againInMs = isRepeated ? reportedAtMs + context.pollTimerMs - scan.atMs : null;
  return { ...base, entry: { ...entry, value: 'down', missingSinceMs, reportedAtMs }, failing, againInMs };
}

/** First pause between quick scans after arming, in ms; it doubles up to 3.2 s. */
export const firstQuickMs = 100;
/** Longest pause between two quick scans while something that was never seen is looked for, in ms. */
const quickCeilingMs = 3_200;
/** The pause after a quick scan that found nothing new, in ms. */
export const slower = (quickMs: number): number => Math.min(quickMs * 2, quickCeilingMs);

/** All of what one scan changes. */
export interface Survey {
  readonly entries: ErrdContext['entries'];
  readonly reports: readonly ErrdReport[];
  readonly againInMs: number | null;
  readonly quickMs: number;
  /** Everything that is armed has been looked at since arming. */
  readonly scanned: boolean;
}

/** Judges all that is armed. What a scan did not look for, because it began before that was armed, is left for the next one. */
export function survey(context: ErrdContext, scan: ErrdScan): Survey {
  const entries: Record<string, ErrdEntry> = { ...context.entries };
  const reports: ErrdReport[] = [];
  let againInMs: number | null = null;
  let unseen = false;
  let healthy = true;
  const soonest = (ms: number): void => {
    againInMs = againInMs === null ? ms : Math.min(againInMs, ms);
  };
  const armed = armedProcs(context);
  const looked = armed.filter((proc) => proc.name in scan.found);
  for (const proc of looked) {
    const before = context.entries[proc.name] ?? unknownEntry;
    const { entry, failing, tooMany, count, againInMs: again } = judge(context, proc, scan);
    entries[proc.name] = entry;
    if (again !== null) soonest(again);
    if (entry.value === 'init' && proc.atLeast > 0) unseen = true;
    if (entry.value === 'down') healthy = false;
    if (entry.value !== before.value && entry.value !== 'init') {
      reports.push({ type: 'proc.valued', name: proc.name, value: entry.value, atMs: scan.atMs });
    }
    if (failing) {
      const { name, service, action, restartServices } = proc;
      const limit = tooMany ? proc.atMax : proc.atLeast;
      reports.push({ type: 'proc.failed', name, service, count, tooMany, limit, action, restartServices, atMs: scan.atMs });
    }
  }
  const scanned = context.scanned || looked.length === armed.length;
  if (scanned && !context.scanned) reports.push({ type: 'errd.surveyed', healthy, atMs: scan.atMs });
  if (unseen) soonest(context.quickMs);
  return { entries, reports, againInMs, quickMs: slower(context.quickMs), scanned };
}

/**
 * Time until the next scan of the polltimer, in ms, above 0 and at most the polltimer. All modules scan at whole multiples of their
 * polltimer: those of one polltimer share each look at the process table.
 */
export function untilPoll(nowMs: number, pollTimerMs: number): number {
  return pollTimerMs - (nowMs % pollTimerMs);
}
