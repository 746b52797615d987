/**
 * Follows one tree of machines through XState's inspection: where each machine stands, by logical paths (`module:web/script`), and what
 * one event from outside led to. The recorder and the replay both use it, so that their marks can be compared.
 */
import type { AnyActor, InspectionEvent } from 'xstate';
import { Actor, StateMachine } from 'xstate';
import { leafPath } from './module-host.js';
import type { Beginning } from './recorder.types.js';
import { checksum } from './recorder-lines.js';

/** What one event from outside led to. */
export interface Consequence {
  /** State and digest of each machine that is not where it was. */
  readonly marks: Readonly<Record<string, string>>;
  readonly began: readonly Beginning[];
}

/** An event that comes from outside the machines: a command, what an actor at a port has to say, or a delay that is over. */
export interface Arrival {
  readonly to: string;
  readonly by: string | undefined;
  readonly ev: { readonly type: string };
  /** Steps that the tree's machines have made since the arrival before it, where they are still at work on that one. */
  readonly within: number | undefined;
}

/** Parts of a context that are given at the beginning and never change: left out of the digest. */
const givenOnce: ReadonlySet<string> = new Set(['plan', 'procs', 'rules', 'input']);

/** The machine actor of an inspection event, or null where something else is behind it. */
export function machineActor(value: unknown): AnyActor | null {
  return value instanceof Actor && value.logic instanceof StateMachine ? value : null;
}

/** Id of the machine that an actor runs, for example `errd`. */
export function machineId(actor: AnyActor): string {
  const logic: unknown = actor.logic;
  return logic instanceof StateMachine ? logic.id : '';
}

/** The root above an actor, or itself. */
export function rootOf(actor: AnyActor): AnyActor {
  const parent: unknown = actor._parent;
  return parent instanceof Actor ? rootOf(parent) : actor;
}

/** Where a machine stands: its leaf (or `done`, `error`), and a digest over it and all of its context that may change. */
export function markOf(actor: AnyActor): string {
  const snapshot: unknown = actor.getSnapshot();
  if (typeof snapshot !== 'object' || snapshot === null || !('status' in snapshot)) return 'none';
  const { status } = snapshot;
  const value = 'value' in snapshot ? snapshot.value : null;
  const context = 'context' in snapshot ? snapshot.context : null;
  const name = status === 'active' ? leafPath(value) : `${status}`;
  if (typeof context !== 'object' || context === null) return name;
  const changing = Object.fromEntries(Object.entries(context).filter(([key]) => !givenOnce.has(key)));
  return `${name}#${checksum(JSON.stringify([value, changing]))}`;
}

/** Follows the machines below one root. */
export class Tree {
  readonly #paths = new WeakMap<object, string>();
  readonly #actors = new Map<string, AnyActor>();
  readonly #known = new Map<string, string>();
  readonly #touched = new Set<string>();
  /** Events that were sent to machines of the tree and are not worked off. */
  readonly #underWay = new Set<object>();
  #began: Beginning[] = [];
  #steps = 0;

  /** The machine actor of that path that was started last. */
  actor(path: string): AnyActor | undefined {
    return this.#actors.get(path);
  }

  /** Steps of machines since the last call of `countFrom`. */
  get steps(): number {
    return this.#steps;
  }
  countFrom(): void {
    this.#steps = 0;
  }

  /** Path of an actor below the root: the root's is the name of its machine. */
  pathOf(actor: AnyActor): string {
    const known = this.#paths.get(actor);
    if (known !== undefined) return known;
    const parent: unknown = actor._parent;
    const above = parent instanceof Actor ? this.pathOf(parent) : null;
    const isTop = above === null || (parent instanceof Actor && !(parent._parent instanceof Actor));
    const path = above === null ? machineId(actor) : isTop ? actor.id : `${above}/${actor.id}`;
    this.#paths.set(actor, path);
    return path;
  }

  /**
   * Takes in what XState's inspection tells.
   * @returns the event where it came from outside, else null.
   */
  see(event: InspectionEvent): Arrival | null {
    const actor = machineActor(event.actorRef);
    if (actor === null) return null;
    if (event.type === '@xstate.snapshot') {
      this.#steps += 1;
      this.#underWay.delete(event.event);
      this.#touched.add(this.pathOf(actor));
      return null;
    }
    if (event.type !== '@xstate.event') return null;
    const { event: ev, sourceRef: source } = event;
    if (ev.type === 'xstate.init') {
      this.#begin(actor, 'input' in ev ? ev['input'] : undefined);
      return null;
    }
    // What is sent to a machine that has ended is lost, here as in a replay.
    if (actor.getSnapshot().status !== 'active') return null;
    const isInside = source !== undefined && source !== event.actorRef && machineActor(source) !== null;
    if (isInside) {
      this.#underWay.add(ev);
      return null;
    }
    const within = this.#underWay.size > 0 ? this.#steps : undefined;
    this.#underWay.add(ev);
    const by = source === undefined ? undefined : source === event.actorRef ? 'timer' : this.#nameOf(source);
    return { to: this.pathOf(actor), by, ev, within };
  }

  /** Everything that was under way is done: called when the stack of calls has been left. */
  settle(): void {
    this.#underWay.clear();
  }

  /** What has changed since this was last asked. */
  take(): Consequence {
    const marks: Record<string, string> = {};
    for (const path of this.#touched) {
      const actor = this.#actors.get(path);
      if (actor === undefined) continue;
      const mark = markOf(actor);
      if (this.#known.get(path) === mark) continue;
      this.#known.set(path, mark);
      marks[path] = mark;
    }
    const began = this.#began;
    this.#touched.clear();
    this.#began = [];
    return { marks, began };
  }

  /** Where every machine that has not ended stands. */
  standing(): Readonly<Record<string, string>> {
    const active = [...this.#actors].filter(([, actor]) => actor.getSnapshot().status === 'active' && isReachable(actor));
    return Object.fromEntries(active.map(([path, actor]) => [path, markOf(actor)]));
  }

  #begin(actor: AnyActor, input: unknown): void {
    const path = this.pathOf(actor);
    for (const old of [...this.#known.keys()]) if (old === path || old.startsWith(`${path}/`)) this.#forget(old);
    this.#actors.set(path, actor);
    this.#began.push(machineId(actor) === 'script' ? { path, input } : { path });
  }
  #forget(path: string): void {
    this.#known.delete(path);
    this.#touched.delete(path);
    this.#actors.delete(path);
  }
  #nameOf(source: unknown): string {
    return source instanceof Actor ? this.pathOf(source) : '';
  }
}

/** Whether every actor above knows it as its child still: one that was stopped keeps its last snapshot. */
function isReachable(actor: AnyActor): boolean {
  const parent: unknown = actor._parent;
  if (!(parent instanceof Actor)) return true;
  const snapshot: unknown = parent.getSnapshot();
  if (typeof snapshot !== 'object' || snapshot === null || !('children' in snapshot)) return false;
  const { children } = snapshot;
  if (typeof children !== 'object' || children === null) return false;
  return Object.values(children).includes(actor) && isReachable(parent);
}
