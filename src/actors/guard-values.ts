/**
 * What the guards of a machine would say now. Guards are pure: they are asked with the context as it is. Where one reads more of the
 * event than its type, its answer hangs on an event that has not come, and nothing is said of it.
 */
import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import { transitionIds, transitionsOf } from './chart-model.js';
import type { GuardValues } from './inspection.types.js';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
class NeedsEvent extends Error {}

/** An event of which only the type is known: reading anything else of it is noticed. */
function unknownEvent(type: string): { readonly type: string } {
  return new Proxy(
    { type },
    {
      get(target, name) {
        if (name === 'type') return target.type;
        throw new NeedsEvent();
      },
      has() {
        throw new NeedsEvent();
      },
    },
  );
}

function guardOf(transition: unknown): { readonly name: string; readonly params: unknown } | null {
  if (!isObject(transition) || !('guard' in transition)) return null;
  const { guard } = transition;
  if (typeof guard === 'string') return { name: guard, params: undefined };
  if (!isObject(guard) || !('type' in guard) || typeof guard.type !== 'string') return null;
  return { name: guard.type, params: 'params' in guard ? guard.params : undefined };
}

/** Null: nobody can tell before the event comes. */
function guardHolds(snapshot: AnyMachineSnapshot, transition: unknown): boolean | null {
  const guard = guardOf(transition);
  if (guard === null) return null;
  const check: unknown = snapshot.machine.implementations.guards[guard.name];
  if (typeof check !== 'function') return null;
  const type =
    isObject(transition) && 'eventType' in transition && typeof transition.eventType === 'string' ? transition.eventType : '';
  try {
    const event = unknownEvent(type);
    const params: unknown =
      typeof guard.params === 'function' ? guard.params({ context: snapshot.context, event }) : guard.params;
    return check({ context: snapshot.context, event }, params) === true;
  } catch {
    // It read the event, or the event is not one that it takes.
    return null;
  }
}

/** The state nodes that are active, from the root on. */
export function activeNodes(snapshot: AnyMachineSnapshot): readonly AnyStateNode[] {
  return [...snapshot._nodes].sort((left, right) => left.order - right.order);
}

/** Guards of all transitions that start at states which are active. */
export function guardValues(snapshot: AnyMachineSnapshot, ids = transitionIds(snapshot.machine)): GuardValues {
  const yes: number[] = [];
  const no: number[] = [];
  if (snapshot.status !== 'active') return { yes, no };
  for (const transition of activeNodes(snapshot).flatMap(transitionsOf)) {
    const id = ids.get(transition);
    const value = id === undefined ? null : guardHolds(snapshot, transition);
    if (id !== undefined && value !== null) (value ? yes : no).push(id);
  }
  return { yes, no };
}
