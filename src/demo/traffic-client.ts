/**
 * The demo's client, in a process of its own, so that the demo's work does not delay its requests: each request on a new
 * connection, as a visitor's first one is. It ends when the demo does.
 */
import { request } from 'node:http';
import { monotonicMs } from './clock.js';
import { isOrder, type RequestResult, type TrafficOrder } from './traffic.types.js';

const timeoutMs = 3_000;
/** Requests under way at once; what is due beyond that is skipped and counted. */
const mostPending = 500;
const batchMs = 200;
const answerLimit = 4_096;

let order: TrafficOrder | null = null;
let orderedMs = 0;
let dueCount = 0;
let pending = 0;
let skipped = 0;
let results: RequestResult[] = [];

function send(to: TrafficOrder): void {
  const sentMs = monotonicMs();
  pending += 1;
  let open = true;
  const end = (node: string | null, error: string | null): void => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    pending -= 1;
    results.push({ sentMs, tookMs: monotonicMs() - sentMs, node, error });
    outgoing.destroy();
  };
  const outgoing = request(
    { host: to.address, port: to.port, path: '/', agent: false, headers: { connection: 'close' } },
    (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > answerLimit) end(null, 'answer too long');
      });
      response.on('error', (error: NodeJS.ErrnoException) => end(null, error.code ?? error.message));
      response.on('end', () => {
        const node = response.statusCode === 200 ? nodeOf(body) : null;
        end(node, node === null ? `HTTP ${response.statusCode}` : null);
      });
    },
  );
  const timer = setTimeout(() => end(null, `no answer in ${timeoutMs} ms`), timeoutMs);
  outgoing.on('error', (error: NodeJS.ErrnoException) => end(null, error.code ?? error.message));
  outgoing.end();
}

function nodeOf(body: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'node' in parsed && typeof parsed.node === 'string'
      ? parsed.node
      : null;
  } catch {
    return null;
  }
}

/** Sends what is due by now: the rate holds on average, however late the timer runs. */
function sendDue(): void {
  if (order === null || order.rate === 0) return;
  const due = Math.floor(((monotonicMs() - orderedMs) / 1_000) * order.rate);
  while (dueCount < due) {
    dueCount += 1;
    if (pending < mostPending) send(order);
    else skipped += 1;
  }
}

function report(): void {
  process.send?.({ type: 'batch', results, pending, skipped });
  results = [];
}

setInterval(sendDue, 5);
setInterval(report, batchMs);
process.on('message', (message: unknown) => {
  if (!isOrder(message)) return;
  order = message;
  orderedMs = monotonicMs();
  dueCount = 0;
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group of the terminal: the demo decides when its client ends.
process.on('SIGINT', () => {});
