/**
 * What membership knows and says. All values are JSON-serialisable and readonly.
 * Source: the membership design; sections 1.2 and 8.2 of the compatibility page.
 */

/** State of one module on one node, as carried by a pulse. */
export interface ModuleDigest {
  readonly module: string;
  /** STOP, WAIT, UP, PRIM, SECOND, ALONE. */
  readonly state: string;
  readonly quality: 'Ready' | 'Transient' | 'NotReady';
  /** Counts every change of state of the module on that node. */
  readonly generation: number;
  /** First 8 hex digits of the module's configuration signature. */
  readonly signature: string;
  /** Share of traffic, 0 to 100, as last computed for that node. */
  readonly share: number;
}

/** One agreed picture of the cluster, published by its leader. */
export interface View {
  /** Grows with every change; never goes back on a node. */
  readonly epoch: number;
  readonly leader: string;
  /** In the order of the configuration. */
  readonly members: readonly string[];
}

/** What this node hears of one peer on one lan: makes one-way cuts visible, and proves to the peer that its pulses are fresh. */
export interface Heard {
  readonly node: string;
  readonly lan: string;
  /** The peer's boot epoch and highest sequence number that came through. */
  readonly bootEpoch: number;
  readonly sequence: number;
}

/** Body of a pulse: what the machine decides to say. The transport adds sequence numbers, times and echoes. */
export interface MembershipBody {
  readonly view: View;
  readonly modules: readonly ModuleDigest[];
  /** Owners of the 256 buckets of a group, only while members have not confirmed it. Index into the configuration's nodes, 255 for nobody. */
  readonly shareMaps: readonly ShareMap[];
  /** Worst lateness of this node's timers in the last 5 s, in ms. */
  readonly lagMs: number;
  /** Last pause of this node (suspended, stalled): how long it lasted and how long ago it ended, in ms; null if none in the last minute. */
  readonly pause: { readonly lengthMs: number; readonly agoMs: number } | null;
  /** Multiplier of the node's own timeouts, 1 (healthy) to 8. */
  readonly health: number;
}

export interface ShareMap {
  /** `<module>/<group>`. */
  readonly group: string;
  readonly version: number;
  readonly owners: readonly number[];
}

/** An authentic pulse of a peer. */
export interface PulseReport {
  readonly from: string;
  readonly lan: string;
  readonly bootEpoch: number;
  readonly sequence: number;
  /** Signature of the sender's cluster configuration. */
  readonly signature: string;
  readonly goodbye: boolean;
  readonly body: MembershipBody;
  readonly heard: readonly Heard[];
  /** Round-trip time in ms measured by the echo in this pulse; null if it held none for us. */
  readonly rttMs: number | null;
}
