/** Notifications as signed JSON by HTTPS POST. */
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { readSecretFile, SecretFileError, withoutSecrets } from '../settings/secret-file.js';
import { type Attempt, connectionFailure, failed, type Send } from './attempt.js';
import { urlProblem, type WebhookChannel } from './config.js';

/** So much of an answer is read, in bytes: it is only shown when something is wrong. */
const largestAnswer = 4 * 1024;
const longestPauseMs = 3_600_000;

/** `sha256=` and the HMAC in hex over the time, a dot and the body: a receiver refuses what was changed, and what is old. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;

interface Answer {
  readonly status: number;
  readonly retryAfter: string;
  readonly text: string;
}
interface Posting {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly ca: string | null;
  readonly signal: AbortSignal;
}

function post({ url, body, headers, ca, signal }: Posting): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, agent: false, signal } as const;
    const outgoing =
      url.protocol === 'https:'
        ? secureRequest(url, { ...options, minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) })
        : plainRequest(url, options);
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const end = (): void => {
        const text = Buffer.concat(chunks).toString('utf8').slice(0, largestAnswer);
        resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] ?? '', text });
        answer.destroy();
      };
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= largestAnswer) end();
      });
      answer.once('end', end);
      answer.once('error', reject);
    });
    outgoing.end(body);
  });
}

function judge({ status, retryAfter, text }: Answer, where: string, secrets: readonly string[]): Attempt {
  if (status >= 200 && status <= 299) return { ok: true, note: null };
  const said = withoutSecrets(text, secrets).slice(0, 200);
  const reason = `${where} answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (status >= 300 && status <= 399)
    return failed(`${where} answered ${status}: redirections are not followed`, 'write the final address');
  if (status === 401 || status === 403) return failed(reason, 'correct the secret, here or there');
  if (status === 404 || status === 410) return failed(reason, 'correct the address');
  const wait = (status === 429 || status === 503) && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : null;
  return failed(reason, 'look at the log of the receiver', wait === null ? null : Math.min(wait, longestPauseMs));
}

/** A sender for that channel. The secret files are read at each attempt. */
export function createWebhookSender(channel: WebhookChannel): Send {
  return async (message, signal) => {
    const secrets: string[] = [];
    let where = 'the receiver';
    try {
      const address = channel.url ?? (await readSecretFile(channel.urlFile ?? ''));
      const problem = urlProblem(address);
      if (problem !== null) return failed(`the address in ${channel.urlFile} is not right`, problem);
      const url = new URL(address);
      where = url.origin;
      if (url.pathname.length + url.search.length > 1) secrets.push(`${url.pathname}${url.search}`);
      const secret = channel.secretFile === null ? null : await readSecretFile(channel.secretFile);
      if (secret !== null) secrets.push(secret);
      const ca = channel.caFile === null ? null : await readFile(channel.caFile, 'utf8');
      const body = JSON.stringify(message);
      const timestamp = String(Math.floor(Date.now() / 1000));
      const headers = {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        'User-Agent': 'holdfast',
        'X-Holdfast-Delivery': message.id,
        'X-Holdfast-Timestamp': timestamp,
        ...(secret === null ? {} : { 'X-Holdfast-Signature': signatureOf(secret, timestamp, body) }),
      };
      return judge(await post({ url, body, headers, ca, signal }), where, secrets);
    } catch (error) {
      if (error instanceof SecretFileError) return failed(error.message.replace(/\.$/, ''), 'then it is tried again by itself');
      if (signal.aborted) return connectionFailure('ETIMEDOUT', where, '', channel.timeoutMs);
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      const text = withoutSecrets(error instanceof Error ? error.message : String(error), secrets);
      return connectionFailure(code, where, text, channel.timeoutMs);
    }
  };
}
