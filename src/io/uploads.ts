/**
 * Journals and snapshots that were uploaded to be looked at. Each is one file under a name of ours in a private directory (0700, the file
 * 0600); nothing is ever unpacked, and no name of the sender's becomes a path. It is removed when it is asked to be, after a while
 * without being asked for, when there are too many, at the daemon's end, and what an earlier run left at the start.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Explanation, Outcome } from '../actors/face.js';
import type { UploadsFace } from '../actors/face-inspection.js';
import type { UploadedRecord } from '../actors/inspection.types.js';
import type { RecordReader } from './record-reader.js';

export interface UploadsOptions {
  /** Private directory, made when it is needed. */
  readonly dir: string;
  readonly reader: RecordReader;
  readonly wallMs: () => number;
  readonly setTimeout: (callback: () => void, ms: number) => unknown;
  readonly clearTimeout: (handle: unknown) => void;
  /** Uploads at once, default 4; the oldest has to go. */
  readonly most?: number;
  /** Bytes of one, default 48 MiB. */
  readonly bytes?: number;
  /** How long one is kept that nobody asks for, in ms; default 30 min. */
  readonly keepMs?: number;
}
export interface Uploads extends UploadsFace {
  close(): Promise<void>;
}

interface Kept {
  readonly path: string;
  timer: unknown;
  record: UploadedRecord;
}
/** A file may not be larger than that, in bytes. */
export const uploadBytes = 48 * 1024 * 1024;
const fail = (code: string, message: string): Outcome<never> => ({ ok: false, failure: { code, message } });
const iso = (wallMs: number | null): string | null => (wallMs === null ? null : new Date(wallMs).toISOString());
const isExplanation = (value: unknown): value is Explanation => typeof value === 'object' && value !== null && 'chain' in value;

/** Nothing is on disk before the first upload, but what an earlier run left is removed. */
export function createUploads(options: UploadsOptions): Uploads {
  const { dir, reader, most = 4, bytes: limit = uploadBytes, keepMs = 30 * 60_000 } = options;
  const kept = new Map<string, Kept>();
  let ready: Promise<unknown> = rm(dir, { recursive: true, force: true }).catch(() => undefined);

  const touch = (one: Kept, id: string): void => {
    options.clearTimeout(one.timer);
    one.timer = options.setTimeout(() => void remove(id), keepMs);
    one.record = { ...one.record, expires: new Date(options.wallMs() + keepMs).toISOString() };
  };
  const remove = async (id: string): Promise<boolean> => {
    const one = kept.get(id);
    if (one === undefined) return false;
    kept.delete(id);
    options.clearTimeout(one.timer);
    await rm(one.path, { force: true }).catch(() => undefined);
    return true;
  };
  const find = (id: string): Kept | null => {
    const one = kept.get(id);
    if (one === undefined) return null;
    touch(one, id);
    return one;
  };
  /** Writes what comes; false: it is too large. */
  const write = async (path: string, chunks: AsyncIterable<Uint8Array>): Promise<number | null> => {
    const file = await open(path, 'wx', 0o600);
    try {
      let size = 0;
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > limit) return null;
        await file.write(chunk);
      }
      return size;
    } finally {
      await file.close();
    }
  };

  return {
    async add(chunks) {
      await ready;
      ready = Promise.resolve();
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const id = randomBytes(12).toString('hex');
      const path = join(dir, id);
      const gone = (): Promise<void> => rm(path, { force: true });
      let size: number | null;
      try {
        size = await write(path, chunks);
      } catch (error) {
        await gone();
        throw error;
      }
      if (size === null) {
        await gone();
        return fail('HTTP_TOO_LARGE', `What is uploaded may have at most ${limit} bytes.`);
      }
      const survey = await reader.survey(path);
      if (!survey.ok) {
        await gone();
        // The file's own name says nothing to whoever sent it.
        const message = survey.failure.message.replaceAll(path, 'the file');
        return { ok: false, failure: { ...survey.failure, message } };
      }
      const { node, version, modules, fromWallMs, untilWallMs, doubt } = survey.value;
      const about = { node, version, modules, from: iso(fromWallMs), until: iso(untilWallMs) };
      const record = {
        id,
        ...about,
        bytes: size,
        expires: '',
        doubt: doubt === null ? null : doubt.replaceAll(path, 'the file'),
      };
      const one: Kept = { path, timer: null, record };
      kept.set(id, one);
      touch(one, id);
      for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - most))) await remove(oldest);
      return { ok: true, value: one.record };
    },
    list: () => [...kept.values()].map(({ record }) => record),
    get: (id) => find(id)?.record ?? null,
    remove,
    record(id) {
      const one = find(id);
      return one === null ? null : reader.record(one.path, true);
    },
    async explain(id, module, at) {
      const one = find(id);
      if (one === null) return fail('INSPECT_UNKNOWN', 'It was removed, or there never was one.');
      const answer = await reader.ask(
        ['explain', one.path, `--module=${module}`, ...(at === null ? [] : [`--at=${at}`])],
        'explanation',
      );
      if (!answer.ok) return answer;
      return isExplanation(answer.value)
        ? { ok: true, value: answer.value }
        : fail('EXPLAIN_NONE', `No transition of ${module} up to then is on record.`);
    },
    async close() {
      await ready;
      for (const id of [...kept.keys()]) await remove(id);
      await rm(dir, { recursive: true, force: true }).catch(() => undefined);
    },
  };
}
