/** The steps of every node's machines in a simulation, for the inspector in its page. Membership is left out: its packets are too many. */
import type { InspectionEvent } from 'xstate';
import { Actor } from 'xstate';
import { allCharts } from '../actors/charts.js';
import type { Chart, InspectionItem, StatesReset } from '../actors/inspection.types.js';
import { machineActor, rootOf } from '../actors/recorder-tree.js';
import { renderStep } from '../actors/step-render.js';
import { createStepTrace, type RawStep, type StepTrace } from '../actors/step-trace.js';

/** Steps of a node that are in the page, the first ones: it must stay small. */
export const keptSteps = 1_500;

/** What the page's inspector is given. */
export interface RecordedSteps {
  readonly charts: readonly Chart[];
  readonly nodes: readonly { readonly node: string; readonly items: readonly InspectionItem[] }[];
  readonly cut: number | null;
}
interface NodeLog {
  trace: StepTrace;
  items: ({ readonly raw: RawStep; readonly atMs: number; readonly run: number } | StatesReset)[];
  run: number;
}
export interface StepLog {
  inspect(event: InspectionEvent, node: string): void;
  take(): RecordedSteps;
}

/** @param nowMs ms since the beginning of the simulation */
export function createStepLog(nowMs: () => number): StepLog {
  const logs = new Map<string, NodeLog>();
  const begin = (node: string): void => {
    const before = logs.get(node);
    const run = (before?.run ?? 0) + 1;
    const items = before?.items ?? [];
    const atMs = nowMs();
    items.push({ kind: 'states', id: `${run}.0`, time: new Date(atMs).toISOString(), atMs, why: 'start', actors: [] });
    const trace = createStepTrace((steps) => {
      for (const raw of steps) items.push({ raw, atMs: nowMs(), run });
    });
    logs.set(node, { trace, items, run });
  };
  return {
    inspect(event, node) {
      const actor = machineActor(event.actorRef);
      if (actor === null || rootOf(actor).logic.id !== 'node') return;
      if (event.type === '@xstate.actor' && !(actor._parent instanceof Actor)) begin(node);
      logs.get(node)?.trace.inspect(event);
    },
    take() {
      let cut = false;
      const nodes = [...logs]
        .sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
        .map(([node, { items }]) => {
          const rendered = items.map((item) =>
            'raw' in item ? renderStep(item.raw, { wallMs: item.atMs, atMs: item.atMs, id: (n) => `${item.run}.${n}` }) : item,
          );
          // The first ones: states follow from the steps before.
          cut ||= rendered.length > keptSteps;
          return { node, items: rendered.slice(0, keptSteps) };
        });
      return { charts: allCharts().filter(({ machine }) => machine !== 'membership'), nodes, cut: cut ? keptSteps : null };
    },
  };
}
