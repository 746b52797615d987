/**
 * Reads what is on record, in a process of its own: a long journal takes seconds, and the daemon must not stand still meanwhile. Few at
 * a time, so that whoever asks often does not take the machine from the application.
 */

import type { Outcome } from '../actors/face.js';
import type { HistoryRequest, RecordFace, TimelineRequest } from '../actors/face-inspection.js';
import type { StepHistory, TimelinePage } from '../actors/inspection.types.js';
import type { CommandRunner } from './run-command.js';
import { runCommand } from './run-command.js';

export interface RecordReaderOptions {
  /** Path of the built `replay/main.js`. */
  readonly program: string;
  readonly run?: CommandRunner;
  /** Default 60 s. */
  readonly timeoutMs?: number;
}
/** What a record is of. */
export interface Survey {
  readonly node: string | null;
  readonly version: string | null;
  readonly modules: readonly string[];
  readonly fromWallMs: number | null;
  readonly untilWallMs: number | null;
  readonly doubt: string | null;
}
export interface RecordReader {
  /** @param uploaded it came from somebody: narrower bounds hold */
  record(path: string, uploaded: boolean, before?: () => Promise<void>): RecordFace;
  survey(path: string): Promise<Outcome<Survey>>;
  /** Runs the program, after those that were asked for before. @returns the value under that name */
  ask(args: readonly string[], name: string): Promise<Outcome<unknown>>;
}

const atOnce = 2;
/** More that wait are refused: whoever waits so long has gone. */
const mostWaiting = 16;
const fail = (code: string, message: string): Outcome<never> => ({ ok: false, failure: { code, message } });
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isPage = <T extends StepHistory | TimelinePage>(value: unknown): value is T =>
  isObject(value) && 'items' in value && Array.isArray(value.items) && 'next' in value;
const isSurvey = (value: unknown): value is Survey => isObject(value) && 'modules' in value && 'fromWallMs' in value;
const option = (name: string, value: string | number | null): readonly string[] => (value === null ? [] : [`--${name}=${value}`]);

/** Makes a reader. */
export function createRecordReader({ program, run = runCommand, timeoutMs = 60_000 }: RecordReaderOptions): RecordReader {
  let running = 0;
  const waiting: (() => void)[] = [];
  const turn = (): Promise<void> =>
    new Promise((resolve) => {
      if (running < atOnce) {
        running += 1;
        resolve();
      } else waiting.push(resolve);
    });
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  const ask: RecordReader['ask'] = async (args, name) => {
    if (waiting.length >= mostWaiting) return fail('INSPECT_BUSY', 'Too many ask for what is on record; try again in a moment.');
    await turn();
    try {
      // A time of the local day is meant in the daemon's time zone.
      const zone = process.env['TZ'];
      const memory = ['--max-old-space-size=512'];
      const env = zone === undefined ? {} : { TZ: zone };
      const result = await run(process.execPath, [...memory, program, ...args], { timeoutMs, env });
      if (result.kind === 'failed') return fail('INSPECT_FAILED', `The record could not be replayed: ${result.message}`);
      const said = result.stderr.replace(/^USAGE: /, '').trim();
      if (result.code === 2) return fail('INSPECT_RECORD', said);
      if (result.code !== 0)
        return fail('INSPECT_FAILED', `The record could not be replayed: ${said.slice(-500) || `code ${result.code}`}`);
      const value: unknown = JSON.parse(result.stdout);
      return isObject(value) && name in value
        ? { ok: true, value: Object.entries(value).find(([key]) => key === name)?.[1] }
        : fail('INSPECT_FAILED', 'The replay answered with something else.');
    } catch {
      return fail('INSPECT_FAILED', 'The replay answered with something else.');
    } finally {
      leave();
    }
  };
  const page = async <T extends StepHistory | TimelinePage>(args: readonly string[]): Promise<Outcome<T>> => {
    const answer = await ask(args, 'page');
    if (!answer.ok) return answer;
    return isPage<T>(answer.value)
      ? { ok: true, value: answer.value }
      : fail('INSPECT_FAILED', 'The replay answered with something else.');
  };
  return {
    ask,
    record(path, uploaded, before = async () => undefined) {
      const more = uploaded ? ['--uploaded'] : [];
      return {
        async history({ of, before: place, at, limit }: HistoryRequest) {
          await before();
          const args = [...option('of', of), ...option('before', place), ...option('at', at), ...option('limit', limit)];
          return page<StepHistory>(['history', path, ...args, ...more]);
        },
        async timeline({ module, before: beforeMs, from, limit }: TimelineRequest) {
          await before();
          const args = [
            ...option('module', module),
            ...option('before', beforeMs),
            ...option('from', from),
            ...option('limit', limit),
          ];
          return page<TimelinePage>(['timeline', path, ...args, ...more]);
        },
      };
    },
    async survey(path) {
      const answer = await ask(['survey', path, '--uploaded'], 'survey');
      if (!answer.ok) return answer;
      return isSurvey(answer.value)
        ? { ok: true, value: answer.value }
        : fail('INSPECT_FAILED', 'The replay answered with something else.');
    },
  };
}
