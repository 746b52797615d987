/** Certificates for tests, made by the authority itself. */
import { makeAuthority, makeRequest, makeUser, signServer } from '../../../src/io/pki/authority.js';
import type { Authority, CertificateNames } from '../../../src/io/pki/issuing.types.js';

export const loopbackNames: CertificateNames = { dns: ['localhost', 'n1'], ip: ['127.0.0.1', '::1'] };

export const testAuthority = (name = 'Test CA', nowWallMs = Date.now(), days = 7300): Promise<Authority> =>
  makeAuthority({ name, days, nowWallMs });

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}
export async function serverPair(
  authority: Authority,
  names: CertificateNames = loopbackNames,
  { name = 'n1', nowWallMs = Date.now(), days = 365 } = {},
): Promise<Pair> {
  const { request, key } = await makeRequest({ name, names });
  return { certificate: await signServer({ authority, request, name, names, days, nowWallMs }), key };
}
export async function userPair(authority: Authority, name: string, role: string): Promise<Pair> {
  return makeUser({ authority, name, role, days: 365, nowWallMs: Date.now(), password: null });
}
