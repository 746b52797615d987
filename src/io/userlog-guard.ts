import { constants, type FSWatcher, fstatSync, ftruncateSync, readSync, watch, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Closable } from '../actors/ports.js';

/**
 * Keeps userlogs below their limit while scripts, and whatever they left in the background, append to them.
 *
 * Writers hold the file themselves, so that they survive the daemon; a limit can therefore only be enforced after the fact. A
 * file that outgrew its limit is cut to its first quarter (how it began), a line that says how many bytes were removed, and its
 * last quarter (how it ends). What is written in the microseconds between the last look and the cut is lost as well. A flood
 * can exceed the limit by what is written within 50 ms, or while the event loop stands still.
 */
export interface UserlogGuard extends Closable {
  /** Guards one file from now on, until it is deleted. Limits below 4096 bytes count as 4096. */
  guard(path: string, limitBytes: number): void;
  /**
   * Guards the userlogs that are there already, the newest 256: an application may still write to what an earlier daemon opened.
   */
  guardDirectory(dir: string, limitBytes: number): Promise<void>;
}

/** Time between a change and the look at it, in ms; bounds how far a flood gets. */
const checkDelayMs = 50;
/**
 * A file is busy when it grew by so much between two looks, or changed so often: its notifications then cost more than looking.
 */
const busyBytes = 256 * 1024;
const busyEvents = 20;
/** Quiet looks until notifications are used again. */
const quietChecks = 20;
const smallestLimitBytes = 4096;
/** The most files that are guarded at once; the one that was quiet for longest goes first. */
const mostFiles = 512;
const mostOfDirectory = 256;
/** How far back a cut looks for the end of a line. */
const lineSearchBytes = 1024;
/** How often a cut looks for what was appended while it copied; what a flood brings after the last look is lost. */
const copyRounds = 8;

interface Guarded {
  readonly path: string;
  readonly limitBytes: number;
  watcher: FSWatcher | null;
  timer: NodeJS.Timeout | null;
  lastSize: number;
  events: number;
  /** Looks left before the file counts as quiet. */
  checksLeft: number;
  complained: boolean;
}

/** `onProblem` hears of a file that cannot be cut, once a file. The guard does not keep the event loop alive. */
export function createUserlogGuard(onProblem: (message: string) => void = () => undefined): UserlogGuard {
  const files = new Map<string, Guarded>();
  let closed = false;

  const drop = (file: Guarded): void => {
    file.watcher?.close();
    file.watcher = null;
    if (file.timer !== null) clearTimeout(file.timer);
    file.timer = null;
    if (files.get(file.path) === file) files.delete(file.path);
  };
  const isDropped = (file: Guarded): boolean => closed || files.get(file.path) !== file;

  const schedule = (file: Guarded): void => {
    if (file.timer !== null || isDropped(file)) return;
    file.timer = setTimeout(() => {
      void check(file).then(
        (after) => {
          file.timer = null;
          if (after === 'again') schedule(file);
        },
        (error: unknown) => {
          file.timer = null;
          if (isDropped(file)) return;
          if (!file.complained) onProblem(`${file.path} cannot be kept below its limit: ${String(error)}`);
          file.complained = true;
          schedule(file);
        },
      );
    }, checkDelayMs).unref();
  };

  /** One look at a file; `again` while it needs looking at without being notified. */
  const check = async (file: Guarded): Promise<'again' | 'quiet'> => {
    const size = await sizeOf(file.path);
    if (isDropped(file)) return 'quiet';
    if (size === null) {
      drop(file);
      return 'quiet';
    }
    const grown = size - file.lastSize;
    if (grown !== 0) {
      // The order of the map is the order of change: the first was quiet for longest.
      files.delete(file.path);
      files.set(file.path, file);
    }
    const busy = Math.abs(grown) >= busyBytes || file.events >= busyEvents;
    file.events = 0;
    file.lastSize = size > file.limitBytes ? await trimUserlog(file.path, file.limitBytes) : size;
    if (isDropped(file)) return 'quiet';
    if (busy) {
      file.checksLeft = quietChecks;
      file.watcher?.close();
      file.watcher = null;
    } else if (file.watcher === null) file.checksLeft -= 1;
    if (file.watcher !== null) return 'quiet';
    // Where notifications cannot be had, looking goes on. Where they can, one more look is for what was written before they were
    // on.
    if (file.checksLeft <= 0 && !subscribe(file)) file.checksLeft = quietChecks;
    return 'again';
  };

  const subscribe = (file: Guarded): boolean => {
    try {
      const watcher = watch(file.path, { persistent: false }, () => {
        file.events += 1;
        schedule(file);
      });
      watcher.on('error', () => {
        watcher.close();
        if (file.watcher === watcher) file.watcher = null;
        schedule(file);
      });
      file.watcher = watcher;
      return true;
    } catch {
      return false;
    }
  };

  const guard = (path: string, limitBytes: number): void => {
    if (closed) return;
    const before = files.get(path);
    if (before !== undefined) drop(before);
    const file: Guarded = {
      path,
      limitBytes: Math.max(smallestLimitBytes, limitBytes),
      watcher: null,
      timer: null,
      lastSize: 0,
      events: 0,
      checksLeft: quietChecks,
      complained: false,
    };
    files.set(path, file);
    const [oldest] = files.values();
    if (files.size > mostFiles && oldest !== undefined) drop(oldest);
    schedule(file);
  };

  return {
    guard,
    guardDirectory: async (dir, limitBytes) => {
      // The names hold the time, so that their order is that of their age.
      const all = await readdir(dir).catch((error: unknown) => {
        if (isAbsent(error)) return [];
        throw error;
      });
      const names = all.filter((name) => name.startsWith('userlog_') && name.endsWith('.ulog')).sort();
      for (const name of names.slice(-mostOfDirectory)) {
        const path = join(dir, name);
        if (!files.has(path)) guard(path, limitBytes);
      }
    },
    close: () => {
      closed = true;
      for (const file of [...files.values()]) drop(file);
    },
  };
}

