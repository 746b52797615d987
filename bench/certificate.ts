import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, makeRequest, signServer } from '../src/io/pki/authority.js';

/** A server's certificate for 127.0.0.1, by an authority of its own. */
export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** Files of these, and of the authority. */
  readonly keyFile: string;
  readonly certFile: string;
  readonly authorityFile: string;
}

/** Makes one, as `holdfast https setup` does: ECDSA on P-256. */
export async function makeCertificate(directory: string): Promise<Certificate> {
  const nowWallMs = Date.now();
  const names = { dns: ['localhost'], ip: ['127.0.0.1'] };
  const authority = await makeAuthority({ name: 'bench', days: 2, nowWallMs });
  const { key, request } = await makeRequest({ name: 'bench', names });
  const cert = await signServer({ authority, request, name: 'bench', names, days: 1, nowWallMs });
  const [keyFile, certFile, authorityFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem'), join(directory, 'ca.pem')];
  writeFileSync(keyFile, key, { mode: 0o600 });
  writeFileSync(certFile, cert);
  writeFileSync(authorityFile, authority.certificate);
  return { key, cert, keyFile, certFile, authorityFile };
}
