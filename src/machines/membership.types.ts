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
  /** Empty, with no members, as long as a starting node has not joined. */
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
  /** Eight hex digits over the share maps of this view that the sender holds: tells the leader that they were received. */
  readonly mapsDigest: string;
}

export interface ShareMap {
  /** `<module>/<group>`. */
  readonly group: string;
  /** View epoch × 65536 + a counter: grows with every change, also when two halves of a cluster merge. */
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

// ---------------------------------------------------------------- the machine

export interface MembershipInput {
  readonly self: string;
  /** All nodes in the order of leadership. */
  readonly nodes: readonly string[];
  readonly lans: readonly { readonly name: string; readonly nodes: readonly string[] }[];
  readonly pulseMs: number;
  /** Pulses without a packet until a node is lost on a lan. */
  readonly slostCount: number;
  /** Pulses until a leader is lost at the latest. */
  readonly mlostCount: number;
  readonly signature: string;
  readonly bootEpoch: number;
  /** Highest view epoch that this node may have seen in an earlier run. */
  readonly viewEpoch: number;
  readonly atMs: number;
}

/** What is known of one peer on one lan. */
export interface PeerLink {
  readonly lan: string;
  /** Last packet of its present or an earlier boot; null: never heard. */
  readonly heardAtMs: number | null;
  /** Last packet that proved that the peer hears this node too, in ms of listening time. */
  readonly twoWayMs: number | null;
  readonly up: boolean;
  readonly rttMs: number | null;
}

/** Why a peer does not count. */
export type Absence = 'unheard' | 'silent' | 'goodbye' | 'configuration';

export interface PeerState {
  readonly node: string;
  readonly bootEpoch: number | null;
  /** Boot epoch with which it said goodbye: packets of that boot no longer count. */
  readonly goneEpoch: number | null;
  readonly sameConfiguration: boolean | null;
  readonly links: readonly PeerLink[];
  /** Null: it counts. */
  readonly absence: Absence | null;
  /** Since when it counts without a break, in ms of listening time. */
  readonly liveSinceMs: number;
  readonly view: View | null;
  readonly modules: readonly ModuleDigest[];
  readonly mapsDigest: string;
  readonly lagMs: number;
  readonly pause: MembershipBody['pause'];
  readonly health: number;
  /** Which nodes it hears on which lans. */
  readonly hears: readonly { readonly node: string; readonly lan: string }[];
  /** Since when (listening time) it has followed a leader that this node does not hear; null: it does not. */
  readonly foreignSinceMs: number | null;
  /** Evidence of the last verdict about it. */
  readonly evidence: string | null;
}

export interface MembershipContext {
  readonly input: MembershipInput;
  readonly nowMs: number;
  /** Time during which this node listened: stands still while it is suspended. */
  readonly listeningMs: number;
  readonly peers: readonly PeerState[];
  readonly joined: boolean;
  readonly view: View;
  /** Since when (listening time) it has waited for another node to take over or to take it in. */
  readonly holdingSinceMs: number | null;
  readonly modules: readonly ModuleDigest[];
  readonly maps: readonly ShareMap[];
  /** Groups that not all members have confirmed; of interest to the leader only. */
  readonly unconfirmed: readonly string[];
  readonly health: number;
  readonly onTimeTicks: number;
  readonly latenesses: readonly { readonly atMs: number; readonly lateMs: number }[];
  readonly pause: { readonly lengthMs: number; readonly endedAtMs: number } | null;
  /** What was published last. */
  readonly body: MembershipBody;
}

/** A pulse of a peer, with the time at which it came. */
export interface TimedReport {
  readonly atMs: number;
  readonly report: PulseReport;
}

export type MembershipEvent =
  /**
   * The pulse is due; every packet that came before `atMs` was handed over before, or comes with it: `packets`, in their order, are
   * those that say nothing that the one before them, of that sender on that lan, did not say.
   */
  | { readonly type: 'PULSE_DUE'; readonly atMs: number; readonly lateMs: number; readonly packets?: readonly TimedReport[] }
  | { readonly type: 'PACKET'; readonly atMs: number; readonly report: PulseReport }
  /** This node was suspended, or stalled as a whole, for that long until `atMs`. */
  | { readonly type: 'CLOCK_GAP'; readonly atMs: number; readonly lengthMs: number }
  /** The modules of this node; `share` is filled in by the machine. */
  | { readonly type: 'LOCAL_STATE'; readonly modules: readonly Omit<ModuleDigest, 'share'>[] }
  | { readonly type: 'STOP' };

/** A peer as it is shown to others. */
export interface PeerStatus {
  readonly node: string;
  /** Heard, and hears this node, on at least one lan. */
  readonly online: boolean;
  readonly member: boolean;
  readonly leader: boolean;
  readonly bootEpoch: number | null;
  readonly sameConfiguration: boolean | null;
  readonly lans: readonly {
    readonly lan: string;
    readonly up: boolean;
    readonly rttMs: number | null;
    /** Monotonic ms of the last packet. */
    readonly lastHeardAtMs: number | null;
  }[];
  readonly modules: readonly ModuleDigest[];
  readonly lagMs: number;
  readonly pause: MembershipBody['pause'];
  readonly health: number;
  readonly evidence: string | null;
}

export interface Loss {
  readonly node: string;
  readonly evidence: string;
}

/** What the machine emits. */
export type MembershipEffect =
  | { readonly type: 'publish'; readonly body: MembershipBody; readonly urgent: boolean }
  | {
      readonly type: 'view.changed';
      readonly view: View;
      readonly lost: readonly Loss[];
      readonly joined: readonly string[];
      readonly atMs: number;
    }
  | { readonly type: 'peer.changed'; readonly peer: PeerStatus; readonly atMs: number }
  | {
      readonly type: 'shares.changed';
      readonly group: string;
      /** Buckets, 0 to 256, by node. */
      readonly counts: Readonly<Record<string, number>>;
      readonly map: ShareMap;
      readonly atMs: number;
    };
