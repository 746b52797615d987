import { randomBytes } from 'node:crypto';
import type { Random } from '../actors/ports.js';

/** Randomness of the operating system, fit for keys. `hex(n)` gives 2·n digits. */
export function createRandom(): Random {
  return { hex: (bytes) => randomBytes(bytes).toString('hex') };
}
