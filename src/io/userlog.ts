import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** An open userlog: the descriptor appends, and is the caller's to close. */
export interface OpenUserlog {
  readonly fd: number;
  readonly path: string;
  close(): void;
}

/** Executions of one script within one second that still get a file of their own. */
const mostInOneSecond = 1_000;

/**
 * Name of the userlog of an execution that begins at that local time, for example `userlog_2024-07-01T130509_stop_both.ulog`
 * (compatibility page, 2.8 and 13.8). `copy` 2 and above is put before the extension.
 */
export function userlogName(script: string, at: Date, copy: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  const safe = script.replace(/[^A-Za-z0-9_.-]/g, '_');
  return `userlog_${date}T${time}_${safe}${copy > 1 ? `_${copy}` : ''}.ulog`;
}

/**
 * Creates the userlog of one execution, mode 0640 or stricter, never over a file that is there. Makes the directory where it is
 * missing (mode 0750).
 * @throws the system's error, for example ENOSPC.
 */
export function openUserlog(dir: string, script: string, at: Date): OpenUserlog {
  mkdirSync(dir, { recursive: true, mode: 0o750 });
  const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL } = constants;
  for (let copy = 1; ; copy += 1) {
    const path = join(dir, userlogName(script, at, copy));
    try {
      const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0o640);
      return { fd, path, close: () => closeSync(fd) };
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!taken || copy >= mostInOneSecond) throw error;
    }
  }
}
