/** How long `holdfast state` takes from start to exit, with ten modules on two nodes, beside Node's own start and end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeDaemon } from '../test/cli/fake-daemon.js';
import { farm } from '../test/cli/fixtures.js';
import { transpileCli } from '../test/cli/transpile-cli.js';
import { type BenchRow, judge } from './row.js';
import { median } from './statistics.js';
import { keep, makeDirectory, removeDirectory } from './workplace.js';

const rounds = 15;

/** How long a Node process with these arguments takes, in ms. @throws Error when it does not end with 0 */
export async function wallMs(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const began = performance.now();
  const child = keep(spawn(process.execPath, [...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }));
  const [code] = await once(child, 'exit');
  const took = performance.now() - began;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return took;
}

/** Median of 15 runs each, taken in turns so that both see the same load of the machine. */
export async function run(): Promise<BenchRow[]> {
  const socketDir = makeDirectory();
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
    return [
      judge({
        area: 'cli',
        name: 'holdfast state, 10 modules, daemon that answers at once (median of 15)',
        value: median(ours),
        unit: 'ms',
        against: 'node -e 0',
        againstValue: median(bare),
        target: 'commandMs',
        sound: daemon.violations.length === 0,
      }),
    ];
  } finally {
    await daemon.close();
    await removeDirectory(socketDir);
    rmSync(folder, { recursive: true, force: true });
  }
}
