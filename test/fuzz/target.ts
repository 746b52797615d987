/** What is fuzzed, and how an input is told to have been handled well. */
import type { SeededRandom } from '../../src/sim/random.js';

/** One input on its way. */
export interface Attempt {
  /** Hands it to the parser. What it throws is a crash: documented refusals are caught in here. */
  readonly feed: () => void | Promise<void>;
  /** The input itself, for the report. */
  readonly show: () => string;
}
/** A parser. Its state, if it has one, begins anew with each block of inputs, so that a finding can be shown again. */
export interface Target {
  readonly name: string;
  /** Its part of the time: what takes long for an input gets fewer inputs, never none. */
  readonly weight: number;
  /** An input that takes more processor time is a finding. */
  readonly limitMs: number;
  /** @returns what makes the block's inputs. */
  readonly begin: (random: SeededRandom) => (random: SeededRandom) => Attempt;
}

/** Fails an input for what came out of it. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Broken promise: ${what}`);
}

/** For reports. */
export const showBytes = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
