/** HTTPS of a node, the parts without a state of their own: what it is made of, and what is said of a certificate. */
import type { Caller, Failure, Outcome } from '../../actors/face.js';
import type { HttpsAdministration } from '../../actors/face-https.js';
import type { Clock } from '../../actors/ports.js';
import type { AppliedCluster } from '../../actors/stores.js';
import type { Message } from '../../machines/messages.js';
import type { AuthorityKeeper } from './https-authority.js';
import { fingerprintOf, readCertificates } from './inspect.js';
import type { Issuer } from './issuer.js';
import type { HttpsStore, StoredHttps } from './store.js';

/** What the web service is to show; PEM. */
export interface Serving {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthorities: string | null;
  readonly tls12: boolean;
}
/** Asks another node, sealed; the JSON of its answer. */
export type AskNode = (node: string, method: string, path: string, body: unknown, timeoutMs: number) => Promise<Outcome<unknown>>;

export interface HttpsOptions {
  readonly store: HttpsStore;
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly hostname: string;
  readonly port: number;
  readonly node: () => string;
  readonly cluster: () => Pick<AppliedCluster, 'config'> | null;
  readonly ask: AskNode;
  readonly log: (line: Message) => void;
  readonly note: (caller: Caller, text: string) => void;
  /** What is shown has changed; null: HTTPS is off. */
  readonly onChange: (serving: Serving | null) => void;
}
export interface ManagedHttps extends HttpsAdministration, AuthorityKeeper {
  /** Reads what is kept. */
  load(): Promise<void>;
  /** The cluster's configuration is there, or has changed: certificates follow. */
  follow(): void;
  serving(): Serving | null;
  close(): void;
}

const dayMs = 86_400_000;
const longestRenewMs = 60 * dayMs;
/** How long certificates are valid: 20 years, and a year. */
export const authorityDays = 7300;
export const serverDays = 365;

/** A failure, as answers have it. */
export const failed = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
/** What is shown of what is kept. */
export const servingOf = (stored: StoredHttps | null): Serving | null =>
  stored === null || stored.certificate === null || stored.key === null
    ? null
    : {
        certificate: stored.certificate,
        key: stored.key,
        clientAuthorities: !stored.clientCertificates
          ? null
          : stored.kind === 'private'
            ? stored.authority
            : stored.clientAuthority,
        tls12: stored.tls12,
      };
/** A third of its life before its end, 60 days at most. */
export function renewAtMs(certificate: string): number {
  const [leaf] = readCertificates(certificate);
  if (leaf === undefined) return 0;
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  return to - Math.min(longestRenewMs, (to - from) / 3);
}
/** Of the first certificate in a text. */
export function fingerprint(pem: string | null): string | null {
  const [first] = pem === null ? [] : readCertificates(pem);
  return first === undefined ? null : fingerprintOf(first);
}
/** A text of an answer. */
export function field(value: unknown, name: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const found = new Map<string, unknown>(Object.entries(value)).get(name);
  return typeof found === 'string' ? found : null;
}
/** When a certificate ends; 0 where there is none. */
export function validTo(pem: string): number {
  const [leaf] = readCertificates(pem);
  return leaf === undefined ? 0 : Date.parse(leaf.validTo);
}
