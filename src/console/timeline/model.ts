/** The timeline as spans and marks on one axis, made of what the nodes tell. Pure. */
import type { NodeEvent, TimelineItem } from '../../http/api-types.js';

export type Colour = 'well' | 'moving' | 'bad' | 'none';
export interface Span {
  readonly fromMs: number;
  /** Null: it goes on. */
  readonly toMs: number | null;
  readonly colour: Colour;
  readonly label: string;
}
export interface Mark {
  readonly atMs: number;
  readonly kind: TimelineItem['kind'];
  readonly text: string;
  readonly module: string | null;
}
/** A module on a node, or the node itself (module null). */
export interface Lane {
  readonly node: string;
  readonly module: string | null;
  readonly states: readonly Span[];
  readonly scripts: readonly Span[];
  /** What `ready.txt` answers. */
  readonly probes: readonly Span[];
  readonly marks: readonly Mark[];
}

/** A node's items, in order, with its clock's offset to the axis: what has to be added to its times, in ms. */
export interface NodeItems {
  readonly node: string;
  readonly offsetMs: number;
  readonly items: readonly TimelineItem[];
}

function colourOf(quality: string): Colour {
  if (quality === 'Ready') return 'well';
  if (quality === 'Transient') return 'moving';
  return quality === 'NotReady' ? 'bad' : 'none';
}

/** Spans one after the other, of which the last may go on. */
class Track {
  readonly spans: Span[] = [];
  #open: Omit<Span, 'toMs'> | null = null;
  set(fromMs: number, label: string, colour: Colour): void {
    if (this.#open?.label === label && this.#open.colour === colour) return;
    this.end(fromMs);
    this.#open = { fromMs, label, colour };
  }
  end(toMs: number | null): void {
    if (this.#open !== null && (toMs === null || toMs > this.#open.fromMs)) this.spans.push({ ...this.#open, toMs });
    this.#open = null;
  }
  get isOpen(): boolean {
    return this.#open !== null;
  }
}

class LaneBook {
  readonly states = new Track();
  readonly scripts = new Track();
  readonly probes = new Track();
  readonly marks: Mark[] = [];

  take(item: TimelineItem, atMs: number): void {
    const { kind, text, state, quality = '', path = '', ready = false } = item;
    switch (kind) {
      case 'state':
        this.states.set(atMs, `${state} ${quality} ${path}`, colourOf(quality));
        this.probes.set(atMs, ready ? '200' : '404', ready ? 'well' : 'bad');
        return;
      case 'script.begin':
        this.scripts.set(atMs, text, 'moving');
        return;
      case 'script.end': {
        this.scripts.end(atMs);
        const last = this.scripts.spans.at(-1);
        if (item.failed === true && last !== undefined) this.scripts.spans.splice(-1, 1, { ...last, colour: 'bad' });
        return;
      }
      default:
        this.marks.push({ atMs, kind, text, module: item.module });
    }
  }
  /** The daemon ends, or its record has a gap: nothing is known from here on. */
  break(atMs: number): void {
    for (const track of [this.states, this.scripts, this.probes]) track.end(atMs);
  }
  finish(): void {
    for (const track of [this.states, this.scripts, this.probes]) track.end(null);
  }
}

/** The lanes of all nodes: each node's own first, then its modules by name. */
export function lanesOf(nodes: readonly NodeItems[]): readonly Lane[] {
  return nodes.flatMap(({ node, offsetMs, items }) => {
    const books = new Map<string | null, LaneBook>([[null, new LaneBook()]]);
    const bookOf = (module: string | null): LaneBook => {
      const known = books.get(module);
      if (known !== undefined) return known;
      const made = new LaneBook();
      books.set(module, made);
      return made;
    };
    for (const item of items) {
      const atMs = Date.parse(item.time) + offsetMs;
      if (item.kind === 'daemon') for (const book of books.values()) book.break(atMs);
      const own = bookOf(item.module);
      if (item.kind === 'daemon') own.states.set(atMs, item.text, item.text === 'start' ? 'well' : 'none');
      own.take(item, atMs);
    }
    for (const book of books.values()) book.finish();
    const order = [...books].sort(([left], [right]) => (left === null ? -1 : right === null ? 1 : left < right ? -1 : 1));
    return order.map(([module, { states, scripts, probes, marks }]) => ({
      node,
      module,
      states: states.spans,
      scripts: scripts.spans,
      probes: probes.spans,
      marks,
    }));
  });
}

const textIn = (data: NodeEvent['data'], key: string): string | null => {
  const value = data[key];
  return typeof value === 'string' ? value : null;
};
/** What an event of the stream is on the timeline; null: nothing of its own. */
export function itemOf({ type, at, atMs, module, data }: NodeEvent): TimelineItem | null {
  const base = { time: at, atMs, module };
  switch (type) {
    case 'module.state': {
      const [state, quality, path] = [textIn(data, 'state'), textIn(data, 'quality'), textIn(data, 'path')];
      if (state === null || quality === null) return null;
      const ready = data['ready'] === true;
      return { ...base, kind: 'state', text: textIn(data, 'reason') ?? '', state, quality, path: path ?? '', ready };
    }
    case 'script.started':
      return { ...base, kind: 'script.begin', text: textIn(data, 'script') ?? '' };
    case 'script.ended':
      return {
        ...base,
        kind: 'script.end',
        text: textIn(data, 'script') ?? '',
        failed: data['code'] !== 0 && data['code'] !== null,
      };
    case 'resource.changed':
      return { ...base, kind: 'resource', text: `${textIn(data, 'name')} = ${textIn(data, 'value')}` };
    case 'action':
      return { ...base, kind: 'command', text: `${textIn(data, 'action')}: ${textIn(data, 'message')}` };
    case 'view.changed': {
      const members = Array.isArray(data['members']) ? data['members'].map(String) : [];
      return { ...base, kind: 'view', text: `${members.join(' ')} (${textIn(data, 'leader')})` };
    }
    default:
      return null;
  }
}

// ------------------------------------------------------------------ axis

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}
/** Shortest and longest window, in ms. */
export const shortestMs = 1_000;
export const longestMs = 60 * 24 * 3_600_000;
/** What is shown first, at most and at least. */
const usualMs = 15 * 60_000;
const leastMs = 60_000;
const steps = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000,
  21_600_000, 43_200_000, 86_400_000, 604_800_000,
];