/** Null when the file is gone. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * Cuts a userlog that is larger than its limit, as described at {@link UserlogGuard}; says its new size in bytes.
 *
 * The end is copied to its new place first, the file is cut behind it last: what a writer appends meanwhile comes before the cut
 * and is copied, or after it and stands where it belongs.
 * @throws the system's error.
 */
export async function trimUserlog(path: string, limitBytes: number): Promise<number> {
  const { O_RDWR, O_NOFOLLOW } = constants;
  // Windows has no O_NOFOLLOW, and its scripts cannot make links without special rights.
  const handle = await open(path, O_RDWR | (O_NOFOLLOW ?? 0));
  try {
    const seen = (await handle.stat()).size;
    if (seen <= limitBytes) return seen;
    const quarter = Math.floor(limitBytes / 4);
    const head = await cutBehindLine(handle, quarter);
    // From here on without giving the turn away: it is a race with the writers.
    const { fd } = handle;
    let from = 0;
    let copied = 0;
    let end = head;
    for (let round = 0; round < copyRounds; round++) {
      const { size } = fstatSync(fd);
      if (copied === size) break;
      // The first time, and again if so much came that the end would not stay within its quarter.
      if (size - from > quarter) {
        from = behindLine(fd, size - quarter);
        copied = from;
        const line = `--- holdfast: ${from - head} bytes removed here (userlogsize ${Math.ceil(limitBytes / 1024)} KB) ---\n`;
        end = writeAt(fd, Buffer.from(line), head);
      }
      end = writeAt(fd, readAtSync(fd, copied, size - copied), end);
      copied = size;
    }
    ftruncateSync(fd, end);
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

/** Says where what was written ends. */
function writeAt(fd: number, bytes: Buffer, position: number): number {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
  return position + bytes.length;
}

function readAtSync(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}

/** The beginning of the first line after a position, or the position where no line ends near it. */
function behindLine(fd: number, position: number): number {
  return position + readAtSync(fd, position, lineSearchBytes).indexOf(0x0a) + 1;
}

/** The end of the last line before a position, or the position where no line ends near it. */
async function cutBehindLine(handle: FileHandle, position: number): Promise<number> {
  const from = Math.max(0, position - lineSearchBytes);
  const end = (await readAt(handle, from, position - from)).lastIndexOf(0x0a);
  return end < 0 ? position : from + end + 1;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
}
