/** The demo's own load: a client process, and what became of its requests. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isBatch, type RequestResult, type TrafficOrder } from './traffic.types.js';

/** Requests that were counted. */
export interface RequestCounts {
  readonly sent: number;
  readonly failed: number;
  /** Answered, by node. */
  readonly byNode: Readonly<Record<string, number>>;
  /** Failed, by reason. */
  readonly failures: Readonly<Record<string, number>>;
}

/** The load. */
export interface Traffic {
  readonly pid: number;
  /** Requests per second from now on. */
  setRate(rate: number): void;
  /** What was sent from one moment (of `monotonicMs`) up to another, as far as it has ended. */
  counts(fromMs: number, toMs: number): RequestCounts;
  /** Since the start, whatever was forgotten. */
  total(): RequestCounts;
  /** Results of the requests sent since that moment. */
  results(fromMs: number): readonly RequestResult[];
  /** Stops sending and waits, at most so long, for what is under way. */
  settle(timeoutMs: number): Promise<void>;
  /** Requests that were due but not sent. */
  skipped(): number;
  close(): Promise<void>;
}

/** Results that are kept one by one: an hour of the usual load. The sums go on beyond. */
const kept = 200_000;

/** Counts results. */
export function countRequests(results: readonly RequestResult[]): RequestCounts {
  const byNode = new Map<string, number>();
  const failures = new Map<string, number>();
  let failed = 0;
  for (const { node, error } of results) {
    if (error !== null) {
      failed += 1;
      failures.set(error, (failures.get(error) ?? 0) + 1);
    } else if (node !== null) byNode.set(node, (byNode.get(node) ?? 0) + 1);
  }
  return { sent: results.length, failed, byNode: Object.fromEntries(byNode), failures: Object.fromEntries(failures) };
}
/** Adds two counts. */
export function addCounts(a: RequestCounts, b: RequestCounts): RequestCounts {
  return {
    sent: a.sent + b.sent,
    failed: a.failed + b.failed,
    byNode: addRecords(a.byNode, b.byNode),
    failures: addRecords(a.failures, b.failures),
  };
}
function addRecords(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, value] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

/** Starts the client process and lets it send `rate` requests per second to that address. */
export async function startTraffic(address: string, port: number, rate: number): Promise<Traffic> {
  const child = fork(fileURLToPath(new URL('./traffic-client.js', import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'spawn');
  let results: RequestResult[] = [];
  let sums = countRequests([]);
  let pending = 0;
  let skipped = 0;
  let onBatch = (): void => {};
  child.on('message', (message: unknown) => {
    if (!isBatch(message)) return;
    sums = addCounts(sums, countRequests(message.results));
    results.push(...message.results);
    if (results.length > kept) results = results.slice(-kept / 2);
    pending = message.pending;
    skipped = message.skipped;
    onBatch();
  });
  // A client that is gone shows in the counts; sending to it must not end the demo.
  child.on('error', () => {});
  const order = (wanted: number): void => {
    const message: TrafficOrder = { type: 'order', address, port, rate: wanted };
    if (child.connected) child.send(message);
  };
  order(rate);
  return {
    pid: child.pid ?? 0,
    setRate: order,
    counts: (fromMs, toMs) => countRequests(results.filter((result) => result.sentMs >= fromMs && result.sentMs < toMs)),
    total: () => sums,
    results: (fromMs) => results.filter((result) => result.sentMs >= fromMs),
    skipped: () => skipped,
    settle: async (timeoutMs) => {
      order(0);
      let batches = 0;
      await Promise.race([
        new Promise<void>((resolve) => {
          onBatch = () => {
            batches += 1;
            // The first batch may have been on its way before the order arrived.
            if (batches >= 2 && pending === 0) resolve();
          };
        }),
        new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref()),
      ]);
      onBatch = () => {};
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 1_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
