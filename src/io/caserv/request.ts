/**
 * A node that asks a CA helper: it makes sure of the authority first, and only then says the password, over TLS with that authority alone.
 */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Outcome } from '../../actors/face.js';
import type { CaHelperRequest } from '../../actors/face-https.js';
import type { ForeignCertificate } from '../pki/https-authority.js';
import { failed, textOf } from '../pki/https-parts.js';
import { pinOf } from './password.js';

const timeoutMs = 30_000;
const answerLimit = 256 * 1024;
const defaultPort = 9001;
const pemCertificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/;

interface Asked {
  readonly url: URL;
  readonly path: string;
  /** Null: whoever answers is not believed. */
  readonly ca: string | null;
  readonly form?: { readonly authorization: string; readonly body: string };
}
interface Answered {
  readonly status: number;
  readonly node: string | null;
  readonly text: string;
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
async function ask({ url, path, ca, form }: Asked): Promise<Answered> {
  const { request } = await import('node:https');
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...{ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port), path, agent: false },
        ...{ method: form === undefined ? 'GET' : 'POST', signal: AbortSignal.timeout(timeoutMs) },
        ...(ca === null ? { rejectUnauthorized: false } : { ca }),
        headers:
          form === undefined
            ? { host: url.host }
            : {
                ...{ host: url.host, authorization: form.authorization },
                ...{ 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form.body) },
              },
      },
      (response) => {
        const node = response.headers['x-holdfast-node'];
        readAll(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, node: typeof node === 'string' ? node : null, text }),
          reject,
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.end(form?.body);
  });
}
function readUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') return null;
    if (url.port === '') url.port = String(defaultPort);
    return url;
  } catch {
    return null;
  }
}
const plainHex = (text: string): string => text.replaceAll(/[^0-9a-fA-F]/g, '').toLowerCase();

/**
 * Has a request signed.
 * @param known fingerprint of the authority that this node has already
 */
export async function requestAt(
  { url: text, user, password, fingerprint = null }: CaHelperRequest,
  name: string,
  request: string,
  known: string | null,
): Promise<Outcome<ForeignCertificate>> {
  const url = readUrl(text);
  if (url === null) return failed('HTTPS_HELPER', `${JSON.stringify(text.slice(0, 100))} is no address like https://n1:9001.`);
  try {
    const shown = await ask({ url, path: '/certs/cacert.crt', ca: null });
    const authority = shown.status === 200 ? pemCertificate.exec(shown.text)?.[0] : undefined;
    if (authority === undefined) return failed('HTTPS_HELPER', `What answers at ${url.host} is no CA helper.`);
    const found = new X509Certificate(authority).fingerprint256.replaceAll(':', '').toLowerCase();
    const wanted = fingerprint === null ? (pinOf(password) ?? known) : plainHex(fingerprint);
    if (wanted === null)
      return failed(
        'HTTPS_HELPER',
        `The authority at ${url.host} has the fingerprint ${found}. Compare it with what startcaserv printed there, and say it with --fingerprint.`,
      );
    if (wanted.length < 32 || !found.startsWith(wanted))
      return failed(
        'HTTPS_HELPER',
        `What answers at ${url.host} has another authority than the one of the password or fingerprint. The password was not sent.`,
      );
    const answer = await ask({
      ...{ url, path: '/caserv', ca: authority },
      form: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        body: new URLSearchParams({ action: 'signrequest', name, servercsr: request }).toString(),
      },
    });
    if (answer.status === 401) return failed('HTTPS_PASSWORD', `${url.host} refuses the password of ${user}.`);
    const certificate = answer.status === 201 ? pemCertificate.exec(answer.text)?.[0] : undefined;
    return certificate === undefined
      ? failed('HTTPS_HELPER', `${url.host} did not sign: ${answer.text.trim().slice(0, 300) || `HTTP ${answer.status}`}`)
      : { ok: true, value: { certificate: `${certificate}\n`, authority: `${authority}\n`, node: answer.node } };
  } catch (error) {
    return failed('HTTPS_HELPER', `${url.host} cannot be reached: ${textOf(error)}. Does holdfast startcaserv run there?`);
  }
}
