/**
 * A daemon for tests of its client: listens on a unix socket, holds every request to the route table and every answer of its own to the
 * schemas, so that neither the CLI nor the fixtures can drift from the API.
 */
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { errorCatalogue } from '../../src/actors/errors.js';
import { type OperationId, type Route, routes } from '../../src/http/routes.js';
import { type SchemaName, schemas } from '../../src/http/schemas.js';

/** A request as a handler sees it. */
export interface FakeRequest {
  readonly operation: OperationId;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly contentType: string | null;
}
/** What a handler answers: JSON of the route's schema, bytes, server-sent events (null data ends the stream), or a problem. */
export type FakeAnswer =
  | { readonly json: unknown }
  | { readonly bytes: Uint8Array }
  | {
      readonly events: readonly { readonly event: string; readonly id?: string; readonly data: unknown }[];
      readonly end: boolean;
    }
  | { readonly problem: string; readonly detail: string; readonly problems?: readonly unknown[] }
  | { readonly raw: string; readonly status: number }
  | { readonly hangUp: true }
  | { readonly silent: true };
export type FakeHandlers = Partial<Record<OperationId, (request: FakeRequest) => FakeAnswer>>;

export interface FakeDaemon {
  readonly socket: string;
  /** Every request that came, in order. */
  readonly requests: readonly FakeRequest[];
  /** What a request did against the route table; must stay empty. */
  readonly violations: readonly string[];
  close(): Promise<void>;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema({ $id: 'api', components: { schemas } });

function schemaErrors(name: SchemaName, value: unknown): string | null {
  const validate = ajv.compile({ $ref: `api#/components/schemas/${name}` });
  return validate(value) ? null : `${name}: ${ajv.errorsText(validate.errors)}`;
}

function matched(route: Route, method: string, path: string): Record<string, string> | null {
  if (route.method !== method) return null;
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const pattern = new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '([^/]+)')}$`);
  const match = pattern.exec(path);
  if (match === null) return null;
  return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]));
}

function queryViolations(route: Route, query: URLSearchParams): string[] {
  const found: string[] = [];
  for (const [name, text] of query) {
    const parameter = route.query?.find((candidate) => candidate.name === name);
    if (parameter === undefined) {
      found.push(`${route.operationId}: no query parameter ${name}`);
      continue;
    }
    const { type } = parameter.schema;
    const value = type === 'integer' ? Number(text) : type === 'boolean' ? JSON.parse(text) : text;
    if (!ajv.validate({ ...parameter.schema }, value)) found.push(`${route.operationId}: ${name}=${text}: ${ajv.errorsText()}`);
  }
  for (const parameter of route.query ?? []) {
    if (parameter.required === true && !query.has(parameter.name))
      found.push(`${route.operationId}: ${parameter.name} is missing`);
  }
  return found;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function problem(response: ServerResponse, code: string, detail: string, problems: readonly unknown[] | undefined): void {
  const entry = Object.entries(errorCatalogue).find(([name]) => name === code);
  const status = entry?.[1].status ?? 500;
  const title = entry?.[1].meaning ?? code;
  const base = { type: `/api/#error-${code}`, title, status, detail, instance: '/', code, node: 'n1' };
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(problems === undefined ? base : { ...base, problems }));
}

function reply(response: ServerResponse, route: Route, answer: FakeAnswer, violations: string[]): void {
  if ('silent' in answer) return;
  if ('hangUp' in answer) {
    response.socket?.destroy();
  } else if ('raw' in answer) {
    response.writeHead(answer.status).end(answer.raw);
  } else if ('problem' in answer) {
    problem(response, answer.problem, answer.detail, answer.problems);
  } else if ('bytes' in answer) {
    response
      .writeHead(route.success.status, { 'content-type': route.success.type ?? 'application/octet-stream' })
      .end(answer.bytes);
  } else if ('events' in answer) {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
    for (const { event, id, data } of answer.events) {
      response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
    if (answer.end) response.end();
  } else if (route.success.status === 204) {
    response.writeHead(204).end();
  } else {
    const wrong = route.success.schema === undefined ? null : schemaErrors(route.success.schema, answer.json);
    if (wrong !== null) violations.push(`answer of ${route.operationId}: ${wrong}`);
    response.writeHead(route.success.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.json));
  }
}

const table: readonly { readonly route: Route; readonly operation: OperationId }[] = routes.map((route) => ({
  route,
  operation: route.operationId,
}));

/** Starts a fake daemon; an operation without a handler is answered with INTERNAL and counts as a violation. */
export async function startFakeDaemon(socket: string, handlers: FakeHandlers): Promise<FakeDaemon> {
  const requests: FakeRequest[] = [];
  const violations: string[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const body = await bodyOf(request);
    const path = url.pathname.replace(/^\/api\/v1/, '');
    const found = table.flatMap(({ route, operation }) => {
      const params = matched(route, request.method ?? '', path);
      return params === null ? [] : [{ route, operation, params }];
    })[0];
    if (found === undefined || !url.pathname.startsWith('/api/v1/')) {
      violations.push(`no such route: ${request.method} ${url.pathname}`);
      return problem(response, 'HTTP_NOT_FOUND', `${request.method} ${url.pathname}`, undefined);
    }
    const { route, operation, params } = found;
    violations.push(...queryViolations(route, url.searchParams));
    const contentType = request.headers['content-type'] ?? null;
    let value: unknown = body.length === 0 ? null : body;
    if (route.body?.kind === 'json') {
      if (contentType !== 'application/json') violations.push(`${operation}: content type ${contentType}`);
      value = JSON.parse(body.toString());
      const wrong = schemaErrors(route.body.schema, value);
      if (wrong !== null) violations.push(`${operation}: ${wrong}`);
    } else if (route.body?.kind === 'bytes') {
      if (body.length === 0 && route.body.required) violations.push(`${operation}: the body is missing`);
      if (body.length > 0 && !route.body.types.includes(contentType ?? ''))
        violations.push(`${operation}: content type ${contentType}`);
    } else if (body.length > 0) {
      violations.push(`${operation}: takes no body`);
    }
    const asked: FakeRequest = { operation, params, query: Object.fromEntries(url.searchParams), body: value, contentType };
    requests.push(asked);
    const handler = handlers[operation];
    if (handler === undefined) {
      violations.push(`no handler for ${operation}`);
      return problem(response, 'INTERNAL', `no handler for ${operation}`, undefined);
    }
    return reply(response, route, handler(asked), violations);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  return {
    socket,
    requests,
    violations,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(socket, { force: true });
    },
  };
}
