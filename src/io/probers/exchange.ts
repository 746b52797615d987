/** One HTTP request and its answer, for checks: no redirects, no keep-alive, bounded, and as cheap as it can be. TLS sessions are resumed (sessions.ts). */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Closable } from '../../actors/ports.js';
import type { Authorities } from './authorities.js';
import { connectTo, letEnd } from './connect.js';
import type { Names } from './names.js';
import { codeOf, explain, messageOf } from './probe.js';
import type { Sessions } from './sessions.js';

/** What is asked. Made once for each checker. */
export interface Question {
  readonly secure: boolean;
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  /** Names as they are sent. `Host` is among them. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** The name that the certificate must be for; also sent as SNI where it is no address. */
  readonly serverName: string;
  readonly verify: boolean;
  /** A file of authorities (PEM) that are trusted besides the machine's, or null. */
  readonly authorities: string | null;
  /** Of the body so many bytes are wanted; 0: the answer is over with its head. */
  readonly bodyBytes: number;
}
export type Answer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly place: string;
      readonly header: (name: string) => string | null;
      /** At most as much as was asked for. */
      readonly body: Buffer;
    }
  | { readonly kind: 'failed'; readonly detail: string };

export interface HttpMeans {
  readonly names: Names;
  readonly authorities: Authorities;
  readonly sessions: Sessions;
}

const certificateFaults: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known to this machine',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known to this machine',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known to this machine',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known to this machine',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  CERT_REVOKED: 'it was revoked',
  CERT_UNTRUSTED: 'its authority is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
};

function explainExchange(error: unknown, place: string): string {
  const code = codeOf(error);
  const fault = certificateFaults[code];
  if (fault !== undefined) return `certificate of ${place} is not good: ${fault}`;
  if (code.startsWith('HPE_')) return `answer of ${place} is not HTTP: ${messageOf(error)}`;
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return `no TLS with ${place}: ${messageOf(error).trim()}`;
  return explain(error, place);
}

/**
 * Asks once; calls back at most once, not after `close`, perhaps at once. With an answer in hand the rest of it is read for a moment
 * so that the connection ends by itself; `close` before that cuts it.
 */
export function exchange(
  { names, authorities, sessions }: HttpMeans,
  question: Question,
  onAnswer: (answer: Answer) => void,
): Closable {
  let open = true;
  let outgoing: ClientRequest | null = null;
  let carrier: Socket | TLSSocket | null = null;

  const finish = (answer: Answer): void => {
    if (!open) return;
    open = false;
    if (answer.kind === 'failed') carrier?.destroy();
    else if (carrier !== null) letEnd(carrier);
    onAnswer(answer);
  };
  const fail = (error: unknown, place: string): void => finish({ kind: 'failed', detail: explainExchange(error, place) });

  const onResponse = (incoming: IncomingMessage, place: string, hasBody: boolean): void => {
    const answer = (body: Buffer): void =>
      finish({
        kind: 'answered',
        status: incoming.statusCode ?? 0,
        place,
        header: (name) => {
          const value = incoming.headers[name];
          return typeof value === 'string' ? value : null;
        },
        body,
      });
    incoming.on('error', (error) => fail(error, place));
    if (question.bodyBytes === 0 || !hasBody) {
      answer(Buffer.alloc(0));
      incoming.resume();
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      if (!open) return;
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= question.bodyBytes) answer(Buffer.concat(chunks).subarray(0, question.bodyBytes));
    });
    incoming.once('end', () => answer(Buffer.concat(chunks)));
  };
  const ask = (socket: Socket | TLSSocket, place: string): void => {
    try {
      outgoing = request({
        createConnection: () => socket,
        method: question.method,
        path: question.path,
        headers: { ...question.headers },
        setHost: false,
      });
    } catch (error) {
      fail(error, place);
      return;
    }
    outgoing.once('response', (incoming) => onResponse(incoming, place, true));
    // 101 is a status as any other; what comes behind it is not HTTP.
    outgoing.once('upgrade', (incoming, upgraded: Socket) => {
      onResponse(incoming, place, false);
      upgraded.destroy();
    });
    outgoing.on('error', (error) => {
      // Node's own words for an end of the connection before any answer.
      if (codeOf(error) === 'ECONNRESET' && messageOf(error) === 'socket hang up')
        finish({ kind: 'failed', detail: `${place} closed the connection without an answer` });
      else fail(error, place);
    });
    outgoing.end();
  };
  const connecting = connectTo(names, question.host, question.port, (end) => {
    if (!open) {
      if (end.kind === 'connected') end.socket.destroy();
      return;
    }
    if (end.kind === 'failed') {
      finish({ kind: 'failed', detail: end.detail });
      return;
    }
    const { socket, place } = end;
    carrier = socket;
    if (!question.secure) {
      ask(socket, place);
      return;
    }
    const name = question.serverName;
    try {
      const secureContext = authorities.context(question.authorities);
      const session = sessions.of(question, secureContext);
      const secured = connectTls({
        socket,
        host: name,
        ...(isIP(name) === 0 ? { servername: name } : {}),
        secureContext,
        ...(session === null ? {} : { session }),
        rejectUnauthorized: question.verify,
        ALPNProtocols: ['http/1.1'],
      });
      carrier = secured;
      secured.on('error', (error) => fail(error, place));
      secured.once('close', () => finish({ kind: 'failed', detail: `${place} closed the connection without an answer` }));
      secured.once('secureConnect', () => {
        if (!secured.isSessionReused()) {
          sessions.begin(question, secureContext, secured.getPeerCertificate().valid_to);
          // Before TLS 1.3 the session is there with the handshake; from 1.3 on tickets come after it.
          const early = secured.getProtocol() === 'TLSv1.3' ? undefined : secured.getSession();
          if (early !== undefined) sessions.keep(question, early);
        }
        if (open) ask(secured, place);
      });
      secured.on('session', (ticket: Buffer) => sessions.keep(question, ticket));
    } catch (error) {
      finish({ kind: 'failed', detail: messageOf(error) });
    }
  });
  return {
    close: () => {
      if (!open) return;
      open = false;
      connecting.close();
      outgoing?.destroy();
      carrier?.destroy();
    },
  };
}
