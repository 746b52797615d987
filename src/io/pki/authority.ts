/**
 * The private certificate authority: makes its own certificate, requests, and the certificates of servers and users (RFC 5280). ECDSA on P-256
 * throughout. What a certificate says is decided here and by the caller, never by the request, whose signature only proves the key.
 *
 * Loaded in a thread that ends after its work (`issuer.ts`): the library takes 20 MB.
 */
import 'reflect-metadata';
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type {
  Authority,
  AuthorityRequest,
  CertificateNames,
  KeyedRequest,
  RequestRequest,
  ServerRequest,
  UserCertificate,
  UserRequest,
  UserSignRequest,
} from './issuing.types.js';

x509.cryptoProvider.set(webcrypto);

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
/** Clocks of nodes and browsers may be a little behind. */
const earlierMs = 3_600_000;
const organization = 'Holdfast';
/** The types of `@peculiar/x509` ask for the browser's array buffers. */
const pemKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), x509.PemConverter.PrivateKeyTag);

function serial(): string {
  const bytes = randomBytes(16);
  // Positive, and never shorter than the others.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), curve, true, ['sign']);
}
const makeKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);
const period = (nowWallMs: number, days: number): { readonly notBefore: Date; readonly notAfter: Date } => ({
  notBefore: new Date(nowWallMs - earlierMs),
  notAfter: new Date(nowWallMs + days * dayMs),
});
function alternative({ dns, ip }: CertificateNames): x509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension([
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ip.map((value) => ({ type: 'ip' as const, value })),
  ]);
}

/** A new authority: it signs servers and users, no further authorities. */
export async function makeAuthority({ name, days, nowWallMs }: AuthorityRequest): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: [name] }, { O: [organization] }],
    keys,
    signingAlgorithm: signing,
    ...period(nowWallMs, days),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: `${await pemKey(keys.privateKey)}\n` };
}

/** A new key, and the request (PKCS #10) for its certificate. */
export async function makeRequest({ name, names }: RequestRequest): Promise<KeyedRequest> {
  const keys = await makeKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }, { O: [organization] }],
    keys,
    signingAlgorithm: signing,
    extensions: [alternative(names)],
  });
  return { request: `${request.toString('pem')}\n`, key: `${await pemKey(keys.privateKey)}\n` };
}

interface Leaf {
  readonly authority: Authority;
  readonly publicKey: x509.PublicKeyType;
  readonly subject: x509.JsonName;
  readonly days: number;
  readonly nowWallMs: number;
  readonly usage: string;
  readonly extensions: readonly x509.Extension[];
}
async function sign({ authority, publicKey, subject, days, nowWallMs, usage, extensions }: Leaf): Promise<string> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const { notBefore, notAfter } = period(nowWallMs, days);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: issuer.subjectName,
    publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: signing,
    notBefore: new Date(Math.max(notBefore.getTime(), issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ...extensions,
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

function isStrong(publicKey: x509.PublicKey): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey.rawData), format: 'der', type: 'spki' });
  if (key.asymmetricKeyType === 'ec') {
    return ['prime256v1', 'secp384r1', 'secp521r1'].includes(key.asymmetricKeyDetails?.namedCurve ?? '');
  }
  return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
}
/** Alternative names that a request asks for. */
function askedNames(request: x509.Pkcs10CertificateRequest): CertificateNames {
  const found = request.extensions.find((extension) => extension instanceof x509.SubjectAlternativeNameExtension);
  const names = found instanceof x509.SubjectAlternativeNameExtension ? found.names.items : [];
  return {
    dns: names.filter(({ type }) => type === 'dns').map(({ value }) => value),
    ip: names.filter(({ type }) => type === 'ip').map(({ value }) => value),
  };
}

/** Reads a request. @throws Error with a sentence for people when it does not prove its key, or the key is weak */
async function readRequest(pem: string): Promise<x509.Pkcs10CertificateRequest> {
  let csr: x509.Pkcs10CertificateRequest;
  try {
    csr = new x509.Pkcs10CertificateRequest(pem);
  } catch {
    throw new Error('The request is not a certificate request in PEM (PKCS #10).');
  }
  if (!(await csr.verify())) throw new Error('The request is not signed with its own key.');
  if (!isStrong(csr.publicKey))
    throw new Error('The key of the request is too weak: it must be EC P-256 or better, or RSA of 2048 bits.');
  return csr;
}

/**
 * Signs a server's request.
 * @throws Error with a sentence for people when the request does not prove its key, or the key is weak
 */
export async function signServer(request: ServerRequest): Promise<string> {
  const csr = await readRequest(request.request);
  const names = request.names ?? askedNames(csr);
  if (names.dns.length + names.ip.length === 0) throw new Error('The request names no address and no host.');
  return sign({
    ...{ authority: request.authority, publicKey: csr.publicKey, days: request.days, nowWallMs: request.nowWallMs },
    subject: [{ CN: [request.name] }, { O: [organization] }],
    usage: x509.ExtendedKeyUsage.serverAuth,
    extensions: [alternative(names)],
  });
}

const userSubject = (name: string, role: string): x509.JsonName => [{ CN: [name] }, { OU: [role] }, { O: [organization] }];

/**
 * Signs the request of a person or a program; what the request says of its subject counts for nothing.
 * @throws Error with a sentence for people when the request does not prove its key, or the key is weak
 */
export async function signUser({ authority, request, name, role, days, nowWallMs }: UserSignRequest): Promise<string> {
  const { publicKey } = await readRequest(request);
  const subject = userSubject(name, role);
  return sign({ authority, publicKey, subject, days, nowWallMs, usage: x509.ExtendedKeyUsage.clientAuth, extensions: [] });
}

/** A certificate for a person or a program, with its key: the role is the organizational unit of its subject. */
export async function makeUser({ authority, name, role, days, nowWallMs, password }: UserRequest): Promise<UserCertificate> {
  const keys = await makeKeys();
  const certificate = await sign({
    ...{ authority, publicKey: keys.publicKey, days, nowWallMs },
    subject: userSubject(name, role),
    usage: x509.ExtendedKeyUsage.clientAuth,
    extensions: [],
  });
  const key = `${await pemKey(keys.privateKey)}\n`;
  if (password === null) return { certificate, key, pkcs12: null };
  const { packPfx } = await import('./pfx.js');
  const pkcs12 = await packPfx({ certificate, key, authority: authority.certificate, name, password });
  return { certificate, key, pkcs12 };
}
