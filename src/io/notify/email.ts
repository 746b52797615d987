/** Notifications by e-mail, with nodemailer; a connection for each message, since hours lie between two. */
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { readSecretFile, SecretFileError, withoutSecrets } from '../settings/secret-file.js';
import { type Attempt, connectionFailure, failed, type Send } from './attempt.js';
import { addressOf, type EmailChannel } from './config.js';
import type { Message } from './message.js';

interface Credentials {
  readonly user: string;
  readonly pass: string;
}

async function credentialsOf(path: string): Promise<Credentials> {
  const text = await readSecretFile(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (typeof value === 'object' && value !== null && 'user' in value && 'password' in value) {
    const { user, password } = value;
    if (typeof user === 'string' && typeof password === 'string') return { user, pass: password };
  }
  throw new SecretFileError(`The secret file ${path} must hold {"user": "…", "password": "…"}.`);
}

const property = (error: unknown, name: string): string | number | null => {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : null;
  return typeof value === 'string' || typeof value === 'number' ? value : null;
};

function explain(error: unknown, channel: EmailChannel, secrets: readonly string[]): Attempt {
  const { host, port, security, timeoutMs } = channel;
  const where = `${host}:${port}`;
  const text = withoutSecrets(error instanceof Error ? error.message : String(error), secrets);
  const code = String(property(error, 'code') ?? '');
  const answer = property(error, 'responseCode');
  if (code === 'EAUTH') {
    return failed(`${where} does not accept the user and password: ${text}`, 'correct them in credentialsFile');
  }
  if (code === 'ETLS' && !/certificate|self[- ]signed|altname/i.test(text)) {
    const other = security === 'starttls' ? '"tls" (port 465), or "none" to a relay on this machine' : '"starttls" (port 587)';
    return failed(`${where} does not speak TLS as it is asked to: ${text}`, `correct security; perhaps it is ${other}`);
  }
  if (typeof answer === 'number' && code !== 'ECONNECTION') {
    const remedy =
      code === 'EENVELOPE' ? 'correct from and to, or allow this node to send there' : 'look at the log of the mail server';
    return failed(`${where} refused the message: ${text}`, remedy);
  }
  const inner = /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ECONNRESET)\b/.exec(text)?.[1];
  return connectionFailure(inner ?? (code === 'ESOCKET' ? '' : code), where, text, timeoutMs);
}

const headersOf = (message: Message): Record<string, string> => ({
  'Auto-Submitted': 'auto-generated',
  'X-Holdfast-Node': message.node,
  'X-Holdfast-Severity': message.severity,
});

/** A sender for that channel. The secret files are read at each attempt: a new password needs no restart. */
export function createEmailSender(channel: EmailChannel): Send {
  return async (message, signal) => {
    const secrets: string[] = [];
    // The socket is ours, so that a server that only dribbles can be left when the time is up.
    const socket = new Socket();
    const abandon = (): void => void socket.destroy(Object.assign(new Error('the time is up'), { code: 'ETIMEDOUT' }));
    signal.addEventListener('abort', abandon);
    try {
      const auth = channel.credentialsFile === null ? null : await credentialsOf(channel.credentialsFile);
      if (auth !== null) secrets.push(auth.pass);
      const ca = channel.caFile === null ? null : await readFile(channel.caFile, 'utf8');
      const transport = createTransport({
        ...{ host: channel.host, port: channel.port, socket },
        ...{
          secure: channel.security === 'tls',
          requireTLS: channel.security === 'starttls',
          ignoreTLS: channel.security === 'none',
        },
        ...{ connectionTimeout: channel.timeoutMs, greetingTimeout: channel.timeoutMs, socketTimeout: channel.timeoutMs },
        ...(auth === null ? {} : { auth }),
        tls: { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) },
        ...{ disableFileAccess: true, disableUrlAccess: true },
      });
      const domain = addressOf(channel.from).split('@').at(-1) ?? 'localhost';
      const sent = await transport.sendMail({
        ...{ from: channel.from, to: [...channel.to], subject: message.subject, text: message.text },
        ...{ messageId: `<${message.id}@${domain}>`, headers: headersOf(message) },
        ...(message.severity === 'critical' ? { priority: 'high' as const } : {}),
      });
      const refused = sent.rejected.map(String);
      return {
        ok: true,
        note: refused.length === 0 ? null : `${channel.host} took it, but not for ${refused.join(', ')}: correct "to"`,
      };
    } catch (error) {
      if (error instanceof SecretFileError) return failed(error.message.replace(/\.$/, ''), 'then it is tried again by itself');
      if (signal.aborted) return connectionFailure('ETIMEDOUT', `${channel.host}:${channel.port}`, '', channel.timeoutMs);
      if (property(error, 'path') !== null && property(error, 'path') === channel.caFile)
        return failed(`caFile cannot be read: ${String(property(error, 'code'))}`, 'correct caFile');
      return explain(error, channel, secrets);
    } finally {
      signal.removeEventListener('abort', abandon);
      socket.destroy();
    }
  };
}
