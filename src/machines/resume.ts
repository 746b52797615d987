/**
 * Where a module goes on when the daemon comes back within the same boot. Pure.
 * Source: the architecture design ('Persistence and restart of the daemon').
 */
import type { Intent, Resumption } from './module.types.js';
import type { Adoption } from './script.types.js';

/** Leaf of the chart that a resumption enters ← leaves in which an earlier run may have ended. */
export const resumableLeaves: readonly { readonly target: string; readonly leaves: readonly string[] }[] = [
  { target: 'WAIT.preparing.announcing', leaves: ['WAIT.preparing.announcing'] },
  { target: 'WAIT.preparing.prestart', leaves: ['WAIT.preparing.prestart'] },
  { target: 'WAIT.evaluating', leaves: ['WAIT.evaluating', 'WAIT.blocked'] },
  { target: 'WAIT.updating', leaves: ['WAIT.updating'] },
  { target: 'WAIT.stopping', leaves: ['WAIT.stopping'] },
  { target: 'UP.starting.announcing', leaves: ['UP.starting.announcing'] },
  { target: 'UP.starting.running', leaves: ['UP.starting.running'] },
  { target: 'UP.resuming', leaves: ['UP.ready', 'UP.resuming'] },
  { target: 'UP.handling', leaves: ['UP.handling'] },
  { target: 'UP.updating', leaves: ['UP.updating'] },
  { target: 'UP.restarting.graceful', leaves: ['UP.restarting.graceful'] },
  { target: 'UP.restarting.forced', leaves: ['UP.restarting.forced'] },
  { target: 'UP.restarting.start', leaves: ['UP.restarting.start'] },
  { target: 'UP.stopping.graceful', leaves: ['UP.stopping.deciding', 'UP.stopping.draining', 'UP.stopping.graceful'] },
  { target: 'UP.stopping.forced', leaves: ['UP.stopping.forced'] },
  { target: 'UP.stopping.announcing', leaves: ['UP.stopping.announcing'] },
  { target: 'UP.stopping.finishing', leaves: ['UP.stopping.finishing'] },
];

/** Leaves among them in which the application serves while a script runs. */
export const servingLeaves: readonly string[] = ['UP.handling', 'UP.updating'];

/** The script that belongs to a leaf, and whether it is the forced call. */
const scriptOfLeaf: Readonly<Record<string, { readonly script: string; readonly force: boolean }>> = {
  'WAIT.preparing.announcing': { script: 'transition', force: false },
  'WAIT.preparing.prestart': { script: 'prestart', force: false },
  'WAIT.stopping': { script: 'poststop', force: false },
  'UP.starting.announcing': { script: 'transition', force: false },
  'UP.starting.running': { script: 'start_both', force: false },
  'UP.restarting.graceful': { script: 'stop_both', force: false },
  'UP.restarting.forced': { script: 'stop_both', force: true },
  'UP.restarting.start': { script: 'start_both', force: false },
  'UP.stopping.graceful': { script: 'stop_both', force: false },
  'UP.stopping.forced': { script: 'stop_both', force: true },
  'UP.stopping.announcing': { script: 'transition', force: false },
  'UP.stopping.finishing': { script: 'poststop', force: false },
};

/** Leaves whose script runs beside an application that goes on as it is ← where the module rests after it. */
const restAfter: Readonly<Record<string, string>> = {
  'UP.handling': 'UP.resuming',
  'UP.updating': 'UP.resuming',
  'WAIT.updating': 'WAIT.blocked',
};

/** What was on record about the script that ran when the daemon ended, and what became of it. */
export interface InterruptedScript {
  readonly script: string;
  readonly force: boolean;
  /** `running`: its process is still there. `ended`: it was started and is gone. `uncertain`: it may or may not have been started. */
  readonly fate: 'running' | 'ended' | 'uncertain';
  readonly process: { readonly pid: number; readonly startTime: number } | null;
}

/**
 * From the recorded leaf and script to the place to go on from. A start script of which it is not known whether it was started
 * is preceded by the stop scripts, so that there are never two starts without a stop between them; a stop script is simply run (again).
 */
export function planResumption(path: string, intent: Intent, run: InterruptedScript | null): Resumption {
  const plain: Resumption = { path, intent, adopt: null, handler: null };
  const alive: Adoption | null =
    run?.fate === 'running' && run.process !== null ? { kind: 'running', process: run.process } : null;
  // What still runs is waited for: no other script may run beside it. One that ended did its work or will be called again.
  const rest = restAfter[path];
  if (rest !== undefined) {
    if (run === null || alive === null) return { ...plain, path: rest };
    return { ...plain, adopt: alive, handler: path === 'UP.handling' ? run.script : null };
  }
  const expected = scriptOfLeaf[path];
  if (run === null || expected === undefined || run.script !== expected.script || run.force !== expected.force) return plain;
  if (alive !== null) return { ...plain, adopt: alive };
  if (run.fate === 'ended') return { ...plain, adopt: { kind: 'ended' } };
  return run.script === 'start_both' ? { ...plain, path: 'UP.restarting.graceful' } : plain;
}
