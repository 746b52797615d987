/** Feeds targets, and notes what went wrong. */
import { createSeededRandom, type SeededRandom } from '../../src/sim/random.js';
import type { Attempt, Target } from './target.js';
import { clusterXml, luaTexts, regexes, ruleTexts, userConfigXml } from './targets-config.js';
import { httpConnections, requestHeaders } from './targets-front.js';
import { conformance, queryStrings, requestBodies, sealedRequests, strangerRequests } from './targets-http.js';
import { journals, userDirectories } from './targets-records.js';
import { pulseContents, sealedDatagrams, strangerDatagrams } from './targets-udp.js';
import { zipArchives } from './targets-zip.js';

/** All that is fuzzed. */
export const targets: readonly Target[] = [
  ...[strangerDatagrams, sealedDatagrams, pulseContents],
  ...[httpConnections, requestHeaders, strangerRequests, sealedRequests, queryStrings, conformance, requestBodies],
  ...[userConfigXml, clusterXml, ruleTexts, luaTexts, regexes, zipArchives, journals, userDirectories],
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

// What is thrown beside the way, in a callback that nobody waits for, is the worst crash: it ends the daemon.
let stray: string | null = null;
const onStray = (error: unknown): void => {
  stray = textOf(error);
};
async function watched<T>(work: () => Promise<T>): Promise<T> {
  process.on('uncaughtException', onStray).on('unhandledRejection', onStray);
  try {
    return await work();
  } finally {
    process.off('uncaughtException', onStray).off('unhandledRejection', onStray);
  }
}

/** One target on its way: what it was fed, and what came of it. */
class Feeding {
  readonly target: Target;
  readonly #seed: string;
  readonly #findings: Finding[] = [];
  #next: (random: SeededRandom) => Attempt;
  #index: number;
  #done = 0;
  #spentMs = 0;
  #slowestMs = 0;
  constructor(target: Target, { seed, from }: Bounds) {
    this.target = target;
    this.#seed = seed;
    this.#index = Math.floor(from / block) * block;
    this.#next = target.begin(randomOf(target, seed, this.#index));
  }
  get done(): number {
    return this.#done;
  }
  /** Enough was found to look at. */
  get ended(): boolean {
    return this.#findings.length >= mostFindings;
  }
  /** The time that it had, held against its part: who has the least is fed next. */
  get served(): number {
    return this.#spentMs / this.target.weight;
  }
  get outcome(): Outcome {
    return {
      ...{ target: this.target.name, inputs: this.#done, seconds: this.#spentMs / 1_000 },
      ...{ slowestMs: this.#slowestMs, findings: this.#findings },
    };
  }

  async step(): Promise<void> {
    const { target } = this;
    const begun = performance.now();
    const index = this.#index;
    const random = randomOf(target, this.#seed, index);
    if (index % block === 0) {
      this.#next = target.begin(random);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const attempt = this.#next(randomOf(target, this.#seed, index));
    let took = await feed(attempt);
    // The collection of garbage makes any input slow once; a slow input is slow each time.
    for (let again = 0; again < 3 && typeof took === 'number' && took > target.limitMs; again += 1) {
      const repeated = await repeat(target, this.#seed, index);
      took = typeof repeated === 'number' ? Math.min(took, repeated) : took;
    }
    this.#index += 1;
    this.#done += 1;
    const slow =
      typeof took === 'number' && took > target.limitMs
        ? `took ${took.toFixed(0)} ms of processor time, of ${target.limitMs}`
        : null;
    if (typeof took === 'number') this.#slowestMs = Math.max(this.#slowestMs, took);
    this.#note(index, stray ?? (typeof took === 'string' ? took : slow), () => attempt.show().slice(0, 8_000));
    this.#spentMs += performance.now() - begun;
  }
  /** What came beside the way after the last input. */
  async finish(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#note(this.#index, stray, () => 'one of the last inputs');
  }
  #note(index: number, error: string | null, show: () => string): void {
    stray = null;
    if (error !== null) this.#findings.push({ target: this.target.name, index, error, input: show() });
  }
}

/** Feeds a target until it had as many inputs, or the time is over. */
export function fuzz(target: Target, bounds: Bounds): Promise<Outcome> {
  return watched(async () => {
    const feeding = new Feeding(target, bounds);
    const begun = performance.now();
    while (feeding.done < bounds.inputs && !feeding.ended && performance.now() - begun < bounds.seconds * 1_000)
      await feeding.step();
    await feeding.finish();
    return feeding.outcome;
  });
}

/** Inputs that one target gets before another's turn. */
const turn = 16;

/**
 * Feeds targets side by side, each for its part of the time, until they had as many inputs together or the time is over.
 * Whatever the time, each gets `least`: on a busy machine a slow parser would otherwise see next to nothing.
 */
export function fuzzAll(all: readonly Target[], bounds: Bounds & { readonly least: number }): Promise<readonly Outcome[]> {
  return watched(async () => {
    const feedings = all.map((target) => new Feeding(target, bounds));
    const begun = performance.now();
    const least = Math.min(bounds.least, Math.ceil(bounds.inputs / all.length));
    let total = 0;
    for (;;) {
      const late = performance.now() - begun >= bounds.seconds * 1_000;
      const open = feedings.filter((one) => !one.ended && (one.done < least || !late));
      const [first, ...rest] = open;
      if (first === undefined || (total >= bounds.inputs && open.every(({ done }) => done >= least))) break;
      const behind = open.find(({ done }) => total >= bounds.inputs && done < least);
      const next = behind ?? rest.reduce((poorest, one) => (one.served < poorest.served ? one : poorest), first);
      for (let index = 0; index < turn && !next.ended && (total < bounds.inputs || next.done < least); index += 1) {
        await next.step();
        total += 1;
      }
    }
    for (const feeding of feedings) await feeding.finish();
    return feedings.map(({ outcome }) => outcome);
  });
}
