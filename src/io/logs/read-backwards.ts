/** Reads lines from the end of a file, so that the last few of a long log cost no more than themselves. */
import type { ReadHandle } from './rotating-file.js';

const chunkBytes = 64 * 1024;
const lineFeed = 0x0a;

/** The longest line that is looked at; a longer one is damage and is left out. */
export const maxLineBytes = 1024 * 1024;

/** Lines from last to first, without their line feeds; empty ones and overlong ones are left out. A file that shrank meanwhile just ends earlier. */
export async function* linesBackwards(handle: ReadHandle): AsyncGenerator<string> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let position = handle.size;
  /** Pieces of the line that is being put together, last piece first. */
  let pieces: Buffer[] = [];
  let length = 0;
  let skipping = false;

  const keep = (piece: Buffer): void => {
    length += piece.length;
    if (length > maxLineBytes) {
      skipping = true;
      pieces = [];
    } else if (!skipping && piece.length > 0) {
      pieces.push(Buffer.from(piece));
    }
  };
  const finish = (): string | null => {
    const line = skipping || length === 0 ? null : Buffer.concat(pieces.reverse()).toString('utf8');
    pieces = [];
    length = 0;
    skipping = false;
    return line === '' ? null : line;
  };

  while (position > 0) {
    const want = Math.min(chunkBytes, position);
    position -= want;
    const got = await handle.read(buffer.subarray(0, want), position);
    let end = got;
    for (;;) {
      const feed = end === 0 ? -1 : buffer.lastIndexOf(lineFeed, end - 1);
      keep(buffer.subarray(feed + 1, end));
      if (feed < 0) break;
      const line = finish();
      if (line !== null) yield line;
      end = feed;
    }
  }
  const first = finish();
  if (first !== null) yield first;
}
