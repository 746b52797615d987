/**
 * The node's notifications as a whole: the configuration file, what it leads to, and the commands. The parts that know mail and HTTP are
 * loaded only when a configuration is there, so that a daemon without one pays nothing for them.
 */
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NodeFace, NotificationAdministration, NotificationStatus, Outcome } from '../../actors/face.js';
import type { Clock } from '../../actors/ports.js';
import type { ConfigProblem } from '../../config/types.js';
import { type Message as LogLine, messages } from '../../machines/messages.js';
import type { Send } from './attempt.js';
import type { ChannelLimits } from './channel.js';
import type { ChannelConfig, NotificationConfig } from './config.js';
import type { Notifier } from './notifier.js';

export interface NotificationsOptions {
  readonly safevar: string;
  readonly clock: Clock;
  readonly log: (line: LogLine) => void;
  readonly epoch: number;
  readonly limits?: Partial<ChannelLimits>;
}
export interface Notifications extends NotificationAdministration {
  /** Reads the file and begins; again when it may have changed. A file with errors is reported, and nothing is sent. */
  load(face: NodeFace): Promise<void>;
  counts(): readonly ({ readonly channel: string; readonly kind: string } & ReturnType<Notifier['channels'][number]['counts']>)[];
  /** Lets everything be told that is known, for at most `limitMs`, and ends. */
  close(limitMs: number): Promise<void>;
}

const largestFile = 256 * 1024;
/** How long the old configuration's channels may go on when a new one comes, in ms. */
const changePatienceMs = 3_000;
const fail = (code: string, message: string, problems: readonly ConfigProblem[] = []): Outcome<never> => ({
  ok: false,
  failure: { code, message, ...(problems.length === 0 ? {} : { problems }) },
});

async function sendersFor(config: NotificationConfig): Promise<(channel: ChannelConfig) => Send> {
  const kinds = new Set(config.channels.map(({ kind }) => kind));
  const email = kinds.has('email') ? await import('./email.js') : null;
  const webhook = kinds.has('webhook') ? await import('./webhook.js') : null;
  const executable = kinds.has('executable') ? await import('./executable.js') : null;
  const none: Send = () => Promise.reject(new Error('this kind of channel was not loaded'));
  return (channel) => {
    if (channel.kind === 'email') return email?.createEmailSender(channel) ?? none;
    if (channel.kind === 'webhook') return webhook?.createWebhookSender(channel) ?? none;
    return executable?.createExecutableSender(channel) ?? none;
  };
}

/** The same settings, switched; a text that is no object stays as it is, and is refused for what it is. */
function switched(text: string, on: boolean): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return JSON.stringify({ ...value, enabled: on }, null, 2);
  } catch {
    // Not JSON.
  }
  return text;
}

/** Notifications of a node whose SAFEVAR that is; nothing is read before `load`. */
export function createNotifications(options: NotificationsOptions): Notifications {
  const { safevar, clock, log } = options;
  const file = join(safevar, 'notification.json');
  let face: NodeFace | null = null;
  let notifier: Notifier | null = null;
  let config: NotificationConfig | null = null;
  /** The file as it was read last. */
  let known: string | null = null;
  let problems: readonly ConfigProblem[] = [];
  /** What a new configuration must not hurry past. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };

  const begin = async (next: NotificationConfig): Promise<void> => {
    const before = notifier;
    notifier = null;
    config = next;
    problems = [];
    await before?.finish(changePatienceMs);
    if (face === null) return;
    const [{ createNotifier }, senderOf] = await Promise.all([import('./notifier.js'), sendersFor(next)]);
    const { limits, epoch } = options;
    notifier = createNotifier({
      ...{ config: next, face, clock, log, senderOf, epoch },
      ...(limits === undefined ? {} : { limits }),
    });
  };
  const end = async (): Promise<void> => {
    const before = notifier;
    notifier = null;
    config = null;
    await before?.finish(changePatienceMs);
  };
  const textOfFile = async (): Promise<string | null> => {
    try {
      if ((await stat(file)).size > largestFile) return '';
      return await readFile(file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  };
  const write = async (text: string): Promise<Outcome<null>> => {
    const beside = `${file}.new`;
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(beside, text, { mode: 0o600, flush: true });
      await chmod(beside, 0o600);
      await rename(beside, file);
      return { ok: true, value: null };
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      return fail('DISK', `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const status = (): NotificationStatus => ({
    ...{ node: face?.node ?? '', configured: config !== null, enabled: config?.enabled ?? false, file, problems },
    ...{ windowSeconds: (config?.windowMs ?? 60_000) / 1000, criticalSeconds: (config?.criticalMs ?? 10_000) / 1000 },
    collected: notifier?.collected() ?? 0,
    channels: notifier?.channels.map((channel) => channel.status()) ?? [],
  });
  const apply = async (text: string): Promise<Outcome<NotificationConfig>> => {
    const { readNotificationConfig } = await import('./config.js');
    const read = await readNotificationConfig('notification.json', text);
    if (!read.ok) return fail('CONF_INVALID', `notification.json has errors (${read.problems.length}).`, read.problems);
    const written = await write(text.endsWith('\n') ? text : `${text}\n`);
    if (!written.ok) return written;
    known = text.endsWith('\n') ? text : `${text}\n`;
    await begin(read.value);
    return read;
  };
  const none = (): Outcome<never> =>
    fail('CONF_NONE', `There are no notifications configured on this node: holdfast notification config FILE writes ${file}.`);

  return {
    status,
    load: (given) =>
      inTurn(async () => {
        face = given;
        let text: string | null;
        try {
          text = await textOfFile();
        } catch (error) {
          log(messages.notificationNote('configuration', `${file} cannot be read: ${String(error)}`));
          return;
        }
        if (text !== null && text === known) return;
        known = text;
        if (text === null) return end();
        const { readNotificationConfig } = await import('./config.js');
        const read = await readNotificationConfig('notification.json', text);
        if (read.ok) return begin(read.value);
        await end();
        problems = read.problems;
        log(messages.notificationRefused(file, problems.length));
      }),
    counts: () => notifier?.channels.map((one) => ({ channel: one.config.name, kind: one.config.kind, ...one.counts() })) ?? [],
    config: async () => {
      const text = await textOfFile().catch(() => null);
      return text === null ? none() : { ok: true, value: text };
    },
    configure: (text, caller) =>
      inTurn(async () => {
        const applied = await apply(text);
        if (!applied.ok) return applied;
        log(messages.notificationConfigured(applied.value.channels.length, caller.who));
        return { ok: true, value: status() };
      }),
    enable: (on, caller) =>
      inTurn(async () => {
        const text = await textOfFile().catch(() => null);
        if (text === null) return none();
        const applied = await apply(switched(text, on));
        if (!applied.ok) return applied;
        log(messages.notificationSwitched(on, caller.who));
        return { ok: true, value: status() };
      }),
    async test(channel, caller) {
      if (notifier === null) return none();
      const results = await notifier.test(channel, caller.who);
      return results === null
        ? fail(
            'NOTIFICATION_CHANNEL',
            `There is no channel "${channel}"; there are ${notifier.channels.map((one) => one.config.name).join(', ')}.`,
          )
        : { ok: true, value: results };
    },
    close: (limitMs) =>
      inTurn(async () => {
        const before = notifier;
        notifier = null;
        await before?.finish(limitMs);
      }),
  };
}
