/** The store of this page. */
import { api } from '../session/session.js';
import { createLive } from './live.js';

export const live = createLive(api);
