/** One tree of machines on the stage of a replay: begun or restored from a record, fed with events, compared with what was recorded. */
import type { AnyActor, InspectionEvent, Snapshot } from 'xstate';
import { createActor } from 'xstate';
import type { EventRecord, TreeName } from '../actors/recorder.types.js';
import type { Consequence } from '../actors/recorder-tree.js';
import { markOf, Tree } from '../actors/recorder-tree.js';
import { membershipMachine } from '../machines/membership.machine.js';
import type { MembershipInput } from '../machines/membership.types.js';
import { silentNodeMachine, stillClock } from './silent.js';

/** The first thing that is not as it was recorded. */
export interface Difference {
  readonly path: string;
  readonly recorded: string;
  readonly replayed: string;
}

const isSnapshot = (value: unknown): value is Snapshot<unknown> =>
  typeof value === 'object' && value !== null && 'status' in value;
const isMembershipInput = (value: unknown): value is MembershipInput =>
  typeof value === 'object' && value !== null && 'self' in value && 'nodes' in value && 'bootEpoch' in value;

export class Stage {
  readonly tree = new Tree();
  readonly root: AnyActor;
  #waiting: EventRecord[] = [];

  private constructor(make: (inspect: (event: InspectionEvent) => void) => AnyActor, watch: (event: InspectionEvent) => void) {
    this.root = make((event) => {
      watch(event);
      this.tree.see(event);
      if (event.type === '@xstate.snapshot') this.#sendDue();
    });
    this.root.subscribe({ error: () => undefined });
    this.root.start();
    this.tree.settle();
  }

  /** Begins as the daemon did. @throws where the input is not what the machine takes. */
  static begin(path: TreeName, input: unknown, watch: (event: InspectionEvent) => void): Stage {
    if (path === 'node') {
      return new Stage((inspect) => createActor(silentNodeMachine, { clock: stillClock, inspect }), watch);
    }
    if (!isMembershipInput(input)) throw new Error('the input of the membership is missing');
    return new Stage((inspect) => createActor(membershipMachine, { clock: stillClock, inspect, input }), watch);
  }

  /** Goes on from a recorded state. @throws where it is none. */
  static restore(path: TreeName, snapshot: unknown, watch: (event: InspectionEvent) => void): Stage {
    if (!isSnapshot(snapshot)) throw new Error('the recorded state cannot be read');
    const stage = new Stage(
      (inspect) =>
        path === 'node'
          ? createActor(silentNodeMachine, { clock: stillClock, inspect, snapshot })
          : // The input is not used where there is a snapshot.
            createActor(membershipMachine, { clock: stillClock, inspect, snapshot, input: noInput }),
      watch,
    );
    stage.tree.take();
    return stage;
  }

  /** Sends an event, and those that came while the machines were still at work on it, each at the moment at which it came. */
  play(group: readonly EventRecord[]): Difference | null {
    const last = group.at(-1);
    const missing = this.#run(group);
    if (missing !== null || last === undefined) return missing;
    return last.marks === undefined ? null : this.#compare(last);
  }
  #run(group: readonly EventRecord[]): Difference | null {
    const [first, ...rest] = group;
    if (first === undefined) return null;
    this.#waiting = rest;
    const missing = this.#send(first);
    while (this.#waiting.length > 0) this.#sendNext();
    this.tree.settle();
    return missing;
  }

  /** Plays a group like `play`, and tells what it led to instead of comparing; null where nothing was recorded to compare with. */
  follow(group: readonly EventRecord[]): Consequence | null {
    const missing = this.#run(group);
    if (missing !== null || group.at(-1)?.marks === undefined) return null;
    return this.tree.take();
  }

  /** Where another stage stands otherwise; null where both stand in the same place. */
  differs(recorded: Stage): Difference | null {
    return firstDifference(recorded.tree.standing(), this.tree.standing());
  }

  end(): void {
    this.root.stop();
  }

  #send(event: EventRecord): Difference | null {
    this.tree.countFrom();
    const actor = this.tree.actor(event.to);
    if (actor?.getSnapshot().status !== 'active') {
      return { path: event.to, recorded: 'it was sent an event', replayed: absent };
    }
    actor.send(event.ev);
    return null;
  }
  #sendNext(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) this.#send(next);
  }
  #sendDue(): void {
    while (this.#waiting[0]?.within !== undefined && this.tree.steps > this.#waiting[0].within) this.#sendNext();
  }

  /** A machine that changed here must have changed there, and the other way round. */
  #compare({ marks = {}, began = [] }: EventRecord): Difference | null {
    const { marks: changed, began: begun } = this.tree.take();
    for (const path of new Set([...Object.keys(marks), ...Object.keys(changed)])) {
      const actor = this.tree.actor(path);
      const replayed = changed[path] ?? (actor === undefined ? absent : markOf(actor));
      const recorded = marks[path] ?? 'no change';
      if (recorded !== replayed) return { path, recorded, replayed };
    }
    const [recorded, replayed] = [JSON.stringify(began), JSON.stringify(begun)];
    return recorded === replayed ? null : { path: 'what began', recorded, replayed };
  }
}

const absent = 'it is not there';

const noInput: MembershipInput = {
  self: '',
  nodes: [],
  lans: [],
  pulseMs: 1_000,
  slostCount: 1,
  mlostCount: 1,
  signature: '',
  bootEpoch: 0,
  viewEpoch: 0,
  atMs: 0,
};

function firstDifference(
  recorded: Readonly<Record<string, string | undefined>>,
  replayed: Readonly<Record<string, string | undefined>>,
): Difference | null {
  const paths = [...new Set([...Object.keys(recorded), ...Object.keys(replayed)])];
  for (const path of paths) {
    const [theirs = absent, ours = absent] = [recorded[path], replayed[path]];
    if (theirs !== ours) return { path, recorded: theirs, replayed: ours };
  }
  return null;
}
