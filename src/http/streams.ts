/** The event streams that are open, and whose they are: bounded, and ended when who opened them may no more. */
import type { Context, State } from './context.js';
import { type EventStream, openEventStream } from './event-stream.js';
import { ApiError } from './problem.js';

/** A session that nobody uses ends by itself: how often open streams are looked at for that. */
const endedCheckMs = 60_000;

export interface StreamLimits {
  /** Event streams and followed logs at once. Those of the CLI's socket do not count, and are not refused. */
  readonly streams: number;
  /** Of one user or token; without a login, of one address. Otherwise one who may only look could take all of them. */
  readonly streamsPerUser: number;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  readonly togetherMs: number;
}
export interface Streams {
  /** Answers with a stream. @throws ApiError HTTP_BUSY */
  open(ctx: Context): EventStream;
  /** Ends those whose opener has ended. */
  closeEnded(): void;
}

/** For counting: everybody without a login is an address. */
const ownerOf = ({ user, proof, source }: State): string => (user === null ? source : `${proof} ${user}`);

/** @param goesOn whether who opened a stream may still have it. */
export function createStreams(limits: StreamLimits, goesOn: (state: State) => boolean): Streams {
  const streams = new Map<EventStream, State>();
  let watch: NodeJS.Timeout | null = null;

  function closeEnded(): void {
    for (const [stream, state] of streams) if (!goesOn(state)) stream.close();
  }
  function makeSure(state: State): void {
    if (state.proof === 'socket') return;
    const others = [...streams.values()].filter(({ proof }) => proof !== 'socket');
    const own = others.filter((one) => ownerOf(one) === ownerOf(state)).length;
    if (others.length < limits.streams && own < limits.streamsPerUser) return;
    const what = own >= limits.streamsPerUser ? `You have ${own} event streams` : `There are ${others.length} event streams`;
    throw new ApiError('HTTP_BUSY', `${what} already.`, { headers: { 'Retry-After': '5' } });
  }
  return {
    open(ctx) {
      makeSure(ctx.state);
      ctx.respond = false;
      ctx.status = 200;
      const opened = openEventStream(ctx.res, limits);
      streams.set(opened, ctx.state);
      watch ??= setInterval(closeEnded, endedCheckMs);
      opened.onClose(() => {
        streams.delete(opened);
        if (streams.size > 0 || watch === null) return;
        clearInterval(watch);
        watch = null;
      });
      return opened;
    },
    closeEnded,
  };
}
