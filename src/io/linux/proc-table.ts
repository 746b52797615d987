import { closeSync, openSync, readSync } from 'node:fs';
import type { ProcessIdentity } from '../../actors/ports.js';

/** What Holdfast needs of `/proc/PID/stat` (proc_pid_stat(5)). */
export interface ProcStat extends ProcessIdentity {
  /** At most 15 bytes, kept by the kernel; bytes that are no UTF-8 show as U+FFFD. */
  readonly name: string;
  readonly ppid: number;
  readonly processGroup: number;
  readonly session: number;
  readonly kernelThread: boolean;
  /** All threads have ended; only the exit status is left. */
  readonly zombie: boolean;
  /** Wait status of a zombie; 0 also where the kernel does not let us see it. */
  readonly waitStatus: number;
}

/**
 * One process's entry, or why there is none: `gone` is a fact, `hidden` is another user's, `refused` says nothing about the
 * process.
 */
export type ProcRead =
  | { readonly kind: 'found'; readonly stat: ProcStat }
  | { readonly kind: 'gone' }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'refused'; readonly error: Error };

const kernelThreadFlag = 0x0020_0000;

/** Parses `/proc/PID/stat`; null where it is not one. The name may hold blanks and parentheses, so it ends at the last one. */
export function parseProcStat(text: string): ProcStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  /** Field n as proc_pid_stat(5) counts them; the state is number 3. */
  const field = (n: number): number => Number(fields[n - 3] ?? Number.NaN);
  const pid = Number(text.slice(0, open));
  const state = fields[0] ?? '';
  const startTime = field(22);
  if (!Number.isInteger(pid) || !Number.isInteger(startTime)) return null;
  return {
    pid,
    startTime,
    name: text.slice(open + 1, close),
    ppid: field(4),
    processGroup: field(5),
    session: field(6),
    kernelThread: (field(9) & kernelThreadFlag) !== 0,
    // A process whose first thread has ended while others run shows Z as well, but is alive.
    zombie: state === 'X' || state === 'x' || (state === 'Z' && field(20) <= 1),
    waitStatus: Number.isNaN(field(52)) ? 0 : field(52),
  };
}

const buffer = Buffer.allocUnsafe(4096);

/**
 * Reads one entry, without a thread of the pool: the kernel answers `stat` from memory without waiting for the process (unlike
 * `cmdline`, which can hang), and that is four times cheaper than by way of the pool.
 */
export function readProcStat(pid: number): ProcRead {
  let fd: number | null = null;
  try {
    fd = openSync(`/proc/${pid}/stat`, 'r');
    const length = readSync(fd, buffer, 0, buffer.length, 0);
    const stat = parseProcStat(buffer.toString('utf8', 0, length));
    return stat === null ? { kind: 'gone' } : { kind: 'found', stat };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR') return { kind: 'gone' };
    if (code === 'EACCES' || code === 'EPERM') return { kind: 'hidden' };
    return { kind: 'refused', error: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** The `code` of a system error (`ENOENT`), or null. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
