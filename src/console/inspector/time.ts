/** Times to the millisecond. */
import { clockTime } from '../i18n/time.js';

/** `03:12:09.456`, of the browser's day. */
export function exactTime(wallMs: number): string {
  return `${clockTime(wallMs)}.${String(new Date(wallMs).getMilliseconds()).padStart(3, '0')}`;
}
