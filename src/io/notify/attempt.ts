/** One attempt to hand a message to a channel: what all kinds of channels are, from outside. */
import type { Message } from './message.js';

/** How an attempt ended. Nothing of a secret is in the texts. */
export type Attempt =
  | { readonly ok: true; readonly note: string | null }
  | {
      readonly ok: false;
      /** What happened, in one sentence without a full stop. */
      readonly reason: string;
      /** What to do. */
      readonly remedy: string;
      /** The receiver asked for that pause, in ms. */
      readonly retryAfterMs: number | null;
    };
/** Hands over a message; never rejects, and ends with the signal at the latest. */
export type Send = (message: Message, signal: AbortSignal) => Promise<Attempt>;

export const failed = (reason: string, remedy: string, retryAfterMs: number | null = null): Attempt => ({
  ...{
    ok: false,
    reason: reason
      .replaceAll(/[\p{Cc}\s]+/gu, ' ')
      .trim()
      .slice(0, 500),
    remedy,
    retryAfterMs,
  },
});

/** Why a connection failed, in the same words for every kind of server. */
export function connectionFailure(code: string, where: string, text: string, timeoutMs: number): Attempt {
  const known: Readonly<Record<string, readonly [string, string]>> = {
    ECONNREFUSED: [`nobody listens on ${where}`, 'start the server, or correct host and port'],
    ENOTFOUND: [`${where} has no address`, 'correct the name, or look at the DNS of this node'],
    EDNS: [`${where} has no address`, 'correct the name, or look at the DNS of this node'],
    EAI_AGAIN: [`the name of ${where} cannot be resolved now`, 'look at the DNS of this node'],
    EHOSTUNREACH: [`${where} cannot be reached`, 'look at the network and the firewalls'],
    ENETUNREACH: [`${where} cannot be reached`, 'look at the network and the firewalls'],
    ETIMEDOUT: [
      `${where} did not answer within ${timeoutMs / 1000} s`,
      'look at the server and the firewalls, or raise timeoutSeconds',
    ],
    ECONNRESET: [`${where} broke the connection off`, 'look at the log of the server'],
  };
  const [reason, remedy] = known[code] ?? [`${where}: ${text}`, 'look at the server and its log'];
  if (!(code in known) && /certificate|self[- ]signed|CERT_|ERR_TLS|altname/i.test(`${code} ${text}`))
    return failed(
      `the certificate of ${where} is not accepted: ${text}`,
      'name its authority with caFile, or correct the certificate',
    );
  return failed(reason, remedy);
}
