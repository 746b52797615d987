/** What the front worker and the main thread say to each other. Everything is structured-clonable. */

/** Limits of the front; every one is explicit, and its comment says what raising it does. */
export interface FrontLimits {
  /** Sockets at once over all addresses. Raising it costs file descriptors and about 20 kB each. */
  readonly connections: number;
  /** Sockets at once from one source address. */
  readonly connectionsPerSource: number;
  /** API requests at once; more are answered 503 at once. Event streams count. */
  readonly requests: number;
  readonly requestsPerSource: number;
  /** Bytes of a request's head; more is answered 431. */
  readonly headerBytes: number;
  /** Bytes of any body; routes have smaller limits of their own. */
  readonly bodyBytes: number;
  /** Time for a request's head to arrive. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept. Longer than the 60 s of usual balancers, so that it is they who close. */
  readonly keepAliveTimeoutMs: number;
  /** A client that takes nothing of its answer for so long is dropped. */
  readonly stallTimeoutMs: number;
}

export const defaultFrontLimits: FrontLimits = {
  connections: 768,
  connectionsPerSource: 192,
  requests: 192,
  requestsPerSource: 96,
  headerBytes: 16 * 1024,
  bodyBytes: 66 * 1024 * 1024,
  headersTimeoutMs: 5000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  stallTimeoutMs: 20_000,
};

/** What a TLS server shows and asks for. Everything is PEM. */
export interface SecureContext {
  /** The certificate, and the chain behind it. */
  readonly certificate: string;
  readonly key: string;
  /** Clients are asked for a certificate of these authorities; one without is let in, as nobody. Null: they are not asked. */
  readonly clientAuthorities: string | null;
  /** TLS 1.2 besides 1.3, for old clients. */
  readonly tls12: boolean;
}

/** One address that the front listens on. */
export interface FrontAddress {
  readonly host: string;
  readonly port: number;
}
export interface FrontData {
  readonly table: SharedArrayBuffer;
  /** Path of the main thread's internal socket (a named pipe on Windows). */
  readonly socketPath: string;
  /** Proves to the main thread that a request came through the front. */
  readonly secret: string;
  readonly node: string;
  readonly limits: FrontLimits;
  /** Directory of the console's built files; null: none are served. */
  readonly consoleDir: string | null;
  /** What it begins with when it ends TLS; null for a front that speaks plain HTTP, for its whole life. */
  readonly secure: SecureContext | null;
}
export type ToFront =
  | { readonly type: 'listen'; readonly addresses: readonly FrontAddress[] }
  /** Addresses of the cluster's nodes, for the policy of the console's page. */
  | { readonly type: 'hosts'; readonly hosts: readonly string[] }
  /** Another certificate, from the next handshake on. */
  | { readonly type: 'secure'; readonly context: SecureContext }
  /** Plain HTTP: what may not stay plain is sent to that port. Null: everything may. */
  | { readonly type: 'redirect'; readonly port: number | null }
  | { readonly type: 'probes'; readonly request: number }
  /** Whether other machines may knock: there are logins. */
  | { readonly type: 'admit'; readonly others: boolean }
  | { readonly type: 'close' };

/** An observation with monotonic times; the main thread makes wall times of them. */
export interface RawProbeObservation {
  readonly module: string;
  readonly source: string;
  readonly host: string;
  readonly agent: string;
  readonly count: number;
  readonly lastAtMs: number;
  readonly intervalMs: number | null;
  readonly lastStatus: 200 | 404;
  readonly answersSinceChange: number;
}
/** How often probes of a module were answered since the front's start. */
export interface ProbeAnswers {
  /** Empty: modules that this node does not have. */
  readonly module: string;
  /** 200. */
  readonly ready: number;
  /** 404. */
  readonly refused: number;
}
export type FromFront =
  | { readonly type: 'listening'; readonly address: FrontAddress; readonly port: number }
  | {
      readonly type: 'listenFailed';
      readonly address: FrontAddress;
      readonly code: string;
      readonly message: string;
      readonly retryMs: number;
    }
  | {
      readonly type: 'probes';
      readonly request: number;
      readonly probes: readonly RawProbeObservation[];
      readonly answers: readonly ProbeAnswers[];
    }
  /** One of the first answers that a prober got after the module's readiness changed. */
  | { readonly type: 'probed'; readonly probe: RawProbeObservation }
  | { readonly type: 'closed' };

/** Header with the client certificate that the front verified (`claims.ts`); a client's own copy is removed. */
export const certificateHeader = 'x-holdfast-certificate';
/** Header with the true address of the client; a client's own copy is removed. */
export const peerHeader = 'x-holdfast-peer';
/** Header that says `1` where the request came by HTTPS; a client's own copy is removed. */
export const secureHeader = 'x-holdfast-secure';
/** Header with the secret that only the front knows. */
export const frontHeader = 'x-holdfast-front';
