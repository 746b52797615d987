/** What the front vouches for: where a request came from, over what, and whose certificate the client proved to have. */
import { certificateHeader, peerHeader, secureHeader } from './messages.js';

/** A client certificate that the front verified: its chain, its dates, and that the client has its key. */
export interface ClientCertificate {
  /** The subject's common name. */
  readonly name: string;
  /** The subject's organizational units: what a role is read from. */
  readonly units: readonly string[];
  /** SHA-256 in hex, lower case. */
  readonly fingerprint: string;
  /** Hex. */
  readonly serial: string;
  /** The issuer's common name. */
  readonly issuer: string;
  /** ISO 8601. */
  readonly validTo: string;
}
export interface FrontClaims {
  /** Address of the client. */
  readonly peer: string;
  readonly https: boolean;
  readonly certificate: ClientCertificate | null;
}
/** The part of Node's `PeerCertificate` that is told on. */
export interface VerifiedCertificate {
  readonly subject?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly issuer?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly fingerprint256?: string;
  readonly serialNumber?: string;
  readonly valid_to?: string;
}

function texts(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
/** The value of the header; null where there is nothing to tell. */
export function encodeCertificate({
  subject,
  issuer,
  fingerprint256,
  serialNumber,
  valid_to,
}: VerifiedCertificate): string | null {
  const [name] = texts(subject?.['CN']);
  if (name === undefined || fingerprint256 === undefined) return null;
  const untilMs = Date.parse(valid_to ?? '');
  const certificate: ClientCertificate = {
    name,
    units: texts(subject?.['OU']),
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    serial: (serialNumber ?? '').toLowerCase(),
    issuer: texts(issuer?.['CN'])[0] ?? '',
    validTo: Number.isNaN(untilMs) ? '' : new Date(untilMs).toISOString(),
  };
  return Buffer.from(JSON.stringify(certificate)).toString('base64url');
}

const isText = (value: unknown): value is string => typeof value === 'string';
function isCertificate(value: unknown): value is ClientCertificate {
  if (typeof value !== 'object' || value === null || !('units' in value)) return false;
  const { units, ...rest }: { readonly units: unknown } & Readonly<Record<string, unknown>> = { ...value };
  if (!Array.isArray(units) || !units.every(isText)) return false;
  return ['name', 'fingerprint', 'serial', 'issuer', 'validTo'].every((key) => isText(rest[key]));
}
/**
 * Reads what the front says. The caller has checked that the request came from the front: nobody else may be believed.
 * @param header the value of a header, empty where it is not there.
 */
export function readClaims(header: (name: string) => string): FrontClaims {
  let certificate: unknown = null;
  try {
    const text = header(certificateHeader);
    if (text !== '') certificate = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    certificate = null;
  }
  return {
    peer: header(peerHeader),
    https: header(secureHeader) === '1',
    certificate: isCertificate(certificate) ? certificate : null,
  };
}
