import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import type { Processes, ProcessIdentity } from '../src/actors/ports.js';
import { readProcStat } from '../src/io/linux/proc-table.js';
import { createLinuxProcesses } from '../src/io/linux/processes.js';
import { type BenchRow, judge } from './row.js';
import { median, wait } from './statistics.js';
import { keep } from './workplace.js';

const watchRounds = 100;
/** A poll takes half a second on the average, so that fewer rounds must do. */
const pollRounds = 11;
const pollMs = 1_000;
const scans = 50;

/**
 * Time from the kill of an application to the news of it, by process descriptor and by a scan each second as Monit's fastest
 * cycle does; and what a scan costs.
 */
export async function run(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const processes = createLinuxProcesses();
  const watched: number[] = [];
  for (let round = 0; round < watchRounds; round += 1)
    watched.push(await timeToNews((identity) => watchedEnd(processes, identity)));
  const polled: number[] = [];
  // The kill comes at another moment of the cycle each round, spread evenly.
  for (let round = 0; round < pollRounds; round += 1)
    polled.push(await timeToNews((identity) => polledEnd(processes, identity), (round * pollMs) / pollRounds));
  const cost = await scanCost(processes);
  return [
    judge({
      area: 'processes',
      name: 'application killed → known (median of 100)',
      value: median(watched),
      unit: 'ms',
      against: 'scan every 1 s',
      againstValue: median(polled),
      target: 'reactionMs',
    }),
    judge({
      area: 'processes',
      name: 'application killed → known (worst of 100)',
      value: Math.max(...watched),
      unit: 'ms',
      against: 'scan every 1 s, worst',
      againstValue: Math.max(...polled),
    }),
    judge({ area: 'processes', name: `CPU of one scan, ${cost.processes} processes`, value: cost.cpuMs, unit: 'ms' }),
  ];
}

type Ended = Promise<number>;

/** Runs an application that is no child of ours, waits, kills it, and says how long the news took, in ms. */
async function timeToNews(endOf: (identity: ProcessIdentity) => Ended, delayMs = 0): Promise<number> {
  const shell = keep(spawn('/bin/sh', ['-c', 'sleep 60 >/dev/null & echo $!'], { stdio: ['ignore', 'pipe', 'ignore'] }));
  const [line]: unknown[] = await once(shell.stdout, 'data');
  const pid = Number(String(line));
  const entry = readProcStat(pid);
  if (entry.kind !== 'found') throw new Error(`process ${pid} did not start`);
  const ended = endOf({ pid, startTime: entry.stat.startTime });
  await wait(delayMs);
  const killedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  return (await ended) - killedMs;
}

function watchedEnd(processes: Processes, identity: ProcessIdentity): Ended {
  return new Promise((resolve, reject) => {
    const keep = setTimeout(() => reject(new Error('no news within 10 s')), 10_000);
    const watch = processes.watchExit(identity, () => {
      clearTimeout(keep);
      resolve(performance.now());
    });
    if (watch === null) {
      clearTimeout(keep);
      reject(new Error('exits cannot be watched on this machine'));
    }
  });
}

async function polledEnd(processes: Processes, identity: ProcessIdentity): Ended {
  for (;;) {
    await wait(pollMs);
    const all = await processes.list();
    if (!all.some(({ pid, startTime }) => pid === identity.pid && startTime === identity.startTime)) return performance.now();
  }
}

async function scanCost(processes: Processes): Promise<{ readonly cpuMs: number; readonly processes: number }> {
  let count = 0;
  const before = process.cpuUsage();
  for (let scan = 0; scan < scans; scan += 1) count = (await processes.list()).length;
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1_000 / scans, processes: count };
}
