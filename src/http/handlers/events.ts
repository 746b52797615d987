/** The events of this node, or of another one through this: as pages, and as a stream that can be resumed. */
import type { EventPage, NodeEvent, NodeFace } from '../../actors/face.js';
import type { StreamNotice } from '../api-types.js';
import { type ClusterEvents, parseSince } from '../cluster-events.js';
import type { EventStream } from '../event-stream.js';
import { ApiError } from '../problem.js';
import { type ApiRequest, type Handler, json } from '../request.js';

type Filter = (event: NodeEvent) => boolean;

function filterOf(request: ApiRequest): Filter {
  const wanted = (request.query.text('types') ?? '').split(',').filter((type) => type !== '');
  const exact = new Set(wanted.filter((type) => !type.endsWith('*')));
  const prefixes = wanted.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1));
  const module = request.query.text('module');
  return (event) =>
    (module === null || event.module === module) &&
    (wanted.length === 0 || exact.has(event.type) || prefixes.some((prefix) => event.type.startsWith(prefix)));
}
/** `since` of the address, else the browser's Last-Event-ID. */
export function sinceOf(request: ApiRequest): string | null {
  const header = request.header('last-event-id');
  return request.query.text('since') ?? (header === '' ? null : header.slice(0, 64));
}
/** Tells a stream that events are missing. */
export function lostNotice(node: string): { readonly event: string; readonly data: StreamNotice } {
  return { event: 'lost', data: { node, code: 'EVENTS_LOST', message: 'Events are missing here: read the state again.' } };
}

/**
 * Sends events as they come. While the client takes them they go straight through; when it is full the stream falls back to reading the
 * ring from where it was, so that nothing of its own is ever queued.
 */
function pump(face: NodeFace, stream: EventStream, since: string | null, filter: Filter): void {
  let last = since ?? face.events(null).next;
  let live = false;
  const subscription = face.subscribe((event) => {
    if (!live) return;
    last = event.id;
    if (filter(event) && !stream.send(streamed(event))) {
      live = false;
      void stream.drained().then((room) => (room ? catchUp() : undefined));
    }
  });
  stream.onClose(() => subscription.close());

  async function catchUp(): Promise<void> {
    let told = false;
    for (;;) {
      const page = face.events(last);
      if (page.lost && !told) stream.send(lostNotice(face.node));
      told ||= page.lost;
      for (const event of page.items) {
        last = event.id;
        if (filter(event) && !stream.send(streamed(event)) && !(await stream.drained())) return;
      }
      if (stream.closed) return;
      if (page.items.length === 0) {
        last = page.next;
        live = true;
        return;
      }
    }
  }
  void catchUp();
}
function streamed(event: NodeEvent): { readonly id: string; readonly event: string; readonly data: NodeEvent } {
  return { id: event.id, event: event.type, data: event };
}

function pageOf(face: NodeFace, since: string | null, filter: Filter, limit: number): EventPage {
  const { items, lost, next } = face.events(since);
  const matching = items.filter(filter);
  const page = matching.slice(0, limit);
  return { items: page, lost, next: matching.length > limit ? (page.at(-1)?.id ?? next) : next };
}
/** Resolves when an event that matches comes, when the time is over, or when the client goes away. */
function nextEvent(face: NodeFace, filter: Filter, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      subscription.close();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, waitMs);
    const subscription = face.subscribe((event) => {
      if (filter(event)) end();
    });
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/**
 * Events of all nodes. There is no ring of all of them to fall back to: a client that is full misses events, and is told so as soon as it
 * takes them again.
 */
function pumpAll(events: ClusterEvents, stream: EventStream, since: string | null, filter: Filter): void {
  let full = false;
  const missed = new Set<string>();
  const subscription = events.subscribe(parseSince(since), (item) => {
    if (item.kind === 'event' && !filter(item.event)) return;
    if (full) {
      missed.add(item.kind === 'event' ? item.event.node : item.notice.node);
      return;
    }
    const room =
      item.kind === 'event'
        ? stream.send(streamed(item.event))
        : stream.send({ event: item.notice.code === 'EVENTS_LOST' ? 'lost' : 'error', data: item.notice });
    if (room) return;
    full = true;
    void stream.drained().then((again) => {
      full = false;
      if (!again) return;
      for (const node of missed) stream.send(lostNotice(node));
      missed.clear();
    });
  });
  stream.onClose(() => subscription.close());
}

export const getEvents: Handler = async (request, { face, clusterEvents }) => {
  const filter = filterOf(request);
  const since = sinceOf(request);
  if (request.query.text('scope') === 'cluster' && !request.local) {
    if (!request.wantsStream)
      throw new ApiError('HTTP_QUERY', 'The events of all nodes come as a stream: Accept: text/event-stream.');
    return { kind: 'stream', run: (stream) => pumpAll(clusterEvents, stream, since, filter) };
  }
  if (request.wantsStream) return { kind: 'stream', run: (stream) => pump(face, stream, since, filter) };
  const limit = request.query.integer('limit') ?? 1000;
  const waitMs = request.query.integer('waitMs') ?? 0;
  const page = pageOf(face, since, filter, limit);
  if (page.items.length > 0 || page.lost || waitMs === 0) return json(page);
  await nextEvent(face, filter, waitMs, request.signal);
  return json(pageOf(face, page.next, filter, limit));
};
