/** Which names a server's certificate has to be valid for. */

import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { ClusterConfig } from '../../config/types.js';
import type { CertificateNames } from './issuing.types.js';

/** A host name as certificates bear it (RFC 1123); a leading `*.` stands for one label. */
const hostPattern = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Whether it can be in a certificate: an address, or the name of a host. */
export const isCertifiable = (name: string): boolean => isIP(name) !== 0 || (name.length <= 253 && hostPattern.test(name));

/** Addresses and names by which the others reach that node, from cluster.xml. */
export function clusterNames(config: ClusterConfig, node: string): readonly string[] {
  const own = config.lans.flatMap((lan) => lan.nodes).filter((one) => one.node === node);
  const all = own.flatMap(({ addr, laddr }) => (laddr === undefined || laddr === null ? [addr] : [addr, laddr]));
  return [...new Set(all.map((name) => name.replace(/^\[|\]$/g, '')))];
}

/** Sorts names into addresses and hosts, each once; what cannot be in a certificate is left out. */
export function sortNames(names: readonly string[]): CertificateNames {
  const valid = [...new Set(names.map((name) => name.replace(/^\[|\]$/g, '').toLowerCase()))].filter(isCertifiable);
  return { dns: valid.filter((name) => isIP(name) === 0), ip: valid.filter((name) => isIP(name) !== 0) };
}

/** Everything that a node's certificate is made for: its addresses, its name, the host's, loopback, and `also`. */
export function serverNames(config: ClusterConfig, node: string, hostname: string, also: readonly string[]): CertificateNames {
  const short = hostname.split('.')[0] ?? hostname;
  return sortNames([node, hostname, short, 'localhost', '127.0.0.1', '::1', ...clusterNames(config, node), ...also]);
}

/** The same for a node that may have no cluster yet. */
export function ownCertificateNames(
  config: ClusterConfig | null,
  node: string,
  hostname: string,
  also: readonly string[],
): CertificateNames {
  if (config !== null) return serverNames(config, node, hostname, also);
  return sortNames([node, hostname, hostname.split('.')[0] ?? hostname, 'localhost', '127.0.0.1', '::1', ...also]);
}

/** Whether a certificate is valid for that name or address. */
export function covers(certificate: X509Certificate, name: string): boolean {
  return isIP(name) === 0 ? certificate.checkHost(name) !== undefined : certificate.checkIP(name) !== undefined;
}

/** The names that the certificate bears, as text. */
export function namesIn(certificate: X509Certificate): readonly string[] {
  return (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((part) => (part.startsWith('DNS:') ? [part.slice(4)] : part.startsWith('IP Address:') ? [part.slice(11)] : []));
}
