/** Failover rules of a module, as they stand on this node. */
import { unwrap } from '../problem.js';
import { type Handler, json } from '../request.js';
import { moduleOf } from './common.js';

export const getRules: Handler = (request, { face }) => json(unwrap(face.rules(moduleOf(request))));
