/** Runs the benchmarks of the areas that are asked for, one after the other, and prints what they found. Started by scripts/bench.mjs. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { BenchRow } from './row.js';
import { renderTable } from './table.js';
import { cleanUp, sweepLeftovers } from './workplace.js';

type Area = { readonly run: () => Promise<readonly BenchRow[]> };

/** In the order in which they run; each is loaded only when it is asked for. */
const areas: Readonly<Record<string, () => Promise<Area>>> = {
  cli: () => import('./cli.js'),
  processes: () => import('./processes.js'),
  probers: () => import('./probers.js'),
  checkers: () => import('./checkers.js'),
  programs: () => import('./programs.js'),
  failover: () => import('./failover.js'),
  http: () => import('./http.js'),
  daemon: () => import('./daemon.js'),
  membership: () => import('./membership.js'),
  sim: () => import('./sim.js'),
  console: () => import('./console.js'),
  security: () => import('./security.js'),
};

const usage = `npm run bench [-- AREA …] [--json]

  AREA     ${Object.keys(areas).join(', ')}; without one, all of them
  --json   prints the rows only, as a JSON array

Ends with 0 when every row meets its target, 1 when one does not or an area failed, 2 for a wrong argument.
What the rows mean: docs/benchmarks.md
`;

/** The machine in one line: a figure means nothing without it. */
function machine(): string {
  const [first] = cpus();
  const load = loadavg()
    .map((one) => one.toFixed(1))
    .join(' ');
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${new Date().toISOString()}, ${cpus().length} cores (${first?.model.trim()}), ${memory}, ${system()}, kernel ${release()}, Node ${process.version}, load ${load}`;
}

function system(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
}

function read(): { readonly chosen: readonly string[]; readonly json: boolean } | null {
  try {
    const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
    const unknown = positionals.filter((name) => !Object.hasOwn(areas, name));
    if (unknown.length > 0) throw new Error(`There is no area ${unknown.join(', ')}.`);
    const chosen = Object.keys(areas).filter((name) => positionals.length === 0 || positionals.includes(name));
    return { chosen, json: values.json ?? false };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return null;
  }
}

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  const request = read();
  if (request === null) return 2;
  const { chosen, json } = request;
  await sweepLeftovers();
  const rows: BenchRow[] = [];
  const failed: string[] = [];
  if (!json) process.stdout.write(`${machine()}\n`);
  for (const name of chosen) {
    process.stderr.write(`${name} …\n`);
    try {
      const area = await areas[name]?.();
      rows.push(...((await area?.run()) ?? []));
    } catch (error) {
      failed.push(name);
      process.stderr.write(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
  }
  process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : `\n${renderTable(rows)}\n`);
  const missed = rows.filter((row) => !row.ok);
  if (!json) {
    const load = loadavg()[0]?.toFixed(1);
    process.stdout.write(
      `\n${rows.length} rows, ${missed.length} not ok, ${failed.length} areas failed; load at the end ${load}\n`,
    );
  }
  return missed.length + failed.length > 0 ? 1 : 0;
}

let ending = false;
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.on(signal, () => {
    // A second signal must not cut the cleaning short: that is what it is for.
    if (ending) return;
    ending = true;
    void cleanUp().finally(() => process.exit(128 + number));
  });
}
const code = await main().finally(cleanUp);
if (!ending) process.exit(code);
