/** A chart as it is drawn: which state is where, in which order, and what a step did in it. Pure. */
import type { ActorState, Chart, ChartState, ChartTransition, InspectionItem, MachineStep } from '../../http/api-types.js';

export interface IndexedState {
  readonly state: ChartState;
  readonly parent: string | null;
}
export interface ChartIndex {
  readonly chart: Chart;
  readonly states: ReadonlyMap<string, IndexedState>;
  /** Transitions by their ids, with the state that they start at. */
  readonly transitions: ReadonlyMap<number, { readonly transition: ChartTransition; readonly state: ChartState }>;
}

/** Makes the index of a chart. */
export function indexChart(chart: Chart): ChartIndex {
  const states = new Map<string, IndexedState>();
  const transitions = new Map<number, { readonly transition: ChartTransition; readonly state: ChartState }>();
  const visit = (state: ChartState, parent: string | null): void => {
    states.set(state.id, { state, parent });
    for (const transition of state.transitions) transitions.set(transition.id, { transition, state });
    for (const child of state.states) visit(child, state.id);
  };
  visit(chart.root, null);
  return { chart, states, transitions };
}

/** The ids of a state and of all that it is in, innermost first. */
export function lineage(index: ChartIndex, id: string): readonly string[] {
  const line: string[] = [];
  for (let now: string | null = id; now !== null; now = index.states.get(now)?.parent ?? null) line.push(now);
  return line;
}
/** Ids of all active states, those around the innermost ones included. */
export function activeStates(index: ChartIndex, leaves: readonly string[]): ReadonlySet<string> {
  return new Set(leaves.flatMap((leaf) => lineage(index, leaf)));
}
const isWithin = (id: string, state: string): boolean => id === state || id.startsWith(`${state}.`);
const transitionsWithin = (state: ChartState): readonly ChartTransition[] => [
  ...state.transitions,
  ...state.states.flatMap(transitionsWithin),
];

/** The states in a state, by their distance from the one in which it begins; those that cannot be reached come last, as in the chart. */
export function orderedStates(state: ChartState): readonly ChartState[] {
  const { states, initial } = state;
  if (state.type === 'parallel' || states.length < 2) return states;
  const next = new Map(
    states.map((from) => {
      const targets = transitionsWithin(from).flatMap(({ targets: ids }) => ids);
      return [from.id, states.filter((to) => to !== from && targets.some((id) => isWithin(id, to.id)))];
    }),
  );
  const first = states.find(({ key }) => key === initial) ?? states[0];
  const distances = new Map<string, number>();
  let ring = first === undefined ? [] : [first];
  for (let distance = 0; ring.length > 0; distance += 1) {
    for (const one of ring) distances.set(one.id, distance);
    ring = [...new Set(ring.flatMap((one) => next.get(one.id) ?? []))].filter(({ id }) => !distances.has(id));
  }
  const far = states.length;
  return [...states].sort((left, right) => (distances.get(left.id) ?? far) - (distances.get(right.id) ?? far));
}

/** A state's name as it is said where the machine is known: without the machine's. */
export function shortName(id: string): string {
  const dot = id.indexOf('.');
  return dot < 0 ? id : id.slice(dot + 1);
}
/** The innermost states of a machine as one text; what parallel ones have in common is said once. */
export function leavesText(leaves: readonly string[]): string {
  const paths = leaves.map((leaf) => shortName(leaf).split('.'));
  const [first = []] = paths;
  if (paths.length < 2) return first.join('.');
  const differs = first.findIndex((part, depth) => paths.some((path) => path[depth] !== part));
  const rest = paths.map((path) => path.slice(Math.max(0, differs)).join('.')).join(' + ');
  return differs <= 0 ? rest : `${first.slice(0, differs).join('.')}: ${rest}`;
}

/** Which way a machine went, as one text: of parallel regions only those that moved. */
export function wayText(from: readonly string[], to: readonly string[]): string {
  const [left, entered] = [from.filter((one) => !to.includes(one)), to.filter((one) => !from.includes(one))];
  return [leavesText(left), leavesText(entered)].filter((text, index) => index === 1 || text !== '').join(' → ');
}

