/**
 * Collects a node's events in windows and hands them to the channels. It hears every event of the node in the node's own call, so `take`
 * only looks and remembers; everything else happens later, and nothing here can throw into whoever appended the event.
 */
import type { Explanation, NodeEvent, NodeFace, NotificationTest } from '../../actors/face.js';
import type { Clock, Closable } from '../../actors/ports.js';
import { type Message as LogLine, messages } from '../../machines/messages.js';
import type { Send } from './attempt.js';
import { type Channel, type ChannelLimits, type ChannelNews, createChannel } from './channel.js';
import type { ChannelConfig, NotificationConfig } from './config.js';
import { createReader, type Item, type Message, messageOf, testMessage } from './message.js';

/** Waits for something, but not for longer than that. */
function within(clock: Clock, limitMs: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const late = clock.setTimeout(resolve, limitMs);
    const end = (): void => {
      clock.clearTimeout(late);
      resolve();
    };
    promise.then(end, end);
  });
}

/** So many events of one window are kept one by one. */
const largestWindow = 500;
/** Modules whose last transition is explained in one window. */
const mostExplained = 3;
/** How long the flight recorder may take for all of them, in ms. */
const explainPatienceMs = 15_000;

export interface NotifierOptions {
  readonly config: NotificationConfig;
  readonly face: Pick<NodeFace, 'node' | 'subscribe' | 'modules' | 'explain'>;
  readonly clock: Clock;
  readonly log: (line: LogLine) => void;
  readonly senderOf: (channel: ChannelConfig) => Send;
  /** First part of ids: counts the daemon's starts. */
  readonly epoch: number;
  readonly limits?: Partial<ChannelLimits>;
}
export interface Notifier extends Closable {
  readonly channels: readonly Channel[];
  /** Events of the open window. */
  collected(): number;
  /** Null: there is no channel of that name. */
  test(channel: string | null, who: string): Promise<readonly NotificationTest[] | null>;
  /** Ends the window, lets every channel try once more, and ends. */
  finish(limitMs: number): Promise<void>;
}

/** Begins at once where the configuration says so; disabled, it serves tests only. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { config, face, clock, log, epoch } = options;
  const current = face
    .modules()
    .flatMap(({ name, nodes: [status] }): readonly (readonly [string, string])[] =>
      status === undefined || status.state === 'NOTCONFIGURED' ? [] : [[name, `${status.state} (${status.quality})`]],
    );
  const reader = createReader(config, current);
  let counter = 0;
  let window: Item[] = [];
  let surplus = 0;
  let timer: unknown = null;
  let endsMs = Number.POSITIVE_INFINITY;
  /** Windows that wait for their explanations: they keep their order. */
  let telling: Promise<void> = Promise.resolve();

  const nextId = (): string => {
    counter += 1;
    return `${epoch}.${counter}.${face.node}`;
  };
  const compose = (items: readonly Item[], lost: number): Message => messageOf({ id: nextId(), node: face.node, items, lost });

  const channels = config.channels.map((channel) => {
    const onNews = (news: ChannelNews): void => {
      const { name } = channel;
      if (news.type === 'failed') log(messages.notificationFailed(name, news.reason, news.remedy));
      else if (news.type === 'recovered') log(messages.notificationRecovered(name));
      else if (news.type === 'lost') log(messages.notificationLost(name, news.count));
      else log(messages.notificationNote(name, news.note));
    };
    const { limits } = options;
    return createChannel({
      ...{ config: channel, send: options.senderOf(channel), clock, compose, onNews },
      ...(limits === undefined ? {} : { limits }),
    });
  });

  /** The flight recorder is asked about the modules whose state changed; what takes too long is left out. */
  const explained = async (items: readonly Item[]): Promise<readonly Item[]> => {
    if (!config.explain) return items;
    const changes = items.filter((item) => item.kind === 'state' && item.module !== null);
    const lasts = changes.filter((item, index) => !changes.slice(index + 1).some((later) => later.module === item.module));
    const found = new Map<Item, Explanation>();
    const asking = lasts.slice(0, mostExplained).map(async (item) => {
      const answer = await face.explain(item.module ?? '', null);
      if (answer.ok) found.set(item, answer.value);
    });
    await within(clock, explainPatienceMs, Promise.allSettled(asking));
    return items.map((item) => ({ ...item, explanation: found.get(item) ?? null }));
  };
  const tell = (items: readonly Item[], patient: boolean): void => {
    telling = telling.then(async () => {
      const whole = patient ? await explained(items).catch(() => items) : items;
      for (const channel of channels) channel.add(whole);
    });
  };
  const endWindow = (patient = true): void => {
    clock.clearTimeout(timer);
    timer = null;
    endsMs = Number.POSITIVE_INFINITY;
    const items = window;
    if (surplus > 0) {
      const [last] = items.slice(-1);
      const text = `${surplus} more events came in this window; the log has them`;
      if (last !== undefined)
        items.push({ ...last, module: null, kind: 'critical', text, before: null, after: null, explanation: null });
    }
    window = [];
    surplus = 0;
    if (items.length > 0) tell(items, patient);
  };
  const take = (event: NodeEvent): void => {
    const item = reader.read(event);
    if (item === null) return;
    // When there is no room, a state that a module is in now is worth more than one it has left.
    if (window.length < largestWindow) window.push(item);
    else surplus += 1;
    const lengthMs = item.kind === 'critical' ? config.criticalMs : config.windowMs;
    const wantedMs = clock.monotonicMs() + lengthMs;
    if (wantedMs >= endsMs) return;
    endsMs = wantedMs;
    clock.clearTimeout(timer);
    timer = clock.setTimeout(() => endWindow(), lengthMs);
  };
  const active = config.enabled && channels.length > 0;
  const subscription = active
    ? face.subscribe((event) => {
        try {
          take(event);
        } catch (error) {
          // The actor that told the event must not suffer for it; a line of this component is never told, so this ends.
          queueMicrotask(() =>
            log(messages.notificationNote('collector', error instanceof Error ? error.message : String(error))),
          );
        }
      })
    : null;

  return {
    channels,
    collected: () => window.length,
    async test(name, who) {
      const wanted = channels.filter((channel) => name === null || channel.config.name === name);
      if (name !== null && wanted.length === 0) return null;
      return Promise.all(
        wanted.map(async (channel): Promise<NotificationTest> => {
          const at = new Date(clock.wallMs()).toISOString();
          const result = await channel.test(testMessage(nextId(), face.node, at, who));
          return result.ok
            ? { channel: channel.config.name, ok: true, message: result.note ?? 'handed over', remedy: null }
            : { channel: channel.config.name, ok: false, message: result.reason, remedy: result.remedy };
        }),
      );
    },
    async finish(limitMs) {
      subscription?.close();
      endWindow(false);
      await within(clock, limitMs, telling);
      await Promise.all(channels.map((channel) => channel.close(limitMs)));
    },
    close() {
      subscription?.close();
      clock.clearTimeout(timer);
    },
  };
}
