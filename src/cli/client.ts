import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import type { ConfigProblem } from '../config/types.js';
import { CliError } from './cli-error.js';
import type { CliIo } from './io.js';

/** What is sent with a request. `bytes` goes as it is, `json` as JSON. */
export interface RequestOptions {
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the daemon may take for its answer, in ms (default 60,000): it answers late while it waits for a state. */
  readonly timeoutMs?: number;
}

/** One server-sent event. */
export interface StreamEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** The daemon's API over its local socket. All of it rejects with a CliError. */
export interface Client {
  /** Sends a request and reads the JSON of its answer; null where the answer has no body. */
  json<T>(method: string, path: string, options?: RequestOptions): Promise<T>;
  /** Sends a request and reads its answer as bytes. */
  bytes(method: string, path: string, options?: RequestOptions): Promise<Uint8Array>;
  /** Server-sent events, until the daemon or the signal of the run ends them. */
  stream(path: string, headers?: Readonly<Record<string, string>>): AsyncIterable<StreamEvent>;
}

const answerLimitBytes = 256 * 1024 * 1024;
const defaultTimeoutMs = 60_000;

/** Where the daemon's socket is: `--socket`, else HOLDFAST_SOCKET, else SAFEVAR/holdfast.sock, SAFEVAR being /var/holdfast by default. */
export function socketPath(option: string | null, env: CliIo['env']): string {
  return option || env['HOLDFAST_SOCKET'] || join(env['SAFEVAR'] || '/var/holdfast', 'holdfast.sock');
}

function unreachable(path: string, error: Error): CliError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const remedy: Readonly<Record<string, string>> = {
    ENOENT: `there is no socket ${path}; start holdfastd, or name its socket with --socket or HOLDFAST_SOCKET`,
    ENOTDIR: `there is no socket ${path}; start holdfastd, or name its socket with --socket or HOLDFAST_SOCKET`,
    ECONNREFUSED: `nobody listens on the socket ${path}: holdfastd has ended; start it`,
    ENOTSOCK: `${path} is no socket; name the daemon's socket with --socket or HOLDFAST_SOCKET`,
    EACCES: `the socket ${path} may not be used by you; run this as the user of holdfastd (root, usually)`,
    EPERM: `the socket ${path} may not be used by you; run this as the user of holdfastd (root, usually)`,
    ECONNRESET: `holdfastd closed its socket ${path} before it had answered; is it stopping?`,
    EINVAL: `the path of the socket is not usable (at most 107 characters): ${path}`,
  };
  return new CliError('DAEMON_UNREACHABLE', remedy[code] ?? `holdfastd does not answer on ${path}: ${error.message}`);
}

/** The shape of an RFC 9457 answer, as far as the CLI uses it. */
interface ProblemDetails {
  readonly code?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly problems?: readonly ConfigProblem[];
}

function failureOf(status: number, body: Uint8Array): CliError {
  const text = new TextDecoder().decode(body);
  let details: ProblemDetails = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) details = parsed;
  } catch {
    details = { detail: text.slice(0, 200).replaceAll(/\s+/g, ' ').trim() };
  }
  const code = typeof details.code === 'string' ? details.code : 'INTERNAL';
  const sentence = [details.detail, details.title].find((part) => typeof part === 'string' && part !== '');
  const problems = Array.isArray(details.problems) ? details.problems : [];
  return new CliError(
    code,
    typeof sentence === 'string' ? sentence : `the daemon answered with status ${status}`,
    problems,
    status,
  );
}

