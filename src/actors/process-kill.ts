/**
 * Kills processes by name (`holdfast kill`): found by the rules of errd's `<proc>`, signalled by their identity, so that a number which
 * was given to another process meanwhile is left alone. Never the daemon, never who asks, never what either of them was started by.
 */
import type { ProcessMatcher } from '../machines/process-match.js';
import type { Outcome } from './face.js';
import type { KilledProcess, KillRequest } from './face-kill.js';
import type { Ports, ProcessIdentity, ProcessInfo } from './ports.js';

/** How long `terminate` waits for the end of what got SIGTERM before SIGKILL follows, and then for the rest, in ms. */
export const graceMs = { terminate: 5_000, kill: 1_000 } as const;
/** How often an end is looked for, in ms: exits of processes that are no children cannot be watched everywhere. */
const lookEveryMs = 50;

/** What the killing is made of. */
export interface ProcessKillOptions {
  readonly ports: Pick<Ports, 'clock' | 'processes'>;
  /** The rules of `<proc>` on this platform. */
  readonly compile: (name: string, argRegex: string | null) => ProcessMatcher;
  /** The daemon's own number. */
  readonly self: number;
}

/** Signals all processes that fit, or tells which they are. */
export type KillProcesses = (request: KillRequest) => Promise<Outcome<readonly KilledProcess[]>>;

/** Makes what `holdfast kill` does. */
export function createProcessKill({ ports, compile, self }: ProcessKillOptions): KillProcesses {
  const { clock, processes } = ports;
  const pause = (): Promise<void> => new Promise((resolve) => void clock.setTimeout(resolve, lookEveryMs));
  /** Resolves when all have ended, or when the time is over. */
  const ended = async (all: readonly ProcessIdentity[], patienceMs: number): Promise<void> => {
    const until = clock.monotonicMs() + patienceMs;
    while (all.some((one) => processes.isAlive(one)) && clock.monotonicMs() < until) await pause();
  };

  return async ({ name, argRegex, level, asker }) => {
    const matcher = compile(name, argRegex);
    if (matcher.problem !== null) return { ok: false, failure: { code: 'PROCESS_PATTERN', message: matcher.problem } };
    let all: readonly ProcessInfo[];
    try {
      all = await processes.list(matcher.matches.needsArguments);
    } catch (error) {
      const message = `the processes cannot be listed, nothing was signalled: ${String(error)}`;
      return { ok: false, failure: { code: 'PROCESS_TABLE', message } };
    }
    const spared = sparedOf(all, asker === null ? [self] : [self, asker]);
    const found = all.filter((process) => !spared.has(process.pid) && matcher.matches(process));
    const told = (process: ProcessInfo, outcome: KilledProcess['outcome']): KilledProcess => {
      const { pid, args } = process;
      return { pid, name: process.name, args, outcome };
    };
    if (level === 'test') return { ok: true, value: found.map((process) => told(process, 'found')) };

    const first = level === '9' ? 'SIGKILL' : 'SIGTERM';
    const sent = found.map((process) => ({ process, answer: processes.signal(process, first) }));
    const signalled = sent.filter(({ answer }) => answer === 'sent').map(({ process }) => process);
    if (level === 'terminate') {
      await ended(signalled, graceMs.terminate);
      const stubborn = signalled.filter((process) => processes.isAlive(process));
      for (const process of stubborn) processes.signal(process, 'SIGKILL');
      await ended(stubborn, graceMs.kill);
    }
    const value = sent.map(({ process, answer }): KilledProcess => {
      if (answer !== 'sent') return told(process, answer === 'gone' ? 'ended' : 'refused');
      if (level !== 'terminate') return told(process, 'signalled');
      return told(process, processes.isAlive(process) ? 'remains' : 'ended');
    });
    return { ok: true, value };
  };
}

/** These, what they were started by up to the first process of the machine, and the kernel's own threads, which no signal reaches. */
function sparedOf(all: readonly ProcessInfo[], roots: readonly number[]): ReadonlySet<number> {
  const parents = new Map(all.map(({ pid, ppid }) => [pid, ppid]));
  const spared = new Set<number>([1]);
  for (const root of roots) {
    for (let pid = root; pid > 0 && !spared.has(pid); pid = parents.get(pid) ?? 0) spared.add(pid);
  }
  const threads = all.find((one) => one.name === 'kthreadd' && one.ppid === 0 && one.args.length === 0);
  for (const { pid, ppid } of all) if (threads !== undefined && (pid === threads.pid || ppid === threads.pid)) spared.add(pid);
  return spared;
}
