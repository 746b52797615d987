/** Reads bodies within limits: of one request, of one client, and of all together. */
import type { IncomingMessage } from 'node:http';
import { ApiError } from './problem.js';

/** Bytes of bodies that may be in memory at once, from all clients and from one. */
export interface BodyBudget {
  readonly total: number;
  readonly perSource: number;
}
export const defaultBodyBudget: BodyBudget = { total: 160 * 1024 * 1024, perSource: 80 * 1024 * 1024 };
/** Other machines have proved nothing before their body has been read. */
export const strangersBudget: BodyBudget = { total: 48 * 1024 * 1024, perSource: 16 * 1024 * 1024 };

export interface BodyReader {
  /** @throws ApiError HTTP_TOO_LARGE, HTTP_BUSY, HTTP_BODY (cut off) */
  read(request: IncomingMessage, limit: number, source: string, budget: BodyBudget): Promise<Buffer>;
}

/** One per daemon, so that it knows what all requests hold. What has been read counts until the body is whole. */
export function createBodyReader(): BodyReader {
  const bySource = new Map<string, number>();
  let total = 0;

  function hold(source: string, bytes: number): void {
    total += bytes;
    const held = (bySource.get(source) ?? 0) + bytes;
    if (held <= 0) bySource.delete(source);
    else bySource.set(source, held);
  }
  return {
    async read(request, limit, source, budget) {
      const tooLarge = new ApiError('HTTP_TOO_LARGE', `The body may have at most ${limit} bytes.`);
      if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge;
      const chunks: Buffer[] = [];
      let bytes = 0;
      try {
        // An early end must not break the connection, nor close it: the refusal still has to go out while the rest comes in and is dropped.
        for await (const chunk of request.iterator({ destroyOnReturn: false })) {
          if (!Buffer.isBuffer(chunk)) continue;
          bytes += chunk.length;
          hold(source, chunk.length);
          if (bytes > limit) throw tooLarge;
          if (total > budget.total || (bySource.get(source) ?? 0) > budget.perSource) {
            throw new ApiError('HTTP_BUSY', 'Too many large requests at once; try again in a moment.', {
              headers: { 'Retry-After': '1' },
            });
          }
          chunks.push(chunk);
        }
      } catch (error) {
        request.resume();
        throw error instanceof ApiError ? error : new ApiError('HTTP_BODY', 'The body was cut off.');
      } finally {
        hold(source, -bytes);
      }
      return Buffer.concat(chunks);
    },
  };
}

/** A body piece by piece. What is not read in the end is dropped, so that the refusal can go out. @throws ApiError HTTP_BODY (cut off) */
export async function* bodyChunks(source: IncomingMessage | readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  if (!('iterator' in source)) {
    yield* source;
    return;
  }
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) if (chunk instanceof Uint8Array) yield chunk;
  } catch {
    throw new ApiError('HTTP_BODY', 'The body was cut off.');
  } finally {
    source.resume();
  }
}
