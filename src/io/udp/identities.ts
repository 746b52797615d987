/**
 * The keys that this node goes by: the present one, and those before it. For a stated time one that was replaced is as good as the
 * present one; after that it only tells who still has it (ADR 0029).
 */
import type { TransportKey, TransportSpec } from '../../actors/ports.js';
import { keyLabel, senderKey } from './seal.js';

export interface Identity {
  readonly clusterId: string;
  readonly keyHex: string | null;
  readonly keyId: string;
  /** Monotonic ms; infinite for the present one. */
  readonly acceptedUntilMs: number;
}

/** The key of a sender, boot and lan under an identity; null without a key. */
export function sealKey(identity: Identity, sender: string, bootEpoch: number, lan: string): Buffer | null {
  return identity.keyHex === null ? null : senderKey(identity.keyHex, sender, bootEpoch, lan);
}

function identity({ keyHex, clusterId }: Pick<TransportKey, 'keyHex' | 'clusterId'>, acceptedUntilMs: number): Identity {
  return { clusterId: clusterId.toLowerCase(), keyHex, keyId: keyLabel(keyHex), acceptedUntilMs };
}

export class Identities {
  readonly current: Identity;
  /** Newest first. */
  readonly older: readonly Identity[];
  readonly #byCluster: ReadonlyMap<string, Identity>;

  constructor(keys: Pick<TransportSpec, 'clusterId' | 'keyHex' | 'older'>, nowMs: number) {
    this.current = identity(keys, Number.POSITIVE_INFINITY);
    this.older = (keys.older ?? []).map((key) => identity(key, nowMs + key.acceptedForMs));
    // The newest wins where a key came back.
    this.#byCluster = new Map([...[...this.older].reverse(), this.current].map((one) => [one.clusterId, one]));
  }

  of(clusterId: string): Identity | undefined {
    return this.#byCluster.get(clusterId);
  }

  /** Those that are as good as the present one at that time. */
  acceptedOlder(nowMs: number): readonly Identity[] {
    return this.older.length === 0 ? this.older : this.older.filter((one) => nowMs < one.acceptedUntilMs);
  }
}
