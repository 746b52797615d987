/** What stays plain on port 9010 once HTTPS is on, and where the rest is sent. */
import { isLoopback, isOpenToOtherMachines } from '../access-rules.js';

/**
 * May be answered in plain HTTP although HTTPS is on: requests that carry their own seal (other nodes, and those that join), what everybody may see, and the
 * metrics for a collector on this machine. Probes and health are answered before this is asked.
 */
export function staysPlain(method: string, path: string, peer: string): boolean {
  return isOpenToOtherMachines(method, path) || (path === '/metrics' && isLoopback(peer));
}

/**
 * The same address over HTTPS, or null where the Host header names nothing.
 * @param url path and query as they were asked for
 */
export function secureUrl(host: string, url: string, port: number): string | null {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?$/i.exec(host);
  if (match === null || !url.startsWith('/') || url.startsWith('//')) return null;
  const location = `https://${match[1]}:${port}${url}`;
  return URL.canParse(location) ? location : null;
}
