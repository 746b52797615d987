/** `npm run sim`: runs seeds on several processes, adds up what they did, and says what was wrong and what was never taken. */
import { type ChildProcess, fork } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allTransitions, createCoverage } from './coverage.js';
import { type FaultKind, faultText } from './faults.js';
import { drawPlan, type Plan } from './plan.js';
import { type PlanResult, runPlan } from './run-plan.js';
import { shrink } from './shrink.js';
import { explanationOf, explanations } from './uncovered.js';

/** What one process did. */
interface Tally {
  plans: number;
  virtualMs: number;
  nodeMs: number;
  cpuMs: number;
  steps: number;
  facts: number;
  readonly faults: Partial<Record<FaultKind, number>>;
  readonly taken: Record<string, number>;
  agreedMs: number;
  upMs: number;
  readonly violations: Finding[];
}
interface Finding {
  readonly seed: string;
  readonly plan: Plan;
  readonly text: string;
}
/** A seed to draw a plan from, or a kept plan. */
type Job = { readonly seed: string } | { readonly plan: Plan };

/** Below that, a transition that was not taken says nothing. */
const plansForCoverage = 2_000;
/** Nearly everything that a simulation makes is of no use a moment later: with more room for what is young, it is collected less often. */
const youngGeneration: readonly string[] = ['--max-semi-space-size=64'];
/** Plans that are handed to a process at a time. */
const portion = 20;

const emptyTally = (): Tally => ({
  plans: 0,
  virtualMs: 0,
  nodeMs: 0,
  cpuMs: 0,
  steps: 0,
  facts: 0,
  faults: {},
  taken: {},
  agreedMs: 0,
  upMs: 0,
  violations: [],
});

/** What is printed of a violation: seed, condition, the shortest schedule and its trace. */
export function findingText(plan: Plan, result: PlanResult, runs: number): string {
  const { violation } = result;
  return [
    `VIOLATION seed ${plan.seed} of invariant ${violation?.invariant ?? '?'}`,
    `  must hold: ${violation?.statement ?? '?'}`,
    `  condition: ${violation?.condition ?? '?'}`,
    `  cluster:   ${plan.nodes} nodes, ${plan.lans} lans, pulse ${plan.pulseMs} ms, core ${plan.core.join(' ')}`,
    ...plan.modules.map((module) => `  module:    ${module.name} ${module.xml} scripts ${module.scripts.join(' ')}`),
    `  shortest schedule (after ${runs} runs):`,
    ...plan.faults.map((fault) => `    ${faultText(fault)}`),
    '  trace:',
    ...result.trace.slice(-60).map((line) => `    ${line}`),
  ].join('\n');
}

/** Runs one job and adds what it did. */
async function work(job: Job, tally: Tally, coverage: ReturnType<typeof createCoverage>): Promise<void> {
  const plan = 'plan' in job ? job.plan : drawPlan(job.seed);
  const result = await runPlan(plan, { inspect: coverage.inspect });
  tally.plans += 1;
  tally.virtualMs += result.virtualMs;
  tally.nodeMs += result.nodeMs;
  tally.steps += result.steps;
  tally.facts += result.facts;
  for (const { kind } of plan.faults) tally.faults[kind] = (tally.faults[kind] ?? 0) + 1;
  tally.agreedMs = Math.max(tally.agreedMs, result.agreedMs ?? 0);
  tally.upMs = Math.max(tally.upMs, result.upMs ?? 0);
  if (result.violation === null) return;
  const shrunk = await shrink(plan, result);
  tally.violations.push({ seed: plan.seed, plan: shrunk.plan, text: findingText(shrunk.plan, shrunk.result, shrunk.runs) });
}

/** A child: takes portions of jobs until there are no more. */
function serve(): void {
  const send = (message: unknown): void => {
    process.send?.(message);
  };
  process.on('message', (jobs: readonly Job[]) => {
    const run = async (): Promise<void> => {
      const tally = emptyTally();
      const coverage = createCoverage();
      const before = process.cpuUsage();
      for (const job of jobs) await work(job, tally, coverage);
      const used = process.cpuUsage(before);
      tally.cpuMs = (used.user + used.system) / 1_000;
      for (const [key, count] of coverage.counts) tally.taken[key] = count;
      send(tally);
    };
    run().catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    });
  });
  send('ready');
}

