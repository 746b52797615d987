/**
 * The logs of a node: one winston logger for each module, one for the daemon, one for commands, all writing JSON lines to rotated files.
 * Winston takes the entries, filters by level and hands them to the outputs; the outputs are ours because a log must never block or end
 * the daemon (see `rotating-file.ts` and `system-log.ts`).
 */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import winston from 'winston';
import type { Closable, LogEntry, LogLevel, LogQuery, Logs } from '../../actors/ports.js';
import { decodeCommand, decodeEntry, encodeCommand, encodeEntry, limitOf, matchesQuery } from './entries.js';
import { linesBackwards } from './read-backwards.js';
import { createGate, createRotatingFile, type LogFileSystem, type RotatingFile, realLogFileSystem } from './rotating-file.js';
import { createSystemLog, type SystemLog, type SystemLogKind } from './system-log.js';
import { listUserlogs, readUserlog } from './userlogs.js';

export interface LogsOptions {
  /** SAFEVAR. Module logs are `modules/AM/log.jsonl` below it, the daemon's `log/node.jsonl`, the commands' `log/commands.jsonl`. */
  readonly safevar: string;
  /** Monotonic and wall time, for the line that reports lost lines. */
  readonly now: () => { readonly atMs: number; readonly wallMs: number };
  /** Lines less important than this are not kept. Default D: all are. */
  readonly level?: LogLevel;
  /** Size at which a file is rotated, in bytes. Default 10 MiB. */
  readonly maxBytes?: number;
  /** Files kept of each log, the current one included. Default 5. */
  readonly files?: number;
  /** Lines kept in memory while the disk refuses them, for each log; the oldest go first. Default 8000, and 4 MiB. */
  readonly maxPendingLines?: number;
  readonly maxPendingBytes?: number;
  /** Pause between attempts while the disk refuses. Default 1000. */
  readonly retryMs?: number;
  /** Default `none`. */
  readonly system?: SystemLogKind;
  /** Least important level that goes to the machine's own log. Default S: what `log` shows without `-A`. */
  readonly systemLevel?: LogLevel;
  readonly fileSystem?: LogFileSystem;
  readonly systemLog?: SystemLog;
}

/** How the logs themselves fare. */
export interface LogsStatus {
  /** Lines dropped since the start because a disk refused them. */
  readonly lost: number;
  readonly pending: number;
  /** Log → reason, of those that cannot be written now. */
  readonly failing: Readonly<Record<string, string>>;
  /** Lines that the machine's own log had no room for. */
  readonly systemDropped: number;
}

/** The `Logs` port, and what the composition root needs besides. */
export interface ClosableLogs extends Logs {
  readNode(query: LogQuery): Promise<readonly LogEntry[]>;
  status(): LogsStatus;
  /** Lets go of a module's files, before its directory is removed. */
  closeModule(module: string): Promise<void>;
  /** Writes what is pending, as far as the disk lets it, and lets go of all files. */
  close(): Promise<void>;
}

const severity = { C: 0, E: 1, U: 2, S: 3, I: 4, D: 5 } as const satisfies Readonly<Record<LogLevel, number>>;
const lineKey = 'holdfastLine';
const entryKey = 'holdfastEntry';

