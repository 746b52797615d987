/** Any node answers for all: paths that name another node are asked of that node, sealed, with the caller's identity. */
import { apiBase, type StreamNotice } from './api-types.js';
import { conforms } from './conform.js';
import type { EventStream } from './event-stream.js';
import { lostNotice } from './handlers/events.js';
import { parseJson } from './json.js';
import type { PeerClient, PeerRequest } from './peer-client.js';

/** Headers that go along with a forwarded request. */
export const forwardedHeaders = ['content-type', 'if-match', 'if-none-match', 'last-event-id'] as const;
/** Headers of an answer that come back. */
export const answeredHeaders = ['content-type', 'etag', 'content-disposition', 'retry-after', 'allow'] as const;
/** How long a peer holds an empty page of events back; well within its 2 s to answer. */
const pageWaitMs = 1000;
const retryMs = 1000;

/** A path that names a node: the node, and the path there. */
export interface Addressed {
  readonly node: string;
  readonly path: string;
}
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
/** `/api/v1/nodes/<node>/<rest>` and `/api/v1/modules/<AM>/nodes/<node>/<rest>`; null for every other path. */
export function addressedNode(path: string): Addressed | null {
  if (!path.startsWith(`${apiBase}/`)) return null;
  const rest = path.slice(apiBase.length);
  const node = /^\/nodes\/([^/]+)\/(.+)$/.exec(rest);
  if (node !== null) return { node: decode(node[1] ?? ''), path: `${apiBase}/${node[2] ?? ''}` };
  const module = /^\/modules\/([^/]+)\/nodes\/([^/]+)\/(.+)$/.exec(rest);
  if (module !== null) return { node: decode(module[2] ?? ''), path: `${apiBase}/modules/${module[1] ?? ''}/${module[3] ?? ''}` };
  return null;
}

/** Streams another node's events by asking it for page after page. While it does not answer the stream says so once, and goes on trying. */
export function streamPeerEvents(
  stream: EventStream,
  peers: PeerClient,
  node: string,
  search: string,
  lastEventId: string | null,
  caller: Pick<PeerRequest, 'caller' | 'role'>,
): void {
  const gone = new AbortController();
  stream.onClose(() => gone.abort());
  const query = new URLSearchParams(search);
  let last = query.get('since') ?? lastEventId;
  let silent = false;

  function ask(changes: Readonly<Record<string, string>>): ReturnType<PeerClient['call']> {
    const asked = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) asked.set(name, value);
    return peers.call(node, { method: 'GET', path: `${apiBase}/events?${asked}`, ...caller, keeps: true, signal: gone.signal });
  }
  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(end, retryMs);
      gone.signal.addEventListener('abort', end, { once: true });
    });
  }
  /** False: the client is gone. */
  async function step(): Promise<boolean> {
    // Types that nothing has: the answer then holds only the newest id.
    const answer = await ask(last === null ? { types: '-' } : { since: last, waitMs: String(pageWaitMs) });
    const page = answer.ok && answer.value.status === 200 ? parseJson(Buffer.from(answer.value.body).toString()) : null;
    if (stream.closed) return false;
    if (!conforms('EventPage', page)) {
      const message = answer.ok ? `Node ${node} answered with HTTP ${answer.value.status}.` : answer.failure.message;
      const data: StreamNotice = { node, code: 'NODE_UNREACHABLE', message };
      if (!silent) stream.send({ event: 'error', data });
      silent = true;
      await pause();
      return !stream.closed;
    }
    silent = false;
    if (page.lost && last !== null) stream.send(lostNotice(node));
    for (const event of page.items) {
      if (!stream.send({ id: event.id, event: event.type, data: event }) && !(await stream.drained())) return false;
    }
    last = page.next;
    return !stream.closed;
  }
  async function run(): Promise<void> {
    while (await step());
  }
  void run();
}
