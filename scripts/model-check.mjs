// The larger bounds of the small-scope model check: node scripts/model-check.mjs [NODES DEPTH [CONVERGE_EVERY]]. Run after a build.
import { checkMembership } from '../dist/sim/model-check.js';

const [nodes, depth, convergeEvery = 1] = process.argv.slice(2).map(Number);
const bounds =
  nodes === undefined
    ? [
        { nodes: 2, depth: 8, convergeEvery: 5 },
        { nodes: 3, depth: 5, convergeEvery: 5 },
      ]
    : [{ nodes, depth, convergeEvery }];
for (const bound of bounds) {
  const begun = performance.now();
  const result = checkMembership(bound);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `${bound.nodes} nodes: ${result.states} states, ${result.transitions} transitions, all to depth ${result.depth}; ` +
      `${result.converged} of them healed and watched, settled within ${result.rounds} rounds; ${seconds} s`,
  );
  if (result.violation !== null) {
    console.log(`VIOLATION: ${result.violation.condition}\n  ${result.violation.path.join('\n  ')}`);
    process.exitCode = 1;
  }
}
