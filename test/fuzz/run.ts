/** Feeds targets, and notes what went wrong. */
import { createSeededRandom, type SeededRandom } from '../../src/sim/random.js';
import type { Attempt, Target } from './target.js';
import { clusterXml, luaTexts, regexes, ruleTexts, userConfigXml } from './targets-config.js';
import { conformance, queryStrings, requestBodies, sealedRequests, strangerRequests } from './targets-http.js';
import { pulseContents, sealedDatagrams, strangerDatagrams } from './targets-udp.js';
import { zipArchives } from './targets-zip.js';

/** All that is fuzzed. */
export const targets: readonly Target[] = [
  ...[
    strangerDatagrams,
    sealedDatagrams,
    pulseContents,
    strangerRequests,
    sealedRequests,
    queryStrings,
    conformance,
    requestBodies,
  ],
  ...[userConfigXml, clusterXml, ruleTexts, luaTexts, regexes, zipArchives],
];

/** State begins anew after so many inputs. */
export const block = 256;

export interface Finding {
  readonly target: string;
  readonly index: number;
  readonly error: string;
  readonly input: string;
}
export interface Outcome {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly slowestMs: number;
  readonly findings: readonly Finding[];
}
export interface Bounds {
  readonly seed: string;
  /** Where to begin; rounded down to the begin of a block. */
  readonly from: number;
  readonly inputs: number;
  readonly seconds: number;
}

const mostFindings = 5;
const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : `thrown: ${String(error)}`);

/** Rejects when an input is still not handled after so long: a promise that nothing settles would end the process without a word. */
const longestMs = 20_000;
async function settled(pending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It is never finished.')), longestMs);
  });
  try {
    await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Feeds one input. @returns the processor time it took, in ms, for that does not depend on how busy the machine is; a text: what was wrong. */
async function feed({ feed }: Attempt): Promise<number | string> {
  const before = process.cpuUsage();
  try {
    const pending = feed();
    if (pending !== undefined) await settled(pending);
  } catch (error) {
    return textOf(error);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const randomOf = (target: Target, seed: string, index: number): SeededRandom =>
  createSeededRandom(`${seed}/${target.name}/${index}`);

/** Feeds an input once more, with the state that it met: everything of its block before it comes first. */
async function repeat(target: Target, seed: string, index: number): Promise<number | string> {
  const start = index - (index % block);
  const next = target.begin(randomOf(target, seed, start));
  for (let before = start; before < index; before += 1) await feed(next(randomOf(target, seed, before)));
  return feed(next(randomOf(target, seed, index)));
}

/** Feeds a target until it had as many inputs, or the time is over. */
export async function fuzz(target: Target, { seed, from, inputs, seconds }: Bounds): Promise<Outcome> {
  const start = Math.floor(from / block) * block;
  const findings: Finding[] = [];
  const begun = performance.now();
  let slowestMs = 0;
  let done = 0;
  let next = target.begin(randomOf(target, seed, start));
  // What is thrown beside the way, in a callback that nobody waits for, is the worst crash: it ends the daemon.
  let stray: string | null = null;
  const onStray = (error: unknown): void => {
    stray = textOf(error);
  };
  process.on('uncaughtException', onStray).on('unhandledRejection', onStray);
  try {
    for (let index = start; done < inputs && findings.length < mostFindings; index += 1) {
      if (index % block === 0) {
        next = target.begin(randomOf(target, seed, index));
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (done % 16 === 0 && performance.now() - begun > seconds * 1_000) break;
      const attempt = next(randomOf(target, seed, index));
      let took = await feed(attempt);
      // The collection of garbage makes any input slow once; a slow input is slow each time.
      for (let again = 0; again < 3 && typeof took === 'number' && took > target.limitMs; again += 1) {
        const repeated = await repeat(target, seed, index);
        took = typeof repeated === 'number' ? Math.min(took, repeated) : took;
      }
      done += 1;
      const slow =
        typeof took === 'number' && took > target.limitMs
          ? `took ${took.toFixed(0)} ms of processor time, of ${target.limitMs}`
          : null;
      const error = stray ?? (typeof took === 'string' ? took : slow);
      if (typeof took === 'number') slowestMs = Math.max(slowestMs, took);
      if (error !== null) findings.push({ target: target.name, index, error, input: attempt.show().slice(0, 8_000) });
      stray = null;
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (stray !== null)
      findings.push({ target: target.name, index: start + done, error: stray, input: 'one of the last inputs' });
  } finally {
    process.off('uncaughtException', onStray).off('unhandledRejection', onStray);
  }
  return { target: target.name, inputs: done, seconds: (performance.now() - begun) / 1_000, slowestMs, findings };
}
