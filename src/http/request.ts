/** What a handler is given and what it gives back: no Koa in here, so that handlers are plain functions. */
import type { Caller, NodeFace } from '../actors/face.js';
import type { CaHelper, HttpsAdministration, JoinAdministration } from '../actors/face-https.js';
import type { AddressPort } from '../actors/face-network.js';
import type { ProbeObservation } from './api-types.js';
import type { Gate } from './auth-gate.js';
import type { RouteRole } from './auth-roles.js';
import type { Session } from './auth-sessions.js';
import type { ClusterEvents } from './cluster-events.js';
import { type CheckedTypes, conforms, violations } from './conform.js';
import type { Distribution } from './distribution.js';
import type { Download } from './download.js';
import type { EventStream } from './event-stream.js';
import type { PeerClient } from './peer-client.js';
import { ApiError } from './problem.js';
import type { QueryParameter } from './route.types.js';
import { type BodyName, schemas } from './schemas.js';

/** The checked query of a request, with the defaults of the table filled in. */
export interface Query {
  text(name: string): string | null;
  integer(name: string): number | null;
  yes(name: string): boolean;
}
/** What is known of a login, for the handlers of logins. */
export interface Access {
  readonly user: string | null;
  readonly session: Session | null;
  readonly cookie: string | null;
  /** It came by HTTPS. */
  readonly secure: boolean;
  /** The client's address; `socket` on the local one. */
  readonly source: string;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly caller: Caller;
  /** What the caller may do, also when another node forwarded it. */
  readonly role: RouteRole;
  readonly access: Access;
  /** It came from another node, or for this node alone: do not ask the others. */
  readonly local: boolean;
  /** The node that asks, proved by its seal; null where no node does. */
  readonly from: string | null;
  /** The client reads server-sent events. */
  readonly wantsStream: boolean;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  header(name: string): string;
  /** The body, conforming to its schema. @throws ApiError HTTP_BODY, HTTP_TYPE, HTTP_TOO_LARGE */
  json<N extends BodyName & keyof CheckedTypes>(name: N): Promise<CheckedTypes[N]>;
  /** The body as it comes in, for what is too large for the memory; whoever reads it keeps count. @throws ApiError HTTP_TYPE */
  chunks(): AsyncIterable<Uint8Array>;
  /** The body as bytes. @throws ApiError HTTP_BODY, HTTP_TYPE, HTTP_TOO_LARGE */
  bytes(): Promise<Uint8Array>;
}
export type ApiReply =
  | { readonly kind: 'json'; readonly value: unknown; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly kind: 'bytes';
      readonly type: string;
      readonly value: Uint8Array | string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A file that is read while it is sent. */
  | { readonly kind: 'download'; readonly type: string; readonly download: Download }
  | { readonly kind: 'empty'; readonly headers?: Readonly<Record<string, string>> }
  /** The handler writes until one side closes. */
  | { readonly kind: 'stream'; readonly run: (stream: EventStream) => void };

/** What handlers work with. */
export interface Services {
  readonly face: NodeFace;
  readonly peers: PeerClient;
  readonly clusterEvents: ClusterEvents;
  readonly distribution: Distribution;
  readonly probes: () => Promise<readonly ProbeObservation[]>;
  readonly openApi: () => string;
  readonly gate: Gate;
  /** Null: this daemon was made without. */
  readonly https: HttpsAdministration | null;
  readonly caHelper: CaHelper | null;
  readonly join: JoinAdministration | null;
  readonly addresses: AddressPort | null;
}
export type Handler = (request: ApiRequest, services: Services) => Promise<ApiReply> | ApiReply;

export const json = (value: unknown): ApiReply => ({ kind: 'json', value });
export const empty: ApiReply = { kind: 'empty' };
/** A whole list: there is no next page. */
export const list = (items: readonly unknown[]): ApiReply => json({ items, next: null });

function coerce(parameter: QueryParameter, text: string): string | number | boolean {
  const { type } = parameter.schema;
  let value: string | number | boolean = text;
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) value = Number(text);
  if (type === 'boolean') {
    if (text === '' || text === 'true' || text === '1') value = true;
    if (text === 'false' || text === '0') value = false;
  }
  const [problem] = violations(parameter.schema, value, parameter.name);
  if (problem !== undefined) throw new ApiError('HTTP_QUERY', `In the address, ${problem}.`);
  return value;
}

/** Checks the query against the table. @throws ApiError HTTP_QUERY for what is unknown, twice, missing, or of a wrong value. */
export function parseQuery(search: string, parameters: readonly QueryParameter[]): Query {
  const values = new Map<string, string | number | boolean>();
  for (const [name, text] of new URLSearchParams(search)) {
    const parameter = parameters.find((one) => one.name === name);
    if (parameter === undefined) {
      const known = parameters.map((one) => one.name).join(', ');
      throw new ApiError(
        'HTTP_QUERY',
        `There is no parameter ${JSON.stringify(name.slice(0, 50))} here; ${known === '' ? 'none are' : `known are ${known}`}.`,
      );
    }
    if (values.has(name)) throw new ApiError('HTTP_QUERY', `The parameter ${name} is there twice.`);
    values.set(name, coerce(parameter, text));
  }
  for (const { name, required, schema } of parameters) {
    if (values.has(name)) continue;
    if (required === true) throw new ApiError('HTTP_QUERY', `The parameter ${name} is missing.`);
    if (schema.default !== undefined && schema.default !== null) values.set(name, schema.default);
  }
  return {
    text(name) {
      const value = values.get(name);
      return typeof value === 'string' ? value : null;
    },
    integer(name) {
      const value = values.get(name);
      return typeof value === 'number' ? value : null;
    },
    yes: (name) => values.get(name) === true,
  };
}

/** Parses and checks a JSON body. @throws ApiError HTTP_BODY that names everything wrong */
export function parseBody<N extends BodyName & keyof CheckedTypes>(name: N, bytes: Uint8Array): CheckedTypes[N] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ApiError('HTTP_BODY', 'The body is not JSON in UTF-8.');
  }
  if (conforms(name, value)) return value;
  throw new ApiError('HTTP_BODY', `In the body: ${violations(schemas[name], value).join('; ')}.`);
}
