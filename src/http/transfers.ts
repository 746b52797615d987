/** Archives that other nodes send in pieces, in memory until they are taken or a minute has passed. */
import type { Outcome } from '../actors/face.js';

const mostBytes = 64 * 1024 * 1024;
const mostTransfers = 4;
const keptMs = 60_000;

interface Transfer {
  readonly pieces: Uint8Array[];
  bytes: number;
  timer: NodeJS.Timeout;
}
export interface Transfers {
  /** Adds a piece that begins at `offset`. */
  add(from: string, id: string, offset: number, piece: Uint8Array): Outcome<null>;
  /** The whole archive; it is forgotten here. */
  take(from: string, id: string): Outcome<Uint8Array>;
  close(): void;
}

const fail = (code: string, message: string): Outcome<never> => ({ ok: false, failure: { code, message } });

export function createTransfers(): Transfers {
  const transfers = new Map<string, Transfer>();
  function forget(key: string): void {
    const known = transfers.get(key);
    if (known !== undefined) clearTimeout(known.timer);
    transfers.delete(key);
  }
  function later(key: string): NodeJS.Timeout {
    return setTimeout(() => forget(key), keptMs).unref();
  }
  return {
    add(from, id, offset, piece) {
      const key = `${from}\0${id}`;
      const known = transfers.get(key);
      if (known === undefined) {
        if (offset !== 0) return fail('HTTP_BODY', 'The pieces before this one are not here (any more).');
        if (transfers.size >= mostTransfers) return fail('HTTP_BUSY', `There are ${mostTransfers} transfers already.`);
        transfers.set(key, { pieces: [piece], bytes: piece.length, timer: later(key) });
        return { ok: true, value: null };
      }
      if (offset !== known.bytes) return fail('HTTP_BODY', `The next piece begins at ${known.bytes}.`);
      if (known.bytes + piece.length > mostBytes) {
        forget(key);
        return fail('HTTP_TOO_LARGE', `An archive has at most ${mostBytes} bytes.`);
      }
      known.pieces.push(piece);
      known.bytes += piece.length;
      clearTimeout(known.timer);
      known.timer = later(key);
      return { ok: true, value: null };
    },
    take(from, id) {
      const key = `${from}\0${id}`;
      const known = transfers.get(key);
      if (known === undefined) return fail('HTTP_BODY', 'Nothing was transferred under that name.');
      forget(key);
      return { ok: true, value: Buffer.concat(known.pieces) };
    },
    close() {
      for (const key of [...transfers.keys()]) forget(key);
    },
  };
}
