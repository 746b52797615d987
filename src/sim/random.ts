/** The simulator's randomness: everything that is not decided by a scenario comes from one seed. */

export interface SeededRandom {
  /** At least 0, less than 1. */
  uniform(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
  hex(bytes: number): string;
  /** A generator of its own, so that what one part draws does not move what another gets. */
  fork(name: string): SeededRandom;
}

/** FNV-1a: a 32-bit digest of a text. */
export function digest32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** A generator (sfc32, by Chris Doty-Humphrey, public domain) that gives the same numbers for the same seed everywhere. */
export function createSeededRandom(seed: string): SeededRandom {
  let a = digest32(`${seed}/a`);
  let b = digest32(`${seed}/b`);
  let c = digest32(`${seed}/c`);
  let d = 1;
  const next = (): number => {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 12; round += 1) next();
  const random: SeededRandom = {
    uniform: next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    hex: (bytes) => Array.from({ length: bytes }, () => random.between(0, 255).toString(16).padStart(2, '0')).join(''),
    fork: (name) => createSeededRandom(`${seed}/${name}`),
  };
  return random;
}
