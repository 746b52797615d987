/** The health probe: its rate beside a bare `node:http` server, and its slowest answers beside a busy API. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type BenchRow, judge } from './row.js';
import { median, quantile } from './statistics.js';
import { transpile } from './transpile.js';
import { keep, makeDirectory, marked, removeDirectory } from './workplace.js';

const rounds = 7;
const roundMs = 2000;
const connections = 16;
const steadyMs = 15_000;
const eventsPerSecond = 1000;

function start(folder: string, directory: string, script: string, args: readonly string[]): ChildProcess {
  const options = { env: marked(directory), stdio: ['ignore', 'pipe', 'inherit', 'ipc'] satisfies StdioOptions };
  return keep(spawn(process.execPath, [join(folder, 'bench', script), ...args], options));
}
/** The first line that a process prints, as JSON. @throws Error when it ends without one */
async function firstLine(child: ChildProcess): Promise<unknown> {
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error('a process of the benchmark ended without a word');
}
function numberIn(value: unknown, name: string): number {
  const found: unknown =
    typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
  return typeof found === 'number' ? found : Number.NaN;
}
function numbersIn(value: unknown, name: string): readonly number[] {
  const found: unknown =
    typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
  return Array.isArray(found) ? found.filter((one) => typeof one === 'number') : [];
}

/** Rounds in turns, so that both servers see the same load of the machine; medians of 7. */
export async function run(): Promise<BenchRow[]> {
  const directory = makeDirectory();
  const folder = transpile(['src/http', 'src/actors', 'bench/http-server.ts', 'bench/http-load.ts']);
  const servers: ChildProcess[] = [];
  async function serve(kind: string, events: number): Promise<number> {
    const server = start(folder, directory, 'http-server.js', [kind, String(events), directory]);
    servers.push(server);
    return numberIn(await firstLine(server), 'port');
  }
  const load = (...args: readonly (string | number)[]): Promise<unknown> =>
    firstLine(start(folder, directory, 'http-load.js', args.map(String)));
  try {
    const path = '/var/modules/m7/ready.txt';
    const [bare, ours] = [await serve('bare', 0), await serve('service', 0)];
    const rates: Record<'bare' | 'ours', number[]> = { bare: [], ours: [] };
    let failed = 0;
    for (let round = -1; round < rounds; round += 1) {
      for (const [name, port] of [
        ['bare', bare],
        ['ours', ours],
      ] as const) {
        const result = await load('rate', port, path, connections, round < 0 ? 1000 : roundMs);
        // The first round warms both up.
        if (round >= 0) rates[name].push(numberIn(result, 'perSecond'));
        failed += numberIn(result, 'failed');
      }
    }
    for (const server of servers.splice(0)) server.kill();

    const plain = await load('steady', await serve('bare', 0), 200, steadyMs, 30);
    for (const server of servers.splice(0)) server.kill();
    const steadily = await load('steady', await serve('service', eventsPerSecond), 200, steadyMs, 30);
    const times = numbersIn(steadily, 'times');
    const events = numberIn(steadily, 'events') / (steadyMs / 1000);
    const sound =
      numberIn(steadily, 'failed') === 0 && times.length >= (steadyMs / 1000) * 200 * 0.98 && events > eventsPerSecond * 0.95;
    return [
      judge({
        area: 'http',
        name: `ready.txt, ${connections} keep-alive connections, 30 modules (median of ${rounds})`,
        value: median(rates.ours),
        unit: 'requests/s',
        against: 'bare node:http',
        againstValue: median(rates.bare),
        target: 'probeRate',
        sound: failed === 0,
      }),
      judge({
        area: 'http',
        name: `ready.txt, p99 of ${times.length} at 200/s, 30 modules, beside ${Math.round(events)} events/s streamed`,
        value: quantile(times, 0.99),
        unit: 'ms',
        against: 'bare node:http, idle but for its probes',
        againstValue: quantile(numbersIn(plain, 'times'), 0.99),
        target: 'probeP99Ms',
        sound,
      }),
      judge({ area: 'http', name: 'ready.txt, median of the same', value: median(times), unit: 'ms' }),
    ];
  } finally {
    for (const server of servers) server.kill();
    await removeDirectory(directory);
    rmSync(folder, { recursive: true, force: true });
  }
}