function add(sum: Tally, part: Tally): void {
  sum.plans += part.plans;
  sum.virtualMs += part.virtualMs;
  sum.nodeMs += part.nodeMs;
  sum.cpuMs += part.cpuMs;
  sum.steps += part.steps;
  sum.facts += part.facts;
  sum.agreedMs = Math.max(sum.agreedMs, part.agreedMs);
  sum.upMs = Math.max(sum.upMs, part.upMs);
  for (const [kind, count] of Object.entries(part.faults))
    Object.assign(sum.faults, { [kind]: count + (Object.entries(sum.faults).find(([name]) => name === kind)?.[1] ?? 0) });
  for (const [key, count] of Object.entries(part.taken)) sum.taken[key] = (sum.taken[key] ?? 0) + count;
  sum.violations.push(...part.violations);
}

/** Hands out jobs until there are none, or the time is over. */
async function distribute(jobs: Iterator<Job>, processes: number, untilMs: number, onPart: (sum: Tally) => void): Promise<Tally> {
  const sum = emptyTally();
  const next = (): readonly Job[] => {
    const jobsOfPortion: Job[] = [];
    while (jobsOfPortion.length < portion && Date.now() < untilMs) {
      const { value, done } = jobs.next();
      if (done === true) break;
      jobsOfPortion.push(value);
    }
    return jobsOfPortion;
  };
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['--child'], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: [...youngGeneration],
      });
      let ended = false;
      const feed = (): void => {
        const due = next();
        if (due.length > 0) child.send(due);
        else {
          ended = true;
          child.disconnect();
        }
      };
      child.on('message', (message: 'ready' | Tally) => {
        if (message !== 'ready') {
          add(sum, message);
          onPart(sum);
        }
        feed();
      });
      child.on('exit', (code) =>
        ended && code === 0 ? resolve() : reject(new Error(`a simulating process ended with code ${code}`)),
      );
    });
  await Promise.all(Array.from({ length: processes }, one));
  return sum;
}

const hours = (ms: number): string => (ms / 3_600_000).toFixed(1);

