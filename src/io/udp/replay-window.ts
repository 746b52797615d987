/** Remembers which of the last 64 sequence numbers came, so that each datagram counts once, in whatever order they arrive (RFC 4303, 3.4.3). */
export class ReplayWindow {
  static readonly size = 64;
  #highest = -1;
  /** Bit n: the datagram n below the highest came. */
  #seen = 0n;

  get highest(): number {
    return this.#highest;
  }

  /** Is that number new, and not too old to tell? */
  isFresh(sequence: number): boolean {
    if (sequence > this.#highest) return true;
    const age = this.#highest - sequence;
    return age < ReplayWindow.size && (this.#seen & (1n << BigInt(age))) === 0n;
  }

  /** Marks a number as come; only after the datagram proved authentic. */
  accept(sequence: number): void {
    if (sequence > this.#highest) {
      const ahead = sequence - this.#highest;
      this.#seen = ahead >= ReplayWindow.size ? 1n : BigInt.asUintN(ReplayWindow.size, (this.#seen << BigInt(ahead)) | 1n);
      this.#highest = sequence;
      return;
    }
    this.#seen |= 1n << BigInt(this.#highest - sequence);
  }
}
