/** Values as JSON holds them, without what may hold secrets that a macro put there: for the journal, and for whoever looks. */

const hidden = '(not recorded)';
const concealing = (key: string, value: unknown): unknown => (key === 'argRegex' && typeof value === 'string' ? hidden : value);

/** A value as JSON holds it, without what must not be written. An error becomes its text. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, concealing) ?? 'null');
}
