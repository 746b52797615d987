import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckPlace } from '../src/actors/ports.js';
import type { CustomCheck } from '../src/config/types.js';
import { createProgramRunner } from '../src/io/check-program.js';
import { createClock } from '../src/io/clock.js';
import { createLinuxScriptPlatform } from '../src/io/linux/scripts.js';
import { createCustomProbe } from '../src/io/probers/custom.js';
import { type BenchRow, judge } from './row.js';
import { median } from './statistics.js';
import { makeDirectory, marked } from './workplace.js';

const warmRuns = 20;
const runs = 100;
const agentRuns = 20;
const agents = ['Dummy', 'pgsql', 'nginx'] as const;

/**
 * What one check by a program costs: the daemon, against Node's own `spawn` of the same program, which neither holds the output in
 * bounds nor ends what the program leaves behind; and the agents of Debian's package that are there, in processor time of their own.
 */
export async function run(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const directory = makeDirectory();
  const program = join(directory, 'check');
  writeFileSync(program, '#!/bin/sh\necho well\n', { mode: 0o755 });
  const env: Record<string, string> = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  for (const [name, value] of Object.entries(marked(directory))) if (value?.includes(directory) === true) env[name] = value;
  const place: CheckPlace = { module: 'bench', binDir: directory, env };
  const probe = createCustomProbe(createProgramRunner(createLinuxScriptPlatform(), createClock()));
  const checker: CustomCheck = {
    kind: 'custom',
    ident: 'it',
    when: 'both',
    action: 'noaction',
    grace: 1,
    exec: 'check',
    arg: '',
    mode: 'oneshot',
    intervalMs: 1_000,
    timeoutMs: 5_000,
    ocf: null,
    parameters: [],
  };
  const check = (settings: Partial<CustomCheck>) => () =>
    new Promise<boolean>((resolve) => {
      probe({ ...checker, ...settings }, place, ({ up }) => resolve(up));
    });
  const bare = () =>
    new Promise<boolean>((resolve) => {
      const child = spawn(program, ['bench', 'custom.it'], {
        env,
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      child.stdout.resume();
      child.stderr.resume();
      child.once('close', (code) => resolve(code === 0));
    });

  // In turn, so that a busy machine is as busy for both.
  for (let round = 0; round < warmRuns; round += 1) for (const one of [bare, check({})]) await one();
  const costs = { bare: [0], ours: [0] };
  let well = true;
  for (let round = 0; round < runs; round += 1) {
    for (const [name, one] of [
      ['bare', bare],
      ['ours', check({})],
    ] as const) {
      const before = process.cpuUsage();
      well = (await one()) && well;
      const { user, system } = process.cpuUsage(before);
      costs[name].push((user + system) / 1_000);
    }
  }
  const rows = [
    judge({
      area: 'programs',
      name: 'processor time of the daemon for one check by a program, median',
      value: median(costs.ours.slice(1)),
      unit: 'ms',
      against: "Node's spawn alone",
      againstValue: median(costs.bare.slice(1)),
      target: 'programOverhead',
      sound: well,
    }),
  ];
  for (const agent of agents) {
    if (!existsSync(`/usr/lib/ocf/resource.d/heartbeat/${agent}`)) continue;
    const before = childrenMs();
    for (let round = 0; round < agentRuns; round += 1) await check({ exec: '', ocf: `heartbeat:${agent}` })();
    rows.push(
      judge({
        area: 'programs',
        name: `processor time of the agent heartbeat:${agent} for one monitor of what does not run, mean`,
        value: (childrenMs() - before) / agentRuns,
        unit: 'ms',
      }),
    );
  }
  return rows;
}

/** Processor time of ended children of this process, in ms; the kernel counts it in steps of 10. */
function childrenMs(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
