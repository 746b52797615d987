/** Where all machines stand at any moment: a page's first states, and step after step applied to them. Pure, and it copies nothing that did not change. */
import type { ActorState, Change, InspectionItem, MachineStep } from '../../http/api-types.js';

/** Machines by their paths, in the order in which they began. */
export type States = ReadonlyMap<string, ActorState>;

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value with one part of it changed. */
function changed(value: unknown, { path, ...change }: Change, depth = 0): unknown {
  const key = path[depth];
  if (key === undefined) return change.value;
  if (Array.isArray(value)) {
    return value.map((one: unknown, index) => (index === key ? changed(one, { path, ...change }, depth + 1) : one));
  }
  const whole = isPlain(value) ? value : {};
  if (depth === path.length - 1 && !('value' in change)) {
    return Object.fromEntries(Object.entries(whole).filter(([name]) => name !== String(key)));
  }
  return { ...whole, [key]: changed(whole[key], { path, ...change }, depth + 1) };
}

function stateAfter(step: MachineStep, before: ActorState | undefined): ActorState {
  const { actor, machine, status, to, tags, guards, started, stopped } = step;
  let context: unknown = step.from.length === 0 ? undefined : before?.context;
  for (const change of step.changes) context = changed(context, change);
  const had = step.from.length === 0 ? [] : (before?.children ?? []);
  const children = [...had.filter(({ path }) => !stopped.includes(path)), ...started];
  return { path: actor, machine, status, at: to, tags, context, guards, children };
}

/** The states after one item. */
export function fold(states: States, item: InspectionItem): States {
  if (item.kind === 'states') return new Map(item.actors.map((actor) => [actor.path, actor]));
  const next = new Map(states);
  for (const gone of item.stopped) {
    for (const path of states.keys()) if (path === gone || path.startsWith(`${gone}/`)) next.delete(path);
  }
  next.set(item.actor, stateAfter(item, states.get(item.actor)));
  return next;
}

/** So many items lie between two states that are remembered. */
const stride = 64;

/** A list of items that grows at both ends, with the states after each of them at hand. */
export class Film {
  #items: readonly InspectionItem[] = [];
  /** States before the items 0, 64, 128 … */
  #marks: States[] = [new Map()];

  constructor(items: readonly InspectionItem[] = []) {
    this.#items = items;
  }
  get items(): readonly InspectionItem[] {
    return this.#items;
  }
  /** The states after the item of that index; -1: before all. */
  at(index: number): States {
    const end = Math.min(index, this.#items.length - 1) + 1;
    const from = Math.min(Math.floor(end / stride), this.#marks.length - 1);
    let states: States = this.#marks[from] ?? new Map();
    for (let place = from * stride; place < end; place += 1) {
      const item = this.#items[place];
      if (item !== undefined) states = fold(states, item);
      if ((place + 1) % stride === 0) this.#marks[(place + 1) / stride] ??= states;
    }
    return states;
  }
  /** The film with what came after it; at most `most` items are kept, the newest. */
  append(items: readonly InspectionItem[], most: number): Film {
    const all = [...this.#items, ...items];
    if (all.length <= most) {
      const film = new Film(all);
      film.#marks = this.#marks;
      return film;
    }
    // What is cut off at the beginning is replaced by where it led to.
    const cut = all.length - most + 1;
    const first = all[cut - 1];
    const whole = new Film(all);
    whole.#marks = this.#marks;
    const actors = [...whole.at(cut - 1).values()];
    if (first === undefined) return whole;
    const { id, time, atMs } = first;
    return new Film([{ kind: 'states', id, time, atMs, why: 'now', actors }, ...all.slice(cut)]);
  }
  /** The film with what came before it. */
  prepend(items: readonly InspectionItem[]): Film {
    // Where they stood at the beginning follows from what was before, unless something is missing between.
    const [first, ...rest] = this.#items;
    const own = first?.kind === 'states' && first.why === 'now' ? rest : this.#items;
    return new Film([...items, ...own]);
  }
}
