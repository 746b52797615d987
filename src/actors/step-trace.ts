/**
 * Follows machines through XState's inspection, step by step: one event that one machine took in, where it went, and which step sent
 * it. The live inspector, the replay of a journal and the simulator use it alike. It keeps references to snapshots, which are
 * immutable; `step-render.ts` makes JSON of them, of those only that somebody wants to see.
 */
import type { AnyActor, AnyMachineSnapshot, InspectionEvent } from 'xstate';
import { Actor } from 'xstate';
import { machineActor, machineId, Tree } from './recorder-tree.js';

/** One step with the snapshots themselves. */
export interface RawStep {
  /** Counts the steps of this trace. */
  readonly n: number;
  readonly path: string;
  readonly machine: string;
  readonly event: { readonly type: string };
  readonly source: string | null;
  readonly cause: number | null;
  /** Null at its start. */
  readonly before: AnyMachineSnapshot | null;
  readonly after: AnyMachineSnapshot;
  /** XState's objects of the transitions that were taken. */
  readonly transitions: readonly unknown[];
}
interface OpenStep {
  readonly n: number;
  readonly before: AnyMachineSnapshot | null;
  readonly transitions: unknown[];
}
interface Sender {
  readonly source: string | null;
  readonly cause: number | null;
}

export interface StepTrace {
  readonly inspect: (event: InspectionEvent) => void;
  /** Says who sends the event that comes next from outside: a replay knows it from the journal. */
  announce(event: object, source: string | null): void;
  /** Path of an actor, for example `module:web/errd`. */
  pathOf(actor: AnyActor): string;
  /** Steps that were begun and whose end never came are given up: an action of theirs threw. */
  settle(): void;
}

export function isMachineSnapshot(value: unknown): value is AnyMachineSnapshot {
  return typeof value === 'object' && value !== null && 'machine' in value && 'context' in value && 'value' in value;
}
export const snapshotOf = (actor: AnyActor): AnyMachineSnapshot | null => {
  const snapshot: unknown = actor.getSnapshot();
  return isMachineSnapshot(snapshot) ? snapshot : null;
};

/** @param onSteps is told of steps in the order in which they began, when all that began together have ended. */
export function createStepTrace(onSteps: (steps: readonly RawStep[]) => void): StepTrace {
  const paths = new Tree();
  const senders = new WeakMap<object, Sender>();
  const announced = new WeakMap<object, string | null>();
  let open = new Map<AnyActor, OpenStep>();
  /** Events that came while their actor was at work on another one. */
  let waiting = new Map<AnyActor, { readonly type: string }[]>();
  let ended: RawStep[] = [];
  let count = 0;

  const flush = (): void => {
    if (ended.length === 0) return;
    const steps = ended.sort((left, right) => left.n - right.n);
    ended = [];
    onSteps(steps);
  };
  const beginStep = (actor: AnyActor, event: { readonly type: string }): OpenStep => {
    count += 1;
    const isStart = event.type === 'xstate.init';
    const step: OpenStep = { n: count, before: isStart ? null : snapshotOf(actor), transitions: [] };
    open.set(actor, step);
    return step;
  };
  const senderOf = (event: InspectionEvent & { readonly type: '@xstate.event' }): Sender => {
    const { sourceRef, actorRef, event: sent } = event;
    const outside = announced.get(sent) ?? null;
    if (!(sourceRef instanceof Actor)) return { source: outside, cause: null };
    if (sourceRef === actorRef) return { source: 'timer', cause: null };
    return { source: paths.pathOf(sourceRef), cause: open.get(sourceRef)?.n ?? null };
  };
  /** A step begins when its event is sent, unless the actor is at work: what it starts and sends then comes after it. */
  const arrive = (actor: AnyActor, event: { readonly type: string }): void => {
    const step = open.get(actor);
    if (step === undefined) beginStep(actor, event);
    else if (event.type !== 'xstate.init') waiting.set(actor, [...(waiting.get(actor) ?? []), event]);
  };
  const end = (actor: AnyActor, event: { readonly type: string }, after: unknown): void => {
    const step = open.get(actor);
    open.delete(actor);
    if (isMachineSnapshot(after) && step !== undefined && event.type !== 'xstate.stop') {
      const sender = senders.get(event) ?? { source: null, cause: null };
      const { n, before, transitions } = step;
      ended.push({ n, path: paths.pathOf(actor), machine: machineId(actor), event, ...sender, before, after, transitions });
    }
    const [next, ...rest] = waiting.get(actor) ?? [];
    waiting.set(actor, rest);
    if (next === undefined) waiting.delete(actor);
    else if (isActive(actor)) beginStep(actor, next);
  };

  return {
    announce: (event, source) => void announced.set(event, source),
    pathOf: (actor) => paths.pathOf(actor),
    settle() {
      open = new Map();
      waiting = new Map();
      flush();
    },
    inspect(event) {
      const actor = machineActor(event.actorRef);
      if (actor === null) return;
      switch (event.type) {
        case '@xstate.event':
          senders.set(event.event, senderOf(event));
          if (event.event.type === 'xstate.init' || isActive(actor)) arrive(actor, event.event);
          return;
        case '@xstate.microstep':
          (open.get(actor) ?? beginStep(actor, event.event)).transitions.push(...event._transitions);
          return;
        case '@xstate.snapshot':
          end(actor, event.event, event.snapshot);
          if (open.size === 0) flush();
      }
    },
  };
}
const isActive = (actor: AnyActor): boolean => actor.getSnapshot().status === 'active';
