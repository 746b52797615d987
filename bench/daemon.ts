/**
 * What a daemon costs while nothing happens: resident memory and processor time, by number of modules and of nodes; and how long
 * `holdfast state` takes against it, also while a node of the cluster is dead.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterSummary } from '../src/http/api-types.js';
import { wallMs } from './cli.js';
import { command, loopback, type RealDaemon, startDaemon } from './real-daemon.js';
import { type BenchRow, judge } from './row.js';
import type { PeersSpec } from './simulated-peers.js';
import { median, until, wait } from './statistics.js';
import type { TargetName } from './targets.js';
import { keep, makeDirectory, removeDirectory } from './workplace.js';

const area = 'daemon';
/** Time from the last start of a module until the measurement, for what the start has left behind to go and for code that is hot to be compiled. */
const settleMs = Number(process.env['BENCH_SETTLE_SECONDS'] ?? '30') * 1_000;
const restMs = Number(process.env['BENCH_REST_SECONDS'] ?? '30') * 1_000;
const commandRounds = 15;

interface Size {
  readonly modules: number;
  readonly nodes: number;
}
const sizes: readonly Size[] = [
  { modules: 1, nodes: 2 },
  { modules: 10, nodes: 2 },
  { modules: 30, nodes: 2 },
  { modules: 10, nodes: 8 },
  { modules: 10, nodes: 32 },
  { modules: 30, nodes: 32 },
];
/** The size that has targets of its own. */
const usual: Size = { modules: 10, nodes: 2 };
const isSame = (a: Size, b: Size): boolean => a.modules === b.modules && a.nodes === b.nodes;

interface Rest extends Size {
  readonly memoryMb: number;
  readonly cpuPercent: number;
}

/** Only on Linux: elsewhere the daemon's memory and time would be asked for otherwise. BENCH_DAEMON=10x2 chooses sizes. */
export async function run(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const chosen = process.env['BENCH_DAEMON']?.split(',');
  const rests: Rest[] = [];
  const commands: BenchRow[] = [];
  for (const size of sizes) {
    if (chosen !== undefined && !chosen.includes(`${size.modules}x${size.nodes}`)) continue;
    const directory = makeDirectory();
    try {
      const { daemon, peers } = await startCluster(directory, size);
      await wait(settleMs);
      rests.push({ ...size, ...(await atRest(daemon.pid)) });
      if (isSame(size, usual)) {
        commands.push(await commandRow(daemon, 'both nodes alive'));
        peers.kill('SIGKILL');
        await until('the dead node is seen', async () => onlineNodes(await daemon.client.json('GET', '/cluster')) === 1);
        commands.push(await commandRow(daemon, 'the other node dead'));
      }
      if (peers.exitCode === null && peers.signalCode === null) peers.kill('SIGKILL');
    } finally {
      await removeDirectory(directory);
    }
  }
  return [...rests.flatMap(restRows), ...growthRows(rests), ...commands];
}

async function startCluster(directory: string, size: Size) {
  const addresses = Array.from({ length: size.nodes }, (_, index) => loopback(index + 1));
  const daemon = await startDaemon({ directory, addresses });
  const names = Array.from({ length: size.modules }, (_, index) => `farm${index + 1}`);
  const peers = keep(fork(fileURLToPath(new URL('./simulated-peers.ts', import.meta.url))));
  const keyHex = readFileSync(join(daemon.safevar, 'cluster', 'cluster.key'), 'utf8').trim();
  const spec: PeersSpec = { clusterXml: daemon.clusterXml, keyHex, modules: names };
  peers.send(spec);
  for (const [index, name] of names.entries())
    await daemon.install(name, index + 1, { process: `hfb${process.pid % 100_000}-${index + 1}` });
  for (const name of names) await daemon.start(name);
  await until(
    `all ${size.nodes} nodes are in the view`,
    async () => onlineNodes(await daemon.client.json('GET', '/cluster')) === size.nodes,
  );
  return { daemon, peers };
}

function onlineNodes(cluster: ClusterSummary): number {
  return cluster.view?.members.length ?? 0;
}

/** Memory is the median of looks once a second, processor time the whole process's over all of it. */
async function atRest(pid: number): Promise<Pick<Rest, 'memoryMb' | 'cpuPercent'>> {
  const memory: number[] = [];
  const began = performance.now();
  const before = cpuMs(pid);
  while (performance.now() - began < restMs) {
    await wait(1_000);
    memory.push(residentMb(pid));
  }
  const cpuPercent = ((cpuMs(pid) - before) / (performance.now() - began)) * 100;
  return { memoryMb: median(memory), cpuPercent };
}

/** VmRSS of the whole process with all its threads, in MB (10^6 bytes). */
function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1_024) / 1_000_000;
}

/** utime and stime, whose unit is 10 ms on every Linux that Node runs on. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function restRows(rest: Rest): readonly BenchRow[] {
  const size = `${rest.modules} module${rest.modules === 1 ? '' : 's'}, ${rest.nodes} nodes`;
  const target = (name: TargetName): { readonly target?: TargetName } => (isSame(rest, usual) ? { target: name } : {});
  return [
    judge({ area, name: `memory at rest, ${size}`, value: rest.memoryMb, unit: 'MB', ...target('memoryMb') }),
    judge({ area, name: `processor at rest, ${size}`, value: rest.cpuPercent, unit: '% of a core', ...target('cpuPercent') }),
  ];
}

/**
 * Is growth at most linear? Then the middle size costs at least what the straight line from the smallest to the largest says; a
 * cost that grows faster than linearly lies below that line in the middle.
 */
function growthRows(rests: readonly Rest[]): readonly BenchRow[] {
  const find = (modules: number, nodes: number): Rest | undefined => rests.find((one) => isSame(one, { modules, nodes }));
  const lines = [
    { along: 'modules', of: (rest: Rest) => rest.modules, points: [find(1, 2), find(10, 2), find(30, 2)] },
    { along: 'nodes', of: (rest: Rest) => rest.nodes, points: [find(10, 2), find(10, 8), find(10, 32)] },
  ];
  return lines.flatMap(({ along, of, points: [low, middle, high] }) => {
    if (low === undefined || middle === undefined || high === undefined) return [];
    const part = (of(middle) - of(low)) / (of(high) - of(low));
    const row = (what: string, unit: string, cost: (rest: Rest) => number): BenchRow =>
      judge({
        area,
        name: `growth of ${what}: ${of(middle)} ${along} beside the line from ${of(low)} to ${of(high)}`,
        value: cost(middle),
        unit,
        against: 'straight line',
        againstValue: cost(low) + part * (cost(high) - cost(low)),
        target: 'growth',
      });
    return [row('memory', 'MB', (rest) => rest.memoryMb), row('processor', '% of a core', (rest) => rest.cpuPercent)];
  });
}

async function commandRow(daemon: RealDaemon, what: string): Promise<BenchRow> {
  const env = { PATH: process.env['PATH'], HOLDFAST_SOCKET: daemon.socket };
  const ours: number[] = [];
  const bare: number[] = [];
  await wallMs([command, 'state'], env);
  for (let round = 0; round < commandRounds; round += 1) {
    bare.push(await wallMs(['-e', '0'], env));
    ours.push(await wallMs([command, 'state'], env));
  }
  return judge({
    area,
    name: `holdfast state, 10 modules, ${what} (median of ${commandRounds})`,
    value: median(ours),
    unit: 'ms',
    against: 'node -e 0',
    againstValue: median(bare),
    target: 'commandMs',
  });
}