/** The report in words. */
export function reportText(sum: Tally, wallMs: number): string {
  const faults = Object.entries(sum.faults).sort(([left], [right]) => (left < right ? -1 : 1));
  const all = allTransitions();
  return [
    `schedules            ${sum.plans}`,
    `simulated            ${hours(sum.nodeMs)} node-hours (${hours(sum.virtualMs)} hours of clusters)`,
    `speed                ${Math.round(sum.virtualMs / Math.max(1, sum.cpuMs))} x real time for each core (${hours(sum.cpuMs)} core-hours, ${Math.round(wallMs / 1000)} s)`,
    `steps, facts         ${sum.steps}, ${sum.facts}`,
    `faults injected      ${faults.reduce((total, [, count]) => total + count, 0)}: ${faults.map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
    `slowest convergence  ${(sum.agreedMs / 1000).toFixed(2)} s to one view, ${(sum.upMs / 1000).toFixed(1)} s until all modules were up`,
    `transitions taken    ${all.filter((key) => sum.taken[key] !== undefined).length} of ${all.length}`,
    `violations           ${sum.violations.length}${sum.violations.map(({ seed }) => ` ${seed}`).join('')}`,
  ].join('\n');
}

/** Which seeds were run, and how to run them again. */
export function seedsText(day: string | null, from: number, until: number): string {
  if (until <= from) return 'seeds                none but the kept schedules';
  const name = (index: number): string => (day === null ? String(index) : `${day}/${index}`);
  const again = `npm run sim --${day === null ? '' : ` --day ${day}`} --from ${from} --seeds ${until - from}`;
  return `seeds                ${name(from)} to ${name(until - 1)}; the same again: ${again}`;
}

/** Transitions that nothing took and nobody explains. Explanations of what was taken all the same are named too. */
export function unexplained(taken: Readonly<Record<string, number>>): {
  readonly missing: readonly string[];
  readonly needless: readonly string[];
} {
  const all = allTransitions();
  return {
    missing: all.filter((key) => taken[key] === undefined && explanationOf(key) === null),
    needless: explanations.filter(({ what }) => !all.some((key) => what.test(key))).map(({ what }) => what.source),
  };
}

async function regressions(directory: string): Promise<readonly Job[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  const jobs: Job[] = [];
  for (const name of names) {
    const kept: { readonly plan: Plan } = JSON.parse(await readFile(join(directory, name), 'utf8'));
    jobs.push({ plan: kept.plan });
  }
  return jobs;
}

const usage = `usage: npm run sim -- [options]
  --seeds N          how many schedules are drawn (1000)
  --from N           the first of them (0)
  --day YYYY-MM-DD   the seeds of that day, as --ci draws them
  --ci               the seeds of today, for 60 s
  --seconds N        no new schedule after that time
  --jobs N           processes (one for each processor, 2 at most)
  --json | --table   the report as JSON | with every transition and how often it was taken
  --regressions DIR  kept schedules that run first (test/sim/regressions)
`;

function readOptions(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '0' },
      jobs: { type: 'string', default: String(Math.min(2, cpus().length)) },
      seconds: { type: 'string' },
      ci: { type: 'boolean', default: false },
      day: { type: 'string' },
      json: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
      regressions: { type: 'string', default: join('test', 'sim', 'regressions') },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

/** The command. @returns its exit code: 1 for a finding, 2 for options that it does not know. */
export async function main(args: readonly string[]): Promise<number> {
  let values: ReturnType<typeof readOptions>;
  try {
    values = readOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const wrong = (['seeds', 'from', 'jobs', 'seconds'] as const).filter(
    (name) => values[name] !== undefined && !/^\d{1,12}$/.test(values[name]),
  );
  if (wrong.length > 0) {
    process.stderr.write(`${wrong.map((name) => `--${name} ${values[name]}: not a whole number`).join('\n')}\n${usage}`);
    return 2;
  }
  const day = values.day ?? (values.ci ? new Date().toISOString().slice(0, 10) : null);
  const seconds = values.seconds === undefined ? (values.ci ? 60 : Number.POSITIVE_INFINITY) : Number(values.seconds);
  const kept = await regressions(values.regressions);
  const count = values.ci ? Number.POSITIVE_INFINITY : Number(values.seeds);
  const from = Number(values.from);
  function* jobs(): Generator<Job, undefined> {
    yield* kept;
    for (let index = from; index < from + count; index += 1) {
      drawn = index + 1;
      yield { seed: day === null ? String(index) : `${day}/${index}` };
    }
    return undefined;
  }
  let drawn = from;
  const startedMs = Date.now();
  let shown = 0;
  const sum = await distribute(jobs(), Math.max(1, Number(values.jobs)), startedMs + seconds * 1_000, (so) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${so.plans} schedules, ${so.violations.length} violations `);
    // A finding is told when it is made: a long run may be ended before its report.
    for (const { text } of so.violations.slice(shown)) process.stderr.write(`\n${text}\n`);
    shown = so.violations.length;
  });
  const wallMs = Date.now() - startedMs;
  const { missing, needless } = unexplained(sum.taken);
  const judged = sum.plans >= plansForCoverage;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...sum, wallMs, missing, needless, judged }, null, 2)}\n`);
  } else {
    if (values.table)
      for (const key of allTransitions()) process.stdout.write(`${String(sum.taken[key] ?? 0).padStart(9)}  ${key}\n`);
    process.stdout.write(`${reportText(sum, wallMs)}\n${seedsText(day, from, drawn)}\n`);
    for (const key of needless) process.stdout.write(`no such transition    ${key}\n`);
    if (judged) for (const key of missing) process.stdout.write(`never taken           ${key}\n`);
    else process.stdout.write(`(transitions are judged from ${plansForCoverage} schedules on)\n`);
  }
  return sum.violations.length > 0 || needless.length > 0 || (judged && missing.length > 0) ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === '--child') serve();
  else process.exitCode = await main(process.argv.slice(2));
}
