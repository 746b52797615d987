import { isAddress, isHost, isNetmask, withoutBrackets } from './addresses.js';
import { compilePosixRegex } from './posix-regex.js';
import { formatTime, type Parsed, parseTime, type TimeUnit, unitMs, unitName } from './time-value.js';
import type { ModuleMode } from './types.js';

/** One attribute of an element: how its text is read, what it means, and what stands when it is left out. */
export interface AttributeSpec<T> {
  readonly name: string;
  readonly doc: string;
  /** What is allowed, in words: the remedy of every finding about the value, and a column of the reference. */
  readonly allowed: string;
  /** Default as it would be written in a file, or in words; null when there is none. */
  readonly defaultText: string | null;
  readonly required: boolean;
  /** Value when the attribute is left out, or wrong and reported. */
  readonly fallback: T;
  readonly parse: (text: string) => Parsed<T>;
  /** Version that brought it, or `ours`. */
  readonly since: string | null;
  /** Modes of module in which it has an effect; null: all. */
  readonly modes: readonly ModuleMode[] | null;
  /** Accepted, but without effect, for this reason. */
  readonly ignored: string | null;
}

/** What an attribute can say about itself beside its type. */
export interface AttributeOptions {
  readonly since?: string;
  readonly modes?: readonly ModuleMode[];
  readonly ignored?: string;
}

const wrong = (message: string): Parsed<never> => ({ ok: false, code: 'CONF_ATTRIBUTE_VALUE', message });

function create<T>(
  name: string,
  doc: string,
  allowed: string,
  initial: { readonly fallback: T; readonly defaultText: string | null },
  parse: (text: string) => Parsed<T>,
  options: AttributeOptions = {},
): AttributeSpec<T> {
  const { since = null, modes = null, ignored = null } = options;
  return { name, doc, allowed, ...initial, required: false, parse, since, modes, ignored };
}

/** Any text that passes the test; `fallback` is the default. */
function checkedText(
  name: string,
  fallback: string,
  doc: string,
  allowed: string,
  test: (text: string) => boolean,
  options?: AttributeOptions,
) {
  const parse = (text: string): Parsed<string> =>
    test(text) ? { ok: true, value: text } : wrong(text === '' ? 'is empty' : 'is not allowed');
  return create(name, doc, allowed, { fallback, defaultText: fallback }, parse, options);
}

/** A text that is not empty. */
export const text = (name: string, fallback: string, doc: string, options?: AttributeOptions): AttributeSpec<string> =>
  checkedText(name, fallback, doc, 'a text that is not empty', (value) => value.trim() !== '', options);

/** Any text, also an empty one. */
export const anyText = (name: string, fallback: string, doc: string, options?: AttributeOptions): AttributeSpec<string> =>
  checkedText(name, fallback, doc, 'any text', () => true, options);

/** A text of the given shape; `allowed` says in words what that is. */
export const shaped = (
  name: string,
  fallback: string,
  doc: string,
  shape: RegExp,
  allowed: string,
  options?: AttributeOptions,
): AttributeSpec<string> => checkedText(name, fallback, doc, allowed, (value) => shape.test(value), options);

/** A name that is used on command lines and in addresses of the web service. */
export const plainName = (name: string, doc: string): AttributeSpec<string> =>
  shaped(
    name,
    '',
    doc,
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'a name of 1 to 63 letters, digits, dots, underscores and hyphens that begins with a letter or digit',
  );

/** An IPv4 address, an IPv6 address in brackets or not, or a DNS name. The value has no brackets. */
export function host(name: string, fallback: string, doc: string, also: readonly string[] = []): AttributeSpec<string> {
  const allowed = [
    ...also.map((value) => `\`${value}\``),
    'an IPv4 address, an IPv6 address such as [2001:db8::1], or a DNS name',
  ].join(', ');
  const parse = (value: string): Parsed<string> =>
    also.includes(value) || isHost(value) ? { ok: true, value: withoutBrackets(value) } : wrong('is no address');
  return create(name, doc, allowed, { fallback, defaultText: fallback }, parse);
}

/** An IPv4 or IPv6 address, and no name. The value has no brackets. */
export function address(name: string, doc: string): AttributeSpec<string> {
  const allowed = 'an IPv4 or IPv6 address';
  const parse = (value: string): Parsed<string> =>
    isAddress(value) ? { ok: true, value: withoutBrackets(value) } : wrong('is no address');
  return create(name, doc, allowed, { fallback: '', defaultText: '' }, parse);
}

/** An IPv4 network mask. */
export const netmask = (name: string, doc: string): AttributeSpec<string> =>
  checkedText(name, '', doc, 'an IPv4 mask such as 255.255.255.0', isNetmask);

