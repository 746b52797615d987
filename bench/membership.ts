/**
 * How soon a dead node is out of the others' view, and how sure it is that a living one stays in: real processes on loopback
 * addresses, each with its own worker thread and sockets.
 *
 * BENCH_LOSS_MINUTES (default 10) is how long the run with 20 % random loss lasts; the packets are thrown away by the receiving
 * worker, with the transport's `dropRate` that exists for this.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { clusterOf, freePort } from '../test/io/udp/cluster.js';
import type { FromNode, NodeProcessSpec, ToNode } from '../test/io/udp/node-process.js';
import { type BenchRow, judge } from './row.js';
import { median, wait } from './statistics.js';
import type { TargetName } from './targets.js';
import { transpile } from './transpile.js';
import { keep } from './workplace.js';

const area = 'membership';
const rounds = 7;
const boundMs = 60_000;

class NodeProcess {
  readonly name: string;
  readonly process: ChildProcess;
  readonly heard: FromNode[] = [];
  readonly #looks = new Set<() => void>();

  constructor(script: string, spec: NodeProcessSpec) {
    this.name = spec.name;
    this.process = keep(fork(script, { execArgv: [] }));
    this.process.on('message', (message: FromNode) => {
      this.heard.push(message);
      for (const look of this.#looks) look();
    });
    this.say({ type: 'start', spec });
  }

  say(message: ToNode): void {
    this.process.send(message);
  }

  /** The first message that fits, among those to come and those from index `from` on. */
  until(what: string, fits: (message: FromNode) => boolean, from = 0): Promise<FromNode> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#looks.delete(look);
        reject(new Error(`${this.name}: not within ${boundMs} ms: ${what}`));
      }, boundMs);
      const look = (): void => {
        const found = this.heard.slice(from).find(fits);
        if (found === undefined) return;
        clearTimeout(timer);
        this.#looks.delete(look);
        resolve(found);
      };
      this.#looks.add(look);
      look();
    });
  }

  untilMembers(names: readonly string[], from = 0): Promise<FromNode> {
    return this.until(
      names.join(' '),
      (message) => message.type === 'view' && message.members.join(' ') === names.join(' '),
      from,
    );
  }

  get losses(): number {
    return this.heard.filter((message) => message.type === 'lost').length;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}

async function withNodes<T>(
  script: string,
  count: number,
  options: { readonly pulseMs?: number; readonly dropRate?: number },
  use: (nodes: readonly NodeProcess[], names: readonly string[]) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const cluster = { count, port, net: 20, pulseMs: options.pulseMs ?? 100 };
  const names = clusterOf(cluster).nodes;
  const nodes = names.map(
    (name) => new NodeProcess(script, { ...cluster, name, leaseMs: 2_000, dropRate: options.dropRate ?? 0 }),
  );
  try {
    await Promise.all(nodes.map((node) => node.untilMembers(names)));
    return await use(nodes, names);
  } finally {
    await Promise.all(nodes.map((node) => node.kill()));
  }
}

const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/** Kill -9 of one of three nodes until the last of the others has a view without it; leader and followers in turn. */
async function powerOff(script: string, pulseMs: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const took = await withNodes(script, 3, { pulseMs }, async (nodes, names) => {
      const dead = names[round % names.length] ?? '';
      const rest = names.filter((name) => name !== dead);
      // Let the start's own lateness be forgotten, and hit another moment of the pulse each time.
      await wait(6_000 + 17 * round);
      const marks = new Map(nodes.map((node) => [node.name, node.heard.length]));
      const began = monotonicMs();
      nodes.find((node) => node.name === dead)?.process.kill('SIGKILL');
      const views = await Promise.all(
        nodes.filter((node) => node.name !== dead).map((node) => node.untilMembers(rest, marks.get(node.name))),
      );
      return Math.max(...views.map((view) => view.atMs)) - began;
    });
    times.push(took);
  }
  return times;
}

function timeRow(name: string, times: readonly number[], target: TargetName): BenchRow {
  const worst = Math.max(...times).toFixed(0);
  return judge({
    area,
    name: `${name} (median of ${times.length}, worst ${worst} ms)`,
    value: median(times),
    unit: 'ms',
    target,
  });
}

function lossRow(name: string, losses: number): BenchRow {
  return judge({ area, name, value: losses, unit: 'false losses', target: 'falseLosses' });
}

async function falseLosses(nodes: readonly NodeProcess[], during: () => Promise<void>): Promise<number> {
  const before = nodes.reduce((sum, node) => sum + node.losses, 0);
  await during();
  return nodes.reduce((sum, node) => sum + node.losses, 0) - before;
}

/** All rows of this area, measured now. */
export async function run(): Promise<BenchRow[]> {
  const only = process.env['BENCH_MEMBERSHIP']?.split(',') ?? ['default', 'fast', 'loss', 'block', 'busy'];
  const minutes = Number(process.env['BENCH_LOSS_MINUTES'] ?? '10');
  const built = transpile([
    'src/machines',
    'src/actors/membership.actor.ts',
    'src/actors/pulse-count.ts',
    'src/io/udp',
    'src/io/keys.ts',
    'test/io/udp/cluster.ts',
    'test/io/udp/node-process.ts',
  ]);
  const script = join(built, 'test/io/udp/node-process.js');
  const rows: BenchRow[] = [];
  try {
    if (only.includes('default'))
      rows.push(timeRow('power off → the others’ view without it, defaults', await powerOff(script, 100), 'viewMs'));
    if (only.includes('fast'))
      rows.push(timeRow('power off → the others’ view without it, pulse 25 ms', await powerOff(script, 25), 'fastViewMs'));
    if (only.includes('loss')) {
      const losses = await withNodes(script, 2, { dropRate: 0.2 }, (nodes) => falseLosses(nodes, () => wait(minutes * 60_000)));
      rows.push(lossRow(`${minutes} minutes at 20 % random packet loss, 2 nodes`, losses));
    }
    if (only.includes('block')) {
      const losses = await withNodes(script, 2, {}, (nodes) =>
        falseLosses(nodes, async () => {
          const [node] = nodes;
          node?.say({ type: 'block', lengthMs: 1_500 });
          await node?.until('unblocked', (message) => message.type === 'blocked');
          await wait(2_000);
        }),
      );
      rows.push(lossRow('main loop blocked for 1.5 s', losses));
    }
    if (only.includes('busy')) {
      const losses = await withNodes(script, 2, {}, (nodes) =>
        falseLosses(nodes, async () => {
          const busy = Array.from({ length: 8 }, () =>
            keep(spawn(process.execPath, ['-e', 'const until = Date.now() + 60_000; while (Date.now() < until);'])),
          );
          await Promise.all(busy.map((one) => once(one, 'exit')));
        }),
      );
      rows.push(lossRow('8 busy processes on the machine for 60 s', losses));
    }
    return rows;
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
}