interface Channel {
  readonly file: RotatingFile;
  readonly log: (level: LogLevel, line: string, entry: LogEntry | null) => void;
  readonly close: () => Promise<void>;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const isEntry = (value: unknown): value is LogEntry => isRecord(value) && 'wallMs' in value && 'level' in value;

/** A winston output that takes each entry at once and so never holds winston up. */
const output = (take: (info: Readonly<Record<string, unknown>>) => void, level?: LogLevel): winston.transport =>
  new winston.transports.Stream({
    ...(level === undefined ? {} : { level }),
    stream: new Writable({
      objectMode: true,
      write: (info: unknown, _encoding, done) => {
        if (isRecord(info)) take(info);
        done();
      },
    }),
  });

const fileOutput = (file: RotatingFile): winston.transport =>
  output((info) => {
    const line = info[lineKey];
    if (typeof line === 'string') file.write(line);
  });

const systemOutput = (system: SystemLog, module: string | null, level: LogLevel): winston.transport =>
  output((info) => {
    const entry = info[entryKey];
    if (isEntry(entry)) system.write(module, entry);
  }, level);

/** Opens nothing yet: files are made when the first line comes. */
export const createLogs = (options: LogsOptions): ClosableLogs => {
  const gate = createGate();
  const fileSystem = options.fileSystem ?? realLogFileSystem;
  const system = options.systemLog ?? createSystemLog(options.system ?? 'none');
  const level = options.level ?? 'D';
  const channels = new Map<string, Channel>();
  const followers = new Map<string, Set<(entry: LogEntry) => void>>();
  let lostBefore = 0;
  let closed = false;

  const moduleDir = (module: string): string => join(options.safevar, 'modules', module);

  const recoveredEntry = (lost: number, reason: string): LogEntry => ({
    ...options.now(),
    level: 'C',
    component: 'safekit',
    message:
      lost === 0
        ? `This log could not be written for a while, no line was lost: ${reason}`
        : `${lost} log line${lost === 1 ? '' : 's'} lost: ${reason}`,
    data: { lost, reason },
  });

  const channel = (
    key: string,
    path: string,
    module: string | null,
    recovered: (lost: number, reason: string) => string,
  ): Channel => {
    const known = channels.get(key);
    if (known !== undefined) return known;
    const file = createRotatingFile({
      path,
      maxBytes: options.maxBytes ?? 10 * 1024 * 1024,
      files: Math.max(1, options.files ?? 5),
      maxPendingLines: options.maxPendingLines ?? 8000,
      maxPendingBytes: options.maxPendingBytes ?? 4 * 1024 * 1024,
      retryMs: options.retryMs ?? 1000,
      gate,
      fileSystem,
      recovered,
    });
    const logger = winston.createLogger({
      levels: severity,
      level,
      exitOnError: false,
      transports: [
        fileOutput(file),
        ...(system.kind === 'none' ? [] : [systemOutput(system, module, options.systemLevel ?? 'S')]),
      ],
    });
    // Neither output can fail, but an 'error' event that nobody hears would end the process.
    logger.on('error', () => undefined);
    const made: Channel = {
      file,
      log: (entryLevel, line, entry) => {
        logger.log({ level: entryLevel, message: '', [lineKey]: line, [entryKey]: entry });
      },
      close: async () => {
        logger.close();
        await file.close();
        lostBefore += file.status().lost;
      },
    };
    channels.set(key, made);
    return made;
  };

  const moduleChannel = (module: string): Channel =>
    channel(`module ${module}`, join(moduleDir(module), 'log.jsonl'), module, (lost, reason) =>
      encodeEntry(recoveredEntry(lost, reason)),
    );
  const nodeChannel = (): Channel =>
    channel('node', join(options.safevar, 'log', 'node.jsonl'), null, (lost, reason) =>
      encodeEntry(recoveredEntry(lost, reason)),
    );
  const commandChannel = (): Channel =>
    channel('commands', join(options.safevar, 'log', 'commands.jsonl'), null, (lost, reason) =>
      encodeCommand({
        wallMs: options.now().wallMs,
        who: 'holdfastd',
        module: null,
        phase: 'INFO',
        text: recoveredEntry(lost, reason).message,
      }),
    );

  /** What an actor hands in may be anything at run time: a log that throws would take its caller down. */
  const guarded = (write: () => void): void => {
    if (closed) return;
    try {
      write();
    } catch {
      lostBefore += 1;
    }
  };

  /** The last `limit` that are wanted, in the order in which they were written. */
  const readLast = async <T>(
    from: Channel,
    decode: (line: string) => T | null,
    wanted: (item: T) => boolean,
    limit: number,
  ): Promise<readonly T[]> => {
    const found: T[] = [];
    const take = (line: string): void => {
      const item = decode(line);
      if (item !== null && wanted(item)) found.push(item);
    };
    const { handles, pending } = await from.file.snapshot();
    try {
      for (const line of pending.toReversed()) {
        if (found.length >= limit) break;
        take(line);
      }
      for (const handle of handles) {
        if (found.length >= limit) break;
        for await (const line of linesBackwards(handle)) {
          if (found.length >= limit) break;
          take(line);
        }
      }
    } catch {
      // A file that cannot be read any further ends the search: what was found is shown.
    } finally {
      for (const handle of handles) await handle.close().catch(() => undefined);
    }
    return found.reverse();
  };

  return {
    module: (module, entry) =>
      guarded(() => {
        moduleChannel(module).log(entry.level, encodeEntry(entry), entry);
        for (const follower of followers.get(module) ?? []) {
          try {
            follower(entry);
          } catch {
            // A reader that fails is its own affair; it must not cost the others, or the caller, the line.
          }
        }
      }),
    node: (entry) => guarded(() => nodeChannel().log(entry.level, encodeEntry(entry), entry)),
    command: (entry) => guarded(() => commandChannel().log('U', encodeCommand(entry), null)),
    readModule: (module, query) => readLast(moduleChannel(module), decodeEntry, matchesQuery(query), limitOf(query.limit)),
    readNode: (query) => readLast(nodeChannel(), decodeEntry, matchesQuery(query), limitOf(query.limit)),
    readCommands: (limit) => readLast(commandChannel(), decodeCommand, () => true, limitOf(limit)),
    followModule: (module, onEntry): Closable => {
      const set = followers.get(module) ?? new Set();
      followers.set(module, set);
      const own = (entry: LogEntry): void => onEntry(entry);
      set.add(own);
      return {
        close: () => {
          set.delete(own);
          if (set.size === 0 && followers.get(module) === set) followers.delete(module);
        },
      };
    },
    listUserlogs: (module) => listUserlogs(moduleDir(module)),
    readUserlog: (module, name, maxBytes) => readUserlog(moduleDir(module), name, maxBytes),
    status: () => {
      const all = [...channels].map(([key, { file }]) => ({ key, ...file.status() }));
      return {
        lost: lostBefore + all.reduce((sum, { lost }) => sum + lost, 0),
        pending: all.reduce((sum, { pending }) => sum + pending, 0),
        failing: Object.fromEntries(all.flatMap(({ key, failure }) => (failure === null ? [] : [[key, failure]]))),
        systemDropped: system.dropped(),
      };
    },
    closeModule: async (module) => {
      const key = `module ${module}`;
      const made = channels.get(key);
      channels.delete(key);
      await made?.close();
    },
    close: async () => {
      closed = true;
      const all = [...channels.values()];
      channels.clear();
      for (const made of all) await made.close();
      system.close();
    },
  };
};
