import type { ProblemCode } from './codes.js';

/** Units of time in configuration files (compatibility page, section 2.0) and their length in milliseconds. */
export const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001 } as const;
/** One of `d h m s ms us`. */
export type TimeUnit = keyof typeof unitMs;

/** A value read from text, perhaps with a warning, or what is wrong with the text. */
export type Parsed<T> =
  | {
      readonly ok: true;
      readonly value: T;
      readonly warning?: { readonly code: ProblemCode; readonly message: string; readonly remedy: string };
    }
  | { readonly ok: false; readonly code: ProblemCode; readonly message: string };

const unitNames: Readonly<Record<TimeUnit, string>> = {
  d: 'days',
  h: 'hours',
  m: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
};
const isUnit = (text: string): text is TimeUnit => Object.hasOwn(unitMs, text);

/** The unit in words, for example `seconds`. */
export const unitName = (unit: TimeUnit): string => unitNames[unit];

/**
 * Reads a time. Without a unit it means the attribute's own, as in files of 7.x; with one it is converted to the attribute's own and rounded down
 * (compatibility page, section 2.0). A time that rounding would turn into nothing is an error, one that it changes gets a warning.
 *
 * @returns whole milliseconds.
 */
export function parseTime(text: string, implicit: TimeUnit): Parsed<number> {
  const [, digits, letters = ''] = /^(\d{1,15})\s*([a-z]*)$/.exec(text) ?? [];
  const unit = letters === '' ? implicit : letters;
  if (digits === undefined || !isUnit(unit)) {
    return {
      ok: false,
      code: 'CONF_ATTRIBUTE_VALUE',
      message: 'is not a time: a whole number, with one of the units d h m s ms us or none',
    };
  }
  const exact = (Number(digits) * unitMs[unit]) / unitMs[implicit];
  // The small addend keeps an exact result of a division from falling below itself.
  const rounded = Math.floor(exact + 1e-9);
  if (rounded === 0 && exact > 0) {
    return {
      ok: false,
      code: 'CONF_TIME_UNIT',
      message: `is an invalid value: the expected time unit is ${implicit} (${unitName(implicit)}), in which nothing is left of it`,
    };
  }
  const value = rounded * unitMs[implicit];
  if (Math.abs(rounded - exact) < 1e-9) return { ok: true, value };
  const message = `is rounded down to ${rounded}${implicit}: the unit of this attribute is ${implicit} (${unitName(implicit)})`;
  return {
    ok: true,
    value,
    warning: { code: 'CONF_TIME_ROUNDED', message, remedy: `Write ${rounded}${implicit}, if that is what you mean.` },
  };
}

/** Writes milliseconds with the largest unit that holds them as a whole number, for example `24h`. */
export function formatTime(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((candidate) => ms !== 0 && ms % unitMs[candidate] === 0) ?? 'ms';
  return `${ms / unitMs[unit]}${unit}`;
}
