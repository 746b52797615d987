/** What the main thread and the worker say to each other. */
import type { MembershipBody, TransportEvent, TransportSpec } from '../../actors/ports.js';

export interface WorkerSpec extends TransportSpec {
  /** Tests and benchmarks only: part of the incoming datagrams that is thrown away at random, 0 to 1. */
  readonly dropRate: number;
  /** 8 bytes: the monotonic ms at which the main loop last renewed its lease, 0 before it did. */
  readonly lease: SharedArrayBuffer;
}
export type ToWorker =
  | { readonly type: 'publish'; readonly body: MembershipBody; readonly urgent: boolean }
  | { readonly type: 'lookUpNames' }
  | { readonly type: 'rekey'; readonly keys: Pick<TransportSpec, 'clusterId' | 'keyHex' | 'older'> }
  | { readonly type: 'close'; readonly goodbye: boolean };
/** What happened, in order; or, at the end, that the sockets are closed. */
export type FromWorker = readonly TransportEvent[] | 'closed';
