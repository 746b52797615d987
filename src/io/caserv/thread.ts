/** The main thread's handle on the thread of the CA helper. */
import { Worker } from 'node:worker_threads';
import type { CaservAnswer, CaservData, CaservRequest, FromCaserv, ToCaserv } from './messages.js';

/** A CA helper that listens. */
export interface OpenedCaserv {
  /** Addresses that it listens on. */
  readonly bound: readonly string[];
  readonly port: number;
  /** Those that it cannot listen on, with the reason. */
  readonly failed: readonly string[];
  close(): Promise<void>;
}
/** Opens it. `onDeath` is called when it ends without having been told to. */
export type OpenCaserv = (
  data: CaservData,
  answer: (request: CaservRequest) => Promise<CaservAnswer>,
  onDeath: (reason: string) => void,
) => Promise<OpenedCaserv>;

const patienceMs = 1000;

/** The real one. */
export const openCaserv: OpenCaserv = (data, answer, onDeath) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      ...{ name: 'holdfast-caserv', workerData: data },
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
    });
    let closing = false;
    let reason = 'its thread ended';
    const send = (message: ToCaserv): void => worker.postMessage(message);
    worker.on('error', (error) => {
      reason = error.message;
    });
    worker.on('exit', () => {
      reject(new Error(reason));
      if (!closing) onDeath(reason);
    });
    const close = async (): Promise<void> => {
      if (closing || worker.threadId === -1) return;
      closing = true;
      const ended = new Promise<void>((resolved) => worker.once('exit', () => resolved()));
      send({ type: 'close' });
      const force = setTimeout(() => void worker.terminate(), patienceMs);
      await ended;
      clearTimeout(force);
    };
    worker.on('message', (message: FromCaserv) => {
      if (message.type === 'listening') {
        const failed = new Map(message.failed.map(({ host, code }) => [host, code]));
        resolve({
          bound: data.hosts.filter((host) => !failed.has(host)),
          port: message.port,
          failed: [...failed].map(([host, code]) => `${host} (${code})`),
          close,
        });
        return;
      }
      const { id, request } = message;
      answer(request)
        .catch((): CaservAnswer => ({ status: 500, type: 'text/plain', body: 'The CA helper failed.\n' }))
        .then((given) => send({ type: 'answer', id, answer: given }))
        .catch(() => undefined);
    });
  });
