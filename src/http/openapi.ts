/** Makes the OpenAPI 3.1 document from the table of routes and the schemas; nothing of it is written by hand twice. */
import { type ErrorCode, errorCatalogue } from '../actors/errors.js';
import { apiBase } from './api-types.js';
import { roleTitle } from './auth-roles.js';
import { type Method, type Route, routes } from './routes.js';
import { type JsonSchema, schemas } from './schemas.js';

/** Failures that any route may answer with. */
export const commonErrors: readonly ErrorCode[] = ['HTTP_FORBIDDEN', 'HTTP_ORIGIN', 'HTTP_QUERY', 'HTTP_BUSY', 'INTERNAL'];

/** The routes that serve another node's part of the API. */
export const forwardingPaths: readonly { readonly path: string; readonly summary: string }[] = [
  { path: '/nodes/{node}/{rest}', summary: 'Any other path of this API, answered by that node.' },
  {
    path: '/modules/{module}/nodes/{node}/{rest}',
    summary: 'The path /modules/{module}/{rest} of this API, answered by that node.',
  },
];
/** Paths outside the API that are answered before everything else, without authentication. */
export const probePaths = [
  {
    path: '/var/modules/{module}/ready.txt',
    operationId: 'probeReady',
    summary:
      '200 `OK` while the module serves here, otherwise 404 `NOT FOUND`. For load balancers. An `OK` has a header `Holdfast-Started` that changes when the module was started anew.',
  },
  {
    path: '/health/{module}/ready',
    operationId: 'healthReady',
    summary: 'The same truth as ready.txt, with the reason as JSON.',
  },
  {
    path: '/health/{module}/live',
    operationId: 'healthLive',
    summary: '200 while the daemon supervises the module, in whatever state.',
  },
  {
    path: '/health/{module}/role/{state}',
    operationId: 'healthRole',
    summary: '200 while the module is Ready in that state (prim, alone, up, second, wait, stop).',
  },
] as const;

interface MediaType {
  readonly schema?: JsonSchema;
}
interface OpenApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}
interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
}
export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}
export type OpenApiPath = Readonly<Partial<Record<'get' | 'head' | 'post' | 'put' | 'delete', OpenApiOperation>>>;
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, OpenApiPath>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, OpenApiResponse>>;
  };
}

const pathDescriptions: Readonly<Record<string, string>> = {
  module: 'Name of the module.',
  node: 'Name of a node of the cluster.',
  resource: '`class.id` of the resource.',
  file: 'Path of the file in the module; may hold slashes.',
  name: 'Name of the file.',
  id: 'Id of the action, or of the token.',
  user: 'Name of the user.',
  group: 'Name of the group.',
  rest: 'The path, which may hold slashes.',
  state: 'prim, alone, up, second, wait, stop.',
};

/** Names between braces, in order. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}

function parametersOf(path: string): OpenApiParameter[] {
  return pathParameters(path).map((name) => ({
    name,
    in: 'path',
    required: true,
    description: pathDescriptions[name] ?? name,
    schema: { type: 'string' },
  }));
}

function errorResponses(codes: readonly ErrorCode[]): Record<string, OpenApiResponse> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const status = errorCatalogue[code].status;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Record<string, OpenApiResponse> = {};
  for (const [status, list] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[String(status)] = {
      description: list.map((code) => `${code}: ${errorCatalogue[code].meaning}`).join(' '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return responses;
}

/** Every failure that a route may answer with, from the table and from what guards it. */
export function errorsOf(route: Route): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>([...commonErrors, ...route.errors]);
  if (route.body !== undefined) {
    codes.add('HTTP_TOO_LARGE').add('HTTP_TYPE');
    if (route.body.kind === 'json' || route.body.required) codes.add('HTTP_BODY');
  }
  if (route.role !== 'none')
    codes.add('AUTH_REQUIRED').add('AUTH_FAILED').add('AUTH_ROLE').add('AUTH_CSRF').add('AUTH_THROTTLED');
  return [...codes];
}

