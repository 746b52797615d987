/** Times as people read them, in the language of the moment. */
import { language } from './i18n.js';

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
  const day = new Intl.DateTimeFormat(language.value, {
    day: 'numeric',
    month: 'short',
    ...(date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }),
  });
  return `${day.format(date)} ${clockTime(wallMs)}`;
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
  const digits = ms < 10_000 ? 1 : 0;
  const seconds = new Intl.NumberFormat(language.value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${seconds.format(Math.max(0, ms) / 1000)} s`;
}
/** Day and year, without the time. */
export function dayName(wallMs: number): string {
  return new Intl.DateTimeFormat(language.value, { dateStyle: 'long' }).format(new Date(wallMs));
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
