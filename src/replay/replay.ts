/**
 * Feeds a journal's records to the same machines and compares, line by line, where they go with where they went. Pure: the lines come
 * from whoever read them, and what happened goes to whoever listens.
 */
import type { InspectionEvent } from 'xstate';
import type { ModuleSnapshot } from '../actors/module-host.js';
import type { EventRecord, JournalRecord, QuietRun, TreeName } from '../actors/recorder.types.js';
import type { Follower } from './follower.js';
import type { Place, Reading } from './records.js';
import type { Difference } from './stage.js';
import { Stage } from './stage.js';
import type { Standing, Step } from './story.js';
import { Listener, moduleOfPath, standingOf } from './story.js';

/** The first thing that is not as it was. `damage`: of the journal itself. */
export interface Divergence {
  readonly kind: 'state' | 'damage';
  readonly place: Place;
  readonly at: number;
  readonly wallMs: number;
  /** The event after which it was seen. */
  readonly event: string;
  readonly path: string;
  readonly recorded: string;
  readonly replayed: string;
}
export interface ReplayResult {
  readonly records: number;
  readonly events: number;
  /** Events whose consequences could not be compared: after a gap, before a first head. */
  readonly unverified: number;
  /** Beginnings: starts of the daemon, files, states to go on from. */
  readonly begun: number;
  readonly gaps: number;
  readonly torn: number;
  readonly divergence: Divergence | null;
  readonly node: string | null;
  readonly version: string | null;
  readonly fromWallMs: number | null;
  readonly untilWallMs: number | null;
}

interface Held {
  readonly place: Place;
  readonly record: EventRecord;
}
const treeOf = (to: string): TreeName => (to === 'membership' || to.startsWith('membership/') ? 'membership' : 'node');

