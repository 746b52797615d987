import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { allTransitions, createCoverage } from '../../src/sim/coverage.js';
import { drawPlan, type Plan } from '../../src/sim/plan.js';
import { type PlanResult, runPlan } from '../../src/sim/run-plan.js';
import { shrink } from '../../src/sim/shrink.js';
import { explanationOf, explanations } from '../../src/sim/uncovered.js';

t.test('the same seed gives the same plan and the same facts; another one others', async (t) => {
  for (const seed of ['a', 'b', '17']) {
    t.strictSame(drawPlan(seed), drawPlan(seed));
    const first = await runPlan(drawPlan(seed));
    const second = await runPlan(drawPlan(seed));
    t.equal(first.digest, second.digest, seed);
    t.equal(first.steps, second.steps);
    t.equal(first.violation, null);
    t.ok(first.facts > 50);
  }
  const other = await runPlan(drawPlan('c'));
  t.not(other.digest, (await runPlan(drawPlan('a'))).digest);
});

t.test('watching transitions changes nothing, and names each as the table does', async (t) => {
  const coverage = createCoverage();
  const plan = drawPlan('b');
  t.equal((await runPlan(plan, { inspect: coverage.inspect })).digest, (await runPlan(plan)).digest);
  const all = allTransitions();
  t.equal(new Set(all).size, all.length, 'every name is one transition');
  t.ok(coverage.counts.size > 30);
  for (const key of coverage.counts.keys()) t.ok(all.includes(key), key);
  for (const { what, why } of explanations)
    t.ok(
      all.some((key) => what.test(key)),
      why,
    );
  // What is explained as not taken is not: an explanation that is too wide would hide what is missing.
  for (const key of coverage.counts.keys()) t.equal(explanationOf(key), null, key);
});

t.test('every schedule that ever failed passes', async (t) => {
  const directory = join(import.meta.dirname, 'regressions');
  for (const name of readdirSync(directory).filter((one) => one.endsWith('.json'))) {
    const { plan, why }: { readonly plan: Plan; readonly why: string } = JSON.parse(readFileSync(join(directory, name), 'utf8'));
    const { violation } = await runPlan(plan);
    t.equal(violation, null, `${name}: ${why}`);
  }
});

t.test('a plan that fails is shrunk to what it needs to fail', async (t) => {
  const base = drawPlan('shrink');
  const needed = { kind: 'kill', node: 'n1', atMs: 5_000, forMs: 8_000 } as const;
  const noise = Array.from(
    { length: 20 },
    (_, index) => ({ kind: 'suspend', node: 'n2', atMs: 1_000 * index, forMs: 500 }) as const,
  );
  const plan: Plan = { ...base, nodes: 3, faults: [...noise.slice(0, 11), needed, ...noise.slice(11)] };
  let runs = 0;
  const run = (candidate: Plan): Promise<PlanResult> => {
    runs += 1;
    const fails = candidate.faults.some((fault) => fault.kind === 'kill' && fault.forMs >= 1_000);
    const violation = fails ? { invariant: 'x', statement: '', atMs: 0, condition: '' } : null;
    return Promise.resolve({ ...result, violation });
  };
  const result: PlanResult = {
    violation: { invariant: 'x', statement: '', atMs: 0, condition: '' },
    digest: '',
    facts: 0,
    virtualMs: 0,
    nodeMs: 0,
    steps: 0,
    agreedMs: null,
    upMs: null,
    trace: [],
    requests: { sent: 0, succeeded: 0 },
  };
  const shrunk = await shrink(plan, result, 200, run);
  t.equal(shrunk.plan.faults.length, 1);
  t.match(shrunk.plan.faults[0], { kind: 'kill', node: 'n1', forMs: 2_000 }, 'a quarter of its length is enough');
  t.equal(shrunk.plan.modules.length, 1);
  t.equal(shrunk.plan.nodes, 1);
  t.equal(shrunk.runs, runs);
});
