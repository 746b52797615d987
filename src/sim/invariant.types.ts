/** What an invariant of a simulated world is. */
import type { Fact } from './facts.js';

/** One invariant of a world: it says what is wrong, or null. */
export interface Invariant {
  readonly name: string;
  /** The sentence that must hold. */
  readonly statement: string;
  /** It is about what a module's records say; its conditions begin with `node/module`. */
  readonly ofModules: boolean;
  onFact?(fact: Fact, atMs: number): string | null;
  /** Every quarter of a second of virtual time. */
  onCheck?(atMs: number): string | null;
}
export interface Violation {
  readonly invariant: string;
  readonly statement: string;
  readonly atMs: number;
  readonly condition: string;
}

/** How often conditions that only time can break are looked at, in ms. */
export const checkEveryMs = 250;
