/** Requests to the API of the connection node. */
import type { Problem } from '../../http/api-types.js';
import { ApiFailure } from './failure.js';

export { ApiFailure } from './failure.js';

const apiBase = '/api/v1';
const usualTimeoutMs = 15_000;

export interface RequestOptions {
  readonly json?: unknown;
  readonly bytes?: Blob | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Default 15 s; null: none, for streams. */
  readonly timeoutMs?: number | null;
}
export interface Api {
  /** The answer, whatever it is made of. @throws ApiFailure for a status from 400 on, and where no answer comes */
  send(method: string, path: string, options?: RequestOptions): Promise<Response>;
  get<T>(path: string, options?: RequestOptions): Promise<T>;
  /** A request with an answer as JSON. */
  json<T>(method: string, path: string, options?: RequestOptions): Promise<T>;
  text(path: string, options?: RequestOptions): Promise<string>;
}
export interface ApiOptions {
  /** Proves that a change is asked for by this page; null: there is no session. */
  readonly csrf: () => string | null;
  /** The session is over, or there was none. */
  readonly onUnauthorized: () => void;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}
async function failureOf(response: Response): Promise<ApiFailure> {
  const body: unknown = await response.json().catch(() => null);
  if (isProblem(body)) return new ApiFailure(response.status, body.code, body.detail, body);
  return new ApiFailure(response.status, 'HTTP', `HTTP ${response.status}`, null);
}

/** Makes the client. Paths are those after `/api/v1`. */
export function createApi({ csrf, onUnauthorized }: ApiOptions): Api {
  async function send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const { json, bytes, timeoutMs = usualTimeoutMs } = options;
    const token = csrf();
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
    if (method !== 'GET') {
      headers['x-holdfast-request'] = 'console';
      if (token !== null) headers['x-holdfast-csrf'] = token;
    }
    if (json !== undefined) headers['content-type'] = 'application/json';
    const signals = [options.signal, timeoutMs === null ? undefined : AbortSignal.timeout(timeoutMs)].filter(
      (one) => one !== undefined,
    );
    let response: Response;
    try {
      response = await fetch(`${apiBase}${path}`, {
        method,
        headers,
        cache: 'no-store',
        credentials: 'same-origin',
        ...(json === undefined ? (bytes === undefined ? {} : { body: bytes }) : { body: JSON.stringify(json) }),
        signal: AbortSignal.any(signals),
      });
    } catch (error) {
      throw new ApiFailure(0, 'OFFLINE', error instanceof Error ? error.message : String(error), null);
    }
    if (response.ok) return response;
    const failure = await failureOf(response);
    if (response.status === 401) onUnauthorized();
    throw failure;
  }
  async function asJson<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
    const response = await send(method, path, options);
    return response.json();
  }
  return {
    send,
    get: (path, options) => asJson('GET', path, options),
    json: asJson,
    async text(path, options) {
      const response = await send('GET', path, { ...options, headers: { accept: 'text/plain, */*' } });
      return response.text();
    },
  };
}
