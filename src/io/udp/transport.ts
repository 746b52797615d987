/** The main thread's side of the transport: starts the worker and passes messages to and fro. */
import { Worker } from 'node:worker_threads';
import type { OpenTransport, Transport, TransportEvent, TransportSpec } from '../../actors/ports.js';
import type { FromWorker, ToWorker, WorkerSpec } from './messages.js';

export interface UdpTransportOptions {
  /** Tests and benchmarks only: part of the incoming datagrams that is thrown away at random, 0 (default) to 1. */
  readonly dropRate?: number;
}

/** How long the worker may take to say goodbye and close, in ms, before it is ended. */
const closeTimeoutMs = 1_000;

/** The real transport: datagrams over UDP, sent and received in a worker thread of its own. */
export function createUdpTransport(options: UdpTransportOptions = {}): Transport {
  return { open: (spec, on) => openWorker({ ...spec, dropRate: options.dropRate ?? 0, lease: new SharedArrayBuffer(8) }, on) };
}

function openWorker(spec: WorkerSpec & TransportSpec, on: (event: TransportEvent) => void): OpenTransport {
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    name: 'udp',
    workerData: spec,
    // Its needs are small and known; a leak must end this thread, with an error, and not the daemon.
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
  });
  const renewed = new BigInt64Array(spec.lease);
  let open = true;
  let closing: Promise<void> | null = null;
  let finished: () => void = () => {};
  const say = (message: ToWorker): void => worker.postMessage(message);
  const fail = (message: string): void => {
    finished();
    if (!open) return;
    open = false;
    on({ type: 'error', lan: null, code: 'NET_WORKER', message });
  };
  worker.on('message', (message: FromWorker) => {
    if (message === 'closed') finished();
    else {
      for (const event of message) if (open) on(event);
    }
  });
  worker.on('error', (error) => fail(`The thread of the cluster's sockets failed: ${error.message}`));
  worker.on('exit', (code) => fail(`The thread of the cluster's sockets ended with code ${code}.`));

  const close = async (goodbye: boolean): Promise<void> => {
    if (!open) return;
    open = false;
    let timer: NodeJS.Timeout | null = null;
    await new Promise<void>((resolve) => {
      finished = resolve;
      timer = setTimeout(resolve, closeTimeoutMs);
      say({ type: 'close', goodbye });
    });
    if (timer !== null) clearTimeout(timer);
    await worker.terminate();
  };
  return {
    publish: (body, urgent) => {
      if (open) say({ type: 'publish', body, urgent });
    },
    renewLease: () => {
      Atomics.store(renewed, 0, process.hrtime.bigint() / 1_000_000n);
    },
    lookUpNames: () => {
      if (open) say({ type: 'lookUpNames' });
    },
    rekey: (keys) => {
      if (open) say({ type: 'rekey', keys });
    },
    close: (goodbye) => {
      closing ??= close(goodbye);
      return closing;
    },
  };
}
