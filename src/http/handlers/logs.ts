/** Logs: a module's log as lines or as it grows, userlogs, the command log, and lines that scripts write. */
import type { LogEntry, LogLevel, LogQuery } from '../../actors/ports.js';
import type { LogLine } from '../api-types.js';
import { ApiError, unwrap } from '../problem.js';
import { type ApiRequest, empty, type Handler, list } from '../request.js';
import { installedModule, moduleOf, ofModule } from './common.js';

const levels: readonly LogLevel[] = ['C', 'E', 'U', 'S', 'I', 'D'];
/** New lines that may wait while the old ones are still being sent; beyond that the client is too slow. */
const waitingLines = 1000;

function lineOf(entry: LogEntry): LogLine {
  return { at: new Date(entry.wallMs).toISOString(), ...entry };
}
/** ms since 1970 of an ISO time or of a number. @throws ApiError HTTP_QUERY */
function timeOf(request: ApiRequest, name: string): number | null {
  const text = request.query.text(name);
  if (text === null) return null;
  const time = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(time))
    throw new ApiError('HTTP_QUERY', `In the address, ${name} is neither an ISO 8601 time nor ms since 1970.`);
  return time;
}
function queryOf(request: ApiRequest): LogQuery {
  const letters = request.query.text('level');
  const since = timeOf(request, 'since');
  const until = timeOf(request, 'until');
  const text = request.query.text('q');
  const limit = request.query.integer('limit');
  return {
    verbose: request.query.yes('verbose'),
    ...(letters === null ? {} : { levels: levels.filter((level) => letters.includes(level)) }),
    ...(since === null ? {} : { sinceWallMs: since }),
    ...(until === null ? {} : { untilWallMs: until }),
    ...(text === null ? {} : { text }),
    ...(limit === null ? {} : { limit }),
  };
}
/** The filter of the query for lines that come after it was answered. */
function matches(query: LogQuery, entry: LogEntry): boolean {
  const allowed = query.levels ?? (query.verbose === true ? levels : levels.slice(0, 4));
  if (!allowed.includes(entry.level)) return false;
  if (query.sinceWallMs !== undefined && entry.wallMs < query.sinceWallMs) return false;
  if (query.untilWallMs !== undefined && entry.wallMs > query.untilWallMs) return false;
  const text = query.text?.toLowerCase() ?? '';
  return entry.message.toLowerCase().includes(text) || entry.component.toLowerCase().includes(text);
}

export const getLogs: Handler = async (request, { face }) => {
  const module = moduleOf(request);
  const query = queryOf(request);
  if (!request.wantsStream) return list(ofModule(module, await face.logs(module, query)).map(lineOf));
  // Followed from before the old lines are read, so that none is lost between the two; one that is in both is sent once.
  const waiting: LogEntry[] = [];
  let overrun = false;
  const queue = (entry: LogEntry): void => {
    if (waiting.length < waitingLines) waiting.push(entry);
    else overrun = true;
  };
  let take = queue;
  const follower = ofModule(
    module,
    face.followLogs(module, (entry) => take(entry)),
  );
  let old: readonly LogEntry[];
  try {
    old = ofModule(module, await face.logs(module, query));
  } catch (error) {
    follower.close();
    throw error;
  }
  return {
    kind: 'stream',
    run(stream) {
      stream.onClose(() => follower.close());
      const keyOf = (entry: LogEntry): string => `${entry.atMs} ${entry.wallMs} ${entry.component} ${entry.message}`;
      const sent = new Set(old.slice(-waitingLines).map(keyOf));
      /** True when the next line may be sent, false when the client is gone. */
      async function send(entry: LogEntry): Promise<boolean> {
        return stream.send({ event: 'line', data: lineOf(entry) }) || stream.drained();
      }
      async function flush(): Promise<void> {
        for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
          // Lines were dropped for a client that reads more slowly than the log grows: it has to come again.
          if (overrun) stream.close();
          if (overrun || (matches(query, entry) && !sent.has(keyOf(entry)) && !(await send(entry)))) return;
        }
        take = live;
      }
      function live(entry: LogEntry): void {
        if (!matches(query, entry) || stream.send({ event: 'line', data: lineOf(entry) })) return;
        take = queue;
        void stream.drained().then((room) => (room ? flush() : undefined));
      }
      async function begin(): Promise<void> {
        for (const entry of old) if (!(await send(entry))) return;
        await flush();
      }
      void begin();
    },
  };
};
export const listUserlogs: Handler = async (request, { face }) => {
  const module = moduleOf(request);
  return list(ofModule(module, await face.userlogs(module)));
};
export const getUserlog: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const name = request.params['name'] ?? '';
  const plain = /^[\w@+,=:.-]{1,200}$/.test(name) && !/^\.+$/.test(name);
  const text = plain ? await face.userlog(module, name) : null;
  if (text === null)
    throw new ApiError('FILE_UNKNOWN', `The module ${module} has no userlog ${JSON.stringify(name.slice(0, 100))}.`);
  return { kind: 'bytes', type: 'text/plain; charset=utf-8', value: text };
};
export const listCommands: Handler = async (request, { face }) =>
  list(await face.commandLog(request.query.integer('limit') ?? 300));
export const printMessage: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const { level, message, identity = null } = await request.json('PrintBody');
  unwrap(face.print(module, level, message, { ...request.caller, identity }));
  return empty;
};