async function readAll(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += part.length;
    if (bytes > answerLimitBytes) throw new CliError('INTERNAL', `the daemon's answer is larger than ${answerLimitBytes} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

/**
 * Splits a stream of text into server-sent events (WHATWG HTML, section 9.2): `id`, `event` and `data` fields, comments dropped.
 * A last event without the empty line after it is not complete and is dropped.
 */
export async function* parseEventStream(chunks: AsyncIterable<string>): AsyncGenerator<StreamEvent> {
  let rest = '';
  let id: string | null = null;
  let event = 'message';
  let data: string[] = [];
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (data.length > 0) yield { id, event, data: data.join('\n') };
        event = 'message';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data.push(value);
      else if (field === 'event') event = value;
      else if (field === 'id') id = value;
    }
  }
}

/** A client of the daemon that listens on the socket `path`. Nothing is opened before the first request. */
export function createClient(path: string, signal: AbortSignal): Client {
  return clientOver({
    signal,
    unreachable: (error) => unreachable(path, error),
    place: path,
    open: (options, answered) => request({ ...options, socketPath: path, agent: false, signal }, answered),
    connectMs: null,
    headers: {},
  });
}

/** What a client of a web service elsewhere goes by. */
export interface WebAccess {
  /** Bearer token. */
  readonly token: string | null;
  /** Authorities that its certificate may be of, PEM; null: those of the system. */
  readonly ca: readonly string[] | null;
  readonly connectMs: number;
}

/** A client of the web service at `url` (scheme, host, port). */
export async function createWebClient(url: string, access: WebAccess, signal: AbortSignal): Promise<Client> {
  const { hostname, port, protocol, host } = new URL(url);
  const secure = protocol === 'https:' ? await import('node:https') : null;
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port, agent: false, signal } as const;
  return clientOver({
    signal,
    unreachable: (error) => {
      const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
      if (code === 'ECONNREFUSED') return new CliError('NODE_UNREACHABLE', `Failed to connect to ${host}: Connection refused`);
      if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
        return new CliError('NODE_UNREACHABLE', `Could not resolve host: ${hostname}`);
      return new CliError('NODE_UNREACHABLE', `Failed to connect to ${host}: ${error.message}`);
    },
    place: url,
    open: (options, answered) =>
      secure === null
        ? request({ ...options, ...place }, answered)
        : secure.request({ ...options, ...place, ...(access.ca === null ? {} : { ca: [...access.ca] }) }, answered),
    connectMs: access.connectMs,
    headers: {
      host,
      'x-holdfast-request': '1',
      ...(access.token === null ? {} : { authorization: `Bearer ${access.token}` }),
    },
  });
}

interface Way {
  readonly signal: AbortSignal;
  readonly unreachable: (error: Error) => CliError;
  /** For messages. */
  readonly place: string;
  readonly open: (
    options: { readonly method: string; readonly path: string; readonly headers: Record<string, string | number> },
    answered: (response: IncomingMessage) => void,
  ) => ClientRequest;
  /** How long connecting may take; null: as long as the answer. */
  readonly connectMs: number | null;
  readonly headers: Readonly<Record<string, string>>;
}

function clientOver(way: Way): Client {
  const { signal, place } = way;
  /** Resolves with the head of the answer. */
  function send(method: string, target: string, options: RequestOptions, timeoutMs: number | null): Promise<IncomingMessage> {
    const body = options.bytes ?? (options.json === undefined ? null : Buffer.from(JSON.stringify(options.json)));
    const headers: Record<string, string | number> = {
      host: 'localhost',
      connection: 'close',
      accept: 'application/json',
      ...way.headers,
      ...options.headers,
    };
    if (body !== null) {
      headers['content-type'] ??= options.bytes === undefined ? 'application/json' : 'application/octet-stream';
      headers['content-length'] = body.length;
    }
    return new Promise((resolve, reject) => {
      const outgoing = way.open({ method, path: `/api/v1${target}`, headers }, resolve);
      outgoing.once('error', (error) => reject(error instanceof CliError || signal.aborted ? error : way.unreachable(error)));
      const { connectMs } = way;
      if (connectMs !== null) {
        const timer = setTimeout(
          () =>
            outgoing.destroy(new CliError('NODE_UNREACHABLE', `Connection timed out after ${connectMs} milliseconds (${place})`)),
          connectMs,
        );
        outgoing.once('socket', (socket) => socket.once('connect', () => clearTimeout(timer)));
        outgoing.once('close', () => clearTimeout(timer));
      }
      if (timeoutMs !== null) {
        const late = new CliError(
          'DAEMON_UNREACHABLE',
          `holdfastd took the request on ${place}, but did not answer within ${timeoutMs / 1000} s`,
        );
        outgoing.setTimeout(timeoutMs, () => outgoing.destroy(late));
      }
      if (body !== null) outgoing.write(body);
      outgoing.end();
    });
  }
  async function exchange(method: string, target: string, options: RequestOptions): Promise<Uint8Array> {
    const response = await send(method, target, options, options.timeoutMs ?? defaultTimeoutMs);
    let body: Uint8Array;
    try {
      body = await readAll(response);
    } catch (error) {
      throw error instanceof Error && !(error instanceof CliError) && !signal.aborted ? way.unreachable(error) : error;
    }
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw failureOf(status, body);
    return body;
  }
  return {
    async json(method, target, options = {}) {
      const body = await exchange(method, target, options);
      try {
        return body.length === 0 ? JSON.parse('null') : JSON.parse(new TextDecoder().decode(body));
      } catch {
        throw new CliError(
          'INTERNAL',
          `the daemon's answer to ${method} ${target} is no JSON; are holdfast and holdfastd of the same version?`,
        );
      }
    },
    bytes: (method, target, options = {}) => exchange(method, target, options),
    async *stream(target, headers = {}) {
      const response = await send('GET', target, { headers: { accept: 'text/event-stream', ...headers } }, null);
      const status = response.statusCode ?? 0;
      if (status !== 200) throw failureOf(status, await readAll(response));
      response.setEncoding('utf8');
      try {
        yield* parseEventStream(response);
      } catch (error) {
        if (signal.aborted) return;
        throw error instanceof Error ? way.unreachable(error) : error;
      }
    },
  };
}
