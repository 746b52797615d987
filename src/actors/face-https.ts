/** HTTPS and joining, as the API and the command line see them. */
import type { Caller, Outcome } from './face.js';

/** Something about a certificate that is wrong, or will be. */
export interface HttpsFinding {
  readonly severity: 'error' | 'warning';
  readonly code:
    | 'UNREADABLE'
    | 'KEY'
    | 'CHAIN'
    | 'DATES'
    | 'EXPIRES'
    | 'NAMES'
    | 'USE'
    | 'WEAK'
    | 'RENEWAL'
    | 'AUTHORITY'
    | 'FILES';
  readonly message: string;
  readonly remedy: string;
}
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  /** SHA-256 in hex, lower case. */
  readonly fingerprint: string;
  readonly serial: string;
}
export interface HttpsStatus {
  readonly node: string;
  readonly on: boolean;
  readonly port: number;
  /** `private`: of the cluster's own authority, renewed by itself. `own`: installed by an administrator. */
  readonly kind: 'private' | 'own' | null;
  readonly tls12: boolean;
  readonly clientCertificates: boolean;
  readonly certificate: CertificateFacts | null;
  readonly authority: CertificateFacts | null;
  /** The node that has the private authority's key. */
  readonly authorityNode: string | null;
  /** Names beyond those of cluster.xml. */
  readonly also: readonly string[];
  /** Names and addresses that a certificate of this node is made for. */
  readonly wanted: readonly string[];
  /** When it is renewed by itself; ISO 8601. */
  readonly renewAt: string | null;
  readonly findings: readonly HttpsFinding[];
}
export interface HttpsNodeResult {
  readonly node: string;
  readonly ok: boolean;
  readonly message: string;
}
/** What a command came to on each node. */
export interface HttpsReport {
  readonly items: readonly HttpsNodeResult[];
  /** SHA-256 of the authority's certificate in hex. */
  readonly fingerprint: string | null;
}
export interface HttpsSetup {
  /** Names and addresses besides those of cluster.xml, for example of a virtual IP. Absent: as before. */
  readonly also?: readonly string[];
  readonly tls12?: boolean;
  readonly clientCertificates?: boolean;
  /** Name of a new authority. */
  readonly name?: string;
  /** Replaces an authority that is there. */
  readonly newAuthority?: boolean;
}
export interface HttpsInstall {
  /** PEM: the certificate, and the chain behind it. */
  readonly certificate: string;
  readonly key: string;
  /** PEM; absent: one that browsers know. */
  readonly authority?: string | null;
  /** PEM of the authorities of clients; absent or null: clients are not asked for certificates. */
  readonly clientAuthority?: string | null;
  readonly tls12?: boolean;
}
/** What the node with the authority tells the others. */
export interface HttpsEnrol {
  readonly authorityNode: string;
  /** PEM. */
  readonly authority: string;
  readonly also: readonly string[];
  readonly tls12: boolean;
  readonly clientCertificates: boolean;
}
export interface HttpsSignRequest {
  readonly node: string;
  readonly hostname: string;
  /** PEM, PKCS #10. */
  readonly request: string;
}
export interface UserCertificateRequest {
  readonly name: string;
  readonly role: 'Admin' | 'Control' | 'Monitor';
  readonly days: number;
  /** Null: PEM instead of PKCS #12. */
  readonly password: string | null;
}
export interface UserCertificateFiles {
  readonly certificate: string;
  /** PEM; null with PKCS #12. */
  readonly key: string | null;
  /** Base64; null without a password. */
  readonly pkcs12: string | null;
  readonly fingerprint: string;
  readonly validTo: string;
}

