/** What happened in a module, step by step, as it is learnt from a replay: the fact, what the machines told each other, what they did. */
import type { InspectionEvent } from 'xstate';
import { leafPath, type ModuleSnapshot } from '../actors/module-host.js';
import { machineActor, machineId } from '../actors/recorder-tree.js';
import type { ScriptInput } from '../machines/script.types.js';

/** Where a module stands. */
export interface Standing {
  readonly path: string;
  readonly state: string;
  readonly quality: string;
  readonly count: number;
  readonly maxloop: number;
  readonly reason: string | null;
  readonly phase: string | null;
}
/** One event from outside with everything that followed from it at once. */
export interface Step {
  readonly module: string;
  readonly at: number;
  readonly wallMs: number;
  readonly to: string;
  readonly by: string | null;
  readonly ev: { readonly type: string };
  /** Times that it came in a row without any effect. */
  readonly times: number;
  /** The `<proc>` that the process of the event belonged to. */
  readonly proc: string | null;
  /** The script that the event is about. */
  readonly script: string | null;
  /** Events between the module's machines, and those that its chart raised, in order. */
  readonly inside: readonly { readonly type: string }[];
  readonly log: readonly { readonly level: string; readonly component: string; readonly message: string }[];
  readonly scripts: readonly ScriptInput[];
  readonly before: Standing | null;
  readonly after: Standing | null;
  /** The module's resources afterwards, as its failover rules know them. */
  readonly resources: Readonly<Record<string, string>>;
}

const states = ['STOP', 'WAIT', 'UP', 'PRIM', 'SECOND', 'ALONE'] as const;
const qualities = ['Ready', 'Transient', 'NotReady'] as const;

/** Where a snapshot of a module's chart stands. */
export function standingOf(snapshot: ModuleSnapshot): Standing {
  const tags: ReadonlySet<string> = snapshot.tags;
  const { context } = snapshot;
  return {
    path: leafPath(snapshot.value),
    state: states.find((name) => tags.has(name)) ?? 'STOP',
    quality: qualities.find((name) => tags.has(name)) ?? 'NotReady',
    count: context.counter.count,
    maxloop: context.plan.limits.maxloop,
    reason: context.reason,
    phase: snapshot.children.failover === undefined ? null : leafPath(snapshot.children.failover.getSnapshot().value),
  };
}

const isScriptInput = (value: unknown): value is ScriptInput =>
  typeof value === 'object' && value !== null && 'script' in value && 'args' in value;
const isLogEvent = (
  value: unknown,
): value is { readonly line: { readonly level: string; readonly component: string; readonly message: string } } =>
  typeof value === 'object' && value !== null && 'line' in value;

/** Module of an actor's path, or null. */
export const moduleOfPath = (path: string): string | null => /^module:([^/]+)/.exec(path)?.[1] ?? null;

/** Gathers what the machines of one replay say, until it is taken. */
export class Listener {
  #inside: { readonly type: string }[] = [];
  #log: { readonly level: string; readonly component: string; readonly message: string }[] = [];
  #scripts: ScriptInput[] = [];

  readonly watch = (event: InspectionEvent): void => {
    const actor = machineActor(event.actorRef);
    if (actor === null) return;
    const id = machineId(actor);
    if (event.type === '@xstate.microstep' && id === 'module') {
      // What the chart raised for itself: the commands that follow from verdicts and rules.
      const last = this.#inside.at(-1);
      if (event.event.type.startsWith('module.') && last !== event.event) this.#inside.push(event.event);
      return;
    }
    if (event.type !== '@xstate.event') return;
    if (event.event.type === 'xstate.init') {
      if (id === 'module') actor.on('log', (emitted: unknown) => this.#hear(emitted));
      const input: unknown = 'input' in event.event ? event.event['input'] : null;
      if (id === 'script' && isScriptInput(input)) this.#scripts.push(input);
      return;
    }
    if (event.sourceRef !== undefined && event.sourceRef !== event.actorRef && machineActor(event.sourceRef) !== null) {
      this.#inside.push(event.event);
    }
  };

  take(): Pick<Step, 'inside' | 'log' | 'scripts'> {
    const taken = { inside: this.#inside, log: this.#log, scripts: this.#scripts };
    this.#inside = [];
    this.#log = [];
    this.#scripts = [];
    return taken;
  }

  #hear(emitted: unknown): void {
    if (isLogEvent(emitted)) this.#log.push(emitted.line);
  }
}
