/** One request to whoever answers at an address (a node that joins, a CA helper): a connection of its own, bounded in time and bytes. */
import { X509Certificate } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';

export interface Asked {
  /** http or https. */
  readonly url: URL;
  readonly path: string;
  /** What is sent by POST; null: GET. */
  readonly sent: { readonly type: string; readonly text: string } | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** The only authority that is believed; null: whoever answers is not believed, but heard; left out: those of this machine. */
  readonly ca?: string | null;
  readonly timeoutMs: number;
  readonly largestBytes: number;
}
export interface Answered {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
}

async function readAll(response: IncomingMessage, largestBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > largestBytes) throw new Error('it answers with too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Asks. @throws what Node throws, and an error when the answer is too long or does not come in time */
export async function askOnce({ url, path, sent, headers, ca, timeoutMs, largestBytes }: Asked): Promise<Answered> {
  const secure = url.protocol === 'https:';
  const { request } = secure ? await import('node:https') : { request: httpRequest };
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    path,
    method: sent === null ? 'GET' : 'POST',
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      host: url.host,
      ...headers,
      ...(sent === null ? {} : { 'content-type': sent.type, 'content-length': Buffer.byteLength(sent.text) }),
    },
    ...(ca === undefined ? {} : ca === null ? { rejectUnauthorized: false } : { ca }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      const header = (name: string): string | null => {
        const value = response.headers[name];
        return typeof value === 'string' ? value : null;
      };
      readAll(response, largestBytes).then((text) => resolve({ status: response.statusCode ?? 0, header, text }), reject);
    });
    outgoing.once('error', reject);
    outgoing.end(sent?.text);
  });
}

/** The first certificate (PEM) of a text with its SHA-256 fingerprint in hex, or null. @throws when it is damaged */
export function certificateIn(text: string): { readonly pem: string; readonly fingerprint: string } | null {
  const pem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text)?.[0];
  return pem === undefined
    ? null
    : { pem, fingerprint: new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase() };
}
