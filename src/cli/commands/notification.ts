/** `notification …`: who is told what happens (section 6.8 of the compatibility page). */
import type { NotificationStatus, NotificationTestList } from '../../http/api-types.js';
import type { CommandContext } from '../command.types.js';
import { localTime, paintFor, printable, table } from '../format.js';
import { readNamedFile, show } from './shared.js';

/** A test takes as long as the slowest channel's timeout, 120 s at most. */
const testTimeoutMs = 130_000;

function statusText(context: CommandContext, status: NotificationStatus): string {
  const { configured, enabled, file, problems, channels, windowSeconds, criticalSeconds, collected } = status;
  if (problems.length > 0) {
    const lines = problems.map(({ line, column, message, remedy }) => `${file}:${line}:${column}: ${message} ${remedy}`);
    return `notifications of ${status.node}: off, the configuration has errors\n${lines.map(printable).join('\n')}\n`;
  }
  if (!configured) return `notifications of ${status.node}: not configured (holdfast notification config FILE)\n`;
  const paint = paintFor(context.io);
  const rows = channels.map((channel) => [
    channel.name,
    channel.kind,
    channel.state === 'failing' ? paint('failing', 'red') : channel.state,
    String(channel.queued),
    String(channel.sent),
    String(channel.lost),
    channel.lastSent === null ? '-' : localTime(channel.lastSent),
    printable(channel.target),
  ]);
  const failures = channels.flatMap(({ name, state, lastFailure }) =>
    state === 'failing' && lastFailure !== null
      ? [`${name}: ${lastFailure.reason}; ${lastFailure.remedy} (${localTime(lastFailure.at)})`]
      : [],
  );
  const heading = ['CHANNEL', 'KIND', 'STATE', 'QUEUED', 'SENT', 'LOST', 'LAST SENT', 'TO'];
  const first = `notifications of ${status.node}: ${enabled ? 'on' : 'off'}, told together after ${windowSeconds} s, critical ones after ${criticalSeconds} s, ${collected} collected`;
  return `${first}\n${table(heading, rows, paint, [3, 4, 5])}${failures.map((line) => `${printable(line)}\n`).join('')}`;
}

/** `notification status`. */
export async function status(context: CommandContext): Promise<number> {
  const answer = await context.client.json<NotificationStatus>('GET', '/notification');
  show(context, answer, () => statusText(context, answer));
  return 0;
}

async function switched(context: CommandContext, on: boolean): Promise<number> {
  const answer = await context.client.json<NotificationStatus>('PUT', '/notification/enabled', { json: { on } });
  show(context, answer, () => statusText(context, answer));
  return 0;
}
/** `notification enable`. */
export const enable = (context: CommandContext): Promise<number> => switched(context, true);
/** `notification disable`. */
export const disable = (context: CommandContext): Promise<number> => switched(context, false);

/** `notification config`: applies a file, or prints the one that is applied. */
export async function config(context: CommandContext): Promise<number> {
  const [file] = context.args.operands;
  if (file === undefined) {
    context.io.out(new TextDecoder().decode(await context.client.bytes('GET', '/notification/config')));
    return 0;
  }
  const bytes = await readNamedFile(context, file);
  const answer = await context.client.json<NotificationStatus>('PUT', '/notification/config', {
    bytes,
    headers: { 'content-type': 'application/json' },
  });
  show(context, answer, () => statusText(context, answer));
  return 0;
}

/** `notification test`: 1 when a channel did not work. */
export async function test(context: CommandContext): Promise<number> {
  const channel = context.args.operands[0] ?? null;
  const answer = await context.client.json<NotificationTestList>('POST', '/notification/test', {
    json: { channel },
    timeoutMs: testTimeoutMs,
  });
  show(context, answer, () =>
    answer.items.length === 0
      ? 'no channel is configured\n'
      : answer.items
          .map(({ channel: name, ok, message, remedy }) =>
            printable(`${name}: ${ok ? 'ok' : 'FAILED'}, ${message}${remedy === null ? '' : `; ${remedy}`}`),
          )
          .join('\n')
          .concat('\n'),
  );
  return answer.items.every((item) => item.ok) ? 0 : 1;
}
