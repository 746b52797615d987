/** Looks at certificates: what they say, and everything that is wrong with them at once, each with its remedy. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateFacts, HttpsFinding } from '../../actors/face-https.js';
import { covers, namesIn } from './names.js';

const dayMs = 86_400_000;
/** How long before its end a certificate is spoken of. */
export const warnBeforeMs = 30 * dayMs;
const pemCertificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in their order. @throws Error when one cannot be read */
export function readCertificates(pem: string): readonly X509Certificate[] {
  return (pem.match(pemCertificate) ?? []).map((text) => new X509Certificate(text));
}
/** SHA-256 in hex, lower case. */
export const fingerprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(':', '').toLowerCase();

const oneLine = (name: string): string => name.split('\n').reverse().join(', ');
/** What a certificate says, for people. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: namesIn(certificate),
    validFrom: new Date(certificate.validFrom).toISOString(),
    validTo: new Date(certificate.validTo).toISOString(),
    fingerprint: fingerprintOf(certificate),
    serial: certificate.serialNumber.toLowerCase(),
  };
}

/** What is looked at; all PEM. */
export interface Inspected {
  readonly certificate: string;
  readonly key: string;
  /** Null: it is not known here, browsers may know it. */
  readonly authority: string | null;
  /** Names that it must be valid for. */
  readonly names: readonly string[];
  readonly nowWallMs: number;
}
const error = (code: HttpsFinding['code'], message: string, remedy: string): HttpsFinding => ({
  severity: 'error',
  code,
  message,
  remedy,
});

function readAll(pem: string, what: string, findings: HttpsFinding[]): readonly X509Certificate[] {
  try {
    const certificates = readCertificates(pem);
    if (certificates.length > 0) return certificates;
    findings.push(error('UNREADABLE', `The ${what} holds no certificate in PEM.`, 'Give a file with BEGIN CERTIFICATE in it.'));
  } catch {
    findings.push(error('UNREADABLE', `A certificate of the ${what} is damaged.`, 'Copy the file again, as it was issued.'));
  }
  return [];
}
function readKey(pem: string, findings: HttpsFinding[]): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch (thrown) {
    const encrypted = /ENCRYPTED/.test(pem);
    const reason = encrypted ? 'is encrypted' : `cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)})`;
    const remedy = encrypted
      ? 'Take the password off: openssl pkey -in KEY -out server.key; the daemon keeps it readable by its owner alone.'
      : 'Give the private key in PEM.';
    findings.push(error('KEY', `The key ${reason}.`, remedy));
    return null;
  }
}
function checkKey(leaf: X509Certificate, key: KeyObject | null, findings: HttpsFinding[]): void {
  if (key !== null && !leaf.checkPrivateKey(key))
    findings.push(error('KEY', 'The key is not the one of the certificate.', 'Give the key that the request was made with.'));
  const { publicKey } = leaf;
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  if (publicKey.asymmetricKeyType === 'rsa' && bits !== undefined && bits < 2048)
    findings.push(
      error('WEAK', `The key has ${bits} bits.`, 'Have a certificate issued for an EC key (P-256), or RSA of 2048 bits.'),
    );
}
function checkDates(certificate: X509Certificate, what: string, nowWallMs: number, findings: HttpsFinding[]): void {
  const { validFrom, validTo } = factsOf(certificate);
  if (Date.parse(validFrom) > nowWallMs)
    findings.push(
      error('DATES', `The ${what} is valid from ${validFrom} only.`, "Wait until then, or set this machine's clock."),
    );
  const leftMs = Date.parse(validTo) - nowWallMs;
  if (leftMs <= 0) findings.push(error('DATES', `The ${what} expired on ${validTo}.`, 'Have a new one issued.'));
  else if (leftMs < warnBeforeMs) {
    const message = `The ${what} expires on ${validTo}, in ${Math.floor(leftMs / dayMs)} days.`;
    findings.push({ severity: 'warning', code: 'EXPIRES', message, remedy: 'Have a new one issued in time.' });
  }
}
/** From the leaf to an authority: each signs the one before it. */
function checkChain(chain: readonly X509Certificate[], authorities: readonly X509Certificate[], findings: HttpsFinding[]): void {
  for (const [index, certificate] of chain.entries()) {
    const above = chain[index + 1];
    if (above !== undefined && !issued(above, certificate)) {
      const message = `Certificate ${index + 1} (${oneLine(certificate.subject)}) is not signed by the next one in the file (${oneLine(above.subject)}).`;
      findings.push(error('CHAIN', message, "Put the certificates in order: the server's first, then each issuer."));
      return;
    }
  }
  const last = chain.at(-1);
  if (last === undefined || authorities.length === 0) return;
  const known = authorities.some((authority) => issued(authority, last) || fingerprintOf(authority) === fingerprintOf(last));
  if (!known) {
    const message = `${oneLine(last.subject)} is not signed by the authority that was given, but by ${oneLine(last.issuer)}.`;
    findings.push(
      error('CHAIN', message, 'Give the certificate of that authority, or add what lies between to the certificate file.'),
    );
  }
}
const issued = (issuer: X509Certificate, certificate: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

function checkUse(leaf: X509Certificate, names: readonly string[], findings: HttpsFinding[]): void {
  if (leaf.ca)
    findings.push(
      error('USE', 'The certificate is that of an authority.', 'Give the certificate that was issued for this server.'),
    );
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.includes('1.3.6.1.5.5.7.3.1'))
    findings.push(error('USE', 'The certificate is not for servers.', 'Have one issued with the extended key usage serverAuth.'));
  const missing = names.filter((name) => !covers(leaf, name));
  if (missing.length > 0) {
    const message = `The certificate is not valid for ${missing.join(', ')}, which cluster.xml has for this node.`;
    findings.push(error('NAMES', message, 'Have one issued with all of them as subject alternative names.'));
  }
}

/** Everything that is wrong with a certificate for this server; empty: nothing is. */
export function inspect({ certificate, key, authority, names, nowWallMs }: Inspected): readonly HttpsFinding[] {
  const findings: HttpsFinding[] = [];
  const chain = readAll(certificate, 'certificate file', findings);
  const authorities = authority === null ? [] : readAll(authority, "authority's file", findings);
  const privateKey = readKey(key, findings);
  const [leaf, ...rest] = chain;
  if (leaf === undefined) return findings;
  checkKey(leaf, privateKey, findings);
  checkDates(leaf, 'certificate', nowWallMs, findings);
  for (const one of [...rest, ...authorities]) checkDates(one, `certificate of ${oneLine(one.subject)}`, nowWallMs, findings);
  for (const one of authorities) {
    if (!one.ca)
      findings.push(
        error('AUTHORITY', `${oneLine(one.subject)} is no authority.`, 'Give the certificate of the authority that signs.'),
      );
  }
  checkChain(chain, authorities, findings);
  checkUse(leaf, names, findings);
  return findings;
}
