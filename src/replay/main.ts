#!/usr/bin/env node
/** `replay` and `explain` over a journal's files, without a daemon: what the CLI and the daemon start as a process of their own. */
import { parseArgs } from 'node:util';
import { journalAt } from '../io/journal-zip.js';
import { Chronicle, explain, linksOf } from './explain.js';
import { parseMoment } from './moment.js';
import { readRecords } from './records.js';
import { replay } from './replay.js';
import type { Step } from './story.js';
import { resultText, stepText } from './text.js';

const usage = `usage: main.js replay PATH [--module AM] [--from TIME] [--json]
       main.js explain PATH --module AM [--at TIME]
`;

interface Wanted {
  readonly verb: 'replay' | 'explain';
  readonly path: string;
  readonly module: string | null;
  readonly from: string | null;
  readonly at: string | null;
  readonly json: boolean;
}

function read(argv: readonly string[]): Wanted | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { module: { type: 'string' }, from: { type: 'string' }, at: { type: 'string' }, json: { type: 'boolean' } },
  });
  const [verb, path, ...more] = positionals;
  if ((verb !== 'replay' && verb !== 'explain') || path === undefined || more.length > 0) return null;
  const { module = null, from = null, at = null, json = false } = values;
  return verb === 'explain' && module === null ? null : { verb, path, module, from, at, json };
}

const out = (text: string): void => void process.stdout.write(text);

async function runReplay({ path, module, from, json }: Wanted): Promise<number> {
  const fromMs = from === null ? null : parseMoment(from, Date.now());
  const onStep = (step: Step): void => {
    if ((module !== null && step.module !== module) || (fromMs !== null && step.wallMs < fromMs)) return;
    if (json) out(`${JSON.stringify({ step: { ...step, chain: linksOf(step) } })}\n`);
    else out(stepText(step, linksOf(step)));
  };
  const result = await replay(readRecords(journalAt(path)), onStep);
  out(json ? `${JSON.stringify({ result })}\n` : resultText(result));
  return result.divergence === null ? 0 : 1;
}

/** Prints `{"explanation": …}`, null where there is none on record: what the daemon asks for, and prints nothing for people. */
async function runExplain({ path, module, at }: Wanted): Promise<number> {
  const chronicle = new Chronicle();
  const result = await replay(readRecords(journalAt(path)), (step) => {
    if (step.module === module) chronicle.add(step);
  });
  const untilMs = at === null ? null : parseMoment(at, result.untilWallMs ?? Date.now());
  const doubt = result.divergence === null ? null : resultText(result);
  const explanation = explain(chronicle.steps, result.node ?? '', untilMs, doubt);
  out(`${JSON.stringify({ explanation })}\n`);
  return 0;
}

async function main(): Promise<number> {
  const wanted = read(process.argv.slice(2));
  if (wanted === null) {
    process.stderr.write(usage);
    return 2;
  }
  return wanted.verb === 'replay' ? runReplay(wanted) : runExplain(wanted);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`USAGE: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
