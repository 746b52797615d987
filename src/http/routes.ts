/**
 * The routes of the API, one declarative table: the router, the OpenAPI document, the human page and the tests are made from it.
 * Paths are relative to `/api/v1`. `operationId` is also the name of the handler.
 */
import { administrationRoutes } from './routes-administration.js';
import { configurationRoutes } from './routes-configuration.js';
import { distributionRoutes } from './routes-distribution.js';
import { httpsRoutes } from './routes-https.js';
import { inspectionRoutes } from './routes-inspection.js';
import { loginRoutes } from './routes-logins.js';
import { notificationRoutes } from './routes-notification.js';
import { operationRoutes } from './routes-operation.js';
import { supportRoutes } from './routes-support.js';
import { userRoutes } from './routes-users.js';

export type { Method, QueryParameter, Route, RouteBody, RouteSuccess } from './route.types.js';

export const routes = [
  ...operationRoutes,
  ...administrationRoutes,
  ...configurationRoutes,
  ...distributionRoutes,
  ...notificationRoutes,
  ...httpsRoutes,
  ...loginRoutes,
  ...supportRoutes,
  ...userRoutes,
  ...inspectionRoutes,
] as const;

export type OperationId = (typeof routes)[number]['operationId'];
