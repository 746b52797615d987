/**
 * How fast the simulator is on one core, and what a node of a large cluster costs. Processor time counts, not time: what else the
 * machine does makes it only a little slower. BENCH_SIM_NODES (default 10,100,1000) are the sizes of the clusters.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BenchRow, judge } from './row.js';
import type { SizeFigure, SpeedFigure } from './sim-load.js';
import { transpile } from './transpile.js';
import { keep, removeDirectory } from './workplace.js';

const area = 'sim';
/** As `npm run sim` starts its processes; the sizes need the collector, and room. */
const flags: readonly string[] = ['--max-semi-space-size=64', '--expose-gc', '--max-old-space-size=12288'];
const plans = { quiet: 24, faults: 80, seeds: 60 } as const;
const sizes = (process.env['BENCH_SIM_NODES'] ?? '10,100,1000').split(',').map(Number);

async function measure<Figure>(directory: string, what: string, count: number): Promise<Figure> {
  const script = join(directory, 'bench', 'sim-load.js');
  const running = promisify(execFile)(process.execPath, [...flags, script, what, String(count)]);
  keep(running.child);
  const figure: Figure = JSON.parse((await running).stdout);
  return figure;
}

const speedRow = (name: string, { virtualMs, cpuMs, violations }: SpeedFigure, isWanted: boolean): BenchRow =>
  judge({
    area,
    name,
    value: virtualMs / cpuMs,
    unit: '× real time',
    sound: violations === 0,
    ...(isWanted ? { target: 'simulationSpeed' } : {}),
  });

function sizeRows(figures: readonly SizeFigure[]): readonly BenchRow[] {
  const rows = figures.flatMap(({ nodes, startMs, restMs, memoryMb, agreedMs }) => {
    const row = (what: string, value: number, unit: string): BenchRow =>
      judge({ area, name: `${nodes} nodes: ${what}`, value, unit, sound: agreedMs !== null });
    return [
      row('processor time per node and simulated second, at rest', restMs, 'ms'),
      row(`processor time per node until one view (${(agreedMs ?? Number.NaN) / 1_000} s) and two seconds more`, startMs, 'ms'),
      row('memory per node', memoryMb, 'MB'),
    ];
  });
  const [low, middle, high] = figures;
  if (low === undefined || middle === undefined || high === undefined) return rows;
  // Every node hears every other: the cost of a node grows with their number, and must not grow faster.
  const part = (middle.nodes - low.nodes) / (high.nodes - low.nodes);
  const growth = (what: string, unit: string, cost: (figure: SizeFigure) => number): BenchRow =>
    judge({
      area,
      name: `growth of ${what}: ${middle.nodes} nodes beside the line from ${low.nodes} to ${high.nodes}`,
      value: cost(middle),
      unit,
      against: 'straight line',
      againstValue: cost(low) + part * (cost(high) - cost(low)),
      target: 'growth',
    });
  return [
    ...rows,
    growth('a node’s processor time at rest', 'ms', (figure) => figure.restMs),
    growth('a node’s memory', 'MB', (figure) => figure.memoryMb),
  ];
}

export async function run(): Promise<readonly BenchRow[]> {
  const directory = transpile(['src', 'bench/sim-load.ts']);
  try {
    const speed = (what: keyof typeof plans): Promise<SpeedFigure> => measure(directory, what, plans[what]);
    const rows = [
      speedRow('2 nodes with 2 modules, nothing happens, one core', await speed('quiet'), true),
      speedRow('2 nodes with 2 modules, the faults that seeds draw, one core', await speed('faults'), true),
      speedRow('seeds as they are drawn (2 to 5 nodes), one core', await speed('seeds'), false),
    ];
    const figures: SizeFigure[] = [];
    for (const nodes of sizes) figures.push(await measure<SizeFigure>(directory, 'size', nodes));
    return [...rows, ...sizeRows(figures)];
  } finally {
    await removeDirectory(directory);
  }
}
