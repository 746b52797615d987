/** Plain HTTP requests of the tests: over a local socket as the CLI sends them, or over TCP as anybody can. */
import { request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface Ask {
  /** The daemon's local socket; else host and port. */
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  /** Address of this machine that it comes from. */
  readonly localAddress?: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Default 10,000. */
  readonly timeoutMs?: number;
}

/** Sends one request on a connection of its own. Rejects when there is no answer in time. */
export function ask({ body, timeoutMs = 10_000, headers = {}, ...target }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...target, headers: { ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer in ${timeoutMs} ms: ${target.path}`)), timeoutMs);
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.end(body);
  });
}
