/** Server-sent events with a bound: a client that does not read is dropped, nothing is buffered without end. */
import type { ServerResponse } from 'node:http';

/** Bytes that may wait for a client before its stream counts as full. */
export const streamBufferBytes = 64 * 1024;

export interface EventStreamOptions {
  /** A comment goes out so often, so that both sides notice a dead connection. */
  readonly heartbeatMs: number;
  /** A full client is dropped when it has taken nothing for so long. */
  readonly stallMs: number;
  /** What comes so soon after what went out goes out together: each piece on its way wakes the front and the browser. */
  readonly togetherMs: number;
}
export interface StreamEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}
export interface EventStream {
  /** False: the client is full (the event is still sent); wait for `drained` before the next. */
  send(event: StreamEvent): boolean;
  /** True when there is room again; false when the client is gone, or was dropped because it does not read. */
  drained(): Promise<boolean>;
  readonly closed: boolean;
  onClose(callback: () => void): void;
  close(): void;
}

/** Turns a response into a stream of events; the head is sent at once. */
export function openEventStream(response: ServerResponse, options: EventStreamOptions): EventStream {
  const onClose = new Set<() => void>();
  let closed = false;
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.write(':\n\n');
  let waiting = '';
  let wroteMs = Number.NEGATIVE_INFINITY;
  let later: NodeJS.Timeout | null = null;
  const full = (): boolean => response.writableLength + waiting.length > streamBufferBytes;
  function flush(): void {
    if (later !== null) clearTimeout(later);
    later = null;
    if (waiting === '') return;
    const text = waiting;
    waiting = '';
    wroteMs = performance.now();
    response.write(text);
  }
  const heartbeat = setInterval(() => {
    if (!full()) response.write(':\n\n');
  }, options.heartbeatMs);
  response.once('close', () => {
    closed = true;
    clearInterval(heartbeat);
    if (later !== null) clearTimeout(later);
    for (const callback of onClose) callback();
    onClose.clear();
  });
  return {
    send({ id, event, data }) {
      if (closed) return true;
      // Ids and types are ours and hold no line breaks; JSON has none.
      waiting += `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      const restMs = wroteMs + options.togetherMs - performance.now();
      if (restMs <= 0 || full()) flush();
      else later ??= setTimeout(flush, restMs);
      return !full();
    },
    drained() {
      if (closed) return Promise.resolve(false);
      return new Promise((resolve) => {
        const settle = (room: boolean) => {
          clearTimeout(stall);
          onClose.delete(onGone);
          response.off('drain', onDrain);
          resolve(room && !closed);
        };
        const onDrain = () => settle(true);
        const onGone = () => settle(false);
        const stall = setTimeout(() => {
          response.destroy();
          settle(false);
        }, options.stallMs);
        response.once('drain', onDrain);
        onClose.add(onGone);
        if (!response.writableNeedDrain) settle(true);
      });
    },
    get closed() {
      return closed;
    },
    onClose(callback) {
      if (closed) callback();
      else onClose.add(callback);
    },
    close() {
      if (!closed) flush();
      response.end();
    },
  };
}
