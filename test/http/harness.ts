/** Starts the web service on loopback with a fake face, and speaks to it over real sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Authority } from '../../src/actors/face-auth.js';
import type { Access, HttpAppLimits } from '../../src/http/app.js';
import type { FrontAddress, FrontEvent, FrontLimits } from '../../src/http/front/front.js';
import { createReadyTable, type ReadyTable } from '../../src/http/ready-table.js';
import type { SealKeys } from '../../src/http/seal.js';
import { type HttpService, startHttpService } from '../../src/http/service.js';
import { type FakeFace, fakeFace } from './fake-face.js';
import { fakeAddresses, fakeCaHelper, fakeHttps, fakeJoin } from './fake-https.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly json?: unknown;
}
export interface Running {
  readonly face: FakeFace;
  readonly table: ReadyTable;
  readonly service: HttpService;
  readonly port: number;
  readonly cliSocket: string;
  readonly runDir: string;
  readonly frontEvents: FrontEvent[];
  readonly defects: Error[];
  readonly accesses: Access[];
  /** Over TCP from loopback. */
  tcp(path: string, ask?: Ask): Promise<Answer>;
  /** Over the CLI's socket. */
  local(path: string, ask?: Ask): Promise<Answer>;
  connect(): Promise<Socket>;
}
export interface StartOptions {
  readonly face?: FakeFace;
  readonly seal?: () => SealKeys | null;
  readonly limits?: Partial<HttpAppLimits>;
  readonly frontLimits?: Partial<FrontLimits>;
  readonly address?: FrontAddress;
  /** Default: none, so that loopback needs no login. */
  readonly authority?: Authority;
}

export function ask(
  target: RequestOptions,
  path: string,
  { method = 'GET', headers = {}, body, json }: Ask = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const content = json === undefined ? body : JSON.stringify(json);
    const type = json === undefined ? {} : { 'content-type': 'application/json' };
    const length = content === undefined ? {} : { 'content-length': Buffer.byteLength(content) };
    const outgoing = request(
      { agent: false, ...target, path, method, headers: { ...type, ...length, ...headers } },
      (response) => {
        collect(response).then((text) => {
          let parsed: unknown;
          try {
            parsed = JSON.parse(text);
          } catch {
            parsed = undefined;
          }
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(content);
  });
}
async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A running service, its control loop ticking, its module `farm` ready; closed at the end of the test. */
export async function start(t: Test, options: StartOptions = {}): Promise<Running> {
  const face = options.face ?? fakeFace();
  const table = createReadyTable();
  const runDir = mkdtempSync(join(tmpdir(), 'holdfast-http-'));
  const cliSocket = join(runDir, 'cli.sock');
  const frontEvents: FrontEvent[] = [];
  const defects: Error[] = [];
  const accesses: Running['accesses'] = [];
  const { promise, resolve } = withResolvers<number>();
  const service = await startHttpService({
    ...{
      face,
      table,
      runDir,
      cliSocket,
      version: '0.1.0',
      https: fakeHttps,
      caHelper: fakeCaHelper,
      join: fakeJoin,
      addresses: fakeAddresses,
      seal: options.seal ?? (() => null),
    },
    ...(options.authority === undefined ? {} : { authority: options.authority }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.frontLimits === undefined ? {} : { frontLimits: options.frontLimits }),
    onDefect: (error) => void defects.push(error),
    onAccess: (access) => void accesses.push(access),
    onFrontEvent: (event) => {
      frontEvents.push(event);
      if (event.type === 'listening') resolve(event.port);
    },
  });
  table.set('farm', true, 'UP', 'Ready');
  table.tick();
  const loop = setInterval(() => table.tick(), 100);
  t.teardown(async () => {
    clearInterval(loop);
    await service.close();
    rmSync(runDir, { recursive: true, force: true });
  });
  service.listen([options.address ?? { host: '127.0.0.1', port: 0 }]);
  const port = await promise;
  return {
    ...{ face, table, service, port, cliSocket, runDir, frontEvents, defects, accesses },
    tcp: (path, what) => ask({ host: '127.0.0.1', port }, path, what),
    local: (path, what) => ask({ socketPath: cliSocket }, path, what),
    connect: () =>
      new Promise((done, fail) => {
        const socket = connect({ host: '127.0.0.1', port }, () => done(socket));
        socket.once('error', fail);
        t.teardown(() => socket.destroy());
      }),
  };
}

export function withResolvers<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  return { promise, resolve, reject };
}

/** Resolves when the condition holds, looked at often; rejects after `limitMs`. For events of other threads only. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('The condition did not come true in time.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Reads server-sent events from a socket or a port until `enough`. */
export interface EventReader {
  readonly events: { readonly id: string | null; readonly event: string; readonly data: unknown }[];
  readonly comments: number;
  readonly ended: Promise<void>;
  readonly status: number;
  has(count: number): Promise<void>;
  pause(): void;
  resume(): void;
  close(): void;
}
export function readEvents(
  t: Test,
  target: RequestOptions,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    const events: { readonly id: string | null; readonly event: string; readonly data: unknown }[] = [];
    const outgoing = request(
      { ...target, path, agent: false, headers: { accept: 'text/event-stream', ...headers } },
      (response) => {
        let rest = '';
        let comments = 0;
        let changed: () => void = () => undefined;
        const ended = new Promise<void>((done) => {
          response.on('close', () => done());
          response.on('error', () => done());
        });
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const blocks = (rest + chunk).split('\n\n');
          rest = blocks.pop() ?? '';
          for (const block of blocks) {
            if (block.startsWith(':')) comments += 1;
            const field = (name: string): string | null => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null;
            const data = field('data');
            if (data !== null) events.push({ id: field('id'), event: field('event') ?? 'message', data: JSON.parse(data) });
          }
          changed();
        });
        resolve({
          events,
          ended,
          status: response.statusCode ?? 0,
          get comments() {
            return comments;
          },
          has: (count) =>
            new Promise((done, fail) => {
              const late = setTimeout(() => fail(new Error(`only ${events.length} of ${count} events came`)), 15_000);
              changed = () => {
                if (events.length < count) return;
                clearTimeout(late);
                done();
              };
              changed();
            }),
          pause: () => void response.pause(),
          resume: () => void response.resume(),
          close: () => void outgoing.destroy(),
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
    t.teardown(() => outgoing.destroy());
  });
}
