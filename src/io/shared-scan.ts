/**
 * Shares one costly look among all who ask at the same time. Who asks while a look is under way gets the next one, because the
 * running one may have passed what the asker has just heard about; so an answer is never older than its question, and at most two
 * looks are pending.
 */
export class SharedScan<T> {
  readonly #look: () => Promise<T>;
  #running: Promise<unknown> | null = null;
  #queued: Promise<T> | null = null;

  constructor(look: () => Promise<T>) {
    this.#look = look;
  }

  /** The result of a look that begins after this call. */
  next(): Promise<T> {
    if (this.#queued === null) this.#queued = this.#start(this.#running ?? Promise.resolve());
    return this.#queued;
  }

  async #start(before: Promise<unknown>): Promise<T> {
    // A failed look is its askers' affair; the next one begins all the same.
    await before.catch(() => undefined);
    this.#running = this.#queued;
    this.#queued = null;
    const mine = this.#running;
    try {
      return await this.#look();
    } finally {
      if (this.#running === mine) this.#running = null;
    }
  }
}
