import { close, open, read, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Closable, ExitStatus, Processes, ProcessIdentity, ProcessInfo } from '../../actors/ports.js';
import { createClock } from '../clock.js';
import { SharedScan } from '../shared-scan.js';
import { decodeWaitStatus } from './exit-status.js';
import { loadPidfds, type Pidfds } from './pidfd.js';
import { errorCode, type ProcStat, readProcStat } from './proc-table.js';

/** Entries read before the event loop gets its turn: about half a millisecond. */
const statsPerTurn = 32;
/** Command lines asked for at the same time: fewer would need more turns of the event loop, which are long when it is busy. */
const readsAtOnce = 16;
/** Arguments beyond this are not seen, in bytes. */
const longestArguments = 128 * 1024;
/** A command line that does not come within this is taken from the scan before: some processes hang whoever asks. */
const argumentsTimeoutMs = 1_000;
/** How often and how long an exit status is waited for after the end was seen; the callback is never later than that. */
const statusTries = 4;
const statusTryMs = 1;

/** What the process table is read with; the defaults are the real ones, tests hand in others. */
export interface LinuxProcessesOptions {
  readonly clock?: Clock;
  /** Null: as on a machine without process descriptors. */
  readonly pidfds?: Pidfds | null;
}

/**
 * Processes of Linux: the table from `/proc`, exits from process descriptors.
 *
 * `list` rejects when the table cannot be read (no file descriptors left, no `/proc`): a process is never called absent by a
 * failed look. `watchExit` does not keep the event loop alive and takes one file descriptor a watch and no thread; where
 * descriptors cannot be had it returns null.
 */
export function createLinuxProcesses(options: LinuxProcessesOptions = {}): Processes {
  const clock = options.clock ?? createClock();
  const pidfds = options.pidfds === undefined ? loadPidfds() : options.pidfds;
  const table = new ProcessTable(clock);
  /** What those want who share the next scan. */
  let wishes: ((name: string) => boolean)[] = [];
  const scan = new SharedScan(() => {
    const wants = wishes;
    wishes = [];
    return table.read((name) => wants.some((wish) => wish(name)));
  });
  return {
    list: (wantsArguments = () => true) => {
      wishes.push(wantsArguments);
      return scan.next();
    },
    isAlive: (identity) => isAlive(identity),
    signal: (identity, signal) => signalProcess(pidfds, identity, signal),
    watchExit: (identity, onExit) => (pidfds === null ? null : watchExit(pidfds, clock, identity, onExit)),
  };
}

function isAlive(identity: ProcessIdentity): boolean {
  const entry = readProcStat(identity.pid);
  switch (entry.kind) {
    case 'found':
      return entry.stat.startTime === identity.startTime && !entry.stat.zombie;
    case 'gone':
      return false;
    case 'hidden':
    case 'refused':
      return numberIsTaken(identity.pid);
  }
}

/** The best answer without `/proc`: signal 0 says whether some process has the number. */
function numberIsTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/**
 * By a descriptor where there are descriptors: it is opened first and compared after, so that the signal meets the process that was meant.
 * Without them a number could be given to another between the look and the signal; that takes a whole round of all numbers in some
 * microseconds.
 */
function signalProcess(
  pidfds: Pidfds | null,
  identity: ProcessIdentity,
  signal: 'SIGTERM' | 'SIGKILL',
): 'sent' | 'gone' | 'refused' {
  const opened = pidfds?.open(identity.pid);
  try {
    if (!isAlive(identity)) return 'gone';
    if (pidfds !== null && opened !== undefined && 'fd' in opened) {
      const answer = pidfds.signal(opened.fd, constants.signals[signal]);
      if (answer !== 'unsupported') return answer;
    }
    process.kill(identity.pid, signal);
    return 'sent';
  } catch (error) {
    return errorCode(error) === 'ESRCH' ? 'gone' : 'refused';
  } finally {
    if (opened !== undefined && 'fd' in opened) pidfds?.close(opened.fd);
  }
}

/** Reads the whole table; remembers command lines only for processes that will not tell them again. */
class ProcessTable {
  readonly #clock: Clock;
  #known = new Map<number, ProcessInfo>();
  /** Numbers whose command line was asked for and has not come: they cost one thread of the pool, not one a scan. */
  readonly #hanging = new Set<number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async read(wantsArguments: (name: string) => boolean): Promise<readonly ProcessInfo[]> {
    const stats: ProcStat[] = [];
    let read = 0;
    for (const name of await readdir('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const entry = readProcStat(pid);
      if (entry.kind === 'refused') throw entry.error;
      if (entry.kind === 'found' && !entry.stat.zombie) stats.push(entry.stat);
      read += 1;
      if (read % statsPerTurn === 0) await nextTurn();
    }
    const result: ProcessInfo[] = [];
    const known = new Map<number, ProcessInfo>();
    let next = 0;
    const reader = async (): Promise<void> => {
      for (let stat = stats[next++]; stat !== undefined; stat = stats[next++]) {
        const { pid, startTime, ppid, name } = stat;
        const asks = !stat.kernelThread && wantsArguments(name);
        const args = asks ? await this.#arguments(stat) : [];
        if (args === null) continue;
        const info = { pid, startTime, ppid, name, args };
        result.push(info);
        const before = this.#known.get(pid);
        if (asks) known.set(pid, info);
        else if (before !== undefined) known.set(pid, before);
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, reader));
    this.#known = known;
    return result;
  }

