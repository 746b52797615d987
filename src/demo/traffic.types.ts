/** What the demo and its client process tell each other. */

/** To the client: how many requests to send each second, and where. Rate 0 pauses. */
export interface TrafficOrder {
  readonly type: 'order';
  readonly address: string;
  readonly port: number;
  readonly rate: number;
}

/** One request that has ended. Times are of `monotonicMs`. */
export interface RequestResult {
  readonly sentMs: number;
  readonly tookMs: number;
  /** Who answered; null when it failed. */
  readonly node: string | null;
  /** Why it failed; null when it was answered. */
  readonly error: string | null;
}

/** From the client, about five times a second. */
export interface TrafficBatch {
  readonly type: 'batch';
  readonly results: readonly RequestResult[];
  /** Requests that are under way. */
  readonly pending: number;
  /** Requests that were due, but not sent, because too many were under way. */
  readonly skipped: number;
}

/** Narrows a message of the demo. */
export function isOrder(value: unknown): value is TrafficOrder {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'order';
}
/** Narrows a message of the client. */
export function isBatch(value: unknown): value is TrafficBatch {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'batch';
}