/** Carries out one replay. */
export class Replay {
  readonly #onStep: (step: Step) => void;
  readonly #follower: Follower | null;
  readonly #listener = new Listener();
  readonly #watch = (event: InspectionEvent): void => {
    this.#listener.watch(event);
    this.#follower?.inspect(event);
  };
  readonly #stages = new Map<TreeName, Stage>();
  readonly #held = new Map<TreeName, Held[]>();
  #divergence: Divergence | null = null;
  #count = { records: 0, events: 0, unverified: 0, begun: 0, gaps: 0, torn: 0 };
  #clock: { readonly at: number; readonly wallMs: number } = { at: 0, wallMs: 0 };
  #head: { readonly node: string; readonly version: string } | null = null;
  #fromWallMs: number | null = null;
  #lastAt = 0;
  #lastPlace: Place = { file: '', line: 1 };

  /**
   * @param onStep hears of every step of a module, in order.
   * @param follower sees the machines themselves.
   */
  constructor(onStep: (step: Step) => void = () => undefined, follower: Follower | null = null) {
    this.#onStep = onStep;
    this.#follower = follower;
  }

  /** @returns false once there is a divergence: what follows has no meaning. */
  take(reading: Reading): boolean {
    if (this.#divergence !== null) return false;
    this.#lastPlace = reading.place;
    switch (reading.kind) {
      case 'torn':
        this.#count.torn += 1;
        break;
      case 'damage':
        this.#guarded(reading.place, 'damage', () => this.#playAll());
        this.#divergence ??= this.#divergenceAt(reading.place, 'damage', '', { path: '', recorded: reading.what, replayed: '' });
        break;
      case 'record':
        this.#count.records += 1;
        this.#lastAt = reading.record.at;
        this.#guarded(reading.place, reading.record.k, () => this.#record(reading.place, reading.record));
    }
    return this.#divergence === null;
  }

  /** Plays what is left. */
  end(): ReplayResult {
    this.#guarded(this.#lastPlace, 'end', () => this.#playAll());
    for (const stage of this.#stages.values()) stage.end();
    this.#stages.clear();
    return {
      ...this.#count,
      divergence: this.#divergence,
      node: this.#head?.node ?? null,
      version: this.#head?.version ?? null,
      fromWallMs: this.#fromWallMs,
      untilWallMs: this.#fromWallMs === null ? null : this.#wall(this.#lastAt),
    };
  }

  #record(place: Place, record: JournalRecord): void {
    if (record.k === 'event') {
      const name = treeOf(record.to);
      const held = this.#held.get(name) ?? [];
      if (record.within === undefined || held.length === 0) {
        this.#play(name);
        this.#held.set(name, [{ place, record }]);
      } else held.push({ place, record });
      return;
    }
    if (record.k === 'quiet') {
      this.#play('node');
      for (const run of record.runs) this.#quiet(place, run);
      return;
    }
    this.#playAll();
    switch (record.k) {
      case 'head':
        this.#clock = { at: record.at, wallMs: record.wallMs };
        this.#fromWallMs ??= record.wallMs;
        this.#head = { node: record.node, version: record.version };
        this.#count.begun += 1;
        if (record.why !== 'rotation') this.#forget(place, record.why);
        return;
      case 'start':
        this.#guarded(place, `${record.path} starts`, () => {
          this.#stages.get(record.path)?.end();
          this.#stages.set(record.path, Stage.begin(record.path, record.input, this.#watch));
          this.#begins(place, 'start');
        });
        return;
      case 'tree':
        this.#guarded(place, `${record.path} as it stands`, () =>
          this.#goOn(place, record.path, record.snapshot, record.continues),
        );
        return;
      case 'wall':
        this.#clock = { at: record.at, wallMs: record.wallMs };
        return;
      case 'gap':
      case 'defect':
        this.#count.gaps += 1;
        this.#forget(place, 'gap');
        return;
      case 'end':
        this.#forget(place, 'end');
    }
  }

  #forget(place: Place, why: 'start' | 'gap' | 'end'): void {
    for (const stage of this.#stages.values()) stage.end();
    this.#stages.clear();
    this.#begins(place, why);
  }
  #begins(place: Place, why: 'start' | 'gap' | 'end'): void {
    const roots = [...this.#stages.values()].map((stage) => stage.root);
    this.#follower?.begins(why, roots, { first: place, place, at: this.#lastAt, wallMs: this.#wall(this.#lastAt), times: 1 });
  }

  /** What was recorded must be where the replay stands, if it stands anywhere. */
  #goOn(place: Place, path: TreeName, snapshot: unknown, continues: boolean): void {
    const recorded = Stage.restore(path, snapshot, this.#watch);
    this.#listener.take();
    const own = this.#stages.get(path);
    if (own === undefined || !continues) {
      own?.end();
      this.#stages.set(path, recorded);
      this.#begins(place, 'start');
      return;
    }
    const difference = own.differs(recorded);
    recorded.end();
    this.#listener.take();
    this.#follower?.discard();
    if (difference !== null) this.#divergence = this.#divergenceAt(place, 'state', `${path} as it stands`, difference);
  }

  #quiet(place: Place, run: QuietRun): void {
    const { to, by, ev, lastAt, count } = run;
    this.#count.events += count - 1;
    const record: EventRecord = { k: 'event', at: lastAt, to, ev, marks: {}, ...(by === undefined ? {} : { by }) };
    this.#playGroup('node', [{ place, record }], count);
  }

  #playAll(): void {
    for (const name of [...this.#held.keys()]) this.#play(name);
  }
  #play(name: TreeName): void {
    const held = this.#held.get(name) ?? [];
    this.#held.delete(name);
    if (held.length > 0) this.#playGroup(name, held, 1);
  }
  #playGroup(name: TreeName, group: readonly Held[], times: number): void {
    const [first] = group;
    if (this.#divergence !== null || first === undefined) return;
    this.#count.events += group.length;
    const stage = this.#stages.get(name);
    if (stage === undefined) {
      this.#count.unverified += group.length;
      return;
    }
    const last = group.at(-1) ?? first;
    const modules = [...new Set(group.map((one) => moduleIn(one.record)).filter((one) => one !== null))];
    const before = new Map(modules.map((module) => [module, this.#standing(module)]));
    const subjects = group.map((one) => subjectOf(this.#snapshot(moduleIn(one.record)), one.record));
    for (const { record } of group) this.#follower?.announce(record.ev, record.by ?? null);
    this.#guarded(last.place, last.record.ev.type, () => {
      const difference = stage.play(group.map((one) => one.record));
      if (difference !== null) this.#divergence = this.#divergenceAt(last.place, 'state', last.record.ev.type, difference);
    });
    const { at } = last.record;
    this.#follower?.played({ first: first.place, place: last.place, at, wallMs: this.#wall(at), times });
    const said = this.#listener.take();
    const nothing = { inside: [], log: [], scripts: [] };
    for (const [index, { record }] of group.entries()) {
      const module = moduleIn(record);
      if (module === null) continue;
      // What several events at once led to is told with the last of them.
      const isLast = index === group.length - 1;
      this.#onStep({
        module,
        at: record.at,
        wallMs: this.#wall(record.at),
        to: record.to,
        by: record.by ?? null,
        ev: record.ev,
        times,
        ...(subjects[index] ?? { proc: null, script: null }),
        ...(isLast ? said : nothing),
        before: before.get(module) ?? null,
        after: this.#standing(module),
        resources: this.#snapshot(module)?.children.failover?.getSnapshot().context.resources ?? {},
      });
    }
  }

  #snapshot(module: string | null): ModuleSnapshot | null {
    return module === null ? null : (this.#stages.get('node')?.tree.actor(`module:${module}`)?.getSnapshot() ?? null);
  }
  #standing(module: string): Standing | null {
    const snapshot = this.#snapshot(module);
    return snapshot === null ? null : standingOf(snapshot);
  }
  #wall(at: number): number {
    return this.#clock.wallMs + at - this.#clock.at;
  }
  #divergenceAt(place: Place, kind: Divergence['kind'], event: string, difference: Difference): Divergence {
    return { kind, place, at: this.#lastAt, wallMs: this.#wall(this.#lastAt), event, ...difference };
  }
  /** A record that is not what it should be is a damage of the journal, not of the reader. */
  #guarded(place: Place, event: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#divergence ??= this.#divergenceAt(place, 'damage', event, { path: '', recorded: String(error), replayed: '' });
    }
  }
}

