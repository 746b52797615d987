/** The steps that are on record, page by page: the newest before a place, or those around a moment. */
import type { StepHistory } from '../actors/inspection.types.js';
import { StepFilm } from './film.js';
import { readRecords } from './records.js';
import { Replay, type ReplayResult } from './replay.js';
import { beginnings, linesFrom, type RecordSource } from './source.js';
import { resultText } from './text.js';

export interface HistoryQuery {
  readonly of: string | null;
  /** `FILE.LINE`: only what is before it. */
  readonly before: string | null;
  /** A moment in ms since 1970 that is to be in the middle. */
  readonly aroundMs: number | null;
  readonly limit: number;
}

const iso = (wallMs: number | null): string | null => (wallMs === null ? null : new Date(wallMs).toISOString());
const cursorOf = (text: string | null): { readonly file: number; readonly line: number } | null => {
  const parts = /^(\d{1,8})\.(\d{1,9})$/.exec(text ?? '');
  return parts === null ? null : { file: Number(parts[1]), line: Number(parts[2]) };
};

/** Index of the newest part that is needed, and of the first one to begin with. */
function rangeOf(
  source: RecordSource,
  starts: readonly (number | null)[],
  { before, aroundMs }: HistoryQuery,
): { readonly first: number; readonly last: number } {
  const last = source.parts.length - 1;
  const cursor = cursorOf(before);
  if (cursor !== null) {
    const index = source.parts.findIndex(({ number }) => number === cursor.file);
    return index < 0 ? { first: last, last } : { first: index, last: index };
  }
  if (aroundMs === null) return { first: last, last };
  const at = starts.findLastIndex((start) => start !== null && start <= aroundMs);
  return { first: Math.max(0, at), last };
}

/** Reads one page. Parts before the first one are only read where the page would not be full without them. */
export async function history(source: RecordSource, query: HistoryQuery): Promise<StepHistory> {
  const starts = await beginnings(source);
  const { first, last } = rangeOf(source, starts, query);
  for (let begin = first; ; begin -= 1) {
    const { film, result, older } = await play(source, begin, last, query);
    if (older < query.limit / (query.aroundMs === null ? 1 : 2) && begin > 0) continue;
    return {
      node: result.node,
      version: result.version,
      items: film.items(),
      next: film.trimmed || begin > 0 ? film.oldest : null,
      from: iso(starts.find((start) => start !== null) ?? result.fromWallMs),
      until: iso(result.untilWallMs),
      doubt: result.divergence === null ? null : resultText(result).trim(),
    };
  }
}

async function play(
  source: RecordSource,
  begin: number,
  last: number,
  { of, before, aroundMs, limit }: HistoryQuery,
): Promise<{ readonly film: StepFilm; readonly result: ReplayResult; readonly older: number }> {
  const film = new StepFilm({ of, limit, fileOf: source.fileOf });
  const replay = new Replay(undefined, film);
  const cursor = cursorOf(before);
  let older: number | null = null;
  for await (const reading of readRecords(linesFrom(source, begin, last))) {
    const { file, line } = reading.place;
    const number = source.fileOf(file);
    if (cursor !== null && (number > cursor.file || (number === cursor.file && line >= cursor.line))) break;
    if (!replay.take(reading)) break;
    if (aroundMs === null || film.lastWallMs === null || film.lastWallMs <= aroundMs) continue;
    // As many steps again as there may be before the moment, so that it is in the middle.
    older ??= film.total;
    if (film.total - older >= limit / 2) break;
  }
  const result = replay.end();
  return { film, result, older: older ?? film.total };
}
