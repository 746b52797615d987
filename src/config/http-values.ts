/** What the attributes of an HTTP checker can hold. */
import type { HttpCheck } from './types.js';

/** Whether it is an `http:` or `https:` address with a host, and no password in it. */
export function isHttpUrl(written: string): boolean {
  if (!/^https?:\/\/[^/]/i.test(written) || !URL.canParse(written)) return false;
  const { username, password } = new URL(written);
  return username === '' && password === '';
}

/** Codes and ranges of codes from 100 to 599, commas between; null when it is anything else. */
export function parseStatusRanges(written: string): HttpCheck['status'] | null {
  const ranges = written.split(',').map((part) => {
    const [, from, to] = /^\s*([1-5]\d\d)(?:-([1-5]\d\d))?\s*$/.exec(part) ?? [];
    return from === undefined ? null : { from: Number(from), to: Number(to ?? from) };
  });
  const good = ranges.filter((range) => range !== null && range.from <= range.to);
  return good.length === ranges.length ? good.filter((range) => range !== null) : null;
}
