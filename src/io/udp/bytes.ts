/** Reading and writing the binary form of a pulse: big-endian integers, variable-length integers, short texts. */

/** The bytes are not what the protocol says. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** Bytes that a writer begins with; it doubles them when they are full. */
const firstSize = 128;

/** Appends to one growing buffer. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(firstSize);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bytes(piece: Buffer): this {
    const at = this.#grow(piece.length);
    piece.copy(this.#buffer, at);
    return this;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#buffer[at] = clamp(value, 0xff);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#buffer.writeUInt16BE(clamp(value, 0xffff), at);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(clamp(value, 0xffff_ffff), at);
    return this;
  }

  /** Seven bits a byte, least significant first; up to 2^53. */
  varint(value: number): this {
    let rest = clamp(value, Number.MAX_SAFE_INTEGER);
    while (rest >= 0x80) {
      this.u8((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.u8(rest);
  }

  /** UTF-8, at most 255 bytes; what is longer is cut. */
  text(value: string): this {
    const piece = Buffer.from(value, 'utf8').subarray(0, 255);
    return this.u8(piece.length).bytes(piece);
  }

  /** What was written so far; nothing may be written after. */
  toBuffer(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Makes room. @returns where it begins. */
  #grow(by: number): number {
    const at = this.#length;
    this.#length += by;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}

function clamp(value: number, max: number): number {
  return Number.isFinite(value) ? Math.min(max, Math.max(0, Math.floor(value))) : 0;
}

/** Takes from the front; every read past the end is a MalformedError. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  bytes(length: number): Buffer {
    if (length > this.remaining) throw new MalformedError('The datagram ends too early.');
    const piece = this.#buffer.subarray(this.#at, this.#at + length);
    this.#at += length;
    return piece;
  }

  u8(): number {
    return this.bytes(1).readUInt8();
  }

  u16(): number {
    return this.bytes(2).readUInt16BE();
  }

  u32(): number {
    return this.bytes(4).readUInt32BE();
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    while (true) {
      const digit = this.u8();
      value += (digit & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new MalformedError('An integer is too large.');
      if (digit < 0x80) return value;
      scale *= 0x80;
      if (scale > Number.MAX_SAFE_INTEGER) throw new MalformedError('An integer is too long.');
    }
  }

  text(): string {
    return this.bytes(this.u8()).toString('utf8');
  }
}
