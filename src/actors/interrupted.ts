/** What became of the script that ran when an earlier daemon ended. */
import type { ProcConfig } from '../config/types.js';
import { defaultClass } from '../machines/errd-rules.js';
import { type Message, messages } from '../machines/messages.js';
import type { InterruptedScript } from '../machines/resume.js';
import type { ActiveModule, Ports, ProcessInfo } from './ports.js';
import type { ProcessMatcher } from './process-watch.actor.js';
import { type RunRecord, runRecord } from './script.actor.js';

/** Until the table of processes can be read: what runs must be known before anything is started beside it. */
const againMs = 250;
/** Leaves of the module's chart in which start_both runs. */
const startLeaves: readonly string[] = ['UP.starting.running', 'UP.restarting.start'];

export interface InterruptedOptions {
  readonly ports: Pick<Ports, 'clock' | 'host' | 'processes' | 'records'>;
  readonly compileMatcher: (proc: ProcConfig) => ProcessMatcher;
  readonly log: (line: Message) => void;
}
const isRun = (value: unknown): value is RunRecord =>
  typeof value === 'object' && value !== null && 'script' in value && 'bootId' in value;

async function processes(
  module: string,
  { ports: { clock, processes }, log }: InterruptedOptions,
): Promise<readonly ProcessInfo[]> {
  for (let told = false; ; told = true) {
    try {
      return await processes.list();
    } catch (error) {
      if (!told) log(messages.moduleWaitsForProcesses(module, error instanceof Error ? error.message : String(error)));
      await new Promise<void>((resolve) => clock.setTimeout(resolve, againMs));
    }
  }
}

/** @param path the state on record of this boot; null where there is none. @returns null where no script ran */
export async function interruptedScript(
  options: InterruptedOptions,
  active: ActiveModule,
  path: string | null,
): Promise<InterruptedScript | null> {
  const { ports } = options;
  const kept = await ports.records.load(active.name, runRecord);
  const known = isRun(kept) && kept.bootId === ports.host.bootId ? kept : null;
  // A disk that was too slow for the script's own record does not make a second start: the state's record tells that one was due.
  const start = active.scripts['start_both'];
  const due = path !== null && startLeaves.includes(path) && start !== undefined;
  const run = known ?? (due ? { script: 'start_both', force: false, path: start, process: null } : null);
  if (run === null) return null;
  const { script, force } = run;
  if (run.process !== null) {
    return { script, force, process: run.process, fate: ports.processes.isAlive(run.process) ? 'running' : 'ended' };
  }
  // The daemon ended between the record and the start: a process that runs this very file tells.
  const all = await processes(active.name, options);
  const found = all.find((one) => one.args.includes(run.path) && (!force || one.args.includes('force')));
  if (found !== undefined) return { script, force, process: { pid: found.pid, startTime: found.startTime }, fate: 'running' };
  // Or it has come and gone: then what it starts is there.
  const watched = (active.config.errd?.procs ?? []).filter(
    (proc) => !proc.service && (proc.class ?? defaultClass) === defaultClass && proc.atLeast > 0,
  );
  const isThere = (proc: ProcConfig): boolean => all.filter(options.compileMatcher(proc)).length >= proc.atLeast;
  const hasRun = script === 'start_both' && watched.length > 0 && watched.every(isThere);
  return { script, force, process: null, fate: hasRun ? 'ended' : 'uncertain' };
}
