/** How long `holdfast state` takes from start to exit, with ten modules on two nodes, beside Node's own start and end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeDaemon } from '../test/cli/fake-daemon.js';
import { farm } from '../test/cli/fixtures.js';
import { transpileCli } from '../test/cli/transpile-cli.js';
import type { BenchRow } from './row.js';

const rounds = 15;
const targetMs = 200;

async function wallMs(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  const took = performance.now() - began;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return took;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Median of 15 runs each, taken in turns so that both see the same load of the machine. */
export async function run(): Promise<BenchRow[]> {
  const socketDir = mkdtempSync(join(tmpdir(), 'hf-bench-'));
  const { folder, main } = transpileCli();
  const items = Array.from({ length: 10 }, (_, index) => ({ ...farm, name: `farm${index}`, id: index + 1 }));
  const daemon = await startFakeDaemon(join(socketDir, 's'), { listModules: () => ({ json: { items, next: null } }) });
  try {
    const env = { PATH: process.env['PATH'], HOLDFAST_SOCKET: daemon.socket };
    const ours: number[] = [];
    const bare: number[] = [];
    await wallMs([main, 'state'], env);
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await wallMs(['-e', '0'], env));
      ours.push(await wallMs([main, 'state'], env));
    }
    const value = median(ours);
    const againstValue = median(bare);
    return [
      {
        area: 'cli',
        name: 'holdfast state, 10 modules, wall time (median of 15)',
        value,
        unit: 'ms',
        against: 'node -e 0',
        againstValue,
        ratio: value / againstValue,
        target: `≤ ${targetMs} ms`,
        ok: value <= targetMs && daemon.violations.length === 0,
      },
    ];
  } finally {
    await daemon.close();
    rmSync(socketDir, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
