/** Steps and states as JSON, without what must not be shown: what the inspector is told. */
import type { AnyActor, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { Actor } from 'xstate';
import { transitionIds } from './chart-model.js';
import { changesOf } from './context-changes.js';
import { activeNodes, guardValues } from './guard-values.js';
import type { ActorName, ActorState, GuardValues, MachineStep, StatesReset } from './inspection.types.js';
import { plain } from './recorder-plain.js';
import { machineActor, machineId } from './recorder-tree.js';
import { isMachineSnapshot, type RawStep } from './step-trace.js';

/** Longer events are told by their type alone, in characters of JSON. */
export const longestEvent = 16 * 1024;
const nothing: GuardValues = { yes: [], no: [] };

const numbers = new WeakMap<AnyStateMachine, ReadonlyMap<unknown, number>>();
function idsOf(machine: AnyStateMachine): ReadonlyMap<unknown, number> {
  const known = numbers.get(machine);
  if (known !== undefined) return known;
  const ids = transitionIds(machine);
  numbers.set(machine, ids);
  return ids;
}
const statusOf = ({ status }: AnyMachineSnapshot): ActorState['status'] => status;

/** Ids of the innermost active states. */
function leavesOf(snapshot: AnyMachineSnapshot): readonly string[] {
  return activeNodes(snapshot)
    .filter((node) => node.type === 'atomic' || node.type === 'final')
    .map((node) => node.id);
}
/** Children by their ids; the paths begin with that of their parent. */
function childrenOf(
  path: string,
  snapshot: AnyMachineSnapshot,
): ReadonlyMap<string, { readonly ref: unknown; readonly name: ActorName }> {
  const prefix = path === 'node' ? '' : `${path}/`;
  return new Map(
    Object.entries(snapshot.children).map(([id, ref]) => {
      const actor = machineActor(ref);
      return [id, { ref, name: { path: `${prefix}${id}`, machine: actor === null ? null : machineId(actor) } }];
    }),
  );
}
const named = (names: readonly unknown[]): readonly string[] =>
  names
    .map((one) => (typeof one === 'string' ? one : typeof one === 'object' && one !== null && 'type' in one ? one.type : null))
    .filter((name) => typeof name === 'string')
    .filter((name) => !name.startsWith('xstate.'));

/** What was carried out: actions of the transitions, then those on entry into states that were not active before. */
function actionsOf({ before, after, transitions }: RawStep): readonly string[] {
  const taken = transitions.flatMap((one) =>
    typeof one === 'object' && one !== null && 'actions' in one && Array.isArray(one.actions) ? named(one.actions) : [],
  );
  const known = new Set(before === null ? [] : activeNodes(before).map((node) => node.id));
  const entered = activeNodes(after).filter((node) => !known.has(node.id));
  return [...taken, ...entered.flatMap((node) => named(node.entry))];
}

function eventOf(event: { readonly type: string }): MachineStep['event'] {
  const shown: unknown = plain(event);
  const size = JSON.stringify(shown)?.length ?? 0;
  return size > longestEvent || typeof shown !== 'object' || shown === null
    ? { type: event.type, cut: size }
    : { ...shown, type: event.type };
}

/** Where an actor's machine stands; null where no machine is behind it. */
export function renderState(path: string, snapshot: AnyMachineSnapshot): ActorState {
  return {
    path,
    machine: snapshot.machine.id,
    status: statusOf(snapshot),
    at: leavesOf(snapshot),
    tags: [...snapshot.tags],
    context: plain(snapshot.context),
    guards: guardValues(snapshot, idsOf(snapshot.machine)),
    children: [...childrenOf(path, snapshot).values()].map(({ name }) => name),
  };
}

/** When and in which numbering something happened. */
export interface Moment {
  readonly wallMs: number;
  readonly atMs: number;
  readonly id: (n: number) => string;
}

export function renderStep(step: RawStep, { wallMs, atMs, id }: Moment, times = 1): MachineStep {
  const { n, path, machine, event, source, cause, before, after, transitions } = step;
  const ids = idsOf(after.machine);
  const [had, has] = [before === null ? new Map<string, never>() : childrenOf(path, before), childrenOf(path, after)];
  const isSame = (key: string): boolean => had.get(key)?.ref === has.get(key)?.ref;
  return {
    kind: 'step',
    id: id(n),
    time: new Date(wallMs).toISOString(),
    atMs: Math.round(atMs * 10) / 10,
    actor: path,
    machine,
    event: eventOf(event),
    times,
    source,
    cause: cause === null ? null : id(cause) || null,
    from: before === null ? [] : leavesOf(before),
    to: leavesOf(after),
    transitions: transitions.map((one) => ids.get(one)).filter((one) => one !== undefined),
    actions: actionsOf(step),
    status: statusOf(after),
    tags: [...after.tags],
    changes:
      before === null ? [{ path: [], value: plain(after.context) }] : changesOf(plain(before.context), plain(after.context)),
    guards: after.status === 'active' ? guardValues(after, ids) : nothing,
    started: [...has].filter(([key]) => !isSame(key)).map(([, { name }]) => name),
    stopped: [...had].filter(([key]) => !isSame(key)).map(([, { name }]) => name.path),
  };
}

/** All machines below a root that have not ended, the root first. */
export function machinesBelow(root: AnyActor, pathOf: (actor: AnyActor) => string): ReadonlyMap<string, AnyMachineSnapshot> {
  const found = new Map<string, AnyMachineSnapshot>();
  const visit = (actor: AnyActor): void => {
    const snapshot: unknown = actor.getSnapshot();
    if (!isMachineSnapshot(snapshot)) return;
    found.set(pathOf(actor), snapshot);
    for (const child of Object.values(snapshot.children)) if (child instanceof Actor) visit(child);
  };
  visit(root);
  return found;
}

export function renderReset(
  states: ReadonlyMap<string, AnyMachineSnapshot>,
  why: StatesReset['why'],
  id: string,
  { wallMs, atMs }: Pick<Moment, 'wallMs' | 'atMs'>,
): StatesReset {
  const actors = [...states].map(([path, snapshot]) => renderState(path, snapshot));
  return { kind: 'states', id, time: new Date(wallMs).toISOString(), atMs: Math.round(atMs * 10) / 10, why, actors };
}

/** What an actor's step means for the machines that there are: it stands elsewhere, and what it stopped is gone. */
export function applyRaw(states: Map<string, AnyMachineSnapshot>, step: RawStep): void {
  const { path, before, after } = step;
  if (before !== null) {
    const has = childrenOf(path, after);
    for (const [key, { ref, name }] of childrenOf(path, before)) {
      if (has.get(key)?.ref === ref) continue;
      for (const known of [...states.keys()]) if (known === name.path || known.startsWith(`${name.path}/`)) states.delete(known);
    }
  }
  if (after.status === 'stopped') states.delete(path);
  else states.set(path, after);
}

/** Does a path belong to what was asked for? `node` and `membership` are those alone, `module:web` is the module with its children. */
export function isOf(path: string, of: string | null): boolean {
  return of === null || path === of || path.startsWith(`${of}/`);
}
