/** One measurement of the simulator in a process of its own, as `npm run sim` runs it: told what by its arguments, answers with one line of JSON. */
import { createCoverage } from '../src/sim/coverage.js';
import { disagreement } from '../src/sim/invariant-views.js';
import { configOf, drawPlan, type Plan } from '../src/sim/plan.js';
import { runPlan } from '../src/sim/run-plan.js';
import { createWorld, simCluster } from '../src/sim/world.js';

/** What a run of schedules came to. */
export interface SpeedFigure {
  readonly virtualMs: number;
  /** Processor time of the whole process since the first schedule, its collector's threads included. */
  readonly cpuMs: number;
  readonly schedules: number;
  readonly violations: number;
}
/** What one large cluster came to. */
export interface SizeFigure {
  readonly nodes: number;
  /** Processor time per node: until all had one view, and for each simulated second at rest, in ms. */
  readonly startMs: number;
  readonly restMs: number;
  readonly memoryMb: number;
  /** Simulated ms until all had one view. */
  readonly agreedMs: number | null;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const proc = (name: string): string =>
  `<errd polltimer="10s"><proc name="${name}" class="both" atleast="1" action="restart"/></errd>`;
const moduleXml = (name: string): string =>
  `<safe><service mode="farm" boot="on"><farm><lan name="default"/></farm><user/>${proc(name)}</service></safe>`;

/** Two nodes with two modules, and nothing happens. */
const quietPlan = (index: number): Plan => ({
  seed: `quiet/${index}`,
  nodes: 2,
  lans: 1,
  pulseMs: 100,
  modules: ['m1', 'm2'].map((name) => ({
    name,
    xml: moduleXml(`web-${name}`),
    scripts: ['prestart', 'start_both', 'stop_both'],
    loopIntervalMs: null,
  })),
  balancer: 'aws',
  startsMs: [0, 0],
  faults: [],
  faultsMs: 600_000,
  core: ['n1', 'n2'],
  restMs: 0,
});
/** Ordinary seeds of two nodes with two modules, with the faults that they draw. */
function faultyPlans(count: number): readonly Plan[] {
  const plans: Plan[] = [];
  for (let index = 0; plans.length < count; index += 1) {
    const plan = drawPlan(`bench/${index}`);
    if (plan.nodes === 2 && plan.modules.length === 2) plans.push(plan);
  }
  return plans;
}

async function speedOf(plans: readonly Plan[]): Promise<SpeedFigure> {
  const coverage = createCoverage();
  const before = cpuMs();
  let virtualMs = 0;
  let violations = 0;
  for (const plan of plans) {
    const result = await runPlan(plan, { inspect: coverage.inspect });
    virtualMs += result.virtualMs;
    violations += result.violation === null ? 0 : 1;
  }
  return { virtualMs, cpuMs: cpuMs() - before, schedules: plans.length, violations };
}

/** Simulated seconds at rest that are measured: in a large cluster each has a million datagrams and more. */
const restSeconds = (nodes: number): number => (nodes < 500 ? 10 : 3);

/** A cluster of that many nodes with a pulse of one second and a module that is not started: until it agrees, and some seconds at rest. */
async function sizeOf(nodes: number): Promise<SizeFigure> {
  const config = configOf('m1', moduleXml('web-m1').replace('boot="on"', 'boot="off"'));
  const world = createWorld({
    seed: 'size',
    cluster: simCluster(nodes, { pulseMs: 1_000 }),
    modules: [{ name: 'm1', config, scripts: ['start_both', 'stop_both'] }],
    balancer: null,
  });
  const begun = cpuMs();
  for (const name of world.options.cluster.nodes) world.time.schedule(0, () => world.node(name).start());
  let agreedMs: number | null = null;
  let atMs = 0;
  while (agreedMs === null && atMs < 30_000) {
    atMs += 1_000;
    await world.runUntil(atMs);
    if (disagreement(world, false) === null) agreedMs = atMs;
  }
  // What follows the first view (every node tells it) is part of the beginning.
  await world.runUntil(atMs + 2_000);
  const agreed = cpuMs();
  await world.runUntil(atMs + 2_000 + 1_000 * restSeconds(nodes));
  const rested = cpuMs();
  globalThis.gc?.();
  return {
    nodes,
    startMs: (agreed - begun) / nodes,
    restMs: (rested - agreed) / nodes / restSeconds(nodes),
    memoryMb: process.memoryUsage().heapUsed / 2 ** 20 / nodes,
    agreedMs,
  };
}

const [what, count] = process.argv.slice(2);
const wanted = Number(count);
const figure =
  what === 'quiet'
    ? await speedOf(Array.from({ length: wanted }, (_, index) => quietPlan(index)))
    : what === 'faults'
      ? await speedOf(faultyPlans(wanted))
      : what === 'seeds'
        ? await speedOf(Array.from({ length: wanted }, (_, index) => drawPlan(`bench/${index}`)))
        : await sizeOf(wanted);
process.stdout.write(`${JSON.stringify(figure)}\n`);
