/** `npm run fuzz`: see docs/security.md. */
import { parseArgs } from 'node:util';
import { block, fuzzAll, type Outcome, targets } from './run.js';

const defaultInputs = 100_000;
const usage = 'npm run fuzz -- [--seed TEXT] [--inputs N] [--seconds S] [--only WORD] [--from INDEX]';

function number(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) {
    process.stderr.write(`fuzz: ${JSON.stringify(text)} is no number\nusage: ${usage}\n`);
    process.exit(2);
  }
  return value;
}

const { values } = parseArgs({
  options: Object.fromEntries(['seed', 'inputs', 'seconds', 'only', 'from'].map((name) => [name, { type: 'string' as const }])),
});
const seed = values['seed'] ?? '1';
const chosen = targets.filter(({ name }) => name.includes(values['only'] ?? ''));
if (chosen.length === 0) {
  process.stderr.write(`fuzz: --only fits none of: ${targets.map(({ name }) => name).join('; ')}\n`);
  process.exit(2);
}
const seconds = number(values['seconds'], Number.POSITIVE_INFINITY);
const inputs = number(values['inputs'], values['seconds'] === undefined ? defaultInputs : Number.POSITIVE_INFINITY);
const from = number(values['from'], 0);
const row = (name: string, ...columns: readonly string[]): string =>
  `${name.padEnd(38)}${columns.map((text) => text.padStart(11)).join('')}\n`;
process.stdout.write(`seed ${seed}\n`);
const outcomes = await fuzzAll(chosen, { seed, from, seconds, inputs, least: block });
process.stdout.write(row('parser', 'inputs', 'seconds', 'slowest ms', 'limit ms', 'crashes'));
for (const [place, outcome] of outcomes.entries()) {
  const { findings, target } = outcome;
  const columns = [outcome.inputs.toLocaleString('en'), outcome.seconds.toFixed(1), outcome.slowestMs.toFixed(1)];
  process.stdout.write(row(target, ...columns, String(chosen[place]?.limitMs), String(findings.length)));
  for (const { index, error, input } of findings)
    process.stdout.write(
      `CRASH input ${index}, again with --seed ${seed} --only '${target}' --from ${index}\n${error}\n${input}\n`,
    );
}
const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
const crashes = sum(({ findings }) => findings.length);
process.stdout.write(
  row('all', sum((one) => one.inputs).toLocaleString('en'), sum((one) => one.seconds).toFixed(1), '', '', String(crashes)),
);
process.exit(crashes === 0 ? 0 : 1);
