/** The headers that the front hands on to the app: the client's own but for what belongs to its connection, and what the front alone may say. */
import { certificateHeader, frontHeader, peerHeader, secureHeader } from './messages.js';

/** What belongs to one connection, or may be said by the front alone. */
export const hopByHop: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'expect', peerHeader, frontHeader, secureHeader, certificateHeader],
]);

/** The part of a request that is looked at. */
export interface ReceivedHead {
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
  readonly headers: {
    readonly connection?: string | undefined;
    readonly 'transfer-encoding'?: string | undefined;
    readonly 'content-length'?: string | undefined;
  };
}
/** What the front vouches for. */
export interface Vouched {
  readonly peer: string;
  readonly secret: string;
  readonly secure: boolean;
  /** As `encodeCertificate` writes it. */
  readonly certificate: string | null;
}

/** Names and values in turn; null: two Hosts, none where there has to be one, or more than a hundred headers. */
export function handedOn({ rawHeaders, httpVersion, headers }: ReceivedHead, vouched: Vouched): string[] | null {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const kept: string[] = [];
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'host') hosts += 1;
    if (hopByHop.has(lower) || (named.has(lower) && lower !== 'host' && lower !== 'content-length')) continue;
    kept.push(name, rawHeaders[index + 1] ?? '');
  }
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0') || rawHeaders.length > 200) return null;
  if (headers['transfer-encoding'] !== undefined) kept.push('Transfer-Encoding', 'chunked');
  else if (headers['content-length'] === undefined) kept.push('Content-Length', '0');
  kept.push(peerHeader, vouched.peer, frontHeader, vouched.secret);
  if (vouched.secure) kept.push(secureHeader, '1');
  if (vouched.certificate !== null) kept.push(certificateHeader, vouched.certificate);
  return kept;
}
