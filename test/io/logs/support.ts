import type { LogEntry, LogLevel } from '../../../src/actors/ports.js';
import { type LogFileSystem, realLogFileSystem } from '../../../src/io/logs/rotating-file.js';

export const entry = (message: string, level: LogLevel = 'E', wallMs = 1_700_000_000_000, component = 'heart'): LogEntry => ({
  atMs: 1,
  wallMs,
  level,
  component,
  message,
});

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** The real file system with a disk that can fill up, break and heal. */
export const breakableDisk = () => {
  let room = Number.POSITIVE_INFINITY;
  let broken: string | null = null;
  let attempts = 0;
  const check = (): void => {
    attempts += 1;
    if (broken !== null) throw failure(broken);
  };
  const fileSystem: LogFileSystem = {
    ...realLogFileSystem,
    append: async (path) => {
      check();
      const handle = await realLogFileSystem.append(path);
      return {
        ...handle,
        write: async (bytes) => {
          check();
          const count = Math.min(bytes.length, room);
          if (count === 0) throw failure('ENOSPC');
          room -= count;
          return handle.write(bytes.subarray(0, count));
        },
      };
    },
  };
  return {
    fileSystem,
    leave: (bytes: number) => {
      room = bytes;
    },
    breakWith: (code: string | null) => {
      broken = code;
    },
    attempts: () => attempts,
  };
};

/** Waits until something is so; bounded, for what real files and timers do. */
export const until = async (what: string, isSo: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> => {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so after ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