/** The module that an event is about. */
function moduleIn({ to, ev }: EventRecord): string | null {
  if (to === 'node' && 'name' in ev && typeof ev.name === 'string') return ev.name;
  return moduleOfPath(to);
}

/** What an event is about: the `<proc>` that a process which ended was known to belong to, the script that runs. */
function subjectOf(snapshot: ModuleSnapshot | null, { to, ev }: EventRecord): Pick<Step, 'proc' | 'script'> {
  if (snapshot === null) return { proc: null, script: null };
  const { errd, script } = snapshot.children;
  if (to.endsWith('/script')) return { proc: null, script: script?.getSnapshot().context.script ?? null };
  if (ev.type !== 'process.exited' || !('process' in ev)) return { proc: null, script: null };
  const ended = JSON.stringify(ev.process);
  const entries = Object.entries(errd?.getSnapshot().context.entries ?? {});
  const found = entries.find(([, entry]) => entry.processes.some((one) => JSON.stringify(one) === ended));
  return { proc: found?.[0] ?? null, script: null };
}

/** Replays everything that was read. */
export async function replay(
  readings: AsyncIterable<Reading>,
  onStep: (step: Step) => void = () => undefined,
): Promise<ReplayResult> {
  const run = new Replay(onStep);
  for await (const reading of readings) if (!run.take(reading)) break;
  return run.end();
}
