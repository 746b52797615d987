/** `clean`: removes the logs of a module, the history of its resources, or processes that are left of it (section 5.5 of the compatibility page). */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeFace, Outcome } from '../../actors/face.js';
import type { CleanKind, CleanResult } from '../../actors/face-support.js';
import type { Clock, Processes, ProcessIdentity, ResourceHistory } from '../../actors/ports.js';
import { isUserlogName } from '../logs/userlogs.js';
import { removeOldDumps } from './place.js';

export interface CleanSources {
  readonly safevar: string;
  readonly face: Pick<NodeFace, 'status'>;
  readonly closeLog: (module: string) => Promise<void>;
  readonly history: Pick<ResourceHistory, 'close'>;
  readonly processes: Processes;
  readonly clock: Pick<Clock, 'setTimeout'>;
  /** Which of the processes are the module's, by its `<proc>` definitions and by the environment that its scripts gave them. */
  readonly ownProcesses: (module: string) => Promise<readonly (ProcessIdentity & { readonly name: string })[]>;
  readonly kill?: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void;
}

/** How long a process may take to end by itself, in ms. */
const patienceMs = 5_000;
const stepMs = 100;

async function cleanLog(module: string, { safevar, closeLog }: CleanSources): Promise<readonly string[]> {
  const directory = join(safevar, 'modules', module);
  await closeLog(module);
  const names = await readdir(directory).catch(() => []);
  const logs = names.filter((name) => /^log(?:\.\d+)?\.jsonl$/.test(name));
  const userlogs = names.filter(isUserlogName);
  for (const name of [...logs, ...userlogs]) await rm(join(directory, name), { force: true });
  const dumps = await removeOldDumps(safevar, module, 0);
  return [
    `${logs.length} log files removed`,
    `${userlogs.length} outputs of scripts removed`,
    ...(dumps.length === 0 ? [] : [`${dumps.length} dumps removed`]),
  ];
}

async function cleanResource(module: string, { safevar, history }: CleanSources): Promise<readonly string[]> {
  await history.close(module);
  for (const name of ['resources.jsonl', 'resources.jsonl.1']) await rm(join(safevar, 'modules', module, name), { force: true });
  return ['the history of the resources removed'];
}

async function cleanProcesses(module: string, sources: CleanSources): Promise<readonly string[]> {
  const { processes, clock, ownProcesses, kill = process.kill } = sources;
  const found = await ownProcesses(module);
  const signal = (identity: ProcessIdentity, name: 'SIGTERM' | 'SIGKILL'): void => {
    // Only exactly that process: its number may be another's by now.
    if (!processes.isAlive(identity)) return;
    try {
      kill(identity.pid, name);
    } catch {
      // It ended in between, or belongs to somebody else; what is left is told below.
    }
  };
  const alive = (): readonly (ProcessIdentity & { readonly name: string })[] => found.filter((one) => processes.isAlive(one));
  const settle = async (): Promise<void> => {
    for (let waited = 0; waited < patienceMs && alive().length > 0; waited += stepMs)
      await new Promise<void>((resolve) => clock.setTimeout(resolve, stepMs));
  };
  for (const one of found) signal(one, 'SIGTERM');
  await settle();
  for (const one of alive()) signal(one, 'SIGKILL');
  await settle();
  const left = new Set(alive());
  return found.length === 0
    ? ['no process of the module was left']
    : found.map((one) => `process ${one.pid} (${one.name}) ${left.has(one) ? 'could not be ended' : 'ended'}`);
}

/** Cleans. Processes and the history of a module that runs are its own: both are refused then. */
export async function clean(module: string, kind: CleanKind, sources: CleanSources): Promise<Outcome<CleanResult>> {
  const state = sources.face.status(module)?.state ?? 'NOTCONFIGURED';
  const idle = state === 'STOP' || state === 'NOTCONFIGURED';
  if (kind !== 'log' && !idle) {
    const message = `Module ${module} is ${state}: its processes and resources are in use. Stop it first, or clean only its log.`;
    return { ok: false, failure: { code: 'MODULE_STATE', message } };
  }
  const done: string[] = [];
  if (kind === 'all' || kind === 'process') done.push(...(await cleanProcesses(module, sources)));
  if (kind === 'all' || kind === 'resource') done.push(...(await cleanResource(module, sources)));
  if (kind === 'all' || kind === 'log') done.push(...(await cleanLog(module, sources)));
  return { ok: true, value: { done } };
}
