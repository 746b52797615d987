import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Records } from '../actors/ports.js';

/** A save that the disk refused. The value saved before is still there. */
export class RecordError extends Error {
  /** Code of the error catalogue. */
  readonly code = 'DISK';
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'RecordError';
  }
}

/** A record that could not be read, or a leftover that could not be removed. */
export interface RecordProblem {
  readonly file: string;
  readonly message: string;
  /** Where the damaged file was put aside, or null. */
  readonly movedTo: string | null;
}

const format = 'holdfast-record';
const version = 1;
/** A larger file is not one of ours. */
const largestBytes = 16 * 1024 * 1024;

interface PendingSave {
  readonly file: string;
  /** Replaced by a later value as long as the write has not begun. */
  text: string;
  readonly done: Promise<void>;
}

/**
 * Records as files `<dir>/<key>/<name>.json`, mode 0600 in directories of mode 0700. A file has two lines of JSON: a header with
 * format, version, length and SHA-256 of the second, which is the value. It is written beside, flushed, renamed, and the
 * directory flushed: whatever happens, the old or the new value is there.
 *
 * A save that has not begun when the next of the same record comes (and nothing else of that key between them) is written once,
 * with the later value. A damaged file is renamed to `<name>.json.damaged` and reported; `load` then gives null. `save` rejects
 * with {@link RecordError}, and with TypeError for a value that JSON cannot hold.
 */
export function createRecords(dir: string, onProblem: (problem: RecordProblem) => void): Records {
  const swept = sweep(dir, onProblem);
  const tails = new Map<string, Promise<void>>();
  const lastSaves = new Map<string, PendingSave>();
  let counter = 0;

  /** Runs after everything of that key that was asked for before. */
  const inOrder = <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const result = (tails.get(key) ?? swept).then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    return result;
  };
  const fileOf = (key: string, name: string): string => join(dir, safeName(key), `${safeName(name)}.json`);

  return {
    load: (key, name) => {
      lastSaves.delete(key);
      return inOrder(key, () => load(fileOf(key, name), onProblem));
    },
    save: (key, name, value) => {
      const text = JSON.stringify(value);
      if (text === undefined) return Promise.reject(new TypeError(`record ${key}/${name}: the value cannot be written as JSON`));
      const file = fileOf(key, name);
      const last = lastSaves.get(key);
      if (last?.file === file) {
        last.text = text;
        return last.done;
      }
      counter += 1;
      const temporary = `${file}.${process.pid}-${counter}.tmp`;
      const pending: PendingSave = {
        file,
        text,
        done: inOrder(key, () => {
          if (lastSaves.get(key) === pending) lastSaves.delete(key);
          return write(file, temporary, pending.text);
        }),
      };
      lastSaves.set(key, pending);
      return pending.done;
    },
    remove: (key, name) => {
      lastSaves.delete(key);
      return inOrder(key, async () => {
        const file = fileOf(key, name);
        try {
          await unlink(file);
          await flushDirectory(dirname(file));
        } catch (error) {
          if (codeOf(error) !== 'ENOENT') throw refused(file, error);
        }
      });
    },
  };
}

/**
 * Letters, digits, dot, underscore and hyphen stand for themselves, anything else for its bytes: no name leads out of the
 * directory.
 */
function safeName(name: string): string {
  const escaped = Buffer.from(name, 'utf8')
    .toString('latin1')
    .replace(/[^A-Za-z0-9._-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return escaped === '' || escaped.startsWith('.') ? `%${escaped}` : escaped;
}

async function write(file: string, temporary: string, text: string): Promise<void> {
  const body = Buffer.from(text, 'utf8');
  const header = JSON.stringify({ format, version, bytes: body.length, sha256: digest(body) });
  try {
    const made = await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    if (made !== undefined) await flushDirectory(dirname(made));
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(Buffer.concat([Buffer.from(`${header}\n`), body, Buffer.from('\n')]));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await flushDirectory(dirname(file));
  } catch (error) {
    // It may not be there, and on a broken disk it may have to stay: the next start sweeps it.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw refused(file, error);
  }
}

function refused(file: string, error: unknown): RecordError {
  return new RecordError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`, error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

/** Makes a rename durable. Windows has no such call, and NTFS keeps its metadata in a journal. */
async function flushDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function load(file: string, onProblem: (problem: RecordProblem) => void): Promise<unknown> {
  let content: Buffer;
  try {
    const handle = await open(file, 'r');
    try {
      if ((await handle.stat()).size > largestBytes) return await putAside(file, `larger than ${largestBytes} bytes`, onProblem);
      content = await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Readable again later, perhaps: the file stays where it is.
    if (codeOf(error) !== 'ENOENT')
      onProblem({ file, message: `cannot be read: ${error instanceof Error ? error.message : String(error)}`, movedTo: null });
    return null;
  }
  const parsed = parse(content);
  return parsed.ok ? parsed.value : putAside(file, parsed.why, onProblem);
}

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

function parse(content: Buffer): Parsed {
  const end = content.indexOf(0x0a);
  if (end < 0) return { ok: false, why: 'the header is missing or cut off' };
  const header = parseJson(content.subarray(0, end));
  if (typeof header !== 'object' || header === null || !('format' in header) || header.format !== format)
    return { ok: false, why: 'it is no record of Holdfast' };
  if (!('version' in header) || header.version !== version) return { ok: false, why: 'its version is not known to this release' };
  const body = content.subarray(end + 1, -1);
  if (!('bytes' in header) || header.bytes !== body.length) return { ok: false, why: 'it is cut off' };
  if (!('sha256' in header) || header.sha256 !== digest(body)) return { ok: false, why: 'its checksum does not match' };
  const value = parseJson(body);
  return value === undefined ? { ok: false, why: 'it is not JSON' } : { ok: true, value };
}

/** Undefined where it is not JSON. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function putAside(file: string, why: string, onProblem: (problem: RecordProblem) => void): Promise<null> {
  const aside = `${file}.damaged`;
  let movedTo: string | null = aside;
  try {
    await rename(file, aside);
  } catch {
    movedTo = null;
  }
  onProblem({ file, message: `damaged: ${why}`, movedTo });
  return null;
}

/** Removes what a crash in the middle of a write left behind. */
async function sweep(dir: string, onProblem: (problem: RecordProblem) => void): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    for (const key of await readdir(dir, { withFileTypes: true })) {
      if (!key.isDirectory()) continue;
      for (const name of await readdir(join(dir, key.name))) {
        if (name.endsWith('.tmp')) await rm(join(dir, key.name, name), { force: true });
      }
    }
  } catch (error) {
    onProblem({ file: dir, message: error instanceof Error ? error.message : String(error), movedTo: null });
  }
}
