/** Thrown by a reader of rules where it cannot go on; what is wrong has been reported. */
export class GiveUp extends Error {}

/** Reads something, or what is to be done where the reader gives up; any other error is thrown on. */
export function attempt<T>(read: () => T, otherwise: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GiveUp)) throw error;
    return otherwise();
  }
}