/** A certificate that the CA helper has issued. */
export interface CaHelperIssued {
  readonly name: string;
  readonly use: 'server' | 'user';
  /** Address of whoever asked. */
  readonly peer: string;
  /** ISO 8601. */
  readonly at: string;
}
/** The CA helper of this node: it issues certificates on a port of its own, to whoever has its password. */
export interface CaHelperStatus {
  readonly node: string;
  readonly running: boolean;
  readonly port: number;
  /** Where it is reached; empty while it does not run. */
  readonly urls: readonly string[];
  /** When it ends by itself; ISO 8601. */
  readonly until: string | null;
  /** SHA-256 of the authority in hex. */
  readonly fingerprint: string | null;
  readonly issued: readonly CaHelperIssued[];
}
export interface CaHelperStarted extends CaHelperStatus {
  /** Said once; null: it was given. */
  readonly password: string | null;
}
export interface CaHelperOrder {
  /** How long it runs; 1 to 480, default 30. */
  readonly minutes?: number;
  /** Absent or null: one is made. */
  readonly password?: string | null;
}
export interface CaHelperRequest {
  /** Of the CA helper, such as `https://n1:9001`. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** SHA-256 of its authority in hex; needed where the password does not hold it. */
  readonly fingerprint?: string | null;
}
/** The CA helper, and a node that asks one. */
export interface CaHelper {
  status(): CaHelperStatus;
  /** Failures: HTTPS_AUTHORITY, HTTP_LISTEN, DISK. */
  start(order: CaHelperOrder, caller: Caller): Promise<Outcome<CaHelperStarted>>;
  stop(caller: Caller): Promise<CaHelperStatus>;
  /** Has this node's certificate signed by a CA helper elsewhere, and switches HTTPS on with it. Failures: HTTPS_HELPER, HTTPS_PASSWORD, HTTPS_CERTIFICATE, DISK. */
  request(order: CaHelperRequest, caller: Caller): Promise<Outcome<HttpsStatus>>;
}

/** HTTPS of this node. */
export interface HttpsAdministration {
  status(): HttpsStatus;
  /** The certificate of the authority (PEM), which everybody may see; null where there is none. */
  authority(): string | null;
  /** Failures: CONF_NONE, HTTPS_AUTHORITY, DISK. */
  setup(settings: HttpsSetup, caller: Caller): Promise<Outcome<HttpsReport>>;
  /** Failures: HTTPS_CERTIFICATE with all reasons, DISK. */
  install(files: HttpsInstall, caller: Caller): Promise<Outcome<HttpsStatus>>;
  /** Of this node, now. Failures: HTTPS_NONE, HTTPS_AUTHORITY, NODE_UNREACHABLE. */
  renew(caller: Caller): Promise<Outcome<HttpsStatus>>;
  /** On this node, and on all others unless `local`; with `authority` the private authority of this node is removed as well. */
  off(local: boolean, caller: Caller, authority?: boolean): Promise<Outcome<HttpsReport>>;
  enrol(order: HttpsEnrol, caller: Caller): Promise<Outcome<HttpsStatus>>;
  /** Failures: HTTPS_AUTHORITY, NODE_UNKNOWN, HTTPS_CERTIFICATE. */
  sign(request: HttpsSignRequest, caller: Caller): Promise<Outcome<{ readonly certificate: string }>>;
  userCertificate(request: UserCertificateRequest, caller: Caller): Promise<Outcome<UserCertificateFiles>>;
  /** Certificate and encrypted key in PEM. */
  exportAuthority(password: string, move: boolean, caller: Caller): Promise<Outcome<{ readonly pem: string }>>;
  importAuthority(pem: string, password: string, caller: Caller): Promise<Outcome<HttpsReport>>;
}

export interface NodeInvitation {
  readonly token: string;
  /** ISO 8601. */
  readonly expires: string;
  /** Where the new node can ask, the preferred one first. */
  readonly urls: readonly string[];
}
export interface JoinOrder {
  readonly url: string;
  readonly token: string;
  /** Null: the daemon's name, or the host's. */
  readonly name?: string | null;
  /** `lan=address`, or one address for the first lan that all nodes are on. */
  readonly addresses?: readonly string[];
  /** Modules to install; `["*"]`: all that the inviting node has. */
  readonly modules?: readonly string[];
}
export interface JoinReport {
  readonly node: string;
  readonly nodes: readonly string[];
  /** What was done, in order, one sentence each. */
  readonly steps: readonly HttpsNodeResult[];
}
/** The request of a node that comes: a public key for this once, and what is sealed with the token. All base64url. */
export interface JoinMessage {
  /** Of the token. */
  readonly id: string;
  readonly key: string;
  readonly box: string;
}
/** The answer, sealed with the token and both keys. */
export interface JoinAnswer {
  readonly key: string;
  readonly box: string;
}
/** The two ends of a join: the node that invites, and the node that comes. */
export interface JoinAdministration {
  /** Failures: CONF_NONE, CONF_LOCKED. */
  invite(minutes: number, caller: Caller): Promise<Outcome<NodeInvitation>>;
  /** The sealed request of a node that comes; answered sealed. Failures: JOIN_*. */
  admit(message: JoinMessage, peer: string): Promise<Outcome<JoinAnswer>>;
  join(order: JoinOrder, caller: Caller): Promise<Outcome<JoinReport>>;
}
