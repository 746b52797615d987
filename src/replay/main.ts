#!/usr/bin/env node
/** `replay` and `explain` over a journal's files, without a daemon: what the CLI and the daemon start as a process of their own. */
import { parseArgs } from 'node:util';
import { journalFileNumber } from '../io/journal-files.js';
import { type JournalZipLimits, journalAt, journalParts } from '../io/journal-zip.js';
import { Chronicle, explain, linksOf } from './explain.js';
import { history } from './history.js';
import { parseMoment } from './moment.js';
import { readRecords } from './records.js';
import { replay } from './replay.js';
import { linesFrom, type RecordSource } from './source.js';
import type { Step } from './story.js';
import { resultText, stepText } from './text.js';
import { timeline } from './timeline.js';

const usage = `usage: main.js replay PATH [--module AM] [--from TIME] [--json]
       main.js explain PATH --module AM [--at TIME]
       main.js history PATH [--of ACTOR] [--before FILE.LINE | --at TIME] [--limit N]
       main.js timeline PATH [--module AM] [--before MS] [--from TIME] [--limit N]
       main.js survey PATH
`;

const verbs = ['replay', 'explain', 'history', 'timeline', 'survey'] as const;
interface Wanted {
  readonly verb: (typeof verbs)[number];
  readonly path: string;
  readonly module: string | null;
  readonly from: string | null;
  readonly at: string | null;
  readonly json: boolean;
  readonly of: string | null;
  readonly before: string | null;
  readonly limit: number;
  readonly uploaded: boolean;
}
/** Most steps or items of one page. */
const mostItems = 20_000;
/** What somebody has sent is read within narrower bounds than what an administrator names on his own machine. */
const uploadLimits: JournalZipLimits = {
  entries: 20_000,
  files: 64,
  fileBytes: 48 * 1024 * 1024,
  totalBytes: 96 * 1024 * 1024,
};

function read(argv: readonly string[]): Wanted | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      module: { type: 'string' },
      from: { type: 'string' },
      at: { type: 'string' },
      json: { type: 'boolean' },
      of: { type: 'string' },
      before: { type: 'string' },
      limit: { type: 'string' },
      uploaded: { type: 'boolean' },
    },
  });
  const [word, path, ...more] = positionals;
  const verb = verbs.find((one) => one === word);
  if (verb === undefined || path === undefined || more.length > 0) return null;
  const { module = null, from = null, at = null, json = false, of = null, before = null, uploaded = false } = values;
  const limit = Math.min(mostItems, Math.max(1, Number(values.limit ?? 500) || 500));
  if (verb === 'explain' && module === null) return null;
  return { verb, path, module, from, at, json, of, before, limit, uploaded };
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

async function sourceOf({ path, uploaded }: Wanted): Promise<RecordSource> {
  return { parts: await journalParts(path, uploaded ? uploadLimits : undefined), fileOf: journalFileNumber };
}
const momentOf = (text: string | null): number | null => (text === null ? null : parseMoment(text, Date.now()));

async function runHistory(wanted: Wanted): Promise<number> {
  const { of, before, at, limit } = wanted;
  const page = await history(await sourceOf(wanted), { of, before, aroundMs: momentOf(at), limit });
  out(`${JSON.stringify({ page })}\n`);
  return 0;
}
async function runTimeline(wanted: Wanted): Promise<number> {
  const { module, before, from, limit } = wanted;
  const query = { module, beforeMs: before === null ? null : Number(before), fromMs: momentOf(from), limit };
  out(`${JSON.stringify({ page: await timeline(await sourceOf(wanted), query) })}\n`);
  return 0;
}
/** What a record is of: for whoever was sent one. */
async function runSurvey(wanted: Wanted): Promise<number> {
  const modules = new Set<string>();
  const source = await sourceOf(wanted);
  const result = await replay(readRecords(linesFrom(source, 0, source.parts.length)), (step) => modules.add(step.module));
  const { node, version, fromWallMs, untilWallMs, divergence, records } = result;
  // Where the first line is none, nothing of it is a journal.
  if (records === 0) throw new Error('there is no record of a journal in it');
  const doubt = divergence === null ? null : resultText(result).trim();
  out(`${JSON.stringify({ survey: { node, version, modules: [...modules].sort(), fromWallMs, untilWallMs, doubt } })}\n`);
  return 0;
}

async function main(): Promise<number> {
  const wanted = read(process.argv.slice(2));
  switch (wanted?.verb) {
    case 'replay':
      return runReplay(wanted);
    case 'explain':
      return runExplain(wanted);
    case 'history':
      return runHistory(wanted);
    case 'timeline':
      return runTimeline(wanted);
    case 'survey':
      return runSurvey(wanted);
    case undefined:
      process.stderr.write(usage);
      return 2;
  }
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
