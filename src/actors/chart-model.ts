/** A machine's definition as plain data, with every transition numbered: what the inspector draws, and what steps refer to. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { Chart, ChartState, ChartTransition } from './inspection.types.js';

/** The transitions of a state node as XState holds them, those without an event included, in the order of the chart. */
export function transitionsOf(node: AnyStateNode): readonly unknown[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}
/** All state nodes of a machine, in the order of the chart. */
export function nodesOf(machine: AnyStateMachine): readonly AnyStateNode[] {
  const below = (node: AnyStateNode): readonly AnyStateNode[] => [node, ...Object.values(node.states).flatMap(below)];
  return below(machine.root);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
function field(value: unknown, name: string): unknown {
  return isObject(value) ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}
/** Names of actions or guards: `'name'` or `{ type: 'name' }`. Those of XState's own are left out. */
function namesOf(values: unknown): readonly string[] {
  const listed: readonly unknown[] = Array.isArray(values) ? values : values === undefined ? [] : [values];
  return listed
    .map((one) => (typeof one === 'string' ? one : field(one, 'type')))
    .filter((name) => typeof name === 'string')
    .filter((name) => !name.startsWith('xstate.'));
}
/** `xstate.after.NAME.STATE` is the event of a delay. */
function delayOf(event: string, stateId: string): string | null {
  const start = 'xstate.after.';
  return event.startsWith(start) && event.endsWith(`.${stateId}`) ? event.slice(start.length, -stateId.length - 1) : null;
}
function typeOf(type: string): ChartState['type'] {
  return type === 'compound' || type === 'parallel' || type === 'final' || type === 'history' ? type : 'atomic';
}

function transitionOf(value: unknown, id: number, stateId: string): ChartTransition {
  const event = field(value, 'eventType');
  const type = typeof event === 'string' ? event : '';
  const targets = field(value, 'target');
  const guard = field(value, 'guard');
  const params = field(guard, 'params');
  return {
    id,
    event: type,
    targets: Array.isArray(targets) ? targets.map((one) => field(one, 'id')).filter((one) => typeof one === 'string') : [],
    guard: namesOf(guard)[0] ?? null,
    params: params === undefined ? null : JSON.stringify(params),
    actions: namesOf(field(value, 'actions')),
    delay: delayOf(type, stateId),
    reenter: field(value, 'reenter') === true,
  };
}

/** Numbers of a machine's transitions, by XState's own objects. */
export function transitionIds(machine: AnyStateMachine): ReadonlyMap<unknown, number> {
  return new Map(
    nodesOf(machine)
      .flatMap(transitionsOf)
      .map((transition, id) => [transition, id]),
  );
}

/** The definition of a machine as plain data. */
export function chartOf(machine: AnyStateMachine): Chart {
  const ids = transitionIds(machine);
  const stateOf = (node: AnyStateNode): ChartState => {
    const initial = field(field(node, 'initial'), 'target');
    const first = Array.isArray(initial) ? field(initial[0], 'key') : undefined;
    return {
      id: node.id,
      key: node.key,
      type: typeOf(node.type),
      description: node.description ?? '',
      tags: [...node.tags],
      initial: node.type === 'compound' && typeof first === 'string' ? first : null,
      entry: namesOf(node.entry),
      exit: namesOf(node.exit),
      invokes: node.invoke.map((one) => ({ id: one.id, src: typeof one.src === 'string' ? one.src : one.id })),
      transitions: transitionsOf(node).map((one) => transitionOf(one, ids.get(one) ?? -1, node.id)),
      states: Object.values(node.states).map(stateOf),
    };
  };
  const delays = Object.entries(machine.implementations.delays).map(([name, delay]) => [
    name,
    typeof delay === 'number' ? delay : null,
  ]);
  return {
    machine: machine.id,
    description: machine.root.description ?? '',
    root: stateOf(machine.root),
    delays: Object.fromEntries(delays),
  };
}
