/**
 * The live part of the statechart inspector: while somebody looks, every step of every machine is kept for a moment, in a bounded
 * ring. While nobody does, nothing is done but to know the roots. It changes nothing, and never throws into what it watches.
 */
import type { AnyActor, AnyMachineSnapshot, InspectionEvent } from 'xstate';
import { Actor } from 'xstate';
import { allCharts, moduleCharts } from './charts.js';
import type { ActorState, Chart, InspectionItem, StepPage } from './inspection.types.js';
import type { Clock, Closable } from './ports.js';
import { machineActor } from './recorder-tree.js';
import { isOf, machinesBelow, renderReset, renderState, renderStep } from './step-render.js';
import { createStepTrace, type RawStep, type StepTrace } from './step-trace.js';

/** Steps that are kept while somebody looks. */
export const keptSteps = 2_000;
/** How long steps are kept for somebody who has asked for a page and may ask for the next one, in ms. */
export const patienceMs = 15_000;

export interface InspectionOptions {
  readonly clock: Pick<Clock, 'monotonicMs' | 'wallMs' | 'setTimeout' | 'clearTimeout'>;
  readonly node: () => string;
  /** Counts the daemon's starts: first part of the steps' ids. */
  readonly epoch: number;
  readonly kept?: number;
}
export interface Inspection {
  /** Belongs into the options of the node's root and of the membership's actor. */
  readonly inspect: (event: InspectionEvent) => void;
  /** Whether steps are being followed now. */
  readonly looking: boolean;
  charts(): readonly Chart[];
  moduleCharts(): readonly Chart[];
  /** Where all machines stand, of one part or of all. */
  states(of: string | null): readonly ActorState[];
  /** Steps after `since`; without it, or where that is gone, where all machines stand. Begins to look, for some seconds. */
  page(since: string | null, of: string | null, limit: number): StepPage;
  /** Calls back when there are new steps, until closed. Begins to look. */
  subscribe(onSteps: () => void): Closable;
}

interface Kept {
  readonly raw: RawStep;
  readonly atMs: number;
  readonly wallMs: number;
}

/** Nobody looks yet. */
export function createInspection(options: InspectionOptions): Inspection {
  const { clock, epoch, kept = keptSteps } = options;
  const roots = new Map<string, AnyActor>();
  const listeners = new Set<() => void>();
  let trace: StepTrace | null = null;
  let settling = false;
  let steps: Kept[] = [];
  /** Steps that were seen since somebody began to look, and all that were seen before: ids never repeat. */
  let last = 0;
  let base = 0;
  let patience: unknown = null;

  const idOf = (n: number): string => `${epoch}.${n}`;
  const keep = (raws: readonly RawStep[]): void => {
    const [atMs, wallMs] = [clock.monotonicMs(), clock.wallMs()];
    for (const raw of raws) {
      last = base + raw.n;
      steps.push({ raw, atMs, wallMs });
    }
    // Trimmed in slices: shifting one by one would cost a copy for each step.
    if (steps.length > kept * 1.1) steps = steps.slice(-kept);
    for (const listener of [...listeners]) listener();
  };
  const look = (): StepTrace => {
    if (trace === null) {
      base = last;
      trace = createStepTrace(keep);
    }
    return trace;
  };
  const lookAway = (): void => {
    if (listeners.size > 0 || patience !== null) return;
    trace = null;
    steps = [];
    // What happens while nobody looks is not counted: whoever held an id from before must not take it for the newest.
    last += 1;
  };
  const stayFor = (): void => {
    clock.clearTimeout(patience);
    patience = clock.setTimeout(() => {
      patience = null;
      lookAway();
    }, patienceMs);
  };
  const settle = (): void => {
    settling = false;
    trace?.settle();
  };
  const machines = (of: string | null): ReadonlyMap<string, AnyMachineSnapshot> => {
    const pathOf = look().pathOf;
    const all = [...roots.values()]
      .filter((root) => root.getSnapshot().status === 'active')
      .flatMap((root) => [...machinesBelow(root, pathOf)]);
    return new Map(all.filter(([path]) => isOf(path, of)));
  };
  const now = () => ({ atMs: clock.monotonicMs(), wallMs: clock.wallMs() });

  return {
    inspect(event) {
      if (trace === null) {
        if (event.type !== '@xstate.actor') return;
        noteRoot(event, roots);
        return;
      }
      try {
        if (event.type === '@xstate.actor') noteRoot(event, roots);
        if (!settling) {
          settling = true;
          queueMicrotask(settle);
        }
        trace.inspect(event);
      } catch {
        // Whoever looks must not disturb what is looked at: they begin anew.
        trace = null;
        steps = [];
        last += 1;
      }
    },
    get looking() {
      return trace !== null;
    },
    charts: allCharts,
    moduleCharts,
    states(of) {
      const wasLooking = trace !== null;
      const states = [...machines(of)].map(([path, snapshot]) => renderState(path, snapshot));
      if (!wasLooking) lookAway();
      return states;
    },
    page(since, of, limit) {
      look();
      stayFor();
      const [first] = steps;
      const oldest = first === undefined ? last : base + first.raw.n - 1;
      const [sinceEpoch, sinceNumber] = (since ?? '').split('.').map(Number);
      const isKnown = sinceEpoch === epoch && sinceNumber !== undefined && sinceNumber >= oldest && sinceNumber <= last;
      if (!isKnown) {
        const why = since === null ? 'now' : 'lost';
        const reset = renderReset(machines(of), why, idOf(last), now());
        return { node: options.node(), items: [reset], lost: since !== null, next: idOf(last) };
      }
      const items: InspectionItem[] = [];
      let next = last;
      for (const { raw, atMs, wallMs } of steps) {
        if (base + raw.n <= sinceNumber || !isOf(raw.path, of)) continue;
        if (items.length === limit) break;
        items.push(renderStep(raw, { atMs, wallMs, id: (n) => idOf(base + n) }));
        next = base + raw.n;
      }
      return { node: options.node(), items, lost: false, next: idOf(items.length === limit ? next : last) };
    },
    subscribe(onSteps) {
      look();
      listeners.add(onSteps);
      return {
        close() {
          listeners.delete(onSteps);
          lookAway();
        },
      };
    },
  };
}

/** An actor without a parent is the root of a tree: the node's, or membership's, which may begin anew. */
function noteRoot(event: InspectionEvent, roots: Map<string, AnyActor>): void {
  const actor = machineActor(event.actorRef);
  if (actor === null || actor._parent instanceof Actor) return;
  roots.set(actor.logic.id, actor);
}
