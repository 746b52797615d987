/** Times as people read them, in the language of the moment. */
import { remembered } from './format.js';
import { language } from './i18n.js';

const day = { day: 'numeric', month: 'short' } as const;
const dayOf = remembered((of) => new Intl.DateTimeFormat(of, day));
const dayOfYear = remembered((of) => new Intl.DateTimeFormat(of, { ...day, year: 'numeric' }));
const longDay = remembered((of) => new Intl.DateTimeFormat(of, { dateStyle: 'long' }));
const numberOf = (digits: number): ((of: string) => Intl.NumberFormat) =>
  remembered((of) => new Intl.NumberFormat(of, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
const [wholeNumber, tenths] = [numberOf(0), numberOf(1)];

const pad = (value: number): string => String(value).padStart(2, '0');

/** `03:12:09`, of the browser's day. */
export function clockTime(wallMs: number): string {
  const date = new Date(wallMs);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}
/** Date and time; today only the time. */
export function dayTime(wallMs: number, nowMs: number): string {
  const [date, now] = [new Date(wallMs), new Date(nowMs)];
  if (date.toDateString() === now.toDateString()) return clockTime(wallMs);
  const words = date.getFullYear() === now.getFullYear() ? dayOf : dayOfYear;
  return `${words(language.value).format(date)} ${clockTime(wallMs)}`;
}
/** `0:03`, `12:40`, `3 h 20`, `41 d`: short, and never longer than it has to be. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return `${hours} h ${pad(Math.floor((seconds % 3600) / 60))}`;
  return language.value === 'fr' ? `${Math.floor(hours / 24)} j` : `${Math.floor(hours / 24)} d`;
}
/** `0.7 s`, `12 s`, then as `duration`: for what is over, where tenths tell something. */
export function span(ms: number): string {
  if (ms >= 60_000) return duration(ms);
  const seconds = ms < 10_000 ? tenths : wholeNumber;
  return `${seconds(language.value).format(Math.max(0, ms) / 1000)} s`;
}
/** Day and year, without the time. */
export function dayName(wallMs: number): string {
  return longDay(language.value).format(new Date(wallMs));
}
/** A moment of an address: ms since 1970 or ISO 8601; null where it is neither. */
export function momentOf(text: string | null): number | null {
  if (text === null || text === '') return null;
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(ms) ? ms : null;
}
/** `03:12:09.456`. */
export function exactTime(wallMs: number): string {
  return `${clockTime(wallMs)}.${String(new Date(wallMs).getMilliseconds()).padStart(3, '0')}`;
}
