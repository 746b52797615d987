/** How log entries stand in their files: one JSON object a line, checked field by field when it is read back. */
import type { CommandLogEntry, LogEntry, LogLevel, LogQuery } from '../../actors/ports.js';

export const logLevels = ['C', 'E', 'U', 'S', 'I', 'D'] as const satisfies readonly LogLevel[];
/** Shown without `-A` (section 7.2). */
export const mainLevels = ['C', 'E', 'U', 'S'] as const satisfies readonly LogLevel[];

/** A longer message is cut: one script's print must not fill the log. In UTF-16 units. */
export const maxMessageLength = 8 * 1024;
export const defaultLimit = 300;
export const maxLimit = 100_000;

const clip = (text: string): string => (text.length <= maxMessageLength ? text : `${text.slice(0, maxMessageLength)}…`);
const isoTime = (wallMs: number): string => {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
};

export const encodeEntry = (entry: LogEntry): string =>
  JSON.stringify({
    time: isoTime(entry.wallMs),
    level: entry.level,
    component: clip(entry.component),
    message: clip(entry.message),
    wallMs: entry.wallMs,
    atMs: entry.atMs,
    ...(entry.data === undefined ? {} : { data: entry.data }),
  });

export const encodeCommand = (entry: CommandLogEntry): string =>
  JSON.stringify({
    time: isoTime(entry.wallMs),
    who: clip(entry.who),
    module: entry.module,
    phase: entry.phase,
    text: clip(entry.text),
    wallMs: entry.wallMs,
  });

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isLevel = (value: unknown): value is LogLevel => logLevels.some((level) => level === value);
const isPhase = (value: unknown): value is CommandLogEntry['phase'] => value === 'START' || value === 'END' || value === 'INFO';
const isData = (value: unknown): value is NonNullable<LogEntry['data']> =>
  isFields(value) &&
  Object.values(value).every(
    (item) => item === null || typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean',
  );

const parse = (line: string): Fields | null => {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
};

/** Null for a damaged line. */
export const decodeEntry = (line: string): LogEntry | null => {
  const fields = parse(line);
  if (fields === null) return null;
  const { level, component, message, wallMs, atMs, data } = fields;
  if (!isLevel(level) || typeof component !== 'string' || typeof message !== 'string') return null;
  if (typeof wallMs !== 'number' || typeof atMs !== 'number') return null;
  const entry = { atMs, wallMs, level, component, message };
  return isData(data) ? { ...entry, data } : entry;
};

/** Null for a damaged line. */
export const decodeCommand = (line: string): CommandLogEntry | null => {
  const fields = parse(line);
  if (fields === null) return null;
  const { who, module, phase, text, wallMs } = fields;
  if (typeof who !== 'string' || (module !== null && typeof module !== 'string') || !isPhase(phase)) return null;
  if (typeof text !== 'string' || typeof wallMs !== 'number') return null;
  return { wallMs, who, module, phase, text };
};

/** Whether an entry is asked for; the limit is the caller's. Levels that are named win over `verbose`. */
export const matchesQuery = (query: LogQuery): ((entry: LogEntry) => boolean) => {
  const levels: readonly LogLevel[] = query.levels ?? (query.verbose === true ? logLevels : mainLevels);
  const text = query.text?.toLowerCase() ?? '';
  const since = query.sinceWallMs ?? Number.NEGATIVE_INFINITY;
  const until = query.untilWallMs ?? Number.POSITIVE_INFINITY;
  return (entry) =>
    levels.includes(entry.level) &&
    entry.wallMs >= since &&
    entry.wallMs <= until &&
    (text === '' || entry.message.toLowerCase().includes(text) || entry.component.toLowerCase().includes(text));
};

/** Whole, at least 0, at most `maxLimit`. */
export const limitOf = (limit: number | undefined): number =>
  limit === undefined || Number.isNaN(limit) ? defaultLimit : Math.min(maxLimit, Math.max(0, Math.floor(limit)));
