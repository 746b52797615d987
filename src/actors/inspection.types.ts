/**
 * What the statechart inspector is told: the charts as data, where each machine stands, and each step that a machine makes. All of it
 * is JSON. The same shapes come from the running daemon, from a replay of the flight recorder's journal, and from a simulation.
 */

/** A transition as it is written in the chart. */
export interface ChartTransition {
  /** Place in the chart's list of transitions: the same for every actor that runs the chart. */
  readonly id: number;
  /** Event, empty for a transition that is taken by itself (`always`). */
  readonly event: string;
  /** Ids of states; none: it stays where it is. */
  readonly targets: readonly string[];
  readonly guard: string | null;
  /** What the guard is given by the chart, as JSON. */
  readonly params: string | null;
  readonly actions: readonly string[];
  /** Name of the delay, for a transition that time takes. */
  readonly delay: string | null;
  readonly reenter: boolean;
}
/** An actor that is invoked for as long as its state is active. */
export interface ChartInvoke {
  readonly id: string;
  readonly src: string;
}
/** One state of a chart with what is in it. */
export interface ChartState {
  /** `module.UP.ready`; that of the root is the machine's. */
  readonly id: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly description: string;
  readonly tags: readonly string[];
  /** Key of the state in which it begins; null where there is none or where all are active at once. */
  readonly initial: string | null;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly ChartInvoke[];
  readonly transitions: readonly ChartTransition[];
  readonly states: readonly ChartState[];
}
/** The definition of one machine. */
export interface Chart {
  readonly machine: string;
  readonly description: string;
  readonly root: ChartState;
  /** Delays by their names: ms where they are the same for all, null where they hang on the context. */
  readonly delays: Readonly<Record<string, number | null>>;
}

/** Guards of the transitions that start at active states, by the transition's id. What hangs on the event is in neither list. */
export interface GuardValues {
  readonly yes: readonly number[];
  readonly no: readonly number[];
}
/** An actor that was started or is there. */
export interface ActorName {
  readonly path: string;
  /** Id of its machine; null where no machine is behind it. */
  readonly machine: string | null;
}
/** Where one machine stands. */
export interface ActorState {
  /** `node`, `membership`, `module:web`, `module:web/errd` … */
  readonly path: string;
  readonly machine: string;
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  /** Ids of its innermost active states. */
  readonly at: readonly string[];
  readonly tags: readonly string[];
  readonly context: unknown;
  readonly guards: GuardValues;
  readonly children: readonly ActorName[];
}

/** A part of a context that has changed: where, and what is there now; without `value` it is gone. */
export interface Change {
  readonly path: readonly (string | number)[];
  readonly value?: unknown;
}
/** One machine takes in one event. */
export interface MachineStep {
  readonly kind: 'step';
  readonly id: string;
  /** ISO 8601 with ms. */
  readonly time: string;
  readonly atMs: number;
  readonly actor: string;
  readonly machine: string;
  readonly event: Readonly<Record<string, unknown>> & { readonly type: string };
  /** So often in a row, without any effect. */
  readonly times: number;
  /** Path of the actor that sent it, `timer` for a delay that was over, null for what came from outside. */
  readonly source: string | null;
  /** Id of the step that sent it, where a machine did. */
  readonly cause: string | null;
  /** Innermost active states before and after. Before is empty at the machine's start. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Ids of the transitions that were taken, in order; none: the event was ignored. */
  readonly transitions: readonly number[];
  /** Names of what was carried out: of the transitions, and on entry into states. */
  readonly actions: readonly string[];
  readonly status: ActorState['status'];
  readonly tags: readonly string[];
  readonly changes: readonly Change[];
  readonly guards: GuardValues;
  readonly started: readonly ActorName[];
  readonly stopped: readonly string[];
}
/** What is told begins anew: where all machines stand. */
export interface StatesReset {
  readonly kind: 'states';
  readonly id: string;
  readonly time: string;
  readonly atMs: number;
  /** `now`: somebody begins to look. `start`, `gap`, `end`: of the daemon, as its journal says. `lost`: steps are missing before it. */
  readonly why: 'now' | 'start' | 'gap' | 'end' | 'lost';
  readonly actors: readonly ActorState[];
}
export type InspectionItem = MachineStep | StatesReset;

/** Items in the order in which they happened. */
export interface StepPage {
  readonly node: string;
  readonly items: readonly InspectionItem[];
  /** The first item is where all machines stand, because what was asked for is not there (any more). */
  readonly lost: boolean;
  /** `since` of the next page. */
  readonly next: string;
}
/** A page of what is on record. Its first item is where all machines stood. */
export interface StepHistory {
  readonly node: string | null;
  readonly version: string | null;
  readonly items: readonly InspectionItem[];
  /** `before` of the page before it; null: there is nothing older. */
  readonly next: string | null;
  /** Bounds of the whole record, ISO 8601. */
  readonly from: string | null;
  readonly until: string | null;
  /** Why this may not be the whole truth: the record is damaged, or a replay of it goes elsewhere. Else null. */
  readonly doubt: string | null;
}

/** Something that happened, for the timeline. */
export interface TimelineItem {
  readonly time: string;
  readonly atMs: number;
  /** Null: the node itself. */
  readonly module: string | null;
  readonly kind:
    | 'daemon'
    | 'view'
    | 'state'
    | 'script.begin'
    | 'script.end'
    | 'fact'
    | 'verdict'
    | 'rule'
    | 'command'
    | 'counter'
    | 'resource';
  readonly text: string;
  /** Of a state: its name, quality, path in the chart, and what `ready.txt` answers in it. */
  readonly state?: string;
  readonly quality?: string;
  readonly path?: string;
  readonly ready?: boolean;
  /** Of a script's end: whether it failed. */
  readonly failed?: boolean;
}
/** A page of a node's timeline, oldest first. */
export interface TimelinePage {
  readonly node: string | null;
  readonly items: readonly TimelineItem[];
  /** `before` of the page before it; null: there is nothing older. */
  readonly next: string | null;
  readonly from: string | null;
  readonly until: string | null;
  readonly doubt: string | null;
}

/** What was uploaded to be looked at. */
export interface UploadedRecord {
  readonly id: string;
  /** Of the file's own: what it was recorded on. */
  readonly node: string | null;
  readonly version: string | null;
  readonly modules: readonly string[];
  readonly bytes: number;
  readonly from: string | null;
  readonly until: string | null;
  /** When it is removed by itself. */
  readonly expires: string;
  readonly doubt: string | null;
}
