/** Reading and writing the binary form of a pulse: big-endian integers, variable-length integers, short texts. */

/** The bytes are not what the protocol says. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** Appends to a growing list of pieces. */
export class ByteWriter {
  readonly #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bytes(piece: Buffer): this {
    this.#pieces.push(piece);
    this.#length += piece.length;
    return this;
  }

  u8(value: number): this {
    return this.bytes(Buffer.of(clamp(value, 0xff)));
  }

  u16(value: number): this {
    const piece = Buffer.alloc(2);
    piece.writeUInt16BE(clamp(value, 0xffff));
    return this.bytes(piece);
  }

  u32(value: number): this {
    const piece = Buffer.alloc(4);
    piece.writeUInt32BE(clamp(value, 0xffff_ffff));
    return this.bytes(piece);
  }

  /** Seven bits a byte, least significant first; up to 2^53. */
  varint(value: number): this {
    const digits: number[] = [];
    let rest = clamp(value, Number.MAX_SAFE_INTEGER);
    while (rest >= 0x80) {
      digits.push((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    digits.push(rest);
    return this.bytes(Buffer.from(digits));
  }

  /** UTF-8, at most 255 bytes; what is longer is cut. */
  text(value: string): this {
    const piece = Buffer.from(value, 'utf8').subarray(0, 255);
    return this.u8(piece.length).bytes(piece);
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#pieces, this.#length);
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
