/** The newest steps of a replay, as many as are wanted, with where all machines stood before them. */
import type { AnyActor, AnyMachineSnapshot, InspectionEvent } from 'xstate';
import type { InspectionItem, StatesReset } from '../actors/inspection.types.js';
import { applyRaw, isOf, machinesBelow, renderReset, renderStep } from '../actors/step-render.js';
import { createStepTrace, type RawStep } from '../actors/step-trace.js';
import type { Follower, Played } from './follower.js';
import type { Place } from './records.js';

type States = ReadonlyMap<string, AnyMachineSnapshot>;
interface Batch {
  readonly played: Played;
  /** Null: all machines begin anew, or go on from a recorded state. */
  readonly steps: readonly RawStep[] | null;
  readonly why: StatesReset['why'];
  readonly states: States;
}
export interface FilmOptions {
  /** Path of the actor that is wanted, with what is below it; null: all. */
  readonly of: string | null;
  readonly limit: number;
  /** Number of a file by its name: first part of the steps' ids. */
  readonly fileOf: (file: string) => number;
}

const empty: States = new Map();

export class StepFilm implements Follower {
  readonly #options: FilmOptions;
  readonly #trace = createStepTrace((steps) => void this.#pending.push(...steps));
  #pending: RawStep[] = [];
  #batches: Batch[] = [];
  #count = 0;
  #current = new Map<string, AnyMachineSnapshot>();
  #base: { readonly states: States; readonly played: Played } | null = null;
  #trimmed = false;
  /** Times of what was played. */
  lastWallMs: number | null = null;

  constructor(options: FilmOptions) {
    this.#options = options;
  }
  /** Steps that were seen, those that are not held any more as well. */
  total = 0;
  /** Steps that are held. */
  get count(): number {
    return this.#count;
  }

  readonly inspect = (event: InspectionEvent): void => this.#trace.inspect(event);
  announce(event: object, by: string | null): void {
    this.#trace.announce(event, by);
  }
  discard(): void {
    this.#trace.settle();
    this.#pending = [];
  }
  played(played: Played): void {
    this.#trace.settle();
    const steps = this.#pending;
    this.#pending = [];
    this.lastWallMs = played.wallMs;
    for (const step of steps) applyRaw(this.#current, step);
    const wanted = steps.filter(({ path }) => isOf(path, this.#options.of));
    this.total += wanted.length;
    if (wanted.length > 0) this.#push({ played, steps: wanted, why: 'now', states: empty });
  }
  begins(why: StatesReset['why'] & ('start' | 'gap' | 'end'), roots: readonly AnyActor[], played: Played): void {
    this.discard();
    const pathOf = this.#trace.pathOf;
    this.#current = new Map(roots.flatMap((root) => [...machinesBelow(root, pathOf)]));
    const states = new Map([...this.#current].filter(([path]) => isOf(path, this.#options.of)));
    const last = this.#batches.at(-1);
    // The head of a file, its node and its membership are one beginning.
    if (last?.steps === null && last.played.place.file === played.place.file && last.why !== 'end') this.#batches.pop();
    else this.#count += 1;
    this.#push({ played, steps: null, why, states });
  }

  #push(batch: Batch): void {
    if (batch.steps !== null) this.#count += batch.steps.length;
    this.#base ??= { states: empty, played: batch.played };
    this.#batches.push(batch);
    for (;;) {
      const [first] = this.#batches;
      if (first === undefined || this.#batches.length < 2) return;
      const size = first.steps?.length ?? 1;
      if (this.#count - size < this.#options.limit) return;
      this.#batches.shift();
      this.#count -= size;
      this.#trimmed = true;
      const states: Map<string, AnyMachineSnapshot> = new Map(first.steps === null ? first.states : this.#base.states);
      for (const step of first.steps ?? []) applyRaw(states, step);
      this.#base = { states, played: first.played };
    }
  }

  #id({ file, line }: Place, k: number): string {
    return `${this.#options.fileOf(file)}.${line}.${k}`;
  }
  /** Something older was seen, and is not held any more. */
  get trimmed(): boolean {
    return this.#trimmed;
  }
  /** Cursor of the oldest that is held. */
  get oldest(): string | null {
    const first = this.#batches[0]?.played.first;
    return first === undefined ? null : `${this.#options.fileOf(first.file)}.${first.line}`;
  }

  /** What is held, oldest first, after where all machines stood before it. */
  items(): readonly InspectionItem[] {
    const items: InspectionItem[] = [];
    const [first] = this.#batches;
    if (first === undefined || this.#base === null) return items;
    if (first.steps !== null) {
      const { states, played } = this.#base;
      items.push(renderReset(states, 'now', this.#id(played.place, 0), { wallMs: played.wallMs, atMs: played.at }));
    }
    /** Numbers of the trace by the ids that are told. */
    const ids = new Map<number, string>();
    for (const { played, steps, why, states } of this.#batches) {
      const moment = { wallMs: played.wallMs, atMs: played.at };
      if (steps === null) {
        items.push(renderReset(states, why, this.#id(played.place, 0), moment));
        continue;
      }
      for (const [index, step] of steps.entries()) ids.set(step.n, this.#id(played.place, index + 1));
      const id = (n: number): string => ids.get(n) ?? '';
      for (const step of steps) items.push(renderStep(step, { ...moment, id }, played.times));
    }
    return items;
  }
}
