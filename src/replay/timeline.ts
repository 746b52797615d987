/** What happened on a node, as a timeline shows it: states, scripts, what led to them, and the views of the cluster. */
import type { AnyActor, InspectionEvent } from 'xstate';
import type { ExplanationLink as Link } from '../actors/face.js';
import type { TimelineItem, TimelinePage } from '../actors/inspection.types.js';
import { membershipMachine } from '../machines/membership.machine.js';
import type { View } from '../machines/membership.types.js';
import { linksOf } from './explain.js';
import type { Follower, Played } from './follower.js';
import { readRecords } from './records.js';
import { Replay } from './replay.js';
import { beginnings, linesFrom, type RecordSource } from './source.js';
import { moduleOfPath, type Standing, type Step, standingOf } from './story.js';
import { resultText } from './text.js';

export interface TimelineQuery {
  readonly module: string | null;
  /** Only what is before that, in ms since 1970. */
  readonly beforeMs: number | null;
  /** Nothing that is older is needed. */
  readonly fromMs: number | null;
  readonly limit: number;
}

const iso = (wallMs: number): string => new Date(wallMs).toISOString();
const isoOrNull = (wallMs: number | null): string | null => (wallMs === null ? null : iso(wallMs));

const isMembership = (actor: AnyActor): boolean => {
  const { logic } = actor;
  return typeof logic === 'object' && logic !== null && 'id' in logic && logic.id === membershipMachine.id;
};
const isView = (value: unknown): value is View =>
  typeof value === 'object' && value !== null && 'leader' in value && 'members' in value && 'epoch' in value;
function viewOf(snapshot: unknown): View | null {
  if (typeof snapshot !== 'object' || snapshot === null || !('context' in snapshot)) return null;
  const { context } = snapshot;
  if (typeof context !== 'object' || context === null || !('view' in context) || !('joined' in context)) return null;
  return context.joined === true && isView(context.view) ? context.view : null;
}

/** Gathers the items of one node. */
export class TimelineBook implements Follower {
  readonly #items: { readonly wallMs: number; readonly item: TimelineItem }[] = [];
  readonly #module: string | null;
  /** So many of the newest are kept. */
  readonly #most: number;
  readonly #beforeMs: number;
  readonly #paths = new Map<string, string>();
  #trimmed = false;
  #view: View | null = null;
  #seen: View | null = null;

