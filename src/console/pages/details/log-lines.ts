/** Lines of a log as they are shown. Pure. */
import type { LogLevel, LogLine, NodeEvent } from '../../../http/api-types.js';

/** The levels, the gravest first. */
export const levels: readonly LogLevel[] = ['C', 'E', 'U', 'S', 'I', 'D'];
/** Those that are shown unless one asks for more. */
export const usualLevels: readonly LogLevel[] = ['C', 'E', 'U', 'S'];
export const mostLines = 2000;

const isLevel = (value: unknown): value is LogLevel => levels.some((one) => one === value);

/** A line out of the event that tells of it; null where it is none of this module. */
export function lineOf(event: NodeEvent, module: string, node: string): LogLine | null {
  if (event.type !== 'log' || event.module !== module || event.node !== node) return null;
  const { level, component, message, userlog, script } = event.data;
  if (!isLevel(level) || typeof component !== 'string' || typeof message !== 'string') return null;
  const data = { ...(typeof userlog === 'string' ? { userlog } : {}), ...(typeof script === 'string' ? { script } : {}) };
  return { at: event.at, atMs: event.atMs, wallMs: Date.parse(event.at), level, component, message, data };
}
/** An event tells a line a moment after it was written: its time is not quite that of the line that is read. */
const sameWithinMs = 250;
const textOf = ({ level, component, message }: LogLine): string => `${level} ${component} ${message}`;

/** Lines that were read, and lines that came meanwhile: each once, in order, the newest `mostLines`. */
export function merged(read: readonly LogLine[], come: readonly LogLine[]): readonly LogLine[] {
  if (come.length === 0) return read;
  const known = new Map<string, number[]>();
  for (const line of read) {
    const times = known.get(textOf(line));
    if (times === undefined) known.set(textOf(line), [line.wallMs]);
    else times.push(line.wallMs);
  }
  const fresh = come.filter((line) => {
    const times = known.get(textOf(line)) ?? [];
    const at = times.findIndex((wallMs) => Math.abs(wallMs - line.wallMs) <= sameWithinMs);
    // One that was read stands for one that came: the same said twice stays twice.
    if (at >= 0) times.splice(at, 1);
    return at < 0;
  });
  return [...read, ...fresh].toSorted((a, b) => a.wallMs - b.wallMs).slice(-mostLines);
}
/** Those of the levels wanted that hold the text, without regard to case. */
export function filtered(lines: readonly LogLine[], wanted: readonly LogLevel[], text: string): readonly LogLine[] {
  const needle = text.trim().toLowerCase();
  return lines.filter(
    (line) =>
      wanted.includes(line.level) && (needle === '' || `${line.component} ${line.message}`.toLowerCase().includes(needle)),
  );
}
/** The userlog that a line of a script leads to. */
export function userlogOf(line: LogLine): string | null {
  const name = line.data?.['userlog'];
  return typeof name === 'string' && name !== '' ? name : null;
}
/** The line cut at the text that is searched for, so that it can be marked: odd parts match. */
export function cutAt(message: string, text: string): readonly string[] {
  const needle = text.trim();
  if (needle === '') return [message];
  return message.split(new RegExp(`(${needle.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')})`, 'i'));
}
/** The line that is nearest to a moment; of several the last, as the others led to it. */
export function nearest(lines: readonly LogLine[], atMs: number): LogLine | null {
  return lines.reduce<LogLine | null>(
    (best, line) => (best === null || Math.abs(line.wallMs - atMs) <= Math.abs(best.wallMs - atMs) ? line : best),
    null,
  );
}
