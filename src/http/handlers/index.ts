/** The handler of each operation: a route without one does not compile. */
import { type Handler, list } from '../request.js';
import type { OperationId } from '../routes.js';
import { createActionHandlers } from './actions.js';
import * as cluster from './cluster.js';
import * as configuration from './configuration.js';
import * as distribution from './distribution.js';
import { getEvents } from './events.js';
import * as https from './https.js';
import * as inspection from './inspection.js';
import * as logs from './logs.js';
import * as modules from './modules.js';
import * as notification from './notification.js';
import { getRules } from './rules.js';
import * as session from './session.js';
import * as support from './support.js';
import * as users from './users.js';

const getOpenApi: Handler = (_request, { openApi }) => ({ kind: 'bytes', type: 'application/json', value: openApi() });
const listProbes: Handler = async (_request, { probes }) => list(await probes());

/** All handlers; the sealed envelope is opened before the routes are looked at. */
export function createHandlers(): Readonly<Record<Exclude<OperationId, 'postSealed'>, Handler>> {
  return {
    ...cluster,
    ...configuration,
    ...distribution,
    ...https,
    ...inspection,
    ...logs,
    ...modules,
    ...notification,
    ...session,
    ...support,
    ...users,
    ...createActionHandlers(),
    getEvents,
    getOpenApi,
    getRules,
    listProbes,
  };
}