  constructor({ module, beforeMs, limit }: Pick<TimelineQuery, 'module' | 'beforeMs' | 'limit'>) {
    this.#module = module;
    this.#beforeMs = beforeMs ?? Number.POSITIVE_INFINITY;
    this.#most = limit * 2;
  }
  get trimmed(): boolean {
    return this.#trimmed;
  }
  /** Newest items before a moment, oldest first. */
  items(limit: number): readonly { readonly wallMs: number; readonly item: TimelineItem }[] {
    const all = [...this.#items].sort((left, right) => left.wallMs - right.wallMs);
    if (all.length <= limit) return all;
    this.#trimmed = true;
    const newest = all.slice(-limit);
    // A page never ends within a moment: its cursor is a time.
    const dropped = all.at(-limit - 1)?.wallMs;
    const whole = newest.filter(({ wallMs }) => wallMs !== dropped);
    return whole.length > 0 ? whole : newest;
  }

  readonly step = (step: Step): void => {
    const { module, at, wallMs, ev, before, after } = step;
    if (this.#module !== null && module !== this.#module) return;
    const put = (kind: TimelineItem['kind'], text: string, more: Partial<TimelineItem> = {}): void =>
      this.#put(wallMs, { time: iso(wallMs), atMs: at, module, kind, text, ...more });
    if (ev.type.startsWith('script.') && isEnd(ev.type)) {
      const failed = 'code' in ev && ev.code !== 0;
      put('script.end', step.script?.split('/').at(-1) ?? '', {
        failed: ev.type === 'script.failed' || (ev.type === 'script.exited' && failed),
      });
    }
    const links = linksOf(step);
    for (const { kind, text } of links) {
      if (kind === 'state') continue;
      if (kind === 'script') put('script.begin', text);
      else if (kind !== 'fact' || isNews(step, links)) put(kind, text);
    }
    if (after !== null && (before === null || isElsewhere(before, after)) && this.#paths.get(module) !== after.path)
      this.#state(module, after, wallMs, at);
  };
  #state(module: string, { state, quality, path, reason }: Standing, wallMs: number, at: number): void {
    this.#paths.set(module, path);
    const where = { state, quality, path, ready: quality === 'Ready' };
    this.#put(wallMs, { time: iso(wallMs), atMs: at, module, kind: 'state', text: reason ?? '', ...where });
  }

  // ---------------------------------------------------------------- the machines themselves
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type === '@xstate.snapshot' && 'send' in event.actorRef && isRootOf(event.actorRef))
      this.#seen = viewOf(event.snapshot) ?? this.#seen;
  };
  announce(): void {}
  discard(): void {
    this.#seen = this.#view;
  }
  played({ wallMs, at }: Played): void {
    this.#tellView(wallMs, at);
  }
  begins(why: 'start' | 'gap' | 'end', roots: readonly AnyActor[], { wallMs, at }: Played): void {
    const member = roots.find(isMembership);
    this.#seen = member === undefined ? null : viewOf(member.getSnapshot());
    if (member !== undefined) this.#tellView(wallMs, at);
    else this.#view = null;
    const node = roots.find((root) => !isMembership(root));
    if (node === undefined) this.#paths.clear();
    else this.#goOn(node, wallMs, at);
    if (why === 'gap') this.#put(wallMs, { time: iso(wallMs), atMs: at, module: null, kind: 'daemon', text: 'gap' });
    if (why === 'end') this.#put(wallMs, { time: iso(wallMs), atMs: at, module: null, kind: 'daemon', text: 'end' });
    if (why === 'start' && roots.length === 0)
      this.#put(wallMs, { time: iso(wallMs), atMs: at, module: null, kind: 'daemon', text: 'start' });
  }
  /** A record that goes on from where the machines stood begins with that. */
  #goOn(node: AnyActor, wallMs: number, at: number): void {
    for (const [id, child] of Object.entries<AnyActor>(node.getSnapshot().children)) {
      const module = moduleOfPath(id);
      if (module === null || (this.#module !== null && this.#module !== module)) continue;
      const standing = standingOf(child.getSnapshot());
      if (this.#paths.get(module) !== standing.path) this.#state(module, standing, wallMs, at);
    }
  }
  #tellView(wallMs: number, at: number): void {
    const [before, after] = [this.#view, this.#seen];
    this.#view = after;
    if (after === null || (before?.epoch === after.epoch && before.leader === after.leader)) return;
    const { leader, members } = after;
    this.#put(wallMs, { time: iso(wallMs), atMs: at, module: null, kind: 'view', text: `${members.join(' ')} (${leader})` });
  }
  #put(wallMs: number, item: TimelineItem): void {
    if (wallMs >= this.#beforeMs) return;
    this.#items.push({ wallMs, item });
    if (this.#items.length > this.#most * 1.2) {
      this.#items.splice(0, this.#items.length - this.#most);
      this.#trimmed = true;
    }
  }
}
const isRootOf = (actor: unknown): boolean =>
  typeof actor === 'object' &&
  actor !== null &&
  'logic' in actor &&
  typeof actor.logic === 'object' &&
  actor.logic !== null &&
  'id' in actor.logic &&
  actor.logic.id === membershipMachine.id;
const isEnd = (type: string): boolean => type === 'script.exited' || type === 'script.failed' || type === 'script.absent';
const isElsewhere = (before: Standing, after: Standing): boolean =>
  before.path !== after.path || before.state !== after.state || before.quality !== after.quality;
/** A look or a check that found nothing new says nothing: there is one every few seconds, for ever. */
const isNews = ({ ev, before, after, inside }: Step, links: readonly Link[]): boolean => {
  if (before?.path !== after?.path) return true;
  if (ev.type.startsWith('check.')) return links.some(({ kind }) => kind !== 'fact');
  return !ev.type.startsWith('processes.') || inside.length > 0;
};

/** Reads one page of a node's timeline. Older parts are read only where they are needed. */
export async function timeline(source: RecordSource, query: TimelineQuery): Promise<TimelinePage> {
  const { beforeMs, fromMs, limit } = query;
  const starts = await beginnings(source);
  const last =
    beforeMs === null
      ? source.parts.length - 1
      : Math.max(
          0,
          starts.findLastIndex((start) => start === null || start < beforeMs),
        );
  for (let begin = last; ; begin -= 1) {
    const book = new TimelineBook(query);
    const replay = new Replay(book.step, book);
    for await (const reading of readRecords(linesFrom(source, begin, last))) if (!replay.take(reading)) break;
    const result = replay.end();
    const found = book.items(limit);
    const start = starts[begin] ?? null;
    const isEnough = found.length >= limit || (fromMs !== null && start !== null && start <= fromMs);
    if (!isEnough && begin > 0) continue;
    return {
      node: result.node,
      items: found.map(({ item }) => item),
      next: book.trimmed || begin > 0 ? String(found[0]?.wallMs ?? '') || null : null,
      from: isoOrNull(starts.find((one) => one !== null) ?? result.fromWallMs),
      until: isoOrNull(result.untilWallMs),
      doubt: result.divergence === null ? null : resultText(result).trim(),
    };
  }
}
