/** The main thread's handle on the front worker: starts it, starts it again if it dies, and reads what it observed. */
import { Worker } from 'node:worker_threads';
import type { ProbeObservation } from '../api-types.js';
import { monotonicMs, type ReadyTable } from '../ready-table.js';
import {
  defaultFrontLimits,
  type FromFront,
  type FrontAddress,
  type FrontData,
  type FrontLimits,
  type ProbeAnswers,
  type RawProbeObservation,
  type SecureContext,
  type ToFront,
} from './messages.js';

export type { FrontAddress, FrontLimits, ProbeAnswers, SecureContext } from './messages.js';

export type FrontEvent =
  /** `port` is the one that the system chose where 0 was asked for. */
  | { readonly type: 'listening'; readonly address: FrontAddress; readonly port: number }
  /** Names address, port, reason, remedy. It is tried again by itself. */
  | {
      readonly type: 'listenFailed';
      readonly address: FrontAddress;
      readonly code: string;
      readonly message: string;
      readonly retryMs: number;
    }
  /** A prober that was there before got one of its first answers since the module's readiness changed. */
  | { readonly type: 'probed'; readonly probe: ProbeObservation }
  /** The worker died; it is started again after `retryMs`. */
  | { readonly type: 'crashed'; readonly message: string; readonly retryMs: number };

export interface FrontOptions {
  readonly table: ReadyTable;
  /** Internal socket of the app. */
  readonly socketPath: string;
  readonly secret: string;
  readonly node: string;
  readonly limits?: Partial<FrontLimits>;
  /** Directory of the console's built files; absent: none are served. */
  readonly consoleDir?: string;
  /** The certificate of a front that ends TLS. Absent: plain HTTP. */
  readonly secure?: SecureContext;
  readonly onEvent: (event: FrontEvent) => void;
}
export interface Front {
  /** Listens on exactly these addresses; what was listened on and is not named any more is closed. */
  listen(addresses: readonly FrontAddress[]): void;
  /** Whether other machines may knock: there are logins. At first they may not. */
  admit(others: boolean): void;
  /** Addresses of the cluster's nodes: the console's page may ask whether they answer. */
  setHosts(hosts: readonly string[]): void;
  /** TLS: another certificate, from the next handshake on; connections stay. */
  secure(context: SecureContext): void;
  /** Plain HTTP: what may not stay plain is sent to HTTPS on that port; null: everything stays. */
  redirect(port: number | null): void;
  /** Every prober that is remembered. */
  probes(): Promise<readonly ProbeObservation[]>;
  /** How often probes were answered, by module, since the worker's start. */
  answers(): Promise<readonly ProbeAnswers[]>;
  /** Closes all connections and ends the worker. */
  close(): Promise<void>;
}

/** The addresses to listen on: the node's own, and loopback unless one of the node's is in 127/8 (several nodes on one machine). */
export function frontAddresses(addresses: readonly string[], port: number): readonly FrontAddress[] {
  const own = [...new Set(addresses)];
  const loopback = own.some((address) => address.startsWith('127.') || address === '::1') ? [] : ['127.0.0.1'];
  return [...own, ...loopback].map((host) => ({ host, port }));
}

/** What the worker has seen. */
interface Seen {
  readonly probes: readonly RawProbeObservation[];
  readonly answers: readonly ProbeAnswers[];
}
function dated(probe: RawProbeObservation): ProbeObservation {
  return { ...probe, last: new Date(Date.now() - (monotonicMs() - probe.lastAtMs)).toISOString() };
}

/** Starts the front worker. It listens on nothing until `listen`. */
export function createFront(options: FrontOptions): Front {
  let data: FrontData = {
    table: options.table.memory,
    socketPath: options.socketPath,
    secret: options.secret,
    node: options.node,
    limits: { ...defaultFrontLimits, ...options.limits },
    consoleDir: options.consoleDir ?? null,
    secure: options.secure ?? null,
  };
  const pending = new Map<number, (seen: Seen) => void>();
  let request = 0;
  let addresses: readonly FrontAddress[] = [];
  let others = false;
  let hosts: readonly string[] = [];
  let redirectPort: number | null = null;
  let closing = false;
  let retryMs = 250;
  let retry: NodeJS.Timeout | null = null;
  let worker = start();

  function send(message: ToFront): void {
    worker.postMessage(message);
  }
  function start(): Worker {
    const started = new Worker(new URL('./worker.js', import.meta.url), {
      name: data.secure === null ? 'holdfast-front' : 'holdfast-https',
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 },
    });
    let reason = 'it ended';
    started.on('message', (message: FromFront) => {
      if (message.type === 'probes') {
        pending.get(message.request)?.({ probes: message.probes, answers: message.answers });
        pending.delete(message.request);
      } else if (message.type === 'probed') options.onEvent({ type: 'probed', probe: dated(message.probe) });
      else if (message.type !== 'closed') options.onEvent(message);
      if (message.type === 'listening') retryMs = 250;
    });
    started.on('error', (error) => {
      reason = error.message;
    });
    started.on('exit', () => {
      for (const resolve of pending.values()) resolve({ probes: [], answers: [] });
      pending.clear();
      if (closing) return;
      options.onEvent({ type: 'crashed', message: `The front worker died: ${reason}`, retryMs });
      retry = setTimeout(() => {
        worker = start();
        send({ type: 'admit', others });
        send({ type: 'redirect', port: redirectPort });
        send({ type: 'listen', addresses });
        send({ type: 'hosts', hosts });
      }, retryMs);
      retryMs = Math.min(retryMs * 2, 5000);
    });
    return started;
  }
  function look(): Promise<Seen> {
    if (closing) return Promise.resolve({ probes: [], answers: [] });
    request += 1;
    const id = request;
    return new Promise((resolve) => {
      pending.set(id, resolve);
      send({ type: 'probes', request: id });
    });
  }
  return {
    listen(wanted) {
      addresses = wanted;
      send({ type: 'listen', addresses });
    },
    admit(wanted) {
      others = wanted;
      if (!closing) send({ type: 'admit', others });
    },
    setHosts(wanted) {
      hosts = wanted;
      if (!closing) send({ type: 'hosts', hosts });
    },
    secure(context) {
      data = { ...data, secure: context };
      send({ type: 'secure', context });
    },
    redirect(port) {
      redirectPort = port;
      send({ type: 'redirect', port });
    },
    probes: async () => (await look()).probes.map(dated),
    answers: async () => (await look()).answers,
    async close() {
      if (closing) return;
      closing = true;
      if (retry !== null) clearTimeout(retry);
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      if (worker.threadId === -1) return;
      send({ type: 'close' });
      // The worker ends by itself when it has closed everything; if it hangs, it is ended.
      const force = setTimeout(() => void worker.terminate(), 1000);
      await ended;
      clearTimeout(force);
    },
  };
}
