/** Requests from the client's namespace to the balancer, by the demo's client program, counted by step. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { countRequests, type RequestCounts } from '../../src/demo/traffic.js';
import { isBatch, type RequestResult, type TrafficOrder } from '../../src/demo/traffic.types.js';
import { nowMs } from '../e2e/until.js';

const clientFile = join(import.meta.dirname, '..', '..', 'dist', 'demo', 'traffic-client.js');

export interface Load {
  /** Does something under load and says what became of the requests that were sent meanwhile. */
  during<T>(what: () => Promise<T>): Promise<{ readonly value: T; readonly counts: RequestCounts; readonly tookMs: number }>;
  close(): Promise<void>;
}

/** @param wrap runs the client in its namespace; it must not fork. */
export async function startLoad(wrap: readonly string[], address: string, port: number, rate: number): Promise<Load> {
  const [execPath = '', ...before] = [...wrap, process.execPath];
  const child = fork(clientFile, [], {
    execPath,
    execArgv: before,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const results: RequestResult[] = [];
  let pending = 0;
  let heardMs = 0;
  child.on('message', (message: unknown) => {
    if (!isBatch(message)) return;
    results.push(...message.results);
    pending = message.pending;
    heardMs = nowMs();
  });
  await once(child, 'spawn');
  const order: TrafficOrder = { type: 'order', address, port, rate };
  child.send(order);
  return {
    async during(what) {
      const fromMs = nowMs();
      const value = await what();
      const toMs = nowMs();
      // A request takes three seconds at most; where none is under way, everything has been told.
      while (nowMs() < toMs + 3_500 && !(heardMs > toMs + 250 && pending === 0)) await wait(50);
      return {
        value,
        counts: countRequests(results.filter(({ sentMs }) => sentMs >= fromMs && sentMs < toMs)),
        tookMs: toMs - fromMs,
      };
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
