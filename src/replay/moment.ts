/** A moment as people write it, in ms since 1970: ISO 8601, ms since 1970, or the last 03:12 (03:12:40) of the local day before `beforeMs`. */
export function parseMoment(text: string, beforeMs: number): number {
  if (/^\d{11,15}$/.test(text)) return Number(text);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (clock !== null) {
    const [, hours = '0', minutes = '0', seconds] = clock;
    const day = new Date(beforeMs);
    // A minute without seconds means all of it.
    day.setHours(Number(hours), Number(minutes), seconds === undefined ? 59 : Number(seconds), 999);
    if (Number(hours) < 24 && Number(minutes) < 60 && Number(seconds ?? 0) < 60) {
      return day.getTime() - 59_999 > beforeMs ? new Date(day).setDate(day.getDate() - 1) : day.getTime();
    }
  }
  // Date.parse takes almost anything: only what begins with a date is one here.
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new Error(`'${text}' is no time: write 03:12, 03:12:40 or 2026-01-31T03:12:40`);
  return time;
}