  /** Null when the process has gone meanwhile. */
  async #arguments(stat: ProcStat): Promise<readonly string[] | null> {
    const known = this.#known.get(stat.pid);
    const last = known?.startTime === stat.startTime ? known.args : [];
    if (this.#hanging.has(stat.pid)) return last;
    this.#hanging.add(stat.pid);
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => resolve(last), argumentsTimeoutMs);
      readArguments(stat.pid, (error, args) => {
        this.#hanging.delete(stat.pid);
        this.#clock.clearTimeout(timer);
        if (error === null) return resolve(args);
        const code = errorCode(error);
        if (code === 'ENOENT' || code === 'ESRCH') return resolve(null);
        if (code === 'EACCES' || code === 'EPERM') return resolve([]);
        reject(error);
      });
    });
  }
}

type ArgumentsCallback = (error: Error | null, args: readonly string[]) => void;

/** Reads `/proc/PID/cmdline` through the pool, because the kernel may make the reader wait for the process. */
function readArguments(pid: number, callback: ArgumentsCallback): void {
  open(`/proc/${pid}/cmdline`, 'r', (openError, fd) => {
    if (openError !== null) return callback(openError, []);
    const parts: Buffer[] = [];
    let total = 0;
    const finish = (error: Error | null): void =>
      close(fd, () => callback(error, error === null ? splitArguments(Buffer.concat(parts, total)) : []));
    const more = (size: number): void => {
      const part = Buffer.allocUnsafe(size);
      read(fd, part, 0, size, null, (error, length) => {
        if (error !== null) return finish(error);
        parts.push(part.subarray(0, length));
        total += length;
        if (length < size || total >= longestArguments) finish(null);
        else more(Math.min(longestArguments - total, 65_536));
      });
    };
    more(2_048);
  });
}

/**
 * Splits a command line at its NUL bytes. A process that has rewritten it (`nginx: worker process`) has it in one piece, padded
 * with NULs.
 */
export function splitArguments(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8').replace(/\0+$/, '');
  return text === '' ? [] : text.split('\0');
}

function watchExit(
  pidfds: Pidfds,
  clock: Clock,
  identity: ProcessIdentity,
  onExit: (exit: ExitStatus, atMs: number) => void,
): Closable | null {
  const opened = pidfds.open(identity.pid);
  // Any other error (no descriptor left, refused) says nothing about the process.
  if ('error' in opened) return opened.error === 'ESRCH' ? endedAlready(clock, { kind: 'unknown' }, onExit) : null;
  const { fd } = opened;
  // The descriptor was opened by number: only when that number still is our process now, was it ours then.
  const entry = readProcStat(identity.pid);
  if (entry.kind === 'refused' || entry.kind === 'hidden') {
    pidfds.close(fd);
    return null;
  }
  if (entry.kind === 'gone' || entry.stat.startTime !== identity.startTime) {
    pidfds.close(fd);
    return endedAlready(clock, { kind: 'unknown' }, onExit);
  }

  let open = true;
  let poll: Closable | null = null;
  const close = (): void => {
    if (!open) return;
    open = false;
    poll?.close();
    pidfds.close(fd);
  };
  poll = pidfds.onEnd(fd, () => {
    if (!open) return;
    const atMs = clock.monotonicMs();
    const tell = (status: ExitStatus): void => {
      close();
      onExit(status, atMs);
    };
    const look = (triesLeft: number): void => {
      if (!open) return;
      const status = readExitStatus(pidfds, fd, identity);
      if (status !== null) tell(status);
      else if (triesLeft === 0) tell({ kind: 'unknown' });
      else clock.setTimeout(() => look(triesLeft - 1), statusTryMs);
    };
    look(statusTries);
  });
  if (poll === null) {
    pidfds.close(fd);
    return null;
  }
  return { close };
}

function endedAlready(clock: Clock, exit: ExitStatus, onExit: (exit: ExitStatus, atMs: number) => void): Closable {
  const turn = setImmediate(() => onExit(exit, clock.monotonicMs()));
  return { close: () => clearImmediate(turn) };
}

/**
 * The status of a process that has ended: from its zombie, or from its descriptor once it was reaped. Null: not to be had yet.
 */
function readExitStatus(pidfds: Pidfds, fd: number, identity: ProcessIdentity): ExitStatus | null {
  const entry = readProcStat(identity.pid);
  if (entry.kind === 'found' && entry.stat.startTime === identity.startTime) {
    if (!entry.stat.zombie) return null;
    if (entry.stat.waitStatus !== 0 || mayRead(identity.pid)) return decodeWaitStatus(entry.stat.waitStatus);
  }
  const kept = pidfds.exitStatus(fd);
  if (kept === 'pending') return null;
  return kept === 'unsupported' ? { kind: 'unknown' } : kept;
}

/** To others than root and the owner the kernel shows every wait status as 0, which would read as a clean end. */
function mayRead(pid: number): boolean {
  const self = process.geteuid?.() ?? -1;
  if (self === 0) return true;
  try {
    return statSync(`/proc/${pid}`).uid === self;
  } catch {
    return false;
  }
}