/** Who may ask, in a sentence. */
export function whoMay(route: Route): string {
  if (route.guard === 'sealed' || route.guard === 'peer') return 'Only for the nodes of the cluster.';
  return route.role === 'none' ? 'Needs no login.' : `Needs the role ${roleTitle[route.role]}.`;
}

function successOf(route: Route): OpenApiResponse {
  const { success } = route;
  const content: Record<string, MediaType> = {};
  if (success.schema !== undefined) content['application/json'] = { schema: { $ref: `#/components/schemas/${success.schema}` } };
  if (success.type !== undefined)
    content[success.type] = success.type === 'application/json' ? { schema: { type: 'object' } } : {};
  if (success.stream !== undefined) content['text/event-stream'] = { schema: { type: 'string', description: success.stream } };
  const etag = { ETag: { description: 'Version of the file.', schema: { type: 'string' } } } as const;
  return {
    description: success.description,
    ...(route.path.endsWith('/config/{file}') ? { headers: etag } : {}),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

function requestBodyOf(route: Route): OpenApiOperation['requestBody'] {
  const { body } = route;
  if (body === undefined) return undefined;
  if (body.kind === 'json') {
    return { required: true, content: { 'application/json': { schema: { $ref: `#/components/schemas/${body.schema}` } } } };
  }
  return { required: body.required, content: Object.fromEntries(body.types.map((type) => [type, {}])) };
}

function operationOf(route: Route): OpenApiOperation {
  const query: OpenApiParameter[] = (route.query ?? []).map((parameter) => ({
    name: parameter.name,
    in: 'query',
    required: parameter.required === true,
    description: parameter.description,
    schema: parameter.schema,
  }));
  const requestBody = requestBodyOf(route);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: whoMay(route),
    parameters: [...parametersOf(route.path), ...query],
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: { [String(route.success.status)]: successOf(route), ...errorResponses(errorsOf(route)) },
  };
}

const methodKeys = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const satisfies Readonly<Record<Method, string>>;

function forwardingPath(path: string, summary: string): OpenApiPath {
  const operations: Partial<Record<'get' | 'post' | 'put' | 'delete', OpenApiOperation>> = {};
  for (const key of Object.values(methodKeys)) {
    const own = path.startsWith('/nodes/') ? 'Node' : 'ModuleOnNode';
    operations[key] = {
      operationId: `forward${own}${key.charAt(0).toUpperCase()}${key.slice(1)}`,
      tags: ['Nodes'],
      summary,
      parameters: parametersOf(path),
      responses: {
        default: { description: 'What that node answers.' },
        ...errorResponses(['NODE_UNKNOWN', 'NODE_UNREACHABLE', ...commonErrors]),
      },
    };
  }
  return operations;
}

function probePath(probe: (typeof probePaths)[number]): OpenApiPath {
  const type = probe.operationId === 'probeReady' ? 'text/plain' : 'application/json';
  const content =
    probe.operationId === 'probeReady'
      ? { [type]: { schema: { type: 'string' } as const } }
      : { [type]: { schema: { $ref: '#/components/schemas/Health' } as const } };
  const operation: OpenApiOperation = {
    operationId: probe.operationId,
    tags: ['Health'],
    summary: probe.summary,
    parameters: parametersOf(probe.path),
    responses: { '200': { description: 'Yes.', content }, '404': { description: 'No.', content } },
  };
  return { get: operation, head: { ...operation, operationId: `${probe.operationId}Head` } };
}

/** The OpenAPI document of this version. @param version of the daemon, shown as the version of the API. */
export function openApiDocument(version: string): OpenApiDocument {
  const paths: Record<string, OpenApiPath> = {};
  for (const probe of probePaths) paths[probe.path] = probePath(probe);
  for (const route of routes) {
    const path = `${apiBase}${route.path}`;
    paths[path] = { ...paths[path], [methodKeys[route.method]]: operationOf(route) };
  }
  for (const { path, summary } of forwardingPaths) paths[`${apiBase}${path}`] = forwardingPath(path, summary);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description: 'The API of a node. Who may ask what is in docs/roles.md; the health probe answers to everyone.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The node that is asked.' }],
    paths,
    components: {
      schemas,
      responses: {
        Problem: {
          description: 'RFC 9457 problem document.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}
