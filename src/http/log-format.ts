/**
 * The classic one-line forms of log entries (section 7.3 of the compatibility page). Pure and without imports, so that the HTTP surface,
 * the CLI and the console print the same.
 */

/** What the module log's line needs of an entry. */
export interface ClassicEntry {
  /** Wall time in ms since 1970; a fraction becomes microseconds. */
  readonly wallMs: number;
  readonly level: string;
  readonly component: string;
  readonly message: string;
}
/** What the command log's line needs of an entry. */
export interface ClassicCommandEntry {
  readonly wallMs: number;
  readonly who: string;
  readonly module: string | null;
  readonly phase: string;
  readonly text: string;
}

const digits = (value: number, width: number): string => String(value).padStart(width, '0');

/** Control characters would let a script's message forge lines or drive the reader's terminal. */
const plain = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

/** `2026-01-31 14:22:33.123456`, in local time unless `utc`. A time that is no time becomes dashes of the same width. */
export const formatClassicTime = (wallMs: number, utc = false): string => {
  const whole = Math.floor(wallMs);
  const date = new Date(whole);
  if (Number.isNaN(date.getTime())) return '---------- --:--:--.------';
  const micros = Math.floor((wallMs - whole) * 1000);
  const day = utc
    ? [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
    : [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  const time = utc
    ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    : [date.getHours(), date.getMinutes(), date.getSeconds()];
  const milliseconds = utc ? date.getUTCMilliseconds() : date.getMilliseconds();
  const left = day.map((part, index) => digits(part, index === 0 ? 4 : 2)).join('-');
  return `${left} ${time.map((part) => digits(part, 2)).join(':')}.${digits(milliseconds, 3)}${digits(micros, 3)}`;
};

/** `| date time.microseconds | component | level | message`. */
export const formatClassic = (entry: ClassicEntry, utc = false): string =>
  `| ${formatClassicTime(entry.wallMs, utc)} | ${plain(entry.component)} | ${plain(entry.level)} | ${plain(entry.message)}`;

/** `| date time.microseconds | who | module | phase | text`: arguments at START, the code at END. A command about no module has a hyphen. */
export const formatCommandClassic = (entry: ClassicCommandEntry, utc = false): string =>
  `| ${formatClassicTime(entry.wallMs, utc)} | ${plain(entry.who)} | ${plain(entry.module ?? '-')} | ${plain(entry.phase)} | ${plain(entry.text)}`;
