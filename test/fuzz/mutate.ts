/** Changes valid inputs in ways that parsers trip over: single bits, lengths, repeated and exchanged pieces, cut ends, hostile words. */
import type { SeededRandom } from '../../src/sim/random.js';

const edges: readonly [number, ...number[]] = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/** One of a list that is not empty. */
export function pickFrom<T>(random: SeededRandom, items: readonly T[]): T {
  const item = items[random.between(0, items.length - 1)];
  if (item === undefined) throw new Error('There is nothing to pick from.');
  return item;
}

function randomBytes(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.between(0, 255)));
}

function changeBytes(random: SeededRandom, bytes: Buffer, others: readonly Buffer[]): Buffer {
  if (bytes.length === 0) return randomBytes(random, random.between(1, 80));
  const at = random.between(0, bytes.length - 1);
  const end = Math.min(bytes.length, at + random.between(1, 16));
  const changed = Buffer.from(bytes);
  switch (random.between(0, 9)) {
    case 0:
      changed[at] = (changed[at] ?? 0) ^ (1 << random.between(0, 7));
      return changed;
    case 1:
      changed[at] = random.pick(edges);
      return changed;
    case 2:
      return changed.fill(random.pick(edges), at, end);
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 6:
      return Buffer.concat([bytes.subarray(0, at), randomBytes(random, random.between(1, 12)), bytes.subarray(at)]);
    case 7: {
      const other = pickFrom(random, others);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.between(0, other.length))]);
    }
    case 8:
      changed[at] = ((changed[at] ?? 0) + random.between(-2, 2)) & 0xff;
      return changed;
    default:
      return Buffer.concat([bytes, randomBytes(random, random.between(1, 20))]);
  }
}

/** Bytes with one to four changes. */
export function mutateBytes(random: SeededRandom, bytes: Buffer, others: readonly Buffer[]): Buffer {
  let changed = bytes;
  for (let round = random.between(1, 4); round > 0; round -= 1) changed = changeBytes(random, changed, others);
  return changed;
}

const hostile: readonly string[] = [
  ...['\u0000', '\uD800', '\uFEFF', '\r', '\u202e', '__proto__', 'constructor', 'toString', '%', '%X%', '%00', '../', '\\', '"'],
  ...["'", '-1', '0', '1e309', '9007199254740993', '99999999999999999999', 'NaN', '2147483648', 'ſ', 'İ', '𝒳'],
];

function changeText(random: SeededRandom, text: string, others: readonly string[], words: readonly string[]): string {
  const at = random.between(0, text.length);
  const end = Math.min(text.length, at + random.between(1, 24));
  const before = text.slice(0, at);
  const after = text.slice(end);
  switch (random.between(0, 8)) {
    case 0:
      return before + pickFrom(random, words) + text.slice(at);
    case 1:
      return before + pickFrom(random, words) + after;
    case 2:
      return before + pickFrom(random, hostile) + text.slice(at);
    case 3:
      return before + after;
    case 4:
      return before + text.slice(at, end).repeat(random.between(2, random.chance(0.02) ? 2_000 : 6)) + after;
    case 5: {
      const other = pickFrom(random, others);
      const from = random.between(0, other.length);
      return before + other.slice(from, from + random.between(1, 200)) + after;
    }
    case 6:
      return random.chance(0.3) ? before : before + text.slice(at);
    case 7:
      return before + String.fromCharCode(random.between(0, random.chance(0.7) ? 0x7f : 0xffff)) + text.slice(at + 1);
    default: {
      // A word of the text in place of another one keeps it near to what is valid.
      const from = random.between(0, text.length);
      return before + text.slice(from, from + random.between(1, 40)) + after;
    }
  }
}

/** A text with one to five changes; `words` are those of its language. */
export function mutateText(random: SeededRandom, text: string, others: readonly string[], words: readonly string[]): string {
  let changed = text;
  for (let round = random.between(1, 5); round > 0; round -= 1) changed = changeText(random, changed, others, words);
  return changed;
}

/** A JSON value that nobody expects. */
export function oddValue(random: SeededRandom, depth = 0): unknown {
  switch (random.between(0, 11)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick([0, -0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, 2 ** 53, -(2 ** 31)]);
    case 3:
      return '';
    case 4:
      return pickFrom(random, hostile).repeat(random.pick([1, 2, 300]));
    case 5:
      return depth > 4 ? [] : Array.from({ length: random.between(0, 6) }, () => oddValue(random, depth + 1));
    case 6:
      return depth > 4
        ? {}
        : Object.fromEntries(
            Array.from({ length: random.between(0, 4) }, () => [pickFrom(random, hostile), oddValue(random, depth + 1)]),
          );
    case 7: {
      let deep: unknown = 1;
      for (let level = random.pick([3, 50, 3_000]); level > 0; level -= 1) deep = random.chance(0.5) ? [deep] : { a: deep };
      return deep;
    }
    default:
      return random.between(-5, 100_000);
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same JSON value with something in it exchanged, taken out or added. */
export function mutateValue(random: SeededRandom, value: unknown): unknown {
  if (random.chance(0.15)) return oddValue(random);
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    if (items.length === 0 || random.chance(0.2)) return [...items, oddValue(random)];
    if (random.chance(0.1)) return Array.from({ length: 300 }, () => items[0]);
    const at = random.between(0, items.length - 1);
    return random.chance(0.2) ? items.toSpliced(at, 1) : items.with(at, mutateValue(random, items[at]));
  }
  if (isRecord(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0 || random.chance(0.15)) return { ...value, [pickFrom(random, hostile)]: oddValue(random) };
    const [name, item] = pickFrom(random, entries);
    const rest = entries.filter(([other]) => other !== name);
    return Object.fromEntries(random.chance(0.2) ? rest : [...rest, [name, mutateValue(random, item)]]);
  }
  return typeof value === 'string' && random.chance(0.6) ? mutateText(random, value, [value], hostile) : oddValue(random);
}
