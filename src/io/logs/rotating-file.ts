/**
 * A file of lines that is rotated by size and never lets its writers wait: lines go to a bounded queue, one write is under way at a time,
 * and what the disk refuses is retried, dropped from the oldest on when the queue is full, counted, and reported in the file itself
 * once writing works again. Winston's own file transport stops for good, or ends the process, on a full disk; hence this one.
 */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';

/** What a log file needs of the file system: replaced in tests by one that fails. */
export interface LogFileSystem {
  /** Opens for appending, making the directory if there is none. */
  append(path: string): Promise<AppendHandle>;
  /** Null when there is no such file. */
  read(path: string): Promise<ReadHandle | null>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Identity of the file now at that path, null when there is none. */
  identity(path: string): Promise<string | null>;
}
export interface AppendHandle {
  readonly size: number;
  readonly identity: string;
  /** Bytes written: fewer than given when the disk filled up on the way. @throws the system's error when none could be written. */
  write(bytes: Buffer): Promise<number>;
  close(): Promise<void>;
}
export interface ReadHandle {
  readonly size: number;
  read(buffer: Buffer, position: number): Promise<number>;
  close(): Promise<void>;
}

/** One thing at a time: log files share a gate, so that a hanging disk holds up one of Node's few file threads and not all of them. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;
export const createGate = (): Gate => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
};

export interface RotatingFileOptions {
  readonly path: string;
  /** The file is rotated before it would grow beyond this; a report of lost lines may come on top. */
  readonly maxBytes: number;
  /** Files kept, the current one included; at least 1. */
  readonly files: number;
  /** Bounds of the queue. */
  readonly maxPendingLines: number;
  readonly maxPendingBytes: number;
  /** Pause between attempts after a failure. */
  readonly retryMs: number;
  readonly gate: Gate;
  readonly fileSystem: LogFileSystem;
  /** The line, without line feed, that reports what was lost (0: only late) and why. */
  readonly recovered: (lost: number, reason: string) => string;
}
export interface RotatingFile {
  /** Never throws and never waits. */
  write(line: string): void;
  /** Files for reading, newest first, and the lines that are not written yet, oldest first: one consistent picture. */
  snapshot(): Promise<{ readonly handles: readonly ReadHandle[]; readonly pending: readonly string[] }>;
  /** Lines dropped since the start, and the last failure while it lasts. */
  status(): { readonly lost: number; readonly pending: number; readonly failure: string | null };
  /** Tries once more to write what is pending, then lets go of the file. */
  close(): Promise<void>;
}

