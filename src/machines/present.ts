/** A value that must be there where it is asked for. @throws where it is not: a defect of the machine that asks. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`${what} is missing`);
  return value;
}
