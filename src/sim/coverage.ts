/** Which transitions of which charts were taken, counted by the actors' own inspection stream. */
import type { AnyStateMachine, AnyStateNode, InspectionEvent } from 'xstate';
import { checkerMachine } from '../machines/checker.machine.js';
import { checkersMachine } from '../machines/checkers.machine.js';
import { errdMachine } from '../machines/errd.machine.js';
import { failoverMachine } from '../machines/failover.machine.js';
import { membershipMachine } from '../machines/membership.machine.js';
import { moduleFarmMachine } from '../machines/module-farm.machine.js';
import { nodeMachine } from '../machines/node.machine.js';
import { scriptMachine } from '../machines/script.machine.js';

/** All charts that are simulated. */
export const charts: readonly AnyStateMachine[] = [
  moduleFarmMachine,
  scriptMachine,
  errdMachine,
  checkersMachine,
  checkerMachine,
  failoverMachine,
  membershipMachine,
  nodeMachine,
];

interface Transition {
  readonly source: AnyStateNode;
  readonly eventType: string;
  readonly target?: readonly AnyStateNode[] | undefined;
}

function keysOf(node: AnyStateNode): readonly { readonly transition: Transition; readonly key: string }[] {
  const all: Transition[] = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
  return all.map((transition) => {
    const same = all.filter((other) => other.eventType === transition.eventType);
    const place = same.length === 1 ? '' : ` [${same.indexOf(transition) + 1}]`;
    const target = transition.target?.map((one) => one.id).join(' ') ?? 'stays';
    const event = transition.eventType === '' ? 'always' : transition.eventType;
    return { transition, key: `${node.id} --${event}${place}--> ${target}` };
  });
}
const nodesOf = (node: AnyStateNode): readonly AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)];

/** Every transition of every chart, in the order of the charts. */
export function allTransitions(): readonly string[] {
  return charts.flatMap((chart) => nodesOf(chart.root).flatMap((node) => keysOf(node).map(({ key }) => key)));
}

export interface Coverage {
  readonly inspect: (event: InspectionEvent) => void;
  /** Transition → how often it was taken. */
  readonly counts: ReadonlyMap<string, number>;
}

const isTransition = (value: unknown): value is Transition =>
  typeof value === 'object' && value !== null && 'source' in value && 'eventType' in value;

/** Counts transitions of all actors that it inspects. */
export function createCoverage(): Coverage {
  const counts = new Map<string, number>();
  // Each daemon has charts of its own: what is known of one transition is kept with it.
  const known = new WeakMap<object, string>();
  const nameOf = (transition: Transition): string => {
    const found = known.get(transition);
    if (found !== undefined) return found;
    for (const { transition: one, key } of keysOf(transition.source)) known.set(one, key);
    return known.get(transition) ?? `${transition.source.id} --${transition.eventType}--> ?`;
  };
  return {
    counts,
    inspect: (event) => {
      if (event.type !== '@xstate.microstep') return;
      for (const transition of event._transitions) {
        if (!isTransition(transition)) continue;
        const key = nameOf(transition);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    },
  };
}
