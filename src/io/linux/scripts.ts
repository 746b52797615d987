import { readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import type { Clock, Processes, ProcessIdentity, ScriptSpec } from '../../actors/ports.js';
import { createClock } from '../clock.js';
import { createScriptRunner, type GuardedScripts, type ScriptGroup, type ScriptPlatform } from '../script-runner.js';
import { createUserlogGuard } from '../userlog-guard.js';
import { loadPidfds, type Pidfds } from './pidfd.js';
import { errorCode, readProcStat } from './proc-table.js';

export interface LinuxScriptsOptions {
  readonly processes: Processes;
  readonly clock?: Clock;
  /** Null: as on a machine without process descriptors. */
  readonly pidfds?: Pidfds | null;
  readonly onProblem?: (message: string) => void;
}

/**
 * Scripts on Linux. A file without a `#!` line is run by /bin/sh, as every shell does. Signals go to the process group by way of
 * a process descriptor (Linux 6.9 and later), which names that group even after its leader has ended and its number was given
 * away; on older kernels the group's members are looked at first.
 */
export function createLinuxScripts(options: LinuxScriptsOptions): GuardedScripts {
  const onProblem = options.onProblem ?? ((): void => undefined);
  return createScriptRunner({
    platform: createLinuxScriptPlatform(options.pidfds),
    processes: options.processes,
    clock: options.clock ?? createClock(),
    guard: createUserlogGuard(onProblem),
    onProblem,
  });
}

/** How programs are started, told apart and signalled on Linux; for scripts and for what checkers run. Default: with process descriptors where the kernel has them. */
export function createLinuxScriptPlatform(pidfds: Pidfds | null = loadPidfds()): ScriptPlatform {
  const direct = (spec: ScriptSpec) => ({ file: spec.path, args: spec.args, verbatim: false });
  return {
    launch: direct,
    launchPlain: (spec) => ({ file: '/bin/sh', args: [spec.path, ...spec.args], verbatim: false }),
    identify: (pid) => {
      const entry = readProcStat(pid);
      // Without /proc no later look could tell the process from another one anyway.
      return { pid, startTime: entry.kind === 'found' ? entry.stat.startTime : 0 };
    },
    beforeAdoption: async () => undefined,
    group: (process) => new LinuxGroup(pidfds, process),
    userlogOf: (process) => {
      try {
        const path = readlinkSync(`/proc/${process.pid}/fd/1`);
        return path.endsWith('.ulog') ? path : null;
      } catch {
        return null;
      }
    },
  };
}

class LinuxGroup implements ScriptGroup {
  readonly #pidfds: Pidfds | null;
  readonly #process: ProcessIdentity;
  #fd: number | null = null;
  #exact = true;

  constructor(pidfds: Pidfds | null, process: ProcessIdentity) {
    this.#pidfds = pidfds;
    this.#process = process;
    const opened = pidfds?.open(process.pid);
    if (opened === undefined || 'error' in opened) return;
    const entry = readProcStat(process.pid);
    // Of an adopted script the number may have been given away already.
    if (entry.kind === 'found' && entry.stat.startTime === process.startTime) this.#fd = opened.fd;
    else pidfds?.close(opened.fd);
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#fd !== null && this.#pidfds !== null && this.#exact) {
      if (this.#pidfds.signalGroup(this.#fd, constants.signals[signal]) !== 'unsupported') return;
      this.#exact = false;
    }
    if (!groupIsOurs(this.#process)) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch (error) {
      if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
    }
  }

  isEmpty(): boolean {
    if (this.#fd !== null && this.#pidfds !== null && this.#exact) {
      const answer = this.#pidfds.signalGroup(this.#fd, 0);
      if (answer !== 'unsupported') return answer === 'gone';
      this.#exact = false;
    }
    try {
      process.kill(-this.#process.pid, 0);
      return false;
    } catch (error) {
      return errorCode(error) === 'ESRCH';
    }
  }

  leaderEnded(): void {
    // An empty group needs no handle; one with members is kept until `close`, so that they can still be ended.
    if (this.#fd === null || this.#pidfds === null) return;
    if (this.#pidfds.signalGroup(this.#fd, 0) === 'gone') this.close();
  }

  close(): void {
    if (this.#fd !== null) this.#pidfds?.close(this.#fd);
    this.#fd = null;
  }
}

/**
 * Does the group of that number still belong to the script? While the leader is there, by its start time. Afterwards the kernel
 * gives the number to nobody as long as the group has members; so a process of that number, or members of another session, mean
 * that the group was emptied and the number used again.
 */
function groupIsOurs(leader: ProcessIdentity): boolean {
  const entry = readProcStat(leader.pid);
  if (entry.kind === 'found') return entry.stat.startTime === leader.startTime;
  if (entry.kind !== 'gone') return false;
  let found = false;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const member = Number.isInteger(pid) ? readProcStat(pid) : null;
    if (member?.kind !== 'found' || member.stat.processGroup !== leader.pid) continue;
    if (member.stat.session !== leader.pid || member.stat.startTime < leader.startTime) return false;
    found = true;
  }
  return found;
}
