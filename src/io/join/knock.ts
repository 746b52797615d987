/** Sends the request of a node that joins, by HTTPS with the authority that the token pins, or by HTTP, where the seal alone protects it. */
import { X509Certificate } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { Failure, Outcome } from '../../actors/face.js';
import type { JoinAnswer, JoinMessage } from '../../actors/face-https.js';

/** @param fingerprint SHA-256 of the authority in hex; null: one that this machine trusts */
export type KnockAt = (url: string, message: JoinMessage, fingerprint: string | null) => Promise<Outcome<JoinAnswer>>;

const timeoutMs = 60_000;
const answerLimit = 8 * 1024 * 1024;
const known = ['JOIN_NONE', 'JOIN_TOKEN', 'JOIN_EXPIRED', 'JOIN_USED', 'JOIN_THROTTLED', 'JOIN_REFUSED'];

const failed = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});
interface Asked {
  readonly url: URL;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly body: string | null;
  readonly tls: { readonly ca?: string; readonly rejectUnauthorized?: boolean };
}
async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > answerLimit) throw new Error('it answers with too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
async function ask({ url, path, method, body, tls }: Asked): Promise<{ readonly status: number; readonly text: string }> {
  const secure = url.protocol === 'https:';
  const { request } = secure ? await import('node:https') : { request: httpRequest };
  const options: RequestOptions = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    path,
    method,
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
    headers:
      body === null
        ? { host: url.host }
        : { host: url.host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    ...tls,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      readAll(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body ?? undefined);
  });
}
/** The authority of the token, fetched from whoever answers and believed only for its fingerprint. */
async function pinned(url: URL, fingerprint: string): Promise<Outcome<string>> {
  const { status, text } = await ask({
    ...{ url, path: '/api/v1/https/authority', method: 'GET', body: null },
    tls: { rejectUnauthorized: false },
  });
  const pem = status === 200 ? /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text)?.[0] : undefined;
  const found = pem === undefined ? null : new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  return pem !== undefined && found === fingerprint
    ? { ok: true, value: pem }
    : failed(
        'JOIN_UNREACHABLE',
        `What answers at ${url.host} does not have the authority of the token: it is not the node that invited.`,
      );
}
function readUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '' ? url : null;
  } catch {
    return null;
  }
}
function record(text: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}

/** Sends it; once more with the same words where the answer was lost on the way. */
export const knockAt: KnockAt = async (text, message, fingerprint) => {
  const url = readUrl(text);
  if (url === null)
    return failed('JOIN_UNREACHABLE', `${JSON.stringify(text.slice(0, 100))} is no address like https://n1:9453.`);
  const attempt = async (): Promise<Outcome<JoinAnswer>> => {
    let tls: Asked['tls'] = {};
    if (url.protocol === 'https:' && fingerprint !== null) {
      const authority = await pinned(url, fingerprint);
      if (!authority.ok) return authority;
      tls = { ca: authority.value };
    }
    const answer = await ask({ url, path: '/api/v1/join', method: 'POST', body: JSON.stringify(message), tls });
    const said = record(answer.text);
    const [key, box, code, detail] = ['key', 'box', 'code', 'detail'].map((name) => said.get(name));
    if (answer.status === 200 && typeof key === 'string' && typeof box === 'string') return { ok: true, value: { key, box } };
    return typeof code === 'string' && known.includes(code)
      ? failed(code, typeof detail === 'string' ? detail : code)
      : failed('JOIN_UNREACHABLE', `${url.host} answered with HTTP ${answer.status}: is that a node of Holdfast?`);
  };
  try {
    return await attempt().catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return attempt();
      throw error;
    });
  } catch (error) {
    return failed(
      'JOIN_UNREACHABLE',
      `${url.host} cannot be reached: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
};
