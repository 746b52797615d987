/**
 * One channel: what waits for it, the message that it is trying to hand over, and the pauses between attempts. It is bounded: one message is
 * tried, everything newer waits together and becomes the next one; what has no room is counted and told.
 */
import type { NotificationChannelStatus } from '../../actors/face.js';
import type { Clock } from '../../actors/ports.js';
import type { Attempt, Send } from './attempt.js';
import { type ChannelConfig, targetOf } from './config.js';
import type { Item, Message } from './message.js';

/** What is told of the work of a channel. */
export type ChannelNews =
  | { readonly type: 'failed'; readonly reason: string; readonly remedy: string }
  | { readonly type: 'recovered' }
  | { readonly type: 'lost'; readonly count: number }
  | { readonly type: 'note'; readonly note: string };

export interface ChannelOptions {
  readonly config: ChannelConfig;
  readonly send: Send;
  readonly clock: Clock;
  /** Makes a message of what waited. */
  readonly compose: (items: readonly Item[], lost: number) => Message;
  readonly onNews: (news: ChannelNews) => void;
  readonly limits?: Partial<ChannelLimits>;
}
export interface ChannelLimits {
  /** Events that wait; the oldest make room. */
  readonly waiting: number;
  readonly firstPauseMs: number;
  readonly lastPauseMs: number;
  /** A message that could not be handed over for so long is given up. */
  readonly giveUpMs: number;
}
export const defaultChannelLimits: ChannelLimits = {
  waiting: 500,
  firstPauseMs: 5_000,
  lastPauseMs: 300_000,
  giveUpMs: 24 * 3_600_000,
};

export interface Channel {
  readonly config: ChannelConfig;
  /** Tells these as soon as it can. Never waits, never throws. */
  add(items: readonly Item[]): void;
  /** One attempt now, beside what waits. */
  test(message: Message): Promise<Attempt>;
  status(): NotificationChannelStatus;
  /** Events that were told, attempts that failed, events that were lost. */
  counts(): { readonly sent: number; readonly failed: number; readonly lost: number; readonly queued: number };
  /** Tries what waits once more, and ends; what is under way then is broken off after `limitMs`. */
  close(limitMs: number): Promise<void>;
}

interface Trying {
  readonly message: Message;
  readonly events: number;
  readonly sinceMs: number;
  pauseMs: number;
}

/** A channel at rest. */
export function createChannel(options: ChannelOptions): Channel {
  const { config, send, clock, compose, onNews } = options;
  const limits = { ...defaultChannelLimits, ...options.limits };
  let waiting: readonly Item[] = [];
  let trying: Trying | null = null;
  let running: Promise<void> | null = null;
  let timer: unknown = null;
  let nextWallMs: number | null = null;
  let failing = false;
  let closed = false;
  /** Lost, and not told by the channel yet. */
  let untold = 0;
  let sent = 0;
  let failures = 0;
  let lost = 0;
  let lastSent: string | null = null;
  let lastFailure: NotificationChannelStatus['lastFailure'] = null;
  const limitsOfAttempts = new Set<AbortController>();
  const iso = (): string => new Date(clock.wallMs()).toISOString();

  const attempt = async (message: Message): Promise<Attempt> => {
    const limit = new AbortController();
    limitsOfAttempts.add(limit);
    const late = clock.setTimeout(() => limit.abort(), config.timeoutMs);
    try {
      return await send(message, limit.signal);
    } catch (error) {
      // A sender does not reject; where it does all the same, the channel must go on.
      return {
        ...{
          ok: false,
          reason: error instanceof Error ? error.message : String(error),
          remedy: 'this is a defect',
          retryAfterMs: null,
        },
      };
    } finally {
      clock.clearTimeout(late);
      limitsOfAttempts.delete(limit);
    }
  };
  const lose = (count: number): void => {
    if (count === 0) return;
    lost += count;
    untold += count;
    onNews({ type: 'lost', count });
  };
  const settle = (current: Trying, result: Attempt): void => {
    if (result.ok) {
      sent += 1;
      lastSent = iso();
      untold -= current.message.lost;
      trying = null;
      if (failing) onNews({ type: 'recovered' });
      failing = false;
      if (result.note !== null) onNews({ type: 'note', note: result.note });
      return;
    }
    const { reason, remedy, retryAfterMs } = result;
    failures += 1;
    lastFailure = { at: iso(), reason, remedy };
    if (!failing) onNews({ type: 'failed', reason, remedy });
    failing = true;
    if (closed || clock.monotonicMs() - current.sinceMs >= limits.giveUpMs) {
      trying = null;
      lose(current.events);
      return;
    }
    const pauseMs = Math.max(current.pauseMs, retryAfterMs ?? 0);
    current.pauseMs = Math.min(limits.lastPauseMs, current.pauseMs * 2);
    nextWallMs = clock.wallMs() + pauseMs;
    timer = clock.setTimeout(() => {
      timer = null;
      nextWallMs = null;
      advance();
    }, pauseMs);
  };
  /** Begins what can be begun: the message that failed once more, or a new one of all that waits. */
  const advance = (): void => {
    if (running !== null || timer !== null) return;
    if (trying === null) {
      if (waiting.length === 0) return;
      const items = waiting;
      waiting = [];
      trying = {
        ...{ message: compose(items, untold), events: items.length },
        ...{ sinceMs: clock.monotonicMs(), pauseMs: limits.firstPauseMs },
      };
    }
    const current = trying;
    running = attempt(current.message).then((result) => {
      running = null;
      settle(current, result);
      if (!closed) advance();
    });
  };
  const queued = (): number => waiting.length + (trying?.events ?? 0);

  return {
    config,
    add(items) {
      if (closed) return;
      const all = [...waiting, ...items];
      const surplus = all.length - limits.waiting;
      waiting = surplus > 0 ? all.slice(surplus) : all;
      lose(Math.max(0, surplus));
      advance();
    },
    test: (message) => attempt(message),
    status: () => ({
      ...{ name: config.name, kind: config.kind, target: targetOf(config), queued: queued(), sent, failed: failures, lost },
      ...{ state: running !== null ? 'sending' : failing ? 'failing' : 'idle', lastSent, lastFailure },
      nextAttempt: nextWallMs === null ? null : new Date(nextWallMs).toISOString(),
    }),
    counts: () => ({ sent, failed: failures, lost, queued: queued() }),
    async close(limitMs) {
      if (closed) return;
      closed = true;
      clock.clearTimeout(timer);
      timer = null;
      const late = clock.setTimeout(() => {
        for (const limit of limitsOfAttempts) limit.abort();
      }, limitMs);
      await running;
      // One attempt for all that is left; a channel that does not work is not waited for.
      if (!failing) advance();
      await running;
      lose(queued());
      trying = null;
      waiting = [];
      clock.clearTimeout(late);
    },
  };
}