/** A POSIX extended regular expression, after a leading `!` where that inverts it. */
export function regex(name: string, doc: string, inverted: 'may be inverted' | 'plain'): AttributeSpec<string> {
  const allowed =
    inverted === 'plain' ? 'a POSIX extended regular expression' : 'a POSIX extended regular expression, after `!` to invert it';
  const parse = (value: string): Parsed<string> => {
    const pattern = inverted === 'plain' ? value : value.replace(/^!/, '');
    if (pattern === '') return wrong('is empty');
    const result = compilePosixRegex(pattern, { ignoreCase: false });
    return result.ok ? { ok: true, value } : { ok: false, code: 'CONF_REGEX', message: `cannot be used: ${result.message}` };
  };
  return create(name, doc, allowed, { fallback: '', defaultText: '' }, parse);
}

/** A whole number between two limits, both allowed. */
export function integer(
  name: string,
  fallback: number,
  doc: string,
  min: number,
  max: number,
  options?: AttributeOptions,
): AttributeSpec<number> {
  const allowed = `a whole number from ${min} to ${max}`;
  const parse = (written: string): Parsed<number> => {
    const value = Number(written);
    return /^\s*-?\d{1,15}\s*$/.test(written) && value >= min && value <= max ? { ok: true, value } : wrong('is not allowed');
  };
  return create(name, doc, allowed, { fallback, defaultText: String(fallback) }, parse, options);
}

/** A TCP or UDP port. */
export const port = (name: string, fallback: number, doc: string, options?: AttributeOptions): AttributeSpec<number> =>
  integer(name, fallback, doc, 1, 65_535, options);

/** One of a few words. */
export function choice<const V extends string>(
  name: string,
  values: readonly V[],
  fallback: V,
  doc: string,
  options?: AttributeOptions,
): AttributeSpec<V> {
  const allowed = values.map((value) => `\`${value}\``).join(', ');
  const parse = (written: string): Parsed<V> => {
    const value = values.find((candidate) => candidate === written.trim());
    return value === undefined ? wrong('is not allowed') : { ok: true, value };
  };
  return create(name, doc, allowed, { fallback, defaultText: fallback }, parse, options);
}

/** One of two words for true and false, the one for true first. */
function twoWords(
  name: string,
  words: readonly [string, string],
  fallback: boolean,
  doc: string,
  options?: AttributeOptions,
): AttributeSpec<boolean> {
  const base = choice(name, words, words[fallback ? 0 : 1], doc, options);
  const parse = (written: string): Parsed<boolean> => {
    const result = base.parse(written);
    return result.ok ? { ok: true, value: result.value === words[0] } : result;
  };
  return { ...base, fallback, parse };
}
/** `on` or `off`. */
export const onOff = (name: string, fallback: boolean, doc: string, options?: AttributeOptions): AttributeSpec<boolean> =>
  twoWords(name, ['on', 'off'], fallback, doc, options);
/** `yes` or `no`. */
export const yesNo = (name: string, fallback: boolean, doc: string, options?: AttributeOptions): AttributeSpec<boolean> =>
  twoWords(name, ['yes', 'no'], fallback, doc, options);

/** Longest time of a timer: beyond 2^31 ms the timers of Node fire at once. */
const longestTimerMs = 24 * unitMs.d;

/** A time in milliseconds. `unit` is the one that a number without a unit means; the default is given in it. */
export function time(
  name: string,
  fallback: number,
  unit: TimeUnit,
  doc: string,
  options: AttributeOptions & { readonly minMs?: number; readonly maxMs?: number } = {},
): AttributeSpec<number> {
  const { minMs = unitMs[unit], maxMs = longestTimerMs, ...rest } = options;
  const allowed = `a time from ${formatTime(minMs)} to ${formatTime(maxMs)}; without a unit it is in ${unitName(unit)}`;
  const parse = (written: string): Parsed<number> => {
    const parsed = parseTime(written.trim(), unit);
    return parsed.ok && (parsed.value < minMs || parsed.value > maxMs) ? wrong('is too short or too long') : parsed;
  };
  return create(name, doc, allowed, { fallback: fallback * unitMs[unit], defaultText: `${fallback}${unit}` }, parse, rest);
}

/** The same attribute, but it must be given. */
export const required = <T>(spec: AttributeSpec<T>): AttributeSpec<T> => ({ ...spec, required: true, defaultText: null });

/** The same attribute, null when left out; `defaultText` says in words what then holds. */
export const optional = <T>(spec: AttributeSpec<T>, defaultText: string | null = null): AttributeSpec<T | null> => ({
  ...spec,
  fallback: null,
  defaultText,
});
