/** A file that is read in parts while it is sent: its size costs no memory, and a client that goes away ends it. */
import { Readable } from 'node:stream';
import type { Context } from './context.js';

/** What is sent, and what is done when it was, or could not be. */
export interface Download {
  readonly name: string;
  readonly bytes: number;
  /** The bytes from `offset` on, some of them; none at the end. */
  readonly part: (offset: number) => Promise<Uint8Array>;
  readonly release: () => void;
}

/** The file as a stream. A part that cannot be had breaks it off: the client sees that bytes are missing. */
function streamOf({ bytes, part, release }: Download): Readable {
  async function* parts(): AsyncGenerator<Uint8Array> {
    try {
      let offset = 0;
      while (offset < bytes) {
        const next = await part(offset);
        if (next.length === 0) throw new Error('the file has become shorter while it was read');
        offset += next.length;
        yield next;
      }
    } finally {
      release();
    }
  }
  return Readable.from(parts(), { objectMode: false, highWaterMark: 64 * 1024 });
}

const attachment = (name: string): string => `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`;

/** Answers with the file. */
export function sendDownload(ctx: Context, download: Download, type: string): void {
  ctx.status = 200;
  ctx.body = streamOf(download);
  ctx.type = type;
  ctx.length = download.bytes;
  ctx.set('Content-Disposition', attachment(download.name));
}
