/** What the health checks look at. Everything is plain data, so that each check can be tested alone; null means 'could not be found out'. */
import type { HttpsFinding } from '../../actors/face-https.js';
import type { PeerFacts } from '../../actors/face-support.js';

export interface ClockFacts {
  /** The kernel's word on whether something keeps the clock right. */
  readonly synchronised: boolean | null;
  /** How far the wall clock has moved against the monotonic one since the daemon's start, in ms. */
  readonly setByMs: number | null;
}
export interface DiskFacts {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** 0: the file system counts none. */
  readonly inodes: number;
  readonly freeInodes: number;
  /** Null: it can be written. Else why not. */
  readonly writeError: string | null;
  /** Time of one small write with fsync. */
  readonly fsyncMs: number | null;
}
export interface PortFacts {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly use: string;
  /** Who has it: a program and its pid; null where nobody has; '?' where it cannot be seen. */
  readonly holder: string | null;
  readonly ours: boolean;
  /** The daemon should have it now. */
  readonly wanted: boolean;
}
/** One address of a peer on one lan, as seen from here. */
export interface ReachFacts {
  readonly node: string;
  readonly lan: string;
  readonly address: string;
  /** Null: the web service could be connected to. */
  readonly tcpError: string | null;
  /** Datagrams come from there. */
  readonly udpHeard: boolean;
}
/** Something in the packet filter that stops our traffic. */
export interface FirewallFacts {
  readonly what: 'udp' | 'http' | 'icmp';
  readonly rule: string;
  /** A rule that names it, or only a policy that lets nothing in. */
  readonly named: boolean;
}
export interface ToolFacts {
  readonly tool: string;
  readonly neededBy: string;
}
export interface ModeFacts {
  readonly path: string;
  readonly problem: string;
  /** A command that mends it. */
  readonly remedy: string;
  readonly secret: boolean;
}
export interface ScriptFacts {
  readonly module: string;
  readonly path: string;
}
export interface CertificateFacts {
  readonly path: string;
  readonly notAfterMs: number;
}
/** The certificate that the web service shows. */
export interface HttpsFacts {
  readonly names: readonly string[];
  readonly validTo: string;
  readonly findings: readonly HttpsFinding[];
}
export interface HealthFacts {
  readonly nowMs: number;
  readonly node: string;
  readonly version: string;
  /** Null: the daemon answers. Else why it does not. */
  readonly daemonError: string | null;
  readonly clock: ClockFacts;
  readonly disks: readonly DiskFacts[];
  readonly ports: readonly PortFacts[];
  readonly reach: readonly ReachFacts[];
  /** Null: the packet filter cannot be read. */
  readonly firewall: readonly FirewallFacts[] | null;
  readonly peers: readonly PeerFacts[];
  readonly signature: string | null;
  readonly modules: readonly { readonly name: string; readonly signature: string | null }[];
  readonly missingTools: readonly ToolFacts[];
  readonly modes: readonly ModeFacts[];
  readonly notExecutable: readonly ScriptFacts[];
  readonly unresolved: readonly { readonly name: string; readonly usedBy: string; readonly error: string }[];
  readonly machine: {
    readonly cores: number;
    readonly memoryBytes: number;
    readonly availableBytes: number;
    readonly swapBytes: number;
    readonly swapFreeBytes: number;
  };
  readonly openFiles: { readonly soft: number; readonly inUse: number } | null;
  /** Longest delay of the daemon's event loop while it was watched. */
  readonly loopDelayMs: number | null;
  readonly certificates: readonly CertificateFacts[];
  /** Null: HTTPS is off. */
  readonly https: HttpsFacts | null;
  /** Log lines that a disk refused since the start. */
  readonly logLinesLost: number | null;
}