/** `log.jsonl` → `log.2.jsonl`; 0 is the current file. */
export const rotatedPath = (path: string, index: number): string => {
  if (index === 0) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.${index}${extension}`;
};

const maxBatchBytes = 256 * 1024;
const identityCheckMs = 1000;

const reasonOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error && typeof error.code === 'string' ? error.code : error.message) : String(error);

export const createRotatingFile = (options: RotatingFileOptions): RotatingFile => {
  const { path, fileSystem, gate } = options;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let lostEver = 0;
  let lostUnreported = 0;
  let failure: string | null = null;
  let reportDue = false;
  let handle: AppendHandle | null = null;
  let size = 0;
  /** A line was cut off by a failing disk: the next write begins on a line of its own. */
  let midLine = false;
  let scheduled = false;
  let retryTimer: NodeJS.Timeout | null = null;
  let checkedAt = 0;
  let closed = false;

  const trim = (): void => {
    let drop = 0;
    while (drop < pending.length && (pending.length - drop > options.maxPendingLines || pendingBytes > options.maxPendingBytes)) {
      pendingBytes -= pending[drop]?.length ?? 0;
      drop += 1;
    }
    if (drop === 0) return;
    pending = pending.slice(drop);
    lostEver += drop;
    lostUnreported += drop;
    reportDue = true;
  };

  const release = async (): Promise<void> => {
    const old = handle;
    handle = null;
    if (old !== null) await old.close().catch(() => undefined);
  };

  /** Somebody may have removed or moved the file: what is written must be found at its path. */
  const ensureOpen = async (): Promise<AppendHandle> => {
    const now = performance.now();
    if (handle !== null && now - checkedAt > identityCheckMs) {
      checkedAt = now;
      if ((await fileSystem.identity(path)) !== handle.identity) await release();
    }
    if (handle === null) {
      handle = await fileSystem.append(path);
      size = handle.size;
      checkedAt = now;
    }
    return handle;
  };

  const rotate = async (): Promise<void> => {
    await release();
    await fileSystem.remove(rotatedPath(path, options.files - 1));
    for (let index = options.files - 2; index >= 0; index -= 1)
      await fileSystem.rename(rotatedPath(path, index), rotatedPath(path, index + 1));
  };

  interface Batch {
    readonly bytes: Buffer;
    readonly lines: readonly Buffer[];
    /** Bytes before the first line: what ends a line that was cut off, and the report of what was lost. */
    readonly prefix: number;
    readonly reported: number | null;
  }

  /** Takes lines off the queue, so that trimming it meanwhile does not touch what is being written. */
  const takeBatch = (): Batch => {
    const limit = Math.min(maxBatchBytes, options.maxBytes);
    let count = 0;
    let total = 0;
    for (const line of pending) {
      if (count > 0 && total + line.length > limit) break;
      count += 1;
      total += line.length;
    }
    const lines = pending.slice(0, count);
    pending = pending.slice(count);
    pendingBytes -= total;
    const reported = reportDue ? lostUnreported : null;
    const report = reported === null ? '' : `${options.recovered(reported, failure ?? 'too many lines at once')}\n`;
    const prefix = Buffer.from(`${midLine ? '\n' : ''}${report}`);
    return { bytes: Buffer.concat([prefix, ...lines]), lines, prefix: prefix.length, reported };
  };

  /** Puts back what is not wholly on disk after that many bytes of a batch. */
  const settle = (batch: Batch, written: number): void => {
    if (written === 0) {
      giveBack(batch.lines);
      return;
    }
    if (written >= batch.prefix && batch.reported !== null) {
      lostUnreported -= batch.reported;
      reportDue = lostUnreported > 0;
    }
    let end = batch.prefix;
    let count = 0;
    for (const line of batch.lines) {
      if (end + line.length > written) break;
      end += line.length;
      count += 1;
    }
    midLine = written !== end;
    giveBack(batch.lines.slice(count));
  };
  const giveBack = (lines: readonly Buffer[]): void => {
    if (lines.length === 0) return;
    pending = [...lines, ...pending];
    for (const line of lines) pendingBytes += line.length;
    trim();
  };

  const writeBatch = async (): Promise<void> => {
    let file = await ensureOpen();
    if (size > 0 && size + Math.min(pendingBytes, maxBatchBytes) > options.maxBytes) {
      await rotate();
      midLine = false;
      file = await ensureOpen();
    }
    const batch = takeBatch();
    let written = 0;
    try {
      while (written < batch.bytes.length) {
        const count = await file.write(batch.bytes.subarray(written));
        if (count <= 0) throw new Error('nothing written');
        written += count;
        size += count;
      }
      failure = null;
    } finally {
      settle(batch, written);
    }
  };

  const step = async (): Promise<void> => {
    try {
      if (pending.length > 0 || reportDue) await writeBatch();
    } catch (error) {
      failure = reasonOf(error);
      reportDue = true;
      await release();
    }
  };

  const schedule = (): void => {
    if (scheduled || retryTimer !== null || closed) return;
    scheduled = true;
    void gate(step).then(() => {
      scheduled = false;
      if (closed) return;
      if (failure !== null) {
        retryTimer = setTimeout(() => {
          retryTimer = null;
          schedule();
        }, options.retryMs);
        retryTimer.unref();
      } else if (pending.length > 0) {
        schedule();
      }
    });
  };

  const drain = async (): Promise<void> => {
    for (;;) {
      const before = pending.length;
      await gate(step);
      if (pending.length === 0 || failure !== null || pending.length === before) return;
    }
  };

  return {
    write: (line) => {
      if (closed) return;
      const bytes = Buffer.from(`${line}\n`);
      pending.push(bytes);
      pendingBytes += bytes.length;
      // Trimming copies the queue: in bulk, once it is an eighth over, it costs little for each line.
      if (pending.length > options.maxPendingLines * 1.125 || pendingBytes > options.maxPendingBytes) trim();
      schedule();
    },
    snapshot: async () => {
      if (failure === null) await drain();
      return gate(async () => {
        const handles: ReadHandle[] = [];
        for (let index = 0; index < options.files; index += 1) {
          const opened = await fileSystem.read(rotatedPath(path, index)).catch(() => null);
          if (opened !== null) handles.push(opened);
        }
        return { handles, pending: pending.map((bytes) => bytes.toString('utf8').trimEnd()) };
      });
    },
    status: () => ({ lost: lostEver, pending: pending.length, failure }),
    close: async () => {
      if (closed) return;
      if (retryTimer !== null) clearTimeout(retryTimer);
      retryTimer = null;
      await drain();
      closed = true;
      await gate(release);
    },
  };
};

/** The real file system. */
export const realLogFileSystem: LogFileSystem = {
  append: async (path) => {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a', 0o640);
    try {
      const info = await file.stat();
      return {
        size: info.size,
        identity: `${info.dev}:${info.ino}`,
        write: async (bytes) => (await file.write(bytes)).bytesWritten,
        close: () => file.close(),
      };
    } catch (error) {
      await file.close();
      throw error;
    }
  },
  read: async (path) => {
    const file = await open(path, 'r').catch((error: unknown) => {
      if (reasonOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (file === null) return null;
    const info = await file.stat();
    return {
      size: info.size,
      read: async (buffer, position) => (await file.read(buffer, 0, buffer.length, position)).bytesRead,
      close: () => file.close(),
    };
  },
  rename: async (from, to) => {
    await rename(from, to).catch((error: unknown) => {
      if (reasonOf(error) !== 'ENOENT') throw error;
    });
  },
  remove: (path) => rm(path, { force: true }),
  identity: async (path) => {
    const info = await stat(path).catch(() => null);
    return info === null ? null : `${info.dev}:${info.ino}`;
  },
};