/** What an event is called: a delay by its name, what XState makes of a child's end by that; in the words of XState's own notation. */
export function eventName({ event, delay }: Pick<ChartTransition, 'event' | 'delay'>): string {
  if (delay !== null) return `after ${delay}`;
  return eventText(event);
}
export function eventText(type: string): string {
  const after = /^xstate\.after\.([^.]+)\./.exec(type);
  if (after !== null) return `after ${after[1] ?? ''}`;
  const done = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type);
  if (done !== null) return `${done[1]} ${done[2] ?? ''}`;
  return type === 'xstate.init' ? 'init' : type;
}

export type GuardOutcome = 'yes' | 'no' | 'open' | 'none';
/** What the guard of a transition says now. */
export function guardOf(transition: ChartTransition, guards: ActorState['guards']): GuardOutcome {
  if (transition.guard === null) return 'none';
  if (guards.yes.includes(transition.id)) return 'yes';
  return guards.no.includes(transition.id) ? 'no' : 'open';
}

/** A transition that was thought of at a step: those before the one that was taken said no, those after it were not asked. */
export interface Candidate {
  readonly transition: ChartTransition;
  readonly state: ChartState;
  readonly outcome: 'taken' | 'refused' | 'not asked';
}
/** What stood to choice at a step, as far as the chart tells it. */
export function candidates(index: ChartIndex, step: MachineStep): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const id of step.transitions) {
    const taken = index.transitions.get(id);
    if (taken === undefined) continue;
    let passed = false;
    for (const transition of taken.state.transitions) {
      if (transition.event !== taken.transition.event) continue;
      const outcome = transition.id === id ? 'taken' : passed ? 'not asked' : 'refused';
      passed ||= transition.id === id;
      found.push({ transition, state: taken.state, outcome });
    }
  }
  if (step.transitions.length > 0) return found;
  // It was ignored: every transition for it, from the innermost state outwards, said no.
  for (const id of activeStates(index, step.from)) {
    const state = index.states.get(id)?.state;
    for (const transition of state?.transitions ?? []) {
      if (state !== undefined && transition.event === step.event.type) found.push({ transition, state, outcome: 'refused' });
    }
  }
  return found;
}

/** The way of a step through the chart: from state to state, as its transitions led. */
export function wayOf(index: ChartIndex, step: MachineStep): readonly { readonly from: string; readonly to: string }[] {
  const ways = step.transitions.flatMap((id) => {
    const taken = index.transitions.get(id);
    return (taken?.transition.targets ?? []).map((to) => ({ from: taken?.state.id ?? to, to }));
  });
  return ways.filter(({ from, to }) => index.states.has(from) && index.states.has(to));
}
/** Whether a step did anything at all that can be seen. */
export function isQuiet(step: MachineStep): boolean {
  const same = step.from.join() === step.to.join();
  return same && step.changes.length === 0 && step.started.length === 0 && step.stopped.length === 0;
}
/** The steps that led to one, the oldest first, itself last. */
export function causesOf(steps: ReadonlyMap<string, MachineStep>, step: MachineStep): readonly MachineStep[] {
  const chain = [step];
  for (let now = step; now.cause !== null; ) {
    const before = steps.get(now.cause);
    if (before === undefined || chain.includes(before)) break;
    chain.unshift(before);
    now = before;
  }
  return chain;
}
/**
 * Where to begin to look for a moment: the step by which the actor moved then; else the last one up to then; -1: there is none.
 * Many steps bear the same time, as one leads to the next.
 */
export function placeOf(items: readonly InspectionItem[], wallMs: number | null, actor: string | null): number {
  if (wallMs === null) return -1;
  const last = items.findLastIndex((one) => Date.parse(one.time) <= wallMs);
  const time = items[last]?.time;
  const moved = items.findIndex(
    (one) => one.kind === 'step' && one.time === time && one.actor === actor && one.from.join() !== one.to.join(),
  );
  return moved < 0 ? last : moved;
}
