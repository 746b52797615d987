/** What a route of the API is. The routes are in `routes-operation.ts` and `routes-administration.ts`. */
import type { ErrorCode } from '../actors/errors.js';
import type { RouteRole } from './auth-roles.js';
import type { BodyName, JsonSchema, SchemaName } from './schemas.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A parameter of the query. Unknown parameters are refused with HTTP_QUERY. */
export interface QueryParameter {
  readonly name: string;
  readonly required?: boolean;
  readonly description: string;
  readonly schema: JsonSchema & { readonly type: 'string' | 'integer' | 'boolean' };
}
/** What a request carries; `limit` is in bytes. */
export type RouteBody =
  | { readonly kind: 'json'; readonly schema: BodyName; readonly limit?: number }
  | { readonly kind: 'bytes'; readonly types: readonly string[]; readonly limit: number; readonly required: boolean };
/** What a success answers with. `stream`: server-sent events when the client accepts `text/event-stream`. */
export interface RouteSuccess {
  readonly status: 200 | 201 | 202 | 204;
  readonly schema?: SchemaName;
  /** Content type of an answer that is not JSON. */
  readonly type?: string;
  readonly stream?: string;
  readonly description: string;
}
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly operationId: string;
  readonly tag:
    | 'Cluster'
    | 'Nodes'
    | 'Modules'
    | 'Resources'
    | 'Actions'
    | 'Logs'
    | 'Configuration'
    | 'Events'
    | 'Inspection'
    | 'Notifications'
    | 'Logins'
    | 'Support'
    | 'HTTPS'
    | 'Internal';
  readonly summary: string;
  readonly query?: readonly QueryParameter[];
  readonly body?: RouteBody;
  readonly success: RouteSuccess;
  /** Expected failures besides those of every route. */
  readonly errors: readonly ErrorCode[];
  /**
   * The least that whoever asks must be (ADR 0023, docs/roles.md). `monitor`: sees how things are, and nothing secret. `control`: also acts on
   * what is installed. `admin`: also what makes the daemon run foreign code, shows secrets, or says who may come in.
   */
  readonly role: RouteRole;
  /**
   * `sealed`: proves itself. `peer`: only in a sealed request, of a node itself. `here`: only for the node that is asked, never handed on
   * to another.
   */
  readonly guard?: 'sealed' | 'peer' | 'here';
  /** How long it may take when another node is asked for it; default 2 s. */
  readonly answerMs?: number;
}

const usualBodyLimit = 1024 * 1024;
/** Bytes that the body of a request may have. */
export function bodyLimitOf(route: Route): number {
  return route.body === undefined ? 0 : (route.body.limit ?? usualBodyLimit);
}