/** Distance of the axis's lines, so that there are no more than about that many. */
export function axisStep({ fromMs, toMs }: Window, most = 10): number {
  return steps.find((step) => (toMs - fromMs) / step <= most) ?? 604_800_000;
}
/** The window around a place in it, larger (factor above 1) or smaller. */
export function zoomed({ fromMs, toMs }: Window, factor: number, centreMs = (fromMs + toMs) / 2): Window {
  const length = Math.min(longestMs, Math.max(shortestMs, (toMs - fromMs) * factor));
  const part = (centreMs - fromMs) / (toMs - fromMs);
  const start = centreMs - length * part;
  return { fromMs: start, toMs: start + length };
}
/** The window that ends a little after now, so that what comes has a place: `length` ms of it. */
export function untilNow(length: number, nowMs: number): Window {
  return { fromMs: nowMs - length * 0.95, toMs: nowMs + length * 0.05 };
}
/** A first window for what is on record: the last quarter of an hour, or less where it began later. */
export function fittingWindow(oldestMs: number, nowMs: number): Window {
  const length = Math.min(usualMs, Math.max(leastMs, (nowMs - oldestMs) * 1.15));
  return untilNow(length, nowMs);
}
export function moved({ fromMs, toMs }: Window, byMs: number): Window {
  return { fromMs: fromMs + byMs, toMs: toMs + byMs };
}

/** Spans in a window; of those that are too short to see only as many as there is room for. */
export function visibleSpans(
  spans: readonly Span[],
  { fromMs, toMs }: Window,
  nowMs: number,
  leastMs: number,
): readonly (Span & { readonly toMs: number })[] {
  const found: (Span & { readonly toMs: number })[] = [];
  for (const span of spans) {
    const end = span.toMs ?? Math.max(nowMs, span.fromMs);
    if (end < fromMs || span.fromMs > toMs) continue;
    const last = found.at(-1);
    // Two in one pixel: the worse of them is shown.
    if (last !== undefined && end - span.fromMs < leastMs && span.fromMs - last.fromMs < leastMs) {
      if (worse(span.colour) > worse(last.colour)) found.splice(-1, 1, { ...span, toMs: Math.max(end, last.toMs) });
      continue;
    }
    found.push({ ...span, toMs: end });
  }
  return found;
}
const worse = (colour: Colour): number => ['none', 'well', 'moving', 'bad'].indexOf(colour);

/** Marks in a window, those of one pixel together. */
export function visibleMarks(marks: readonly Mark[], { fromMs, toMs }: Window, leastMs: number): readonly (readonly Mark[])[] {
  const groups: Mark[][] = [];
  for (const mark of marks) {
    if (mark.atMs < fromMs || mark.atMs > toMs) continue;
    const last = groups.at(-1);
    if (last?.[0] !== undefined && mark.atMs - last[0].atMs < leastMs) last.push(mark);
    else groups.push([mark]);
  }
  return groups;
}

// ------------------------------------------------------------------ clocks

/** One reading of a node's clock: when it was asked, when the answer came, and what it said, all in ms. */
export interface ClockSample {
  readonly askedMs: number;
  readonly answeredMs: number;
  readonly saidMs: number;
}
export interface ClockOffset {
  /** What has to be added to the node's times to have those of the browser. */
  readonly offsetMs: number;
  /** It is not known better than that. */
  readonly uncertainMs: number;
}
/** The offset by the quickest of several readings: its answer was made somewhere between asking and answering. */
export function offsetOf(samples: readonly ClockSample[]): ClockOffset | null {
  const [best] = [...samples].sort((left, right) => left.answeredMs - left.askedMs - (right.answeredMs - right.askedMs));
  if (best === undefined) return null;
  const { askedMs, answeredMs, saidMs } = best;
  return { offsetMs: (askedMs + answeredMs) / 2 - saidMs, uncertainMs: (answeredMs - askedMs) / 2 };
}
