import { request } from 'node:http';
import type { ProbeResult } from './target-health.js';

/** One health probe over HTTP. */
export interface ProbeSpec {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  /** The `Host` header: a balancer sends its own address and port, not the target's. */
  readonly host: string;
  readonly timeoutMs: number;
}

/**
 * Sends one `GET` on a connection of its own and waits at most `timeoutMs` for the status line. It never rejects: whatever
 * goes wrong is a result. Aborting it yields an error result at once.
 */
export function probe(spec: ProbeSpec, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: spec.address,
      port: spec.port,
      path: spec.path,
      method: 'GET',
      agent: false,
      signal,
      headers: { host: spec.host, 'user-agent': 'holdfast-demo-balancer', connection: 'close' },
    });
    const timer = setTimeout(() => finish({ kind: 'timeout' }), spec.timeoutMs);
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer);
      resolve(result);
      // The status line is all that counts: the rest is not waited for.
      outgoing.destroy();
    };
    outgoing.on('response', (response) => {
      finish({ kind: 'response', status: response.statusCode ?? 0 });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => finish({ kind: 'error', message: error.code ?? error.message }));
    outgoing.end();
  });
}
